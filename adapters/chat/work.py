"""Work: what goes on after a request was acknowledged; held, counted, and finished before the process ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from traceback import extract_tb
from typing import Any

import structlog

log = structlog.get_logger()


class Work:
    """The tasks under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin *job* and hold it until it has ended; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(self._watched(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self, timeout_s: float) -> int:
        """Wait until everything has ended, what it started included, at most *timeout_s*; return how many were cut off."""
        ends = asyncio.get_running_loop().time() + timeout_s
        while self._tasks and (left := ends - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
            await asyncio.sleep(0)  # what has ended is taken off by a callback
        cut = [task for task in self._tasks if not task.done()]
        for task in cut:
            task.cancel()
        return len(cut)

    @property
    def count(self) -> int:
        """How many tasks are under way."""
        return len(self._tasks)

    async def _watched(self, job: Coroutine[Any, Any, None]) -> None:
        try:
            await job
        except Exception as exc:  # noqa: BLE001 - nobody awaits it
            log.error("job_failed", error=type(exc).__name__, trace=trace(exc))  # noqa: TRY400 - the exception's own words may hold figures


def watch(event: str) -> Callable[[BaseException], None]:
    """Return what logs an error under *event*, without its words."""

    def note(exc: BaseException) -> None:
        log.error(event, error=type(exc).__name__, trace=trace(exc))

    return note


def trace(exc: BaseException) -> list[str]:
    """Return where *exc* came from, without its words and values: they may name people and figures."""
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in extract_tb(exc.__traceback__)]

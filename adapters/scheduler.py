"""Scheduler: APScheduler runs the timetable; with several replicas a lease in the database decides whose turn it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from adapters.chat.work import trace
from adapters.store.jobs import SqlJobs
from bot.errors import BotError
from bot.ports import Clock
from bot.timetable import Job

log = structlog.get_logger()


@asynccontextmanager
async def running(
    jobs: Mapping[Job, Callable[[], object]], leases: SqlJobs, worker: str, clock: Clock, executor: Executor | None = None
) -> AsyncIterator[AsyncIOScheduler]:
    """Run *jobs* until the block ends; each at once, then at its times, never twice side by side.

    Args:
        jobs: What each job does; blocking work, which runs on *executor*.
    """
    scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})

    under_way: set[asyncio.Future[None]] = set()

    async def run(job: Job) -> None:
        if scheduler.running:
            done = asyncio.get_running_loop().run_in_executor(executor, _run, job, jobs[job], leases, worker, clock)
            under_way.add(done)
            done.add_done_callback(under_way.discard)
            await done

    for job in jobs:
        scheduler.add_job(run, "interval", [job], seconds=job.every.total_seconds(), id=job.name, next_run_time=datetime.now(UTC))
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=False)
        if under_way:
            await asyncio.wait(under_way)


def _run(job: Job, function: Callable[[], object], leases: SqlJobs, worker: str, clock: Clock) -> None:
    """Do *job* if nobody else does; what goes wrong is logged without figures, and the next run tries again."""
    try:
        now = clock.now()
        if not leases.take(job.name, worker, now, now + job.lease):
            return
        function()
        leases.give_back(job.name, worker)
        log.info("job_done", job=job.name)
    except BotError as exc:
        log.warning("job_failed", job=job.name, error=type(exc).__name__)
    except Exception as exc:  # noqa: BLE001 - the timetable goes on
        log.error("job_failed", job=job.name, error=type(exc).__name__, trace=trace(exc))  # noqa: TRY400 - the words may hold figures

"""Together: what several tasks want written at the same time is written in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


@dataclass
class Together(Generic[_Item, _Found]):
    """Gathers items while a transaction runs; the next one takes them all.

    Attributes:
        write: Writes items and returns what became of each, in their order; what it raises, all of them raise.
    """

    write: Callable[[Sequence[_Item]], Awaitable[Sequence[_Found]]]
    _waiting: list[tuple[_Item, asyncio.Future[_Found]]] = field(default_factory=list)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def add(self, item: _Item) -> _Found:
        """Return what became of *item* once it is written."""
        mine: asyncio.Future[_Found] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, mine))
        async with self._turn:
            if not mine.done():
                await self._write_all()
        return mine.result()

    async def _write_all(self) -> None:
        taken, self._waiting = self._waiting, []
        try:
            found = await self.write([item for item, _ in taken])
        except BaseException as exc:
            for _, future in taken:
                future.cancel() if isinstance(exc, asyncio.CancelledError) else future.set_exception(exc)
                if future.done() and not future.cancelled():
                    future.exception()  # each task asks for its own; one that was cancelled does not
            raise
        for (_, future), result in zip(taken, found, strict=True):
            future.set_result(result)

"""Work: what goes on after a request was acknowledged."""

from __future__ import annotations

import asyncio

from adapters.chat.work import Work


def test_draining_waits_for_what_jobs_start() -> None:
    done: list[str] = []

    async def run() -> None:
        work = Work()

        async def second() -> None:
            await asyncio.sleep(0)
            done.append("second")

        async def first() -> None:
            await asyncio.sleep(0)
            work.start(second())

        work.start(first())
        assert await work.drain(10) == 0

    asyncio.run(run())
    assert done == ["second"]


def test_what_does_not_end_is_cut_off_and_counted() -> None:
    async def run() -> None:
        work = Work()
        work.start(asyncio.Event().wait())  # type: ignore[arg-type]
        assert await work.drain(0.01) == 1

    asyncio.run(run())

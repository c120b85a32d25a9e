"""Answering: one answer from heard to said; whatever goes wrong is a sentence for the person and a line without figures in the log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from adapters.chat.meters import Meters, Outcome
from adapters.chat.work import trace
from bot.errors import DeliveryError
from bot.services.talk import Answer, Heard, Talk

log = structlog.get_logger()


@dataclass(frozen=True)
class Answering:
    """How every platform gives an answer."""

    platform: str
    talk: Talk
    meters: Meters

    async def give(self, heard: Heard, find: Callable[[], Awaitable[Answer]], say: Callable[[Answer], Awaitable[None]]) -> None:
        """Find the answer to *heard* and say it; an apology where there is none."""
        with self.meters.answering(self.platform, heard.do) as outcome:
            try:
                await say(await self._found(heard, find, outcome))
            except DeliveryError as exc:
                outcome.failed(type(exc).__name__)
                log.warning("answer_not_delivered", platform=self.platform, error=type(exc).__name__, reason=str(exc))
            except Exception as exc:  # noqa: BLE001 - whatever it is, the person is told
                outcome.failed(type(exc).__name__)
                log.error("answer_failed", platform=self.platform, error=type(exc).__name__, trace=trace(exc))  # noqa: TRY400 - see there
                await say(Answer(await self.talk.apology(heard.account, exc), has_failed=True))

    async def _found(self, heard: Heard, find: Callable[[], Awaitable[Answer]], outcome: Outcome) -> Answer:
        """Return the answer, or an apology where the platform does not say who asks: it may still carry a message."""
        try:
            return await find()
        except DeliveryError as exc:
            outcome.failed(type(exc).__name__)
            log.warning("asker_not_read", platform=self.platform, error=type(exc).__name__, reason=str(exc))
            return Answer(await self.talk.apology(heard.account, exc), has_failed=True)

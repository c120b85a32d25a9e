"""Teams, inward: activity to what was heard. A message is answered after it was taken; a click has its answer in the reply.

Figures go to the person's own chat only: who asks in a channel or a group reads there just that the answer was given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from typing import Any

import structlog
from botbuilder.core import ActivityHandler, InvokeResponse, TurnContext

from adapters.chat.answering import Answering
from adapters.chat.meters import Meters
from adapters.chat.teams import render
from adapters.chat.teams.client import TeamsChat
from adapters.chat.teams.inbound import Inbound, heard, inbound, pressed
from adapters.chat.teams.references import Reference, References
from adapters.chat.work import Work
from bot.domain.account import Doubt
from bot.errors import DeliveryImpossible
from bot.messages.contact import Elsewhere
from bot.services.talk import Answer, Heard, Talk

CLICK_S = 4.0
"""How long a click waits for its answer; after that it is told that the answer follows. Teams gives up after ten seconds and more."""
RAW = "aispend.body"
"""Under which a turn keeps the request as it came."""
_CARD = "application/vnd.microsoft.card.adaptive"
_TOAST = "application/vnd.microsoft.activity.message"
_ERROR = "application/vnd.microsoft.error"
_CLICK = "adaptiveCard/action"
log = structlog.get_logger()
Say = Callable[[Answer], Awaitable[None]]


class Listeners(ActivityHandler):
    """What Teams' activities become."""

    def __init__(
        self, talk: Talk, chat: TeamsChat, references: References, work: Work, meters: Meters, writer: Executor | None = None
    ) -> None:
        super().__init__()
        self._writer = writer
        self._talk, self._chat, self._references, self._work = talk, chat, references, work
        self._answering = Answering("teams", talk, meters)

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Take a message; the answer follows."""
        body = turn_context.turn_state[RAW]
        came = inbound(body)
        said = heard(body, came.account)
        is_click = bool(came.message) and isinstance(body.get("value"), Mapping)
        say = self._in_place(came) if is_click and came.is_alone else self._new(came)
        self._work.start(self._answer(came, said, say))

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        """Answer a click: with the card that takes its place, a word that it follows, or what went wrong."""
        body = turn_context.turn_state[RAW]
        value = body.get("value")
        action = value.get("action") if isinstance(value, Mapping) else None
        if body.get("name") != _CLICK:
            return InvokeResponse(status=501)
        if not isinstance(action, Mapping) or not isinstance(action.get("verb"), str):
            return _reply(400, _ERROR, {"code": "BadRequest", "message": "This button carries nothing that I know."})
        came = inbound(body)
        data = action.get("data")
        said = pressed(action["verb"], data if isinstance(data, Mapping) else {}, came.account)
        if not came.is_alone:
            self._work.start(self._answer(came, said, self._new(came, is_said=True)))
            return await self._word(came, "done")
        return await self._click(came, said)

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        """Note where we are; leave what we were taken out of."""
        body = turn_context.turn_state[RAW]
        removed = body.get("membersRemoved")
        gone = [member.get("id") for member in removed if isinstance(member, Mapping)] if isinstance(removed, list) else []
        self._work.start(self._left(body) if body["recipient"]["id"] in gone else self._noted(body))

    async def on_installation_update(self, turn_context: TurnContext) -> None:
        """Note where we were added, without a word: a whole company may be at once."""
        body = turn_context.turn_state[RAW]
        self._work.start(self._left(body) if str(body.get("action", "")).startswith("remove") else self._noted(body))

    async def _click(self, came: Inbound, said: Heard) -> InvokeResponse:
        """Wait a moment for the answer; a slow one edits the message when it is there."""
        found: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        is_late = False

        async def say(answer: Answer) -> None:
            found.set_result(answer)
            if not answer.has_failed and not answer.errors:
                await self._chat.edit(came.clicked, answer.card)  # the reply changes one view of it, the edit the message itself
            elif is_late:
                await self._chat.say(came.account.space, came.place, answer.card)

        self._work.start(self._answer(came, said, say))
        done, _ = await asyncio.wait({found}, timeout=CLICK_S)
        if not done:
            is_late = True
            return await self._word(came, "soon")
        answer = found.result()
        if answer.has_failed:
            return _reply(500, _ERROR, {"code": "InternalError", "message": answer.card.summary})
        return _reply(200, _CARD, render.card(answer.card, errors=answer.errors))

    async def _word(self, came: Inbound, how: str) -> InvokeResponse:
        card = await self._talk.remark(came.account, Elsewhere(how))
        return _reply(200, _TOAST, card.summary)

    async def _answer(self, came: Inbound, said: Heard, say: Say) -> None:
        await self._answering.give(said, lambda: self._found(came, said), say)

    async def _found(self, came: Inbound, said: Heard) -> Answer:
        """Find the answer for who has an identity in the tenant; others learn nothing."""
        if not came.account.user or came.place.user.startswith("28:"):
            return self._talk.stranger(Doubt.EXTERNAL, "teams")
        await self._keep(came)
        return await self._talk.answer(said, lambda: self._chat.member(came.account, came.place))

    def _new(self, came: Inbound, *, is_said: bool = False) -> Say:
        """Return what says an answer in the person's own chat.

        Args:
            is_said: They know already that it is given there.
        """

        async def say(answer: Answer) -> None:
            if came.is_alone:
                await self._chat.say(came.account.space, came.place, answer.card)
                return
            try:
                await self._chat.send(came.account, answer.card)
            except DeliveryImpossible:
                await self._remark(came, "blocked")
                raise
            if not is_said:
                await self._remark(came, "done")

        return say

    def _in_place(self, came: Inbound) -> Say:
        async def say(answer: Answer) -> None:
            try:
                await self._chat.edit(came.clicked, answer.card)
            except DeliveryImpossible:
                await self._chat.say(came.account.space, came.place, answer.card)

        return say

    async def _remark(self, came: Inbound, how: str) -> None:
        """Say one sentence without figures where others read."""
        card = await self._talk.remark(came.account, Elsewhere(how))
        await self._chat.say(came.account.space, came.place, card, targeted=came.is_targeted)

    async def _keep(self, came: Inbound) -> None:
        """Remember how the person and the place are reached; what is known already costs nothing."""
        tenant, place = came.account.space, came.place
        person = place if came.is_alone else Reference(place.service_url, place.bot, place.user)
        there = place if came.is_alone else Reference(place.service_url, place.bot, conversation=place.conversation)
        if self._references.knows(tenant, came.account.user, person, there):
            return
        await self._note(tenant, came.account.user, person, there)

    async def _note(self, tenant: str, user: str, person: Reference, there: Reference) -> None:
        """Note it here at once; the store is written beside the answer, which does not wait for it."""
        unwritten = await asyncio.to_thread(self._references.note, tenant, user, person, there)
        if unwritten:
            self._work.start(self._write(self._references.store, unwritten))

    async def _write(self, function: Callable[..., None], *values: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._writer, lambda: function(*values))

    async def _noted(self, body: Mapping[str, Any]) -> None:
        came = inbound(body)
        if came.account.user:
            await self._keep(came)
        channel = _channel(body)
        if channel:
            there = Reference(came.place.service_url, came.place.bot, conversation=channel)
            await self._note(came.account.space, "", there, there)

    async def _left(self, body: Mapping[str, Any]) -> None:
        came = inbound(body)
        log.warning("teams_app_removed", where="personal" if came.is_alone else "shared")
        await self._write(self._references.forget, came.account.space, came.place.conversation)


def _channel(body: Mapping[str, Any]) -> str:
    """Return the channel, or the team, which is its first channel."""
    data = body.get("channelData")
    for name in ("channel", "team"):
        part = data.get(name) if isinstance(data, Mapping) else None
        if isinstance(part, Mapping) and part.get("id"):
            return str(part["id"])
    return ""


def _reply(status: int, kind: str, value: object) -> InvokeResponse:
    """Return the reply to a click; Teams reads the status inside it, and takes the whole only with a 200."""
    return InvokeResponse(status=200, body={"statusCode": status, "type": kind, "value": value})

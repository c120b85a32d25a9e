"""Slack, inward: payload to what was heard. Every listener acknowledges, hands over to `Work`, and raises nothing.

Bolt 1.30 loses an acknowledgement when a listener raises after it, and drops what runs after it on shutdown; so nothing
of ours runs in a listener (https://github.com/slackapi/bolt-python, read 2026-11-23).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.answering import Answering
from adapters.chat.meters import Meters
from adapters.chat.once import Once
from adapters.chat.slack import render
from adapters.chat.slack.client import SlackChat
from adapters.chat.slack.client import profile as profile_of
from adapters.chat.work import Work, trace
from bot.domain.account import Account, Doubt
from bot.errors import DeliveryError, DeliveryImpossible
from bot.messages.actions import OPENS_FORM, Action
from bot.messages.card import Card, Form
from bot.messages.contact import Elsewhere
from bot.ports import Sent
from bot.services.talk import Answer, Heard, Talk

COMMAND = "/aispend"
EVENTS = ("app_home_opened", "app_uninstalled", "message.im", "tokens_revoked", "user_change")
"""What the manifest subscribes to; a test compares."""
FORM_S = 2.0
"""How long a form waits for its answer before it closes and the answer follows."""
_UNUSED = "xoxb-unused"
"""Bolt wants a token; every call of ours brings its own, as whose it is is settled only when the answer is."""
log = structlog.get_logger()
Say = Callable[[Card], Awaitable[None]]


@dataclass(frozen=True)
class Listeners:
    """What Slack's requests become."""

    talk: Talk
    chat: SlackChat
    work: Work
    once: Once
    meters: Meters

    def app(self) -> AsyncApp:
        """Return Bolt with every listener; the front has verified the signature."""

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=_UNUSED)

        app = AsyncApp(
            name="aispend",
            client=AsyncWebClient(base_url=self.chat.api),  # only to open the socket; what we send goes through SlackChat
            authorize=authorize,
            process_before_response=True,
            request_verification_enabled=False,
        )
        app.error(_odd)
        app.use(self._only_once)
        app.command(COMMAND)(self._command)
        app.event("message")(self._message)
        app.event("app_home_opened")(self._home)
        app.event("user_change")(self._changed)
        app.event("app_uninstalled")(self._removed)
        app.event("tokens_revoked")(self._removed)
        app.action(re.compile(".*"))(self._action)
        app.view(re.compile(".*"))(self._submitted)
        return app

    async def _only_once(self, body: dict[str, Any], next_: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
        """Let an event through the first time; Slack repeats what it believes lost."""
        event = body.get("event_id")
        if event and not await self.once.is_first(f"slack:event:{event}"):
            return BoltResponse(status=200)
        return await next_()

    async def _command(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        account = _account(body, body["user_id"])
        heard = Heard(account, Action.ASK, _typed(body.get("text"), account) or "me")
        self.work.start(self._answer(heard, body, lambda card: self.chat.respond(body["response_url"], card, is_new=True)))

    async def _message(self, ack: Any, body: dict[str, Any], event: dict[str, Any]) -> None:
        await ack()
        if event.get("channel_type") != "im" or event.get("bot_id") or event.get("subtype") or not event.get("user"):
            return
        account = _account(body, event["user"])
        heard = Heard(account, Action.ASK, _typed(event.get("text"), account) or "help")
        self.work.start(self._answer(heard, body, self._saying(account.space, event["channel"])))

    async def _home(self, ack: Any, body: dict[str, Any], event: dict[str, Any]) -> None:
        await ack()
        if event.get("tab") == "home":
            heard = Heard(_account(body, event["user"]), Action.ASK, "me")
            self.work.start(self._answer(heard, body, lambda card: self.chat.publish(heard.account, card)))

    async def _action(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        pressed = body["actions"][0]
        do = str(pressed.get("action_id", "")).partition(":")[0]
        on = pressed.get("value") or (pressed.get("selected_option") or {}).get("value") or ""
        heard = Heard(_account(body, body["user"]["id"]), do, on)
        if do in OPENS_FORM:
            self.work.start(self._ask_form(heard, body))
        else:
            self.work.start(self._answer(heard, body, self._back(body)))

    async def _submitted(self, ack: Any, body: dict[str, Any]) -> None:
        """Answer a form: what is wrong stands beside its field, what is right closes it."""
        view = body["view"]
        kept = _kept(view)
        heard = Heard(_account(body, body["user"]["id"]), view.get("callback_id", ""), kept.get("on", ""), _answers(view))
        wrong: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

        async def say(card: Card) -> None:
            await self._return(kept, body, card)

        self.work.start(self._answer(heard, body, say, wrong))
        try:
            errors = await asyncio.wait_for(asyncio.shield(wrong), FORM_S)
        except TimeoutError:
            errors = {}
        await (ack(response_action="errors", errors=dict(errors)) if errors else ack())

    async def _changed(self, ack: Any, body: dict[str, Any], event: dict[str, Any]) -> None:
        await ack()
        user = event.get("user") or {}

        async def apply() -> None:
            account = _account(body, user["id"])
            at = await self.chat.workspace(account.space, _team(body))
            if at and await self.talk.changed(account, profile_of(user, at)):
                await self._clear(account)

        if user.get("id"):
            self.work.start(apply())

    async def _removed(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        event = body.get("event") or {}
        tokens = event.get("tokens")
        if isinstance(tokens, Mapping) and not tokens.get("bot"):
            return  # somebody's own token, which we never hold
        space, team = _account(body, "").space, _team(body)
        log.warning("slack_app_removed", why=event.get("type"))

        async def forget() -> None:
            await self.chat.removed(space, team)
            if await self.chat.workspace(space) is None or not self.chat.is_shared:
                await self.talk.forget_space("slack", space)

        self.work.start(forget())

    async def _answer(self, heard: Heard, body: Mapping[str, Any], say: Say, wrong: asyncio.Future[Any] | None = None) -> None:
        """Answer *heard*; *wrong* is told what is wrong with the answers of a form."""

        async def tell(answer: Answer) -> None:
            if heard.do in {Action.FORGET, Action.DECLINE}:
                await self._clear(heard.account)
            if wrong and not wrong.done():
                wrong.set_result(answer.errors)
            if not answer.errors:
                await say(answer.card)

        try:
            await Answering("slack", self.talk, self.meters).give(heard, lambda: self._heard(heard, body), tell)
        finally:
            if wrong and not wrong.done():
                wrong.set_result({})

    async def _heard(self, heard: Heard, body: Mapping[str, Any]) -> Answer:
        """Answer members of the workspace that installed us; who clicks from another one learns nothing."""
        at = await self.chat.workspace(heard.account.space, _team(body))
        user = body.get("user")
        team = user.get("team_id") if isinstance(user, dict) else None
        if at is None or (at.enterprise is None and team not in {None, at.team}):
            log.warning("slack_other_workspace")
            return self.talk.stranger(Doubt.EXTERNAL, "slack")
        return await self.talk.answer(heard, lambda: self.chat.profile(heard.account))

    async def _ask_form(self, heard: Heard, body: dict[str, Any]) -> None:
        async def show(card: Card) -> None:
            if not any(isinstance(block, Form) for block in card.blocks):
                await self._back(body)(card)
                return
            view = render.modal(card)
            kept = {"on": view["private_metadata"], **_where(body)}
            try:
                await self.chat.open(heard.account.space, body["trigger_id"], view | {"private_metadata": json.dumps(kept)})
            except DeliveryImpossible as exc:  # most likely the trigger, which lives for three seconds
                log.warning("slack_form_not_opened", reason=str(exc))
                await self._alone(body, await self.talk.remark(heard.account, Elsewhere("late")))

        await self._answer(heard, body, show)

    async def _clear(self, account: Account) -> None:
        """Take the figures off the page of who stands for nobody any more."""
        try:
            await self.chat.publish(account, self.talk.stranger(Doubt.GONE, "slack").card)
        except DeliveryError as exc:
            log.warning("slack_home_not_cleared", error=type(exc).__name__)

    async def _alone(self, body: Mapping[str, Any], card: Card) -> None:
        """Say *card* to who clicked, and leave what was clicked as it is."""
        account = _account(body, body["user"]["id"])
        if body.get("response_url"):
            await self.chat.respond(body["response_url"], card, is_new=True)
        else:
            await self.chat.say(account.space, account.user, card)

    def _back(self, body: dict[str, Any]) -> Say:
        """Return what puts an answer where the click came from."""

        async def say(card: Card) -> None:
            await self._return(_where(body), body, card)

        return say

    async def _return(self, where: Mapping[str, str], body: Mapping[str, Any], card: Card) -> None:
        """Edit the message that was clicked where only this person reads it; elsewhere answer them alone."""
        account = _account(body, body["user"]["id"])
        if where.get("home"):
            await self.chat.publish(account, card)
        elif where.get("channel", "").startswith("D"):  # a direct message, whoever says so
            await self.chat.edit(Sent("slack", account.space, where["channel"], where["message"]), card)
        elif where.get("url"):
            await self.chat.respond(where["url"], card, is_new=bool(where.get("shared")))
        else:
            await self.chat.say(account.space, account.user, card)

    def _saying(self, space: str, channel: str) -> Say:
        async def say(card: Card) -> None:
            await self.chat.say(space, channel, card)

        return say


async def _odd(error: Exception) -> BoltResponse:
    """Answer a signed request that is not what Slack sends; it is no failure of ours."""
    log.warning("slack_request_odd", error=type(error).__name__, trace=trace(error))
    return BoltResponse(status=400)


_WRAPPED = re.compile(r"<([@#]?)([^<>|]*)(?:\|([^<>]*))?>")


def _typed(text: object, account: Account) -> str:
    """Return what was typed: people as `@` and their account, links as their words, and the three characters that Slack escapes.

    https://docs.slack.dev/messaging/formatting-message-text (read 2026-11-23)
    """

    def unwrapped(found: re.Match[str]) -> str:
        mark, target, words = found.groups()
        return f"@{Account('slack', account.space, target)}" if mark == "@" else str(words or target)

    plain = _WRAPPED.sub(unwrapped, str(text or ""))
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _team(body: Mapping[str, Any]) -> str:
    return str(body.get("team_id") or (body.get("team") or {}).get("id") or "")


def _account(body: Mapping[str, Any], user: str) -> Account:
    """Return who *user* is; in an Enterprise Grid users belong to the enterprise, not to one workspace."""
    team = body.get("team") or {}
    enterprise = body.get("enterprise_id") or team.get("enterprise_id") or (body.get("enterprise") or {}).get("id")
    return Account("slack", enterprise or body.get("team_id") or team.get("id") or "", user)


def _where(body: Mapping[str, Any]) -> dict[str, str]:
    """Return where a click came from, in so few words that a form can carry them."""
    container = body.get("container") or {}
    if container.get("type") == "view":
        return {"home": "yes"}
    channel = str((body.get("channel") or {}).get("id") or container.get("channel_id") or "")
    is_alone = bool(container.get("is_ephemeral"))
    if not is_alone and channel.startswith("D") and container.get("message_ts"):
        return {"channel": channel, "message": str(container["message_ts"])}
    return {"url": str(body.get("response_url") or ""), **({} if is_alone else {"shared": "yes"})}


def _kept(view: Mapping[str, Any]) -> dict[str, str]:
    """Return what the form carried; Slack's signature vouches that it is ours."""
    try:
        found = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _answers(view: Mapping[str, Any]) -> dict[str, str]:
    values = ((view.get("state") or {}).get("values") or {}).items()
    return {name: _value(elements.get("answer") or {}) for name, elements in values}


def _value(element: Mapping[str, Any]) -> str:
    option = element.get("selected_option") or {}
    return str(element.get("value") or element.get("selected_date") or option.get("value") or "")

"""Slack, outward: profiles, messages, edits, modals, the home page; and what Slack's errors mean for us.

Limits and errors: https://docs.slack.dev/apis/web-api/rate-limits and the pages of the methods, read 2026-11-23.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.slack import render
from bot.domain.account import Account, Profile
from bot.errors import DeliveryDeferred, DeliveryError, DeliveryImpossible, DeliveryUnknown
from bot.messages.card import Card
from bot.ports import Sent

TIMEOUT_S = 10
RETRY = timedelta(seconds=30)
"""When Slack names no time."""
_LATER = {"ratelimited", "rate_limited", "message_limit_exceeded"}
_UNSURE = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
_REMEDIES = {
    "invalid_auth": "the bot token is not valid; copy it anew from the app's page, OAuth & Permissions",
    "not_authed": "there is no bot token; set AISPEND_SLACK_BOT_TOKEN",
    "account_inactive": "the bot token belongs to a workspace that removed the app; install it again",
    "token_revoked": "the bot token was revoked; install the app again",
    "missing_scope": "the app lacks a scope; compare it with `aispend manifest slack` and install it again",
    "messages_tab_disabled": "direct messages are off; turn on the Messages tab under App Home",
    "user_not_found": "there is no such user in this workspace",
    "users_not_found": "there is no such user in this workspace",
    "channel_not_found": "there is no such channel, or the app is not in it",
    "is_archived": "the channel is archived",
    "user_disabled": "the user is deactivated",
}


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where we are installed, and the token we speak with there.

    Attributes:
        space: The enterprise, else the team: whose the users are.
        team: Empty for an installation in a whole enterprise.
    """

    space: str
    team: str
    enterprise: str | None
    bot_user: str
    scopes: frozenset[str]
    token: str = field(repr=False)


class Installed(Protocol):
    """The workspaces that installed us."""

    async def find(self, space: str, team: str = "") -> Workspace | None:
        """Return the one that serves *team* of *space*."""

    async def forget(self, space: str, team: str = "") -> None:
        """Drop one: the app was removed there."""

    def doubt(self) -> None:
        """Read everything anew: Slack refused a token."""


class SlackChat:
    """One workspace, by its bot token, or those that are installed; `start` before use, `close` after."""

    platform = "slack"

    def __init__(self, token: str | None, api: str = "https://slack.com/api/", installed: Installed | None = None) -> None:
        self._token, self.api, self._installed = token, api, installed
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None
        self._own: Workspace | None = None
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> None:
        """Open the one session that all calls share; the client's own timeout does not hold for it, so it has one."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        self._client = AsyncWebClient(self._token, base_url=self.api, session=self._session, retry_handlers=[])

    async def close(self) -> None:
        """Give the connections back."""
        if self._session:
            await self._session.close()

    @property
    def client(self) -> AsyncWebClient:
        """Slack's own client, which sends each call once: a repetition after a broken connection posts twice."""
        assert self._client is not None, "start() comes first"
        return self._client

    async def check(self) -> None:
        """Ask Slack whose the token is; where workspaces install us, there may be none yet."""
        if self._installed is None:
            await self.own()

    async def own(self) -> Workspace:
        """Return the workspace of the one token; Slack is asked once."""
        async with self._one_at_a_time:
            if self._own is None:
                found = await self._read(self.client.auth_test())
                scopes = found.headers.get("x-oauth-scopes") or found.headers.get("X-OAuth-Scopes") or ""
                enterprise = found.get("enterprise_id")
                self._own = Workspace(
                    enterprise or found["team_id"],
                    found["team_id"],
                    enterprise,
                    found["user_id"],
                    frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
                    self._token or "",
                )
        return self._own

    async def workspace(self, space: str, team: str = "") -> Workspace | None:
        """Return the workspace that a request comes from, None where we are not installed."""
        if self._installed:
            return await self._installed.find(space, team)
        own = await self.own()
        return own if own.space == space else None

    @property
    def is_shared(self) -> bool:
        """Tell whether workspaces install us themselves, several of one enterprise perhaps."""
        return self._installed is not None

    async def removed(self, space: str, team: str) -> None:
        """Take note that the app was removed."""
        if self._installed:
            await self._installed.forget(space, team)

    async def _at(self, space: str) -> Workspace:
        found = await self.workspace(space)
        if found is None:
            raise DeliveryImpossible("The app is not installed in that workspace.")
        return found

    async def clock(self) -> datetime | None:
        """Return Slack's time, None where it names none."""
        found = await self._read(self.client.api_test())
        try:
            return parsedate_to_datetime(found.headers.get("Date") or "")
        except ValueError:
            return None

    async def manifest(self, token: str) -> dict[str, Any]:
        """Return the app's description as Slack has it; *token* is a configuration token."""
        bot = (await self._read(self.client.auth_test()))["bot_id"]
        app = (await self._read(self.client.bots_info(bot=bot)))["bot"]["app_id"]
        found: dict[str, Any] = (await self._read(self.client.apps_manifest_export(app_id=app, token=token)))["manifest"]
        return found

    async def profile(self, account: Account) -> Profile:
        """Return what Slack says of *account* now."""
        at = await self._at(account.space)
        found = await self._read(self.client.users_info(user=account.user, include_locale=True, token=at.token))
        return profile(found["user"], at)

    async def find(self, email: str) -> Account | None:
        """Return the account with *email* in the workspace of our token; with several workspaces people write first."""
        if self._installed:
            return None
        own = await self.own()
        try:
            found = await self._read(self.client.users_lookupByEmail(email=email, token=own.token))
        except DeliveryImpossible as exc:
            if "users_not_found" in str(exc):
                return None
            raise
        user = (found.get("user") or {}).get("id")
        if not user:
            raise DeliveryDeferred("Slack's answer names no user.", RETRY)
        return Account(self.platform, own.space, user)

    async def send(self, account: Account, card: Card) -> Sent:
        """Send *card* as a direct message."""
        return await self.say(account.space, account.user, card)

    async def say(self, space: str, place: str, card: Card) -> Sent:
        """Post *card* in a direct-message channel, or to a user id."""
        token = (await self._at(space)).token
        found = await self._drawn(
            card,
            lambda message: self.client.chat_postMessage(channel=place, token=token, unfurl_links=False, unfurl_media=False, **message),
        )
        return Sent(self.platform, space, found["channel"], found["ts"])

    async def edit(self, sent: Sent, card: Card) -> None:
        """Put *card* in the place of what was sent."""
        token = (await self._at(sent.space)).token
        await self._drawn(card, lambda message: self.client.chat_update(channel=sent.place, ts=sent.message, token=token, **message))

    async def post(self, space: str, channel: str, card: Card) -> Sent:
        """Post *card* in a channel, unless people of another organisation read there."""
        token = (await self._at(space)).token
        found = (await self._read(self.client.conversations_info(channel=channel, token=token)))["channel"]
        if found.get("is_ext_shared", True) or found.get("is_pending_ext_shared"):
            raise DeliveryImpossible("That channel is shared with another organisation; figures are not posted there.")
        return await self.say(space, channel, card)

    async def publish(self, account: Account, card: Card) -> None:
        """Put *card* on the person's own page."""
        token = (await self._at(account.space)).token
        await self._write(self.client.views_publish(user_id=account.user, view=render.home(card), token=token))

    async def open(self, space: str, trigger: str, view: dict[str, Any]) -> None:
        """Open the modal *view*; the trigger lives for three seconds."""
        token = (await self._at(space)).token
        await self._write(self.client.views_open(trigger_id=trigger, view=view, token=token))

    async def respond(self, url: str, card: Card, *, is_new: bool) -> None:
        """Answer at the response URL of a command or a click, to that person only.

        Args:
            is_new: Leave the message that was clicked as it is, and add one.
        """
        self._check(url)
        head = {"response_type": "ephemeral", "replace_original": not is_new}
        answer = await self._post(url, head | render.message(card))
        if "invalid_blocks" in answer:
            answer = await self._post(url, head | render.message(card, has_charts=False))
        if "invalid_blocks" in answer:
            raise DeliveryImpossible("Slack refuses the message: invalid_blocks.")

    async def _post(self, url: str, message: dict[str, Any]) -> str:
        assert self._session is not None, "start() comes first"
        try:
            async with self._session.post(url, json=message, allow_redirects=False) as response:
                text = await response.text()
                if response.status == 429:  # noqa: PLR2004 - too many requests
                    raise DeliveryDeferred("Slack asks to wait.", _after(response.headers.get("Retry-After")))
                if response.status >= 500:  # noqa: PLR2004 - Slack's own trouble
                    raise DeliveryUnknown(f"Slack answered {response.status}; the answer may have arrived.")
                if response.status >= 300 and "invalid_blocks" not in text:  # noqa: PLR2004 - expired, used, or gone
                    raise DeliveryImpossible(f"Slack no longer takes an answer here ({response.status}).")
                return text
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise _broken(exc, is_write=True) from exc

    def _check(self, url: str) -> None:
        """Refuse to send figures anywhere but to Slack."""
        found, api = urlsplit(url), urlsplit(self.api)
        is_slack = found.scheme == "https" and (found.hostname or "").endswith(".slack.com")
        if not is_slack and (found.scheme, found.netloc) != (api.scheme, api.netloc):
            raise DeliveryImpossible("The response URL is not Slack's; nothing was sent.")

    async def _drawn(self, card: Card, call: Any) -> Any:
        """Send *card*, without charts where Slack does not take them."""
        try:
            return await self._write(call(render.message(card)))
        except DeliveryImpossible as exc:
            if "invalid_blocks" not in str(exc):
                raise
            return await self._write(call(render.message(card, has_charts=False)))

    async def _read(self, call: Awaitable[Any]) -> Any:
        return await self._translated(call, is_write=False)

    async def _write(self, call: Awaitable[Any]) -> Any:
        return await self._translated(call, is_write=True)

    async def _translated(self, call: Awaitable[Any], *, is_write: bool) -> Any:
        try:
            return await call
        except SlackApiError as exc:
            found = _meaning(exc, is_write=is_write)
            if self._installed and isinstance(found, DeliveryImpossible):
                self._installed.doubt()
            raise found from exc
        except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError) as exc:
            raise _broken(exc, is_write=is_write) from exc


def profile(user: dict[str, Any], at: Workspace) -> Profile:
    """Return Slack's user object as a profile, seen from where we are installed."""
    of = user.get("profile") or {}
    enterprise = (user.get("enterprise_user") or {}).get("enterprise_id")
    is_ours = user.get("team_id") == at.team or (at.enterprise is not None and enterprise == at.enterprise)
    return Profile(
        email=of.get("email") or None,
        name=user.get("real_name") or of.get("real_name") or "",
        locale=user.get("locale") or "",
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_external=bool(user.get("is_stranger")) or not is_ours,
        is_bot=bool(user.get("is_bot")) or user.get("id") == "USLACKBOT",
        is_gone=bool(user.get("deleted")),
    )


def _meaning(exc: SlackApiError, *, is_write: bool) -> DeliveryError:
    """Return what Slack's error means: later, never, or nobody knows."""
    response: Any = exc.response
    status = getattr(response, "status_code", 0)
    data = response.data if isinstance(getattr(response, "data", None), dict) else {}
    error = str(data.get("error") or f"status {status}")
    if status == 429 or error in _LATER:  # noqa: PLR2004 - too many requests
        return DeliveryDeferred("Slack asks to wait.", _after((response.headers or {}).get("Retry-After")))
    if status >= 500 or error in _UNSURE:  # noqa: PLR2004 - Slack's own trouble
        sentence = f"Slack has trouble ({error})."
        return DeliveryUnknown(sentence) if is_write else DeliveryDeferred(sentence, RETRY)
    remedy = f": {_REMEDIES[error]}" if error in _REMEDIES else ""
    return DeliveryImpossible(f"Slack says {error}{remedy}.")


def _broken(exc: BaseException, *, is_write: bool) -> DeliveryError:
    """Return what a broken connection means: before anything was sent it is safe to try again."""
    if isinstance(exc, aiohttp.ClientConnectorError) or not is_write:
        return DeliveryDeferred("Slack cannot be reached.", RETRY)
    return DeliveryUnknown("The connection to Slack broke; the message may have arrived.")


def _after(header: str | None) -> timedelta:
    return timedelta(seconds=int(header)) if header and header.isdigit() else RETRY

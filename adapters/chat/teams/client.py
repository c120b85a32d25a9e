"""Teams, outward: profiles, messages, edits, new threads; plain JSON over one session, and what the connector's errors mean for us.

REST: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference (read 2026-11-23).
The SDK's own client serialises a card in 2 ms of CPU, retries nothing and hides errors; this one sends each message once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
from yarl import URL

from adapters.chat.teams import render
from adapters.chat.teams.auth import Trust
from adapters.chat.teams.credentials import Tokens
from adapters.chat.teams.references import Reference, References
from bot.domain.account import Account, Profile
from bot.errors import DeliveryDeferred, DeliveryError, DeliveryImpossible, DeliveryUnknown
from bot.messages.card import Card
from bot.ports import Sent

TIMEOUT_S = 10
RETRY = timedelta(seconds=30)
"""When Teams names no time."""
_LATER = {412, 429}
_TROUBLE = 500
_REMEDIES = {
    401: "Teams does not take the app's token: check app_id, its secret or certificate, and that the Azure Bot is of the same app",
    403: "Teams does not let the app write there: it was removed or blocked, or never added",
    404: "there is no such conversation, message or member",
    413: "the message is too large for Teams",
}
_T = TypeVar("_T")


class Answered(Exception):  # noqa: N818 - not a failure until somebody says so
    """An answer other than a success."""

    def __init__(self, status: int, retry_after: str | None) -> None:
        super().__init__(str(status))
        self.status, self.retry_after = status, retry_after


class TeamsChat:
    """One tenant, by its bot; `start` before use, `close` after."""

    platform = "teams"

    def __init__(self, trust: Trust, tokens: Tokens, references: References) -> None:
        self._trust, self._tokens, self._references = trust, tokens, references
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the one session that all calls share."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))

    async def close(self) -> None:
        """Give the connections back."""
        if self._session:
            await self._session.close()

    async def check(self) -> None:
        """Fetch a token: it fails as sending would."""
        await self._tokens.header()

    async def profile(self, account: Account) -> Profile:
        """Return what Teams says of *account* now."""
        known = await self._run(self._references.person, account.space, account.user)
        if known is None or not known.conversation:
            raise DeliveryImpossible("This person has not written to the app yet, so Teams cannot be asked about them.")
        return await self.member(account, known)

    async def member(self, account: Account, place: Reference) -> Profile:
        """Return what the roster of *place* says of *account*; who is not in it any more is gone."""
        path = f"v3/conversations/{_safe(place.conversation)}/members/{_safe(place.user)}"
        try:
            found = await self._call("GET", place.service_url, path)
        except Answered as exc:
            if exc.status == 404:  # noqa: PLR2004 - not in the roster
                return Profile(None, is_gone=True)
            raise self._meaning(exc, is_write=False) from exc
        return profile(found, account)

    async def find(self, email: str) -> Account | None:  # noqa: ARG002 - Teams shows nobody by e-mail
        """Return nobody: a bot in Teams cannot look people up; they add the app, or an administrator adds it for them."""
        return None

    async def send(self, account: Account, card: Card) -> Sent:
        """Send *card* to the person's own chat, which is opened if need be."""
        known = await self._run(self._references.person, account.space, account.user)
        if known is None:
            raise DeliveryImpossible("This person has not added the app in Teams.")
        if not known.conversation:
            opened = await self._open(account.space, known)
            known = Reference(known.service_url, known.bot, known.user, opened)
            await self._keep(account.space, account.user, known, known)
        return await self.say(account.space, known, card)

    async def say(self, tenant: str, place: Reference, card: Card, *, targeted: bool = False) -> Sent:
        """Post *card* in a conversation.

        Args:
            targeted: Ask Teams to show it to the person of *place* only; never rely on that with figures, it is a preview.
        """
        path = f"v3/conversations/{_safe(place.conversation)}/activities"
        body = _message(card, place)
        if targeted:
            path, body = f"{path}?isTargetedActivity=true", body | {"recipient": {"id": place.user}}
        found = await self._write("POST", place, path, body)
        return Sent(self.platform, tenant, place.conversation, str(found.get("id", "")))

    async def post(self, space: str, channel: str, card: Card) -> Sent:
        """Begin a thread with *card* in a channel of a team that the app was added to."""
        known = await self._run(self._references.place, space, channel)
        if known is None:
            raise DeliveryImpossible("The app was not added to the team of that channel, or nobody has written to it there.")
        data = {"channel": {"id": channel}, "tenant": {"id": space}}
        body = {"isGroup": True, "tenantId": space, "channelData": data, "bot": {"id": known.bot}, "activity": _message(card, known)}
        found = await self._write("POST", known, "v3/conversations", body)
        thread = Reference(known.service_url, known.bot, conversation=str(found["id"]))
        await self._keep(space, "", thread, thread)
        return Sent(self.platform, space, thread.conversation, str(found.get("activityId", "")))

    async def _keep(self, tenant: str, user: str, person: Reference, place: Reference) -> None:
        await self._run(self._references.store, await self._run(self._references.note, tenant, user, person, place))

    async def edit(self, sent: Sent, card: Card) -> None:
        """Put *card* in the place of what was sent."""
        known = await self._run(self._references.place, sent.space, sent.place)
        if known is None:
            raise DeliveryImpossible("The app is no longer in that conversation.")
        path = f"v3/conversations/{_safe(sent.place)}/activities/{_safe(sent.message)}"
        await self._write("PUT", known, path, _message(card, known) | {"id": sent.message})

    async def _open(self, tenant: str, person: Reference) -> str:
        body = {
            "isGroup": False,
            "tenantId": tenant,
            "bot": {"id": person.bot},
            "members": [{"id": person.user}],
            "channelData": {"tenant": {"id": tenant}},
        }
        return str((await self._write("POST", person, "v3/conversations", body))["id"])

    async def _write(self, method: str, place: Reference, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return await self._call(method, place.service_url, path, body)
        except Answered as exc:
            raise self._meaning(exc, is_write=True) from exc

    async def _call(self, method: str, service_url: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call the connector once; a token it does not take is renewed once, as nothing has happened then."""
        if not self._trust.allows(service_url):
            raise DeliveryImpossible("The service URL is not Teams'; nothing was sent.")
        url = URL(f"{service_url.rstrip('/')}/{path}", encoded=True)
        try:
            return await self._once(method, url, body, await self._tokens.header())
        except Answered as exc:
            if exc.status != 401:  # noqa: PLR2004 - token not taken
                raise
        return await self._once(method, url, body, await self._tokens.header(is_refused=True))

    async def _once(self, method: str, url: URL, body: Mapping[str, Any] | None, head: Mapping[str, str]) -> dict[str, Any]:
        assert self._session is not None, "start() comes first"
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        try:
            async with self._session.request(
                method, url, data=data, headers={"Content-Type": "application/json", **head}, allow_redirects=False
            ) as response:
                if response.status >= 300:  # noqa: PLR2004 - no success, and nobody sends us elsewhere
                    raise Answered(response.status, response.headers.get("Retry-After"))
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise _broken(exc, is_write=body is not None) from exc
        try:
            found = json.loads(text) if text.strip() else {}
        except ValueError:
            found = {}
        return found if isinstance(found, dict) else {}

    @staticmethod
    def _meaning(exc: Answered, *, is_write: bool) -> DeliveryError:
        """Return what an error of the connector means: later, never, or nobody knows."""
        if exc.status in _LATER:
            return DeliveryDeferred("Teams asks to wait.", _after(exc.retry_after))
        if exc.status >= _TROUBLE:
            sentence = f"Teams has trouble ({exc.status})."
            return DeliveryUnknown(sentence) if is_write else DeliveryDeferred(sentence, RETRY)
        return DeliveryImpossible(f"Teams says {exc.status}: {_REMEDIES.get(exc.status, 'it does not take this')}.")

    @staticmethod
    async def _run(function: Callable[..., _T], *values: Any) -> _T:
        return await asyncio.to_thread(function, *values)


def profile(member: Mapping[str, Any], account: Account) -> Profile:
    """Return a member of a roster as a profile; Teams itself says `objectId`, others `aadObjectId`."""
    principal = str(member.get("userPrincipalName") or "")
    is_guest = "#ext#" in principal.lower() or str(member.get("userRole") or "").lower() in {"guest", "anonymous"}
    is_same = str(member.get("objectId") or member.get("aadObjectId") or "").lower() == account.user.lower()
    is_ours = str(member.get("tenantId") or account.space).lower() == account.space.lower()
    return Profile(
        email=member.get("email") or (principal if not is_guest else "") or None,
        name=member.get("name") or "",
        is_guest=is_guest,
        is_external=not is_same or not is_ours,
        is_bot=str(member.get("id") or "").startswith("28:"),
    )


def _message(card: Card, place: Reference) -> dict[str, Any]:
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": render.card(card)}
    return {
        "type": "message",
        "from": {"id": place.bot},
        "conversation": {"id": place.conversation},
        "summary": render.summary(card),
        "attachments": [content],
    }


def _safe(part: str) -> str:
    return quote(part, safe="")


def _broken(exc: BaseException, *, is_write: bool) -> DeliveryError:
    """Return what a broken connection means: before anything was sent it is safe to try again."""
    if isinstance(exc, aiohttp.ClientConnectorError) or not is_write:
        return DeliveryDeferred("Teams cannot be reached.", RETRY)
    return DeliveryUnknown("The connection to Teams broke; the message may have arrived.")


def _after(header: str | None) -> timedelta:
    return timedelta(seconds=int(header)) if header and header.isdigit() else RETRY

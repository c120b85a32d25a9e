"""Chat: the platforms of a configuration, put together and started; each leaves its endpoints and what readiness asks of it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapters.chat.meters import Meters
from adapters.chat.once import Once
from adapters.chat.work import Work
from adapters.store.accounts import received
from bot.errors import BotError, ConfigError, DeliveryImpossible
from bot.settings import secret
from bot.wiring import App

if TYPE_CHECKING:
    from adapters.chat.slack.client import SlackChat
    from adapters.chat.teams.auth import Trust
    from adapters.chat.teams.client import TeamsChat
    from adapters.chat.teams.credentials import Tokens
    from adapters.chat.teams.references import References
    from adapters.web import Check, Handler

_OPEN = "aispend refuses to serve Teams without app_id under [teams]: anybody could ask. For a trial on this machine: --insecure-local."


@dataclass(frozen=True)
class Parts:
    """What the platforms share, and what they leave.

    Attributes:
        note: Takes a sentence for the operator.
        endpoints: Handlers of POST requests, by path.
        checks: What readiness asks, by name.
    """

    app: App
    executor: Executor
    note: Callable[[str], None]
    work: Work = field(default_factory=Work)
    meters: Meters = field(default_factory=Meters)
    endpoints: dict[str, Handler] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)

    @property
    def once(self) -> Once:
        """What tells a repeated delivery."""
        return Once(received(self.app.database), self.app.clock)


def slack_chat(app: App) -> tuple[SlackChat, str, str]:
    """Return Slack's client, its bot token, and the secret of its mode: for signatures, or to open the socket.

    Raises:
        ConfigError: [slack] is not enabled, or a secret is missing.
    """
    from adapters.chat.slack.client import SlackChat  # noqa: PLC0415 - questions must not wait for Slack's libraries

    section = app.settings.slack
    if not section.enabled:
        raise ConfigError("[slack] is not enabled; set enabled = true in the configuration.")
    token = _required("AISPEND_SLACK_BOT_TOKEN", "slack", "Slack shows it under OAuth & Permissions, Bot User OAuth Token")
    if section.mode == "http":
        key = _required("AISPEND_SLACK_SIGNING_SECRET", "slack", "Slack shows it under Basic Information, Signing Secret")
    else:
        where = "Slack makes it under Basic Information, App-Level Tokens (connections:write)"
        key = _required("AISPEND_SLACK_APP_TOKEN", "slack", where)
    return SlackChat(token, section.api), token, key


@asynccontextmanager
async def slack(parts: Parts) -> AsyncIterator[None]:
    """Serve Slack: at an endpoint, or by a socket.

    Raises:
        ConfigError: A secret is missing, or Slack refuses the token.
    """
    from adapters.chat.slack.front import Front  # noqa: PLC0415 - a deployment without Slack must not wait for it
    from adapters.chat.slack.listeners import Listeners  # noqa: PLC0415

    app = parts.app
    chat, token, key = slack_chat(app)
    bolt = Listeners(app.talk(parts.executor), chat, parts.work, parts.once, parts.meters).app(token)
    await chat.start()
    try:
        await _first_word(chat.identity, parts)
        parts.checks["slack"] = lambda: _trouble(chat.identity)
        if app.settings.slack.mode == "http":
            parts.endpoints["/slack/events"] = Front(key, bolt, parts.once, app.clock).handle
            yield
        else:
            async with _socket(bolt, key, parts):
                yield
    finally:
        await chat.close()


@asynccontextmanager
async def _socket(bolt: Any, key: str, parts: Parts) -> AsyncIterator[None]:
    from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler  # noqa: PLC0415

    handler: Any = AsyncSocketModeHandler(bolt, key)
    await handler.connect_async()

    async def trouble() -> str:
        connected = await handler.client.is_connected()
        return "" if connected else "The socket to Slack is not open; it is tried again by itself."

    parts.checks["socket"] = trouble
    try:
        yield
    finally:
        await handler.close_async()


def teams_chat(app: App, *, insecure: bool = False) -> tuple[TeamsChat, Trust, Tokens, References]:
    """Return Teams' client and what it is made of.

    Args:
        insecure: Take anybody's word, for a trial on this machine.

    Raises:
        ConfigError: [teams] is not enabled or not whole, or a secret is missing.
    """
    from adapters.chat.teams.auth import Trust  # noqa: PLC0415 - the Bot Framework takes a second to import
    from adapters.chat.teams.client import TeamsChat  # noqa: PLC0415
    from adapters.chat.teams.credentials import Tokens  # noqa: PLC0415
    from adapters.chat.teams.references import References  # noqa: PLC0415

    section = app.settings.teams
    if not section.enabled:
        raise ConfigError("[teams] is not enabled; set enabled = true in the configuration.")
    if insecure and section.app_id:
        raise ConfigError("--insecure-local is for a trial without app_id; [teams] has one, so tokens are checked. Leave the option out.")
    if not section.app_id and not insecure:
        raise ConfigError(_OPEN)
    if section.app_id and not section.tenant:
        raise ConfigError("[teams] needs tenant, the id of your tenant in Microsoft Entra: nobody else's people are answered.")
    trust = Trust(section.app_id, section.tenant, section.service_hosts)
    tokens = Tokens(_credentials(app) if section.app_id else None)
    references = References(app.documents)
    return TeamsChat(trust, tokens, references), trust, tokens, references


@asynccontextmanager
async def teams(parts: Parts, *, insecure: bool = False) -> AsyncIterator[None]:
    """Serve Teams at its endpoint.

    Raises:
        ConfigError: As `teams_chat`, or Microsoft Entra refuses the app.
    """
    from adapters.chat.teams.auth import TeamsAuthentication  # noqa: PLC0415 - the Bot Framework takes a second to import
    from adapters.chat.teams.front import Front  # noqa: PLC0415
    from adapters.chat.teams.keys import Keys  # noqa: PLC0415
    from adapters.chat.teams.listeners import Listeners  # noqa: PLC0415

    app = parts.app
    chat, trust, tokens, references = teams_chat(app, insecure=insecure)
    keys = Keys(app.settings.teams.openid, app.clock)
    authentication = TeamsAuthentication(trust, keys, tokens.credentials, app.clock)
    listeners = Listeners(app.talk(parts.executor), chat, references, parts.work, parts.meters)
    await chat.start()
    try:
        if insecure:
            parts.note("Teams is served WITHOUT authentication, on this machine only: whoever can reach it can ask as anybody.")
        else:
            await _first_word(chat.check, parts)
        parts.checks["teams"] = lambda: _trouble(chat.check)
        parts.endpoints["/api/messages"] = Front(authentication, listeners, parts.once).handle
        yield
    finally:
        await chat.close()


def _credentials(app: App) -> Any:
    from adapters.chat.teams import credentials  # noqa: PLC0415

    section = app.settings.teams
    match section.identity:
        case "certificate":
            pem = _required("AISPEND_TEAMS_CERTIFICATE", "teams", "It holds the certificate registered with the app, and its key, as PEM")
            return credentials.by_certificate(section.app_id, section.tenant, pem)
        case "managed_identity":
            return credentials.by_managed_identity(section.app_id)
        case _:
            where = "Microsoft Entra makes it under App registrations, Certificates & secrets"
            return credentials.by_password(section.app_id, section.tenant, _required("AISPEND_TEAMS_APP_PASSWORD", "teams", where))


def _required(name: str, section: str, where: str) -> str:
    found = secret(os.environ, name)
    if not found:
        raise ConfigError(f"[{section}] is enabled, but {name} is not set. {where}.")
    return found


async def _first_word(ask: Callable[[], Awaitable[object]], parts: Parts) -> None:
    """Ask the platform who we are; a secret that it refuses stops the start, a platform that is away does not."""
    try:
        await ask()
    except DeliveryImpossible as exc:
        raise ConfigError(str(exc)) from exc
    except BotError as exc:
        parts.note(f"{exc} Starting all the same; /readyz tells when it is there.")


async def _trouble(ask: Callable[[], Awaitable[object]]) -> str:
    try:
        await ask()
    except BotError as exc:
        return str(exc)
    return ""

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
from bot import shipped
from bot.errors import BotError, ConfigError, DeliveryImpossible
from bot.ports import Chat
from bot.settings import secret
from bot.wiring import App

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

    from adapters.chat.slack.client import SlackChat
    from adapters.chat.slack.installations import Installations
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
        executor, writer: For blocking work that reads, and that writes.
        note: Takes a sentence for the operator.
        endpoints: Handlers by method and path.
        checks: What readiness asks, by name.
        chats: The platforms, for sending.
    """

    app: App
    executor: Executor
    writer: Executor
    note: Callable[[str], None]
    work: Work = field(default_factory=Work)
    meters: Meters = field(default_factory=Meters)
    endpoints: dict[str, Handler] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    chats: dict[str, Chat] = field(default_factory=dict)

    @property
    def once(self) -> Once:
        """What tells a repeated delivery."""
        return Once(received(self.app.database), self.app.clock)


def slack_chat(app: App) -> SlackChat:
    """Return Slack's client: of one token, or of the workspaces that installed the app.

    Raises:
        ConfigError: [slack] is not enabled or not whole, or a secret is missing.
    """
    from adapters.chat.slack.client import SlackChat  # noqa: PLC0415 - questions must not wait for Slack's libraries

    section = app.settings.slack
    if not section.enabled:
        raise ConfigError("[slack] is not enabled; set enabled = true in the configuration.")
    if section.workspaces:
        return SlackChat(None, section.api, _installations(app))
    token = _required("AISPEND_SLACK_BOT_TOKEN", "slack", "Slack shows it under OAuth & Permissions, Bot User OAuth Token")
    return SlackChat(token, section.api)


def slack_key(app: App) -> str:
    """Return the secret of Slack's mode: by which it signs, or by which we open the socket.

    Raises:
        ConfigError: It is missing.
    """
    if app.settings.slack.mode == "http":
        return _required("AISPEND_SLACK_SIGNING_SECRET", "slack", "Slack shows it under Basic Information, Signing Secret")
    where = "Slack makes it under Basic Information, App-Level Tokens (connections:write)"
    return _required("AISPEND_SLACK_APP_TOKEN", "slack", where)


def _installations(app: App) -> Installations:
    from adapters.chat.slack.installations import Installations  # noqa: PLC0415

    return Installations(app.documents, _cipher(), app.settings.slack.workspaces, app.clock)


def _cipher() -> MultiFernet:
    from adapters.chat.slack.installations import cipher  # noqa: PLC0415

    return cipher(_required("AISPEND_SLACK_TOKEN_KEY", "slack", "It encrypts the workspaces' tokens, as [slack] names workspaces"))


@asynccontextmanager
async def outward(app: App) -> AsyncIterator[dict[str, Chat]]:
    """Yield the platforms that are enabled, for sending only."""
    chats: dict[str, Any] = {}
    if app.settings.slack.enabled:
        chats["slack"] = slack_chat(app)
    if app.settings.teams.enabled:
        chats["teams"] = teams_chat(app)[0]
    try:
        for chat in chats.values():
            await chat.start()
        yield chats
    finally:
        for chat in chats.values():
            await chat.close()


@asynccontextmanager
async def slack(parts: Parts) -> AsyncIterator[None]:
    """Serve Slack: at an endpoint, or by a socket.

    Raises:
        ConfigError: A secret is missing, or Slack refuses the token.
    """
    from adapters.chat.slack.front import Front  # noqa: PLC0415 - a deployment without Slack must not wait for it
    from adapters.chat.slack.listeners import Listeners  # noqa: PLC0415

    app = parts.app
    chat, key = slack_chat(app), slack_key(app)
    bolt = Listeners(app.talk(parts.executor, parts.writer), chat, parts.work, parts.once, parts.meters).app()
    await chat.start()
    try:
        await _first_word(chat.check, parts)
        parts.checks["slack"] = lambda: _trouble(chat.check)
        parts.chats["slack"] = chat
        if app.settings.slack.workspaces:
            parts.endpoints.update(_install_pages(chat, parts))
        if app.settings.slack.mode == "http":
            parts.endpoints["POST /slack/events"] = Front(key, bolt, parts.once, app.clock).handle
            yield
        else:
            async with _socket(bolt, key, parts):
                yield
    finally:
        await chat.close()


def _install_pages(chat: SlackChat, parts: Parts) -> dict[str, Handler]:
    from adapters.chat.slack.install import pages  # noqa: PLC0415
    from adapters.chat.slack.installations import States  # noqa: PLC0415

    section = parts.app.settings.slack
    if not section.client_id:
        raise ConfigError("[slack] names workspaces, so it needs client_id. Slack shows it under Basic Information.")
    secret_ = _required("AISPEND_SLACK_CLIENT_SECRET", "slack", "Slack shows it under Basic Information, Client Secret")
    states = States(_cipher(), parts.once, parts.app.clock)
    return pages(chat.client, (section.client_id, secret_), slack_scopes(), _installations(parts.app), states)


def slack_manifest() -> dict[str, Any]:
    """Return the app's description as we ship it."""
    import yaml  # noqa: PLC0415

    found: dict[str, Any] = yaml.safe_load((shipped.folder("manifest") / "slack.yaml").read_text("utf-8"))
    return found


def slack_scopes() -> list[str]:
    """Return the scopes that the manifest asks for."""
    return [str(scope) for scope in slack_manifest()["oauth_config"]["scopes"]["bot"]]


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
    listeners = Listeners(app.talk(parts.executor, parts.writer), chat, references, parts.work, parts.meters, parts.writer)
    await chat.start()
    try:
        if insecure:
            parts.note("Teams is served WITHOUT authentication, on this machine only: whoever can reach it can ask as anybody.")
        else:
            await _first_word(chat.check, parts)
        parts.checks["teams"] = lambda: _trouble(chat.check)
        parts.chats["teams"] = chat
        parts.endpoints["POST /api/messages"] = Front(authentication, listeners, parts.once).handle
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

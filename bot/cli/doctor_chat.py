"""The chat part of `doctor`: tokens, scopes, the app's description, reachability, the clock."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.chat.slack.client import SlackChat
from adapters.chat.teams.keys import Keys
from bot.errors import BotError, ConfigError
from bot.settings import secret
from bot.wiring import App
from bot.wiring.chat import slack_chat, slack_key, slack_manifest, slack_scopes, teams_chat

_SKEW_S = 60
"""Both platforms refuse what is five minutes off; a clock that far out is told long before."""
Told = tuple[str, str, str]
"""Name, what is well, what is not (empty when it is well)."""


async def checks(app: App) -> list[Told]:
    """Return what was found on each platform that is enabled."""
    found = await _slack(app) if app.settings.slack.enabled else []
    return [*found, *(await _teams(app) if app.settings.teams.enabled else [])]


async def _slack(app: App) -> list[Told]:
    try:
        chat = slack_chat(app)
        slack_key(app)
    except ConfigError as exc:
        return [("slack", "", str(exc))]
    one_token = {"slack token": _token, "slack scopes": _scopes, "slack manifest": _manifest}
    looks: dict[str, Callable[[App, SlackChat], Awaitable[str]]] = {
        **({"slack workspaces": _workspaces} if app.settings.slack.workspaces else one_token),
        "slack clock": _slack_clock,
    }
    await chat.start()
    try:
        return [await _told(name, look(app, chat)) for name, look in looks.items()]
    finally:
        await chat.close()


async def _teams(app: App) -> list[Told]:
    try:
        chat, *_ = teams_chat(app)
    except ConfigError as exc:
        return [("teams", "", str(exc))]
    keys = Keys(app.settings.teams.openid, app.clock)
    return [await _told("teams token", _teams_token(chat.check)), await _told("teams keys and clock", _teams_keys(app, keys))]


async def _told(name: str, look: Awaitable[str]) -> Told:
    try:
        return name, await look, ""
    except BotError as exc:
        return name, "", str(exc)


async def _token(_: App, chat: SlackChat) -> str:
    return f"valid, of workspace {(await chat.own()).team}"


async def _scopes(_: App, chat: SlackChat) -> str:
    wanted, granted = set(slack_scopes()), (await chat.own()).scopes
    if wanted - granted:
        missing = ", ".join(sorted(wanted - granted))
        raise ConfigError(f"The app lacks {missing}. Paste `aispend manifest slack` into its App Manifest and install it again.")
    more = sorted(granted - wanted)
    return "as in the manifest" + (f"; not needed: {', '.join(more)}" if more else "")


async def _manifest(_: App, chat: SlackChat) -> str:
    """Compare the app as Slack has it with ours; Slack shows it to a configuration token only."""
    token = secret(os.environ, "AISPEND_SLACK_CONFIG_TOKEN")
    if not token:
        return "not compared; a configuration token in AISPEND_SLACK_CONFIG_TOKEN would show it (api.slack.com/apps, it lives for 12 hours)"
    theirs, ours = _described(await chat.manifest(token)), _described(slack_manifest())
    drift = [f"{name} is {theirs[name]}, not {ours[name]}" for name in ours if theirs[name] != ours[name]]
    if drift:
        raise ConfigError(f"The app differs from `aispend manifest slack`: {'; '.join(drift)}. Paste ours into its App Manifest.")
    return "as ours"


def _described(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be the same on both sides; names and addresses are the operator's."""
    features, settings = manifest.get("features") or {}, manifest.get("settings") or {}
    home, events = features.get("app_home") or {}, settings.get("event_subscriptions") or {}
    return {
        "commands": sorted(command["command"] for command in features.get("slash_commands") or ()),
        "escaping": [bool(command.get("should_escape")) for command in features.get("slash_commands") or ()],
        "events": sorted(events.get("bot_events") or ()),
        "home tab": bool(home.get("home_tab_enabled")),
        "messages tab": bool(home.get("messages_tab_enabled")) and not home.get("messages_tab_read_only_enabled"),
        "buttons": bool((settings.get("interactivity") or {}).get("is_enabled")),
    }


async def _workspaces(app: App, chat: SlackChat) -> str:
    found = [name for name in app.settings.slack.workspaces if await chat.workspace(name)]
    missing = sorted(set(app.settings.slack.workspaces) - set(found))
    return f"installed in {', '.join(found) or 'none'}" + (f"; not yet in {', '.join(missing)}: /slack/install" if missing else "")


async def _slack_clock(app: App, chat: SlackChat) -> str:
    return _skew(app, await chat.clock(), "Slack")


async def _teams_token(check: Callable[[], Awaitable[object]]) -> str:
    await check()
    return "Microsoft Entra gives one"


async def _teams_keys(app: App, keys: Keys) -> str:
    count, theirs = await keys.look()
    return f"{count} keys; {_skew(app, theirs, 'Microsoft')}"


def _skew(app: App, theirs: datetime | None, whose: str) -> str:
    if theirs is None:
        return f"{whose} named no time to compare with"
    off = abs((app.clock.now().astimezone(UTC) - theirs).total_seconds())
    if off > _SKEW_S:
        raise ConfigError(f"This machine's clock is {off:.0f} s off {whose}'s; what is signed is refused at 300 s. Set the clock (NTP).")
    return f"{off:.0f} s off {whose}'s"

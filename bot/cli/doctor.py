"""`doctor`: checks everything a deployment needs, and says how to mend what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Annotated

import typer

from bot import shipped
from bot.cli.context import Context, Format, say, say_json
from bot.errors import BotError, ConfigError
from bot.wiring import App

if TYPE_CHECKING:
    from adapters.chat.slack.client import SlackChat

_SKEW_S = 60
"""Slack refuses what is five minutes off; a clock that far out is told long before."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; *trouble* is empty when it is well."""

    name: str
    said: str
    trouble: str = ""


def register(program: typer.Typer) -> None:
    """Add the command."""
    program.command()(doctor)


def doctor(context: typer.Context, format_: Annotated[Format, typer.Option("--format")] = Format.TEXT) -> None:
    """Check the configuration, the store, the directory, the sources and the chat platforms."""
    of: Context = context.obj
    with of.app() as app:
        checks = [*_own(app), *(asyncio.run(_slack(app)) if app.settings.slack.enabled else ())]
    if format_ is Format.JSON:
        say_json({"checks": [{"name": c.name, "ok": not c.trouble, "said": c.trouble or c.said} for c in checks]})
    else:
        for check in checks:
            say(f"{'✗' if check.trouble else '✓'} {check.name}: {check.trouble or check.said}")
    wrong = sum(1 for check in checks if check.trouble)
    if wrong:
        raise ConfigError(f"{wrong} of {len(checks)} checks found something to mend.")


def _own(app: App) -> Iterator[Check]:
    yield Check("configuration", "read and whole")
    yield _checked("store", lambda: _store(app))
    yield _checked("directory", lambda: _directory(app))
    yield _checked("sources", lambda: _sources(app))


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, look())
    except BotError as exc:
        return Check(name, "", str(exc))


def _store(app: App) -> str:
    from adapters.store import schema  # noqa: PLC0415

    found = schema.current(app.database)
    if found != schema.newest():
        raise ConfigError(f"The database is of version {found or 'none'}, this program of {schema.newest()}. Run `aispend db upgrade`.")
    return f"of version {found}"


def _directory(app: App) -> str:
    directory = app.people.directory()
    if not directory.people:
        raise ConfigError("Nobody is in it. Load people: aispend directory load people.csv.")
    return f"{len(directory.people)} people, {len(directory.teams)} teams"


def _sources(app: App) -> str:
    loads = app.ledger.sources()
    if not loads:
        raise ConfigError("Nothing was loaded yet. Run `aispend ingest`.")
    return ", ".join(f"{load.source} until {load.watermark:%Y-%m-%d}" for load in loads)


async def _slack(app: App) -> list[Check]:
    from bot.wiring.chat import slack_chat  # noqa: PLC0415

    try:
        chat, _, _ = slack_chat(app)
    except ConfigError as exc:
        return [Check("slack", "", str(exc))]
    await chat.start()
    try:
        return [await _told(name, look(app, chat)) for name, look in _SLACK.items()]
    finally:
        await chat.close()


async def _told(name: str, look: Awaitable[str]) -> Check:
    try:
        return Check(name, await look)
    except BotError as exc:
        return Check(name, "", str(exc))


async def _token(_: App, chat: SlackChat) -> str:
    found = await chat.identity()
    return f"valid, of workspace {found.team}"


async def _scopes(_: App, chat: SlackChat) -> str:
    import yaml  # noqa: PLC0415

    manifest = yaml.safe_load((shipped.folder("manifest") / "slack.yaml").read_text("utf-8"))
    wanted = set(manifest["oauth_config"]["scopes"]["bot"])
    granted = (await chat.identity()).scopes
    if wanted - granted:
        missing = ", ".join(sorted(wanted - granted))
        raise ConfigError(f"The app lacks {missing}. Paste `aispend manifest slack` into its App Manifest and install it again.")
    more = sorted(granted - wanted)
    return "as in the manifest" + (f"; not needed: {', '.join(more)}" if more else "")


async def _clock(app: App, chat: SlackChat) -> str:
    theirs = await chat.clock()
    if theirs is None:
        return "Slack named no time to compare with"
    off = abs((app.clock.now().astimezone(UTC) - theirs).total_seconds())
    if off > _SKEW_S:
        raise ConfigError(f"This machine's clock is {off:.0f} s off Slack's; signatures fail at 300 s. Set the clock (NTP).")
    return f"{off:.0f} s off Slack's"


_SLACK: dict[str, Callable[[App, SlackChat], Awaitable[str]]] = {
    "slack token": _token,
    "slack scopes": _scopes,
    "slack clock": _clock,
}

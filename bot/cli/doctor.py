"""`doctor`: checks everything a deployment needs, and says how to mend what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from bot.cli.context import Context, Format, say, say_json
from bot.errors import BotError, ConfigError
from bot.settings import SourceSettings
from bot.wiring import App


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
        checks = [*_own(app), *asyncio.run(_chat(app))]
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
    yield _checked("rules", lambda: _rules(app))
    for section in app.settings.sources:
        yield _checked(f"source {section.name}", partial(_source, app, section))
    yield _checked("loads", lambda: _sources(app))


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, look())
    except BotError as exc:
        return Check(name, "", str(exc))


def _store(app: App) -> str:
    from adapters.store import schema  # noqa: PLC0415

    found = schema.current(app.database)
    if found is None:
        raise ConfigError("There is none yet, or an empty one. Run `aispend db upgrade`, which makes it.")
    if trouble := schema.mismatch(found):
        raise ConfigError(trouble)
    return f"of version {found}"


def _directory(app: App) -> str:
    directory = app.people.directory()
    if not directory.people:
        raise ConfigError("Nobody is in it. Load people: aispend directory load people.csv.")
    return f"{len(directory.people)} people, {len(directory.teams)} teams"


def _rules(app: App) -> str:
    rules = app.ingest.rules
    return f"{len(rules.allocation)} for allocation, {len(rules.records)} for who states what"


def _source(app: App, section: SourceSettings) -> str:
    from contextlib import closing  # noqa: PLC0415

    with app.source(section) as source, closing(app.ingest.engine()) as engine:
        described = source.describe(engine)
        if "://" not in str(section.own().get("path", "")):
            source.charges(None, engine)  # opens the files, and reads no more than their heads
        return described


def _sources(app: App) -> str:
    loads = app.ledger.sources()
    if not loads:
        raise ConfigError("Nothing was loaded yet. Run `aispend ingest`.")
    return ", ".join(f"{load.source} until {load.watermark:%Y-%m-%d}" for load in loads)


async def _chat(app: App) -> list[Check]:
    from bot.cli import doctor_chat  # noqa: PLC0415 - a deployment without chat must not wait for its libraries

    return [Check(name, said, trouble) for name, said, trouble in await doctor_chat.checks(app)]

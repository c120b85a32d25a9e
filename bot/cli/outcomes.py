"""`outcomes`: what was got done, so that cost can be shown per outcome."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import Context, Format, say_json, shown
from bot.cli.setup import show_changes
from bot.errors import ConfigError
from bot.services import outcomes as service


class Kind(StrEnum):
    """How a file is written."""

    CSV = "csv"
    CLAUDE_CODE = "claude_code"


def register(program: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What was got done: commits, pull requests, tickets, any number.", no_args_is_help=True)
    group.callback()(_nothing)
    group.command()(load)
    program.add_typer(group, name="outcomes")


def load(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV with day, team or project, kind, count; or an export.")],
    kind: Annotated[Kind, typer.Option("--kind", help="csv, or claude_code: an export of Claude Code Analytics.")] = Kind.CSV,
    source: Annotated[str, typer.Option("--source", help="Whose word it is; its days are replaced. Else the file's name.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,  # noqa: FBT002
    format_: Annotated[Format, typer.Option("--format")] = Format.TEXT,
) -> None:
    """Load outcomes of some days; all of them or nothing."""
    of: Context = context.obj
    with of.app() as app:
        app.prepare_store()
        directory, today = app.people.directory(), app.clock.now().date()
        projects = app.conversation.figures.projects()
        if kind is Kind.CLAUDE_CODE:
            found, doubts = service.done_by(app.activities(file), directory, today)
        else:
            found = service.stated(file, directory, projects, today)
            doubts = tuple(service.doubts(found, projects))
        plan = service.plan(_name(source, kind, file), found, app.outcomes, is_named=bool(source))
        if not dry_run:
            service.apply(plan, app.outcomes)
        for doubt in doubts:
            typer.echo(shown(doubt), err=True)
        if format_ is Format.JSON:
            say_json({"source": plan.source, "changes": list(plan.changes), "doubts": list(doubts), "dry_run": dry_run})
        else:
            show_changes(plan.changes, format_, dry_run=dry_run)


def _name(source: str, kind: Kind, file: Path) -> str:
    name = source.strip() or (kind.value if kind is not Kind.CSV else file.stem)
    if not name.isprintable():
        raise ConfigError("The name of the source has characters that cannot be shown; give it another with --source.")
    return name


def _nothing() -> None:
    """Hold the group's options."""

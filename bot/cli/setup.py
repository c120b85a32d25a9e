"""`init`, `db`, `directory`, `budgets`: what an operator does before and around the loading."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import Context, Format, say, say_json
from bot.errors import ConfigError
from bot.services import budgets as budget_service
from bot.services import directory as directory_service
from bot.wiring import App

_SHOWN = 30


def register(program: typer.Typer) -> None:
    """Add the commands."""
    program.command()(init)
    for name, help_, commands in (
        ("db", "The database.", {"upgrade": upgrade}),
        ("directory", "People, teams and identities.", {"load": load}),
        ("budgets", "Budgets as code.", {"apply": apply}),
    ):
        group = typer.Typer(help=help_, no_args_is_help=True)
        group.callback()(_nothing)
        for command, function in commands.items():
            group.command(command)(function)
        program.add_typer(group, name=name)


def init(path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("aispend.toml")) -> None:
    """Write a commented configuration."""
    from bot.demo.configuration import COMMENTED  # noqa: PLC0415

    if path.exists():
        raise ConfigError(f"{path} is there already; it was left as it is.")
    if not path.parent.is_dir():
        raise ConfigError(f"There is no folder {path.parent}.")
    try:
        path.write_text(COMMENTED, "utf-8")
    except OSError as exc:
        raise ConfigError(f"{path} cannot be written: {exc.strerror}.") from exc
    say(f"Wrote {path}. Next: describe your exports in it under [[sources]]; then aispend directory load people.csv, and aispend ingest.")


def upgrade(context: typer.Context) -> None:
    """Bring the database to this version of the program."""
    from adapters.store import schema  # noqa: PLC0415

    of: Context = context.obj
    with of.app() as app:
        say(f"The database is of version {schema.upgrade(app.database)}.")


def load(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="people.csv, teams.csv, identities.csv: any of them, in any order.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,  # noqa: FBT002
    format_: Annotated[Format, typer.Option("--format")] = Format.TEXT,
) -> None:
    """Load people, teams and identities; all of it or nothing."""
    of: Context = context.obj
    with of.app() as app:
        app.prepare_store()
        plan = directory_service.plan(files, app.people, app.claimed())
        if not dry_run:
            directory_service.apply(plan, app.people)
            _look_again(app)
        show_changes(plan.changes, format_, dry_run=dry_run)
        if plan.changes and not dry_run and app.ledger.sources() and format_ is Format.TEXT:
            say("Load your sources again (aispend ingest …, as before) so that cost already loaded follows the new directory.")


def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="budgets.toml")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, change nothing.")] = False,  # noqa: FBT002
    format_: Annotated[Format, typer.Option("--format")] = Format.TEXT,
) -> None:
    """Apply budgets: shows the plan, then does it; all of it or nothing."""
    of: Context = context.obj
    with of.app() as app:
        app.prepare_store()
        organisation = app.settings.organisation
        plan = budget_service.plan(file, app.budgets, app.people.directory(), organisation.currency, organisation.fiscal_year_start)
        known, today = app.people.directory(), app.clock.now().date()
        for doubt in budget_service.doubts(plan, app.conversation.figures, known, organisation.privacy, today):
            typer.echo(doubt, err=True)
        if not dry_run:
            budget_service.apply(plan, app.budgets, app.clock)
            _look_again(app)
        show_changes(plan.sentences, format_, dry_run=dry_run)


def _look_again(app: App) -> None:
    """Give what is under way to who answers for it by now; before there is data nothing is."""
    if app.ledger.sources():
        app.reconsider()


def _nothing() -> None:
    """Hold the group's options."""


def show_changes(changes: tuple[str, ...], format_: Format, *, dry_run: bool) -> None:
    """Print *changes*, one a line, and what was done about them."""
    if format_ is Format.JSON:
        say_json({"changes": list(changes), "dry_run": dry_run})
        return
    for change in changes[:_SHOWN]:
        say(change)
    if len(changes) > _SHOWN:
        say(f"… and {len(changes) - _SHOWN} more")
    done = "would change; nothing was" if dry_run else "changed"
    say(f"{len(changes)} {done}." if changes else "Nothing to change.")

"""`plan`: the budget that is proposed for a year, on the screen, as JSON, and as a file for finance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.chat import terminal
from bot.cli.context import Context, Format, say, say_json
from bot.errors import ConfigError
from bot.messages.formats import Reader

if TYPE_CHECKING:
    from bot.messages.plans import Plan

_SCENARIO = "growth=+30%, price=-10%, seats=120; several multiply."


def register(program: typer.Typer) -> None:
    """Add the command."""
    program.command()(plan)


def plan(
    context: typer.Context,
    year: Annotated[str, typer.Argument(help="The calendar year in which it begins, such as 2027.")],
    more: Annotated[list[str] | None, typer.Argument(metavar="[SCENARIO]...", help=f"More of --scenario: {_SCENARIO}")] = None,
    scope: Annotated[str, typer.Option(help="org, or team:NAME; else the organisation and every team.")] = "",
    scenario: Annotated[list[str] | None, typer.Option(help=_SCENARIO)] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write it as CSV.")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Write it as a workbook.")] = None,
    format_: Annotated[Format, typer.Option("--format")] = Format.TEXT,
) -> None:
    """Propose a year's budget for every team and the organisation: P50, P80, P95, and what drives them."""
    from bot.domain.scenario import parse  # noqa: PLC0415 - other commands must not wait for it

    supposed = parse([*(scenario or ()), *(more or ())])
    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        found = app.planning.plan(_year(year), scope, supposed)
    _write(found, csv, xlsx)
    if format_ is Format.JSON:
        say_json(found.document())
    else:
        say(terminal.render(found.card(Reader())))


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ConfigError(f"'{text}' is no year; write one such as 2027.")
    return int(text[:5])


def _write(found: Plan, csv: Path | None, xlsx: Path | None) -> None:
    if csv:
        from bot.services.sheets import as_csv  # noqa: PLC0415

        _save(csv, as_csv(found.header, found.cells()).encode(), len(found.rows))
    if xlsx:
        from adapters.workbook import workbook  # noqa: PLC0415

        _save(xlsx, workbook(found.header, found.cells(), found.notes(), found.last), len(found.rows))


def _save(file: Path, content: bytes, rows: int) -> None:
    try:
        file.write_bytes(content)
    except OSError as exc:
        raise ConfigError(f"{file} cannot be written: {exc.strerror}.") from exc
    typer.echo(f"Written to {file}: {rows} rows.", err=True)

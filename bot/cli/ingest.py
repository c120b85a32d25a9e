"""`ingest`: a vendor's file, or every configured source, into the ledger."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.registry import kinds
from bot.cli.context import Context, Format, say, say_json
from bot.domain.money import Money, from_nanos
from bot.domain.period import Window
from bot.domain.visibility import Privacy, merged_teams
from bot.errors import BotError, ConfigError, SourceRefused
from bot.messages.formats import Reader
from bot.settings import NAME, SourceSettings
from bot.wiring import App, only_source

if TYPE_CHECKING:
    from bot.ports import Load
    from bot.services.ingest import Report

_MANY = Decimal("0.5")
"""Of the cost: so much without a user is told when it is loaded."""
_SHOWN = 5
_READER = Reader()


def register(program: typer.Typer) -> None:
    """Add the command."""
    program.command()(ingest)


def ingest(
    context: typer.Context,
    kind: Annotated[str | None, typer.Argument(help="focus, claude_csv, cur, litellm or csv; none: every configured source.")] = None,
    files: Annotated[list[str] | None, typer.Argument(help="A file, a folder, a glob, s3://…")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day, 2026-11-01.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="First day no longer, 2026-12-01.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this configured source; or the name for a file's.")] = None,
    option: Annotated[list[str] | None, typer.Option("--option", "-o", help="A setting of the source: principal=Tags.user.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything, keep nothing.")] = False,  # noqa: FBT002
    history: Annotated[bool, typer.Option("--history", help="List the loads so far.")] = False,  # noqa: FBT002
    quarantine: Annotated[int | None, typer.Option(min=1, max=2**31 - 1, help="Show the quarantined rows of load N.")] = None,
    forget: Annotated[str | None, typer.Option(help="Take a source out of the ledger.")] = None,
    format_: Annotated[Format, typer.Option("--format")] = Format.TEXT,
) -> None:
    """Load usage and cost; each source exactly or not at all."""
    of: Context = context.obj
    signal.signal(signal.SIGTERM, _end)
    with of.app() as app:
        app.prepare_store()
        if history or quarantine is not None:
            _show_history(app, quarantine, format_)
        elif forget is not None:
            if kind or files or start or end or option or dry_run:
                raise ConfigError(
                    "--forget takes a whole source out of the ledger; it goes with no file, no days, no option and no --dry-run."
                )
            load = app.ingest.forget(forget)
            say(f"'{load.source}' is out of the ledger ({load.window.start} to {load.window.end - timedelta(days=1)}).")
        else:
            sections = _sections(app, kind, files or [], source, option or [])
            _load_all(app, sections, _window(start, end), format_, dry_run=dry_run)


def _end(_signal: int, _frame: object) -> None:
    """Leave as after an error: what was begun is undone, and temporary files go."""
    raise SystemExit(128 + signal.SIGTERM)


def _sections(app: App, kind: str | None, files: list[str], source: str | None, options: list[str]) -> list[SourceSettings]:
    configured = app.settings.sources
    if kind is None:
        chosen = [s for s in configured if source in {None, s.name}]
        if not chosen:
            known = ", ".join(s.name for s in configured) or "none"
            raise ConfigError(f"No such source is configured (there are: {known}). Name a kind and a file: aispend ingest focus bill.csv")
        return chosen
    _check_kind(kind, files)
    if not files:
        raise SourceRefused(f"Which file? For instance: aispend ingest {kind} FILE")
    base = next((s for s in configured if s.name == source), None) if source else only_source(app.settings, kind)
    if base and not source:
        raise SourceRefused(
            f"'{base.name}' is configured as the source of kind {kind}; a file would replace its days. If it is a delivery of that "
            f"source, say --source {base.name}; if it is another one, give it a name of its own, such as --source {kind}-file. "
            "Nothing was changed."
        )
    if base and base.kind != kind:
        raise SourceRefused(f"'{base.name}' is of kind {base.kind}, not {kind}.")
    own = _merged(base.own() if base else {}, _options(options))
    paths = [path if "://" in path else str(Path(path).absolute()) for path in files]
    own["path"] = paths[0] if len(paths) == 1 else paths
    reserved = sorted({"name", "kind"} & own.keys())
    if reserved:
        raise ConfigError(f"--option cannot set '{reserved[0]}'; the kind is the first word, the name goes with --source.")
    name = base.name if base else source or kind
    if not re.fullmatch(NAME, name):
        raise ConfigError(f"--source holds '{name}'; a name has letters, digits, dots, dashes and underscores.")
    return [SourceSettings(name=name, kind=kind, **own)]


def _check_kind(kind: str, files: list[str]) -> None:
    """Refuse a kind that there is not, and name the nearest one."""
    if kind in kinds():
        return
    near = get_close_matches(kind.lower(), kinds(), 1) if kind.isidentifier() else []
    example = " ".join(["aispend ingest", near[0] if near else "focus", *(files or ([] if near else [kind]))])
    question = f"Did you mean: {example}?" if near else f"For instance: {example}"
    raise SourceRefused(f"There is no kind '{kind}'; there are {', '.join(kinds())}. {question}")


def _options(options: list[str]) -> dict[str, Any]:
    """Return `a.b=c` settings as nested tables."""
    found: dict[str, Any] = {}
    for option in options:
        name, sign, value = option.partition("=")
        if not sign or not name:
            raise ConfigError(f"--option holds '{option}'; write NAME=VALUE, such as principal=Tags.user.")
        *tables, last = name.split(".")
        target = found
        for table in tables:
            target = target.setdefault(table, {})
            if not isinstance(target, dict):
                raise ConfigError(f"--option sets '{table}' both as a value and as a table.")
        target[last] = {"true": True, "false": False}.get(value, value)
    return found


def _merged(own: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return *own* with *other* over it; tables are merged, not replaced."""
    return own | {
        name: _merged(own[name], value) if isinstance(value, dict) and isinstance(own.get(name), dict) else value
        for name, value in other.items()
    }


def _window(start: str | None, end: str | None) -> Window | None:
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise ConfigError("--from and --to go together; --to is the first day that is no longer loaded.")
    try:
        window = (date.fromisoformat(start), date.fromisoformat(end))
    except ValueError as exc:
        raise ConfigError(f"--from {start} --to {end}: write days such as 2026-11-01.") from exc
    if window[1] <= window[0]:
        raise ConfigError(f"--to {end} must be after --from {start}; it is the first day that is no longer loaded.")
    return Window(*window)


def _load_all(app: App, sections: list[SourceSettings], window: Window | None, format_: Format, *, dry_run: bool) -> None:
    """Load every source; one that fails does not keep the others from being loaded."""
    reports: list[Report] = []
    failures: list[str] = []
    for section in sections:
        try:
            with app.source(section) as usage, _progress(format_) as progress:
                report = app.ingest.run(usage, window, dry_run=dry_run, progress=progress)
        except BotError as exc:
            if not dry_run and section in app.settings.sources:
                app.note_trouble(section.name, str(exc))
            if len(sections) == 1:
                raise
            failures.append(f"{section.name}: {exc}")
            continue
        if not dry_run:
            app.note_trouble(section.name, "")
        reports.append(report)
        if format_ is Format.TEXT:
            hides_people = app.settings.organisation.privacy is Privacy.WORKS_COUNCIL
            show(report, _few(app, report.load.window), hides_people=hides_people)
    if format_ is Format.JSON:
        say_json({"loads": [_document(report.load) for report in reports], "failures": failures, "dry_run": dry_run})
    if failures:
        raise SourceRefused("\n".join(failures))


@contextmanager
def _progress(format_: Format) -> Iterator[Any]:
    """Yield a progress display on a terminal, nothing in a pipe."""
    if format_ is Format.JSON or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - only who watches pays for it
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.fields[stored]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, bar.add_task("Starting", total=None, stored=""))


class _Bar:
    """Progress on a terminal."""

    def __init__(self, bar: Any, task: Any) -> None:
        self._bar, self._task = bar, task

    def step(self, text: str) -> None:
        self._bar.update(self._task, description=text, stored="")

    def rows(self, done: int) -> None:
        self._bar.update(self._task, stored=f"{done:,} daily rows")


def _few(app: App, window: Window) -> set[str]:
    """Return the owners that must not be shown by themselves, as the mode protects groups of few people; no owner is one of them."""
    from bot.services.groups import months  # noqa: PLC0415

    if app.settings.organisation.privacy is not Privacy.WORKS_COUNCIL:
        return set()
    ends = {window.start, window.end - timedelta(days=1), app.clock.now().date()}
    return merged_teams(app.people.directory(), sorted(ends | {month.start for month in months(window)}), has_others=True)


def show(report: Report, few: Collection[str] = (), *, hides_people: bool = False) -> None:
    """Print what a load brought; the owners of *few* are shown as one, as are, where people are protected, those of an e-mail."""
    load = report.load
    last = load.window.end - timedelta(days=1)
    say(f"{load.source}: {load.description}, {load.window.start} to {last}" + (" (dry run, nothing kept)" if report.is_dry_run else ""))
    for name, value in _lines(load):
        say(f"  {name:<13}{value}")
    owners = tuple((key, nanos) for key, nanos in report.owners if key not in few)
    unowned = tuple((key, nanos) for key, nanos in report.unowned if not (hides_people and "@" in key))
    for title, rows in (("Owners", owners), ("Unallocated", unowned)):
        whole = load.allocated_nanos if title == "Owners" else load.unallocated_nanos
        others = whole - sum(nanos for _, nanos in rows)
        named = [(key or "not stated", nanos) for key, nanos in rows if nanos] + ([("others", others)] if others else [])
        for index, (key, nanos) in enumerate(named):
            label = title if index == 0 else ""
            say(f"  {label:<13}{_READER.money(Money(nanos, load.currency)):>14}  {key}")
    for row in load.quarantine[:_SHOWN]:
        say(f"  ! {row.place}: {row.reason}")
    nameless = sum(nanos for key, nanos in report.unowned if not key)
    if nameless > _MANY * (load.billed_nanos + load.estimated_nanos):
        where = "columns.principal=USER" if load.kind == "csv" else "principal=Tags.user"
        say(f"  ! Most of it names no user: say which column does, such as -o {where}, or the same in [[sources]].")
    if load.quarantined_rows > _SHOWN and load.number:
        say(f"  … all of them: aispend ingest --quarantine {load.number}")


def _lines(load: Load) -> Iterator[tuple[str, str]]:
    total = load.billed_nanos + load.estimated_nanos
    rows, days = _counted(load.ledger_rows, "daily row"), _counted(load.days, "day")
    yield "Rows", f"{load.rows:,} became {rows} of {days}"
    yield "Billed", f"{_amount(load.billed_nanos)} {load.currency}"
    if load.estimated_nanos:
        yield "Estimated", f"{_amount(load.estimated_nanos)} {load.currency}"
    share = f"{100 * Decimal(load.allocated_nanos) / total:.1f} %" if total else "nothing to allocate"
    yield "Allocated", f"{share}; unallocated {_amount(load.unallocated_nanos)} {load.currency}"
    yield "Until", f"{load.watermark:%Y-%m-%d %H:%M} UTC"
    if load.left_out_rows:
        yield (
            "Left out",
            f"{load.left_out_rows:,} rows, {_costs(load.left_out_cost)}: not AI, or stated by another source",
        )
    if load.quarantined_rows:
        rows = "row" if load.quarantined_rows == 1 else "rows"
        yield "Quarantined", f"{load.quarantined_rows:,} {rows}, {_costs(load.quarantined_cost)}"
    if load.unpriced_rows:
        yield "Unpriced", f"{load.unpriced_rows:,} rows: {', '.join(load.unpriced_models[:_SHOWN])}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _costs(costs: Mapping[str, Decimal]) -> str:
    """Return *costs* as text, one amount per currency: they cannot be added."""
    return " and ".join(f"{_plain(cost)} {currency or '(no currency)'}" for currency, cost in costs.items()) or "0"


def _single(costs: Mapping[str, Decimal], currency: str) -> str | None:
    """Return the amount in *currency*, None where there is any in another one."""
    return _plain(costs.get(currency, Decimal(0))) if set(costs) <= {currency} else None


def _document(load: Load) -> dict[str, Any]:
    return {
        "load": load.number or None,
        "source": load.source,
        "kind": load.kind,
        "description": load.description,
        "window_start": load.window.start.isoformat(),
        "window_end": load.window.end.isoformat(),
        "loaded_at": load.loaded_at.isoformat(),
        "rows": load.rows,
        "ledger_rows": load.ledger_rows,
        "days": load.days,
        "billed_cost": _amount(load.billed_nanos),
        "estimated_cost": _amount(load.estimated_nanos),
        "currency": load.currency,
        "allocated_cost": _amount(load.allocated_nanos),
        "unallocated_cost": _amount(load.unallocated_nanos),
        "quarantined_rows": load.quarantined_rows,
        "quarantined_cost": _single(load.quarantined_cost, load.currency),
        "quarantined_costs": {currency: _plain(cost) for currency, cost in load.quarantined_cost.items()},
        "quarantine": [{"place": q.place, "reason": q.reason} for q in load.quarantine],
        "left_out_rows": load.left_out_rows,
        "left_out_cost": _single(load.left_out_cost, load.currency),
        "left_out_costs": {currency: _plain(cost) for currency, cost in load.left_out_cost.items()},
        "unpriced_rows": load.unpriced_rows,
        "unpriced_models": list(load.unpriced_models),
        "watermark": load.watermark.isoformat(),
    }


def _show_history(app: App, number: int | None, format_: Format) -> None:
    if number is not None:
        if number not in {load.number for load in app.ledger.loads()}:
            raise ConfigError(f"There is no load {number}. aispend ingest --history lists them.")
        rows = app.ledger.quarantine(number)
        if format_ is Format.JSON:
            say_json(
                {
                    "rows": [
                        {
                            "place": q.place,
                            "reason": q.reason,
                            "cost": _plain(q.cost) if q.cost is not None else None,
                            "currency": q.currency,
                        }
                        for q in rows
                    ]
                }
            )
            return
        for row in rows:
            say(f"{row.place}: {row.reason}")
        say(f"{len(rows)} rows are quarantined in load {number}." if rows else f"Load {number} has no quarantined rows.")
        return
    loads = app.ledger.loads()
    if format_ is Format.JSON:
        say_json({"loads": [_document(load) for load in loads]})
        return
    for load in loads:
        last = load.window.end - timedelta(days=1)
        bad = f", {load.quarantined_rows:,} quarantined" if load.quarantined_rows else ""
        total = f"{_amount(load.billed_nanos + load.estimated_nanos)} {load.currency}"
        say(
            f"{load.number:>5}  {load.loaded_at:%Y-%m-%d %H:%M}  {load.source}: {load.window.start} to {last}, {load.rows:,} rows, "
            f"{total}{bad}, complete until {load.watermark:%Y-%m-%d %H:%M} UTC"
        )
    if not loads:
        say("Nothing has been loaded yet.")


def _amount(nanos: int) -> str:
    return _plain(from_nanos(nanos))


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}" if amount else "0"

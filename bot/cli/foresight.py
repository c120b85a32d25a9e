"""`forecast`, `backtest`: what months will come to by a file of daily values, and how right such forecasts were."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.context import Context, Format, say, say_json
from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.domain.foretold import Accuracy as Told
    from bot.domain.foretold import LongAccuracy, ShownAccuracy
    from bot.services.backtest import Accuracy, Foresight, Omission

_SHOWN = 10
_MONTHS = 12
_DATA_HELP = "CSV with the columns dataset, series, date, value: one row per series and day."
_DATA = typer.Option(help=_DATA_HELP)
_COUNTRY = typer.Option(help="A country whose public holidays count, such as DE; more than one may be given.")


def register(program: typer.Typer) -> None:
    """Add the commands."""
    program.command()(forecast)
    program.command()(backtest)


def forecast(
    data: Annotated[Path, _DATA],
    as_of: Annotated[str, typer.Option(help="Nothing of this day or later is read: 2026-11-23.")],
    country: Annotated[list[str] | None, _COUNTRY] = None,
    format_: Annotated[Format, typer.Option("--format")] = Format.TEXT,
) -> None:
    """Forecast the running month of every series of a file, with the range in which it probably ends."""
    from bot.services import series  # noqa: PLC0415 - other commands must not wait for numpy
    from bot.services.backtest import foresee  # noqa: PLC0415

    day = _day(as_of)
    datasets = series.read(data, day)
    free = _holidays(country or (), min(dataset.first for dataset in datasets), day)
    rows = foresee(datasets, day, free)
    if format_ is Format.JSON:
        say_json({"as_of": day.isoformat(), "rows": [row.document() for row in rows]})
        return
    for row in rows:
        say(_told(row))


def backtest(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option(help=f"{_DATA_HELP} Without it: what was told in the last months.")] = None,
    country: Annotated[list[str] | None, _COUNTRY] = None,
    format_: Annotated[Format, typer.Option("--format")] = Format.TEXT,
) -> None:
    """Forecast every past month of a file when 5, 10, 15, 20 and 25 of its days were known, and hold it against what came."""
    if data is None:
        _told_before(context.obj, country, format_)
        return
    from bot.services import series  # noqa: PLC0415
    from bot.services.backtest import Backtest  # noqa: PLC0415

    names = country or ()
    _holidays(names, date.min, date.min)
    rows, omitted = Backtest(series.read(data), lambda first, last: _holidays(names, first, last)).run()
    if not rows:
        raise ConfigError(f"{data.name} cannot be judged: {omitted[0].series} and the others have {omitted[0].reason}.")
    if format_ is Format.JSON:
        left = [{"dataset": one.dataset, "series": one.series, "reason": one.reason} for one in omitted]
        say_json({"rows": [row.document() for row in rows], "left_out": left})
        return
    _table(rows)
    _left_out(omitted)


def _told_before(of: Context, country: Sequence[str] | None, format_: Format) -> None:
    """Print how right the forecasts were that people were shown: of the months before, and of quarters and years that ended in them."""
    if country:
        raise ConfigError("--country is about a file; write it with --data FILE.")
    with of.app() as app:
        app.open_store()
        now = app.clock.now()
        found, longer = list(app.hindsight.months(now.date(), _MONTHS)), app.longer_hindsight.ended(now, _MONTHS)
        shown = [*app.hindsight.shown(now.date(), _MONTHS), *app.longer_hindsight.shown(now, _MONTHS)]
    if not longer and not shown and not any(rows for _, rows in found):
        raise ConfigError("No month is over whose forecasts were kept. A file can be judged: backtest --data FILE.")
    rows = [(month, one) for month, judged in found for one in judged]
    if format_ is Format.JSON:
        months = [{"month": f"{month:%Y-%m}", **one.document()} for month, one in rows]
        say_json({"rows": months, "periods": [one.document() for one in longer], "shown": [one.document() for one in shown]})
        return
    _months(rows)
    _longer(longer)
    _shown(shown)


def _months(rows: Sequence[tuple[date, Told]]) -> None:
    if not rows:
        return
    say(f"{'month':8} {'forecasts of':24} {'n':>7} {'WAPE':>8} {'80 %':>7}")
    for month, one in rows:
        say(f"{month:%Y-%m}  {_judged(one)[:24]:24} {one.count:>7} {float(one.off):>8.1%} {float(one.held):>7.1%}")


def _longer(rows: Sequence[LongAccuracy]) -> None:
    if not rows:
        return
    say(f"{'begins':10} {'period':9} {'known':>6} {'n':>21} {'WAPE':>8} {'80 %':>7}")
    for row in rows:
        one = row.found
        known = f"{float(row.share):.0%}"
        say(f"{row.period.window.start} {row.period.kind:9} {known:>6} {one.count:>21} {float(one.off):>8.1%} {float(one.held):>7.1%}")


def _shown(rows: Sequence[ShownAccuracy]) -> None:
    if not rows:
        return
    say(f"{'as shown':10} {'days left':>16} {'n':>21} {'WAPE':>8} {'80 %':>7}")
    for row in rows:
        one, (least, most) = row.found, row.left
        left = f"{least} and more" if most is None else f"{least} to {most}"
        say(f"{row.kind:10} {left:>16} {one.count:>21} {float(one.off):>8.1%} {float(one.held):>7.1%}")


def _judged(one: Told) -> str:
    return one.provider or f"budgets, {one.day} days known"


def _table(rows: Sequence[Accuracy]) -> None:
    say(f"{'dataset':20} {'day':>4} {'n':>7} {'WAPE':>8} {'run-rate':>9} {'median':>8} {'80 %':>7} {'95 %':>7}")
    for row in rows:
        found = row.document()
        keys = ("wape", "wape_run_rate", "median_ape", "coverage_80", "coverage_95")
        wape, even, median, c80, c95 = (f"{float(str(found[key])):.1%}" for key in keys)
        say(f"{row.dataset[:20]:20} {row.as_of_day:>4} {found['n']:>7} {wape:>8} {even:>9} {median:>8} {c80:>7} {c95:>7}")


def _left_out(omitted: Sequence[Omission]) -> None:
    for one in omitted[:_SHOWN]:
        say(f"Left out: {one.series} of {one.dataset}: {one.reason}.")
    if len(omitted) > _SHOWN:
        say(f"… and {len(omitted) - _SHOWN} more series for such reasons.")


def _told(row: Foresight) -> str:
    name = f"{row.dataset} · {row.series}"
    so_far = f"{row.to_date:,.2f} so far" if row.is_known else "no day of that month is known"
    if row.outlook is None:
        return f"{name}: {so_far}; {row.note}"
    point, p10, p90, *_ = row.outlook
    note = f" ({row.note})" if row.note else ""
    return f"{name}: {so_far}, expected {point:,.2f} before {row.period_end}, 80 % range {p10:,.2f} to {p90:,.2f}{note}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"'{text}' is no date; write one such as 2026-11-23.") from None


def _holidays(countries: Sequence[str], first: date, last: date) -> Collection[date]:
    """Return the public holidays of *countries* in the years of both days and the one after."""
    if not countries:
        return frozenset()
    import holidays  # noqa: PLC0415 - others must not wait for the holidays of the world

    known = holidays.list_supported_countries()
    unknown = [name for name in countries if name.upper() not in known]
    if unknown:
        raise ConfigError(f"'{unknown[0]}' is no country with known holidays; write a code such as DE, US, GB.")
    years = range(first.year, min(last.year + 2, date.max.year))
    return frozenset(day for name in countries for day in holidays.country_holidays(name.upper(), years=years))

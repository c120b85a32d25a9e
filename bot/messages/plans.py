"""Plans: the budget that is proposed for a year to each team and the organisation, as JSON, as a table and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bot.domain.budget import PlannedChange
from bot.domain.money import Money
from bot.domain.period import Window
from bot.messages.card import Card, Facts, Note, Paragraph, Run, Table
from bot.messages.formats import Reader
from bot.messages.parts import planned_document

Cell = str | int | Money | Decimal | None
"""What stands in a sheet: text, a count, an amount, a share, nothing."""
QUANTILES = {"p50": 0.5, "p80": 0.8, "p95": 0.95}
SMALL_TEAMS = "small teams together"
NO_TEAM = "no team"
ORG = "org"
_MODELS = 3
_FOUR = Decimal("0.0001")
_SHOWN = 20
_LEAST_GROWTH = Fraction(1, 200)
"""Growth that is carried on is told from half a percent on."""
NOTE = (
    "A year ahead is very uncertain. Where costs stay like those of the past, P50 is passed in one year of two, P80 in one of five, P95"
    " in one of twenty. What the organisation, or a team with others below it, has grown by is carried on and fades; of a single team no"
    " trend is assumed, and no change that nobody has declared. Where the use of AI still spreads, these are passed more often, by the"
    " organisation as a whole most of all; say what growth you expect in a scenario. Rows are not to be added up: a sum has a range of its"
    " own."
)


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a year costs at most, with a probability of 50, 80 and 95 percent."""

    p50: Money
    p80: Money
    p95: Money

    def document(self) -> dict[str, str]:
        """Return the JSON form."""
        return {name: getattr(self, name).plain for name in QUANTILES}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one scope, and what drives it.

    Attributes:
        scope: `org`, `team:search`, or what several teams are called together.
        parent: The team above; empty for none.
        base: If all goes on as it does; None where there is not enough history.
        amounts: In the scenario; the same as *base* without one.
        factor: What the scenario multiplies what is to come by.
        cost: Of the past twelve months, as far as there is history.
        cost_days: The days of them that are known.
        active: People with cost lately.
        each: What one of them cost in a month; None where there is nobody.
        models: The largest models of the past twelve months, with their shares; None where they may not be told.
        days: Of history that were looked at.
        planned: What `budgets.toml` declares of it, taken in already.
        reason: Why there are no amounts; empty where there are.
        carried: What its growth so far, carried on, multiplies what is to come by: part of *base*, and not of *amounts*, where the
            scenario says what growth to expect; None where it does not.
    """

    scope: str
    parent: str
    base: Amounts | None
    amounts: Amounts | None
    factor: Fraction
    cost: Money
    cost_days: int
    active: int
    each: Money | None
    models: tuple[tuple[str, Fraction], ...] | None
    days: int
    planned: tuple[PlannedChange, ...] = ()
    reason: str = ""
    carried: Fraction | None = None

    def document(self) -> dict[str, Any]:
        """Return the JSON form; decimals are text."""
        none = dict.fromkeys(QUANTILES)
        models = None if self.models is None else [{"model": name, "share": str(_rounded(share))} for name, share in self.models]
        return {
            "scope": self.scope,
            "parent": self.parent or None,
            **(self.amounts.document() if self.amounts else none),
            "base": self.base.document() if self.base else None,
            "factor": str(_rounded(self.factor)),
            "carried_growth": None if self.carried is None else str(_rounded(self.carried)),
            "last_12_months": self.cost.plain,
            "last_12_months_days": self.cost_days,
            "active_people": self.active,
            "per_person_month": self.each.plain if self.each else None,
            "models": models,
            "days_of_history": self.days,
            "planned_changes": [planned_document(change) for change in self.planned],
            "reason": self.reason or None,
        }

    def cells(self) -> Iterator[Cell]:
        """Yield the row of a sheet, in the order of `Plan.header`, without the year."""
        yield from (self.scope, self.parent, self.cost.currency)
        for found in (self.amounts, self.base):
            yield from (getattr(found, name) if found else None for name in QUANTILES)
        yield from (_rounded(self.factor), None if self.carried is None else _rounded(self.carried))
        yield from (self.cost, self.cost_days, self.active, self.each)
        for name, share in [*(self.models or ()), *[("", None)] * _MODELS][:_MODELS]:
            yield from (name, None if share is None else _rounded(share))
        yield from (self.days, "; ".join(map(_words, self.planned)), self.reason)

    def drivers(self, reader: Reader) -> tuple[str, ...]:
        """Return the cells that say what drives it."""
        models = ", ".join(f"{name} {reader.percent(share)}" for name, share in self.models or ()) or "–"
        return (
            self.scope,
            reader.money(self.cost),
            reader.count(self.cost_days),
            reader.count(self.active),
            reader.money(self.each) if self.each else "–",
            models,
        )


@dataclass(frozen=True)
class Plan:
    """The proposals for one year.

    Attributes:
        year: Its days.
        last: The last day that was looked at.
        past, lately: The days of the twelve months, and those in which people count as active.
        scenario: As it was written; empty for none.
        silent: Sources that cost something in the past twelve months and nothing lately.
        growth: What the scenario's growth multiplies by; None where it says nothing of it.
    """

    year: Window
    last: date
    past: Window
    lately: Window
    currency: str
    scenario: tuple[str, ...]
    rows: tuple[Proposal, ...]
    silent: tuple[str, ...] = ()
    growth: Fraction | None = None

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "plan",
            "year": self.year.start.year,
            "period": _days(self.year),
            "last_day": self.last.isoformat(),
            "last_12_months": _days(self.past),
            "active_in": _days(self.lately),
            "currency": self.currency,
            "scenario": list(self.scenario),
            "rows": [row.document() for row in self.rows],
            "silent_sources": list(self.silent),
            "note": " ".join(self.notes()),
        }

    @property
    def header(self) -> tuple[str, ...]:
        """The columns of a sheet."""
        base = (f"base_{name}" for name in QUANTILES)
        models = (column for n in range(1, _MODELS + 1) for column in (f"model_{n}", f"model_{n}_share"))
        found = (
            "last_12_months",
            "last_12_months_days",
            "active_people",
            "per_person_month",
            *models,
            "days_of_history",
            "planned_changes",
            "reason",
        )
        return ("year", "scope", "parent", "currency", *QUANTILES, *base, "factor", "carried_growth", *found)

    def cells(self) -> Iterator[tuple[Cell, ...]]:
        """Yield the rows of a sheet."""
        return ((self.year.start.year, *row.cells()) for row in self.rows)

    def notes(self) -> Iterator[str]:
        """Yield what must be said beside the figures."""
        yield NOTE
        wide = next((row for row in self.rows if row.base and row.base.p50.nanos > 0), None)
        if wide and wide.base:
            times = Decimal(wide.base.p95.nanos) / Decimal(wide.base.p50.nanos)
            yield f"For {wide.scope} P95 is {times:.1f} times P50."
        yield from self._about_growth()
        if self.silent:
            yield f"Nothing has come lately from {', '.join(self.silent)}: it is taken to have ended."

    def _about_growth(self) -> Iterator[str]:
        """Yield what the scenario's growth takes the place of, and where that was more."""
        grown = [(row.scope, row.carried) for row in self.rows if row.carried is not None and abs(row.carried - 1) >= _LEAST_GROWTH]
        if self.growth is None or not grown:
            return
        carried = _listed([f"{scope} {_percent(by)}" for scope, by in grown])
        yield f"The scenario's growth takes the place of what these have grown by so far, which carried on would be: {carried}."
        more = _listed([scope for scope, by in grown if by > self.growth])
        if more:
            yield (
                f"Of {more} that is more than the scenario's {_percent(self.growth)}: by its growth alone they are expected to cost less"
                " than without it."
            )

    def card(self, reader: Reader) -> Card:
        """Return the plan as a card."""
        title = f"Budget proposal for {reader.days(self.year)}"
        known, unknown = [row for row in self.rows if row.amounts], [row for row in self.rows if not row.amounts]
        about = [("Looked at", f"the days up to {reader.day(self.last)}")]
        if self.scenario:
            factors = sorted({_rounded(row.factor) for row in self.rows})
            about.append(("Scenario", f"{' '.join(self.scenario)}: what is to come × {' to '.join(f'{f:.2f}' for f in factors)}"))
        planned = "; ".join(f"{row.scope}: {_words(change)}" for row in self.rows for change in row.planned)
        about += [("Planned changes", planned)] if planned else []
        drivers = ("", "Past 12 months", "days", "People", "Each, a month", "Largest models")
        tables = [
            self._amounts(known, reader),
            Table(drivers, tuple(row.drivers(reader) for row in known), frozenset({1, 2, 3, 4})),
        ]
        without = _listed([f"{row.scope} ({row.days} days)" for row in unknown])
        missing = [Paragraph((Run(f"Not enough history for a figure: {without}."),))] if unknown else []
        notes = [Note((Run(note),)) for note in self.notes()]
        return Card(title, title, (Facts(tuple(about)), *(tables if known else ()), *missing, *notes))

    def _amounts(self, rows: list[Proposal], reader: Reader) -> Table:
        header = ["", *(name.upper() for name in QUANTILES)]
        if self.scenario:
            header += [f"{name.upper()} without" for name in QUANTILES]
        cells = []
        for row in rows:
            shown = (row.amounts, row.base) if self.scenario else (row.amounts,)
            cells.append((row.scope, *(reader.money(getattr(found, name)) for found in shown if found for name in QUANTILES)))
        return Table(tuple(header), tuple(cells), frozenset(range(1, len(header))))


def _listed(words: list[str]) -> str:
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return f"{', '.join(words[:_SHOWN])}{more}"


def _percent(by: Fraction) -> str:
    """Return `+20.0%` of what multiplies by 1.2."""
    return f"{float(by - 1):+.1%}"


def _words(change: PlannedChange) -> str:
    """Return `× 1.2 from 2026-12-01 (launch)`."""
    factor = f"× {change.factor}" if change.factor != 1 else ""
    amount = f"{'+' if change.amount.nanos > 0 else ''}{change.amount.plain} {change.amount.currency} a day" if change.amount.nanos else ""
    until = f" until {change.until}" if change.until else ""
    note = f" ({change.note})" if change.note else ""
    return f"{' and '.join(filter(None, (factor, amount)))} from {change.day}{until}{note}"


def _days(window: Window) -> dict[str, str]:
    return {"start": window.start.isoformat(), "end": window.end.isoformat()}


def _rounded(share: Fraction) -> Decimal:
    return (Decimal(share.numerator) / Decimal(share.denominator)).quantize(_FOUR)

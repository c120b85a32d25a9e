"""Planning: what a year may cost each team and the organisation, by what is known up to the last complete day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from fractions import Fraction
from functools import cached_property

import numpy as np

from bot.domain.budget import Budget, PlannedChange, ScopeKind
from bot.domain.completeness import Opened
from bot.domain.forecast import outlook, totals
from bot.domain.money import NANOS_PER_UNIT, Money, half_even
from bot.domain.outlook import Outlook, Terms
from bot.domain.people import Directory
from bot.domain.period import PeriodKind, Window, add_months, period_containing
from bot.domain.scenario import Scenario
from bot.domain.visibility import SMALLEST_GROUP, Privacy
from bot.errors import ConfigError
from bot.messages.plans import NO_TEAM, ORG, QUANTILES, SMALL_TEAMS, Amounts, Plan, Proposal
from bot.ports import FORGOTTEN, Budgets, Calendar, Clock, Figures, Ledger, People
from bot.services import overlays
from bot.services.evidence import Evidence
from bot.services.foresee import usual
from bot.services.opendays import Days, open_terms, since_begun

ENOUGH = 28
"""Days since the first cost before a year is proposed anything from them."""
_YEARS_AHEAD = 2
_CENT = NANOS_PER_UNIT // 100
_WEEKEND = 5
_TEAM = "team:"


@dataclass(frozen=True)
class Planning:
    """Makes plans; every part is a port or a decision of the deployment.

    Attributes:
        fiscal_year_start: The month with which a year begins; a year is called by the calendar year it begins in.
    """

    figures: Figures
    ledger: Ledger
    people: People
    calendar: Calendar
    clock: Clock
    currency: str
    budgets: Budgets
    privacy: Privacy = Privacy.STANDARD
    fiscal_year_start: int = 1

    def plan(self, year: int, scope: str = "", scenario: Scenario | None = None) -> Plan:
        """Return what is proposed for *year*: the organisation first, then teams, the dearest first.

        Args:
            scope: `org`, `team:NAME`; empty for the organisation and every team.

        Raises:
            ConfigError: The year is over or too far, the scope is not known or not to be shown, or nothing was delivered.
        """
        loads = [load for load in self.ledger.sources() if load.description != FORGOTTEN]
        directory, today = self.people.directory(), self.clock.now().date()
        found = Evidence(self.figures, loads, directory, self.privacy, today, usual(self.ledger, self.clock.now()))
        budgets = self.budgets.current()
        return _Making(found, self.calendar, self.currency, self._year(year), scope, scenario or Scenario(), budgets).plan()

    def _year(self, year: int) -> Window:
        running = period_containing(self.clock.now().date(), PeriodKind.YEAR, self.fiscal_year_start).window.start.year
        if not running <= year <= running + _YEARS_AHEAD:
            raise ConfigError(f"{year} cannot be planned; plan {running + 1}, or another year from {running} to {running + _YEARS_AHEAD}.")
        first = date(year, self.fiscal_year_start, 1)
        return Window(first, add_months(first, 12))


@dataclass(frozen=True)
class _Part:
    """A row to be.

    Attributes:
        scope: What it is called.
        keys: The teams whose cost it is.
        planned: What was declared for it.
    """

    scope: str
    keys: tuple[str, ...]
    parent: str = ""
    planned: tuple[PlannedChange, ...] = ()


@dataclass(frozen=True)
class _Told:
    """What is proposed by part, by its scope; who has too little history is absent.

    Attributes:
        bases: If all goes on as it does.
        flats: What a scenario multiplies: where it says what growth to expect, without that of sums so far.
    """

    bases: Mapping[str, Amounts]
    flats: Mapping[str, Amounts]


@dataclass(frozen=True)
class _Row:
    """A row to be, and how complete its newest days are."""

    part: _Part
    opened: Opened


@dataclass
class _Making:
    """One plan."""

    evidence: Evidence
    calendar: Calendar
    currency: str
    year: Window
    scope: str
    scenario: Scenario
    budgets: Sequence[Budget]

    def plan(self) -> Plan:
        """Return the plan."""
        known = self.evidence
        parts = list(self._parts())
        told = self._told(parts)
        rows = [self._proposal(part, told) for part in parts]
        rows.sort(key=lambda row: (row.scope != ORG, row.amounts is None, -row.cost.nanos, row.scope))
        about = (self.year, known.last, known.past, known.lately, self.currency, self.scenario.words)
        return Plan(*about, tuple(rows), known.silent, self.scenario.growth)

    # Whom

    def _parts(self) -> Iterator[_Part]:
        if self.scope not in {"", ORG}:
            yield self._named(self.scope)
            return
        yield self._org
        if not self.scope:
            yield from self._apart() if self.evidence.hides else self._teams()

    @cached_property
    def _org(self) -> _Part:
        return _Part(ORG, tuple(self.evidence.keys), planned=overlays.declared(self.budgets, ScopeKind.ORG))

    def _teams(self) -> Iterator[_Part]:
        """Yield every team with those below it, as its budget counts, and what is of no team."""
        for name in self._directory.teams:
            yield self._team(name, tuple(self._directory.below(name)))
        yield from (self._team(key, (key,)) for key in self.evidence.keys if key and key not in self._directory.teams)
        if "" in self.evidence.keys:
            yield _Part(NO_TEAM, ("",))

    def _apart(self) -> Iterator[_Part]:
        """Yield every team by itself, so that none is left over between two rows, and those of too few people as one."""
        small = self.evidence.small
        yield from (self._team(key, (key,)) for key in self.evidence.keys if key not in small)
        if small:
            yield _Part(SMALL_TEAMS, tuple(sorted(small)))

    def _team(self, name: str, keys: tuple[str, ...]) -> _Part:
        team = self._directory.teams.get(name)
        planned = overlays.declared(self.budgets, ScopeKind.TEAM, name) if team else ()
        return _Part(f"{_TEAM}{name}", keys, (team.parent if team else None) or "", planned)

    def _named(self, scope: str) -> _Part:
        if not scope.startswith(_TEAM):
            raise ConfigError(
                f"'{scope}' is no scope; write org, or team:NAME such as {_TEAM}{min(self._directory.teams, default='search')}."
            )
        name = scope.removeprefix(_TEAM)
        team = self._directory.team(name)
        if team is None and (not name or name not in self.evidence.keys):
            raise ConfigError(f"There is no team '{name}'.{self._nearest(name)}")
        keys = tuple(self._directory.below(team.name)) if team else (name,)
        if not self.evidence.may_show(keys):
            raise ConfigError(
                f"In works_council mode {scope} is not shown alone: it, or what is left beside it, is fewer than {SMALLEST_GROUP} people."
            )
        return self._team(team.name if team else name, keys)

    def _nearest(self, name: str) -> str:
        folded = {team.casefold(): team for team in self._directory.teams}
        near = get_close_matches(name.casefold(), folded, n=1)
        return f" Did you mean: {_TEAM}{folded[near[0]]}?" if near else ""

    @property
    def _directory(self) -> Directory:
        return self.evidence.directory

    # How much

    def _proposal(self, part: _Part, told: _Told) -> Proposal:
        known, keys = self.evidence, part.keys
        days, active, billed = known.days(keys), known.active(keys), known.cost(keys, self.year)
        base, flat = told.bases.get(part.scope), told.flats.get(part.scope)
        factor = self.scenario.factor(known.active((part if self.scope else self._org).keys))
        return Proposal(
            scope=part.scope,
            parent=part.parent,
            base=base,
            amounts=self._times(flat, billed, factor) if flat else None,
            factor=factor,
            cost=self._money(known.cost(keys, known.past)),
            cost_days=min(max(0, days - (known.history.end - known.past.end).days), len(known.past)),
            active=active,
            each=self._money(half_even(known.cost(keys, known.lately), active)) if active else None,
            models=known.largest(keys),
            days=days,
            planned=part.planned,
            reason="" if base else f"not enough history: {days} of {ENOUGH} days",
            carried=_carried(base, flat, billed) if base and flat and self.scenario.growth is not None else None,
        )

    def _times(self, base: Amounts, billed: int, factor: Fraction) -> Amounts:
        """Return *base* with what is to come multiplied, to the cent; what is billed stays as it is."""
        rests = ((getattr(base, name).nanos - billed) * factor.numerator for name in QUANTILES)
        return Amounts(*(self._money(billed + half_even(rest, factor.denominator * _CENT) * _CENT) for rest in rests))

    def _told(self, parts: Sequence[_Part]) -> _Told:
        """Return what is proposed to those with history enough: single teams learn from one another, others are sums."""
        singles = dict(self._singles(parts))
        bases = singles | dict(self._sums(parts, grows=True))
        return _Told(bases, bases if self.scenario.growth is None else singles | dict(self._sums(parts, grows=False)))

    def _singles(self, parts: Sequence[_Part]) -> Iterator[tuple[str, Amounts]]:
        """Yield what is proposed to every single team: who is asked for alone is told the same as beside the others."""
        asked = {part.scope for part in parts}
        every = [*parts, *(part for part in (self._apart() if self.evidence.hides else self._teams()) if part.scope not in asked)]
        batches: defaultdict[date, list[_Row]] = defaultdict(list)
        for part in every:
            if len(self.evidence.rows(part.keys)) == 1:
                opened = self.evidence.opened(part.keys)
                batches[opened.last].append(_Row(part, opened))
        for batch in batches.values():
            yield from self._alone(batch, [self.evidence.rows(row.part.keys)[0] for row in batch])

    def _sums(self, parts: Sequence[_Part], *, grows: bool) -> Iterator[tuple[str, Amounts]]:
        """Yield what is proposed to those of several teams; *grows*: what they have grown by is carried on."""
        for part in parts:
            rows = self.evidence.rows(part.keys)
            if len(rows) > 1:
                yield from self._together(_Row(part, self.evidence.opened(part.keys)), rows, grows=grows)

    def _alone(self, batch: Sequence[_Row], rows: Sequence[int]) -> Iterator[tuple[str, Amounts]]:
        days = self.evidence.delivered(rows, batch[0].opened.last)
        seen = outlook(since_begun(days.whole), days.last, self.year.end, self._terms(batch, days))
        return self._amounts(batch, seen, days)

    def _together(self, row: _Row, rows: Sequence[int], *, grows: bool) -> Iterator[tuple[str, Amounts]]:
        days = self.evidence.delivered(rows, row.opened.last)
        groups, terms = np.zeros(len(rows), dtype=np.int64), replace(self._terms([row], days), grows=grows)
        return self._amounts([row], totals(since_begun(days.whole), days.last, self.year.end, groups, terms), days.together())

    def _amounts(self, batch: Sequence[_Row], seen: Outlook, days: Days) -> Iterator[tuple[str, Amounts]]:
        """Yield what *seen* says of *batch*: what is complete to the nano, what is to come to the cent; nothing below what is billed."""
        rests, complete = np.stack([seen.quantile(share) for share in QUANTILES.values()]) - seen.to_date, days.since(self.year.start)
        for i, row in enumerate(batch):
            if self.evidence.days(row.part.keys) >= ENOUGH:
                billed = self.evidence.cost(row.part.keys, self.year)
                found = (int(complete[i]) + round(max(rest, 0.0) * 100) * _CENT for rest in rests[:, i].tolist())
                yield row.part.scope, Amounts(*(self._money(max(nanos, billed)) for nanos in found))

    def _terms(self, batch: Sequence[_Row], days: Days) -> Terms:
        """Days before the year begins are foretold, too, and not counted."""
        planned = overlays.by_row([row.part.planned for row in batch])
        opened = open_terms(days, [row.opened for row in batch])
        return Terms(start=self.year.start, holidays=self._holidays, overlays=planned, **opened)

    @cached_property
    def _holidays(self) -> frozenset[date]:
        days = Window(self.evidence.history.start, self.year.end)
        return frozenset(day for day in days if day.weekday() < _WEEKEND and self.calendar.is_free(day, "UTC"))

    def _money(self, nanos: int) -> Money:
        return Money(nanos, self.currency)


def _carried(base: Amounts, flat: Amounts, billed: int) -> Fraction:
    """Return what growth so far, carried on, multiplies what is to come by; 1 where nothing is."""
    rest = flat.p50.nanos - billed
    return Fraction(base.p50.nanos - billed, rest) if rest > 0 else Fraction(1)

"""Units: what one outcome cost a team, a project or the organisation, beside what it cost before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from bot.domain.money import Money
from bot.domain.outcome import CostPerOutcome, cost_per_outcome, delivered
from bot.domain.people import Directory
from bot.domain.period import PeriodKind, Window, same_days_before
from bot.messages.parts import Unit
from bot.ports import CostScope, Counted, Dimension, Figures, Outcomes, Owner
from bot.services.groups import Groups

_FIRST, _LAST = ("pull_requests", "tickets"), ("commits", "sessions")
"""Kinds by how near they are to what somebody wanted; the others stand between."""
_LATELY = timedelta(weeks=4)
"""Who has a line in so many days is known to be counted, without asking when that began."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked, of one scope; see `Units.of`."""

    scope: CostScope
    window: Window
    kind: PeriodKind | None
    groups: Groups
    compares: Callable[[Window], bool]

    def owner(self, row: Counted) -> Owner:
        """Return whose outcomes *row* counts: a team's whatever the project, unless a project is asked about."""
        return Owner(row.source, row.kind, row.team, row.project if self.scope.project or not row.team else None)


@dataclass(frozen=True, slots=True)
class _Part:
    """The cost that stands against some outcomes.

    Attributes:
        scope: Whose cost it is; None where no scope says it.
    """

    cost: int
    scope: CostScope | None
    is_part: bool


@dataclass(frozen=True)
class Units:
    """Unit figures of one run; what was asked once is not asked again, however many teams there are."""

    figures: Figures
    outcomes: Outcomes
    directory: Directory
    currency: str
    _answers: dict[tuple[object, ...], object] = field(default_factory=dict)
    _since: dict[Owner, date] = field(default_factory=dict)

    def of(
        self, scope: CostScope, window: Window, kind: PeriodKind | None, groups: Groups, compares: Callable[[Window], bool]
    ) -> tuple[Unit, ...]:
        """Return what each kind of outcome of *scope* cost, the most telling kind first; nothing where there are none.

        Outcomes of a team stand against its cost and that of the teams below it, those of a project against the
        project's. Of *window* only the days count that every source of the kind has stated. Who has lines in these days or
        in the days before counts in both: without a line there were none, but they cost what they cost.

        Args:
            window: Days whose cost was delivered.
            kind: The calendar period asked for, which says what the days before are.
            compares: Tells whether the cost of such days was delivered and may be shown.
        """
        if scope.people is not None:
            return ()
        asked = _Asked(scope, window, kind, groups, compares)
        names = sorted({row.kind for row in self._rows(scope, window)}, key=_order)
        return tuple(unit for name in names if (unit := self._unit(name, asked)))

    def _unit(self, name: str, asked: _Asked) -> Unit | None:
        reach = self._reach(name, asked)
        days = delivered(asked.window, reach.values())
        if days is None:
            return None
        before = same_days_before(days, asked.kind)
        whole = {asked.owner(row) for one in (days, before) for row in self._rows(asked.scope, one, name) if row.source in reach}
        now = self._figure(whole, asked, days)
        if now is None:
            return None
        count, part, each = now
        alike = self._alike(whole, asked, before, reach) if asked.compares(before) else set()
        then, earlier = (self._figure(alike, asked, one) for one in (days, before))
        is_same = alike == whole
        return Unit(
            name,
            count,
            Money(part.cost, self.currency),
            each,
            earlier[2] if earlier and is_same else None,
            days,
            part.is_part,
            (then[2], earlier[2]) if then and earlier and not is_same else None,
        )

    def _reach(self, name: str, asked: _Asked) -> dict[str, Window]:
        """Return how far the sources reach that state anything of the days asked for: one that ended before counts no more."""
        windows = asked.window, same_days_before(asked.window, asked.kind)
        reach = self._delivered(*windows)
        sources = {row.source for one in windows for row in self._rows(asked.scope, one, name)}
        return {source: reach[source, name] for source in sources if delivered(asked.window, [reach[source, name]])}

    def _alike(self, whole: set[Owner], asked: _Asked, before: Window, reach: Mapping[str, Window]) -> set[Owner]:
        """Return those of *whole* who were counted from the first day of *before* on.

        That nobody counts somebody does not say that they got nothing done. It makes no difference where they cost nothing, either.
        """
        lately = Window(before.start - _LATELY, before.start + timedelta(days=1))
        new = whole - {asked.owner(row) for row in self._rows(asked.scope, lately)}
        begun = self._begun({owner for owner in new if reach[owner.source].start <= before.start})
        new -= {owner for owner in new if owner in begun and begun[owner] <= before.start}
        if new and (self._part(asked.scope, new, before).cost or self._counted(new, asked, before)):
            return whole - new
        return whole

    def _begun(self, owners: set[Owner]) -> Mapping[Owner, date]:
        """Return the first day with a line of each of *owners*; there may be more in it."""
        if unknown := owners - self._since.keys():
            self._since.update(self.outcomes.since(unknown))
        return self._since

    def _figure(self, owners: Collection[Owner], asked: _Asked, days: Window) -> tuple[Decimal, _Part, CostPerOutcome] | None:
        """Return what *owners* got done in *days* and what one cost; None where there is none or the cost may not be shown."""
        if not owners:
            return None
        part = self._part(asked.scope, owners, days)
        is_shown = asked.groups.shows(part.scope, days) if part.scope else not asked.groups.concern(asked.scope)
        count = self._counted(owners, asked, days)
        each = cost_per_outcome(Money(part.cost, self.currency), count)
        return (count, part, each) if each and is_shown else None

    def _counted(self, owners: Collection[Owner], asked: _Asked, days: Window) -> Decimal:
        return sum((row.count for row in self._rows(asked.scope, days) if asked.owner(row) in owners), Decimal())

    def _part(self, scope: CostScope, owners: Collection[Owner], days: Window) -> _Part:
        if scope.project:
            return _Part(self.figures.total(scope, days).total, scope, is_part=False)
        covered = {name for one in owners if one.team for name in self.directory.below(one.team)}
        covered |= {""} if any(not one.team and not one.project for one in owners) else set()
        projects = {one.project.casefold() for one in owners if not one.team and one.project}
        if projects:
            return self._across(scope, covered, projects, days)
        costs = {team: cost for team, cost in self._teams(days).items() if scope.teams is None or team in scope.teams}
        mine = covered & set(costs)
        is_part = any(cost for team, cost in costs.items() if team not in covered)
        whose = (CostScope(teams=tuple(sorted(mine))) if mine and "" not in mine else None) if is_part else scope
        return _Part(sum(costs[team] for team in mine), whose, is_part)

    def _across(self, scope: CostScope, teams: set[str], projects: set[str], days: Window) -> _Part:
        """Return the cost of *teams* and of *projects* together; what is both counts once."""
        pairs = self._once(("pairs", days), lambda: self.figures.matrix(days, Dimension.TEAM, Dimension.PROJECT))
        cells = [(team in teams or project.casefold() in projects, cost) for team, row in pairs.items() for project, cost in row.items()]
        is_part = any(cost for is_in, cost in cells if not is_in)
        return _Part(sum(cost for is_in, cost in cells if is_in), None if is_part else scope, is_part)

    def _rows(self, scope: CostScope, days: Window, name: str | None = None) -> list[Counted]:
        project = scope.project.casefold() if scope.project else None
        return [
            row
            for row in self._counts(days)
            if (scope.teams is None or row.team in scope.teams)
            and (project is None or row.project.casefold() == project)
            and (name is None or row.kind == name)
        ]

    def _counts(self, days: Window) -> list[Counted]:
        return self._once(("counts", days), lambda: self.outcomes.counts(days))

    def _delivered(self, *windows: Window) -> dict[tuple[str, str], Window]:
        """Return how far the sources of *windows* reach, by source and kind."""
        keys = {(row.source, row.kind) for days in windows for row in self._counts(days)}
        return self._once(("delivered", *windows), lambda: {(d.source, d.kind): d.window for d in self.outcomes.delivered(keys)})

    def _teams(self, days: Window) -> dict[str, int]:
        return self._once(("teams", days), lambda: {c.key: c.total for c in self.figures.costs(CostScope(), days, Dimension.TEAM)})

    def _once(self, key: tuple[object, ...], ask: Callable[[], _T]) -> _T:
        if key not in self._answers:
            self._answers[key] = ask()
        found: _T = self._answers[key]  # type: ignore[assignment]
        return found


def costed(window: Window, as_of: datetime | None) -> Window:
    """Return the days of *window* that began before *as_of*, up to which every source of the cost has delivered."""
    return window.until((as_of - timedelta(microseconds=1)).date() + timedelta(days=1)) if as_of else window.until(window.start)


def _order(kind: str) -> tuple[int, int, str]:
    if kind in _FIRST:
        return 0, _FIRST.index(kind), kind
    return (2, _LAST.index(kind), kind) if kind in _LAST else (1, 0, kind)

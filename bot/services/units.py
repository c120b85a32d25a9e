"""Units: what one outcome cost a team, a project or the organisation, beside what it cost before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from bot.domain.money import Money
from bot.domain.outcome import CostPerOutcome, cost_per_outcome, delivered
from bot.domain.people import Directory
from bot.domain.period import PeriodKind, Window, same_days_before
from bot.messages.parts import Unit
from bot.ports import CostScope, Counted, Dimension, Figures, Outcomes
from bot.services.groups import Groups

_FIRST, _LAST = ("pull_requests", "tickets"), ("commits", "sessions")
"""Kinds by how near they are to what somebody wanted; the others stand between."""
_T = TypeVar("_T")


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

    def of(
        self, scope: CostScope, window: Window, kind: PeriodKind | None, groups: Groups, compares: Callable[[Window], bool]
    ) -> tuple[Unit, ...]:
        """Return what each kind of outcome of *scope* cost, the most telling kind first; nothing where there are none.

        Outcomes of a team stand against its cost and that of the teams below it, those of a project against the
        project's. Of *window* only the days count that every source of the kind has stated.

        Args:
            window: Days whose cost was delivered.
            kind: The calendar period asked for, which says what the days before are.
            compares: Tells whether the cost of such days was delivered and may be shown.
        """
        if scope.people is not None:
            return ()
        reach = self._delivered(window)
        spans: dict[str, set[Window]] = {}
        for row in self._rows(scope, window):
            spans.setdefault(row.kind, set()).add(reach[row.source, row.kind])
        found = (self._unit(name, scope, window, kind, spans[name], groups, compares) for name in sorted(spans, key=_order))
        return tuple(unit for unit in found if unit)

    def _unit(
        self,
        name: str,
        scope: CostScope,
        window: Window,
        kind: PeriodKind | None,
        spans: set[Window],
        groups: Groups,
        compares: Callable[[Window], bool],
    ) -> Unit | None:
        days = delivered(window, spans)
        now = self._counted(name, scope, days, groups) if days else None
        if days is None or now is None:
            return None
        count, part, each = now
        before = same_days_before(days, kind)
        earlier = self._counted(name, scope, before, groups) if delivered(before, spans) == before and compares(before) else None
        return Unit(name, count, Money(part.cost, self.currency), each, earlier[2] if earlier else None, days, part.is_part)

    def _counted(self, name: str, scope: CostScope, days: Window, groups: Groups) -> tuple[Decimal, _Part, CostPerOutcome] | None:
        """Return the outcomes of *days* and what one cost; None where there are none or the cost may not be shown."""
        rows = [row for row in self._rows(scope, days) if row.kind == name]
        part = self._part(scope, rows, days)
        is_shown = groups.shows(part.scope, days) if part.scope else not groups.concern(scope)
        count = sum((row.count for row in rows), Decimal())
        each = cost_per_outcome(Money(part.cost, self.currency), count)
        return (count, part, each) if each and is_shown else None

    def _part(self, scope: CostScope, rows: Sequence[Counted], days: Window) -> _Part:
        if scope.project:
            return _Part(self.figures.total(scope, days).total, scope, is_part=False)
        covered = {name for row in rows if row.team for name in self.directory.below(row.team)}
        covered |= {""} if any(not row.team and not row.project for row in rows) else set()
        projects = {row.project.casefold() for row in rows if not row.team and row.project}
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

    def _rows(self, scope: CostScope, days: Window) -> list[Counted]:
        rows = self._counts(days)
        project = scope.project.casefold() if scope.project else None
        return [
            row
            for row in rows
            if (scope.teams is None or row.team in scope.teams) and (project is None or row.project.casefold() == project)
        ]

    def _counts(self, days: Window) -> list[Counted]:
        return self._once(("counts", days), lambda: self.outcomes.counts(days))

    def _delivered(self, days: Window) -> dict[tuple[str, str], Window]:
        """Return how far the sources of *days* reach, by source and kind."""
        keys = {(row.source, row.kind) for row in self._counts(days)}
        return self._once(("delivered", days), lambda: {(d.source, d.kind): d.window for d in self.outcomes.delivered(keys)})

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

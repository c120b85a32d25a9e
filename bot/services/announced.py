"""Announced: the changes that budgets declare, to the teams whose cost they concern: what is announced is no anomaly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from bot.domain.budget import EACH, Budget, PlannedChange, ScopeKind
from bot.domain.money import Money
from bot.domain.overlay import Overlay
from bot.domain.people import Directory
from bot.domain.period import Window
from bot.ports import Dimension, Figures
from bot.services import overlays

_USED = timedelta(days=28)
"""Days before a change that tell how much of a team's cost it concerns."""
_PARTS = ((ScopeKind.PROVIDER, Dimension.PROVIDER), (ScopeKind.MODEL, Dimension.MODEL))
_EXACT = Decimal("0.0001")


@dataclass(frozen=True)
class Announced:
    """What budgets declare of the days in *window*."""

    budgets: Sequence[Budget]
    figures: Figures
    directory: Directory
    window: Window

    def of(self, teams: Sequence[str]) -> list[Overlay]:
        """Return what concerns each of *teams* itself, as rows in their order.

        Its own budgets and those of the teams above it count as declared. What the organisation declares counts where it is a
        factor, as nobody knows whose an amount will be; a factor of a provider or model for the share that a team has of it. Of these
        the largest of the same days counts: one price change that is declared for a provider and its model is one.
        """
        if not any(budget.overlays for budget in self.budgets):
            return []
        return overlays.by_row([self._of(team) for team in teams])

    def _of(self, team: str) -> tuple[PlannedChange, ...]:
        own = [self._declared(ScopeKind.TEAM, name) for name in self._with_above(team)]
        wide = [replace(change, amount=_nothing(change), note="") for change in self._declared(ScopeKind.ORG, "") if change.factor != 1]
        return overlays.joined([*own, _largest([*wide, *self._parts.get(team, [])])])

    def _with_above(self, team: str) -> Iterator[str]:
        seen, name = set[str](), team
        while name and name not in seen:
            yield name
            seen.add(name)
            known = self.directory.teams.get(name)
            name = (known.parent if known else None) or ""

    @cached_property
    def _parts(self) -> Mapping[str, list[PlannedChange]]:
        """What is declared of providers and models, by team."""
        found: defaultdict[str, list[PlannedChange]] = defaultdict(list)
        for kind, dimension in _PARTS:
            for day in sorted({change.day for budget in self._of_kind(kind) for change in self._near(budget.overlays)}):
                end = min(day, self.window.end)
                for team, costs in self.figures.matrix(Window(end - _USED, end), Dimension.TEAM, dimension).items():
                    found[team] += self._shared(kind, day, costs)
        return found

    def _shared(self, kind: ScopeKind, day: date, costs: Mapping[str, int]) -> Iterator[PlannedChange]:
        """Yield the changes of *day* for the share of the cost that they concern, those of several parts as one."""
        whole = sum(max(cost, 0) for cost in costs.values())
        added: defaultdict[PlannedChange, Decimal] = defaultdict(Decimal)
        for name, cost in costs.items():
            for change in self._declared(kind, name):
                if change.day == day and change.factor != 1 and cost > 0:
                    alike = replace(change, factor=Decimal(1), amount=_nothing(change), note="")
                    added[alike] += (change.factor - 1) * cost / whole
        for change, more in added.items():
            yield replace(change, factor=(1 + more).quantize(_EXACT))

    def _declared(self, kind: ScopeKind, name: str) -> tuple[PlannedChange, ...]:
        same = [*self._named.get((kind, name.casefold()), []), *self._named.get((kind, EACH), [])]
        return tuple(self._near(overlays.declared(same, kind, name)))

    def _near(self, changes: Sequence[PlannedChange]) -> Iterator[PlannedChange]:
        """Yield those that begin within the window, or soon after it."""
        return (change for change in changes if self.window.start < change.day <= self.window.end + _USED)

    def _of_kind(self, kind: ScopeKind) -> Iterator[Budget]:
        return (budget for budget in self.budgets if budget.scope.kind is kind)

    @cached_property
    def _named(self) -> Mapping[tuple[ScopeKind, str], list[Budget]]:
        found: defaultdict[tuple[ScopeKind, str], list[Budget]] = defaultdict(list)
        for budget in self.budgets:
            found[budget.scope.kind, budget.scope.name.casefold()].append(budget)
        return found


def _largest(changes: Iterable[PlannedChange]) -> list[PlannedChange]:
    """Return of factors that hold on the same days the one that changes most."""
    found: dict[tuple[date, date | None], PlannedChange] = {}
    for change in sorted(changes, key=lambda one: max(one.factor, 1 / one.factor)):
        found[change.day, change.until] = change
    return list(found.values())


def _nothing(change: PlannedChange) -> Money:
    return Money(0, change.amount.currency)

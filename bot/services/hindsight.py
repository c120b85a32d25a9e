"""Hindsight: how right the forecasts of the month before turned out to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.audience import scope_of
from bot.domain.budget import Budget, Scope, ScopeKind
from bot.domain.foretold import Accuracy, Foretold, accuracy
from bot.domain.people import Directory
from bot.domain.period import PeriodKind, Window, add_months, first_of_month
from bot.ports import CostScope, Dimension, Figures, Forecasts
from bot.services.subjects import DIMENSIONS

MILESTONES = (5, 10, 15, 20, 25)
"""How many days of a month were known when the forecasts were made that are held against what it came to."""


@dataclass(frozen=True)
class Hindsight:
    """Holds forecasts against what months did cost.

    Attributes:
        monthly: Names of the budgets that are by month.
    """

    figures: Figures
    forecasts: Forecasts
    directory: Directory
    monthly: Collection[str]

    def months(self, today: date, count: int) -> Iterator[tuple[date, list[Accuracy]]]:
        """Yield how right the forecasts of each of the *count* months before this one were, oldest first."""
        for back in range(count, 0, -1):
            first = add_months(first_of_month(today), -back)
            yield first, self.month(first)

    def last_month(self, today: date) -> list[Accuracy]:
        """Return how right the forecasts of the month before were."""
        return self.month(add_months(first_of_month(today), -1))

    def month(self, first: date) -> list[Accuracy]:
        """Return how right the forecasts of the month from *first* on were: of all budgets by known days, then of each provider."""
        days = {first + timedelta(days=count - 1): count for count in MILESTONES}
        pairs = list(self._pairs(self.forecasts.of_period(first, list(days)), Window(first, add_months(first, 1))))
        of_budgets = [(one, cost) for one, cost in pairs if one.budget in self.monthly]
        providers = sorted({one.subject for one, _ in pairs if not one.budget})
        found = [accuracy([pair for pair in of_budgets if pair[0].as_of == day], day=count) for day, count in days.items()]
        found += [accuracy([pair for pair in pairs if _is_of(pair[0], name)], scope_of(name).name) for name in providers]
        return [one for one in found if one]

    def _pairs(self, told: Sequence[Foretold], month: Window) -> Iterator[tuple[Foretold, int]]:
        costs: dict[Dimension, dict[str, int]] = {}
        for one in told:
            subject = scope_of(one.subject)
            dimension = DIMENSIONS[subject.kind]
            if dimension not in costs:
                costs[dimension] = {cost.key: cost.total for cost in self.figures.costs(CostScope(), month, dimension)}
            yield one, self._cost(subject, costs[dimension])

    def _cost(self, subject: Scope, costs: Mapping[str, int]) -> int:
        match subject.kind:
            case ScopeKind.ORG:
                return sum(costs.values())
            case ScopeKind.TEAM:
                return sum(costs.get(team, 0) for team in self.directory.below(subject.name))
            case _:
                return costs.get(subject.name, 0)


def monthly(budgets: Iterable[Budget]) -> frozenset[str]:
    """Return the names of the budgets that are by month."""
    return frozenset(budget.name for budget in budgets if budget.period is PeriodKind.MONTH)


def _is_of(one: Foretold, subject: str) -> bool:
    return not one.budget and one.subject == subject

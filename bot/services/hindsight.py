"""Hindsight: how right the forecasts of the month before turned out to be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.audience import scope_of
from bot.domain.budget import Scope, ScopeKind
from bot.domain.foretold import Accuracy, Foretold, accuracy
from bot.domain.people import Directory
from bot.domain.period import Window, add_months, first_of_month
from bot.ports import CostScope, Dimension, Figures, Forecasts
from bot.services.subjects import DIMENSIONS

MIDDLE = 15
"""The day of the month as of which forecasts are held against what it came to."""


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

    def last_month(self, today: date, kind: ScopeKind | None = None) -> Accuracy | None:
        """Return how right the forecasts as of the middle of the month before were, None where there are none.

        Args:
            kind: Only those of people, of teams, …; None for all.
        """
        first = add_months(first_of_month(today), -1)
        month = Window(first, first_of_month(today))
        told = self.forecasts.of_period(first, [first + timedelta(days=MIDDLE - 1)])
        asked = [one for one in told if one.budget in self.monthly and kind in {None, scope_of(one.subject).kind}]
        return accuracy(self._pairs(asked, month))

    def _pairs(self, told: list[Foretold], month: Window) -> Iterator[tuple[Foretold, int]]:
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

"""Hindsight: how right the forecasts of past months turned out to be, those of milestones and those that were shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.audience import scope_of
from bot.domain.budget import Budget, Scope, ScopeKind
from bot.domain.foretold import MONTH, Accuracy, Foretold, ShownAccuracy, accuracy
from bot.domain.milestone import MILESTONES, days_left, spans_left
from bot.domain.people import Directory
from bot.domain.period import PeriodKind, Window, add_months, first_of_month
from bot.domain.visibility import SMALLEST_GROUP, Privacy
from bot.ports import CostScope, Dimension, Figures, Forecasts
from bot.services.subjects import DIMENSIONS

Judged = Sequence[tuple[Foretold, int]]
"""Forecasts, each with what came of it in nanos."""
_ENOUGH = 20
"""Forecasts that were shown, below which FinOps' digest says nothing of them."""


@dataclass(frozen=True)
class Hindsight:
    """Holds forecasts against what months did cost.

    Attributes:
        monthly: Names of the budgets that are by month.
        privacy: In works_council mode fewer than five people, teams or the like are not judged, but for the organisation.
    """

    figures: Figures
    forecasts: Forecasts
    directory: Directory
    monthly: Collection[str]
    privacy: Privacy = Privacy.STANDARD

    def months(self, today: date, count: int) -> Iterator[tuple[date, list[Accuracy]]]:
        """Yield how right the forecasts of each of the *count* months before this one were, oldest first."""
        for back in range(count, 0, -1):
            first = add_months(first_of_month(today), -back)
            yield first, self.month(first)

    def last_month(self, today: date) -> list[Accuracy]:
        """Return how right the forecasts of the month before were."""
        return self.month(add_months(first_of_month(today), -1))

    def month(self, first: date) -> list[Accuracy]:
        """Return how right the forecasts of the month from *first* on were: all by known days, then of each provider."""
        days = {first + timedelta(days=count - 1): count for count in MILESTONES}
        pairs = list(self.held_against(self.forecasts.of_period(first, list(days)), Window(first, add_months(first, 1))))
        providers = sorted({one.subject for one, _ in pairs if _is_provider(one)})
        shown = [pair for pair in pairs if self._is_monthly(pair[0])]
        found = [accuracy(self.enough([pair for pair in shown if pair[0].as_of == day]), day=count) for day, count in days.items()]
        found += [accuracy([pair for pair in pairs if _is_of(pair[0], name)], scope_of(name).name) for name in providers]
        return [one for one in found if one]

    def shown(self, today: date, count: int) -> list[ShownAccuracy]:
        """Return how right the forecasts were that people were shown of the *count* months before this one, by how many days were left."""
        firsts = [add_months(first_of_month(today), -back) for back in range(count, 0, -1)]
        return by_days_left(PeriodKind.MONTH, [self._shown(first) for first in firsts])

    def shown_last_month(self, today: date) -> Accuracy | None:
        """Return how right the forecasts were that people were shown in the month before, whatever was left of it; None for too few."""
        found = self._shown(add_months(first_of_month(today), -1))
        judged = accuracy([pair for pairs in found for pair in pairs])
        return judged if judged and judged.count >= _ENOUGH else None

    def _shown(self, first: date) -> list[Judged]:
        told = [one for one in self.forecasts.shown(first) if self._is_monthly(one)]
        return self.by_left(PeriodKind.MONTH, self.held_against(told, Window(first, add_months(first, 1))), add_months(first, 1))

    def by_left(self, kind: PeriodKind, pairs: Iterable[tuple[Foretold, int]], end: date) -> list[Judged]:
        """Return *pairs* of one period, which ends on *end*, for each span of days left, as far as they may be judged together."""
        known = [(days_left(end, pair[0].as_of), pair) for pair in pairs]
        spans = spans_left(kind)
        return [self.enough([pair for left, pair in known if least <= left <= (most or left)]) for least, most in spans]

    def _is_monthly(self, one: Foretold) -> bool:
        return one.budget in self.monthly or (one.budget == MONTH and not _is_provider(one))

    def held_against(self, told: Iterable[Foretold], window: Window) -> Iterator[tuple[Foretold, int]]:
        """Yield each forecast with what its subject did cost in *window*, in nanos."""
        costs: dict[Dimension, dict[str, int]] = {}
        for one in told:
            subject = scope_of(one.subject)
            dimension = DIMENSIONS[subject.kind]
            if dimension not in costs:
                costs[dimension] = {cost.key: cost.total for cost in self.figures.costs(CostScope(), window, dimension)}
            yield one, self._cost(subject, costs[dimension])

    def enough(self, pairs: Judged) -> Judged:
        """Return *pairs*, in works_council mode without what is of too few to be shown together."""
        if self.privacy is not Privacy.WORKS_COUNCIL:
            return pairs
        whole = str(Scope(ScopeKind.ORG))
        if len({one.subject for one, _ in pairs} - {whole}) >= SMALLEST_GROUP:
            return pairs
        return [pair for pair in pairs if pair[0].subject == whole]

    def _cost(self, subject: Scope, costs: Mapping[str, int]) -> int:
        match subject.kind:
            case ScopeKind.ORG:
                return sum(costs.values())
            case ScopeKind.TEAM:
                return sum(costs.get(team, 0) for team in self.directory.below(subject.name))
            case _:
                return costs.get(subject.name, 0)


def by_days_left(kind: PeriodKind, periods: Sequence[Sequence[Judged]]) -> list[ShownAccuracy]:
    """Return how right what was shown of *periods* was, by `spans_left` of *kind*; each period has what was shown in each span."""
    spans = spans_left(kind)
    found = (accuracy(pair for period in periods for pair in period[i]) for i in range(len(spans)))
    return [ShownAccuracy(kind, span, judged) for span, judged in zip(spans, found, strict=True) if judged]


def monthly(budgets: Iterable[Budget]) -> frozenset[str]:
    """Return the names of the budgets that are by month."""
    return frozenset(budget.name for budget in budgets if budget.period is PeriodKind.MONTH)


def _is_provider(one: Foretold) -> bool:
    return one.budget == MONTH and scope_of(one.subject).kind is ScopeKind.PROVIDER


def _is_of(one: Foretold, subject: str) -> bool:
    return one.budget == MONTH and one.subject == subject

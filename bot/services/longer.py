"""Longer: how right the forecasts of quarters and years turned out to be, once these have ended and are final."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.domain.budget import Budget
from bot.domain.foretold import YEAR, Foretold, LongAccuracy, ShownAccuracy, accuracy
from bot.domain.milestone import LONG, horizons, long_period
from bot.domain.period import Period, PeriodKind, Window, add_months, first_of_month, midnight
from bot.ports import Budgets, CostScope, Dimension, Load
from bot.services.amounts import final_day
from bot.services.hindsight import Hindsight, Judged, by_days_left
from bot.services.measure import PATIENCE, marks

_INSTANT = timedelta(microseconds=1)
_WEEK = timedelta(days=7)
_LATELY = 12
"""Months with whose ends a period may have ended that is news: more than figures take to be final."""


@dataclass(frozen=True)
class Longer:
    """Holds forecasts against what quarters and years did cost.

    Attributes:
        loads: The newest load of every source.
    """

    hindsight: Hindsight
    budgets: Budgets
    loads: Sequence[Load]

    def ended(self, now: datetime, months: int) -> list[LongAccuracy]:
        """Return how right the forecasts were of every period that ended in the last *months* months and is final, oldest first."""
        return [one for period in _ended(now.date(), months) for one in self._judged(period, now)]

    def news(self, now: datetime) -> list[LongAccuracy]:
        """Return those that were not known a month ago: in the month after the end, or the week after it became final."""
        periods = [period for period in _ended(now.date(), _LATELY) if now.date() < self._told_until(period.window)]
        return [one for period in periods for one in self._judged(period, now)]

    def shown(self, now: datetime, months: int) -> list[ShownAccuracy]:
        """Return how right the forecasts were that people were shown of the periods that `ended` judges, by how many days were left."""
        periods = [period for period in _ended(now.date(), months) if self._is_final(period.window, now)]
        shown = {kind: [self._shown(kind, period) for period in periods if period.kind is kind] for kind in LONG}
        return [one for kind, found in shown.items() for one in by_days_left(kind, found)]

    def _shown(self, kind: PeriodKind, period: Period) -> list[Judged]:
        names, end = self._names(period), period.window.end
        told = [one for one in self.hindsight.forecasts.shown(period.window.start) if one.budget in names]
        other = {day: self._others(midnight(day + timedelta(days=1)), period) for day in {one.as_of for one in told}}
        kept = [one for one in told if one.budget not in other[one.as_of]]
        return self.hindsight.by_left(kind, self.hindsight.held_against(kept, period.window), end)

    def _judged(self, period: Period, now: datetime) -> Iterator[LongAccuracy]:
        spans, told = horizons(period), self._told(period)
        if not told or not self._is_final(period.window, now):
            return
        pairs = list(self.hindsight.held_against(told, period.window))
        for share, span in spans.items():
            first = _first(one for one in told if one.as_of in span)
            other = self._others(midnight(span.start + timedelta(days=1)), period) if first else ()
            shown = [pair for pair in pairs if pair[0] in first and pair[0].budget not in other]
            found = accuracy(self.hindsight.enough(shown))
            if found:
                yield LongAccuracy(period, share, found)

    def _told(self, period: Period) -> list[Foretold]:
        """Return what was foretold of *period* as of the days that count."""
        names = self._names(period)
        days = [day for span in horizons(period).values() for day in span]
        found = self.hindsight.forecasts.of_period(period.window.start, days) if names else []
        return [one for one in found if one.budget in names]

    def _names(self, period: Period) -> set[str]:
        """Return the names of the budgets that were by *period* in its last instant, whatever their limit was before."""
        last = self.budgets.at(midnight(period.window.end) - _INSTANT)
        found = {budget.name for budget in last if _is_by(budget, period)}
        return found | {YEAR} if period.kind is PeriodKind.YEAR else found

    def _others(self, instant: datetime, period: Period) -> set[str]:
        """Return the names of the budgets that were by another period then: what was told of that began on the same day."""
        return {budget.name for budget in self.budgets.at(instant) if not _is_by(budget, period)}

    def _is_final(self, window: Window, now: datetime) -> bool:
        """Tell whether what cost something in *window* is delivered, or will not come any more, and changes no more."""
        if now.date() < self._final(window):
            return False
        known, end = marks(self.loads), midnight(window.end)
        sources = (cost.key for cost in self.hindsight.figures.costs(CostScope(), window, Dimension.SOURCE))
        return now >= end + PATIENCE or all(known[source] >= end for source in sources if source in known)

    def _final(self, window: Window) -> date:
        last = window.end - timedelta(days=1)
        return max([final_day(load, last) for load in self.loads], default=window.end)

    def _told_until(self, window: Window) -> date:
        return max(add_months(window.end, 1), self._final(window) + _WEEK)


def _ended(today: date, months: int) -> Iterator[Period]:
    """Yield every quarter and year that ended with one of the last *months* months, in whatever month they begin, oldest first."""
    this = first_of_month(today)
    for back in range(months - 1, -1, -1):
        for kind, length in LONG.items():
            yield long_period(kind, add_months(this, -back - length))


def _is_by(budget: Budget, period: Period) -> bool:
    return budget.current(period.window.start) == period


def _first(told: Iterable[Foretold]) -> set[Foretold]:
    """Return the earliest forecast of each subject of a budget."""
    found: dict[tuple[str, str], Foretold] = {}
    for one in sorted(told, key=lambda one: one.as_of, reverse=True):
        found[one.budget, one.subject] = one
    return set(found.values())

"""Groups: what works_council mode shows of several people together, so that none of them can be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.people import Directory
from bot.domain.period import Window, add_months, first_of_month
from bot.domain.visibility import SMALLEST_GROUP, Privacy, merge_small_groups, merged_teams, shows_team
from bot.ports import Cost, CostScope, Dimension, Figures


@dataclass(frozen=True)
class Groups:
    """The rules of one question; in the other modes everything is shown.

    Two answers can be subtracted, so what is true of a period must be true of each month in it, and nothing is shown by
    parts of months but the running one.
    """

    figures: Figures
    directory: Directory
    privacy: Privacy
    today: date

    def concern(self, scope: CostScope) -> bool:
        """Tell whether *scope* is several people's and the mode protects them."""
        return self.privacy is Privacy.WORKS_COUNCIL and scope.people is None

    def are_whole(self, window: Window) -> bool:
        """Tell whether *window* is made of whole months, or ends with today."""
        is_open = window.end > self.today and window.start <= self.today
        return window.start.day == 1 and (is_open or window.end.day == 1)

    def shows(self, scope: CostScope, window: Window) -> bool:
        """Tell whether the total of *scope* in *window* may be shown."""
        if not self.concern(scope):
            return True
        if not self.are_whole(window) or not self.shows_teams(scope.teams or (), window):
            return False
        if not (scope.project or scope.model or scope.provider):
            return True
        counts = [self._people(scope, month) for month in months(window)]
        return max(counts, default=0) >= SMALLEST_GROUP and all(count == 0 or count >= SMALLEST_GROUP for count in counts)

    def shows_teams(self, teams: Sequence[str], window: Window) -> bool:
        """Tell whether *teams* had people enough at the ends of *window* and at the turn of every month in it."""
        if self.privacy is not Privacy.WORKS_COUNCIL or not teams:
            return True
        return shows_team(self.directory, teams, self._days(window), has_others=self._has_others(window))

    def _has_others(self, window: Window) -> bool:
        """Tell whether there is cost of no team, in any month of *window*."""
        return any(not cost.key for month in months(window) for cost in self.figures.costs(CostScope(), month, Dimension.TEAM))

    def merged(self, dimension: Dimension, costs: Sequence[Cost], scope: CostScope, window: Window) -> set[str]:
        """Return which rows must be shown as one, as in some month of *window* they are of too few people.

        So is a row that leaves too few people over when it is taken from what is shown of its key elsewhere. Cost that is
        nobody's in person (seats, keys) stands for itself, except beside teams: there it may be a leaver's.
        """
        if dimension is Dimension.TEAM and not (scope.project or scope.provider or scope.model):
            small = merged_teams(self.directory, self._days(window), has_others=self._has_others(window))
            return {cost.key for cost in costs if cost.key in small or cost.key not in self.directory.teams}
        crowds = self._crowds(dimension, scope, window)
        least = 0 if dimension is Dimension.TEAM else SMALLEST_GROUP
        sizes = {cost.key: _smallest(crowds, [cost.key], least) for cost in costs}
        if scope != CostScope():
            whole = self._crowds(dimension, CostScope(), window)
            for key, size in sizes.items():
                left = [every.get(key, _NOBODY) - crowd.get(key, _NOBODY) for every, crowd in zip(whole, crowds, strict=True)]
                sizes[key] = min([size, *(len(people) for people in left if people)])
        return set(merge_small_groups(list(sizes), sizes, SMALLEST_GROUP, lambda keys: _smallest(crowds, list(keys), 0))[1])

    def _crowds(self, dimension: Dimension, scope: CostScope, window: Window) -> list[dict[str, frozenset[int]]]:
        """Return who is behind each key, in each month."""
        return [self.figures.contributors(scope, month, dimension) for month in months(window)]

    def _people(self, scope: CostScope, month: Window) -> int:
        return sum(1 for row in self.figures.costs(scope, month, Dimension.PERSON) if row.key)

    def _days(self, window: Window) -> list[date]:
        last = max(window.start, window.end - timedelta(days=1))
        return sorted({window.start, last, self.today} | {month.start for month in months(window)})


def months(window: Window) -> list[Window]:
    """Return the parts of *window* that lie in one month each."""
    found = []
    start = window.start
    while start < window.end:
        end = min(window.end, add_months(first_of_month(start), 1))
        found.append(Window(start, end))
        start = end
    return found


_NOBODY: frozenset[int] = frozenset()


def _smallest(crowds: Sequence[Mapping[str, frozenset[int]]], keys: Sequence[str], least: int) -> int:
    """Return of how many people *keys* are together, where they are fewest; *least* where they are nobody's."""
    together = [_NOBODY.union(*(crowd.get(key, _NOBODY) for key in keys)) for crowd in crowds]
    return min((len(people) for people in together if people), default=least)

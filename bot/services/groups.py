"""Groups: what works_council mode shows of several people together, so that none of them can be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.people import Directory
from bot.domain.period import Window, add_months, first_of_month
from bot.domain.visibility import SMALLEST_GROUP, Privacy, merge_small_groups, shows_team
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
        return shows_team(self.directory, teams, self._days(window))

    def sizes(self, dimension: Dimension, costs: Sequence[Cost], scope: CostScope, window: Window) -> dict[str, int]:
        """Return of how many people each row is at least, in any month of *window*.

        Cost that is nobody's in person (seats, keys) stands for itself, except beside teams: there it may be a leaver's.
        """
        if dimension is Dimension.TEAM:
            days = self._days(window)
            return {cost.key: min(len(self.directory.members(cost.key, day)) for day in days) if cost.key else 0 for cost in costs}
        counted = [self.figures.contributors(scope, month, dimension) for month in months(window)]
        return {cost.key: _smallest(counted, cost.key) for cost in costs}

    def merged(self, sizes: Mapping[str, int]) -> set[str]:
        """Return which keys must be shown as one."""
        return set(merge_small_groups(list(sizes), sizes, SMALLEST_GROUP)[1])

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


def _smallest(counted: Sequence[Mapping[str, int]], key: str) -> int:
    people = [month[key] for month in counted if month.get(key)]
    return min(people, default=SMALLEST_GROUP)

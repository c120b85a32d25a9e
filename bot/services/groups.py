"""Groups: what works_council mode shows of several people together, so that none of them can be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.disclosure import Cells, agreeing
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

        So is a row that leaves too few people over when it is taken from what is shown of its key elsewhere, or that does
        beside the rows by other dimensions. Cost that is nobody's in person (seats, keys) stands for itself, except beside
        teams: there it may be a leaver's.
        """
        if dimension is Dimension.TEAM and not _is_narrow(scope):
            small = merged_teams(self.directory, self._days(window), has_others=self._has_others(window))
            return {cost.key for cost in costs if cost.key in small or cost.key not in self.directory.teams}
        # What the months show as one is one in their sum, too: so the sum tells nothing that they do not.
        small = set().union(*(self._merged(dimension, scope, month) for month in months(window)))
        return {cost.key for cost in costs if cost.key in small}

    def _merged(self, dimension: Dimension, scope: CostScope, month: Window) -> set[str]:
        """Return which keys are shown as one in *month*, so that they agree with those of the dimensions before."""
        order = _order(scope)
        order = order[: order.index(dimension) + 1]
        cells = self.figures.contributors(scope, month, *order)
        merged = [self._small(_behind(cells, place), one, scope, month) for place, one in enumerate(order)]
        return agreeing(cells, merged, SMALLEST_GROUP)[-1]

    def _small(self, crowd: Mapping[str, frozenset[int]], dimension: Dimension, scope: CostScope, month: Window) -> set[str]:
        """Return which keys of *dimension* are shown as one when no other is."""
        least = 0 if dimension is Dimension.TEAM else SMALLEST_GROUP
        sizes = {key: len(people) or least for key, people in crowd.items()}
        if scope != CostScope():
            whole = _behind(self.figures.contributors(CostScope(), month, dimension), 0)
            left = {key: len(whole.get(key, _NOBODY) - people) for key, people in crowd.items()}
            sizes = {key: min(size, left[key] or size) for key, size in sizes.items()}
        return set(
            merge_small_groups(list(sizes), sizes, SMALLEST_GROUP, lambda keys: len(_NOBODY.union(*(crowd[key] for key in keys))))[1]
        )

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
_ORDER = (Dimension.PROJECT, Dimension.MODEL, Dimension.PROVIDER, Dimension.TOOL, Dimension.SOURCE)
"""What is shown of a group keeps most of its rows when it comes first: a project and a model can be asked for by name."""


def _order(scope: CostScope) -> tuple[Dimension, ...]:
    """Return the dimensions of which rows are shown beside one another; teams of a group stand for who worked on it."""
    return (*_ORDER, Dimension.TEAM) if _is_narrow(scope) else _ORDER


def _is_narrow(scope: CostScope) -> bool:
    return bool(scope.project or scope.provider or scope.model)


def _behind(cells: Cells, place: int) -> dict[str, frozenset[int]]:
    """Return who stands behind each key of one dimension."""
    found: dict[str, frozenset[int]] = {}
    for keys, people in cells.items():
        found[keys[place]] = found.get(keys[place], _NOBODY) | people
    return found

"""Groups: what works_council mode shows of several people together, so that none of them can be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.domain.disclosure import Cells, agreeing
from bot.domain.people import Directory
from bot.domain.period import Window, add_months, first_of_month
from bot.domain.visibility import SMALLEST_GROUP, Privacy, merge_small_groups, merged_teams, shows_team
from bot.ports import Cost, CostScope, Dimension, Figures


@dataclass(frozen=True)
class Groups:
    """The rules of one question; in the other modes everything is shown.

    Two answers can be subtracted, so what is shown of a period must be shown of each month in it, nothing is shown by parts
    of months but the running one, and what a cost consists of is told of the whole organisation alone.
    """

    figures: Figures
    directory: Directory
    privacy: Privacy
    today: date
    _known: dict[Window, dict[Dimension, set[str]]] = field(default_factory=dict, repr=False, compare=False)
    _others: dict[Window, bool] = field(default_factory=dict, repr=False, compare=False)

    def concern(self, scope: CostScope) -> bool:
        """Tell whether *scope* is several people's and the mode protects them."""
        return self.privacy is Privacy.WORKS_COUNCIL and scope.people is None

    def divide(self, scope: CostScope) -> bool:
        """Tell whether it may be shown what the cost of *scope* consists of."""
        return scope.is_everything or not self.concern(scope)

    def are_whole(self, window: Window) -> bool:
        """Tell whether *window* is made of whole months, or ends with today."""
        is_open = window.end > self.today and window.start <= self.today
        return window.start.day == 1 and (is_open or window.end.day == 1)

    def shows(self, scope: CostScope, window: Window) -> bool:
        """Tell whether the total of *scope* in *window* may be shown; a project, model or provider only as a row of the whole is."""
        if not self.concern(scope):
            return True
        if not self.are_whole(window) or not self.shows_teams(scope.teams or (), window):
            return False
        named = [(by, key) for by, key in _named(scope).items() if key]
        if not named:
            return True
        if scope.teams is not None or len(named) > 1:
            return False
        counts = [self._people(scope, month) for month in months(window)]
        are_enough = max(counts, default=0) >= SMALLEST_GROUP and all(count == 0 or count >= SMALLEST_GROUP for count in counts)
        return are_enough and not any(self._is_merged(*named[0], month) for month in months(window))

    def shows_teams(self, teams: Sequence[str], window: Window) -> bool:
        """Tell whether *teams* had people enough at the ends of every month in *window*."""
        if self.privacy is not Privacy.WORKS_COUNCIL or not teams:
            return True
        return all(
            shows_team(self.directory, teams, self._days(month), has_others=self._has_others(month)) for month in months(window) or [window]
        )

    def merged(self, dimension: Dimension, costs: Sequence[Cost], window: Window) -> set[str]:
        """Return which rows of the whole must be shown as one, as in some month of *window* they are of too few people.

        So are those that tell of too few beside the rows by other dimensions. What the months show as one is one in their sum,
        too: so the sum tells nothing that they do not. Cost that is nobody's in person (seats, keys) stands for itself, except
        by teams: there it may be a leaver's.
        """
        keys = {cost.key for cost in costs}
        if dimension is Dimension.TEAM:
            return set[str]().union(*(self._teams(keys, month) for month in months(window)))
        return keys & set[str]().union(*(self._month(month)[dimension] for month in months(window)))

    def _is_merged(self, dimension: Dimension, key: str, month: Window) -> bool:
        return key.casefold() in {one.casefold() for one in self._month(month)[dimension]}

    def _month(self, month: Window) -> dict[Dimension, set[str]]:
        """Return which keys of each dimension are shown as one in *month*; worked out once."""
        if month not in self._known:
            cells = self.figures.contributors(CostScope(), month, *_ORDER)
            merged = [self._teams({keys[0] for keys in cells}, month), *(_small(_behind(cells, place)) for place in range(1, len(_ORDER)))]
            self._known[month] = dict(zip(_ORDER, agreeing(cells, merged, SMALLEST_GROUP), strict=True))
        return self._known[month]

    def _teams(self, keys: set[str], month: Window) -> set[str]:
        """Return which of the teams are shown as one: by how many people are in them, however many of these cost something."""
        small = merged_teams(self.directory, self._days(month), has_others=self._has_others(month))
        return keys & (small | (keys - self.directory.teams.keys()))

    def _has_others(self, month: Window) -> bool:
        """Tell whether there is cost of no team."""
        if month not in self._others:
            self._others[month] = any(not cost.key for cost in self.figures.costs(CostScope(), month, Dimension.TEAM))
        return self._others[month]

    def _people(self, scope: CostScope, month: Window) -> int:
        return sum(1 for row in self.figures.costs(scope, month, Dimension.PERSON) if row.key)

    def _days(self, month: Window) -> list[date]:
        return sorted({month.start, max(month.start, month.end - timedelta(days=1)), self.today})


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
_ORDER = (Dimension.TEAM, Dimension.PROJECT, Dimension.MODEL, Dimension.PROVIDER, Dimension.TOOL, Dimension.SOURCE)
"""What is shown of the whole keeps most of its rows when it comes first: a team, a project and a model can be asked for by name."""


def _named(scope: CostScope) -> Mapping[Dimension, str | None]:
    return {Dimension.PROJECT: scope.project, Dimension.MODEL: scope.model, Dimension.PROVIDER: scope.provider}


def _small(crowd: Mapping[str, frozenset[int]]) -> set[str]:
    """Return which keys of a dimension are shown as one when no other is."""
    sizes = {key: len(people) or SMALLEST_GROUP for key, people in crowd.items()}
    return set(merge_small_groups(list(sizes), sizes, SMALLEST_GROUP, lambda keys: len(_NOBODY.union(*(crowd[key] for key in keys))))[1])


def _behind(cells: Cells, place: int) -> dict[str, frozenset[int]]:
    """Return who stands behind each key of one dimension."""
    found: dict[str, frozenset[int]] = {}
    for keys, people in cells.items():
        found[keys[place]] = found.get(keys[place], _NOBODY) | people
    return found

"""Evidence: what a plan rests on: the days that were delivered, what each team cost on them, its people and its models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bot.domain.case import HISTORY
from bot.domain.completeness import Opened, Usual
from bot.domain.people import Directory
from bot.domain.period import Window, add_months, first_of_month
from bot.domain.visibility import SMALLEST_GROUP, Privacy, merge_small_groups
from bot.errors import ConfigError
from bot.ports import Cost, CostScope, Dimension, Figures, Load
from bot.services.groups import Groups
from bot.services.measure import marks
from bot.services.opendays import Days

if TYPE_CHECKING:
    from numpy.typing import NDArray

LATELY = timedelta(days=30)
"""Days in which people count as active."""
ENDED = timedelta(days=35)
"""A source that cost nothing for so long is taken to have ended; the last complete day does not wait for it."""
_MODELS = 3


@dataclass
class Evidence:
    """What is known by *today*; teams are keys as the ledger has them, empty text is none.

    Attributes:
        loads: The newest load of every source.
        usual: How complete newest days are, by source.
    """

    figures: Figures
    loads: Sequence[Load]
    directory: Directory
    privacy: Privacy
    today: date
    usual: Usual

    # When

    @cached_property
    def last(self) -> date:
        """The last day that every source has delivered which cost something lately.

        Raises:
            ConfigError: There is no such source.
        """
        found = [mark for source, mark in self._marks.items() if source in self._running]
        if not found:
            raise ConfigError(f"Nothing was delivered for the last {ENDED.days} days; load what is new before planning from it.")
        return min((min(found) - timedelta(days=1)).date(), self.today - timedelta(days=1))

    @cached_property
    def past(self) -> Window:
        """Twelve months up to the last complete day; whole ones where parts of months would tell something of people."""
        end = self.last + timedelta(days=1)
        if self.hides:
            return Window(add_months(first_of_month(end), -12), first_of_month(end))
        is_leap_day = (end.month, end.day) == (2, 29)
        return Window(date(end.year - 1, 3, 1) if is_leap_day else end.replace(year=end.year - 1), end)

    @cached_property
    def lately(self) -> Window:
        """The days in which people count as active."""
        return Window(add_months(self.past.end, -1) if self.hides else self.past.end - LATELY, self.past.end)

    @cached_property
    def history(self) -> Window:
        """The days that are looked at."""
        return Window(self.last - timedelta(days=HISTORY - 1), self.last + timedelta(days=1))

    @cached_property
    def silent(self) -> tuple[str, ...]:
        """The sources that cost something in the twelve months and nothing lately."""
        return tuple(sorted(self._sources(self.past) - self._running))

    @cached_property
    def _marks(self) -> dict[str, datetime]:
        return marks(self.loads)

    @cached_property
    def _running(self) -> set[str]:
        return {source for costs in self._by_source.values() for source in costs}

    @property
    def _newest(self) -> Window:
        return Window(self.today - ENDED, self.today + timedelta(days=1))

    @cached_property
    def _by_source(self) -> dict[str, dict[str, int]]:
        return self.figures.matrix(self._newest, Dimension.TEAM, Dimension.SOURCE)

    def _sources(self, window: Window) -> set[str]:
        return {source for costs in self.figures.matrix(window, Dimension.TEAM, Dimension.SOURCE).values() for source in costs}

    # What it cost

    @cached_property
    def keys(self) -> dict[str, int]:
        """The teams that cost something, if only since the last complete day, with their rows."""
        return self._daily[0]

    def rows(self, keys: Sequence[str]) -> list[int]:
        """Return the rows of those of *keys* that cost something in the history."""
        return [self.keys[key] for key in keys if key in self._begun]

    @cached_property
    def _begun(self) -> frozenset[str]:
        rows = frozenset(np.nonzero(self._daily[1][:, : len(self.history)])[0].tolist())
        return frozenset(key for key, row in self.keys.items() if row in rows)

    def opened(self, keys: Sequence[str]) -> Opened:
        """Return how complete the newest days of *keys* are, by their sources."""
        costs: Counter[str] = Counter()
        for key in keys:
            costs.update(self._by_source.get(key, {}))
        return self.usual.opened(costs, self.last)

    def delivered(self, rows: Sequence[int], last: date) -> Days:
        """Return what *rows* cost by day of the history up to *last*, and apart what is billed of the days after it, up to today."""
        return Days.of(self._daily[1][rows], self.history.start, last)

    def cost(self, keys: Sequence[str], window: Window) -> int:
        """Return what *keys* cost together on the days of *window*, in nanos: of the history, and what is billed since."""
        start, end = ((max(day, self.history.start) - self.history.start).days for day in (window.start, window.end))
        return int(self._together(keys)[start:end].sum())

    def days(self, keys: Sequence[str]) -> int:
        """Return the days of the history since the first cost."""
        return int((np.cumsum(self._together(keys)[: len(self.history)] != 0) > 0).sum())

    def _together(self, keys: Sequence[str]) -> NDArray[np.int64]:
        found: NDArray[np.int64] = self._daily[1][[self.keys[key] for key in keys if key in self.keys]].sum(axis=0)
        return found

    @cached_property
    def _daily(self) -> tuple[dict[str, int], NDArray[np.int64]]:
        """Team × day: the history, and the days since, up to today, of which something may be billed already."""
        daily = self.figures.by_day(Window(self.history.start, self.today + timedelta(days=1)), Dimension.TEAM)
        return {key: i for i, key in enumerate(daily.keys)}, daily.costs

    # Whose it is

    @property
    def hides(self) -> bool:
        """Tell whether groups of few people are protected."""
        return self.privacy is Privacy.WORKS_COUNCIL

    def active(self, keys: Sequence[str]) -> int:
        """Return how many people of *keys* cost something lately."""
        return len(frozenset[int]().union(*(self._people.get(key, frozenset()) for key in keys)))

    def may_show(self, keys: Sequence[str]) -> bool:
        """Tell whether *keys* may be shown as one, so that no small team is left over beside what else is shown."""
        inside = self.small & set(keys)
        return not self.hides or (self.active(keys) >= SMALLEST_GROUP and inside in (set(), self.small))

    @cached_property
    def small(self) -> set[str]:
        """The teams that are only shown together: too few members in one of the months, or too few who are active."""
        if not self.hides:
            return set()
        costs = [Cost(key, 1, 0) for key in self.keys]
        few = self._groups.merged(Dimension.TEAM, costs, self.past)
        sizes = {key: 0 if key in few else self.active([key]) for key in self.keys}
        return set(merge_small_groups(self.keys, sizes, SMALLEST_GROUP, lambda keys: self.active(list(keys)))[1])

    def largest(self, keys: Sequence[str]) -> tuple[tuple[str, Fraction], ...] | None:
        """Return the largest models of the twelve months with their shares; None where they may not be told.

        Where groups of few are protected only the models of everybody are told, those that enough people use.
        """
        if self.hides and set(keys) != set(self.keys):
            return None
        costs: Counter[str] = Counter()
        for key in keys:
            costs.update(self._models.get(key, {}))
        whole = sum(costs.values())
        named = sorted((-cost, name) for name, cost in costs.items() if name and name not in self._rare and cost > 0)
        return tuple((name, Fraction(-cost, whole)) for cost, name in named[:_MODELS]) if whole > 0 else ()

    @cached_property
    def _rare(self) -> set[str]:
        if not self.hides:
            return set()
        costs = self.figures.costs(CostScope(), self.past, Dimension.MODEL)
        return self._groups.merged(Dimension.MODEL, costs, self.past)

    @cached_property
    def _models(self) -> dict[str, dict[str, int]]:
        return self.figures.matrix(self.past, Dimension.TEAM, Dimension.MODEL)

    @cached_property
    def _people(self) -> dict[str, frozenset[int]]:
        return {key: people for (key,), people in self.figures.contributors(CostScope(), self.lately, Dimension.TEAM).items()}

    @cached_property
    def _groups(self) -> Groups:
        return Groups(self.figures, self.directory, self.privacy, self.today)

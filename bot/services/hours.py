"""Hours: what was spent within the last hours, from what earlier reviews read of the day that was running.

The ledger knows days. Each time a source has moved on, a review keeps what it had stated of its running day until then; the
difference to what it states later is what the hours between cost. What a later load corrects of earlier days does not count.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from bot.domain.burn import HOURS, KEPT, base, counted_day, is_fresh
from bot.domain.period import Window
from bot.ports import Dimension, Documents, Figures

KIND = "reading"
"""Documents: what a source had stated of its running day, by source and watermark."""
_Costs = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Hours:
    """What is known of the hours, when it is *now*.

    Attributes:
        marks: Until when each source is complete.
        dimensions: Those by which budgets are kept.
    """

    figures: Figures
    documents: Documents
    marks: Mapping[str, datetime]
    dimensions: Collection[Dimension]
    now: datetime

    def spent(self, dimension: Dimension, members: Sequence[str], since: datetime) -> dict[int, int]:
        """Return what *members* cost within each of `HOURS`, in nanos, as far as sources are fresh enough to tell.

        Args:
            since: Hours that began before are left out: they belong to another period.
        """
        found: defaultdict[int, int] = defaultdict(int)
        for hours, then, costs in self._spent(dimension):
            if then >= since:
                found[hours] += sum(costs.get(member, 0) for member in members)
        return {hours: cost for hours, cost in found.items() if cost > 0}

    @cached_property
    def until(self) -> datetime | None:
        """Until when the freshest of the sources has told; None where none is fresh enough."""
        return max((self.marks[source] for source, _, _ in self._bases), default=None)

    def keep(self) -> None:
        """Keep what the sources state of their running days, once for each of their watermarks, and forget what is of no use any more."""
        for source, mark in self._recent.items():
            if mark not in self._known.get(source, {}):
                self.documents.put(KIND, _name(source, mark), self._reading(source, counted_day(mark)))
        for known in self._known.values():
            for mark, key in known.items():
                if self.now - mark > KEPT:
                    self.documents.drop(KIND, key)

    def _reading(self, source: str, day: date) -> str:
        """Return what *source* states of *day*, to be kept."""
        costs = {dimension.value: self._of_day(source, dimension, day) for dimension in self.dimensions}
        return json.dumps(costs, ensure_ascii=False, separators=(",", ":"))

    def _spent(self, dimension: Dimension) -> list[tuple[int, datetime, Mapping[str, int]]]:
        if dimension not in self._answers:
            self._answers[dimension] = [(hours, then, self._since(source, dimension, then)) for source, hours, then in self._bases]
        return self._answers[dimension]

    def _since(self, source: str, dimension: Dimension, then: datetime) -> Mapping[str, int]:
        """Return what each key cost after *source* was complete until *then*."""
        found: defaultdict[str, int] = defaultdict(int)
        day, last = counted_day(then), counted_day(self.marks[source])
        while day <= last:
            for key, cost in self._of_day(source, dimension, day).items():
                found[key] += cost
            day += timedelta(days=1)
        for key, cost in self._read(source, then).get(dimension.value, {}).items():
            found[key] -= cost
        return found

    @cached_property
    def _bases(self) -> list[tuple[str, int, datetime]]:
        """The sources that are fresh enough for some hours, and the watermarks from which these are counted."""
        found = []
        for source, mark in self._recent.items():
            for hours in HOURS:
                then = base([known for known in self._known.get(source, {}) if known < mark], mark, hours)
                if then is not None and is_fresh(mark, self.now, hours):
                    found.append((source, hours, then))
        return found

    @cached_property
    def _recent(self) -> dict[str, datetime]:
        return {source: mark for source, mark in self.marks.items() if self.now - mark <= KEPT}

    @cached_property
    def _known(self) -> dict[str, dict[datetime, str]]:
        """The keys of what was kept, by source and watermark."""
        found: dict[str, dict[datetime, str]] = {}
        for key in self.documents.keys(KIND):
            source, _, mark = key.rpartition(" ")
            found.setdefault(source, {})[datetime.fromisoformat(mark)] = key
        return found

    def _read(self, source: str, mark: datetime) -> _Costs:
        found: _Costs = json.loads(self.documents.get(KIND, _name(source, mark)) or "{}")
        return found

    def _of_day(self, source: str, dimension: Dimension, day: date) -> Mapping[str, int]:
        """Return what *source* states of *day*, by key."""
        if (day, dimension) not in self._days:
            window = Window(day, day + timedelta(days=1))
            by_source: defaultdict[str, dict[str, int]] = defaultdict(dict)
            for key, costs in self.figures.matrix(window, dimension, Dimension.SOURCE).items():
                for name, cost in costs.items():
                    by_source[name][key] = cost
            self._days[day, dimension] = by_source
        return self._days[day, dimension].get(source, {})

    @cached_property
    def _days(self) -> dict[tuple[date, Dimension], _Costs]:
        return {}

    @cached_property
    def _answers(self) -> dict[Dimension, list[tuple[int, datetime, Mapping[str, int]]]]:
        return {}


def _name(source: str, mark: datetime) -> str:
    return f"{source} {mark.isoformat()}"

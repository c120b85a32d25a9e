"""Hours: what was spent within the last hours, from what earlier reviews read of the day that was running.

The ledger knows days. Each time a source has moved on, a review keeps what it had stated of its running day until then; the
difference to what it states later is what the hours between cost. What a later load corrects of earlier days does not count.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from bot.domain.burn import HOURS, KEPT, base, counted_day, is_fresh
from bot.domain.period import Window
from bot.ports import Dimension, Documents, Figures, Load

KIND = "reading"
"""Documents: what a source had stated of its running day, by source and watermark."""
_Costs = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent within some hours until *until*, in nanos."""

    nanos: int
    until: datetime


@dataclass(frozen=True)
class Hours:
    """What is known of the hours, when it is *now*.

    Attributes:
        marks: The newest load of each source.
        dimensions: Those by which budgets are kept.
    """

    figures: Figures
    documents: Documents
    marks: Mapping[str, Load]
    dimensions: Collection[Dimension]
    now: datetime

    def spent(self, dimension: Dimension, members: Sequence[str], since: datetime) -> dict[int, Spent]:
        """Return what *members* cost within each of `HOURS`, as far as sources are fresh enough to tell.

        Sources count together where they are complete until the same instant; else the one with the highest cost tells.

        Args:
            since: Hours that began before are left out: they belong to another period.
        """
        together: defaultdict[tuple[int, datetime], int] = defaultdict(int)
        for source, hours, then, costs in self._spent(dimension):
            if then >= since:
                together[hours, self.marks[source].watermark] += sum(costs.get(member, 0) for member in members)
        found: dict[int, Spent] = {}
        for (hours, until), cost in together.items():
            if cost > max(0, found[hours].nanos if hours in found else 0):
                found[hours] = Spent(cost, until)
        return found

    def keep(self) -> None:
        """Keep what the sources state of their running days, once for each load, and forget what is of no use any more.

        A load that does not reach further puts right what was there: hours are counted from there on.
        """
        for source, load in self._recent.items():
            known = self._known.get(source, {})
            if load.watermark not in known or self._read(source, load.watermark).get("load") != load.number:
                if load.watermark in known:
                    self._forget(known.values())
                self.documents.put(KIND, _name(source, load.watermark), self._reading(source, load))
        for known in self._known.values():
            self._forget(key for mark, key in known.items() if self.now - mark > KEPT)

    def _forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.documents.drop(KIND, key)

    def _reading(self, source: str, load: Load) -> str:
        """Return what *source* states of its running day, to be kept."""
        day = counted_day(load.watermark)
        costs = {dimension.value: self._of_day(source, dimension, day) for dimension in self.dimensions}
        return json.dumps({"load": load.number, "costs": costs}, ensure_ascii=False, separators=(",", ":"))

    def _spent(self, dimension: Dimension) -> list[tuple[str, int, datetime, Mapping[str, int]]]:
        if dimension not in self._answers:
            self._answers[dimension] = [
                (source, hours, then, _per(self._since(source, dimension, then), hours, self.marks[source].watermark - then))
                for source, hours, then in self._bases
            ]
        return self._answers[dimension]

    def _since(self, source: str, dimension: Dimension, then: datetime) -> Mapping[str, int]:
        """Return what each key cost after *source* was complete until *then*; nothing where the cost of some has moved to others."""
        found: defaultdict[str, int] = defaultdict(int)
        day, last = then.date(), counted_day(self.marks[source].watermark)
        while day <= last:
            for key, cost in self._of_day(source, dimension, day).items():
                found[key] += cost
            day += timedelta(days=1)
        if then.date() == counted_day(then):  # at midnight all of the day before is counted, and nothing of the day that begins
            for key, cost in self._read(source, then).get("costs", {}).get(dimension.value, {}).items():
                found[key] -= cost
        return {} if any(cost < 0 for cost in found.values()) else found

    @cached_property
    def _bases(self) -> list[tuple[str, int, datetime]]:
        """The sources that are fresh enough for some hours, and the watermarks from which these are counted."""
        found = []
        for source, load in self._recent.items():
            mark = load.watermark
            for hours in HOURS:
                then = base([known for known in self._known.get(source, {}) if known < mark], mark, hours)
                if then is not None and is_fresh(mark, self.now, hours):
                    found.append((source, hours, then))
        return found

    @cached_property
    def _recent(self) -> dict[str, Load]:
        return {source: load for source, load in self.marks.items() if self.now - load.watermark <= KEPT}

    @cached_property
    def _known(self) -> dict[str, dict[datetime, str]]:
        """The keys of what was kept, by source and watermark."""
        found: dict[str, dict[datetime, str]] = {}
        for key in self.documents.keys(KIND):
            source, _, mark = key.rpartition(" ")
            found.setdefault(source, {})[datetime.fromisoformat(mark)] = key
        return found

    def _read(self, source: str, mark: datetime) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.documents.get(KIND, _name(source, mark)) or "{}")
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
    def _answers(self) -> dict[Dimension, list[tuple[str, int, datetime, Mapping[str, int]]]]:
        return {}


def _per(costs: Mapping[str, int], hours: int, span: timedelta) -> Mapping[str, int]:
    """Return what *costs* of a *span* are for as many *hours*: watermarks are seldom a whole hour apart."""
    wanted = timedelta(hours=hours)
    return costs if span <= wanted else {key: int(cost * (wanted / span)) for key, cost in costs.items()}


def _name(source: str, mark: datetime) -> str:
    return f"{source} {mark.isoformat()}"

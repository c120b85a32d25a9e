"""Detection: from what every team, person and key cost each day to the anomalies of the last days. Reads nothing after them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bot.domain import outlier, thresholds
from bot.domain.almanac import Almanac, Days, Flags, Whole
from bot.domain.anomaly import Anomaly, History, Members, Part, one_each, parts
from bot.domain.baseline import Series, baseline
from bot.domain.episode import Channel
from bot.domain.newcomer import newcomers
from bot.domain.planned import Changes
from bot.domain.surprise import GATE_DAYS, Surprises, surprises
from bot.domain.thresholds import MERGE, USUAL, Thresholds
from bot.domain.turn import Turns

FLOOR = 25.0
"""Units of currency of excess below which nothing is worth a word."""
JUDGED = 10
"""Days that are judged each time: as many as a late vendor restates."""
MEMORY = 266
"""Days that are read at most: eight turns of a month, and what comes before the first."""
REPLAYED = 150
_AIM = 0.83
"""Share of the budget aimed at: what is replayed helped to choose the thresholds, the future did not."""
_BACK = 45
_RUN_UP = 21
_ONSET = 1.0
_USUAL_DAYS = 28
_CHANNELS = (Channel.SPIKE, Channel.DRIFT, Channel.MIX)
_LATELY = 3
_CHANGED = 0.005
_T = TypeVar("_T", bound=np.generic)


def anomalies(
    history: History,
    *,
    almanac: Almanac | None = None,
    limits: Thresholds = USUAL,
    floor: float = FLOOR,
    judged: int = JUDGED,
    people: Members | None = None,
    things: Members | None = None,
) -> list[Anomaly]:
    """Return the episodes with an alarm within the last *judged* days, one per team and episode, the dearest first.

    Args:
        almanac: Holidays and quiet days; none by default.
        limits: From `fitted`.
        floor: Excess over three days (for new ones a day) that is worth a word, units of currency.
        people: Who spent; they are judged one by one, and named.
        things: Keys and models (and people) that are told when they are new and matter.
    """
    seen = _Seen(history.recent(MEMORY), almanac or Almanac(), limits, floor, judged)
    new = [] if things is None else list(seen.new(things.recent(MEMORY)))
    found = [*seen.statistical(new), *seen.announced()]
    if people is not None:
        found += seen.personal(people.recent(MEMORY))
    found += new
    return [seen.told(each, None if people is None else people.recent(MEMORY)) for each in one_each(found)]


def fitted(
    history: History, *, almanac: Almanac | None = None, floor: float = FLOOR, budget_per_quarter: float = 1.0, replayed: int = REPLAYED
) -> Thresholds:
    """Return thresholds that would have told *budget_per_quarter* episodes per series and quarter in the last *replayed* days.

    A short history is drawn towards `USUAL`. Refit when a quarter has passed, or the budget changes; anomalies that people
    declared as expected do not count.

    Raises:
        ValueError: The budget is not above 0.
    """
    cost = _constant(history)
    days = (almanac or Almanac()).days(history.last, cost.shape[0])
    declared, tokens = _turned(history.declared), _turned(history.tokens)
    changes = Changes.of(history.planned, days.first, cost.shape[1])
    found = baseline(cost, days, floor / 2500, declared, changes)
    start = max(len(days) - replayed, 0)
    scored = surprises(cost, found, days, start, floor, tokens, declared, changes)
    return thresholds.fit(scored, thresholds.rhythms(cost), budget_per_quarter * _AIM)


def _anew(cost: Series, since: Whole | None) -> tuple[Series, Flags]:
    """Return *cost* (people × days) without what no longer counts, and on which days enough of it is known to judge by."""
    if since is None:
        return cost, np.ones(cost.shape, dtype=np.bool_)
    kept = np.where(np.arange(cost.shape[1]) < since[:, None], np.nan, cost)
    active = np.cumsum(np.nan_to_num(kept) > 0, axis=1)
    before = np.concatenate([np.zeros((len(cost), 1)), active[:, :-1]], axis=1)
    return kept, (since[:, None] == 0) | (before >= outlier.LEAST_ACTIVE)


def _turned(values: NDArray[_T] | None) -> NDArray[_T] | None:
    return None if values is None else np.ascontiguousarray(values.T)


def _constant(history: History) -> Series:
    """Return days × series: cost at the list prices of the last day; days on which credits outweigh the rest cost nothing."""
    cost = history.cost if history.index is None else history.cost / history.index
    return np.maximum(cost.T, 0.0, order="C")


@dataclass
class _Seen:
    """One look at a history: what was expected of it, and from which score on a day of each series is told."""

    history: History
    almanac: Almanac
    limits: Thresholds
    floor: float
    judged: int

    def __post_init__(self) -> None:
        self.cost = _constant(self.history)
        count = self.cost.shape[0]
        self.days: Days = self.almanac.days(self.history.last, count)
        self.recent = max(count - self.judged, 0)
        declared = _turned(self.history.declared)
        self.changes = Changes.of(self.history.planned, self.days.first, self.cost.shape[1])
        self.base = baseline(self.cost, self.days, self.floor / 2500, declared, self.changes)
        self.expected = self.base.expected
        self.tokens, self.declared = _turned(self.history.tokens), declared
        self.cuts = self.limits.of(thresholds.rhythms(self.cost))

    def statistical(self, new: Sequence[Anomaly] = ()) -> Iterator[Anomaly]:
        """Yield the episodes of spike, drift and price; one that is mostly what is *new* begins with it."""
        told = thresholds.alarms(self._scored(self.recent, slice(None)), self.cuts)
        some = np.flatnonzero(np.any(told, axis=(0, 1)))
        scored = self._scored(max(self.recent - _BACK, 0), some)
        told = thresholds.alarms(scored, self.cuts[:, some])
        for row, series in enumerate(some):
            for first, last in _runs(np.any(told[:, :, row], axis=0, keepdims=True)[0]):
                if last + scored.start >= self.recent:
                    begins = self._begins(new, int(series), scored.start)
                    yield self._episode(scored, int(series), row, first, last, told[:, first : last + 1, row], begins)

    def _scored(self, start: int, some: slice | Whole) -> Surprises:
        tokens = None if self.tokens is None else self.tokens[:, some]
        declared = None if self.declared is None else self.declared[:, some]
        changes = None if self.changes is None else self.changes.some(some)
        return surprises(self.cost[:, some], self.base.some(some), self.days, start, self.floor, tokens, declared, changes)

    def _begins(self, new: Sequence[Anomaly], series: int, start: int) -> list[tuple[int, float]]:
        """Return since which day after *start* what is *new* of a team has cost how much."""
        own = (each for each in new if each.subject == self.history.names[series])
        return [((each.since - self.days.first).days - start, each.so_far) for each in own]

    def _episode(
        self, scored: Surprises, series: int, row: int, first: int, last: int, told: Flags, new: Sequence[tuple[int, float]]
    ) -> Anomaly:
        seen = [channel for channel, days in zip(_CHANNELS, told, strict=True) if days.any()]
        begin = _onset(scored.z[:, row], first)
        excess, priced = scored.excess[: last + 1, row], scored.priced[: last + 1, row]
        if Channel.MIX in seen and priced[begin:].sum() >= excess[begin:].sum() / 2:
            seen = [Channel.MIX, *(channel for channel in seen if channel is not Channel.MIX)]
        felt = priced if Channel.MIX in seen and priced[begin:].sum() > excess[begin:].sum() else excess
        for day, cost in new:
            if begin < day <= first and cost >= felt[begin:].sum() / 2:
                begin = day
        begin = _worth(felt, begin, first, self.floor)
        rows = slice(begin + scored.start, last + scored.start + 1)
        usual = float(np.nansum(self.expected[rows, series]))
        since, until, noticed = self.days.at(rows.start), self.days.at(rows.stop - 1), self.days.at(first + scored.start)
        return Anomaly(self.history.names[series], tuple(seen), since, until, noticed, float(felt[begin:].sum()), usual)

    def announced(self) -> Iterator[Anomaly]:
        """Yield the changes of list prices that are felt: no alarms, but reasons."""
        index = _turned(self.history.index)
        if index is None:
            return
        steps = index[1:] / index[:-1] - 1
        begin = max(self.recent, 1)
        for day, series in zip(*np.nonzero(np.abs(steps[begin - 1 :]) > _CHANGED), strict=True):
            since = int(day) + begin
            rows = slice(since, len(self.days))
            paid = np.nan_to_num(np.asarray(self.history.cost[series, rows]))
            before = paid / (1 + steps[since - 1, series])
            if abs(paid.sum() - before.sum()) >= self.floor:
                more = float(paid.sum() - before.sum())
                name = self.history.names[series]
                first = self.days.at(since)
                yield Anomaly(name, (Channel.ANNOUNCED,), first, self.history.last, first, more, float(before.sum()))

    def personal(self, people: Members) -> Iterator[Anomaly]:
        """Yield the people who stand out, one a day."""
        index = self.history.index
        cost = people.cost if index is None else people.cost / index[people.series]
        cost, settled = _anew(cost, people.anew)
        changes = None if self.changes is None else self.changes.some(people.series)
        daily = np.ascontiguousarray(cost.T)
        turns = Turns(daily, self.days, people.series)
        told, excess = outlier.outliers(daily, self.recent, self.floor, changes=changes, turns=turns)
        told &= settled[:, self.recent :].T
        for row, person in zip(*np.nonzero(told), strict=True):
            series, day, over = int(people.series[person]), int(row) + self.recent, float(excess[row, person])
            if self._is_declared(series, day):
                continue
            usual = float(cost[person, day]) - over
            on = self.days.at(day)
            part = (Part(people.names[person], over),)
            yield Anomaly(self.history.names[series], (Channel.PERSON,), on, on, on, over, usual, part)

    def new(self, things: Members) -> Iterator[Anomaly]:
        """Yield people, keys and models that began to matter."""
        team = np.asarray(self.history.cost)[things.series]
        for each in newcomers(np.asarray(things.cost), team, self.recent, self.floor):
            series = int(things.series[each.index])
            if not self._is_declared(series, each.matters):
                so_far = float(np.nansum(things.cost[each.index, each.first :]))
                since, until = self.days.at(each.first), self.days.at(each.matters)
                yield Anomaly(
                    self.history.names[series], (Channel.NEW,), since, until, until, so_far, 0.0, things=(things.names[each.index],)
                )

    def _is_declared(self, series: int, day: int) -> bool:
        return self.history.declared is not None and bool(self.history.declared[series, day])

    def told(self, anomaly: Anomaly, people: Members | None) -> Anomaly:
        """Return *anomaly* with those who contribute most, and what the month will have cost."""
        series = self.history.names.index(anomaly.subject)
        begin, end = (anomaly.since - self.days.first).days, (anomaly.until - self.days.first).days + 1
        is_one = anomaly.channels[0] is Channel.PERSON  # whose figures they are stands beside them
        who = () if is_one or not people else parts(people, series, slice(begin, end), max(begin - _USUAL_DAYS, 0))
        return replace(anomaly, who=who or anomaly.who, month_end=self._month_end(series, end))

    def _month_end(self, series: int, end: int) -> float | None:
        """Return what the month will have cost; with the excess of the last days if the episode goes on at *end*."""
        cost, expected = self.cost[:, series], self.expected[:, series]
        final = np.flatnonzero(np.isfinite(cost))
        ahead = self.base.ahead[:, series]
        if not np.isfinite(ahead).all():
            return None
        month = np.arange(max(len(cost) - self.history.last.day, 0), len(cost))
        billed = np.where(np.isfinite(cost[month]), cost[month], np.nan_to_num(expected[month]))
        left = _days_left(self.history.last)
        rest = sum(map(float, ahead[:left]))
        goes_on = len(final) and final[-1] < end
        last = final[-_LATELY:]
        more = max(float(np.nanmean(cost[last] - expected[last])), 0.0) if goes_on else 0.0
        waiting = int((~np.isfinite(cost[month])).sum())
        return float(billed.sum()) + rest + more * (left + waiting)


def _days_left(day: date) -> int:
    return monthrange(day.year, day.month)[1] - day.day


def _onset(scores: Series, first: int) -> int:
    """Return the first of the days before an alarm that were all above expectation."""
    begin = first
    while begin > max(first - _RUN_UP, 0) and scores[begin - 1] >= _ONSET:
        begin -= 1
    return begin


def _worth(felt: Series, begin: int, first: int, floor: float) -> int:
    """Return the first day of an episode: *begin*, or an earlier one of those that made day *first* worth a word.

    Args:
        felt: Excess of each day up to the last of the episode; what is told is the sum from its first day on.
    """
    if felt[begin:].sum() >= floor:
        return begin
    days = range(max(first + 1 - GATE_DAYS, 0), first + 1)
    return min(begin, max(days, key=lambda day: float(felt[day : first + 1].sum())))


def _runs(days: Flags) -> list[tuple[int, int]]:
    """Return first and last day of each run of alarms at most `MERGE` days apart."""
    rows = np.flatnonzero(days)
    if not len(rows):
        return []
    breaks = np.flatnonzero(np.diff(rows) > MERGE)
    firsts = [0, *(breaks + 1)]
    lasts = [*breaks, len(rows) - 1]
    return [(int(rows[a]), int(rows[b])) for a, b in zip(firsts, lasts, strict=True)]

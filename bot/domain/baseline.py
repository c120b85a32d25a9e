"""Baseline: what each series was expected to cost each day, learned from the days before it, and in a way no anomaly can teach.

A level follows the cost by small, clipped steps; factors of weekdays come from means without their highest day; what
earlier turns of a month reached is allowed at the next. Facts: forecast.md 7.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.domain.almanac import END, START, SUNDAY, Days, Flags, Whole
from bot.domain.planned import Changes, Coming, Day
from bot.domain.rank import ordered, rank

Series = NDArray[np.float64]
"""Internal shape of this package: one row per day, ascending, one column per series."""

LEAST_DAYS = 14
"""Days from a series' first cost before anything is expected of it."""
_GAIN, _CLIP = 0.10, 2.0
_WEEKS = 10
_SHRINK = 1.0
_LEAST_FACTOR = 0.02
_MONTH = 56
_MARGIN = 0.02
_SPREAD_GAIN, _SPREAD_CLIP = 0.05, 3.0
_FIRST_SPREAD, _LEAST_SPREAD = 0.5, 0.1
_MONTHS, _LEAST_MONTHS = 8, 3
_TURNING = 1.25
_SLACK = 1.25
"""A turn of the month may reach a little more than the dearest before it."""
_FADES = 0.99
"""A day: how long a level that was usual before a dip is still no surprise."""
_SURE = 0.5
_TINY = 1e-12
AHEAD = 31
"""Days for which it is told what is expected: those that are left of a month, at most."""
_CHUNK = 5_000
"""Series at a time: their state stays in the processor's cache."""


@dataclass(frozen=True)
class Baseline:
    """What was expected of each series.

    Attributes:
        expected: Days × series, NaN before there is history enough. On days around a turn of the month, and within what was
            planned, anything between the plain expectation and what is allowed is expected.
        usual: As *expected*, but with what has come so far of what was planned.
        bare: As *expected*, without what was planned.
        ahead: The next `AHEAD` days × series: what they cost if they are plain.
    """

    expected: Series
    usual: Series
    bare: Series
    ahead: Series

    def some(self, series: slice | Whole) -> Baseline:
        """Return those of some series."""
        return Baseline(*(values[:, series] for values in (self.expected, self.usual, self.bare, self.ahead)))

    def after(self, count: int) -> Baseline:
        """Return the days without the first *count*."""
        return Baseline(self.expected[count:], self.usual[count:], self.bare[count:], self.ahead)


def baseline(cost: Series, days: Days, cent: float, declared: Flags | None = None, changes: Changes | None = None) -> Baseline:
    """Return what was expected of each day, learned from the days before it.

    Args:
        cost: Days × series, units of currency; NaN where a day is not final. A series begins with its first cost.
        cent: An amount too small to matter.
        declared: Days whose cost people said was expected: a run of them is the new level, or forgotten when the cost falls back.
        changes: What was planned; days are learned from as they would be without it.
    """
    quiet = np.zeros(cost.shape, dtype=np.bool_) if declared is None else declared
    found, ahead = np.empty(cost.shape), np.empty((AHEAD, cost.shape[1]))
    usual, bare = (found, found) if changes is None else (np.empty(cost.shape), np.empty(cost.shape))
    for low in range(0, cost.shape[1], _CHUNK):
        some = slice(low, low + _CHUNK)
        learner = _Learner(cost[:, some], days, cent, quiet[:, some], None if changes is None else changes.some(some))
        for t in range(len(days)):
            found[t, some] = learner.step(t)
            if changes is not None:
                usual[t, some], bare[t, some] = learner.usual, learner.bare
        ahead[:, some] = learner.ahead()
    return Baseline(found, usual, bare, ahead)


@dataclass
class _Turn:
    """What the days around one kind of turn of the month reached, as multiples of the level."""

    peaks: list[Series] = field(default_factory=list)
    beside: list[Series] = field(default_factory=list)
    peak: Series | None = None
    control: Series | None = None
    allowed: Series | None = None

    def enter(self, ratios: Series, until: int) -> None:
        """Begin a turn: decide what is allowed in it from those before."""
        width = 4
        blocks = [ratios[max(until - width * (k + 1), 0) : max(until - width * k, 0)] for k in range(3)]
        tops = [np.nanmax(np.where(np.isfinite(block), block, 0.0), axis=0, initial=0.0) for block in blocks]
        self.control = np.mean(tops, axis=0)
        self.peak = np.zeros(ratios.shape[1])
        self.allowed = self._allowed(ratios.shape[1])

    def leave(self) -> None:
        if self.peak is not None and self.control is not None:
            known = (self.peak > 0) & (self.control > 0)
            self.peaks = [*self.peaks, np.where(known, self.peak, np.nan)][-_MONTHS:]
            self.beside = [*self.beside, np.where(known, self.peak / np.maximum(self.control, _TINY), np.nan)][-_MONTHS:]
        self.peak = self.control = self.allowed = None

    def _allowed(self, count: int) -> Series:
        if len(self.peaks) < _LEAST_MONTHS:
            return np.zeros(count)
        lift = rank(*ordered(np.stack(self.beside)), 0.5)
        peaks, months = ordered(np.stack(self.peaks))
        return np.where((months >= _LEAST_MONTHS) & (lift > _TURNING), rank(peaks, months, 1.0) * _SLACK, 0.0)


class _Learner:
    """The state between one day and the next."""

    def __init__(self, cost: Series, days: Days, cent: float, declared: Flags, changes: Changes | None) -> None:
        count = cost.shape[1]
        self.days, self.cent, self.declared = days, cent, declared
        began = np.logical_or.accumulate(np.nan_to_num(cost) > 0, axis=0)
        self.known = np.isfinite(cost) & began
        self.cost = np.where(self.known, cost, 0.0)
        self.plain = self.known & ~(days.is_holiday | days.is_quiet)[:, None] & ~declared
        self.usable = np.where(self.plain, self.cost, 0.0)
        self.is_declared = declared.any()
        self.level = np.zeros(count)
        self.high = np.zeros(count)
        self.spread = np.full(count, _FIRST_SPREAD)
        self.age = np.zeros(count)
        self.month, self.month_days = np.zeros(count), np.zeros(count)
        self.weekdays = np.zeros((7, count))
        self.weeks = np.zeros((7, count))
        self.ratios = np.full(cost.shape, np.nan)
        self.turns = {END: _Turn(), START: _Turn()}
        self.run, self.before = np.zeros(count), np.zeros(count)
        self.planned = np.flatnonzero(changes.concerned) if changes else np.zeros(0, dtype=np.int64)
        self.coming = Coming(changes.some(self.planned)) if changes and len(self.planned) else None
        self.explained = np.zeros(count, dtype=np.bool_)
        self.usual = self.bare = np.full(count, np.nan)

    def step(self, t: int) -> Series:
        """Expect day *t*, then learn from it."""
        self._weekday(t)
        factor = self._factor(t)
        plain = self.level * factor
        day = self._read(t, plain)
        turned = self._turned(t, plain)
        recovered = np.where(self.known[t], np.clip(self.cost[t], turned, np.maximum(self.high * factor, turned)), turned)
        mature = self.age >= LEAST_DAYS
        self._learn(t, turned, factor, mature)
        expected = self.usual = self.bare = np.where(mature, recovered, np.nan)
        if day is not None:
            self.usual, expected = expected.copy(), expected.copy()
            self.usual[self.planned] = day.usual(expected[self.planned])
            expected[self.planned] = day.expected(expected[self.planned])
        return expected

    def ahead(self) -> Series:
        """Return days × series: what plain days cost from here on."""
        mean = self.weekdays.mean(axis=0)
        factors = np.stack([self._shrunk(day, mean) for day in range(7)])
        week = np.where(self.age >= LEAST_DAYS, factors * self.level, np.nan)
        last = len(self.days) - 1
        found: Series = week[[(self.days.at(last + 1 + i)).weekday() for i in range(AHEAD)]]
        if self.coming is not None:
            for i, plain in enumerate(found[:, self.planned]):
                found[i, self.planned] = self.coming.ahead(last + 1 + i, last, plain)
        return found

    def _read(self, t: int, plain: Series) -> Day | None:
        """Read day *t* as it would be without what was planned."""
        if self.coming is None or t < self.coming.changes.first:
            return None
        some = self.planned
        cost, known = self.cost[t, some], self.known[t, some]
        day = self.coming.read(t, cost, plain[some], known, self.age[some] >= LEAST_DAYS)
        self.cost[t, some] = np.where(known, day.bare(plain[some]), cost)
        self.usable[t, some] = np.where(self.plain[t, some], self.cost[t, some], 0.0)
        self.explained[some] = day.is_within
        return day

    def _weekday(self, t: int) -> None:
        """Refresh the mean of this weekday: ten weeks without the highest of them."""
        if t < 7:  # noqa: PLR2004 - days of a week
            return
        rows = slice(t - 7 * min(t // 7, _WEEKS), t, 7)
        values = self.usable[rows]
        day = self.days.weekday[t]
        gone = t - 7 * _WEEKS - 7
        count = self.weeks[day]
        count += self.plain[t - 7]
        if gone >= 0:
            count -= self.plain[gone]
        drop = count >= 3  # noqa: PLR2004 - of two days neither is the odd one
        total = values.sum(axis=0) - values.max(axis=0) * drop
        self.weekdays[day] = total / np.maximum(count - drop, 1)

    def _factor(self, t: int) -> Series:
        mean = self.weekdays.mean(axis=0)
        if self.days.is_holiday[t]:
            return self._shrunk(SUNDAY, mean)
        own = self._shrunk(self.days.weekday[t], mean)
        if self.days.is_quiet[t]:
            return np.sqrt(own * np.minimum(own, self._shrunk(SUNDAY, mean)))
        return own

    def _shrunk(self, day: int, mean: Series) -> Series:
        share = np.divide(self.weekdays[day], mean, out=np.ones_like(mean), where=mean > 0)
        weeks = np.where(self.age >= LEAST_DAYS, self.weeks[day], 0.0)
        shrunk: Series = np.maximum((weeks * share + _SHRINK) / (weeks + _SHRINK), _LEAST_FACTOR)
        return shrunk

    def _turned(self, t: int, plain: Series) -> Series:
        """Return what is expected, with what earlier turns of the month reached."""
        now = self.days.turn[t]
        for kind, turn in self.turns.items():
            if kind != now and turn.peak is not None:
                turn.leave()
        ratio = np.where(self.known[t] & (plain > 0), self.cost[t] / np.maximum(self.level, self.cent), np.nan)
        expected = plain
        if now:
            turn = self.turns[now]
            if turn.peak is None:
                turn.enter(self.ratios, t)
            assert turn.peak is not None
            assert turn.allowed is not None
            expected = np.where(self.known[t], np.clip(self.cost[t], plain, np.maximum(plain, self.level * turn.allowed)), plain)
            turn.peak = np.fmax(turn.peak, ratio)
        else:
            self.ratios[t] = ratio
        return expected

    def _learn(self, t: int, expected: Series, factor: Series, mature: Flags) -> None:
        known, cost = self.known[t], self.cost[t]
        small = _MARGIN * self.month / np.maximum(self.month_days, 1) + self.cent
        surprise = np.log((cost + small) / (expected + small))
        bound = _CLIP * self.spread
        quiet = 0.0 if self.days.is_holiday[t] else 0.5 if self.days.is_quiet[t] else 1.0
        gain = _GAIN * quiet * np.minimum(factor, 1.0)
        taught = self.level * np.exp(gain * np.clip(surprise, -bound, bound))
        young = (self.level * self.age + cost) / (self.age + 1)
        plain = np.where(mature, taught, young)
        self._spread(surprise, known & mature & self.plain[t] & ~self.explained)
        if self.is_declared:
            self._rebase(t, plain, np.maximum(cost, small) / factor, factor)
        else:
            self.level = np.where(known, plain, self.level)
        self.high = np.maximum(self.high * _FADES, self.level)
        self.age += known
        self._remember(t)

    def _spread(self, surprise: Series, where: Flags) -> None:
        size = 1.25 * np.minimum(np.abs(surprise), _SPREAD_CLIP * self.spread)
        self.spread = np.where(where, np.maximum(self.spread + _SPREAD_GAIN * (size - self.spread), _LEAST_SPREAD), self.spread)

    def _rebase(self, t: int, plain: Series, implied: Series, factor: Series) -> None:
        """Take the level on: by a step, by a declared day, or back to where it was before them."""
        known, declared = self.known[t], self.declared[t]
        self.before = np.where(declared & (self.run == 0), self.level, self.before)
        run = self.run + (declared & known)
        anchored = self.level ** (1 - 1 / np.maximum(run, 1)) * implied ** (1 / np.maximum(run, 1))
        sure = known & ~declared & (run > 0) & (factor >= _SURE)
        fell = sure & (np.abs(np.log(implied / np.maximum(self.before, _TINY))) < np.abs(np.log(implied / np.maximum(self.level, _TINY))))
        self.level = np.where(declared & known, anchored, np.where(fell, self.before, np.where(known, plain, self.level)))
        self.high = np.where(fell, 0.0, self.high)
        self.run = np.where(sure, 0.0, run)

    def _remember(self, t: int) -> None:
        self.month += self.cost[t]
        self.month_days += self.known[t]
        if t >= _MONTH:
            self.month -= self.cost[t - _MONTH]
            self.month_days -= self.known[t - _MONTH]

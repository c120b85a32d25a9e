"""Surprise: how unusual a day is for its series, on scales that fit any series: spike, drift and price per token.

Days × series throughout. Medians and spreads are taken anew once a week (on Mondays), from the days before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bot.domain.almanac import Days, Flags
from bot.domain.baseline import Baseline, Series
from bot.domain.planned import Changes, Coming
from bot.domain.rank import ordered, rank

_SPAN, _PRICE_SPAN = 60, 42
_LEAST = 21
_TO_SIGMA, _Q90_SIGMA = 1.48, 1.28
_LEAST_SPREAD = 0.02
_DRIFT, _DRIFT_CLIP = 0.25, 4.0
_PRICE, _PRICE_CLIP = 0.35, 6.0
_WORTH = 0.1
_TWICE = 1.4
"""What two days in a row, both at least so far above, are worth beside one."""
_WEEK = 7
_NOT_LOW = -1.0
GATE_DAYS = 3
"""Days whose excess together must be worth a word."""
_GATE_SHARE = 0.15
RUN_IN = 28
"""Days before the first judged one that the moving averages start with."""


@dataclass(frozen=True, slots=True)
class Surprises:
    """Scores of the days from *start* on; -inf where the dollar gate is shut or there is nothing to say.

    Attributes:
        start: Index of the first scored day.
        spike, drift, price: Robust standard deviations.
        excess: Cost above expectation, of that day.
        priced: Excess by the price per token alone.
        z: The spike score before the gate.
    """

    start: int
    spike: Series
    drift: Series
    price: Series
    excess: Series
    priced: Series
    z: Series


def surprises(
    cost: Series,
    base: Baseline,
    days: Days,
    start: int,
    floor: float,
    tokens: Series | None = None,
    declared: Flags | None = None,
    changes: Changes | None = None,
) -> Surprises:
    """Return the scores of the days from *start* on.

    Args:
        cost: Of every day; NaN where not final.
        base: What was expected of it; NaN where it was not expected yet.
        floor: Excess over three days that is worth a word, units of currency.
        tokens: As *cost*; None where no tokens are known.
        declared: Days that people said were expected: they are no surprise.
        changes: What was planned; a price per token that it explains is no surprise either.
    """
    skip = max(start - RUN_IN - _WEEK - _SPAN, 0)
    quiet = np.zeros(cost.shape, dtype=np.bool_) if declared is None else declared
    used = None if tokens is None else tokens[skip:]
    planned = None if changes is None else changes.after(skip)
    begin = max(start - RUN_IN, 0) - skip
    found = _Scales(cost[skip:], base.after(skip), days.after(skip), begin, floor, quiet[skip:], planned)
    return found.scores(start, start - skip - found.begin, used)


@dataclass(frozen=True, slots=True)
class _Scales:
    """What is scored, beside the days its scales come from; *begin* is the first day of the moving averages."""

    cost: Series
    base: Baseline
    days: Days
    begin: int
    floor: float
    quiet: Flags
    changes: Changes | None

    def scores(self, start: int, cut: int, tokens: Series | None) -> Surprises:
        usual, quiet = self.base.expected[self.begin :], self.quiet[self.begin :]
        excess = self.cost[self.begin :] - usual
        gate = _gate(excess, usual, self.floor) & ~quiet
        z = np.where(quiet, 0.0, self._z())
        drift = _averaged(np.clip(z, -_DRIFT_CLIP, _DRIFT_CLIP), _DRIFT)
        price, priced = self._prices(tokens)
        told = (_told(_twice(z), gate & (z > 0)), _told(drift, gate & (z > _NOT_LOW)), np.where(quiet, -np.inf, price))
        spike, drifted, mixed = (score[cut:] for score in told)
        return Surprises(start, spike, drifted, mixed, np.nan_to_num(excess)[cut:], priced[cut:], z[cut:])

    def _z(self) -> Series:
        """Return how far each day is above expectation: variance grows with the cost, so that roots are compared."""
        add = self.floor / 50
        paid, roots = np.sqrt(self.cost + add), np.sqrt(self.base.expected + add)
        moved = usual = paid - roots
        if self.changes is not None:  # what is multiplied varies as much more
            grown = np.sqrt(self.base.usual + add)
            growth = grown / np.sqrt(self.base.bare + add)
            moved, usual, roots = moved / growth, (paid - grown) / growth, roots / growth
        found = np.full(moved[self.begin :].shape, np.nan)
        for rows, here, before in self._weeks(_SPAN):
            middle, spread = _middle(usual[before])
            found[here] = (moved[rows] - middle) / (spread + _LEAST_SPREAD * roots[rows])
        return found

    def _prices(self, tokens: Series | None) -> tuple[Series, Series]:
        """Return the score of the price per token, and the cost above what the tokens used to cost."""
        z = np.full(self.cost[self.begin :].shape, np.nan)
        if tokens is None:
            return np.full(z.shape, -np.inf), np.zeros(z.shape)
        price, usual = _rebased(_logs(self.cost, tokens), self.quiet), z.copy()
        known = np.nan_to_num(tokens)
        read, allowed = (price, None) if self.changes is None else self._planned(price, known, self.changes)
        for rows, here, before in self._weeks(_PRICE_SPAN):
            middle, spread = _middle(read[before])
            worth = known[rows] >= _WORTH * known[before].sum(axis=0) / max(before.stop - before.start, 1)
            plain = middle if allowed is None else middle + allowed[rows]
            z[here] = np.where(worth, (price[rows] - plain) / (spread + _LEAST_SPREAD), np.nan)
            usual[here] = tokens[rows] * np.exp(plain)
        score = _averaged(np.clip(z, -_PRICE_CLIP, _PRICE_CLIP), _PRICE)
        priced = np.nan_to_num(np.where(np.isfinite(price[self.begin :]), self.cost[self.begin :] - usual, 0.0))
        return _told(score, _gate(priced, usual, self.floor) & (z > 0)), priced

    def _planned(self, price: Series, tokens: Series, changes: Changes) -> tuple[Series, Series]:
        """Return log prices as they were without what was planned, and what may be added to them each day by what was."""
        read, allowed = price.copy(), np.zeros(price.shape)
        some = np.flatnonzero(changes.concerned)
        if not len(some) or not len(self.days):
            return read, allowed
        coming, used = Coming(changes.some(some)), tokens[:, some]
        begin = min(changes.first, len(self.days) - 1)
        for low in range(begin - int(self.days.weekday[begin]), len(self.days), _WEEK):
            middle, _ = _middle(read[max(low - _PRICE_SPAN, 0) : max(low, 0), some])
            plain, known = np.exp(middle), np.isfinite(middle)
            for t in range(max(low, 0), min(low + _WEEK, len(self.days))):
                paid = np.exp(price[t, some])
                here = known & np.isfinite(paid)
                each = 1 / np.where(used[t] > 0, used[t], np.inf)
                day = coming.read(t, np.nan_to_num(paid), np.nan_to_num(plain), here, known, each)
                read[t, some] -= _logs_of(day.usual(plain), plain)
                allowed[t, some] = _logs_of(day.expected(plain), plain)
        return read, allowed

    def _weeks(self, span: int) -> Iterator[tuple[slice, slice, slice]]:
        """Yield for each week (from Monday) its days, where they go, and the *span* days before it."""
        monday = self.begin - int(self.days.weekday[self.begin]) if len(self.days) else 0
        for low in range(monday, len(self.days), _WEEK):
            rows = slice(max(low, self.begin), min(low + _WEEK, len(self.days)))
            yield rows, slice(rows.start - self.begin, rows.stop - self.begin), slice(max(low - span, 0), max(low, 0))


def _twice(z: Series) -> Series:
    """Return each day's score, or what it and the day before together are worth: the second day is less of an accident."""
    found = z.copy()
    found[1:] = np.fmax(z[1:], _TWICE * np.minimum(z[1:], np.nan_to_num(z[:-1])))
    return found


def _told(score: Series, where: Flags) -> Series:
    return np.where(where & np.isfinite(score), score, -np.inf)


def _gate(excess: Series, expected: Series, floor: float) -> Flags:
    """Tell where three days cost enough more than expected to be worth a word."""
    over, usual = _last(excess, GATE_DAYS), _last(expected, GATE_DAYS)
    found: Flags = (over >= floor) & (over >= _GATE_SHARE * usual)
    return found


def _last(values: Series, count: int) -> Series:
    """Return the sum of each day and those before it, *count* in all; what is not known counts as nothing."""
    filled = np.nan_to_num(values)
    total = filled.copy()
    for back in range(1, count):
        total[back:] += filled[:-back]
    return total


def _middle(window: Series) -> tuple[Series, Series]:
    """Return median and spread of each column; NaN where too few days are known."""
    values, count = ordered(window)
    median = rank(values, count, 0.5)
    tail = (rank(values, count, 0.9) - median) / _Q90_SIGMA
    apart, _ = ordered(np.abs(values - median))
    spread = np.maximum(_TO_SIGMA * rank(apart, count, 0.5), tail)
    few = count < _LEAST
    return np.where(few, np.nan, median), np.where(few, np.nan, spread)


def _averaged(values: Series, gain: float) -> Series:
    """Return the moving average of each column; days without a value leave it as it is."""
    found = np.zeros(values.shape)
    now = np.zeros(values.shape[1])
    for row, value in enumerate(values):
        now = np.where(np.isfinite(value), now + gain * (value - now), now)
        found[row] = now
    return found


def _logs(cost: Series, tokens: Series) -> Series:
    """Return the logarithm of the price per token, NaN where nothing was used."""
    used = (tokens > 0) & (cost > 0)
    price = np.divide(cost, tokens, out=np.full(cost.shape, np.nan), where=used)
    found: Series = np.log(price, out=price, where=used)
    return found


def _logs_of(price: Series, plain: Series) -> Series:
    """Return the logarithm of how many times *plain* a price is, 0 where either is not known."""
    is_known = (price > 0) & (plain > 0)
    return np.log(np.divide(price, plain, out=np.ones(price.shape), where=is_known))


def _rebased(price: Series, declared: Flags) -> Series:
    """Return log prices with those before a declared run moved to what it showed."""
    found = price.copy()
    for column in np.flatnonzero(declared.any(axis=0)):
        rows = np.flatnonzero(declared[:, column] & np.isfinite(price[:, column]))
        before = found[max(rows[0] - _PRICE_SPAN, 0) : rows[0], column] if len(rows) else found[:0, column]
        if np.isfinite(before).any():
            found[: rows[0], column] += np.median(price[rows, column]) - np.nanmedian(before)
    return found

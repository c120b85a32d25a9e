"""Surprise: how unusual a day is for its series, on scales that fit any series: spike, drift and price per token.

Days × series throughout. Medians and spreads are taken anew once a week (on Mondays), from the days before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.domain.almanac import Days, Flags
from bot.domain.baseline import Series
from bot.domain.rank import ordered, rank

_SPAN, _PRICE_SPAN = 60, 42
_LEAST = 21
_TO_SIGMA, _Q90_SIGMA = 1.48, 1.28
_LEAST_SPREAD = 0.02
_DRIFT, _DRIFT_CLIP = 0.25, 4.0
_PRICE, _PRICE_CLIP = 0.35, 6.0
_WORTH = 0.1
_GATE_DAYS, _GATE_SHARE = 3, 0.15
RUN_IN = 35
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
    cost: Series, expected: Series, days: Days, start: int, floor: float, tokens: Series | None = None, declared: Flags | None = None
) -> Surprises:
    """Return the scores of the days from *start* on.

    Args:
        cost, expected: Of every day; NaN where not final, or not expected yet.
        floor: Excess over three days that is worth a word, units of currency.
        tokens: As *cost*; None where no tokens are known.
        declared: Days that people said were expected: they are no surprise.
    """
    begin = max(start - RUN_IN, 0)
    quiet = np.zeros(cost.shape, dtype=np.bool_) if declared is None else declared
    add = floor / 50
    moved = np.sqrt(cost + add) - np.sqrt(expected + add)
    z = _standard(moved, days, begin, _SPAN, _LEAST_SPREAD * np.sqrt(expected[begin:] + add))
    z = np.where(quiet[begin:], 0.0, z)
    excess = cost[begin:] - expected[begin:]
    gate = _gate(excess, expected[begin:], floor)
    drift = _averaged(np.clip(z, -_DRIFT_CLIP, _DRIFT_CLIP), _DRIFT)
    price, priced = _prices(cost, tokens, days, begin, floor, quiet)
    cut = slice(start - begin, None)
    shut = quiet[start:]
    return Surprises(
        start,
        _told(z, gate & (z > 0))[cut],
        _told(drift, gate & (z > -1))[cut],
        np.where(shut, -np.inf, price[cut]),
        np.nan_to_num(excess)[cut],
        priced[cut],
        z[cut],
    )


def _told(score: Series, where: Flags) -> Series:
    return np.where(where & np.isfinite(score), score, -np.inf)


def _gate(excess: Series, expected: Series, floor: float) -> Flags:
    """Tell where three days cost enough more than expected to be worth a word."""
    over, usual = _last(excess, _GATE_DAYS), _last(expected, _GATE_DAYS)
    found: Flags = (over >= floor) & (over >= _GATE_SHARE * usual)
    return found


def _last(values: Series, count: int) -> Series:
    """Return the sum of each day and those before it, *count* in all; what is not known counts as nothing."""
    filled = np.nan_to_num(values)
    total = filled.copy()
    for back in range(1, count):
        total[back:] += filled[:-back]
    return total


def _standard(values: Series, days: Days, begin: int, span: int, least: Series) -> Series:
    """Return the days from *begin* on in robust standard deviations of the *span* days before their week."""
    found = np.full(values[begin:].shape, np.nan)
    for low, high in _weeks(days, begin):
        middle, spread = _middle(values[max(low - span, 0) : low])
        rows = slice(max(low, begin), high)
        here = slice(rows.start - begin, high - begin)
        found[here] = (values[rows] - middle) / (spread + least[here])
    return found


def _weeks(days: Days, begin: int) -> list[tuple[int, int]]:
    """Return the weeks, as half-open ranges of days, that hold the days from *begin* on."""
    first = begin - int(days.weekday[begin])
    return [(max(low, 0), min(low + 7, len(days))) for low in range(first, len(days), 7)]


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


def _prices(cost: Series, tokens: Series | None, days: Days, begin: int, floor: float, quiet: Flags) -> tuple[Series, Series]:
    """Return the score of the price per token, and the cost above what the tokens used to cost."""
    if tokens is None:
        nothing = np.zeros(cost[begin:].shape)
        return nothing - np.inf, nothing
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.where((tokens > 0) & (cost > 0), np.log(cost / tokens), np.nan)
    price = _rebased(price, quiet)
    z = np.full(cost[begin:].shape, np.nan)
    usual = np.full(cost[begin:].shape, np.nan)
    for low, high in _weeks(days, begin):
        before = slice(max(low - _PRICE_SPAN, 0), low)
        middle, spread = _middle(price[before])
        rows = slice(max(low, begin), high)
        here = slice(rows.start - begin, high - begin)
        worth = tokens[rows] >= _WORTH * np.nan_to_num(tokens[before]).mean(axis=0) if low else np.zeros(price[rows].shape, dtype=np.bool_)
        z[here] = np.where(worth, (price[rows] - middle) / (spread + _LEAST_SPREAD), np.nan)
        usual[here] = tokens[rows] * np.exp(middle)
    score = _averaged(np.clip(z, -_PRICE_CLIP, _PRICE_CLIP), _PRICE)
    priced = np.nan_to_num(np.where(np.isfinite(price[begin:]), cost[begin:] - usual, 0.0))
    gate = _gate(priced, usual, floor) & (z > 0)
    return _told(score, gate), priced


def _rebased(price: Series, declared: Flags) -> Series:
    """Return log prices with those before a declared run moved to what it showed."""
    found = price.copy()
    for column in np.flatnonzero(declared.any(axis=0)):
        rows = np.flatnonzero(declared[:, column] & np.isfinite(price[:, column]))
        before = found[max(rows[0] - _PRICE_SPAN, 0) : rows[0], column] if len(rows) else found[:0, column]
        if np.isfinite(before).any():
            found[: rows[0], column] += np.median(price[rows, column]) - np.nanmedian(before)
    return found

"""Forecast: what a period will have cost when it ends, from the days that are there; numpy only.

The median of several local levels, each carried on by weekday factors. Free trends are left out: they lose more early in
a month than they win late in it.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

LEAST_DAYS = 7
"""Days with data before a period is forecast at all."""
_HALF_LIVES = (2.0, 6.0, 14.0, 30.0, 60.0)
_WEEKS = 10
_SHRINK = 3.0
_LEAST_FACTOR = 0.02
_CAP = 0.97

Series = NDArray[np.float64]


def expected(history: Series, last: date, end: date) -> Series:
    """Return what each series will cost from the day after *last* up to, not including, *end*.

    Args:
        history: One row per series, one column per day, ascending, the last one *last*; units of currency. Days before a
            series began are NaN; a series needs `LEAST_DAYS` days.
        last: The last complete day.

    Returns:
        One value per series, NaN where there is not enough history.
    """
    days = (end - last).days - 1
    known = np.isfinite(history)
    filled = np.where(known, history, 0.0)
    enough = known.sum(axis=1) >= LEAST_DAYS
    if days <= 0:
        return np.where(enough, 0.0, np.nan)
    weekdays = np.array([(last - timedelta(days=history.shape[1] - 1 - i)).weekday() for i in range(history.shape[1])])
    ahead = np.array([(last + timedelta(days=1 + i)).weekday() for i in range(days)])
    factors = _factors(filled, known, weekdays)
    rest = factors[:, ahead].sum(axis=1)
    levels = np.stack([_level(filled, known, factors[:, weekdays], half) for half in _HALF_LIVES])
    return np.where(enough, np.median(levels, axis=0) * rest, np.nan)


def _factors(filled: Series, known: NDArray[np.bool_], weekdays: NDArray[np.int64]) -> Series:
    """Return each series' level by weekday, beside its mean; shrunk to 1 where there are few weeks."""
    recent = slice(-_WEEKS * 7, None)
    values, there, days = filled[:, recent], known[:, recent], weekdays[recent]
    cap = np.quantile(values, _CAP, axis=1, keepdims=True)
    capped = np.where(there, np.minimum(values, cap), 0.0)
    mean = capped.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    found = np.ones((values.shape[0], 7))
    for day in range(7):
        count = there[:, days == day].sum(axis=1)
        level = capped[:, days == day].sum(axis=1) / np.maximum(count, 1)
        share = np.divide(level, mean, out=np.ones_like(level), where=mean > 0)
        found[:, day] = (count * share + _SHRINK) / (count + _SHRINK)
    return np.maximum(found, _LEAST_FACTOR)


def _level(filled: Series, known: NDArray[np.bool_], factors: Series, half_life: float) -> Series:
    age = np.arange(filled.shape[1])[::-1]
    weights = np.where(known, 2.0 ** (-age / half_life), 0.0)
    below = (weights * factors).sum(axis=1)
    above = (weights * filled).sum(axis=1)
    found: Series = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return found

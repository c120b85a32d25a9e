"""Day factors: how much of its usual level a series costs on a Tuesday, a holiday, or the last day of a month."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

WEEK, SUNDAY = 7, 6
RECENT = 16 * WEEK
"""Days from which weekday factors are taken."""
LEAST = 0.02
"""A day factor is at least this."""
LAST_DAYS = 3
"""Days before the end of a month that may be unlike the others."""
_SHRINK = 3.0
_CAP = 0.97
_MONTHS = 8
_LEAST_MONTHS = 3
_BEFORE = 21
_RISE, _FALL = 1.25, 0.8
_TRUST = 0.85


@dataclass(frozen=True)
class Calendar:
    """What kind of day each day is.

    Attributes:
        first: The day of index 0.
        base: By day: 0 to 6 its weekday (a public holiday counts as Sunday), 7 to 13 the weekday of a quiet day.
        left: By day: 1 for the last day of a month, 2 and 3 for those before, else 0.
    """

    first: date
    base: Indices
    left: Indices

    def day(self, index: int) -> date:
        """Return the day of *index*."""
        return self.first + timedelta(days=index)

    def index(self, day: date) -> int:
        """Return the index of *day*; negative before the first."""
        return (day - self.first).days


def calendar(first: date, days: int, holidays: Collection[date] = (), is_quiet: Callable[[date], bool] | None = None) -> Calendar:
    """Return the calendar of *days* days from *first*.

    Args:
        holidays: Public holidays where the people are.
        is_quiet: Tells days on which many are away although it is no holiday.
    """
    there = [first + timedelta(days=n) for n in range(days)]
    base = [_base(day, holidays, is_quiet) for day in there]
    left = [_left(day) for day in there]
    return Calendar(first, np.array(base, np.int64), np.array(left, np.int64))


def _base(day: date, holidays: Collection[date], is_quiet: Callable[[date], bool] | None) -> int:
    if day in holidays:
        return SUNDAY
    return day.weekday() + (WEEK if is_quiet is not None and is_quiet(day) else 0)


def _left(day: date) -> int:
    for days in range(1, LAST_DAYS + 1):
        if (day + timedelta(days=days)).month != day.month:
            return days
    return 0


@dataclass(frozen=True)
class Factors:
    """Each series' factors.

    Attributes:
        weekday: Series × 7.
        last: Series × 4: nothing, then the last, last but one, last but two day of a month.
    """

    weekday: Series
    last: Series

    def of(self, base: Indices, left: Indices) -> Series:
        """Return the factor of each series (row) on each of the days (column)."""
        quiet = np.sqrt(self.weekday * np.minimum(self.weekday, self.weekday[:, SUNDAY:]))
        found: Series = np.maximum(np.concatenate([self.weekday, quiet], axis=1)[:, base] * self.last[:, left], LEAST)
        return found


def learned(costs: Series, begins: Indices, days: Calendar) -> Factors:
    """Return the factors of each series as its past shows them.

    Weekdays come from the last `RECENT` days, capped at their 97th percentile and shrunk to 1 where there are few weeks; the
    end of the month from the last eight months, and only where it was clearly above or below the three weeks before.

    Args:
        costs: Series × days.
        begins: Index of each series' first day.
    """
    count = costs.shape[1]
    weekday = _weekdays(costs[:, -RECENT:], begins - max(0, count - RECENT), days.base[max(0, count - RECENT) : count])
    return Factors(weekday, _last_days(costs, begins, days, weekday))


def _weekdays(costs: Series, begins: Indices, base: Indices) -> Series:
    there = np.arange(costs.shape[1]) >= begins[:, None]
    capped = np.minimum(costs, _quantile(costs, _CAP)[:, None])
    of_kind = (base[:, None] == np.arange(WEEK)).astype(float)
    number = there @ of_kind
    sums = capped @ of_kind
    mean = sums.sum(axis=1, keepdims=True) / np.maximum(number.sum(axis=1, keepdims=True), 1)
    share = np.divide(sums, mean, out=number.copy(), where=mean > 0)  # the number of days times their level beside the mean
    found: Series = np.maximum((share + _SHRINK) / (number + _SHRINK), LEAST)
    return found


def _last_days(costs: Series, begins: Indices, days: Calendar, weekday: Series) -> Series:
    """Return the factors of the last days of a month, 1 where they are not clearly unlike the days before."""
    found = np.ones((len(costs), LAST_DAYS + 1))
    ends = np.flatnonzero(days.left[: costs.shape[1]] == 1)[-_MONTHS:]
    ends = ends[ends >= _BEFORE + LAST_DAYS - 1]
    if len(ends) < _LEAST_MONTHS:
        return found
    plain = Factors(weekday, found)
    ratios = np.stack([_ratio(costs, begins, days, plain, end) for end in ends], axis=2)
    for left in range(1, LAST_DAYS + 1):
        found[:, left] = _trusted(ratios[:, left - 1])
    return found


def _ratio(costs: Series, begins: Indices, days: Calendar, plain: Factors, end: int) -> Series:
    """Return each of the last days of the month that ended at index *end* beside the three weeks before; NaN where not known."""
    first = end - LAST_DAYS + 1
    before = slice(first - _BEFORE, first)
    none = np.zeros(_BEFORE, np.int64)
    usual = costs[:, before].sum(axis=1) / plain.of(days.base[before], none).sum(axis=1)
    last = slice(first, end + 1)
    level = costs[:, last] / plain.of(days.base[last], none[:LAST_DAYS])
    is_known = ((begins <= first - _BEFORE) & (usual > 0))[:, None]
    found: Series = np.divide(level, usual[:, None], out=np.full_like(level, np.nan), where=is_known)[:, ::-1]
    return found


def _trusted(ratios: Series) -> Series:
    """Return the factor that the months agree on, 1 where they do not."""
    known = np.isfinite(ratios).sum(axis=1)
    ordered = np.sort(ratios, axis=1)  # what is not known stands last
    low, middle, high = (_among(ordered, known, share) for share in (0.25, 0.5, 0.75))
    clear = (known >= _LEAST_MONTHS) & ((low > _RISE) | (high < _FALL))
    found: Series = np.where(clear, np.maximum(middle, LEAST) ** _TRUST, 1.0)
    return found


def _among(ordered: Series, known: Indices, share: float) -> Series:
    """Return the quantile at *share* of the first *known* values of each row; 1 where there are none."""
    place = np.maximum(known - 1, 0) * share
    below = place.astype(np.int64)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    rows = np.arange(len(ordered))
    found = ordered[rows, below] + (place - below) * (ordered[rows, above] - ordered[rows, below])
    among: Series = np.where(known > 0, found, 1.0)
    return among


def _quantile(values: Series, share: float) -> Series:
    """Return each row's order statistic at *share*, without sorting all of it."""
    place = round((values.shape[1] - 1) * share)
    found: Series = np.partition(values, place, axis=1)[:, place]
    return found

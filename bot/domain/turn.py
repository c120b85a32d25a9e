"""Turns of a month: how much dearer people's days around it usually are than those before, as far as their months agree.

Some batches run on the last day, some on the last or first working day, so that a turn's dearest day is compared; and not
everybody is there each month, so that somebody's team speaks for them as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bot.domain.almanac import Days, Flags, Whole
from bot.domain.rank import ordered, rank

Series = NDArray[np.float64]

LEAST_MONTHS = 3
"""Months that must have shown it."""
_MONTHS = 8
_CLEAR = 1.25
_BLOCK, _BLOCKS = 4, 3
"""Days of a block before a turn, about as long as one, and how many are looked at; each has its dearest day."""
_WEEK, _WEEKS = 7, 12
_LEAST_FACTOR = 0.02


class Turns:
    """What turns of the month were worth, as it was known before each.

    Args:
        cost: Days × people; NaN where not final.
        days: As many.
        team: Number of each one's team, from 0.
    """

    def __init__(self, cost: Series, days: Days, team: Whole) -> None:
        self._cost, self._days, self._team = cost, days, team
        self._lifts: tuple[int, Series] | None = None

    def lift(self, day: int) -> Series | None:
        """Return what multiple of their other dear days people reach at the turn that holds *day*, 1 where that is not known.

        None on other days.
        """
        kind = self._days.turn[day]
        if not kind:
            return None
        begin = day
        while begin and self._days.turn[begin - 1] == kind:
            begin -= 1
        if self._lifts is None or self._lifts[0] != begin:
            self._lifts = begin, self._learned(begin, int(kind))
        return self._lifts[1]

    def _learned(self, begin: int, kind: int) -> Series:
        factors = self._weekdays(begin)
        known = [self._ratio(*run, factors) for run in _runs(self._days.turn[:begin] == kind)[-_MONTHS:]]
        if len(known) < LEAST_MONTHS:
            return np.ones(self._cost.shape[1])
        return np.maximum(_agreed(np.stack(known)), _agreed(np.stack([_of_team(ratios, self._team) for ratios in known])))

    def _weekdays(self, end: int) -> Series:
        """Return what each team costs on each weekday (7 × teams) beside its mean, of the plain days before *end*."""
        rows = np.flatnonzero(self._days.turn[:end] == 0)[-_WEEK * _WEEKS :]
        count = int(self._team.max(initial=-1)) + 1
        found = np.zeros((_WEEK, count))
        for weekday in range(_WEEK):
            some = rows[self._days.weekday[rows] == weekday]
            whole = np.nan_to_num(self._cost[some]).sum(axis=0) / max(len(some), 1)
            found[weekday] = np.bincount(self._team, whole, minlength=count)
        mean = found.mean(axis=0)
        factors: Series = np.maximum(np.divide(found, mean, out=np.ones_like(found), where=mean > 0), _LEAST_FACTOR)
        return factors

    def _ratio(self, begin: int, end: int, factors: Series) -> Series:
        """Return the dearest of the days from *begin* to *end* beside the dearest of the blocks before; NaN where either is not known.

        Args:
            factors: Of weekdays, by which the days are made alike.
        """
        before = np.flatnonzero(self._days.turn[:begin] == 0)[-_BLOCK * _BLOCKS :]
        if len(before) < _BLOCK * _BLOCKS:
            return np.full(self._cost.shape[1], np.nan)
        tops = self._alike(before, factors).reshape(_BLOCKS, _BLOCK, -1).max(axis=1)
        active = (tops > 0).sum(axis=0)
        peak = self._alike(np.arange(begin, end), factors).max(axis=0)
        is_known = (active > 1) & (peak > 0)
        found: Series = np.divide(peak * active, tops.sum(axis=0), out=np.full(peak.shape, np.nan), where=is_known)
        return found

    def _alike(self, rows: Whole, factors: Series) -> Series:
        found: Series = np.nan_to_num(self._cost[rows]) / factors[self._days.weekday[rows]][:, self._team]
        return found


def _agreed(ratios: Series) -> Series:
    """Return the multiple that *ratios* (months × people) agree on, 1 where they do not."""
    typical = rank(*ordered(ratios), 0.5)
    agree = (ratios > _CLEAR).sum(axis=0) >= LEAST_MONTHS
    found: Series = np.where(agree & (typical > _CLEAR), typical, 1.0)
    return found


def _of_team(ratios: Series, team: Whole) -> Series:
    """Return for each person what a third of those known in their team reach."""
    order = np.lexsort((ratios, team))  # what is not known stands last within its team
    count = np.bincount(team)
    known = np.bincount(team, np.isfinite(ratios).astype(float), minlength=len(count)).astype(np.int64)
    first = np.cumsum(count) - count
    places = np.minimum(first + np.maximum(known - 1, 0) * 2 // 3, len(ratios) - 1)
    found: Series = ratios[order][places][team]
    return found


def _runs(days: Flags) -> list[tuple[int, int]]:
    """Return the first day of each run of *days*, and the day after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], days.astype(np.int64), [0]])))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]

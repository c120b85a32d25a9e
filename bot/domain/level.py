"""Levels: how much a series costs on a usual day just now, by several memories, and what they come to over days ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.domain.dayfactor import Calendar, Factors, Flags, Indices, Series

HALF_LIVES = (2.0, 6.0, 14.0, 30.0, 60.0)
"""Days after which a day counts half, for the plain levels."""
_CAPPED_HALF_LIFE, _TREND_HALF_LIFE = 12.0, 10.0
CANDIDATES = len(HALF_LIVES) + 2
_CAP = 0.97
_CAP_DAYS = 84
_MONTH = 28
_STEEPEST = 0.02
_DAMPED = 0.95
_TREND_SHARE = 0.5
_LOOK_BACK = 300
PACE_DAYS = 8 * 7
"""Days of the pace that no level may exceed by more than `_HIGHEST`."""
_HIGHEST = 3.0


@dataclass(frozen=True)
class Panel:
    """The past of many series.

    Attributes:
        costs: Series × days, zero before a series began.
        begins: Index of each series' first day with a cost; the number of days where there is none.
        known: How many days of each are known, with or without a cost.
        days: The calendar, of these days and those ahead.
    """

    costs: Series
    begins: Indices
    known: Indices
    days: Calendar

    @property
    def size(self) -> int:
        """How many days there are."""
        return int(self.costs.shape[1])

    def until(self, size: int) -> Panel:
        """Return the panel as it was after the first *size* days."""
        gone = self.size - size
        return Panel(self.costs[:, :size], np.minimum(self.begins, size), np.maximum(self.known - gone, 0), self.days)

    def pace(self) -> Series:
        """Return the mean cost of a day, over the last `PACE_DAYS` or since the series began."""
        age = np.clip(self.size - self.begins, 1, PACE_DAYS)
        found: Series = self.costs[:, -PACE_DAYS:].sum(axis=1) / age
        return found


class Levels:
    """The candidates of a panel, at its end and at days before."""

    def __init__(self, panel: Panel, factors: Factors) -> None:
        self._panel, self._factors = panel, factors
        self._kinds, kind = np.unique(
            np.stack([panel.days.base, panel.days.left])[:, max(0, panel.size - _LOOK_BACK) :], axis=1, return_inverse=True
        )
        self._kind = kind.reshape(-1)
        self._shift = max(0, panel.size - _LOOK_BACK)
        self._values = factors.of(self._kinds[0], self._kinds[1])
        self._capped = self._cap(panel.costs[:, self._shift :])

    def ahead(self, at: int, days: int) -> Series:
        """Return what each candidate expects of the *days* days from index *at*, known only what lies before: candidates × series."""
        levels = np.minimum(self._levels(at), _HIGHEST * self._pace(at)[:, None])
        counts = self._counts(at, at + days)
        usual = self._values @ counts
        found = levels * usual[:, None]
        found[:, -1] = levels[:, -1] * self._trended(at, days)
        return np.ascontiguousarray(found.T)

    def actual(self, at: int, days: int) -> Series:
        """Return what the *days* days from index *at* did cost."""
        found: Series = self._panel.costs[:, at : at + days].sum(axis=1)
        return found

    def usual(self, at: int, days: int) -> Series:
        """Return how many usual days the *days* days from index *at* are worth, day by day: series × days."""
        found: Series = self._values[:, self._kind[at - self._shift : at - self._shift + days]]
        return found

    def _levels(self, at: int) -> Series:
        first = max(self._shift, at - _LOOK_BACK)
        age = np.arange(at - first)[::-1, None]
        kernel = 0.5 ** (age / np.array([*HALF_LIVES, _CAPPED_HALF_LIFE, _TREND_HALF_LIFE]))
        span = slice(first - self._shift, at - self._shift)
        above = self._panel.costs[:, first:at] @ kernel
        above[:, -2] = self._capped[:, span] @ kernel[:, -2]
        below = self._weight(kernel, self._kind[span], self._panel.begins - first)
        found: Series = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        return found

    def _weight(self, kernel: Series, kind: Indices, begins: Indices) -> Series:
        """Return the sum of kernel × factor over the days since each series began."""
        of_kind = (kind[:, None] == np.arange(len(self._values.T))).astype(float)
        found: Series = self._values @ (of_kind.T @ kernel)
        late = np.flatnonzero(begins > 0)
        if len(late):
            each = of_kind[:, :, None] * kernel[:, None, :]
            since = np.concatenate([np.cumsum(each[::-1], axis=0)[::-1], np.zeros((1, *each.shape[1:]))])
            found[late] = np.einsum("nc,nck->nk", self._values[late], since[np.minimum(begins[late], len(kernel))])
        return found

    def _trended(self, at: int, days: int) -> Series:
        """Return the usual days ahead, each carried on by half the damped trend of the last four weeks."""
        costs, begins = self._panel.costs, self._panel.begins
        if at < 2 * _MONTH:
            flat: Series = self._values @ self._counts(at, at + days)
            return flat
        last, before = costs[:, at - _MONTH : at].sum(axis=1), costs[:, at - 2 * _MONTH : at - _MONTH].sum(axis=1)
        has_both = (begins <= at - 2 * _MONTH) & (last > 0) & (before > 0)
        growth = np.log(np.divide(last, before, out=np.ones_like(last), where=has_both)) / _MONTH
        growth = np.clip(growth, -_STEEPEST, _STEEPEST) * _TREND_SHARE
        carried = np.cumsum(_DAMPED ** np.arange(1, days + 1))
        found: Series = (self.usual(at, days) * np.exp(growth[:, None] * carried)).sum(axis=1)
        return found

    def _pace(self, at: int) -> Series:
        first = max(0, at - PACE_DAYS)
        age = np.clip(at - np.maximum(self._panel.begins, first), 1, None)
        found: Series = self._panel.costs[:, first:at].sum(axis=1) / age
        return found

    def _counts(self, first: int, end: int) -> Series:
        kind = self._kind[first - self._shift : end - self._shift]
        return np.bincount(kind, minlength=self._values.shape[1]).astype(float)

    def _cap(self, costs: Series) -> Series:
        """Return *costs* without what lies above the 97th percentile of the last weeks, each day beside its own factor."""
        size = costs.shape[1]
        recent = slice(max(0, size - _CAP_DAYS), size)
        usual = self._values[:, self._kind[recent]]
        share = costs[:, recent] / usual
        place = round((share.shape[1] - 1) * _CAP)
        most = np.partition(share, place, axis=1)[:, place]
        found: Series = np.minimum(costs, most[:, None] * self._values[:, self._kind[:size]])
        return found


def is_known(panel: Panel, at: int, least: int) -> Flags:
    """Tell which series had *least* days before index *at*."""
    found: NDArray[np.bool_] = at - panel.begins >= least
    return found

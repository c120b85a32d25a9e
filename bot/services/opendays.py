"""Open days: the newest days of a history, of which something may still come, beside those that are whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from bot.domain.case import HISTORY
from bot.domain.completeness import Opened
from bot.domain.money import NANOS_PER_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Open(TypedDict):
    """The terms of a forecast that are about days that are not whole."""

    open_costs: NDArray[np.float64] | None
    completeness: NDArray[np.float64] | None


@dataclass(frozen=True)
class Days:
    """Costs by row and day in nanos: those up to *last*, at most `HISTORY`, and those after it."""

    whole: NDArray[np.int64]
    after: NDArray[np.int64]
    last: date

    @classmethod
    def of(cls, costs: NDArray[np.int64], first: date, last: date) -> Days:
        """Return *costs*, whose columns are the days from *first*, divided after *last*."""
        end = (last - first).days + 1
        return cls(costs[:, max(0, end - HISTORY) : end], costs[:, end:], last)

    def together(self) -> Days:
        """Return the sum of the rows."""
        return Days(self.whole.sum(axis=0, keepdims=True), self.after.sum(axis=0, keepdims=True), self.last)

    def since(self, start: date) -> NDArray[np.int64]:
        """Return what the days from *start* to *last* have cost, by row."""
        days = max(0, (self.last - start).days + 1)
        found: NDArray[np.int64] = self.whole[:, max(0, self.whole.shape[1] - days) :].sum(axis=1)
        return found


def open_terms(days: Days, opened: Sequence[Opened]) -> Open:
    """Return the terms of the days after the last whole one, by row: what they have cost, and their share where it is known."""
    longest = max(len(one.shares) for one in opened)
    shares = np.full((len(opened), longest), np.nan)
    for row, one in enumerate(opened):
        shares[row, : len(one.shares)] = one.shares
    return {"open_costs": days.after / NANOS_PER_UNIT if days.after.shape[1] else None, "completeness": shares if longest else None}


def since_begun(costs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return *costs* in nanos in units; days before a series began are NaN."""
    begun = np.cumsum(costs != 0, axis=1) > 0
    return np.where(begun, costs / NANOS_PER_UNIT, np.nan)

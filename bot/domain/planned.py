"""Planned: what declared changes let series cost, and what has come of them: a launch may be late, smaller, or never come.

At first anything between what is usual and what is usual with the change is to be expected. After `SETTLES` known days what has
come of it is part of the usual, for as long as it was declared. What goes beyond a change is read as it would be without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from bot.domain.almanac import Flags, Whole
from bot.domain.overlay import Overlay

Series = NDArray[np.float64]
SETTLES = 28
"""Known days after which what has come of a change is what comes of it."""
_FOLLOWS = 0.2
_NEVER = 10**6


@dataclass(frozen=True)
class Changes:
    """What is planned, changes × series; a series has as many as it has, the rest never begin.

    Attributes:
        begin, end: Index of the first day on which a change holds, and of the first on which it holds no longer.
        factor, amount: By what every day is multiplied, and what it costs more.
    """

    begin: Whole
    end: Whole
    factor: Series
    amount: Series

    @classmethod
    def of(cls, overlays: Sequence[Overlay], first: date, count: int) -> Changes | None:
        """Return the changes of *count* series after the day *first*, None without any: one that holds on it already is the usual."""
        wanted = [each for each in overlays if each.day > first and (each.factor != 1 or each.amount)]
        rows = [np.arange(count) if each.rows is None else np.unique(np.array(each.rows, dtype=np.int64)) for each in wanted]
        if not any(map(len, rows)):
            return None
        place = np.zeros(count, dtype=np.int64)
        shape = (int(np.bincount(np.concatenate(rows)).max()), count)
        found = cls(np.full(shape, _NEVER), np.full(shape, _NEVER), np.ones(shape), np.zeros(shape))
        for each, some in zip(wanted, rows, strict=True):
            found.begin[place[some], some] = (each.day - first).days
            if each.until is not None:
                found.end[place[some], some] = (each.until - first).days
            found.factor[place[some], some] = each.factor
            found.amount[place[some], some] = each.amount
            place[some] += 1
        return found

    def some(self, series: slice | Whole) -> Changes:
        """Return those of some series."""
        return Changes(self.begin[:, series], self.end[:, series], self.factor[:, series], self.amount[:, series])

    def after(self, count: int) -> Changes:
        """Return the same for days without the first *count*."""
        return Changes(self.begin - count, self.end - count, self.factor, self.amount)

    @property
    def concerned(self) -> Flags:
        """Which series have any."""
        found: Flags = np.any((self.begin >= 0) & (self.begin < _NEVER // 2), axis=0, keepdims=True)[0]
        return found

    @property
    def first(self) -> int:
        """The first day on which any of them begins."""
        return int(self.begin.min(initial=_NEVER, where=self.begin >= 0))

    def allowance(self, t: int) -> Line:
        """Return what newer changes may add on day *t* to one part of each series: nobody knows whose it will be."""
        newer = (self.begin <= t) & (t < np.minimum(self.end, self.begin + SETTLES))
        found = self.line(newer)
        return Line(np.maximum(found.factor, 1.0), np.maximum(found.amount, 0.0))

    def line(self, counts: Flags, share: Series | float = 1.0) -> Line:
        """Return what those that count make of a day, or of so large a share of each."""
        factor = np.where(counts, 1 + share * (self.factor - 1), 1.0).prod(axis=0)
        return Line(factor, np.where(counts, share * self.amount, 0.0).sum(axis=0))


@dataclass(frozen=True)
class Line:
    """By what days are multiplied, and what they cost more; an entry per series."""

    factor: Series
    amount: Series

    def of(self, cost: Series) -> Series:
        """Return what a day costs with it."""
        return np.maximum(cost * self.factor + self.amount, 0.0)

    def without(self, cost: Series) -> Series:
        """Return what a day that costs so much with it would cost without."""
        return np.maximum((cost - self.amount) / self.factor, 0.0)


@dataclass(frozen=True)
class Day:
    """One day of every series beside what was planned.

    Attributes:
        cost: As it was.
        settled, planned: With what has come of older changes; with all of what was planned of newer ones, too.
        share: Of what newer ones would add, what has come so far.
        is_within, is_beyond: The cost lies between the two; or on the far side of what was planned.
        is_unknown: A newer change holds, and the day is not known.
    """

    cost: Series
    settled: Line
    planned: Line
    share: Series
    is_within: Flags
    is_beyond: Flags
    is_unknown: Flags

    def bare(self, plain: Series) -> Series:
        """Return the cost as it would be without changes; *plain* where they explain all of it."""
        found = np.where(self.is_beyond, self.planned.without(self.cost), self.settled.without(self.cost))
        return np.where(self.is_within, plain, found)

    def expected(self, plain: Series) -> Series:
        """Return what is expected with the changes where *plain* is without them; the cost itself where they explain it."""
        low, usual = self.settled.of(plain), self.usual(plain)
        found = np.where(self.is_unknown, usual, np.where(self.is_within, self.cost, low))
        return np.where(self.is_beyond, self.planned.of(plain), found)

    def usual(self, plain: Series) -> Series:
        """Return what a day costs by what has come of the changes so far."""
        low = self.settled.of(plain)
        return low + self.share * (self.planned.of(plain) - low)


class Coming:
    """What has come of changes, day after day: the state between one and the next."""

    def __init__(self, changes: Changes) -> None:
        shape = changes.factor.shape
        self.changes = changes
        self.is_on = np.zeros(shape, dtype=np.bool_)
        """Began when its series was known well enough to tell what comes of it."""
        self.heard = np.zeros(shape)
        self.came, self.whole = np.zeros(shape), np.zeros(shape)

    def read(self, t: int, cost: Series, plain: Series, known: Flags, mature: Flags, scale: Series | float = 1.0) -> Day:
        """Read day *t* beside *plain*, what it would be expected to cost without changes; once for every day, ascending.

        Args:
            known: Which series have the day.
            mature: Which are known well enough for *plain* to mean something.
            scale: By what amounts are multiplied to be in the unit of *cost*.
        """
        changes = self.changes
        self.is_on |= (changes.begin == t) & mature
        live = self.is_on & (changes.end > t)
        is_open = live & (self.heard < SETTLES)
        settled, planned = self._line(live & ~is_open, self.share, scale), self._line(live, np.where(is_open, 1.0, self.share), scale)
        low, top = settled.of(plain), planned.of(plain)
        judged = is_open.any(axis=0) & known
        is_within = judged & (cost >= np.minimum(low, top)) & (cost <= np.maximum(low, top))
        is_beyond = judged & ~is_within & ((cost > top) == (top >= low))
        self._hear(is_open & known, np.clip(cost, np.minimum(low, top), np.maximum(low, top)) - low, top - low)
        return Day(cost, settled, planned, self._of_open(is_open), is_within, is_beyond, is_open.any(axis=0) & ~known)

    def ahead(self, t: int, last: int, plain: Series) -> Series:
        """Return what a day after the *last* that was read costs, *plain* being without changes; what is to come comes as planned."""
        begin, end = self.changes.begin, self.changes.end
        holds, is_new = self.is_on & (end > t), (begin > last) & (begin <= t) & (end > t)
        share = np.where(is_new | (self.heard == 0), 1.0, self.share)
        return self.changes.line(holds | is_new, share).of(plain)

    @property
    def share(self) -> Series:
        """What has come of each change, lately; 0 before anything is known."""
        return np.clip(np.divide(self.came, self.whole, out=np.zeros_like(self.came), where=self.whole != 0), 0.0, 1.0)

    def _line(self, counts: Flags, share: Series, scale: Series | float) -> Line:
        found = self.changes.line(counts, share)
        return Line(found.factor, found.amount * scale)

    def _hear(self, where: Flags, came: Series, whole: Series) -> None:
        self.came = np.where(where, self.came + _FOLLOWS * (came - self.came), self.came)
        self.whole = np.where(where, self.whole + _FOLLOWS * (whole - self.whole), self.whole)
        self.heard += where

    def _of_open(self, is_open: Flags) -> Series:
        """Return the share of what is open together: of the change that is known best; all of it before anything is known."""
        share = np.where(self.heard > 0, self.share, 1.0)
        found: Series = np.where(is_open, share, 0.0).max(axis=0, initial=0.0)
        return found

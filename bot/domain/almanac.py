"""Almanac: what kind of day each day is, before anybody looks at what it cost. Days are UTC calendar days; zones play no part."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

SUNDAY = 6
END, START = 1, 2
"""Turns of a month: its last days, on which books are closed, and its first."""
_END_DAYS = 4
_START_DAYS = 3


@dataclass(frozen=True, slots=True)
class Days:
    """Consecutive days, one entry each, ascending.

    Attributes:
        first: The day of the first entry.
        weekday: Monday is 0.
        is_holiday, is_quiet: From the almanac.
        turn: `END`, `START` or 0.
    """

    first: date
    weekday: Whole
    is_holiday: Flags
    is_quiet: Flags
    turn: Whole

    def __len__(self) -> int:
        return len(self.weekday)

    def after(self, count: int) -> Days:
        """Return the days without the first *count*."""
        rest = slice(count, None)
        return Days(self.at(count), self.weekday[rest], self.is_holiday[rest], self.is_quiet[rest], self.turn[rest])

    def at(self, index: int) -> date:
        """Return the day of an entry."""
        return self.first + timedelta(days=index)


@dataclass(frozen=True, slots=True)
class Almanac:
    """The days on which a company works less than its weekdays say.

    Attributes:
        holidays: Public holidays; they count as Sundays.
        quiet: Days when many are away, such as those between Christmas and New Year.
    """

    holidays: frozenset[date] = frozenset()
    quiet: frozenset[date] = frozenset()

    def days(self, last: date, count: int) -> Days:
        """Return the *count* days of which the last is *last*."""
        dates = [last - timedelta(days=count - 1 - i) for i in range(count)]
        return Days(
            first=last - timedelta(days=count - 1),
            weekday=np.array([day.weekday() for day in dates], dtype=np.int64),
            is_holiday=np.array([day in self.holidays for day in dates], dtype=np.bool_),
            is_quiet=np.array([day in self.quiet for day in dates], dtype=np.bool_),
            turn=np.array([_turn(day) for day in dates], dtype=np.int64),
        )


def _turn(day: date) -> int:
    if day.day > monthrange(day.year, day.month)[1] - _END_DAYS:
        return END
    return START if day.day <= _START_DAYS else 0

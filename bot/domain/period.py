"""Periods: half-open windows of UTC calendar days, and the calendar people budget by."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

_MONTHS = 12
_KEPT = 1024
"""Periods that are remembered: everybody's digests and alerts are about the same few."""

_WEEK = 7


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Days from *start* up to, not including, *end* (UTC)."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a window cannot end ({self.end}) before it starts ({self.start})")

    def __len__(self) -> int:
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __iter__(self) -> Iterator[date]:
        return (self.start + timedelta(days=n) for n in range(len(self)))

    def overlaps(self, other: Window) -> bool:
        """Tell whether a day lies in both."""
        return self.start < other.end and other.start < self.end

    def within(self, other: Window) -> bool:
        """Tell whether every day of this window lies in *other*."""
        return other.start <= self.start and self.end <= other.end

    def until(self, day: date) -> Window:
        """Return the part before *day*; empty when the window starts later."""
        return Window(self.start, max(self.start, min(self.end, day)))


class PeriodKind(StrEnum):
    """The calendar periods a budget can have."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """A window people have a word for.

    Attributes:
        kind: The calendar period it is a whole one of; None for a free range.
        window: Its days.
    """

    kind: PeriodKind | None
    window: Window


def first_of_month(day: date) -> date:
    """Return the first day of the month of *day*."""
    return day.replace(day=1)


def add_months(first: date, months: int) -> date:
    """Return the first of the month *months* after *first*, which must itself be the first of a month."""
    index = first.year * _MONTHS + first.month - 1 + months
    return date(index // _MONTHS, index % _MONTHS + 1, 1)


@lru_cache(_KEPT)
def period_containing(day: date, kind: PeriodKind, fiscal_year_start: int = 1) -> Period:
    """Return the calendar period of *kind* that holds *day*.

    Quarters and years count from the first day of month *fiscal_year_start* (1 to 12); weeks start on Monday.
    """
    match kind:
        case PeriodKind.DAY:
            window = Window(day, day + timedelta(days=1))
        case PeriodKind.WEEK:
            monday = day - timedelta(days=day.weekday())
            window = Window(monday, monday + timedelta(days=7))
        case PeriodKind.MONTH:
            window = _months_from(first_of_month(day), 1)
        case PeriodKind.QUARTER:
            offset = (day.month - fiscal_year_start) % 3
            window = _months_from(add_months(first_of_month(day), -offset), 3)
        case PeriodKind.YEAR:
            offset = (day.month - fiscal_year_start) % _MONTHS
            window = _months_from(add_months(first_of_month(day), -offset), _MONTHS)
    return Period(kind, window)


def same_days_before(window: Window, kind: PeriodKind | None) -> Window:
    """Return the days to compare *window* with: the same days of the month or the week before, else as many days just before.

    A month-to-date of 23 days is compared with the first 23 days of the previous month, or all of it where it is shorter; from Monday
    to Wednesday with Monday to Wednesday.
    """
    if kind is PeriodKind.WEEK and len(window) < _WEEK:
        return Window(window.start - timedelta(days=_WEEK), window.end - timedelta(days=_WEEK))
    if kind is PeriodKind.MONTH and window.start.day == 1:
        start = add_months(window.start, -1)
        days = monthrange(start.year, start.month)[1]
        whole = len(window) >= monthrange(window.start.year, window.start.month)[1]
        return Window(start, start + timedelta(days=days if whole else min(len(window), days)))
    return Window(window.start - timedelta(days=len(window)), window.start)


def midnight(day: date) -> datetime:
    """Return the instant at which *day* begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def last_whole_day(as_of: datetime) -> date:
    """Return the last day that is complete at *as_of*, in UTC."""
    return as_of.date() - timedelta(days=1)


def whole_months(window: Window) -> int:
    """Return how many whole months *window* is; 0 where it is anything else."""
    if window.start.day != 1 or window.end.day != 1:
        return 0
    return (window.end.year - window.start.year) * _MONTHS + window.end.month - window.start.month


def _months_from(first: date, months: int) -> Window:
    return Window(first, add_months(first, months))

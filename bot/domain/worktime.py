"""Working time: hours of Monday to Friday in somebody's own zone, without their holidays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BEGIN, END = time(9), time(17)
_FURTHEST = timedelta(days=60)
_FRIDAY = 4
IsFree = Callable[[date], bool]


def after_working_hours(start: datetime, hours: int, zone: str, is_free: IsFree) -> datetime:
    """Return the instant (UTC) when *hours* working hours have passed since *start*.

    Args:
        is_free: Tells the days off beside Saturday and Sunday, in the person's own calendar.
    """
    here = ZoneInfo(zone)
    left, moment = timedelta(hours=hours), start
    while moment - start < _FURTHEST:
        day = moment.astimezone(here).date()
        opens, closes = (datetime.combine(day, at, here).astimezone(UTC) for at in (BEGIN, END))
        if is_working_day(day, is_free) and moment < closes:
            begin = max(moment, opens)
            if closes - begin >= left:
                return begin + left
            left -= closes - begin
        moment = datetime.combine(day + timedelta(days=1), time(), here).astimezone(UTC)
    return moment


def after_working_days(start: datetime, days: int, zone: str, is_free: IsFree) -> datetime:
    """Return the instant (UTC) when *days* more whole working days are over, the day of *start* not counted."""
    here = ZoneInfo(zone)
    day, left = start.astimezone(here).date(), days
    while left and day - start.astimezone(here).date() < _FURTHEST:
        day += timedelta(days=1)
        left -= is_working_day(day, is_free)
    return datetime.combine(day + timedelta(days=1), time(), here).astimezone(UTC)


def is_working_day(day: date, is_free: IsFree) -> bool:
    """Tell whether people work on *day*."""
    return day.weekday() <= _FRIDAY and not is_free(day)


def local_slot(day: date, hour: int, zone: str) -> datetime:
    """Return the instant (UTC) of *hour* o'clock on *day* in *zone*.

    An hour that the clocks skip is the first instant after the gap; one that comes twice is its first.
    """
    moment = datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)
    shown = moment.astimezone(ZoneInfo(zone))
    skipped = timedelta(hours=shown.hour - hour, minutes=shown.minute) if shown.date() == day else timedelta()
    return moment - skipped if skipped > timedelta() else moment

"""Attention: everybody's own hour, in four zones, on the days when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.attention import Cadence, Habits, due_slot
from bot.domain.worktime import after_working_hours, local_slot

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
MONDAYS = [date(2026, 3, 9), date(2026, 3, 30), date(2026, 4, 6), date(2026, 10, 5), date(2026, 10, 26), date(2026, 11, 2)]
"""Those after the changes of each zone's clocks."""


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("monday", MONDAYS)
def test_a_weekly_digest_comes_at_nine_where_its_reader_is(zone: str, monday: date) -> None:
    nine = datetime.combine(monday, datetime.min.time(), ZoneInfo(zone)).replace(hour=9).astimezone(UTC)
    assert due_slot(Cadence.WEEKLY, 9, zone, nine - timedelta(seconds=1)) is None
    slot = due_slot(Cadence.WEEKLY, 9, zone, nine)
    assert slot
    assert (slot.day, slot.period.window.end, len(slot.period.window)) == (monday, monday, 7)


@pytest.mark.parametrize("zone", ZONES)
def test_what_was_missed_is_made_up_the_same_day_and_not_the_next(zone: str) -> None:
    monday = date(2026, 11, 23)
    evening = local_slot(monday, 23, zone)
    assert due_slot(Cadence.WEEKLY, 9, zone, evening)
    assert due_slot(Cadence.WEEKLY, 9, zone, local_slot(monday + timedelta(days=1), 9, zone)) is None


def test_a_daily_digest_is_about_the_working_day_before_and_the_weekend() -> None:
    assert due_slot(Cadence.DAILY, 9, "UTC", datetime(2026, 11, 24, 9, tzinfo=UTC)).period.window.start == date(2026, 11, 23)  # type: ignore[union-attr]
    monday = due_slot(Cadence.DAILY, 9, "UTC", datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert monday
    assert (monday.period.window.start, monday.period.window.end) == (date(2026, 11, 20), date(2026, 11, 23))
    assert due_slot(Cadence.DAILY, 9, "UTC", datetime(2026, 11, 22, 9, tzinfo=UTC)) is None


def test_a_monthly_digest_is_about_the_month_that_has_ended() -> None:
    slot = due_slot(Cadence.MONTHLY, 9, "Asia/Kolkata", datetime(2026, 12, 1, 3, 30, tzinfo=UTC))
    assert slot
    assert slot.period.window.start == date(2026, 11, 1)
    assert due_slot(Cadence.MONTHLY, 9, "Asia/Kolkata", datetime(2026, 12, 1, 3, 29, tzinfo=UTC)) is None
    assert due_slot(Cadence.OFF, 9, "UTC", datetime(2026, 12, 1, 12, tzinfo=UTC)) is None


@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)), st.integers(0, 23))  # noqa: DTZ001 - a zone follows
def test_the_hour_of_a_day_comes_once(zone: str, moment: datetime, hour: int) -> None:
    """An hour that clocks skip is the first instant after the gap; one that comes twice is its first."""
    day = moment.date()
    slot = local_slot(day, hour, zone)
    shown = slot.astimezone(ZoneInfo(zone))
    assert shown.date() == day
    assert shown.hour == hour or not _exists(day, hour, zone)
    assert slot < local_slot(day + timedelta(days=1), hour, zone)


def _exists(day: date, hour: int, zone: str) -> bool:
    there = datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).replace(hour=hour)
    return there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == there.replace(tzinfo=None)


def test_quiet_hours_end_in_the_morning() -> None:
    habits = Habits(quiet_from=19, quiet_to=8)
    evening = datetime(2026, 11, 23, 20, tzinfo=UTC)
    assert habits.until(evening, "Europe/Berlin") == datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert habits.until(datetime(2026, 11, 24, 5, tzinfo=UTC), "Europe/Berlin") == datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert habits.until(datetime(2026, 11, 24, 7, tzinfo=UTC), "Europe/Berlin") is None
    assert Habits(quiet_from=8, quiet_to=8).until(evening, "UTC") is None
    assert Habits(quiet_from=12, quiet_to=14).until(datetime(2026, 11, 24, 13, tzinfo=UTC), "UTC") == datetime(2026, 11, 24, 14, tzinfo=UTC)


def test_working_hours_are_those_of_the_person() -> None:
    friday = datetime(2026, 11, 27, 15, tzinfo=UTC)  # four o'clock in Berlin
    assert after_working_hours(friday, 2, "Europe/Berlin", lambda _: False) == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert after_working_hours(friday, 8, "Europe/Berlin", lambda day: day == date(2026, 11, 30)) == datetime(2026, 12, 1, 15, tzinfo=UTC)
    assert after_working_hours(friday, 8, "America/New_York", lambda _: False) == datetime(2026, 11, 30, 15, tzinfo=UTC)


def test_who_never_works_is_not_waited_for_for_ever() -> None:
    start = datetime(2026, 11, 27, 15, tzinfo=UTC)
    assert after_working_hours(start, 8, "UTC", lambda _: True) <= start + timedelta(days=61)

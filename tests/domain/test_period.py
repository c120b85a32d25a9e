from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.period import PeriodKind, Window, period_containing, same_days_before

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(DAYS, st.sampled_from(PeriodKind), st.integers(1, 12))
def test_periods_tile_the_calendar(day: date, kind: PeriodKind, fiscal: int) -> None:
    window = period_containing(day, kind, fiscal).window

    assert day in window
    assert period_containing(window.start, kind, fiscal).window == window
    assert period_containing(window.end, kind, fiscal).window.start == window.end


@given(DAYS)
def test_month_to_date_is_compared_with_the_same_days_of_the_month_before(day: date) -> None:
    so_far = Window(day.replace(day=1), day + timedelta(days=1))
    before = same_days_before(so_far, PeriodKind.MONTH)

    assert before.end <= so_far.start
    assert before.start.day == 1
    assert len(before) <= 31


def test_a_whole_month_is_compared_with_the_whole_month_before() -> None:
    march = Window(date(2026, 3, 1), date(2026, 4, 1))
    assert same_days_before(march, PeriodKind.MONTH) == Window(date(2026, 2, 1), date(2026, 3, 1))
    february = Window(date(2026, 2, 1), date(2026, 3, 1))
    assert same_days_before(february, PeriodKind.MONTH) == Window(date(2026, 1, 1), date(2026, 2, 1))


def test_thirty_days_are_compared_with_the_thirty_before() -> None:
    assert same_days_before(Window(date(2026, 10, 25), date(2026, 11, 24)), None) == Window(date(2026, 9, 25), date(2026, 10, 25))


def test_a_week_so_far_is_compared_with_the_same_weekdays_of_the_week_before() -> None:
    so_far = Window(date(2026, 11, 23), date(2026, 11, 28))
    assert same_days_before(so_far, PeriodKind.WEEK) == Window(date(2026, 11, 16), date(2026, 11, 21))
    whole = Window(date(2026, 11, 16), date(2026, 11, 23))
    assert same_days_before(whole, PeriodKind.WEEK) == Window(date(2026, 11, 9), date(2026, 11, 16))


def test_a_window_cannot_run_backwards() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        Window(date(2026, 1, 2), date(2026, 1, 1))


def test_a_fiscal_year_begins_in_its_month() -> None:
    assert period_containing(date(2026, 3, 31), PeriodKind.YEAR, 4).window == Window(date(2025, 4, 1), date(2026, 4, 1))
    assert period_containing(date(2026, 12, 31), PeriodKind.QUARTER, 2).window == Window(date(2026, 11, 1), date(2027, 2, 1))

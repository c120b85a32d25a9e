"""Milestones: which days of a period are kept, and how much of it was known on them."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from bot.domain.milestone import MILESTONES, horizons, kept_since
from bot.domain.period import PeriodKind, period_containing

QUARTER, HALF, MOST = Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)


@pytest.mark.parametrize(
    ("fiscal_year_start", "kind", "known"),
    [
        (1, PeriodKind.QUARTER, (date(2026, 7, 23), date(2026, 8, 15), date(2026, 9, 7))),
        (2, PeriodKind.QUARTER, (date(2026, 8, 23), date(2026, 9, 15), date(2026, 10, 8))),
        (4, PeriodKind.QUARTER, (date(2026, 7, 23), date(2026, 8, 15), date(2026, 9, 7))),
        (1, PeriodKind.YEAR, (date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30))),
        (2, PeriodKind.YEAR, (date(2026, 4, 30), date(2026, 7, 31), date(2026, 10, 31))),
        (7, PeriodKind.YEAR, (date(2026, 9, 30), date(2026, 12, 31), date(2027, 3, 31))),
        (10, PeriodKind.YEAR, (date(2025, 12, 31), date(2026, 3, 31), date(2026, 6, 30))),
    ],
)
def test_a_long_period_is_judged_when_a_quarter_half_and_three_quarters_of_it_are_known(
    fiscal_year_start: int, kind: PeriodKind, known: tuple[date, ...]
) -> None:
    period = period_containing(date(2026, 8, 20), kind, fiscal_year_start)
    found = horizons(period)
    assert {share: days.start for share, days in found.items()} == dict(zip((QUARTER, HALF, MOST), known, strict=True))
    assert all(len(days) == 7 and days.within(period.window) for days in found.values())


def test_no_day_earlier_than_the_share_of_a_quarter_counts() -> None:
    for month in range(1, 13):
        period = period_containing(date(2027, month, 1), PeriodKind.QUARTER, month)
        for share, days in horizons(period).items():
            known = (days.start - period.window.start).days + 1
            assert known - 1 < share * len(period.window) <= known


def test_shorter_periods_have_days_of_their_own() -> None:
    assert not horizons(period_containing(date(2026, 8, 20), PeriodKind.MONTH))
    assert not horizons(period_containing(date(2026, 8, 20), PeriodKind.WEEK))


def test_of_a_week_after_a_share_only_the_first_day_is_kept_and_fixed_days_always() -> None:
    july = date(2026, 7, 1)
    assert kept_since(july, date(2026, 7, 22)) is None
    assert {kept_since(july, date(2026, 7, day)) for day in (23, 24, 26, 27, 28, 29)} == {date(2026, 7, 23)}
    assert kept_since(july, date(2026, 7, 30)) is None
    assert kept_since(july, date(2026, 8, 18)) == date(2026, 8, 15)
    assert kept_since(july, date(2026, 9, 30)) == date(2026, 9, 30), "a quarter of the year from July on"
    assert kept_since(july, date(2027, 1, 1)) == date(2026, 12, 31)
    assert all(kept_since(july, date(2026, 7, day)) == date(2026, 7, day) for day in MILESTONES)


def test_of_what_does_not_begin_with_a_month_fixed_days_are_kept_alone() -> None:
    monday = date(2026, 7, 20)
    kept = [day for n in range(7) if kept_since(monday, day := monday + timedelta(days=n))]
    assert kept == [date(2026, 7, 20), date(2026, 7, 25)]

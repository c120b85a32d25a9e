"""Calendar: the holidays of where a clock hangs."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.calendar import PublicHolidays


@pytest.mark.parametrize(
    ("day", "zone", "is_free"),
    [
        (date(2026, 12, 25), "Europe/Berlin", True),
        (date(2026, 11, 26), "America/New_York", True),
        (date(2026, 11, 26), "Europe/Berlin", False),
        (date(2026, 11, 26), "US/Eastern", True),
        (date(2026, 12, 25), "UTC", False),
        (date(2026, 12, 25), "Etc/GMT+3", False),
    ],
)
def test_holidays_are_those_of_the_country_of_the_zone(day: date, zone: str, *, is_free: bool) -> None:
    assert PublicHolidays().is_free(day, zone) is is_free


def test_zones_of_no_country_follow_the_organisation() -> None:
    assert PublicHolidays("DE").is_free(date(2026, 10, 3), "UTC")

"""Burn: what is too much within hours, and from which watermark hours are counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from months import usd

from bot.domain.burn import HOURS, base, burning, counted_day, is_fresh
from bot.domain.money import NANOS_PER_UNIT, Money

NOON = datetime(2026, 11, 12, 12, tzinfo=UTC)
LIMIT = usd(1000)


def ago(hours: float) -> datetime:
    return NOON - timedelta(hours=hours)


@pytest.mark.parametrize(
    ("spent", "hours"),
    [({1: 20}, 1), ({1: "19.99"}, None), ({6: 50}, 6), ({6: "49.99"}, None), ({24: 100}, 24), ({24: "99.99"}, None), ({}, None)],
)
def test_a_share_of_the_months_budget_is_too_much(spent: dict[int, str], hours: int | None) -> None:
    found = burning({h: (usd(cost).nanos, NOON) for h, cost in spent.items()}, LIMIT, 30)
    assert (found.hours if found else None) == hours


def test_the_worst_tells() -> None:
    found = burning({1: (usd(30).nanos, NOON), 6: (usd(200).nanos, NOON), 24: (usd(200).nanos, NOON)}, LIMIT, 30)
    assert found
    assert (found.hours, found.cost, found.times) == (6, usd(200), Fraction(4))


@pytest.mark.parametrize(("limit", "days"), [(3000, 90), (12000, 360), (1000, 28), (1000, 31), (700, 21)])
def test_other_periods_are_held_against_a_months_part(limit: int, days: int) -> None:
    assert burning({1: (usd(20).nanos, NOON)}, usd(limit), days)
    assert not burning({1: (usd("19.99").nanos, NOON)}, usd(limit), days)


@pytest.mark.parametrize(
    ("marks", "hours", "found"),
    [
        ([1], 1, 1),
        ([1.5], 1, 1.5),
        ([1.6], 1, None),
        ([0.9], 1, None),
        ([0.5, 1.2, 1.4, 3], 1, 1.2),
        ([6, 12], 6, 6),
        ([24], 24, 24),
        ([37], 24, None),
        ([], 1, None),
    ],
)
def test_hours_are_counted_from_the_newest_mark_that_is_old_enough(marks: list[float], hours: int, found: float | None) -> None:
    assert base([ago(mark) for mark in marks], NOON, hours) == (ago(found) if found is not None else None)


def test_an_old_watermark_says_nothing_of_the_last_hour() -> None:
    assert is_fresh(NOON, NOON + timedelta(hours=2), 1)
    assert not is_fresh(NOON, NOON + timedelta(hours=2, minutes=1), 1)
    assert is_fresh(NOON, NOON + timedelta(hours=7), 6)


def test_a_source_complete_until_midnight_delivers_the_day_before() -> None:
    assert counted_day(datetime(2026, 11, 12, tzinfo=UTC)) == date(2026, 11, 11)
    assert counted_day(NOON) == date(2026, 11, 12)


@given(st.dictionaries(st.sampled_from(sorted(HOURS)), st.integers(0, 10**15)), st.integers(1, 10**15), st.integers(1, 366))
def test_more_is_never_less_urgent(costs: dict[int, int], limit: int, days: int) -> None:
    before = burning({hours: (cost, NOON) for hours, cost in costs.items()}, Money(limit, "USD"), days)
    after = burning({hours: (cost + NANOS_PER_UNIT, NOON) for hours, cost in costs.items()}, Money(limit, "USD"), days)
    assert not before or (after and after.times >= before.times)

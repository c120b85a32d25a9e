"""Outcomes: exact counts, exact cost of one, and the days that both sides have."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import Money
from bot.domain.outcome import CostPerOutcome, cost_per_outcome, count_of, delivered, kind_of
from bot.domain.period import Window
from bot.errors import RuleError

DAY = date(2026, 11, 1)
COUNTS = st.decimals(0, 10**9, places=6)


def window(start: int, end: int) -> Window:
    return Window(DAY + timedelta(days=start), DAY + timedelta(days=end))


WINDOWS = st.tuples(st.integers(0, 90), st.integers(0, 90)).map(lambda pair: window(min(pair), max(pair)))


@given(st.integers(-(10**18), 10**18), COUNTS)
def test_the_cost_of_one_times_their_number_is_the_cost(nanos: int, count: Decimal) -> None:
    found = cost_per_outcome(Money(nanos, "USD"), count)
    assert (found is None) is (count == 0)
    if found:
        assert found.nanos * Fraction(count) == nanos


@given(WINDOWS, st.lists(WINDOWS, max_size=4))
def test_only_days_that_everybody_has_delivered_count(asked: Window, spans: list[Window]) -> None:
    found = delivered(asked, spans)
    shared = [day for day in asked if all(day in span for span in spans)] if spans else []
    assert (list(found) if found else []) == shared


def test_a_change_beside_nothing_or_a_credit_has_no_share() -> None:
    now = CostPerOutcome(Fraction(3), "USD")
    assert now.change_from(CostPerOutcome(Fraction(4), "USD")) == Fraction(-1, 4)
    assert now.change_from(CostPerOutcome(Fraction(0), "USD")) is None
    assert now.change_from(CostPerOutcome(Fraction(-4), "USD")) is None


@given(COUNTS)
def test_a_count_is_taken_as_it_is_written(count: Decimal) -> None:
    assert count_of(f"{count:f}") == count


@pytest.mark.parametrize("text", ["", "many", "NaN", "Infinity", "1,5", "-1", "1000000001", "0.0000001", "1e99", "1e-99999", "12 000"])
def test_what_is_no_count_is_refused_with_what_it_holds(text: str) -> None:
    with pytest.raises(RuleError, match="count holds '"):
        count_of(text)


def test_a_kind_is_one_word_however_it_is_written() -> None:
    assert {kind_of(text) for text in ("Pull Requests", "pull-requests", " pull_requests ")} == {"pull_requests"}
    for text in ("", "42", "ünits", "x" * 41, "a;b"):
        with pytest.raises(RuleError, match="kind holds"):
            kind_of(text)

"""Formats: the short way writes what Babel writes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from babel.numbers import format_currency, get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import Money
from bot.messages.formats import Reader, _shape, lines, rounded
from bot.messages.parts import Breakdown, BudgetLine, Row

LOCALES = ["en", "en_GB", "en_IN", "de", "de_AT", "de_CH", "fr", "es", "pl", "ja", "hi", "ar", "fa", "pt_BR", "sv", "he"]


@given(st.sampled_from(LOCALES), st.sampled_from(["USD", "EUR", "JPY", "CHF", "KWD", "INR"]), st.integers(-(10**9), 10**14))
def test_amounts_are_written_as_babel_writes_them(locale: str, currency: str, smallest: int) -> None:
    digits = get_currency_precision(currency)
    amount = Decimal(smallest).scaleb(-digits)
    shown = Reader(locale).money(Money(int(amount * 10**9), currency))
    assert shown == format_currency(amount, currency, locale=locale)


@pytest.mark.parametrize("locale", ["en", "de", "fr"])
def test_the_common_languages_take_the_short_way(locale: str) -> None:
    assert _shape("USD", locale)


@given(st.integers(0, 10**13), st.integers(0, 10**13))
def test_a_difference_is_that_of_what_is_written(now: int, before: int) -> None:
    """424.50499 and 354.69501 are 69.81 apart, but who subtracts 354.70 from 424.50 finds 69.80."""
    reader, zero = Reader("en"), Money(0, "USD")
    shown = rounded(Money(now, "USD")) - rounded(Money(before, "USD"))
    assert reader.change(Money(now, "USD"), Money(before, "USD")).startswith(reader.change(shown, zero))


def test_a_cent_is_not_lost_between_two_figures_and_their_difference() -> None:
    assert Reader("en").change(_usd("424.50499"), _usd("354.69501")) == "+$69.80 (+20 %)"
    assert Reader("en").change(_usd("425.50"), _usd("0.004")) == "+$425.50", "no share of what is written as next to nothing"


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=12))
def test_rows_add_up_to_their_total_as_they_are_written(nanos: list[int]) -> None:
    rows = tuple(Row(str(place), Money(cost, "USD")) for place, cost in enumerate(nanos))
    total = Money(sum(nanos), "USD")
    shown = [rounded(cost).nanos for _, cost in lines(rows, total)]
    assert sum(shown) == rounded(total).nanos
    table = Breakdown("model", "By model", rows[:-1], 1, rows[-1].cost)
    assert table.left_out_written
    assert sum(rounded(cost).nanos for _, cost in table.lines) + rounded(table.left_out_written).nanos == rounded(total).nanos


def test_rows_that_are_not_all_do_not_add_up_to_more_than_all() -> None:
    rows = tuple(Row(key, _usd("0.335")) for key in "abc")
    shown = [cost.nanos for _, cost in lines(rows, _usd("1.0051"))]
    assert len(shown) == 3
    assert sum(shown) <= rounded(_usd("1.0051")).nanos


def test_rows_that_are_more_than_all_are_written_as_they_are() -> None:
    """Something else is a credit, so there is no sum below them to add up to."""
    rows = (Row("a", _usd("0.005")), Row("b", _usd("0.015")))
    assert [cost for _, cost in lines(rows, _usd("0.01"))] == [_usd("0.005"), _usd("0.015")]


def test_a_row_of_less_than_a_cent_is_not_written_as_nothing() -> None:
    rows = (Row("a", _usd("1")), Row("b", _usd("0.001")))
    assert [Reader("en").money(cost) for _, cost in lines(rows, _usd("1.001"))] == ["$1.00", "<$0.01"]


@given(st.integers(1, 10**13), st.integers(1, 10**13))
def test_what_is_left_of_a_budget_is_what_a_reader_subtracts(limit: int, used: int) -> None:
    line = BudgetLine(
        "b",
        "s",
        "month",
        Money(limit, "USD"),
        Money(used, "USD"),
        Money(limit - used, "USD"),
        Fraction(used, limit),
        datetime(2026, 12, 1, tzinfo=UTC),
    )
    assert rounded(line.used) + line.left == rounded(line.limit)
    assert line.over_by.nanos == -line.left.nanos


def _usd(amount: str) -> Money:
    return Money(int(Decimal(amount) * 10**9), "USD")

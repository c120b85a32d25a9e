"""What people write: amounts that mean one thing, days and numbers that exist."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.formats import Reader
from bot.services import written


@pytest.mark.parametrize(
    ("text", "locale", "amount"),
    [
        ("200", "en", "200"),
        ("99.50", "en", "99.5"),
        ("99,50", "de", "99.5"),
        ("$1,200", "en", "1200"),
        ("1.200", "de", "1200"),
        ("1,200.50", "de", "1200.5"),
        ("1.200,50", "en", "1200.5"),
        ("1,000,000", "de", "1000000"),
        ("1'200", "en", "1200"),
        ("1\u202f200,5", "fr", "1200.5"),
        ("1.200", "en", None),
        ("1,200", "de", None),
        ("12,00,0", "en", None),
        ("-5", "en", None),
        ("2k", "en", None),
        ("", "en", None),
        ("1e5", "en", None),
        ("NaN", "en", None),
        ("99999999999", "en", None),
    ],
)
def test_an_amount_means_one_thing_or_none(text: str, locale: str, amount: str | None) -> None:
    assert written.amount(text, locale) == (int(Decimal(amount) * 10**9) if amount else None)


@given(st.integers(1, 10**9), st.sampled_from(["en", "de", "fr", "de_CH", "es"]))
def test_what_we_print_we_read(cents: int, locale: str) -> None:
    from babel.numbers import format_decimal

    amount = Decimal(cents) / 100
    assert written.amount(format_decimal(amount, "#,##0.00", locale=locale), locale) == cents * 10**7
    assert Reader(locale).locale


@given(st.text(max_size=30))
def test_any_text_is_read_or_not(text: str) -> None:
    amount = written.amount(text)
    assert amount is None or amount >= 0
    found = written.day(text)
    assert found is None or found.year in written.YEARS
    assert 0 <= written.number(text) < 10**9


def test_days() -> None:
    assert written.day("2026-11-23") == date(2026, 11, 23)
    assert (written.day("9999-12-31"), written.day("23.11."), written.day("0001-01-01")) == (None, None, None)

"""Formats: the short way writes what Babel writes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import format_currency, get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import Money
from bot.messages.formats import Reader, _shape

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

"""Scenario: suppositions multiply; what is not understood is answered with what would do."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bot.domain.scenario import Scenario, parse
from bot.errors import ConfigError


@pytest.mark.parametrize(
    ("texts", "factor"),
    [
        ([], Fraction(1)),
        (["growth=+30%"], Fraction(13, 10)),
        (["growth=30%"], Fraction(13, 10)),
        (["price=-10%"], Fraction(9, 10)),
        (["price=\u221212.5%"], Fraction(7, 8)),
        (["seats=120"], Fraction(3, 2)),
        (["growth=+30% seats=120"], Fraction(39, 20)),
        (["Growth=+30%", "price=-10%", "seats=40"], Fraction(13 * 9, 200)),
    ],
)
def test_suppositions_multiply(texts: list[str], factor: Fraction) -> None:
    assert parse(texts).factor(80) == factor


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("grwth=+30%", "Did you mean: growth, such as growth=\\+30%"),
        ("seat=120", "Did you mean: seats, such as seats=120"),
        ("prices=-10%", "Did you mean: price"),
        ("weather=sunny", "Known are growth=\\+30%, price=-10%, seats=120"),
        ("growth", "growth is a change in percent"),
        ("growth=30", "growth is a change in percent"),
        ("growth=\u0663\u0660%", "growth is a change in percent"),
        ("price=-100%", "above -100%"),
        ("seats=12.5", "whole number"),
        ("seats=0", "whole number"),
        ("seats=+20%", "whole number"),
        ("growth=+30% growth=+10%", "growth is given twice"),
        ("seats=3 seats=4", "seats is given twice"),
    ],
)
def test_what_is_not_understood_is_answered_with_what_would_do(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse([text])


def test_seats_need_somebody_to_compare_with() -> None:
    assert Scenario().factor(0) == 1
    with pytest.raises(ConfigError, match="nobody in this scope is active"):
        parse(["seats=10"]).factor(0)

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import Money, from_nanos, split, to_nanos
from bot.errors import CurrencyMismatch, RuleError

WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=30).filter(any)


@given(st.integers(-(10**18), 10**18), WEIGHTS)
def test_the_parts_of_a_split_add_up_and_lie_within_one_unit_of_their_share(total: int, weights: list[int]) -> None:
    parts = split(total, weights)

    assert sum(parts) == total
    whole = sum(weights)
    assert all(abs(part * whole - total * weight) < whole for part, weight in zip(parts, weights, strict=True))


@given(st.integers(-(10**18), 10**18))
def test_nanos_come_back_as_they_went(nanos: int) -> None:
    assert to_nanos(from_nanos(nanos)) == nanos


def test_who_has_no_weight_gets_nothing() -> None:
    assert split(100, [0, 1, 0]) == [0, 100, 0]


def test_largest_remainder_goes_first_and_ties_to_the_earlier() -> None:
    assert split(10, [1, 1, 1]) == [4, 3, 3]
    assert split(-10, [1, 1, 1]) == [-4, -3, -3]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_a_split_without_weight_is_refused(weights: list[int]) -> None:
    with pytest.raises(RuleError):
        split(10, weights)


def test_currencies_are_never_added() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "USD") + Money(1, "EUR")


def test_amounts_are_exact() -> None:
    assert Money(412_805_000_001, "USD").amount == Decimal("412.805000001")

"""Price list: a change of what is paid is told, to the cent; an agreed discount is learnt, and what is unclear is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.price_list import Paid, PriceStep, of_classes, off_list, steady, usual_of

FIRST = date(2026, 10, 20)
LISTED = tuple(Fraction(price) for price in (3000, 300, 3750, 6000, 15000))
"""Nanos of a dollar per token: 3 dollars a million of input."""
DEARER = (*LISTED[:4], Fraction(18000))


def paid(day: int, ratio: Fraction = Fraction(1), listed: tuple[Fraction, ...] = LISTED, output: int = 10**6) -> Paid:
    tokens = (10**6 + day * 1000, 9 * 10**6, 0, 0, output)
    at_list = sum((count * price for count, price in zip(tokens, listed, strict=True)), Fraction(0))
    cost = round(ratio * at_list)
    return Paid(FIRST + timedelta(days=day), tokens, cost, 2 * cost, listed)


def days(*ratios: Fraction) -> list[Paid]:
    return [paid(day, ratio) for day, ratio in enumerate(ratios)]


ONE, NINE_TENTHS = Fraction(1), Fraction(9, 10)


def test_a_discount_that_was_always_there_is_learnt() -> None:
    assert off_list(days(*[ONE] * 20)) is None
    assert off_list(days(*[NINE_TENTHS] * 20)) is None
    assert off_list([]) is None


def test_a_change_is_told_since_its_first_day_with_what_it_cost() -> None:
    found = off_list(days(*[NINE_TENTHS] * 10, *[ONE] * 3))
    assert found
    assert (found.since, found.before, found.now) == (FIRST + timedelta(days=10), NINE_TENTHS, ONE)
    wanted = sum(2 * (day.cost - NINE_TENTHS * day.at_list) for day in days(*[NINE_TENTHS] * 10, *[ONE] * 3)[10:])
    assert abs(found.extra - wanted) <= 1, "in the reporting currency, in which it is booked at twice the amount"


def test_half_a_per_cent_is_the_same_price_and_a_little_more_is_not() -> None:
    assert off_list(days(*[ONE] * 10, *[Fraction(1004, 1000)] * 5)) is None
    assert off_list(days(*[ONE] * 10, *[Fraction(1008, 1000)] * 5))


def test_the_day_of_the_change_may_be_mixed() -> None:
    found = off_list(days(*[ONE] * 10, Fraction(107, 100), *[Fraction(6, 5)] * 3))
    assert found
    assert (found.since, found.now) == (FIRST + timedelta(days=10), Fraction(6, 5))


def test_what_goes_to_and_fro_says_nothing() -> None:
    """Batches and long calls cost something else than the list of short ones, in another mix every day."""
    assert off_list(days(*[Fraction(100 - 7 * (day % 5), 100) for day in range(20)])) is None


def test_a_price_that_was_known_for_some_days_only_is_not_one() -> None:
    assert off_list(days(*[ONE] * 6, *[Fraction(6, 5)] * 3)) is None
    tiny = [replace(day, tokens=(100, 0, 0, 0, 0), cost=300_000) for day in days(*[ONE] * 10)]
    assert off_list([*tiny, *days(*[ONE] * 10, *[Fraction(6, 5)] * 3)[10:]]) is None, "cents say nothing about a price"


def test_a_new_list_price_that_the_bill_follows_is_a_price_and_no_alarm() -> None:
    found = off_list([*days(*[NINE_TENTHS] * 10), *[paid(day, NINE_TENTHS, DEARER) for day in range(10, 13)]])
    assert found
    assert found.is_announced
    assert (found.since, found.before, found.now) == (FIRST + timedelta(days=10), NINE_TENTHS, NINE_TENTHS)
    assert abs(found.extra - 3 * 2 * round(NINE_TENTHS * 3000 * 10**6)) <= 3
    assert [(one.place, str(one.paid), str(one.listed), str(one.before)) for one in found.classes] == [(4, "16.2000", "18.0000", "13.5000")]


def test_a_new_list_price_that_the_bill_does_not_follow_changes_nothing() -> None:
    after = [replace(paid(day), listed=DEARER) for day in range(10, 13)]
    assert off_list([*days(*[ONE] * 10), *after]) is None


def test_a_new_model_is_held_against_what_its_provider_s_others_cost() -> None:
    new = days(*[Fraction(6, 5)] * 3)
    before = FIRST - timedelta(days=14)
    assert off_list(new, usual=ONE, known_since=before)
    assert off_list(new, usual=Fraction(6, 5), known_since=before) is None
    assert off_list(new, usual=None, known_since=before) is None
    assert off_list(new, usual=ONE, known_since=FIRST) is None, "nobody knows what it cost before"


def test_what_is_usual_is_known_where_all_models_agree() -> None:
    assert usual_of([days(*[ONE] * 10), days(*[ONE] * 8)]) == ONE
    assert usual_of([days(*[ONE] * 10), days(*[NINE_TENTHS] * 8)]) is None
    assert usual_of([days(*[ONE] * 3)]) is None


def row(ratio: Fraction, *tokens: int) -> Paid:
    prices = (*LISTED[:4], ratio * LISTED[4])
    cost = sum((count * price for count, price in zip(tokens, prices, strict=True)), Fraction(0))
    return Paid(FIRST, tokens, round(cost), round(cost), LISTED)


STEP = PriceStep(FIRST, ONE, Fraction(11, 10), 0)


def test_the_class_is_told_where_rows_tell_them_apart() -> None:
    rows = [
        row(Fraction(6, 5), 10**6, 10**6, 0, 0, 10**5),
        row(Fraction(6, 5), 10**6, 0, 0, 0, 10**6),
        row(Fraction(6, 5), 1, 10**7, 0, 0, 1),
    ]
    assert [(one.place, str(one.paid), str(one.listed)) for one in of_classes(rows, STEP)] == [(4, "18.0000", "15.0000")]
    assert of_classes(rows[:2], STEP) == (), "two sums do not tell three prices"
    assert of_classes([*rows, replace(rows[0], cost=2 * rows[0].cost)], STEP) == (), "no price explains them all"
    assert of_classes([], STEP) == ()


def test_mixes_that_are_nearly_alike_tell_no_class() -> None:
    """Every row has the same mix but for whole tokens: many sets of prices explain the bill to the cent."""
    rng, rows = np.random.default_rng(3), []
    for size in rng.uniform(10**6, 10**7, 60):
        tokens = (int(size * 0.15), int(size * 0.85), 0, 0, int(size * 0.02))
        cost = sum((count * price for count, price in zip(tokens, LISTED, strict=True)), Fraction(0))
        rows.append(Paid(FIRST, tokens, round(cost / 1000) * 1000, round(cost), LISTED))
    assert of_classes(rows, replace(STEP, before=NINE_TENTHS)) == ()


def test_a_cent_in_each_row_is_no_other_price_of_a_class() -> None:
    """Mixes differ by some per cent, bills are in whole cents, of half a dollar to three."""
    rng, rows = np.random.default_rng(3), []
    for size in rng.uniform(10**5, 10**6, 60):
        tokens = (int(size * 0.15 * rng.uniform(0.98, 1.02)), int(size * 0.85), 0, 0, int(size * 0.02 * rng.uniform(0.98, 1.02)))
        cost = sum((count * price for count, price in zip(tokens, LISTED, strict=True)), Fraction(0))
        rows.append(Paid(FIRST, tokens, round(cost / 10**7) * 10**7, round(cost), LISTED))
    assert of_classes(rows, replace(STEP, before=NINE_TENTHS)) == ()


def test_mixes_that_differ_tell_each_class_of_a_bill_in_cents() -> None:
    rng, rows = np.random.default_rng(3), []
    for size in rng.uniform(10**6, 10**7, 60):
        tokens = (int(size * rng.uniform(0.05, 0.5)), int(size * 0.85), 0, 0, int(size * rng.uniform(0.01, 0.1)))
        cost = sum((count * price for count, price in zip(tokens, LISTED, strict=True)), Fraction(0))
        rows.append(Paid(FIRST, tokens, round(cost / 10**7) * 10**7, round(cost), LISTED))
    found = of_classes(rows, replace(STEP, before=NINE_TENTHS))
    assert [one.place for one in found] == [0, 1, 4]
    assert all(abs(one.paid - one.listed) <= one.listed / 500 for one in found)


@given(st.lists(st.tuples(*[st.integers(0, 10**8)] * 5).filter(any), min_size=1, max_size=20), st.fractions(Fraction(1, 2), 2))
def test_one_ratio_for_all_days_is_found_whatever_is_used(used: list[tuple[int, ...]], ratio: Fraction) -> None:
    found = []
    for day, tokens in enumerate(used):
        cost = round(ratio * sum((count * price for count, price in zip(tokens, LISTED, strict=True)), Fraction(0)))
        found.append(Paid(FIRST + timedelta(days=day), tokens, max(cost, 1), max(cost, 1), LISTED))
    assert steady(found) is not None
    assert off_list(found) is None

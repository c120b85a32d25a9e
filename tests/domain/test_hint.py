"""Hints: what is idle, what could be a batch, what could go to a smaller model; never more than what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.hint import DEARER, Calls, KeyUse, Move, Pool, Presence, Seat, Spare, batchable, idle, move, spare

BEGIN = date(2026, 10, 24)
SEAT = Seat("ana@x.example", "GitHub", "Copilot", date(2026, 10, 1), 19)
USE = Presence("ana@x.example", "GitHub", "Copilot", "github", date(2026, 11, 3))
JOINED = {"ana@x.example": date.min, "ben@x.example": date(2026, 11, 2)}


def test_a_seat_without_use_is_idle() -> None:
    ben = replace(USE, person="ben@x.example")
    dear = replace(SEAT, tool="Agents", cost=40)
    assert idle([SEAT, dear], [ben], BEGIN, JOINED) == [dear, SEAT]


@pytest.mark.parametrize("use", [USE, replace(USE, tool="Models"), replace(USE, provider="Azure"), replace(USE, last=BEGIN)])
def test_any_use_of_the_provider_or_of_the_tool_counts(use: Presence) -> None:
    assert idle([SEAT], [use], BEGIN, JOINED) == []


def test_use_before_the_days_and_of_other_tools_does_not_count() -> None:
    assert idle([SEAT], [replace(USE, last=date(2026, 10, 23)), replace(USE, provider="Cursor", tool="Cursor")], BEGIN, JOINED) == [SEAT]


@pytest.mark.parametrize(
    "seat", [replace(SEAT, person="ben@x.example"), replace(SEAT, person="new@x.example"), replace(SEAT, since=date(2026, 10, 25)), replace(SEAT, cost=0)]
)  # fmt: skip
def test_newcomers_new_seats_and_what_cost_nothing_are_not_idle(seat: Seat) -> None:
    assert idle([seat], [], BEGIN, JOINED) == []


POOL = Pool("GitHub", "Copilot", Fraction(10), 999)
USERS = [replace(USE, person=f"p{n}@x.example") for n in range(4)]


def test_seats_of_a_pool_beyond_those_who_use_them_are_spare() -> None:
    twice = [
        *USERS,
        USERS[0],
        replace(USERS[1], tool="Models"),
        replace(USE, last=date(2026, 10, 23)),
        replace(USE, provider="Cursor", tool="Cursor"),
    ]
    assert spare(POOL, 1, twice, BEGIN) == Spare("Copilot", 10, 4, 599)
    assert spare(replace(POOL, months=Fraction(21, 2)), 2, USERS, BEGIN) == Spare("Copilot", 5, 4, 190), (
        "5.25 seats, 4 used, 1 to give back"
    )
    assert spare(replace(POOL, months=Fraction(4)), 1, USERS, BEGIN) is None
    assert spare(replace(POOL, months=Fraction(3)), 1, USERS, BEGIN) is None
    assert spare(replace(POOL, months=Fraction(9_999_983, 10**6)), 1, USERS, BEGIN) == Spare("Copilot", 10, 4, 599), (
        "the rounding of 31 days"
    )
    assert spare(replace(POOL, tool=""), 1, [], BEGIN) == Spare("GitHub", 10, 0, 999)


@given(st.integers(1, 10**6), st.integers(1, 36), st.integers(0, 200), st.integers(1, 10**12))
def test_a_pool_saves_never_more_than_it_costs(months: int, of: int, users: int, cost: int) -> None:
    uses = [replace(USE, person=str(n)) for n in range(users)]
    found = spare(Pool("GitHub", "Copilot", Fraction(months, 30), cost), of, uses, BEGIN)
    if found:
        assert 0 < found.saving <= cost
        assert found.used == users < found.seats


LIST = (Fraction(5), Fraction(1, 2), Fraction(25, 4), Fraction(10), Fraction(25))
BATCH = tuple(price / 2 for price in LIST)
KEY = KeyUse("Anthropic", "large", (10, 0, 0, 0, 2), 100, 90)


@pytest.mark.parametrize(
    ("original", "saved"),
    [
        (100, 45),
        (75, 30),  # half of it was batches: what is left of the other half
        (50, 0),
        (40, 0),
        (200, 45),  # long calls at twice the price
        (0, 0),
        (-5, 0),
    ],
)
def test_batches_cost_half_and_what_is_one_already_saves_nothing(original: int, saved: int) -> None:
    """The list says 100; what was booked, in another currency, is 90."""
    assert batchable(replace(KEY, original=original), LIST, BATCH) == saved


def test_cache_reads_that_batches_do_not_make_cheaper_are_left_out() -> None:
    batched = (*BATCH[:1], LIST[1], *BATCH[2:])
    assert batchable(KeyUse("google", "pro", (10, 100, 0, 0, 2), 150, 150), LIST, batched) == 50


PRICES = {
    ("a", "large"): LIST,
    ("a", "small"): tuple(price / 5 for price in LIST),
    ("a", "middle"): tuple(price / 2 for price in LIST),
    ("a", "vectors"): (Fraction(1, 100), *([Fraction(0)] * 4)),
    ("b", "tiny"): tuple(price / 50 for price in LIST),
}
SMALL = Calls("a", "large", Fraction(10), (8_000, 2_000, 0, 0, 1_000), 500)


def test_small_calls_could_go_to_the_cheapest_model_of_the_provider_that_is_used() -> None:
    assert move([SMALL, SMALL], PRICES, PRICES) == Move("large", "small", 20, 1_100, 800)
    assert move([SMALL], [("a", "large"), ("a", "middle"), ("b", "tiny"), ("a", "vectors")], PRICES) is None, "half the price is no third"


@pytest.mark.parametrize(
    "calls",
    [
        replace(SMALL, tokens=(20_001, 0, 0, 0, 0)),
        replace(SMALL, tokens=(10_000, 10_000, 1, 0, 0)),
        replace(SMALL, tokens=(0, 0, 0, 0, 5_001)),
        replace(SMALL, requests=Fraction(0)),
        replace(SMALL, cost=-1),
        replace(SMALL, model="small"),
        replace(SMALL, model="unlisted"),
    ],
)
def test_large_calls_and_cheap_models_are_left_alone(calls: Calls) -> None:
    assert move([calls], PRICES, PRICES) is None


TOKENS = st.tuples(*[st.integers(-10, 10**9)] * 5)
PRICE = st.tuples(*[st.fractions(0, 100)] * 5)
COST = st.integers(-(10**12), 10**15)


@given(TOKENS, COST, COST, PRICE, PRICE)
def test_batches_never_save_more_than_was_paid(
    tokens: tuple[int, ...], original: int, cost: int, listed: tuple[Fraction, ...], batched: tuple[Fraction, ...]
) -> None:
    assert 0 <= batchable(KeyUse("a", "large", tokens, original, cost), listed, batched) <= max(cost, 0)


MODELS = st.sampled_from(["small", "middle", "large"])


@given(
    st.lists(st.builds(Calls, st.just("a"), MODELS, st.fractions(0, 10**6), TOKENS, COST), max_size=6),
    st.dictionaries(MODELS.map(lambda model: ("a", model)), PRICE),
)
def test_moves_never_save_more_than_was_paid(calls: list[Calls], prices: dict[tuple[str, str], tuple[Fraction, ...]]) -> None:
    found = move(calls, prices, prices)
    if found:
        paid = sum(one.cost for one in calls if one.model == found.dearer and one.are_small and one.cost > 0 and min(one.tokens) >= 0)
        assert int(paid * Fraction(DEARER - 1, DEARER)) <= found.saving <= paid
        assert found.cheaper != found.dearer


OWNERS, TOOLS = st.sampled_from(["ana@x.example", "ben@x.example"]), st.sampled_from(["Copilot", "Models"])


@given(st.lists(st.builds(Seat, OWNERS, st.just("GitHub"), TOOLS, st.dates(), COST)))
def test_idle_seats_are_of_those_held_each_once(seats: list[Seat]) -> None:
    found = idle(seats, [], BEGIN, JOINED)
    assert all(found.count(seat) <= seats.count(seat) and seat.cost > 0 for seat in found)

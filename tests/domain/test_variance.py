"""Why one period cost more than another: exact to the last digit, and the right reason first."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usage import AFTER, BEFORE, MODELS, PEOPLE, SIDES

from bot.domain.consumption import USUAL, Side, Usage, cube_of, together
from bot.domain.money import round_together
from bot.domain.presence import Presences, Stay
from bot.domain.variance import Driver, explain, explain_mean, largest
from bot.errors import RuleError

CENT = 10**7
LIST = {"small": (100, 10, 125, 200, 500), "middle": (3, 1, 4, 6, 15), "large": (2500, 1250, 2500, 2500, 10_000)}


def cents(parts: dict[Driver, Fraction] | dict[Driver, int]) -> dict[str, str]:
    return {driver.value: f"{float(part / 10**9):.2f}" for driver, part in parts.items()}


def test_the_worked_example() -> None:
    """Sonnet 3 / 0.30 / 15, Opus 5 / 0.50 / 25; Bob moves to Opus, caches less, and Cy is new."""
    found = explain(BEFORE, AFTER)
    assert (found.before, found.after, found.change) == (174 * 10**9, 463 * 10**9, 289 * 10**9)
    assert cents(found.exact) == {"new_users": "36.00", "volume": "30.17", "model_mix": "144.96", "class_mix": "77.88"}
    assert Driver.PRICE not in found.exact
    assert sum(found.exact.values()) == sum(found.parts.values()) == 289 * 10**9
    assert sum(Fraction(cost) for cost in cents(found.exact).values()) == Fraction("289.01"), "each rounded by itself"
    printed = round_together(list(found.exact.values()), 289 * 10**9, CENT)
    assert sum(printed) == 289 * 10**9
    assert [nanos // CENT for nanos in printed] == [3600, 3016, 14496, 7788]


def test_the_worked_example_s_facts() -> None:
    found = explain(BEFORE, AFTER)
    assert (found.came, found.left, found.gained) == (("cy",), (), "opus")
    assert [shares.cached for shares in found.shares] == [Fraction(180, 200), Fraction(170, 220)]
    people = largest(BEFORE, AFTER)
    assert [(person, why.change // 10**9, why.first) for person, why in people] == [
        ("bob", 253, Driver.CLASS_MIX),
        ("cy", 36, Driver.NEW_USERS),
    ]
    assert [shares.main for shares in people[0][1].shares] == ["sonnet", "opus"]


def test_the_model_that_is_named_explains_the_sign() -> None:
    """Opus grows most and is the dearest, Haiku grows less: what made it cheaper is Haiku in the place of Sonnet."""

    def side(opus: int, sonnet: int, haiku: int) -> Side:
        prices = {"opus": (opus, 5), "sonnet": (sonnet, 4), "haiku": (haiku, 1)}
        return Side(tuple(Usage("ann", model, (count, 0, 0, 0, 0), count * price) for model, (count, price) in prices.items() if count))

    found = explain(side(10, 90, 0), side(45, 30, 25))
    assert found.parts == {Driver.MODEL_MIX: -40}
    assert found.gained == "haiku"
    assert explain(side(45, 30, 25), side(10, 90, 0)).gained == "sonnet"
    assert explain(side(0, 90, 10), side(10, 90, 0)).gained == "opus"


@given(SIDES, SIDES)
def test_the_model_that_is_named_has_a_larger_share(before: Side, after: Side) -> None:
    found = explain(before, after)
    if found.gained is None:
        return
    stayed = [cube_of(before, found.left), cube_of(after, found.came)]
    assert stayed[1].share(found.gained) > stayed[0].share(found.gained)


def test_class_weights_of_the_price_list_make_the_same_of_it() -> None:
    """The usual proportions are those of the example's list, so naming them changes nothing."""
    weights = {"sonnet": (30, 3, 37, 60, 150), "opus": (50, 5, 62, 100, 250)}
    assert explain(replace(BEFORE, weights=weights), replace(AFTER, weights=weights)).exact == explain(BEFORE, AFTER).exact


@given(SIDES, SIDES)
def test_the_parts_are_the_difference_to_the_last_digit(before: Side, after: Side) -> None:
    """Zeros, credits, models and people of one side only, free models, empty periods."""
    found = explain(before, after)
    assert sum(found.exact.values()) == found.change == sum(u.cost for u in after.usages) - sum(u.cost for u in before.usages)
    assert sum(found.parts.values()) == found.change
    assert all(abs(found.parts.get(driver, 0) - part) < 1 for driver, part in found.exact.items())


@given(SIDES, SIDES, st.sampled_from([1, CENT, 10**9]))
def test_what_is_printed_adds_up_to_the_cent(before: Side, after: Side, unit: int) -> None:
    found = explain(before, after)
    whole = round(Fraction(found.change, unit)) * unit
    printed = round_together(list(found.parts.values()), whole, unit) if found.parts else []
    assert sum(printed) == (whole if printed else 0)
    assert all(abs(shown - part) <= unit and shown % unit == 0 for shown, part in zip(printed, found.parts.values(), strict=True))


@given(st.lists(SIDES, min_size=1, max_size=4), SIDES)
def test_beside_the_mean_of_several_periods_the_parts_are_the_difference_too(befores: list[Side], after: Side) -> None:
    old = together(befores)
    found = explain_mean(old, after, len(befores))
    paid = sum(u.cost for u in old.usages)
    assert abs(found.before - Fraction(paid, len(befores))) <= Fraction(1, 2)
    assert found.after == sum(u.cost for u in after.usages)
    assert sum(found.exact.values()) == found.after - Fraction(paid, len(befores))
    assert sum(found.parts.values()) == found.change
    same = together([after] * len(befores))
    assert explain_mean(same, after, len(befores)).exact == {}, "as much as usual"


SHARES = st.builds(Fraction, st.integers(0, 5), st.just(5))
PRESENCES = st.dictionaries(
    st.sampled_from(PEOPLE[1:]), st.builds(Stay, SHARES, SHARES, st.booleans()).filter(lambda stay: stay.was != stay.now)
)


@given(SIDES, SIDES, PRESENCES, st.integers(1, 3))
def test_who_joins_or_leaves_changes_nothing_about_the_sum(before: Side, after: Side, presence: Presences, count: int) -> None:
    found = explain_mean(before, after, count, presence=presence)
    paid, pays = (sum(u.cost for u in side.usages) for side in (before, after))
    assert sum(found.exact.values()) == pays - Fraction(paid, count)
    assert sum(found.parts.values()) == found.change
    assert set(found.joined) <= {who for who, stay in presence.items() if stay.now > stay.was}
    assert set(found.gone) <= {who for who, stay in presence.items() if stay.now < stay.was}
    assert found.moved == {who for who in (*found.joined, *found.gone) if presence[who].has_moved}
    assert found.exact.get(Driver.JOINED, 0) >= 0 >= found.exact.get(Driver.LEFT, 0)


@pytest.mark.parametrize(
    ("shares", "now", "parts"),
    [
        ((1, Fraction(1, 2)), 1, {"left": -10}),
        ((1, Fraction(1, 2)), Fraction(3, 2), {"left": -5}),
        ((1, Fraction(1, 2)), Fraction(1, 2), {"left": Fraction(-15, 2), "volume": Fraction(-15, 2)}),
        ((1, Fraction(1, 2)), 2, {}),
        ((1, Fraction(1, 2)), 3, {"volume": 10}),
        ((1, 0), 1, {"left": -10}),
        ((Fraction(1, 2), 1), 4, {"joined": 20}),
        ((1, Fraction(1, 2)), 0, {"left": -5, "lost_users": -15}),
    ],
)
def test_a_day_of_who_left_costs_what_it_cost(shares: tuple[Fraction, Fraction], now: Fraction, parts: dict[str, Fraction]) -> None:
    """Ann costs 20 before; who works on as before in half of the days uses no less, and who costs no less has not left for that."""

    def side(cost: int) -> Side:
        bob = Usage("bob", "small", (100, 0, 0, 0, 0), 100)
        return Side((bob, Usage("ann", "small", (cost, 0, 0, 0, 0), cost))) if cost else Side((bob,))

    found = explain(side(20), side(int(10 * now)), presence={"ann": Stay(Fraction(shares[0]), Fraction(shares[1]))})
    assert found.exact == {Driver(name): part for name, part in parts.items()}
    assert (found.joined, found.gone) == (("ann",) if "joined" in parts else (), ("ann",) if "left" in parts else ())


def test_who_left_at_the_very_end_and_cost_less_is_less_use_but_for_a_day() -> None:
    ann = [Side((Usage("ann", "small", (count, 0, 0, 0, 0), count),)) for count in (44, 21)]
    found = explain(*ann, presence={"ann": Stay(Fraction(1), Fraction(21, 22))})
    assert found.exact == {Driver.LEFT: Fraction(-3, 2), Driver.VOLUME: Fraction(-43, 2)}


@given(SIDES, SIDES)
def test_who_is_known_is_neither_new_nor_lost(before: Side, after: Side) -> None:
    found = explain(before, after, known=PEOPLE)
    assert not {Driver.NEW_USERS, Driver.LOST_USERS} & set(found.exact)
    assert (found.came, found.left) == ((), ())
    assert sum(found.parts.values()) == found.change


@given(SIDES, SIDES)
def test_looking_from_the_other_side_turns_every_sign(before: Side, after: Side) -> None:
    """No part depends on which period was first, as weights of one period would."""
    there, back = explain(before, after).exact, explain(after, before).exact
    swapped = {Driver.NEW_USERS: Driver.LOST_USERS, Driver.LOST_USERS: Driver.NEW_USERS}
    assert {swapped.get(driver, driver): -part for driver, part in back.items()} == there


@given(SIDES)
def test_nothing_has_no_reason(side: Side) -> None:
    found = explain(side, side)
    assert (found.change, found.parts, found.came, found.left, found.gained) == (0, {}, (), (), None)
    assert largest(side, side) == []


@given(SIDES, SIDES)
def test_people_are_the_three_who_changed_most_and_their_parts_add_up(before: Side, after: Side) -> None:
    people = largest(before, after)
    assert len(people) <= 3
    changes = {who: after.costs().get(who, 0) - before.costs().get(who, 0) for who in PEOPLE if who}
    assert sorted((abs(why.change) for _, why in people), reverse=True) == sorted((abs(c) for c in changes.values() if c), reverse=True)[:3]
    for person, why in people:
        assert why.change == changes[person] == sum(why.parts.values())


@given(SIDES, SIDES)
def test_together_nobody_is_new_or_lost_and_the_sum_is_the_same(before: Side, after: Side) -> None:
    found = explain(before.together(), after.together())
    assert (found.came, found.left) == ((), ())
    assert not {Driver.NEW_USERS, Driver.LOST_USERS} & set(found.parts)
    assert sum(found.parts.values()) == sum(u.cost for u in after.usages) - sum(u.cost for u in before.usages)


def test_twice_the_tokens_of_everybody_are_volume_alone() -> None:
    doubled = Side(tuple(replace(u, tokens=tuple(2 * t for t in u.tokens), cost=2 * u.cost) for u in AFTER.usages))
    assert set(explain(AFTER, doubled).parts) == {Driver.VOLUME}


def test_half_the_price_is_price_alone_even_where_the_list_has_followed() -> None:
    cheaper = Side(tuple(replace(u, cost=u.cost // 2) for u in AFTER.usages), {"opus": tuple(w // 2 for w in (50, 6, 64, 100, 250))})
    assert set(explain(replace(AFTER, weights={"opus": (50, 6, 64, 100, 250)}), cheaper).parts) == {Driver.PRICE}


def test_seats_and_requests_are_apart_from_tokens() -> None:
    seats = (Usage("ann", "", (0, 0, 0, 0, 0), 20 * 10**9), Usage("ann", "sonnet", (0, 0, 0, 0, 0), 10**9))
    assert explain(BEFORE, Side((*BEFORE.usages, *seats))).parts == {Driver.OTHER: 21 * 10**9}


def test_rounding_refuses_what_cannot_add_up() -> None:
    with pytest.raises(RuleError):
        round_together([], 5)
    with pytest.raises(RuleError):
        round_together([1, 2], 3, 2)
    assert round_together([], 0) == []


def test_the_first_reason_is_the_one_that_was_made() -> None:
    """Of 600 companies in which one thing was changed, on top of what changes anyway, at least 95 % hear of that one first."""
    hits: Counter[Driver] = Counter()
    labels = (Driver.NEW_USERS, Driver.VOLUME, Driver.MODEL_MIX, Driver.CLASS_MIX, Driver.PRICE)
    for seed in range(600):
        label = labels[seed % len(labels)]
        hits[label] += explain(*_labelled(random.Random(seed), label)).first is label  # noqa: S311 - examples
    assert sum(hits.values()) >= 0.95 * 600, hits
    assert min(hits.values()) >= 0.9 * 120, hits


Row = tuple[str, str, float, float, float]
"""Who, model, input tokens, share of them from the cache, price beside the list's."""


def _labelled(chance: random.Random, label: Driver) -> tuple[Side, Side]:
    """Return eight people's period and the next: everybody's use and caching differ a little, and some of them do *label*."""
    before = [(f"p{n}", *_habits(chance)) for n in range(8)]
    size = chance.random()
    after = [
        (who, model, use * chance.lognormvariate(0, 0.25), hit * chance.uniform(0.98, 1.02), at) for who, model, use, hit, at in before
    ]
    changed: dict[Driver, Callable[[Row], Row]] = {
        Driver.VOLUME: lambda row: (*row[:2], row[2] * (1.4 + size), *row[3:]),
        Driver.MODEL_MIX: lambda row: (row[0], "large", *row[2:]),
        Driver.CLASS_MIX: lambda row: (*row[:3], row[3] * (0.4 + 0.4 * size), row[4]),
        Driver.PRICE: lambda row: (*row[:4], 1.3 + size),
    }
    if label is Driver.NEW_USERS:
        after += [(f"new{n}", *_habits(chance)) for n in range(chance.randint(2, 4))]
    else:
        doing = 8 if label is Driver.PRICE else chance.randint(2, 8)
        after = [changed[label](row) for row in after[:doing]] + after[doing:]
    return Side(tuple(map(_usage, before))), Side(tuple(map(_usage, after)))


def _habits(chance: random.Random) -> tuple[str, float, float, float]:
    return chance.choice(["small", "middle"]), chance.lognormvariate(17, 0.5), chance.uniform(0.8, 0.9), 1.0


def _usage(row: Row) -> Usage:
    who, model, tokens, cached, price = row
    entered = int(tokens)
    read = int(entered * cached)
    counts = (entered - read, read, 0, 0, entered // 40)
    unit = {"small": 10, "middle": 30, "large": 90}[model]
    return Usage(who, model, counts, int(price * unit * sum(t * w for t, w in zip(counts, USUAL, strict=True))))


def test_the_formulas_are_those_of_their_definition() -> None:
    """Held against the sums over model × class as they are written down, cell by cell."""
    chance = random.Random(3)  # noqa: S311 - examples
    for _ in range(50):
        before, after = (Side(tuple(_random_usage(chance) for _ in range(6)), LIST) for _ in range(2))
        found = explain(before, after)
        assert found.exact.get(Driver.VOLUME, 0) == _definition(before, after, "volume")
        assert found.exact.get(Driver.MODEL_MIX, 0) == _definition(before, after, "models")
        assert found.exact.get(Driver.CLASS_MIX, 0) == _definition(before, after, "classes")
        assert found.exact.get(Driver.PRICE, 0) == _definition(before, after, "price")


def _random_usage(chance: random.Random) -> Usage:
    return Usage("ana", chance.choice(MODELS), tuple(chance.randint(0, 1000) for _ in range(5)), chance.randint(1, 10**9))


def _definition(before: Side, after: Side, part: str) -> Fraction:
    q, p, a, b, whole = [], [], [], [], []
    for side in (before, after):
        tokens = {m: [sum(u.tokens[c] for u in side.usages if u.model == m) for c in range(5)] for m in MODELS}
        cost = {m: sum(u.cost for u in side.usages if u.model == m) for m in MODELS}
        whole.append(sum(map(sum, tokens.values())))
        q.append({(m, c): tokens[m][c] for m in MODELS for c in range(5)})
        worth = {m: sum(t * w for t, w in zip(tokens[m], LIST[m], strict=True)) for m in MODELS}
        p.append({(m, c): Fraction(cost[m] * LIST[m][c], worth[m]) for m in MODELS if worth[m] for c in range(5)})
        a.append({m: Fraction(sum(tokens[m]), whole[-1]) for m in MODELS})
        pooled = [Fraction(sum(tokens[m][c] for m in MODELS), whole[-1]) for c in range(5)]
        b.append({(m, c): Fraction(tokens[m][c], sum(tokens[m])) if worth[m] else pooled[c] for m in MODELS for c in range(5)})
    cells = [g for g in q[0] if g in p[0] or g in p[1]]
    price = [{g: side.get(g, other.get(g, 0)) for g in cells} for side, other in (p, p[::-1])]
    mean = {g: (price[0][g] + price[1][g]) / 2 for g in cells}
    middle = Fraction(sum(whole), 2)
    match part:
        case "price":
            return sum(((q[0][g] + q[1][g]) * (price[1][g] - price[0][g]) / 2 for g in cells), Fraction(0))
        case "volume":
            return (whole[1] - whole[0]) * sum(mean[g] * (a[0][g[0]] * b[0][g] + a[1][g[0]] * b[1][g]) / 2 for g in cells)
        case "models":
            return middle * sum(mean[g] * (b[0][g] + b[1][g]) / 2 * (a[1][g[0]] - a[0][g[0]]) for g in cells)
        case _:
            return middle * sum(mean[g] * (a[0][g[0]] + a[1][g[0]]) / 2 * (b[1][g] - b[0][g]) for g in cells)

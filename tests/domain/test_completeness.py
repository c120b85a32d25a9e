"""Completeness: what a day lacks is told by what earlier days lacked at the same age, and by nothing that came later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.completeness import ENOUGH, LOOKED_AT, MOST_OPEN, OLDEST, WHOLE, Curve, Opened, Seen, Usual, age_of, curve

NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
AT_SIX = 5
"""The age of yesterday at six in the morning."""


def mornings(source: str = "api", shares: tuple[float, ...] = (0.6, 0.95, 1.0), days: int = 100, *, until: date = YESTERDAY) -> list[Seen]:
    """Return what loads at six in the morning saw of each of the *days* up to *until*: by these *shares*, morning by morning."""
    found = []
    for day in (until - timedelta(days=n) for n in range(days)):
        for morning, share in enumerate(shares):
            if day + timedelta(days=morning) <= until:
                found.append(Seen(source, day, AT_SIX + 4 * morning, round(1000 * share), 1000))
    return found


def test_ages_are_quarters_of_a_day_from_its_beginning() -> None:
    assert [age_of(TODAY, NOW + timedelta(hours=n)) for n in (-7, -6, -1, 0, 5, 6, 18)] == [-1, 0, 0, 1, 1, 2, 4]
    assert age_of(YESTERDAY, NOW) == AT_SIX


def test_a_curve_is_the_median_of_what_was_seen_of_what_days_became() -> None:
    days = [TODAY - timedelta(days=OLDEST + 1 + n) for n in range(ENOUGH)]
    seen = [Seen("api", day, AT_SIX, 600 + 10 * (n % 8), 1000) for n, day in enumerate(days)]
    seen += [Seen("api", day, 9, 1300, 1000) for day in days]
    seen += [Seen("api", day, 13, 1000, 1000) for day in days]
    assert curve(seen, TODAY).shares == {AT_SIX: pytest.approx(0.63), 9: 1.0, 13: 1.0}


def corrected(ago: int, days: int, shares: tuple[float, ...] = (1.0,)) -> list[Seen]:
    """Return what mornings saw of the last *days* if on the one *ago* days ago all history was loaded anew, ten times as dear."""
    found, when = [], TODAY - timedelta(days=ago)
    for day in (YESTERDAY - timedelta(days=n) for n in range(days)):
        mornings = {day + timedelta(days=n + 1) for n in range(3)} | {when}
        for morning in sorted(one for one in mornings if day < one <= TODAY and (one - day).days <= OLDEST):
            age = (morning - day).days
            share = shares[min(age, len(shares)) - 1]
            found.append(Seen("api", day, AT_SIX + 4 * (age - 1), round((1000 if morning >= when else 100) * share), 1000))
    return found


@pytest.mark.parametrize("ago", range(1, 75, 3))
@pytest.mark.parametrize("days", [40, 60, 120])
@pytest.mark.parametrize(("shares", "lacking"), [((1.0,), {1.0}), ((0.6, 1.0), {0.6, 1.0})])
def test_one_correction_of_history_is_no_lateness(ago: int, days: int, shares: tuple[float, ...], lacking: set[float]) -> None:
    found = curve(corrected(ago, days, shares), TODAY).shares
    assert set(found.values()) <= lacking
    assert found or ago <= OLDEST + ENOUGH + 3 or days < 120


def test_a_day_is_held_against_what_it_was_when_it_was_no_longer_young() -> None:
    """Weeks later all days become dearer by a hundredth, some by half: these tell nothing, the others what they told."""
    seen = [Seen(one.source, one.day, one.age, one.cost, 1500 if one.day.day % 5 == 0 else 1010) for one in mornings()]
    assert curve(seen, TODAY).shares == {AT_SIX: 0.6, AT_SIX + 4: 0.95, AT_SIX + 8: 1.0}
    seen = [Seen(one.source, one.day, one.age, one.cost, 1500) for one in mornings()]
    assert curve(seen, TODAY).shares == {}


def test_a_source_whose_days_contradict_one_another_has_no_curve() -> None:
    early, late = TODAY - timedelta(days=OLDEST + 50), TODAY - timedelta(days=OLDEST)
    for share, known in ((0.3, {}), (0.9, {AT_SIX: pytest.approx(0.9), AT_SIX + 4: 1.0})):
        before = [one for one in mornings(shares=(1.0, 1.0), days=120) if one.day < early]
        after = [one for one in mornings(shares=(share, 1.0), days=120) if early <= one.day < late]
        assert curve([*before, *after], TODAY).shares == known


def test_days_that_are_not_final_yet_or_came_to_nothing_tell_nothing() -> None:
    young = [Seen("api", TODAY - timedelta(days=n), AT_SIX, 1, 1000) for n in range(OLDEST + 1)]
    old = [Seen("api", TODAY - timedelta(days=OLDEST + LOOKED_AT + 1 + n), AT_SIX, 1, 1000) for n in range(ENOUGH)]
    empty = [Seen("api", TODAY - timedelta(days=OLDEST + 1 + n), AT_SIX, 0, 0) for n in range(ENOUGH)]
    assert curve([*young, *old, *empty], TODAY).shares == {}
    assert curve(mornings(days=OLDEST + ENOUGH - 1), TODAY).shares == {}
    assert set(curve(mornings(days=OLDEST + ENOUGH), TODAY).shares) == {AT_SIX, AT_SIX + 4, AT_SIX + 8}


def test_older_than_an_age_at_which_it_is_whole_a_day_is_whole() -> None:
    known = Curve({5: 0.6, 9: WHOLE})
    assert [known.at(age) for age in (4, 5, 9, 40)] == [None, 0.6, WHOLE, 1.0]
    assert Curve({5: 0.6}).at(6) is None


def test_between_two_ages_a_day_is_there_by_what_lies_between() -> None:
    known = Curve({5: 0.6, 9: 1.0})
    assert [known.at(age) for age in (6, 7, 8)] == pytest.approx([0.7, 0.8, 0.9])
    noon = [Seen("api", YESTERDAY, AT_SIX + 1, 800, 1000), Seen("api", YESTERDAY - timedelta(days=1), AT_SIX + 5, 990, 1000)]
    opened = Usual.of([*mornings(), *noon], NOW + timedelta(hours=7)).opened({"api": 1}, YESTERDAY)
    assert opened.shares == pytest.approx((0.95 + 0.05 / 4, 0.6 + 0.35 / 4)), "a load at noon, when none has come before"


def test_the_newest_days_are_open_from_the_first_one_that_usually_lacks_something() -> None:
    usual = Usual.of(mornings(), NOW)
    assert usual.opened({"api": 7}, YESTERDAY) == Opened(TODAY - timedelta(days=3), (pytest.approx(0.95), pytest.approx(0.6)))
    whole = Usual.of(mornings(shares=(0.98, 1.0)), NOW)
    assert whole.opened({"api": 7}, YESTERDAY) == Opened(YESTERDAY), "what usually lacks two in a hundred is whole"


def test_sources_are_weighed_by_what_they_cost_and_one_without_a_curve_leaves_the_days_as_they_are() -> None:
    usual = Usual.of([*mornings(), *mornings("bill", (1.0, 1.0)), *mornings("new", days=20)], NOW)
    assert usual.opened({"api": 100, "bill": 300}, YESTERDAY).shares == pytest.approx((0.95 / 4 + 0.75, 0.6 / 4 + 0.75))
    for others in ({"new": 1}, {"unheard": 1}):
        assert usual.opened({"api": 100} | others, YESTERDAY) == Opened(YESTERDAY)
    assert usual.opened({}, YESTERDAY) == usual.opened({"api": -5}, YESTERDAY) == Opened(YESTERDAY)


def test_a_source_that_only_credits_says_nothing_of_what_others_lack() -> None:
    """It has no curve, as what it states is no cost; a cost that is ever so small is one, and leaves the days as they are."""
    below = [replace(one, source="credits", cost=-30, final=-30) for one in mornings()]
    usual, alone = Usual.of([*mornings(), *below], NOW), Usual.of(mornings(), NOW).opened({"api": 100}, YESTERDAY)
    assert alone.shares == pytest.approx((0.95, 0.6))
    for cost in (-3, 0):
        assert usual.opened({"api": 100, "credits": cost}, YESTERDAY) == alone
        assert usual.opened({"api": 100, "unheard": cost}, YESTERDAY) == alone
    assert usual.opened({"api": 100, "credits": 1}, YESTERDAY) == Opened(YESTERDAY)
    assert usual.opened({"credits": -3}, YESTERDAY) == Opened(YESTERDAY)


def test_a_source_that_stopped_is_as_complete_as_when_it_was_last_loaded() -> None:
    """Nothing was loaded since the 12th; by the 16th the 11th would have been whole, had anybody asked."""
    last = date(2026, 11, 11)
    usual = Usual.of(mornings(until=last), NOW)
    assert usual.opened({"api": 7}, last) == Opened(date(2026, 11, 9), (pytest.approx(0.95), pytest.approx(0.6)))
    both = Usual.of([*mornings(until=last), *mornings("fast", (1.0,))], NOW)
    assert both.opened({"api": 10, "fast": 30}, last).shares == pytest.approx((0.9875, 0.9, 0.75, 0.75, 0.75, 0.75))


def test_the_running_day_counts_where_it_was_seen_at_that_age() -> None:
    seen = mornings(shares=(1.0,)) + [Seen("api", TODAY - timedelta(days=n), 1, 250, 1000) for n in range(100)]
    assert Usual.of(seen, NOW).opened({"api": 7}, YESTERDAY) == Opened(YESTERDAY, (0.25,))


def test_what_is_loaded_later_is_not_looked_at() -> None:
    seen = mornings()
    later = [Seen("api", YESTERDAY, AT_SIX + 4 * n, 1000, 1000) for n in range(1, 9)]
    later += [Seen("api", TODAY, age, 400, 1000) for age in range(2, 12)]
    assert Usual.of([*seen, *later], NOW) == Usual.of(seen, NOW)


@given(
    st.lists(st.tuples(st.integers(0, 130), st.integers(0, 60), st.integers(-100, 2000), st.integers(-100, 2000)), max_size=300),
    st.lists(st.integers(-5, 100), min_size=1, max_size=2),
    st.integers(0, 9),
)
def test_shares_are_shares_and_days_before_a_week_are_whole(rows: list[tuple[int, int, int, int]], costs: list[int], late: int) -> None:
    seen = [Seen("ab"[age % 2], TODAY - timedelta(days=back), age, cost, final) for back, age, cost, final in rows]
    last = YESTERDAY - timedelta(days=late)
    found = Usual.of(seen, NOW).opened(dict(zip("ab", costs, strict=False)), last)
    assert last - timedelta(days=MOST_OPEN) <= found.last <= last
    assert all(0 <= share <= 1 for share in found.shares)
    assert found.last + timedelta(days=len(found.shares)) <= TODAY
    assert not found.shares or found.last + timedelta(days=len(found.shares)) >= last


@given(st.lists(st.floats(0.05, 0.96), min_size=1, max_size=5), st.integers(OLDEST + ENOUGH, 140))
def test_what_every_day_lacked_is_what_the_newest_lack(shares: list[float], days: int) -> None:
    found = Usual.of(mornings(shares=(*shares, 1.0), days=days), NOW).opened({"api": 1}, YESTERDAY)
    assert found == Opened(YESTERDAY - timedelta(days=len(shares)), pytest.approx(tuple(reversed(shares)), abs=1e-3))

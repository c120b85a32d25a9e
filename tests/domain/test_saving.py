"""What the habits of before would have saved."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from usage import AFTER, BEFORE, SIDES, used

from bot.domain.consumption import Side
from bot.domain.saving import Habit, savings


def test_the_worked_example() -> None:
    """Bob read 80 of 120 million from the cache: with nine of ten, 28 more at 4.50 less; on Sonnet his tokens cost 204, not 340."""
    assert savings(BEFORE, AFTER) == {Habit.CACHING: 126 * 10**9, Habit.MODEL: 136 * 10**9}


def test_who_does_better_than_before_saves_nothing() -> None:
    assert savings(AFTER, BEFORE) == {}
    assert savings(BEFORE, BEFORE) == {}
    assert savings(Side(()), AFTER) == savings(BEFORE, Side(())) == {}


def test_what_one_saved_does_not_hide_what_another_lost() -> None:
    before = Side((used("ann", "sonnet", 50, 50, 1), used("bob", "sonnet", 10, 90, 1)))
    after = Side((used("ann", "sonnet", 10, 90, 1), used("bob", "sonnet", 50, 50, 1)))
    assert savings(before, after) == {Habit.CACHING: 108 * 10**9}


def test_who_always_used_a_dear_model_saves_only_what_they_use_it_more() -> None:
    """Half of a hundred million on Opus before, three quarters now: a quarter of what the two are apart for all of it."""
    before = Side((used("ann", "opus", 50, 0, 0), used("ann", "sonnet", 50, 0, 0)))
    after = Side((used("ann", "opus", 75, 0, 0), used("ann", "sonnet", 25, 0, 0)))
    assert savings(before, after) == {Habit.MODEL: 50 * 10**9}
    assert savings(after, before) == {}


def test_another_model_with_other_work_is_held_against_the_same_work_on_the_one_of_before() -> None:
    """Haiku writes now what it wrote, at its price, and Opus reads: only what Opus reads is dearer than on Haiku."""
    before = Side((used("ann", "sonnet", 10, 0, 10),))
    after = Side((used("ann", "opus", 0, 100, 0), used("ann", "sonnet", 0, 0, 10)))
    opus, sonnet = after.usages[0].cost, used("ann", "sonnet", 0, 100, 0).cost
    assert savings(before, after) == ({Habit.MODEL: opus - sonnet} if opus > sonnet else {})


@given(SIDES, SIDES)
def test_no_saving_is_negative_or_more_than_was_paid(before: Side, after: Side) -> None:
    paid = Side(tuple(replace(usage, cost=abs(usage.cost)) for usage in after.usages), after.weights)
    saved = savings(before, paid)
    assert all(nanos > 0 for nanos in saved.values())
    assert max(saved.values(), default=0) <= sum(usage.cost for usage in paid.usages)

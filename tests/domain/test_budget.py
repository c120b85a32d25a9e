from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.budget import Budget, Scope, ScopeKind, person_budget, scope_budget
from bot.domain.money import Money
from bot.domain.period import PeriodKind, Window

LADDERS = st.lists(st.decimals(Decimal("0.01"), Decimal(3), places=2), min_size=1, max_size=6, unique=True).map(lambda t: tuple(sorted(t)))


def budget(scope: Scope, name: str = "b", limit: int = 100) -> Budget:
    return Budget(name, scope, PeriodKind.MONTH, Money(limit, "USD"))


@given(LADDERS, st.integers(1, 10**12))
def test_every_tier_of_a_ladder_can_be_reached(ladder: tuple[Decimal, ...], limit: int) -> None:
    whole = Budget("b", Scope(ScopeKind.ORG), PeriodKind.MONTH, Money(limit * 100, "USD"), ladder)
    for tier in ladder:
        assert whole.used(Money(int(tier * limit * 100), "USD")).tier == tier
    assert whole.used(Money(int(ladder[0] * limit * 100) - 1, "USD")).tier is None


def test_use_counts_from_the_exact_share() -> None:
    use = budget(Scope(ScopeKind.ORG)).used(Money(99, "USD"))
    assert use.tier == Decimal("0.8")
    assert use.remaining == Money(1, "USD")
    assert budget(Scope(ScopeKind.ORG)).used(Money(100, "USD")).tier == 1


def test_the_closest_budget_of_a_person_counts() -> None:
    everyone = budget(Scope(ScopeKind.PERSON, "*"), "everyone")
    searchers = budget(Scope(ScopeKind.PERSON, "*", "search"), "searchers")
    own = budget(Scope(ScopeKind.PERSON, "ana@x.example"), "own")

    assert person_budget([everyone, searchers, own], "ana@x.example", "search") is own
    assert person_budget([everyone, searchers], "ben@x.example", "search") is searchers
    assert person_budget([everyone, searchers], "cy@x.example", "sales") is everyone
    assert person_budget([], "cy@x.example", "sales") is None


def test_a_team_of_its_own_comes_before_each_team() -> None:
    each, search = budget(Scope(ScopeKind.TEAM, "*"), "each"), budget(Scope(ScopeKind.TEAM, "search"), "search")
    assert scope_budget([each, search], ScopeKind.TEAM, "search") is search
    assert scope_budget([each, search], ScopeKind.TEAM, "sales") is each


def test_a_budget_resets_with_its_period() -> None:
    assert budget(Scope(ScopeKind.ORG)).current(date(2026, 11, 23)).window == Window(date(2026, 11, 1), date(2026, 12, 1))

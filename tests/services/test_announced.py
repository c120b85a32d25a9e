"""Announced: a declared change reaches the teams whose cost it concerns, and no others."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from booked import book
from fakes import FakeFigures, FakeLedger

from bot.domain.budget import Budget, PlannedChange, Scope, ScopeKind
from bot.domain.money import Money
from bot.domain.people import Directory, Team
from bot.domain.period import PeriodKind, Window
from bot.services.announced import Announced

DAY = date(2026, 11, 10)
WINDOW = Window(date(2026, 3, 1), date(2026, 11, 18))
TEAMS = ("search", "ranking", "support")
DIRECTORY = Directory(teams={"search": Team("search"), "ranking": Team("ranking", "search"), "support": Team("support")})
"""Ranking is a part of search."""


def change(factor: str = "1", amount: int = 0, day: date = DAY) -> PlannedChange:
    return PlannedChange(day, None, Decimal(factor), Money(amount * 10**9, "USD"), "a launch")


def budget(kind: ScopeKind, name: str, *changes: PlannedChange, period: PeriodKind = PeriodKind.MONTH) -> Budget:
    scope = Scope(kind, name) if name else Scope(kind)
    return Budget(f"{kind} {name} {period}", scope, period, Money(10**12, "USD"), overlays=changes)


def announced(*budgets: Budget) -> dict[str, list[tuple[float, float]]]:
    """Return factor and amount of what concerns each team."""
    ledger = FakeLedger()
    rows: list[dict[str, Any]] = []
    for day in (DAY - timedelta(days=n) for n in range(30)):
        for team, provider, cost in (("search", "Acme", 30), ("search", "Other", 10), ("ranking", "Other", 5), ("support", "Acme", 7)):
            rows.append({"day": day.isoformat(), "team": team, "provider": provider, "model": f"{provider} large", "billed": cost * 10**9})
    book(ledger, rows)
    found = Announced(budgets, FakeFigures(ledger), DIRECTORY, WINDOW).of(TEAMS)
    assert all(each.day == DAY for each in found)
    return {team: [(each.factor, each.amount) for each in found if row in (each.rows or ())] for row, team in enumerate(TEAMS)}


TEAM, ORG, PROVIDER, MODEL = ScopeKind.TEAM, ScopeKind.ORG, ScopeKind.PROVIDER, ScopeKind.MODEL
BOTH = change("1.2", 40)


@pytest.mark.parametrize(
    ("budgets", "concerns"),
    [
        ([], [[], [], []]),
        ([budget(TEAM, "search", BOTH)], [[(1.2, 40)], [(1.2, 40)], []]),
        ([budget(TEAM, "Support", BOTH)], [[], [], [(1.2, 40)]]),
        ([budget(TEAM, "*", BOTH)], [[(1.2, 40)]] * 3),
        ([budget(TEAM, "*", BOTH), budget(TEAM, "support")], [[(1.2, 40)], [(1.2, 40)], []]),
        ([budget(TEAM, "search", BOTH), budget(TEAM, "search", BOTH, period=PeriodKind.YEAR)], [[(1.2, 40)], [(1.2, 40)], []]),
        ([budget(TEAM, "support", change(amount=40), change(amount=40))], [[], [], [(1, 40), (1, 40)]]),
        ([budget(ORG, "", BOTH)], [[(1.2, 0)]] * 3),
        ([budget(ORG, "", change(amount=40))], [[], [], []]),
        ([budget(PROVIDER, "acme", change("2"))], [[(1.75, 0)], [], [(2, 0)]]),
        ([budget(MODEL, "*", change("2"))], [[(2, 0)], [(2, 0)], [(2, 0)]]),
        ([budget(PROVIDER, "acme", change("2")), budget(MODEL, "acme large", change("2"))], [[(1.75, 0)], [], [(2, 0)]]),
        ([budget(ORG, "", change("2")), budget(PROVIDER, "acme", change("2"))], [[(2, 0)]] * 3),
        ([budget(ORG, "", change("0.8")), budget(PROVIDER, "acme", change("0.4"))], [[(0.55, 0)], [(0.8, 0)], [(0.4, 0)]]),
        ([budget(ORG, "", change("1.1")), budget(TEAM, "support", change("1.1"))], [[(1.1, 0)], [(1.1, 0)], [(1.1, 0)]]),
        ([budget(TEAM, "search", change("2", day=WINDOW.start)), budget(ORG, "", change("2", day=date(2027, 6, 1)))], [[], [], []]),
    ],
)
def test_what_is_declared_concerns(budgets: list[Budget], concerns: list[list[tuple[float, float]]]) -> None:
    assert {team: sorted(found) for team, found in announced(*budgets).items()} == {
        team: sorted(of) for team, of in zip(TEAMS, concerns, strict=True)
    }

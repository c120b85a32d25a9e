"""Running: forecasts of budgets know who costs something lately, whatever the running period has cost so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from booked import book
from office import Office, office

from bot.domain.budget import Scope, ScopeKind
from bot.domain.foretold import Foretold
from bot.domain.money import NANOS_PER_UNIT
from bot.wiring import App

YEAR = date(2026, 1, 1)


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    return office(make_app, tmp_path, "standard")


def spend(firm: Office, days: Iterable[date], cost: int, source: str = "bill", *, team: str = "search", who: str = "ana") -> None:
    rows = [{"day": day.isoformat(), "person": f"{who}@x.example", "team": team, "billed": cost * NANOS_PER_UNIT} for day in days]
    book(firm.app.ledger, rows, source=source)


def days(first: date, end: date, *, weekdays: bool = False) -> list[date]:
    every = (first + timedelta(days=n) for n in range((end - first).days))
    return [day for day in every if day.weekday() < 5 or not weekdays]


def at(firm: Office, day: date, budgets: str) -> None:
    firm.clock.instant = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9)
    firm.app.budgets.apply([], [budget.name for budget in firm.app.budgets.current()], firm.clock.instant - timedelta(days=1))
    firm.agree(budgets)


def told(firm: Office, name: str, subject: str, start: date) -> Foretold | None:
    return firm.app.review.forecasts.find(name, subject, start)


def test_an_organisation_of_workdays_is_expected_whole_on_a_monday_the_second(firm: Office) -> None:
    today = date(2026, 11, 2)
    spend(firm, days(YEAR, today), 10, "other", team="support", who="ruth")
    spend(firm, days(YEAR, today, weekdays=True), 300)
    at(firm, today, '[[budgets]]\nname = "all"\norg = true\nlimit = 5000\n')
    firm.review()
    found = told(firm, "all", str(Scope(ScopeKind.ORG)), date(2026, 11, 1))
    assert found
    assert found.point.amount == pytest.approx(Decimal(30 * 10 + 21 * 300), rel=Decimal("0.03"))
    assert found.over > Decimal("0.9")


def test_a_source_that_is_late_holds_a_new_month_s_forecast_back(firm: Office) -> None:
    today = date(2026, 11, 4)
    spend(firm, days(YEAR, today), 10, "quick")
    spend(firm, days(YEAR, today - timedelta(days=2)), 90, "late")
    at(firm, today, '[[budgets]]\nname = "search"\nteam = "search"\nlimit = 5000\n')
    firm.review()
    found = told(firm, "search", "team search", date(2026, 11, 1))
    assert found
    assert found.as_of == date(2026, 11, 1)
    assert found.point.amount == pytest.approx(Decimal(3000), rel=Decimal("0.01"))


def test_a_source_that_ended_in_spring_holds_no_year_back(firm: Office) -> None:
    today = date(2026, 11, 16)
    spend(firm, days(YEAR, date(2026, 4, 1)), 1, "old")
    spend(firm, days(YEAR, today), 10)
    at(firm, today, '[[budgets]]\nname = "search"\nteam = "search"\nperiod = "year"\nlimit = 3500\n')
    firm.review()
    found = told(firm, "search", "team search", YEAR)
    assert found
    assert found.as_of == today - timedelta(days=1)
    assert found.point.amount == pytest.approx(Decimal(3740), rel=Decimal("0.01"))
    (seen,) = {alert.seen.as_of for alert in firm.app.alerts.every() if alert.identity.kind.value in {"tier", "forecast"}}
    assert seen == datetime.combine(today, datetime.min.time(), UTC)


def test_what_was_foretold_of_somebody_else_s_cost_is_not_shown_any_more(firm: Office) -> None:
    today = date(2026, 11, 16)
    spend(firm, days(YEAR, today), 100)
    at(firm, today, '[[budgets]]\nname = "teams"\nteam = "*"\nlimit = 5000\n')
    firm.review()
    assert told(firm, "teams", "team search", date(2026, 11, 1))
    spend(firm, days(YEAR, today), 100, team="support", who="ruth")
    firm.review()
    assert told(firm, "teams", "team search", date(2026, 11, 1)) is None
    assert told(firm, "teams", "team support", date(2026, 11, 1))

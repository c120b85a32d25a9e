"""A warning of what is to be expected tells the range, the chance and the day, as they stood when it was decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from booked import book
from office import Office, office

from bot.domain.alert import Kind
from bot.messages.alerts import BudgetAlert
from bot.messages.expected import Expected
from bot.services.notify import OTHER, OWNER
from bot.wiring import App

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
SEARCH = "[[budgets]]\nname = 'search'\nteam = 'search'\nlimit = 1430\nladder = [100]\n"


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    """Return the company when November's budget is expected to be passed by what search costs each day."""
    of = office(make_app, tmp_path)
    of.agree(SEARCH)
    of.clock.instant = NOW
    days = [NOW.date() - timedelta(days=n) for n in range(1, 80)]
    costs = {day: 45 + day.toordinal() % 7 for day in days}
    rows = [{"day": d.isoformat(), "person": "ana@x.example", "team": "search", "billed": cost * 10**9} for d, cost in costs.items()]
    book(of.app.ledger, rows)
    return of


def told(of: Office, email: str = "mia@x.example", role: str = OWNER) -> BudgetAlert:
    [alert] = of.app.alerts.every(kind=Kind.FORECAST)
    view = of.app.review.notices().view(alert, email, role)
    assert isinstance(view, BudgetAlert)
    return view


def test_the_card_says_what_the_stored_forecast_says(firm: Office) -> None:
    firm.review()
    found = told(firm).forecast
    assert isinstance(found, Expected)
    stored = firm.app.review.forecasts.find("search", "team search", date(2026, 11, 1))
    assert found.foretold == stored
    assert stored
    assert stored.low < stored.point < stored.high
    [post] = firm.posts()
    card = repr(post.message.card)
    assert "(80 %: $" in card
    assert ("Chance of going over" in card) == (found.over is not None)
    assert "Used up" in card
    asked = firm.ask("mia", "forecast team search")["rows"][0]
    assert found.document() == asked


def test_later_it_still_says_what_was_expected_then(firm: Office) -> None:
    """The title tells the day it was decided on; a newer range beside it would contradict it."""
    firm.review()
    before = told(firm).forecast
    assert before
    newer = replace(before.foretold, as_of=NOW.date(), point=before.foretold.limit)
    firm.app.review.forecasts.keep([newer])
    assert told(firm).forecast == before


def test_without_that_forecast_and_to_who_may_not_see_it_there_is_none(firm: Office) -> None:
    firm.review()
    assert told(firm, "ruth@x.example", OTHER).forecast is None
    before = told(firm).forecast
    assert before
    firm.app.review.forecasts.keep([replace(before.foretold, limit=before.foretold.point)])
    assert told(firm).forecast is None
    assert told(firm).expected


def test_a_source_that_tells_of_days_to_come_stops_no_review(make_app: Callable[..., App], tmp_path: Path) -> None:
    """Its bill reaches beyond the period: all of it is known, and there is nothing left to expect."""
    firm = office(make_app, tmp_path)
    days = (date(2026, 9, 1) + timedelta(days=n) for n in range(62))
    rows = [{"day": f"{day}", "person": "ana@x.example", "team": "search", "billed": 45 * 10**9} for day in days]
    rows.append({"day": "2026-11-02", "person": "ana@x.example", "team": "search", "billed": 45 * 10**9})
    book(firm.app.ledger, rows, "bills", datetime(2027, 1, 1, tzinfo=UTC))
    firm.review()
    tiers = [alert for alert in firm.app.alerts.every(live=True) if alert.identity.kind is Kind.TIER]
    assert [alert.seen.cost.plain for alert in tiers] == ["90"]

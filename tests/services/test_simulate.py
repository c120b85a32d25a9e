"""Simulate: what would have been sent is what day-by-day reviews send, and nothing of it is stored."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from booked import book
from office import Office, office
from typer.testing import CliRunner

from bot.cli.main import program
from bot.domain.alert import Alert
from bot.ports import MessageKind
from bot.services.simulate import Simulated, Simulation
from bot.wiring import App

FIRST, BEGIN, TODAY = date(2026, 8, 24), date(2026, 10, 26), date(2026, 11, 12)
BUDGETS = """
[[budgets]]
name = "everyone"
person = "*"
limit = 1500

[[budgets]]
name = "search"
team = "search"
limit = 1900
"""
DEAR = {date(2026, 11, 3): 900, date(2026, 11, 4): 700, date(2026, 11, 10): 300}


def bill(firm: Office, today: date) -> None:
    """Book what there is in the morning of *today*: Ana and Mia of search, Ruth of support, and Ana's dear days."""
    rows = []
    for day in (FIRST + timedelta(days=n) for n in range((today - FIRST).days)):
        wave, part = day.toordinal() * 7 % 11 - 5, 100 if day.weekday() < 5 else 20
        for who, team, cost in (("ana", "search", 30 + wave), ("mia", "search", 20 - wave), ("ruth", "support", 15)):
            cents = 100 * DEAR[day] if who == "ana" and day in DEAR else cost * part
            rows.append({"day": day.isoformat(), "person": f"{who}@x.example", "team": team, "billed": cents * 10**7})
    book(firm.app.ledger, rows)


def company(make_app: Callable[..., App], folder: Path, at: date, privacy: str = "standard") -> Office:
    firm = office(make_app, folder, privacy)
    firm.clock.instant = datetime.combine(at, datetime.min.time(), UTC) + timedelta(hours=9)
    firm.app.budgets.apply([], [budget.name for budget in firm.app.budgets.current()], firm.clock.instant - timedelta(hours=9))
    firm.clock.instant -= timedelta(hours=9)
    firm.agree(BUDGETS)
    firm.clock.instant += timedelta(hours=9)
    return firm


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = company(make_app, tmp_path, TODAY)
    bill(found, TODAY)
    return found


def simulated(firm: Office) -> Simulated:
    return Simulation(firm.app.review).run((TODAY - BEGIN).days + 1)


def test_what_would_have_been_sent_is_what_day_by_day_reviews_send(make_app: Callable[..., App], tmp_path: Path, firm: Office) -> None:
    """The month ends in between, tiers are passed over, and an anomaly begins, goes on and is over."""
    (tmp_path / "other").mkdir()
    real = company(
        lambda *a, **k: make_app(*a, name="other.toml", **{**k, "url": f"sqlite:///{tmp_path}/other/real.db"}), tmp_path / "other", BEGIN
    )
    first_told: list[Alert] = []
    for day in (BEGIN + timedelta(days=n) for n in range((TODAY - BEGIN).days + 1)):
        real.clock.instant = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9)
        bill(real, day)
        known = {alert.number for alert in real.app.alerts.every() if alert.was_told}
        real.review()
        first_told += [alert for alert in real.app.alerts.every() if alert.was_told and alert.number not in known]
    sent = [post for post in real.posts() if post.message.kind is MessageKind.ALERT]
    found = simulated(firm)

    assert found.messages == len(sent)
    assert found.people == len({post.message.to for post in sent})
    told = [alert for alert in reversed(real.app.alerts.every()) if alert.was_told]
    assert [(c.day, c.alert.identity.kind, c.alert.identity.subject, c.alert.identity.tier) for c in found.caught] == [
        (a.opened_at.date(), a.identity.kind, a.identity.subject, a.identity.tier) for a in told
    ]
    said = {alert.identity: alert for alert in first_told}
    for each in found.caught:
        assert each.alert.seen.cost == said[each.alert.identity].seen.cost, "what was known on that day, and not what came later"
    assert {each.alert.identity.kind.value for each in found.caught} >= {"tier", "anomaly"}
    assert found.weeks.total() == found.messages


def test_nothing_is_stored_or_sent(firm: Office, tmp_path: Path) -> None:
    def everything() -> list[str]:
        with sqlite3.connect(tmp_path / "aispend.db") as connection:
            return list(connection.iterdump())

    before = everything()
    assert simulated(firm).messages > 0
    assert everything() == before
    assert firm.posts() == []
    assert firm.app.alerts.every() == []


def test_the_command_says_how_many_and_what_was_caught(firm: Office, tmp_path: Path) -> None:
    words = ["--config", str(tmp_path / "aispend.toml"), "--now", firm.clock.instant.isoformat(), "simulate", "--days", "18"]
    text = CliRunner().invoke(program, words).stdout
    document = json.loads(CliRunner().invoke(program, [*words, "--format", "json"]).stdout)

    assert f"2026-10-26 to 2026-11-12: would have sent {document['messages']} messages to {document['people']} people." in text
    assert (document["days"], document["from"], document["to"]) == (18, "2026-10-26", "2026-11-12")
    assert sum(row["messages"] for row in document["weeks"]) == document["messages"] == sum(row["messages"] for row in document["rows"])
    anomaly = next(row for row in document["rows"] if row["kind"] == "anomaly")
    assert anomaly["subject"] == "team search"
    assert "more than usual from 2026-11-03 to 2026-11-" in text
    foretold = next(row for row in document["rows"] if row["kind"] == "forecast" and row["subject"] == "team search")
    assert float(foretold["expected"]) > float(foretold["limit"]) > float(foretold["cost"])
    assert f"of $1,900.00, expected ${Decimal(foretold['expected']):,.2f} (" in text
    own = [row for row in document["rows"] if row["subject"].startswith("person ")]
    assert own
    assert all(row["cost"] is row["expected"] is None for row in own), "figures of people are for themselves"


def test_what_a_budget_has_declared_is_not_caught(firm: Office) -> None:
    assert "anomaly" in {each.alert.identity.kind.value for each in simulated(firm).caught}
    firm.agree(BUDGETS + "overlays = [{ from = 2026-11-03, until = 2026-11-13, amount = 900, note = 'launch' }]\n")
    assert "anomaly" not in {each.alert.identity.kind.value for each in simulated(firm).caught}


def test_in_works_council_mode_nobody_is_named(make_app: Callable[..., App], tmp_path: Path) -> None:
    firm = company(make_app, tmp_path, TODAY, "works_council")
    bill(firm, TODAY)
    rows = simulated(firm).document()["rows"]
    assert {row["subject"] for row in rows} == {"a person", "team search"}
    assert all(row["cost"] is None for row in rows)

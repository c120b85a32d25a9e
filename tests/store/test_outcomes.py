"""The port of outcomes, over the fake, SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeOutcomes

from adapters.store.database import Database
from adapters.store.outcomes import SqlOutcomes
from bot.domain.outcome import Outcome
from bot.domain.period import Window
from bot.errors import StoreError
from bot.ports import Counted, Delivered, Owner

KINDS = ["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.service)]
NOVEMBER = Window(date(2026, 11, 1), date(2026, 12, 1))


@pytest.fixture(params=KINDS)
def outcomes(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "fake":
        yield FakeOutcomes()
        return
    from conftest import fresh_postgresql

    from adapters.store import schema

    url = f"sqlite:///{tmp_path}/s.db"
    if request.param == "postgresql":
        url = fresh_postgresql(request.getfixturevalue("postgresql_url"), f"o_{abs(hash(tmp_path))}")
    database = Database(url)
    schema.upgrade(database)
    yield SqlOutcomes(database)
    database.close()


def said(day: int, count: str, kind: str = "tickets", team: str = "search", project: str = "") -> Outcome:
    return Outcome(kind, date(2026, 11, day), team, project, Decimal(count))


def test_what_was_said_comes_back_exact_and_in_order(outcomes: Any) -> None:
    rows = [said(4, "1000000000"), said(3, "0.000001", "points"), said(3, "2.5"), said(3, "0", team="", project="ranking")]
    outcomes.replace("jira", {row.day for row in rows}, rows)
    days = [date(2026, 11, 3), date(2026, 11, 4)]
    assert outcomes.of("jira", days) == sorted(rows, key=lambda o: (o.day, o.kind, o.team, o.project))
    assert outcomes.of("jira", days[1:]) == [said(4, "1000000000")]
    assert outcomes.of("other", days) == []


def test_a_day_is_replaced_and_no_other(outcomes: Any) -> None:
    outcomes.replace("jira", [date(2026, 11, 3), date(2026, 11, 4)], [said(3, "7"), said(3, "1", "bugs"), said(4, "5")])
    outcomes.replace("desk", [date(2026, 11, 3)], [said(3, "100")])
    outcomes.replace("jira", [date(2026, 11, 3)], [said(3, "8")])
    assert outcomes.counts(NOVEMBER) == [
        Counted("desk", "tickets", "search", "", Decimal(100)),
        Counted("jira", "tickets", "search", "", Decimal(13)),
    ]
    outcomes.replace("jira", [date(2026, 11, 4)], [])
    assert [c.count for c in outcomes.counts(NOVEMBER)] == [100, 8]


def test_counts_are_of_the_days_asked_for_and_keep_what_is_zero(outcomes: Any) -> None:
    rows = [said(3, "1.5"), said(9, "2"), said(10, "4"), said(9, "0", team="support")]
    outcomes.replace("jira", {row.day for row in rows}, rows)
    assert outcomes.counts(Window(date(2026, 11, 3), date(2026, 11, 10))) == [
        Counted("jira", "tickets", "search", "", Decimal("3.5")),
        Counted("jira", "tickets", "support", "", Decimal(0)),
    ]


def test_who_is_counted_since_when(outcomes: Any) -> None:
    rows = [said(3, "1", project="ranking"), said(5, "0"), said(7, "1"), said(4, "1", "bugs"), said(6, "1", team="", project="ranking")]
    outcomes.replace("jira", {row.day for row in rows}, rows)
    outcomes.replace("desk", [date(2026, 11, 1)], [said(1, "1")])
    days = {
        Owner("jira", "tickets", "search", None): 3,
        Owner("jira", "tickets", "search", ""): 5,
        Owner("jira", "bugs", "search", None): 4,
        Owner("jira", "tickets", "", "ranking"): 6,
    }
    assert outcomes.since([*days, Owner("jira", "tickets", "", "")]) == {owner: date(2026, 11, n) for owner, n in days.items()}
    assert outcomes.since([]) == {}


def test_every_kind_of_a_source_reaches_as_far_as_its_last_day(outcomes: Any) -> None:
    every = {("jira", "tickets"), ("jira", "bugs"), ("desk", "tickets")}
    assert outcomes.delivered(every) == outcomes.delivered([]) == []
    outcomes.replace("jira", [date(2026, 11, n) for n in (3, 4, 9)], [said(3, "1"), said(9, "0"), said(4, "1", "bugs")])
    assert outcomes.delivered(every) == [
        Delivered("jira", "bugs", Window(date(2026, 11, 4), date(2026, 11, 5))),
        Delivered("jira", "tickets", Window(date(2026, 11, 3), date(2026, 11, 10))),
    ]


def test_a_thousand_sources_are_asked_for_at_once(outcomes: Any) -> None:
    for name in ("a7", "z0"):
        outcomes.replace(name, [date(2026, 11, 3)], [said(3, "1")])
    assert [found.source for found in outcomes.delivered({(f"{letter}{n}", "tickets") for n in range(500) for letter in "az"})] == [
        "a7",
        "z0",
    ]


def test_what_another_source_says_of_the_same_is_found(outcomes: Any) -> None:
    outcomes.replace("jira", [date(2026, 11, 3), date(2026, 11, 9)], [said(3, "1"), said(9, "1")])
    assert outcomes.stated_by_others("desk", [date(2026, 11, 3)]) == {(date(2026, 11, 3), "tickets", "search", ""): "jira"}
    assert outcomes.stated_by_others("jira", [date(2026, 11, 3)]) == {}


def test_a_replacement_that_fails_leaves_what_was_there(sqlite: Database) -> None:
    """The days are emptied and filled in one transaction."""
    outcomes = SqlOutcomes(sqlite)
    outcomes.replace("jira", [date(2026, 11, 3)], [said(3, "1")])
    with pytest.raises(StoreError):
        outcomes.replace("jira", [date(2026, 11, 3)], [said(3, "2"), said(3, "3")])
    assert outcomes.of("jira", [date(2026, 11, 3)]) == [said(3, "1")]

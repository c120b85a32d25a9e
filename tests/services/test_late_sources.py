"""A source that is late is not one without cost: nothing is compared or foretold as if it were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from booked import book
from factories import write_directory

from bot.errors import Refusal
from bot.messages.costs import MyCosts
from bot.services import directory
from bot.wiring import App

FIRST = date(2026, 9, 1)


@pytest.fixture
def app(make_app: Callable[..., App], tmp_path: Path) -> App:
    """Ana costs $4 a day by one source, until yesterday, and $10 by another one, which has delivered October last; it is 11 November."""
    found = make_app("", now="2026-11-11T09:00:00")
    found.prepare_store()
    directory.apply(directory.plan(write_directory(tmp_path), found.people), found.people)
    for source, cost, count in (("bills", 4, 71), ("late", 10, 61)):
        days = (FIRST + timedelta(days=n) for n in range(count))
        rows = [{"day": f"{day}", "person": "ana@x.example", "team": "search", "billed": cost * 10**9} for day in days]
        book(found.ledger, rows, source, datetime(2026, 11, 11 if source == "bills" else 1, tzinfo=UTC))
    return found


def test_a_month_is_not_compared_while_a_source_of_the_month_before_is_late(app: App) -> None:
    me = app.answered("ana@x.example", "me").document()
    assert me["billed_cost"] == "40"
    assert me["previous_cost"] is None
    with pytest.raises(Refusal, match="cannot compare"):
        app.answered("ana@x.example", "why me")


def test_nothing_is_foretold_from_a_part_of_what_is_usual(app: App) -> None:
    """Ten days are too many to bridge."""
    assert app.answered("ana@x.example", "forecast me").document()["rows"] == []


def test_the_days_that_are_compared_are_named_where_the_last_ones_are_not_there_yet(app: App) -> None:
    """Beside a title of thirty days, "Before (Oct 1 – 27)" alone would look cut."""
    found = next(view for name, view in MyCosts.examples() if view.compared_window)
    same = replace(found, compared=found.total)
    assert same.compares_part
    assert not replace(same, compared_window=same.window).compares_part

"""Hours: a runaway is told within the hour where a source delivers by the hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from factories import charge, write_csv
from office import Office, office

from bot.wiring import App

BUDGETS = """
[[budgets]]
name = "everyone"
person = "*"
limit = 3000
ladder = [100]
"""


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    found.agree(BUDGETS)
    return found


def hourly(start: datetime, cost: str) -> dict[str, str]:
    row = charge(f"{start:%Y-%m-%d}", cost, x_PrincipalId="ana@x.example")
    return row | {"ChargePeriodStart": f"{start:%Y-%m-%dT%H}:00:00Z", "ChargePeriodEnd": f"{start + timedelta(hours=1):%Y-%m-%dT%H}:00:00Z"}


def deliver(firm: Office, rows: list[dict[str, str]], hour: str, cost: str) -> None:
    """Add what Ana cost in the hour before *hour* (`10T15`) to the bill, deliver it five minutes later and review."""
    end = datetime.fromisoformat(f"2026-11-{hour}:00:00+00:00")
    rows.append(hourly(end - timedelta(hours=1), cost))
    firm.clock.instant = end + timedelta(minutes=5)
    write_csv(firm.folder / "bill.csv", rows)
    with firm.app.source(firm.app.settings.sources[0]) as source:
        firm.app.ingest.run(source)
    firm.review()


def test_a_runaway_is_told_within_the_hour_and_is_over_when_days_are_calm(firm: Office) -> None:
    rows: list[dict[str, str]] = []
    deliver(firm, rows, "10T12", "1")
    deliver(firm, rows, "10T13", "1")
    assert firm.said() == []
    deliver(firm, rows, "10T14", "70")
    assert firm.said() == [("ana", "$70.00 within 1 hour")]
    assert "That was until Tue 10 Nov 14:00 UTC" in repr(firm.posts()[0].message.card)
    deliver(firm, rows, "10T15", "90")
    assert len(firm.said()) == 1, "the same runaway is told once"
    assert firm.app.alerts.every()[0].needs_answer
    firm.know()
    firm.deliver()
    deliver(firm, rows, "14T12", "1")
    assert firm.said() == [("ana", "Back to plan")]


def test_an_hour_is_not_explained_by_months(firm: Office) -> None:
    days = (datetime(2026, 10, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(40))
    rows = [hourly(day, "9" if day.month == 10 else "3") for day in days]
    deliver(firm, rows, "10T13", "3")
    deliver(firm, rows, "10T14", "70")
    (post,) = [post for post in firm.posts() if "within 1 hour" in post.message.card.title]
    assert "Beside Oct" not in repr(post.message.card)

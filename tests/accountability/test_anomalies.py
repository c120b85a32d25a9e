"""Anomalies between people: who is told, what is answered, and what the bill says afterwards; over a real store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from factories import charge, write_csv
from office import Office, office

from bot.domain.alert import Alert, Kind
from bot.wiring import App

FIRST, NOW = date(2026, 8, 24), datetime(2026, 11, 18, 9, tzinfo=UTC)
BIG = "[[budgets]]\nname = 'all'\norg = true\nlimit = 1000000\n"
RUNAWAY = {date(2026, 11, 16): 400, date(2026, 11, 17): 420}
"""What Ana costs on the last Monday and Tuesday, where she costs thirty otherwise."""


def bill(firm: Office, ana: Mapping[date, int], until: date | None = None) -> None:
    """Load what search has cost since August: Ana thirty a working day, or as *ana* says, Ben and Mia twenty."""
    last = until or firm.clock.instant.date() - timedelta(days=1)
    days = [FIRST + timedelta(days=n) for n in range((last - FIRST).days + 1)]
    rows = []
    for day in days:
        wave = day.toordinal() * 7 % 11 - 5
        usual = {"ana": 30 + wave, "mia": 20 - wave / 2, "ruth": 15}
        for who, cost in usual.items():
            part = 1 if day.weekday() < 5 else 0.2
            spent = ana[day] if who == "ana" and day in ana else cost * part
            rows.append(charge(day.isoformat(), f"{spent:.2f}", x_PrincipalId=f"{who}@x.example"))
    write_csv(firm.folder / "bill.csv", rows)
    with firm.app.source(firm.app.settings.sources[0]) as source:
        firm.app.ingest.run(source)


def open_office(make_app: Callable[..., App], folder: Path, privacy: str = "standard") -> Office:
    """Return the company on Wednesday 18 November, its reviews begun on the Sunday before."""
    firm = office(make_app, folder, privacy)
    firm.agree(BIG)
    firm.clock.instant = NOW - timedelta(days=3)
    bill(firm, {})
    firm.review()
    firm.clock.instant = NOW
    return firm


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    return open_office(make_app, tmp_path)


def anomalies(firm: Office) -> list[Alert]:
    return firm.app.alerts.every(kind=Kind.ANOMALY)


def titles(firm: Office) -> list[tuple[str, str]]:
    return [(post.message.to.partition("@")[0], post.message.card.title) for post in firm.posts()]


def test_a_runaway_is_told_to_the_manager_with_who_and_what_the_month_will_be(firm: Office) -> None:
    bill(firm, RUNAWAY)
    firm.review()
    firm.review()
    [(to, title)] = titles(firm)
    assert to == "mia"
    assert title.startswith("Team search costs $7")
    assert title.endswith("more than usual since Mon, Nov 16")
    card = repr(firm.posts()[0].message.card)
    assert "Ana Ruiz" in card
    assert "Month expected to end at" in card
    looks = firm.app.people.looks_at(firm.app.people.directory().people["ana@x.example"])
    assert [(look.viewer, look.subject) for look in looks] == [("mia@x.example", "ana@x.example")]

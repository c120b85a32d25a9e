"""Hindsight from the command line: how right the forecasts were that a company was told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from booked import book
from months import usd
from office import Office, office
from typer.testing import CliRunner

from bot.cli.main import program
from bot.domain.foretold import Foretold
from bot.errors import ConfigError
from bot.wiring import App

OCTOBER = date(2026, 10, 1)


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    row = {"day": "2026-10-20", "person": "ana@x.example", "team": "search", "principal": "ana@x.example", "project": None}
    book(found.app.ledger, [{**row, "billed": usd(80).nanos}])
    return found


def told(subject: str, day: int, point: int, budget: str = "") -> Foretold:
    low, high = usd(point - 15), usd(point + 15)
    return Foretold(budget, subject, OCTOBER, date(2026, 10, day), usd(point), low, high, usd(100), Decimal(0))


def ask(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(program, ["--config", str(folder / "aispend.toml"), "--now", "2026-11-02T09:00:00", "backtest", *words])
    if done.exception:
        raise done.exception
    return done.stdout


def test_what_was_told_is_held_against_what_the_month_came_to(firm: Office, tmp_path: Path) -> None:
    person, provider = "person ana@x.example", "provider Acme"
    firm.app.review.forecasts.keep(
        [told(person, 5, 60, "everyone"), told(person, 15, 76, "everyone"), told(provider, 5, 100), told(provider, 15, 84)]
    )
    rows = json.loads(ask(tmp_path, "--format", "json"))["rows"]
    assert rows == [
        {"month": "2026-10", "provider": None, "as_of_day": 5, "n": 1, "wape": "0.250000", "coverage_80": "0.000000"},
        {"month": "2026-10", "provider": None, "as_of_day": 15, "n": 1, "wape": "0.050000", "coverage_80": "1.000000"},
        {"month": "2026-10", "provider": "Acme", "as_of_day": None, "n": 2, "wape": "0.150000", "coverage_80": "0.500000"},
    ]
    text = ask(tmp_path).splitlines()
    assert text[1].split() == ["2026-10", "budgets,", "5", "days", "known", "1", "25.0%", "0.0%"]
    assert text[3].split() == ["2026-10", "Acme", "2", "15.0%", "50.0%"]


def test_without_a_month_that_is_over_it_says_what_can_be_judged(firm: Office, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="backtest --data FILE"):
        ask(tmp_path)
    with pytest.raises(ConfigError, match="--country is about a file"):
        ask(tmp_path, "--country", "DE")

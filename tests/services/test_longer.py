"""Longer: how right the forecasts of quarters and years were, from the command line and in FinOps' digest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from booked import book
from months import usd
from office import Office, office
from typer.testing import CliRunner

from adapters.chat import terminal
from bot.cli.main import program
from bot.domain.foretold import YEAR, Foretold
from bot.ports import MessageKind, Settling
from bot.wiring import App

JULY = date(2026, 7, 1)
QUARTER = "[[budgets]]\nname = 'search'\nteam = 'search'\nperiod = 'quarter'\nlimit = {limit}\n"
MONTH = "[[budgets]]\nname = 'search'\nteam = 'search'\nlimit = 100\n"
EACH = "[[budgets]]\nname = 'each'\nperson = '*'\nperiod = 'quarter'\nlimit = 100\n"
ORG = "[[budgets]]\nname = 'all'\norg = true\nperiod = 'quarter'\nlimit = 100\n"
TEAM = "team search"


def row(day: str, person: str = "ana", cost: int = 80) -> dict[str, Any]:
    email = f"{person}@x.example"
    return {"day": day, "person": email, "team": "search", "principal": email, "project": None, "billed": usd(cost).nanos}


def agree(firm: Office, day: date, toml: str) -> None:
    firm.clock.instant = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    firm.agree(toml)


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    """Return the company whose search team had 300 for the quarter from July on and used 80."""
    return company(make_app, tmp_path)


def company(make_app: Callable[..., App], folder: Path, privacy: str = "standard", toml: str = QUARTER.format(limit=300)) -> Office:
    found = office(make_app, folder, privacy)
    agree(found, date(2026, 6, 30), toml)
    book(found.app.ledger, [row("2026-09-20")], watermark=datetime(2026, 10, 2, tzinfo=UTC))
    return found


def told(subject: str, as_of: date, point: int, budget: str = "search", start: date = JULY) -> Foretold:
    return Foretold(budget, subject, start, as_of, usd(point), usd(point - 15), usd(point + 15), usd(300), Decimal(0))


def keep(firm: Office, *found: Foretold) -> None:
    firm.app.review.forecasts.keep(found)


def ask(firm: Office, now: str, *words: str) -> str:
    done = CliRunner().invoke(program, ["--config", str(firm.folder / "aispend.toml"), "--now", f"{now}T09:00:00", "backtest", *words])
    if done.exception:
        raise done.exception
    return done.stdout


def judged(firm: Office, day: date = date(2026, 10, 20)) -> list[tuple[str, str, int, str]]:
    """Return period, horizon, count and WAPE as *day* knows them."""
    now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    rows = [one.document() for one in firm.app.longer_hindsight.ended(now, 12)]
    return [(str(one["period"]), str(one["horizon"]), int(one["n"] or 0), str(one["wape"])) for one in rows]


def test_a_quarter_that_ended_is_judged_by_how_much_of_it_was_known(firm: Office) -> None:
    """On 23 July a quarter was known, on 15 August a half; the forecast as of 20 August is the first of that week's, the later one none."""
    keep(firm, told(TEAM, date(2026, 7, 23), 60), told(TEAM, date(2026, 7, 24), 10), told(TEAM, date(2026, 8, 20), 76))
    keep(firm, told(TEAM, date(2026, 9, 14), 10), told(TEAM, date(2026, 7, 15), 10))
    found = json.loads(ask(firm, "2026-10-20", "--format", "json"))
    assert found == {
        "rows": [],
        "periods": [
            {"period": "quarter", "start": "2026-07-01", "end": "2026-10-01", "horizon": "0.25", "n": 1, "wape": "0.250000", "coverage_80": "0.000000"},
            {"period": "quarter", "start": "2026-07-01", "end": "2026-10-01", "horizon": "0.5", "n": 1, "wape": "0.050000", "coverage_80": "1.000000"},
        ],
        "shown": [],
    }  # fmt: skip
    assert [line.split() for line in ask(firm, "2026-10-20").splitlines()] == [
        ["begins", "period", "known", "n", "WAPE", "80", "%"],
        ["2026-07-01", "quarter", "25%", "1", "25.0%", "0.0%"],
        ["2026-07-01", "quarter", "50%", "1", "5.0%", "100.0%"],
    ]


def test_it_waits_until_the_period_is_final_and_delivered(firm: Office) -> None:
    keep(firm, told(TEAM, date(2026, 7, 23), 60))
    assert not judged(firm, date(2026, 9, 30))
    assert not judged(firm, date(2026, 10, 5)), "a day is final five days after it"
    assert judged(firm, date(2026, 10, 6)) == [("quarter", "0.25", 1, "0.250000")]
    book(firm.app.ledger, [row("2026-09-21", cost=20)], "other", watermark=datetime(2026, 9, 25, tzinfo=UTC))
    assert not judged(firm, date(2026, 10, 10)), "one source has not delivered the end"
    assert judged(firm, date(2026, 10, 11)) == [("quarter", "0.25", 1, "0.400000")], "by now it will not come any more"
    assert judged(firm, date(2027, 9, 30))
    assert not judged(firm, date(2027, 10, 1)), "more than twelve months ago"


def test_a_limit_that_changed_within_the_period_changes_nothing_and_another_period_does(firm: Office) -> None:
    keep(firm, told(TEAM, date(2026, 7, 23), 60), told(TEAM, date(2026, 8, 15), 76))
    agree(firm, date(2026, 8, 1), QUARTER.format(limit=500))
    assert [one[1] for one in judged(firm)] == ["0.25", "0.5"]
    agree(firm, date(2026, 10, 15), MONTH)
    assert [one[1] for one in judged(firm)] == ["0.25", "0.5"], "then it was by quarter"


def test_what_was_told_of_a_month_is_not_held_against_the_quarter_that_began_with_it(make_app: Callable[..., App], tmp_path: Path) -> None:
    firm = company(make_app, tmp_path, toml=MONTH)
    agree(firm, date(2026, 8, 1), QUARTER.format(limit=300))
    keep(firm, told(TEAM, date(2026, 7, 23), 60), told(TEAM, date(2026, 8, 15), 76))
    keep(firm, told("person ana@x.example", date(2026, 7, 25), 60, ""))
    assert judged(firm) == [("quarter", "0.5", 1, "0.050000")]


def test_a_year_is_judged_after_each_of_its_quarters_with_what_has_no_budget(make_app: Callable[..., App], tmp_path: Path) -> None:
    yearly = "[[budgets]]\nname = 'search'\nteam = 'search'\nperiod = 'year'\nlimit = 300\n"
    firm = company(make_app, tmp_path, toml=yearly)
    agree(firm, date(2025, 12, 1), yearly)
    book(firm.app.ledger, [row("2026-02-20", cost=20)], watermark=datetime(2027, 1, 2, tzinfo=UTC))
    start = date(2026, 1, 1)
    keep(firm, told(TEAM, date(2026, 4, 2), 75, start=start), told(TEAM, date(2026, 9, 30), 90, start=start))
    keep(firm, told("person ana@x.example", date(2026, 9, 30), 100, YEAR, start))
    assert judged(firm, date(2027, 1, 6)) == [("year", "0.25", 1, "0.250000"), ("year", "0.75", 2, "0.050000")]


@pytest.mark.parametrize(("people", "count"), [(4, 1), (5, 6)])
def test_in_works_council_mode_fewer_than_five_are_not_judged(
    make_app: Callable[..., App], tmp_path: Path, people: int, count: int
) -> None:
    firm = company(make_app, tmp_path, "works_council", EACH + ORG)
    names = ("ana", "ben", "mia", "ruth", "fin")[:people]
    book(firm.app.ledger, [row("2026-09-20", name) for name in names], watermark=datetime(2026, 10, 2, tzinfo=UTC))
    keep(firm, *(told(f"person {name}@x.example", date(2026, 7, 23), 60, "each") for name in names))
    keep(firm, told("the organisation", date(2026, 7, 23), 80 * people, "all"))
    [(_, _, n, wape)] = judged(firm)
    assert n == count
    assert (Decimal(wape) == 0) == (people < 5), "the organisation's own was right"


@pytest.mark.parametrize(("people", "rows"), [(4, 0), (5, 1)])
def test_months_keep_to_groups_of_five_as_well(make_app: Callable[..., App], tmp_path: Path, people: int, rows: int) -> None:
    firm = company(make_app, tmp_path, "works_council", EACH.replace("period = 'quarter'\n", ""))
    september, names = date(2026, 9, 1), ("ana", "ben", "mia", "ruth", "fin")[:people]
    book(firm.app.ledger, [row("2026-09-20", name) for name in names], watermark=datetime(2026, 10, 2, tzinfo=UTC))
    keep(firm, *(told(f"person {name}@x.example", date(2026, 9, 15), 60, "each", september) for name in names))
    assert len(firm.app.hindsight.month(september)) == rows


def digest(firm: Office, monday: date) -> str:
    firm.clock.instant = datetime(monday.year, monday.month, monday.day, 9, tzinfo=UTC)
    firm.app.digests.run()
    [post] = [p for p in firm.posts() if p.message.kind is MessageKind.DIGEST and p.message.key.startswith(f"digest finops {monday}")]
    return terminal.render(post.message.card)


def test_finops_is_told_in_the_month_after_the_end_and_not_again(firm: Office) -> None:
    keep(firm, told(TEAM, date(2026, 7, 23), 60))
    assert "longer periods" not in digest(firm, date(2026, 10, 5)), "not final"
    said = digest(firm, date(2026, 10, 12))
    assert "Forecasts of longer periods" in said
    assert "Quarter (Jul 1 – Sep 30, 2026), 25 % known" in said
    assert "25 %" in said
    assert "longer periods" in digest(firm, date(2026, 10, 26))
    assert "longer periods" not in digest(firm, date(2026, 11, 2))


def test_a_period_that_is_final_late_is_told_in_that_week(firm: Office) -> None:
    keep(firm, told(TEAM, date(2026, 7, 23), 60))
    found = firm.app.longer_hindsight
    late = replace(found, loads=[replace(load, settling=Settling(45)) for load in found.loads])
    days = {day: len(late.news(datetime(2026, 11, day, 9, tzinfo=UTC))) for day in (14, 15, 21, 22)}
    assert days == {14: 0, 15: 1, 21: 1, 22: 0}

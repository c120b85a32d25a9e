"""Shown: every forecast that was put before somebody is noted as it was shown, and judged by how much was left."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from booked import book
from months import usd
from office import Office, office
from typer.testing import CliRunner

from adapters.chat import terminal
from adapters.store.forecasts import SqlForecasts
from bot.cli.main import program
from bot.domain.foretold import MONTH, YEAR, Foretold
from bot.errors import StoreError
from bot.ports import MessageKind
from bot.wiring import App

NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
TEAM, ANA = "team search", "person ana@x.example"
BUDGETS = """
[[budgets]]
name = "search"
team = "search"
limit = {limit}
ladder = [100]
[[budgets]]
name = "everyone"
person = "*"
limit = 5000
"""


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    """Return the company on Monday 16 November when search and Ana, who is all of it, cost about 48 a day."""
    of = office(make_app, tmp_path)
    of.agree(BUDGETS.format(limit=9000))
    of.clock.instant = NOW
    spend(of, date(2026, 11, 15))
    return of


def spend(of: Office, today: date) -> None:
    days = [today - timedelta(days=n) for n in range(1, 80)]
    rows = [{"day": f"{day}", "person": "ana@x.example", "team": "search", "billed": (45 + day.toordinal() % 7) * 10**9} for day in days]
    book(of.app.ledger, rows, watermark=datetime(today.year, today.month, today.day, tzinfo=UTC))


def shown(of: Office, start: date = NOVEMBER) -> dict[str, Foretold]:
    return {f"{one.budget}: {one.subject}": one for one in of.app.forecasts.shown(start)}


def test_an_answer_s_forecast_is_noted_as_it_was_shown(firm: Office) -> None:
    firm.review()
    assert not shown(firm), "a review shows nobody anything"
    answer = firm.ask("mia", "team search")
    stored = firm.app.forecasts.find("search", TEAM, NOVEMBER)
    assert stored
    assert answer["forecast"]["point"] == stored.point.plain
    assert shown(firm) == {f"search: {TEAM}": stored}
    firm.ask("ana", "forecast")
    assert shown(firm).keys() == {f"search: {TEAM}", f"everyone: {ANA}"}
    assert [one.budget for one in firm.app.forecasts.shown(date(2026, 1, 1))] == [YEAR], "worked out for the answer"
    assert firm.app.forecasts.find("everyone", ANA, NOVEMBER) == shown(firm)[f"everyone: {ANA}"]


def test_what_was_shown_once_is_not_written_again_and_newer_figures_are(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    firm.review()
    noted: list[int] = []
    note = SqlForecasts.note_shown

    def counted(self: SqlForecasts, found: Sequence[Foretold], **more: Any) -> int:
        noted.append(note(self, found, **more))
        return noted[-1]

    monkeypatch.setattr(SqlForecasts, "note_shown", counted)
    firm.ask("mia", "team search")
    firm.ask("fin", "team search")
    spent = [{"day": f"{NOW.date()}", "person": "ana@x.example", "team": "search", "billed": usd(4000).nanos}]
    book(firm.app.ledger, spent, "other", watermark=NOW)
    firm.ask("mia", "team search")
    assert noted == [1, 0, 1]
    assert shown(firm)[f"search: {TEAM}"].point > usd(4000), "what is billed is a floor of what was shown"


def test_an_answer_does_not_fail_when_nothing_can_be_noted(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    firm.review()

    def broken(*_: object, **__: object) -> int:
        raise StoreError("The store is away.")

    monkeypatch.setattr(SqlForecasts, "note_shown", broken)
    assert firm.ask("mia", "team search")["forecast"]
    assert firm.ask("fin", "forecast org")["rows"]


def test_the_command_line_answers_and_notes(firm: Office, tmp_path: Path) -> None:
    firm.review()
    words = ["--config", str(tmp_path / "aispend.toml"), "--now", "2026-11-16T12:00:00", "ask", "--as", "mia@x.example", "team search"]
    assert CliRunner().invoke(program, words).exit_code == 0
    assert shown(firm).keys() == {f"search: {TEAM}"}


def test_a_warning_s_forecast_is_noted(firm: Office) -> None:
    firm.agree(BUDGETS.format(limit=1430))
    firm.review()
    assert firm.posts(), "search is warned"
    assert shown(firm) == {f"search: {TEAM}": firm.app.forecasts.find("search", TEAM, NOVEMBER)}


def test_a_digest_s_forecasts_are_noted_when_it_is_new(firm: Office) -> None:
    """A digest is made once, however often the run is; what a later run would have said nobody reads."""
    firm.review()
    assert firm.app.digests.run()
    first = shown(firm)
    assert {f"search: {TEAM}", f"everyone: {ANA}"} <= first.keys()
    assert first[f"search: {TEAM}"].as_of == date(2026, 11, 14)
    spend(firm, date(2026, 11, 16))
    firm.review()
    assert firm.app.digests.run() == 0
    assert shown(firm) == first


def test_a_digest_run_does_not_fail_when_nothing_can_be_noted(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    firm.review()

    def broken(*_: object, **__: object) -> int:
        raise StoreError("The store is away.")

    monkeypatch.setattr(SqlForecasts, "note_shown", broken)
    assert firm.app.digests.run()
    assert any(post.message.kind is MessageKind.DIGEST for post in firm.posts())


def test_a_broadcast_s_forecasts_are_noted(firm: Office) -> None:
    firm.review()
    for text in ("You have used {used}.", "We expect {expected}."):
        assert not shown(firm)
        plan = firm.app.broadcasts.draft(firm.app.people.directory().people["fin@x.example"], ["person:ana@x.example", text])
    assert shown(firm).keys() == {f"everyone: {ANA}"}, "who wrote it has seen a sample"
    assert plan.samples


# How right it was


def told(subject: str, day: int, point: int, budget: str = "everyone", start: date = OCTOBER) -> Foretold:
    low, high = usd(point - 15), usd(point + 15)
    return Foretold(budget, subject, start, date(2026, 10, day), usd(point), low, high, usd(100), Decimal(0))


@pytest.fixture
def past(make_app: Callable[..., App], tmp_path: Path) -> Office:
    """Return the company on 2 November when Ana has cost 80 in October."""
    return judging(make_app, tmp_path)


def judging(make_app: Callable[..., App], folder: Path, privacy: str = "standard") -> Office:
    found = office(make_app, folder, privacy)
    row = {"day": "2026-10-20", "person": "ana@x.example", "team": "search", "principal": "ana@x.example", "project": None}
    book(found.app.ledger, [{**row, "billed": usd(80).nanos}])
    return found


def judged(of: Office, now: str = "2026-11-02", *words: str) -> str:
    done = CliRunner().invoke(program, ["--config", str(of.folder / "aispend.toml"), "--now", f"{now}T09:00:00", "backtest", *words])
    if done.exception:
        raise done.exception
    return done.stdout


def rows(of: Office, now: str = "2026-11-02") -> Any:
    return json.loads(judged(of, now, "--format", "json"))["shown"]


def test_what_was_shown_is_judged_by_how_many_days_were_left(past: Office) -> None:
    """The 24th leaves seven days, the 17th fourteen; what was kept and not shown counts nowhere, nor does a quarter's."""
    past.app.forecasts.keep([told(ANA, 7, 10)])
    past.app.forecasts.note_shown([told(ANA, 24, 76), told(ANA, 23, 60), told(ANA, 17, 100), told(ANA, 16, 120), told(ANA, 2, 40)])
    past.app.forecasts.note_shown([told(ANA, 24, 10, "of quarters"), told("person ben@x.example", 24, 0, MONTH)])
    assert rows(past) == [
        {"period": "month", "days_left_from": 0, "days_left_to": 7, "n": 2, "wape": "0.050000", "coverage_80": "1.000000"},
        {"period": "month", "days_left_from": 8, "days_left_to": 14, "n": 2, "wape": "0.250000", "coverage_80": "0.000000"},
        {"period": "month", "days_left_from": 15, "days_left_to": None, "n": 2, "wape": "0.500000", "coverage_80": "0.000000"},
    ]
    assert [line.split() for line in judged(past).splitlines()] == [
        ["as", "shown", "days", "left", "n", "WAPE", "80", "%"],
        ["month", "0", "to", "7", "2", "5.0%", "100.0%"],
        ["month", "8", "to", "14", "2", "25.0%", "0.0%"],
        ["month", "15", "and", "more", "2", "50.0%", "0.0%"],
    ]


def test_years_that_were_shown_are_judged_by_themselves_once_they_are_final(past: Office) -> None:
    year = date(2026, 1, 1)
    past.app.forecasts.note_shown([told(ANA, 31, 100, YEAR, year), told(ANA, 2, 60, YEAR, year), told(ANA, 3, 64, YEAR, year)])
    assert (
        CliRunner().invoke(program, ["--config", str(past.folder / "aispend.toml"), "--now", "2026-11-02T09:00:00", "backtest"]).exit_code
    )
    assert [(row["period"], row["days_left_from"], row["n"], row["wape"]) for row in rows(past, "2027-02-01")] == [
        ("year", 31, 3, "0.233333")
    ]


def test_works_council_mode_judges_no_forecasts_of_fewer_than_five(make_app: Callable[..., App], tmp_path: Path) -> None:
    of = judging(make_app, tmp_path, "works_council")
    of.app.forecasts.note_shown([told(f"person p{n}@x.example", 24, 10) for n in range(4)] + [told(ANA, 17, 76)])
    of.app.forecasts.note_shown([told("the organisation", 24, 76, MONTH)])
    assert [(row["days_left_from"], row["n"]) for row in rows(of)] == [(0, 1)], "the organisation's alone"
    of.app.forecasts.note_shown([told(ANA, 24, 76)])
    assert [(row["days_left_from"], row["n"]) for row in rows(of)] == [(0, 6)]


def test_finops_is_told_of_last_month_s_when_there_are_enough(past: Office) -> None:
    known = [told(ANA, day, 76) for day in range(5, 24)]
    past.app.forecasts.note_shown(known)
    assert "shown" not in digest(past)
    past.app.forecasts.note_shown([told(ANA, 24, 96)])
    past.clock.instant += timedelta(days=7)
    assert "all that were shown (20) 5.8 % 95 %" in " ".join(digest(past).split())


def digest(of: Office) -> str:
    of.app.digests.run()
    posts = [post for post in of.posts() if post.message.kind is MessageKind.DIGEST and post.message.to.startswith("fin@")]
    return terminal.render(posts[-1].message.card)

"""Anomalies between people: who is told, what is answered, and what the bill says afterwards; over a real store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from booked import book
from office import Office, office

from bot.domain.alert import Alert, Kind, Reason, State
from bot.errors import Refusal
from bot.services import directory
from bot.services.watch import WatchTerms
from bot.wiring import App

FIRST, NOW = date(2026, 8, 24), datetime(2026, 11, 18, 9, tzinfo=UTC)
BIG = "[[budgets]]\nname = 'all'\norg = true\nlimit = 1000000\n"
RUNAWAY = {date(2026, 11, 16): 400, date(2026, 11, 17): 420}
"""What Ana costs on the last Monday and Tuesday, where she costs thirty otherwise."""


def bill(firm: Office, ana: Mapping[date, int]) -> None:
    """Book what search has cost since August: Ana thirty a working day, or as *ana* says, Mia twenty; Ruth's support fifteen."""
    last = firm.clock.instant.date() - timedelta(days=1)
    rows = []
    for day in (FIRST + timedelta(days=n) for n in range((last - FIRST).days + 1)):
        wave, part = day.toordinal() * 7 % 11 - 5, 100 if day.weekday() < 5 else 20
        for who, team, cost in (("ana", "search", 30 + wave), ("mia", "search", 20 - wave), ("ruth", "support", 15)):
            cents = 100 * ana[day] if who == "ana" and day in ana else cost * part
            rows.append({"day": day.isoformat(), "person": f"{who}@x.example", "team": team, "billed": cents * 10**7})
    book(firm.app.ledger, rows)


def open_office(make_app: Callable[..., App], folder: Path, privacy: str = "standard", people: str | None = None) -> Office:
    """Return the company on Wednesday 18 November, its reviews begun on the Sunday before."""
    firm = office(make_app, folder, privacy)
    if people:
        (folder / "people.csv").write_text(people, "utf-8")
        (folder / "teams.csv").write_text(TEAMS, "utf-8")
        directory.apply(directory.plan([folder / "people.csv", folder / "teams.csv"], firm.app.people), firm.app.people)
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
    assert "beside the mean of the same weekdays before" in card
    looks = firm.app.people.looks_at(firm.app.people.directory().people["ana@x.example"])
    assert [(look.viewer, look.subject) for look in looks] == [("mia@x.example", "ana@x.example")]


def test_what_was_expected_is_the_usual_from_then_on(firm: Office) -> None:
    firm.know()
    bill(firm, RUNAWAY)
    firm.review()
    firm.deliver()
    number = anomalies(firm)[0].number
    assert firm.ask("mia", f"expected {number}")["happened"] == "expected"
    assert firm.deliver().edited == 1
    assert "Mia Berg says that this was to be expected" in next(iter(firm.world.shown.values()))
    firm.clock.instant += timedelta(days=3)
    bill(firm, RUNAWAY | {date(2026, 11, 18): 410, date(2026, 11, 19): 405, date(2026, 11, 20): 415})
    firm.review()
    firm.later(days=3)
    assert len(firm.posts()) == 1, "the same level is no surprise any more, and nobody is escalated"
    with pytest.raises(Refusal, match="is over"):
        firm.ask("mia", f"expected {number}")


LAUNCH = "[[budgets]]\nname = 'search'\nteam = 'search'\nlimit = 100000\noverlays = [{ from = 2026-11-16, factor = 10, note = 'launch' }]\n"


@pytest.mark.parametrize(
    ("scope", "factor", "told"), [("team = 'search'", 15, 0), ("org = true", 15, 0), ("team = 'search'", 3, 1), ("team = 'support'", 10, 1)]
)
def test_what_a_budget_has_declared_is_told_to_nobody(firm: Office, scope: str, factor: int, told: int) -> None:
    """What goes beyond it is, and what another team has declared concerns nobody else."""
    firm.agree(LAUNCH.replace("team = 'search'", scope).replace("factor = 10", f"factor = {factor}"))
    bill(firm, RUNAWAY)
    firm.review()
    assert [alert.is_live for alert in anomalies(firm)] == [True] * told


def test_what_is_declared_afterwards_ends_an_alert_after_its_week(firm: Office) -> None:
    bill(firm, RUNAWAY)
    firm.review()
    firm.agree(BIG + LAUNCH)
    for _ in range(9):
        firm.clock.instant += timedelta(days=1)
        bill(firm, RUNAWAY | {date(2026, 11, 18) + timedelta(days=n): 400 for n in range(9) if n not in {3, 4}})
        firm.review()
    [alert] = anomalies(firm)
    assert (alert.state, alert.reason) == (State.CLOSED, Reason.RECOVERED)


def test_one_word_answers_hold_for_two_working_days_or_a_week(firm: Office) -> None:
    bill(firm, RUNAWAY)
    firm.review()
    number = anomalies(firm)[0].number
    assert firm.ask("mia", f"investigating {number}")["happened"] == "answered"
    promise = firm.app.alerts.every(kind=Kind.ANOMALY)[0].promise
    assert promise
    assert promise.until == datetime(2026, 11, 20, 23, tzinfo=UTC), "Thursday and Friday where Mia is"
    firm.later(days=2)
    assert len(firm.posts()) == 1
    firm.later(days=1)
    assert titles(firm)[-1][1].startswith("The time asked for is over: Team search costs $7")
    firm.ask("mia", f"misconfiguration {number}")
    promise = firm.app.alerts.every(kind=Kind.ANOMALY)[0].promise
    assert promise
    assert promise.until == datetime(2026, 11, 28, 23, tzinfo=UTC)
    assert firm.ask("mia", f"snooze {number} 3")["happened"] == "snoozed"
    firm.ask("mia", f"useful {number}")
    assert firm.app.alerts.votes() == [(number, "useful")]


def test_silence_is_escalated_to_finops_and_not_mine_ends_it(firm: Office) -> None:
    bill(firm, RUNAWAY)
    firm.review()
    firm.later(days=1, hours=1)
    assert [to for to, _ in titles(firm)] == ["mia", "fin"]
    assert titles(firm)[-1][1].startswith("Not answered yet: Team search costs $7")
    assert "Ana Ruiz" in repr(firm.posts()[-1].message.card)
    firm.ask("fin", f"not-mine {anomalies(firm)[0].number} mia@x.example")
    assert titles(firm)[-1][0] == "mia"


def test_what_is_over_or_was_corrected_is_put_right_in_place(firm: Office) -> None:
    firm.know()
    bill(firm, RUNAWAY)
    firm.review()
    firm.deliver()
    firm.clock.instant += timedelta(days=4)
    bill(firm, RUNAWAY)
    firm.review()
    assert anomalies(firm)[0].state is State.OPEN
    firm.clock.instant += timedelta(days=5)
    bill(firm, RUNAWAY)
    firm.review()
    assert anomalies(firm)[0].state is State.CLOSED
    firm.deliver()
    assert "Back to the usual: team search cost $7" in next(iter(firm.world.shown.values()))
    firm.clock.instant += timedelta(days=1)
    bill(firm, RUNAWAY)
    firm.review()
    assert len(firm.posts()) == 1, "what is over is not told again"


def test_a_correction_takes_it_back_and_what_grows_is_told_in_place_once_a_day(firm: Office) -> None:
    firm.know()
    bill(firm, RUNAWAY)
    firm.review()
    firm.deliver()
    bill(firm, RUNAWAY | {date(2026, 11, 17): 700})
    firm.review()
    assert firm.deliver().edited == 0, "it was told today"
    firm.clock.instant += timedelta(days=1)
    bill(firm, RUNAWAY | {date(2026, 11, 18): 500})
    firm.review()
    assert firm.deliver().edited == 1
    assert "$1,2" in next(iter(firm.world.shown.values()))
    bill(firm, {})
    firm.review()
    assert anomalies(firm)[0].state is State.RETRACTED
    firm.deliver()
    assert "Corrected: team search cost" in next(iter(firm.world.shown.values()))
    firm.later(days=3)
    assert len(firm.posts()) == 1, "nobody is escalated for what was corrected"


def test_nobody_sees_or_answers_what_is_not_theirs(firm: Office) -> None:
    bill(firm, RUNAWAY)
    firm.review()
    number = anomalies(firm)[0].number
    for who in ("ana", "ben", "ruth"):
        assert firm.ask(who, "alerts")["rows"] == []
        for words in ("expected", "investigating", "misconfiguration", "alerts", "noise"):
            with pytest.raises(Refusal, match="There is no alert"):
                firm.ask(who, f"{words} {number}")
    [row] = firm.ask("fin", "alerts")["rows"]
    assert (row["kind"], row["subject"]) == ("anomaly", "team search")
    assert row["cost"].startswith("7")


def test_what_was_there_before_reviews_began_is_recorded_and_not_told(make_app: Callable[..., App], tmp_path: Path) -> None:
    firm = office(make_app, tmp_path)
    firm.agree(BIG)
    firm.review()
    firm.clock.instant = NOW
    bill(firm, RUNAWAY)
    firm.review()
    firm.clock.instant += timedelta(days=1)
    bill(firm, RUNAWAY | {date(2026, 11, 18): 500})
    firm.review()
    assert firm.posts() == []
    assert [(a.state, a.reason.value) for a in anomalies(firm)] == [(State.CLOSED, "there when reviews began")]


TEAMS = """team,parent,manager_email
search,,mia@x.example
support,,ruth@x.example
"""
CROWD = "email,name,team,manager_email,roles\n" + "".join(
    f"{name}@x.example,{name.title()},{team},,{'finops' if name == 'fin' else ''}\n"
    for team, names in {"search": "mia ana ben cid dan eva", "support": "ruth fin gil hal ida jon"}.items()
    for name in names.split()
)


@pytest.mark.parametrize(("people", "told"), [(CROWD, ["mia"]), (None, [])], ids=["large teams", "small teams"])
def test_works_council_mode_names_nobody_and_tells_nothing_of_small_teams(
    make_app: Callable[..., App], tmp_path: Path, people: str | None, told: list[str]
) -> None:
    firm = open_office(make_app, tmp_path, "works_council", people)
    bill(firm, RUNAWAY)
    firm.review()
    assert [to for to, _ in titles(firm)] == told
    assert "Ana" not in "".join(repr(post.message.card) for post in firm.posts())
    assert firm.app.people.looks_at(firm.app.people.directory().people["ana@x.example"]) == []


def test_when_they_are_switched_off_what_is_open_ends(firm: Office) -> None:
    firm.know()
    bill(firm, RUNAWAY)
    firm.review()
    firm.deliver()
    review = firm.app.review
    replace(review, terms=replace(review.terms, watch=WatchTerms(per_quarter=0.0))).run()
    assert anomalies(firm)[0].state is State.CLOSED
    firm.deliver()
    assert "Not looked at any more: Team search costs $7" in next(iter(firm.world.shown.values()))


def test_a_team_without_manager_is_finops_and_a_budget_wants_a_sentence(firm: Office) -> None:
    days = [NOW.date() - timedelta(days=n) for n in range(1, 60)]
    usual = {"person": "fin@x.example", "team": "finance"}
    book(firm.app.ledger, [usual | {"day": day.isoformat(), "billed": 20 * 10**9} for day in days], "other")
    firm.agree("[[budgets]]\nname = 'all'\norg = true\nlimit = 900\n")
    bill(firm, {})
    firm.review()
    budget = firm.app.alerts.every(live=True)[0]
    assert budget.identity.kind is not Kind.ANOMALY
    with pytest.raises(Refusal, match="wants a sentence, too"):
        firm.ask("fin", f"expected {budget.number}")
    firm.clock.instant += timedelta(days=1)
    book(firm.app.ledger, [usual | {"day": NOW.date().isoformat(), "billed": 900 * 10**9}], "other")
    firm.review()
    assert [(a.identity.subject, a.owners) for a in anomalies(firm)] == [("team finance", ("fin@x.example",))]


def test_what_corrections_take_to_and_fro_is_told_twice_at_most(firm: Office) -> None:
    states = []
    for ana in (RUNAWAY, {}, RUNAWAY, {}, RUNAWAY):
        bill(firm, ana)
        firm.review()
        states.append(anomalies(firm)[0].state.value)
    assert states == ["open", "retracted", "open", "retracted", "retracted"]
    assert [(a.number, a.round) for a in anomalies(firm)] == [(anomalies(firm)[0].number, 2)]

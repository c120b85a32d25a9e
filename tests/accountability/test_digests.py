"""Digests: who gets which, when, once, and with whose figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from factories import PEOPLE
from office import Office, office
from sqlalchemy import Engine, event

from adapters.chat import terminal
from bot.domain.outcome import Outcome
from bot.domain.visibility import Privacy
from bot.errors import Refusal
from bot.ports import Delivery, MessageKind
from bot.services import directory
from bot.services.deliver import Counted
from bot.wiring import App

MONDAY = datetime(2026, 11, 9, 8, tzinfo=UTC)  # nine o'clock in Berlin, eight in London


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    found.know()
    found.agree()
    return found


def made(firm: Office) -> list[tuple[str, str]]:
    firm.app.digests.run()
    return [
        (post.message.to.partition("@")[0], post.message.card.title) for post in firm.posts() if post.message.kind is MessageKind.DIGEST
    ]


def week(firm: Office) -> None:
    firm.clock.instant = MONDAY
    firm.spend("20", "ana", "2026-11-03")
    firm.spend("12", "ben", "2026-11-04")
    firm.spend("5", "ana", "2026-11-08")


def test_people_with_use_get_theirs_at_their_own_hour(firm: Office) -> None:
    week(firm)
    assert made(firm) == [
        ("ana", "$25.00 — your AI use, Nov 2 – 8, 2026"),
        ("mia", "$37.00 — team search, Nov 2 – 8, 2026"),
    ], "Mia used nothing herself; Ben's clock shows eight"
    firm.clock.instant += timedelta(hours=1)
    assert made(firm)[2:] == [
        ("ben", "$12.00 — your AI use, Nov 2 – 8, 2026"),
        ("fin", "$37.00, Nov 2 – 8, 2026, 100 % has an owner"),
    ]


def test_nobody_gets_one_twice_and_what_was_missed_comes_the_same_day(firm: Office) -> None:
    week(firm)
    firm.clock.instant = MONDAY + timedelta(hours=6)
    count = len(made(firm))
    assert count == 4
    firm.app.digests.run()
    assert len(made(firm)) == count


def test_tuesday_is_too_late(firm: Office) -> None:
    week(firm)
    firm.clock.instant = MONDAY + timedelta(days=1)
    assert made(firm) == []


def test_cadence_and_hour_are_one_s_own_choice(firm: Office) -> None:
    week(firm)
    firm.ask("ana", "settings digest daily")
    firm.ask("ana", "settings hour 11")
    assert all(to != "ana" for to, _ in made(firm))
    firm.clock.instant = MONDAY + timedelta(hours=2)
    assert ("ana", "$5.00 — your AI use, Nov 6 – 8, 2026") in made(firm)
    firm.ask("mia", "settings digest off")
    firm.clock.instant = MONDAY + timedelta(days=7)
    assert sum(to == "mia" for to, _ in made(firm)) == 1
    shown = firm.ask("ana", "settings")
    assert (shown["digest"], shown["hour"], shown["quiet"]) == ("daily", 11, "19–8")


@pytest.mark.parametrize("words", ["digest hourly", "hour 24", "quiet x-9", "platform irc", "away soon", "colour red"])
def test_a_choice_there_is_not_is_refused_with_those_there_are(firm: Office, words: str) -> None:
    with pytest.raises(Refusal):
        firm.ask("ana", f"settings {words}")
    assert firm.ask("ana", "settings")["digest"] == "weekly"


def test_german_readers_read_german(firm: Office) -> None:
    week(firm)
    firm.app.documents.put("language", "ana@x.example", "de")
    assert ("ana", "25,00 $ – deine KI-Kosten, 2.–8. Nov. 2026") in made(firm)


def test_every_figure_is_the_reader_s_own(firm: Office) -> None:
    week(firm)
    firm.clock.instant = MONDAY + timedelta(hours=2)
    made(firm)
    for post in firm.posts():
        if post.message.to.startswith("ben") and post.message.kind is MessageKind.DIGEST:
            assert "25.00" not in repr(post.message.card)
            assert "37.00" not in repr(post.message.card)


def test_who_manages_sees_names_and_people_see_that_they_looked(firm: Office) -> None:
    week(firm)
    firm.clock.instant = MONDAY + timedelta(hours=2)
    made(firm)
    (team,) = [post for post in firm.posts() if "team search" in post.message.card.title]
    assert "Ana Ruiz" in repr(team.message.card)
    looks = firm.app.people.looks_at(firm.app.people.directory().people["ana@x.example"])
    assert ("mia@x.example", "weekly digest") in [(look.viewer, look.command) for look in looks]


def test_a_team_s_digest_says_who_left_it(firm: Office) -> None:
    """Ben, who costs 20 a week, is in support from Tuesday on: search pays 4 for Monday, and what he costs there is not told."""
    firm.clock.instant = MONDAY + timedelta(days=7)
    firm.bill = {("ana", "2026-11-02"): "20", ("ben", "2026-11-04"): "20", ("ben", "2026-11-09"): "4", ("ben", "2026-11-11"): "16"}
    firm.spend("20", "ana", "2026-11-15")
    made(firm)
    cards = [terminal.render(post.message.card) for post in firm.posts() if "team search" in post.message.card.title]
    said = " ".join(cards[-1].split())
    assert "-$16.00 because Ben Okafor has left the team" in said
    assert "less use" not in said


def test_works_council_mode_names_nobody_and_divides_nothing(make_app: Callable[..., App], tmp_path: Path) -> None:
    firm = office(make_app, tmp_path, "works_council")
    firm.know()
    week(firm)
    firm.clock.instant = MONDAY + timedelta(hours=2)
    titles = [title for to, title in made(firm) if to in {"mia", "ruth", "fin"}]
    assert titles == ["$37.00, Nov 1 – 9, 2026, 100 % has an owner"], "search has three people"


def did(firm: Office, *rows: tuple[str, str, int], kind: str = "pull_requests", source: str = "jira") -> None:
    """Let teams have got done so many on a day."""
    found = [Outcome(kind, date.fromisoformat(day), team, "", Decimal(count)) for day, team, count in rows]
    firm.app.outcomes.replace(source, {outcome.day for outcome in found}, found)


def test_what_one_pull_request_cost_is_told_to_who_manages_and_to_finops(firm: Office) -> None:
    week(firm)
    firm.spend("30", "ana", "2026-10-26")
    did(firm, ("2026-10-26", "search", 6), ("2026-11-04", "search", 8), ("2026-11-08", "search", 2))
    firm.clock.instant = MONDAY + timedelta(hours=2)
    made(firm)
    told = [(post.message.to, "$3.70, before $5.00 (-26 %)" in repr(post.message.card)) for post in firm.posts()]
    assert {to for to, is_there in told if is_there} == {"mia@x.example", "fin@x.example"}
    assert not any("Cost per" in repr(post.message.card) for post in firm.posts() if post.message.to.startswith(("ana", "ben")))


def test_works_council_mode_tells_no_cost_per_outcome_of_a_part_of_a_month(make_app: Callable[..., App], tmp_path: Path) -> None:
    firm = office(make_app, tmp_path, "works_council")
    week(firm)
    did(firm, ("2026-11-01", "search", 6), ("2026-11-08", "search", 8))
    firm.clock.instant = MONDAY + timedelta(hours=2)
    made(firm)
    assert [post.message.to for post in firm.posts() if "Cost per" in repr(post.message.card)] == []


def test_more_teams_and_kinds_put_no_more_questions_about_outcomes(firm: Office) -> None:
    week(firm)
    firm.spend("7", "ruth", "2026-11-03")
    firm.clock.instant = MONDAY + timedelta(hours=2)
    did(firm, ("2026-11-02", "search", 6), ("2026-11-08", "search", 8))
    few = asked(firm, 1)[1]
    for kind in ("commits", "sessions"):
        did(firm, *[(day, team, 3) for day in ("2026-11-02", "2026-11-08") for team in ("search", "support")], kind=kind, source=kind)
    assert asked(firm, 1)[1] == few


def test_what_is_not_urgent_waits_for_the_morning(firm: Office) -> None:
    firm.clock.instant = datetime(2026, 11, 2, 20, tzinfo=UTC)
    firm.spend("55")
    firm.review()
    assert firm.deliver() == Counted(put_off=1)
    firm.clock.instant = datetime(2026, 11, 3, 7, tzinfo=UTC)
    assert firm.deliver().sent == 1


def test_the_last_tier_does_not_wait(firm: Office) -> None:
    firm.clock.instant = datetime(2026, 11, 2, 20, tzinfo=UTC)
    firm.spend("130")
    firm.review()
    assert firm.deliver().sent == 1


def test_enough_is_enough_and_the_rest_goes_into_the_digest(firm: Office) -> None:
    lines = "".join(
        f'[[budgets]]\nname = "p{n}"\nperson = "ana@x.example"\nperiod = "{p}"\nlimit = 40\n'
        for n, p in enumerate(("month", "quarter", "year"))
    )
    firm.agree(lines)
    one = firm.app.settings.digests.model_copy(update={"pushes": 1})
    object.__setattr__(firm.app, "settings", firm.app.settings.model_copy(update={"digests": one}))
    firm.spend("10", "ana", "2026-11-01")
    firm.spend("11", "ana", "2026-11-02")
    firm.review()
    counted = firm.deliver()
    assert (counted.sent, counted.held) == (1, 2) or firm.posts(Delivery.HELD) == [], "one chain, one message"
    firm.spend("24", "ana", "2026-11-02")
    firm.review()
    firm.deliver()
    held = firm.posts(Delivery.HELD)
    assert held
    firm.clock.instant = MONDAY
    firm.spend("1", "ana", "2026-11-08")
    assert any(to == "ana" for to, _ in made(firm))
    (digest,) = [post for post in firm.posts() if post.message.kind is MessageKind.DIGEST and post.message.to.startswith("ana")]
    assert held[0].message.card.title in repr(digest.message.card)
    assert firm.posts(Delivery.HELD) == []


def test_a_month_is_shown_back_to_the_cent(firm: Office) -> None:
    week(firm)
    found = firm.app.digests.showback(MONDAY.date())
    assert sum(row.cost.nanos for row in found.rows) == found.total.nanos == 37 * 10**9


def test_works_council_showback_tells_of_no_small_team_by_its_cost_centre(make_app: Callable[..., App], tmp_path: Path) -> None:
    firm = office(make_app, tmp_path, "works_council")
    week(firm)
    found = firm.app.digests.showback(MONDAY.date())
    assert [row.key for row in found.rows] == ["small groups together"], "no team here has five people"
    assert found.rows[0].cost == found.total


def test_who_is_left_out_of_a_long_team_is_one_row(firm: Office) -> None:
    for n in range(11):
        firm.bill[f"p{n}", "2026-11-03"] = "2"
    people = firm.folder / "people.csv"
    people.write_text(
        people.read_text("utf-8") + "".join(f"p{n}@x.example,P{n},search,mia@x.example,UTC,en,,,\n" for n in range(11)), "utf-8"
    )
    directory.apply(directory.plan([people, firm.folder / "teams.csv"], firm.app.people), firm.app.people)
    week(firm)
    firm.clock.instant = MONDAY
    firm.app.digests.run()
    card = next(repr(post.message.card) for post in firm.posts() if post.message.key.startswith("digest team search"))
    assert "'5 more'" in card, "of thirteen people eight are named"


def test_a_digest_with_names_is_not_sent_after_the_mode_that_forbids_them(firm: Office) -> None:
    firm.know()
    week(firm)
    firm.clock.instant = MONDAY
    firm.app.digests.run()
    assert any(post.message.key.startswith("digest team") for post in firm.posts(Delivery.WAITING))
    object.__setattr__(firm.app.review, "privacy", Privacy.WORKS_COUNCIL)
    firm.deliver()
    teams = [post for post in firm.posts() if post.message.key.startswith("digest team")]
    assert {post.state for post in teams} == {Delivery.DROPPED}


def test_each_says_why_in_one_sentence_from_one_question_a_window(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many people and teams there are."""
    firm.spend("8", "ana", "2026-10-26")
    firm.spend("3", "mia", "2026-10-27")
    week(firm)
    firm.clock.instant = MONDAY + timedelta(hours=1)
    asked: list[object] = []
    ask = firm.app.review.figures.usage
    monkeypatch.setattr(firm.app.review.figures, "usage", lambda *what: asked.append(what) or ask(*what))
    made(firm)
    assert len(asked) == 2
    said = {post.message.key.split()[1]: terminal.render(post.message.card) for post in firm.posts() if post.message.to != "ben@x.example"}
    assert "$17.00 without tokens" in " ".join(said["weekly"].split())
    assert "+$26.00 (+236 %)" in said["team"]
    assert (
        "$17.00 without tokens (seats, requests, credits), $12.00 because Ben Okafor is new, -$3.00 because Mia Berg has stopped"
        in said["team"]
    )
    assert "$12.00 because 1 person is new, -$3.00 because 1 person has stopped" in said["finops"]


def test_works_council_digests_of_a_team_say_no_why(make_app: Callable[..., App], tmp_path: Path) -> None:
    firm = office(make_app, tmp_path, "works_council")
    firm.know()
    firm.spend("8", "ana", "2026-10-26")
    week(firm)
    firm.clock.instant = MONDAY + timedelta(hours=1)
    made(firm)
    said = {post.message.to.partition("@")[0]: terminal.render(post.message.card) for post in firm.posts()}
    assert "$17.00 without tokens" in said["ana"], "one's own is one's own"
    assert "because" not in said["fin"]


def test_ten_times_the_people_put_no_more_questions(firm: Office) -> None:
    """A Monday's digests are asked for together, so that twenty thousand people are a few long answers."""
    firm.clock.instant = MONDAY + timedelta(hours=2)
    few, many = (asked(firm, count) for count in (5, 50))
    assert few[0] + 45 == many[0]
    assert few[1] == many[1]


def asked(firm: Office, count: int) -> tuple[int, int]:
    """Return how many digests there are with *count* more people who all used something, and how many statements they take."""
    more = "".join(f"p{n}@x.example,P {n},search,,UTC,en,,,\n" for n in range(count))
    (firm.folder / "people.csv").write_text(PEOPLE + more, "utf-8")
    directory.apply(directory.plan([firm.folder / "people.csv"], firm.app.people), firm.app.people)
    firm.bill |= {(f"p{n}", "2026-11-04"): "55" for n in range(count)}
    firm.spend("20", "ana", "2026-11-03")
    firm.review()
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    made = sum(1 for _ in firm.app.digests.due())
    event.remove(Engine, "before_cursor_execute", note)
    return made, len(statements)

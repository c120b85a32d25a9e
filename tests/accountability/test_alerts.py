"""From bills to what people are told, and what they answer; over a real store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from factories import charge, write_csv
from fakes import FakeBudgets
from office import BUDGETS, SEARCH, Office, office

from bot.domain.alert import State
from bot.domain.visibility import Privacy
from bot.errors import Refusal
from bot.ports import Delivery
from bot.services import budgets, directory
from bot.wiring import App

LEADS = """
[[budgets]]
name = "search"
team = "search"
limit = 200
"""


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    return office(make_app, tmp_path)


def states(firm: Office) -> list[tuple[str, str]]:
    return [(f"{a.identity.tier * 100:.0f}", a.state.value) for a in reversed(firm.app.alerts.every())]


def test_an_overrun_from_first_word_to_finops(firm: Office) -> None:
    firm.spend("85")
    firm.review()
    assert firm.said() == [("ana", "You have used 85 % ($85.00 of $100.00)")]
    firm.spend("104")
    firm.review()
    assert firm.said() == [("ana", "You have used 104 % ($104.00 of $100.00)")], "what was not sent yet and is outdated is not sent"
    firm.deliver()
    firm.later(days=1, hours=1)
    assert firm.said()[1:] == [("mia", "Not answered yet: 104 % used ($104.00 of $100.00)")]
    firm.later(days=1, hours=1)
    assert firm.said()[2:] == [("fin", "Not answered yet: 104 % used ($104.00 of $100.00)")]
    firm.later(days=9)
    assert len(firm.said()) == 3, "after FinOps there is nobody left"


def test_an_answer_edits_every_copy_and_ends_the_waiting(firm: Office) -> None:
    firm.know()
    firm.spend("104")
    firm.review()
    firm.later(days=1, hours=1)
    firm.deliver()
    assert len(firm.world.shown) == 2
    firm.ask("ana", f"ack {firm.app.alerts.every()[0].number} launch back to the small model until 2026-11-20")
    counted = firm.deliver()
    assert (counted.sent, counted.edited) == (0, 2)
    assert all("back to the small model" in text for text in firm.world.shown.values())
    firm.later(days=9)
    assert len(firm.said()) == 2
    firm.later(days=10)
    assert firm.said()[-1] == ("ana", "The time asked for is over: You have used 104 % ($104.00 of $100.00)")


def test_the_next_tier_breaks_an_answer_open(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    firm.deliver()
    number = firm.app.alerts.every()[0].number
    firm.ask("ana", f"ack {number} planned all is well until 2026-11-25")
    firm.spend("121")
    firm.review()
    assert firm.said()[-1] == ("ana", "You have used 121 % ($121.00 of $100.00)")
    assert firm.ask("ana", "alerts promises")["rows"][0]["promise"]["outcome"] == "broken"


@pytest.mark.parametrize(
    ("words", "because", "plan"),
    [
        ("planned: soon", "planned", "soon"),
        ("launched: the new agent", "launch", "launched: the new agent"),
        ("shared key of the team", "shared key", "of the team"),
        ("we look into it", "other", "we look into it"),
        ("another team uses it", "other", "another team uses it"),
        ("known since Monday", "other", "known since Monday"),
    ],
)
def test_a_reason_is_known_by_its_near_misses(firm: Office, words: str, because: str, plan: str) -> None:
    firm.spend("104")
    firm.review()
    firm.ask("ana", f"ack {firm.app.alerts.every()[0].number} {words}")
    promise = firm.app.alerts.every()[0].promise
    assert promise is not None
    assert (promise.because, promise.plan) == (because, plan)


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        ("plannd back to the small model until 2026-11-25", "planned back to the small model"),
        ("planed soon", "planned soon"),
        ("share key of the team", "shared key of the team"),
        ("misconfigration: retries", "misconfiguration retries"),
    ],
)
def test_a_misspelt_reason_is_no_plan(firm: Office, words: str, nearest: str) -> None:
    firm.spend("104")
    firm.review()
    number = firm.app.alerts.every()[0].number
    with pytest.raises(Refusal, match="Did you mean") as refused:
        firm.ask("ana", f"ack {number} {words}")
    assert refused.value.suggestion.startswith(f"ack {number} {nearest}")
    firm.ask("ana", refused.value.suggestion)
    promise = firm.app.alerts.every()[0].promise
    assert promise
    assert promise.until.date().isoformat() == ("2026-11-25" if "2026-11-25" in words else "2026-12-01")


def test_whoever_reads_german_writes_bis(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    number = firm.app.alerts.every()[0].number
    firm.ask("ana", f"ack {number} planned zurück zum kleinen Modell bis 2026-11-25")
    promise = firm.app.alerts.every()[0].promise
    assert promise
    assert (promise.plan, promise.until.date().isoformat()) == ("zurück zum kleinen Modell", "2026-11-25")
    asked = firm.ask("ana", "budget request 50 bis 2026-11-20 der Umzug dauert länger")
    assert (asked["ends"], asked["reason"]) == ("2026-11-21T00:00:00+00:00", "der Umzug dauert länger")


@pytest.mark.parametrize("words", ["ack 999", "ack 999 planned", "snooze 999"])
def test_an_alert_that_is_not_there_is_told_before_more_words_are_asked_for(firm: Office, words: str) -> None:
    with pytest.raises(Refusal, match="There is no alert 999 of yours"):
        firm.ask("ana", words)


def test_a_snooze_keeps_the_answer_in_the_message(firm: Office) -> None:
    firm.spend("85")
    firm.review()
    firm.deliver()
    number = firm.app.alerts.every()[0].number
    firm.ask("ana", f"ack {number} planned back to the small model until 2026-11-25")
    firm.ask("ana", f"snooze {number} 3")
    cards = [repr(post.message.card) for post in firm.posts()]
    assert any("Snoozed" in card and "back to the small model" in card for card in cards)


def test_a_promise_about_a_limit_that_was_raised_is_neither_kept_nor_broken(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    firm.ask("ana", f"ack {firm.app.alerts.every()[0].number} planned a launch until 2026-11-25")
    firm.agree(BUDGETS.replace("100", "400"))
    firm.review()
    assert firm.ask("ana", "alerts promises")["rows"][0]["promise"]["outcome"] == "void"


def test_a_correction_edits_what_was_said_and_nobody_is_escalated(firm: Office) -> None:
    firm.know()
    firm.spend("102")
    firm.review()
    firm.deliver()
    firm.spend("78")
    firm.review()
    firm.later(days=3)
    assert firm.deliver().edited == 1
    assert "Corrected: 78 %, not 102 %" in next(iter(firm.world.shown.values()))
    assert [to for to, _ in firm.said()] == ["ana"]


def test_a_correction_before_it_was_sent_sends_nothing(firm: Office) -> None:
    firm.spend("102")
    firm.review()
    firm.spend("40")
    firm.review()
    assert firm.said() == []
    assert firm.posts()[0].state is Delivery.DROPPED


def test_two_reviews_make_one_alert(firm: Office) -> None:
    firm.spend("85")
    firm.review()
    firm.review()
    firm.later(hours=1)
    firm.review()
    assert len(firm.said()) == 1
    assert states(firm) == [("50", "closed"), ("80", "open")]


def test_the_month_s_end_closes_with_the_sum(firm: Office) -> None:
    firm.know()
    firm.spend("104")
    firm.review()
    firm.deliver()
    firm.clock.instant = firm.clock.instant.replace(month=12, day=1, hour=8)
    firm.spend("6", day="2026-11-30")
    firm.review()
    firm.deliver()
    assert "Period closed, over by $10.00" in next(iter(firm.world.shown.values()))
    assert states(firm)[-1] == ("100", "closed")


def test_one_person_hears_of_the_most_severe_crossing_of_a_chain_only(firm: Office) -> None:
    firm.agree(BUDGETS + LEADS)
    firm.spend("125", "mia")
    firm.spend("60", "ana")
    firm.review()
    told = firm.said()
    assert ("mia", "You have used 125 % ($125.00 of $100.00)") in told
    assert ("ana", "You have used 60 % ($60.00 of $100.00)") in told
    assert len(told) == 2, "the team's 92 % is recorded, and not told to Mia besides"
    inhibited = [a for a in firm.app.alerts.every() if a.reason.value.startswith("a more severe")]
    assert [a.identity.subject for a in inhibited] == ["team search"]


def test_a_team_s_crossing_is_told_to_its_manager(firm: Office) -> None:
    firm.agree(LEADS)
    firm.spend("110", "ana")
    firm.spend("60", "ben")
    firm.review()
    assert firm.said() == [("mia", "85 % used ($170.00 of $200.00)")]


def test_others_learn_nothing_of_an_alert(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    number = firm.app.alerts.every()[0].number
    for who in ("ben", "ruth"):
        assert firm.ask(who, "alerts")["rows"] == []
        for words in (f"ack {number} planned x", f"snooze {number} 1", f"not-mine {number}", f"noise {number}", f"alerts {number}"):
            with pytest.raises(Refusal, match="There is no alert"):
                firm.ask(who, words)
        with pytest.raises(Refusal, match="There is no alert 999"):
            firm.ask(who, "ack 999 planned x")


def test_the_last_tier_is_not_snoozed_and_lower_ones_seven_days_at_most(firm: Office) -> None:
    firm.spend("85")
    firm.review()
    number = firm.app.alerts.every()[0].number
    with pytest.raises(Refusal, match="seven days"):
        firm.ask("ana", f"snooze {number} 8")
    firm.ask("ana", f"snooze {number} 7")
    assert firm.app.alerts.find(number).state is State.SNOOZED  # type: ignore[union-attr]
    firm.spend("125")
    firm.review()
    with pytest.raises(Refusal, match="last tier"):
        firm.ask("ana", f"snooze {firm.app.alerts.every()[0].number} 1")


def test_not_mine_goes_to_finops_and_ends_the_waiting(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    firm.deliver()
    number = firm.app.alerts.every()[0].number
    firm.ask("ana", f"not-mine {number} ben@x.example")
    assert firm.said()[-1] == ("fin", "Said to be somebody else's: 104 % used ($104.00 of $100.00)")
    firm.later(days=5)
    assert len(firm.said()) == 2


def test_works_council_mode_tells_nobody_of_another_person_s_budget(make_app: Callable[..., App], tmp_path: Path) -> None:
    firm = office(make_app, tmp_path, "works_council")
    firm.spend("104")
    firm.review()
    firm.deliver()
    firm.later(days=20)
    assert [to for to, _ in firm.said()] == ["ana"]
    assert firm.ask("fin", "alerts")["rows"] == []


def test_what_a_manager_may_not_see_whole_is_told_without_figures(firm: Office) -> None:
    """Ben moves on 10 November: what search paid is not all that his budget counts."""
    firm.spend("60", "ben", "2026-11-03")
    firm.spend("45", "ben", "2026-11-11")
    firm.clock.instant = firm.clock.instant.replace(day=12)
    firm.review()
    firm.later(days=1)
    last = firm.posts()[-1]
    assert (last.message.to, last.message.card.title.partition(" — ")[0]) == ("ruth@x.example", "Not answered yet: 100 % passed")
    assert "105" not in repr(last.message.card)
    assert "$" not in repr(last.message.card)


def test_who_is_away_is_passed_over_with_a_note(firm: Office) -> None:
    firm.app.documents.put("away", "mia@x.example", "2026-11-30")
    firm.spend("104")
    firm.review()
    firm.later(days=1)
    post = firm.posts()[-1]
    assert post.message.to == "fin@x.example"
    assert "Passed over: Mia Berg (away until 2026-11-30)" in repr(post.message.card)


def test_a_budget_that_is_taken_away_ends_its_alerts(firm: Office) -> None:
    firm.know()
    firm.spend("104")
    firm.review()
    firm.deliver()
    firm.agree(LEADS)
    firm.review()
    assert states(firm)[2] == ("100", "closed")
    firm.later(days=9)
    assert firm.said() == [("ana", "This budget was ended"), ("mia", "52 % used ($104.00 of $200.00)")]


def test_a_source_that_falls_silent_is_told_once_and_its_return_put_right(firm: Office) -> None:
    firm.know()
    firm.spend("4")
    firm.later(days=5)
    firm.review()
    firm.review()
    assert firm.said() == [("fin", "The source bills has stopped delivering")]
    firm.deliver()
    firm.spend("1", day="2026-11-06")
    firm.review()
    firm.deliver()
    assert "delivers again" in next(iter(firm.world.shown.values()))


def test_every_decision_is_in_a_log_that_cannot_be_changed_unnoticed(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    number = firm.app.alerts.every()[0].number
    firm.ask("ana", f"ack {number} planned x until 2026-11-20")
    log = firm.app.alerts.history(f"alert {number}")
    assert [(line.by, line.what) for line in log] == [("review", "crossed"), ("ana@x.example", "acknowledged")]
    assert firm.app.alerts.broken_link() is None
    with firm.app.database.writing() as connection:
        connection.exec_driver_sql("UPDATE audit SET detail = replace(detail, '104', '10') WHERE id = 2")
    assert firm.app.alerts.broken_link() == 2


def test_a_log_that_lost_a_line_shows_it(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    with firm.app.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE id = 2")
    assert firm.app.alerts.broken_link() == 2


def test_people_see_who_was_told_of_their_figures(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    firm.deliver()
    assert firm.app.people.looks_at(firm.app.people.directory().people["ana@x.example"]) == []
    firm.later(days=1, hours=1)
    firm.ask("fin", "alerts")
    looks = firm.app.people.looks_at(firm.app.people.directory().people["ana@x.example"])
    number = max(a.number for a in firm.app.alerts.every() if a.needs_answer and a.was_told)
    assert {(look.viewer, look.command) for look in looks} >= {("mia@x.example", f"alert {number}"), ("fin@x.example", f"alert {number}")}


def test_a_list_of_alerts_is_a_look_at_those_whom_it_names_only(firm: Office) -> None:
    """A team's alert names nobody in the list, whatever its card tells."""
    firm.agree(LEADS)
    firm.spend("150")
    firm.spend("40", who="ben")
    firm.review()
    firm.agree(BUDGETS + LEADS)
    firm.review()

    def looks(email: str) -> list[str]:
        person = firm.app.people.directory().people[email]
        return [look.command for look in firm.app.people.looks_at(person) if look.viewer == "mia@x.example"]

    before = looks("ana@x.example"), looks("ben@x.example")
    rows = firm.ask("mia", "alerts")["rows"]
    assert {row["subject"] for row in rows} == {"team search", "person ana@x.example"}
    about = [f"alert {row['number']}" for row in rows if row["subject"] == "person ana@x.example"]
    assert looks("ben@x.example") == before[1]
    assert Counter(looks("ana@x.example")) - Counter(before[0]) == Counter(about)


def test_a_language_is_chosen_in_words(firm: Office) -> None:
    assert firm.ask("mia", "settings")["language"] == "en"
    for words, language in (("settings language de", "de"), ("settings language English", "en"), ("settings language deutsch", "de")):
        view = firm.app.answered("mia@x.example", words)
        assert ("Eingestellt." if language == "de" else "It is set.") in firm.app.text(view, "mia@x.example")
        assert firm.ask("mia", "settings")["language"] == language
    assert "Deutsch" in firm.app.text(firm.app.answered("mia@x.example", "settings"), "mia@x.example")
    with pytest.raises(Refusal, match="One of en, de"):
        firm.ask("mia", "settings language klingon")


def test_finops_gives_it_to_whom_the_owner_names(firm: Office) -> None:
    firm.agree('[[budgets]]\nname = "search"\nteam = "search"\nlimit = 100\n')
    firm.spend("104")
    firm.review()
    firm.deliver()
    number = firm.app.alerts.every()[0].number
    firm.ask("mia", f"not-mine {number} fin@x.example")
    assert "Uma Patel" in repr(firm.posts()[-1].message.card)
    with pytest.raises(Refusal, match="may not see"):
        firm.ask("fin", f"not-mine {number} ruth@x.example")
    firm.ask("fin", f"not-mine {number} fin@x.example")
    found = firm.app.alerts.find(number)
    assert found
    assert (found.owners, found.state) == (("fin@x.example",), State.OPEN)


def at(firm: Office, *day: int, hour: int = 9) -> None:
    firm.clock.instant = datetime(2026, *day, hour, tzinfo=UTC)


def live(firm: Office) -> list[tuple[str, str, str]]:
    return [(a.identity.subject, str(a.identity.tier), a.state.value) for a in firm.app.alerts.every(live=True)]


def test_a_key_that_nobody_owns_does_not_stop_later_reviews(firm: Office) -> None:
    firm.agree("budgets = []")
    write_csv(firm.folder / "bill.csv", [charge("2026-11-01", "30", x_PrincipalId="sk-x")])
    with firm.app.source(firm.app.settings.sources[0]) as source:
        firm.app.ingest.run(source)
    firm.review()
    firm.review()
    assert len(firm.app.alerts.every()) == 1


def test_a_month_that_is_over_is_judged_by_what_held_in_it(firm: Office) -> None:
    firm.spend("85")
    firm.review()
    firm.ask("ana", "budget request 50 the migration")
    firm.ask("mia", "approve 1")
    at(firm, 11, 28)
    firm.spend("135")
    firm.review()
    at(firm, 12, 1)
    firm.review()
    firm.later(days=3)
    assert not [title for to, title in firm.said() if "135 %" in title]
    assert not [to for to, title in firm.said() if "Not answered" in title]


def test_a_limit_that_is_lowered_in_december_does_not_change_november(firm: Office) -> None:
    firm.spend("65")
    firm.review()
    at(firm, 12, 2)
    firm.agree(BUDGETS.replace("100", "50"))
    firm.review()
    assert [title for to, title in firm.said() if to == "ana"] == ["You have used 65 % ($65.00 of $100.00)"]


def test_a_raise_that_leaves_somebody_over_answers_nothing(firm: Office) -> None:
    firm.spend("115")
    firm.review()
    firm.ask("ana", "budget request 1 x")
    firm.ask("mia", "approve 1")
    assert live(firm) == [("person ana@x.example", "1", "open")]
    assert firm.said()[0] == ("ana", "You have used 114 % ($115.00 of $101.00)")
    firm.later(days=2)
    assert ("mia", "Not answered yet: 114 % used ($115.00 of $101.00)") in firm.said()


def test_another_ladder_leaves_what_is_open(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    firm.ask("ana", f"ack {firm.app.alerts.every()[0].number} planned back to the small model until 2026-11-20")
    firm.agree(BUDGETS + "ladder = [50, 80, 100, 120, 150]\n")
    firm.review()
    assert live(firm) == [("person ana@x.example", "1", "acknowledged")]
    assert len(firm.said()) == 1


def test_a_budget_that_was_lost_from_the_file_is_told_again_when_it_is_back(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    firm.agree("budgets = []")
    firm.review()
    assert firm.said() == [("ana", "This budget was ended")] or not firm.said()
    firm.agree()
    firm.review()
    assert live(firm) == [("person ana@x.example", "1", "open")]


def test_who_is_away_from_the_directory_for_a_day_is_not_forgiven(firm: Office) -> None:
    firm.know()
    firm.spend("104")
    firm.review()
    firm.deliver()
    people = firm.folder / "people.csv"
    whole = people.read_text("utf-8")
    people.write_text(whole.replace("Europe/Berlin,en,,,\nben", "Europe/Berlin,en,,,2026-11-01\nben"), "utf-8")
    assert people.read_text("utf-8") != whole
    directory.apply(directory.plan([people], firm.app.people), firm.app.people)
    firm.review()
    assert firm.said() == [("ana", "Another budget holds here now")]
    people.write_text(whole, "utf-8")
    directory.apply(directory.plan([people], firm.app.people), firm.app.people)
    firm.spend("110")
    firm.review()
    assert live(firm) == [("person ana@x.example", "1", "open")]


def test_a_manager_s_own_overrun_does_not_hide_the_team_s(firm: Office) -> None:
    firm.agree(BUDGETS + '[[budgets]]\nname = "search"\nteam = "search"\nlimit = 150\n')
    firm.spend("130", "mia")
    firm.spend("30", "ana")
    firm.review()
    assert ("team search", "1", "open") in live(firm)


def test_what_is_billed_ahead_is_not_used_yet(firm: Office) -> None:
    firm.spend("60")
    firm.spend("60", day="2026-11-20")
    firm.review()
    assert firm.said() == [("ana", "You have used 60 % ($60.00 of $100.00)")]
    assert firm.ask("ana", "me")["budget"]["used"] == "60"


def test_a_manager_who_is_away_does_not_keep_it_from_finops(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    firm.later(days=1, hours=1)
    assert firm.said()[-1][0] == "mia"
    firm.ask("mia", "settings away 2026-12-31")
    firm.later(days=2)
    assert firm.said()[-1] == ("fin", "Not answered yet: 104 % used ($104.00 of $100.00)")
    told = len(firm.said())
    for _ in range(9):
        firm.later(days=1)
    assert len(firm.said()) == told, "everybody was told once"


def people(firm: Office, before: str, after: str) -> None:
    """Change the directory's file and apply it."""
    path = firm.folder / "people.csv"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    directory.apply(directory.plan([path], firm.app.people), firm.app.people)


def test_who_has_left_or_lost_a_role_answers_nothing(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    firm.later(days=1, hours=1)
    firm.later(days=1, hours=1)
    number = firm.app.alerts.every()[0].number
    assert {to for to, _ in firm.said()} == {"ana", "mia", "fin"}
    people(firm, ",finops", ",")
    with pytest.raises(Refusal, match="no alert"):
        firm.ask("fin", f"ack {number} planned all is well")
    firm.clock.instant = datetime(2026, 11, 10, 9, tzinfo=UTC)
    line = next(row for row in (firm.folder / "people.csv").read_text("utf-8").splitlines() if row.startswith("mia@"))
    people(firm, line, f"{line.rstrip(',')},,,2026-11-09" if line.endswith(",") else line)
    with pytest.raises(Refusal, match="in no team"):
        firm.ask("mia", f"ack {number} planned all is well")


@pytest.mark.parametrize("words", ["alerts 99999999999999999999999", "broadcast 99999999999999999999", "ack 99999999999999999999 other x"])
def test_numbers_that_no_alert_has_are_refused_in_words(firm: Office, words: str) -> None:
    with pytest.raises(Refusal):
        firm.ask("fin", words)


def test_a_day_that_nobody_means_is_refused_in_words(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    with pytest.raises(Refusal, match="is no day"):
        firm.ask("ana", f"ack {firm.app.alerts.every()[0].number} planned x until 9999-12-31")
    with pytest.raises(Refusal, match="within a year"):
        firm.ask("ana", f"ack {firm.app.alerts.every()[0].number} planned x until 2029-12-31")


def test_a_budget_whose_tiers_alone_changed_is_not_said_to_be_what_it_was(firm: Office) -> None:
    firm.know()
    firm.agree(SEARCH)
    firm.spend("85")
    firm.review()
    firm.deliver()
    firm.agree(SEARCH + "ladder = [90]\n")
    firm.review()
    firm.deliver()
    said = list(firm.world.shown.values())
    assert any("The budget was changed" in text for text in said)
    assert not any("it was $100.00" in text for text in said)


@pytest.mark.parametrize("below", [False, True])
def test_a_member_in_open_mode_owns_no_figures_of_the_teams_below(make_app: Callable[..., App], tmp_path: Path, *, below: bool) -> None:
    """Ana sees her team itself, as `team search` shows it to her; a budget counts the teams below it, too."""
    firm = office(make_app, tmp_path, "open")
    teams = tmp_path / "teams.csv"
    rows = teams.read_text("utf-8").splitlines()
    teams.write_text(
        "\n".join(f"support,{'search' if below else ''},ruth@x.example,," if row.startswith("support,") else row for row in rows) + "\n",
        "utf-8",
    )
    directory.apply(directory.plan([teams], firm.app.people), firm.app.people)
    firm.agree(SEARCH + 'owner = "ana@x.example"\n')
    firm.spend("20")
    firm.spend("65.43", who="ruth" if below else "mia")
    firm.review()
    (post,) = firm.posts()
    assert post.message.to == ("mia@x.example" if below else "ana@x.example")
    assert "85 %" in post.message.card.title
    alert = next(alert for alert in firm.app.alerts.every() if alert.was_told)
    readers = firm.app.review.notices()
    assert (readers.may_read("ana@x.example", alert), readers.may_read("mia@x.example", alert)) == (not below, True)
    plan = budgets.plan(tmp_path / "budgets.toml", FakeBudgets(), firm.app.people.directory(), "USD", 1)
    doubts = budgets.doubts(plan, firm.app.conversation.figures, firm.app.people.directory(), Privacy.OPEN, firm.clock.now().date())
    assert any("ana@x.example may not see the figures of team search" in doubt for doubt in doubts) is below

"""The conversation: the right figures to the right person, and nothing else to anyone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from booked import book
from factories import charge, write_csv, write_directory
from loading import ingest

from bot import settings, wiring
from bot.domain.foretold import MONTH, YEAR
from bot.domain.outcome import Outcome
from bot.errors import Refusal
from bot.ports import Look
from bot.services import budgets, directory
from bot.services.question import NOTHING
from bot.wiring import App

MakeApp = Callable[..., App]
NOW = "2026-11-23T09:00:00+00:00"
MODES = ("open", "standard", "works_council")
BUDGETS = """
[[budgets]]
name = "everyone"
person = "*"
limit = 100
[[budgets]]
name = "searchers"
person = "*"
team = "search"
limit = 50.5
[[budgets]]
name = "search"
team = "search"
limit = 200
"""


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company's store, loaded once for all tests."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "aispend.toml").write_text("", "utf-8")
    app = wiring.app(settings.load(folder / "aispend.toml", {}), NOW)
    app.prepare_store()
    directory.apply(directory.plan(write_directory(folder), app.people), app.people)
    (folder / "budgets.toml").write_text(BUDGETS, "utf-8")
    budgets.apply(budgets.plan(folder / "budgets.toml", app.budgets, app.people.directory(), "USD", 1), app.budgets, app.clock)
    rows = [
        charge("2026-10-01", "7.00"),
        charge("2026-11-03", "40.00", SubAccountId="ranking"),
        charge("2026-11-03", "2.00", x_PrincipalId="mia@x.example", SubAccountId="ranking"),
        charge("2026-11-04", "5.00", x_PrincipalId="ben@x.example"),
        charge("2026-11-20", "9.00", x_PrincipalId="ben@x.example"),
        charge("2026-11-20", "3.00", x_PrincipalId="sk-lost", SubAccountId="ranking"),
        charge("2026-11-22", "30.00", x_PrincipalId="ruth@x.example", days=30),
    ]
    ingest(app, write_csv(folder / "bill.csv", rows), project="SubAccountId")
    app.close()
    return folder / "aispend.db"


@pytest.fixture
def company(make_app: MakeApp, stocked: Path, tmp_path: Path) -> Callable[..., App]:
    def make(privacy: str = "standard", now: str = NOW) -> App:
        if not (tmp_path / stocked.name).exists():
            shutil.copy(stocked, tmp_path)
        return make_app(f'[organisation]\nprivacy = "{privacy}"\n', now=now)

    return make


def ask(app: App, who: str, words: str) -> dict[str, object]:
    return json.loads(json.dumps(app.conversation.answer(f"{who}@x.example", words).document()))


def text(app: App, who: str, words: str) -> str:
    return app.text(app.conversation.answer(f"{who}@x.example", words), f"{who}@x.example")


@pytest.mark.parametrize(
    ("deliveries", "previous"),
    [
        ([("2026-10-02", "2026-11-20")], None),
        ([("2026-10-01", "2026-11-20")], "8"),
        ([("2026-09-30", "2026-11-20")], "7"),
        ([("2026-09-30", "2026-10-02"), ("2026-11-03", "2026-11-20")], "8"),
        ([("2026-09-30",), ("2026-11-03", "2026-11-20")], None),
    ],
)
def test_only_days_that_every_source_delivered_are_compared(
    company: Callable[..., App], deliveries: list[tuple[str, ...]], previous: str | None
) -> None:
    """A source that began a day late, or left the days before out, has said less of them than of these; a day without cost is no gap."""
    app = company()
    for days in deliveries:
        rows = [{"day": day, "person": "ana@x.example", "team": "search", "billed": 10**9} for day in days]
        book(app.ledger, rows, "api")
    assert ask(app, "ana", "me")["previous_cost"] == previous


@pytest.mark.parametrize(
    ("who", "words", "suggestion"),
    [
        ("fin", "forecast ben", "forecast person ben@x.example"),
        ("mia", "forecast ana", "forecast person ana@x.example"),
        ("ben", "forecast ana", ""),
        ("fin", "why serch", "why team search"),
        ("mia", "why serch", "why team search"),
        ("ben", "why serch", ""),
        ("fin", "person Bne", "person ben@x.example"),
        ("mia", "person Anna", "person ana@x.example"),
        ("mia", "person Bne", ""),
        ("ana", "person anna@x.example", "person ana@x.example"),
        ("ana", "person Bne", ""),
        ("mia", "team serch", "team search"),
        ("ana", "team serch", ""),
        ("fin", "project rankign", 'project "ranking"'),
        ("mia", "project rankign", ""),
        ("ana", "project", "me by project"),
    ],
)
def test_a_name_that_is_nearly_one_s_to_see_is_proposed(company: Callable[..., App], who: str, words: str, suggestion: str) -> None:
    app = company()
    with pytest.raises(Refusal) as refused:
        ask(app, who, words)
    assert refused.value.suggestion == suggestion or (not suggestion and refused.value.suggestion in {"forecast me", "why me"})
    if suggestion:
        ask(app, who, suggestion)
    else:
        assert not any(name in str(refused.value) for name in ("ben@", "search", "ranking"))


def test_a_name_that_is_not_theirs_is_answered_as_one_that_is_not_there(company: Callable[..., App]) -> None:
    """Beside a near name of one's own, too: else whoever asks could tell which names there are."""
    app = company()
    sentences = set()
    for name in ("finance", "finanze"):
        with pytest.raises(Refusal) as refused:
            ask(app, "mia", f"team {name}")
        sentences.add(str(refused.value).replace(name, "NAME"))
    assert len(sentences) == 1
    app = company("works_council")
    with pytest.raises(Refusal) as refused:
        ask(app, "mia", "person Bne")
    assert str(refused.value) == NOTHING


def test_a_budget_by_the_year_leaves_the_month_its_own_forecast(company: Callable[..., App], tmp_path: Path) -> None:
    """What is of the year says so, and that the figures begin later than it."""
    app = company()
    (tmp_path / "budgets.toml").write_text(f'{BUDGETS}[[budgets]]\nname = "all"\norg = true\nperiod = "year"\nlimit = 9000\n', "utf-8")
    budgets.apply(budgets.plan(tmp_path / "budgets.toml", app.budgets, app.people.directory(), "USD", 1), app.budgets, app.clock)
    days = [date(2026, 9, 1) + timedelta(days=n) for n in range(83)]
    book(app.ledger, [{"day": f"{day}", "person": "ana@x.example", "team": "search", "billed": 10**9} for day in days], "api")
    app.review.run()
    rows = ask(app, "fin", "forecast org")["rows"]
    periods = [(row["period"]["start"], row["period"]["end"], row["budget"], row["known_since"]) for row in rows]  # type: ignore[attr-defined, index]
    assert periods == [("2026-01-01", "2027-01-01", "all", "2026-09-01"), ("2026-11-01", "2026-12-01", None, None)]
    assert "Jan 1 – Dec 31, 2026 ($9,000.00, budget all) (known since Sep 1, 2026)" in text(app, "fin", "forecast org")
    assert "Expected by the end of the year" in text(app, "fin", "org")
    assert "used (Jan 1 – Nov 23, 2026): " in text(app, "fin", "org last month"), "what a closed month says of the year ends today"
    assert "used (" not in text(app, "fin", "org")
    assert ask(app, "fin", "org year")["known_since"] == "2026-09-01"
    assert "Nothing was delivered of the days before Sep 1, 2026." in text(app, "ana", "me year")
    assert "Nothing was delivered" not in text(app, "ana", "me")


def test_me_has_the_four_numbers_and_the_same_days_before(company: Callable[..., App]) -> None:
    me = ask(company(), "ana", "me")
    assert (me["billed_cost"], me["estimated_cost"], me["previous_cost"]) == ("40", "0", "7")
    assert me["period"] == {"start": "2026-11-01", "end": "2026-11-24"}
    assert me["budget"] == {
        "name": "searchers",
        "scope": "each person of team search",
        "period": "month",
        "limit": "50.5",
        "used": "40",
        "remaining": "10.5",
        "share": "0.7920792079207920792079207921",
        "resets_at": "2026-12-01T00:00:00+00:00",
    }
    assert me["by"] == {"dimension": "tool", "rows": [{"key": "LLM API", "cost": "40"}]}
    assert me["provisional"] is True
    assert me["forecast"] is None


def test_what_is_yet_to_come_is_no_cost(company: Callable[..., App]) -> None:
    assert ask(company(), "ruth", "me")["billed_cost"] == "2"


def test_a_past_month_is_final_and_shows_the_budget_of_then(company: Callable[..., App]) -> None:
    october = ask(company(), "ana", "me 2026-10")
    assert (october["billed_cost"], october["provisional"]) == ("7", False)
    assert october["budget"]["resets_at"] == "2026-11-01T00:00:00+00:00"  # type: ignore[index]


def test_what_is_over_resets_no_more_and_proposes_other_days(company: Callable[..., App]) -> None:
    app = company()
    now, then = (text(app, "ana", words) for words in ("me", "me last month"))
    assert "Resets" in now
    assert "Resets" not in then
    assert "me last month ·" in now
    assert "me last month ·" not in then


def test_a_manager_sees_the_team_with_names_as_it_was(company: Callable[..., App]) -> None:
    team = ask(company(), "mia", "team")
    assert team["billed_cost"] == "47"
    assert team["by"]["rows"] == [{"key": "Ana Ruiz", "cost": "40"}, {"key": "Ben Okafor", "cost": "5"}, {"key": "Mia Berg", "cost": "2"}]  # type: ignore[index]


def test_the_views_of_everybody_add_up_to_the_organisation(company: Callable[..., App]) -> None:
    app = company()
    whole = ask(app, "fin", "org by team")
    assert whole["by"]["rows"] == [{"key": "search", "cost": "47"}, {"key": "support", "cost": "11"}, {"key": "no team", "cost": "3"}]  # type: ignore[index]
    assert whole["billed_cost"] == "61"
    assert ask(app, "fin", "unallocated")["total"] == "3"
    assert [r["cost"] for r in ask(app, "fin", "top people")["by"]["rows"]] == ["40", "14", "3", "2", "2"]  # type: ignore[index]


def test_unallocated_says_why_and_whom_to_ask(company: Callable[..., App]) -> None:
    row = ask(company(), "fin", "unallocated")["rows"][0]  # type: ignore[index]
    assert row == {
        "key": "sk-lost",
        "source": "bill",
        "cost": "3",
        "first_seen": "2026-11-20",
        "reason": "no identity names this key and no allocation rule fits",
        "likely_owner": "ana@x.example",
    }


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("ana", "team support"),
        ("ana", "team nosuchteam"),
        ("mia", "team support"),
        ("mia", "team nosuchteam"),
        ("ana", "org"),
        ("mia", "org by person"),
        ("ruth", "unallocated"),
        ("ana", "top people"),
        ("ana", "top teams"),
        ("ruth", "project ranking"),
        ("ruth", "project nosuchproject"),
        ("ana", "project nosuchproject"),
    ],
)
def test_a_refusal_is_the_same_whether_the_thing_exists_or_not(company: Callable[..., App], mode: str, who: str, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        ask(company(mode), who, words)
    assert str(refused.value) == NOTHING


@pytest.mark.parametrize("verb", ["project", "why project", "forecast project"])
@pytest.mark.parametrize("period", ["", "today", "last month", "quarter", "2020-01", "2026-12"])
@pytest.mark.parametrize("who", ["ben", "ruth"])
def test_no_period_tells_whether_a_hidden_project_exists(company: Callable[..., App], who: str, period: str, verb: str) -> None:
    """Nor does it keep the look from being noted."""
    app = company()
    real, made_up = (app.conversation.weigh(f"{who}@x.example", f"{verb} {name} {period}") for name in ("RANKING", "nosuchproject"))
    assert (real.view, made_up.view, str(real.refusal)) == (None, None, str(made_up.refusal))
    assert [(look.subject_kind, look.verdict) for look in real.looks] == [(look.subject_kind, look.verdict) for look in made_up.looks]
    assert (str(real.refusal) == NOTHING) == bool(real.looks)


def test_a_project_shows_each_their_part(company: Callable[..., App]) -> None:
    app = company()
    assert [ask(app, who, "project ranking")["billed_cost"] for who in ("ana", "mia", "fin")] == ["40", "42", "45"]
    assert ask(app, "ana", "project ranking")["partial"] == "your own part"


def test_works_council_shows_no_name_but_one_s_own(company: Callable[..., App]) -> None:
    app = company("works_council")
    assert ask(app, "ana", "me")["billed_cost"] == "40"
    for who, words in (
        ("mia", "team"),
        ("ruth", "team"),
        ("fin", "top people"),
        ("fin", "org by person"),
        ("fin", "project ranking by person"),
    ):
        with pytest.raises(Refusal):
            ask(app, who, words)
    rows = ask(app, "fin", "org by team")["by"]["rows"]  # type: ignore[index]
    assert [row["key"] for row in rows] == ["small groups together"]
    assert ask(app, "fin", "unallocated")["rows"][0]["likely_owner"] is None  # type: ignore[index]


def test_open_mode_shows_members_their_team_s_total_without_names(company: Callable[..., App]) -> None:
    app = company("open")
    team = ask(app, "ana", "team")
    assert team["billed_cost"] == "47"
    assert (team["breakdowns"], team["by"]) == ([], None)
    for words in ("team by day", "team by model", "team yesterday", "team 2026-11-03", "team 2026-11-01..2026-11-20"):
        with pytest.raises(Refusal, match="whole months"):
            ask(app, "ana", words)


def test_every_look_is_logged_and_people_see_who_looked(company: Callable[..., App]) -> None:
    app = company()
    ask(app, "mia", "team search by person")
    ask(app, "fin", "top people")
    with pytest.raises(Refusal):
        ask(app, "ruth", "team search")
    rows = ask(app, "ana", "privacy")["rows"]
    assert [(row["viewer"], row["command"]) for row in rows] == [("Uma Patel", "top people"), ("Mia Berg", "team search by person")]  # type: ignore[index, union-attr]


def test_privacy_says_how_many_more_looks_there_are_and_shows_them(company: Callable[..., App]) -> None:
    app = company()
    for n in range(1, 121):
        app.people.log(
            Look(datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=n), "fin@x.example", "people", "", "FinOps", f"top people {n}")
        )
    pages = [ask(app, "ana", words) for words in ("privacy", "privacy 2", "privacy 3", "privacy 9")]
    assert [(page["rows"][0]["command"], len(page["rows"]), page["more"]) for page in pages] == [  # type: ignore[arg-type, index]
        ("top people 120", 50, 70),
        ("top people 70", 50, 20),
        ("top people 20", 20, 0),
        ("top people 20", 20, 0),
    ]
    assert "… and 70 earlier looks: privacy 2" in text(app, "ana", "privacy")
    with pytest.raises(Refusal, match="I do not understand"):
        ask(app, "ana", "privacy soon")


def test_who_is_unknown_gets_one_helpful_sentence(company: Callable[..., App]) -> None:
    with pytest.raises(Refusal, match=r"I do not know who@x\.example"):
        ask(company(), "who", "me")


def test_budgets_show_the_fullest_first_and_only_one_s_own(company: Callable[..., App]) -> None:
    app = company()
    assert [row["name"] for row in ask(app, "mia", "budget")["rows"]] == ["search", "searchers"]  # type: ignore[index, union-attr]
    assert [row["name"] for row in ask(app, "ana", "budget")["rows"]] == ["searchers"]  # type: ignore[index, union-attr]
    assert [row["name"] for row in ask(app, "ruth", "budget")["rows"]] == ["everyone"]  # type: ignore[index, union-attr]


@pytest.mark.parametrize(
    "words", ["me by day", "me last 30d", "me year by model", "team by tool", "org quarter by day", "top models year", "help", ""]
)
def test_the_parts_add_up_to_the_total(company: Callable[..., App], words: str) -> None:
    document = ask(company(), "mia" if words.startswith("team") else "fin", words)
    if "billed_cost" in document and document["by"]:
        assert sum(float(row["cost"]) for row in document["by"]["rows"]) == float(document["billed_cost"])  # type: ignore[index, arg-type]


MONTHS = """email,name,team,manager_email,roles,valid_from,valid_to
boss@x.example,Bo,small,,,,
fin@x.example,Fi,big,,finops,,
a1@x.example,A1,small,boss@x.example,,,
a2@x.example,A2,small,boss@x.example,,2026-11-01,
a3@x.example,A3,small,boss@x.example,,2026-11-01,
a4@x.example,A4,small,boss@x.example,,2026-11-01,
a5@x.example,A5,small,boss@x.example,,2026-11-01,
b1@x.example,B1,big,,,,
b2@x.example,B2,big,,,,
b3@x.example,B3,big,,,,
b4@x.example,B4,big,,,,
b5@x.example,B5,big,,,,
"""
LEAKS = [
    ("boss", "team small last month"),
    ("boss", "team small by day"),
    ("boss", "team small 2026-11-05..2026-11-09"),
    ("boss", "project zeta last month"),
    ("fin", "project zeta by day"),
    ("fin", "project zeta 2026-11-09"),
    ("fin", "project zeta last quarter"),
]


@pytest.fixture
def watched(make_app: MakeApp, tmp_path: Path) -> App:
    """A company in works_council mode: in October the team `small` and the project `zeta` had one person, who cost 77.77."""
    app = make_app('[organisation]\nprivacy = "works_council"\n', now=NOW)
    (tmp_path / "people.csv").write_text(MONTHS, "utf-8")
    (tmp_path / "teams.csv").write_text("team,parent,manager_email\nsmall,,boss@x.example\nbig,,\n", "utf-8")
    directory.apply(directory.plan([tmp_path / "people.csv", tmp_path / "teams.csv"], app.people), app.people)
    (tmp_path / "budgets.toml").write_text(
        '[[budgets]]\nname = "s"\nteam = "small"\nperiod = "year"\nlimit = 900\n[[budgets]]\nname = "z"\nproject = "zeta"\nperiod = "year"\nlimit = 900\n',
        "utf-8",
    )
    budgets.apply(budgets.plan(tmp_path / "budgets.toml", app.budgets, app.people.directory(), "USD", 1), app.budgets, app.clock)
    rows = [charge("2026-10-05", "77.77", x_PrincipalId="a1@x.example", SubAccountId="zeta")]
    rows += [charge("2026-11-05", "4", x_PrincipalId=f"a{n}@x.example", SubAccountId="zeta") for n in range(1, 6)]
    rows += [charge("2026-11-09", "33.33", x_PrincipalId="a3@x.example", SubAccountId="zeta")]
    rows += [charge(day, "5", x_PrincipalId=f"b{n}@x.example") for n in range(1, 6) for day in ("2026-10-05", "2026-11-05")]
    rows += [charge("2026-11-06", "0", x_PrincipalId=f"b{n}@x.example", x_Model="rare") for n in range(2, 6)]
    rows += [charge("2026-11-06", "55.55", x_PrincipalId="b1@x.example", x_Model="rare")]
    ingest(app, write_csv(tmp_path / "bill.csv", rows), project="SubAccountId")
    return app


@pytest.mark.parametrize(("who", "words"), LEAKS)
def test_groups_that_were_once_one_person_are_not_shown(watched: App, who: str, words: str) -> None:
    with pytest.raises(Refusal):
        ask(watched, who, words)


def test_no_answer_holds_what_one_person_cost(watched: App) -> None:
    """Neither beside the asked figure, nor by subtraction from a year, nor among people who cost nothing."""
    for who, words in (
        ("boss", "team small"),
        ("boss", "budget"),
        ("fin", "budget"),
        ("fin", "project zeta"),
        ("fin", "org last month by team"),
    ):
        answer = json.dumps(ask(watched, who, words))
        assert "77.77" not in answer, words
        assert "131.1" not in answer, words
    for words in ("top models", "org by model", "org by project"):
        assert "55.55" not in json.dumps(ask(watched, "fin", words)), words
    assert ask(watched, "boss", "team small")["previous_cost"] is None
    assert ask(watched, "a1", "me last month")["billed_cost"] == "77.77", "one's own is one's own"


def test_a_manager_sees_of_a_person_what_their_own_teams_paid(company: Callable[..., App]) -> None:
    """Ben left search on 10 November: $5 before, $9 after."""
    app = company()
    assert (ask(app, "mia", "person ana")["billed_cost"], ask(app, "fin", "person ben")["billed_cost"]) == ("40", "14")
    of_ruth = ask(app, "ruth", "person ben@x.example")
    assert (of_ruth["billed_cost"], of_ruth["partial"], of_ruth["budget"]) == ("9", "the part of the teams you manage", None)
    assert ask(app, "fin", "@Ana")["budget"]["name"] == "searchers"  # type: ignore[index]
    assert ask(app, "ana", '"@Ana Ruiz" by model')["view"] == "me"
    looked = app.conversation.answer("ben@x.example", "privacy")
    assert sorted((who, what) for _, who, what in looked.looks) == [("Ruth Amadi", "person ben@x.example"), ("Uma Patel", "person ben")]


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("mia", "person ben"),
        ("ana", "person mia"),
        ("ana", "@ben"),
        ("ana", "person nobody@x.example"),
        ("ruth", "person ana"),
        ("ana", "@slack:T1:UMIA"),
        ("ana", "@slack:T1"),
    ],
)
def test_who_is_not_theirs_is_refused_like_who_is_not_there(company: Callable[..., App], who: str, words: str) -> None:
    with pytest.raises(Refusal) as caught:
        company().conversation.answer(f"{who}@x.example", words)
    assert str(caught.value) == NOTHING


def test_no_mode_with_names_shows_a_person_to_nobody(company: Callable[..., App]) -> None:
    for who in ("mia", "fin"):
        with pytest.raises(Refusal, match="nothing here"):
            ask(company("works_council"), who, "person ana")


def test_one_name_of_two_people_is_asked_about(company: Callable[..., App]) -> None:
    from dataclasses import replace as changed

    app = company()
    found = app.people.directory()
    twin = changed(found.person("ben@x.example"), name="Ana Okafor")  # type: ignore[type-var]
    app.people.replace(changed(found, people={**found.people, "ben@x.example": twin}))  # type: ignore[dict-item]
    with pytest.raises(Refusal, match=r"Which one\? ana@x.example, ben@x.example"):
        ask(app, "fin", "person ana")
    assert ask(app, "mia", "person ana")["subject"] == "Ana Ruiz", "those one may not see do not count"


def did(app: App, *rows: tuple[str, str, str, str, str]) -> None:
    """Let a source say what was got done: day, team, project, kind, count."""
    found = [Outcome(kind, date.fromisoformat(day), team, project, Decimal(count)) for day, team, project, kind, count in rows]
    app.outcomes.replace("jira", {outcome.day for outcome in found}, found)


def test_what_one_outcome_cost_stands_beside_the_cost_of_its_days(company: Callable[..., App]) -> None:
    app = company()
    assert ask(app, "mia", "team")["outcomes"] == []
    did(
        app,
        *[("2026-10-01", "search", "", "pull_requests", "0"), ("2026-10-03", "search", "ranking", "pull_requests", "2")],
        *[("2026-11-03", "search", "ranking", "pull_requests", "8"), ("2026-11-10", "search", "", "pull_requests", "2")],
    )
    assert ask(app, "mia", "team")["outcomes"] == [
        {
            "kind": "pull_requests",
            "count": "10",
            "cost": "47",
            "cost_per_outcome": "4.7",
            "previous": "3.5",
            "period": {"start": "2026-11-01", "end": "2026-11-11"},
            "is_part": False,
            "like_for_like": None,
        }
    ]
    org, project = (ask(app, "fin", words)["outcomes"][0] for words in ("org", "project ranking"))  # type: ignore[index]
    assert (org["cost"], org["is_part"]) == ("47", False), "what support and the lost key cost came later"
    assert (project["cost"], project["count"], project["cost_per_outcome"]) == ("42", "8", "5.25")
    shown = app.text(app.conversation.answer("mia@x.example", "team"), "mia@x.example")
    assert "Cost per pull request (Nov 1 – 10, 2026) $4.70, before $3.50 (+34 %)" in " ".join(shown.split())


def test_who_may_not_see_a_cost_sees_no_part_of_it_per_outcome(company: Callable[..., App]) -> None:
    """Ana sees her own part of a project, in open mode her team's month: what others did would tell their cost."""
    app = company("open")
    did(app, ("2026-11-03", "search", "ranking", "tickets", "8"), ("2026-11-03", "support", "", "tickets", "3"))
    assert [ask(app, "ana", words)["outcomes"] for words in ("me", "team", "project ranking")] == [[], [], []]
    assert ask(app, "fin", "person ana")["outcomes"] == []
    (mine,) = ask(app, "mia", "project ranking")["outcomes"]  # type: ignore[misc]
    assert (mine["cost"], mine["count"]) == ("42", "8")
    (support,) = ask(app, "ruth", "team")["outcomes"]  # type: ignore[misc]
    assert (support["cost"], support["cost_per_outcome"]) == ("0", "0"), "their cost of the third"


def test_days_whose_cost_is_not_delivered_yet_have_no_unit_figure(company: Callable[..., App]) -> None:
    app = company(now="2026-12-02T09:00:00+00:00")
    did(app, ("2026-11-03", "search", "", "tickets", "8"), ("2026-12-01", "search", "", "tickets", "8"))
    assert ask(app, "mia", "team 2026-12-01..2026-12-01")["outcomes"] == []


def test_the_parts_of_a_month_are_not_shown_by_outcomes_where_they_would_not_be(watched: App) -> None:
    did(
        watched,
        ("2026-10-01", "big", "", "tickets", "8"),
        ("2026-10-31", "big", "", "tickets", "0"),
        ("2026-11-09", "small", "", "tickets", "1"),
    )
    assert ask(watched, "fin", "org last month")["outcomes"] == [], "what is left over is one person's 77.77"
    did(watched, *[(f"2026-10-{day}", team, "", "tickets", "4") for day in ("01", "31") for team in ("big", "small")])
    (whole,) = ask(watched, "fin", "org last month")["outcomes"]  # type: ignore[misc]
    assert (whole["cost"], whole["cost_per_outcome"]) == ("102.77", "6.423125")
    assert ask(watched, "boss", "team small")["outcomes"] == [], "the ninth of November ends no month"


def test_a_forecast_that_was_worked_out_for_an_answer_is_kept_to_be_judged(company: Callable[..., App]) -> None:
    app = company()
    days = [date(2026, 9, 1) + timedelta(days=n) for n in range(83)]
    row = {"team": "search", "billed": 10**9}
    book(app.ledger, [{"day": f"{day}", "person": f"{who}@x.example", **row} for day in days for who in ("ana", "mia")], "api")
    shown = ask(app, "fin", "forecast org")["rows"][0]  # type: ignore[index]
    kept = app.forecasts.find(MONTH, "the organisation", date(2026, 11, 1))
    assert kept
    assert (kept.point.plain, kept.as_of) == (shown["point"], date(2026, 11, 20))
    year = app.forecasts.find(YEAR, "the organisation", date(2026, 1, 1))
    assert year
    assert year.point.nanos > kept.point.nanos
    weighed = app.conversation.weigh("ana@x.example", "forecast me")
    assert [told.subject for told in weighed.told] == ["person ana@x.example"] * 2
    assert not app.forecasts.find(MONTH, "person ana@x.example", date(2026, 11, 1)), "weighing writes nothing"
    partly = app.conversation.weigh("mia@x.example", "forecast person ana@x.example")
    assert (partly.view is not None, partly.told) == (True, ()), "of a part nobody can tell later how right it was"

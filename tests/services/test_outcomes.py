"""Loading outcomes: whole days or nothing, every slip named with its line, and nothing kept by person."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from factories import write_directory
from fakes import FakeOutcomes, FakePeople

from adapters import claude_code
from bot.domain.outcome import Outcome
from bot.domain.people import Directory
from bot.errors import BotError, ConfigError, SourceError
from bot.services import directory, outcomes

TODAY = date(2026, 11, 23)
HEAD = "day,team,project,kind,count\n"


@pytest.fixture
def known(tmp_path: Path) -> Directory:
    people = FakePeople()
    directory.apply(directory.plan(write_directory(tmp_path), people), people)
    return people.stored


def stated(folder: Path, known: Directory, text: str) -> list[Outcome]:
    path = folder / "tickets.csv"
    path.write_text(text, "utf-8")
    return outcomes.stated(path, known, ["ranking"], TODAY)


def load(folder: Path, known: Directory, store: FakeOutcomes, text: str, source: str = "") -> outcomes.Plan:
    plan = outcomes.plan(source or "tickets", stated(folder, known, text), store, is_named=bool(source))
    outcomes.apply(plan, store)
    return plan


def test_lines_are_read_with_names_as_we_spell_them(tmp_path: Path, known: Directory) -> None:
    text = "\ufeffKind,Day,Count,Team,Project\nTickets,2026-11-03,4,SEARCH,\nstory points,2026-11-23,2.50,,Ranking\n\nbugs,2026-11-03,0,search,new\n"
    assert stated(tmp_path, known, text) == [
        Outcome("tickets", date(2026, 11, 3), "search", "", Decimal(4)),
        Outcome("story_points", TODAY, "", "ranking", Decimal("2.5")),
        Outcome("bugs", date(2026, 11, 3), "search", "new", Decimal(0)),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "tickets.csv has no column 'day'; outcomes take day, team, project, kind, count"),
        (HEAD, "tickets.csv states no outcomes"),
        (f"{HEAD}\n\n", "tickets.csv states no outcomes"),
        ("day,team,kind,amount\n", "unknown column 'amount'; outcomes take day, team"),
        ("day,team,kind\n", "no column 'count'"),
        ("day,team,team,kind,count\n", "two columns called 'team'"),
        (f"{HEAD}2026-11-03,search,,tickets\n", "line 2: 4 values for 5 columns"),
        (f"{HEAD}3.11.2026,search,,tickets,1\n", "line 2: day holds '3.11.2026'; write a date such as 2026-11-23"),
        (f"{HEAD}2062-11-03,search,,tickets,1\n", "line 2: day holds '2062-11-03', which is yet to come"),
        (f"{HEAD}0206-11-03,search,,tickets,1\n", "line 2: day holds '0206-11-03', which is too long ago"),
        (f"{HEAD}2026-11-03,saerch,,tickets,1\n", "line 2: there is no team 'saerch' in the directory; did you mean 'search'?"),
        (f"{HEAD}2026-11-03,zzz,,tickets,1\n", "line 2: there is no team 'zzz' in the directory."),
        (f"{HEAD}2026-11-03,,,tickets,1\n", "line 2: it names neither a team nor a project"),
        (f"{HEAD}2026-11-03,search,,,1\n", "line 2: kind holds ''"),
        (f"{HEAD}2026-11-03,search,,tickets,many\n", "line 2: count holds 'many'; write a number such as 12 or 2.5"),
        (f"{HEAD}2026-11-03,search,,tickets,-1\n", "line 2: count holds '-1'; it must lie between 0 and"),
        (f"{HEAD}2026-11-03,search,,tickets,1\n2026-11-03,Search,,Tickets,2\n", "line 3: the same day, team, project and kind stand in"),
        (f'{HEAD}2026-11-03,search,,tickets,"1\n', "line 2: unexpected end of data"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(tmp_path: Path, known: Directory, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        stated(tmp_path, known, text)
    assert sentence in str(refused.value)
    assert "Nothing was changed" in str(refused.value)


def test_every_bad_line_is_told_and_no_good_one_is_taken(tmp_path: Path, known: Directory) -> None:
    store = FakeOutcomes()
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, known, store, f"{HEAD}2026-11-03,search,,tickets,1\n2026-11-04,nobody,,tickets,1\n2026-11-05,search,,tickets,x\n")
    assert ["line 3" in str(refused.value), "line 4" in str(refused.value), store.said] == [True, True, []]


def test_the_same_file_again_changes_nothing_and_a_day_is_restated_whole(tmp_path: Path, known: Directory) -> None:
    store = FakeOutcomes()
    text = f"{HEAD}2026-11-03,search,,tickets,4\n2026-11-03,support,,tickets,1\n2026-11-04,search,,tickets,2\n"
    first = load(tmp_path, known, store, text)
    assert first.changes[0] == "+ 2026-11-03 tickets of team search: 4"
    assert load(tmp_path, known, store, text.replace(",4\n", ",4.0\n")).changes == ()

    again = load(tmp_path, known, store, f"{HEAD}2026-11-03,search,,tickets,5\n2026-11-03,search,ranking,bugs,1\n")
    assert again.changes == (
        "+ 2026-11-03 bugs of team search, project ranking: 1",
        "~ 2026-11-03 tickets of team search: 5 (was 4)",
        "- 2026-11-03 tickets of team support: 1",
    )
    assert [(o.day.day, o.kind, o.count) for o in store.of("tickets", [date(2026, 11, 3), date(2026, 11, 4)])] == [
        (3, "bugs", 1),
        (3, "tickets", 5),
        (4, "tickets", 2),
    ]


def test_a_second_file_must_say_that_its_outcomes_are_others(tmp_path: Path, known: Directory) -> None:
    """An export under another name would count everything twice."""
    store = FakeOutcomes()
    text = f"{HEAD}2026-11-03,search,,tickets,4\n"
    load(tmp_path, known, store, text, "jira")
    with pytest.raises(ConfigError, match="stated by the source 'jira' already and would count twice"):
        load(tmp_path, known, store, text)
    load(tmp_path, known, store, text, "desk")
    assert len(store.said) == 2


def test_projects_that_never_cost_anything_are_told(tmp_path: Path, known: Directory) -> None:
    found = stated(tmp_path, known, f"{HEAD}2026-11-03,,rankign,tickets,1\n2026-11-03,,RANKING,tickets,1\n")
    assert list(outcomes.doubts(found, ["ranking"])) == ["! project 'rankign' has no cost in the ledger; did you mean 'ranking'?"]


# Claude Code Analytics


def record(user: dict[str, str], day: str = "2026-11-09", sessions: Any = 4, commits: Any = 3, pulls: Any = 1) -> dict[str, Any]:
    metrics = {"num_sessions": sessions, "commits_by_claude_code": commits, "pull_requests_by_claude_code": pulls}
    return {"date": f"{day}T00:00:00Z", "actor": user, "terminal_type": "vscode", "core_metrics": metrics | {"lines_of_code": {"added": 8}}}


def ben(**more: Any) -> dict[str, Any]:
    return record({"type": "user_actor", "email_address": "Ben@x.example"}, **more)


def export(folder: Path, document: Any, name: str = "activity.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def test_users_count_for_the_team_they_were_in_that_day_and_are_not_kept(tmp_path: Path, known: Directory) -> None:
    key = {"type": "api_actor", "api_key_name": "key-1"}
    records = [ben(), ben(commits=2), ben(day="2026-11-10"), record(key, "2026-11-04"), record({"email_address": "who@else.example"})]
    pages = [{"data": records[:2], "has_more": True}, {"data": records[2:], "has_more": False}]
    found, told = outcomes.done_by(claude_code.activities(export(tmp_path, pages)), known, TODAY)
    assert {(o.day.day, o.team): o.count for o in found if o.kind == "commits"} == {
        (4, "search"): 3,
        (9, "search"): 5,
        (9, ""): 3,
        (10, "support"): 3,
    }
    assert {o.kind for o in found} == {"commits", "pull_requests", "sessions"}
    assert told == ("! Of no team on those days, as far as the directory knows: who@else.example. What they did counts under no team.",)
    assert "ben" not in repr(found).lower()


def test_csv_says_the_same_as_json(tmp_path: Path, known: Directory) -> None:
    rows = "2026-11-09,ben@x.example,4,3,1,120\n2026-11-09,ben@x.example,4,3,1,99\n"
    short = "date,email_address,num_sessions,commits_by_claude_code,pull_requests_by_claude_code,tokens\n" + rows
    long = (
        "Date,actor.email_address,core_metrics.num_sessions,core_metrics.commits_by_claude_code,core_metrics.pull_requests_by_claude_code,x\n"
        + rows
    )
    of_json = claude_code.activities(export(tmp_path, [ben(), ben()]))
    wanted = outcomes.done_by(of_json, known, TODAY)
    assert wanted == outcomes.done_by(claude_code.activities(export(tmp_path, short, "a.csv")), known, TODAY)
    assert wanted == outcomes.done_by(claude_code.activities(export(tmp_path, long, "b.csv")), known, TODAY)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("", "is no JSON"),
        ({"data": [], "has_more": False}, "holds no records"),
        ({"data": [ben()], "has_more": True}, "says that there is more after its last page"),
        ([ben(), ben(sessions=-1)], "record 2: num_sessions: count holds '-1'"),
        ([ben(commits=None)], "record 1: core_metrics.commits_by_claude_code: count holds ''"),
        ([ben(pulls=True)], "pull_requests_by_claude_code: count holds ''"),
        ([ben(day="soon")], "date holds 'soonT00:00:00Z', no date such as"),
        ([{"date": "2026-11-09"}], "there is no email_address and no api_key_name"),
        ([{"date": "2026-11-09", "email": "a@x"}], "there is none of commits_by_claude_code"),
        (["text"], "record 1: it is no object"),
        ([ben(day="2026-11-24")], "day holds '2026-11-24', which is yet to come"),
    ],
)
def test_an_export_that_is_none_changes_nothing(tmp_path: Path, known: Directory, document: Any, sentence: str) -> None:
    with pytest.raises((SourceError, ConfigError)) as refused:
        outcomes.done_by(claude_code.activities(export(tmp_path, document)), known, TODAY)
    assert sentence.removeprefix("record 2: ") in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "date,email,commits\n", "date,email,commits\n2026-11-09,a@x.example,3,4\n", 'date,email,commits\n"', "a,b\n1,2\n"]
)
def test_a_csv_that_is_none_changes_nothing(tmp_path: Path, text: str) -> None:
    with pytest.raises(BotError, match="Nothing was changed"):
        claude_code.activities(export(tmp_path, text, "activity.csv"))

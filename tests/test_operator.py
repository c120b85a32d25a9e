"""What an operator does with the program itself: loose files, a table of their own, a check of everything, a load that fails."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, aispend
from office import office

from bot.domain.visibility import Privacy
from bot.services import budgets
from bot.wiring import App

TOML = """
[[sources]]
name = "own"
kind = "csv"
path = "usage.csv"
measure = "billed"
columns = { time = "day", principal = "user", project = "project", cost = "usd" }
"""
ROWS = "day,user,project,usd\n" + "".join(
    f"2026-{m}-{d:02},{u},p{d % 3},1.5\n" for m in (10, 11) for d in range(1, 24) for u in ("ana@x.example", "key-9")
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "aispend.toml").write_text(TOML, "utf-8")
    (tmp_path / "usage.csv").write_text(ROWS, "utf-8")
    (tmp_path / "other.csv").write_text("day,user,project,usd\n2026-11-01,ana@x.example,p1,0.01\n", "utf-8")
    (tmp_path / "people.csv").write_text("email,name,team,roles\nana@x.example,Ana,search,\nfin@x.example,Uma,finance,finops\n", "utf-8")
    run(tmp_path, "directory", "load", "people.csv")
    return tmp_path


def run(folder: Path, *words: str, fails: str = "") -> str:
    done = subprocess.run([aispend(), "--now", NOW, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode == 1) is bool(fails), done.stderr + done.stdout
    assert fails in done.stderr
    return done.stdout


def ask(folder: Path, who: str, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, "ask", "--as", f"{who}@x.example", "--format", "json", *words))
    return found


def test_a_loose_file_does_not_take_a_configured_source_s_place(folder: Path) -> None:
    run(folder, "ingest")
    before = ask(folder, "ana", "me")["billed_cost"]
    run(folder, "ingest", "csv", "other.csv", fails="say --source own")
    assert ask(folder, "ana", "me")["billed_cost"] == before == "34.5"
    assert ask(folder, "ana", "me by day") == ask(folder, "ana", "me", "by", "day"), "a question may be quoted as a whole"


def test_a_time_without_hours_stands_for_its_day(folder: Path) -> None:
    """Twenty-three days are compared with twenty-three, and the last one counts as delivered."""
    (load,) = json.loads(run(folder, "ingest", "--format", "json"))["loads"]
    assert load["watermark"] == "2026-11-23T09:00:00+00:00", "all of the day, but not beyond now"
    assert ask(folder, "ana", "me")["previous_cost"] == "34.5"


def test_a_key_nobody_owns_is_one_row(folder: Path) -> None:
    run(folder, "ingest")
    (row,) = ask(folder, "fin", "unallocated")["rows"]
    assert (row["key"], row["cost"], row["first_seen"]) == ("key-9", "34.5", "2026-10-01")


def test_days_nobody_delivered_are_not_compared_with(folder: Path) -> None:
    run(folder, "ingest")
    assert ask(folder, "ana", "me", "2026-10")["previous_cost"] is None
    assert ask(folder, "ana", "me", "2025")["as_of"] is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (TOML.replace('"csv"', '"fokus"'), "fokus"),
        (TOML.replace("usage.csv", "nowhere.csv"), "nowhere.csv"),
        (TOML + '[[allocation]]\nname = "a"\nwhen = { teem = "x" }\nteam = "search"\n', "teem"),
        (TOML + '[records]\n"openai" = "nosuch"\n', "nosuch"),
    ],
)
def test_doctor_looks_at_sources_and_rules(folder: Path, wrong: str, sentence: str) -> None:
    (folder / "aispend.toml").write_text(wrong, "utf-8")
    done = subprocess.run([aispend(), "--now", NOW, "doctor"], cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert sentence in next(line for line in done.stdout.splitlines() if line.startswith("✗") and "loads" not in line)


def test_doctor_makes_no_database(tmp_path: Path) -> None:
    (tmp_path / "aispend.toml").write_text('[organisation]\nname = "Example"\n', "utf-8")
    done = subprocess.run([aispend(), "--now", NOW, "doctor"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert "✗ store: There is none yet, or an empty one. Run `aispend db upgrade`, which makes it." in done.stdout.splitlines()
    assert [file.name for file in tmp_path.iterdir()] == ["aispend.toml"]


def test_a_load_that_fails_is_told_to_finops_until_one_goes_well(folder: Path) -> None:
    run(folder, "ingest")
    (folder / "usage.csv").write_text("nothing,of,use\n1,2,3\n", "utf-8")
    run(folder, "ingest", fails="day")
    run(folder, "review")
    (alert,) = json.loads(run(folder, "alerts", "--format", "json"))["rows"]
    assert (alert["kind"], alert["subject"], alert["recipient"], alert["state"]) == ("untied", "source own", "fin@x.example", "open")
    (folder / "usage.csv").write_text(ROWS, "utf-8")
    run(folder, "ingest")
    run(folder, "review")
    assert [row["state"] for row in json.loads(run(folder, "alerts", "--format", "json"))["rows"]] == ["closed"]


def test_the_outbox_is_shown_dropped_and_sent_again_by_hand(folder: Path) -> None:
    (folder / "budgets.toml").write_text('[[budgets]]\nname = "everyone"\nperson = "*"\nlimit = 30\n', "utf-8")
    run(folder, "budgets", "apply", "budgets.toml")
    run(folder, "ingest")
    run(folder, "review")
    (row,) = json.loads(run(folder, "outbox", "--format", "json"))["rows"]
    assert (row["recipient"], row["state"], row["kind"]) == ("ana@x.example", "waiting", "alert")
    assert "You have used 115 %" in run(folder, "outbox", "show", "1")
    run(folder, "outbox", "drop", "1")
    run(folder, "outbox", "retry", "1", fails="dropped")
    run(folder, "outbox", "drop", "9", fails="There is no message 9")
    assert "each fits the one before" in run(folder, "audit", "verify")
    run(folder, "deliver", fails="No chat platform is enabled")


def test_what_is_lacking_is_said(folder: Path) -> None:
    assert "Nothing has been loaded yet: aispend ingest KIND FILE" in run(folder, "review")
    assert run(folder, "alerts") == "There are none. Nothing has been loaded yet: aispend ingest KIND FILE\n"
    assert run(folder, "audit", "verify") == "The audit log is empty: nothing has been decided yet.\n"
    run(folder, "ingest")
    assert "No budget is set: aispend budgets apply budgets.toml" in run(folder, "review")


def test_a_showback_that_was_written_does_not_say_how_to_write_it(folder: Path) -> None:
    run(folder, "ingest")
    assert "aispend showback 2026-10 --csv FILE" in run(folder, "showback", "2026-10")
    assert "--csv" not in run(folder, "showback", "2026-10", "--csv", "october.csv")
    assert (folder / "october.csv").is_file()


def test_alerts_are_listed_in_words(folder: Path) -> None:
    """A promise holds through a day of whoever made it, which ends later than the day of UTC in New York."""
    people = "email,name,team,roles,time_zone\nana@x.example,Ana,search,,America/New_York\nfin@x.example,Uma,finance,finops,\n"
    (folder / "people.csv").write_text(people, "utf-8")
    run(folder, "directory", "load", "people.csv")
    (folder / "budgets.toml").write_text('[[budgets]]\nname = "everyone"\nperson = "*"\nlimit = 50\n', "utf-8")
    run(folder, "budgets", "apply", "budgets.toml")
    run(folder, "ingest")
    run(folder, "review")
    assert run(folder, "alerts") == "1  budget 50 %: everyone, person ana@x.example · open, reached\n"
    run(folder, "ask", "--as", "ana@x.example", *"ack 1 planned back to the small model until 2026-11-25".split())
    said = "answered; Ana answered, through Wed, Nov 25, 2026: back to the small model (not due yet)"
    assert run(folder, "alerts", "--promises") == f"1  budget 50 %: everyone, person ana@x.example · {said}\n"


COUNCIL = """
[organisation]
privacy = "works_council"
"""


def test_works_council_loads_name_no_small_team(folder: Path) -> None:
    """Six people are a team, two teams of one are others."""
    big = "".join(f"b{n}@x.example,B{n},big,\n" for n in range(6))
    small = "".join(f"s{n}@x.example,S{n},small{n},\n" for n in range(5))
    (folder / "people.csv").write_text(f"email,name,team,roles\nana@x.example,Ana,search,\n{big}{small}", "utf-8")
    (folder / "usage.csv").write_text(f"{ROWS}2026-11-02,b1@x.example,p1,7\n2026-11-02,s1@x.example,p1,3\n", "utf-8")
    run(folder, "directory", "load", "people.csv")
    assert "search" in run(folder, "ingest", "--dry-run")
    (folder / "aispend.toml").write_text(COUNCIL + TOML, "utf-8")
    said = run(folder, "ingest")
    assert "$7.00  big" in said
    assert "search" not in said
    assert "small" not in said
    assert "$72.00  others" in said


def test_works_council_loads_tell_no_cost_of_an_address(folder: Path) -> None:
    (folder / "usage.csv").write_text(f"{ROWS}2026-11-02,ada@elsewhere.example,p1,7\n2026-11-02,sk-lost,p1,3\n", "utf-8")
    assert "$7.00  ada@elsewhere.example" in run(folder, "ingest", "--dry-run")
    (folder / "aispend.toml").write_text(COUNCIL + TOML, "utf-8")
    said = run(folder, "ingest")
    assert "ada@" not in said
    assert "$3.00  sk-lost" in said
    assert "$7.00  others" in said


def test_works_council_hides_what_a_message_says_from_the_operator(tmp_path: Path, make_app: Callable[..., App]) -> None:
    firm = office(make_app, tmp_path)
    firm.spend("104")
    firm.review()
    number = firm.posts()[0].number
    (tmp_path / "aispend.toml").write_text('[organisation]\nprivacy = "standard"\n', "utf-8")
    assert "104 %" in run(tmp_path, "outbox", "show", str(number))
    (tmp_path / "aispend.toml").write_text('[organisation]\nprivacy = "works_council"\n', "utf-8")
    said = run(tmp_path, "outbox", "show", str(number))
    assert "104 %" not in said
    assert "$" not in said
    assert said.startswith(f"{number}  waiting  alert to ana@x.example  alert ")
    assert f"Key: {firm.posts()[0].message.key}. " in said


def test_budgets_that_are_probably_not_meant_are_told(tmp_path: Path, make_app: Callable[..., App]) -> None:
    firm = office(make_app, tmp_path)
    firm.spend("5")
    toml = """
[[budgets]]
name = "typo"
provider = "OpenAi Inc"
limit = 5
[[budgets]]
name = "owned"
team = "support"
limit = 5
owner = "ana@x.example"
[[budgets]]
name = "fine"
team = "search"
limit = 5
owner = "mia@x.example"
"""
    (tmp_path / "b.toml").write_text(toml, "utf-8")
    directory = firm.app.people.directory()
    plan = budgets.plan(tmp_path / "b.toml", firm.app.budgets, directory, "USD", 1)
    found = budgets.doubts(plan, firm.app.conversation.figures, directory, Privacy.STANDARD, date(2026, 11, 3))
    assert found == [
        "! typo: nothing has cost anything under the provider 'OpenAi Inc' in the last year.",
        "! owned: ana@x.example may not see the figures of team support; others are told instead.",
    ]


def test_an_operator_who_reads_a_message_is_seen(demo: Path) -> None:
    config = ("--config", str(demo / "aispend.toml"))
    done = subprocess.run([aispend(), "--now", NOW, *config, "outbox", "--format", "json"], capture_output=True, text=True, check=True)
    post = next(row for row in json.loads(done.stdout)["rows"] if "@" in row["recipient"])
    subprocess.run([aispend(), "--now", NOW, *config, "outbox", "show", str(post["number"])], capture_output=True, check=True)
    looks = [aispend(), "--now", NOW, *config, "ask", "--as", post["recipient"], "--format", "json", "privacy"]
    rows = json.loads(subprocess.run(looks, capture_output=True, text=True, check=True).stdout)["rows"]
    assert ("operator", f"outbox show {post['number']}") in {(row["viewer"], row["command"]) for row in rows}

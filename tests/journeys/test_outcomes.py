"""Outcomes as an operator loads them and a manager reads them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, aispend

HEAD = "day,team,kind,count\n"
USER = '{"date": "2026-11-20", "actor": {"email_address": "%s"}, "core_metrics": {"num_sessions": 2, "commits_by_claude_code": 5}}'


@pytest.fixture
def nordwind(demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo, tmp_path / "nordwind"))


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([aispend(), "--now", NOW, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def ask(folder: Path, who: str, *words: str) -> Any:
    found = run(folder, "ask", "--as", f"{who}@nordwind.example", "--format", "json", *words)
    return json.loads(found.stdout)["outcomes"]


def test_the_demo_shows_what_a_pull_request_cost(demo: Path) -> None:
    assert "Cost per pull request" in (demo / "printed.txt").read_text("utf-8")


def test_a_file_is_planned_loaded_and_loaded_again(nordwind: Path) -> None:
    (nordwind / "bugs.csv").write_text(f"{HEAD}2026-11-02,search,bugs,0\n2026-11-20,Search,Bugs,4\n", "utf-8")
    dry = run(nordwind, "outcomes", "load", "bugs.csv", "--dry-run")
    assert (dry.returncode, "+ 2026-11-20 bugs of team search: 4\n2 would change" in dry.stdout) == (0, True), dry.stderr
    assert "bugs" not in [unit["kind"] for unit in ask(nordwind, "jonas.keller", "team")]
    assert "2 changed" in run(nordwind, "outcomes", "load", "bugs.csv").stdout
    again = json.loads(run(nordwind, "outcomes", "load", "bugs.csv", "--format", "json").stdout)
    assert again == {"source": "bugs", "changes": [], "doubts": [], "dry_run": False}
    found = {unit["kind"]: unit for unit in ask(nordwind, "jonas.keller", "team")}
    assert (found["bugs"]["count"], found["bugs"]["period"]) == ("4", {"start": "2026-11-02", "end": "2026-11-21"})


def test_an_export_of_claude_code_counts_for_teams_and_tells_strangers(nordwind: Path) -> None:
    records = ", ".join(USER % email for email in ("Ben.Okafor@nordwind.example", "cy.tran@nordwind.example", "bo@else.example"))
    (nordwind / "export.json").write_text(f'{{"data": [{records}], "has_more": false}}', "utf-8")
    done = run(nordwind, "outcomes", "load", "export.json", "--kind", "claude_code")
    assert (done.returncode, "bo@else.example" in done.stderr, "okafor" in done.stdout + done.stderr) == (0, True, False)
    found = {unit["kind"]: unit["count"] for unit in ask(nordwind, "jonas.keller", "team")}
    assert (found["commits"], found["sessions"]) == ("10", "4")


@pytest.mark.parametrize(
    ("words", "text", "status", "sentence"),
    [
        (
            ("load", "x.csv"),
            f"{HEAD}2026-11-20,serach,bugs,1\n",
            1,
            "line 2: there is no team 'serach' in the directory; did you mean 'search'?",
        ),
        (("load", "x.csv"), "", 1, "x.csv has no column 'day'"),
        (("load", "nowhere.csv"), "", 1, "nowhere.csv cannot be read"),
        (("load", "x.csv"), f"{HEAD}2026-11-20,search,pull_requests,1\n", 1, "stated by the source 'outcomes' already"),
        (("load", "x.csv", "--kind", "claude_code"), HEAD, 1, "x.csv holds no records"),
        (("load", "x.csv", "--kind", "claude"), HEAD, 2, "claude"),
    ],
)
def test_a_slip_is_one_sentence(demo: Path, tmp_path: Path, words: tuple[str, ...], text: str, status: int, sentence: str) -> None:
    (tmp_path / "x.csv").write_text(text, "utf-8")
    done = run(tmp_path, "--config", str(demo / "aispend.toml"), "outcomes", *words)
    assert (done.returncode, done.stdout) == (status, "")
    assert sentence in done.stderr

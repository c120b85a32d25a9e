"""The command `plan`: from a loaded ledger to the screen, to JSON, and to files whose names are never formulas."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from adapters.workbook import workbook
from bot.cli.main import program
from bot.domain.money import Money
from bot.errors import ConfigError
from bot.services.sheets import as_csv

NOW = "2026-11-24T09:00:00Z"
TOML = """
[organisation]
name = "Example"
privacy = "{privacy}"
[[sources]]
name = "own"
kind = "csv"
path = "usage.csv"
measure = "billed"
columns = {{ time = "day", principal = "user", project = "project", cost = "usd" }}
"""
PEOPLE = {"ana": "search", "ben": "ads", "cyd": "ads", "eve": "=1+1"}
KEYS = {"scope", "p50", "p80", "p95", "base", "last_12_months", "active_people", "per_person_month", "days_of_history"}
SPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company of which everybody cost 1.5 a day for 121 days, up to yesterday."""
    found = tmp_path_factory.mktemp("company")
    found.joinpath("aispend.toml").write_text(TOML.format(privacy="standard"), "utf-8")
    days = [date(2026, 11, 23) - timedelta(days=n) for n in range(121)]
    rows = "".join(f"{day},{who}@x.example,p,1.5\n" for day in days for who in PEOPLE)
    found.joinpath("usage.csv").write_text(f"day,user,project,usd\n{rows}2026-11-24,ana@x.example,p,0.5\n", "utf-8")
    people = "".join(f"{who}@x.example,{who},{team}\n" for who, team in PEOPLE.items())
    found.joinpath("people.csv").write_text(f"email,name,team\n{people}", "utf-8")
    run(found, "directory", "load", str(found / "people.csv"))
    run(found, "ingest")
    return found


def run(folder: Path, *words: str, fails: str = "") -> str:
    done = CliRunner().invoke(program, ["--config", str(folder / "aispend.toml"), "--now", NOW, *words])
    if not fails:
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout
    assert isinstance(done.exception, ConfigError), (done.output, done.exception)
    assert fails in str(done.exception)
    return ""


def plan(folder: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, "plan", "2027", "--format", "json", *words))
    return found


def by_scope(found: dict[str, Any]) -> dict[str, Any]:
    return {row["scope"]: row for row in found["rows"]}


def test_a_plan_has_a_row_for_everybody_and_says_how_uncertain_it_is(folder: Path) -> None:
    found = plan(folder)
    rows = by_scope(found)
    assert set(rows) == {"org", "team:search", "team:ads", "team:=1+1"}
    assert all(row.keys() >= KEYS for row in rows.values())
    ads = rows["team:ads"]
    assert Decimal(ads["p50"]) == pytest.approx(Decimal(3 * 365), rel=Decimal("0.01"))
    assert Decimal(ads["p50"]) < Decimal(ads["p80"]) < Decimal(ads["p95"])
    assert (ads["active_people"], ads["per_person_month"], ads["last_12_months"], ads["days_of_history"]) == (2, "45", "363", 121)
    assert found["period"] == {"start": "2027-01-01", "end": "2028-01-01"}
    assert found["last_day"] == "2026-11-23"
    assert "very uncertain" in found["note"]


@pytest.mark.parametrize(
    "words",
    [
        ("--scenario", "growth=+30%", "seats=6"),
        ("--scenario", "growth=+30% seats=6"),
        ("--scenario", "growth=+30%", "--scenario", "seats=6"),
    ],
)
def test_a_scenario_may_be_written_in_several_ways(folder: Path, words: tuple[str, ...]) -> None:
    found = plan(folder, *words)
    assert found["scenario"] == ["growth=+30%", "seats=6"]
    for row in found["rows"]:
        assert row["factor"] == "1.9500"
        assert Decimal(row["p80"]) == pytest.approx(Decimal(row["base"]["p80"]) * Decimal("1.95"), abs=Decimal("0.01"))


def test_one_scope_alone(folder: Path) -> None:
    assert set(by_scope(plan(folder, "--scope", "org"))) == {"org"}
    (row,) = plan(folder, "--scope", "team:ads", "--scenario", "seats=3")["rows"]
    assert (row["scope"], row["factor"]) == ("team:ads", "1.5000")


def test_the_screen_shows_figures_drivers_and_doubt(folder: Path) -> None:
    text = run(folder, "plan", "2027", "--scenario", "price=-10%")
    for part in (
        "Budget proposal for",
        "P50",
        "P95 without",
        "price=-10%: what is to come × 0.90",
        "team:ads",
        "$363.00",
        "very uncertain",
        "times P50",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("2027", "--scenario", "grwth=+30%"), "Did you mean: growth, such as growth=+30%?"),
        (("2027", "--scenario", "growth=30"), "growth is a change in percent"),
        (("2027", "--scope", "team:serch"), "Did you mean: team:search?"),
        (("2027", "--scope", "ads"), "write org, or team:NAME such as team:"),
        (("next",), "'next' is no year; write one such as 2027."),
        (("2019",), "2019 cannot be planned; plan 2027"),
    ],
)
def test_a_slip_is_answered_with_what_would_do(folder: Path, words: tuple[str, ...], said: str) -> None:
    run(folder, "plan", *words, fails=said)


def test_the_csv_has_every_row_and_no_formula(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.csv"
    found = by_scope(plan(folder, "--csv", str(file)))
    with file.open(encoding="utf-8", newline="") as stream:
        rows = {row["scope"]: row for row in csv.DictReader(stream)}
    assert set(rows) == set(found)
    for scope, row in rows.items():
        assert Decimal(row["p95"]) == Decimal(found[scope]["p95"])
        assert (row["year"], row["currency"]) == ("2027", "USD")


def test_the_workbook_has_amounts_as_numbers_and_names_as_text(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.xlsx"
    found = by_scope(plan(folder, "--xlsx", str(file)))
    header, *rows = sheet(file)
    assert header[:8] == ["year", "scope", "parent", "currency", "p50", "p80", "p95", "base_p50"]
    assert {row[1] for row in rows} == set(found)
    for row in rows:
        assert row[4] == float(Decimal(found[str(row[1])]["p50"]))
    with zipfile.ZipFile(file) as book:
        assert b"very uncertain" in book.read("xl/sharedStrings.xml")


def test_a_file_that_cannot_be_written_is_named(folder: Path, tmp_path: Path) -> None:
    for option in ("--csv", "--xlsx"):
        run(folder, "plan", "2027", option, str(tmp_path / "nowhere" / "plan"), fails="cannot be written: No such file or directory.")


def test_names_are_no_formulas_wherever_they_stand(tmp_path: Path) -> None:
    """What a spreadsheet would run is text in both files; amounts are rounded half to even in the workbook, exact as CSV."""
    cells = ("=HYPERLINK(1)", "@x", Money(1_005_000_000, "USD"), Decimal("0.1234"), 7, None)
    header = ("a", "b", "c", "d", "e", "f")
    assert as_csv(header, [cells]).splitlines()[1] == "'=HYPERLINK(1),'@x,1.005000000,0.1234,7,"
    file = tmp_path / "plan.xlsx"
    file.write_bytes(workbook(header, [cells], ["+note"], date(2026, 11, 23)))
    assert sheet(file)[1] == ["=HYPERLINK(1)", "@x", 1.0, 0.1234, 7.0]
    with zipfile.ZipFile(file) as book:
        assert all(b"<f>" not in book.read(f"xl/worksheets/sheet{n}.xml") for n in (1, 2))
        assert b"2026-11-23" in book.read("docProps/core.xml")


def test_in_works_council_mode_small_teams_are_one_row(folder: Path) -> None:
    council = folder / "council.toml"
    council.write_text(TOML.format(privacy="works_council"), "utf-8")
    done = CliRunner().invoke(program, ["--config", str(council), "--now", NOW, "plan", "2027", "--format", "json"])
    assert done.exit_code == 0, done.exception
    assert set(by_scope(json.loads(done.stdout))) == {"org", "small teams together"}


def sheet(file: Path) -> list[list[str | float]]:
    """Return the rows of the first sheet: texts and numbers, without empty cells."""
    with zipfile.ZipFile(file) as book:
        texts = ["".join(node.itertext()) for node in ET.fromstring(book.read("xl/sharedStrings.xml")).findall("m:si", SPACE)]  # noqa: S314 - our own file
        rows = ET.fromstring(book.read("xl/worksheets/sheet1.xml")).findall(".//m:row", SPACE)  # noqa: S314 - the same
    found: list[list[str | float]] = []
    for row in rows:
        cells = [(cell.get("t"), cell.findtext("m:v", "", SPACE)) for cell in row.findall("m:c", SPACE)]
        found.append([texts[int(value)] if kind == "s" else float(value) for kind, value in cells if value])
    return found

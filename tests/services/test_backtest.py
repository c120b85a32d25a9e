"""What a file of daily values says of past months, and of the running one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from bot.cli.main import program
from bot.errors import ConfigError
from bot.services.backtest import Backtest, foresee, is_quiet
from bot.services.series import read

FIRST, DAYS = date(2025, 9, 1), 365
KEYS = {"dataset", "as_of_day", "n", "wape", "wape_run_rate", "median_ape", "coverage_80", "coverage_95"}
HEAD = "dataset,series,date,value\n"


def lines(name: str = "a", value: Callable[[int], float] = lambda _: 10.0, days: int = DAYS, dataset: str = "d") -> str:
    return "".join(f"{dataset},{name},{FIRST + timedelta(days=n)},{value(n):.4f}\n" for n in range(days))


def workdays(n: int) -> float:
    day = FIRST + timedelta(days=n)
    return (100.0 if day.weekday() < 5 and not is_quiet(day) else 5.0) * float(np.exp(np.random.default_rng(n).normal(0, 0.2)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "days.csv"
    path.write_text(HEAD + lines("flat") + lines("workdays", workdays) + lines("new", days=5, dataset="young"), "utf-8")
    return path


def run(*words: str, fails: str = "") -> str:
    done = CliRunner().invoke(program, list(words))
    if not fails:
        assert done.exit_code == 0, done.output
        return done.output
    assert isinstance(done.exception, ConfigError)
    assert fails in str(done.exception)
    return ""


def test_a_backtest_judges_every_month_on_five_days(file: Path) -> None:
    found = json.loads(run("backtest", "--data", str(file), "--format", "json"))
    assert [row["as_of_day"] for row in found["rows"]] == [5, 10, 15, 20, 25]
    assert all(set(row) == KEYS and row["n"] == 2 * 11 for row in found["rows"])
    assert all(float(row["wape"]) < float(row["wape_run_rate"]) for row in found["rows"])
    assert all(float(row["coverage_80"]) <= float(row["coverage_95"]) for row in found["rows"])
    assert [(one["series"], one["dataset"]) for one in found["left_out"]] == [("new", "young")]
    assert all(isinstance(row["wape"], str) for row in found["rows"])


def test_a_backtest_says_what_forecasts_of_those_days_said(file: Path) -> None:
    """The judged point of a month is the one that `forecast` gives as of that day."""
    (dataset, _) = read(file)
    row = Backtest([dataset]).run()[0][2]
    day = date(2026, 8, 16)
    told = foresee([data for data in read(file, day) if data.name == "d"], day)
    assert row.expected[-2:] == pytest.approx([series.outlook[0] for series in told if series.outlook], rel=1e-3)


def test_a_forecast_reads_nothing_of_its_day_or_later(file: Path, tmp_path: Path) -> None:
    """Not even values that are none: the file may be the growing one of today."""
    other = tmp_path / "cut.csv"
    kept = [line for line in file.read_text("utf-8").splitlines() if line.startswith("dataset") or line.split(",")[2] < "2026-03-15"]
    other.write_text("\n".join([*kept, "d,flat,2026-03-15,oops", "d,flat,2026-04-01,1e99", "d,later,2026-05-01,7"]), "utf-8")
    asked = ("--as-of", "2026-03-15", "--format", "json")
    whole, cut = (run("forecast", "--data", str(path), *asked) for path in (file, other))
    assert json.loads(whole) == json.loads(cut)
    rows: dict[str, Any] = {row["series"]: row for row in json.loads(cut)["rows"]}
    assert (rows["flat"]["period_end"], rows["flat"]["to_date"]) == ("2026-04-01", "140")
    assert float(rows["flat"]["point"]) == pytest.approx(310, rel=1e-3)
    assert float(rows["workdays"]["p2_5"]) < float(rows["workdays"]["p10"]) < float(rows["workdays"]["point"])
    assert rows["new"]["point"] is None
    assert "not enough history: 5 of 7 days" in rows["new"]["note"]


def test_forecasts_are_shown_as_text(file: Path) -> None:
    shown = run("forecast", "--data", str(file), "--as-of", "2026-08-11", "--country", "de")
    assert "d · flat: 100.00 so far, expected 310.00 before 2026-09-01, 80 % range " in shown
    late = run("forecast", "--data", str(file), "--as-of", "2027-08-11")
    assert "d · flat: no day of that month is known; nothing is known after 2026-08-31" in late
    table = run("backtest", "--data", str(file), "--country", "DE", "--country", "US")
    assert "run-rate" in table
    assert "Left out: new of young: no whole month with 28 days before it." in table


def test_days_without_a_row_are_nothing_and_what_ended_long_ago_is_not_forecast(tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    sparse = "".join(line for n, line in enumerate(lines().splitlines(keepends=True)) if n % 2 == 0)
    path.write_text("\ufeff" + HEAD.upper() + sparse + lines("done", days=300), "utf-8")
    (dataset,) = read(path)
    assert dataset.values[0, :4].tolist() == [10, 0, 10, 0]
    assert foresee([dataset], date(2026, 9, 3))[0].note == "nothing is known after 2026-08-31"
    assert foresee([dataset], date(2026, 9, 3))[1].outlook is not None, "others were delivered: it cost nothing since"
    late = foresee([dataset], date(2026, 12, 3))[0]
    assert (late.outlook, late.note) == (None, "nothing is known after 2026-08-31")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "days.csv is empty; its first line names the columns dataset, series, date, value"),
        (HEAD, "days.csv has no rows"),
        (
            "dataset,series,day,value\nd,a,2026-01-01,1\n",
            "has no column date; it needs dataset, series, date, value and has dataset, series, day, value",
        ),
        (HEAD + "d,a,1.2.2026,1\n", "line 2: '1.2.2026' is no date; write one such as 2026-11-23"),
        (HEAD + "d,a,2026-01-01,1\nd,a,2026-01-01,1\n", "line 3: series 'a' of 'd' has 2026-01-01 twice"),
        (HEAD + "d,a,2026-01-01,much\n", "line 2: 'much' is no number"),
        (HEAD + "d,a,2026-01-01,nan\n", "line 2: 'nan' is no number"),
        (HEAD + "d,a,2026-01-01\n", "line 2 has 3 cells; the first line names 4 columns"),
        (HEAD + 'd,"a,2026-01-01,1\n', "days.csv, line"),
        (HEAD + "d,a,2026-01-01,1\n", "days.csv cannot be judged: a and the others have no whole month with 28 days before it"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "days.csv").write_text(text, "utf-8")
    run("backtest", "--data", str(tmp_path / "days.csv"), fails=sentence)


def test_other_bad_words_are_refused_in_a_sentence(file: Path, tmp_path: Path) -> None:
    run("forecast", "--data", str(file), "--as-of", "tomorrow", fails="'tomorrow' is no date; write one such as 2026-11-23")
    run("forecast", "--data", str(file), "--as-of", "2020-01-01", fails="days.csv has no rows before 2020-01-01")
    run("backtest", "--data", str(tmp_path / "none.csv"), fails="cannot be read: No such file or directory")
    run("backtest", "--data", str(file), "--country", "Atlantis", fails="'Atlantis' is no country with known holidays")
    (tmp_path / "latin.csv").write_bytes(HEAD.encode() + "d,é,2026-01-01,1\n".encode("latin-1"))
    run("backtest", "--data", str(tmp_path / "latin.csv"), fails="is not UTF-8")


def test_real_series_are_forecast_better_than_carried_on_evenly(shared: Path, tmp_path: Path) -> None:
    """Developers' commits per day, as a stand-in for how people use coding agents."""
    kept = [
        line for line in (shared / "data" / "daily_series.csv").read_text("utf-8").splitlines() if line.startswith(("dataset", "devuser"))
    ]
    (tmp_path / "dev.csv").write_text("\n".join(line for line in kept if line[:7] == "dataset" or line.split(",")[2] >= "2024-06"), "utf-8")
    rows = json.loads(run("backtest", "--data", str(tmp_path / "dev.csv"), "--format", "json"))["rows"]
    assert all(float(row["wape"]) < float(row["wape_run_rate"]) for row in rows)
    assert all(0.70 <= float(row["coverage_80"]) <= 0.90 for row in rows)

"""The main job, as a newcomer sees it: the demo, then questions as a process."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import NOW, aispend
from loading import ingest
from sqlalchemy import text

from bot.wiring import App


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([aispend(), "--now", NOW, *words], cwd=cwd, capture_output=True, text=True, check=False)


def ask(demo: Path, who: str, *words: str) -> Any:
    done = run("--config", str(demo / "aispend.toml"), "ask", "--as", f"{who}@nordwind.example", "--format", "json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_demo_shows_its_story(demo: Path) -> None:
    printed = (demo / "printed.txt").read_text("utf-8")
    assert "35 people, 6 teams, 4 budgets" in printed
    assert "Over by" in printed
    assert "sk-proj-nightly-4f" in printed
    assert "the day was replaced, not added" in printed
    assert "Next, ask yourself" in printed
    warned = re.search(r"\n(\d+) people are warned\.", printed)
    assert warned
    assert len(set(re.findall(r"\nTo (\S+@\S+):\n", printed))) == int(warned[1]), "and all of them are shown"


def test_who_reads_german_is_answered_in_german(demo: Path) -> None:
    words = ("--config", str(demo / "aispend.toml"), "ask", "--as", "mia.berg@nordwind.example")
    assert "deine KI-Kosten" in run(*words, "me").stdout
    refused = run(*words, "team", "finance")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Hier ist nichts, was ich dir zeigen kann.")
    assert json.loads(run(*words, "--format", "json", "top", "teams").stdout)["within"] == "the part of the teams you manage"


def test_the_demo_adds_up(demo: Path) -> None:
    org = ask(demo, "uma.patel", "org", "year", "by", "team")
    total = Decimal(org["billed_cost"]) + Decimal(org["estimated_cost"])
    assert sum(Decimal(row["cost"]) for row in org["by"]["rows"]) == total
    people = ask(demo, "uma.patel", "top", "people", "year")
    assert sum(Decimal(row["cost"]) for row in people["by"]["rows"]) == total
    history = json.loads(run("--config", str(demo / "aispend.toml"), "ingest", "--history", "--format", "json").stdout)["loads"]
    newest = {load["source"]: load for load in reversed(history)}
    loaded = sum(Decimal(load["billed_cost"]) + Decimal(load["estimated_cost"]) for load in newest.values())
    future = 1050 - 1050 * Decimal(23) / 30  # the seats of the days to come
    assert abs(loaded - future - total) < Decimal("0.001")


def test_a_mover_leaves_the_past_behind(demo: Path) -> None:
    me = Decimal(ask(demo, "finn.moe", "me")["billed_cost"])
    parts = [
        Decimal(row["cost"])
        for manager, team in (("jonas.keller", "search"), ("mia.berg", "platform"))
        for row in ask(demo, manager, "team", team)["by"]["rows"]
        if row["key"] == "Finn Moe"
    ]
    assert len(parts) == 2
    assert sum(parts) == me


def test_the_foreign_charge_is_converted(demo: Path) -> None:
    models = {row["key"]: row["cost"] for row in ask(demo, "uma.patel", "org", "by", "model")["by"]["rows"]}
    assert models["image-gen-2"] == "90.888", "84 EUR at 1.082"


def test_a_refusal_ends_with_one_and_wrong_usage_with_two(demo: Path) -> None:
    refused = run("--config", str(demo / "aispend.toml"), "ask", "--as", "ana.ruiz@nordwind.example", "team", "finance")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("There is nothing here that I can show you.")
    assert run("ask").returncode == 2
    assert run("nonsense").returncode == 2


def test_the_demo_does_not_touch_a_folder_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", "utf-8")
    refused = run("demo", "--folder", str(tmp_path))
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    assert (tmp_path / "mine.txt").read_text("utf-8") == "keep"


def test_json_says_what_was_loaded(tmp_path: Path, shared: Path) -> None:
    bill = shared / "data/focus-1.0/focus_sample.csv"
    done = run("ingest", "focus", str(bill), "--format", "json", cwd=tmp_path)
    load = json.loads(done.stdout)["loads"][0]
    for key in (
        "source kind window_start window_end rows days billed_cost estimated_cost currency allocated_cost unallocated_cost quarantined_rows "
        "quarantined_cost left_out_rows left_out_cost unpriced_rows watermark"
    ).split():
        assert key in load


def test_the_focus_sample_agrees_with_a_plain_query(make_app: Callable[..., App], shared: Path) -> None:
    """1,000 rows of AWS, Microsoft and Oracle that nobody here made; 9 are AI by category, 8 are GPU instances."""
    bill = shared / "data/focus-1.0/focus_sample.csv"
    by_category = ingest(make_app(), bill, ai={"ServiceCategory": ["AI and Machine Learning"]}).load
    sql = "SELECT COUNT(*), SUM(CAST(BilledCost AS DECIMAL(38, 18))) FROM read_csv(?, all_varchar = true) WHERE {} ServiceCategory = 'AI and Machine Learning'"
    rows, billed = duckdb.execute(sql.format(""), [str(bill)]).fetchone() or (0, 0)
    others, left_out = duckdb.execute(sql.format("NOT"), [str(bill)]).fetchone() or (0, 0)
    assert (by_category.rows, by_category.left_out_rows) == (rows, others) == (9, 991)
    assert abs(Decimal(by_category.billed_nanos) / 10**9 - billed) < Decimal("1e-9")
    assert sum(by_category.left_out_cost.values()) == left_out
    assert ingest(make_app(), bill).load.rows == 17


def test_the_azure_trace_agrees_with_a_plain_query(make_app: Callable[..., App], shared: Path) -> None:
    """8,819 real requests, tokens only, priced as an estimate call by call."""
    trace = shared / "data/azure/AzureLLMInferenceTrace_code.csv"
    app = make_app()
    own = {
        "columns": {"time": "TIMESTAMP", "input_tokens": "ContextTokens", "output_tokens": "GeneratedTokens"},
        "constants": {"model": "gpt-4", "provider": "openai"},
        "grain": "call",
    }
    load = ingest(app, trace, kind="csv", **own).load
    sql = "SELECT COUNT(*), SUM(ContextTokens), SUM(GeneratedTokens), SUM(ContextTokens) * 30.0 / 1e6 + SUM(GeneratedTokens) * 60.0 / 1e6 FROM read_csv(?)"
    rows, context, generated, cost = duckdb.execute(sql, [str(trace)]).fetchone() or (0, 0, 0, 0)
    with app.database.reading() as connection:
        tokens = connection.execute(text("SELECT SUM(uncached_input_tokens), SUM(output_tokens) FROM daily_costs")).one()
    assert (load.rows, load.unpriced_rows) == (rows, 0)
    assert tuple(tokens) == (context, generated)
    assert abs(load.estimated_nanos / 10**9 - cost) < 1e-6
    assert load.billed_nanos == 0


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def test_models_and_migrations_agree(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from conftest import fresh_postgresql
    from sqlmodel import SQLModel

    from adapters.store import schema
    from adapters.store.database import Database

    url = f"sqlite:///{tmp_path}/m.db" if kind == "sqlite" else fresh_postgresql(request.getfixturevalue("postgresql_url"), "migrations")
    database = Database(url)
    schema.upgrade(database)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), SQLModel.metadata) == []
    assert schema.current(database) == schema.newest()
    database.close()

"""The one suite for every registered source: recorded files beside golden charges, and the promises of the port.

A golden file is reviewed like code; `python tests/sources/test_sources.py` writes them anew.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters import registry
from adapters.engine import DuckDbEngine
from adapters.place import Place
from bot.domain.period import Window
from bot.ledger.schema import CHARGES, COSTS
from bot.ports import UsageSource

RECORDED = Path(__file__).parent / "recorded"
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "focus-1.0": ("focus", {"path": "focus-1.0.csv", "project": "Tags.project", "model": "ResourceName"}),
    "focus-1.2": ("focus", {"path": "focus-1.2.csv", "principal": "x_PrincipalId", "cost_center": "Tags.cc"}),
    "focus-1.4": ("focus", {"path": "focus-1.4.csv"}),
    "claude-2026": ("claude_csv", {"path": "claude-spend-2026-11-03.csv"}),
    "claude-2025": ("claude_csv", {"path": "claude-old-2026-11-01-to-2026-11-02.csv"}),
    "cur": ("cur", {"path": "cur", "periods": 1}),
    "litellm-logs": ("litellm", {"path": "litellm-logs.csv"}),
    "litellm-json": ("litellm", {"path": "litellm-logs.jsonl"}),
    "litellm-daily": ("litellm", {"path": "litellm-daily.csv", "account": "proxy"}),
    "own": ("csv", {"path": "own.csv", "columns": {"time": "ts", "end": "until", "principal": "who", "model": "model", "input_tokens": "in", "cache_read_tokens": "cached", "output_tokens": "out", "quantity": "n", "unit": "unit", "cost": "eur", "currency": "cur"}, "constants": {"provider": "Acme"}, "measure": "billed", "tags": {"team": "squad"}}),
}  # fmt: skip


def source(case: str, root: Path = RECORDED) -> UsageSource:
    kind, settings = CASES[case]
    return registry.build(kind, settings, Place(case, root, Path(tempfile.mkdtemp()), ("team",)))


def rows_of(case: str, window: Window | None = None) -> list[dict[str, Any]]:
    engine = DuckDbEngine()
    try:
        table = source(case).charges(window or source(case).window(engine), engine).table
        return sorted(engine.rows(table), key=str)
    finally:
        engine.close()


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Return charges as CSV, without the columns that are empty in every row."""
    filled = [name for name in rows[0] if any(row[name] not in (None, 0, False) for row in rows)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(filled)
    for row in rows:
        writer.writerow(
            [
                f"{value.normalize():f}" if isinstance(value, Decimal) else "" if value is None else value
                for value in (row[n] for n in filled)
            ]
        )
    return out.getvalue()


def test_every_registered_kind_has_a_recorded_case() -> None:
    assert {kind for kind, _ in CASES.values()} == set(registry.kinds())


@pytest.mark.parametrize("case", CASES)
def test_the_charges_are_the_golden_ones(case: str) -> None:
    assert as_csv(rows_of(case)) == (RECORDED / f"{case}.charges.csv").read_text("utf-8")


@pytest.mark.parametrize("case", CASES)
def test_the_same_rows_come_when_asked_again_and_have_the_promised_shape(case: str) -> None:
    rows = rows_of(case)
    assert rows == rows_of(case)
    assert set(CHARGES) <= set(rows[0])
    for row in rows:
        assert all(isinstance(row[name], Decimal) for name in COSTS)
        assert row["problem"] or row["charge_period_start"] <= row["charge_period_end"]
        assert row["billed_cost"] == 0 or row["estimated_cost"] == 0, "a charge is billed or estimated, never both"


@pytest.mark.parametrize("case", [c for c in CASES if not c.startswith("claude")])
def test_windows_side_by_side_give_every_row_once(case: str) -> None:
    whole = [row for row in rows_of(case) if not row["problem"]]
    days = [row["charge_period_start"].date() for row in whole]
    middle = min(days) + timedelta(days=1)
    parts = [Window(date(2000, 1, 1), middle), Window(middle, date(2100, 1, 1))]
    apart = [row for part in parts for row in rows_of(case, part) if not row["problem"]]
    assert sorted(apart, key=str) == whole


@pytest.mark.parametrize("case", CASES)
def test_positions_change_nothing_else(case: str) -> None:
    engine = DuckDbEngine()
    usage = source(case)
    plain = engine.rows(usage.charges(usage.window(engine), engine).table)
    placed = engine.rows(usage.charges(usage.window(engine), engine, positions=True).table)
    for row in placed:
        assert row.pop("origin_file")
        row.pop("origin_row", None)
    for row in plain:
        row.pop("origin_file", None)
    assert sorted(plain, key=str) == sorted(placed, key=str)
    engine.close()


@pytest.mark.parametrize("case", CASES)
def test_the_data_sheet_says_what_an_operator_must_know(case: str) -> None:
    sheet = sys.modules[type(source(case)).__module__].__doc__ or ""
    for word in ("Grain", "Cost", "Freshness", "Final", "Maps"):
        assert f"\n{word} " in sheet


if __name__ == "__main__":
    for name in CASES:
        (RECORDED / f"{name}.charges.csv").write_text(as_csv(rows_of(name)), "utf-8")

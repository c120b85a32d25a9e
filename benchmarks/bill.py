"""A synthetic year of FOCUS usage for the benchmarks: made by DuckDB from a hash, the same every time."""

from __future__ import annotations

from pathlib import Path

import duckdb

PEOPLE, TEAMS, PROJECTS, MODELS, PROVIDERS, DAYS = 20_000, 1_000, 300, 40, 5, 365
ROWS_PER_KEY = 4
_SHAPED = f"""
SELECT
  CAST((1 + hash(i * 31 + n) % 400000) AS DECIMAL(20, 5)) * CAST(0.00001 AS DECIMAL(6, 5)) AS BilledCost,
  CAST((1 + hash(i * 31 + n) % 400000) AS DECIMAL(20, 5)) * CAST(0.00001 AS DECIMAL(6, 5)) AS EffectiveCost,
  CAST((1 + hash(i * 31 + n) % 400000) AS DECIMAL(20, 5)) * CAST(0.00001 AS DECIMAL(6, 5)) AS ListCost,
  'USD' AS BillingCurrency, 'acc-1' AS BillingAccountId,
  CAST(day AS TIMESTAMP) + INTERVAL (6 * n) HOUR AS ChargePeriodStart,
  CAST(day AS TIMESTAMP) + INTERVAL (6 * n + 6) HOUR AS ChargePeriodEnd,
  'Usage' AS ChargeCategory, 'AI and Machine Learning' AS ServiceCategory,
  'provider-' || ((person * 7 + m) % {MODELS} % {PROVIDERS}) AS ServiceProviderName, 'LLM API' AS ServiceName,
  'person' || person || '@example.com' AS x_PrincipalId, 'project-' || ((person * 3 + p) % {PROJECTS}) AS SubAccountId,
  'model-' || ((person * 7 + m) % {MODELS}) AS x_Model,
  CAST(1 + hash(i * 17 + n) % 90000 AS DECIMAL(38, 6)) AS ConsumedQuantity, 'Tokens' AS ConsumedUnit,
  CASE n % 2 WHEN 0 THEN 'input tokens' ELSE 'output tokens' END AS SkuMeter,
  '{{"team": "team-' || (person % {TEAMS}) || '"}}' AS Tags
FROM calls
"""
"""Calls as FOCUS charges."""


def write(folder: Path, rows: int, *, csv: bool = False) -> Path:
    """Write *rows* charges (about a quarter as many daily rows) into *folder*; return the file, reusing an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"focus-{rows}.{'csv' if csv else 'parquet'}"
    if target.exists():
        return target
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false; SET memory_limit = '4GB'")
    how = "FORMAT csv, HEADER" if csv else "FORMAT parquet, COMPRESSION snappy"
    connection.execute(f"COPY ({_charges(rows)}) TO '{target}' ({how})")
    return target


def write_day(folder: Path, rows: int) -> Path:
    """Write one day of *rows* charges."""
    target = folder / f"focus-day-{rows}.parquet"
    if not target.exists():
        duckdb.connect().execute(f"COPY ({_charges(rows, days=1)}) TO '{target}' (FORMAT parquet)")
    return target


def write_weeks(folder: Path, people: int, weeks: int = 8) -> Path:
    """Write the *weeks* before 30 November 2026, in each of which each of *people* used three models."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"focus-weeks-{people}.parquet"
    if not target.exists():
        duckdb.connect().execute(f"COPY ({_weekly(people, weeks)}) TO '{target}' (FORMAT parquet)")
    return target


def _weekly(people: int, weeks: int) -> str:
    return f"""
    WITH calls AS (
      SELECT i, 0 AS n, DATE '2026-11-23' - CAST(7 * (i // 3 % {weeks}) AS INTEGER) + CAST(hash(i) % 5 AS INTEGER) AS day,
        i // {3 * weeks} AS person, 0 AS p, i % 3 AS m FROM range({3 * weeks * people}) t(i)
    )
    {_SHAPED}
    """


def _charges(rows: int, days: int = DAYS) -> str:
    return f"""
    WITH keys AS (
      SELECT i, hash(i) AS h, hash(i + 1000000007) AS g FROM range({rows // ROWS_PER_KEY}) t(i)
    ), known AS (
      SELECT i, DATE '2026-01-01' + CAST(h % {days} AS INTEGER) AS day,
        CAST(floor(pow((g % 1000003) / 1000003.0, 2.2) * {PEOPLE}) AS INTEGER) AS person,
        CAST((h >> 20) % 3 AS INTEGER) AS p, CAST((g >> 24) % 4 AS INTEGER) AS m FROM keys
    ), calls AS (SELECT known.*, n FROM known, range({ROWS_PER_KEY}) s(n))
    {_SHAPED}
    """

"""First load of a year: everything included, beside the bare minimum on the same file in the same run.

The bare minimum: the GROUP BY of DuckDB over the file by the keys that the ledger keeps, and an unindexed bulk load of its
result (the driver's executemany on SQLite, COPY on PostgreSQL).

Usage: python benchmarks/first_load.py [ROWS] [parquet|csv] [sqlite|postgresql]
"""

from __future__ import annotations

import csv
import io
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import bill
import duckdb
import psycopg
from stores import postgresql

CACHE = Path(tempfile.gettempdir()) / "aispend-benchmarks"
KEYS = (
    "x_PrincipalId", "SubAccountId", "ServiceProviderName", "ServiceName", "x_Model",
    "BillingAccountId", "BillingCurrency", "ChargeCategory", "ConsumedUnit",
)  # fmt: skip
"""What the ledger keeps of each row of this file, so the bare minimum keeps it too."""
GROUPED = """
SELECT CAST({start} AS DATE) AS day, {keys},
  SUM(CAST(BilledCost AS DECIMAL(38, 18))) AS billed, SUM(CAST(EffectiveCost AS DECIMAL(38, 18))) AS effective,
  SUM(CAST(ListCost AS DECIMAL(38, 18))) AS listed,
  SUM(CASE WHEN SkuMeter = 'input tokens' THEN CAST(ConsumedQuantity AS DECIMAL(38, 6)) END) AS tokens_in,
  SUM(CASE WHEN SkuMeter = 'output tokens' THEN CAST(ConsumedQuantity AS DECIMAL(38, 6)) END) AS tokens_out FROM {file} GROUP BY ALL
"""
SELECTED = """
SELECT {day}, {keys}, CAST(billed * 1000000000 AS BIGINT),
  CAST(effective * 1000000000 AS BIGINT), CAST(listed * 1000000000 AS BIGINT), CAST(tokens_in AS BIGINT), CAST(tokens_out AS BIGINT)
FROM ({grouped})
"""
DIRECTORY = "email,name,team\n" + "\n".join(f"person{n}@example.com,P {n},team-{n % bill.TEAMS}" for n in range(bill.PEOPLE))


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    form, store = (sys.argv[2:] + ["parquet", "sqlite"][len(sys.argv) - 2 :])[:2] if len(sys.argv) > 2 else ("parquet", "sqlite")
    # What else needs memory runs apart: a child's peak is never less than its parent's.
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart,
        tempfile.TemporaryDirectory() as scratch,
    ):
        file = apart.submit(bill.write, CACHE, rows, csv=form == "csv").result()
        folder = Path(scratch)
        if store == "sqlite":
            bare = apart.submit(bare_sqlite, file, folder / "bare.db").result()
            ours = load(file, folder, f"sqlite:///{folder}/ledger.db")
        else:
            with postgresql(folder) as url:
                bare = apart.submit(bare_postgresql, file, url).result()
                ours = load(file, folder, url)
    print(
        f"{rows:,} rows, {form}, {store}: bare {bare:.1f} s, all included {ours:.1f} s, ratio {ours / bare:.2f}, peak {peaks[-1]:.2f} GiB"
    )


def source(file: Path) -> str:
    return f"read_csv('{file}', header = true, all_varchar = true)" if file.suffix == ".csv" else f"read_parquet('{file}')"


def grouped(file: Path, day: str) -> str:
    keys = ", ".join(KEYS)
    return SELECTED.format(day=day, keys=keys, grouped=GROUPED.format(file=source(file), start="ChargePeriodStart", keys=keys))


def bare_sqlite(file: Path, target: Path) -> float:
    begun = time.perf_counter()
    connection = sqlite3.connect(target)
    connection.execute("PRAGMA journal_mode = WAL")
    figures = "billed INTEGER, effective INTEGER, listed INTEGER, tokens_in INTEGER, tokens_out INTEGER"
    connection.execute(f"CREATE TABLE daily (day TEXT, {', '.join(f'{key} TEXT' for key in KEYS)}, {figures})")
    result = duckdb.execute(grouped(file, "CAST(day AS VARCHAR)"))
    marks = ", ".join("?" * (6 + len(KEYS)))
    while batch := result.fetchmany(100_000):
        connection.executemany(f"INSERT INTO daily VALUES ({marks})", batch)
    connection.commit()
    connection.close()
    return time.perf_counter() - begun


def bare_postgresql(file: Path, url: str) -> float:
    begun = time.perf_counter()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        figures = "billed bigint, effective bigint, listed bigint, tokens_in bigint, tokens_out bigint"
        cursor.execute(f"CREATE TABLE bare (day date, {', '.join(f'{key} text' for key in KEYS)}, {figures})")
        result = duckdb.execute(grouped(file, "day"))
        with cursor.copy("COPY bare FROM STDIN (FORMAT csv)") as copy:
            while batch := result.fetchmany(100_000):
                buffer = io.StringIO()
                csv.writer(buffer).writerows(batch)
                copy.write(buffer.getvalue())
    return time.perf_counter() - begun


def load(file: Path, folder: Path, url: str, *extra: str) -> float:
    """Return how long `aispend ingest` takes as a process, start-up included."""
    people = folder / "people.csv"
    people.write_text(DIRECTORY, "utf-8")
    config = configure(folder, url, file)
    run(config, "directory", "load", str(people))
    begun = time.perf_counter()
    run(config, "ingest", *extra)
    return time.perf_counter() - begun


def configure(folder: Path, url: str, file: Path) -> Path:
    config = folder / "aispend.toml"
    config.write_text(
        f'[store]\nurl = "{url}"\n[[sources]]\nname = "bill"\nkind = "focus"\npath = "{file}"\nproject = "SubAccountId"\n',
        "utf-8",
    )
    return config


peaks: list[float] = []
"""GiB that each run of the program needed at most."""


def run(config: Path, *words: str) -> None:
    command = [sys.executable, "-m", "bot", "--config", str(config), "--now", "2027-01-15T00:00:00", *words]
    _, status, usage = os.wait4(subprocess.Popen(command, stdout=subprocess.DEVNULL).pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} failed")
    peaks.append(usage.ru_maxrss / 2**20)


if __name__ == "__main__":
    main()

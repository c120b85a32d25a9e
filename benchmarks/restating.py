"""Restating one day of a loaded year, in a running process: beside days of other sizes and a ledger a tenth as large.

Usage: python benchmarks/restating.py [ROWS] [sqlite|postgresql]
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import closing
from datetime import date
from pathlib import Path

import bill
import first_load
from stores import postgresql

from bot import settings, wiring
from bot.domain.period import Window

DAY = Window(date(2026, 1, 1), date(2026, 1, 2))


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    store = sys.argv[2] if len(sys.argv) > 2 else "sqlite"
    day_rows = rows // bill.DAYS
    times = {}
    for size in (rows // 10, rows):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            if store == "sqlite":
                times[size] = restated(folder, size, day_rows, f"sqlite:///{folder}/ledger.db")
            else:
                with postgresql(folder) as url:
                    times[size] = restated(folder, size, day_rows, url)
    small, large = times[rows // 10], times[rows]
    print(f"{store}: a day of {day_rows:,} rows restated in {large[0]:.2f} s (of 4 rows in {large[1]:.2f} s);")
    print(f"  in a ledger a tenth as large {small[0]:.2f} s, ratio {large[0] / small[0]:.2f}; a day four times as large {large[2]:.2f} s")


def restated(folder: Path, size: int, day_rows: int, url: str) -> list[float]:
    """Return the seconds for a day of *day_rows* charges, for a day of four, and for a day four times as large."""
    first_load.load(bill.write(first_load.CACHE, size), folder, url)
    return [again(folder, url, bill.write_day(first_load.CACHE, rows)) for rows in (day_rows, 4, day_rows * 4)]


def again(folder: Path, url: str, day: Path) -> float:
    read = settings.load(first_load.configure(folder, url, day), {})
    times = []
    with closing(wiring.app(read, "2027-01-15T00:00:00")) as app:
        for _ in range(5):
            begun = time.perf_counter()
            with app.source(read.sources[0]) as source:
                app.ingest.run(source, DAY)
            times.append(time.perf_counter() - begun)
    return sorted(times)[2]


if __name__ == "__main__":
    main()

"""Questions on a year of daily rows: in the store, and from words to a rendered card; p50 and p95 in ms.

Usage: python benchmarks/questions.py [RAW ROWS] [sqlite|postgresql]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import bill
import first_load
from stores import postgresql

from bot import settings, wiring
from bot.domain.period import Window
from bot.ports import CostScope, Dimension

RUNNING = Window(date(2026, 12, 1), date(2027, 1, 1))
"""The month that runs when the year is loaded: the ledger has no later days."""
CUT = Window(date(2026, 11, 1), date(2026, 11, 24))
"""A range that cuts a month: its days have to be read."""
NOW = "2026-12-31T23:00:00"


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    store = sys.argv[2] if len(sys.argv) > 2 else "sqlite"
    file = bill.write(first_load.CACHE, rows)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if store == "sqlite":
            ask(file, folder, f"sqlite:///{folder}/ledger.db", rows, store)
        else:
            with postgresql(folder) as url:
                ask(file, folder, url, rows, store)


def ask(file: Path, folder: Path, url: str, rows: int, store: str) -> None:
    first_load.load(file, folder, url)
    app = wiring.app(settings.load(folder / "aispend.toml", {}), NOW)
    figures = app.conversation.figures
    people = [f"person{n}@example.com" for n in (0, 7, 50, 500, 5000, 15000)]
    teams = [f"team-{n}" for n in (0, 5, 70, 700)]
    questions: dict[str, Callable[[int], object]] = {
        "store: me by model": lambda n: figures.costs(CostScope(people=(people[n % 6],)), RUNNING, Dimension.MODEL),
        "store: team by person": lambda n: figures.costs(CostScope(teams=(teams[n % 4],)), RUNNING, Dimension.PERSON),
        "store: org by team": lambda _: figures.costs(CostScope(), RUNNING, Dimension.TEAM),
        "store: top models": lambda _: figures.costs(CostScope(), RUNNING, Dimension.MODEL),
        "store: top people": lambda _: figures.highest(CostScope(), RUNNING, Dimension.PERSON, 16),
        "store: top people, cut": lambda _: figures.highest(CostScope(), CUT, Dimension.PERSON, 16),
        "words to card: me": lambda n: app.text(app.conversation.answer(people[n % 6], "me"), people[n % 6]),
    }
    for name, question in questions.items():
        times = []
        for n in range(60):
            begun = time.perf_counter()
            question(n)
            times.append((time.perf_counter() - begun) * 1000)
        times.sort()
        print(f"{rows:,} raw rows, {store}: {name:<22} p50 {statistics.median(times):8.2f}  p95 {times[56]:8.2f}")
    app.close()


if __name__ == "__main__":
    main()

"""Forecasts beside what is asked of them: synthetic organisations, real daily series, exhaustion dates, 20,000 series.

    python benchmarks/forecast.py [--seeds 1,2,3] [--shared ../shared] [--only months,real,budgets,years,size]

The organisations come from `spend_generator.py`, which needs pandas and scipy: where this Python has none, GENERATOR_PYTHON names one
that has. M is what the method was first measured at, A what must be reached, S what would be good.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads that wait for one another are no work
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from bot.domain import forecast  # noqa: E402
from bot.domain.exhaustion import NEVER, exhaustion  # noqa: E402
from bot.domain.forecast import outlook, totals  # noqa: E402
from bot.domain.outlook import Terms  # noqa: E402
from bot.services.backtest import AS_OF_DAYS, Backtest, is_quiet  # noqa: E402
from bot.services.series import Dataset, read  # noqa: E402

FIRST, DAYS, TEAMS = date(2025, 1, 1), 730, 150
MONTHS = [date(2025 + (8 + n) // 12, (8 + n) % 12 + 1, 1) for n in range(15)]
KEPT = 49 * 30
"""Days of a real series that are looked at."""
SMALL = 50.0
"""A team's month below it is counted in sums, not as a share of its own."""
LINES = [  # check, M, A, S: by as-of day
    ("team WAPE %", "17.3/13.5/10.3/7.3/4.1", "18.5/14.5/11.5/8.2/4.7", "15.5/12/9.2/6.3/3.5"),
    ("team median APE %", "16.5/13.0/10.4/7.4/4.0", "17.5/14/11.3/8/4.4", "15.5/12/9.5/6.5/3.4"),
    ("median APE / run-rate's", ".68/.81/.91/.83/.74", ".75/.87/.96/.90/.79", ".62/.74/.84/.75/.65"),
    ("org total MAPE %", "7.3/5.5/4.2/2.9/1.5", "7/5/4/2.7/1.4", "4/3.5/2.5/1.5/.8"),
    ("coverage 80 %", "79.4-80.3", "80±4", "80±2"),
    ("coverage 95 %", "94.3-94.9", "95±2.5", "95±1"),
    ("median 80 % width, % of month", "73/60/45/32/18", "78/64/49/36/20", "60/48/39/28/16"),
]
_GENERATE = """
import sys, numpy as np
sys.path.insert(0, sys.argv[1])
import spend_generator
for seed in sys.argv[3].split(","):
    np.save(f"{sys.argv[2]}/{seed}.npy", spend_generator.gen_org(int(seed), int(sys.argv[4]), int(sys.argv[5]))["spend"])
"""


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seeds", default="1,2,3")
    words.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    words.add_argument("--only", default="months,real,budgets,years,size")
    asked = words.parse_args()
    parts = asked.only.split(",")
    with tempfile.TemporaryDirectory() as folder:
        made = _made(asked.shared / "tools", Path(folder), asked.seeds) if {"months", "budgets", "years"} & set(parts) else []
        if made and "months" in parts:
            _months(made)
        if made and "budgets" in parts:
            _budgets(made)
        if made and "years" in parts:
            _years(made)
            _sums(made)
    if "real" in parts:
        _real(asked.shared / "data" / "daily_series.csv")
    if "size" in parts:
        _size()


def _made(tools: Path, folder: Path, seeds: str) -> list[np.ndarray]:
    """Return the daily spend of each organisation, teams × days; nothing, with a sentence, where it cannot be made."""
    if not (tools / "spend_generator.py").exists():
        print(f"Skipped: there is no spend_generator.py in {tools.name}; --shared names the folder that holds it.")
        return []
    python = os.environ.get("GENERATOR_PYTHON", sys.executable)
    done = subprocess.run(
        [python, "-c", _GENERATE, str(tools), str(folder), seeds, str(TEAMS), str(DAYS)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1]
        print(f"Skipped: the generator failed ({why}); GENERATOR_PYTHON names a Python with pandas and scipy.")
        return []
    return [np.load(folder / f"{seed}.npy") for seed in seeds.split(",")]


def _holidays() -> frozenset[date]:
    """Return the days off of the synthetic world."""
    found = set()
    for year in (2024, 2025, 2026, 2027):
        found |= {date(year, month, day) for month, day in ((1, 1), (5, 1), (7, 4), (12, 24), (12, 25), (12, 26), (12, 31))}
        thursday = next(date(year, 11, day) for day in range(22, 29) if date(year, 11, day).weekday() == 3)
        found |= {thursday, thursday + timedelta(days=1)}
    return frozenset(found)


def _months(made: Sequence[np.ndarray]) -> None:
    begun = time.process_time()
    columns = [_day(made, day) for day in AS_OF_DAYS]
    print(f"\nMonths of {len(made)} organisations of {TEAMS} teams, {len(MONTHS)} months; as of day 5/10/15/20/25")
    print(f"{'check':32} {'M':24} {'A':24} {'S':24} ours")
    for place, (name, *asked) in enumerate(LINES):
        print(f"{name:32} {asked[0]:24} {asked[1]:24} {asked[2]:24} {'/'.join(column[place] for column in columns)}")
    print("beside: run-rate WAPE %          " + "/".join(column[7] for column in columns))
    print("beside: org total, sum of points " + "/".join(column[8] for column in columns))
    print("beside: org total 80 % range     " + "/".join(column[9] for column in columns))
    print(f"{time.process_time() - begun:.0f} s of CPU time")


def _day(made: Sequence[np.ndarray], day: int) -> list[str]:
    teams = [_month(spend, start, day) for spend in made for start in MONTHS]
    actual, point, even, in80, in95, width = (np.concatenate([found[i] for found in teams]) for i in range(6))
    total, whole, summed, inside = (np.array([found[i] for found in teams]) for i in (6, 7, 8, 9))
    some = actual > SMALL
    missed, missed_evenly = (np.abs(told - actual) for told in (point, even))
    median, median_evenly = (np.median(values[some] / actual[some]) for values in (missed, missed_evenly))
    return [
        f"{100 * missed.sum() / actual.sum():.1f}",
        f"{100 * median:.1f}",
        f"{median / median_evenly:.2f}",
        f"{100 * np.mean(np.abs(whole / total - 1)):.1f}",
        f"{100 * in80[some].mean():.1f}",
        f"{100 * in95[some].mean():.1f}",
        f"{100 * np.median(width[some] / actual[some]):.0f}",
        f"{100 * missed_evenly.sum() / actual.sum():.1f}",
        f"{100 * np.mean(np.abs(summed / total - 1)):.1f}",
        f"{100 * np.mean(inside):.0f}",
    ]


def _month(spend: np.ndarray, start: date, day: int) -> tuple[np.ndarray, ...]:
    end = forecast.add_month(start)
    first, known, last = ((start - FIRST).days, (start - FIRST).days + day, (end - FIRST).days)
    terms = Terms(holidays=_holidays(), is_quiet=is_quiet)
    asked = (spend[:, :known], start + timedelta(days=day - 1), end)
    found = outlook(*asked, terms)
    whole = totals(*asked, np.zeros(len(spend), np.int64), terms)
    actual = spend[:, first:last].sum(axis=1)
    even = found.to_date / day * (last - first)
    in80, in95 = (actual >= found.p10) & (actual <= found.p90), (actual >= found.p2_5) & (actual <= found.p97_5)
    total = actual.sum()
    held = whole.p10[0] <= total <= whole.p90[0]
    return actual, found.point, even, in80, in95, found.p90 - found.p10, total, whole.point[0], found.point.sum(), held


def _budgets(made: Sequence[np.ndarray]) -> None:
    """Budgets that run out on a random true day of 2026, as of eleven month ends; and whether budgets run out at all."""
    start, end = date(2026, 1, 1), date(2027, 1, 1)
    found, odds = defaultdict(list), defaultdict(list)
    for number, spend in enumerate(made):
        rng = np.random.default_rng(number)
        year = np.cumsum(spend[:, (start - FIRST).days :], axis=1)
        true = rng.integers(5, 365, len(spend))
        limit = year[np.arange(len(spend)), true - 1]
        for month in range(2, 13):
            last = date(2026, month, 1) - timedelta(days=1)
            known = (last - start).days + 1
            _judge(found, spend, last, end, limit, true - known, year[:, known - 1])
        for how, limits in _limits(year, rng).items():
            for month in (2, 4, 7, 10):
                last = date(2026, month, 1) - timedelta(days=1)
                odds[how, last].append(_briers(spend, year, last, limits))
    print("\nExhaustion dates; A: <=4 d and <=15 d off, 75-88 % held")
    for low, high in ((1, 30), (31, 90), (91, 180), (181, 365)):
        rows = np.concatenate([row for (away, row) in found["rows"] if row.size])
        near = rows[(rows[:, 0] >= low) & (rows[:, 0] <= high)]
        off, even, held = np.median(near[:, 1]), np.median(near[:, 2]), near[:, 3].mean()
        print(f"{low:>4}-{high} d away: n {len(near):5}, off by {off:.1f} d (run-rate {even:.1f}), 80 % range holds {held:.1%}")
    print("Will it run out this year, Brier; A: <=.10 at 30 Jun, <=.045 at 30 Sep; a yes or no by run-rate had .128, .061 beside M")
    for (how, last), values in odds.items():
        brier, even = np.mean(values, axis=0)
        print(f"{how}, {last}: {brier:.3f} (run-rate {even:.3f}, ratio {brier / even:.2f})")


def _limits(year: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return budgets drawn in two ways: what has been spent on a random day, up to half a year beyond the end; and near the year's cost."""
    days = rng.integers(5, 545, len(year))
    spent = year[np.arange(len(year)), np.minimum(days, year.shape[1]) - 1] * np.maximum(days / year.shape[1], 1.0)
    return {"random true day": spent, "0.3 to 1.7 of the year": year[:, -1] * rng.uniform(0.3, 1.7, len(year))}


def _briers(spend: np.ndarray, year: np.ndarray, last: date, limits: np.ndarray) -> list[float]:
    """Return the Brier scores of the probability that *limits* are reached, and of a yes or no by the pace of four weeks."""
    start, end, size = date(2026, 1, 1), date(2027, 1, 1), (last - FIRST).days + 1
    known = (last - start).days + 1
    told = exhaustion(spend[:, :size], last, end, limits, Terms(start=start)).probability
    pace = spend[:, size - 28 : size].mean(axis=1) * (year.shape[1] - known)
    came, some = year[:, -1] >= limits, year[:, -1] > SMALL
    even = (year[:, known - 1] + pace >= limits) != came
    return [float(np.mean((told - came)[some] ** 2)), float(np.mean(even[some]))]


def _judge(found: dict, spend: np.ndarray, last: date, end: date, limit: np.ndarray, away: np.ndarray, to_date: np.ndarray) -> None:
    known = (last - FIRST).days + 1
    told = exhaustion(spend[:, :known], last, end, limit, Terms(start=date(2026, 1, 1)))
    beyond = (end - last).days
    middle = np.where(told.middle == NEVER, beyond, told.middle)
    even = np.minimum((limit - to_date) / np.maximum(spend[:, known - 28 : known].mean(axis=1), 1e-9), beyond)
    held = (told.early != NEVER) & (told.early <= away) & ((told.late == NEVER) | (told.late >= away))
    rows = np.stack([away, np.abs(middle - away), np.abs(even - away), held], axis=1).astype(float)
    found["rows"].append((last, rows[(away > 0) & (to_date > 0)]))


def _real(path: Path) -> None:
    if not path.exists():
        print(f"Skipped: there is no {path.name}; --shared names the folder that holds data/{path.name}.")
        return
    print("\nReal series; WAPE as of day 10")
    print("M: ops 1.4, repositories 15.7, developers 30.5, web 22.2; A: ops <=1.7, repositories <=17, developers <=32")
    datasets = read(path)
    for how, some in (
        ("as they are, which is how M was measured", datasets),
        ("the last 48 months, in units of their own mean", _scaled(datasets)),
    ):
        print(f"{how}:")
        for dataset in some:
            rows, _ = Backtest([dataset]).run()
            for row in (row for row in rows if row.as_of_day == 10):
                said = row.document()
                print(f"{row.dataset:10} n {said['n']:4} " + " ".join(f"{key} {float(said[key]):.3f}" for key in list(said)[3:]))


def _scaled(datasets: Sequence[Dataset]) -> Iterator[Dataset]:
    for dataset in datasets:
        values = dataset.values / np.nanmean(dataset.values, axis=1, keepdims=True)
        for row in values:
            row[: max(0, np.flatnonzero(np.isfinite(row))[-1] - KEPT)] = np.nan
        cut = int(np.flatnonzero(np.isfinite(values).any(axis=0))[0])
        yield Dataset(dataset.name, dataset.names, dataset.first + timedelta(days=cut), values[:, cut:])


def _years(made: Sequence[np.ndarray]) -> None:
    """Proposals for 2026 as of 25 November 2025: how many teams stayed below them, and what they were beside the year of all."""
    start, end, last = date(2026, 1, 1), date(2027, 1, 1), date(2025, 11, 25)
    shares, held = (0.5, 0.8, 0.95), []
    print("\nA year ahead, what it has grown by carried on: P50/P80/P95 of an organisation beside what its year came to")
    for spend in made:
        history = spend[:, : (last - FIRST).days + 1]
        before, year = spend[:, : (start - FIRST).days].sum(), spend[:, (start - FIRST).days :].sum(axis=1)
        history = np.where(np.cumsum(history != 0, axis=1) > 0, history, np.nan)
        told = outlook(history, last, end, Terms(start=start))
        known = (np.isfinite(history).sum(axis=1) >= 28) & (year > 0)
        held.append([(year <= told.quantile(share))[known].mean() for share in shares])
        whole = totals(history, last, end, np.zeros(len(spend), np.int64), Terms(start=start, grows=True))
        beside = "/".join(f"{float(whole.quantile(share)[0]) / year.sum():.2f}" for share in shares)
        print(f"  {beside}; the year came to {year.sum() / before:.1f} times the one before")
    print("teams that stayed below P50/P80/P95: " + "/".join(f"{share:.0%}" for share in np.mean(held, axis=0)))


def _sums(made: Sequence[np.ndarray]) -> None:
    """Print how well the year 2026 of organisations and the dates of budgets are told, with and without what they have grown by."""
    start, end = date(2026, 1, 1), date(2027, 1, 1)
    print("\nAn organisation's year as of month ends: error of the point, days by which a budget of 50 to 100 % of it was missed")
    for last in (date(2026, 1, 31), date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30)):
        said = []
        for grows in (False, True):
            terms = Terms(start=start, grows=grows)
            found = [_sum(spend, last, end, terms) for spend in made]
            off = np.concatenate([days for _, days in found])
            said.append(f"{100 * np.mean([error for error, _ in found]):.0f} %, {np.median(off):.0f} d")
        print(f"{last}: {said[1]}; without growth {said[0]}")


def _sum(spend: np.ndarray, last: date, end: date, terms: Terms) -> tuple[float, list[float]]:
    size, first = (last - FIRST).days + 1, (date(2026, 1, 1) - FIRST).days
    year = np.cumsum(spend[:, first:].sum(axis=0))
    told = totals(spend[:, :size], last, end, np.zeros(len(spend), np.int64), terms)
    limits = year[-1] * np.array([0.5, 0.7, 0.85, 1.0])
    away = np.searchsorted(year, limits) + 1 - (size - first)
    rows = np.repeat(spend[:, :size].sum(axis=0)[None], len(limits), axis=0)
    middle = exhaustion(rows, last, end, limits, terms).middle
    off = np.abs(np.where(middle == NEVER, (end - last).days, middle) - away)
    return abs(float(told.point[0]) / year[-1] - 1), off[away > 0].tolist()


def _size() -> None:
    rng = np.random.default_rng(0)
    history = np.exp(rng.normal(0, 1, (20_000, 400)))
    history[rng.random(history.shape) < 0.3] = 0
    history[:5000, :200] = np.nan
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    found = outlook(history, date(2026, 11, 10), date(2026, 12, 1))
    assert np.isfinite(found.p90).all()
    spent, peak = time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"\n20,000 series of 400 days: {spent:.1f} s of CPU time, peak {peak / 1024:.0f} MB ({before / 1024:.0f} before); A: <=15 s, <=1 GB"
    )


if __name__ == "__main__":
    main()

"""Anomalies: recall, false alarms and precision on synthetic companies with labelled injections; time and memory of one day.

Usage: python benchmarks/anomaly.py [GENERATOR.py, ../shared/tools/spend_generator.py] [SEEDS, 41-46] [fit]

GENERATOR.py is the generator of synthetic AI spend (forecast.md, section 1): it needs numpy, pandas and scipy, which the project does
not, so that this runs in an environment of its own. Where the generator or what it needs is absent, only time and memory are measured.
Thresholds are fitted to each company's first year, as they are for a customer, and tried on its second. With `fit` it prints what
`USUAL` is made of instead.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from bot.domain.almanac import Almanac  # noqa: E402
from bot.domain.anomaly import Anomaly, Channel, History, Members, sorted_out  # noqa: E402
from bot.domain.detection import FLOOR, anomalies, fitted  # noqa: E402
from bot.domain.outlier import outliers  # noqa: E402
from bot.domain.thresholds import USUAL, Thresholds, episodes  # noqa: E402
from bot.domain.turn import Turns  # noqa: E402

TEAMS, COUNT, FIRST = 150, 730, 375
STEP = 71
"""Days judged at a time; five times make the second year."""
QUARTERS = (COUNT - FIRST) / (365.25 / 4)
SIZES = {"runaway": (2, 5, 10, 30), "new key": (0.5, 1, 3), "switch": (1.5, 2.5, 5), "cache": (1.5, 2, 3), "leak": (0.04, 0.07)}
MIX = {"app": 0.08, "batch": 0.10, "research": 0.30, "fleet": 0.15}
"""Log standard deviation of the price per token by kind of team; of one person it is 0.5 (forecast.md, section 1)."""
BINS = ((30, 100), (100, 300), (300, 1_000), (1_000, 3_000))


@dataclass
class Company:
    """One synthetic company of two years."""

    history: History
    almanac: Almanac
    kinds: Any
    people: Members

    def until(self, end: int, history: History | None = None) -> History:
        """Return the history as it was after *end* days."""
        whole = history or self.history
        assert whole.tokens is not None
        return History(whole.names, whole.last - timedelta(days=COUNT - end), whole.cost[:, :end], whole.tokens[:, :end])


def main() -> None:
    asked = [word for word in sys.argv[1:] if word != "fit"]
    seeds = list(parsed(asked[1] if len(asked) > 1 else "41-46"))
    generator = load(Path(asked[0]) if asked else ROOT.parent / "shared" / "tools" / "spend_generator.py")
    if generator and sys.argv[-1] == "fit":
        print(usual(generator, seeds))
        return
    if generator:
        report([company(generator, seed) for seed in seeds], seeds)
    one_day()


def load(path: Path) -> ModuleType | None:
    """Return the generator; none, with a sentence, where it or what it needs is absent."""
    if not path.exists():
        print(f"Skipped: there is no generator at {path}; the first argument names it.")
        return None
    spec = importlib.util.spec_from_file_location("spend_generator", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(found)
        import scipy  # noqa: F401 - the generator asks for it later
    except ImportError as exc:
        print(f"Skipped: the generator needs {exc.name}, which is not here; GENERATOR_PYTHON names a Python with numpy, pandas and scipy.")
        return None
    return found


def parsed(words: str) -> range:
    first, _, last = words.partition("-")
    return range(int(first), int(last or first) + 1)


def company(generator: ModuleType, seed: int) -> Company:
    made, rng = generator.gen_org(seed, TEAMS, COUNT), np.random.default_rng(seed + 5_000)
    cost, tokens = made["spend"], np.zeros_like(made["spend"])
    for row, kind in enumerate(made["kind"]):
        sums = made["users"][row].sum(axis=1)
        alike = max(float(sums.sum() ** 2 / max((sums**2).sum(), 1e-9)), 1.0)
        noise = MIX.get(str(kind), float(np.hypot(0.05, 0.5 / np.sqrt(alike))))
        tokens[row] = cost[row] / np.exp(made["logprice"][row] + generator.ar1(rng, COUNT, 0.4, noise)) * 3e5
    dates, _, holiday, away, *_ = generator.calendar("2025-01-01", COUNT)
    almanac = Almanac(frozenset(day.date() for day in dates[holiday]), frozenset(day.date() for day in dates[away]))
    devs = [row for row, kind in enumerate(made["kind"]) if kind == "dev"]
    series = np.concatenate([np.full(len(made["users"][row]), row) for row in devs])
    people = Members(
        tuple(f"person {i}" for i in range(len(series))), series, np.vstack([made["users"][row] for row in devs]).astype(np.float64)
    )
    history = History(tuple(f"team {i}" for i in range(TEAMS)), dates[-1].date(), cost, tokens)
    return Company(history, almanac, made["kind"], people)


def usual(generator: ModuleType, seeds: list[int]) -> Thresholds:
    """Return thresholds fitted to several companies at once."""
    made = [company(generator, seed) for seed in seeds]
    cost, tokens = (np.vstack([getattr(each.history, name) for each in made]) for name in ("cost", "tokens"))
    history = History(tuple(str(i) for i in range(len(cost))), made[0].history.last, cost, tokens)
    return fitted(history, almanac=made[0].almanac, replayed=COUNT - FIRST)


def year(here: Company, history: History, limits: Thresholds) -> list[Anomaly]:
    """Return the episodes told in the second year."""
    told: dict[tuple[str, date], Anomaly] = {}
    for end in range(FIRST + STEP, COUNT + 1, STEP):
        found = anomalies(here.until(end, history), almanac=here.almanac, limits=limits, judged=STEP)
        new, going_on = sorted_out(found, list(told.values()))
        told |= {(each.subject, each.since): each for each in [*new, *going_on]}
    return list(told.values())


def injected(here: Company, rng: np.random.Generator) -> tuple[History, list[tuple[int, str, float, int]]]:
    """Return a copy in which every team has one anomaly: its team, kind, size, and first day."""
    assert here.history.tokens is not None
    cost, tokens, labels = here.history.cost.copy(), here.history.tokens.copy(), []
    for team in range(TEAMS):
        begin = next((day for day in rng.integers(FIRST, COUNT - 22, 60) if _is_active(cost[team], int(day))), None)
        if begin is None:
            continue
        kind = str(rng.choice(list(SIZES)))
        size = float(rng.choice(SIZES[kind]))
        _inject(cost[team], tokens[team], int(begin), kind, size, rng)
        labels.append((team, kind, size, int(begin)))
    return History(here.history.names, here.history.last, cost, tokens), labels


def _is_active(cost: Any, day: int) -> bool:
    return bool(cost[day - 28 : day].mean() >= 5 and cost[day - 60 : day - 46].any())


def _inject(cost: Any, tokens: Any, begin: int, kind: str, size: float, rng: np.random.Generator) -> None:
    level = cost[begin - 28 : begin].mean()
    per_unit = tokens[begin - 28 : begin].sum() / cost[begin - 28 : begin].sum()
    rest = slice(begin, None)
    if kind in {"switch", "cache"}:
        cost[rest] *= size
    elif kind == "leak":
        growth = (1 + size) ** np.minimum(np.arange(COUNT - begin) + 1, 21)
        cost[rest] *= growth
        tokens[rest] *= growth
    else:
        days = slice(begin, begin + int(rng.integers(1, 4))) if kind == "runaway" else rest
        more = size * level * (1.0 if kind == "runaway" else rng.lognormal(0, 0.2, COUNT - begin))
        cost[days] += more
        tokens[days] += more * per_unit


def report(companies: list[Company], seeds: list[int]) -> None:
    """Print the rows of acceptance: measured by the research, required, ours."""
    hits: dict[tuple[str, float], list[bool]] = defaultdict(list)
    clean, clean_usual = [], []
    for here, seed in zip(companies, seeds, strict=True):
        limits = fitted(here.until(FIRST), almanac=here.almanac)
        clean.append(len(year(here, here.history, limits)) / TEAMS / QUARTERS)
        clean_usual.append(len(year(here, here.history, USUAL)) / TEAMS / QUARTERS)
        rng = np.random.default_rng(seed)
        for _ in range(2):
            history, labels = injected(here, rng)
            told = by_team(year(here, history, limits))
            for team, kind, size, begin in labels:
                day = history.last - timedelta(days=COUNT - 1 - begin)
                hits[kind, size].append(is_seen(told[f"team {team}"], day, 21 if kind == "leak" else 7))
    show("false alarms/team/quarter, fitted to own year", ".84-.88", "<= 1.0", f"{mean(clean):.2f} (seeds {spread(clean)})")
    show("the same with USUAL, before a year is there", "", "", f"{mean(clean_usual):.2f}")
    show("runaway x10 / x5", ".96 / .80", ">= .90 / .70", ratio(hits, ("runaway", 10), ("runaway", 5)))
    show("runaway x30 / x2", "1.00 / .42", "", ratio(hits, ("runaway", 30), ("runaway", 2)))
    both = {name: [hit for size in sizes for hit in hits[name, size]] for name, sizes in (("cache", (2, 3)), ("switch", (2.5, 5)))}
    show("cache >= x2", ".94", ">= .85", f"{mean(both['cache']):.2f} (n {len(both['cache'])})")
    show("switch >= x2.5", ".89", ">= .80", f"{mean(both['switch']):.2f} (n {len(both['switch'])})")
    show("cache x1.5, switch x1.5", ".41, .49", "", ratio(hits, ("cache", 1.5), ("switch", 1.5)))
    show("new key x0.5 / x1", ".14 / .42", "", ratio(hits, ("new key", 0.5), ("new key", 1)))
    show("new key x3", ".76", "", ratio(hits, ("new key", 3)))
    show("leak 4 % / 7 %", ".41 / .74", "", ratio(hits, ("leak", 0.04), ("leak", 0.07)))
    kinds = [mean([hit for size in sizes for hit in hits[kind, size]]) for kind, sizes in SIZES.items()]
    show("mean of the five kinds", ".67 / .64", "", f"{mean(kinds):.2f}")
    of_people(companies, seeds)
    new_keys(companies, seeds)


def by_team(told: list[Anomaly]) -> dict[str, list[Anomaly]]:
    found: dict[str, list[Anomaly]] = defaultdict(list)
    for each in told:
        found[each.subject].append(each)
    return found


def is_seen(told: list[Anomaly], day: date, within: int) -> bool:
    """Tell whether an episode raised an alarm on or after *day*, and began to within so many days of it."""
    return any(each.until >= day and each.noticed < day + timedelta(days=within) for each in told)


def of_people(companies: list[Company], seeds: list[int]) -> None:
    false, precise, hits = [], [], []
    for here, seed in zip(companies, seeds, strict=True):
        cost, rng = here.people.cost.T, np.random.default_rng(seed + 99)
        days = here.almanac.days(here.history.last, COUNT)
        count = len(np.unique(here.people.series))
        false.append(alerts(here, outliers(cost, FIRST, FLOOR, turns=Turns(cost, days, here.people.series))[0]) / count / QUARTERS)
        three, labels, truth = spent_more(here, rng, 3 * count)
        told, _ = outliers(three, FIRST, FLOOR, turns=Turns(three, days, here.people.series))
        hits += [(amount, bool(told[day - FIRST : day - FIRST + days, person].any())) for person, day, days, amount in labels]
        precise.append(alerts(here, told & truth[FIRST:]) / alerts(here, told))
    recall = {low: mean([hit for amount, hit in hits if low <= amount < high]) for low, high in BINS}
    show("person: false alarms/team/quarter", ".20", "<= .25", f"{mean(false):.2f}")
    show("person: recall $300-1000 / > $1000", ".79 / .88", ">= .72 / .82", f"{recall[300]:.2f} / {recall[1_000]:.2f}")
    show("person: recall < $100 / $100-300", ".23 / .51", "", f"{recall[30]:.2f} / {recall[100]:.2f}")
    show("precision with about 3 injections a team", ".78-.80", ">= .70", f"{mean(precise):.2f}")


def spent_more(here: Company, rng: np.random.Generator, times: int) -> tuple[Any, list[tuple[int, int, int, float]], Any]:
    """Return a copy in which people spend $30-3,000 more in a day or two: cost, labels, and which days are true."""
    cost = here.people.cost.T.copy()
    truth, labels = np.zeros(cost.shape, dtype=np.bool_), []
    for _ in range(times):
        day, days = int(rng.integers(FIRST, COUNT - 2)), int(rng.integers(1, 3))
        person = int(rng.choice(np.flatnonzero((here.people.cost[:, day - 28 : day] > 0).sum(axis=1) >= 3)))
        amount = float(np.exp(rng.uniform(np.log(30), np.log(3_000))))
        cost[day : day + days, person] += amount / days
        truth[day : day + days, person] = True
        labels.append((person, day, days, amount))
    return cost, labels, truth


def alerts(here: Company, told: Any) -> int:
    """Return how many episodes of teams the alarms of people are."""
    found = np.zeros((len(told), TEAMS), dtype=np.bool_)
    days, people = np.nonzero(told)
    found[days, here.people.series[people]] = True
    return int(episodes(found).sum())


def new_keys(companies: list[Company], seeds: list[int]) -> None:
    """Give teams a key that costs at least $25 a day and a tenth of them; look the next morning."""
    hits = []
    for here, seed in zip(companies, seeds, strict=True):
        rng = np.random.default_rng(seed + 7)
        for end in rng.integers(FIRST, COUNT, 8):
            history = here.until(int(end))
            known = np.flatnonzero((history.cost[:, :-20] > 0).any(axis=1))
            key = np.zeros((len(known), int(end)))
            key[:, -1] = np.maximum(FLOOR, 0.12 * history.cost[known, -1]) * rng.uniform(1, 4, len(known))
            cost = history.cost.copy()
            cost[known] += key
            things = Members(tuple(f"key {i}" for i in known), known, key)
            found = anomalies(History(history.names, history.last, cost, history.tokens), almanac=here.almanac, things=things, judged=1)
            told = {thing for each in found if Channel.NEW in each.channels for thing in each.things}
            hits += [name in told for name in things.names]
    show("material new key told at the next run", "", ">= .98", f"{mean(hits):.3f} (n {len(hits)})")


def one_day() -> None:
    rng = np.random.default_rng(0)
    cost = rng.gamma(2, 50, (20_000, 400))
    history = History(tuple(str(i) for i in range(20_000)), date(2026, 11, 20), cost, cost * rng.lognormal(0, 0.1, cost.shape))
    teams = History(history.names[:1_000], history.last, cost.reshape(1_000, 20, 400).sum(axis=1))
    people = Members(history.names, np.arange(20_000) // 20, cost)
    before = peak()
    times = [timed(lambda: anomalies(history, judged=1)) for _ in range(3)]
    show("20,000 x 400 d: one day, CPU seconds", ".07", "<= 2", f"{min(times):.2f} (peak {peak():.0f} MB, of it the input {before:.0f})")
    show("20,000 people of 1,000 teams: one day", "", "", f"{timed(lambda: anomalies(teams, people=people, judged=1)):.2f}")
    show("20,000 x 400 d: fitting by replaying 150 d", "7.5", "<= 60", f"{timed(lambda: fitted(history)):.2f} (peak {peak():.0f} MB)")


def timed(what: Any) -> float:
    begun = time.process_time()
    what()
    return time.process_time() - begun


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def spread(values: list[float]) -> str:
    return f"{min(values):.2f}-{max(values):.2f}"


def ratio(hits: dict[tuple[str, float], list[bool]], *keys: tuple[str, float]) -> str:
    return " / ".join(f"{mean(hits[key]):.2f}" for key in keys) + f" (n {', '.join(str(len(hits[key])) for key in keys)})"


def show(check: str, measured: str, required: str, ours: str) -> None:
    print(f"{check:<46} M {measured:<12} A {required:<14} ours {ours}", flush=True)


if __name__ == "__main__":
    main()

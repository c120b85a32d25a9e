"""Why: how often the largest part of a change is the one that was caused, and whether the parts add up.

Usage: python benchmarks/variance.py [CHANGES, 600]

Two weeks of made-up teams, in which every person's amount, models and token classes vary by themselves. Between them one thing is
changed, and named: somebody is new, more use, dearer models, a cache that misses, a price. What is counted is whether the first part
is of that name. Sums are held against the difference to the last digit, before and after rounding to cents.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from bot.domain.consumption import CACHE_READ, USUAL, Side, Usage
from bot.domain.money import round_together
from bot.domain.variance import Driver, Variance, explain

SEED, CENT = 5, 10**7
PRICES = {"small": 100, "middle": 300, "large": 500}
"""Nanos of the list price of a hundredth of an input token."""
CLASSES = (0.08, 0.84, 0.03, 0.01, 0.04)
"""Usual shares of token classes: input, cache reads, both kinds of cache writes, output."""
CAUSES = (Driver.NEW_USERS, Driver.VOLUME, Driver.MODEL_MIX, Driver.CLASS_MIX, Driver.PRICE)


@dataclass(frozen=True)
class Habits:
    """How one person works in one week: tokens, and shares of models and of token classes."""

    tokens: float
    models: np.ndarray
    classes: np.ndarray

    def varied(self, rng: np.random.Generator) -> Habits:
        """Return what another week of the same habits is like."""
        return Habits(self.tokens * rng.lognormal(0, 0.3), rng.dirichlet(self.models * 100 + 0.1), rng.dirichlet(self.classes * 100))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    rng, seen, right = np.random.default_rng(SEED), Counter[Driver](), Counter[Driver]()
    taken: defaultdict[Driver, Counter[str]] = defaultdict(Counter)
    began = time.process_time()
    for n in range(count):
        cause = CAUSES[n % len(CAUSES)]
        found = explain(*changed(rng, cause))
        check(found)
        seen[cause] += 1
        right[cause] += found.first is cause
        taken[cause][str(found.first)] += 1
    took = time.process_time() - began
    for cause in CAUSES:
        others = ", ".join(f"{name} {k}" for name, k in taken[cause].most_common() if name != cause)
        print(f"{cause:<10} {right[cause] / seen[cause]:.3f}  {others and 'taken for ' + others}")
    print(f"all        {right.total() / count:.3f}  (M .983, A .95, S .98); every sum exact; {took / count * 1000:.1f} ms each")


def changed(rng: np.random.Generator, cause: Driver) -> tuple[Side, Side]:
    """Return two weeks of a team with one change of *cause* between them."""
    people = [
        Habits(rng.lognormal(np.log(3e6), 0.8), rng.dirichlet((4, 4, 2)), rng.dirichlet(np.array(CLASSES) * 60))
        for _ in range(rng.integers(3, 13))
    ]
    after = [habits.varied(rng) for habits in people]
    price = 1.0
    if cause is Driver.VOLUME:
        after = [replace(habits, tokens=habits.tokens * rng.uniform(1.25, 2.5)) for habits in after]
    elif cause is Driver.MODEL_MIX:
        part = rng.uniform(0.2, 0.9)
        after = [replace(habits, models=habits.models * (1 - part) + np.array((0, 0, part))) for habits in after]
    elif cause is Driver.CLASS_MIX:
        after = [replace(habits, classes=missed(habits.classes, rng.uniform(0.2, 0.8))) for habits in after]
    elif cause is Driver.PRICE:
        price = rng.uniform(1.2, 2.0)
    elif cause is Driver.NEW_USERS:
        mean = float(np.mean([habits.tokens for habits in people]))
        after.append(replace(people[0], tokens=mean * len(people) * rng.uniform(0.2, 1.0)))
    return side(people, 1.0), side(after, price)


def missed(classes: np.ndarray, part: float) -> np.ndarray:
    """Return *classes* where a part of what was read from the cache is uncached input."""
    moved = classes[CACHE_READ] * part
    return classes + moved * np.array((1, -1, 0, 0, 0))


def side(people: list[Habits], price: float) -> Side:
    """Return a week of *people* as the ledger has it: whole tokens, and the cost of each model in nanos."""
    usages = []
    for n, habits in enumerate(people):
        for (model, unit), share in zip(PRICES.items(), habits.models, strict=True):
            tokens = tuple(int(habits.tokens * share * part) for part in habits.classes)
            cost = round(price * unit * sum(t * w for t, w in zip(tokens, USUAL, strict=True)))
            usages.append(Usage(f"p{n}", model, tokens, cost))
    return Side(tuple(usages), {model: tuple(unit * w for w in USUAL) for model, unit in PRICES.items()})


def check(found: Variance) -> None:
    """Stop where the parts do not add up."""
    exact = sum(found.exact.values(), Fraction(0))
    cents = round_together([Fraction(part, CENT) for part in found.parts.values()], found.change // CENT)
    if exact != found.change or sum(found.parts.values()) != found.change or sum(cents) != found.change // CENT:
        raise SystemExit(f"The parts of {found} do not add up.")


if __name__ == "__main__":
    main()

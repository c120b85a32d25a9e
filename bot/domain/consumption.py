"""Consumption: what people used in a period, by person, model and token class, and what it cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

CACHE_READ, OUTPUT = 1, 4
"""Places of two token classes; the others are uncached input and the two kinds of cache writes."""
USUAL = (100, 10, 125, 200, 500)
"""What tokens cost beside one another where no price list knows the model: input 1, cache read 0.1, cache writes 1.25 and 2, output 5."""

Tokens = Sequence[int | Fraction]


@dataclass(frozen=True, slots=True)
class Usage:
    """What one person used of one model; several of the same are added up.

    Attributes:
        person: Empty where it is nobody's in person; such use is never new or lost.
        tokens: By disjoint class, as the ledger orders them; what has none at all, or a negative count, is cost without tokens.
        cost: Nanos, negative for credits.
    """

    person: str
    model: str
    tokens: tuple[int, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two periods.

    Attributes:
        weights: Per model, the list price of a token of each class, in any unit. The ledger knows what a model cost, not what
            each class of its tokens did; the cost is split over the classes in proportion to tokens × weight.
    """

    usages: tuple[Usage, ...]
    weights: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def people(self) -> set[str]:
        """Return who used anything, apart from nobody in person."""
        return {u.person for u in self.usages if u.person and (u.cost or any(u.tokens))}

    def of(self, people: Iterable[str]) -> Side:
        """Return the part of *people*."""
        wanted = set(people)
        return Side(tuple(u for u in self.usages if u.person in wanted), self.weights)

    def each(self) -> dict[str, Side]:
        """Return the part of each person, nobody's under empty text."""
        found: defaultdict[str, list[Usage]] = defaultdict(list)
        for usage in self.usages:
            found[usage.person].append(usage)
        return {person: Side(tuple(usages), self.weights) for person, usages in found.items()}

    def costs(self) -> dict[str, int]:
        """Return the cost of each person, nobody's under empty text; nanos."""
        found: defaultdict[str, int] = defaultdict(int)
        for usage in self.usages:
            found[usage.person] += usage.cost
        return dict(found)

    def times(self, count: int) -> Side:
        """Return *count* times as much of everything."""
        return replace(self, usages=tuple(scaled(usage, count) for usage in self.usages))

    def together(self) -> Side:
        """Return the same as nobody's in person, so that no part is about few people."""
        return Side(tuple(Usage("", u.model, u.tokens, u.cost) for u in self.usages), self.weights)


def together(sides: Iterable[Side]) -> Side:
    """Return several periods as one; of two weights of a model the later one's count."""
    usages: list[Usage] = []
    weights: dict[str, tuple[int, ...]] = {}
    for side in sides:
        usages += side.usages
        weights |= side.weights
    return Side(tuple(usages), weights)


@dataclass(frozen=True, slots=True)
class Shares:
    """How those who are there in both periods used tokens in one of them; None where they used none.

    Attributes:
        cached: Share of cache reads among input tokens.
        output: Share of output among all tokens.
        main: The model that cost most.
    """

    cached: Fraction | None
    output: Fraction | None
    main: str | None


def scaled(usage: Usage, count: int) -> Usage:
    """Return *count* times as much."""
    return replace(usage, tokens=tuple(count * t for t in usage.tokens), cost=count * usage.cost)


@dataclass(frozen=True, slots=True)
class Cell:
    """One model in one period."""

    tokens: tuple[int, ...]
    cost: int
    weights: tuple[int, ...]

    @property
    def count(self) -> int:
        """Tokens of all classes."""
        return sum(self.tokens)

    def price_of(self, tokens: Tokens) -> Fraction:
        """Return what *tokens* come to at the prices paid here."""
        worth = sum(t * w for t, w in zip(self.tokens, self.weights, strict=True))
        return Fraction(self.cost * sum(t * w for t, w in zip(tokens, self.weights, strict=True))) / worth


@dataclass(frozen=True)
class Cube:
    """The models of one period, of those who are there in both."""

    models: dict[str, Cell]
    other: int

    @cached_property
    def count(self) -> int:
        """Tokens of all classes and models."""
        return sum(cell.count for cell in self.models.values())

    @cached_property
    def cost(self) -> int:
        """What they cost, nanos."""
        return sum(cell.cost for cell in self.models.values())

    @cached_property
    def classes(self) -> list[int]:
        """Tokens of each class, all models together."""
        return [sum(column) for column in zip(*(cell.tokens for cell in self.models.values()), strict=True)]

    def share(self, model: str) -> Fraction:
        """Return the part of the tokens that is *model*'s."""
        return Fraction(self.models[model].count, self.count) if model in self.models else Fraction(0)


def cube_of(side: Side, apart: Collection[str] = ()) -> Cube:
    """Return what those used who are not *apart*, by model."""
    tokens: dict[str, list[int]] = {}
    costs: defaultdict[str, int] = defaultdict(int)
    other = 0
    for usage in side.usages:
        if usage.person in apart:
            continue
        if min(usage.tokens, default=0) < 0 or not any(usage.tokens):
            other += usage.cost
            continue
        known = tokens.setdefault(usage.model, [0] * len(usage.tokens))
        tokens[usage.model] = [a + b for a, b in zip(known, usage.tokens, strict=True)]
        costs[usage.model] += usage.cost
    return Cube({model: Cell(tuple(found), costs[model], _weights(side, model)) for model, found in tokens.items()}, other)


def _weights(side: Side, model: str) -> tuple[int, ...]:
    """Return the weights of *model*'s classes; a list that gives one away says nothing about its tokens."""
    known = side.weights.get(model, USUAL)
    return known if min(known) > 0 else USUAL


def shares_of(cube: Cube) -> Shares:
    """Return how tokens were used there."""
    if not cube.count:
        return Shares(None, None, None)
    classes = cube.classes
    entered = cube.count - classes[OUTPUT]
    main = max(sorted(cube.models), key=lambda model: cube.models[model].cost)
    return Shares(Fraction(classes[CACHE_READ], entered) if entered else None, Fraction(classes[OUTPUT], cube.count), main)

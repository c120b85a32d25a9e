"""Hints: where money lies on the table: seats without use, calls that could be batches, small calls on large models.

Each is an estimate of which no bill knows: never negative, and never more than the cost it is about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from bot.domain.consumption import OUTPUT

SEAT_UNITS = frozenset(
    f"{word}{end}" for word in ("seat", "user", "license", "licence") for end in ("", "s", "-month", "-months", " month", " months")
)
"""What vendors count seats in, lower case."""
SEAT_MONTHS = frozenset(unit for unit in SEAT_UNITS if "month" in unit)
"""Those that say how many seats there were: one for a month is one."""
REQUESTS = "Requests"
"""The unit of charges that count calls: the quantity is how many; tokens stand beside it."""
_ROUNDED = 100
"""Hundredths of a seat are told apart, in the mean of the months."""
IDLE_DAYS = 30
"""Days without use after which a seat is idle."""
SMALL_INPUT, SMALL_OUTPUT = 2_000, 500
"""Tokens of a small call, at most, in the mean of who makes them: a question and a paragraph, no document and no session of an agent."""
DEARER = 3
"""How many times as much a model has to cost at list price before another one is proposed for small calls."""

Prices = Sequence[Fraction]
"""List price of a token of each class, in any unit."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What a person's seats of a tool cost.

    Attributes:
        since: The first day of it that is known.
        cost: Nanos, less what was credited.
    """

    person: str
    provider: str
    tool: str
    since: date
    cost: int


@dataclass(frozen=True, slots=True)
class Pool:
    """Seats of a tool that are bought together: the bill does not say whose they are.

    Attributes:
        months: Seats times months, of whole months; the rounding of days is in it.
        cost: Nanos, less what was credited.
    """

    provider: str
    tool: str
    months: Fraction
    cost: int


@dataclass(frozen=True, slots=True)
class Spare:
    """Seats of a pool beyond those who use its tool.

    Attributes:
        seats: How many there are, rounded down.
        used: By how many people.
        saving: What the others cost, nanos, rounded down.
    """

    tool: str
    seats: int
    used: int
    saving: int


@dataclass(frozen=True, slots=True)
class Presence:
    """That a source shows use of a tool, other than its seats.

    Attributes:
        person: Empty where it is nobody's in person.
        last: The last day of it.
    """

    person: str
    provider: str
    tool: str
    source: str
    last: date


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What keys that stand for no person used of a model.

    Attributes:
        tokens: By class, as the ledger orders them.
        original: As billed, or estimated, in nanos of the price list's currency.
        cost: The same in nanos of the reporting currency, less what was credited.
    """

    provider: str
    model: str
    tokens: tuple[int, ...]
    original: int
    cost: int


@dataclass(frozen=True, slots=True)
class Calls:
    """What one person, or one key, asked of a model.

    Attributes:
        requests: How many times; a part of a call where days or teams share it.
        tokens: By class, as the ledger orders them.
        cost: Nanos, less what was credited.
    """

    provider: str
    model: str
    requests: Fraction
    tokens: tuple[int, ...]
    cost: int

    @property
    def are_small(self) -> bool:
        """Tell whether they are small in the mean."""
        entered = sum(self.tokens) - self.tokens[OUTPUT]
        return self.requests > 0 and entered <= SMALL_INPUT * self.requests and self.tokens[OUTPUT] <= SMALL_OUTPUT * self.requests


@dataclass(frozen=True, slots=True)
class Move:
    """Small calls that another model could have answered.

    Attributes:
        dearer, cheaper: Models of one provider.
        calls: How many, rounded.
        tokens: Of a call, in the mean, rounded.
        saving: Nanos, rounded down.
    """

    dearer: str
    cheaper: str
    calls: int
    tokens: int
    saving: int


def netted(costs: Sequence[tuple[Hashable, int]], credits_: Mapping[Hashable, int]) -> list[int]:
    """Return *costs*, each less its share of what its owner was credited, rounded down; never below nothing.

    Args:
        costs: Owner and nanos.
        credits_: By owner, nanos, negative.
    """
    gross: defaultdict[Hashable, int] = defaultdict(int)
    for owner, cost in costs:
        gross[owner] += max(cost, 0)
    return [max(cost, 0) * max(gross[owner] + min(credits_.get(owner, 0), 0), 0) // (gross[owner] or 1) for owner, cost in costs]


def idle(seats: Iterable[Seat], uses: Iterable[Presence], begin: date, joined: Mapping[str, date]) -> list[Seat]:
    """Return the seats that cost something, and of whose provider and tool their person has used nothing since *begin*; dearest first.

    Args:
        begin: Seats that are younger are not judged, nor those of people who joined later.
        joined: The first day of each person.
    """
    busy = {(use.person, of) for use in uses if use.last >= begin for of in _of(use)}

    def is_idle(seat: Seat) -> bool:
        was_there = seat.since <= begin and joined.get(seat.person, date.max) <= begin
        return seat.cost > 0 and was_there and busy.isdisjoint((seat.person, of) for of in _of(seat))

    return sorted(filter(is_idle, seats), key=lambda seat: (-seat.cost, seat.person, seat.tool))


def spare(pool: Pool, months: int, uses: Iterable[Presence], begin: date) -> Spare | None:
    """Return the seats of *pool* beyond one for everybody who has used its provider or tool since *begin*; None where there are none.

    Args:
        months: How many the pool is of.
    """
    seats = Fraction(round(pool.months / months * _ROUNDED), _ROUNDED)
    used = len({use.person for use in uses if use.last >= begin and not {*_of(use)}.isdisjoint(_of(pool))})
    others = int(seats) - used
    saving = int(pool.cost * others / seats) if others > 0 else 0
    return Spare(pool.tool or pool.provider, int(seats), used, saving) if saving > 0 else None


def _of(what: Seat | Pool | Presence) -> tuple[tuple[str, str], ...]:
    """Return what a seat and a use have in common if they belong together: the provider or the tool."""
    return ("provider", what.provider), ("tool", what.tool)


def batchable(use: KeyUse, listed: Prices, batched: Prices) -> Fraction:
    """Return what *use* would have cost less in batches, nanos.

    What was paid at the price of batches already saves nothing, and what was paid in part at it, a part. A discount on the list
    counts as if batches had none. Long calls, which cost more a token, save no larger a share than short ones.
    """
    at_list, at_batch = _at(use.tokens, listed), _at(use.tokens, batched)
    if min(use.original, use.cost) <= 0 or min(use.tokens) < 0 or at_list <= 0:
        return Fraction(0)
    share = min(1 - at_batch / at_list, 1 - at_batch / use.original)
    return use.cost * max(share, Fraction(0))


def move(calls: Iterable[Calls], known: Collection[tuple[str, str]], prices: Mapping[tuple[str, str], Prices]) -> Move | None:
    """Return the move of small calls that would have saved most, None where there is none.

    All small calls to a model go to the cheapest one of its provider, at the share of the list that was paid.

    Args:
        known: Provider and model of all that the organisation used in these days; no other is proposed.
        prices: By provider and model; those that give input or output away are no models of text.
    """
    found: defaultdict[tuple[str, str], list[Calls]] = defaultdict(list)
    for one in calls:
        if one.are_small and one.cost > 0 and min(one.tokens) >= 0:
            found[one.provider, one.model].append(one)
    moves = (_best(key, of, known, prices) for key, of in sorted(found.items()))
    return max((one for one in moves if one), key=lambda one: one.saving, default=None)


def _best(
    key: tuple[str, str], calls: Sequence[Calls], known: Collection[tuple[str, str]], prices: Mapping[tuple[str, str], Prices]
) -> Move | None:
    tokens = tuple(map(sum, zip(*(one.tokens for one in calls), strict=True)))
    others = {of: _at(tokens, prices[of]) for of in sorted(known) if of[0] == key[0] and of != key and _is_text(prices.get(of, ()))}
    if not others or not _is_text(prices.get(key, ())):
        return None
    cheaper = min(others, key=lambda of: others[of])
    now, then = _at(tokens, prices[key]), others[cheaper]
    saving = int(sum(one.cost for one in calls) * (1 - then / now)) if now > 0 else 0
    if now < DEARER * then or saving <= 0:
        return None
    requests = sum((one.requests for one in calls), Fraction(0))
    return Move(key[1], cheaper[1], round(requests), round(sum(tokens) / requests), saving)


def _is_text(prices: Prices) -> bool:
    return bool(prices) and prices[0] > 0 and prices[OUTPUT] > 0


def _at(tokens: Sequence[int], prices: Prices) -> Fraction:
    return sum((count * price for count, price in zip(tokens, prices, strict=True)), Fraction(0))

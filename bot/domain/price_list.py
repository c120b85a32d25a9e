"""Price list: whether what is paid for tokens has changed beside the vendor's list. Exact, and needs no statistics.

A discount that was agreed is the same every day: it is learnt from the days before, and only a change of it is told. What is
sometimes paid at one price and sometimes at another (batches, long calls, commitments) says nothing about a price.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bot.domain.money import NANOS_PER_UNIT

TOLERANCE = Fraction(1, 200)
"""A price that differs by less is the same."""
CENT = NANOS_PER_UNIT // 100
"""Less than this is rounding of the vendor's, not another price."""
ENOUGH = 7
"""Days that a price must have been the same before a change of it is told."""
_STEADY = TOLERANCE / 2
_MILLION = 10**6
_PLACES = 4
_TWICE = 4
"""As many rows as classes, so often, can be halved."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What tokens of one model cost on one day.

    Attributes:
        tokens: By disjoint class, as the ledger orders them.
        cost: As billed, in nanos of the list's currency; positive.
        booked: The same in nanos of the reporting currency.
        listed: Nanos of the list's currency per token of each class on that day, positive.
    """

    day: date
    tokens: tuple[int, ...]
    cost: int
    booked: int
    listed: tuple[Fraction, ...]

    @property
    def at_list(self) -> Fraction:
        """What the list says it costs."""
        return self.at(self.listed)

    def at(self, prices: Sequence[Fraction]) -> Fraction:
        """Return what the tokens come to at *prices*."""
        return sum((count * price for count, price in zip(self.tokens, prices, strict=True)), Fraction(0))

    def fits(self, ratio: Fraction, prices: Sequence[Fraction] = ()) -> bool:
        """Tell whether the cost is *ratio* of what it is at *prices* (the list's), but for rounding."""
        wanted = ratio * self.at(prices or self.listed)
        return abs(self.cost - wanted) <= max(_STEADY * wanted, Fraction(CENT))


@dataclass(frozen=True, slots=True)
class ClassPrice:
    """What a million tokens of one class costs, in the list's currency: as paid now, as the list says, and as it was before."""

    place: int
    paid: Decimal
    listed: Decimal
    before: Decimal


@dataclass(frozen=True, slots=True)
class PriceStep:
    """A price that is not what it was.

    Attributes:
        since: The first day of the new price.
        before, now: What was and is paid, as a share of the list.
        extra: What it has cost since, in nanos of the reporting currency; negative where it has become cheaper.
        classes: The classes it is about, where the bill tells them apart.
        is_listed: The list itself says so.
        declared: What somebody had written of a change planned for that day; None where nobody had.
    """

    since: date
    before: Fraction
    now: Fraction
    extra: int
    classes: tuple[ClassPrice, ...] = ()
    is_listed: bool = False
    declared: str | None = None

    @property
    def is_announced(self) -> bool:
        """Tell whether it is a reason and no alarm."""
        return self.is_listed or self.declared is not None


def off_list(days: Iterable[Paid], usual: Fraction | None = None, known_since: date | None = None) -> PriceStep | None:
    """Return the newest change of a model's price, None where it is what it was, or says nothing.

    Args:
        days: One entry a day, in any order.
        usual: What the provider's other models are paid at, as a share of the list.
        known_since: First day that was looked at; a model that began later, at another price than is *usual*, has changed it.
    """
    found = sorted((day for day in days if day.cost > 0 and day.at_list > 0), key=lambda day: day.day)
    ratio = steady(found)
    if ratio is not None:
        is_new = known_since is not None and (found[0].day - known_since).days >= ENOUGH
        if usual is not None and is_new and _differs(ratio, usual):
            return _step(found, usual, ratio)
        return _listed(found, ratio)
    for cut in range(len(found) - 1, ENOUGH - 1, -1):
        before, after = steady(found[:cut]), _settled(found[cut:])
        if before is not None and after is not None and _differs(after, before) and _weighs(found[:cut]):
            is_as_ever = all(day.fits(before, found[cut - 1].listed) for day in found[cut:])
            return None if is_as_ever else _step(found[cut:], before, after)
    return None


def steady(days: Sequence[Paid]) -> Fraction | None:
    """Return what share of the list was paid on all of *days*, None where it was not the same."""
    whole = sum((day.at_list for day in days), Fraction(0))
    if not whole:
        return None
    ratio = Fraction(sum(day.cost for day in days)) / whole
    return ratio if all(day.fits(ratio) for day in days) else None


def usual_of(models: Iterable[Sequence[Paid]]) -> Fraction | None:
    """Return what share of the list a provider's models are paid at, None where they differ or none is known long enough."""
    ratios = [ratio for days in models if len(days) >= ENOUGH and _weighs(days) and (ratio := steady(days)) is not None]
    return ratios[0] if ratios and not any(_differs(ratio, ratios[0]) for ratio in ratios) else None


def of_classes(rows: Sequence[Paid], step: PriceStep) -> tuple[ClassPrice, ...]:
    """Return the classes whose price differs from what was paid before *step*, none where *rows* do not tell them apart.

    Every row is a sum of tokens × price, so as many rows with different mixes as there are classes say what each costs. The
    answer counts only if it explains every row to the cent, if a cent of rounding in each row leaves it the same price, and if
    either half of the rows, where they are enough, gives the same: mixes that are nearly alike say nothing.
    """
    places = [place for place in range(len(rows[0].tokens) if rows else 0) if any(row.tokens[place] for row in rows)]
    if not places:
        return ()
    worth = np.array([[float(row.tokens[place] * row.listed[place]) for place in places] for row in rows])
    cost = np.array([float(row.cost) for row in rows])
    ratios = _solved(worth, cost)
    if ratios is None or not (np.abs(worth @ ratios - cost) <= np.maximum(float(_STEADY) * cost, CENT)).all():
        return ()
    halves = [_solved(worth[half::2], cost[half::2]) for half in (0, 1)] if len(rows) >= _TWICE * len(places) else []
    if any(half is None or (np.abs(half - ratios) > float(TOLERANCE)).any() for half in halves):
        return ()
    changed = [(place, Fraction(float(ratio))) for place, ratio in zip(places, ratios, strict=True)]
    return tuple(_class(place, ratio, step, rows[0]) for place, ratio in changed if _differs(ratio, step.before))


def _solved(worth: NDArray[np.float64], cost: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return what share of the list is paid for each class, None where a cent in each row would make another price of it.

    Args:
        worth: Rows × classes, what each class of a row is at the list's prices; nanos as *cost*.
    """
    if np.linalg.matrix_rank(worth, rtol=1e-9) < worth.shape[1]:
        return None
    inverse = np.linalg.pinv(worth, rcond=1e-9)
    spread = CENT * np.sqrt((inverse**2).sum(axis=1))
    found: NDArray[np.float64] = inverse @ cost
    return found if (spread <= float(TOLERANCE)).all() else None


def _class(place: int, ratio: Fraction, step: PriceStep, row: Paid) -> ClassPrice:
    listed = row.listed[place]
    return ClassPrice(place, _per_million(ratio * listed), _per_million(listed), _per_million(step.before * listed))


def _per_million(nanos: Fraction) -> Decimal:
    amount = nanos * _MILLION / NANOS_PER_UNIT
    return round(Decimal(amount.numerator) / Decimal(amount.denominator), _PLACES)


def _step(after: Sequence[Paid], before: Fraction, now: Fraction) -> PriceStep:
    extra = sum((day.booked - before * day.at_list * day.booked / day.cost for day in after), Fraction(0))
    return PriceStep(after[0].day, before, now, round(extra))


def _listed(days: Sequence[Paid], ratio: Fraction) -> PriceStep | None:
    """Return the newest change of the list itself that the bill has followed."""
    for cut in range(len(days) - 1, 0, -1):
        old, new = days[cut - 1].listed, days[cut].listed
        if old == new:
            continue
        extra = sum((day.booked - ratio * day.at(old) * day.booked / day.cost for day in days[cut:]), Fraction(0))
        places = [place for place, price in enumerate(new) if price != old[place] and any(day.tokens[place] for day in days[cut:])]
        classes = tuple(
            ClassPrice(place, _per_million(ratio * new[place]), _per_million(new[place]), _per_million(ratio * old[place]))
            for place in places
        )
        return PriceStep(days[cut].day, ratio, ratio, round(extra), classes, is_listed=True) if classes else None
    return None


def _settled(days: Sequence[Paid]) -> Fraction | None:
    """Return what share of the list is paid on *days*; on the first of several it may have changed in the course of the day."""
    found = steady(days)
    return found if found is not None or len(days) == 1 else steady(days[1:])


def _weighs(days: Sequence[Paid]) -> bool:
    """Tell whether enough of *days* cost enough to say something about a price."""
    return sum(1 for day in days if day.cost >= NANOS_PER_UNIT) >= ENOUGH


def _differs(one: Fraction, other: Fraction) -> bool:
    return abs(one - other) > TOLERANCE * other

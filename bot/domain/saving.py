"""Savings: what a period's use would have cost with the habits of the one before; estimates, of which no bill knows."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from bot.domain.consumption import CACHE_READ, OUTPUT, USUAL, Cell, Side, cube_of, shares_of

INPUT = 0
"""Place of uncached input among the token classes."""


class Habit(StrEnum):
    """What could be as it was before."""

    CACHING = "caching"
    MODEL = "model"


def savings(before: Side, after: Side) -> dict[Habit, int]:
    """Return what would have been saved, nanos, rounded down; a habit that would have saved nothing is not there.

    Person by person, at the prices that each paid: as large a part of the input read from the cache as before; the tokens that have
    moved to models of a larger share than before, on those of a smaller one. Both are taken alone, so they must not be added up.
    People without use before, and those who do better now, save nothing.
    """
    found = dict.fromkeys(Habit, Fraction(0))
    old = before.each()
    for person, side in after.each().items():
        if person in old:
            found[Habit.CACHING] += _caching(old[person], side)
            found[Habit.MODEL] += _model(old[person], side)
    return {habit: int(saved) for habit, saved in found.items() if saved >= 1}


def _caching(before: Side, after: Side) -> Fraction:
    share = shares_of(cube_of(before)).cached or Fraction(0)
    return sum((_more_cached(cell, share) for cell in cube_of(after).models.values()), Fraction(0))


def _more_cached(cell: Cell, share: Fraction) -> Fraction:
    """Return what *cell* would have saved with *share* of its input read from the cache."""
    entered = cell.count - cell.tokens[OUTPUT]
    missed = min(max(share * entered - cell.tokens[CACHE_READ], Fraction(0)), Fraction(cell.tokens[INPUT]))
    return max(missed * (_price(cell, INPUT) - _price(cell, CACHE_READ)), Fraction(0))


def _price(cell: Cell, place: int) -> Fraction:
    """Return what was paid for a token of the class at *place*."""
    return cell.price_of([int(number == place) for number in range(len(USUAL))])


def _model(before: Side, after: Side) -> Fraction:
    """Return what the tokens cost more by which models have grown than on those that have shrunk, each with its own classes."""
    old, new = cube_of(before), cube_of(after)
    if not old.count or not new.count:
        return Fraction(0)
    cells = {**old.models, **new.models}
    moved = {name: new.share(name) - old.share(name) for name in cells}
    all_of_it = sum((by for by in moved.values() if by > 0), Fraction(0))
    more = Fraction(0)
    for name, by in moved.items():
        if by > 0:
            cell = new.models[name]
            others = (-less / all_of_it * max(cells[other].price_of(cell.tokens), Fraction(0)) for other, less in moved.items() if less < 0)
            more += by / new.share(name) * (cell.cost - sum(others, Fraction(0)))
    return max(more, Fraction(0))

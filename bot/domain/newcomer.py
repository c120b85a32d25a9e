"""Newcomers: people, keys and models that were not there before and matter at once. A rule, no statistics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.domain.almanac import Whole
from bot.domain.baseline import Series

NEW_DAYS = 30
SHARE = 0.10
KNOWN_DAYS = 14
_RATE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody or something new.

    Attributes:
        index: Row of the costs it was found in.
        first, matters: Columns: when it was first seen, and since when it costs enough.
    """

    index: int
    first: int
    matters: int


def newcomers(cost: Series, team: Series, start: int, floor: float) -> list[Newcomer]:
    """Return what began to matter on a day from *start* on, within `NEW_DAYS` of its first.

    It matters from the day on which it cost, a day since its first (of the last week), at least *floor* and `SHARE` of
    its team. In a team younger than `KNOWN_DAYS` nothing is new.

    Args:
        cost: Newcomers to be × days, NaN where not final.
        team: The cost of the team of each, same shape.
    """
    known = np.nan_to_num(cost)
    first, team_first = _first(known), _first(np.nan_to_num(team))
    young = (first >= start - NEW_DAYS) & (first < cost.shape[1]) & (first - team_first >= KNOWN_DAYS)
    found = ((int(i), int(first[i]), _matters(cost[i], team[i], int(first[i]), floor)) for i in np.flatnonzero(young))
    return [Newcomer(i, begun, day) for i, begun, day in found if day is not None and day >= start]


def _first(cost: Series) -> Whole:
    used = cost > 0
    found: Whole = np.where(used.any(axis=1), used.argmax(axis=1), cost.shape[1])
    return found


def _matters(cost: Series, team: Series, first: int, floor: float) -> int | None:
    """Return the first day on which one newcomer costs enough."""
    for day in range(first, min(first + NEW_DAYS, len(cost))):
        week = slice(max(first, day + 1 - _RATE_DAYS), day + 1)
        final = np.isfinite(cost[week])
        if final[-1] and cost[week][final].mean() >= max(floor, SHARE * np.nan_to_num(team[week][final]).mean()):
            return day
    return None

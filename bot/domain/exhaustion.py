"""Exhaustion: on which day a budget will have run out, in which range, and how probable it is before its period ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from bot.domain import score
from bot.domain.case import LEAST_DAYS, Case
from bot.domain.dayfactor import Flags, Indices, Series
from bot.domain.outlook import Terms
from bot.domain.path import path

NEVER = -1
_LOW, _MIDDLE, _HIGH = 0.1, 0.5, 0.9


@dataclass(frozen=True)
class Exhaustion:
    """When budgets run out, by series.

    Attributes:
        last: The last complete day.
        probability: That it happens before the period ends; NaN where there is not enough history.
        middle: Days from *last* to the day on which it has happened with probability one half; 0 where it has happened, `NEVER` where it
            does not before the end.
        early: The same with probability 10 %: the early end of the 80 % range.
        late: The same with probability 90 %: the late end.
    """

    last: date
    probability: Series
    middle: Indices
    early: Indices
    late: Indices

    def day(self, days: int) -> date | None:
        """Return the day that lies *days* after the last complete one; None for `NEVER`."""
        return None if days == NEVER else self.last + timedelta(days=days)


def exhaustion(history: Series, last: date, end: date, limits: Series, terms: Terms | None = None) -> Exhaustion:
    """Return when each series will have cost its limit.

    Args:
        history: As for `forecast.outlook`.
        last: The last complete day.
        end: The day after the period.
        limits: By series, in units.
        terms: The period's start, holidays, open days, planned changes.
    """
    case = Case(history, last, end, terms or Terms())
    likely = _likely(case, limits)
    enough = case.panel.known >= LEAST_DAYS
    early, middle, late = (_first(likely, share, enough) for share in (_LOW, _MIDDLE, _HIGH))
    probability = np.where(enough, likely[:, -1], np.nan)
    return Exhaustion(last, probability, middle, early, late)


def _likely(case: Case, limits: Series) -> Series:
    """Return the probability that it has happened by each day: series × days, the first column *last* itself."""
    now = (case.to_date >= limits).astype(float)[:, None]
    if not case.days:
        return now
    found = path(case.panel, case.days, grown=case.grown)
    weight, certain = case.by_day(found.daily)
    told = case.to_date[:, None] + np.cumsum(certain, axis=1)
    rest = np.cumsum(found.daily * weight, axis=1)
    left = np.maximum(limits[:, None] - told, 0.0)
    offset = found.offset()
    offset = np.where(offset > 0, offset, 1.0)
    z = np.log((left + offset) / (rest + offset)) / found.spread()
    over = np.where(told >= limits[:, None], 1.0, np.where(rest > 0, score.share_above(found.scores, z), 0.0))
    return np.maximum.accumulate(np.concatenate([now, over], axis=1), axis=1)


def _first(likely: Series, share: float, enough: Flags) -> Indices:
    reached = likely >= share
    found: Indices = np.where(reached.any(axis=1) & enough, reached.argmax(axis=1), NEVER)
    return found

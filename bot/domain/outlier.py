"""Outliers: people who on one day cost far more than they, or people like them, ever do; with the share of false ones held down.

Facts: forecast.md 7.3 and 4; Y. Benjamini, Y. Hochberg 1995, "Controlling the False Discovery Rate", JRSS B 57:1.
"""

from __future__ import annotations

import numpy as np

from bot.domain.almanac import Flags
from bot.domain.baseline import Series
from bot.domain.planned import Changes
from bot.domain.rank import ordered, rank
from bot.domain.turn import Turns

RATE = 0.025
"""Of false discoveries; the tail is heavier than assumed, so that about three in four alarms are true."""
_SPAN = 90
_TAIL = 0.9
LEAST_ACTIVE = 10
"""Active days before somebody is compared with themselves."""
_PEERS = 9.0
_ACTIVE_SHARE = 0.004
_FIRST_SCALE = 0.5
_MOST_BEYOND = 0.8
"""In logs; what lies further out teaches nothing about the tail."""
_ALIKE = 10.0
"""A day is like the one before: two rare days in a row are so much less rare than two apart."""
_USUAL_EXCESS = 4.0
"""Excess that needs the usual proof, in floors; more needs less, by its root, within `_BOUNDS`."""
_BOUNDS = (0.05, 20.0)


def outliers(
    cost: Series, start: int, floor: float, rate: float = RATE, changes: Changes | None = None, turns: Turns | None = None
) -> tuple[Flags, Series]:
    """Return which people stand out on which of the days from *start* on, and what they cost beyond their usual high.

    A dear day counts by itself or together with the day before it, whichever is the less probable; and the more it costs the
    less proof it needs.

    Args:
        cost: Days × people; NaN where not final. All people of one company: they are one another's peers.
        floor: Least excess worth a word, units of currency.
        rate: False discoveries among all, wanted per day.
        changes: What was planned of each one's team: one person may be all of it, and only what goes beyond it stands out.
        turns: What their days at turns of the month usually are: whoever is dear at each one is held against that. None for no such
            knowledge.
    """
    found = np.zeros(cost[start:].shape, dtype=np.bool_)
    excess = np.zeros(cost[start:].shape)
    before = np.ones(cost.shape[1]), np.zeros(cost.shape[1])
    for day in range(max(start - 1, 0), len(cost)):
        planned = changes.allowance(day) if changes else None
        today = planned.without(cost[day]) if planned else cost[day]
        chance, high = _chances(cost, day, today, floor * _ACTIVE_SHARE, turns.lift(day) if turns else None)
        over = np.nan_to_num(cost[day] - (planned.of(high) if planned else high))
        if day >= start:
            excess[day - start] = over
            proof = _proof(chance, over, before, floor)
            found[day - start] = discoveries(proof, rate) & (over >= floor)
        before = np.nan_to_num(chance, nan=1.0), np.maximum(over, 0.0)
    return found, excess


def _proof(chance: Series, over: Series, before: tuple[Series, Series], floor: float) -> Series:
    """Return *chance*, or that of this day and the one *before* it, beside what the excess is worth.

    That the product of two chances is at most x has the chance x (1 - ln x).
    """
    both = np.maximum(np.nan_to_num(chance, nan=1.0) * before[0], np.finfo(float).tiny)
    both = np.where(np.maximum(chance, before[0]) < 1 - _TAIL, both * (1 - np.log(both)) * _ALIKE, 1.0)
    is_pair = both < chance
    worth = np.where(is_pair, over + before[1], over) / (_USUAL_EXCESS * floor)
    found: Series = np.where(is_pair, both, chance) / np.sqrt(np.clip(worth, *_BOUNDS))
    return found


def discoveries(chance: Series, rate: float) -> Flags:
    """Return which of the p-values *chance* are discoveries at *rate* (Benjamini and Hochberg); NaN takes no part."""
    known = np.isfinite(chance)
    ascending = np.sort(chance[known])
    passes = np.flatnonzero(ascending <= rate * np.arange(1, len(ascending) + 1) / max(len(ascending), 1))
    if not len(passes):
        return np.zeros(chance.shape, dtype=np.bool_)
    found: Flags = known & (np.nan_to_num(chance, nan=np.inf) <= ascending[passes[-1]])
    return found


def _chances(cost: Series, day: int, today: Series, least: float, lift: Series | None) -> tuple[Series, Series]:
    """Return how probable a day at least as dear as *today* was, for those active on it, and each one's 90th percentile.

    Args:
        lift: What multiple of their other dear days such a day usually reaches; None where it is a day like others.
    """
    window = cost[max(day - _SPAN, 0) : day]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(window >= least, np.log(window), np.nan)
        now = np.where(today >= least, np.log(today), np.nan)
    high, scale = _tails(logs)
    high = high if lift is None else high + np.log(lift)
    chance = (1 - _TAIL) * np.exp(-(now - high) / scale)
    return np.where(now > high, chance, np.where(np.isfinite(now) & np.isfinite(high), 1.0, np.nan)), np.exp(high)


def _tails(logs: Series) -> tuple[Series, Series]:
    """Return where each person's tail begins and how slowly it falls; for newcomers where that of a high peer does."""
    values, count = ordered(logs)
    own = rank(values, count, _TAIL)
    beyond = np.nan_to_num(np.clip(values - own, 0.0, _MOST_BEYOND))
    total, times = beyond.sum(axis=0), (beyond > 0).sum(axis=0)
    settled = count >= LEAST_ACTIVE
    pooled = float(total[settled].sum() / times[settled].sum()) if times[settled].sum() else _FIRST_SCALE
    scale = (total + _PEERS * pooled) / (times + _PEERS)
    peer = float(np.quantile(own[settled], _TAIL)) if settled.any() else np.nan
    return np.where(settled, own, peer), np.where(settled, scale, pooled)

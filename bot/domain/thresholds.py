"""Thresholds: from which score on a surprise is told, fitted to how many false alarms people put up with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.domain.almanac import Flags, Whole
from bot.domain.baseline import Series
from bot.domain.surprise import Surprises

MERGE = 7
"""Days without an alarm after which an episode is over."""
_QUARTER = 365.25 / 4
_SHARES = (0.72, 0.32, 0.16)
"""Of the budget, for spike, drift and price; they overlap. Of the latter less than in the facts: they find as much, and spikes more."""
_EVENNESS = (0.6, 1.3)
_RECENT = 120
_PRIOR_QUARTERS = 20.0
_STEPS = 16
_OWN = 0.1
"""How much a rhythm's own threshold counts beside that of all: bursty series would need so high a one that nothing of them was found."""
_HIGHEST = 60.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores from which on a day is told.

    Attributes:
        steady, uneven, bursty: Of spike, drift and price, by how the days of a series differ among themselves.
    """

    steady: tuple[float, float, float]
    uneven: tuple[float, float, float]
    bursty: tuple[float, float, float]

    def of(self, rhythms: Whole) -> Series:
        """Return channels × series."""
        table = np.array([self.steady, self.uneven, self.bursty])
        return table[rhythms].T


USUAL = Thresholds((3.5, 1.7, 1.55), (3.6, 1.7, 1.55), (3.8, 1.8, 1.55))
"""Until a history is long enough to be replayed; fitted on seeds 1-6 of the synthetic companies."""


def rhythms(cost: Series) -> Whole:
    """Return for each series whether its days are steady (0), uneven (1) or bursty (2), by their coefficient of variation."""
    recent = np.nan_to_num(cost[-_RECENT:])
    mean = recent.mean(axis=0)
    unevenness = np.divide(recent.std(axis=0), mean, out=np.zeros_like(mean), where=mean > 0)
    found: Whole = np.digitize(unevenness, _EVENNESS).astype(np.int64)
    return found


def alarms(scored: Surprises, thresholds: Series) -> Flags:
    """Return channels × days × series."""
    scores = np.stack([scored.spike, scored.drift, scored.price])
    found: Flags = scores > thresholds[:, None, :]
    return found


def fit(scored: Surprises, kinds: Whole, budget_per_quarter: float) -> Thresholds:
    """Return the thresholds that would have told *budget_per_quarter* episodes per series and quarter in what is replayed.

    Each rhythm is fitted by itself and drawn most of the way to all of them together; then all thresholds are moved by one
    factor until the channels together keep to the budget. A short replay is drawn towards `USUAL`.
    """
    if budget_per_quarter <= 0:
        raise ValueError(f"a budget of {budget_per_quarter} false alarms leaves nothing to tell; it must be above 0")
    scores = [scored.spike, scored.drift, scored.price]
    together = np.array([_cut(score, budget_per_quarter * share) for score, share in zip(scores, _SHARES, strict=True)])
    table = np.tile(together, (3, 1))
    for kind in np.unique(kinds):
        own = [_cut(score[:, kinds == kind], budget_per_quarter * share) for score, share in zip(scores, _SHARES, strict=True)]
        table[kind] = together ** (1 - _OWN) * np.array(own) ** _OWN
    table = table * _factor(scored, table[kinds].T, budget_per_quarter)
    weight = _quarters(scored.spike) / (_quarters(scored.spike) + _PRIOR_QUARTERS)
    usual = np.array([USUAL.steady, USUAL.uneven, USUAL.bursty])
    blended = np.maximum(table, 0.1) ** weight * usual ** (1 - weight)
    steady, uneven, bursty = (tuple(float(value) for value in row) for row in blended)
    return Thresholds((steady[0], steady[1], steady[2]), (uneven[0], uneven[1], uneven[2]), (bursty[0], bursty[1], bursty[2]))


def episodes(told: Flags) -> Whole:
    """Return how many episodes each series has: days × series; alarms at most `MERGE` days apart are one."""
    count, last = np.zeros(told.shape[1], dtype=np.int64), np.full(told.shape[1], -MERGE - 1)
    for day, row in enumerate(told):
        count += row & (day - last > MERGE)
        last = np.where(row, day, last)
    return count


def _quarters(scores: Series) -> float:
    return float(scores.shape[0] * scores.shape[1] / _QUARTER)


def _cut(scores: Series, budget: float) -> float:
    """Return the lowest threshold that keeps one channel to its budget."""
    low, high = 0.0, _HIGHEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if episodes(scores > middle).sum() > budget * _quarters(scores):
            low = middle
        else:
            high = middle
    return high


def _factor(scored: Surprises, thresholds: Series, budget: float) -> float:
    low, high = 0.25, 4.0
    for _ in range(_STEPS):
        middle = float(np.sqrt(low * high))
        told: Flags = np.any(alarms(scored, thresholds * middle), axis=0, keepdims=True)[0]
        if episodes(told).sum() > budget * _quarters(scored.spike):
            low = middle
        else:
            high = middle
    return high

"""Scores: how far past expectations were off, in units of their own spread; what a range is read from."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np

from bot.domain.dayfactor import Series

PRIOR = {0.025: -2.74, 0.1: -1.48, 0.9: 1.55, 0.975: 2.71}
"""Quantiles of the scores of 43,715 synthetic month ends."""
_PRIOR_SIZE = 60


@cache
def prior() -> Series:
    """Return the pseudo-scores that stand for `PRIOR`: straight lines through its points on normal paper."""
    normal = NormalDist()
    at = np.array([normal.inv_cdf((i + 0.5) / _PRIOR_SIZE) for i in range(_PRIOR_SIZE)])
    known = np.array([normal.inv_cdf(share) for share in PRIOR])
    values = np.array(list(PRIOR.values()))
    found: Series = np.interp(at, known, values)
    for edge, inner, beyond in ((0, 1, at < known[0]), (-1, -2, at > known[-1])):
        slope = (values[edge] - values[inner]) / (known[edge] - known[inner])
        found[beyond] = values[edge] + slope * (at[beyond] - known[edge])
    return found


def scores(actual: Series, expected: Series, offset: Series, spread: Series) -> Series:
    """Return the log error of each expectation, beside its spread."""
    usual = expected + offset
    ratio = np.divide(actual + offset, usual, out=np.ones_like(usual), where=usual > 0)
    found: Series = np.log(np.maximum(ratio, np.finfo(float).tiny)) / spread
    return found


def pool(*found: Series) -> Series:
    """Return the scores together with the prior, ascending."""
    return np.sort(np.concatenate([prior(), *found]))


def quantile(pooled: Series, share: float) -> float:
    """Return the score that *share* of the scores stay below; not above 0 below the middle, not below 0 above it."""
    found = float(np.quantile(pooled, share))
    return min(found, 0.0) if share < 0.5 else max(found, 0.0)  # noqa: PLR2004 - the middle


def share_above(pooled: Series, score: Series) -> Series:
    """Return what share of the scores lie above each *score*, between one of them and all but one."""
    size = len(pooled)
    place = np.interp(score, pooled, (np.arange(size) + 0.5) / size)
    return 1.0 - place

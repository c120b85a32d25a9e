"""Lesson: what forecasts of the same day of earlier months got wrong in common, and what of it is put right in the next one.

A forecast is off in a common way where, say, what the newest days show comes true more often than the combination believed. That is
a regression of the scores on how far each candidate stood from the combination, both in units of the spread, so that a series which
is told well is hardly moved. It starts from what synthetic organisations showed, and learns from the months of the batch itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.domain import score
from bot.domain.dayfactor import Series

PRIOR = (0.0, 0.27, -0.39, -0.45, 0.35, -0.23, 0.05, -0.05)
"""The constant and the weight of each candidate; fitted on seeds 1-10 and 14-20 of the synthetic generator, kept from day 5 to 25."""
_TRUST = 400.0
"""Scores that the prior is worth."""
_MOST = 0.6
"""A forecast is moved by at most this many spreads."""
_FURTHEST, _WORST = 2.0, 3.0
_STEPS, _SMALL = 4, 0.3


@dataclass(frozen=True)
class Lesson:
    """What one replayed forecast told.

    Attributes:
        scores: Of series, before anything was put right.
        signs: Series × (1 + candidates), as `signs` returns them.
    """

    scores: Series
    signs: Series


def signs(candidates: Series, combined: Series, spread: Series) -> Series:
    """Return a constant and how far each candidate stands from the combination, in spreads: series × (1 + candidates).

    Args:
        candidates: Logs, candidates × series.
        combined: Logs, by series.
        spread: Of the log error, by series.
    """
    apart = np.clip((candidates - combined) / spread, -_FURTHEST, _FURTHEST)
    return np.concatenate([np.ones((1, len(combined))), apart]).T


def shift(of: Series, weights: Series) -> Series:
    """Return by how many spreads forecasts with these signs are moved."""
    found: Series = np.clip(of @ weights, -_MOST, _MOST)
    return found


def learned(lessons: Sequence[Lesson]) -> Series:
    """Return the weights that make the absolute errors of the past smallest, drawn to `PRIOR`."""
    weights = np.array(PRIOR)
    if not lessons:
        return weights
    told = np.clip(np.concatenate([lesson.scores for lesson in lessons]), -_WORST, _WORST)
    of = np.concatenate([lesson.signs for lesson in lessons])
    start, pull = weights.copy(), _TRUST * np.eye(len(weights))
    for _ in range(_STEPS):  # least absolute errors, by weighted squares
        weight = 1.0 / np.maximum(np.abs(told - of @ weights), _SMALL)
        weighted = of * weight[:, None]
        weights = start + np.linalg.solve(of.T @ weighted + pull, weighted.T @ (told - of @ start))
    return weights


def remaining(lessons: Sequence[Lesson], weights: Series) -> Series:
    """Return the scores that are left when the past is put right too; ascending, with the prior."""
    return score.pool(*(lesson.scores - shift(lesson.signs, weights) for lesson in lessons))

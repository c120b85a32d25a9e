"""Ranks: medians and other quantiles of columns in which some values are missing, by the nearest rank below."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def ordered(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return each column ascending, what is missing (NaN) last, and how many values each has."""
    return np.sort(values, axis=0), np.isfinite(values).sum(axis=0)


def rank(ascending: NDArray[np.float64], count: NDArray[np.int64], share: float) -> NDArray[np.float64]:
    """Return the quantile *share* of each column, NaN where it has no value.

    Args:
        ascending, count: From `ordered`.
    """
    if not len(ascending):
        return np.full(ascending.shape[1], np.nan)
    rows = np.floor(np.maximum(count - 1, 0) * share).astype(np.int64)
    found: NDArray[np.float64] = np.take_along_axis(ascending, rows[None, :], axis=0)[0]
    return found

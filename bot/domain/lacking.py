"""Lacking: what of the open days of a series is still to come, beside what usually lacks of its sources; numpy only.

A source may state one subject at once and another days later. Whose open days all stand where they usually end is not taken for late.
"""

from __future__ import annotations

import numpy as np

from bot.domain.completeness import WHOLE
from bot.domain.dayfactor import Flags, Series

STANDS = 0.9
"""Of what is expected of an open day; a series that has it, in the median of its open days, stands at its level."""
_NO_CHANCE = 0.75
"""What must lack of a day, times the root of the number of days, so that to stand there is no chance."""


def stands(shares: Series, opened: Series, expected: Series) -> Flags:
    """Tell which series stand at their level although much of their open days should lack.

    Args:
        shares: Series × open days: what is usually there by now, 0 to 1; NaN: not known.
        opened: What they have cost so far.
        expected: What they are expected to cost in the end.
    """
    counts = (shares < WHOLE) & (expected > 0)
    there = _median(np.divide(opened, expected, out=np.zeros_like(expected), where=counts), counts)
    lacks = _median(1.0 - shares, counts)
    found: Flags = (there >= STANDS) & (lacks * np.sqrt(counts.sum(axis=1)) >= _NO_CHANCE)
    return found


def lacking(shares: Series, at_level: Flags) -> Series:
    """Return the share of each open day that is still to come: all where nothing is known, none of those that stand at their level."""
    is_known = np.isfinite(shares)
    lacks: Series = np.where(is_known, 1.0 - np.clip(shares, 0.0, 1.0), 1.0)
    return np.where(is_known & at_level[:, None], 0.0, lacks)


def _median(values: Series, counts: Flags) -> Series:
    """Return the median of what counts, by row; 0 where nothing does."""
    found, some = np.zeros(len(values)), counts.any(axis=1)
    if some.any():
        found[some] = np.nanmedian(np.where(counts, values, np.nan)[some], axis=1)
    return found

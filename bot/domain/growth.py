"""Growth: how much more the days ahead of a sum cost, where it has grown steadily.

A year's sum without a trend is too low where the use of AI spreads: many small series that grow add up to one that surely does. What
a sum has grown by is carried on and fades; of one team or person nothing is, as theirs comes and goes.
"""

from __future__ import annotations

import numpy as np

from bot.domain.dayfactor import Indices, Series

_WEEK = 7
_WEEKS, _LATELY, _LEAST_WEEKS = 52, 13, 8
_MOST = 0.004
"""Log growth a day, at most, up and down."""
_FADES = 0.99
"""What is left of it from one day to the next: half after ten weeks."""
_DOUBT = 60.0
"""Squared standard errors that a slope has to be away from none, for half of it to be believed: weeks hang together."""


def slopes(costs: Series, begins: Indices) -> Series:
    """Return by how much the log of each series grows a day, as far as it is believed; 0 for less than eight weeks, or one without cost.

    Args:
        costs: Series × days, the last column the last complete day.
        begins: By series the first day with cost.
    """
    return np.array([_lasting(row[max(0, int(begin)) :]) for row, begin in zip(costs, begins, strict=True)])


def curve(slope: Series, days: int) -> Series:
    """Return by how much each day ahead is multiplied: series × days."""
    lasting = np.cumsum(_FADES ** np.arange(1, days + 1))
    found: Series = np.exp(slope[:, None] * lasting)
    return found


def _lasting(days: Series) -> float:
    """Return what is believed of the year's slope, at most the last quarter's: a rise that is over is none; 0 where they disagree."""
    (whole, error), (lately, _) = _line(days, _WEEKS), _line(days, _LATELY)
    if whole * lately <= 0:
        return 0.0
    believed = whole**3 / (whole**2 + _DOUBT * error)
    return float(np.clip(min(believed, lately, key=abs), -_MOST, _MOST))


def _line(days: Series, most: int) -> tuple[float, float]:
    """Return the slope of a line through the logs of at most so many last weeks, a day, and its squared standard error; 0 for too few."""
    count = min(len(days) // _WEEK, most)
    weeks = days[len(days) - count * _WEEK :].reshape(count, _WEEK).sum(axis=1)
    if count < _LEAST_WEEKS or not (weeks > 0).all():
        return 0.0, 0.0
    logs = np.log(weeks)
    time = _WEEK * (np.arange(count) - (count - 1) / 2)
    slope = float(time @ logs / (time @ time))
    around = logs - logs.mean() - slope * time
    error = float(around @ around) / (count - 2) / float(time @ time)
    return slope, error

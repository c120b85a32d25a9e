"""Combination: several candidates made one expectation, each weighing as much as it was right lately, and how far off that was."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bot.domain import lesson
from bot.domain.dayfactor import Series, learned
from bot.domain.level import CANDIDATES, Levels, Panel, is_known

WINDOWS, APART = 12, 10
"""Past windows that candidates are tried on, and the days between their ends."""
LEAST_BEFORE = 14
"""Days a series must have had before a window, for the window to count."""
FULL = 42
"""Days of a series from which its own errors are used; before, the median of the candidates."""
OFFSET = 0.02
"""Share of the usual cost added before logarithms are taken, so that nothing is no infinity."""
_POWER = 4.0
_OWN_ERROR, _OWN_SPREAD = 6.0, 10.0
_LEAST_WINDOWS = 4
_LEAST_ERROR, _LEAST_SPREAD = 0.002, 0.004
PRIOR_ERRORS = (0.31, 0.27, 0.26, 0.29, 0.32, 0.26, 0.27)
"""Usual absolute log error of each candidate, the mean over seeds 1-6 of the synthetic generator."""
PRIOR_LINE = (-1.03, 0.76)
"""Intercept and slope of the log spread by the log coefficient of variation, from there too."""
_PRIOR_SERIES = 15.0


@dataclass(frozen=True)
class Pooled:
    """What the series of one batch know together.

    Attributes:
        errors: The usual absolute log error of each candidate.
        line: Intercept and slope of the log spread by the log coefficient of variation.
    """

    errors: Series
    line: tuple[float, float]


NOTHING = Pooled(np.array(PRIOR_ERRORS), PRIOR_LINE)
"""What is usual elsewhere."""


@dataclass(frozen=True)
class Expectation:
    """What a number of days ahead will cost, by series.

    Attributes:
        rest: Units of currency; NaN never.
        offset: Added before logarithms are taken.
        spread: Of the log error.
        usual: Usual days the days ahead are worth, series × days.
        pooled: What was learned together.
        signs: Where the candidates stood, see `lesson`; zero for a series whose own errors are not known.
    """

    rest: Series
    offset: Series
    spread: Series
    usual: Series
    pooled: Pooled
    signs: Series

    @property
    def daily(self) -> Series:
        """What is expected of each day ahead, series × days."""
        whole = self.usual.sum(axis=1, keepdims=True)
        found: Series = np.divide(self.usual * self.rest[:, None], whole, out=np.zeros_like(self.usual), where=whole > 0)
        return found

    def corrected(self, weights: Series) -> Expectation:
        """Return the expectation with what earlier ones got wrong in common put right."""
        moved = np.exp(lesson.shift(self.signs, weights) * self.spread)
        return replace(self, rest=np.maximum((self.rest + self.offset) * moved - self.offset, 0.0))


def combine(panel: Panel, days: int, pooled: Pooled | None = None) -> Expectation:
    """Return what the next *days* days will cost.

    Args:
        pooled: What other series have taught; None: these learn from one another.
    """
    levels = Levels(panel, learned(panel.costs, panel.begins, panel.days))
    offset = _offset(panel, days)
    errors = _tried(panel, levels, days, offset)
    own, number = _mean_absolute(errors)
    usual_errors = pooled.errors if pooled else _usual_errors(own, number)
    weights = _weights(own, usual_errors, number)
    spread, line = _spread(panel, np.einsum("kn,wkn->wn", weights, errors), pooled.line if pooled else None)
    ahead = np.log(levels.ahead(panel.size, days) + offset)
    is_young = panel.size - panel.begins < FULL
    logs = np.where(is_young, np.median(ahead, axis=0), (weights * ahead).sum(axis=0))
    usual = levels.usual(panel.size, days)
    rest = _bounded(panel, np.maximum(np.exp(logs) - offset, 0.0), usual)
    tells = ~is_young & (panel.pace() > 0)
    signs = lesson.signs(ahead, logs, spread) * tells[:, None]
    return Expectation(rest, offset, spread, usual, Pooled(usual_errors, line), signs)


def _weights(own: Series, usual: Series, number: Series) -> Series:
    """Return what each candidate weighs, candidates × series; they add up to one."""
    weights = _shrunk(own, usual[:, None], number, _OWN_ERROR) ** -_POWER
    found: Series = weights / weights.sum(axis=0)
    return found


def _offset(panel: Panel, days: int) -> Series:
    """Return `OFFSET` of the usual cost; of a tenth of the mean where a series sleeps, 1 where it never cost anything."""
    mean = panel.costs.sum(axis=1) / np.maximum(panel.size - panel.begins, 1)
    found = OFFSET * days * np.maximum(panel.pace(), mean / 10)
    some: Series = np.where(found > 0, found, 1.0)
    return some


def _bounded(panel: Panel, rest: Series, usual: Series) -> Series:
    found: Series = np.minimum(rest, 3.0 * panel.pace() * np.maximum(usual.sum(axis=1), usual.shape[1]))
    return found


def _tried(panel: Panel, levels: Levels, days: int, offset: Series) -> Series:
    """Return the log errors of each candidate in past windows of *days* days: windows × candidates × series, NaN where not known."""
    starts = [at for at in (panel.size - days - APART * n for n in range(WINDOWS)) if at >= LEAST_BEFORE]
    found = np.full((len(starts), CANDIDATES, len(panel.costs)), np.nan)
    for row, at in enumerate(starts):
        known = is_known(panel, at, LEAST_BEFORE)
        error = np.log((levels.actual(at, days) + offset) / (levels.ahead(at, days) + offset))
        found[row] = np.where(known, error, np.nan)
    return found


def _mean_absolute(errors: Series) -> tuple[Series, Series]:
    """Return the mean absolute error by candidate and series, and of how many windows; 0 of none."""
    known = np.isfinite(errors)
    number = known.sum(axis=0)
    total = np.where(known, np.abs(errors), 0.0).sum(axis=0)
    return total / np.maximum(number, 1), number


def _usual_errors(own: Series, number: Series) -> Series:
    """Return the median over series of each candidate's error, drawn to what is usual elsewhere where there are few series."""
    prior = np.array(PRIOR_ERRORS)
    known = (number[0] > 0) & (own.max(axis=0) > 0)
    if not known.any():
        return prior
    middle = np.median(np.maximum(own[:, known], _LEAST_ERROR), axis=1)
    share = known.sum() / (known.sum() + _PRIOR_SERIES)
    level = np.exp(np.mean(np.log(middle / prior)))  # only how the candidates compare comes from elsewhere
    found: Series = np.exp(share * np.log(middle) + (1 - share) * np.log(prior * level))
    return found


def _shrunk(own: Series, usual: Series, number: Series, weight: float) -> Series:
    share = number / (number + weight)
    found: Series = np.exp(share * np.log(np.maximum(own, _LEAST_ERROR)) + (1 - share) * np.log(usual))
    return found


def _spread(panel: Panel, errors: Series, line: tuple[float, float] | None) -> tuple[Series, tuple[float, float]]:
    """Return the spread of each series' log errors, and the line it was drawn to."""
    known = np.isfinite(errors)
    number = known.sum(axis=0)
    own = np.sqrt(np.where(known, errors**2, 0.0).sum(axis=0) / np.maximum(number, 1))
    varies = variation(panel)
    line = line or _fitted(varies, own, number)
    usual = np.exp(line[0] + line[1] * np.log(varies))
    share = number / (number + _OWN_SPREAD)
    found = np.exp(share * np.log(np.maximum(own, _LEAST_SPREAD)) + (1 - share) * np.log(usual))
    return found, line


def variation(panel: Panel) -> Series:
    """Return the coefficient of variation of the last eight weeks, between 0.02 and 8."""
    recent = panel.costs[:, -56:]
    mean, spread = recent.mean(axis=1), recent.std(axis=1)
    found = np.divide(spread, mean, out=np.full(len(mean), 2.0), where=mean > 0)
    clipped: Series = np.clip(found, 0.02, 8.0)
    return clipped


def _fitted(varies: Series, own: Series, number: Series) -> tuple[float, float]:
    """Return the least-squares line of log spread by log variation, drawn to the prior line where there are few series."""
    known = (number >= _LEAST_WINDOWS) & (own > _LEAST_SPREAD)
    x, y = np.log(varies[known]), np.log(own[known])
    a, b = PRIOR_LINE
    weight = _PRIOR_SERIES
    grid = np.log(np.array([0.2, 0.5, 1.0, 2.0]))  # the prior, as that many series on its line
    pulls = np.full(len(grid), weight / len(grid))
    xs, ys, ws = np.concatenate([x, grid]), np.concatenate([y, a + b * grid]), np.concatenate([np.ones(len(x)), pulls])
    middle_x, middle_y = np.average(xs, weights=ws), np.average(ys, weights=ws)
    slope = np.sum(ws * (xs - middle_x) * (ys - middle_y)) / np.sum(ws * (xs - middle_x) ** 2)
    return float(middle_y - slope * middle_x), float(slope)

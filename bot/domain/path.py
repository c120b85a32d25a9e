"""Path: how cost adds up over months ahead: one level, carried on by what sums have grown, and a spread that grows with the days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.domain import score
from bot.domain.combination import FULL, variation
from bot.domain.dayfactor import Factors, Flags, Series, learned
from bot.domain.level import PACE_DAYS, Panel

HORIZONS = (7, 14, 28, 56, 112, 168)
"""Days ahead at which past paths are tried."""
WIDER_FROM = 180
"""Beyond so many days ahead, what was measured held too rarely: the spread grows faster."""
_HALF_LIVES = (4.0, 8.0, 16.0, 32.0, 64.0, 120.0)
_MEMORY, _STEADIER, _VARIES_USUALLY = 18.0, 0.8, 0.6
"""Half-life of a series that varies as most do, and the power of its variation by which that grows: steady days are soon believed."""
_SHORTEST, _LONGEST, _WIDTH = 5.0, 110.0, 0.6
"""Of the memories, and how widely the half-lives about one's own count, in logs."""
_LOOK_BACK = 300
_ORIGINS, _APART = 5, 28
_OFFSET = 0.02
_LEAST_SPREAD = 0.01
_OWN = 6.0
PRIOR_LAW = (-0.87, 0.05)
"""Intercept and slope of the log spread, beside `shape`, by the log of the days ahead; means over seeds 1-6."""
_CALMEST = 70.0
_LEAST_SLOPE = -0.1
_PRIOR_ERRORS = 60.0
_VARIES = 0.5
_OWN_NEAR, _OWN_FADES = 1.1, 0.15
"""How much of a series' own factor counts a week ahead, and how that fades with the log of the days: in the end, what changes all
series (a price, a model, who works where) matters more than how uneven the days of one are. Fitted on seeds 1-6."""
_HIGHEST = 3.0
_MOST_ERROR = 1.5
"""Of a past path, in logs: the step from a pilot to everybody comes once, and says nothing of how the days after it vary."""


@dataclass(frozen=True)
class Law:
    """How the spread grows.

    Attributes:
        intercept: Of the log spread.
        slope: By the log of the days ahead.
        by_variation: By the log of the series' coefficient of variation, beside *middle*.
        middle: The usual log of that coefficient.
    """

    intercept: float
    slope: float
    by_variation: float
    middle: float

    def spread(self, days: Series, factor: Series | float = 1.0) -> Series:
        """Return the spread that many days ahead, of series whose spread is *factor* times the usual."""
        beyond = np.maximum(days / WIDER_FROM, 1.0)
        own = np.exp(own_share(days) * np.log(factor))
        found: Series = np.exp(self.intercept + self.slope * np.log(days)) * shape(days) * np.sqrt(beyond) * own
        return found


@dataclass(frozen=True)
class Path:
    """How cost goes on, by series.

    Attributes:
        level: Cost of a usual day.
        daily: Expected cost of each day ahead, series × days.
        factor: A series' spread beside the usual one.
        law: How the usual spread grows.
        scores: Ascending, with the prior.
    """

    level: Series
    daily: Series
    factor: Series
    law: Law
    scores: Series

    def spread(self) -> Series:
        """Return the spread of the log error of the sum up to each day ahead, series × days."""
        days = np.arange(1, self.daily.shape[1] + 1, dtype=float)
        return self.law.spread(days, self.factor[:, None])

    def offset(self) -> Series:
        """Return what is added before logarithms are taken, series × days."""
        days = np.arange(1, self.daily.shape[1] + 1, dtype=float)
        return _OFFSET * self.level[:, None] * days


def path(panel: Panel, days: int, law: tuple[Law, Series] | None = None, grown: Series | None = None) -> Path:
    """Return how cost goes on over *days* days.

    Args:
        law: The law and the scores that other series have taught; None: these learn from one another.
        grown: By how much each day ahead is multiplied, see `growth`; None: there is no trend.
    """
    factors = learned(panel.costs, panel.begins, panel.days)
    level = _level(panel, factors, panel.size)
    ahead = slice(panel.size, panel.size + days)
    daily = level[:, None] * factors.of(panel.days.base[ahead], panel.days.left[ahead])
    daily = daily if grown is None else daily * grown
    errors = _errors(panel, factors)
    found = law[0] if law else _learned(errors, _log_variation(panel))
    factor = _own_factor(errors, found, _log_variation(panel))
    pooled = law[1] if law else score.pool(_scores(errors, found, factor))
    return Path(level, daily, factor, found, pooled)


def _level(panel: Panel, factors: Factors, at: int) -> Series:
    """Return the geometric mean of levels, weighed by how near their half-lives are to the series' own; at most three times the pace."""
    first = max(0, at - _LOOK_BACK)
    kernel = 0.5 ** (np.arange(at - first)[::-1, None] / np.array(_HALF_LIVES))
    usual = factors.of(panel.days.base[first:at], panel.days.left[first:at])
    usual *= np.arange(first, at) >= panel.begins[:, None]
    below = usual @ kernel
    levels = np.divide(panel.costs[:, first:at] @ kernel, below, out=np.zeros_like(below), where=below > 0)
    pace = _pace(panel, at)
    small = np.where(pace > 0, _OFFSET * pace, 1.0)[:, None]
    logs = np.log(np.minimum(levels, _HIGHEST * pace[:, None]) + small)
    found: Series = np.exp((logs * _weights(panel, at)).sum(axis=1)) - small[:, 0]
    return np.maximum(found, 0.0)


def _weights(panel: Panel, at: int) -> Series:
    """Return what each half-life counts, series × half-lives; they add up to one."""
    memory = _MEMORY * (variation(panel.until(at)) / _VARIES_USUALLY) ** _STEADIER
    apart = np.log(np.array(_HALF_LIVES)) - np.log(np.clip(memory, _SHORTEST, _LONGEST))[:, None]
    weights = np.exp(-0.5 * (apart / _WIDTH) ** 2)
    found: Series = weights / weights.sum(axis=1, keepdims=True)
    return found


def _pace(panel: Panel, at: int) -> Series:
    first = max(0, at - PACE_DAYS)
    age = np.clip(at - np.maximum(panel.begins, first), 1, None)
    found: Series = panel.costs[:, first:at].sum(axis=1) / age
    return found


def _errors(panel: Panel, factors: Factors) -> dict[int, Series]:
    """Return the log errors of past paths, by days ahead: origins × series, NaN where there is none."""
    found: dict[int, list[Series]] = {days: [] for days in HORIZONS}
    for back in sorted({days + _APART * n for days in HORIZONS for n in range(_ORIGINS)}):
        at = panel.size - back
        if at < FULL:
            break
        level = _level(panel, factors, at)
        tells = (at - panel.begins >= FULL) & (level > 0)
        for days in HORIZONS:
            if (back - days) % _APART == 0 and 0 <= (back - days) // _APART < _ORIGINS:
                found[days].append(_error(panel, factors, at, days, level, tells))
    none = np.full((1, len(panel.costs)), np.nan)
    return {days: np.stack(rows) if rows else none for days, rows in found.items()}


def _error(panel: Panel, factors: Factors, at: int, days: int, level: Series, tells: Flags) -> Series:
    ahead = slice(at, at + days)
    usual = factors.of(panel.days.base[ahead], panel.days.left[ahead]).sum(axis=1)
    small = np.where(level > 0, _OFFSET * level * days, 1.0)
    error = np.log((panel.costs[:, ahead].sum(axis=1) + small) / (level * usual + small))
    return np.where(tells, np.clip(error, -_MOST_ERROR, _MOST_ERROR), np.nan)


def _log_variation(panel: Panel) -> Series:
    found: Series = np.log(variation(panel))
    return found


def shape(days: Series) -> Series:
    """Return the spread that many days ahead beside that of `_CALMEST`: near ones hang on single days, far ones on changes of level."""
    found: Series = np.sqrt(np.cosh(np.log(days / _CALMEST) / 2))
    return found


def own_share(days: Series) -> Series:
    """Return how much of a series' own factor counts that many days ahead."""
    found: Series = np.clip(_OWN_NEAR - _OWN_FADES * np.log(days / HORIZONS[0]), 0.5, _OWN_NEAR)
    return found


def _learned(errors: dict[int, Series], varies: Series) -> Law:
    """Return the power law of the spreads, fitted again without what is each series' own."""
    first = _law(errors, varies)
    factor = _own_factor(errors, first, varies)
    return _law({days: rows / factor ** own_share(np.array(float(days))) for days, rows in errors.items()}, varies)


def _law(errors: dict[int, Series], varies: Series) -> Law:
    """Return the power law through the spreads by horizon, drawn to the prior one where there are few errors."""
    middle = float(np.median(varies))
    x, y, weight = [], [], []
    for days, rows in errors.items():
        known = rows[np.isfinite(rows)]
        prior = PRIOR_LAW[0] + PRIOR_LAW[1] * np.log(days) + float(np.log(shape(np.array(float(days)))))
        own = np.log(max(float(np.sqrt(np.mean(known**2))), _LEAST_SPREAD)) if len(known) else prior
        share = len(known) / (len(known) + _PRIOR_ERRORS)
        x.append(np.log(days))
        y.append(share * own + (1 - share) * prior - float(np.log(shape(np.array(float(days))))))
        weight.append(1.0)
    slope, intercept = np.polyfit(x, y, 1, w=weight)
    return Law(float(intercept), float(max(slope, _LEAST_SLOPE)), _VARIES, middle)


def _own_factor(errors: dict[int, Series], law: Law, varies: Series) -> Series:
    """Return each series' spread beside the usual one, drawn to what its variation tells."""
    scaled = np.concatenate([rows / law.spread(np.array(float(days))) for days, rows in errors.items()])
    known = np.isfinite(scaled)
    number = known.sum(axis=0) / 2.0  # errors of overlapping windows tell less than their number
    own = np.sqrt(np.where(known, scaled**2, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    usual = law.by_variation * (varies - law.middle)
    share = number / (number + _OWN)
    found: Series = np.exp(share * np.log(np.maximum(own, 0.1)) + (1 - share) * usual)
    return found


def _scores(errors: dict[int, Series], law: Law, factor: Series) -> Series:
    found = np.concatenate([rows / law.spread(np.array(float(days)), factor) for days, rows in errors.items()])
    known: Series = found[np.isfinite(found)]
    return known

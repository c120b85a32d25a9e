"""Path: how cost adds up over months ahead: one level without a trend, and a spread that grows with the days."""

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
_HALF_LIVES = (7.0, 21.0, 60.0)
_LOOK_BACK = 300
_ORIGINS, _APART = 5, 28
_OFFSET = 0.02
_LEAST_SPREAD = 0.01
_OWN = 6.0
PRIOR_LAW = (-0.54, 0.02)
"""Intercept and slope of the log spread by the log of the days ahead, the mean over seeds 1-6 of the synthetic generator."""
_PRIOR_ERRORS = 60.0
_VARIES = 0.5
_HIGHEST = 3.0


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

    def spread(self, days: Series) -> Series:
        """Return the usual spread that many days ahead."""
        beyond = np.maximum(days / WIDER_FROM, 1.0)
        found: Series = np.exp(self.intercept + self.slope * np.log(days)) * np.sqrt(beyond)
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
        return self.factor[:, None] * self.law.spread(days)

    def offset(self) -> Series:
        """Return what is added before logarithms are taken, series × days."""
        days = np.arange(1, self.daily.shape[1] + 1, dtype=float)
        return _OFFSET * self.level[:, None] * days


def path(panel: Panel, days: int, law: tuple[Law, Series] | None = None) -> Path:
    """Return how cost goes on over *days* days.

    Args:
        law: The law and the scores that other series have taught; None: these learn from one another.
    """
    factors = learned(panel.costs, panel.begins, panel.days)
    level = _level(panel, factors, panel.size)
    ahead = slice(panel.size, panel.size + days)
    daily = level[:, None] * factors.of(panel.days.base[ahead], panel.days.left[ahead])
    errors = _errors(panel, factors)
    found = law[0] if law else _law(errors, _log_variation(panel))
    factor = _own_factor(errors, found, _log_variation(panel))
    pooled = law[1] if law else score.pool(_scores(errors, found, factor))
    return Path(level, daily, factor, found, pooled)


def _level(panel: Panel, factors: Factors, at: int) -> Series:
    """Return the geometric mean of three levels, at most three times the pace."""
    first = max(0, at - _LOOK_BACK)
    kernel = 0.5 ** (np.arange(at - first)[::-1, None] / np.array(_HALF_LIVES))
    usual = factors.of(panel.days.base[first:at], panel.days.left[first:at])
    usual *= np.arange(first, at) >= panel.begins[:, None]
    below = usual @ kernel
    levels = np.divide(panel.costs[:, first:at] @ kernel, below, out=np.zeros_like(below), where=below > 0)
    pace = _pace(panel, at)
    small = np.where(pace > 0, _OFFSET * pace, 1.0)[:, None]
    found: Series = np.exp(np.log(np.minimum(levels, _HIGHEST * pace[:, None]) + small).mean(axis=1)) - small[:, 0]
    return np.maximum(found, 0.0)


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
    return np.where(tells, error, np.nan)


def _log_variation(panel: Panel) -> Series:
    found: Series = np.log(variation(panel))
    return found


def _law(errors: dict[int, Series], varies: Series) -> Law:
    """Return the power law through the spreads by horizon, drawn to the prior one where there are few errors."""
    middle = float(np.median(varies))
    x, y, weight = [], [], []
    for days, rows in errors.items():
        known = rows[np.isfinite(rows)]
        prior = PRIOR_LAW[0] + PRIOR_LAW[1] * np.log(days)
        own = np.log(max(float(np.sqrt(np.mean(known**2))), _LEAST_SPREAD)) if len(known) else prior
        share = len(known) / (len(known) + _PRIOR_ERRORS)
        x.append(np.log(days))
        y.append(share * own + (1 - share) * prior)
        weight.append(1.0)
    slope, intercept = np.polyfit(x, y, 1, w=weight)
    return Law(float(intercept), float(max(slope, 0.0)), _VARIES, middle)


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
    found = np.concatenate([rows / (law.spread(np.array(float(days))) * factor) for days, rows in errors.items()])
    known: Series = found[np.isfinite(found)]
    return known

"""Declared: what planned changes make of days, and which of them came: a day costs what it would without them × factors + amounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from bot.domain.dayfactor import Flags, Indices, Series
from bot.domain.overlay import Overlay

PATIENCE = 28
"""A change that holds is believed for so many days, whatever the costs are."""
_SEEN, _BESIDE = 7, 28
"""Days of a change, and days with cost before it, from which on anybody can tell whether it came; days that are looked at."""


def on_days(overlays: Sequence[Overlay], count: int, days: Sequence[date]) -> tuple[Series, Series]:
    """Return by how much each day of *count* series is multiplied, and what is added, in units: series × days, both."""
    factor, amount = np.ones((count, len(days))), np.zeros((count, len(days)))
    for change in overlays:
        rows = slice(None) if change.rows is None else list(change.rows)
        holds = np.array([change.holds(day) for day in days], bool)
        factor[rows] *= np.where(holds, change.factor, 1.0)
        amount[rows] += np.where(holds, change.amount, 0.0)
    return factor, amount


def as_on_last(overlays: Sequence[Overlay], costs: Series, days: Sequence[date]) -> Series:
    """Return *costs* (series × *days*) as if what is declared of the last day were declared of all; days without cost stay so."""
    factor, amount = on_days(overlays, len(costs), days)
    bare = np.maximum((costs - amount) / factor, 0.0)
    is_as_last = (factor == factor[:, -1:]) & (amount == amount[:, -1:])
    found: Series = np.where(is_as_last | (costs <= 0), costs, np.maximum(bare * factor[:, -1:] + amount[:, -1:], 0.0))
    return found


def ahead(overlays: Sequence[Overlay], count: int, last: date, days: int) -> tuple[Series, Series]:
    """Return by how much a level as of *last* counts on each of so many *days* after it, and what is added, in units: series × days."""
    factor, amount = on_days(overlays, count, [last + timedelta(days=n) for n in range(days + 1)])
    weight = factor[:, 1:] / factor[:, :1]
    return weight, amount[:, 1:] - amount[:, :1] * weight


def believed(overlays: Sequence[Overlay], costs: Series, first: date, last: date) -> tuple[Overlay, ...]:
    """Return the changes, each for the series where it came or may still come.

    One that has ended, or has held for `PATIENCE` days, did not come where its days are nearer to those before it than to what was
    declared of them.

    Args:
        costs: Series × days from *first* to *last*.
    """
    return tuple(_believed(overlays, costs, first, last))


def _believed(overlays: Sequence[Overlay], costs: Series, first: date, last: date) -> Iterator[Overlay]:
    for change in overlays:
        rows = np.arange(len(costs)) if change.rows is None else np.array(change.rows, int)
        start = (change.day - first).days
        end = min((change.until - first).days if change.until else costs.shape[1], costs.shape[1])
        is_settled = end - start >= PATIENCE or (end - start >= _SEEN and change.until is not None and change.until <= last)
        if start <= 0 or not is_settled:
            yield change
            continue
        kept = rows[_came(change, costs[rows, max(0, start - _BESIDE) : start], costs[rows, max(start, end - _BESIDE) : end])]
        if len(kept):
            yield replace(change, rows=tuple(kept.tolist()))


def _came(change: Overlay, before: Series, during: Series) -> Flags:
    """Tell of which series the days *during* a change are as it said, beside those *before*."""
    usual, seen = before.mean(axis=1), during.mean(axis=1)
    said = np.maximum(usual * change.factor + change.amount, 0.0)
    least = np.where(usual > 0, usual, 1.0) / 50
    is_nearer = np.abs(np.log((seen + least) / (said + least))) <= np.abs(np.log((seen + least) / (usual + least)))
    few: Indices = (before > 0).sum(axis=1)
    found: Flags = is_nearer | (few < _SEEN)
    return found

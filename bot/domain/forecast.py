"""Forecast: what a period will have cost when it ends, with the range in which it probably ends; numpy only.

Several local levels, each carried on by the factors of the days ahead, are combined by how right each was lately
(`combination`). The range comes from the same forecast made on the same day of earlier months (`score`). Long periods take one
level and the spread that grows with the days (`path`). Nothing after *last* is read. Method and evidence: docs/forecasting.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from bot.domain import combination, lesson, score
from bot.domain.case import LONG, REPLAYS, Case, Sums, months_before, who_tells
from bot.domain.combination import Expectation, Pooled
from bot.domain.dayfactor import Indices, Series
from bot.domain.lesson import Lesson
from bot.domain.outlook import Outlook, Shared, Terms
from bot.domain.path import Law, path

_MOST_BIAS, _MOST_FACTOR = 0.7, 0.12
_BIAS_TRUST, _BIAS_FADES = 0.75, 0.8
"""What is taken of the bias of past sums, and what a month counts beside the one after it."""


def outlook(history: Series, last: date, end: date, terms: Terms | None = None, shared: Shared | None = None) -> Outlook:
    """Return how the period that ends before *end* will end, for each series.

    Args:
        history: Series × days, the last column is *last*; units of currency; NaN before a series began. Of more than `HISTORY` days the
            last ones are used, with the cost of the period so far.
        last: The last complete day.
        terms: The period's start, holidays, open days, planned changes.
        shared: What another batch has learned; None: these series learn from one another.
    """
    case = Case(history, last, end, terms or Terms())
    found, shared, _ = _expect(case, shared)
    return case.outlook(found, shared)


def totals(history: Series, last: date, end: date, groups: Indices, terms: Terms | None = None) -> Outlook:
    """Return how the period will end for groups of series together.

    A sum of medians is too low where costs grow: the sum is multiplied by what past sums lacked, at most 12 %; of long periods, where
    there are no past sums, by what the groups have grown, where the terms say so. The range comes from
    each group's own series; quantiles are never added. Of long periods there are too few errors of one sum: how the spread grows is
    what the members have taught.

    Args:
        groups: By series the number of its group, from 0; -1 for none.
    """
    terms, sums = terms or Terms(), Sums(groups)
    case, overlays = Case(history, last, end, replace(terms, grows=False, overlays=())).with_planned(terms.overlays, sums)
    members, taught, past = _expect(case, None)
    whole = case.grouped(sums, overlays, grows=terms.grows)
    own, shared, _ = _expect(whole, taught if case.days > LONG else None)
    stands = whole.stands(own)
    factor = whole.grown_by(own, stands) if case.days > LONG else np.exp(_bias(past, sums))
    scaled = case.outlook(members, shared, np.append(stands, False)[groups], is_part=True)
    return replace(whole.outlook(own, shared, stands), rest=sums.of(scaled.rest) * factor)


def add_month(day: date) -> date:
    """Return the first day of the month after that of *day*."""
    return months_before(day.replace(day=1), -1)


def learn(lessons: Sequence[Lesson], pooled: Pooled | None = None) -> Shared:
    """Return what the lessons of earlier outlooks, on the same day of other months, have taught."""
    weights = lesson.learned(lessons)
    return Shared(pooled, weights, lesson.remaining(lessons, weights))


@dataclass(frozen=True)
class _Replay:
    """What was expected on the same day of an earlier month, and what came."""

    expected: Series
    actual: Series


def _expect(case: Case, shared: Shared | None) -> tuple[Expectation, Shared, list[_Replay]]:
    """Return what is expected, what was learned for it, and the same questions of earlier months."""
    if case.days > LONG:
        return *_far(case, shared), []
    found = combination.combine(case.panel, case.days, shared.pooled if shared and isinstance(shared.pooled, Pooled) else None)
    if shared:
        shared = replace(shared, pooled=shared.pooled or found.pooled)
        return found.corrected(shared.weights), shared, []
    past, lessons = [], []
    for size, days in case.earlier():
        panel = case.panel.until(size)
        then = combination.combine(panel, days)
        actual = case.panel.costs[:, size : size + days].sum(axis=1)
        past.append((then, actual))
        told, tells = score.scores(actual, then.rest, then.offset, then.spread), who_tells(panel)
        lessons.append(Lesson(told[tells], then.signs[tells]))
    shared = learn(lessons, found.pooled)
    return found.corrected(shared.weights), shared, [_Replay(then.corrected(shared.weights).rest, actual) for then, actual in past]


def _far(case: Case, shared: Shared | None) -> tuple[Expectation, Shared]:
    """Return what is expected of a long period."""
    law = (shared.pooled, shared.scores) if shared and isinstance(shared.pooled, Law) else None
    found = path(case.panel, case.days, law, case.grown)
    offset, spread = found.offset()[:, -1], found.spread()[:, -1]
    offset = np.where(offset > 0, offset, 1.0)
    rest = found.daily.sum(axis=1)
    none = np.zeros((len(rest), len(lesson.PRIOR)))
    told = Expectation(rest, offset, spread, found.daily, combination.NOTHING, none)
    return told, Shared(found.law, np.zeros(len(lesson.PRIOR)), found.scores)


def _bias(past: Sequence[_Replay], sums: Sums) -> Series:
    """Return the log of what past sums of forecasts lacked, by group."""
    total, weights = np.zeros(sums.count), 0.0
    for age, replay in enumerate(past[:REPLAYS]):
        actual, told = sums.of(replay.actual), sums.of(replay.expected)
        has_both = (actual > 0) & (told > 0)
        lacked = np.log(np.divide(actual, told, out=np.ones_like(actual), where=has_both))
        weight = _BIAS_FADES**age
        total += weight * np.clip(lacked, -_MOST_BIAS, _MOST_BIAS)
        weights += weight
    return np.clip(_BIAS_TRUST * total / max(weights, 1.0), -_MOST_FACTOR, _MOST_FACTOR)

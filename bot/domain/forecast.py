"""Forecast: what a period will have cost when it ends, with the range in which it probably ends; numpy only.

Several local levels, each carried on by the factors of the days ahead, are combined by how right each was lately
(`combination`). The range comes from the same forecast made on the same day of earlier months (`score`). Long periods take one
level and the spread that grows with the days (`path`). Nothing after *last* is read. Method and evidence: docs/forecasting.md.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from bot.domain import combination, growth, lacking, lesson, score
from bot.domain.combination import Expectation, Pooled
from bot.domain.dayfactor import Flags, Indices, Series, calendar
from bot.domain.lesson import Lesson
from bot.domain.level import Panel
from bot.domain.overlay import Overlay
from bot.domain.path import Law, path

LEAST_DAYS = 7
"""Days with data before a period is forecast at all."""
HISTORY = 400
"""Days that are looked at; more change nothing."""
_REPLAYS, _MOST_REPLAYS = 6, 24
_SCORES = 200
"""Fewer series are replayed over more months, until there are that many scores."""
LONG = 62
"""Days ahead beyond which one level and a growing spread are used."""
_WEEKS = 28
_MOST_BIAS, _MOST_FACTOR = 0.7, 0.12
_BIAS_TRUST, _BIAS_FADES = 0.75, 0.8
"""What is taken of the bias of past sums, and what a month counts beside the one after it."""


@dataclass(frozen=True)
class Terms:
    """What is known beside the history.

    Attributes:
        start: First day of the period; None: the first of the month that ends last.
        to_date: What each series has cost from *start* to the last complete day; None: as the history says, which must reach back that far.
        holidays: Public holidays where the people are, past and to come.
        is_quiet: Tells days on which many are away although it is no holiday.
        open_costs: Series × days: what is billed so far on the days just after the last complete one.
        completeness: By open day, or series × open days, the share that is usually billed by now; NaN: not known, and the day only bounds
            from below; None: so for all. Of totals: by open day.
        overlays: Planned changes.
        grows: Of long periods, what the series have grown by is carried on, see `growth`: for sums over many. Of totals: what the
            groups have.
    """

    start: date | None = None
    to_date: Series | None = None
    holidays: Collection[date] = ()
    is_quiet: Callable[[date], bool] | None = None
    open_costs: Series | None = None
    completeness: Sequence[float] | Series | None = None
    overlays: Sequence[Overlay] = ()
    grows: bool = False


@dataclass(frozen=True)
class Shared:
    """What series taught one another about one *last* and *end*: with it, one series alone is forecast as it is in the batch.

    Attributes:
        pooled: Errors of the candidates, line of the spread; None: of the batch itself.
        weights: What is put right of what forecasts got wrong in common, see `lesson`.
        scores: Ascending, with the prior.
    """

    pooled: Pooled | Law | None
    weights: Series
    scores: Series


@dataclass(frozen=True)
class Outlook:
    """How periods will end, by series; NaN where there is not enough history.

    Attributes:
        to_date: Cost from the start of the period to the last complete day.
        least: Nothing below it is expected: what is billed already, open days included.
        certain: Part of what is to come that is known: open days, amounts of overlays.
        rest: The other part, as expected.
        offset: Added to *rest* before logarithms are taken.
        spread: Of the log error of *rest*.
        shared: What the series taught one another.
        has_enough: Tells who has had `LEAST_DAYS` days.
        signs: Where the candidates stood, see `lesson`.
        tells: Tells whose outlooks teach something about ranges: those that are old enough and not asleep.
    """

    to_date: Series
    least: Series
    certain: Series
    rest: Series
    offset: Series
    spread: Series
    shared: Shared
    has_enough: Flags
    signs: Series
    tells: Flags

    @property
    def point(self) -> Series:
        """The expected cost of the whole period."""
        return self._whole(self.rest)

    def quantile(self, share: float) -> Series:
        """Return what the period costs at most with probability *share* (0 to 1, both excluded)."""
        z = score.quantile(self.shared.scores, share)
        return self._whole((self.rest + self.offset) * np.exp(z * self.spread) - self.offset)

    def probability_over(self, limit: Series | float) -> Series:
        """Return the probability that the period costs more than *limit*; 1 where that much is billed already."""
        left = np.maximum(limit - self.to_date - self.certain, 0.0)
        z = score.scores(left, self.rest, self.offset, self.spread)
        found = np.where(self.rest + self.offset > 0, score.share_above(self.shared.scores, z), (self.point > limit).astype(float))
        found = np.where(np.asarray(limit) < self.least, 1.0, found)
        return np.where(self.has_enough, found, np.nan)

    @property
    def p10(self) -> Series:
        """The lower end of the 80 % range."""
        return self.quantile(0.1)

    @property
    def p90(self) -> Series:
        """The upper end of the 80 % range."""
        return self.quantile(0.9)

    @property
    def p2_5(self) -> Series:
        """The lower end of the 95 % range."""
        return self.quantile(0.025)

    @property
    def p97_5(self) -> Series:
        """The upper end of the 95 % range."""
        return self.quantile(0.975)

    def lesson(self, actual: Series) -> Lesson:
        """Return what this outlook teaches once it is known what the periods did come to."""
        found = score.scores(np.maximum(actual - self.to_date - self.certain, 0.0), self.rest, self.offset, self.spread)
        raw = found + lesson.shift(self.signs, self.shared.weights)
        return Lesson(raw[self.tells], self.signs[self.tells])

    def _whole(self, rest: Series) -> Series:
        found = np.maximum(self.to_date + self.certain + np.maximum(rest, 0.0), self.least)
        return np.where(self.has_enough, found, np.nan)


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
    terms, sums = terms or Terms(), _Sums(groups)
    case = Case(history, last, end, replace(terms, grows=False))
    members, taught, past = _expect(case, None)
    whole = case.grouped(sums, grows=terms.grows)
    own, shared, _ = _expect(whole, taught if case.days > LONG else None)
    stands = whole.stands(own)
    factor = whole.grown_by(own, stands) if case.days > LONG else np.exp(_bias(past, sums))
    scaled = case.outlook(members, shared, np.append(stands, False)[groups])
    found = whole.outlook(own, shared, stands)
    return replace(found, rest=sums.of(scaled.rest) * factor, certain=sums.of(scaled.certain))


def expected(history: Series, last: date, end: date) -> Series:
    """Return what each series will cost from the day after *last* up to, not including, *end*; NaN where there is not enough history.

    Args:
        history: One row per series, one column per day, ascending, the last one *last*; units of currency; NaN before a series began.
    """
    case = Case(history, last, end, Terms())
    rest = combination.combine(case.panel, case.days).corrected(np.array(lesson.PRIOR)).rest if case.days > 0 else np.zeros(len(history))
    return np.where(case.panel.known >= LEAST_DAYS, rest, np.nan)


def add_month(day: date) -> date:
    """Return the first day of the month after that of *day*."""
    return _months_before(day.replace(day=1), -1)


def replays(series: int) -> int:
    """Return over how many earlier months so many series are replayed: few over more months, until they have given scores enough."""
    return int(np.clip(-(-_SCORES // max(1, series)), _REPLAYS, _MOST_REPLAYS))


def learn(lessons: Sequence[Lesson], pooled: Pooled | None = None) -> Shared:
    """Return what the lessons of earlier outlooks, on the same day of other months, have taught."""
    weights = lesson.learned(lessons)
    return Shared(pooled, weights, lesson.remaining(lessons, weights))


class Case:
    """One question: the panel it is asked of, and what is known beside."""

    def __init__(self, history: Series, last: date, end: date, terms: Terms) -> None:
        self.last, self.end, self.terms = last, end, terms
        self.days = max(0, (end - last).days - 1)
        self.start = terms.start or _first_of_month(end - timedelta(days=1))
        self.to_date = terms.to_date if terms.to_date is not None else self._so_far(history)
        self.panel = self._panel(history[:, -HISTORY:])

    def _so_far(self, history: Series) -> Series:
        days = max(0, (self.last - self.start).days + 1)
        if days > history.shape[1]:
            raise ValueError(f"the history of {history.shape[1]} days does not reach back to {self.start}: say what was spent to date")
        found: Series = _known(history[:, history.shape[1] - days :]).sum(axis=1)
        return found

    def _panel(self, history: Series) -> Panel:
        is_known = np.isfinite(history)
        size = history.shape[1]
        known = size - np.where(is_known.any(axis=1), is_known.argmax(axis=1), size)
        first = self.last - timedelta(days=size - 1)
        costs = self._as_of_now(np.maximum(np.where(is_known, history, 0.0), 0.0), first)
        has_cost = costs > 0
        begins = np.where(has_cost.any(axis=1), has_cost.argmax(axis=1), size)
        return Panel(costs, begins, known, calendar(first, size + self.days, self.terms.holidays, self.terms.is_quiet))

    def _as_of_now(self, costs: Series, first: date) -> Series:
        """Return the days before a change that holds by now as they would have been with it."""
        days = [first + timedelta(days=n) for n in range(costs.shape[1])]
        for change in self.terms.overlays:
            if change.holds(self.last):
                rows = slice(None) if change.rows is None else list(change.rows)
                before = np.array([day < change.day for day in days])
                costs[rows] = np.where(before & (costs[rows] > 0), costs[rows] * change.factor + change.amount, costs[rows])
        return costs

    def outlook(self, found: Expectation, shared: Shared, stands: Flags | None = None) -> Outlook:
        """Return the expectation as an outlook on the whole period; *stands*: see `by_day`."""
        weight, certain = self.by_day(found.daily, stands)
        usual = found.usual.sum(axis=1)
        share = np.divide((found.usual * weight).sum(axis=1), usual, out=np.zeros_like(usual), where=usual > 0)
        least = self.to_date + self._open_costs().sum(axis=1)
        enough = self.panel.known >= LEAST_DAYS
        offset = np.where(self.panel.costs.any(axis=1), found.offset * share, 0.0)  # what never cost anything will not
        known, tells = certain.sum(axis=1), _tells(self.panel)
        return Outlook(self.to_date, least, known, found.rest * share, offset, found.spread, shared, enough, found.signs, tells)

    def by_day(self, daily: Series, stands: Flags | None = None) -> tuple[Series, Series]:
        """Return by how much each day ahead counts, and what is certain of it: series × days.

        Args:
            daily: What is expected of each day ahead.
            stands: Which series stand at their level on the open days; None: they are judged themselves.
        """
        weight, certain = self._planned()
        shares = self._shares()
        if shares.shape[1]:
            at_level = self._stands(shares, daily * weight + certain) if stands is None else stands
            self._complete(weight, certain, shares, at_level)
        inside = np.array([self.start <= self.last + timedelta(days=n + 1) for n in range(self.days)], float)
        return weight * inside, certain * inside

    @cached_property
    def grown(self) -> Series | None:
        """By how much each day ahead of a long period is multiplied: series × days; None where there is no trend."""
        if not self.terms.grows or self.days <= LONG:
            return None
        return growth.curve(growth.slopes(self.panel.costs, self.panel.begins), self.days)

    def grown_by(self, found: Expectation, stands: Flags) -> Series:
        """Return by how much what is to come is multiplied for growth, by series."""
        weight, _ = self.by_day(found.daily, stands)
        expected, flat = (
            (daily * weight).sum(axis=1) for daily in (found.daily, found.daily / (1.0 if self.grown is None else self.grown))
        )
        ratio: Series = np.divide(expected, flat, out=np.ones_like(flat), where=flat > 0)
        return ratio

    def stands(self, found: Expectation) -> Flags:
        """Tell which series stand at their level on the open days, see `lacking`."""
        weight, certain = self._planned()
        return self._stands(self._shares(), found.daily * weight + certain)

    def _planned(self) -> tuple[Series, Series]:
        """Return by how much each day ahead counts by what is planned, and what is planned to be added."""
        days = [self.last + timedelta(days=n + 1) for n in range(self.days)]
        weight = np.ones((len(self.panel.costs), self.days))
        certain = np.zeros_like(weight)
        for change in self.terms.overlays:
            rows = slice(None) if change.rows is None else list(change.rows)
            holds = np.array([change.holds(day) for day in days], bool)
            is_in_level = change.holds(self.last)
            counts = holds != is_in_level
            weight[rows] *= np.where(counts, 1 / change.factor if is_in_level else change.factor, 1.0)
            certain[rows] += np.where(counts, -change.amount if is_in_level else change.amount, 0.0)
        return weight, certain

    def _shares(self) -> Series:
        """Return what is usually there of each open day ahead: series × days, NaN where nobody knows."""
        told = np.nan if self.terms.completeness is None else self.terms.completeness
        shares = np.atleast_2d(np.asarray(told, float))[:, : self.days]
        found: Series = np.broadcast_to(shares, (len(self.panel.costs), shares.shape[1]))
        return found

    def _opened(self, days: int) -> Series:
        """Return what is billed on so many days ahead, 0 where nothing is."""
        found = np.zeros((len(self.panel.costs), days))
        if self.terms.open_costs is not None:
            known = _known(self.terms.open_costs)[:, :days]
            found[:, : known.shape[1]] = known
        return found

    def _stands(self, shares: Series, expected: Series) -> Flags:
        return lacking.stands(shares, self._opened(shares.shape[1]), expected[:, : shares.shape[1]])

    def _complete(self, weight: Series, certain: Series, shares: Series, stands: Flags) -> None:
        """Take open days as they are with the missing share of what is expected (Bornhuetter and Ferguson 1972)."""
        days = shares.shape[1]
        lacks = lacking.lacking(shares, stands)
        weight[:, :days] *= lacks
        certain[:, :days] *= lacks
        certain[:, :days] += np.where(np.isfinite(shares), self._opened(days), 0.0)

    def _open_costs(self) -> Series:
        """Return what is billed on open days of the period."""
        if self.terms.open_costs is None:
            return np.zeros((len(self.panel.costs), 1))
        count = self.terms.open_costs.shape[1]
        inside = [self.start <= self.last + timedelta(days=n + 1) < self.end for n in range(count)]
        return np.where(inside, _known(self.terms.open_costs), 0.0)

    def grouped(self, sums: _Sums, *, grows: bool) -> Case:
        """Return the same question about sums of the series."""
        found = object.__new__(Case)
        found.last, found.end, found.days, found.start = self.last, self.end, self.days, self.start
        opened = None if self.terms.open_costs is None else sums.of(_known(self.terms.open_costs))
        found.terms = replace(self.terms, open_costs=opened, overlays=(), to_date=None, grows=grows)
        found.to_date = sums.of(self.to_date)
        costs = sums.of(self.panel.costs)
        begins, known = sums.least(self.panel.begins), sums.most(self.panel.known)
        found.panel = Panel(costs, begins, known, self.panel.days)
        return found

    def earlier(self) -> Iterator[tuple[int, int]]:
        """Yield the same question in earlier months: how many days were known, and how many ahead."""
        for back in range(1, replays(len(self.panel.costs)) + 1):
            last, end = _shifted(self.last, self.end, back)
            size, days = self.panel.size - (self.last - last).days, (end - last).days - 1
            if size < combination.FULL + combination.LEAST_BEFORE or days < 1:
                return
            if size + days <= self.panel.size:
                yield size, days


@dataclass(frozen=True)
class _Replay:
    """What was expected on the same day of an earlier month, and what came."""

    expected: Series
    actual: Series


class _Sums:
    """Sums by group."""

    def __init__(self, groups: Indices) -> None:
        self._rows = np.flatnonzero(groups >= 0)
        self._of = groups[self._rows]
        self.count = int(groups.max(initial=-1)) + 1

    def of(self, values: Series) -> Series:
        """Return the sum of the rows of each group."""
        found = np.zeros((self.count, *values.shape[1:]))
        np.add.at(found, self._of, values[self._rows])
        return found

    def least(self, values: Indices) -> Indices:
        """Return the smallest of the rows of each group."""
        found = np.full(self.count, np.iinfo(np.int64).max)
        np.minimum.at(found, self._of, values[self._rows])
        return found

    def most(self, values: Indices) -> Indices:
        """Return the largest of the rows of each group."""
        found = np.zeros(self.count, np.int64)
        np.maximum.at(found, self._of, values[self._rows])
        return found


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
        told, tells = score.scores(actual, then.rest, then.offset, then.spread), _tells(panel)
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


def _tells(panel: Panel) -> Flags:
    found: Flags = (panel.size - panel.begins >= combination.FULL) & (panel.pace() > 0)
    return found


def _bias(past: Sequence[_Replay], sums: _Sums) -> Series:
    """Return the log of what past sums of forecasts lacked, by group."""
    total, weights = np.zeros(sums.count), 0.0
    for age, replay in enumerate(past[:_REPLAYS]):
        actual, told = sums.of(replay.actual), sums.of(replay.expected)
        has_both = (actual > 0) & (told > 0)
        lacked = np.log(np.divide(actual, told, out=np.ones_like(actual), where=has_both))
        weight = _BIAS_FADES**age
        total += weight * np.clip(lacked, -_MOST_BIAS, _MOST_BIAS)
        weights += weight
    return np.clip(_BIAS_TRUST * total / max(weights, 1.0), -_MOST_FACTOR, _MOST_FACTOR)


def _shifted(last: date, end: date, back: int) -> tuple[date, date]:
    """Return *last* and *end* as they were *back* months ago; for a period that does not end with a month, as many times four weeks."""
    if end.day != 1:
        days = timedelta(days=_WEEKS * back)
        return last - days, end - days
    before = _months_before(end, back)
    own = _months_before(last.replace(day=1), back)
    day = min(last.day, monthrange(own.year, own.month)[1])
    found = own.replace(day=day)
    return min(found, before - timedelta(days=2)), before


def _months_before(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def _known(values: Series) -> Series:
    found: Series = np.where(np.isfinite(values), values, 0.0)
    return found


def _first_of_month(day: date) -> date:
    return day.replace(day=1)

"""Case: one question about how periods end: the panel it is asked of, what is planned, which days are open."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from bot.domain import combination, declared, growth, lacking
from bot.domain.combination import Expectation
from bot.domain.dayfactor import Flags, Indices, Series, calendar
from bot.domain.level import Panel
from bot.domain.outlook import Outlook, Shared, Terms
from bot.domain.overlay import Overlay

LEAST_DAYS = 7
"""Days with data before a period is forecast at all."""
HISTORY = 400
"""Days that are looked at; more change nothing."""
LONG = 62
"""Days ahead beyond which one level and a growing spread are used."""
REPLAYS, _MOST_REPLAYS = 6, 24
_SCORES = 200
"""Fewer series are replayed over more months, until there are that many scores."""
_WEEKS = 28


class Case:
    """One question: the panel it is asked of, and what is known beside."""

    def __init__(self, history: Series, last: date, end: date, terms: Terms) -> None:
        self.last, self.end = last, end
        self.days = max(0, (end - last).days - 1)
        self.start = terms.start or _first_of_month(end - timedelta(days=1))
        self.to_date = terms.to_date if terms.to_date is not None else self._so_far(history)
        recent = history[:, -HISTORY:]
        first = last - timedelta(days=recent.shape[1] - 1)
        costs = np.maximum(_known(recent), 0.0)
        self.terms = replace(terms, overlays=declared.believed(terms.overlays, costs, first, last))
        self.panel = self._panel(recent, costs, first)

    def _so_far(self, history: Series) -> Series:
        days = max(0, (self.last - self.start).days + 1)
        if days > history.shape[1]:
            raise ValueError(f"the history of {history.shape[1]} days does not reach back to {self.start}: say what was spent to date")
        found: Series = _known(history[:, history.shape[1] - days :]).sum(axis=1)
        return found

    def _panel(self, history: Series, costs: Series, first: date) -> Panel:
        is_known = np.isfinite(history)
        size = history.shape[1]
        known = size - np.where(is_known.any(axis=1), is_known.argmax(axis=1), size)
        if self.terms.overlays:
            costs = declared.as_on_last(self.terms.overlays, costs, [first + timedelta(days=n) for n in range(size)])
        has_cost = costs > 0
        begins = np.where(has_cost.any(axis=1), has_cost.argmax(axis=1), size)
        return Panel(costs, begins, known, calendar(first, size + self.days, self.terms.holidays, self.terms.is_quiet))

    def outlook(self, found: Expectation, shared: Shared, stands: Flags | None = None, *, is_part: bool = False) -> Outlook:
        """Return the expectation as an outlook on the whole period; *stands* and *is_part*: see `by_day`."""
        weight, certain = self.by_day(found.daily, stands, is_part=is_part)
        usual = found.usual.sum(axis=1)
        share = np.divide((found.usual * weight).sum(axis=1), usual, out=np.zeros_like(usual), where=usual > 0)
        least = self.to_date + self._open_costs().sum(axis=1)
        enough = self.panel.known >= LEAST_DAYS
        offset = np.where(self.panel.costs.any(axis=1), found.offset * share, 0.0)  # what never cost anything will not
        known, tells = certain.sum(axis=1), who_tells(self.panel)
        rest, is_long = found.rest * share, self.days > LONG
        return Outlook(self.to_date, least, known, rest, offset, found.spread, shared, enough, found.signs, tells, is_long)

    def by_day(self, daily: Series, stands: Flags | None = None, *, is_part: bool = False) -> tuple[Series, Series]:
        """Return by how much each day ahead counts, and what is certain of it: series × days.

        Args:
            daily: What is expected of each day ahead.
            stands: Which series stand at their level on the open days; None: they are judged themselves.
            is_part: They are members of sums: an open day that is dear already is beside others that are cheap.
        """
        weight, certain = self._planned()
        shares = self._shares()
        if shares.shape[1]:
            at_level = self._stands(shares, daily * weight + certain) if stands is None else stands
            self._complete(weight, certain, shares, at_level)
        if not is_part:
            certain += self._dear(daily * weight + certain)
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
        return declared.ahead(self.terms.overlays, len(self.panel.costs), self.last, self.days)

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

    def _dear(self, expected: Series) -> Series:
        """Return by how much open days have cost more already than is expected of them, of the days ahead."""
        found: Series = np.maximum(self._opened(self.days) - expected, 0.0)
        return found

    def _open_costs(self) -> Series:
        """Return what is billed on open days of the period."""
        if self.terms.open_costs is None:
            return np.zeros((len(self.panel.costs), 1))
        count = self.terms.open_costs.shape[1]
        inside = [self.start <= self.last + timedelta(days=n + 1) < self.end for n in range(count)]
        return np.where(inside, _known(self.terms.open_costs), 0.0)

    def with_planned(self, overlays: Sequence[Overlay], sums: Sums) -> tuple[Case, Sequence[Overlay]]:
        """Return the case with what is planned of its *sums* in it, and the plans that came or may still come.

        What multiplies a sum multiplies its members; what is added to it is nobody's: the members share it in the past in proportion.
        """
        whole, size = sums.of(self.panel.costs), self.panel.size
        days = [self.last - timedelta(days=n) for n in reversed(range(size))]
        overlays = declared.believed(overlays, whole, days[0], self.last)
        if not overlays:
            return self, overlays
        bare = declared.as_on_last(overlays, whole, days)
        ratio = np.divide(bare, whole, out=np.ones_like(whole), where=whole > 0)
        factors = [replace(change, amount=0.0, rows=sums.members(change.rows)) for change in overlays]
        found = copy(self)
        found.panel = replace(self.panel, costs=self.panel.costs * sums.spread(ratio))
        found.terms = replace(self.terms, overlays=factors)
        return found, overlays

    def grouped(self, sums: Sums, overlays: Sequence[Overlay] = (), *, grows: bool) -> Case:
        """Return the same question about sums of the series, of which *overlays* are planned."""
        found = object.__new__(Case)
        found.last, found.end, found.days, found.start = self.last, self.end, self.days, self.start
        opened = None if self.terms.open_costs is None else sums.of(_known(self.terms.open_costs))
        found.terms = replace(self.terms, open_costs=opened, overlays=overlays, to_date=None, grows=grows)
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


class Sums:
    """Sums by group."""

    def __init__(self, groups: Indices) -> None:
        self._rows, self._size = np.flatnonzero(groups >= 0), len(groups)
        self._of = groups[self._rows]
        self.count = int(groups.max(initial=-1)) + 1

    def of(self, values: Series) -> Series:
        """Return the sum of the rows of each group."""
        found = np.zeros((self.count, *values.shape[1:]))
        np.add.at(found, self._of, values[self._rows])
        return found

    def spread(self, values: Series) -> Series:
        """Return the row of its group for each row, ones for those of none."""
        found = np.ones((self._size, *values.shape[1:]))
        found[self._rows] = values[self._of]
        return found

    def members(self, groups: Sequence[int] | None) -> tuple[int, ...]:
        """Return the rows of *groups*, None for all."""
        inside = np.ones(len(self._of), bool) if groups is None else np.isin(self._of, list(groups))
        return tuple(self._rows[inside].tolist())

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


def replays(series: int) -> int:
    """Return over how many earlier months so many series are replayed: few over more months, until they have given scores enough."""
    return int(np.clip(-(-_SCORES // max(1, series)), REPLAYS, _MOST_REPLAYS))


def who_tells(panel: Panel) -> Flags:
    """Tell whose outlooks teach something about ranges: those that are old enough and not asleep."""
    found: Flags = (panel.size - panel.begins >= combination.FULL) & (panel.pace() > 0)
    return found


def _shifted(last: date, end: date, back: int) -> tuple[date, date]:
    """Return *last* and *end* as they were *back* months ago; for a period that does not end with a month, as many times four weeks."""
    if end.day != 1:
        days = timedelta(days=_WEEKS * back)
        return last - days, end - days
    before = months_before(end, back)
    own = months_before(last.replace(day=1), back)
    day = min(last.day, monthrange(own.year, own.month)[1])
    found = own.replace(day=day)
    return min(found, before - timedelta(days=2)), before


def months_before(first: date, months: int) -> date:
    """Return the first of the month so many months before *first*, which is one, too."""
    index = first.year * 12 + first.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def _known(values: Series) -> Series:
    found: Series = np.where(np.isfinite(values), values, 0.0)
    return found


def _first_of_month(day: date) -> date:
    return day.replace(day=1)

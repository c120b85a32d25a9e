"""Foresee: how every budget's running period is expected to end, worked out together, once for each state of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from bot.domain.budget import ScopeKind
from bot.domain.exhaustion import Exhaustion, exhaustion
from bot.domain.forecast import HISTORY, Outlook, Terms, outlook, totals
from bot.domain.foretold import Foretold
from bot.domain.money import NANOS_PER_UNIT, Money
from bot.domain.period import Window, add_months, first_of_month
from bot.ports import Calendar, Dimension, Documents, Figures, Forecasts
from bot.services import overlays
from bot.services.hindsight import MILESTONES
from bot.services.measure import Ruler, Running

if TYPE_CHECKING:
    from numpy.typing import NDArray

KIND = "foreseen"
"""Documents: of which state of the ledger and the budgets the forecasts are."""
KEPT = timedelta(days=8)
_CENT = NANOS_PER_UNIT // 100
_WEEKEND = 5


@dataclass(frozen=True)
class Foresight:
    """Keeps forecasts up to date."""

    figures: Figures
    forecasts: Forecasts
    documents: Documents
    calendar: Calendar
    currency: str

    def refresh(self, ruler: Ruler, loads: int) -> int:
        """Work out all forecasts if the ledger or the budgets have changed since they were, and return how many.

        Args:
            loads: The number of the newest load.
        """
        stamp = _stamp(ruler, loads)
        if self.documents.get(KIND, "of") == stamp:
            return 0
        run = _Foreseeing(self.figures, self.calendar, ruler, self.currency)
        found = [*run.all(), *run.providers()]
        self.forecasts.keep(found)
        self.forecasts.forget(ruler.now.date() - KEPT, frozenset(MILESTONES))
        self.documents.put(KIND, "of", stamp)
        return len(found)


@dataclass
class _Foreseeing:
    """One run.

    Attributes:
        ruler: Knows the budgets' subjects, and until when each is delivered.
    """

    figures: Figures
    calendar: Calendar
    ruler: Ruler
    currency: str

    def all(self) -> list[Foretold]:
        """Return the forecast of every subject that has history enough."""
        batches: defaultdict[tuple[Dimension, date, Window], list[Running]] = defaultdict(list)
        for one in self.ruler.running():
            if one.last is not None and one.last + timedelta(days=1) < one.window.end:
                batches[one.dimension, one.last, one.window].append(one)
        return [found for key, batch in batches.items() for found in self._batch(*key, batch)]

    def providers(self) -> list[Foretold]:
        """Return what each provider's month is expected to cost: without a limit, to tell how right forecasts are."""
        first = first_of_month(self.ruler.now.date())
        month = Window(first, add_months(first, 1))
        batches: defaultdict[date, list[str]] = defaultdict(list)
        for provider, last in self.ruler.delivered(month, Dimension.PROVIDER).items():
            if provider and first <= last < month.end - timedelta(days=1):
                batches[last].append(provider)
        return [told for last, names in batches.items() for told in self._unlimited(names, month, last)]

    def _unlimited(self, names: Sequence[str], month: Window, last: date) -> list[Foretold]:
        keys, nanos = self._history(Dimension.PROVIDER, last)
        costs = nanos[[keys[name] for name in names]]
        seen = outlook(_known(costs), last, month.end, Terms(start=month.start, holidays=self._holidays))
        complete = costs[:, costs.shape[1] - (last - month.start).days - 1 :].sum(axis=1)
        parts = np.stack([seen.point, seen.p10, seen.p90]) - seen.to_date
        return [
            _without_limit(f"{ScopeKind.PROVIDER} {name}", month, last, int(complete[i]), parts[:, i].tolist(), self.currency)
            for i, name in enumerate(names)
            if np.isfinite(parts[:, i]).all()
        ]

    def _batch(self, dimension: Dimension, last: date, window: Window, batch: Sequence[Running]) -> list[Foretold]:
        keys, nanos = self._history(dimension, last)
        singles = [one for one in batch if len(one.members) == 1 and one.members[0] in keys]
        found: list[Foretold] = []
        if singles:
            costs = nanos[[keys[one.members[0]] for one in singles]]
            found += self._told(singles, costs, last, outlook(_known(costs), last, window.end, self._terms(singles, dimension)))
        for one in batch:
            rows = [keys[member] for member in one.members if member in keys]
            if len(one.members) > 1 and rows:
                found += self._together(one, nanos[rows], last)
        return found

    def _together(self, one: Running, costs: NDArray[np.int64], last: date) -> list[Foretold]:
        """Return the forecast of a subject of several keys; what is planned for it is planned for all of them together."""
        whole, window = costs.sum(axis=0, keepdims=True), one.window
        if one.budget.overlays:
            return self._told([one], whole, last, outlook(_known(whole), last, window.end, self._terms([one])))
        groups = np.zeros(len(costs), dtype=np.int64)
        return self._told([one], whole, last, totals(_known(costs), last, window.end, groups, self._terms([one])))

    def _told(self, batch: Sequence[Running], costs: NDArray[np.int64], last: date, seen: Outlook) -> list[Foretold]:
        """Return what *seen* says of each of *batch*: what is complete to the nano, what is to come to the cent."""
        window = batch[0].window
        days = (last - window.start).days + 1
        complete = costs[:, costs.shape[1] - days :].sum(axis=1) if days > 0 else np.zeros(len(batch), np.int64)
        limits = np.array([one.budget.limit.nanos for one in batch]) / NANOS_PER_UNIT
        gone = exhaustion(_known(costs), last, window.end, limits, self._terms(batch))
        over, history = seen.probability_over(limits), (np.cumsum(costs != 0, axis=1) > 0).sum(axis=1)
        parts = np.stack([seen.point, seen.p10, seen.p90]) - seen.to_date
        return [
            _foretold(one, last, int(complete[i]), parts[:, i].tolist(), float(over[i]), gone, i, int(history[i]))
            for i, one in enumerate(batch)
            if np.isfinite(parts[:, i]).all() and np.isfinite(over[i])
        ]

    def _terms(self, batch: Sequence[Running], dimension: Dimension | None = None) -> Terms:
        """Return what is known beside the history; of single keys also what the running day has cost so far."""
        known = Terms(
            start=batch[0].window.start, holidays=self._holidays, overlays=overlays.by_row([one.budget.overlays for one in batch])
        )
        last = batch[0].last
        if dimension is None or last is None:
            return known
        keys, costs, first = self._costs(dimension)
        opened = costs[[keys[one.members[0]] for one in batch], (last - first).days + 1 :] / NANOS_PER_UNIT
        return replace(known, open_costs=opened if opened.shape[1] else None)

    def _history(self, dimension: Dimension, last: date) -> tuple[dict[str, int], NDArray[np.int64]]:
        keys, costs, first = self._costs(dimension)
        end = (last - first).days + 1
        return keys, costs[:, max(0, end - HISTORY) : end]

    def _costs(self, dimension: Dimension) -> tuple[dict[str, int], NDArray[np.int64], date]:
        if dimension not in self._daily:
            today = self.ruler.now.date()
            window = Window(today - timedelta(days=HISTORY + 10), today + timedelta(days=1))
            daily = self.figures.by_day(window, dimension)
            self._daily[dimension] = ({key: i for i, key in enumerate(daily.keys)}, daily.costs, window.start)
        return self._daily[dimension]

    @cached_property
    def _daily(self) -> dict[Dimension, tuple[dict[str, int], NDArray[np.int64], date]]:
        return {}

    @cached_property
    def _holidays(self) -> frozenset[date]:
        """The public holidays of the organisation's country, past and to come."""
        today = self.ruler.now.date()
        days = (today + timedelta(days=n) for n in range(-HISTORY - 10, 370))
        return frozenset(day for day in days if day.weekday() < _WEEKEND and self.calendar.is_free(day, "UTC"))


@dataclass(frozen=True)
class Series:
    """What one subject cost: nanos by day, of the *days* that are complete."""

    costs: Mapping[date, int]
    days: Window


def alone(series: Series, window: Window, currency: str) -> Foretold | None:
    """Return how *window* is expected to end for a subject without a budget; None without history enough."""
    days = [series.days.start + timedelta(days=n) for n in range(len(series.days))]
    costs = np.array([[series.costs.get(day, 0) for day in days]], dtype=np.int64)
    last = days[-1]
    seen = outlook(_known(costs), last, window.end, Terms(start=window.start))
    rests = [float((part - seen.to_date)[0]) for part in (seen.point, seen.p10, seen.p90)]
    if not all(map(isfinite, rests)):
        return None
    so_far = sum(cost for day, cost in series.costs.items() if window.start <= day <= last)
    point, low, high = (_money(so_far, rest, currency) for rest in rests)
    known = int((np.cumsum(costs != 0) > 0).sum())
    return Foretold("", "", window.start, last, point, low, high, Money(0, currency), Decimal(0), days=known)


def _without_limit(subject: str, window: Window, last: date, complete: int, parts: Sequence[float], currency: str) -> Foretold:
    point, low, high = (_money(complete, part, currency) for part in parts)
    return Foretold("", subject, window.start, last, point, low, high, Money(0, currency), Decimal(0))


def _money(complete: int, rest: float, currency: str) -> Money:
    """Return what is complete, to the nano, and what is to come, to the cent."""
    return Money(complete + round(max(rest, 0.0) * 100) * _CENT, currency)


def _foretold(
    one: Running, last: date, complete: int, parts: Sequence[float], over: float, gone: Exhaustion, place: int, days: int
) -> Foretold:
    currency = one.budget.limit.currency
    point, low, high = (_money(complete, part, currency) for part in parts)
    early, middle, late = (gone.day(int(when[place])) for when in (gone.early, gone.middle, gone.late))
    chance = Decimal(over).quantize(Decimal("0.001"))
    return Foretold(
        one.budget.name, str(one.subject), one.window.start, last, point, low, high, one.budget.limit, chance,
        early, middle, late, days, one.budget.version,
    )  # fmt: skip


def _known(costs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return *costs* in units; days before a series began are NaN."""
    begun = np.cumsum(costs != 0, axis=1) > 0
    return np.where(begun, costs / NANOS_PER_UNIT, np.nan)


def _stamp(ruler: Ruler, loads: int) -> str:
    """Return what the forecasts depend on: the newest load, the day, the budgets with what was granted on top, the teams."""
    budgets = sorted(repr(budget) for budget in ruler.budgets)
    teams = sorted(repr(team) for team in ruler.directory.teams.values())
    written = "\n".join([str(loads), str(ruler.now.date()), *budgets, *map(repr, ruler.raises), *teams])
    return sha256(written.encode()).hexdigest()

"""Foresee: how every budget's running period is expected to end, worked out together, once for each state of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from bot.domain.budget import PlannedChange, ScopeKind
from bot.domain.case import HISTORY
from bot.domain.completeness import LOOKED_AT, OLDEST, Opened, Usual
from bot.domain.exhaustion import Exhaustion, exhaustion
from bot.domain.forecast import outlook, totals
from bot.domain.foretold import MONTH, STALE, Foretold
from bot.domain.milestone import kept_since
from bot.domain.money import NANOS_PER_UNIT, Money
from bot.domain.outlook import Outlook, Terms
from bot.domain.period import Window, add_months, first_of_month
from bot.ports import Calendar, Dimension, Documents, Figures, Forecasts, Ledger
from bot.services import overlays
from bot.services.measure import Ruler, Running
from bot.services.opendays import Days, open_terms, since_begun

if TYPE_CHECKING:
    from numpy.typing import NDArray

KIND = "foreseen"
"""Documents: of which state of the ledger and the budgets the forecasts are."""
KEPT = timedelta(days=8)
_CENT = NANOS_PER_UNIT // 100
_MOST_NANOS = 2**63 - 1
_WEEKEND, _EVEN = 5, Decimal("0.5")


@dataclass(frozen=True)
class Foresight:
    """Keeps forecasts up to date."""

    figures: Figures
    ledger: Ledger
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
        run = _Foreseeing(self.figures, usual(self.ledger, ruler.now), self.calendar, ruler, self.currency)
        found = [*run.all(), *run.providers()]
        self.forecasts.renew(found, run.periods, ruler.now.date() - STALE)
        self.forecasts.forget(ruler.now.date() - KEPT, kept_since)
        self.documents.put(KIND, "of", stamp)
        return len(found)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A subject, and how complete its newest days are."""

    one: Running
    opened: Opened

    @property
    def is_sum(self) -> bool:
        """Tell whether it is the organisation, or a team with others below it."""
        return len(self.one.members) != 1 or self.one.subject.kind is ScopeKind.ORG


@dataclass
class _Foreseeing:
    """One run.

    Attributes:
        usual: How complete newest days are, by source.
        ruler: Knows the budgets' subjects, and until when each is delivered.
        periods: The budgets that were looked at, and when their periods began.
    """

    figures: Figures
    usual: Usual
    calendar: Calendar
    ruler: Ruler
    currency: str
    periods: set[tuple[str, date]] = field(default_factory=set)

    def all(self) -> list[Foretold]:
        """Return the forecast of every subject that has history enough."""
        batches: defaultdict[tuple[Dimension, date, Window], list[_Asked]] = defaultdict(list)
        for one in self.ruler.running():
            self.periods.add((one.budget.name, one.window.start))
            if one.last is not None and one.last + timedelta(days=1) < one.window.end:
                opened = self.usual.opened(one.sources, one.last)
                batches[one.dimension, opened.last, one.window].append(_Asked(one, opened))
        return [found for (dimension, last, _), batch in batches.items() for found in self._batch(dimension, last, batch)]

    def providers(self) -> list[Foretold]:
        """Return what each provider's month is expected to cost: without a limit, to tell how right forecasts are."""
        first = first_of_month(self.ruler.now.date())
        month = Window(first, add_months(first, 1))
        sources = self.ruler.sources(month, Dimension.PROVIDER)
        batches: defaultdict[tuple[date, date], dict[str, Opened]] = defaultdict(dict)
        for provider, delivered in self.ruler.delivered(month, Dimension.PROVIDER).items():
            if provider and first <= delivered < month.end - timedelta(days=1):
                opened = self.usual.opened(sources[provider], delivered)
                batches[delivered, opened.last][provider] = opened
        return [told for (delivered, _), batch in batches.items() for told in self._unlimited(batch, month, delivered)]

    def _unlimited(self, batch: Mapping[str, Opened], month: Window, delivered: date) -> list[Foretold]:
        last = next(iter(batch.values())).last
        days = self._days(Dimension.PROVIDER, batch, last)
        terms = Terms(start=month.start, holidays=self._holidays, **open_terms(days, list(batch.values())))
        seen = outlook(since_begun(days.whole), last, month.end, terms)
        parts, complete = np.stack([seen.point, seen.p10, seen.p90]) - seen.to_date, days.since(month.start)
        return [
            _without_limit(f"{ScopeKind.PROVIDER} {name}", month, delivered, int(complete[i]), parts[:, i].tolist(), self.currency)
            for i, name in enumerate(batch)
            if np.isfinite(parts[:, i]).all()
        ]

    def _batch(self, dimension: Dimension, last: date, batch: Sequence[_Asked]) -> list[Foretold]:
        keys, _, _ = self._costs(dimension)
        singles = [asked for asked in batch if not asked.is_sum and asked.one.members[0] in keys]
        found: list[Foretold] = []
        if singles:
            days = self._days(dimension, [asked.one.members[0] for asked in singles], last)
            terms = self._terms(singles, days)
            found += self._told(singles, days, outlook(since_begun(days.whole), last, singles[0].one.window.end, terms), terms)
        for asked in batch:
            members = [member for member in asked.one.members if member in keys]
            if asked.is_sum and members:
                found += self._together(asked, self._days(dimension, members, last))
        return found

    def _together(self, asked: _Asked, days: Days) -> list[Foretold]:
        """Return the forecast of a subject of several keys; what is planned for it is planned for all of them together."""
        whole, end = days.together(), asked.one.window.end
        terms = replace(self._terms([asked], whole), grows=True)
        groups = np.zeros(len(days.whole), dtype=np.int64)
        seen = totals(since_begun(days.whole), days.last, end, groups, replace(self._terms([asked], days), grows=True))
        return self._told([asked], whole, seen, terms)

    def _told(self, batch: Sequence[_Asked], days: Days, seen: Outlook, terms: Terms) -> list[Foretold]:
        """Return what *seen* says of each of *batch*: what is complete to the nano, what is to come to the cent."""
        window, complete = batch[0].one.window, days.since(batch[0].one.window.start)
        limits = np.array([asked.one.budget.limit.nanos for asked in batch]) / NANOS_PER_UNIT
        gone = exhaustion(since_begun(days.whole), days.last, window.end, limits, terms)
        over, history = seen.probability_over(limits), (np.cumsum(days.whole != 0, axis=1) > 0).sum(axis=1)
        parts = np.stack([seen.point, seen.p10, seen.p90]) - seen.to_date
        return [
            _foretold(asked.one, int(complete[i]), parts[:, i].tolist(), float(over[i]), gone, i, int(history[i]))
            for i, asked in enumerate(batch)
            if np.isfinite(parts[:, i]).all() and np.isfinite(over[i])
        ]

    def _terms(self, batch: Sequence[_Asked], days: Days) -> Terms:
        """Return what is known beside the history: holidays, plans, what the days that are not whole have cost so far."""
        planned = overlays.by_row([asked.one.budget.overlays for asked in batch])
        start = batch[0].one.window.start
        return Terms(start, holidays=self._holidays, overlays=planned, **open_terms(days, [asked.opened for asked in batch]))

    def _days(self, dimension: Dimension, names: Iterable[str], last: date) -> Days:
        keys, costs, first = self._costs(dimension)
        return Days.of(costs[[keys[name] for name in names]], first, last)

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
        return holidays(self.calendar, self.ruler.now.date())


@dataclass(frozen=True)
class Series:
    """What one subject cost: nanos by day.

    Attributes:
        days: Those that are delivered.
        today: The running day.
        opened: How complete the newest ones are; None where nobody knows.
        is_sum: It is the organisation, or a team with others below it.
    """

    costs: Mapping[date, int]
    days: Window
    today: date
    opened: Opened | None = None
    is_sum: bool = False


def alone(series: Series, window: Window, currency: str, calendar: Calendar, planned: Sequence[PlannedChange] = ()) -> Foretold | None:
    """Return how *window* is expected to end for a subject without a budget of it; None without history enough."""
    first, delivered = series.days.start, series.days.end - timedelta(days=1)
    opened = series.opened or Opened(delivered)
    until = max(series.today, delivered)
    nanos = [series.costs.get(first + timedelta(days=n), 0) for n in range((until - first).days + 1)]
    days = Days.of(np.array([nanos], dtype=np.int64), first, opened.last)
    terms = Terms(window.start, holidays=holidays(calendar, series.today), grows=series.is_sum, **open_terms(days, [opened]))
    terms = replace(terms, overlays=overlays.by_row([planned]))
    seen = outlook(since_begun(days.whole), days.last, window.end, terms)
    rests = [float((part - seen.to_date)[0]) for part in (seen.point, seen.p10, seen.p90)]
    if not all(map(isfinite, rests)):
        return None
    so_far = sum(cost for day, cost in series.costs.items() if window.start <= day <= days.last)
    point, low, high = (_money(so_far, rest, currency) for rest in rests)
    known = int((np.cumsum(days.whole != 0) > 0).sum())
    return Foretold(MONTH, "", window.start, delivered, point, low, high, Money(0, currency), Decimal(0), days=known)


def usual(ledger: Ledger, now: datetime) -> Usual:
    """Return how complete the newest days of each source usually are, from what loads found of earlier ones."""
    return Usual.of(ledger.seen(now.date() - timedelta(days=LOOKED_AT + OLDEST)), now)


def holidays(calendar: Calendar, today: date) -> frozenset[date]:
    """Return the public holidays of the organisation's country, past and to come."""
    days = (today + timedelta(days=n) for n in range(-HISTORY - 10, 370))
    return frozenset(day for day in days if day.weekday() < _WEEKEND and calendar.is_free(day, "UTC"))


def _without_limit(subject: str, window: Window, last: date, complete: int, parts: Sequence[float], currency: str) -> Foretold:
    point, low, high = (_money(complete, part, currency) for part in parts)
    return Foretold(MONTH, subject, window.start, last, point, low, high, Money(0, currency), Decimal(0))


def _money(complete: int, rest: float, currency: str) -> Money:
    """Return what is complete, to the nano, and what is to come, to the cent; at most what a store can hold."""
    return Money(min(complete + round(max(rest, 0.0) * 100) * _CENT, _MOST_NANOS), currency)


def _foretold(one: Running, complete: int, parts: Sequence[float], over: float, gone: Exhaustion, place: int, days: int) -> Foretold:
    currency = one.budget.limit.currency
    point, low, high = (_money(complete, part, currency) for part in parts)
    early, middle, late = (gone.day(int(when[place])) for when in (gone.early, gone.middle, gone.late))
    chance = Decimal(over).quantize(Decimal("0.001"))
    middle = middle if chance >= _EVEN else None  # two models: the day follows the chance
    return Foretold(
        one.budget.name, str(one.subject), one.window.start, one.last or gone.last, point, low, high, one.budget.limit, chance,
        early, middle, late, days, one.budget.version,
    )  # fmt: skip


def _stamp(ruler: Ruler, loads: int) -> str:
    """Return what the forecasts depend on: the newest load, the day, the budgets with what was granted on top, the teams."""
    budgets = sorted(repr(budget) for budget in ruler.budgets)
    teams = sorted(repr(team) for team in ruler.directory.teams.values())
    written = "\n".join([str(loads), str(ruler.now.date()), *budgets, *map(repr, ruler.raises), *teams])
    return sha256(written.encode()).hexdigest()

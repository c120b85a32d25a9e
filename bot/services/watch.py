"""Watch: what every team costs each day, as far as all its sources have delivered, to what is out of the usual."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np

from bot.domain import detection
from bot.domain.alert import Kind, Reason, Seen
from bot.domain.almanac import Almanac, Flags
from bot.domain.anomaly import Anomaly, History, Members
from bot.domain.budget import Budget
from bot.domain.episode import Episode, Share
from bot.domain.money import NANOS_PER_UNIT, Money
from bot.domain.people import Directory
from bot.domain.period import Window, last_whole_day, midnight
from bot.domain.thresholds import USUAL, Thresholds
from bot.domain.visibility import Privacy
from bot.ports import FORGOTTEN, Alerts, Calendar, Daily, Dimension, Documents, Figures, Ledger, Load, Member, Parts
from bot.services.announced import Announced
from bot.services.deliveries import standing

KIND = "watch"
"""Documents: what was looked at last, and the thresholds that were fitted."""
_SEEN, _FITTED = "seen", "thresholds"
_QUARTER = timedelta(days=91)
_ENOUGH = 120
"""Days of history before thresholds are fitted to it."""
_LATELY = timedelta(days=35)
"""A source that has billed nothing for a team for so long is not waited for."""
_CLOSE = timedelta(days=126)
"""Days for which it is looked up what teams consist of, three turns of a month among them; before them nobody is compared with anybody."""
_HALF, _MANY = Decimal("0.5"), Decimal("0.25")
"""Shares of the people who are off on a holiday, and on a day when many are away."""
_LEAST_FLOOR = 0.01
_YEARS_END = (24, 31)
"""Days of December between which nobody plans much."""


@dataclass(frozen=True, slots=True)
class WatchTerms:
    """What the deployment decided about anomalies.

    Attributes:
        per_quarter: False alarms per team and quarter that people put up with; 0 for no anomalies at all.
        floor: Nanos of excess below which nothing is worth a word.
    """

    per_quarter: float = 1.0
    floor: int = 25 * NANOS_PER_UNIT


@dataclass(frozen=True)
class Watched:
    """What a watch saw.

    Attributes:
        found: Team and figures of what is out of the usual in the last days, the dearest first.
        daily: What each team cost by day.
        lasts: The last day that all sources of a team had delivered, by team.
        is_first: Nobody had looked before: what began before is nobody's surprise.
        notes: What is to be kept once the decision is stored.
    """

    found: Sequence[tuple[str, Seen]] = ()
    daily: Daily | None = None
    lasts: Mapping[str, date] = field(default_factory=dict)
    currency: str = ""
    is_first: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)

    def paid(self, team: str, since: date, until: date) -> Money | None:
        """Return what *team* cost from *since* to *until*; None where these days were not looked at."""
        if self.daily is None or since < self.daily.window.start or team not in self.lasts:
            return None
        costs = self.daily.costs[self._rows[team], (since - self.daily.window.start).days : (until - self.daily.window.start).days + 1]
        return Money(int(costs.sum()), self.currency)

    @cached_property
    def _rows(self) -> dict[str, int]:
        assert self.daily is not None
        return {team: row for row, team in enumerate(self.daily.keys)}


@dataclass(frozen=True)
class Watch:
    """Looks for anomalies; every part is a port or a decision of the deployment."""

    figures: Figures
    ledger: Ledger
    documents: Documents
    alerts: Alerts
    calendar: Calendar
    privacy: Privacy
    currency: str
    terms: WatchTerms = WatchTerms()

    def look(self, directory: Directory, budgets: Sequence[Budget] = ()) -> Watched | None:
        """Return what is out of the usual and what no budget has declared, None where nothing has changed since the last look.

        Looked at is each day that a source has completed, once, and again when days that are judged were restated or when
        something else is declared.
        """
        marks = whole_days(self.ledger.sources())
        if not marks:
            return None
        state = self._state(marks, budgets)
        before = self.documents.get(KIND, _SEEN)
        if state == before:
            return None
        sight = self._sight(marks, directory, budgets)
        if sight is None:
            return None
        limits, notes = self._limits(sight)
        floor = self._floor
        found = detection.anomalies(
            sight.history, almanac=sight.almanac, limits=limits, floor=floor, people=sight.people, things=sight.things
        )
        seen = [(each.subject, sight.seen(each)) for each in found if each.is_alarm]
        return Watched(seen, sight.daily, sight.lasts, self.currency, before is None, {**notes, _SEEN: state})

    def keep(self, watched: Watched) -> None:
        """Remember what was looked at; the decision about it is stored by then."""
        for key, text in watched.notes.items():
            self.documents.put(KIND, key, text)

    @property
    def _floor(self) -> float:
        return max(self.terms.floor / NANOS_PER_UNIT, _LEAST_FLOOR)

    def _state(self, marks: Mapping[str, date], budgets: Sequence[Budget]) -> str:
        """Return a text that changes with the days that are complete, with what the judged ones cost, and with what is declared."""
        last = max(marks.values())
        daily = self.figures.by_day(Window(last - timedelta(days=detection.JUDGED - 1), last + timedelta(days=1)), Dimension.TEAM)
        rows = sorted((team, costs.tolist()) for team, costs in zip(daily.keys, daily.costs, strict=True))
        days = sorted((source, day.isoformat()) for source, day in marks.items())
        planned = sorted(repr((budget.scope, budget.overlays)) for budget in budgets if budget.overlays)
        return hashlib.sha256(json.dumps([days, rows, *planned]).encode()).hexdigest()

    def _sight(self, marks: Mapping[str, date], directory: Directory, budgets: Sequence[Budget]) -> _Sight | None:
        last = max(marks.values())
        window = Window(last - timedelta(days=detection.MEMORY - 1), last + timedelta(days=1))
        daily = self.figures.by_day(window, Dimension.TEAM)
        rows = [row for row, team in enumerate(daily.keys) if team in directory.teams and daily.costs[row].any()]
        if not rows:
            return None
        daily = Daily(tuple(daily.keys[row] for row in rows), window, daily.costs[rows])
        there = self._there(daily, marks)
        tokens = self._tokens(daily, there)
        cost = np.where(there, daily.costs / NANOS_PER_UNIT, np.nan)
        planned = Announced(budgets, self.figures, directory, window).of(daily.keys)
        history = History(daily.keys, last, cost, tokens, declared=self._declared(daily), planned=planned)
        is_grouped = self.privacy is Privacy.WORKS_COUNCIL
        close = Window(max(window.end - _CLOSE, window.start), window.end)
        parts = {} if is_grouped else {member: self.figures.parts_by_day(close, member) for member in Member}
        people = self._anew(_members(daily, there, [parts[Member.PERSON]]), window) if parts else None
        things = _members(daily, there, list(parts.values())) if parts else None
        return _Sight(history, daily, self._almanac(window, directory), people, things, self.currency)

    def _there(self, daily: Daily, marks: Mapping[str, date]) -> Flags:
        """Return teams × days: whether every source that has lately billed something for the team has delivered the day."""
        lately = Window(max(daily.window.end - _LATELY, daily.window.start), daily.window.end)
        of = self.figures.matrix(lately, Dimension.TEAM, Dimension.SOURCE)
        told = delivered(self.ledger.loads(), daily.window, marks)
        nothing = np.zeros(len(daily.window), dtype=np.bool_)
        some = np.logical_or.reduce([nothing, *told.values()])
        found: Flags = np.stack(
            [np.logical_and.reduce([some, *(told.get(source, nothing) for source in of.get(team, ()))]) for team in daily.keys]
        )
        return found

    def _tokens(self, daily: Daily, there: Flags) -> Any:
        tokens = self.figures.tokens_by_day(daily.window)
        rows = {team: row for row, team in enumerate(tokens.keys)}
        found = np.zeros(daily.costs.shape)
        for place, team in enumerate(daily.keys):
            if team in rows:
                found[place] = tokens.costs[rows[team]]
        return np.where(there, found, np.nan) if found.any() else None

    def _declared(self, daily: Daily) -> Flags:
        """Return teams × days that people said were to be expected."""
        found = np.zeros(daily.costs.shape, dtype=np.bool_)
        rows = {team: row for row, team in enumerate(daily.keys)}
        for team, episode in self._expected():
            begin, end = (max((day - daily.window.start).days, 0) for day in (episode.since, episode.last + timedelta(days=1)))
            if team in rows:
                found[rows[team], begin:end] = True
        return found

    def _anew(self, people: Members, window: Window) -> Members:
        """Let the past of those whose cost was expected begin with it."""
        since: dict[str, int] = {}
        for _, episode in self._expected():
            for share in episode.who:
                since[share.person] = max(since.get(share.person, 0), (episode.since - window.start).days)
        return replace(people, anew=np.array([since.get(name, 0) for name in people.names], dtype=np.int64)) if since else people

    def _expected(self) -> list[tuple[str, Episode]]:
        """Return the teams and episodes that people said were to be expected."""
        every = self.alerts.every(kind=Kind.ANOMALY)
        return [(a.identity.subject.partition(" ")[2], a.seen.episode) for a in every if a.seen.episode and a.reason is Reason.EXPECTED]

    def _almanac(self, window: Window, directory: Directory) -> Almanac:
        """Return the days on which most people are off, and those on which many are."""
        first, days = window.start, len(window)
        here = (p for p in directory.people.values() if p.stint(window.end - timedelta(days=1)))
        zones = Counter(person.time_zone for person in here)
        whole = zones.total()
        holidays, quiet = set(), set()
        for day in (first + timedelta(days=n) for n in range(days)):
            off = sum(count for zone, count in zones.items() if self.calendar.is_free(day, zone))
            if whole and off >= _HALF * whole:
                holidays.add(day)
            elif (whole and off >= _MANY * whole) or (day.month == 12 and _YEARS_END[0] <= day.day <= _YEARS_END[1]):  # noqa: PLR2004 - December
                quiet.add(day)
        return Almanac(frozenset(holidays), frozenset(quiet))

    def _limits(self, sight: _Sight) -> tuple[Thresholds, dict[str, str]]:
        """Return the thresholds in force, and what is to be kept of them: fitted anew each quarter, and with another budget."""
        last = sight.history.last
        known = json.loads(self.documents.get(KIND, _FITTED) or "{}")
        is_fresh = known and known["budget"] == self.terms.per_quarter and last - date.fromisoformat(known["on"]) < _QUARTER
        if is_fresh:
            return Thresholds(*(tuple(known[name]) for name in ("steady", "uneven", "bursty"))), {}
        if sight.known_days < _ENOUGH:
            return USUAL, {}
        limits = detection.fitted(sight.history, almanac=sight.almanac, floor=self._floor, budget_per_quarter=self.terms.per_quarter)
        kept = {"on": last.isoformat(), "budget": self.terms.per_quarter, **asdict(limits)}
        return limits, {_FITTED: json.dumps(kept)}


@dataclass(frozen=True)
class _Sight:
    """What is looked at."""

    history: History
    daily: Daily
    almanac: Almanac
    people: Members | None
    things: Members | None
    currency: str

    @cached_property
    def lasts(self) -> dict[str, date]:
        """The last day of each team that is judged; none for a team without any."""
        found = {}
        for team, costs in zip(self.daily.keys, np.isfinite(self.history.cost), strict=True):
            final = np.flatnonzero(costs)
            if len(final):
                found[team] = self.daily.window.start + timedelta(days=int(final[-1]))
        return found

    @property
    def known_days(self) -> int:
        """How many days lie between the first that is known and the last."""
        known = np.flatnonzero((np.nan_to_num(self.history.cost) > 0).any(axis=0))
        return int(known[-1] - known[0]) + 1 if len(known) else 0

    def seen(self, anomaly: Anomaly) -> Seen:
        """Return *anomaly* as people are told of it: in exact amounts, which are estimates of whole cents."""
        row, start = self.daily.keys.index(anomaly.subject), self.daily.window.start
        days = slice((anomaly.since - start).days, (anomaly.until - start).days + 1)
        last = self.lasts[anomaly.subject]
        episode = Episode(
            anomaly.channels,
            anomaly.since,
            anomaly.until,
            last,
            self._money(anomaly.expected),
            Money(int(self.daily.costs[row, days].sum()), self.currency),
            tuple(Share(part.name, self._money(part.excess)) for part in anomaly.who),
            anomaly.things,
        )
        month_end = None if anomaly.month_end is None else self._money(anomaly.month_end)
        return Seen(self._money(anomaly.so_far), None, midnight(last + timedelta(days=1)), month_end, episode=episode)

    def _money(self, amount: float) -> Money:
        return Money(round(amount * 100) * (NANOS_PER_UNIT // 100), self.currency)


def _members(daily: Daily, there: Flags, found: Iterable[Parts]) -> Members:
    """Return what the teams of *daily* consist of; before the days that were asked for, nothing."""
    places = {team: place for place, team in enumerate(daily.keys)}
    names: list[str] = []
    series: list[int] = []
    costs = [np.zeros((0, len(daily.window)))]
    for parts in found:
        rows = [row for row, team in enumerate(parts.teams) if team in places]
        of = [places[parts.teams[row]] for row in rows]
        whole = np.zeros((len(rows), len(daily.window)))
        whole[:, len(daily.window) - len(parts.window) :] = parts.costs[rows] / NANOS_PER_UNIT
        costs.append(np.where(there[of], whole, np.nan))
        names += [parts.keys[row] for row in rows]
        series += of
    return Members(tuple(names), np.array(series, dtype=np.int64), np.concatenate(costs))


def whole_days(loads: Iterable[Load]) -> dict[str, date]:
    """Return the last day that each source has completed."""
    return {load.source: last_whole_day(load.watermark) for load in loads if load.description != FORGOTTEN}


def delivered(loads: Iterable[Load], window: Window, marks: Mapping[str, date]) -> dict[str, Flags]:
    """Return for each source the days of *window* that it has delivered, up to the last that it has completed.

    Args:
        loads: Newest first.
    """
    found: dict[str, Flags] = {}
    for load in standing(loads):
        if load.source not in marks:
            continue
        days = found.setdefault(load.source, np.zeros(len(window), dtype=np.bool_))
        end = min(load.window.end, marks[load.source] + timedelta(days=1))
        days[max((load.window.start - window.start).days, 0) : max((end - window.start).days, 0)] = True
    return found

"""Measure: what every budget's subject has cost, from a few questions to the ledger however many subjects there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from bot.domain.budget import EACH, Budget, Raise, Scope, ScopeKind, in_force
from bot.domain.burn import Burn, burning
from bot.domain.crossing import PACES, Measured
from bot.domain.foretold import LATELY, STALE, Foretold
from bot.domain.money import Money
from bot.domain.people import Directory
from bot.domain.period import PeriodKind, Window, last_whole_day, midnight
from bot.ports import FORGOTTEN, Dimension, Figures, Load
from bot.services.amounts import final_day
from bot.services.hours import Hours
from bot.services.subjects import DIMENSIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORT = 5
"""Days that are looked at for how fast it goes."""
ENOUGH = 28
"""Days since the first cost before a forecast may warn."""
PATIENCE = timedelta(days=10)
"""After this a source that has not delivered a period's end no longer keeps the period open."""
_KEPT = 1024
"""Watermarks and ends of periods that are remembered; all subjects of a review share a few."""
_LONGEST_LOOK_BACK = timedelta(days=45)


@dataclass(frozen=True)
class Ruler:
    """What is measured with.

    Attributes:
        loads: The newest load of every source.
        then: Returns the budgets that were in force at an instant: a period that is over is judged by what held at its end.
        pace_floor: Nanos; a day or an hour that cost less is never too fast.
        hours: What is known of the last hours; None where nobody asks.
        looks_ahead: What is expected, and how fast it goes, is wanted, too.
        foretold: The newest forecasts, by budget, subject and beginning of the period; what is expected is read from them.
    """

    figures: Figures
    loads: Sequence[Load]
    budgets: Sequence[Budget]
    then: Callable[[datetime], Sequence[Budget]]
    raises: Sequence[Raise]
    directory: Directory
    now: datetime
    pace_floor: int = 0
    hours: Hours | None = None
    looks_ahead: bool = True
    foretold: dict[tuple[str, str, date], Foretold] = field(default_factory=dict)

    def running(self) -> Iterator[Running]:
        """Yield every subject of every budget that has cost in the period that runs, or had some lately."""
        for budget in self.budgets:
            window = self._windows(budget)[-1]
            keys, recent = self._keys(budget, window), self._keys(budget, self._lately)
            for subject, members in self._subjects(budget, {**keys, **recent}):
                sources = next((found for of in (recent, keys) if (found := _together(of.get(member, {}) for member in members))), {})
                as_of = min((self._marks[source] for source in sources if source in self._marks), default=None)
                held = self._held(budget, subject, window)
                last = last_whole_day(as_of) if as_of else None
                yield Running(held, subject, members, window, DIMENSIONS[budget.scope.kind], last, sources)

    def sources(self, window: Window, by: Dimension) -> Mapping[str, Mapping[str, int]]:
        """Return what each key has cost in *window* so far by its sources, in nanos."""
        return self._asked(window, by)

    def delivered(self, window: Window, by: Dimension) -> dict[str, date]:
        """Return the last day that all sources of a key have completed, for every key with cost in *window*."""
        marks = {key: [self._marks[s] for s in of if s in self._marks] for key, of in self._asked(window, by).items()}
        return {key: last_whole_day(min(found)) for key, found in marks.items() if found}

    def measure(self) -> Iterator[Measured]:
        """Yield every subject of every budget with cost or history, for the periods that can still change."""
        for newest in self.budgets:
            for window in self._windows(newest):
                budget = self._of_window(newest, window)
                keys = self._keys(budget, window)
                for subject, members in self._subjects(budget, keys):
                    found = self._measured(budget, subject, members, window, keys)
                    if found:
                        yield found

    def without_cost(self, name: str, subject: Scope, start: date) -> Measured | None:
        """Return the measure of a subject that has no cost (left) in the period from *start*; None where it has no such budget."""
        budget = next((b for b in self.budgets if b.name == name), None)
        window = next((w for w in self._windows(budget) if w.start == start), None) if budget else None
        if budget is None or window is None or not self._is_subject(budget, subject):
            return None
        budget = self._of_window(budget, window)
        held = self._held(budget, subject, window)
        as_of = min(self._marks.values(), default=None)
        return Measured(held, subject, window, Money(0, budget.limit.currency), as_of, is_over=self._is_over(window))

    def _is_subject(self, budget: Budget, subject: Scope) -> bool:
        if budget.scope.kind is not subject.kind:
            return False
        return any(str(found) == str(subject) for found, _ in self._subjects(budget, [subject.name]))

    def _measured(
        self, budget: Budget, subject: Scope, members: Sequence[str], window: Window, keys: Mapping[str, Mapping[str, int]]
    ) -> Measured | None:
        by_source = keys.get(members[0], {}) if len(members) == 1 else _together(keys.get(member, {}) for member in members)
        if not by_source:
            return None
        held = self._held(budget, subject, window)
        cost = Money(sum(by_source.values()), budget.limit.currency)
        is_over = self._is_over(window)
        as_of = self._as_of(by_source, {} if is_over else self._keys(budget, self._lately), members)
        if is_over or as_of is None or not self.looks_ahead or _midnight(window.end) <= self.now:
            return Measured(held, subject, window, cost, as_of, is_over=is_over)
        return self._with_outlook(Measured(held, subject, window, cost, as_of), members)

    def _as_of(self, sources: Iterable[str], lately: Mapping[str, Mapping[str, int]], members: Sequence[str]) -> datetime | None:
        """Return until when *sources* are complete; those that ended long ago, by what *members* cost *lately*, hold nobody back."""
        running = {source for member in members for source in lately.get(member, ())}
        marks = {source: self._marks[source] for source in sources if source in self._marks}
        return min([mark for source, mark in marks.items() if source in running] or marks.values(), default=None)

    def _held(self, budget: Budget, subject: Scope, window: Window) -> Budget:
        """Return *budget* with what was granted to *subject*."""
        raises = self._raised.get((budget.name, str(subject)))
        return in_force(budget, subject, raises, self._instant(window)) if raises else budget

    @cached_property
    def _raised(self) -> Mapping[tuple[str, str], list[Raise]]:
        found: defaultdict[tuple[str, str], list[Raise]] = defaultdict(list)
        for raised in self.raises:
            found[raised.budget, raised.subject].append(raised)
        return found

    # How it goes on

    def _with_outlook(self, found: Measured, members: Sequence[str]) -> Measured:
        """Add what is expected and how fast it goes, from the days that every source has delivered."""
        assert found.as_of is not None
        recent = self._recent(found, members, last_whole_day(found.as_of))
        plan = found.budget.limit.nanos / len(found.window)
        burn = self._burn(found, members)
        return Measured(
            found.budget,
            found.subject,
            found.window,
            found.cost,
            found.as_of,
            expected=self._expected(found),
            pace=PACES[-1] if burn else self._pace(found, recent),
            burn=burn,
            is_calm=recent.three / 3 <= plan and recent.running <= plan,
        )

    def _expected(self, found: Measured) -> Money | None:
        """Return what was foretold of the whole period, where it rests on history enough for a warning."""
        told = self.foretold.get((found.budget.name, str(found.subject), found.window.start))
        is_known = told and told.is_of(found.budget) and told.days >= ENOUGH and self.now.date() - told.as_of <= STALE
        return told.at_least(found.cost).point if told and is_known else None

    def _pace(self, found: Measured, recent: _Recent) -> Decimal | None:
        """Return the multiple of the plan that whole days have reached, if the budget would be gone before its period ends."""
        plan = found.budget.limit.nanos / len(found.window)
        day, three = float(recent.day), recent.three / 3
        left = max(0, (found.window.end - recent.last).days - 1)
        runs_out = found.cost.nanos + day * left >= found.budget.limit.nanos
        if recent.last not in found.window or not runs_out or day < self.pace_floor:
            return None
        warn, urgent = PACES
        if day >= float(urgent) * plan:
            return urgent
        return warn if min(day, three) >= float(warn) * plan else None

    def _burn(self, found: Measured, members: Sequence[str]) -> Burn | None:
        """Return what too much was spent within hours, if the budget would be gone before its period ends."""
        if self.hours is None:
            return None
        spent = self.hours.spent(DIMENSIONS[found.subject.kind], members, midnight(found.window.start))
        notable = {hours: (one.nanos, one.until) for hours, one in spent.items() if one.nanos >= self.pace_floor}
        burn = burning(notable, found.budget.limit, len(found.window))
        if burn is None:
            return None
        left = (midnight(found.window.end) - self.now) / timedelta(hours=burn.hours)
        return burn if found.cost.nanos + burn.cost.nanos * left >= found.budget.limit.nanos else None

    def _recent(self, found: Measured, members: Sequence[str], last: date) -> _Recent:
        """Return how the days up to *last* went; of subjects that are one key, all at once."""
        dimension = DIMENSIONS[found.subject.kind]
        keys, costs, first = self._history[dimension]
        rows = [keys[member] for member in members if member in keys]
        if len(rows) != 1 or len(members) != 1:
            return _recent(costs[rows].sum(axis=0, keepdims=True), first, last)[0]
        if (dimension, last) not in self._recents:
            self._recents[dimension, last] = _recent(costs, first, last)
        return self._recents[dimension, last][rows[0]]

    @cached_property
    def _recents(self) -> dict[tuple[Dimension, date], list[_Recent]]:
        return {}

    @cached_property
    def _history(self) -> Mapping[Dimension, tuple[dict[str, int], NDArray[np.int64], date]]:
        return _History(self.figures, self.now.date(), min(self._marks.values(), default=self.now).date())

    # Who, and when

    def _subjects(self, budget: Budget, keys: Iterable[str]) -> Iterator[tuple[Scope, Sequence[str]]]:
        """Yield the subjects of *budget* and the keys whose cost is theirs."""
        scope = budget.scope
        if scope.kind is ScopeKind.ORG:
            yield scope, list(keys)
        elif scope.kind is ScopeKind.TEAM:
            for team in self.directory.teams if scope.name == EACH else [scope.name]:
                if scope.name != EACH or not self._has_own(budget, team):
                    yield Scope(ScopeKind.TEAM, team), self.directory.below(team)
        elif scope.kind is ScopeKind.PERSON:
            yield from ((Scope(ScopeKind.PERSON, email), [email]) for email in keys if email and self._is_of(budget, email))
        elif scope.name != EACH:
            yield scope, [key for key in keys if key.casefold() == scope.name.casefold()]
        else:
            yield from ((Scope(scope.kind, key), [key]) for key in keys if key and not self._has_own(budget, key))

    def _is_of(self, budget: Budget, email: str) -> bool:
        """Tell whether *budget* is the one that is closest to the person, among those of its kind of period."""
        scope = budget.scope
        if scope.name != EACH:
            return scope.name.lower() == email
        person = self.directory.person(email)
        stint = person.stint(self.now.date()) if person else None
        if stint is None or self._has_own(budget, email):
            return False
        if scope.within is not None:
            return stint.team == scope.within
        return (budget.period, stint.team) not in self._of_team

    def _has_own(self, budget: Budget, name: str) -> bool:
        return (budget.scope.kind, budget.period, name.casefold()) in self._own

    @cached_property
    def _own(self) -> set[tuple[ScopeKind, PeriodKind, str]]:
        return {(b.scope.kind, b.period, b.scope.name.casefold()) for b in self.budgets if b.scope.name != EACH}

    @cached_property
    def _of_team(self) -> set[tuple[PeriodKind, str | None]]:
        people = (b for b in self.budgets if b.scope.kind is ScopeKind.PERSON)
        return {(b.period, b.scope.within) for b in people if b.scope.name == EACH and b.scope.within}

    def _windows(self, budget: Budget) -> list[Window]:
        """Return the running period, and the one before while its figures may still change."""
        running = budget.current(self.now.date()).window
        before = budget.current(running.start - timedelta(days=1)).window
        last = before.end - timedelta(days=1)
        final = max((final_day(load, last) for load in self.loads), default=before.end)
        until = max(final, (midnight(before.end) + PATIENCE).date())
        was_there = budget.began_at is None or budget.began_at < midnight(before.end)
        is_open = was_there and self.now.date() <= min(until, before.end + _LONGEST_LOOK_BACK)
        return [before, running] if is_open else [running]

    def _instant(self, window: Window) -> datetime:
        """Return when the limit of *window* is looked up: now, or in its last instant."""
        return min(self.now, midnight(window.end) - timedelta(microseconds=1))

    def _of_window(self, newest: Budget, window: Window) -> Budget:
        """Return the version of a budget that holds for *window*."""
        instant = self._instant(window)
        if instant == self.now:
            return newest
        if instant not in self._versions:
            self._versions[instant] = {budget.name: budget for budget in self.then(instant)}
        found = self._versions[instant].get(newest.name, newest)
        return found if found.period is newest.period else newest

    def _is_over(self, window: Window) -> bool:
        """Tell whether *window* has ended and what contributes to it has been delivered, or will not come any more."""
        end = _midnight(window.end)
        if self.now < end:
            return False
        marks = [self._marks[source] for source in self._contributing(window) if source in self._marks]
        return self.now >= end + PATIENCE or all(mark >= end for mark in marks)

    def _contributing(self, window: Window) -> set[str]:
        return {source for sources in self._asked(window, Dimension.TEAM).values() for source in sources}

    @cached_property
    def _marks(self) -> dict[str, datetime]:
        return marks(self.loads)

    @cached_property
    def _lately(self) -> Window:
        tomorrow = self.now.date() + timedelta(days=1)
        return Window(tomorrow - LATELY, tomorrow)

    def _keys(self, budget: Budget, window: Window) -> dict[str, dict[str, int]]:
        return self._asked(window, DIMENSIONS[budget.scope.kind])

    def _asked(self, window: Window, dimension: Dimension) -> dict[str, dict[str, int]]:
        if (window, dimension) not in self._answers:
            so_far = window.until(max(window.start, self.now.date()) + timedelta(days=1))  # what is billed ahead has not been used
            self._answers[window, dimension] = self.figures.matrix(so_far, dimension, Dimension.SOURCE)
        return self._answers[window, dimension]

    @cached_property
    def _versions(self) -> dict[datetime, dict[str, Budget]]:
        return {}

    @cached_property
    def _answers(self) -> dict[tuple[Window, Dimension], dict[str, dict[str, int]]]:
        return {}


@dataclass(frozen=True, slots=True)
class Running:
    """A subject of a budget in the period that runs.

    Attributes:
        budget: With the limit that holds for this subject today.
        members: The keys whose cost is the subject's.
        last: The last day that every source that contributes has delivered; None where none has.
        sources: What it has cost lately by each of these, in nanos; so far, where lately nothing.
    """

    budget: Budget
    subject: Scope
    members: Sequence[str]
    window: Window
    dimension: Dimension
    last: date | None
    sources: Mapping[str, int]


def marks(loads: Iterable[Load]) -> dict[str, datetime]:
    """Return until when each source is complete."""
    return {load.source: load.watermark for load in loads if load.description != FORGOTTEN}


def dimensions(budgets: Iterable[Budget]) -> set[Dimension]:
    """Return by what the cost of *budgets* is looked up."""
    return {DIMENSIONS[budget.scope.kind] for budget in budgets}


@dataclass(frozen=True, slots=True)
class _Recent:
    """How the days before the running one went, for one key or several together, in nanos.

    Attributes:
        last: The last day that every source has delivered; *day* is what it cost, *three* what it cost with the two before.
        running: What the day after *last* has cost so far.
    """

    last: date
    day: int
    three: int
    running: int


def _recent(costs: NDArray[np.int64], first: date, last: date) -> list[_Recent]:
    """Return how the days up to *last* went for each row of *costs*, whose columns are the days from *first*."""
    end = (last - first).days + 1
    known = costs[:, max(0, end - SHORT) : end]
    running = costs[:, end] if end < costs.shape[1] else np.zeros(len(costs), np.int64)
    sums = (known[:, -n:].sum(axis=1).tolist() for n in (1, 3))
    return [_Recent(last, *row) for row in zip(*sums, running.tolist(), strict=True)]


def _together(costs: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for cost in costs:
        for source, nanos in cost.items():
            found[source] += nanos
    return found


_midnight = lru_cache(_KEPT)(midnight)


class _History(dict[Dimension, "tuple[dict[str, int], NDArray[np.int64], date]"]):
    """Daily cost by dimension, asked for when it is first needed."""

    def __init__(self, figures: Figures, today: date, oldest_mark: date) -> None:
        super().__init__()
        first = min(today, oldest_mark) - timedelta(days=SHORT + 1)
        self._figures, self._window = figures, Window(first, today + timedelta(days=1))

    def __missing__(self, dimension: Dimension) -> tuple[dict[str, int], NDArray[np.int64], date]:
        daily = self._figures.by_day(self._window, dimension)
        self[dimension] = ({key: i for i, key in enumerate(daily.keys)}, daily.costs, self._window.start)
        return self[dimension]

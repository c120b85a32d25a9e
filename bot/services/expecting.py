"""Expecting: how what somebody asks about is expected to end; of a budget as everybody was told, else worked out for it alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TypeVar

from bot.domain.budget import Budget, PlannedChange, Scope, ScopeKind, in_force, person_budget, scope_budget
from bot.domain.completeness import Usual
from bot.domain.foretold import LATELY, MONTH, STALE, YEAR, Foretold
from bot.domain.period import PeriodKind, Window, last_whole_day, period_containing
from bot.messages.costs import Costs
from bot.messages.expected import Expected
from bot.messages.forecasts import Outcome
from bot.ports import CostScope, Dimension
from bot.services import overlays
from bot.services.amounts import subject_of
from bot.services.commands import Verb
from bot.services.reach import Part
from bot.services.why import Explaining

_LONGEST_MONTH = 31
_C = TypeVar("_C", bound=Costs)


@dataclass
class Expecting(Explaining):
    """A question that may ask what is to be expected."""

    def _outcome(self) -> Outcome:
        part = self._about()
        year = self._running(PeriodKind.YEAR)
        so_far = year.until(self.now.date() + timedelta(days=1))
        self._note(part, is_there=bool(self.of.figures.costs(part.scope, so_far, Dimension.SOURCE)))
        budget = self._budget_of(part)
        first = self._of_budget(budget, part.scope) if budget else None
        others = [window for window in (self._running(PeriodKind.MONTH), year) if not (first and first.window == window)]
        planned = self._planned(part)
        periods = (first, *(self._alone(part.scope, window, planned) for window in others))
        self.told += self._told_alone(part, [expected for expected in periods if expected and not expected.budget])
        return Outcome(
            part.subject,
            part.words,
            part.scope.people == (self.viewer.email,),
            tuple(expected for expected in periods if expected),
            self._freshness(part.scope, self._window()),
            part.partial,
            planned=tuple(change for change in planned if change.until is None or change.until > self.now.date()),
        )

    def _planned(self, part: Part) -> tuple[PlannedChange, ...]:
        """Return what the budgets of the subject declare, each once; nothing of a part of it."""
        subject, budgets = self._subject_of(part), self._budgets()
        if subject is None:
            return ()
        if subject.kind is not ScopeKind.PERSON:
            return overlays.declared(budgets, subject.kind, subject.name)
        team = self._team_of(self.directory.people[subject.name])
        mine = (person_budget([b for b in budgets if b.period is period], subject.name, team) for period in PeriodKind)
        return overlays.joined(budget.overlays for budget in mine if budget)

    def _told_alone(self, part: Part, alone: Sequence[Expected]) -> Iterator[Foretold]:
        """Yield what was worked out for this answer alone, of all of a subject: of a part nobody could tell later how right it was."""
        subject = self._subject_of(part)
        if subject is not None:
            for expected in alone:
                is_year = len(expected.window) > _LONGEST_MONTH
                yield replace(expected.foretold, budget=YEAR if is_year else MONTH, subject=str(subject))

    def _subject_of(self, part: Part) -> Scope | None:
        if part.partial or part.is_member:
            return None
        match self.command.about:
            case Verb.ME | Verb.PERSON:
                return Scope(ScopeKind.PERSON, (part.scope.people or ("",))[0])
            case Verb.TEAM:
                return Scope(ScopeKind.TEAM, part.subject)
            case Verb.PROJECT:
                return Scope(ScopeKind.PROJECT, part.subject)
            case _:
                return Scope(ScopeKind.ORG)

    def _with_outlook(self, found: _C, scope: CostScope, budget: Budget | None) -> _C:
        """Add how the budget's period is expected to end, where it is the running one that is shown."""
        if budget is None or self.now.date() not in self._window():
            return found
        return replace(found, forecast=self._of_budget(budget, scope))

    def _of_budget(self, budget: Budget, scope: CostScope) -> Expected | None:
        if not self._shows_budget(budget, scope):
            return None
        subject = subject_of(budget, scope)
        held = in_force(budget, subject, self.of.budgets.raises(), self.now)
        window = held.current(self.now.date()).window
        told = self.of.forecasts.find(held.name, str(subject), window.start)
        if told is None or self.now.date() - told.as_of > STALE or not told.is_of(held):
            return None
        spent = self.of.figures.total(scope, window.until(self.now.date() + timedelta(days=1))).total
        told = told.at_least(self._money(spent))
        self.told.append(told)
        return Expected(window, told, held.name, self._begun(scope, window))

    def _alone(self, scope: CostScope, window: Window, planned: Sequence[PlannedChange]) -> Expected | None:
        """Work it out for *scope* alone, up to the last day that all of its sources have delivered."""
        from bot.domain.case import HISTORY  # noqa: PLC0415 - most questions must not wait for numpy
        from bot.services.foresee import Series, alone  # noqa: PLC0415

        today, last = self.now.date(), self._last_day(scope)
        if not self.groups.shows(scope, window.until(today + timedelta(days=1))):
            return None
        if last is None or last + timedelta(days=1) >= window.end or today - last > STALE:
            return None
        days = Window(last - timedelta(days=HISTORY - 1), last + timedelta(days=1))
        known = Window(days.start, max(days.end, today + timedelta(days=1)))
        costs = {date.fromisoformat(cost.key): cost.total for cost in self.of.figures.costs(scope, known, Dimension.DAY)}
        opened = self._usual.opened(self._by_source(scope), last)
        is_sum = scope.is_everything or len(scope.teams or ()) > 1
        told = alone(Series(costs, days, today, opened, is_sum), window, self.of.currency, self.of.calendar, planned)
        spent = self.of.figures.total(scope, window.until(today + timedelta(days=1))).total
        return Expected(window, told.at_least(self._money(spent)), since=self._begun(scope, window)) if told else None

    @cached_property
    def _usual(self) -> Usual:
        """How complete the newest days of each source are: several periods of an answer ask the same."""
        from bot.services.foresee import usual  # noqa: PLC0415

        return usual(self.of.ledger, self.now)

    def _begun(self, scope: CostScope, window: Window) -> date | None:
        return self._known_since(scope, window.until(self.now.date() + timedelta(days=1)))

    def _last_day(self, scope: CostScope) -> date | None:
        """Return the last day that every source has completed that cost something lately, one that is late included."""
        marks = [load.watermark for load in self._contributing(scope, self._lately())]
        return last_whole_day(min(marks)) if marks else None

    def _by_source(self, scope: CostScope) -> dict[str, int]:
        return {cost.key: cost.total for cost in self.of.figures.costs(scope, self._lately(), Dimension.SOURCE)}

    def _lately(self) -> Window:
        end = self.now.date() + timedelta(days=1)
        return Window(end - LATELY, end)

    def _running(self, kind: PeriodKind) -> Window:
        return period_containing(self.now.date(), kind, self.of.fiscal_year_start).window

    def _budget_of(self, part: Part) -> Budget | None:
        """Return the budget of what is asked about, None where there is none or only a part is shown."""
        if part.partial or part.is_member:
            return None
        match self.command.about:
            case Verb.ME | Verb.PERSON:
                person = self.directory.people[(part.scope.people or ("",))[0]]
                return person_budget(self._budgets(), person.email, self._team_of(person))
            case Verb.TEAM:
                return scope_budget(self._budgets(), ScopeKind.TEAM, part.subject)
            case Verb.PROJECT:
                return scope_budget(self._budgets(), ScopeKind.PROJECT, part.subject)
            case _:
                return scope_budget(self._budgets(), ScopeKind.ORG)

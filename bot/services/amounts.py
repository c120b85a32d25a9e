"""Amounts: what the answers share: costs, breakdowns, trends, budgets, and how fresh they are; grouped where the mode protects people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

from bot.domain.budget import Budget, Scope, ScopeKind, in_force
from bot.domain.money import Money
from bot.domain.period import Window, add_months, first_of_month, midnight, same_days_before
from bot.errors import Refusal
from bot.messages.costs import Costs
from bot.messages.parts import Breakdown, BudgetLine, Freshness, Row
from bot.messages.words import Phrase
from bot.ports import FORGOTTEN, Cost, CostScope, Dimension, Load
from bot.services.deliveries import has_all, standing
from bot.services.groups import months
from bot.services.question import Question
from bot.services.units import Units, costed

SHOWN = 8
"""Rows of a breakdown; the rest is one line."""
SHORTEST_TREND, LONGEST_TREND = 3, 62
"""Days of which a picture is drawn; above, it is drawn by month."""
LONG = 31
"""Rows of what was asked for in so many words."""
_C = TypeVar("_C", bound=Costs)
_HEADINGS = {
    Dimension.DAY: Phrase("By day"),
    Dimension.MODEL: Phrase("By model"),
    Dimension.PROJECT: Phrase("By project"),
    Dimension.PERSON: Phrase("By person"),
    Dimension.TEAM: Phrase("By team"),
    Dimension.SOURCE: Phrase("By source"),
    Dimension.TOOL: Phrase("By tool"),
    Dimension.PROVIDER: Phrase("By provider"),
}


@dataclass
class Amounts(Question):
    """A question and the figures that answer it."""

    @cached_property
    def _sources(self) -> list[Load]:
        return [load for load in self.of.ledger.sources() if load.description != FORGOTTEN]

    def _costs(
        self,
        kind: type[_C],
        subject: str,
        scope: CostScope,
        budget: Budget | None,
        dimensions: Sequence[Dimension],
        *,
        partial: str = "",
        unowned: Money | None = None,
    ) -> _C:
        window = self._window()
        if self.command.by:
            self._divided(scope)
        asked = (self.command.by,) if self.command.by else dimensions
        found = {dimension: self.of.figures.costs(scope, window, dimension) for dimension in asked}
        some = next(iter(found.values()))
        billed, estimated = self._money(sum(c.billed for c in some)), self._money(sum(c.estimated for c in some))
        freshness = self._freshness(scope, window)
        delivered = self._delivered(window, scope)
        before = same_days_before(delivered or window, self.command.period.kind)
        compares = delivered is not None and self._compares(scope, before)
        return kind(
            subject=subject,
            period_name=self.command.period_words or "month",
            window=window,
            billed=billed,
            estimated=estimated,
            previous=self._money(self.of.figures.total(scope, before).total) if compares else None,
            compared=self._money(self.of.figures.total(scope, delivered).total) if compares and delivered else None,
            compared_window=delivered if compares else None,
            previous_window=before,
            budget=self._line(budget, scope) if budget and self._shows_budget(budget, scope) else None,
            breakdowns=self._breakdowns(found, billed + estimated, scope),
            freshness=freshness,
            partial=partial,
            asked=self.command.text,
            asked_period=self.command.period_words,
            unowned=unowned,
            since=self._known_since(scope, window),
            is_whole=not self.groups.divide(scope),
            is_monthly=self.groups.concern(scope),
            trend=self._trend(scope, window) if not self.command.by else (),
        )

    def _compares(self, scope: CostScope, before: Window) -> bool:
        """Tell whether *before* can be compared with: all that contribute delivered it from its first day on, and it may be shown."""
        names = {load.source for load in self._contributing(scope, Window(before.start, self.now.date() + timedelta(days=1)))}
        return has_all(names, before, self._deliveries) and self.groups.shows(scope, before)

    @cached_property
    def _deliveries(self) -> list[Load]:
        return standing(self.of.ledger.loads())

    def _trend(self, scope: CostScope, window: Window) -> tuple[tuple[Window, Money], ...]:
        """Return the cost of each day of *window*, of each month where it is long; nothing where days would tell people apart."""
        days = (window.end - window.start).days
        if self.groups.concern(scope) or days < SHORTEST_TREND:
            return ()
        found = {date.fromisoformat(cost.key): cost.total for cost in self.of.figures.costs(scope, window, Dimension.DAY)}
        if not any(found.values()):
            return ()
        parts = months(window) if days > LONGEST_TREND else [_day(window.start + timedelta(days=n)) for n in range(days)]
        return tuple((part, self._money(sum(nanos for day, nanos in found.items() if day in part))) for part in parts)

    def _delivered(self, window: Window, scope: CostScope) -> Window | None:
        """Return the days of *window* that every source that contributes has reached, to be compared with as many before; None for none.

        One that contributed to the days before and has not come yet contributes, too: it is late, not without cost.
        """
        both = Window(same_days_before(window, self.command.period.kind).start, window.end)
        reached = min((load.watermark for load in self._contributing(scope, both)), default=None)
        end = (reached - timedelta(microseconds=1)).date() + timedelta(days=1) if reached else window.start
        return window.until(end) if end > window.start else None

    def _known_since(self, scope: CostScope, window: Window) -> date | None:
        """Return the first day of *window* that any source of *scope* delivered; None where that is its first one, or there is none."""
        names = {load.source for load in self._contributing(scope, window)}
        first = min((load.window.start for load in self._deliveries if load.source in names), default=window.start)
        return first if window.start < first < window.end else None

    def _contributing(self, scope: CostScope, window: Window) -> list[Load]:
        """Return the newest load of every source with cost of *scope* in *window*; of all sources where none has."""
        known = self._asked_before
        if (scope, window) not in known:
            names = {row.key for row in self.of.figures.costs(scope, window, Dimension.SOURCE)}
            known[scope, window] = [load for load in self._sources if load.source in names] or self._sources
        return known[scope, window]

    @cached_property
    def _asked_before(self) -> dict[tuple[CostScope, Window], list[Load]]:
        """What contributes to what, as far as this question has asked for it: several parts of an answer ask the same."""
        return {}

    def _with_units(self, found: _C, scope: CostScope) -> _C:
        """Add what outcomes of *scope* cost; under the same rules as the cost itself."""
        units = Units(self.of.figures, self.of.outcomes, self.directory, self.of.currency)
        days = costed(found.window, found.freshness.as_of)
        return replace(
            found, units=units.of(scope, days, self.command.period.kind, self.groups, lambda before: self._compares(scope, before))
        )

    def _breakdowns(self, found: Mapping[Dimension, Sequence[Cost]], total: Money, scope: CostScope) -> tuple[Breakdown, ...]:
        """Return what the cost of *scope* consists of, where that may be shown."""
        limit = LONG if self.command.by else SHOWN
        asked = found.items() if self.groups.divide(scope) else ()
        return tuple(shown for by, costs in asked if (shown := self._breakdown(by, costs, total, limit, scope)).rows)

    def _breakdown(self, dimension: Dimension, costs: Sequence[Cost], total: Money, limit: int, scope: CostScope) -> Breakdown:
        if self.groups.concern(scope) and dimension is not Dimension.DAY:
            rows = self._without_small_groups(dimension, costs)
        else:
            rows = [(self._shown(dimension, cost.key), cost.total) for cost in costs]
        kept = rows if dimension is Dimension.DAY or len(rows) <= limit + 1 else rows[:limit]
        rest = rows[len(kept) :]
        shares = [Row(key, self._money(nanos), Fraction(nanos, total.nanos) if total.nanos else Fraction(0)) for key, nanos in kept]
        left_out = self._money(sum(nanos for _, nanos in rest)) if rest else None
        return Breakdown(dimension.value, _HEADINGS[dimension], tuple(shares), len(rest), left_out)

    def _ranked(self, scope: CostScope, window: Window, dimension: Dimension) -> tuple[Breakdown, Money]:
        """Return the highest rows and the total, without ever holding the others: there may be tens of thousands."""
        found = self.of.figures.highest(scope, window, dimension, LONG + 1)
        cut = LONG if found.others else LONG + 1
        kept, last = found.rows[:cut], found.rows[cut:]
        rest = found.rest + sum(nanos for _, nanos in last)
        total = sum(nanos for _, nanos in kept) + rest
        shares = [Fraction(nanos, total) if total else Fraction(0) for _, nanos in kept]
        rows = tuple(Row(self._shown(dimension, key), self._money(nanos), share) for (key, nanos), share in zip(kept, shares, strict=True))
        others = found.others + len(last)
        left_out = self._money(rest) if others else None
        return Breakdown(dimension.value, _HEADINGS[dimension], rows, others, left_out), self._money(total)

    def _shown(self, dimension: Dimension, key: str) -> str:
        """Return how a key is called: people by their names, what has no owner as such."""
        if dimension is Dimension.PERSON:
            return self._name_of(key) if key else Phrase("no person")
        if dimension is Dimension.TEAM:
            return key or Phrase("no team")
        return key

    def _without_small_groups(self, dimension: Dimension, costs: Sequence[Cost]) -> list[tuple[str, int]]:
        """Return the rows with those of fewer than five people added together, so that no row is about one of them."""
        merged = self.groups.merged(dimension, costs, self._window())
        named = [(self._shown(dimension, cost.key), cost.total) for cost in costs if cost.key not in merged]
        small = sum(cost.total for cost in costs if cost.key in merged)
        return [*named, (Phrase("small groups together"), small)] if any(cost.key in merged for cost in costs) else named

    def _by_months(self, scope: CostScope) -> None:
        """Refuse days of a group where two answers could be subtracted from one another."""
        if self.groups.concern(scope) and (self.command.by is Dimension.DAY or not self.groups.are_whole(self._window())):
            raise Refusal(
                "Figures of several people are shown by whole months here, so that nobody can be told apart. "
                "Ask for a month, a quarter or a year, and not by day."
            )

    def _divided(self, scope: CostScope) -> None:
        """Refuse to take a part of the organisation apart: two answers could be subtracted from one another."""
        if not self.groups.divide(scope):
            raise Refusal(
                "What several people's cost consists of is shown of the whole organisation alone here, "
                "so that nobody can be told apart. Ask without “by …”."
            )

    def _line(self, budget: Budget, scope: CostScope) -> BudgetLine:
        """Return how far along *budget* is in its period that holds the end of what was asked."""
        window = self._budget_window(budget)
        # A period that is over is judged by what held at its end.
        instant = min(self.now, midnight(window.end) - timedelta(microseconds=1))
        is_over = instant < self.now
        if is_over:
            budget = next((held for held in self.of.budgets.at(instant) if held.name == budget.name), budget)
        budget = in_force(budget, subject_of(budget, scope), self.of.budgets.raises(), instant)
        counted = window.until(self.now.date() + timedelta(days=1))
        spent = self.of.figures.total(scope, counted)
        use = budget.used(self._money(spent.total))
        return BudgetLine(
            budget.name,
            str(budget.scope),
            budget.period.value,
            budget.limit,
            use.cost,
            use.remaining,
            use.share,
            midnight(window.end),
            use.tier,
            counted if counted.end > self._window().end else None,
            is_over,
        )

    def _budget_window(self, budget: Budget) -> Window:
        return budget.current(max(self._window().start, self._window().end - timedelta(days=1))).window

    def _shows_budget(self, budget: Budget, scope: CostScope) -> bool:
        return self.groups.shows(scope, self._budget_window(budget).until(self.now.date() + timedelta(days=1)))

    def _freshness(self, scope: CostScope, window: Window) -> Freshness:
        """Return how far the sources that contribute reach; all sources where none contributes."""
        loads = self._contributing(scope, window)
        first = min((load.window.start for load in self._deliveries), default=window.end)
        if not loads or window.end <= first:
            return Freshness(None)
        final = max(final_day(load, max(window.start, window.end - timedelta(days=1))) for load in loads)
        return Freshness(min(load.watermark for load in loads), final if final > self.now.date() else None)


def final_day(load: Load, last: date) -> date:
    """Return the day from which the figures of *last* by the source of *load* no longer change."""
    end = add_months(first_of_month(last), 1) if load.settling.after_month else last + timedelta(days=1)
    return end + timedelta(days=load.settling.days)


def subject_of(budget: Budget, scope: CostScope) -> Scope:
    """Return whose *budget* is asked for: of one that is for each, the person's or the team's in *scope*."""
    if budget.scope.kind is ScopeKind.PERSON and scope.people:
        return Scope(ScopeKind.PERSON, scope.people[0])
    if budget.scope.kind is ScopeKind.TEAM and scope.teams:
        return Scope(ScopeKind.TEAM, scope.teams[0])
    return budget.scope


def _day(day: date) -> Window:
    return Window(day, day + timedelta(days=1))

"""Budgets: what a person, a team or the whole agreed to spend in a period, and how far along it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache

from bot.domain.money import Money
from bot.domain.period import Period, PeriodKind, period_containing

DEFAULT_LADDER = (Decimal("0.5"), Decimal("0.8"), Decimal(1), Decimal("1.2"))
EACH = "*"


class ScopeKind(StrEnum):
    """What a budget can limit; the values are the keys of `budgets.toml`."""

    PERSON = "person"
    TEAM = "team"
    PROJECT = "project"
    PROVIDER = "provider"
    MODEL = "model"
    ORG = "org"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose cost counts.

    Attributes:
        name: The person's e-mail, the team, project, provider or model; `*` gives each of them a budget of their own;
            empty for the organisation.
        within: For `person = "*"`: only the people of this team.
    """

    kind: ScopeKind
    name: str = ""
    within: str | None = None

    def __str__(self) -> str:
        if self.kind is ScopeKind.ORG:
            return "the organisation"
        if self.name == EACH:
            return f"each {self.kind}" + (f" of team {self.within}" if self.within else "")
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change of cost that somebody has declared: seats, a price list, a launch.

    Attributes:
        day: The first day on which it holds.
        until: The first day on which it holds no longer; None: for good.
        factor: By what every day is multiplied.
        amount: What every day costs more.
    """

    day: date
    until: date | None
    factor: Decimal
    amount: Money
    note: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on the cost (billed and estimated together) of a scope in each calendar period.

    Attributes:
        limit: Positive, in the reporting currency.
        ladder: Shares of *limit* worth telling the owner about, ascending; 1 is the limit itself.
        owner: E-mail of who answers for it; None: the person, or the team's manager.
        fiscal_year_start: Month (1 to 12) in which quarters and years begin.
        version: Counts the changes, from 1.
        overlays: Planned changes, which forecasts take in and which are no anomalies.
        began_at: When its first version came into force; None where that is not known.
    """

    name: str
    scope: Scope
    period: PeriodKind
    limit: Money
    ladder: tuple[Decimal, ...] = DEFAULT_LADDER
    owner: str | None = None
    fiscal_year_start: int = 1
    version: int = 1
    overlays: tuple[PlannedChange, ...] = ()
    began_at: datetime | None = None

    def current(self, day: date) -> Period:
        """Return the budget's period that holds *day*."""
        return period_containing(day, self.period, self.fiscal_year_start)

    def used(self, cost: Money) -> BudgetUse:
        """Return how far *cost* has used the budget up."""
        return BudgetUse(self, cost)


@cache
def _exact(tier: Decimal) -> Fraction:
    """Return *tier* as a fraction; there are few tiers, and many who are held against them."""
    return Fraction(tier)


def _reaches(cost: int, limit: int, share: Fraction) -> bool:
    """Tell whether *cost* is *share* of *limit* or more, in whole numbers: thousands are asked."""
    return share.numerator * limit <= cost * share.denominator


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """A budget and what was spent of it."""

    budget: Budget
    cost: Money

    @property
    def remaining(self) -> Money:
        """What is left; negative when over."""
        return self.budget.limit - self.cost

    @property
    def share(self) -> Fraction:
        """The exact share of the limit that is used; above 1 when over."""
        return Fraction(self.cost.nanos, self.budget.limit.nanos)

    @property
    def tier(self) -> Decimal | None:
        """The highest tier of the ladder that is reached, None below the first."""
        cost, limit = self.cost.nanos, self.budget.limit.nanos
        return max((tier for tier in self.budget.ladder if _reaches(cost, limit, _exact(tier))), default=None)


@dataclass(frozen=True, slots=True)
class Raise:
    """An amount granted on top of a budget, to one of its subjects, for some time.

    Attributes:
        subject: Whose, as `str` of its scope.
    """

    budget: str
    subject: str
    amount: Money
    begins: datetime
    ends: datetime
    by: str


def in_force(budget: Budget, subject: Scope, raises: Iterable[Raise], now: datetime) -> Budget:
    """Return *budget* with what was granted to *subject* and holds now; every beginning and end makes a new version."""
    granted = [r for r in raises if r.budget == budget.name and r.subject == str(subject) and r.begins <= now]
    added = sum(r.amount.nanos for r in granted if now < r.ends)
    changes = len(granted) + sum(1 for r in granted if r.ends <= now)
    limit = Money(budget.limit.nanos + added, budget.limit.currency)
    return replace(budget, limit=limit, version=budget.version + changes) if changes else budget


def person_budget(budgets: Iterable[Budget], email: str, team: str | None) -> Budget | None:
    """Return the budget that is closest to a person: their own, then that of each member of *team*, then everyone's."""
    mine = [b for b in budgets if b.scope.kind is ScopeKind.PERSON]
    own = [b for b in mine if b.scope.name.lower() == email]
    of_team = [b for b in mine if b.scope.name == EACH and b.scope.within is not None and b.scope.within == team]
    everyone = [b for b in mine if b.scope.name == EACH and b.scope.within is None]
    return _first(own, of_team, everyone)


def scope_budget(budgets: Iterable[Budget], kind: ScopeKind, name: str = "") -> Budget | None:
    """Return the budget of one team, project, provider, model or the organisation: its own before that of each."""
    same = [b for b in budgets if b.scope.kind is kind]
    return _first([b for b in same if b.scope.name == name], [b for b in same if b.scope.name == EACH])


def _first(*groups: list[Budget]) -> Budget | None:
    """Return the first budget of the first group that has one; monthly ones before others within a group."""
    for group in groups:
        if group:
            return min(group, key=lambda b: (b.period is not PeriodKind.MONTH, b.name))
    return None

"""Foretold: how a budget's period was expected to end when people were shown it, and how right that was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from bot.domain.budget import Budget
from bot.domain.money import Money
from bot.domain.period import Period, PeriodKind

MONTH, YEAR = "", " year"
"""In the place of a budget's name: what was foretold of a month and of a year without one; no budget is called so."""

LATELY = timedelta(days=35)
"""Who cost something in so many days is expected to go on; a source that cost nothing in them is waited for no longer."""
STALE = timedelta(days=10)
"""A forecast that knows less than up to so many days ago says nothing of today."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """One forecast of one subject of a budget, or of a period without a budget and a limit.

    Attributes:
        budget: Its name; `MONTH` or `YEAR` where there is none.
        as_of: The last day that was complete.
        point, low, high: The expected cost of the whole period and its 80 % range.
        limit: That the chances are about.
        over: The probability of going over the limit, 0 to 1.
        early, middle, late: When the limit will be reached: the 80 % range and its middle; None where not within the period.
        days: Days of history it rests on.
        version: Of the budget.
    """

    budget: str
    subject: str
    period_start: date
    as_of: date
    point: Money
    low: Money
    high: Money
    limit: Money
    over: Decimal
    early: date | None = None
    middle: date | None = None
    late: date | None = None
    days: int = 0
    version: int = 1

    def is_of(self, budget: Budget) -> bool:
        """Tell whether it was made of the budget as it is now."""
        return self.budget == budget.name and self.version == budget.version and self.limit == budget.limit

    def at_least(self, cost: Money) -> Foretold:
        """Return it with nothing expected below *cost*, which is billed already."""
        is_over = 0 < self.limit.nanos < cost.nanos
        if cost.nanos <= self.low.nanos and not is_over:
            return self
        low, point, high = (Money(max(cost.nanos, part.nanos), cost.currency) for part in (self.low, self.point, self.high))
        found = replace(self, low=low, point=point, high=high)
        return replace(found, over=Decimal(1), early=None, middle=None, late=None) if is_over else found


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How right forecasts of one month were.

    Attributes:
        provider: Whose cost was forecast; empty for that of budgets.
        day: How many days were known; 0 for all that were held against what came.
        count: Of forecasts.
        off: The sum of the absolute errors beside the sum of what it did cost (WAPE).
        held: The share of the 80 % ranges that held the cost.
    """

    count: int
    off: Fraction
    held: Fraction
    provider: str = ""
    day: int = 0

    def document(self) -> dict[str, str | int | None]:
        """Return the JSON form; shares of 1, as strings."""
        return {
            "provider": self.provider or None,
            "as_of_day": self.day or None,
            "n": self.count,
            "wape": f"{float(self.off):.6f}",
            "coverage_80": f"{float(self.held):.6f}",
        }


@dataclass(frozen=True, slots=True)
class LongAccuracy:
    """How right the forecasts of one quarter or year were.

    Attributes:
        share: Of its days, that were known.
    """

    period: Period
    share: Fraction
    found: Accuracy

    def document(self) -> dict[str, str | int | None]:
        """Return the JSON form; shares of 1, as strings."""
        judged, window = self.found.document(), self.period.window
        return {
            "period": str(self.period.kind),
            "start": window.start.isoformat(),
            "end": window.end.isoformat(),
            "horizon": str(float(self.share)),
            **{key: judged[key] for key in ("n", "wape", "coverage_80")},
        }


@dataclass(frozen=True, slots=True)
class ShownAccuracy:
    """How right the forecasts were that people were shown, of periods of one length, with as many days left.

    Attributes:
        left: Days left after the last one that was complete; the last bound is None where it is open.
    """

    kind: PeriodKind
    left: tuple[int, int | None]
    found: Accuracy

    def document(self) -> dict[str, str | int | None]:
        """Return the JSON form; shares of 1, as strings."""
        judged, (least, most) = self.found.document(), self.left
        row: dict[str, str | int | None] = {"period": str(self.kind), "days_left_from": least, "days_left_to": most}
        return row | {key: judged[key] for key in ("n", "wape", "coverage_80")}


def accuracy(pairs: Iterable[tuple[Foretold, int]], provider: str = "", day: int = 0) -> Accuracy | None:
    """Return how right forecasts were beside what the periods did cost (nanos); None without any cost."""
    found = list(pairs)
    actual = sum(cost for _, cost in found)
    if actual <= 0:
        return None
    off = sum(abs(one.point.nanos - cost) for one, cost in found)
    held = sum(one.low.nanos <= cost <= one.high.nanos for one, cost in found)
    return Accuracy(len(found), Fraction(off, actual), Fraction(held, len(found)), provider, day)

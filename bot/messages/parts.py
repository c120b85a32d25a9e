"""Parts: what several views hold: rows, breakdowns, budgets, how far figures reach, and what an outcome cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bot.domain.budget import PlannedChange
from bot.domain.money import Money
from bot.domain.outcome import CostPerOutcome
from bot.domain.period import Window
from bot.messages.formats import rounded, written

_CLOSE = Decimal("0.8")
"""The tier from which on a budget is worth a warning."""


@dataclass(frozen=True, slots=True)
class Row:
    """One key of a breakdown; an empty key is what the ledger has no name for."""

    key: str
    cost: Money
    share: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Cost by one dimension, highest first; *left_out* keys of *left_out_cost* follow."""

    dimension: str
    heading: str
    rows: tuple[Row, ...]
    left_out: int = 0
    left_out_cost: Money | None = None

    @property
    def lines(self) -> list[tuple[Row, Money]]:
        """The rows with their cost as written: with what is left out they add up to their sum as it is written."""
        return list(zip(self.rows, self._written, strict=False))

    @property
    def left_out_written(self) -> Money | None:
        """The cost of what is left out, as written beside *lines*."""
        return self._written[-1] if self.left_out_cost else None

    @property
    def _written(self) -> list[Money]:
        return written([*(row.cost for row in self.rows), *([self.left_out_cost] if self.left_out_cost else [])])

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        rows = [{"key": row.key, "cost": row.cost.plain} for row in self.rows]
        if self.left_out and self.left_out_cost:
            rows.append({"key": "(others)", "cost": self.left_out_cost.plain})
        return {"dimension": self.dimension, "rows": rows}


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A budget and how far along it is.

    Attributes:
        counted: The days that are counted, where they go on after those that a message is about.
        is_over: The period has ended: what is left is left over.
    """

    name: str
    scope: str
    period: str
    limit: Money
    used: Money
    remaining: Money
    share: Fraction
    resets_at: datetime
    tier: Decimal | None = None
    counted: Window | None = None
    is_over: bool = False

    @property
    def left(self) -> Money:
        """What is left of the limit as both are written; below zero where it is exceeded."""
        return rounded(self.limit) - rounded(self.used)

    @property
    def over_by(self) -> Money:
        """By how much the limit is exceeded, as both are written."""
        return rounded(self.used) - rounded(self.limit)

    @property
    def tone(self) -> str:
        """How worried the message should sound."""
        if self.share.numerator >= self.share.denominator:
            return "alert"
        return "warn" if self.tier is not None and self.tier >= _CLOSE else "plain"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "scope": self.scope,
            "period": self.period,
            "limit": self.limit.plain,
            "used": self.used.plain,
            "remaining": self.remaining.plain,
            "share": decimal(self.share),
            "resets_at": self.resets_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the figures reach and whether they can still change.

    Attributes:
        as_of: The oldest watermark of the sources that contribute; None without any source.
        final_on: The day from which they are final; None when they are.
    """

    as_of: datetime | None
    final_on: date | None = None

    @property
    def is_provisional(self) -> bool:
        """Tell whether the figures can still change."""
        return self.final_on is not None


@dataclass(frozen=True, slots=True)
class Unit:
    """What one outcome of a kind cost.

    Attributes:
        cost: Billed and estimated, of the days and of the teams or the project that the outcomes are of.
        previous: Of as many days before; None where they cannot be compared, or not with all of *each*.
        window: The days that count: those that are delivered of both.
        is_part: Some of the subject's cost is left out, as its teams count no such outcomes.
        like_for_like: Of those alone who were counted in the days before, too, now and then; None where these are all, or none.
    """

    kind: str
    count: Decimal
    cost: Money
    each: CostPerOutcome
    previous: CostPerOutcome | None
    window: Window
    is_part: bool = False
    like_for_like: tuple[CostPerOutcome, CostPerOutcome] | None = None

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        alike = self.like_for_like
        return {
            "kind": self.kind,
            "count": f"{self.count.normalize():f}",
            "cost": self.cost.plain,
            "cost_per_outcome": decimal(self.each.amount),
            "previous": decimal(self.previous.amount) if self.previous else None,
            "period": {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()},
            "is_part": self.is_part,
            "like_for_like": {"cost_per_outcome": decimal(alike[0].amount), "previous": decimal(alike[1].amount)} if alike else None,
        }


def decimal(share: Fraction) -> str:
    """Return *share* as a plain decimal, as JSON documents have it."""
    return f"{(Decimal(share.numerator) / Decimal(share.denominator)).normalize():f}"


def planned_document(change: PlannedChange) -> dict[str, Any]:
    """Return the JSON form of what a budget declares."""
    return {
        "from": change.day.isoformat(),
        "until": change.until.isoformat() if change.until else None,
        "factor": str(change.factor),
        "amount": change.amount.plain,
        "note": change.note,
    }

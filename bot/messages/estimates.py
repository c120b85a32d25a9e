"""Estimates: where money lies on the table, with the sum it would have saved; no bill knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from bot.domain.money import Money


@dataclass(frozen=True, slots=True)
class AsBefore:
    """What would have been saved if one habit were as it was before.

    Attributes:
        name: As `domain.saving.Habit` calls it.
    """

    name: str
    saving: Money

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"name": self.name, "saving": self.saving.plain}


@dataclass(frozen=True, slots=True)
class IdleSeats:
    """Seats of which no use is known.

    Attributes:
        count: How many.
        tools: What they are seats of.
        since: The first day without use.
        who: Whose they are; empty where nobody is to be named.
        others: Whose others they are, beside *who*.
        is_own: It is the reader's.
    """

    saving: Money
    count: int
    tools: tuple[str, ...]
    since: date
    who: tuple[str, ...] = ()
    others: int = 0
    is_own: bool = False

    name: ClassVar[str] = "seats"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "saving": self.saving.plain,
            "count": self.count,
            "tools": list(self.tools),
            "since": self.since.isoformat(),
            "people": list(self.who),
        }


@dataclass(frozen=True, slots=True)
class SpareSeats:
    """Seats that were bought together, beyond those who use them.

    Attributes:
        seats: How many there are, of all *tools*.
        used: How many people used one.
        since: The first day of the use that is counted.
    """

    saving: Money
    seats: int
    used: int
    tools: tuple[str, ...]
    since: date

    name: ClassVar[str] = "spare_seats"

    @property
    def count(self) -> int:
        """Seats that nobody used."""
        return self.seats - self.used

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "saving": self.saving.plain,
            "seats": self.seats,
            "used": self.used,
            "tools": list(self.tools),
            "since": self.since.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Batches:
    """What keys that stand for no person would have saved if nobody waits for their answers.

    Attributes:
        cost: What it is about.
    """

    saving: Money
    cost: Money

    name: ClassVar[str] = "batches"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"name": self.name, "saving": self.saving.plain, "cost": self.cost.plain}


@dataclass(frozen=True, slots=True)
class SmallCalls:
    """Small calls that a cheaper model of the same provider could have answered.

    Attributes:
        tokens: Of a call, in the mean.
        model: What was asked.
        cheaper: What is used here, too.
    """

    saving: Money
    calls: int
    tokens: int
    model: str
    cheaper: str

    name: ClassVar[str] = "small_calls"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "saving": self.saving.plain,
            "calls": self.calls,
            "tokens": self.tokens,
            "model": self.model,
            "cheaper_model": self.cheaper,
        }


Estimate = AsBefore | IdleSeats | SpareSeats | Batches | SmallCalls

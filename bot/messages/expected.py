"""Expected: how a period is expected to end, as lines that messages take in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bot.domain.foretold import Foretold
from bot.domain.period import Window
from bot.messages.samples import usd

_LEAST = Fraction(1, 100)
"""A chance that is worth a line."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How one period is expected to end.

    Attributes:
        window: The whole period.
        budget: Name of the budget that the chances are about; empty where there is none.
        foretold: As worked out; its limit says nothing where there is no budget.
        since: The first day of the period that any source delivered; None where that is its first one.
    """

    window: Window
    foretold: Foretold
    budget: str = ""
    since: date | None = None

    @property
    def last(self) -> date:
        """The last day of the period."""
        return date.fromordinal(self.window.end.toordinal() - 1)

    @property
    def over(self) -> Fraction | None:
        """The probability of going over the budget, where it is neither certain nor next to nothing."""
        over = Fraction(self.foretold.over)
        return over if self.budget and _LEAST <= over <= 1 - _LEAST else None

    @property
    def gone(self) -> date | None:
        """The day on which the budget will probably have been used; None where it lasts, or is used already."""
        told = self.foretold
        return told.middle if self.budget and told.middle and told.middle > told.as_of else None

    @property
    def earliest(self) -> date | None:
        """The early end of the 80 % range of that day."""
        return self.foretold.early

    @property
    def latest(self) -> date | None:
        """The late end; None where it may last."""
        return self.foretold.late

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        told = self.foretold
        return {
            "period": {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()},
            "point": told.point.plain,
            "p10": told.low.plain,
            "p90": told.high.plain,
            "budget": self.budget or None,
            "limit": told.limit.plain if self.budget else None,
            "p_over_budget": f"{told.over:f}" if self.budget else None,
            "exhausted_on": told.middle.isoformat() if self.budget and told.middle else None,
            "exhausted_between": [day.isoformat() if day else None for day in (told.early, told.late)] if self.budget else None,
            "as_of": told.as_of.isoformat(),
            "known_since": self.since.isoformat() if self.since else None,
        }


def example() -> Foretold:
    """Return a forecast for the examples of messages."""
    days = date(2026, 11, 26), date(2026, 11, 28), None
    as_of, limit = date(2026, 11, 22), usd("600")
    point, low, high = usd("612.40"), usd("571"), usd("664.90")
    return Foretold("everyone", "person ana", date(2026, 11, 1), as_of, point, low, high, limit, Decimal("0.622"), *days, days=70)

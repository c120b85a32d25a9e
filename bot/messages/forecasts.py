"""Forecast: how a subject's running periods are expected to end, as a view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from bot.domain.budget import PlannedChange
from bot.domain.foretold import Foretold
from bot.domain.money import Money
from bot.domain.period import Window
from bot.messages.expected import Expected, example
from bot.messages.parts import Freshness, planned_document
from bot.messages.samples import usd
from bot.messages.words import Phrase


@dataclass(frozen=True, slots=True)
class Outcome:
    """`forecast`: how a subject's running periods are expected to end.

    Attributes:
        periods: The budget's first; then the month and the year, where they are not the budget's.
        planned: What its budgets declare that goes on or is to come; it is counted in.
    """

    subject: str
    words: str
    is_own: bool
    periods: tuple[Expected, ...]
    freshness: Freshness
    partial: str = ""
    planned: tuple[PlannedChange, ...] = ()

    template: ClassVar[str] = "replies/forecast"

    @property
    def declared(self) -> list[tuple[PlannedChange, Fraction, Money]]:
        """What is planned, each with its share of a usual day and the size of its amount; the first few."""
        return [(one, Fraction(one.factor), Money(abs(one.amount.nanos), one.amount.currency)) for one in self.planned[:_MOST_PLANNED]]

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "forecast",
            "subject": self.subject,
            "rows": [period.document() for period in self.periods],
            "currency": self.periods[0].foretold.point.currency if self.periods else None,
            "as_of": self.freshness.as_of.isoformat() if self.freshness.as_of else None,
            "partial": self.partial or None,
            "planned": [planned_document(one) for one in self.planned],
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Outcome]]:
        """Yield named examples."""
        november, year = Window(date(2026, 11, 1), date(2026, 12, 1)), Window(date(2026, 1, 1), date(2027, 1, 1))
        month = example()
        whole = Foretold("", "me", year.start, month.as_of, usd("4310"), usd("4205.5"), usd("4460"), usd("0"), Decimal(0), days=320)
        yield (
            "me",
            cls("Ana Ruiz", "me", True, (Expected(november, month, "everyone"), Expected(year, whole, since=date(2026, 3, 3))), _FRESH),
        )
        launch = PlannedChange(date(2026, 12, 1), None, Decimal("1.2"), usd("40"), "launch")
        seats = PlannedChange(date(2026, 11, 26), date(2026, 12, 10), Decimal(1), usd("-3.5"))
        periods = Expected(november, replace(month, budget="search", subject="team search"), "search"), Expected(year, whole)
        yield "planned", cls("search", "team search", False, periods, _FRESH, planned=(seats, launch))
        team = Phrase("the part of the teams you manage")
        yield "part", cls("ranking", 'project "ranking"', False, (Expected(november, month),), _FRESH, team)
        yield "none", cls("Ana Ruiz", "me", True, (), _FRESH)


_MOST_PLANNED = 5
_FRESH = Freshness(datetime(2026, 11, 23, tzinfo=UTC), date(2026, 12, 6))

FORECASTS: tuple[Any, ...] = (Outcome,)

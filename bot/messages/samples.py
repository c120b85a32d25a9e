"""Samples: what the example views of messages are made of; of the demo company, on one day of November 2026."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

from bot.domain.money import Money
from bot.domain.period import Window
from bot.messages.parts import BudgetLine, Freshness, Row
from bot.messages.words import Phrase

WINDOW = Window(date(2026, 11, 1), date(2026, 11, 24))
FRESH = Freshness(datetime(2026, 11, 23, tzinfo=UTC), date(2026, 12, 6))


def usd(amount: str) -> Money:
    """Return so many dollars."""
    return Money(int(Decimal(amount) * 10**9), "USD")


def sample_row(key: str, amount: str | Decimal, whole: str | Decimal) -> Row:
    """Return a row of a breakdown of *whole* dollars."""
    return Row(key, usd(str(amount)), Fraction(Decimal(amount)) / Fraction(Decimal(whole)) if Decimal(whole) else Fraction(0))


def sample_budget(limit: str, used: str) -> BudgetLine:
    """Return a month's budget, of dollars."""
    whole, part = usd(limit), usd(used)
    share = Fraction(part.nanos, whole.nanos)
    tier = max((t for t in (Decimal("0.5"), Decimal("0.8"), Decimal(1)) if Fraction(t) <= share), default=None)
    resets = datetime(2026, 12, 1, tzinfo=UTC)
    return BudgetLine("people", Phrase("your own"), "month", whole, part, whole - part, share, resets, tier)

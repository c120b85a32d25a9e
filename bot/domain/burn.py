"""Burn: how fast a budget goes within the hours of a day, where a source is fresh enough to tell.

Shares of a month's budget within one, six and twenty-four hours, as error budgets are watched; statistics of hours cry wolf on
real clients, which are silent most of the time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from bot.domain.money import Money

DAY = 24
HOURS: Mapping[int, Fraction] = {1: Fraction(2, 100), 6: Fraction(5, 100), DAY: Fraction(10, 100)}
"""The share of a month's budget that is too much within so many hours."""
KEPT = timedelta(hours=40)
"""How long what was read of a running day can be of use."""
_MONTH, _LONGEST_MONTH = 28, 31
_TOO_LATE = timedelta(hours=1)
_STRETCH = Fraction(3, 2)


@dataclass(frozen=True, slots=True)
class Burn:
    """Too much within *hours* until *until*: what it cost, and how many times what is still in order."""

    hours: int
    until: datetime
    cost: Money
    times: Fraction


def counted_day(as_of: datetime) -> date:
    """Return the UTC day that a source complete until *as_of* delivers just now."""
    return (as_of - timedelta(microseconds=1)).date()


def base(marks: Collection[datetime], as_of: datetime, hours: int) -> datetime | None:
    """Return the earlier one of *marks* from which the *hours* before *as_of* are counted.

    The newest that is old enough; None where that is so much older that what came since says nothing about the hours.
    """
    then = as_of - timedelta(hours=hours)
    found = max((mark for mark in marks if mark <= then), default=None)
    return found if found is not None and found >= as_of - timedelta(hours=hours) * float(_STRETCH) else None


def is_fresh(as_of: datetime, now: datetime, hours: int) -> bool:
    """Tell whether a source complete until *as_of* can say what is happening in these *hours*."""
    return now - as_of <= timedelta(hours=hours) + _TOO_LATE


def burning(costs: Mapping[int, tuple[int, datetime]], limit: Money, days: int) -> Burn | None:
    """Return the worst of what was spent within some hours, None where all of it is in order.

    Args:
        costs: Nanos by hours, and until when.
        limit: Of the whole period.
        days: Of the period; longer and shorter ones than a month are held against a month's part.
    """
    monthly = Fraction(limit.nanos) if _MONTH <= days <= _LONGEST_MONTH else Fraction(limit.nanos * 30, days)
    found = [Burn(hours, until, Money(cost, limit.currency), cost / (monthly * HOURS[hours])) for hours, (cost, until) in costs.items()]
    return max((burn for burn in found if burn.times >= 1), key=lambda burn: (burn.times, -burn.hours), default=None)

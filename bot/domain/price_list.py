"""Price list: whether what was paid for tokens is what the vendor's list says. Exact, and needs no statistics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from bot.domain.anomaly import Anomaly
from bot.domain.episode import Channel

TOLERANCE = Decimal("0.005")
CENT = Decimal("0.01")
"""Less than this is rounding of the vendor's, not another price."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What one team paid for one class of tokens of one model on one day.

    Attributes:
        quantity: Tokens.
        cost, list_price: Units of currency, and units of currency per token on that day; discounts agreed are part of it.
    """

    subject: str
    model: str
    token_class: str
    day: date
    quantity: int
    cost: Decimal
    list_price: Decimal

    @property
    def at_list(self) -> Decimal:
        """What the list says it costs."""
        return self.quantity * self.list_price

    @property
    def is_off(self) -> bool:
        """Whether the price paid is further from the list than rounding explains."""
        apart = abs(self.cost - self.at_list)
        return apart > TOLERANCE * self.at_list and apart > CENT


def off_list(paid: Iterable[Paid]) -> list[Anomaly]:
    """Return one anomaly per subject, model and token class that was paid at another price than the list's."""
    off = sorted((each for each in paid if each.is_off), key=lambda each: (*_line(each), each.day))
    return [_anomaly(list(days)) for _, days in groupby(off, key=_line)]


def _line(paid: Paid) -> tuple[str, str, str]:
    return paid.subject, paid.model, paid.token_class


def _anomaly(days: list[Paid]) -> Anomaly:
    at_list = sum((each.at_list for each in days), Decimal())
    cost = sum((each.cost for each in days), Decimal())
    thing = f"{days[0].model} {days[0].token_class}"
    first, last = days[0].day, days[-1].day
    return Anomaly(days[0].subject, (Channel.LIST,), first, last, first, float(cost - at_list), float(at_list), things=(thing,))

"""Money: integers of nano-units (10⁻⁹ of the currency unit), split without losing one.

The store and the rules count in nanos; the engine in DECIMAL(38, 18); people read `messages.formats`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from bot.errors import CurrencyMismatch, RuleError

NANOS_PER_UNIT = 10**9
_PRECISION = 60
"""Digits: wide enough for DECIMAL(38, 18) times a nano factor."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount.

    Attributes:
        nanos: 10⁻⁹ of the currency unit; negative for credits.
        currency: ISO 4217 code.
    """

    nanos: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.nanos + self._same(other).nanos, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.nanos - self._same(other).nanos, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.nanos < self._same(other).nanos

    @property
    def amount(self) -> Decimal:
        """The amount in currency units, exact, with nine decimals at most."""
        return from_nanos(self.nanos)

    @property
    def plain(self) -> str:
        """The amount as exact text without idle zeros: `40`, `612.305`."""
        return f"{self.amount.normalize():f}" if self.nanos else "0"

    def share_of(self, whole: Money) -> Fraction | None:
        """Return this amount as an exact share of *whole*; None when *whole* is zero."""
        return Fraction(self.nanos, self._same(whole).nanos) if whole.nanos else None

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be added; convert one of them first.")
        return other


def to_nanos(amount: Decimal) -> int:
    """Return *amount* in nanos, rounded half to even at the tenth decimal."""
    with localcontext() as context:
        context.prec = _PRECISION
        return int((amount * NANOS_PER_UNIT).to_integral_value(ROUND_HALF_EVEN))


def from_nanos(nanos: int) -> Decimal:
    """Return *nanos* as a decimal number of currency units, exact."""
    with localcontext() as context:
        context.prec = _PRECISION
        return Decimal(nanos).scaleb(-9)


def half_even(whole: int, by: int) -> int:
    """Return *whole* divided by the positive *by*, rounded half to even, exact."""
    quotient, rest = divmod(whole, by)
    return quotient + (2 * rest > by or (2 * rest == by and quotient % 2))


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split *total* in proportion to *weights* by largest remainder: the parts add up to *total* exactly.

    Every part lies within one unit of its exact share; equal remainders go to the earlier part. A negative total is
    split like its absolute value, with the sign put back.

    Raises:
        RuleError: No weights, a negative weight, or all of them zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise RuleError(f"Cannot split over weights {list(weights)}: they must not be negative and not all zero.")
    sign = -1 if total < 0 else 1
    floors = [abs(total) * weight // whole for weight in weights]
    remainders = [abs(total) * weight % whole for weight in weights]
    left = abs(total) - sum(floors)
    for index in sorted(range(len(weights)), key=lambda i: -remainders[i])[:left]:
        floors[index] += 1
    return [sign * part for part in floors]


def round_together(parts: Sequence[Fraction | int], total: int, unit: int = 1) -> list[int]:
    """Round *parts* to multiples of *unit* by largest remainder, so that they add up to *total* exactly.

    Each lies within one unit of its exact value where *total* is their sum, rounded; equal remainders go to the earlier part.

    Raises:
        RuleError: *total* is no multiple of *unit*, or there are no parts to carry it.
    """
    if total % unit or (total and not parts):
        raise RuleError(f"{len(parts)} parts in units of {unit} cannot add up to {total}.")
    whole = [int(part // unit) for part in parts]
    order = sorted(range(len(parts)), key=lambda i: -(parts[i] - whole[i] * unit))
    each, odd = divmod(total // unit - sum(whole), len(parts)) if parts else (0, 0)
    for place, index in enumerate(order):
        whole[index] += each + (place < odd)
    return [part * unit for part in whole]

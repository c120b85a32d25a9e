"""Price messages: what FinOps reads of a model whose price is not what it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from bot.domain.money import Money
from bot.messages.samples import usd
from bot.messages.words import Phrase


@dataclass(frozen=True, slots=True)
class ClassRow:
    """What a million tokens of one class costs: as paid now, as the list says, and as it was before."""

    name: Phrase
    paid: Decimal
    listed: Decimal
    before: Decimal

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"class": str(self.name), "paid": str(self.paid), "listed": str(self.listed), "before": str(self.before)}


@dataclass(frozen=True, slots=True)
class PriceAlert:
    """A change of what is paid for a model's tokens.

    Attributes:
        before, now: What was and is paid, as a share of the list.
        cost: What it has cost since; negative where it has become cheaper; None where that must not be told, or it is over.
        classes: The classes it is about, none where the bill does not tell them apart.
        is_listed: The list itself says so.
        declared: What somebody had written of a change planned for that day; None where nobody had.
        is_over: It has held for so long that it is the usual price, or was corrected.
    """

    number: int
    provider: str
    model: str
    since: date
    before: Fraction
    now: Fraction
    cost: Money | None
    classes: tuple[ClassRow, ...] = ()
    is_listed: bool = False
    declared: str | None = None
    is_over: bool = False
    is_repeat: bool = False

    template: ClassVar[str] = "alerts/price"

    @property
    def change(self) -> Fraction:
        """By what share of what was paid before the price differs."""
        return self.now / self.before - 1

    @property
    def shares(self) -> tuple[Fraction, Fraction]:
        """What is and was paid, to a tenth of a per cent: rounding of single charges makes no other share of the list of it."""
        now, before = (Fraction(round(share * 1000), 1000) for share in (self.now, self.before))
        return now, before

    @property
    def is_dearer(self) -> bool:
        """Tell whether it costs more than before."""
        prices = [row.paid - row.before for row in self.classes]
        return self.change > 0 or (not self.change and sum(prices) > 0)

    @property
    def is_worked_out(self) -> bool:
        """Tell whether the bill was taken apart to know the prices shown."""
        return bool(self.classes) and not self.is_listed and not self.is_over

    @property
    def saved(self) -> Money | None:
        """What it has saved since, None where it has cost something or that must not be told."""
        return Money(-self.cost.nanos, self.cost.currency) if self.cost and self.cost.nanos < 0 else None

    @property
    def tone(self) -> str:
        """How worried the message should sound."""
        return "plain" if self.is_over or self.is_listed or self.declared is not None or not self.is_dearer else "warn"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "price",
            "number": self.number,
            "provider": self.provider,
            "model": self.model,
            "since": self.since.isoformat(),
            "before": f"{float(self.before):.4f}",
            "now": f"{float(self.now):.4f}",
            "cost": self.cost.plain if self.cost else None,
            "classes": [row.document() for row in self.classes],
            "is_listed": self.is_listed,
            "declared": self.declared,
            "is_over": self.is_over,
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, PriceAlert]]:
        """Yield named examples."""
        output = ClassRow(Phrase("output"), Decimal("18.0000"), Decimal("15.0000"), Decimal("15.0000"))
        read = ClassRow(Phrase("read from the cache"), Decimal("0.0750"), Decimal("0.0500"), Decimal("0.0500"))
        since, one = date(2026, 11, 16), Fraction(1)
        yield "dearer", cls(51, "Anthropic", "claude-sonnet-5", since, one, Fraction(112, 100), usd("61.40"), (output, read))
        yield "one-class", cls(51, "Anthropic", "claude-sonnet-5", since, one, Fraction(112, 100), usd("61.40"), (output,))
        yield "whole", cls(51, "Acme", "large-1", since, Fraction(9, 10), one, usd("204.10"))
        yield "rounded", cls(51, "Acme", "large-1", since, Fraction(899_999, 10**6), Fraction(999_999, 10**6), usd("204.10"))
        yield "cheaper", cls(52, "Acme", "large-1", since, one, Fraction(9, 10), usd("-204.10"))
        yield "listed", cls(53, "Acme", "large-1", since, one, one, usd("40"), (output,), is_listed=True)
        yield "declared", cls(54, "Acme", "large-1", since, one, Fraction(6, 5), usd("90"), declared="the new contract")
        yield "not-counted", cls(55, "Acme", "large-1", since, one, Fraction(6, 5), None)
        yield "over", cls(51, "Acme", "large-1", since, Fraction(9, 10), one, None, is_over=True)


PRICES: tuple[Any, ...] = (PriceAlert,)

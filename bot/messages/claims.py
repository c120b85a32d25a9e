"""Claim messages: a key that nobody owns, who is asked whether it is theirs, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from bot.domain.money import Money


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """A claim, for one reader.

    Attributes:
        state: `asked` (the owner), `claimed` (FinOps has to confirm), `confirmed`, `declined` (not theirs) or `refused` (by FinOps).
        owner: Whose it would be; empty for the reader.
        cost: None where the reader may not see it: it is not theirs yet.
        before, after: The share of all cost that has an owner; None before it is confirmed, and for who is not FinOps.
        must_reload: The days already loaded still have to be loaded again by hand.
        command: What loads them again, for FinOps; empty for others, and where nothing has to be.
        asks: `owner` or `finops` where the reader has to answer, else empty.
    """

    number: int
    key: str
    source: str
    first_seen: date
    state: str
    owner: str = ""
    cost: Money | None = None
    before: Fraction | None = None
    after: Fraction | None = None
    must_reload: bool = False
    asks: str = ""
    command: str = ""

    template: ClassVar[str] = "cases/claim"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "claim",
            "number": self.number,
            "key": self.key,
            "source": self.source,
            "first_seen": self.first_seen.isoformat(),
            "state": self.state,
            "cost": self.cost.plain if self.cost else None,
            "coverage_before": _decimal(self.before),
            "coverage_after": _decimal(self.after),
            "must_reload": self.must_reload,
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, KeyClaim]]:
        """Yield named examples."""
        cost = Money(402_200_000_000, "USD")
        what = (5, "sk-nightly-4f", "gateway", date(2026, 11, 3))
        yield "asked", cls(*what, "asked", asks="owner")
        yield "claimed", cls(*what, "claimed", "Ana Ruiz", cost, asks="finops")
        yield "waits", cls(*what, "claimed")
        yield "confirmed", cls(*what, "confirmed", "Ana Ruiz", cost, Fraction(87, 100), Fraction(99, 100))
        yield (
            "reload",
            cls(
                *what,
                "confirmed",
                "Ana Ruiz",
                cost,
                Fraction(87, 100),
                must_reload=True,
                command="aispend ingest litellm FILE --source gateway",
            ),
        )
        yield "declined", cls(*what, "declined", "Ana Ruiz", cost)
        yield "refused", cls(*what, "refused")


def _decimal(share: Fraction | None) -> str | None:
    return f"{(Decimal(share.numerator) / Decimal(share.denominator)).normalize():f}" if share is not None else None


CLAIMS: tuple[Any, ...] = (KeyClaim,)

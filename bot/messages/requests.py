"""Request messages: what who asks for more budget, and who answers it, read while it goes its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, ClassVar

from bot.domain.money import Money
from bot.messages.samples import usd
from bot.messages.words import Phrase


@dataclass(frozen=True, slots=True)
class RaiseRequest:
    """A request, for one reader.

    Attributes:
        by: Who asks; empty for the reader.
        whose: The budget's subject as words; empty for the reader's own.
        used: None where the reader may not see it.
        state: As `bot.domain.request.Standing`.
        answered_by: Who has said yes or no.
        asks: The reader can answer it.
        limit: That holds now, with what was granted.
        can_withdraw: The reader has asked for it and can take it back.
        is_own_yes: The reader has said yes, and a second one is needed.
    """

    number: int
    by: str
    whose: str
    amount: Money
    limit: Money
    used: Money | None
    ends: datetime
    reason: str
    state: str
    granted: Money | None = None
    answered_by: tuple[str, ...] = ()
    answer: str = ""
    asks: bool = False
    is_own_yes: bool = False
    can_withdraw: bool = False

    template: ClassVar[str] = "cases/request"

    @property
    def share(self) -> Fraction | None:
        """The share of the present limit that is used."""
        return Fraction(self.used.nanos, self.limit.nanos) if self.used else None

    @property
    def raised(self) -> Money:
        """The limit with what is asked for; what was granted is in it already."""
        return self.limit if self.state == "granted" else self.limit + (self.granted or self.amount)

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "request",
            "number": self.number,
            "state": self.state,
            "amount": self.amount.plain,
            "granted": self.granted.plain if self.granted else None,
            "limit": self.limit.plain,
            "currency": self.limit.currency,
            "ends": self.ends.isoformat(),
            "reason": self.reason,
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, RaiseRequest]]:
        """Yield named examples."""
        ends = datetime(2026, 12, 1, tzinfo=UTC)
        what = (usd("200"), usd("600"), usd("612.305"), ends, "the big migration")
        yield "to-approve", cls(3, "Ana Ruiz", Phrase("{name}", name="Ana Ruiz"), *what, "asked", asks=True)
        yield "asked", cls(3, "", "", *what, "asked", can_withdraw=True)
        second = cls(
            4,
            "Ana Ruiz",
            Phrase("team {name}", name="search"),
            usd("5000"),
            usd("2000"),
            None,
            ends,
            "launch",
            "waits for a second approver",
        )
        yield "second", second
        raised = (usd("200"), usd("750"), *what[2:])
        yield "granted", cls(3, "", "", *raised, "granted", usd("150"), ("Mia Berg",))
        yield "denied", cls(3, "", "", *what, "denied", None, ("Mia Berg",), "use Haiku first")
        yield "expired", cls(3, "", "", *what, "expired")
        yield "withdrawn", cls(3, "Ana Ruiz", Phrase("{name}", name="Ana Ruiz"), *what, "withdrawn")


@dataclass(frozen=True, slots=True)
class RaiseForm:
    """The form that asks for more budget; *on* says for what."""

    on: str
    until: str

    template: ClassVar[str] = "forms/raise"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, RaiseForm]]:
        """Yield named examples."""
        yield "one", cls("12", "2026-11-30")


@dataclass(frozen=True, slots=True)
class GrantForm:
    """The form that grants less than was asked for."""

    number: int
    amount: Money

    template: ClassVar[str] = "forms/grant"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, GrantForm]]:
        """Yield named examples."""
        yield "one", cls(3, usd("200"))


@dataclass(frozen=True, slots=True)
class DenyForm:
    """The form that says no, and why."""

    number: int

    template: ClassVar[str] = "forms/deny"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, DenyForm]]:
        """Yield named examples."""
        yield "one", cls(3)


REQUESTS: tuple[Any, ...] = (RaiseRequest, RaiseForm, GrantForm, DenyForm)

"""Why: what made the difference between two periods, as a view, and as the one sentence that other messages take in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, ClassVar

from bot.domain.money import Money
from bot.domain.period import Window
from bot.messages.estimates import AsBefore, Batches, Estimate, IdleSeats, SmallCalls, SpareSeats
from bot.messages.formats import addends, rounded
from bot.messages.parts import Freshness
from bot.messages.samples import usd
from bot.messages.words import Phrase


class Withheld(StrEnum):
    """Why it is not told what a difference consists of."""

    GROUP = "group"
    """That is told of the whole organisation alone."""
    FEW = "few"
    """A part of it would be about few people."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a difference, with what is known about it.

    Attributes:
        name: As `domain.variance.Driver` calls it.
        who: Who is new, has stopped, joined or left the team, or has moved to another model; empty where nobody is to be named.
        count: How many are new, have stopped, joined or left.
        model: What is used more of, dearer or cheaper than the rest as *cost* says; empty where no model is to be named.
        cached: Share of cache reads among input tokens, before and after, where that is what matters.
        output: Share of output among all tokens, the same.
        is_mostly: Others had a part in it, too.
        is_of_days: Who joined or left, or one of them, has not really: they were in the team on more, or fewer, of the days.
        has_moves: It is also about people who joined or left the team, who are not to be told of.
        has_others: It is also about cost without tokens.
    """

    name: str
    cost: Money
    who: str = ""
    count: int = 0
    model: str = ""
    cached: tuple[Fraction, Fraction] | None = None
    output: tuple[Fraction, Fraction] | None = None
    is_mostly: bool = False
    is_of_days: bool = False
    has_moves: bool = False
    has_others: bool = False

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"name": self.name, "cost": self.cost.plain}


@dataclass(frozen=True, slots=True)
class Change:
    """A difference and its reasons, the largest first; they add up to it exactly.

    Attributes:
        beside: The days before; None where the message says which they are.
        withheld: Why there are no reasons; None where they are told.
    """

    before: Money
    after: Money
    reasons: tuple[Reason, ...]
    is_own: bool = False
    beside: Window | None = None
    withheld: Withheld | None = None

    @property
    def cost(self) -> Money:
        """The difference, exactly."""
        return self.after - self.before

    @property
    def rounded_before(self) -> Money:
        """What is written of the earlier cost."""
        return rounded(self.before)

    @property
    def rounded_after(self) -> Money:
        """What is written of the later cost."""
        return rounded(self.after)

    @property
    def written(self) -> Money:
        """The difference between what is written of both, so that a reader who subtracts finds it."""
        return self.rounded_after - self.rounded_before

    @property
    def lines(self) -> list[tuple[Reason, Money]]:
        """The reasons with their cost as written, which add up to *written*; what is nothing then is left out."""
        costs = addends([reason.cost for reason in self.reasons], self.written) if self.reasons else []
        return [(reason, cost) for reason, cost in zip(self.reasons, costs, strict=True) if cost.nanos]


@dataclass(frozen=True, slots=True)
class Mover:
    """Somebody whose cost changed much."""

    name: str
    change: Change

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"person": self.name, "cost": self.change.cost.plain, "parts": [reason.document() for reason in self.change.reasons]}


@dataclass(frozen=True, slots=True)
class Why:
    """`why`: why something cost more or less than as many days before.

    Attributes:
        words: What asks for the figures themselves.
        people: Those who changed most; none where nobody may be named.
        estimates: Savings, each taken alone: they must not be added up.
        partial: What part of the subject it is, as words; empty for all of it.
        has_last_month: The same can be asked about last month.
    """

    subject: str
    words: str
    window: Window
    previous_window: Window
    change: Change
    people: tuple[Mover, ...]
    freshness: Freshness
    partial: str = ""
    asked_period: str = ""
    estimates: tuple[Estimate, ...] = ()
    has_last_month: bool = False

    template: ClassVar[str] = "replies/why"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        change = self.change
        return {
            "view": "why",
            "subject": self.subject,
            "period": {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()},
            "previous_period": {"start": self.previous_window.start.isoformat(), "end": self.previous_window.end.isoformat()},
            "from_cost": change.before.plain,
            "to_cost": change.after.plain,
            "currency": change.after.currency,
            "parts": None if change.withheld else [reason.document() for reason in change.reasons],
            "people": [mover.document() for mover in self.people],
            "estimates": [estimate.document() for estimate in self.estimates],
            "as_of": self.freshness.as_of.isoformat() if self.freshness.as_of else None,
            "provisional": self.freshness.is_provisional,
            "partial": self.partial or None,
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Why]]:
        """Yield named examples; the first is the worked one of the method, to the cent."""
        mixed = (Fraction(9, 10), Fraction(17, 22))
        reasons = (
            Reason("model_mix", usd("144.956186014"), "Ben Okafor", model="claude-opus-5"),
            Reason("class_mix", usd("77.878275204"), cached=mixed),
            Reason("new_users", usd("36"), "Cy Moran", 1),
            Reason("volume", usd("30.165538782")),
        )
        own = (Fraction(9, 10), Fraction(2, 3))
        ben = (
            Reason("class_mix", usd("119.36116382"), cached=own),
            Reason("model_mix", usd("94.095192916"), "Ben Okafor", model="claude-opus-5"),
            Reason("volume", usd("39.543643264")),
        )
        movers = (
            Mover("Ben Okafor", Change(usd("87"), usd("340"), ben)),
            Mover("Cy Moran", Change(usd("0"), usd("36"), (Reason("new_users", usd("36"), "Cy Moran", 1),))),
        )
        team = Change(usd("174"), usd("463"), reasons)
        saved = (
            AsBefore("caching", usd("126")),
            AsBefore("model", usd("136")),
            IdleSeats(usd("76"), 4, ("Copilot", "Cursor"), date(2026, 10, 25), ("Ana Ruiz", "Ben Okafor", "Cy Moran"), 1),
            Batches(usd("61.5"), usd("123")),
            SmallCalls(usd("48.2"), 12_400, 830, "claude-opus-5", "claude-haiku-4-5"),
        )
        yield "team", cls("search", 'team "search"', _WINDOW, _BEFORE, team, movers, _FRESH, estimates=saved, has_last_month=True)
        mine = Change(
            usd("120.5"),
            usd("101.2"),
            (
                Reason("model_mix", usd("-40"), "Ana Ruiz", model="claude-haiku-4-5"),
                Reason("other", usd("25.004")),
                Reason("volume", usd("14.996")),
                Reason("price", usd("-12.3")),
                Reason("class_mix", usd("-7"), output=(Fraction(1, 20), Fraction(1, 25))),
            ),
            is_own=True,
        )
        idle = IdleSeats(usd("19"), 1, ("Copilot",), date(2026, 10, 25), is_own=True)
        few = SmallCalls(usd("4.4"), 1_350, 410, "claude-opus-5", "claude-haiku-4-5")
        yield "me", cls("Ana Ruiz", "me", _WINDOW, _BEFORE, mine, (), _FRESH, estimates=(idle, few))
        counted = Change(
            usd("900"),
            usd("700"),
            (
                Reason("lost_users", usd("-120"), count=3),
                Reason("class_mix", usd("-50"), cached=(Fraction(1, 2), Fraction(3, 5))),
                Reason("model_mix", usd("-30"), model="claude-opus-5"),
            ),
        )
        spare = SpareSeats(usd("4200"), 200, 130, ("ChatGPT",), date(2026, 10, 25))
        part, waiting = Phrase("the part of the teams you manage"), Batches(usd("61.5"), usd("123"))
        yield "counted", cls("Nordwind", "org", _WINDOW, _BEFORE, counted, (), _FRESH, part, estimates=(spare, waiting))
        moved = Change(
            usd("200"),
            usd("180"),
            (Reason("left", usd("-45"), "Ben Okafor", 1), Reason("joined", usd("30"), count=3), Reason("volume", usd("-5"))),
        )
        yield "moved", cls("search", 'team "search"', _WINDOW, _BEFORE, moved, (), _FRESH)
        days = Change(
            usd("200"),
            usd("180"),
            (Reason("left", usd("-50"), "Ben Okafor", 1, is_of_days=True), Reason("joined", usd("30"), count=3, is_of_days=True)),
        )
        yield "days", cls("search", 'team "search"', _WINDOW, _BEFORE, days, (), _FRESH)
        crowd = Change(usd("200"), usd("180"), (Reason("volume", usd("-20"), has_moves=True),))
        yield "moved-nobody-named", cls("search", 'team "search"', _WINDOW, _BEFORE, crowd, (), _FRESH)
        for withheld in Withheld:
            change = Change(usd("200"), usd("180"), (), withheld=withheld)
            yield f"withheld-{withheld}", cls("search", 'team "search"', _WINDOW, _BEFORE, change, (), _FRESH)
        single = IdleSeats(usd("19"), 1, ("Copilot",), date(2026, 10, 25))
        words, theirs = (
            "person ben.okafor@nordwind.example",
            Change(usd("59"), usd("19"), (Reason("volume", usd("-30")), Reason("model_mix", usd("-10")))),
        )
        yield (
            "person",
            cls("Ben Okafor", words, _WINDOW, _BEFORE, theirs, (), _FRESH, part, estimates=(single,)),
        )
        yield "same", cls("Ana Ruiz", "me", _WINDOW, _BEFORE, Change(usd("12"), usd("12"), (), is_own=True), (), _FRESH)


_WINDOW, _BEFORE = Window(date(2026, 11, 1), date(2026, 11, 24)), Window(date(2026, 10, 1), date(2026, 10, 24))
_FRESH = Freshness(datetime(2026, 11, 23, tzinfo=UTC), date(2026, 12, 6))

WHY: tuple[Any, ...] = (Why,)

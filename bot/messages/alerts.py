"""Alert messages: what the owner of a budget, a manager and FinOps read of an alert, in every state of its life."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from bot.domain.money import Money
from bot.domain.period import Window
from bot.messages.expected import Expected, example
from bot.messages.formats import rounded
from bot.messages.parts import Row
from bot.messages.samples import usd
from bot.messages.why import Change, Reason
from bot.messages.words import Phrase


@dataclass(frozen=True, slots=True)
class Answered:
    """What somebody promised."""

    by: str
    because: str
    plan: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Burned:
    """What was spent within some hours, until an instant."""

    cost: Money
    hours: int
    until: datetime


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    """An alert about a budget, for one reader.

    Attributes:
        role: `owner` or `other`: whether the reader answers for it.
        whose: The subject as words; empty for the reader's own budget.
        kind: `tier`, `forecast` or `burn`.
        happened: `crossed`, `again`, `late`, `next`, `corrected`, `changed`, `carried`, `ended`, `removed`, `moved`, `recovered`,
            `answered`, `snoozed`, `lapsed`, `unanswered`, `disowned`.
        forecast: How the period was expected to end when *expected* was said; None where the reader may not see it or it is not known.
        burned: What was spent within some hours, where that is too much.
        why: What made the difference to as many days before; None where these cannot be compared or shown.
        cost, limit, told: None where the reader may not see the figures; *told* is what was said at first.
        note: Who was passed over.
        asks: The reader can answer with the buttons.
        is_repeat: It may have arrived before.
        proposed: E-mail and name of whose a disowned one is said to be.
        is_theirs_to_see: The proposed one may see the figures, so the alert can be given to them.
    """

    number: int
    role: str
    whose: str
    budget: str
    kind: str
    happened: str
    tier: Decimal
    window: Window
    resets_at: datetime
    cost: Money | None
    limit: Money | None
    told: Money | None
    told_limit: Money | None
    expected: Money | None
    as_of: datetime | None
    drivers: tuple[Row, ...] = ()
    promise: Answered | None = None
    until: datetime | None = None
    note: str = ""
    asks: bool = True
    can_snooze: bool = True
    ask: str = "me"
    is_repeat: bool = False
    proposed: tuple[str, str] | None = None
    is_theirs_to_see: bool = False
    burned: Burned | None = None
    why: Change | None = None
    forecast: Expected | None = None

    template: ClassVar[str] = "alerts/budget"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "alert",
            "number": self.number,
            "subject": str(self.whose) or "you",
            "budget": self.budget,
            "kind": self.kind,
            "happened": self.happened,
            "tier": f"{self.tier:f}",
            "period": {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()},
            "cost": self.cost.plain if self.cost else None,
            "limit": self.limit.plain if self.limit else None,
            "expected": self.expected.plain if self.expected else None,
            "forecast": self.forecast.document() if self.forecast else None,
            "parts": [reason.document() for reason in self.why.reasons] if self.why else [],
            "burned": {"hours": self.burned.hours, "cost": self.burned.cost.plain} if self.burned else None,
            "as_of": self.as_of.isoformat() if self.as_of else None,
        }

    @property
    def share(self) -> Fraction | None:
        """The share of the limit that is used, None where it is not to be seen."""
        return Fraction(self.cost.nanos, self.limit.nanos) if self.cost and self.limit else None

    @property
    def told_share(self) -> Fraction | None:
        """The share that was told at first."""
        return Fraction(self.told.nanos, self.told_limit.nanos) if self.told and self.told_limit else None

    @property
    def reached(self) -> Fraction:
        """The tier, as a share."""
        return Fraction(self.tier)

    @property
    def over(self) -> Money | None:
        """By how much the limit is exceeded, as both are written; None below it."""
        over = rounded(self.cost) - rounded(self.limit) if self.cost and self.limit else None
        return over if over and over.nanos > 0 else None

    @property
    def left(self) -> Money | None:
        """What is left of the limit, as both are written; None above it."""
        left = rounded(self.limit) - rounded(self.cost) if self.cost and self.limit else None
        return left if left and left.nanos >= 0 else None

    @property
    def is_over_with(self) -> bool:
        """Tell whether nothing is asked any more."""
        return self.happened in {"late", "next", "corrected", "changed", "ended", "removed", "moved", "recovered"}

    @property
    def tone(self) -> str:
        """How worried the message should sound."""
        if self.is_over_with or self.happened in {"answered", "snoozed"}:
            return "plain"
        return "alert" if self.tier >= 1 and self.kind != "forecast" else "warn"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, BudgetAlert]]:
        """Yield named examples."""
        drivers = (
            Row("claude-opus-4", usd("402.10"), Fraction(2, 3)),
            Row("gpt-5", usd("110.705"), Fraction(1, 6)),
            Row("claude-sonnet-4", usd("97.20"), Fraction(1, 6)),
        )
        own: dict[str, Any] = {
            "number": 12, "role": "owner", "whose": "", "budget": "everyone", "kind": "tier", "happened": "crossed", "tier": Decimal(1),
            "window": Window(date(2026, 11, 1), date(2026, 12, 1)), "resets_at": datetime(2026, 12, 1, tzinfo=UTC), "cost": usd("612.305"),
            "limit": usd("600"), "told": usd("612.305"), "told_limit": usd("600"), "expected": usd("741.20"),
            "as_of": datetime(2026, 11, 23, tzinfo=UTC), "drivers": drivers,
        }  # fmt: skip
        team = own | {"whose": Phrase("team {name}", name="search"), "ask": 'team "search"', "budget": "teams"}
        low = own | {"tier": Decimal("0.8"), "cost": usd("498"), "told": usd("498"), "drivers": drivers[:1]}
        promise = Answered("Ana Ruiz", Phrase("a launch"), "back to Sonnet after the release", datetime(2026, 11, 27, tzinfo=UTC))
        ana = Phrase("{name}", name="Ana Ruiz")
        note = "Mia Berg (away until 2026-11-30)"
        other: dict[str, Any] = own | {"role": "other", "whose": ana, "happened": "unanswered"}
        hidden = {"cost": None, "limit": None, "told": None, "told_limit": None, "expected": None, "drivers": (), "asks": False}
        yield "crossed", cls(**own)
        yield "low", cls(**low)
        yield "team", cls(**team)
        reasons = (Reason("model_mix", usd("190.20"), "Ana Ruiz", model="claude-opus-4"), Reason("volume", usd("41.80")))
        before = Window(date(2026, 10, 1), date(2026, 10, 24))
        yield "why", cls(**(own | {"why": Change(usd("380.305"), usd("612.305"), reasons, is_own=True, beside=before)}))
        told = example()
        outlook = {"kind": "forecast", "tier": Decimal(1), "expected": told.point}
        yield "forecast", cls(**(low | outlook | {"forecast": Expected(own["window"], told, "everyone")}))
        yield "forecast-alone", cls(**(low | outlook))
        yield "pace", cls(**(low | {"kind": "burn", "tier": Decimal(3)}))
        unseen: dict[str, Any] = {"cost": None, "limit": None, "whose": "Ana Ruiz", "drivers": (), "expected": None}
        yield "pace-hidden", cls(**(low | unseen | {"kind": "burn", "tier": Decimal(3)}))
        yield "forecast-hidden", cls(**(low | unseen | {"kind": "forecast", "tier": Decimal(1)}))
        burned = Burned(usd("64.20"), 6, datetime(2026, 11, 23, 14, tzinfo=UTC))
        yield "hours", cls(**(low | {"kind": "burn", "tier": Decimal(3), "burned": burned}))
        yield "answered", cls(**(own | {"happened": "answered", "promise": promise, "asks": False}))
        yield "lapsed", cls(**(own | {"happened": "lapsed", "promise": promise}))
        yield "snoozed", cls(**(low | {"happened": "snoozed", "until": datetime(2026, 11, 26, 9, tzinfo=UTC), "asks": False}))
        yield "corrected", cls(**(own | {"happened": "corrected", "cost": usd("468"), "asks": False}))
        yield "changed", cls(**(own | {"happened": "changed", "limit": usd("900"), "asks": False}))
        yield "ended", cls(**(own | {"happened": "ended", "cost": usd("655.20"), "asks": False}))
        yield "late", cls(**(own | {"happened": "late", "asks": False}))
        yield "next", cls(**(low | {"happened": "next", "asks": False}))
        yield "recovered", cls(**(low | {"kind": "forecast", "happened": "recovered", "expected": usd("551"), "asks": False}))
        yield "escalated", cls(**(other | {"ask": "person ana.ruiz@nordwind.example"}))
        yield "escalated-hidden", cls(**(other | hidden | {"note": note}))
        disowned = {"role": "other", "happened": "disowned", "proposed": ("ben@nordwind.example", "Ben Okafor")}
        yield "disowned", cls(**(team | disowned | {"is_theirs_to_see": True}))
        yield "disowned-by-one", cls(**(team | disowned | {"whose": Phrase("{name}", name="Ana Ruiz")}))
        yield "repeat", cls(**(own | {"is_repeat": True}))


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something FinOps and operators must know: a key nobody owns, a source that is late, a load that was refused.

    Attributes:
        kind: `unowned`, `stale` or `untied`.
        what: The key or the source.
        is_over: It is mended.
    """

    number: int
    kind: str
    what: str
    since: date
    cost: Money | None = None
    as_of: datetime | None = None
    sentence: str = ""
    is_over: bool = False
    is_repeat: bool = False

    template: ClassVar[str] = "alerts/trouble"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "trouble",
            "number": self.number,
            "kind": self.kind,
            "what": self.what,
            "since": self.since.isoformat(),
            "cost": self.cost.plain if self.cost else None,
            "is_over": self.is_over,
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Trouble]]:
        """Yield named examples."""
        at = datetime(2026, 11, 20, tzinfo=UTC)
        yield "unowned", cls(31, "unowned", "sk-nightly-4f", date(2026, 11, 20), usd("402.20"), at)
        yield "unowned-whole", cls(31, "unowned", "sk-nightly-4f", date(2026, 11, 20), None, at)
        yield "stale", cls(32, "stale", "claude", date(2026, 11, 20), as_of=at)
        yield "stale-over", cls(32, "stale", "claude", date(2026, 11, 20), as_of=datetime(2026, 11, 23, tzinfo=UTC), is_over=True)
        yield "untied", cls(33, "untied", "gateway", date(2026, 11, 20), sentence="Control total: 10.5")


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert in a list; *cost* and *limit* are None where the reader may not see them."""

    number: int
    kind: str
    whose: str
    tier: Decimal
    state: str
    reason: str
    opened_at: datetime
    cost: Money | None
    limit: Money | None
    budget: str = ""
    subject: str = ""
    period_start: date | None = None
    version: int = 0
    occurrence: int = 1
    owners: tuple[str, ...] = ()
    changed_at: datetime | None = None
    promise: Answered | None = None
    outcome: str = ""

    @property
    def reached(self) -> Fraction:
        """The tier, as a share."""
        return Fraction(self.tier)

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "number": self.number,
            "kind": self.kind,
            "budget": self.budget,
            "subject": self.subject,
            "period": self.period_start.isoformat() if self.period_start else None,
            "tier": f"{self.tier:f}",
            "version": self.version,
            "occurrence": self.occurrence,
            "state": self.state,
            "reason": self.reason,
            "recipient": " ".join(self.owners),
            "opened_at": self.opened_at.isoformat(),
            "changed_at": self.changed_at.isoformat() if self.changed_at else None,
            "cost": self.cost.plain if self.cost else None,
            "limit": self.limit.plain if self.limit else None,
            "promise": {
                "by": self.promise.by,
                "because": str(self.promise.because),
                "plan": self.promise.plan,
                "until": self.promise.until.isoformat(),
                "outcome": self.outcome,
            }
            if self.promise
            else None,
        }


@dataclass(frozen=True, slots=True)
class AlertList:
    """`alerts`: those that concern the reader, live ones first."""

    rows: tuple[AlertRow, ...]
    left_out: int = 0
    is_promises: bool = False

    template: ClassVar[str] = "replies/alerts"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"view": "promises" if self.is_promises else "alerts", "rows": [row.document() for row in self.rows]}

    @classmethod
    def examples(cls) -> Iterator[tuple[str, AlertList]]:
        """Yield named examples."""
        at = datetime(2026, 11, 20, 8, tzinfo=UTC)
        promise = Answered("Ana Ruiz", Phrase("a launch"), "back to Sonnet after the release", datetime(2026, 11, 27, tzinfo=UTC))
        rows = (
            AlertRow(12, "tier", Phrase("your own"), Decimal(1), "open", "crossed", at, usd("612.305"), usd("600"), "everyone"),
            AlertRow(9, "forecast", Phrase("team {name}", name="search"), Decimal(1), "closed", "no longer so", at, None, None, "teams"),
        )
        odd = AlertRow(14, "anomaly", Phrase("team {name}", name="search"), Decimal(0), "open", "crossed", at, usd("412"), None)
        yield "some", cls((*rows, odd), 3)
        yield "none", cls(())
        kept = AlertRow(
            12, "tier", Phrase("your own"), Decimal(1), "acknowledged", "acknowledged", at, None, None, promise=promise, outcome="open"
        )
        yield "promises", cls((kept,), is_promises=True)


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """The form that answers an alert."""

    number: int
    title: str
    plan: str = ""
    until: str = ""

    template: ClassVar[str] = "forms/answer"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, AnswerForm]]:
        """Yield named examples."""
        yield "one", cls(12, Phrase("Your AI budget has passed {tier}", tier="100 %"), until="2026-11-30")


@dataclass(frozen=True, slots=True)
class DisownForm:
    """The form that says whose it is instead."""

    number: int

    template: ClassVar[str] = "forms/disown"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, DisownForm]]:
        """Yield named examples."""
        yield "one", cls(12)


@dataclass(frozen=True, slots=True)
class Thanks:
    """What was taken note of, in a sentence."""

    sentence: str

    template: ClassVar[str] = "replies/thanks"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"view": "thanks", "sentence": str(self.sentence)}

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Thanks]]:
        """Yield named examples."""
        yield "voted", cls(Phrase("Thank you; FinOps sees which warnings help and which are noise."))


ALERTS: tuple[Any, ...] = (BudgetAlert, Trouble, AlertList, AnswerForm, DisownForm, Thanks)

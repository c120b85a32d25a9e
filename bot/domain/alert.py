"""Alerts: what is told of a finding, who answers for it and where it stands; the steps from there are in `steps`.

Identity is (kind, budget, subject, period, tier, version, occurrence); the store holds it unique, so that two reviews at
once make one alert.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.burn import Burn
from bot.domain.episode import Episode
from bot.domain.money import Money
from bot.domain.price_list import PriceStep


class Kind(StrEnum):
    """What a review can find."""

    TIER = "tier"
    """A tier of the ladder is reached by what was spent."""
    FORECAST = "forecast"
    """The period is expected to end over its limit."""
    BURN = "burn"
    """Much more than planned is spent just now; the tier is the multiple of the plan."""
    UNOWNED = "unowned"
    """A key whose cost nobody owns."""
    STALE = "stale"
    """A source that has stopped delivering."""
    UNTIED = "untied"
    """A load whose totals did not agree, or that was refused."""
    PRICE = "price"
    """A price of a model that is not what it was."""
    ANOMALY = "anomaly"
    """A team costs more than its past and the calendar explain."""


class State(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    ESCALATED = "escalated"
    RETRACTED = "retracted"
    CLOSED = "closed"


LIVE = frozenset({State.OPEN, State.ACKNOWLEDGED, State.SNOOZED, State.ESCALATED})


class Reason(StrEnum):
    """Why an alert is where it is, or why it stayed where it was."""

    CROSSED = "crossed"
    CROSSED_AGAIN = "crossed again after a correction"
    CROSSED_LATE = "found after the period had ended"
    HIGHER_TIER = "a higher tier tells"
    SAME_CHAIN = "a more severe crossing of the same chain tells"
    TOLD_WITH = "told in the message of another crossing"
    KNOWN_BEFORE_RAISE = "reached before the budget was raised"
    THERE_BEFORE = "there when reviews began"
    FLAPPING = "corrected to and fro; waits for final figures"
    NEXT_TIER = "the next tier was reached"
    REACHED = "what was forecast has happened"
    RECOVERED = "no longer so"
    CORRECTED = "the figures were corrected"
    BUDGET_CHANGED = "the budget was changed"
    BUDGET_ENDED = "the budget was ended"
    CARRIED = "the budget was changed; it is still over"
    MOVED = "not this budget's any more"
    GOES_ON = "it goes on"
    EXPECTED = "said to be expected"
    SWITCHED_OFF = "not looked for any more"
    PERIOD_ENDED = "the period has ended"
    ANSWERED = "acknowledged"
    SNOOZED = "snoozed"
    LAPSED = "the date of the answer has passed"
    UNANSWERED = "nobody answered in working hours"
    DISOWNED = "the owner says it is not theirs"
    REASSIGNED = "given to somebody else"
    VOTED = "voted on"
    NOTHING_NEW = "nothing new"
    LAST_TIER = "the last tier cannot be snoozed"
    TOO_LONG = "longer than can be"
    NOT_LIVE = "it is over"
    NOT_DUE = "it is not due"
    NO_STEPS_LEFT = "everybody was told"


class Says(StrEnum):
    """What people must hear of a step."""

    NOTHING = "nothing"
    ANNOUNCE = "announce"
    REMIND = "remind"
    ESCALATE = "escalate"
    EDIT = "edit"
    """What was said is put right where it stands; nobody is pushed."""
    KEEP = "keep"
    """Figures moved on, and what was said of them still stands."""


class Because(StrEnum):
    """The reason codes of an answer."""

    PLANNED = "planned"
    LAUNCH = "launch"
    MISCONFIGURATION = "misconfiguration"
    INVESTIGATING = "investigating"
    SHARED_KEY = "shared key"
    UNKNOWN = "unknown"
    OTHER = "other"


_OF_SOURCES = frozenset({Kind.UNOWNED, Kind.STALE, Kind.UNTIED, Kind.PRICE})


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes an alert the one it is.

    Attributes:
        budget: Name of the budget; empty for kinds without.
        subject: `person ana@x.example`, `team search`, `org`; `key …`, `source …` for what is about no team and nobody.
        period_start: First day of the budget's period; the first day of the trouble for kinds without.
        tier: Share of the limit, or multiple of the plan; 0 for kinds without.
        version: Of the budget.
        occurrence: Counts what may happen more than once a period, from 1.
    """

    kind: Kind
    budget: str
    subject: str
    period_start: date
    tier: Decimal = Decimal(0)
    version: int = 0
    occurrence: int = 1

    @property
    def has_scope(self) -> bool:
        """Tell whether the subject is a scope of cost that people answer for, not a key or a source."""
        return self.kind not in _OF_SOURCES


@dataclass(frozen=True, slots=True)
class Seen:
    """The figures an alert was last seen with.

    Attributes:
        cost: Up to *as_of*; for a key what it cost; for an anomaly what the team cost above the usual.
        limit: Of the budget; None for kinds without.
        expected: Of the whole period; for an anomaly of the month.
        burn: What too much was spent within some hours.
        episode: What an anomaly is.
        price: The change of a price; *cost* is what it has cost since.
    """

    cost: Money
    limit: Money | None
    as_of: datetime | None
    expected: Money | None = None
    burn: Burn | None = None
    episode: Episode | None = None
    price: PriceStep | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """An answer: who says what will be done, until when."""

    by: str
    because: Because
    plan: str
    until: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert.

    Attributes:
        number: By which people call it; 0 before it is stored.
        owners: E-mails of who was told first; empty where nobody was.
        told: The figures people were last told in a new message, or an anomaly's in an edited one; None where nobody was told.
        round: Counts announcements: it may be crossed again after a correction, lapse, or go to others.
        crossings: How often it was told as crossed.
        step: Escalation steps taken.
        due: When silence escalates it, or an answer or a snooze lapses.
        is_last: The tier is the last of its ladder.
        needs_answer: Silence escalates it.
        note: What else there is to say: why a load was refused, whose a disowned one is said to be, whom FinOps gave it to by name,
            or who expected an anomaly.
    """

    identity: Identity
    state: State
    reason: Reason
    seen: Seen
    opened_at: datetime
    changed_at: datetime
    owners: tuple[str, ...] = ()
    told: Seen | None = None
    round: int = 0
    crossings: int = 0
    step: int = 0
    due: datetime | None = None
    promise: Promise | None = None
    is_last: bool = False
    needs_answer: bool = False
    note: str = ""
    number: int = 0

    @property
    def is_live(self) -> bool:
        """Tell whether it still asks for something."""
        return self.state in LIVE

    @property
    def was_told(self) -> bool:
        """Tell whether anybody heard of it."""
        return self.round > 0


@dataclass(frozen=True, slots=True)
class Change:
    """A step that was taken, or was not: then *after* is what stood before, and *says* is nothing."""

    before: Alert | None
    after: Alert
    reason: Reason
    says: Says = Says.NOTHING

    @property
    def happened(self) -> bool:
        """Tell whether there is something to store."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Found:
    """A review says of an identity: this is so."""

    identity: Identity
    seen: Seen
    is_last: bool = False
    needs_answer: bool = False
    note: str = ""


_VOIDING = frozenset({Reason.BUDGET_CHANGED, Reason.BUDGET_ENDED, Reason.MOVED, Reason.CORRECTED})


class Outcome(StrEnum):
    """What became of a promise."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    VOID = "void"
    """What was promised about is gone: the budget was changed or ended, or the figures were corrected."""


def outcome(alert: Alert, others: Iterable[Alert], now: datetime) -> Outcome:
    """Return what became of the promise of *alert*: broken by a higher tier before its date, kept when the date came without one.

    A promise about a limit that was changed before its date is neither.

    Args:
        others: Alerts of any budget; those of the same subject and period count.
    """
    promise = alert.promise
    assert promise is not None, "only alerts with an answer have an outcome"
    identity = alert.identity
    same = (identity.budget, identity.subject, identity.period_start)
    for other in others:
        its = other.identity
        is_higher = its.kind is Kind.TIER and its.tier > identity.tier and (its.budget, its.subject, its.period_start) == same
        if is_higher and other.was_told and promise.at <= other.opened_at < promise.until:
            return Outcome.BROKEN
    if alert.reason in _VOIDING and alert.changed_at < promise.until:
        return Outcome.VOID
    return Outcome.KEPT if promise.until <= now or not alert.is_live else Outcome.OPEN

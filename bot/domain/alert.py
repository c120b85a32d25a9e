"""Alerts: a finding's life with people, as a state machine whose every step says why it was taken.

Identity is (kind, budget, subject, period, tier, version, occurrence); the store holds it unique, so that two reviews at
once make one alert. Nothing here reads a clock: *at* is an argument, an aware instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.burn import Burn
from bot.domain.episode import Episode, has_changed
from bot.domain.money import Money
from bot.domain.price_list import PriceStep

LONGEST_SNOOZE = timedelta(days=7)
_A_DAY = timedelta(days=1)
MOST_STEPS = 5
"""Escalation steps of one alert, FinOps included."""


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
        cost: Up to *as_of*; for a forecast the expected cost of the whole period, for a key what it cost; for an anomaly what
            the team cost above the usual.
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


def crossed(alert: Alert | None, found: Found, owners: tuple[str, ...], due: datetime | None, at: datetime) -> Change:
    """Open an alert and tell its *owners*; again after a correction took it back."""
    if alert and alert.state is not State.RETRACTED:
        return Change(alert, alert, Reason.NOTHING_NEW)
    reason = Reason.CROSSED_AGAIN if alert and alert.was_told else Reason.CROSSED
    after = replace(
        _recorded(alert, found, State.OPEN, reason, at),
        owners=owners,
        told=found.seen,
        round=(alert.round if alert else 0) + 1,
        crossings=(alert.crossings if alert else 0) + 1,
        due=due if found.needs_answer else None,
    )
    return Change(alert, after, reason, Says.ANNOUNCE)


def crossed_late(alert: Alert | None, found: Found, owners: tuple[str, ...], at: datetime) -> Change:
    """Tell the owners of a crossing in a period that is over: there is nothing left to answer for."""
    if alert and alert.state is not State.RETRACTED:
        return Change(alert, alert, Reason.NOTHING_NEW)
    recorded = _recorded(alert, found, State.CLOSED, Reason.CROSSED_LATE, at)
    after = replace(recorded, owners=owners, told=found.seen, round=recorded.round + 1, crossings=recorded.crossings + 1)
    return Change(alert, after, Reason.CROSSED_LATE, Says.ANNOUNCE)


def inhibited(alert: Alert | None, found: Found, reason: Reason, at: datetime) -> Change:
    """Record a crossing that nobody is told of, and why not."""
    if alert and (alert.state is not State.RETRACTED or alert.reason is reason):
        return Change(alert, alert, Reason.NOTHING_NEW)
    state = State.RETRACTED if reason is Reason.FLAPPING else State.CLOSED
    return Change(alert, _recorded(alert, found, state, reason, at), reason)


def corrected(alert: Alert, seen: Seen, at: datetime) -> Change:
    """Take back what a correction undid; what was said of it is put right."""
    if alert.state is State.RETRACTED:
        return Change(alert, alert, Reason.NOTHING_NEW)
    after = replace(alert, state=State.RETRACTED, reason=Reason.CORRECTED, seen=seen, changed_at=at, due=None)
    return Change(alert, after, Reason.CORRECTED, _edit(alert))


def closed(alert: Alert, reason: Reason, seen: Seen | None, at: datetime) -> Change:
    """Close an alert that asks for nothing more."""
    if not alert.is_live:
        return Change(alert, alert, Reason.NOT_LIVE)
    after = replace(alert, state=State.CLOSED, reason=reason, seen=seen or alert.seen, changed_at=at, due=None)
    return Change(alert, after, reason, _edit(alert))


def carried(alert: Alert, found: Found, at: datetime) -> Change:
    """Let an alert go on under another version of its budget, of which it is true as well; who was to answer still is."""
    after = replace(
        alert,
        identity=found.identity,
        reason=Reason.CARRIED,
        seen=found.seen,
        is_last=found.is_last,
        needs_answer=found.needs_answer,
        changed_at=at,
    )
    return Change(alert, after, Reason.CARRIED, _edit(alert))


def went_on(alert: Alert, seen: Seen, at: datetime) -> Change:
    """Let an episode go on; what was said is put right when its figures have changed by a lot, at most once a day."""
    if not alert.is_live or seen == alert.seen:
        return Change(alert, alert, Reason.NOTHING_NEW)
    told = alert.told
    is_due = told is None or told.as_of is None or seen.as_of is None or seen.as_of - told.as_of >= _A_DAY
    if told and alert.was_told and is_due and has_changed(told.cost, seen.cost):
        return Change(alert, replace(alert, seen=seen, told=seen, changed_at=at), Reason.GOES_ON, Says.EDIT)
    return Change(alert, replace(alert, seen=seen), Reason.GOES_ON, Says.KEEP)


def refreshed(alert: Alert, seen: Seen) -> Change:
    """Take the newest figures of what is live: whoever reads it next reads these, and what was said of it stands."""
    seen = replace(seen, burn=alert.seen.burn, limit=alert.seen.limit)
    if not alert.is_live or not alert.was_told or alert.identity.kind not in {Kind.TIER, Kind.FORECAST, Kind.BURN}:
        return Change(alert, alert, Reason.NOTHING_NEW)
    return Change(alert, replace(alert, seen=seen), Reason.GOES_ON, Says.KEEP)


def expected(alert: Alert, by: str, at: datetime) -> Change:
    """Close an anomaly that somebody says was to be expected: its days are the usual ones from now on."""
    if not alert.is_live:
        return Change(alert, alert, Reason.NOT_LIVE)
    after = replace(alert, state=State.CLOSED, reason=Reason.EXPECTED, note=by, changed_at=at, due=None)
    return Change(alert, after, Reason.EXPECTED, Says.EDIT)


def moved(alert: Alert, at: datetime) -> Change:
    """Take back what is no longer this budget's; should it be again, it is told again."""
    if alert.state is State.RETRACTED or alert.reason is Reason.PERIOD_ENDED:
        return Change(alert, alert, Reason.NOTHING_NEW)
    after = replace(alert, state=State.RETRACTED, reason=Reason.MOVED, changed_at=at, due=None)
    return Change(alert, after, Reason.MOVED, _edit(alert) if alert.is_live else Says.NOTHING)


def acknowledged(alert: Alert, promise: Promise) -> Change:
    """Take an answer; it holds for this tier until its date."""
    if not alert.is_live:
        return Change(alert, alert, Reason.NOT_LIVE)
    if promise.until <= promise.at:
        return Change(alert, alert, Reason.TOO_LONG)
    after = replace(alert, state=State.ACKNOWLEDGED, reason=Reason.ANSWERED, promise=promise, changed_at=promise.at, due=promise.until)
    return Change(alert, after, Reason.ANSWERED, Says.EDIT)


def snoozed(alert: Alert, until: datetime, at: datetime) -> Change:
    """Be silent about it until *until*: at most seven days, and never about the last tier."""
    if not alert.is_live:
        return Change(alert, alert, Reason.NOT_LIVE)
    if alert.is_last:
        return Change(alert, alert, Reason.LAST_TIER)
    if not at < until <= at + LONGEST_SNOOZE:
        return Change(alert, alert, Reason.TOO_LONG)
    after = replace(alert, state=State.SNOOZED, reason=Reason.SNOOZED, changed_at=at, due=until)
    return Change(alert, after, Reason.SNOOZED, Says.EDIT)


def lapsed(alert: Alert, due: datetime | None, at: datetime) -> Change:
    """Open it again when the date of the answer, or of the snooze, has passed.

    Args:
        due: When silence escalates it from now on.
    """
    if alert.state not in {State.ACKNOWLEDGED, State.SNOOZED}:
        return Change(alert, alert, Reason.NOT_LIVE)
    if alert.due is None or alert.due > at:
        return Change(alert, alert, Reason.NOT_DUE)
    after = replace(
        alert,
        state=State.OPEN,
        reason=Reason.LAPSED,
        told=alert.seen,
        changed_at=at,
        due=due if alert.needs_answer else None,
        step=0,
        round=alert.round + 1,
    )
    return Change(alert, after, Reason.LAPSED, Says.REMIND)


def unanswered(alert: Alert, due: datetime | None, at: datetime) -> Change:
    """Tell the next person when nobody answered.

    Args:
        due: When the step after this one is taken; None where there is nobody left.
    """
    if alert.state not in {State.OPEN, State.ESCALATED} or not alert.needs_answer:
        return Change(alert, alert, Reason.NOT_LIVE)
    if alert.due is None:
        return Change(alert, alert, Reason.NO_STEPS_LEFT)
    if alert.due > at:
        return Change(alert, alert, Reason.NOT_DUE)
    step = alert.step + 1
    last = step >= MOST_STEPS
    after = replace(alert, state=State.ESCALATED, reason=Reason.UNANSWERED, step=step, changed_at=at, due=None if last else due)
    return Change(alert, after, Reason.UNANSWERED, Says.ESCALATE)


def disowned(alert: Alert, proposed: str, at: datetime) -> Change:
    """Take note that the owner says it is not theirs; FinOps hears of it, and silence no longer counts against them.

    Args:
        proposed: E-mail of whose it is instead; empty where the owner does not know.
    """
    if not alert.is_live:
        return Change(alert, alert, Reason.NOT_LIVE)
    after = replace(alert, state=State.ESCALATED, reason=Reason.DISOWNED, note=proposed, changed_at=at, due=None)
    return Change(alert, after, Reason.DISOWNED, Says.ESCALATE)


def reassigned(alert: Alert, owners: tuple[str, ...], due: datetime | None, at: datetime, by_name: str = "") -> Change:
    """Give it to other owners, who are told as if it were new.

    Args:
        by_name: Whom FinOps chose, who would not answer for it otherwise.
    """
    if not alert.is_live:
        return Change(alert, alert, Reason.NOT_LIVE)
    after = replace(
        alert,
        state=State.OPEN,
        reason=Reason.REASSIGNED,
        owners=owners,
        told=alert.seen,
        step=0,
        round=alert.round + 1,
        changed_at=at,
        due=due,
    )
    return Change(alert, _chosen(after, by_name), Reason.REASSIGNED, Says.ANNOUNCE)


def inherited(alert: Alert, owners: tuple[str, ...], at: datetime) -> Change:
    """Let an answer, or a snooze, hold on for other owners: they hear of it when it lapses."""
    if alert.state not in {State.ACKNOWLEDGED, State.SNOOZED}:
        return Change(alert, alert, Reason.NOT_LIVE)
    return Change(alert, _chosen(replace(alert, owners=owners, changed_at=at), ""), Reason.REASSIGNED, Says.EDIT)


def _chosen(alert: Alert, by_name: str) -> Alert:
    """Return *alert* with the one that FinOps chose for it; what is about a source keeps its sentence."""
    return replace(alert, note=by_name) if alert.identity.has_scope else alert


def _recorded(alert: Alert | None, found: Found, state: State, reason: Reason, at: datetime) -> Alert:
    """Return the alert of what was found, with the number and the rounds it had."""
    return Alert(
        found.identity,
        state,
        reason,
        found.seen,
        alert.opened_at if alert else at,
        at,
        round=alert.round if alert else 0,
        crossings=alert.crossings if alert else 0,
        told=alert.told if alert else None,
        is_last=found.is_last,
        needs_answer=found.needs_answer,
        note=found.note,
        number=alert.number if alert else 0,
    )


def _edit(alert: Alert) -> Says:
    return Says.EDIT if alert.was_told else Says.NOTHING


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

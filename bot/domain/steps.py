"""Steps: an alert's life with people, as a state machine whose every step says why it was taken, and what people must hear of it.

Nothing here reads a clock: *at* is an argument, an aware instant. A step that is not taken returns the alert as it stood.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.alert import Alert, Change, Found, Kind, Promise, Reason, Says, Seen, State
from bot.domain.episode import has_changed

LONGEST_SNOOZE = timedelta(days=7)
_A_DAY = timedelta(days=1)
MOST_STEPS = 5
"""Escalation steps of one alert, FinOps included."""


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

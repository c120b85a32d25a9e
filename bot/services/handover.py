"""Handover: an alert whose owners do not answer for it any more goes to who does today."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain import steps
from bot.domain.alert import Alert, Change, Reason, State
from bot.ports import Desk, MessageKind
from bot.services.notify import Notices, round_of

_BY = "directory"
_WAITS = {State.OPEN, State.ESCALATED}


def hand_over(desk: Desk, notices: Notices, live: Iterable[Alert]) -> None:
    """Give those of *live* whose owners have all lost them to who answers today.

    What waits for an answer is told as if it were new; an answer or a snooze holds on; what its owner says is not theirs waits for
    FinOps. Where only those who were asked after the owners have lost it, who is next is asked at once.
    """
    for alert in live:
        if not alert.was_told:
            continue
        change = _change(notices, alert)
        if change and change.happened:
            notices.spread(desk, change, desk.save(change, _BY))
        elif alert.state is State.ESCALATED and _was_lost(desk, notices, alert):
            notices.ask_next(desk, alert)


def _change(notices: Notices, alert: Alert) -> Change | None:
    """Return how *alert* goes to others; None where it stays, or where there is nobody else."""
    owners = () if alert.reason is Reason.DISOWNED or notices.holders(alert) else notices.owners(alert)
    if not owners or owners == alert.owners:
        return None
    if alert.state in _WAITS:
        due = notices.deadline(notices.subject(alert), owners) if alert.needs_answer else None
        return steps.reassigned(alert, owners, due, notices.now)
    return steps.inherited(alert, owners, notices.now)


def _was_lost(desk: Desk, notices: Notices, alert: Alert) -> bool:
    """Tell whether nobody of those who were asked last may be asked any more."""
    asked = [
        post.message.to
        for post in desk.about(f"alert {alert.number}")
        if post.message.kind is MessageKind.ESCALATION and round_of(post) == alert.round
    ]
    return bool(asked) and not any(notices.reaches(email, alert) for email in asked)

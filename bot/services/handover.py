"""Handover: an alert whose owners may not see it any more goes to who answers for it today."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain import alert as alerts
from bot.domain.alert import Alert, State
from bot.ports import Desk
from bot.services.notify import Notices

_BY = "directory"
_WAITS = {State.OPEN, State.ESCALATED}


def hand_over(desk: Desk, notices: Notices, live: Iterable[Alert]) -> None:
    """Give those of *live* that wait for an answer, and whose owners have all lost them, to who answers today, as if they were new."""
    for alert in live:
        if not alert.was_told or alert.state not in _WAITS or any(notices.concerns(email, alert) for email in alert.owners):
            continue
        owners = notices.owners(alert)
        if owners:
            due = notices.due(owners, notices.now) if alert.due else None
            change = alerts.reassigned(alert, owners, due, notices.now)
            notices.spread(desk, change, desk.save(change, _BY))

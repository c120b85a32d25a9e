"""Escalate: what time alone changes: silence, and answers and snoozes that lapse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain import steps
from bot.domain.alert import Alert, Change, State
from bot.ports import Desk
from bot.services.notify import Notices
from bot.services.review import Review

TIMER = "timer"
"""Who it was, in the audit log."""


@dataclass(frozen=True)
class Escalation:
    """Takes the steps that are due.

    Attributes:
        reconsider: Gives what has changed hands to who answers for it by now.
    """

    review: Review
    reconsider: Callable[[], None] = lambda: None

    def run(self) -> list[Alert]:
        """Take every step that is due, each once, and return the alerts that changed."""
        self.reconsider()
        done = []
        with self.review.decide() as (desk, notices):
            for alert in desk.alerts(notices.now.date()):
                change = self._step(desk, alert, notices)
                if change and change.happened:
                    saved = desk.save(change, TIMER)
                    notices.spread(desk, change, saved)
                    done.append(saved)
        return done

    @staticmethod
    def _step(desk: Desk, alert: Alert, notices: Notices) -> Change | None:
        if alert.due is None or alert.due > notices.now:
            return None
        if alert.state in {State.ACKNOWLEDGED, State.SNOOZED}:
            return steps.lapsed(alert, notices.due(alert.owners, notices.now), notices.now)
        coming = notices.next_step(desk, alert)
        if coming is None:
            return None
        return steps.unanswered(alert, notices.due(coming[0], notices.now), notices.now)

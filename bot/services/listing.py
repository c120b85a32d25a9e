"""Listing: the alerts that concern somebody, and what was promised; each with the figures that they may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.alert import Alert, Kind, Outcome, outcome
from bot.domain.audience import subject_of
from bot.domain.budget import Scope, ScopeKind
from bot.domain.people import Person, Role
from bot.domain.visibility import SubjectKind, may_see
from bot.messages.alerts import AlertList, AlertRow
from bot.messages.words import Phrase
from bot.ports import Alerts, Look
from bot.services.notify import Notices, promised
from bot.services.subjects import words_for

SHOWN = 20
_WITHOUT_COST = {Kind.STALE, Kind.UNTIED, Kind.PRICE}
"""What has none, or only that of the day on which it was told."""


@dataclass(frozen=True)
class Listing:
    """Lists alerts; made anew for every question."""

    alerts: Alerts
    notices: Notices

    def of(self, person: Person, *, promises: bool = False) -> AlertList:
        """Return the alerts that *person* answers for, or may see the subject of; live ones first."""
        every = self.alerts.every()
        mine = [alert for alert in every if self.shows(alert, person) and (alert.promise or not promises)]
        mine.sort(key=lambda alert: (not alert.is_live, -alert.number))
        rows = tuple(self.row(alert, every, person) for alert in mine[:SHOWN])
        for alert in mine[:SHOWN]:
            self._note(alert, person)
        return AlertList(rows, max(0, len(mine) - SHOWN), is_promises=promises)

    def everything(self, *, promises: bool = False) -> AlertList:
        """Return all alerts, for the operator at the machine; without figures that belong to people."""
        every = self.alerts.every()
        return AlertList(tuple(self.row(alert, every, None) for alert in every if alert.promise or not promises), is_promises=promises)

    def row(self, alert: Alert, every: Iterable[Alert], person: Person | None) -> AlertRow:
        """Return *alert* as a row for *person*, or for nobody in particular: then without figures."""
        subject = self.notices.subject(alert)
        shows = person is not None and self.notices.may_read(person.email, alert)
        identity = alert.identity
        return AlertRow(
            alert.number,
            identity.kind.value,
            self._whose(alert, subject, person),
            identity.tier,
            alert.state.value,
            alert.reason.value,
            alert.opened_at,
            alert.seen.cost if shows and identity.kind not in _WITHOUT_COST | self.notices.hidden else None,
            alert.seen.limit if shows else None,
            identity.budget,
            identity.subject,
            identity.period_start,
            identity.version,
            identity.occurrence,
            alert.owners,
            alert.changed_at,
            promised(alert, self.notices.audience),
            outcome(alert, every, self.notices.now).value if alert.promise else Outcome.OPEN.value,
        )

    def _note(self, alert: Alert, person: Person) -> None:
        """Note the look that a row is: at the person whom it is about; the others whom the alert itself names are not in it."""
        subject, of = self.notices.subject(alert), self.notices.audience
        if subject is None or subject.kind is not ScopeKind.PERSON or subject.name == person.email:
            return
        verdict = may_see(person, subject_of(subject), of.directory, of.privacy, of.today)
        if verdict.allows:
            look = Look(self.notices.now, person.email, SubjectKind.PERSON.value, subject.name, verdict.value, f"alert {alert.number}")
            self.notices.looks.append(look)

    def _whose(self, alert: Alert, subject: Scope | None, person: Person | None) -> str:
        if subject is None:
            return alert.identity.subject.partition(" ")[2]
        if person and subject == Scope(ScopeKind.PERSON, person.email):
            return Phrase("your own")
        return words_for(subject, self.notices.audience.directory)

    def shows(self, alert: Alert, person: Person) -> bool:
        """Tell whether *alert* is one that *person* may know of."""
        subject = self.notices.subject(alert)
        if subject is None:
            return Role.FINOPS in person.roles and person.stint(self.notices.audience.today) is not None
        return self.notices.audience.may_see(person.email, subject) or (alert.was_told and person.email in self.notices.holders(alert))

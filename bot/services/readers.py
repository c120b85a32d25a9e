"""Readers: who answers for an alert today, whom it reaches, until when they are waited for, and what of it they may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from bot.domain.alert import Alert, Identity
from bot.domain.audience import Audience, scope_of
from bot.domain.budget import Budget, Scope, ScopeKind
from bot.domain.people import Directory, Person
from bot.domain.period import PeriodKind, Window, first_of_month, period_containing
from bot.domain.visibility import Privacy, Verdict
from bot.domain.worktime import after_working_hours
from bot.ports import Calendar, CostScope, Figures
from bot.services.groups import Groups
from bot.services.subjects import cost_scope


@dataclass(frozen=True)
class Terms:
    """What the deployment decided about alerts.

    Attributes:
        answer_within: Working hours before silence escalates.
    """

    answer_within: int = 8


@dataclass(frozen=True)
class Readers:
    """The people of one decision, as the directory, the budgets and the mode of privacy stand.

    Attributes:
        budgets: Those in force, by name.
    """

    audience: Audience
    figures: Figures
    calendar: Calendar
    terms: Terms
    budgets: Mapping[str, Budget]
    now: datetime

    def reaches(self, email: str, alert: Alert) -> bool:
        """Tell whether *alert* is a matter of *email* today, with or without its figures."""
        subject = self.subject(alert)
        if subject is None:
            return email in self.audience.finops()
        return self.audience.answers(email, subject) or self.is_asked(email, alert)

    def owners(self, alert: Alert) -> tuple[str, ...]:
        """Return who answers for *alert* today."""
        subject = self.subject(alert)
        if subject is None:
            return self.audience.finops()
        if alert.seen.episode:
            return self.answering(alert.identity)
        return self.audience.owners(self.budgets.get(alert.identity.budget), subject)

    def holders(self, alert: Alert) -> tuple[str, ...]:
        """Return those of its owners who answer for *alert* today, or to whom FinOps gave it and who may see it."""
        today, subject = self.owners(alert), self.subject(alert)
        return tuple(
            email
            for email in alert.owners
            if email in today or (email == alert.note and subject is not None and self.audience.may_see(email, subject))
        )

    def is_asked(self, email: str, alert: Alert) -> bool:
        """Tell whether *alert* comes to *email* today: as an owner, or because nobody has answered."""
        subject = self.subject(alert)
        if email in alert.owners or subject is None:
            return email in self.holders(alert)
        if email in self.owners(alert):
            return True
        return any(email in emails for emails, _ in self.audience.ladder(subject, alert.owners))

    def may_read(self, email: str, alert: Alert) -> bool:
        """Tell whether *email* may see the figures of *alert*; those about nobody's budget are FinOps' alone."""
        subject = self.subject(alert)
        if subject is None:
            return email in self.audience.finops()
        if alert.seen.episode:
            return self._shows_team(subject, alert.identity.period_start) and self.audience.may_see(email, subject)
        return self.shows(email, subject, self.window(alert))

    def answering(self, identity: Identity) -> tuple[str, ...]:
        """Return who answers for what is out of the usual in a team: its managers who may see it, else FinOps; else nobody."""
        subject = scope_of(identity.subject)
        if not self._shows_team(subject, identity.period_start):
            return ()
        some = tuple(email for email in self.audience.owners(None, subject) if self.audience.may_see(email, subject))
        return some or tuple(email for email in self.audience.finops() if self.audience.may_see(email, subject))

    def _shows_team(self, subject: Scope, since: date) -> bool:
        """Tell whether figures of a team itself, without those below it, may be shown from the month of *since* on."""
        window = Window(first_of_month(since), max(self.audience.today, since) + timedelta(days=1))
        return self.groups.shows(CostScope(teams=(subject.name,)), window)

    def due(self, owners: tuple[str, ...], at: datetime) -> datetime:
        """Return when silence of *owners* escalates what they are told *at*."""
        person = self.audience.person(owners[0]) if owners else None
        return self.due_for(person, at)

    def deadline(self, subject: Scope | None, owners: tuple[str, ...]) -> datetime | None:
        """Return when silence of *owners* escalates what they are told now; None where nobody comes after them."""
        return self.due(owners, self.now) if subject is not None and self.audience.ladder(subject, owners) else None

    def due_for(self, person: Person | None, at: datetime) -> datetime:
        """Return when the working hours to answer are over for *person*."""
        zone = person.time_zone if person else "UTC"
        return after_working_hours(at, self.terms.answer_within, zone, lambda day: self.calendar.is_free(day, zone))

    @property
    def mode(self) -> tuple[Directory, Privacy, date]:
        """What decides who may see what, beside who looks at whom."""
        return self.audience.directory, self.audience.privacy, self.audience.today

    def shows(self, email: str, subject: Scope, window: Window) -> bool:
        """Tell whether *email* may see the figures of *subject*, all of them.

        A manager sees of a person what the teams they manage paid; the figures are shown where that is everything.
        """
        of = self.audience
        verdict = of.verdict(email, subject)
        if verdict is Verdict.OWN or not verdict.allows:
            return verdict.allows
        scope = cost_scope(subject, of.directory)
        if subject.kind is ScopeKind.PERSON and verdict is Verdict.MANAGER:
            led = CostScope(people=scope.people, teams=tuple(sorted(of.directory.managed_by(email, of.today))))
            return self.figures.total(led, window) == self.figures.total(scope, window)
        return self.groups.shows(scope, window.until(max(of.today, window.start))) if scope.people is None else True

    @cached_property
    def groups(self) -> Groups:
        """What may be shown of several people."""
        return Groups(self.figures, self.audience.directory, self.audience.privacy, self.audience.today)

    def subject(self, alert: Alert) -> Scope | None:
        """Return whose figures *alert* is about, None where it is about a key or a source."""
        return scope_of(alert.identity.subject) if alert.identity.has_scope else None

    def window(self, alert: Alert) -> Window:
        """Return the period of *alert*; of an anomaly the months since it began."""
        budget = self.budgets.get(alert.identity.budget)
        start = alert.identity.period_start
        if alert.seen.episode:
            return Window(first_of_month(start), period_containing(max(self.audience.today, start), PeriodKind.MONTH).window.end)
        return budget.current(start).window if budget else period_containing(start, PeriodKind.MONTH).window

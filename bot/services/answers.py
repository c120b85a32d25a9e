"""Answers: what people say to an alert: acknowledge, snooze, not mine, useful or noise; each is stored with what it changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain import steps
from bot.domain.alert import Alert, Because, Change, Promise, Reason
from bot.domain.people import Person, Role
from bot.domain.worktime import after_working_days
from bot.errors import Refusal
from bot.messages.alerts import BudgetAlert, Thanks
from bot.messages.anomalies import AnomalyAlert
from bot.messages.words import N_, Phrase
from bot.ports import Desk
from bot.services.listing import Listing
from bot.services.notify import OTHER, OWNER, AlertView, Notices
from bot.services.review import Review

NO_SUCH = N_("There is no alert {number} of yours. Your alerts: alerts")
_SENTENCES = {
    Reason.NOT_LIVE: N_("Alert {number} is over; there is nothing left to answer."),
    Reason.LAST_TIER: N_("The last tier of a budget cannot be snoozed. Please answer instead: ack {number}"),
    Reason.TOO_LONG: N_("From one to seven days, please. For instance: snooze {number} 3"),
}
_LONGEST_ANSWER = timedelta(days=366)
_LONGEST_PLAN = 500
VOTES = ("useful", "noise")
_WORKING_DAYS = 2
"""For which somebody who looks into an anomaly is left alone."""


@dataclass(frozen=True)
class Answers:
    """Takes answers; whoever answers must have been told, or answer for the subject."""

    review: Review

    def acknowledge(self, person: Person, number: int, because: str, plan: str, until: date | None) -> AlertView:
        """Take an answer that holds through *until*, or as long as the period runs.

        Raises:
            Refusal: There is no such alert for this person, it is over, or the answer is not whole.
        """
        reason = _because(because)
        with self.review.decide() as (desk, notices):
            alert, now = self._theirs(desk, notices, person, number), notices.now
            ends = _end_of(until, person) if until else _period_end(notices, alert)
            if until and not now < ends <= now + _LONGEST_ANSWER:
                raise Refusal(
                    "Until when does that hold? Write a day to come, within a year, for instance: {day}", day=_in_a_week(now).isoformat()
                )
            text = " ".join(plan.split())[:_LONGEST_PLAN]
            change = steps.acknowledged(alert, Promise(person.email, reason, text, max(ends, now + timedelta(hours=1)), now))
            return self._taken(desk, notices, change, person)

    def expect(self, person: Person, number: int) -> AlertView:
        """Say that what is out of the usual was to be expected: it is closed, and its days are the usual ones from now on.

        Raises:
            Refusal: There is no such alert for this person, it is about a budget, or it is over.
        """
        with self.review.decide() as (desk, notices):
            alert = self._anomaly(desk, notices, person, number)
            return self._taken(desk, notices, steps.expected(alert, person.email, notices.now), person)

    def look_into(self, person: Person, number: int, because: Because) -> AlertView:
        """Say in one word what is being done: looked into, for two working days; or it is a misconfiguration, for a week.

        Raises:
            Refusal: There is no such alert for this person, it is about a budget, or it is over.
        """
        now, zone = self.review.clock.now(), person.time_zone
        until = after_working_days(now, _WORKING_DAYS, zone, lambda day: self.review.calendar.is_free(day, zone))
        if because is Because.MISCONFIGURATION:
            until = _end_of(now.astimezone(ZoneInfo(zone)).date() + timedelta(days=7), person)
        with self.review.decide() as (desk, notices):
            alert = self._anomaly(desk, notices, person, number)
            change = steps.acknowledged(alert, Promise(person.email, because, "", until, now))
            return self._taken(desk, notices, change, person)

    def snooze(self, person: Person, number: int, days: int) -> AlertView:
        """Be silent about it for some days.

        Raises:
            Refusal: There is no such alert for this person, or it cannot be snoozed (so long).
        """
        with self.review.decide() as (desk, notices):
            alert, now = self._theirs(desk, notices, person, number), notices.now
            return self._taken(desk, notices, steps.snoozed(alert, now + timedelta(days=days), now), person)

    def disown(self, person: Person, number: int, owner: str = "") -> Thanks:
        """Say that it is somebody else's: FinOps hears of it, with the proposed owner.

        Raises:
            Refusal: There is no such alert for this person, or nobody has that e-mail.
        """
        with self.review.decide() as (desk, notices):
            proposed = notices.audience.person(owner) if owner else None
            if owner and proposed is None:
                raise Refusal("I do not know {email}. Leave it empty if you are not sure.", email=owner)
            alert = self._theirs(desk, notices, person, number)
            change = steps.disowned(alert, proposed.email if proposed else "", notices.now)
            self._taken(desk, notices, change, person)
            desk.note(person.email, "not mine", f"alert {number}", {"proposed": proposed.email if proposed else ""})
        return Thanks(Phrase("FinOps will look whose it is."))

    def reassign(self, person: Person, number: int, owner: str) -> AlertView:
        """Give it to another owner, as FinOps.

        Raises:
            Refusal: Only FinOps may, and only to somebody who may see the figures.
        """
        if Role.FINOPS not in person.roles:
            raise Refusal("Only FinOps gives an alert to somebody else. You can say: not-mine {number}", number=str(number))
        with self.review.decide() as (desk, notices):
            new, now = notices.audience.person(owner), notices.now
            alert = self._theirs(desk, notices, person, number)
            subject = notices.subject(alert)
            if new is None or (subject and not notices.audience.may_see(new.email, subject)):
                raise Refusal("{email} may not see those figures, so the alert cannot be theirs.", email=owner)
            change = steps.reassigned(alert, (new.email,), notices.due((new.email,), now), now, by_name=new.email)
            return self._taken(desk, notices, change, person)

    def vote(self, person: Person, number: int, vote: str) -> Thanks:
        """Take note of whether a warning helped.

        Raises:
            Refusal: There is no such alert for this person.
        """
        with self.review.decide() as (desk, notices):
            self._theirs(desk, notices, person, number)
            desk.set_mark(f"vote {number} {person.email}", vote)
            desk.note(person.email, vote, f"alert {number}", {})
        return Thanks(Phrase("Thank you; FinOps sees which warnings help and which are noise."))

    def show(self, person: Person, number: int) -> AlertView:
        """Return alert *number* as *person* may see it.

        Raises:
            Refusal: There is no such alert for this person.
        """
        with self.review.decide() as (desk, notices):
            alert = desk.alert(number)
            answers = alert is not None and may_answer(desk, notices, person, alert)
            if alert is None or not (answers or Listing(self.review.alerts, notices).shows(alert, person)):
                raise Refusal(NO_SUCH, number=str(number))
            view = self._view(notices, alert, person)
            notices.note_look(person.email, alert)
        return replace(view, asks=False) if isinstance(view, BudgetAlert | AnomalyAlert) and not answers else view

    def check(self, person: Person, number: int) -> None:
        """Look whether *person* may answer alert *number*, before they are asked for more words.

        Raises:
            Refusal: There is no such alert for this person.
        """
        with self.review.decide() as (desk, notices):
            self._theirs(desk, notices, person, number)

    def _theirs(self, desk: Desk, notices: Notices, person: Person, number: int) -> Alert:
        """Return the alert if *person* was told of it, answers for it, or is FinOps; in the same words for all others."""
        alert = desk.alert(number)
        if alert is None or not may_answer(desk, notices, person, alert):
            raise Refusal(NO_SUCH, number=str(number))
        return alert

    def _anomaly(self, desk: Desk, notices: Notices, person: Person, number: int) -> Alert:
        """Return the alert if it is theirs and about an anomaly: a budget's wants a plan, too."""
        alert = self._theirs(desk, notices, person, number)
        if alert.seen.episode is None:
            raise Refusal(
                "Alert {number} wants a sentence, too. For instance: ack {number} planned back to the small model", number=str(number)
            )
        return alert

    def _taken(self, desk: Desk, notices: Notices, change: Change, person: Person) -> AlertView:
        if not change.happened:
            raise Refusal(_SENTENCES[change.reason], number=str(change.after.number))
        alert = desk.save(change, person.email)
        notices.spread(desk, change, alert)
        return self._view(notices, alert, person)

    @staticmethod
    def _view(notices: Notices, alert: Alert, person: Person) -> AlertView:
        return notices.view(alert, person.email, OWNER if person.email in alert.owners else OTHER)


def may_answer(desk: Desk, notices: Notices, person: Person, alert: Alert) -> bool:
    """Tell whether *person* answers for *alert*: by what they may see, or by whom it comes to, today."""
    of, subject = notices.audience, notices.subject(alert)
    if person.stint(of.today) is None or not notices.reaches(person.email, alert):
        return False
    if subject is None or (Role.FINOPS in person.roles and of.may_see(person.email, subject)):
        return True
    return person.email in alert.owners or any(post.message.to == person.email for post in desk.about(f"alert {alert.number}"))


def _because(word: str) -> Because:
    try:
        return Because(word)
    except ValueError:
        known = ", ".join(Because)
        raise Refusal("“{word}” is no reason I know. One of {known}.", word=word, known=known) from None


def _end_of(day: date, person: Person) -> datetime:
    """Return the end of *day* where the person is."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(person.time_zone)).astimezone(UTC)


def _period_end(notices: Notices, alert: Alert) -> datetime:
    return datetime.combine(notices.window(alert).end, time(), UTC)


def _in_a_week(now: datetime) -> date:
    return (now + timedelta(days=7)).date()

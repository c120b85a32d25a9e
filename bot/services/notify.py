"""Notify: from a step of an alert to the messages that it makes, and to the ones it puts right, in the same decision."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from bot.domain.alert import Alert, Change, Kind, Reason, Says, State
from bot.domain.audience import Audience, scope_of, subject_of
from bot.domain.budget import Scope, ScopeKind
from bot.domain.episode import Episode
from bot.domain.foretold import Foretold
from bot.domain.money import Money
from bot.domain.period import Window, last_whole_day, midnight
from bot.domain.visibility import Privacy, Subject, SubjectKind, may_see
from bot.messages import why
from bot.messages.alerts import Answered, BudgetAlert, Burned, Trouble
from bot.messages.anomalies import AnomalyAlert
from bot.messages.card import Card
from bot.messages.expected import Expected
from bot.messages.formats import Reader
from bot.messages.markup import Templates
from bot.messages.moved import Moved
from bot.messages.parts import Row
from bot.messages.prices import PriceAlert
from bot.messages.words import LANGUAGES, N_, Phrase
from bot.ports import (
    NOT_THEIRS,
    Delivery,
    Desk,
    Dimension,
    Documents,
    Forecasts,
    Look,
    Message,
    MessageKind,
    Post,
)
from bot.services import troubles
from bot.services.because import Because, Told
from bot.services.habits import AWAY
from bot.services.readers import Readers
from bot.services.subjects import cost_scope, question_for, words_for
from bot.services.talk import reader_of

OWNER, OTHER = "owner", "other"
AlertView = BudgetAlert | AnomalyAlert | PriceAlert | Trouble
"""What people are shown of an alert."""
_DRIVERS = 3
_BECAUSE = {
    "planned": N_("planned work"),
    "launch": N_("a launch"),
    "misconfiguration": N_("a misconfiguration"),
    "investigating": N_("being looked into"),
    "shared key": N_("a shared key"),
    "unknown": N_("not known yet"),
    "other": N_("something else"),
}
_HAPPENED = {
    Reason.CROSSED: "crossed",
    Reason.CROSSED_AGAIN: "again",
    Reason.CROSSED_LATE: "late",
    Reason.NEXT_TIER: "next",
    Reason.REACHED: "next",
    Reason.RECOVERED: "recovered",
    Reason.CORRECTED: "corrected",
    Reason.FLAPPING: "corrected",
    Reason.BUDGET_CHANGED: "changed",
    Reason.BUDGET_ENDED: "removed",
    Reason.MOVED: "moved",
    Reason.EXPECTED: "expected",
    Reason.SWITCHED_OFF: "off",
    Reason.CARRIED: "carried",
    Reason.PERIOD_ENDED: "ended",
    Reason.ANSWERED: "answered",
    Reason.SNOOZED: "snoozed",
    Reason.LAPSED: "lapsed",
    Reason.UNANSWERED: "unanswered",
    Reason.DISOWNED: "disowned",
    Reason.REASSIGNED: "crossed",
}


@dataclass(frozen=True)
class Notices(Readers):
    """The words of one decision, for its readers.

    Attributes:
        looks: Whose figures others were told of; to be remembered when the decision is stored.
        foretold: The forecasts that were told; likewise.
    """

    forecasts: Forecasts
    documents: Documents
    templates: Templates
    currency: str
    because: Because
    looks: list[Look] = field(default_factory=list)
    foretold: list[Foretold] = field(default_factory=list)

    @property
    def hidden(self) -> frozenset[Kind]:
        """The kinds of alerts whose cost is not told: that of a new key, of a part of a month, where figures are told by whole months."""
        return frozenset({Kind.UNOWNED} if self.audience.privacy is Privacy.WORKS_COUNCIL else ())

    def spread(self, desk: Desk, change: Change, alert: Alert) -> None:
        """Say what *change* makes people hear, and put right what was said of the alert before."""
        self.spread_all(desk, [(change, alert)])

    def spread_all(self, desk: Desk, done: Sequence[tuple[Change, Alert]]) -> None:
        """Say what changes of as many alerts make people hear, and put right what was said of these before."""
        messages: list[Message] = []
        for change, alert in done:
            said = list(self._said(desk, change, alert))
            if change.before is not None and change.says is not Says.KEEP:
                self._put_all_right(desk, alert, {message.to for message in said})
            messages += said
        desk.enqueue_all(messages)

    def _said(self, desk: Desk, change: Change, alert: Alert) -> Iterator[Message]:
        match change.says:
            case Says.ANNOUNCE:
                yield from self._told(alert, alert.owners, MessageKind.ALERT)
            case Says.REMIND:
                yield from self._told(alert, alert.owners, MessageKind.REMINDER)
            case Says.ESCALATE if alert.reason is Reason.DISOWNED:
                yield from self._told(alert, self.audience.finops(), MessageKind.ESCALATION)
            case Says.ESCALATE:
                recipients, note = self.next_step(desk, alert) or ((), "")
                yield from self._told(alert, recipients, MessageKind.ESCALATION, note)

    def ask_next(self, desk: Desk, alert: Alert) -> None:
        """Ask who is next of *alert* in the place of those who were, and may not be asked any more."""
        if alert.reason is Reason.DISOWNED:
            step: tuple[tuple[str, ...], str] = self.audience.finops(), ""
        else:
            step = self.next_step(desk, alert) or ((), "")
        desk.enqueue_all(list(self._told(alert, step[0], MessageKind.ESCALATION, step[1])))

    def next_step(self, desk: Desk, alert: Alert) -> tuple[tuple[str, ...], str] | None:
        """Return who is asked next, and a note of who was passed over: the first whom nobody has told in this round; None for nobody."""
        if not alert.identity.has_scope:
            return None
        posts = (post for post in desk.about(_about(alert)) if post.state is not Delivery.DROPPED)
        told = {post.message.to for post in posts if round_of(post) == alert.round} | set(alert.owners)
        steps = self.audience.ladder(scope_of(alert.identity.subject), alert.owners)
        return next((step for step in steps if not told & set(step[0])), None)

    def card(self, alert: Alert, email: str, role: str, note: str = "", *, is_repeat: bool = False) -> Card:
        """Return what *email* reads of *alert*, in their language and with the figures that they may see."""
        view = self.view(alert, email, role, note, is_repeat=is_repeat)
        return self.templates.card(view.template, view, reader_of(self.audience.person(email), self.documents))

    def moved(self, alert: Alert, email: str) -> Card:
        """Return what *email* reads of *alert* when it is no matter of theirs any more."""
        view = Moved("alert", alert.number)
        return self.templates.card(view.template, view, reader_of(self.audience.person(email), self.documents))

    def is_moved(self, alert: Alert, card: Card) -> bool:
        """Tell whether *card* says that *alert* is no matter of its reader's any more, in any language."""
        view = Moved("alert", alert.number)
        return any(card == self.templates.card(view.template, view, Reader(language, "UTC")) for language in LANGUAGES)

    def view(self, alert: Alert, email: str, role: str, note: str = "", *, is_repeat: bool = False) -> AlertView:
        """Return the view of *alert* for *email*."""
        if not alert.identity.has_scope:
            return troubles.view(alert, self.hidden, is_repeat=is_repeat)
        if alert.seen.episode:
            return self._anomaly(alert, alert.seen.episode, email, role, note)
        subject, window = scope_of(alert.identity.subject), self.window(alert)
        shows = self.shows(email, subject, window)
        seen, told = alert.seen, alert.told
        is_live = alert.state in {State.OPEN, State.ESCALATED}
        explains = shows and is_live and self._is_newest(alert, subject, window)
        happened = _HAPPENED.get(alert.reason, "crossed")
        if alert.round > 1 and happened == "crossed":
            happened = "again"
        found = BudgetAlert(
            number=alert.number,
            role=role,
            whose="" if subject == Scope(ScopeKind.PERSON, email) else words_for(subject, self.audience.directory),
            budget=alert.identity.budget,
            kind=alert.identity.kind.value,
            happened=happened,
            tier=alert.identity.tier,
            window=window,
            resets_at=midnight(window.end),
            cost=seen.cost if shows else None,
            limit=seen.limit if shows else None,
            told=told.cost if told and shows else None,
            told_limit=told.limit if told and shows else None,
            expected=seen.expected if shows else None,
            forecast=self._outlook(alert, window) if shows and is_live else None,
            why=self._why(email, alert, subject, window) if explains and not seen.burn else None,  # months say nothing of an hour
            burned=Burned(seen.burn.cost, seen.burn.hours, seen.burn.until) if seen.burn and shows else None,
            as_of=seen.as_of,
            drivers=self._drivers(email, subject, window) if explains else (),
            promise=promised(alert, self.audience) if shows or self.is_asked(email, alert) else None,
            until=alert.due if alert.state is State.SNOOZED else None,
            note=note,
            asks=is_live and (role == OWNER or shows),
            can_snooze=not alert.is_last,
            ask=question_for(subject, email),
            is_repeat=is_repeat,
            proposed=(alert.note, self.audience.name(alert.note)) if alert.note and alert.reason is Reason.DISOWNED else None,
            is_theirs_to_see=bool(alert.note) and self.audience.may_see(alert.note, subject),
        )
        if found.forecast and not found.is_over_with:
            self.foretold.append(found.forecast.foretold)
        return found

    def _anomaly(self, alert: Alert, episode: Episode, email: str, role: str, note: str) -> AnomalyAlert:
        shows, names = self.may_read(email, alert), self._named(email, alert)
        happened = _HAPPENED.get(alert.reason, "crossed")
        asks, told = alert.state in {State.OPEN, State.ESCALATED} and shows, self._reason(email, alert)
        shown = (thing for thing in episode.things if shows and (thing in names or not self.audience.person(thing)))
        things = tuple(self.audience.name(thing) for thing in shown)
        return AnomalyAlert(
            number=alert.number,
            role=role,
            team=alert.identity.subject.partition(" ")[2],
            happened="again" if alert.round > 1 and happened == "crossed" else happened,
            since=episode.since,
            until=episode.until,
            excess=alert.seen.cost if shows else None,
            why=told.change if told else None,
            compared=told.days if told else None,
            usual=episode.usual if shows and episode.adds_up(alert.seen.cost) else None,
            told=alert.told.cost if alert.told and shows else None,
            month_end=alert.seen.expected if shows else None,
            channels=tuple(channel.value for channel in episode.channels),
            who=tuple((self.audience.name(share.person), share.excess) for share in episode.who if share.person in names),
            things=things,
            as_of=alert.seen.as_of,
            promise=promised(alert, self.audience) if shows or self.is_asked(email, alert) else None,
            silent_until=alert.due if alert.state is State.SNOOZED else None,
            note=note,
            asks=asks,
            by=self.audience.name(alert.note) if shows and alert.reason is Reason.EXPECTED else "",
            has_below=len(self.audience.directory.below(alert.identity.subject.partition(" ")[2])) > 1,
            basis=episode.basis(alert.seen.cost).value,
            is_first_told=bool(things) and things[0] == self.audience.name(episode.things[0]),
            is_whole=shows and self.audience.privacy is Privacy.WORKS_COUNCIL,
        )

    def _reason(self, email: str, alert: Alert) -> Told | None:
        """Return why an anomaly that is not over costs what it does, None where that is not known or not to be seen."""
        subject, episode = self.subject(alert), alert.seen.episode
        if subject is None or episode is None or not alert.is_live or not self.may_read(email, alert):
            return None
        return self.because.of_episode(email, subject.name, episode)

    def _named(self, email: str, alert: Alert) -> frozenset[str]:
        """Return the people whom *alert* names to *email*."""
        subject, episode, viewer = self.subject(alert), alert.seen.episode, self.audience.person(email)
        if subject is None or episode is None or viewer is None or not self.may_read(email, alert):
            return frozenset()
        if not may_see(viewer, Subject(SubjectKind.PEOPLE_OF_TEAM, subject.name), *self.mode).allows:
            return frozenset()
        people = {share.person for share in episode.who} | {thing for thing in episode.things if self.audience.person(thing)}
        told = self._reason(email, alert)
        return frozenset(people) | (told.named if told else frozenset())

    def note_look(self, email: str, alert: Alert) -> None:
        """Note that *email* is shown the figures of other people, who may want to know."""
        subject = self.subject(alert)
        if subject is None:
            return
        self.note_subject(email, subject, self.window(alert), _about(alert))
        of_team = Subject(SubjectKind.PEOPLE_OF_TEAM, subject.name)
        for person in sorted(self._named(email, alert) - {email}):
            verdict = may_see(self.audience.directory.people[email], of_team, *self.mode)
            self.looks.append(Look(self.now, email, SubjectKind.PERSON.value, person, verdict.value, _about(alert)))
        if alert.identity.budget and subject.kind is ScopeKind.TEAM and self.because.names(email, subject):
            verdict = may_see(self.audience.directory.people[email], of_team, *self.mode)
            for team in self.audience.directory.below(subject.name):
                self.looks.append(Look(self.now, email, of_team.kind.value, team, verdict.value, _about(alert)))

    def note_subject(self, email: str, subject: Scope, window: Window, about: str) -> None:
        """Note that *email* is shown the figures of *subject* if that is another person."""
        if subject.kind is not ScopeKind.PERSON or subject.name == email or not self.shows(email, subject, window):
            return
        verdict = may_see(self.audience.directory.people[email], subject_of(subject), *self.mode)
        self.looks.append(Look(self.now, email, SubjectKind.PERSON.value, subject.name, verdict.value, about))

    def _is_newest(self, alert: Alert, subject: Scope, window: Window) -> bool:
        """Tell whether the ledger still says what *alert* does: reasons of other figures do not belong beside it."""
        return self.figures.total(cost_scope(subject, self.audience.directory), self._so_far(window)).total == alert.seen.cost.nanos

    def _so_far(self, window: Window) -> Window:
        """Return the days of *window* that have begun: what is billed ahead has not been used."""
        return window.until(max(window.start, self.audience.today) + timedelta(days=1))

    def _why(self, email: str, alert: Alert, subject: Scope, window: Window) -> why.Change | None:
        budget = self.budgets.get(alert.identity.budget)
        return self.because.change(email, subject, window, budget.period) if budget else None

    def _outlook(self, alert: Alert, window: Window) -> Expected | None:
        """Return how the period was expected to end on the day whose figures the alert tells; nothing else stands on one card."""
        seen, identity = alert.seen, alert.identity
        if seen.as_of is None or seen.expected is None:
            return None
        last = last_whole_day(seen.as_of)
        told = self.forecasts.find(identity.budget, identity.subject, identity.period_start, last)
        if told is None or (told.version, told.limit, told.as_of) != (identity.version, seen.limit, last):
            return None
        told = told.at_least(seen.cost)
        return Expected(window, told, identity.budget) if told.point == seen.expected else None

    def _drivers(self, email: str, subject: Scope, window: Window) -> tuple[Row, ...]:
        if self.audience.privacy is Privacy.WORKS_COUNCIL and subject != Scope(ScopeKind.PERSON, email):
            return ()
        by = Dimension.TEAM if subject.kind in {ScopeKind.MODEL, ScopeKind.PROVIDER} else Dimension.MODEL
        costs = self.figures.costs(cost_scope(subject, self.audience.directory), self._so_far(window), by)
        total = sum(cost.total for cost in costs)
        found = [cost for cost in costs[:_DRIVERS] if cost.total > 0 and total > 0]
        return tuple(Row(cost.key, Money(cost.total, self.currency), Fraction(cost.total, total)) for cost in found)

    def _told(self, alert: Alert, recipients: tuple[str, ...], kind: MessageKind, note: str = "") -> Iterator[Message]:
        for email in recipients:
            role = OWNER if email in alert.owners else OTHER
            self.note_look(email, alert)
            key = f"{_about(alert)} {kind.value} {alert.round}.{alert.step} {email}"
            card, needs = self.card(alert, email, role, note), alert.needs_answer or kind is MessageKind.ESCALATION
            yield Message(key, kind, email, card, _about(alert), role, is_urgent=alert.is_last, needs_answer=needs)

    def _put_all_right(self, desk: Desk, alert: Alert, told: Collection[str]) -> None:
        """Word anew what was said of *alert*; those who are *told* anew keep what is closed for them as it is."""
        posts = [post for post in desk.about(_about(alert)) if post.state is not Delivery.DROPPED]
        last = {post.message.to: post.number for post in posts if post.message.to not in told}
        for post in posts:
            if post.is_unseen and (not alert.is_live or round_of(post) < alert.round):
                desk.drop(post, alert.reason.value)
            elif not self.reaches(post.message.to, alert):
                self.take_back(desk, post, alert)
            elif last.get(post.message.to) == post.number or not self.is_moved(alert, post.message.card):
                desk.revise(post, self.card(alert, post.message.to, post.message.role, is_repeat=post.was_unknown))

    def take_back(self, desk: Desk, post: Post, alert: Alert) -> None:
        """Leave out what is no matter of its reader's any more; what they have read, or are about to, says so."""
        if not post.sent_revision:
            desk.drop(post, NOT_THEIRS)
        if not post.is_unseen:
            desk.revise(post, self.moved(alert, post.message.to))


def round_of(post: Post) -> int:
    """Return in which round of its alert *post* was said; its key says it."""
    written = post.message.key.split(" ")[3].partition(".")[0]
    return int(written)


def promised(alert: Alert, audience: Audience) -> Answered | None:
    """Return the answer that was given, as words."""
    promise = alert.promise
    if promise is None:
        return None
    return Answered(audience.name(promise.by), Phrase(_BECAUSE[promise.because.value]), promise.plan, promise.until)


def away(documents: Documents, today: date) -> dict[str, date]:
    """Return who is away, to the last day they are."""
    found = {}
    for email, text in documents.every(AWAY).items():
        last = date.fromisoformat(text)
        if last >= today:
            found[email] = last
    return found


def _about(alert: Alert) -> str:
    return f"alert {alert.number}"

"""Broadcast: FinOps says something to exactly those it concerns, each with their own figures; seen before, stopped, gone on with."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction

from bot.domain.budget import ScopeKind
from bot.domain.crossing import Measured
from bot.domain.crowd import OF_USAGE, TERMS, Usage, parse_crowd
from bot.domain.foretold import Foretold
from bot.domain.people import Person, Role
from bot.domain.visibility import SMALLEST_GROUP, Privacy
from bot.errors import Refusal
from bot.messages.broadcasts import VARIABLES, Broadcast, BroadcastDecided, BroadcastForm, BroadcastPlan, BroadcastStart
from bot.messages.card import Card
from bot.messages.moved import Moved
from bot.messages.words import N_
from bot.ports import FORGOTTEN, NOT_THEIRS, Case, Delivery, Desk, Message, MessageKind, Post
from bot.services.matters import say, worded
from bot.services.measure import Ruler
from bot.services.notify import Notices
from bot.services.question import too_few
from bot.services.review import LONGEST_PERIOD, Review
from bot.services.talk import reader_of

KIND = "broadcast"
_PLAN = "broadcast plan"
"""What the messages that ask for a second yes are about, with the number."""
DRAFT, SECOND, SENDING, STOPPED, DONE, CANCELLED = "draft", "second", "sending", "stopped", "done", "cancelled"
_DECIDED = "decided before it was sent"
"""Why a question for a second yes was dropped."""
CHUNK = 200
"""Messages put in the outbox at once; a stop takes back what was not sent of them."""
_LONGEST = 1500
_SAMPLES = 3
_VARIABLE = re.compile(r"\{(\w*)\}")
BAD_TEXT = N_("In the text, these stand for the reader's own figures: {known}. At most 1,500 characters.")
_ONLY_FINOPS = N_("Only FinOps sends broadcasts.")
_EXAMPLE = N_('For whom, and what? For instance: broadcast team:search over:80% "You have used {{used}} of {{limit}}."')


@dataclass(frozen=True, slots=True)
class Plan:
    """A broadcast as stored.

    Attributes:
        people: E-mails, in the order in which they are told.
        done: How many of them are in the outbox.
        size: People of the audience, whatever they have used.
        is_hidden: Whom it is for depends on figures that FinOps may not see here: it learns neither who nor how many.
        stopped_by: Who stopped it last; empty while it goes on.
    """

    by: str
    audience: str
    text: str
    people: tuple[str, ...]
    left_out: int
    state: str = DRAFT
    agreed_by: tuple[str, ...] = ()
    done: int = 0
    size: int = 0
    is_hidden: bool = False
    stopped_by: str = ""
    number: int = 0


@dataclass(frozen=True)
class Broadcasts:
    """Makes broadcasts.

    Attributes:
        alone_up_to: People above whose number somebody else of FinOps has to agree.
    """

    review: Review
    alone_up_to: int = 50

    def draft(self, person: Person, words: list[str]) -> BroadcastPlan:
        """Work out the audience of a text and show it; nothing goes out.

        Raises:
            Refusal: Only FinOps may, or audience or text is not whole.
        """
        notices = self.review.notices()
        self._check(person, notices)
        if len(words) < 2:  # noqa: PLR2004 - an audience and a text
            raise Refusal(_EXAMPLE)
        *terms, text = words
        unknown = sorted(set(_VARIABLE.findall(text)) - set(VARIABLES))
        if unknown or len(text) > _LONGEST:
            raise Refusal(BAD_TEXT, known=", ".join(VARIABLES))
        crowd = parse_crowd(terms, notices.audience.directory)
        measured = self._measured()
        people = crowd.members(notices.audience.directory, _usage(measured), notices.audience.today)
        told = [p.email for p in people if self._worded(text, p, measured) is not None]
        size = len(replace(crowd, over=None, forecast=None).members(notices.audience.directory, {}, notices.audience.today))
        is_hidden = self._is_hidden(" ".join(terms), text)
        if is_hidden and size < SMALLEST_GROUP:
            raise too_few()
        if not told and not is_hidden:
            raise Refusal("Nobody belongs to that audience, or all of them lack a figure that the text names.")
        plan = Plan(person.email, " ".join(terms), text, tuple(told), len(people) - len(told), size=size, is_hidden=is_hidden)
        with self.review.alerts.decide() as desk:
            plan = self._store(desk, plan, person.email)
        return self._shown(notices, plan, person, measured)

    def start(self, person: Person) -> BroadcastStart:
        """Return what leads to the form.

        Raises:
            Refusal: Only FinOps may.
        """
        self._check(person, self.review.notices())
        return BroadcastStart()

    def form(self, person: Person, audience: str = "", text: str = "") -> BroadcastForm:
        """Return the form.

        Raises:
            Refusal: Only FinOps may.
        """
        self._check(person, self.review.notices())
        return BroadcastForm(TERMS, audience, text)

    def agree(self, person: Person, number: int) -> BroadcastPlan:
        """Let it go out, or go on; above a number of people somebody else of FinOps has to agree.

        Raises:
            Refusal: Only FinOps may, or it is under way or over.
        """
        with self.review.decide() as (desk, notices):
            self._check(person, notices)
            plan = self._plan(desk, number)
            if plan.state not in {DRAFT, SECOND, STOPPED}:
                raise Refusal("Broadcast {number} is under way or over.", number=str(number))
            if plan.is_hidden and plan.size < SMALLEST_GROUP:
                raise too_few()
            if plan.state == SECOND and person.email in plan.agreed_by:
                raise Refusal("You have agreed already; somebody else of FinOps has to agree, too.")
            agreed = plan if person.email in plan.agreed_by else replace(plan, agreed_by=(*plan.agreed_by, person.email))
            needs_two = max(plan.size, len(plan.people)) > self.alone_up_to and len(agreed.agreed_by) < 2  # noqa: PLR2004 - two people
            others = [email for email in notices.audience.finops() if email not in agreed.agreed_by]
            if needs_two and not others:
                raise Refusal("So many people are told only after somebody else of FinOps has agreed, and there is nobody else.")
            plan = self._store(desk, replace(agreed, state=SECOND if needs_two else SENDING, stopped_by=""), person.email)
            self._put_all_right(desk, notices, plan)
            if needs_two:
                self._ask_others(desk, notices, plan)
        return self._shown(notices, plan, person, self._measured())

    def stop(self, person: Person, number: int) -> BroadcastPlan:
        """Stop it: what is in the outbox and was not sent is not sent; a draft is cancelled.

        Raises:
            Refusal: Only FinOps may, or it is over.
        """
        with self.review.decide() as (desk, notices):
            self._check(person, notices)
            plan = self._plan(desk, number)
            posts = desk.about(_about(number))
            is_out = all(post.sent or post.state not in {Delivery.WAITING, Delivery.HELD} for post in posts)
            if plan.state == CANCELLED or (plan.state == DONE and is_out):
                raise Refusal("Broadcast {number} is over; there is nothing left to stop.", number=str(number))
            state = STOPPED if plan.state in {SENDING, DONE} else CANCELLED
            plan = self._store(desk, replace(plan, state=state, stopped_by=person.email), person.email)
            for post in posts:
                desk.drop(post, "stopped")
            self._put_all_right(desk, notices, plan)
        return self._shown(notices, plan, person, {})

    def show(self, person: Person, number: int) -> BroadcastPlan:
        """Return how far it is.

        Raises:
            Refusal: Only FinOps may, or there is none.
        """
        notices = self.review.notices()
        self._check(person, notices)
        with self.review.alerts.decide() as desk:
            plan = self._plan(desk, number)
        return self._shown(notices, plan, person, self._measured() if plan.state in {DRAFT, SECOND} else {})

    def seen(self, person: Person, number: int) -> Broadcast:
        """Take note that *person* has read it.

        Raises:
            Refusal: It was not sent to them.
        """
        notices = self.review.notices()
        with self.review.alerts.decide() as desk:
            mine = [post for post in desk.about(_about(number)) if post.message.to == person.email]
            case = desk.case(number)
            if not mine or case is None or case.kind != KIND:
                raise Refusal("There is no broadcast {number} to you.", number=str(number))
            plan = _stored(case)
            desk.set_mark(f"seen {number} {person.email}", "yes")
            text = self._worded(plan.text, person, self._measured()) or ""
            view = Broadcast(number, _said(mine[0].message.card) or text, notices.audience.name(plan.by), is_seen=True)
            card = self.review.templates.card(view.template, view, reader_of(person, self.review.documents))
            desk.revise(mine[0], card)
        return view

    def run(self) -> int:
        """Put the next messages of what is going out into the outbox, and return how many are new."""
        with self.review.alerts.decide() as desk:
            plans = [_stored(case) for case in desk.cases(KIND, SENDING)]
        return sum(self._go_on(plan.number) for plan in plans)

    def _go_on(self, number: int) -> int:
        measured = self._measured()
        with self.review.decide() as (desk, notices):
            plan = self._plan(desk, number)
            if plan.state != SENDING:
                return 0
            chunk = plan.people[plan.done : plan.done + CHUNK]
            messages = [message for email in chunk if (message := self._message(plan, email, measured, notices))]
            again = [post for post in desk.about(_about(number)) if post.state is Delivery.DROPPED and post.reason == "stopped"]
            for post in again:
                desk.send_again(post)
            new = desk.enqueue_all(messages)
            notices.foretold.extend(self._foretold(plan.text, [message.to for message in messages if message.key in new], measured))
            done = plan.done + len(chunk)
            self._store(desk, replace(plan, done=done, state=DONE if done >= len(plan.people) else SENDING), "broadcast")
        return len(new) + len(again)

    def _message(self, plan: Plan, email: str, measured: dict[str, Measured], notices: Notices) -> Message | None:
        """Return what *email* is told: with their own figures as they are now, or nothing where they lack one."""
        person = notices.audience.person(email)
        text = self._worded(plan.text, person, measured) if person and person.stint(notices.audience.today) else None
        if person is None or text is None:
            return None
        view = Broadcast(plan.number, text, notices.audience.name(plan.by))
        card = self.review.templates.card(view.template, view, reader_of(person, self.review.documents))
        return Message(f"{_about(plan.number)} {email}", MessageKind.BROADCAST, email, card, _about(plan.number))

    def _worded(self, text: str, person: Person, measured: dict[str, Measured]) -> str | None:
        """Return *text* with the person's own figures, None where they lack one."""
        reader, own = reader_of(person, self.review.documents), measured.get(f"person {person.email}")
        assert own is None or own.subject.name == person.email, "figures of somebody else"
        values: dict[str, str | None] = {"name": person.name}
        if own:
            left = own.budget.limit - own.cost
            values |= {"used": reader.money(own.cost), "limit": reader.money(own.budget.limit), "share": reader.percent(own.share)}
            values |= {"left": reader.money(left) if left.nanos > 0 else reader.money(replace(left, nanos=0))}
            values |= {"expected": reader.money(own.expected) if own.expected else None}
        if any(values.get(name) is None for name in _VARIABLE.findall(text)):
            return None
        return _VARIABLE.sub(lambda found: str(values[found[1]]), text)

    def _foretold(self, text: str, emails: Sequence[str], measured: dict[str, Measured]) -> list[Foretold]:
        """Return the forecasts that *text* tells those with *emails*."""
        if "expected" not in _VARIABLE.findall(text):
            return []
        known = self.review.forecasts.newest(self.review.clock.now().date() - LONGEST_PERIOD)
        own = [m for email in emails if (m := measured.get(f"person {email}"))]
        found = ((m, known.get((m.budget.name, str(m.subject), m.window.start))) for m in own)
        return [told.at_least(m.cost) for m, told in found if told and told.is_of(m.budget)]

    def _measured(self) -> dict[str, Measured]:
        review = self.review
        loads = [load for load in review.ledger.sources() if load.description != FORGOTTEN]
        today = review.clock.now().date()
        people = [b for b in review.budgets.current() if b.scope.kind is ScopeKind.PERSON]
        ruler = Ruler(
            review.figures, loads, people, review.budgets.at, review.budgets.raises(), review.people.directory(), review.clock.now()
        )
        ruler.foretold.update(review.forecasts.newest(today - LONGEST_PERIOD))  # what everybody is told
        found = sorted((m for m in ruler.measure() if today in m.window), key=lambda m: -len(m.window))
        return {str(m.subject): m for m in found}

    def _check(self, person: Person, notices: Notices) -> None:
        if Role.FINOPS not in person.roles or person.stint(notices.audience.today) is None:
            raise Refusal(_ONLY_FINOPS)

    def _is_hidden(self, audience: str, text: str) -> bool:
        """Tell whether FinOps could learn by it what single people have used, in works_council mode."""
        depends = any(term.startswith(OF_USAGE) for term in audience.lower().split()) or bool(set(_VARIABLE.findall(text)) - {"name"})
        return depends and self.review.privacy is Privacy.WORKS_COUNCIL

    def _shown(self, notices: Notices, plan: Plan, person: Person, measured: dict[str, Measured]) -> BroadcastPlan:
        """Return the view, and keep whose figures its samples showed."""
        with self.review.alerts.decide() as desk:
            view = self._view(desk, notices, plan, person, measured)
        self.review.remember(notices)
        return view

    def readdress(self, desk: Desk, notices: Notices, waiting: Sequence[Post]) -> None:
        """Ask FinOps of today for a second yes; take it back from who is of it no longer."""
        for post in waiting:
            about, _, number = post.message.about.rpartition(" ")
            if about == _PLAN:
                self._put_right(desk, notices, self._plan(desk, int(number)), post)
        for plan in map(_stored, desk.cases(KIND, SECOND)):
            self._ask_others(desk, notices, plan)

    def _put_all_right(self, desk: Desk, notices: Notices, plan: Plan) -> None:
        for post in desk.about(f"{_PLAN} {plan.number}"):
            self._put_right(desk, notices, plan, post)

    def _put_right(self, desk: Desk, notices: Notices, plan: Plan, post: Post) -> None:
        """Say in the place of a question for a second yes what became of it; one that nobody has seen is not asked any more."""
        email = post.message.to
        is_theirs, is_asked = email in notices.audience.finops(), plan.state == SECOND
        if post.is_unseen and not (is_theirs and is_asked):
            desk.drop(post, NOT_THEIRS if is_asked else _DECIDED)
        elif post.state is not Delivery.DROPPED:
            desk.revise(post, worded(post, self._question(desk, notices, plan, email) if is_theirs else self._moved(notices, plan, email)))

    def _question(self, desk: Desk, notices: Notices, plan: Plan, email: str) -> Card:
        """Return what *email* of FinOps reads where they were asked for a second yes: the question, or what became of it."""
        person, name = notices.audience.person(email), notices.audience.name
        if person and plan.state == SECOND:
            return self._card(self._view(desk, notices, plan, person, {}), person)
        agreed_by = tuple(name(by) for by in plan.agreed_by)
        return self._card(BroadcastDecided(plan.number, plan.audience, plan.state, agreed_by, name(plan.stopped_by)), person)

    def _moved(self, notices: Notices, plan: Plan, email: str) -> Card:
        return self._card(Moved(KIND, plan.number), notices.audience.person(email))

    def _ask_others(self, desk: Desk, notices: Notices, plan: Plan) -> None:
        about = f"{_PLAN} {plan.number}"
        for email in notices.audience.finops():
            if email not in plan.agreed_by:
                card = self._question(desk, notices, plan, email)
                say(desk, Message(f"{about} {email}", MessageKind.APPROVAL, email, card, about, is_urgent=True))

    def _card(self, view: BroadcastPlan | BroadcastDecided | Moved, person: Person | None) -> Card:
        return self.review.templates.card(view.template, view, reader_of(person, self.review.documents))

    def _view(self, desk: Desk, notices: Notices, plan: Plan, person: Person, measured: dict[str, Measured]) -> BroadcastPlan:
        is_grouped = notices.audience.privacy is Privacy.WORKS_COUNCIL
        people = [p for email in plan.people if (p := notices.audience.person(email))]
        shown = [] if is_grouped else [(p, t) for p in people[:_SAMPLES] if (t := self._worded(plan.text, p, measured))]
        for sample, _ in shown:
            if set(_VARIABLE.findall(plan.text)) - {"name"} and (own := measured.get(f"person {sample.email}")):
                notices.note_subject(person.email, own.subject, own.window, _about(plan.number))
        notices.foretold.extend(self._foretold(plan.text, [sample.email for sample, _ in shown], measured))
        posts = desk.about(_about(plan.number))
        seen = sum(1 for email in plan.people if desk.mark(f"seen {plan.number} {email}"))
        receipts = Counter(Delivery.SENT.value if post.sent else post.state.value for post in posts)
        may = plan.state in {DRAFT, STOPPED} or (plan.state == SECOND and person.email not in plan.agreed_by)
        counted = tuple((state.value, receipts[state.value]) for state in Delivery if receipts[state.value])
        samples = tuple((p.name, t) for p, t in shown) or ((("…", plan.text),) if plan.state in {DRAFT, SECOND} else ())
        if plan.is_hidden:
            return BroadcastPlan(plan.number, plan.audience, plan.state, None, 0, samples, asks=may, is_stoppable=plan.state != CANCELLED)
        is_out = plan.state == CANCELLED or (plan.state == DONE and not receipts["waiting"] + receipts["held"])
        return BroadcastPlan(
            plan.number, plan.audience, plan.state, len(plan.people), plan.left_out, samples, counted, seen, may, not is_out
        )

    def _store(self, desk: Desk, plan: Plan, by: str) -> Plan:
        now, body = self.review.clock.now(), json.dumps(asdict(plan))
        if plan.number:
            desk.change_case(plan.number, plan.state, body, now)
            number = plan.number
        else:
            number = desk.open_case(KIND, plan.state, body, now)
        desk.note(
            by,
            f"broadcast {plan.state}",
            _about(number),
            {"audience": plan.audience, "people": "" if plan.is_hidden else str(len(plan.people)), "done": str(plan.done)},
        )
        return replace(plan, number=number)

    def _plan(self, desk: Desk, number: int) -> Plan:
        """Return broadcast *number*; one that was drafted when more might be told hides what may not be told now."""
        case = desk.case(number)
        if case is None or case.kind != KIND:
            raise Refusal("There is no broadcast {number}.", number=str(number))
        plan = _stored(case)
        return replace(plan, is_hidden=plan.is_hidden or self._is_hidden(plan.audience, plan.text))


def _about(number: int) -> str:
    return f"broadcast {number}"


def _stored(case: Case) -> Plan:
    body = json.loads(case.body)
    return Plan(**body | {"people": tuple(body["people"]), "agreed_by": tuple(body["agreed_by"]), "number": case.number})


def _usage(measured: dict[str, Measured]) -> dict[str, Usage]:
    found = {}
    for m in measured.values():
        limit = m.budget.limit.nanos
        found[m.subject.name] = Usage(m.share, Fraction(m.expected.nanos, limit) if m.expected else None)
    return found


def _said(card: object) -> str:
    """Return the text that was sent, so that reading it does not change its figures."""
    return str(getattr(card, "summary", ""))

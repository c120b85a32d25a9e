"""Requests: more budget, asked for in chat, answered by who answers for it; what is granted is a version of the budget."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.domain import request as requests
from bot.domain.alert import Alert
from bot.domain.audience import scope_of
from bot.domain.budget import EACH, Budget, Raise, Scope, ScopeKind, in_force, person_budget
from bot.domain.money import Money
from bot.domain.people import Person, Role
from bot.domain.period import Window, midnight
from bot.domain.request import Request, Standing, Verdict
from bot.errors import Refusal
from bot.messages.card import Card
from bot.messages.moved import Moved
from bot.messages.requests import RaiseRequest
from bot.messages.words import N_
from bot.ports import NOT_THEIRS, Delivery, Desk, Message, MessageKind, Post
from bot.services.answers import NO_SUCH as NO_SUCH_ALERT
from bot.services.asked import plain, request_of, told
from bot.services.matters import missed, revive, say, unseen, worded
from bot.services.notify import Notices
from bot.services.review import Review
from bot.services.subjects import cost_scope, words_for
from bot.services.talk import reader_of

KIND = "request"
WEBHOOK = "webhook"
_OPEN = (Standing.ASKED, Standing.SECOND)
_NO_SUCH = N_("There is no request {number} that you could answer.")
_NOT_ASKED = N_("There is no request {number} of yours.")
_SENTENCES = {
    Verdict.NOT_OPEN: N_("Request {number} was answered already, taken back, or is too old."),
    Verdict.OWN: N_("Somebody else has to answer your own request."),
    Verdict.TWICE: N_("You have said yes already; somebody else has to say it, too."),
    Verdict.ALONE: N_(
        "Above a sum that FinOps has set, two people have to say yes, and there is nobody else of FinOps to say the second. "
        "Grant less, or have somebody else given the role finops."
    ),
    Verdict.TOO_MUCH: N_("That is more than was asked for."),
    Verdict.NOTHING: N_("Grant an amount above zero, or deny it: deny {number} and why"),
}
_LONGEST = timedelta(days=366)
_MOST = 10**9
_LONGEST_TEXT = 500


@dataclass(frozen=True)
class Requests:
    """Takes requests and answers to them.

    Attributes:
        four_eyes_from: Nanos above which two people must say yes.
        has_webhook: What is granted is told to a system of the company's.
    """

    review: Review
    four_eyes_from: int = 1000 * 10**9
    has_webhook: bool = False

    def ask(self, person: Person, amount: int, until: date | None, reason: str, about: int = 0) -> RaiseRequest:
        """Ask for *amount* nanos more, through *until* or to the end of the period.

        Args:
            about: The alert whose budget it is; 0 for the person's own.

        Raises:
            Refusal: There is no such budget of theirs, or the request is not whole.
        """
        with self.review.decide() as (desk, notices):
            asked = self._wanted(person, amount, until, reason, about, notices)
            for case in [*desk.cases(KIND, Standing.ASKED.value), *desk.cases(KIND, Standing.SECOND.value)]:
                if self._same(request_of(case), asked):
                    raise Refusal(
                        "You have asked already: request {number} waits for an answer. To take it back: withdraw {number}",
                        f"withdraw {case.number}",
                        number=str(case.number),
                    )
            asked = self._store(desk, asked, person.email, "request asked")
            self._tell(desk, notices, asked)
        return self._shown(notices, asked, person.email)

    def _wanted(self, person: Person, amount: int, until: date | None, reason: str, about: int, notices: Notices) -> Request:
        """Return what *person* asks for, not stored yet."""
        budget, subject = self._budget(person, about, notices)
        now = notices.now
        held = in_force(budget, subject, self.review.budgets.raises(), now)
        ends = midnight(until + timedelta(days=1)) if until else midnight(budget.current(now.date()).window.end)
        if not now < ends <= now + _LONGEST:
            raise Refusal(
                "Through which day? Write one to come, within a year, for instance: {day}", day=(now + timedelta(days=7)).date().isoformat()
            )
        if not 0 < amount <= _MOST * 10**9:
            raise Refusal("How much more? For instance: budget request 200 the migration takes longer")
        if not reason.strip():
            raise Refusal("What for? Who approves it reads that. For instance: budget request 200 the migration takes longer")
        approvers = self._approvers(notices, budget, subject, person)
        if not approvers:
            raise Refusal("There is nobody who could approve it. Please talk to FinOps.")
        text = " ".join(reason.split())[:_LONGEST_TEXT]
        return Request(person.email, budget.name, str(subject), Money(amount, held.limit.currency), held.limit, ends, text, now, approvers)

    def approve(self, person: Person, number: int, amount: int | None = None) -> RaiseRequest:
        """Say yes, to *amount* nanos or to all that was asked.

        Raises:
            Refusal: It is not theirs to answer, was answered, or the amount does not fit.
        """
        with self.review.decide() as (desk, notices):
            now = notices.now
            asked = self._as_now(self._theirs(desk, person, number, notices), notices)
            granted = Money(amount, asked.amount.currency) if amount is not None else None
            limit = Money(max(0, self.four_eyes_from - self._granted_already(asked)), asked.amount.currency)
            answer = requests.approve(asked, person.email, granted, notices.audience.finops(), limit, now)
            done = self._answered(desk, notices, answer, person)
            if answer.verdict is Verdict.GRANTED and done.granted:
                desk.grant(Raise(done.budget, done.subject, done.granted, now, done.ends, person.email))
                if self.has_webhook:
                    desk.open_case(WEBHOOK, "waiting", json.dumps(told(done)), now)
        if answer.verdict is Verdict.GRANTED:
            self.review.run()
        return self._shown(notices, done, person.email)

    def deny(self, person: Person, number: int, sentence: str) -> RaiseRequest:
        """Say no, with a sentence.

        Raises:
            Refusal: It is not theirs to answer, was answered, or there is no sentence.
        """
        if not sentence.strip():
            raise Refusal("Why not? Who asked reads it: deny {number} and why", number=str(number))
        with self.review.decide() as (desk, notices):
            now = notices.now
            asked = self._theirs(desk, person, number, notices)
            text = " ".join(sentence.split())[:_LONGEST_TEXT]
            done = self._answered(desk, notices, requests.deny(asked, person.email, text, now), person)
        return self._shown(notices, done, person.email)

    def withdraw(self, person: Person, number: int) -> RaiseRequest:
        """Take back what *person* has asked for; whoever was asked reads that there is nothing left to answer.

        Raises:
            Refusal: They have not asked for it, or it was answered.
        """
        with self.review.decide() as (desk, notices):
            now = notices.now
            case = desk.case(number)
            request = request_of(case) if case and case.kind == KIND else None
            if request is None or request.by != person.email:
                raise Refusal(_NOT_ASKED, number=str(number))
            for post in desk.about(f"request {number}"):
                desk.drop(post, "withdrawn before it was sent")
            done = self._answered(desk, notices, requests.withdraw(request, now), person)
        return self._shown(notices, done, person.email)

    def find(self, person: Person, number: int) -> Request:
        """Return a request that *person* may answer.

        Raises:
            Refusal: There is none.
        """
        with self.review.decide() as (desk, notices):
            return self._theirs(desk, person, number, notices)

    def expire(self) -> int:
        """Close the requests that nobody answered in time, and tell who asked."""
        count = 0
        with self.review.decide() as (desk, notices):
            for state in (Standing.ASKED, Standing.SECOND):
                for case in desk.cases(KIND, state.value):
                    answer = requests.expire(request_of(case), notices.now)
                    if answer.verdict is Verdict.EXPIRED:
                        self._tell(desk, notices, self._store(desk, answer.request, "timer", "request expired"))
                        count += 1
        return count

    def readdress(self, desk: Desk, notices: Notices, waiting: Sequence[Post]) -> None:
        """Ask who may answer today, where nobody who was asked may; leave out what waits for somebody whom it is no matter of.

        Who was away is asked, or told the answer, after all.
        """
        for post, case in unseen(desk, KIND, waiting):
            self._put_right(desk, notices, request_of(case), post)
        for state in _OPEN:
            for request in map(request_of, desk.cases(KIND, state.value)):
                if not any(self._concerns(request, email, notices) for email in request.approvers):
                    self._ask_others(desk, notices, request)
        for post, case in missed(desk, KIND, _OPEN, notices.now):
            request, email = request_of(case), post.message.to
            if email in _told_now(request) and self._concerns(request, email, notices):
                revive(desk, post, self._card(notices, request, email))
                self._note_look(notices, request, email)

    def _put_right(self, desk: Desk, notices: Notices, request: Request, post: Post) -> None:
        """Word *post* as the request stands and its reader may see it; it is a look of theirs only where it says something new."""
        email = post.message.to
        if post.is_unseen and not self._concerns(request, email, notices):
            desk.drop(post, NOT_THEIRS)
        elif post.state is not Delivery.DROPPED:
            card = worded(post, self._card(notices, request, email))
            if card != post.message.card:
                desk.revise(post, card)
                self._note_look(notices, request, email)

    def _ask_others(self, desk: Desk, notices: Notices, request: Request) -> None:
        of, budget, asker = notices.audience, notices.budgets.get(request.budget), notices.audience.person(request.by)
        if budget is None or asker is None:
            return
        by_rank = of.finops() if request.state is Standing.SECOND else self._approvers(notices, budget, scope_of(request.subject), asker)
        others = tuple(email for email in by_rank if email not in {request.by, *request.approved_by})
        if others:
            self._tell(desk, notices, self._store(desk, replace(request, approvers=others), "directory", "request readdressed"))

    def _concerns(self, request: Request, email: str, notices: Notices) -> bool:
        """Tell whether *email* has made it, has said yes, or may answer it today; of one that is over, whether they may see whose."""
        of, person = notices.audience, notices.audience.person(email)
        if person is None or person.stint(of.today) is None:
            return False
        may_know = not request.is_open and (Role.FINOPS in person.roles or of.may_see(email, scope_of(request.subject)))
        return may_know or email in {request.by, *request.approved_by} or self._may_answer(person, request, notices)

    def _shown(self, notices: Notices, request: Request, email: str) -> RaiseRequest:
        """Return the view, and keep who was shown whose figures in all of this."""
        view = self._view(notices, request, email)
        self._note_look(notices, request, email)
        self.review.remember(notices)
        return view

    def _answered(self, desk: Desk, notices: Notices, answer: requests.Answer, person: Person) -> Request:
        if answer.verdict in _SENTENCES:
            raise Refusal(_SENTENCES[answer.verdict], number=str(answer.request.number))
        by = replace(answer.request, answer=answer.request.answer)
        done = self._store(desk, by, person.email, f"request {answer.verdict.value}")
        self._tell(desk, notices, done, answered_by=person.email)
        return done

    def _store(self, desk: Desk, request: Request, by: str, what: str) -> Request:
        now, body = self.review.clock.now(), plain(request)
        if request.number:
            desk.change_case(request.number, request.state.value, body, now)
            number = request.number
        else:
            number = desk.open_case(KIND, request.state.value, body, now, due=request.expires_at)
        detail = {"by": request.by, "budget": request.budget, "subject": request.subject, "amount": request.amount.plain}
        desk.note(by, what, f"request {number}", detail | ({"granted": request.granted.plain} if request.granted else {}))
        return replace(request, number=number)

    def _tell(self, desk: Desk, notices: Notices, request: Request, answered_by: str = "") -> None:
        """Put right what was said of it, and tell who has to know now."""
        about = f"request {request.number}"
        for post in desk.about(about):
            self._put_right(desk, notices, request, post)
        for email in _told_now(request):
            if email != answered_by:
                key = f"{about} {request.state.value} {email}"
                card = self._card(notices, request, email)
                role = "approver" if request.is_open else "asker"
                message = Message(key, MessageKind.APPROVAL, email, card, about, role, is_urgent=True)
                if say(desk, message, is_theirs=self._concerns(request, email, notices)):
                    self._note_look(notices, request, email)

    def _card(self, notices: Notices, request: Request, email: str) -> Card:
        concerns = self._concerns(request, email, notices)
        view = self._view(notices, request, email) if concerns else Moved(KIND, request.number)
        return self.review.templates.card(view.template, view, reader_of(notices.audience.person(email), self.review.documents))

    def _view(self, notices: Notices, request: Request, email: str) -> RaiseRequest:
        subject = scope_of(request.subject)
        window = self._window(notices, request)
        scope = cost_scope(subject, notices.audience.directory)
        shows = notices.shows(email, subject, window)
        used = self.review.figures.total(scope, window).total if shows else None
        name, budget = notices.audience.name, notices.budgets.get(request.budget)
        limit = self._limit(request, budget) if budget else request.limit
        if request.state is Standing.GRANTED and request.granted:
            limit = self._limit_with(request, budget) if budget else request.limit + request.granted
        return RaiseRequest(
            request.number,
            "" if email == request.by else name(request.by),
            "" if subject == Scope(ScopeKind.PERSON, email) else words_for(subject, notices.audience.directory),
            request.amount,
            limit,
            Money(used, request.limit.currency) if used is not None else None,
            request.ends,
            request.reason,
            request.state.value,
            request.granted,
            tuple(name(by) for by in request.approved_by),
            request.answer,
            request.is_open and email in request.approvers,
            can_withdraw=request.is_open and email == request.by,
            is_own_yes=request.state is Standing.SECOND and email in request.approved_by,
        )

    def _note_look(self, notices: Notices, request: Request, email: str) -> None:
        """Note that *email* is shown the figures of whose budget it is, where they are shown any."""
        if self._concerns(request, email, notices):
            notices.note_subject(email, scope_of(request.subject), self._window(notices, request), f"request {request.number}")

    def _window(self, notices: Notices, request: Request) -> Window:
        budget = notices.budgets.get(request.budget)
        day = self.review.clock.now().date()
        return budget.current(day).window if budget else Window(day.replace(day=1), day + timedelta(days=1))

    def _budget(self, person: Person, about: int, notices: Notices) -> tuple[Budget, Scope]:
        """Return the budget that *person* may ask about: their own, or that of a live alert they answer for today."""
        today = self.review.clock.now().date()
        if about:
            found = self.review.alerts.find(about)
            alert = found if found and found.is_live and _answers_for(person, found, notices) else None
            subject = notices.subject(alert) if alert else None
            budget = notices.budgets.get(alert.identity.budget) if alert else None
            if subject is None or budget is None:
                raise Refusal(NO_SUCH_ALERT, number=str(about))
            return budget, subject
        stint = person.stint(today)
        own = person_budget(self.review.budgets.current(), person.email, stint.team if stint else None) if stint else None
        if own is None:
            raise Refusal("You have no AI budget of your own, so there is nothing to raise.")
        return own, Scope(ScopeKind.PERSON, person.email)

    def _approvers(self, notices: Notices, budget: Budget, subject: Scope, person: Person) -> tuple[str, ...]:
        """Return who may say yes: the budget's owner, else the person's manager, else who comes after them, else FinOps."""
        of = notices.audience
        owner = budget.owner if budget.scope.name != EACH or budget.owner else None
        if owner and owner != person.email and (known := of.person(owner)) and known.stint(of.today):
            return (owner,)
        boss = of.manager(person.email)
        if boss and boss not in of.away and (found := of.person(boss)) and found.stint(of.today):
            return (boss,)
        steps = of.ladder(subject, (person.email,))
        return steps[0][0] if steps else tuple(email for email in of.finops() if email != person.email)

    @staticmethod
    def _same(one: Request, other: Request) -> bool:
        return (one.by, one.budget, one.subject) == (other.by, other.budget, other.subject)

    def _theirs(self, desk: Desk, person: Person, number: int, notices: Notices) -> Request:
        """Return a request that *person* may answer today, has answered, or has made."""
        case = desk.case(number)
        request = request_of(case) if case and case.kind == KIND else None
        if request is None or not (person.email in {*request.approved_by, request.by} or self._may_answer(person, request, notices)):
            raise Refusal(_NO_SUCH, number=str(number))
        return request

    def _may_answer(self, person: Person, request: Request, notices: Notices) -> bool:
        """Tell whether *person* is one who may say yes today; having been asked once is not enough."""
        of = notices.audience
        if person.stint(of.today) is None:
            return False
        if request.state is Standing.SECOND:
            return Role.FINOPS in person.roles
        budget, subject, asker = notices.budgets.get(request.budget), scope_of(request.subject), of.person(request.by)
        if budget and asker and person.email in self._approvers(notices, budget, subject, asker):
            return True
        is_entitled = (
            of.may_see(person.email, subject) or Role.FINOPS in person.roles or (budget is not None and budget.owner == person.email)
        )
        return person.email in request.approvers and is_entitled

    def _as_now(self, request: Request, notices: Notices) -> Request:
        """Return *request* with the limit that holds today; what was asked long ago may rest on another."""
        if not request.is_open:
            return request
        budget = notices.budgets.get(request.budget)
        if budget is None:
            raise Refusal("The budget “{budget}” is not there any more, so nothing can be granted.", budget=request.budget)
        return replace(request, limit=self._limit(request, budget))

    def _limit(self, request: Request, budget: Budget) -> Money:
        return in_force(budget, scope_of(request.subject), self.review.budgets.raises(), self.review.clock.now()).limit

    def _limit_with(self, request: Request, budget: Budget) -> Money:
        """Return the limit that holds to the end of what *request* was granted: other grants may end before."""
        assert request.granted is not None
        raises = list(self.review.budgets.raises())
        own = next((r for r in raises if (r.subject, r.amount, r.ends) == (request.subject, request.granted, request.ends)), None)
        others = [raised for raised in raises if raised is not own]
        return in_force(budget, scope_of(request.subject), others, request.ends - timedelta(seconds=1)).limit + request.granted

    def _granted_already(self, request: Request) -> int:
        """Return what is granted to the same subject already, in nanos: many small yeses are one large one."""
        now = self.review.clock.now()
        mine = (request.budget, request.subject)
        return sum(r.amount.nanos for r in self.review.budgets.raises() if (r.budget, r.subject) == mine and r.ends > now)


def _told_now(request: Request) -> tuple[str, ...]:
    """Return who has to know where it stands: who may answer it, then who asked."""
    return request.approvers if request.is_open else (request.by,)


def _answers_for(person: Person, alert: Alert, notices: Notices) -> bool:
    """Tell whether *person* is here and may hear of *alert* today, and is who was told it or who would be told it now."""
    is_here = person.stint(notices.audience.today) is not None
    return is_here and notices.reaches(person.email, alert) and person.email in {*alert.owners, *notices.owners(alert)}

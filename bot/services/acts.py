"""Acts: words, buttons and forms that change something; the same ones in a chat and in a shell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

from bot.domain.alert import Because
from bot.domain.people import Person, Role
from bot.domain.period import add_months, first_of_month
from bot.errors import Refusal
from bot.messages.actions import Action
from bot.messages.alerts import AnswerForm, DisownForm, Thanks
from bot.messages.requests import DenyForm, GrantForm, RaiseForm
from bot.messages.words import N_, Phrase
from bot.services import written
from bot.services.answers import VOTES, Answers
from bot.services.broadcast import BAD_TEXT, Broadcasts
from bot.services.broadcast import KIND as BROADCAST
from bot.services.claimed import KIND as CLAIM
from bot.services.claims import Claims
from bot.services.commands import Command, Verb
from bot.services.grammar import parse, words_of
from bot.services.habits import Chosen
from bot.services.listing import Listing
from bot.services.requests import Requests
from bot.services.talk import Wrong

_UNTIL = ("until", "bis")
"""What stands before a day; whoever reads German writes the second."""
_NEAR = 0.8
"""How alike a word and a reason are where one is the other, misspelt."""
_WHICH = N_("Which alert? For instance: {verb} 12. Your alerts: alerts")
_WHICH_REQUEST = N_("Which request? For instance: {verb} 3")
_WHICH_BROADCAST = N_("Which broadcast? For instance: {verb} 7")
_WHAT = N_("What will you do? For instance: ack {number} {because} back to the small model until {day}")
_WHY = N_("Why, and until when? For instance: ack {number} planned back to the small model until {day}")


@dataclass(frozen=True)
class Acts:
    """Does what was asked for, and returns what there is to show."""

    answers: Answers
    chosen: Chosen
    requests: Requests
    claims: Claims
    broadcasts: Broadcasts

    def said(self, person: Person, words: str) -> Any:
        """Do what *words* ask.

        Raises:
            Refusal: They are not whole, or it is not theirs to do.
        """
        self._check(person)
        command = parse(words, self._today())
        verbs: dict[Verb, Callable[[Person, Command], Any]] = {
            Verb.ALERTS: self._alerts,
            Verb.ACK: self._ack,
            Verb.EXPECTED: self._expected,
            Verb.INVESTIGATING: self._looked_into,
            Verb.MISCONFIGURATION: self._looked_into,
            Verb.SNOOZE: self._snooze,
            Verb.NOT_MINE: self._not_mine,
            Verb.USEFUL: self._vote,
            Verb.NOISE: self._vote,
            Verb.SETTINGS: self._settings,
            Verb.BUDGET: self._request,
            Verb.APPROVE: self._approve,
            Verb.DENY: self._deny,
            Verb.WITHDRAW: lambda person, command: self.requests.withdraw(person, _numbered(command, _WHICH_REQUEST)[0]),
            Verb.CLAIM: self._claim,
            Verb.BROADCAST: self._broadcast,
            Verb.SEEN: self._seen,
        }
        return verbs[command.verb](person, command)

    def pressed(self, person: Person, do: str, on: str, answers: Mapping[str, str]) -> Any:
        """Do what a button or a form asks; a form that is not whole comes back as `Wrong`.

        Raises:
            Refusal: It is not theirs to do.
        """
        self._check(person)
        number = written.number(on)
        acts: dict[str, Callable[[], Any]] = {
            Action.ANSWER: lambda: self._form_for(person, number, AnswerForm(number, Phrase("Alert {number}", number=str(number)))),
            Action.ANSWERED: lambda: self._answered(person, number, answers),
            Action.DISOWN: lambda: self._form_for(person, number, DisownForm(number)),
            Action.DISOWNED: lambda: self.answers.disown(person, number, answers.get("owner", "").strip()),
            Action.RAISE: lambda: RaiseForm(on, _month_end(self._today()).isoformat()),
            Action.RAISED: lambda: self._raised(person, number, on, answers),
            Action.GRANT: lambda: GrantForm(number, self.requests.find(person, number).amount),
            Action.GRANTED: lambda: self._granted(person, number, answers),
            Action.DENY: lambda: DenyForm(self.requests.find(person, number).number),
            Action.DENIED: lambda: self.requests.deny(person, number, answers.get("answer", "")),
            Action.WRITE: lambda: self.broadcasts.form(person),
            Action.WRITTEN: lambda: self._written(person, answers),
        }
        return acts[do]()

    def _form_for(self, person: Person, number: int, form: Any) -> Any:
        """Return *form* if alert *number* is theirs to answer."""
        self.answers.show(person, number)
        return form

    def _answered(self, person: Person, number: int, answers: Mapping[str, str]) -> Any:
        errors: dict[str, Phrase] = {}
        until = written.day(answers.get("until", ""))
        if until is None or until < self._today():
            errors["until"] = Phrase("Choose a day to come.")
        if not answers.get("plan", "").strip():
            errors["plan"] = Phrase("Say in a few words what you will do.")
        if answers.get("because") not in list(Because):
            errors["because"] = Phrase("Choose one.")
        if errors:
            form = AnswerForm(number, Phrase("Alert {number}", number=str(number)), answers.get("plan", ""), answers.get("until", ""))
            return Wrong(form, errors)
        return self.answers.acknowledge(person, number, answers["because"], answers["plan"], until)

    def _raised(self, person: Person, number: int, on: str, answers: Mapping[str, str]) -> Any:
        asked, until = written.amount(answers.get("amount", ""), person.locale), written.day(answers.get("until", ""))
        errors: dict[str, Phrase] = {}
        if not asked:
            errors["amount"] = Phrase("Write an amount such as 200 or 99.50.")
        if until is None or until < self._today():
            errors["until"] = Phrase("Choose a day to come.")
        if not answers.get("reason", "").strip():
            errors["reason"] = Phrase("Say in a few words what for.")
        if errors or not asked:
            return Wrong(RaiseForm(on, answers.get("until", "")), errors)
        return self.requests.ask(person, asked, until, answers["reason"], number)

    def _granted(self, person: Person, number: int, answers: Mapping[str, str]) -> Any:
        granted = written.amount(answers.get("amount", ""), person.locale)
        if not granted:
            form = GrantForm(number, self.requests.find(person, number).amount)
            return Wrong(form, {"amount": Phrase("Write an amount such as 200 or 99.50.")})
        return self.requests.approve(person, number, granted)

    def _written(self, person: Person, answers: Mapping[str, str]) -> Any:
        form = self.broadcasts.form(person, answers.get("audience", ""), answers.get("text", ""))
        if not form.text.strip():
            return Wrong(form, {"text": Phrase("Say something.")})
        try:
            return self.broadcasts.draft(person, [*words_of(form.audience), " ".join(form.text.split())])
        except Refusal as exc:
            field = "text" if exc.template == BAD_TEXT else "audience"
            return Wrong(form, {field: Phrase(exc.template, **exc.values)})

    def _request(self, person: Person, command: Command) -> Any:
        words = command.name.split()[1:]
        more = written.amount(words[0], person.locale) if words else None
        if more is None:
            raise Refusal("How much more? For instance: budget request 200 the migration takes longer")
        rest, until = words[1:], None
        if len(rest) > 1 and rest[0].lower() in _UNTIL:
            until, rest = self._day(rest[1]), rest[2:]
        return self.requests.ask(person, more, until, " ".join(rest))

    def _approve(self, person: Person, command: Command) -> Any:
        number, words = _numbered(command, _WHICH_REQUEST)
        if self._kind(number) == CLAIM:
            return self.claims.answer(person, number, is_yes=True)
        if self._kind(number) == BROADCAST:
            return self.broadcasts.agree(person, number)
        amount = written.amount(words[0], person.locale) if words else None
        if words and amount is None:
            raise Refusal("“{word}” is no amount. For instance: approve {number} 150", word=words[0], number=str(number))
        return self.requests.approve(person, number, amount)

    def _deny(self, person: Person, command: Command) -> Any:
        number, words = _numbered(command, _WHICH_REQUEST)
        if self._kind(number) == CLAIM:
            return self.claims.answer(person, number, is_yes=False)
        if self._kind(number) == BROADCAST:
            return self.broadcasts.stop(person, number)
        return self.requests.deny(person, number, " ".join(words))

    def _claim(self, person: Person, command: Command) -> Any:
        words = command.name.split()
        if not words:
            raise Refusal("Which key? For instance: claim sk-nightly-4f. FinOps sees those nobody owns: unallocated")
        owner = words[-1].removeprefix("@") if len(words) > 1 and "@" in words[-1] else ""
        return self.claims.claim(person, " ".join(words[:-1] if owner else words), owner)

    def _broadcast(self, person: Person, command: Command) -> Any:
        if command.name.isdecimal():
            return self.broadcasts.show(person, written.number(command.name))
        if not command.words:
            return self.broadcasts.start(person)
        return self.broadcasts.draft(person, list(command.words))

    def _seen(self, person: Person, command: Command) -> Any:
        return self.broadcasts.seen(person, _numbered(command, _WHICH_BROADCAST)[0])

    def _kind(self, number: int) -> str:
        with self.answers.review.alerts.decide() as desk:
            case = desk.case(number)
        return case.kind if case else ""

    def _alerts(self, person: Person, command: Command) -> Any:
        if command.name.isdecimal():
            return self.answers.show(person, written.number(command.name))
        notices = self.answers.review.notices()
        found = Listing(self.answers.review.alerts, notices).of(person, promises=command.name == "promises")
        self.answers.review.remember(notices)
        return found

    def _ack(self, person: Person, command: Command) -> Any:
        number, words = _numbered(command)
        self.answers.check(person, number)
        until, said = None, words
        if len(words) > 1 and words[-2].lower() in _UNTIL:
            until, words = self._day(words[-1]), words[:-2]
        because = next((b for b in Because if re.match(rf"{b.value}\b", " ".join(words), re.IGNORECASE)), None)
        if because is None and not words:
            raise Refusal(_WHY, number=str(number), day=self._next_week())
        plan = " ".join(words)[len(because.value) :] if because else " ".join(words)
        because = because or _meant(number, said)
        if not plan.strip(":,. "):
            raise Refusal(_WHAT, number=str(number), because=because.value if because else "planned", day=self._next_week())
        return self.answers.acknowledge(person, number, because or Because.OTHER, plan.lstrip(":,. ").strip(), until)

    def _expected(self, person: Person, command: Command) -> Any:
        return self.answers.expect(person, _numbered(command)[0])

    def _looked_into(self, person: Person, command: Command) -> Any:
        return self.answers.look_into(person, _numbered(command)[0], Because(command.verb.value))

    def _snooze(self, person: Person, command: Command) -> Any:
        number, words = _numbered(command)
        self.answers.check(person, number)
        if len(words) != 1 or not words[0].isdecimal():
            raise Refusal("For how many days? For instance: snooze {number} 3", number=str(number))
        return self.answers.snooze(person, number, min(int(words[0]), 1000))

    def _not_mine(self, person: Person, command: Command) -> Any:
        number, words = _numbered(command)
        owner = words[0].removeprefix("@") if words else ""
        if owner and Role.FINOPS in person.roles:
            return self.answers.reassign(person, number, owner)
        return self.answers.disown(person, number, owner)

    def _vote(self, person: Person, command: Command) -> Any:
        number, _ = _numbered(command)
        assert command.verb in VOTES
        return self.answers.vote(person, number, command.verb.value)

    def _settings(self, person: Person, command: Command) -> Any:
        self.chosen.change(person, command.name.split())
        return Thanks(Phrase("It is set. To see everything: settings"))

    def _check(self, person: Person) -> None:
        """Refuse who has left: a chat account may outlive its person's days here."""
        if person.stint(self._today()) is None:
            raise Refusal("You are in no team of the directory today, so there is nothing you could change. Please ask FinOps.")

    def _today(self) -> date:
        return self.answers.review.clock.now().date()

    def _day(self, word: str) -> date:
        """Return the day that *word* is.

        Raises:
            Refusal: It is none.
        """
        day = written.day(word)
        if day is None:
            raise Refusal("“{word}” is no day. Write one such as {day}.", word=word, day=self._next_week())
        return day

    def _next_week(self) -> str:
        return (self._today() + timedelta(days=7)).isoformat()


def _meant(number: int, words: list[str]) -> Because | None:
    """Return the reason that the first word is a form of, as in `launched`; the word stays in the plan.

    Raises:
        Refusal: It is nearly a reason, and so misspelt.
    """
    for because in Because:
        count = len(because.value.split())
        word = " ".join(words[:count]).lower().rstrip(":,.")
        if word.startswith(because.value):
            return because
        if get_close_matches(word, [because.value], 1, _NEAR) and not because.value.endswith(word) and not word.endswith(because.value):
            nearest = " ".join([f"ack {number} {because.value}", *words[count:]])
            raise Refusal("I do not know the reason “{word}”. Did you mean: {nearest}?", nearest, word=word, nearest=nearest)
    return None


def _numbered(command: Command, which: str = _WHICH) -> tuple[int, list[str]]:
    """Return the number of the alert or the request, and the words after it."""
    first, _, rest = command.name.partition(" ")
    if not written.number(first):
        raise Refusal(which, verb=command.verb.value)
    return written.number(first), rest.split()


def _month_end(day: date) -> date:
    return add_months(first_of_month(day), 1) - timedelta(days=1)

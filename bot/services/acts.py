"""Acts: words, buttons and forms that change something; the same ones in a chat and in a shell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.domain.alert import Because
from bot.domain.people import Person
from bot.errors import Refusal
from bot.messages.actions import Action
from bot.messages.alerts import AnswerForm, DisownForm, Thanks
from bot.messages.words import N_, Phrase
from bot.services.answers import VOTES, Answers
from bot.services.commands import Command, Verb
from bot.services.grammar import parse
from bot.services.habits import Chosen
from bot.services.listing import Listing
from bot.services.talk import Wrong

_WHICH = N_("Which alert? For instance: {verb} 12. Your alerts: alerts")
_WHY = N_("Why, and until when? For instance: ack {number} planned back to the small model until {day}")


@dataclass(frozen=True)
class Acts:
    """Does what was asked for, and returns what there is to show."""

    answers: Answers
    chosen: Chosen

    def said(self, person: Person, words: str) -> Any:
        """Do what *words* ask.

        Raises:
            Refusal: They are not whole, or it is not theirs to do.
        """
        command = parse(words, self._today())
        verbs: dict[Verb, Callable[[Person, Command], Any]] = {
            Verb.ALERTS: self._alerts,
            Verb.ACK: self._ack,
            Verb.SNOOZE: self._snooze,
            Verb.NOT_MINE: self._not_mine,
            Verb.USEFUL: self._vote,
            Verb.NOISE: self._vote,
            Verb.SETTINGS: self._settings,
        }
        return verbs[command.verb](person, command)

    def pressed(self, person: Person, do: str, on: str, answers: Mapping[str, str]) -> Any:
        """Do what a button or a form asks; a form that is not whole comes back as `Wrong`.

        Raises:
            Refusal: It is not theirs to do.
        """
        number = _number(on)
        match do:
            case Action.ANSWER:
                self.answers.show(person, number)
                return AnswerForm(number, Phrase("Alert {number}", number=str(number)))
            case Action.DISOWN:
                self.answers.show(person, number)
                return DisownForm(number)
            case Action.DISOWNED:
                return self.answers.disown(person, number, answers.get("owner", "").strip())
            case _:
                return self._answered(person, number, answers)

    def _answered(self, person: Person, number: int, answers: Mapping[str, str]) -> Any:
        errors: dict[str, Phrase] = {}
        until = _day(answers.get("until", ""))
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

    def _alerts(self, person: Person, command: Command) -> Any:
        if command.name.isdecimal():
            return self.answers.show(person, int(command.name))
        return Listing(self.answers.review.alerts, self.answers.review.notices()).of(person, promises=command.name == "promises")

    def _ack(self, person: Person, command: Command) -> Any:
        number, words = _numbered(command)
        until = None
        if len(words) > 1 and words[-2].lower() == "until":
            until = _day(words[-1])
            if until is None:
                raise Refusal("“{word}” is no day. Write one such as {day}.", word=words[-1], day=self._today().isoformat())
            words = words[:-2]
        because = next((b for b in Because if " ".join(words).lower().startswith(b.value)), None)
        if because is None and not words:
            raise Refusal(_WHY, number=str(number), day=self._today().isoformat())
        plan = " ".join(words)[len(because.value) :] if because else " ".join(words)
        return self.answers.acknowledge(person, number, because or Because.OTHER, plan.strip(), until)

    def _snooze(self, person: Person, command: Command) -> Any:
        number, words = _numbered(command)
        if len(words) != 1 or not words[0].isdecimal():
            raise Refusal("For how many days? For instance: snooze {number} 3", number=str(number))
        return self.answers.snooze(person, number, min(int(words[0]), 1000))

    def _not_mine(self, person: Person, command: Command) -> Any:
        number, words = _numbered(command)
        return self.answers.disown(person, number, words[0].removeprefix("@") if words else "")

    def _vote(self, person: Person, command: Command) -> Any:
        number, _ = _numbered(command)
        assert command.verb in VOTES
        return self.answers.vote(person, number, command.verb.value)

    def _settings(self, person: Person, command: Command) -> Any:
        self.chosen.change(person, command.name.split())
        return Thanks(Phrase("It is set. To see everything: settings"))

    def _today(self) -> date:
        return self.answers.review.clock.now().date()


def _numbered(command: Command) -> tuple[int, list[str]]:
    """Return the number of the alert and the words after it."""
    first, _, rest = command.name.partition(" ")
    if not first.lstrip("#").isdecimal():
        raise Refusal(_WHICH, verb=command.verb.value)
    return _number(first.lstrip("#")), rest.split()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - no alert has a longer one


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

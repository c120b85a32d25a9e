"""Talk: what somebody says or presses in a chat, to the card that answers it; the same on every platform."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from bot.domain.account import Account, Doubt, Profile
from bot.domain.foretold import Foretold
from bot.domain.people import Person
from bot.errors import BotError, DeliveryImpossible, Refusal, StoreError
from bot.messages.actions import ACTS, Action
from bot.messages.card import Card
from bot.messages.contact import Confirm, Forgotten, PickDays, Refused, Stranger
from bot.messages.formats import Reader, is_locale
from bot.messages.markup import Templates
from bot.messages.words import LANGUAGES, N_, SOURCE, Phrase, say, words
from bot.ports import Documents, Look
from bot.services.accounts import Ask, Register, Standing, settle
from bot.services.converse import Conversation
from bot.services.grammar import is_act
from bot.services.habits import LANGUAGE

if TYPE_CHECKING:
    from bot.services.acts import Acts

_WRITES = {Action.CONFIRM, Action.DECLINE, Action.FORGET, Action.LANGUAGE, *ACTS}
LATER = N_("I cannot check who you are with {platform} just now. Please try again in a minute.")
BROKEN = N_("Something went wrong on my side; it has been noted. Please try again, and tell FinOps if it stays.")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Heard:
    """What came in from a chat.

    Attributes:
        do, on: The action and its object; words that were typed are `ask`.
        answers: Of a form, by field name.
    """

    account: Account
    do: str
    on: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said back.

    Attributes:
        errors: What is wrong with the answers of a form, by field; the form stays open.
        has_failed: It is an apology.
        looks: What has to be remembered before it is said.
        told: Forecasts in it, to be kept; it does not wait for that.
    """

    card: Card
    errors: Mapping[str, str] = field(default_factory=dict)
    has_failed: bool = False
    looks: tuple[Look, ...] = ()
    told: tuple[Foretold, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with the answers of a form, by field, and the form again."""

    form: Any
    errors: Mapping[str, Phrase]


@dataclass(frozen=True)
class Talk:
    """Answers what is heard; blocking work runs beside the event loop.

    Attributes:
        acts: Returns what does something about alerts; it is put together when it is first needed.
        executor: For what only reads, so that no answer waits for a writer.
        writer: For what writes: it may have to wait for a load.
        woken: Told who has said who they are: what waits for them can be sent.
    """

    conversation: Conversation
    acts: Callable[[], Acts]
    register: Register
    documents: Documents
    templates: Templates
    executor: Executor | None = None
    writer: Executor | None = None
    woken: Callable[[str], object] = lambda _email: None

    async def answer(self, heard: Heard, ask: Ask) -> Answer:
        """Return the answer to *heard*.

        Args:
            ask: Reads the account's profile from its platform, where that is due.

        Raises:
            DeliveryImpossible: The platform says there is no such account.
        """
        standing = await settle(self.register, heard.account, ask, self._run, self._write)
        writes = heard.do in _WRITES or (heard.do == Action.ASK and is_act(heard.on))
        answer = await (self._write if writes else self._run)(self._answered, heard, standing)
        if answer.looks:
            await self._write(self.conversation.remember, answer.looks)
        if standing and standing.is_settled and heard.do not in {Action.DECLINE, Action.FORGET}:
            now = await self._run(self.register.remembered, heard.account)
            if now is None or now.person != standing.person:  # taken off while the answer was found
                return self.stranger(Doubt.GONE, heard.account.platform)
        if answer.told:
            asyncio.get_running_loop().run_in_executor(self.writer, self.conversation.keep, answer.told)
        return answer

    def stranger(self, doubt: str, platform: str) -> Answer:
        """Return what somebody reads who cannot be told anything."""
        return self._said(Stranger(doubt, platform), None)

    async def remark(self, account: Account, view: Any) -> Card:
        """Return *view*, which holds no figures, in the language of whoever *account* stands for."""
        return await self._run(self._remarked, account, view)

    async def apology(self, account: Account, error: BaseException) -> Card:
        """Return the card for what could not be answered; a sentence of ours is shown, a stranger's never."""
        is_ours = isinstance(error, BotError) and not isinstance(error, DeliveryImpossible | StoreError)  # a driver says where it runs
        view = Refused(str(error) if is_ours else Phrase(BROKEN))
        with suppress(BotError):  # the store may be what is broken; then it is said in English
            return await self._run(lambda: self._card(view, self._remembered(account)))
        return self._card(view, None)

    async def changed(self, account: Account, profile: Profile) -> bool:
        """Take note that the platform says something new of *account*, and tell whether it stands for nobody any more."""
        return await self._write(self.register.changed, account, profile)

    async def forget_space(self, platform: str, space: str) -> None:
        """Take every account of *space* off its person."""
        await self._write(self.register.forget_space, platform, space)

    async def _run(self, function: Callable[..., _T], *values: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self.executor, lambda: function(*values))

    async def _write(self, function: Callable[..., _T], *values: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self.writer, lambda: function(*values))

    def _answered(self, heard: Heard, standing: Standing | None) -> Answer:
        if standing is None:
            sentence = Phrase(LATER, platform=heard.account.platform.capitalize())
            return self._said(Refused(sentence), self._remembered(heard.account))
        if standing.person is None:
            view = Stranger(standing.doubt or "", heard.account.platform)
            return Answer(self.templates.card(view.template, view, Reader(standing.locale if is_locale(standing.locale) else SOURCE)))
        person = standing.person
        if heard.do == Action.CONFIRM and not standing.is_settled and self.register.confirm(heard.account, person.email):
            self.woken(person.email)
            return self._done(Heard(heard.account, Action.ASK, heard.on), person)
        if heard.do in {Action.DECLINE, Action.FORGET}:
            self.register.forget(heard.account, person.email)
            return self._said(Forgotten(person.email), person)
        if not standing.is_settled:
            return self._said(Confirm(person.name, person.email, _wanted(heard)), person)
        return self._done(heard, person)

    def _remarked(self, account: Account, view: Any) -> Card:
        return self._card(view, self._remembered(account))

    def _done(self, heard: Heard, person: Person) -> Answer:
        """Do what a known person asks."""
        match heard.do:
            case Action.ASK | Action.CONFIRM:
                return self._asked(heard.on, person)
            case Action.LANGUAGE if heard.on in LANGUAGES:
                self.documents.put(LANGUAGE, person.email, heard.on)
                return self._asked("settings", person)
            case Action.PICK:
                return self._said(PickDays(heard.on, *self._month()), person)
            case Action.PICKED:
                return self._picked(heard, person)
            case do if do in ACTS:
                return self._done_by(person, lambda: self.acts().pressed(person, heard.do, heard.on, heard.answers))
        sentence = Phrase("That button is of another version of me. Ask again: me")
        return self._said(Refused(sentence), person)

    def _picked(self, heard: Heard, person: Person) -> Answer:
        errors = _wrong(heard.answers)
        if errors:
            view = PickDays(heard.on, heard.answers.get("first", ""), heard.answers.get("last", ""))
            card = self._card(view, person)
            said = words(card.language).gettext
            return Answer(card, {name: said(error) for name, error in errors.items()})
        by = f" by {heard.answers['by']}" if heard.answers.get("by") else ""
        return self._asked(f"{heard.on} {heard.answers['first']}..{heard.answers['last']}{by}", person)

    def _done_by(self, person: Person, act: Callable[[], Any]) -> Answer:
        try:
            found = act()
        except Refusal as refusal:
            return self._said(Refused(Phrase(refusal.template, **refusal.values), refusal.suggestion), person)
        if isinstance(found, Wrong):
            card = self._card(found.form, person)
            return Answer(card, {name: say(error, card.language) for name, error in found.errors.items()})
        return self._said(found, person)

    def _asked(self, asked: str, person: Person) -> Answer:
        if is_act(asked):
            return self._done_by(person, lambda: self.acts().said(person, asked))
        found = self.conversation.weigh(person.email, asked)
        view: Any = found.view
        if found.refusal:
            view = Refused(Phrase(found.refusal.template, **found.refusal.values), found.refusal.suggestion)
        return Answer(self._card(view, person), looks=found.looks, told=found.told)

    def _said(self, view: Any, person: Person | None) -> Answer:
        return Answer(self._card(view, person))

    def _card(self, view: Any, person: Person | None) -> Card:
        return self.templates.card(view.template, view, reader_of(person, self.documents))

    def _remembered(self, account: Account) -> Person | None:
        """Return whose language to use for a sentence without figures."""
        standing = self.register.remembered(account)
        return standing.person if standing else None

    def _month(self) -> tuple[str, str]:
        today = self.conversation.clock.now().date()
        return today.replace(day=1).isoformat(), today.isoformat()


def reader_of(person: Person | None, documents: Documents) -> Reader:
    """Return how *person* reads: in the language they chose, else by the directory's locale; nobody in particular reads English."""
    if person is None:
        return Reader()
    return Reader(documents.get(LANGUAGE, person.email) or person.locale, person.time_zone)


def _wanted(heard: Heard) -> str:
    """Return the words to answer once the person has said who they are."""
    return heard.on if heard.do in {Action.ASK, Action.CONFIRM} and heard.on else "me"


def _wrong(answers: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with the days of a form, by field, in English."""
    days: dict[str, date] = {}
    errors: dict[str, str] = {}
    for name in ("first", "last"):
        try:
            days[name] = date.fromisoformat(answers.get(name, ""))
        except ValueError:
            errors[name] = N_("Choose a day.")
    if not errors and days["last"] < days["first"]:
        errors["last"] = N_("The last day is before the first one.")
    return errors

"""Habits: what people have chosen about being told, kept as a document each; what they did not choose is the deployment's."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

from bot.domain.attention import Cadence, Habits
from bot.domain.people import Person
from bot.errors import Refusal
from bot.messages.words import LANGUAGES, N_, language_of
from bot.ports import Clock, Documents
from bot.services import written

KIND = "habits"
LANGUAGE = "language"
"""Documents: the language somebody has chosen."""
AWAY = "away"
"""Documents: the last day somebody said they are away."""
_LONGEST_AWAY = timedelta(days=366)
PLATFORMS = ("slack", "teams")
_NOTHING = N_(
    "“{word}” is nothing that can be set. "
    "For instance: settings digest daily, settings hour 8, settings quiet 19-8, settings platform teams, settings language de, "
    "settings away 2026-12-24."
)


@dataclass(frozen=True)
class Chosen:
    """Reads and changes habits.

    Attributes:
        usual: What holds where nothing was chosen.
    """

    documents: Documents
    clock: Clock
    usual: Habits = Habits()  # noqa: RUF009 - frozen

    def of(self, email: str) -> Habits:
        """Return the habits of *email*."""
        return self._read(self.documents.get(KIND, email))

    def away(self, email: str) -> date | None:
        """Return the last day that *email* is away, None when they are here."""
        text = self.documents.get(AWAY, email)
        last = date.fromisoformat(text) if text else None
        return last if last and last >= self.clock.now().date() else None

    def every(self) -> Mapping[str, Habits]:
        """Return the habits of everybody who has chosen any."""
        return {email: self._read(text) for email, text in self.documents.every(KIND).items()}

    def of_all(self, emails: Collection[str]) -> Mapping[str, Habits]:
        """Return the habits of each of *emails*."""
        known = self.documents.of(KIND, emails)
        return {email: self._read(known.get(email)) for email in emails}

    def change(self, person: Person, words: list[str]) -> None:
        """Change what *words* name.

        Raises:
            Refusal: They name nothing that can be chosen, or no choice there is.
        """
        name, value = (words[0].lower(), " ".join(words[1:]).lower()) if words else ("", "")
        if name in {"away", "language"}:
            (self._away if name == "away" else self._speak)(person, value)
            return
        habits = self.of(person.email)
        match name:
            case "digest" if value in list(Cadence):
                habits = replace(habits, cadence=Cadence(value))
            case "digest":
                raise Refusal("How often? One of {known}.", known=", ".join(Cadence))
            case "hour":
                habits = replace(habits, hour=_hour(value))
            case "quiet":
                habits = _quiet(habits, value)
            case "platform" if value in PLATFORMS:
                habits = replace(habits, platform=value)
            case "platform":
                raise Refusal("Which platform? One of {known}.", known=", ".join(PLATFORMS))
            case "empty" if value in {"line", "nothing"}:
                habits = replace(habits, tells_nothing=value == "line")
            case _:
                raise Refusal(_NOTHING, word=name)
        self.documents.put(KIND, person.email, json.dumps(asdict(habits)))

    def language(self, person: Person) -> str:
        """Return what *person* reads: as chosen, else by the locale of the directory."""
        return language_of(self.documents.get(LANGUAGE, person.email) or person.locale)

    def _speak(self, person: Person, value: str) -> None:
        named = {word: code for code, name in LANGUAGES.items() for word in (code, name.lower())}
        if value not in named:
            raise Refusal("Which language? One of {known}.", known=", ".join(LANGUAGES))
        self.documents.put(LANGUAGE, person.email, named[value])

    def _away(self, person: Person, value: str) -> None:
        if value in {"off", "no", "back"}:
            self.documents.drop(AWAY, person.email)
            return
        last, today = written.day(value), self.clock.now().date()
        if last is None or not today <= last <= today + _LONGEST_AWAY:
            week = (today + timedelta(days=7)).isoformat()
            raise Refusal(
                "Until when? Write the last day you are away, within a year, such as {day}; to end it: settings away off", day=week
            )
        self.documents.put(AWAY, person.email, last.isoformat())

    def _read(self, text: str | None) -> Habits:
        if not text:
            return self.usual
        known = {field.name for field in fields(Habits)}
        found: dict[str, Any] = {name: value for name, value in json.loads(text).items() if name in known}
        return replace(self.usual, **found | {"cadence": Cadence(found.get("cadence", self.usual.cadence))})


def _quiet(habits: Habits, value: str) -> Habits:
    """Return *habits* with other quiet hours: `19-8`, or `off`."""
    if value == "off":
        return replace(habits, quiet_from=0, quiet_to=0)
    start, _, end = value.partition("-")
    found = replace(habits, quiet_from=_hour(start), quiet_to=_hour(end))
    if found.quiet_from == found.quiet_to:
        raise Refusal("Write two different hours, such as 19-8; or for none: settings quiet off")
    return found


def _hour(text: str) -> int:
    if not text.strip().isdecimal() or int(text) > 23:  # noqa: PLR2004 - hours of a day
        raise Refusal("“{word}” is no hour. Write one from 0 to 23.", word=text)
    return int(text)

"""Contact: what is said before and around the answers: who are you, I cannot tell, not quite, which days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.messages.words import Phrase


@dataclass(frozen=True, slots=True)
class Confirm:
    """First contact: whom the platform's e-mail names, to be said yes to; *asked* is answered then."""

    name: str
    email: str
    asked: str

    template: ClassVar[str] = "replies/confirm"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Confirm]]:
        """Yield named examples."""
        yield "me", cls("Ana Ruiz", "ana.ruiz@nordwind.example", "me by model")


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who stands for nobody in the directory, and why."""

    doubt: str
    platform: str

    template: ClassVar[str] = "replies/stranger"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Stranger]]:
        """Yield named examples."""
        for doubt in ("not in the directory", "guest", "external", "no e-mail"):
            yield doubt.replace(" ", "-"), cls(doubt, "slack")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The account was taken off the person."""

    email: str

    template: ClassVar[str] = "replies/forgotten"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Forgotten]]:
        """Yield named examples."""
        yield "one", cls("ana.ruiz@nordwind.example")


@dataclass(frozen=True, slots=True)
class Refused:
    """A no, or a question not understood; *suggestion* are words to ask instead."""

    sentence: str
    suggestion: str = ""

    template: ClassVar[str] = "replies/refused"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Refused]]:
        """Yield named examples."""
        sentence = Phrase(
            "I do not know “{word}”. Did you mean: {nearest}? (help lists what I can answer)", word="taem", nearest="team search"
        )
        yield "near", cls(sentence, "team search")


@dataclass(frozen=True, slots=True)
class PickDays:
    """The form for other days: *words* is what is asked of them."""

    words: str
    first: str
    last: str

    template: ClassVar[str] = "forms/days"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, PickDays]]:
        """Yield named examples."""
        yield "me", cls("me", "2026-11-01", "2026-11-23")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the answer is, where others read or while it takes long: `done`, `blocked`, `soon`, or `late` to begin; never a figure."""

    how: str

    template: ClassVar[str] = "replies/elsewhere"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Elsewhere]]:
        """Yield named examples."""
        for how in ("done", "blocked", "soon", "late"):
            yield how, cls(how)


CONTACT: tuple[Any, ...] = (Confirm, Stranger, Forgotten, Refused, PickDays, Elsewhere)

"""Words: the words of a language; English is the source text, every other language a catalogue in `templates/words`."""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from typing import Self

from bot import shipped

SOURCE = "en"
LANGUAGES = {SOURCE: "English", "de": "Deutsch"}
"""Each under its own name."""


class Phrase(str):
    """Words of ours: English as text, and what it takes to say them in another language.

    Where our words stand beside data, such as `no team` among the names of teams, only the type tells them apart:
    a team that is called so is a plain text and stays as it is.

    Attributes:
        template: The English sentence, with `{name}` where a value goes.
        values: The values, which are data and never translated.
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, str]

    def __new__(cls, template: str, **values: str) -> Self:
        """Put *values* into *template*."""
        phrase = super().__new__(cls, template.format(**values))
        phrase.template, phrase.values = template, values
        return phrase


def N_(text: str) -> str:  # noqa: N802 - what gettext calls it
    """Mark *text* for the catalogues, and return it as it is."""
    return text


def say(text: str, language: str) -> str:
    """Return *text* in *language* if it is a phrase, else as it is."""
    if not isinstance(text, Phrase):
        return text
    return words(language).gettext(text.template).format(**text.values)


def language_of(locale: str) -> str:
    """Return the language of messages for *locale* (`de_AT`, `de-AT`: `de`); English where there is no catalogue."""
    language = locale.replace("-", "_").partition("_")[0].lower()
    return language if language in LANGUAGES else SOURCE


@cache
def words(locale: str) -> NullTranslations:
    """Return the words of the language of *locale*."""
    language = language_of(locale)
    if language == SOURCE:
        return NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - who reads English needs no catalogue
    from babel.messages.pofile import read_po  # noqa: PLC0415

    compiled = BytesIO()
    with (shipped.folder("templates") / "words" / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)

"""Grammar: from words to a command, with errors that teach."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches

from bot.domain.period import Period, PeriodKind, Window, period_containing
from bot.errors import Refusal
from bot.messages.words import N_
from bot.ports import Dimension
from bot.services.commands import ACTS, SUBJECTS, Command, Verb

RANKED = {"people": Dimension.PERSON, "teams": Dimension.TEAM, "models": Dimension.MODEL, "projects": Dimension.PROJECT}
_BY = [dimension.value for dimension in Dimension]
_KINDS = {"week": PeriodKind.WEEK, "month": PeriodKind.MONTH, "quarter": PeriodKind.QUARTER, "year": PeriodKind.YEAR}
_LAST = re.compile(r"(\d{1,4})d")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_YEAR = re.compile(r"\d{4}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST = 3660
LONGEST = 2000
"""Characters of a question; what comes after them is not read."""
YEARS = range(2000, 2101)
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"})
_MEANT = N_("I do not understand “{words}” after {verb}. Did you mean: {nearest}?")
_ALIKE = 0.7
"""From which on a word is a misspelt one of a period."""
_TIMELESS = {Verb.SETTINGS, Verb.PRIVACY, Verb.HELP, Verb.FORECAST}
_ABOUT = {Verb.WHY, Verb.FORECAST}
_TAKES_BY = {Verb.ME, Verb.PERSON, Verb.TEAM, Verb.PROJECT, Verb.ORG}
_TAKES_NAME = {Verb.PERSON, Verb.TEAM, Verb.PROJECT, Verb.TOP}


@dataclass(frozen=True, slots=True)
class _Found:
    period: Period
    words: str
    rest: list[str]


def _no_name(_name: str) -> str:
    return ""


def parse(text: str, today: date, fiscal_year_start: int = 1, meant: Callable[[str], str] = _no_name) -> Command:
    """Return the command that *text* asks for; nothing at all asks for help.

    Args:
        meant: Returns the words that ask about whoever, or whatever, a name may stand for, as far as the reader may know.

    Raises:
        Refusal: The words are no command; the sentence names the nearest one and an example.
    """
    words = words_of(text)
    if words and words[0].lower() in {"/aispend", "aispend"}:
        words = words[1:]
    verb, rest = _verb(_joined(words) or ["help"])
    if verb in ACTS or _changes(verb.value, rest):
        month = period_containing(today, PeriodKind.MONTH)
        return Command(verb, month, " ".join(rest), text=" ".join(words), words=tuple(rest))
    about, rest = _about(rest) if verb in _ABOUT else (verb, rest)
    by, rest = _by(rest)
    found = _period(rest, today, fiscal_year_start)
    name = " ".join(found.rest)
    if by and verb not in _TAKES_BY:
        raise Refusal("I cannot break {verb} down. Try: {verb}", verb.value, verb=verb.value)
    if found.words and verb in _TIMELESS:
        raise Refusal("{verb} is not about a period. Try: {verb}", verb.value, verb=verb.value)
    if name and about not in _TAKES_NAME and not (verb is Verb.PRIVACY and name.isdecimal()):
        raise _misspelt(verb, about, rest, by, found.rest, today) or _unexpected(verb, found.rest, meant)
    if verb is Verb.TOP:
        name = _ranked(name)
    if about is Verb.PROJECT and not name:
        raise Refusal("Which project? Yours are among: me by project", "me by project")
    if about is Verb.PERSON and not name:
        raise Refusal("Which person? For instance: person @ana, or an e-mail.")
    return Command(verb, found.period, name, by, found.words, text=" ".join(words) or "help", about=about)


def _about(words: list[str]) -> tuple[Verb, list[str]]:
    """Take what is asked about from the front of *words*; nothing of the kind there is oneself."""
    word = words[0].lower() if words else ""
    if word.startswith("@"):
        return Verb.PERSON, words
    return (Verb(word), words[1:]) if word in SUBJECTS else (Verb.ME, words)


def is_act(text: str) -> bool:
    """Tell whether *text* asks for something to be done about alerts, or lists them."""
    words = _joined([word.lower() for word in words_of(text) if word.lower() not in {"/aispend", "aispend"}])
    return bool(words) and (words[0] in list(ACTS) or _changes(words[0], words[1:]))


def _changes(verb: str, rest: list[str]) -> bool:
    """Tell whether a verb that shows something is to change it: `settings hour 8`, `budget request 200 …`."""
    return bool(rest) and (verb == Verb.SETTINGS or (verb == Verb.BUDGET and rest[0].lower() == "request"))


def words_of(text: str) -> list[str]:
    """Return the words of *text*, those in quotes as one; half of a character pair, which no store takes, is replaced."""
    whole = text[:LONGEST].encode("utf-16", "surrogatepass").decode("utf-16", "replace").translate(_QUOTES)
    try:
        return [" ".join(word.split()) for word in shlex.split(whole, posix=True)]
    except ValueError:
        return whole.split()


def _verb(words: list[str]) -> tuple[Verb, list[str]]:
    word = words[0].lower()
    if word.startswith("@"):
        return Verb.PERSON, words
    if word in list(Verb):
        return Verb(word), words[1:]
    near = get_close_matches(word, list(Verb), n=1, cutoff=0.5)
    if not near:
        raise Refusal("I do not know “{word}”. Try: me (help lists what I can answer)", "me", word=words[0])
    nearest = " ".join([near[0], *words[1:]])
    raise Refusal(
        "I do not know “{word}”. Did you mean: {nearest}? (help lists what I can answer)", nearest, word=words[0], nearest=nearest
    )


def _joined(words: list[str]) -> list[str]:
    """Return *words* with `not mine` as the one verb that it is."""
    return ["not-mine", *words[2:]] if [word.lower() for word in words[:2]] == ["not", "mine"] else words


def _by(words: list[str]) -> tuple[Dimension | None, list[str]]:
    lower = [word.lower() for word in words]
    if "by" not in lower:
        return None, words
    place = len(lower) - 1 - lower[::-1].index("by")
    if place + 1 >= len(words):
        raise Refusal("By what? One of {known}; for instance: me by model.", known=", ".join(_BY))
    wanted = lower[place + 1]
    if wanted not in _BY:
        near = get_close_matches(wanted, _BY, n=1, cutoff=0.5)
        if near:
            raise Refusal("I cannot break down by “{word}”. Did you mean: by {nearest}?", word=words[place + 1], nearest=near[0])
        raise Refusal("I cannot break down by “{word}”. One of {known}.", word=words[place + 1], known=", ".join(_BY))
    return Dimension(wanted), words[:place] + words[place + 2 :]


def _period(words: list[str], today: date, fiscal_year_start: int) -> _Found:
    """Take the last period out of *words*; without one it is this month."""
    for place in range(len(words) - 1, -1, -1):
        word = words[place].lower()
        previous = words[place - 1].lower() if place else ""
        if previous == "last" and (_LAST.fullmatch(word) or word in _KINDS):
            return _Found(_last(word, today, fiscal_year_start), f"last {word}", words[: place - 1] + words[place + 1 :])
        period = _one_word(word, today, fiscal_year_start)
        if period:
            return _Found(period, word, words[:place] + words[place + 1 :])
    return _Found(period_containing(today, PeriodKind.MONTH), "", words)


def _one_word(word: str, today: date, fiscal_year_start: int) -> Period | None:
    if word in _KINDS:
        return period_containing(today, _KINDS[word], fiscal_year_start)
    if word in {"today", "yesterday"}:
        return period_containing(today - timedelta(days=word == "yesterday"), PeriodKind.DAY)
    if ".." in word:
        first, _, last = word.partition("..")
        start, end = _date(first, word), _date(last, word)
        if end < start:
            raise Refusal("“{word}” ends before it starts. Write the earlier day first.", word=word)
        if (end - start).days > _LONGEST:
            raise Refusal("“{word}” is longer than ten years.", word=word)
        return Period(None, Window(start, end + timedelta(days=1)))
    if _MONTH.fullmatch(word):
        return period_containing(_date(f"{word}-01", word), PeriodKind.MONTH)
    if _DAY.fullmatch(word):
        return period_containing(_date(word, word), PeriodKind.DAY)
    if _YEAR.fullmatch(word) and int(word) in YEARS:
        return Period(PeriodKind.YEAR, Window(date(int(word), 1, 1), date(int(word) + 1, 1, 1)))
    return None


def _last(word: str, today: date, fiscal_year_start: int) -> Period:
    """Return the last N days, today included, or the calendar period before the present one."""
    if word in _KINDS:
        present = period_containing(today, _KINDS[word], fiscal_year_start).window
        return period_containing(present.start - timedelta(days=1), _KINDS[word], fiscal_year_start)
    days = int(word[:-1])
    if not 1 <= days <= _LONGEST:
        raise Refusal("“last {word}”: between 1 and {most} days, please.", word=word, most=str(_LONGEST))
    return Period(None, Window(today - timedelta(days=days - 1), today + timedelta(days=1)))


def _date(text: str, shown: str) -> date:
    try:
        day: date | None = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise Refusal("“{word}” is no period I know. For instance: 2026-10, 2026-10-01..2026-10-15, last 30d.", word=shown)
    return day


def _ranked(name: str) -> str:
    word = name.lower()
    if word in RANKED:
        return word
    near = get_close_matches(word, list(RANKED), n=1, cutoff=0.5)
    if word and near:
        raise Refusal("Did you mean: {nearest}?", f"top {near[0]}", nearest=f"top {near[0]}")
    raise Refusal("Top of what? One of {known}.", known=", ".join(f"top {ranked}" for ranked in RANKED))


def _misspelt(verb: Verb, about: Verb, words: list[str], by: Dimension | None, odd: list[str], today: date) -> Refusal | None:
    """Return the question whether the period that is nearest to *words* was meant; None where they are none, however they are spelled."""
    known = ["last", "today", "yesterday", *_KINDS]
    parted = " ".join(words).lower().replace("last", "last ").split()  # lastmonth
    spelled = [next(iter(get_close_matches(word, known, n=1, cutoff=_ALIKE)), word) for word in parted]
    if verb in _TIMELESS or not (found := _period(spelled, today, 1)).words or found.rest:
        return None
    subject = [about.value] if verb in _ABOUT and about is not Verb.ME else []
    nearest = " ".join([verb.value, *subject, found.words, *(["by", by.value] if by else [])])
    return Refusal(_MEANT, nearest, words=" ".join(odd), verb=verb.value, nearest=nearest)


def _unexpected(verb: Verb, words: list[str], meant: Callable[[str], str]) -> Refusal:
    near: list[str] = []
    if verb in _ABOUT:
        near = [" ".join([match, *words[1:]]) for match in get_close_matches(words[0].lower(), SUBJECTS, n=1, cutoff=0.6)]
    if verb is Verb.BUDGET and get_close_matches(words[0].lower(), ["request"], n=1, cutoff=0.6):
        near = [" ".join(["request", *words[1:]])]
    example = " last 30d by model" if verb in _TAKES_BY else "" if verb in _TIMELESS else " last 30d"
    if verb in _ABOUT and not near and (known := meant(" ".join(words))):
        near = [known]
    example = " me" if verb in _ABOUT else example
    nearest = f"{verb} {near[0]}" if near else f"{verb}{example}"
    values = {"words": " ".join(words), "verb": verb.value, "nearest": nearest}
    if near:
        return Refusal(_MEANT, nearest, **values)
    return Refusal("I do not understand “{words}” after {verb}. For instance: {nearest}.", nearest, **values)

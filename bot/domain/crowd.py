"""Crowds: whom a broadcast is for, as an expression over people and what they have used. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from fractions import Fraction

from bot.domain.people import Directory, Person, Role
from bot.errors import Refusal

OF_USAGE = ("over:", "forecast:")
"""How terms begin that depend on what people have used."""
TERMS = ("everyone", "team:NAME", "person:E-MAIL", "role:finops", "department:COST-CENTER", "over:80%", "forecast:110%")


@dataclass(frozen=True, slots=True)
class Usage:
    """How far along somebody's own budget is; *expected* is None without history enough."""

    share: Fraction
    expected: Fraction | None


@dataclass(frozen=True, slots=True)
class Crowd:
    """All of these must hold of a person; within one, any of its values (`team:search,support`).

    Attributes:
        teams: With the teams below them.
        over: Has used at least this share of the own budget.
        forecast: Is expected to use at least this share.
    """

    teams: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    centers: tuple[str, ...] = ()
    over: Fraction | None = None
    forecast: Fraction | None = None

    def members(self, directory: Directory, usage: Mapping[str, Usage], today: date) -> list[Person]:
        """Return who belongs to it today, by e-mail."""
        teams = {below for team in self.teams for below in directory.below(team)}
        return [person for _, person in sorted(directory.people.items()) if self._holds(person, directory, usage, teams, today)]

    def _holds(self, person: Person, directory: Directory, usage: Mapping[str, Usage], teams: set[str], today: date) -> bool:
        stint = person.stint(today)
        if stint is None:
            return False
        team = directory.teams.get(stint.team or "")
        used = usage.get(person.email)
        return (
            (not self.teams or stint.team in teams)
            and (not self.people or person.email in self.people)
            and (not self.roles or bool(person.roles & set(self.roles)))
            and (not self.centers or (team is not None and (team.cost_center or "").casefold() in self.centers))
            and (self.over is None or (used is not None and used.share >= self.over))
            and (self.forecast is None or (used is not None and used.expected is not None and used.expected >= self.forecast))
        )


def parse_crowd(words: Iterable[str], directory: Directory) -> Crowd:
    """Return the crowd that *words* name.

    Raises:
        Refusal: A word is no term, or names what there is not; the sentence says which.
    """
    found: dict[str, object] = {}
    terms = list(words)
    if not terms:
        raise Refusal("For whom? Some of: {known}.", known=", ".join(TERMS))
    for term in terms:
        if term.lower() == "everyone":
            continue
        kind, colon, value = term.partition(":")
        if not colon or not value:
            raise Refusal("“{word}” is no audience. There are: {known}.", word=term, known=", ".join(TERMS))
        found[_NAMES.get(kind.lower(), kind)] = _value(kind.lower(), value, directory)
    return Crowd(**found)  # type: ignore[arg-type]


_KINDS = ("team", "person", "role", "center", "department", "over", "forecast")
_NAMES = {"team": "teams", "person": "people", "role": "roles", "center": "centers", "department": "centers"}


def _value(kind: str, value: str, directory: Directory) -> object:
    parts = [part.strip() for part in value.split(",") if part.strip()]
    match kind:
        case "team":
            return tuple(_team(part, directory) for part in parts)
        case "person":
            return tuple(_person(part, directory) for part in parts)
        case "role":
            return tuple(_role(part) for part in parts)
        case "center" | "department":
            return tuple(_center(part, directory) for part in parts)
        case "over" | "forecast":
            return _share(kind, value)
        case _:
            near = get_close_matches(kind, _KINDS, 1)
            if near:
                raise Refusal("“{word}” is no audience. Did you mean: {nearest}?", word=f"{kind}:", nearest=f"{near[0]}:{value}")
            raise Refusal("“{word}” is no audience. There are: {known}.", word=f"{kind}:", known=", ".join(TERMS))


def _meant(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the term whose name is nearest to *name*; nothing where none is near."""
    spelled = {one.casefold(): one for one in known}
    near = get_close_matches(name.casefold(), list(spelled), 1)
    return f"{kind}:{spelled[near[0]]}" if near else ""


def _team(name: str, directory: Directory) -> str:
    team = directory.team(name)
    if team is None and (nearest := _meant("team", name, directory.teams)):
        raise Refusal("There is no team “{word}”. Did you mean: {nearest}?", word=name, nearest=nearest)
    if team is None:
        raise Refusal("There is no team “{word}”.", word=name)
    return team.name


def _person(email: str, directory: Directory) -> str:
    person = directory.person(email)
    if person is None and (nearest := _meant("person", email, directory.people)):
        raise Refusal("I do not know {word}. Did you mean: {nearest}?", word=email, nearest=nearest)
    if person is None:
        raise Refusal("I do not know {word}.", word=email)
    return person.email


def _center(name: str, directory: Directory) -> str:
    known = {team.cost_center for team in directory.teams.values() if team.cost_center}
    if name.casefold() not in {center.casefold() for center in known}:
        if known:
            raise Refusal("There is no department “{word}”; there are {known}.", word=name, known=", ".join(sorted(known)[:10]))
        raise Refusal("There is no department “{word}”.", word=name)
    return name.casefold()


def _role(name: str) -> Role:
    if name.lower() not in list(Role):
        raise Refusal("“{word}” is no role; there are {known}.", word=name, known=", ".join(Role))
    return Role(name.lower())


def _share(kind: str, value: str) -> Fraction:
    plain = value.lstrip(">=").rstrip("%").strip()
    if not plain.isdecimal() or not 0 < int(plain) <= 1000:  # noqa: PLR2004 - percent
        raise Refusal("“{word}” is no share; write {example}.", word=f"{kind}:{value}", example=f"{kind}:80%")
    return Fraction(int(plain), 100)

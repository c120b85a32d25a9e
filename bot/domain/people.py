"""People: who works where, from when to when, and who answers for whom.

All dates are half-open UTC days. A mover has two stints and takes along nothing of the past.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property

ENDLESS = date(9999, 12, 31)
BEGINNING = date(1, 1, 1)


class Role(StrEnum):
    """What a person may do beyond asking for their own figures."""

    FINOPS = "finops"
    OPERATOR = "operator"


class IdentityKind(StrEnum):
    """How a principal is written."""

    EMAIL = "email"
    ID = "id"
    ARN = "arn"
    KEY = "key"
    PATTERN = "pattern"
    """`*` stands for any text."""


@dataclass(frozen=True, slots=True)
class Stint:
    """The time one person spends in one team under one manager.

    Attributes:
        team: Team name, or None.
        manager: The manager's e-mail, lower case, or None.
    """

    team: str | None
    manager: str | None
    valid_from: date = BEGINNING
    valid_to: date = ENDLESS

    def holds(self, day: date) -> bool:
        """Tell whether *day* falls in the stint."""
        return self.valid_from <= day < self.valid_to


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who works here, or did.

    Attributes:
        email: Lower case; the key.
        stints: Ascending, without overlap.
    """

    email: str
    name: str
    time_zone: str = "UTC"
    locale: str = "en"
    roles: frozenset[Role] = frozenset()
    stints: tuple[Stint, ...] = ()

    def stint(self, day: date) -> Stint | None:
        """Return the stint that holds *day*, None before the first, after the last and in gaps."""
        return next((stint for stint in self.stints if stint.holds(day)), None)


@dataclass(frozen=True, slots=True)
class Team:
    """A team, as the directory names it."""

    name: str
    parent: str | None = None
    manager: str | None = None
    cost_center: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """For whom a principal acts during some days: a person or a service, one of the two.

    Attributes:
        principal: The raw identity, or a pattern where *kind* says so; compared without regard to case.
        service: Name of a service account; its cost has no person.
    """

    principal: str
    kind: IdentityKind
    person: str | None = None
    service: str | None = None
    valid_from: date = BEGINNING
    valid_to: date = ENDLESS


@dataclass(frozen=True)
class Directory:
    """Everybody and every team, with the questions that are asked of them."""

    people: dict[str, Person] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    identities: tuple[Identity, ...] = ()

    def person(self, email: str) -> Person | None:
        """Return the person with *email*, without regard to case."""
        return self.people.get(email.strip().lower())

    def team(self, name: str) -> Team | None:
        """Return the team called *name*, without regard to case."""
        return self._teams_folded.get(name.strip().casefold())

    def members(self, team: str, day: date) -> list[Person]:
        """Return who is in *team* itself, not below it, on *day*; by e-mail, ascending."""
        return [p for p in self._ever_in[team] if (s := p.stint(day)) and s.team == team]

    def ever_in(self, teams: Iterable[str]) -> list[Person]:
        """Return who was in one of *teams* on some day; by e-mail, ascending."""
        found = {person.email: person for team in teams for person in self._ever_in[team]}
        return [person for _, person in sorted(found.items())]

    def below(self, team: str) -> list[str]:
        """Return *team* and every team under it, the nearest first."""
        found = [team]
        for name in found:
            found.extend(child for child in self._children[name] if child not in found)
        return found

    def managers(self, team: str, day: date) -> set[str]:
        """Return who answers for *team* on *day*.

        The team's own manager; for a team that names none, the one manager whom all its other members share.
        """
        known = self.teams.get(team)
        if known and known.manager:
            return {known.manager}
        reports = [(p.email, s.manager) for p in self.members(team, day) if (s := p.stint(day))]
        bosses = {manager for email, manager in reports if manager and manager != email}
        led = [email for email, manager in reports if manager not in bosses and email not in bosses]
        return bosses if len(bosses) == 1 and not led else set()

    def managed_by(self, email: str, day: date) -> set[str]:
        """Return the teams that *email* manages on *day*, and every team below them."""
        if day not in self._led:
            led: defaultdict[str, set[str]] = defaultdict(set)
            for team in self.teams:
                for manager in self.managers(team, day):
                    led[manager].update(self.below(team))
            self._led[day] = led  # whole: another thread may ask meanwhile
        return set(self._led[day].get(email, ()))

    @cached_property
    def _led(self) -> dict[date, defaultdict[str, set[str]]]:
        """Who leads which teams, by day, as far as it was asked."""
        return {}

    def changes(self, after: date, until: date) -> bool:
        """Tell whether anybody's stint begins or ends on a day after *after*, up to *until*."""
        stints = (stint for person in self.people.values() for stint in person.stints)
        return any(after < day <= until for stint in stints for day in (stint.valid_from, stint.valid_to))

    @cached_property
    def _ever_in(self) -> defaultdict[str, list[Person]]:
        """Who was ever in a team, by e-mail."""
        found: defaultdict[str, list[Person]] = defaultdict(list)
        for _, person in sorted(self.people.items()):
            for team in {stint.team for stint in person.stints if stint.team}:
                found[team].append(person)
        return found

    @cached_property
    def _children(self) -> defaultdict[str, list[str]]:
        children: defaultdict[str, list[str]] = defaultdict(list)
        for team in self.teams.values():
            if team.parent:
                children[team.parent].append(team.name)
        return children

    @cached_property
    def _teams_folded(self) -> dict[str, Team]:
        return {name.casefold(): team for name, team in self.teams.items()}

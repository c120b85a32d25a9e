"""Near: which name somebody may have meant, among those that they may see; nothing tells them whether there are others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from bot.domain.people import Directory, Person, Role
from bot.domain.visibility import Privacy, Subject, SubjectKind, may_see

_ALIKE = 0.6
_TRIED = 50


@dataclass(frozen=True)
class Near:
    """The names that one reader may see today; those of others are not even looked at, as their nearness would tell of them."""

    viewer: Person
    directory: Directory
    privacy: Privacy
    today: date

    @property
    def sees_all(self) -> bool:
        """Tell whether the reader may be told which names there are not."""
        return Role.FINOPS in self.viewer.roles and self.viewer.stint(self.today) is not None

    def person(self, name: str) -> str:
        """Return the words that ask about the person of nearly that *name*; nothing where there is none to be seen.

        Of e-mails only what stands before the domain counts, which all of them share.
        """
        if self.privacy is Privacy.WORKS_COUNCIL:
            return ""
        seen = (person for person in self.directory.people.values() if self._may(SubjectKind.PERSON, person.email))
        called = {alias: person.email for person in seen for alias in aliases(person) if "@" not in alias}
        return next((f"person {called[one]}" for one in close(name.lstrip("@").partition("@")[0], called)), "")

    def team(self, name: str) -> str:
        """Return the same for a team."""
        spelled = {team.casefold(): team for team in self.directory.teams if self._may(SubjectKind.TEAM, team)}
        return next((f"team {_word(spelled[one])}" for one in close(name, spelled)), "")

    def anything(self, name: str) -> str:
        """Return the words that ask about the team or the person of that name, or nearly that."""
        return self.team(name) or self.person(name)

    def _may(self, kind: SubjectKind, name: str) -> bool:
        return may_see(self.viewer, Subject(kind, name), self.directory, self.privacy, self.today).allows


def close(name: str, known: Iterable[str]) -> list[str]:
    """Return those of *known*, in lower case, that *name* nearly is, the nearest first."""
    return get_close_matches(name.removeprefix("@").casefold(), list(known), _TRIED, _ALIKE)


def aliases(person: Person) -> set[str]:
    """Return what a person may be called in a question."""
    local = person.email.partition("@")[0]
    return {name.casefold() for name in (person.email, local, person.name, *person.name.split())}


def _word(name: str) -> str:
    return f'"{name}"' if " " in name else name

"""Audience: who answers for a budget's subject, who is asked next, and along which chain subjects lie in one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from bot.domain.budget import Budget, Scope, ScopeKind
from bot.domain.people import Directory, Person, Role
from bot.domain.visibility import Privacy, Subject, SubjectKind, Verdict, may_see

FINOPS = "finops"
"""Everybody with the role, in a chain of escalation."""


@dataclass(frozen=True)
class Audience:
    """Who is there today.

    Attributes:
        away: E-mails of who said they are away, to the last day they are.
    """

    directory: Directory
    privacy: Privacy
    today: date
    away: Mapping[str, date]

    def owners(self, budget: Budget | None, subject: Scope) -> tuple[str, ...]:
        """Return who is told first: a named owner who may see it, the person, the team's managers, else FinOps."""
        owner = budget.owner if budget else None
        if owner and self._is_here(owner) and self.may_see(owner, subject):
            return (owner,)
        if subject.kind is ScopeKind.PERSON:
            return (subject.name,) if self._is_here(subject.name) else ()
        if subject.kind is ScopeKind.TEAM:
            found = sorted(email for email in self.directory.managers(subject.name, self.today) if self._is_here(email))
            return tuple(found) or self.finops()
        return self.finops()

    def finops(self) -> tuple[str, ...]:
        """Return everybody of FinOps who is in the directory today."""
        return self._finops

    @cached_property
    def _finops(self) -> tuple[str, ...]:
        people = self.directory.people.values()
        return tuple(sorted(person.email for person in people if Role.FINOPS in person.roles and self._is_here(person.email)))

    def ladder(self, subject: Scope, owners: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
        """Return who is asked after *owners*, one step each, with a note of who was passed over; FinOps is the last.

        In works_council mode nobody hears of another person's budget.
        """
        if subject.kind is ScopeKind.PERSON and self.privacy is Privacy.WORKS_COUNCIL:
            return []
        steps: list[tuple[tuple[str, ...], str]] = []
        seen, note = set(owners), ""
        for email in self._above(subject, owners):
            if email in seen:
                continue
            seen.add(email)
            if why := self._passed_over(email):
                note = f"{note}{', ' if note else ''}{self.name(email)} ({why})"
            else:
                steps.append(((email,), note))
                note = ""
        rest = tuple(email for email in self.finops() if email not in seen)
        return [*steps, (rest, note)] if rest else steps

    def chain(self, subject: Scope) -> tuple[str, ...]:
        """Return *subject* and what it lies in, the narrowest first, as texts."""
        found = [str(subject)]
        team: str | None = subject.name if subject.kind is ScopeKind.TEAM else None
        if subject.kind is ScopeKind.PERSON:
            person = self.directory.person(subject.name)
            stint = person.stint(self.today) if person else None
            team = stint.team if stint else None
            if team:
                found.append(str(Scope(ScopeKind.TEAM, team)))
        found += [str(Scope(ScopeKind.TEAM, parent)) for parent in self._parents(team)]
        whole = str(Scope(ScopeKind.ORG))
        return (*found, whole) if found[-1] != whole else tuple(found)

    def may_see(self, email: str, subject: Scope) -> bool:
        """Tell whether *email* may see the figures of *subject* today, of a team with those below it."""
        return self.verdict(email, subject).allows

    def verdict(self, email: str, subject: Scope) -> Verdict:
        """Decide whether *email* may see the figures of *subject* today, and why; its members see a team itself, not those below it."""
        viewer = self.directory.person(email)
        if viewer is None:
            return Verdict.NOT_THEIRS
        found = may_see(viewer, subject_of(subject), self.directory, self.privacy, self.today)
        is_part = found is Verdict.MEMBER and self.directory.below(subject.name) != [subject.name]
        return Verdict.NOT_THEIRS if is_part else found

    def answers(self, email: str, subject: Scope) -> bool:
        """Tell whether *subject* is a matter of *email* today: their own, of a team they lead, or FinOps'; a member only reads totals."""
        return self.verdict(email, subject) in {Verdict.OWN, Verdict.MANAGER, Verdict.FINOPS}

    def name(self, email: str) -> str:
        """Return what the person is called."""
        person = self.directory.person(email)
        return person.name if person else email

    def person(self, email: str) -> Person | None:
        """Return who has *email*."""
        return self.directory.person(email)

    def manager(self, email: str) -> str | None:
        """Return who manages *email* today: by their own line, else their team's only manager."""
        person = self.directory.person(email)
        stint = person.stint(self.today) if person else None
        if stint is None:
            return None
        if stint.manager and stint.manager != email:
            return stint.manager
        bosses = self.directory.managers(stint.team, self.today) - {email} if stint.team else set()
        return min(bosses) if len(bosses) == 1 else None

    def _above(self, subject: Scope, owners: tuple[str, ...]) -> list[str]:
        """Return the managers of *owners*, then those of the teams above the subject."""
        found: list[str] = []
        for owner in owners:
            boss, passed = self.manager(owner), {owner}
            while boss and boss not in passed:
                passed.add(boss)
                found.append(boss)
                boss = self.manager(boss)
        if subject.kind is ScopeKind.TEAM:
            for team in (subject.name, *self._parents(subject.name)):
                found += sorted(self.directory.managers(team, self.today))
        return list(dict.fromkeys(found))

    def _parents(self, team: str | None) -> list[str]:
        found: list[str] = []
        known = self.directory.teams.get(team or "")
        while known and known.parent and known.parent not in found:
            found.append(known.parent)
            known = self.directory.teams.get(known.parent)
        return found

    def _is_here(self, email: str) -> bool:
        person = self.directory.person(email)
        return person is not None and person.stint(self.today) is not None

    def _passed_over(self, email: str) -> str:
        """Return why somebody is not asked, empty when they are."""
        if not self._is_here(email):
            return "has left"
        last = self.away.get(email)
        return f"away until {last.isoformat()}" if last and last >= self.today else ""


_SUBJECTS = {
    ScopeKind.PERSON: SubjectKind.PERSON,
    ScopeKind.TEAM: SubjectKind.TEAM,
    ScopeKind.PROJECT: SubjectKind.ORG,
    ScopeKind.PROVIDER: SubjectKind.ORG,
    ScopeKind.MODEL: SubjectKind.ORG,
    ScopeKind.ORG: SubjectKind.ORG,
}


def subject_of(scope: Scope) -> Subject:
    """Return what one must be allowed to see for the figures of *scope*: the whole of a project, provider or model is FinOps'."""
    kind = _SUBJECTS[scope.kind]
    return Subject(kind, scope.name if kind in {SubjectKind.PERSON, SubjectKind.TEAM} else "")


def scope_of(text: str) -> Scope:
    """Return the scope that `str` made *text* of."""
    if text == str(Scope(ScopeKind.ORG)):
        return Scope(ScopeKind.ORG)
    kind, _, name = text.partition(" ")
    return Scope(ScopeKind(kind), name)

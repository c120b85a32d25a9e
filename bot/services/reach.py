"""Reach: what part of a person, a team, a project or the organisation a reader may see; the same for whatever is asked about it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.people import Person
from bot.domain.visibility import Privacy, SubjectKind, Verdict
from bot.errors import Refusal
from bot.messages.words import Phrase
from bot.ports import CostScope, Dimension
from bot.services.amounts import Amounts
from bot.services.near import close
from bot.services.question import NO_NAMES, NOTHING, too_few


@dataclass(frozen=True, slots=True)
class Part:
    """What a reader may see.

    Attributes:
        scope: Whose rows count.
        words: What asks for the subject.
        partial: What part of it that is, as words; empty for all of it.
        is_member: It is seen as a member of the team: its total, and nothing that divides it.
        has_names: People may be named beside the figures.
    """

    subject: str
    scope: CostScope
    words: str
    partial: str = ""
    is_member: bool = False
    has_names: bool = False


@dataclass
class Reach(Amounts):
    """A question about a subject. What is refused, and what is looked at, is noted on the way."""

    def _of_me(self) -> Part:
        self._allow(SubjectKind.PERSON, self.viewer.email)
        return Part(self.viewer.name, CostScope(people=(self.viewer.email,)), "me")

    def _someone(self) -> Person:
        """Return the person who is asked about.

        Raises:
            Refusal: There is nobody of that name, or not for this reader.
        """
        person = self._who(self.command.name.removeprefix("@"))
        if person == self.viewer:
            return person
        if person is None:
            self._log(SubjectKind.PERSON, self.command.name, Verdict.NOT_THEIRS)
            if self.of.privacy is Privacy.WORKS_COUNCIL:
                raise Refusal(NOTHING)
            raise self._unknown("person", self.command.name, self.near.person(self.command.name))
        self._allow(SubjectKind.PERSON, person.email)
        return person

    def _of_person(self, person: Person) -> Part:
        """Return all of *person* to FinOps, to a manager what the teams they manage today paid."""
        if person == self.viewer:
            return self._of_me()
        is_whole = self._may(SubjectKind.PERSON, person.email) is Verdict.FINOPS
        led = tuple(sorted(self.directory.managed_by(self.viewer.email, self.now.date())))
        scope = CostScope(people=(person.email,), teams=None if is_whole else led)
        return Part(person.name, scope, f"person {person.email}", "" if is_whole else Phrase("the part of the teams you manage"))

    def _of_team(self) -> Part:
        """Return the team with those below it; to its members in open mode the team itself.

        Raises:
            Refusal: There is no such team for this reader, or it has too few people.
        """
        name = self.command.name or self._own_team()
        team = self.directory.team(name)
        if name and (team is None or self._may(SubjectKind.TEAM, team.name) is Verdict.NOT_THEIRS):
            self._log(SubjectKind.TEAM, team.name if team else name, Verdict.NOT_THEIRS)
            raise self._unknown("team", name, self.near.team(name))
        self._allow(SubjectKind.TEAM, team.name if team else name, exists=team is not None)
        self._by_months(CostScope())
        assert team is not None
        is_member = self._may(SubjectKind.TEAM, team.name) is Verdict.MEMBER
        teams = (team.name,) if is_member else tuple(self.directory.below(team.name))
        if not self.groups.shows_teams(teams, self._window()):
            raise too_few()
        partial = Phrase("the team itself, without the teams below it") if is_member else ""
        has_names = not is_member and self._may(SubjectKind.PEOPLE_OF_TEAM, team.name).allows
        if is_member and (self.command.by or not self._is_long()):
            raise Refusal("Members see what their team costs in whole months. Try: team {team}.", team=team.name)
        return Part(team.name, CostScope(teams=teams), f'team "{team.name}"', partial, is_member, has_names)

    def _of_project(self) -> Part:
        """Return as much of the project as the reader may see of anything.

        Raises:
            Refusal: There is no such project for this reader, or too few people worked on it.
        """
        window = self._window()  # a period to come is refused before it can tell whether there is such a project
        scope, partial = self._widest()
        self._by_months(scope)
        has_names = self._names_allowed(scope)
        if self.command.by is Dimension.PERSON and not has_names:
            raise Refusal(NO_NAMES)
        project = self.of.figures.has_project(self.command.name)
        part = CostScope(scope.people, scope.teams, project=project)
        if project is None or not self.groups.shows(part, window):
            self._log(SubjectKind.PROJECT, self.command.name, Verdict.NOT_THEIRS)
            if project and not partial:
                raise too_few()
            raise self._unknown("project", self.command.name, self._project_near()) if project is None else Refusal(NOTHING)
        return Part(project, part, f'project "{project}"', partial, has_names=has_names)

    def _project_near(self) -> str:
        """Return the words that ask for a project of nearly that name, to FinOps: others could tell which ones there are."""
        spelled = {name.casefold(): name for name in self.of.figures.projects()} if self.near.sees_all else {}
        found = close(self.command.name, spelled)
        return f'project "{spelled[found[0]]}"' if found else ""

    def _note_project(self, part: Part, *, is_there: bool) -> None:
        """Note the look at a project; a part without any cost is refused as if there were no such project."""
        verdict = Verdict.OWN if part.scope.people else Verdict.MANAGER
        self._log(SubjectKind.PROJECT, part.subject, verdict if is_there else Verdict.NOT_THEIRS)
        if not is_there:
            raise Refusal(NOTHING)

    def _of_org(self) -> Part:
        self._allow(SubjectKind.ORG)
        self._by_months(CostScope())
        return Part(self.of.organisation, CostScope(), "org", has_names=self._may(SubjectKind.PEOPLE).allows)

    def _is_long(self) -> bool:
        """Tell whether what is asked are whole months, or the running one."""
        window = self._window()
        return window.start.day == 1 and (window.end > self.now.date() or window.end.day == 1)

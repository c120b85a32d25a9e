"""Converse: a question in words to an answer as a view, for whoever asks and only as far as they may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bot.domain.budget import EACH, Budget, ScopeKind, person_budget, scope_budget
from bot.domain.visibility import (
    Privacy,
    SubjectKind,
    Verdict,
)
from bot.errors import Refusal
from bot.messages.views import (
    BudgetList,
    Help,
    Looks,
    MyCosts,
    OrgCosts,
    PersonCosts,
    ProjectCosts,
    Settings,
    TeamCosts,
    Top,
    Unallocated,
    UnownedKey,
    View,
)
from bot.messages.words import N_, Phrase
from bot.ports import CostScope, Dimension, Look, UnallocatedKey
from bot.services.amounts import LONG, Amounts
from bot.services.commands import HELP, Verb
from bot.services.grammar import RANKED, parse
from bot.services.question import NOTHING, Means, too_few

UNKNOWN = N_("I do not know {email}. Ask FinOps to add you to the directory; then I can answer.")


@dataclass(frozen=True, slots=True)
class Weighed:
    """What there is to say: a view, or a refusal; and the looks that have to be remembered first."""

    view: View | None
    refusal: Refusal | None
    looks: tuple[Look, ...]


class Conversation(Means):
    """Answers questions."""

    def answer(self, email: str, words: str) -> View:
        """Return what *email* may know of what *words* ask, after the look was remembered.

        Raises:
            Refusal: The words are no command, or the answer is not theirs to see; carries the sentence to show.
        """
        found = self.weigh(email, words)
        self.remember(found.looks)
        if found.view is None:
            raise found.refusal or AssertionError
        return found.view

    def weigh(self, email: str, words: str) -> Weighed:
        """Return the same without writing anything, so that a store that is being loaded holds nobody up."""
        now = self.clock.now()
        directory = self.people.directory()
        viewer = directory.person(email)
        if viewer is None:
            return Weighed(None, Refusal(UNKNOWN, email=email.strip()), ())
        try:
            asked = _Asked(self, viewer, directory, parse(words, now.date(), self.fiscal_year_start), now)
        except Refusal as refusal:
            return Weighed(None, refusal, ())
        try:
            return Weighed(asked.answer(), None, tuple(asked.looks))
        except Refusal as refusal:
            return Weighed(None, refusal, tuple(asked.looks))

    def remember(self, looks: Iterable[Look]) -> None:
        """Remember *looks*; it may have to wait for whoever writes."""
        for look in looks:
            self.people.log(look)


@dataclass
class _Asked(Amounts):
    """A question of a kind that has an answer."""

    def answer(self) -> View:
        verbs: dict[Verb, Callable[[], View]] = {
            Verb.ME: self._me,
            Verb.PERSON: self._person,
            Verb.TEAM: self._team,
            Verb.PROJECT: self._project,
            Verb.ORG: self._org,
            Verb.TOP: self._top,
            Verb.BUDGET: self._budget,
            Verb.UNALLOCATED: self._unallocated,
            Verb.SETTINGS: self._settings,
            Verb.PRIVACY: self._looks,
            Verb.HELP: lambda: Help(HELP),
        }
        return verbs[self.command.verb]()

    def _me(self) -> View:
        self._allow(SubjectKind.PERSON, self.viewer.email)
        if self.command.by is Dimension.PERSON:
            raise Refusal("Your own figures have one person. Try: me by model.")
        budget = person_budget(self._budgets(), self.viewer.email, self._team_of(self.viewer))
        scope = CostScope(people=(self.viewer.email,))
        return self._costs(MyCosts, self.viewer.name, scope, budget, (Dimension.TOOL, Dimension.MODEL))

    def _person(self) -> View:
        """Answer for one person: all of it to FinOps, to a manager what the teams they manage today paid."""
        person = self._who(self.command.name.removeprefix("@"))
        if person == self.viewer:
            return self._me()
        if person is None:
            self._log(SubjectKind.PERSON, self.command.name, Verdict.NOT_THEIRS)
            if self.of.privacy is Privacy.WORKS_COUNCIL:
                raise Refusal(NOTHING)
            known = [name for p in self.directory.people.values() for name in (p.email, p.name)]
            raise self._unknown("person", self.command.name, known)
        self._allow(SubjectKind.PERSON, person.email if person else self.command.name, exists=person is not None)
        assert person is not None
        if self.command.by in {Dimension.PERSON, Dimension.TEAM}:
            raise Refusal("That is one person. Try: person {email} by {by}.", email=person.email, by=Dimension.MODEL.value)
        is_whole = self._may(SubjectKind.PERSON, person.email) is Verdict.FINOPS
        led = tuple(sorted(self.directory.managed_by(self.viewer.email, self.now.date())))
        scope = CostScope(people=(person.email,), teams=None if is_whole else led)
        budget = person_budget(self._budgets(), person.email, self._team_of(person)) if is_whole else None
        partial = "" if is_whole else Phrase("the part of the teams you manage")
        found = self._costs(PersonCosts, person.name, scope, budget, (Dimension.TOOL, Dimension.MODEL), partial=partial)
        return replace(found, command=f"person {person.email}")

    def _team(self) -> View:
        name = self.command.name or self._own_team()
        team = self.directory.team(name)
        if team is None and name:
            self._log(SubjectKind.TEAM, name, Verdict.NOT_THEIRS)
            raise self._unknown("team", name, list(self.directory.teams))
        self._allow(SubjectKind.TEAM, team.name if team else name, exists=team is not None)
        self._by_months(CostScope())
        assert team is not None
        verdict = self._may(SubjectKind.TEAM, team.name)
        is_member = verdict is Verdict.MEMBER
        teams = (team.name,) if is_member else tuple(self.directory.below(team.name))
        if not self.groups.shows_teams(teams, self._window()):
            raise too_few()
        if is_member:
            return self._as_member(team.name)
        named = self._may(SubjectKind.PEOPLE_OF_TEAM, team.name).allows
        if self.command.by is Dimension.PERSON and not named:
            raise Refusal("I show no names beside figures here. Try: team by model.")
        if named and self.command.by in {None, Dimension.PERSON}:
            self._log_names(CostScope(teams=teams))
        dimensions = (Dimension.PERSON, Dimension.TOOL) if named else (Dimension.TOOL, Dimension.MODEL)
        budget = scope_budget(self._budgets(), ScopeKind.TEAM, team.name)
        scope = CostScope(teams=teams)
        return replace(self._costs(TeamCosts, team.name, scope, budget, dimensions), units=self._units(scope))

    def _as_member(self, team: str) -> View:
        """Answer a member of *team* in open mode: what the team itself cost in a month or more, and nothing that divides it."""
        if self.command.by or not self._is_long():
            raise Refusal("Members see what their team costs in whole months. Try: team {team}.", team=team)
        partial = Phrase("the team itself, without the teams below it")
        found = self._costs(TeamCosts, team, CostScope(teams=(team,)), None, (Dimension.SOURCE,), partial=partial)
        return replace(found, breakdowns=(), trend=(), command="")

    def _is_long(self) -> bool:
        """Tell whether what is asked are whole months, or the running one."""
        window = self._window()
        return window.start.day == 1 and (window.end > self.now.date() or window.end.day == 1)

    def _project(self) -> View:
        scope, partial = self._widest()
        self._by_months(scope)
        if self.command.by is Dimension.PERSON and not self._names_allowed(scope):
            raise Refusal("I show no names beside figures here. Try: project NAME by model.")
        project = self.of.figures.has_project(self.command.name)
        part = CostScope(scope.people, scope.teams, project=project)
        if project is None or not self.groups.shows(part, self._window()):
            self._log(SubjectKind.PROJECT, self.command.name, Verdict.NOT_THEIRS)
            if project and not partial:
                raise too_few()
            raise self._unknown("project", self.command.name, self.of.figures.projects()) if project is None else Refusal(NOTHING)
        budget = scope_budget(self._budgets(), ScopeKind.PROJECT, project) if not partial else None
        view = self._costs(ProjectCosts, project, part, budget, (Dimension.MODEL, Dimension.TOOL), partial=partial)
        if partial and not view.breakdowns:
            self._log(SubjectKind.PROJECT, project, Verdict.NOT_THEIRS)
            raise Refusal(NOTHING)
        self._log(SubjectKind.PROJECT, project, Verdict.OWN if scope.people else Verdict.MANAGER)
        if self.command.by is Dimension.PERSON:
            self._log_names(scope)
        return replace(view, units=self._units(part))

    def _org(self) -> View:
        self._allow(SubjectKind.ORG)
        self._by_months(CostScope())
        if self.command.by is Dimension.PERSON:
            self._allow(SubjectKind.PEOPLE)
        budget = scope_budget(self._budgets(), ScopeKind.ORG)
        window = self._window()
        unowned = sum(key.cost for key in self.of.figures.unallocated(window))
        dimensions = (Dimension.TEAM, Dimension.TOOL, Dimension.MODEL)
        found = self._costs(OrgCosts, self.of.organisation, CostScope(), budget, dimensions, unowned=self._money(unowned))
        return replace(found, units=self._units(CostScope()))

    def _top(self) -> View:
        dimension = RANKED[self.command.name]
        scope, partial = self._widest()
        self._by_months(scope)
        if dimension is Dimension.PERSON:
            if scope.people or not self._names_allowed(scope):
                self._log(SubjectKind.PEOPLE, "", Verdict.NOT_THEIRS)
                raise Refusal(NOTHING) if scope.people else Refusal("I rank no people here. Try: top models.")
            self._log_names(scope)
        if dimension is Dimension.TEAM and scope.people:
            raise Refusal(NOTHING)
        window = self._window()
        if dimension is Dimension.PERSON and self.of.privacy is not Privacy.WORKS_COUNCIL:
            breakdown, total = self._ranked(scope, window, dimension)
        else:
            rows = self.of.figures.costs(scope, window, dimension)
            total = self._money(sum(row.total for row in rows))
            breakdown = self._breakdown(dimension, rows, total, LONG, scope)
        return Top(self.command.name, partial or self.of.organisation, window, breakdown, total, self._freshness(scope, window))

    def _budget(self) -> View:
        visible = [(budget, scope) for budget, scope in self._visible_budgets() if self._shows_budget(budget, scope)]
        lines = [replace(self._line(budget, scope), scope=_whose(budget, scope)) for budget, scope in visible]
        lines.sort(key=lambda line: (-line.share, line.name))
        return BudgetList(tuple(lines), self._freshness(self._widest()[0], self._window()))

    def _unallocated(self) -> View:
        self._allow(SubjectKind.UNALLOCATED)
        self._by_months(CostScope())
        window = self._window()
        keys = _by_key(self.of.figures.unallocated(window))
        names = {identity.principal.lower() for identity in self.directory.identities}
        shown = tuple(
            UnownedKey(
                key.key,
                key.source,
                self._money(key.cost),
                key.first_seen,
                self._why(key.key, names),
                self._owner_hint(key.likely_owner),
            )
            for key in keys[:LONG]
        )
        whole = self.of.figures.total(CostScope(), window).total
        return Unallocated(
            window,
            shown,
            self._money(sum(key.cost for key in keys)),
            self._money(whole),
            self._freshness(CostScope(), window),
            max(0, len(keys) - LONG),
        )

    def _settings(self) -> View:
        of = self.of
        known = [(str(b.account), b.checked_at) for b in of.accounts.every(self.viewer.email) if b.is_live]
        habits = of.chosen.of(self.viewer.email)
        quiet = f"{habits.quiet_from}–{habits.quiet_to}" if habits.quiet_from != habits.quiet_to else ""
        away = of.chosen.away(self.viewer.email)
        me = self.viewer
        return Settings(me.name, me.email, me.time_zone, tuple(known), habits.cadence.value, habits.hour, quiet, habits.platform, away)

    def _looks(self) -> View:
        looks = [(look.at, self._name_of(look.viewer), look.command) for look in self.of.people.looks_at(self.viewer)]
        return Looks(self.of.privacy.value, tuple(looks))

    def _visible_budgets(self) -> list[tuple[Budget, CostScope]]:
        found = []
        mine = person_budget(self._budgets(), self.viewer.email, self._team_of(self.viewer))
        if mine:
            found.append((mine, CostScope(people=(self.viewer.email,))))
        for team in self.directory.teams:
            budget = scope_budget(self._budgets(), ScopeKind.TEAM, team)
            if budget and self._may(SubjectKind.TEAM, team) in {Verdict.MANAGER, Verdict.FINOPS}:
                found.append((budget, CostScope(teams=tuple(self.directory.below(team)))))
        if self._may(SubjectKind.ORG).allows:
            found += [(b, _whole_scope(b)) for b in self._budgets() if b.scope.kind in _WHOLE and b.scope.name != EACH]
        return found

    def _owner_hint(self, email: str | None) -> str | None:
        """Return whom to ask, where names may be shown."""
        return email if email and self.of.privacy is not Privacy.WORKS_COUNCIL else None

    def _why(self, key: str, named: set[str]) -> Phrase:
        if not key:
            return Phrase("the source names no principal and no allocation rule fits")
        if key.lower() in named:
            return Phrase("a service's identity; no allocation rule gives it a team")
        return Phrase("no identity names this key and no allocation rule fits")


def _by_key(found: Iterable[UnallocatedKey]) -> list[UnallocatedKey]:
    """Return one row per key and source, highest first; its projects are added up, the dearest one says who might own it."""
    rows: dict[tuple[str, str], UnallocatedKey] = {}
    for key in found:
        there = rows.get((key.key, key.source))
        rows[key.key, key.source] = (
            replace(
                there,
                cost=there.cost + key.cost,
                first_seen=min(there.first_seen, key.first_seen),
                last_seen=max(there.last_seen, key.last_seen),
                likely_owner=there.likely_owner or key.likely_owner,
            )
            if there
            else key
        )
    return sorted(rows.values(), key=lambda key: (-key.cost, key.key, key.source))


def _whose(budget: Budget, scope: CostScope) -> Phrase:
    """Return whose budget it is for this reader: one of "each team" is of one team."""
    if scope.people:
        return Phrase("your own")
    name = scope.teams[0] if budget.scope.kind is ScopeKind.TEAM and scope.teams else budget.scope.name
    return Phrase(_SCOPES[budget.scope.kind], name=name)


_SCOPES = {
    ScopeKind.TEAM: N_("team {name}"),
    ScopeKind.PROJECT: N_("project {name}"),
    ScopeKind.PROVIDER: N_("provider {name}"),
    ScopeKind.MODEL: N_("model {name}"),
    ScopeKind.ORG: N_("the organisation"),
}
_WHOLE = {ScopeKind.ORG, ScopeKind.PROJECT, ScopeKind.PROVIDER, ScopeKind.MODEL}


def _whole_scope(budget: Budget) -> CostScope:
    name = budget.scope.name
    match budget.scope.kind:
        case ScopeKind.PROJECT:
            return CostScope(project=name)
        case ScopeKind.PROVIDER:
            return CostScope(provider=name)
        case ScopeKind.MODEL:
            return CostScope(model=name)
        case _:
            return CostScope()

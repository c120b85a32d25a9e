"""Converse: a question in words to an answer as a view, for whoever asks and only as far as they may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.domain.budget import EACH, Budget, ScopeKind, person_budget, scope_budget
from bot.domain.foretold import MONTH, YEAR, Foretold
from bot.domain.visibility import (
    Privacy,
    SubjectKind,
    Verdict,
)
from bot.errors import Refusal, StoreError
from bot.messages.costs import MyCosts, OrgCosts, PersonCosts, ProjectCosts, TeamCosts
from bot.messages.forecasts import Outcome
from bot.messages.views import BudgetList, Help, Looks, Settings, Strangers, Top, Unallocated, UnownedKey, View
from bot.messages.why import Why
from bot.messages.words import N_, Phrase
from bot.ports import CostScope, Dimension, Look, UnallocatedKey
from bot.services.amounts import LONG
from bot.services.claimed import ASKED, open_claims
from bot.services.commands import HELP, Verb
from bot.services.expecting import Expecting
from bot.services.grammar import RANKED, parse
from bot.services.near import Near
from bot.services.question import NO_NAMES, NOTHING, Means
from bot.services.unowned import unowned

Answer = View | Why | Outcome
"""What a question is answered with."""
_PAGE = 50
"""Looks that are listed at once."""
UNKNOWN = N_("I do not know {email}. Ask FinOps to add you to the directory; then I can answer.")


@dataclass(frozen=True, slots=True)
class Weighed:
    """What there is to say: a view, or a refusal; the looks that have to be remembered first, and the forecasts that are kept after."""

    view: Answer | None
    refusal: Refusal | None
    looks: tuple[Look, ...]
    told: tuple[Foretold, ...] = ()


class Conversation(Means):
    """Answers questions."""

    def answer(self, email: str, words: str) -> Answer:
        """Return what *email* may know of what *words* ask, after the look was remembered.

        Raises:
            Refusal: The words are no command, or the answer is not theirs to see; carries the sentence to show.
        """
        view, told = self.found(email, words)
        self.keep(told)
        return view

    def found(self, email: str, words: str) -> tuple[Answer, tuple[Foretold, ...]]:
        """Return the same with the forecasts in it, which are to be kept when it was shown.

        Raises:
            Refusal: As `answer`.
        """
        found = self.weigh(email, words)
        self.remember(found.looks)
        if found.view is None:
            raise found.refusal or AssertionError
        return found.view, found.told

    def weigh(self, email: str, words: str) -> Weighed:
        """Return the same without writing anything, so that a store that is being loaded holds nobody up."""
        now = self.clock.now()
        directory = self.people.directory()
        viewer = directory.person(email)
        if viewer is None:
            return Weighed(None, Refusal(UNKNOWN, email=email.strip()), ())
        try:
            near = Near(viewer, directory, self.privacy, now.date())
            asked = _Asked(self, viewer, directory, parse(words, now.date(), self.fiscal_year_start, near.anything), now)
        except Refusal as refusal:
            return Weighed(None, refusal, ())
        try:
            return Weighed(asked.answer(), None, tuple(asked.looks), tuple(asked.told))
        except Refusal as refusal:
            return Weighed(None, refusal, tuple(asked.looks))

    def remember(self, looks: Iterable[Look]) -> None:
        """Remember *looks*; it may have to wait for whoever writes."""
        for look in looks:
            self.people.log(look)

    def keep(self, told: Sequence[Foretold], *, is_hurried: bool = False) -> None:
        """Keep the forecasts that somebody was shown, so that it can be said how right they were.

        The answer was given: where the store is away, or others write and it is hurried, they are not kept.
        """
        with suppress(StoreError):
            alone = [one for one in told if one.budget in {MONTH, YEAR}]  # those of budgets are kept by a review
            self.forecasts.note_shown(told, kept=alone, is_hurried=is_hurried)


@dataclass
class _Asked(Expecting):
    """A question of a kind that has an answer."""

    def answer(self) -> Answer:
        verbs: dict[Verb, Callable[[], Answer]] = {
            Verb.ME: self._me,
            Verb.PERSON: self._person,
            Verb.TEAM: self._team,
            Verb.PROJECT: self._project,
            Verb.ORG: self._org,
            Verb.TOP: self._top,
            Verb.WHY: self._reasons,
            Verb.FORECAST: self._outcome,
            Verb.BUDGET: self._budget,
            Verb.UNALLOCATED: self._unallocated,
            Verb.SETTINGS: self._settings,
            Verb.PRIVACY: self._looks,
            Verb.HELP: lambda: Help(HELP),
        }
        return verbs[self.command.verb]()

    def _me(self) -> View:
        part = self._of_me()
        if self.command.by is Dimension.PERSON:
            raise Refusal("Your own figures have one person. Try: me by model.")
        budget = self._budget_of(part)
        found = self._costs(MyCosts, part.subject, part.scope, budget, (Dimension.TOOL, Dimension.MODEL))
        return self._with_outlook(found, part.scope, budget)

    def _person(self) -> View:
        person = self._someone()
        if person == self.viewer:
            return self._me()
        if self.command.by in {Dimension.PERSON, Dimension.TEAM}:
            raise Refusal("That is one person. Try: person {email} by {by}.", email=person.email, by=Dimension.MODEL.value)
        part = self._of_person(person)
        budget = self._budget_of(part)
        found = self._costs(PersonCosts, part.subject, part.scope, budget, (Dimension.TOOL, Dimension.MODEL), partial=part.partial)
        return self._with_outlook(replace(found, command=part.words), part.scope, budget)

    def _team(self) -> View:
        part = self._of_team()
        if part.is_member:
            found = self._costs(TeamCosts, part.subject, part.scope, None, (Dimension.SOURCE,), partial=part.partial)
            return replace(found, breakdowns=(), trend=(), command="")
        if self.command.by is Dimension.PERSON and not part.has_names:
            raise Refusal(NO_NAMES)
        if part.has_names and self.command.by in {None, Dimension.PERSON}:
            self._log_names(part.scope)
        dimensions = (Dimension.PERSON, Dimension.TOOL) if part.has_names else (Dimension.TOOL, Dimension.MODEL)
        budget = self._budget_of(part)
        found = self._with_units(self._costs(TeamCosts, part.subject, part.scope, budget, dimensions), part.scope)
        return self._with_outlook(found, part.scope, budget)

    def _project(self) -> View:
        part = self._of_project()
        budget = self._budget_of(part)
        view = self._costs(ProjectCosts, part.subject, part.scope, budget, (Dimension.MODEL, Dimension.TOOL), partial=part.partial)
        self._note_project(part, is_there=bool(view.breakdowns) or not part.partial)
        if self.command.by is Dimension.PERSON:
            self._log_names(replace(part.scope, project=None))
        return self._with_outlook(self._with_units(view, part.scope), part.scope, budget)

    def _org(self) -> View:
        part = self._of_org()
        if self.command.by is Dimension.PERSON:
            self._allow(SubjectKind.PEOPLE)
        budget = self._budget_of(part)
        nobodys = unowned(self.of.figures, self.directory, self.of.privacy, self._window()).total
        dimensions = (Dimension.TEAM, Dimension.TOOL, Dimension.MODEL)
        owed = None if nobodys is None else self._money(nobodys)
        found = self._costs(OrgCosts, part.subject, part.scope, budget, dimensions, unowned=owed)
        return self._with_outlook(self._with_units(found, part.scope), part.scope, budget)

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
        self._divided(scope)
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
        found, waiting = unowned(self.of.figures, self.directory, self.of.privacy, window), self._claimed()
        shown = tuple(
            UnownedKey(
                key.key,
                key.source,
                self._money(key.cost),
                key.first_seen,
                waiting.get(key.key.casefold()) or self._why(key),
                None if key.key.casefold() in waiting else self._owner_hint(key.likely_owner),
            )
            for key in found.keys[:LONG]
        )
        strangers = found.addresses and Strangers(
            len(found.addresses),
            None if found.of_people is None else self._money(found.of_people),
            found.addresses[:LONG],
        )
        return Unallocated(
            window,
            shown,
            None if found.total is None else self._money(found.total),
            self._money(self.of.figures.total(CostScope(), window).total),
            self._freshness(CostScope(), window),
            max(0, len(found.keys) - LONG),
            strangers or None,
        )

    def _claimed(self) -> dict[str, Phrase]:
        """Return what is said of the keys whose claims wait for an answer; by key, without regard to case."""
        found = {}
        for claim in open_claims(self.of.alerts):
            name, number = self._name_of(claim.owner), str(claim.number)
            if self.of.privacy is Privacy.WORKS_COUNCIL and claim.owner != self.viewer.email:
                says = Phrase("claimed; claim {number} waits for an answer", number=number)
            elif claim.state == ASKED:
                says = Phrase("{name} is being asked whether it is theirs (claim {number})", name=name, number=number)
            else:
                says = Phrase("claimed by {name}; claim {number} waits for FinOps", name=name, number=number)
            found[claim.key.casefold()] = says
        return found

    def _settings(self) -> View:
        of = self.of
        known = [(str(b.account), b.checked_at) for b in of.accounts.every(self.viewer.email) if b.is_live]
        habits = of.chosen.of(self.viewer.email)
        quiet = f"{habits.quiet_from}–{habits.quiet_to}" if habits.quiet_from != habits.quiet_to else ""
        away = of.chosen.away(self.viewer.email)
        me = self.viewer
        chosen = habits.cadence.value, habits.hour, quiet, habits.platform, away, of.chosen.language(me)
        return Settings(me.name, me.email, me.time_zone, tuple(known), *chosen)

    def _looks(self) -> View:
        every = self.of.people.looks_at(self.viewer, limit=None)
        page = min(max(int(self.command.name or 1), 1), -(-len(every) // _PAGE) or 1)
        looks = every[(page - 1) * _PAGE : page * _PAGE]
        shown = tuple((look.at, self._name_of(look.viewer), look.command) for look in looks)
        return Looks(self.of.privacy.value, shown, page, len(every) - (page - 1) * _PAGE - len(looks))

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

    def _why(self, key: UnallocatedKey) -> Phrase:
        if not key.key:
            return Phrase("the source names no principal and no allocation rule fits")
        known = [identity for identity in self.directory.identities if identity.principal.lower() == key.key.lower()]
        if any(one.person and one.valid_from <= key.first_seen and key.last_seen < one.valid_to for one in known):
            return Phrase("it has an owner by now; its days follow when the source is loaded again")
        if any(one.person for one in known):
            return Phrase("it has an owner on other days only")
        if known:
            return Phrase("a service's identity; no allocation rule gives it a team")
        return Phrase("no identity names this key and no allocation rule fits")


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

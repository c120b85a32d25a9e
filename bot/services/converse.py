"""Converse: a question in words to an answer as a view, for whoever asks and only as far as they may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

from bot.domain.account import Account
from bot.domain.budget import EACH, Budget, ScopeKind, person_budget, scope_budget
from bot.domain.money import Money
from bot.domain.people import Directory, Person, Role
from bot.domain.period import Window, add_months, first_of_month, midnight, same_days_before
from bot.domain.visibility import (
    Privacy,
    Subject,
    SubjectKind,
    Verdict,
    may_see,
)
from bot.errors import Refusal
from bot.messages.views import (
    Breakdown,
    BudgetLine,
    BudgetList,
    Costs,
    Freshness,
    Help,
    Looks,
    MyCosts,
    OrgCosts,
    PersonCosts,
    ProjectCosts,
    Row,
    Settings,
    TeamCosts,
    Top,
    Unallocated,
    UnownedKey,
    View,
)
from bot.messages.words import N_, Phrase
from bot.ports import FORGOTTEN, Accounts, Budgets, Clock, Cost, CostScope, Dimension, Figures, Ledger, Load, Look, People
from bot.services.commands import HELP, Command, Verb
from bot.services.grammar import RANKED, parse
from bot.services.groups import Groups, months

SHOWN = 8
"""Rows of a breakdown; the rest is one line."""
SHORTEST_TREND, LONGEST_TREND = 3, 62
"""Days of which a picture is drawn; above, it is drawn by month."""
LONG = 31
"""Rows of what was asked for in so many words."""
NOTHING = N_(
    "There is nothing here that I can show you. I answer for your own figures, for teams you manage today, and for FinOps; "
    "if something should be yours, ask FinOps. (help lists what I can answer)"
)
UNKNOWN = N_("I do not know {email}. Ask FinOps to add you to the directory; then I can answer.")
_C = TypeVar("_C", bound=Costs)
_HEADINGS = {
    Dimension.DAY: Phrase("By day"),
    Dimension.MODEL: Phrase("By model"),
    Dimension.PROJECT: Phrase("By project"),
    Dimension.PERSON: Phrase("By person"),
    Dimension.TEAM: Phrase("By team"),
    Dimension.SOURCE: Phrase("By source"),
    Dimension.TOOL: Phrase("By tool"),
}


@dataclass(frozen=True)
class Conversation:
    """Answers questions; every part it needs is a port."""

    figures: Figures
    ledger: Ledger
    people: People
    budgets: Budgets
    accounts: Accounts
    clock: Clock
    organisation: str
    currency: str
    privacy: Privacy
    fiscal_year_start: int = 1

    def answer(self, email: str, words: str) -> View:
        """Return what *email* may know of what *words* ask.

        Raises:
            Refusal: The words are no command, or the answer is not theirs to see; carries the sentence to show.
        """
        now = self.clock.now()
        directory = self.people.directory()
        viewer = directory.person(email)
        if viewer is None:
            raise Refusal(UNKNOWN, email=email.strip())
        command = parse(words, now.date(), self.fiscal_year_start)
        return _Asked(self, viewer, directory, command, now).answer()


@dataclass
class _Asked:
    """One question under way."""

    of: Conversation
    viewer: Person
    directory: Directory
    command: Command
    now: datetime

    def __post_init__(self) -> None:
        self.groups = Groups(self.of.figures, self.directory, self.of.privacy, self.now.date())

    @cached_property
    def _sources(self) -> list[Load]:
        return [load for load in self.of.ledger.sources() if load.description != FORGOTTEN]

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

    # The questions

    def _me(self) -> View:
        self._allow(SubjectKind.PERSON, self.viewer.email)
        if self.command.by in {Dimension.PERSON, Dimension.TEAM}:
            raise Refusal("Your own figures have one person. Try: me by model.")
        budget = person_budget(self._budgets(), self.viewer.email, self._team_of(self.viewer))
        scope = CostScope(people=(self.viewer.email,))
        return self._costs(MyCosts, self.viewer.name, scope, budget, (Dimension.TOOL, Dimension.MODEL))

    def _person(self) -> View:
        """Answer for one person: all of it to FinOps, to a manager what the teams they manage today paid."""
        person = self._who(self.command.name.removeprefix("@"))
        if person == self.viewer:
            return self._me()
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

    def _who(self, name: str) -> Person | None:
        """Return who is meant by an e-mail, a chat account, or a name that is one person's among those the viewer may see."""
        platform, _, rest = name.partition(":")
        if rest.count(":") == 1:
            binding = self.of.accounts.find(Account(platform, *rest.split(":")))
            return self.directory.person(binding.email) if binding and binding.is_live else None
        wanted = name.casefold()
        found = [person for person in self.directory.people.values() if wanted in _names(person) and self._sees(person)]
        if len(found) > 1:
            names = ", ".join(person.email for person in found[:LONG])
            raise Refusal("Which one? {names}. For instance: person {first}.", names=names, first=found[0].email)
        return found[0] if found else None

    def _sees(self, person: Person) -> bool:
        return self._may(SubjectKind.PERSON, person.email).allows

    def _team(self) -> View:
        name = self.command.name or self._own_team()
        team = self.directory.team(name)
        self._allow(SubjectKind.TEAM, team.name if team else name, exists=team is not None)
        self._by_months(CostScope())
        assert team is not None
        verdict = self._may(SubjectKind.TEAM, team.name)
        is_member = verdict is Verdict.MEMBER
        teams = (team.name,) if is_member else tuple(self.directory.below(team.name))
        if not self.groups.shows_teams(teams, self._window()) or (
            is_member and self.command.by in {Dimension.PERSON, Dimension.TEAM, Dimension.PROJECT}
        ):
            raise Refusal(NOTHING)
        named = self._may(SubjectKind.PEOPLE_OF_TEAM, team.name).allows
        if self.command.by is Dimension.PERSON and not named:
            raise Refusal("I show no names beside figures here. Try: team by model.")
        if named and self.command.by in {None, Dimension.PERSON}:
            self._log_names(CostScope(teams=teams))
        dimensions = (Dimension.PERSON, Dimension.TOOL) if named else (Dimension.TOOL, Dimension.MODEL)
        budget = scope_budget(self._budgets(), ScopeKind.TEAM, team.name) if not is_member else None
        return self._costs(TeamCosts, team.name, CostScope(teams=teams), budget, dimensions)

    def _project(self) -> View:
        scope, partial = self._widest()
        self._by_months(scope)
        if self.command.by is Dimension.PERSON and not self._names_allowed(scope):
            raise Refusal("I show no names beside figures here. Try: project NAME by model.")
        project = self.of.figures.has_project(self.command.name)
        part = CostScope(scope.people, scope.teams, project=project)
        if project is None or not self.groups.shows(part, self._window()):
            self._log(SubjectKind.PROJECT, self.command.name, Verdict.NOT_THEIRS)
            raise Refusal(NOTHING)
        budget = scope_budget(self._budgets(), ScopeKind.PROJECT, project) if not partial else None
        view = self._costs(ProjectCosts, project, part, budget, (Dimension.MODEL, Dimension.TOOL), partial=partial)
        if partial and not view.breakdowns:
            self._log(SubjectKind.PROJECT, project, Verdict.NOT_THEIRS)
            raise Refusal(NOTHING)
        self._log(SubjectKind.PROJECT, project, Verdict.OWN if scope.people else Verdict.MANAGER)
        if self.command.by is Dimension.PERSON:
            self._log_names(scope)
        return view

    def _org(self) -> View:
        self._allow(SubjectKind.ORG)
        self._by_months(CostScope())
        if self.command.by is Dimension.PERSON:
            self._allow(SubjectKind.PEOPLE)
        budget = scope_budget(self._budgets(), ScopeKind.ORG)
        window = self._window()
        unowned = sum(key.cost for key in self.of.figures.unallocated(window))
        dimensions = (Dimension.TEAM, Dimension.TOOL, Dimension.MODEL)
        return self._costs(OrgCosts, self.of.organisation, CostScope(), budget, dimensions, unowned=self._money(unowned))

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
        today = self.now.date()
        window = Window(first_of_month(today), today + timedelta(days=1))
        return BudgetList(tuple(lines), self._freshness(self._widest()[0], window))

    def _unallocated(self) -> View:
        self._allow(SubjectKind.UNALLOCATED)
        window = self._window()
        keys = self.of.figures.unallocated(window)
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
        return Settings(self.viewer.name, self.viewer.email, self.viewer.time_zone, tuple(known))

    def _looks(self) -> View:
        looks = [(look.at, self._name_of(look.viewer), look.command) for look in self.of.people.looks_at(self.viewer)]
        return Looks(self.of.privacy.value, tuple(looks))

    # What the answers share

    def _costs(
        self,
        kind: type[_C],
        subject: str,
        scope: CostScope,
        budget: Budget | None,
        dimensions: Sequence[Dimension],
        *,
        partial: str = "",
        unowned: Money | None = None,
    ) -> _C:
        window = self._window()
        asked = (self.command.by,) if self.command.by else dimensions
        found = {dimension: self.of.figures.costs(scope, window, dimension) for dimension in asked}
        some = next(iter(found.values()))
        billed, estimated = self._money(sum(c.billed for c in some)), self._money(sum(c.estimated for c in some))
        freshness = self._freshness(scope, window)
        before = same_days_before(self._delivered(window), self.command.period.kind)
        limit = LONG if self.command.by else SHOWN
        return kind(
            subject=subject,
            period_name=self.command.period_words or "month",
            window=window,
            billed=billed,
            estimated=estimated,
            previous=self._money(self.of.figures.total(scope, before).total) if self.groups.shows(scope, before) else None,
            previous_window=before,
            budget=self._line(budget, scope) if budget and self._shows_budget(budget, scope) else None,
            breakdowns=tuple(b for d, rows in found.items() if (b := self._breakdown(d, rows, billed + estimated, limit, scope)).rows),
            freshness=freshness,
            partial=partial,
            asked=self.command.text,
            asked_period=self.command.period_words,
            unowned=unowned,
            trend=self._trend(scope, window) if not self.command.by else (),
        )

    def _trend(self, scope: CostScope, window: Window) -> tuple[tuple[Window, Money], ...]:
        """Return the cost of each day of *window*, of each month where it is long; nothing where days would tell people apart."""
        days = (window.end - window.start).days
        if self.groups.concern(scope) or days < SHORTEST_TREND:
            return ()
        found = {date.fromisoformat(cost.key): cost.total for cost in self.of.figures.costs(scope, window, Dimension.DAY)}
        if not any(found.values()):
            return ()
        parts = months(window) if days > LONGEST_TREND else [_day(window.start + timedelta(days=n)) for n in range(days)]
        return tuple((part, self._money(sum(nanos for day, nanos in found.items() if day in part))) for part in parts)

    def _delivered(self, window: Window) -> Window:
        """Return the days of *window* for which some source has delivered: what is compared with as many days before."""
        reached = max((load.watermark for load in self._sources), default=None)
        if reached is None:
            return window
        last = (reached - timedelta(microseconds=1)).date()
        return window.until(max(last + timedelta(days=1), window.start + timedelta(days=1)))

    def _window(self) -> Window:
        """Return the days of the asked period that have begun: what is yet to come is no cost."""
        return self.command.period.window.until(self.now.date() + timedelta(days=1))

    def _breakdown(self, dimension: Dimension, costs: Sequence[Cost], total: Money, limit: int, scope: CostScope) -> Breakdown:
        if self.groups.concern(scope) and dimension is not Dimension.DAY:
            rows = self._without_small_groups(dimension, costs, scope)
        else:
            rows = [(self._shown(dimension, cost.key), cost.total) for cost in costs]
        kept = rows if dimension is Dimension.DAY or len(rows) <= limit + 1 else rows[:limit]
        rest = rows[len(kept) :]
        shares = [Row(key, self._money(nanos), Fraction(nanos, total.nanos) if total.nanos else Fraction(0)) for key, nanos in kept]
        left_out = self._money(sum(nanos for _, nanos in rest)) if rest else None
        return Breakdown(dimension.value, _HEADINGS[dimension], tuple(shares), len(rest), left_out)

    def _ranked(self, scope: CostScope, window: Window, dimension: Dimension) -> tuple[Breakdown, Money]:
        """Return the highest rows and the total, without ever holding the others: there may be tens of thousands."""
        found = self.of.figures.highest(scope, window, dimension, LONG + 1)
        cut = LONG if found.others else LONG + 1
        kept, last = found.rows[:cut], found.rows[cut:]
        rest = found.rest + sum(nanos for _, nanos in last)
        total = sum(nanos for _, nanos in kept) + rest
        shares = [Fraction(nanos, total) if total else Fraction(0) for _, nanos in kept]
        rows = tuple(Row(self._shown(dimension, key), self._money(nanos), share) for (key, nanos), share in zip(kept, shares, strict=True))
        others = found.others + len(last)
        left_out = self._money(rest) if others else None
        return Breakdown(dimension.value, _HEADINGS[dimension], rows, others, left_out), self._money(total)

    def _shown(self, dimension: Dimension, key: str) -> str:
        """Return how a key is called: people by their names, what has no owner as such."""
        if dimension is Dimension.PERSON:
            return self._name_of(key) if key else Phrase("no person")
        if dimension is Dimension.TEAM:
            return key or Phrase("no team")
        return key

    def _without_small_groups(self, dimension: Dimension, costs: Sequence[Cost], scope: CostScope) -> list[tuple[str, int]]:
        """Return the rows with those of fewer than five people added together, so that no row is about one of them."""
        merged = self.groups.merged(self.groups.sizes(dimension, costs, scope, self._window()))
        named = [(self._shown(dimension, cost.key), cost.total) for cost in costs if cost.key not in merged]
        small = sum(cost.total for cost in costs if cost.key in merged)
        return [*named, (Phrase("small groups together"), small)] if any(cost.key in merged for cost in costs) else named

    def _by_months(self, scope: CostScope) -> None:
        """Refuse days of a group where two answers could be subtracted from one another."""
        if self.groups.concern(scope) and (self.command.by is Dimension.DAY or not self.groups.are_whole(self._window())):
            raise Refusal(
                "Figures of several people are shown by whole months here, so that nobody can be told apart. "
                "Ask for a month, a quarter or a year, and not by day."
            )

    def _line(self, budget: Budget, scope: CostScope) -> BudgetLine:
        """Return how far along *budget* is in its period that holds the end of what was asked."""
        window = self._budget_window(budget)
        spent = self.of.figures.total(scope, window.until(self.now.date() + timedelta(days=1)))
        use = budget.used(self._money(spent.total))
        return BudgetLine(
            budget.name,
            str(budget.scope),
            budget.period.value,
            budget.limit,
            use.cost,
            use.remaining,
            use.share,
            midnight(window.end),
            use.tier,
        )

    def _budget_window(self, budget: Budget) -> Window:
        return budget.current(max(self._window().start, self._window().end - timedelta(days=1))).window

    def _shows_budget(self, budget: Budget, scope: CostScope) -> bool:
        return self.groups.shows(scope, self._budget_window(budget).until(self.now.date() + timedelta(days=1)))

    def _freshness(self, scope: CostScope, window: Window) -> Freshness:
        """Return how far the sources that contribute reach; all sources where none contributes."""
        names = {row.key for row in self.of.figures.costs(scope, window, Dimension.SOURCE)}
        loads = [load for load in self._sources if load.source in names] or self._sources
        if not loads:
            return Freshness(None)
        final = max(final_day(load, max(window.start, window.end - timedelta(days=1))) for load in loads)
        return Freshness(min(load.watermark for load in loads), final if final > self.now.date() else None)

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

    def _widest(self) -> tuple[CostScope, str]:
        """Return all that the viewer may see, and what part of the organisation that is in words (none for all)."""
        if Role.FINOPS in self.viewer.roles and self.viewer.stint(self.now.date()):
            return CostScope(), ""
        led = sorted(self.directory.managed_by(self.viewer.email, self.now.date()))
        if led and self.viewer.stint(self.now.date()) and self.groups.shows_teams(led, self._window()):
            return CostScope(teams=tuple(led)), Phrase("the part of the teams you manage")
        return CostScope(people=(self.viewer.email,)), Phrase("your own part")

    def _names_allowed(self, scope: CostScope) -> bool:
        if scope.people is not None:
            return False
        if scope.teams is None:
            return self._may(SubjectKind.PEOPLE).allows
        return all(self._may(SubjectKind.PEOPLE_OF_TEAM, team).allows for team in scope.teams)

    def _log_names(self, scope: CostScope) -> None:
        if scope.teams is None:
            self._log(SubjectKind.PEOPLE, "", Verdict.FINOPS)
        for team in scope.teams or ():
            self._log(SubjectKind.PEOPLE_OF_TEAM, team, Verdict.MANAGER)

    def _own_team(self) -> str:
        """Return the team meant by `team` alone: the topmost one managed, else the viewer's own."""
        led = self.directory.managed_by(self.viewer.email, self.now.date())
        tops = sorted(name for name in led if (self.directory.teams[name].parent or "") not in led)
        if len(tops) > 1:
            raise Refusal("Which team? You manage {teams}. For instance: team {first}.", teams=", ".join(tops), first=tops[0])
        return tops[0] if tops else self._team_of(self.viewer) or ""

    # Who may

    def _may(self, kind: SubjectKind, name: str = "") -> Verdict:
        return may_see(self.viewer, Subject(kind, name), self.directory, self.of.privacy, self.now.date())

    def _allow(self, kind: SubjectKind, name: str = "", *, exists: bool = True) -> None:
        """Log the look and refuse it where it is not allowed, in the same words whether the subject exists or not."""
        verdict = self._may(kind, name) if exists else Verdict.NOT_THEIRS
        self._log(kind, name, verdict)
        if not verdict.allows:
            raise Refusal(NOTHING)

    def _log(self, kind: SubjectKind, name: str, verdict: Verdict) -> None:
        """Remember a look; one's own are nobody's business, and must not wait for a store that is being loaded."""
        if verdict is Verdict.OWN:
            return
        self.of.people.log(Look(self.now, self.viewer.email, kind.value, name, verdict.value, self.command.text))

    # Small things

    def _budgets(self) -> list[Budget]:
        return self.of.budgets.current()

    def _money(self, nanos: int) -> Money:
        return Money(nanos, self.of.currency)

    def _team_of(self, person: Person) -> str | None:
        stint = person.stint(self.now.date())
        return stint.team if stint else None

    def _name_of(self, email: str) -> str:
        person = self.directory.person(email)
        return person.name if person else email

    def _owner_hint(self, email: str | None) -> str | None:
        """Return whom to ask, where names may be shown."""
        return email if email and self.of.privacy is not Privacy.WORKS_COUNCIL else None

    def _why(self, key: str, named: set[str]) -> Phrase:
        if not key:
            return Phrase("the source names no principal and no allocation rule fits")
        if key.lower() in named:
            return Phrase("a service's identity; no allocation rule gives it a team")
        return Phrase("no identity names this key and no allocation rule fits")


def _names(person: Person) -> set[str]:
    """Return what a person may be called in a question."""
    local = person.email.partition("@")[0]
    return {name.casefold() for name in (person.email, local, person.name, person.name.partition(" ")[0])}


def _whose(budget: Budget, scope: CostScope) -> Phrase:
    """Return whose budget it is for this reader: one of "each team" is of one team."""
    if scope.people:
        return Phrase("your own")
    name = scope.teams[0] if budget.scope.kind is ScopeKind.TEAM and scope.teams else budget.scope.name
    return Phrase(_SCOPES[budget.scope.kind], name=name)


def final_day(load: Load, last: date) -> date:
    """Return the day from which the figures of *last* by the source of *load* no longer change."""
    end = add_months(first_of_month(last), 1) if load.settling.after_month else last + timedelta(days=1)
    return end + timedelta(days=load.settling.days)


def _day(day: date) -> Window:
    return Window(day, day + timedelta(days=1))


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

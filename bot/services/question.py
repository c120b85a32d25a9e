"""Question: what somebody asks, who they are, and what they may see of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from bot.domain.account import Account
from bot.domain.budget import Budget
from bot.domain.foretold import Foretold
from bot.domain.money import Money
from bot.domain.people import Directory, Person, Role
from bot.domain.period import Window
from bot.domain.visibility import (
    Privacy,
    Subject,
    SubjectKind,
    Verdict,
    may_see,
)
from bot.errors import Refusal
from bot.messages.words import N_, Phrase
from bot.ports import (
    Accounts,
    Alerts,
    Budgets,
    Calendar,
    Clock,
    CostScope,
    Figures,
    Forecasts,
    Hints,
    Ledger,
    Look,
    Outcomes,
    People,
    PriceBook,
)
from bot.services.commands import Command
from bot.services.groups import Groups
from bot.services.habits import Chosen
from bot.services.near import Near, aliases

NOTHING = N_(
    "There is nothing here that I can show you. I answer for your own figures, for teams you manage today, and for FinOps; "
    "if something should be yours, ask FinOps. (help lists what I can answer)"
)

NO_NAMES = N_("I show no names beside figures here. Ask about the team, the project or the organisation as a whole.")
_CHOICES = 8
"""How many people are offered where a name is several people's."""


@dataclass(frozen=True)
class Means:
    """What answers are made of: ports, and what the deployment decided."""

    figures: Figures
    hints: Hints
    ledger: Ledger
    people: People
    budgets: Budgets
    outcomes: Outcomes
    accounts: Accounts
    alerts: Alerts
    chosen: Chosen
    clock: Clock
    prices: PriceBook
    forecasts: Forecasts
    calendar: Calendar
    organisation: str
    currency: str
    privacy: Privacy
    fiscal_year_start: int = 1


@dataclass
class Question:
    """One question under way.

    Attributes:
        looks: Who looked at whose figures, or was refused; to be remembered before the answer is shown.
        told: Forecasts in the answer; to be kept when it was shown.
    """

    of: Means
    viewer: Person
    directory: Directory
    command: Command
    now: datetime
    looks: list[Look] = field(default_factory=list)
    told: list[Foretold] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.groups = Groups(self.of.figures, self.directory, self.of.privacy, self.now.date())

    def _window(self) -> Window:
        """Return the days of the asked period that have begun: what is yet to come is no cost.

        Raises:
            Refusal: None of them has begun.
        """
        window = self.command.period.window
        if window.start > self.now.date():
            raise Refusal("{period} has not begun yet.", period=self.command.period_words)
        return window.until(self.now.date() + timedelta(days=1))

    def _may(self, kind: SubjectKind, name: str = "") -> Verdict:
        return may_see(self.viewer, Subject(kind, name), self.directory, self.of.privacy, self.now.date())

    @cached_property
    def near(self) -> Near:
        """The names that the viewer may see."""
        return Near(self.viewer, self.directory, self.of.privacy, self.now.date())

    def _unknown(self, what: str, name: str, nearest: str) -> Refusal:
        """Return the refusal of a name that is not there, or not theirs to see: only FinOps, who sees all, is told which of both."""
        if not self.near.sees_all:
            if not nearest:
                return Refusal(NOTHING)
            return Refusal("I can show you nothing called “{name}”. Did you mean: {nearest}?", nearest, name=name, nearest=nearest)
        if not nearest:
            return Refusal("There is no {what} “{name}”.", what=what, name=name)
        return Refusal("There is no {what} “{name}”. Did you mean: {nearest}?", nearest, what=what, name=name, nearest=nearest)

    def _allow(self, kind: SubjectKind, name: str = "", *, exists: bool = True) -> None:
        """Log the look and refuse it where it is not allowed, in the same words whether the subject exists or not."""
        verdict = self._may(kind, name) if exists else Verdict.NOT_THEIRS
        self._log(kind, name, verdict)
        if verdict in {Verdict.TOO_SMALL, Verdict.NO_NAMES}:
            raise too_few() if verdict is Verdict.TOO_SMALL else Refusal(NO_NAMES)
        if not verdict.allows:
            raise Refusal(NOTHING)

    def _log(self, kind: SubjectKind, name: str, verdict: Verdict) -> None:
        """Note a look; one's own are nobody's business."""
        if verdict is Verdict.OWN:
            return
        self.looks.append(Look(self.now, self.viewer.email, kind.value, name, verdict.value, self.command.text))

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

    def _who(self, name: str) -> Person | None:
        """Return who is meant by an e-mail, a chat account, or a name that is one person's among those the viewer may see."""
        platform, _, rest = name.partition(":")
        if rest.count(":") == 1:
            binding = self.of.accounts.find(Account(platform, *rest.split(":")))
            return self.directory.person(binding.email) if binding and binding.is_live else None
        wanted = name.casefold()
        found = [person for person in self.directory.people.values() if wanted in aliases(person) and self._sees(person)]
        if len(found) > 1:
            names = ", ".join(person.email for person in found[:_CHOICES])
            raise Refusal("Which one? {names}. For instance: person {first}.", names=names, first=found[0].email)
        return found[0] if found else None

    def _sees(self, person: Person) -> bool:
        return self._may(SubjectKind.PERSON, person.email).allows

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


def too_few() -> Refusal:
    """Return the refusal of figures of too few people."""
    return Refusal(
        "Figures of fewer than five people, or from which they could be worked out, are not shown here, neither to you nor to FinOps."
    )

"""Because: why what an alert is about costs more than in as many days before, for one reader of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.audience import Audience
from bot.domain.budget import Scope, ScopeKind
from bot.domain.period import PeriodKind, Window, same_days_before
from bot.domain.variance import explain, largest
from bot.domain.visibility import Privacy, Subject, SubjectKind, Verdict, may_see
from bot.messages.why import Change
from bot.ports import CostScope, Figures, PriceBook
from bot.services.subjects import cost_scope
from bot.services.why import Words, used


@dataclass(frozen=True)
class Because:
    """Reasons for alerts.

    Attributes:
        delivered: Days that every source has delivered; None before the first load.
    """

    figures: Figures
    prices: PriceBook
    audience: Audience
    currency: str
    delivered: Window | None

    def change(self, email: str, subject: Scope, window: Window, kind: PeriodKind) -> Change | None:
        """Return why *subject* costs what it does so far in *window*; None where the days before cannot be compared or shown.

        People and models are named to those who may see them only; in works_council mode to nobody but oneself.
        """
        days = self._days(window, kind)
        is_own = subject == Scope(ScopeKind.PERSON, email)
        if days is None or (self.audience.privacy is Privacy.WORKS_COUNCIL and not is_own):
            return None
        before, so_far = days
        if not self._is_theirs(email, subject, before):
            return None
        found = used(self.figures, self.prices, cost_scope(subject, self.audience.directory), before, so_far)
        old, new = (side.whole() for side in found)
        if not old.usages or not new.usages:
            return None
        if not is_own and not self.names(email, subject):
            return replace(Words(self.currency).change(explain(old.together(), new.together())), beside=before)
        change = Words(self.currency, self.audience.name, is_own=is_own).change(explain(old, new), largest(old, new))
        return replace(change, beside=before)

    def names(self, email: str, subject: Scope) -> bool:
        """Tell whether *email* may see who is behind the cost of *subject*."""
        viewer = self.audience.person(email)
        if viewer is None or subject.kind not in {ScopeKind.PERSON, ScopeKind.TEAM}:
            return False
        is_team = subject.kind is ScopeKind.TEAM
        asked = Subject(SubjectKind.PEOPLE_OF_TEAM if is_team else SubjectKind.PERSON, subject.name)
        return may_see(viewer, asked, self.audience.directory, self.audience.privacy, self.audience.today).allows

    def _is_theirs(self, email: str, subject: Scope, before: Window) -> bool:
        """Tell whether *email* may see all that a person cost in *before*: a manager sees what the teams they lead today paid."""
        viewer = self.audience.person(email)
        if viewer is None or subject.kind is not ScopeKind.PERSON or subject.name == email:
            return viewer is not None
        of = self.audience
        verdict = may_see(viewer, Subject(SubjectKind.PERSON, subject.name), of.directory, of.privacy, of.today)
        if verdict is not Verdict.MANAGER:
            return verdict.allows
        led = CostScope(people=(subject.name,), teams=tuple(sorted(of.directory.managed_by(email, of.today))))
        return self.figures.total(led, before) == self.figures.total(CostScope(people=(subject.name,)), before)

    def _days(self, window: Window, kind: PeriodKind) -> tuple[Window, Window] | None:
        """Return the days before and those of *window* so far, None where some source lacks some of them."""
        if self.delivered is None or self.delivered.end <= window.start:
            return None
        so_far = window.until(self.delivered.end)
        before = same_days_before(so_far, kind)
        return (before, so_far) if before.start >= self.delivered.start else None

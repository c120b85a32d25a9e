"""Because: why what an alert is about costs more than in as many days before, for one reader of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

from bot.domain.audience import Audience
from bot.domain.budget import Scope, ScopeKind
from bot.domain.consumption import Side, together
from bot.domain.episode import Episode
from bot.domain.period import PeriodKind, Window, same_days_before
from bot.domain.presence import Presences, presences
from bot.domain.variance import explain, explain_mean, largest
from bot.domain.visibility import Privacy, Subject, SubjectKind, Verdict, may_see
from bot.messages.why import Change
from bot.ports import CostScope, Dimension, Figures, Ledger, Load, PriceBook
from bot.services.deliveries import has_all, standing
from bot.services.subjects import cost_scope
from bot.services.why import Words, used, used_in

_WEEK = 7
_BEFORE = timedelta(weeks=4)
"""How far back the same weekdays are looked for."""


@dataclass(frozen=True, slots=True)
class Told:
    """Why an episode costs more than the mean of the same weekdays before.

    Attributes:
        days: All the days before that it is compared with.
        named: E-mails of those whom the words name.
    """

    change: Change
    days: Window
    named: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Because:
    """Reasons for alerts; what was worked out once is not worked out again for the next reader."""

    figures: Figures
    prices: PriceBook
    audience: Audience
    currency: str
    ledger: Ledger
    _episodes: dict[tuple[bool, str, date, date], Told | None] = field(default_factory=dict)

    def change(self, email: str, subject: Scope, window: Window, kind: PeriodKind) -> Change | None:
        """Return why *subject* costs what it does so far in *window*; None where the days before cannot be compared or shown.

        People and models are named to those who may see them only; in works_council mode to nobody but oneself.
        """
        is_own = subject == Scope(ScopeKind.PERSON, email)
        if self.audience.privacy is Privacy.WORKS_COUNCIL and not is_own:
            return None
        scope = cost_scope(subject, self.audience.directory)
        days = self._days(scope, window, kind)
        if days is None:
            return None
        before, so_far = days
        if not self._is_theirs(email, subject, before):
            return None
        old, new = (side.whole() for side in used(self.figures, self.prices, scope, before, so_far))
        if not old.usages or not new.usages:
            return None
        presence = presences(self.audience.directory, scope.teams or (), [before], [so_far])
        if not is_own and not self.names(email, subject):
            words = Words(self.currency, has_moves=bool(presence.keys() & {*old.costs(), *new.costs()}))
            return replace(words.change(explain(old.together(), new.together())), beside=before)
        words = Words(self.currency, self.audience.name, is_own)
        change = words.change(explain(old, new, presence=presence), largest(old, new, presence=presence))
        return replace(change, beside=before)

    def of_episode(self, email: str, team: str, episode: Episode) -> Told | None:
        """Return why the days of *episode* cost *team* more than the mean of the same weekdays before; None where that is unknown.

        *email* may see what the team cost. People and models are named to those who may see them only. In works_council mode there
        are none: what a cost consists of is told of the whole organisation alone.
        """
        if self.audience.privacy is Privacy.WORKS_COUNCIL:
            return None
        key = self.names(email, Scope(ScopeKind.TEAM, team)), team, episode.since, episode.until
        if key not in self._episodes:
            self._episodes[key] = self._of_episode(*key)
        return self._episodes[key]

    def names(self, email: str, subject: Scope) -> bool:
        """Tell whether *email* may see who is behind the cost of *subject*."""
        viewer = self.audience.person(email)
        if viewer is None or subject.kind not in {ScopeKind.PERSON, ScopeKind.TEAM}:
            return False
        is_team = subject.kind is ScopeKind.TEAM
        asked = Subject(SubjectKind.PEOPLE_OF_TEAM if is_team else SubjectKind.PERSON, subject.name)
        return may_see(viewer, asked, self.audience.directory, self.audience.privacy, self.audience.today).allows

    def _of_episode(self, has_names: bool, team: str, since: date, until: date) -> Told | None:  # noqa: FBT001 - part of a key
        scope, now = CostScope(teams=(team,)), Window(since, until + timedelta(days=1))
        befores = self._weeks_before(scope, now)
        if not befores:
            return None
        new, *earlier = (found.whole() for found in used_in(self.figures, self.prices, scope, [now, *befores]))
        old = together(reversed(earlier))
        if not old.usages or not new.usages:
            return None
        days = Window(befores[-1].start, since)
        presence = presences(self.audience.directory, (team,), befores, [now])
        if not has_names:
            words = Words(self.currency, has_moves=bool(presence.keys() & {*old.costs(), *new.costs()}))
            return Told(words.change(explain_mean(old.together(), new.together(), len(befores))), days)
        known = {row.person for row in self.figures.usage(scope, days)}
        return self._worded(old, new, len(befores), days, known, presence)

    def _weeks_before(self, scope: CostScope, now: Window) -> list[Window]:
        """Return as many days with the same weekdays as *now*, several times if they are few, newest first; those delivered only."""
        span = timedelta(weeks=-(-len(now) // _WEEK))
        most = max(_BEFORE // span, 1)
        begin = self._begin(scope, Window(now.start - most * span, now.end))
        count = min((now.start - begin) // span, most) if begin else 0
        return [Window(now.start - n * span, now.end - n * span) for n in range(1, count + 1)]

    def _worded(self, old: Side, new: Side, count: int, days: Window, known: set[str], presence: Presences) -> Told:
        """Return the reasons with names; who is *known* from other days before is not new, and nobody has stopped within some days."""
        named: set[str] = set()

        def name(email: str) -> str:
            named.add(email)
            return self.audience.name(email)

        known = known | old.people()
        movers = largest(old, new.times(count), known=known, presence=presence)
        change = Words(self.currency, name).change(explain_mean(old, new, count, known, presence), movers)
        return Told(change, days, frozenset(named))

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

    def _days(self, scope: CostScope, window: Window, kind: PeriodKind) -> tuple[Window, Window] | None:
        """Return the days before and those of *window* so far, None where a source that contributes lacks some of them."""
        whole = window.until(self.audience.today + timedelta(days=1))
        some = self._contributing(scope, Window(same_days_before(whole, kind).start, whole.end))
        so_far = window.until(min((self._reach[source].end for source in some), default=window.start))
        before = same_days_before(so_far, kind)
        return (before, so_far) if len(so_far) and has_all(some, before, self._deliveries) else None

    def _begin(self, scope: CostScope, window: Window) -> date | None:
        """Return the first day that every source with cost of *scope* in *window* has delivered."""
        return max((self._reach[source].start for source in self._contributing(scope, window)), default=None)

    def _contributing(self, scope: CostScope, window: Window) -> list[str]:
        return [cost.key for cost in self.figures.costs(scope, window, Dimension.SOURCE) if cost.key in self._reach]

    @cached_property
    def _deliveries(self) -> list[Load]:
        return standing(self.ledger.loads())

    @cached_property
    def _reach(self) -> dict[str, Window]:
        """The whole days that each source has delivered, from the first to the last."""
        found: dict[str, Window] = {}
        for load in self._deliveries:
            known = found.get(load.source, Window(load.window.start, load.window.start))
            first = min(load.window.start, known.start)
            found[load.source] = Window(first, max(load.watermark.date(), known.end, first))
        return found

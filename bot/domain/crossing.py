"""Crossings: from what a budget's subject has cost to the changes of its alerts. Pure; the semantics are those of design 4.

An actual tier is told once a period; of several reached at once only the highest tells. A forecast tells at the limit,
again only after it fell below `REARM`, at most `MOST` times a period. What a correction undoes is taken back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from bot.domain import steps
from bot.domain.alert import Alert, Change, Found, Identity, Kind, Reason, Says, Seen, State
from bot.domain.budget import Budget, Scope
from bot.domain.burn import DAY, Burn
from bot.domain.money import Money
from bot.domain.period import Window, midnight

LIMIT = Decimal(1)
REARM = Fraction(95, 100)
MOST = 2
"""How often a forecast or a pace may tell in one period."""
MOST_ROUNDS = 2
"""How often a tier may be told that corrections take back, before it waits for final figures."""
APART = timedelta(hours=24)
"""Between two tellings of a forecast or a pace."""
PACES = (Decimal("1.5"), Decimal(3))
"""Multiples of the plan: worth a warning, and urgent."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one budget's subject has cost in one period, as a review saw it.

    Attributes:
        budget: With the limit and the version that hold for this subject today.
        cost: Up to *as_of*, the oldest watermark of the sources that contribute.
        expected: Of the whole period; None where there is no history to tell.
        pace: The highest of `PACES` that was reached just now, None below.
        burn: What too much was spent within the last hours; then the pace is the highest.
        is_calm: The last days, and the running one so far, cost no more than planned.
        is_over: The period has ended and every source has delivered all of it.
    """

    budget: Budget
    subject: Scope
    window: Window
    cost: Money
    as_of: datetime | None
    expected: Money | None = None
    pace: Decimal | None = None
    burn: Burn | None = None
    is_calm: bool = True
    is_over: bool = False

    @property
    def share(self) -> Fraction:
        """The share of the limit that is used."""
        return Fraction(self.cost.nanos, self.budget.limit.nanos)

    @property
    def seen(self) -> Seen:
        """The figures, for an alert."""
        return Seen(self.cost, self.budget.limit, self.as_of, self.expected, self.burn)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the deployment decided.

    Attributes:
        answer_from: Share of the limit from which silence escalates.
    """

    answer_from: Decimal = Decimal(1)


@dataclass
class Deciding:
    """The alerts of one subject of one budget in one period, being decided."""

    measured: Measured
    known: Sequence[Alert]
    terms: Terms
    owners: tuple[str, ...]
    due: datetime | None
    at: datetime
    changes: list[Change] = field(default_factory=list)

    def decide(self) -> list[Change]:
        """Return what changes, the step that tells most last; empty when nothing is new."""
        self._close_other_versions()
        self._tiers()
        self._forecast()
        self._pace()
        if self.measured.is_over:
            self._end()
        return [change for change in self.changes if change.happened]

    # Tiers of what was spent

    def _tiers(self) -> None:
        measured = self.measured
        reached = [tier for tier in measured.budget.ladder if Fraction(tier) <= measured.share]
        for known in self._of(Kind.TIER):
            if known.identity.tier not in reached and known.state is not State.RETRACTED:
                self._take(steps.corrected(known, measured.seen, self.at))
        new = [tier for tier in reached if self._is_new(tier)]
        if not new:
            return
        for tier in new[:-1]:
            self._take(steps.inhibited(self._tier(tier), self._found(tier), Reason.HIGHER_TIER, self.at))
        self._tell_tier(new[-1])

    def _tell_tier(self, tier: Decimal) -> None:
        """Tell the highest tier that is new, unless something says more already."""
        known, found = self._tier(tier), self._found(tier)
        higher = any(a.identity.tier > tier and a.state is not State.RETRACTED and a.was_told for a in self._of(Kind.TIER))
        if higher:
            self._take(steps.inhibited(known, found, Reason.HIGHER_TIER, self.at))
        elif tier < LIMIT and self._known_before_raise(tier):
            self._take(steps.inhibited(known, found, Reason.KNOWN_BEFORE_RAISE, self.at))
        elif known and known.crossings >= MOST_ROUNDS and not self.measured.is_over:
            self._take(steps.inhibited(known, found, Reason.FLAPPING, self.at))
        elif self.measured.is_over and tier < LIMIT:
            self._take(steps.inhibited(known, found, Reason.PERIOD_ENDED, self.at))
        elif self.measured.is_over:
            self._take(steps.crossed_late(known, found, self.owners, self.at))
        else:
            for lower in self._of(Kind.TIER):
                if lower.is_live and lower.identity.tier < tier:
                    self._take(steps.closed(lower, Reason.NEXT_TIER, self.measured.seen, self.at))
            self._take(steps.crossed(known, found, self.owners, self.due, self.at))

    def _known_before_raise(self, tier: Decimal) -> bool:
        """Tell whether, before the limit went up, people were told of at least what this tier is now."""
        threshold = Fraction(tier) * self.measured.budget.limit.nanos
        earlier = [
            a.told
            for a in self.known
            if a.identity.kind is Kind.TIER and a.identity.version < self.measured.budget.version and a.told and a.told.limit
        ]
        return any(
            told.limit is not None and told.limit.nanos <= self.measured.budget.limit.nanos and told.cost.nanos >= threshold
            for told in earlier
        )

    def _is_new(self, tier: Decimal) -> bool:
        known = self._tier(tier)
        return known is None or known.state is State.RETRACTED

    def _tier(self, tier: Decimal) -> Alert | None:
        return next((a for a in self._of(Kind.TIER) if a.identity.tier == tier), None)

    # What is expected, and how fast it goes

    def _forecast(self) -> None:
        measured = self.measured
        expected = measured.expected
        share = Fraction(expected.nanos, measured.budget.limit.nanos) if expected else Fraction(0)
        live = next((a for a in self._of(Kind.FORECAST) if a.is_live), None)
        has_happened = measured.share >= 1
        if live and has_happened:
            self._take(steps.closed(live, Reason.REACHED, measured.seen, self.at))
        elif live and expected and share < REARM:
            self._take(steps.closed(live, Reason.RECOVERED, measured.seen, self.at))
        elif not live and not has_happened and not measured.is_over and share >= 1:
            self._again(Kind.FORECAST, LIMIT)

    def _pace(self) -> None:
        """Tell how fast it goes; that a budget which is gone will be gone is no news, but some hours of it may be a runaway."""
        measured = self.measured
        live = [a for a in self._of(Kind.BURN) if a.is_live]
        is_runaway = measured.burn is not None and measured.burn.hours < DAY
        is_gone = measured.share >= 1 and not is_runaway
        for known in live:
            if measured.is_calm:
                self._take(steps.closed(known, Reason.RECOVERED, measured.seen, self.at))
            elif is_gone and not known.needs_answer:
                self._take(steps.closed(known, Reason.REACHED, measured.seen, self.at))
        if is_gone:
            return
        pace = measured.pace
        if pace is None or measured.is_over or any(a.identity.tier >= pace for a in live):
            return
        if self._again(Kind.BURN, pace):
            for lower in live:
                self._take(steps.closed(lower, Reason.NEXT_TIER, measured.seen, self.at))

    def _again(self, kind: Kind, tier: Decimal) -> bool:
        """Tell what may be told several times a period, if it may be told now."""
        before = [a for a in self._of(kind) if a.identity.tier == tier]
        told = [a for a in before if a.was_told]
        known = [a for a in before if a.was_told or a.reason is Reason.TOLD_WITH]  # which was told in the message of another one
        if len(told) >= MOST or any(self.at - a.changed_at < APART for a in known):
            return False
        found = self._found(tier, kind, len(before) + 1)
        announced = [change for change in self.changes if change.says is Says.ANNOUNCE]
        if any(change.after.needs_answer or not found.needs_answer for change in announced):
            self._take(steps.inhibited(None, found, Reason.TOLD_WITH, self.at))
        else:
            self._take(steps.crossed(None, found, self.owners, self.due, self.at))
        return True

    # Ends

    def _close_other_versions(self) -> None:
        """Close what was told of another limit; a correction takes it back as before."""
        for known in self.known:
            if known.identity.version == self.measured.budget.version:
                continue
            limit = known.told.limit if known.told else None
            seen = replace(self.measured.seen, limit=limit)
            is_undone = limit is not None and self.measured.cost.nanos < Fraction(known.identity.tier) * limit.nanos
            if known.identity.kind is Kind.TIER and is_undone:
                self._take(steps.corrected(known, seen, self.at))
            elif known.is_live and self._goes_on(known):
                self._carry(known)
            elif known.is_live:
                self._take(steps.closed(known, Reason.BUDGET_CHANGED, self.measured.seen, self.at))

    def _goes_on(self, known: Alert) -> bool:
        """Tell whether what was told of another limit is all there is to say of this one, too."""
        tier = known.identity.tier
        highest = max((t for t in self.measured.budget.ladder if Fraction(t) <= self.measured.share), default=None)
        return known.identity.kind is Kind.TIER and tier == highest and self._tier(tier) is None and not self.measured.is_over

    def _carry(self, known: Alert) -> None:
        change = steps.carried(known, self._found(known.identity.tier), self.at)
        self._take(change)
        self.known = [change.after if alert is known else alert for alert in self.known]

    def _end(self) -> None:
        told = {change.after.identity for change in self.changes}
        for known in self._of():
            if known.is_live and known.identity not in told:
                self._take(steps.closed(known, Reason.PERIOD_ENDED, self.measured.seen, self.at))

    def _of(self, kind: Kind | None = None) -> list[Alert]:
        """Return the known alerts of the version in force."""
        version = self.measured.budget.version
        return [a for a in self.known if a.identity.version == version and (kind is None or a.identity.kind is kind)]

    def _found(self, tier: Decimal, kind: Kind = Kind.TIER, occurrence: int = 1) -> Found:
        budget = self.measured.budget
        identity = Identity(kind, budget.name, str(self.measured.subject), self.measured.window.start, tier, budget.version, occurrence)
        needs = tier >= self.terms.answer_from if kind is Kind.TIER else kind is Kind.BURN and tier == PACES[-1]
        return Found(identity, self.measured.seen, kind is Kind.TIER and tier == budget.ladder[-1], needs)

    def _take(self, change: Change) -> None:
        self.changes.append(change)


def ended(known: Alert, at: datetime) -> Change:
    """Close an alert whose budget is no longer there."""
    return steps.closed(known, Reason.BUDGET_ENDED, None, at)


def quieted(changes: Sequence[Change], chains: Sequence[tuple[str, ...]]) -> list[Change]:
    """Let one person hear of the most severe crossing along a chain only; the others are recorded as inhibited.

    Args:
        changes: Of one review.
        chains: For each change, the subjects from the narrowest to the widest that the change's subject lies in, itself first.
    """
    telling = [i for i, change in enumerate(changes) if change.says is Says.ANNOUNCE]
    of, within = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for i in telling:
        of[chains[i][0]].add(i)
        for subject in chains[i]:
            within[subject].add(i)

    def related(i: int) -> set[int]:
        """Return those whose subject lies in that of *i*, or the other way round."""
        return within[chains[i][0]].union(*(of[subject] for subject in chains[i])) - {i}

    told = set[int]()
    for i in sorted(telling, key=lambda i: _severity(changes[i], chains[i]), reverse=True):
        if not any(_yields(changes[i], changes[j], chains[i], chains[j]) for j in related(i) & told):
            told.add(i)  # only what is told itself tells for others
    quiet = set(telling) - told
    return [_silenced(change) if i in quiet else change for i, change in enumerate(changes)]


def _yields(one: Change, other: Change, chain: tuple[str, ...], other_chain: tuple[str, ...]) -> bool:
    """Tell whether *one* is told by *other* on its chain: to the same people, and less severe (or as severe and wider)."""
    if other.reason is Reason.CROSSED_LATE:
        return False
    if one.after.needs_answer and (chain[0] != other_chain[0] or not other.after.needs_answer):
        return False  # an answer for the other is none for the one, or none is asked for
    if not set(one.after.owners) <= set(other.after.owners):
        return False
    return _severity(one, chain) < _severity(other, other_chain)


def _severity(change: Change, chain: tuple[str, ...]) -> tuple[bool, Fraction, int, str, str]:
    seen = change.after.seen
    share = Fraction(seen.cost.nanos, seen.limit.nanos) if seen.limit else Fraction(0)
    identity = change.after.identity
    return identity.kind is Kind.TIER, share, len(chain), identity.budget, identity.kind


def _silenced(change: Change) -> Change:
    after = replace(
        change.after,
        state=State.CLOSED,
        reason=Reason.SAME_CHAIN,
        owners=(),
        told=change.before.told if change.before else None,
        round=change.before.round if change.before else 0,
        crossings=change.before.crossings if change.before else 0,
        due=None,
    )
    return Change(change.before, after, Reason.SAME_CHAIN)


def reached_end(window: Window, as_of: datetime | None, now: datetime) -> bool:
    """Tell whether *window* has ended and every source has delivered all of it."""
    end = midnight(window.end)
    return now >= end and as_of is not None and as_of >= end

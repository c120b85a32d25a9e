"""Review: the ledger and the budgets to findings, and findings to alerts; what is told commits together with why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median

from bot.domain import steps
from bot.domain.alert import Alert, Change, Found, Identity, Kind, Reason, Says, Seen
from bot.domain.audience import Audience, scope_of
from bot.domain.crossing import Deciding, Measured, ended, quieted
from bot.domain.crossing import Terms as CrossingTerms
from bot.domain.money import Money
from bot.domain.period import Window, midnight
from bot.domain.visibility import Privacy
from bot.errors import StoreError
from bot.messages.markup import Templates
from bot.ports import FORGOTTEN, Alerts, Budgets, Calendar, Clock, Desk, Documents, Figures, Forecasts, Ledger, Load, People, PriceBook
from bot.services.because import Because
from bot.services.episodes import Episodes, switched_off
from bot.services.foresee import Foresight
from bot.services.hours import Hours
from bot.services.measure import Ruler, dimensions
from bot.services.notify import Notices, away
from bot.services.paid import Priced, PriceWatch
from bot.services.readers import Terms
from bot.services.troubles import price_of
from bot.services.unowned import is_person
from bot.services.watch import Watch, Watched, WatchTerms

REVIEW = "review"
"""Who it was, in the audit log."""
TROUBLE = "trouble"
"""Documents: why the last load of a source was refused, by source."""
_NEW = timedelta(days=30)
_REVIEWED = "review of load"
LONGEST_PERIOD = timedelta(days=366)
_TRIES = 5


@dataclass(frozen=True)
class ReviewTerms:
    """What the deployment decided about reviews.

    Attributes:
        crossing, notices: About budgets, and about answers.
        pace_floor, unowned_floor: Nanos below which a fast day or a new key is not worth a word.
        stale_after: How long after its usual time a source may be silent.
    """

    crossing: CrossingTerms = field(default_factory=CrossingTerms)
    notices: Terms = field(default_factory=Terms)
    pace_floor: int = 25 * 10**9
    unowned_floor: int = 25 * 10**9
    stale_after: timedelta = timedelta(days=3)
    watch: WatchTerms = field(default_factory=WatchTerms)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a review did.

    Attributes:
        changes: The steps taken, with the alerts as stored.
        measured: How many subjects of budgets were looked at.
        is_outrun: Another review has seen newer loads; nothing was changed.
    """

    changes: tuple[tuple[Change, Alert], ...] = ()
    measured: int = 0
    is_outrun: bool = False

    def count(self, says: Says) -> int:
        """Return how many steps say so."""
        return sum(1 for change, _ in self.changes if change.says is says)


@dataclass(frozen=True)
class Review:
    """Reviews; every part is a port or a decision of the deployment."""

    figures: Figures
    ledger: Ledger
    people: People
    budgets: Budgets
    alerts: Alerts
    documents: Documents
    templates: Templates
    calendar: Calendar
    clock: Clock
    privacy: Privacy
    currency: str
    prices: PriceBook
    forecasts: Forecasts
    terms: ReviewTerms = field(default_factory=ReviewTerms)

    def run(self) -> Reviewed:
        """Look at everything once, up to each source's watermark, and tell what is new.

        Raises:
            StoreError: The ledger was changing all the time; nothing was decided.
        """
        for _ in range(_TRIES):
            seen = self._newest()
            found = self._look()
            if self._newest() == seen:
                reviewed = self._decide(found, seen)
                found.hours.keep()
                if found.watched and not reviewed.is_outrun:
                    self._watch.keep(found.watched)
                if found.knows_prices and self.terms.watch.per_quarter and not reviewed.is_outrun:
                    self._prices.keep(self.clock.now().date(), seen, found.ruler.budgets)
                return reviewed
        raise StoreError("The ledger kept changing while it was reviewed; nothing was decided. It is tried again by itself.")

    @contextmanager
    def decide(self) -> Iterator[tuple[Desk, Notices]]:
        """Begin a decision for the directory as it stands now; a change of it is looked at after the decision is stored.

        Who was told of whose figures is kept when it is stored.
        """
        with self.alerts.decide() as desk:
            notices = self.notices()
            yield desk, notices
        self.remember(notices)

    def remember(self, notices: Notices) -> None:
        """Keep who was told of whose figures, and which forecasts; the decision that told it is stored by then."""
        for look in notices.looks:
            self.people.log(look)
        notices.looks.clear()
        with suppress(StoreError):  # it is told; nobody's answer fails for want of being judged later
            self.forecasts.note_shown(notices.foretold)
        notices.foretold.clear()

    def notices(self) -> Notices:
        """Return what words a decision made now."""
        now = self.clock.now()
        directory = self.people.directory()
        audience = Audience(directory, self.privacy, now.date(), away(self.documents, now.date()))
        budgets = {budget.name: budget for budget in self.budgets.current()}
        because = Because(self.figures, self.prices, audience, self.currency, self.ledger)
        return Notices(
            audience=audience,
            figures=self.figures,
            calendar=self.calendar,
            terms=self.terms.notices,
            budgets=budgets,
            now=now,
            forecasts=self.forecasts,
            documents=self.documents,
            templates=self.templates,
            currency=self.currency,
            because=because,
        )

    def _newest(self) -> int:
        return max((load.number for load in self.ledger.sources()), default=0)

    def _look(self) -> _Look:
        now = self.clock.now()
        loads = [load for load in self.ledger.sources() if load.description != FORGOTTEN]
        budgets = self.budgets.current()
        hours = Hours(self.figures, self.documents, {load.source: load for load in loads}, dimensions(budgets), now)
        directory = self.people.directory()
        ruler = Ruler(
            self.figures,
            loads,
            budgets,
            self.budgets.at,
            self.budgets.raises(),
            directory,
            now,
            self.terms.pace_floor,
            hours,
        )
        Foresight(self.figures, self.ledger, self.forecasts, self.documents, self.calendar, self.currency).refresh(ruler, self._newest())
        ruler.foretold.update(self.forecasts.newest(now.date() - LONGEST_PERIOD))
        is_on = self.terms.watch.per_quarter > 0
        watched = self._watch.look(directory, budgets) if is_on else None
        prices = self._prices.look(now.date(), self._newest(), budgets) if is_on else []
        troubles = [*self._troubles(loads, now), *(self._priced(one) for one in prices or ())]
        return _Look(ruler, hours, list(ruler.measure()), troubles, watched, knows_prices=prices is not None)

    @property
    def _watch(self) -> Watch:
        terms = self.terms.watch
        return Watch(self.figures, self.ledger, self.documents, self.alerts, self.calendar, self.privacy, self.currency, terms)

    @property
    def _prices(self) -> PriceWatch:
        return PriceWatch(self.figures, self.prices, self.documents, self.privacy, self.terms.watch.floor)

    def _priced(self, found: Priced) -> _Trouble:
        cost = Money(found.step.extra if found.is_counted else 0, self.currency)
        subject = price_of(found.provider, found.model)
        return _Trouble(Kind.PRICE, subject, found.step.since, Seen(cost, None, None, price=found.step))

    def _decide(self, look: _Look, seen: int) -> Reviewed:
        with self.decide() as (desk, notices):
            before = desk.mark(_REVIEWED)
            if int(before or 0) > seen:
                return Reviewed(is_outrun=True)
            changes = _Decision(look, notices, self.terms, desk, is_first=not before).changes()
            done = list(zip(changes, desk.save_all(changes, REVIEW), strict=True))
            notices.spread_all(desk, done)
            desk.set_mark(_REVIEWED, str(seen))
        return Reviewed(tuple(done), len(look.measured))

    # What is not about a budget

    def _troubles(self, loads: Sequence[Load], now: datetime) -> Iterator[_Trouble]:
        zero = Money(0, self.currency)
        for load in loads:
            since = load.watermark.date()
            if now - load.watermark > self._patience(load):
                yield _Trouble(Kind.STALE, f"source {load.source}", since, Seen(zero, None, load.watermark))
        for source in self.documents.keys(TROUBLE):
            at, _, sentence = (self.documents.get(TROUBLE, source) or "").partition("\n")
            if sentence:
                yield _Trouble(Kind.UNTIED, f"source {source}", datetime.fromisoformat(at).date(), Seen(zero, None, None), sentence)
        window = Window(now.date() - _NEW, now.date() + timedelta(days=1))
        directory = self.people.directory()
        is_hidden = self.privacy is Privacy.WORKS_COUNCIL
        for key in self.figures.unallocated(window):
            if is_hidden and is_person(key.key, directory):
                continue
            if key.key and key.cost >= self.terms.unowned_floor and key.first_seen >= window.start:
                mark = next((load.watermark for load in loads if load.source == key.source), None)
                seen = Seen(Money(key.cost, self.currency), None, mark)
                yield _Trouble(Kind.UNOWNED, f"key {key.key}", key.first_seen, seen)

    def _patience(self, load: Load) -> timedelta:
        """Return how old a watermark may get: twice the usual time between deliveries, and what the deployment adds."""
        marks = sorted({other.watermark for other in self.ledger.loads(load.source)[:20]})
        gaps = [after - before for before, after in pairwise(marks)]
        usual = median(gap.total_seconds() for gap in gaps) if gaps else 0.0
        return timedelta(seconds=2 * usual) + self.terms.stale_after


@dataclass(frozen=True, slots=True)
class _Trouble:
    kind: Kind
    subject: str
    since: date
    seen: Seen
    sentence: str = ""


@dataclass(frozen=True)
class _Look:
    """What a review saw."""

    ruler: Ruler
    hours: Hours
    measured: list[Measured]
    troubles: list[_Trouble]
    watched: Watched | None = None
    knows_prices: bool = True


_Group = tuple[str, str, date]


@dataclass
class _Decision:
    """What was seen, beside what is known."""

    look: _Look
    notices: Notices
    terms: ReviewTerms
    desk: Desk
    is_first: bool

    def changes(self) -> list[Change]:
        """Return the steps to take, in the order in which they are told."""
        starts = [measured.window.start for measured in self.look.measured]
        now = self.notices.now
        known: defaultdict[_Group, list[Alert]] = defaultdict(list)
        others: list[Alert] = []
        anomalies: list[Alert] = []
        for alert in self.desk.alerts(min(starts, default=now.date())):
            if alert.identity.kind is Kind.ANOMALY:
                anomalies.append(alert)
            elif alert.identity.budget:
                known[alert.identity.budget, alert.identity.subject, alert.identity.period_start].append(alert)
            else:
                others.append(alert)
        measured = {(m.budget.name, str(m.subject), m.window.start): m for m in self.look.measured}
        found: list[Change] = []
        for group in sorted(measured.keys() | known.keys()):
            found += self._of(group, measured.get(group), known.get(group, []))
        chains = [self._chain(change) for change in found]
        return [*quieted(found, chains), *self._anomalies(anomalies), *self._troubles(others)]

    def _of(self, group: _Group, measured: Measured | None, known: list[Alert]) -> list[Change]:
        now = self.notices.now
        if measured is None:
            measured = self._without_cost(group)
        if measured is None:
            return [change for change in (self._gone(alert, now) for alert in known) if change.happened]
        if not known and not self._is_noteworthy(measured):
            return []
        owners = self.notices.audience.owners(measured.budget, measured.subject)
        due = self.notices.deadline(measured.subject, owners)
        changes = Deciding(measured, known, self.terms.crossing, owners, due, now).decide()
        touched = {change.before.number for change in changes if change.before}
        newer = (steps.refreshed(alert, measured.seen) for alert in known if alert.number not in touched and self._is_of(alert, measured))
        return [*changes, *(change for change in newer if change.happened)]

    @staticmethod
    def _is_of(alert: Alert, measured: Measured) -> bool:
        return alert.identity.version == measured.budget.version

    def _gone(self, known: Alert, now: datetime) -> Change:
        """End what is measured no more: with its budget, with its period, or because the subject has another budget now."""
        if known.identity.budget not in self.notices.budgets:
            return ended(known, now)
        if midnight(self.notices.window(known).end) <= now:
            return steps.closed(known, Reason.PERIOD_ENDED, None, now)
        return steps.moved(known, now)

    def _is_noteworthy(self, measured: Measured) -> bool:
        first = min(measured.budget.ladder)
        limit = measured.budget.limit
        is_expected = measured.expected is not None and measured.expected.nanos >= limit.nanos
        return measured.share >= first or is_expected or measured.pace is not None

    def _without_cost(self, group: _Group) -> Measured | None:
        """Return what is seen of a subject whose cost is gone, None where it is nobody's budget any more."""
        name, subject, start = group
        return self.look.ruler.without_cost(name, scope_of(subject), start)

    def _chain(self, change: Change) -> tuple[str, ...]:
        return self.notices.audience.chain(scope_of(change.after.identity.subject))

    def _anomalies(self, known: list[Alert]) -> list[Change]:
        if not self.terms.watch.per_quarter:
            return list(switched_off(known, self.notices))
        return Episodes(self.look.watched, self.notices, known).changes() if self.look.watched else []

    def _troubles(self, known: list[Alert]) -> list[Change]:
        now = self.notices.now
        seen = {(trouble.kind, trouble.subject): trouble for trouble in self.look.troubles}
        known = [a for a in known if a.identity.kind is not Kind.PRICE or self.look.knows_prices]
        live = {(a.identity.kind, a.identity.subject): a for a in known if a.is_live}
        closing = [a for key, a in live.items() if key not in seen]
        changes = [steps.closed(a, Reason.RECOVERED, None, now) for a in closing]
        for key, trouble in seen.items():
            before = [a for a in known if (a.identity.kind, a.identity.subject) == key]
            was_told = trouble.kind is Kind.PRICE and any(a.identity.period_start == trouble.since for a in before)
            if key in live or was_told or (before and trouble.kind is Kind.UNOWNED):
                continue
            identity = Identity(trouble.kind, "", trouble.subject, trouble.since, Decimal(0), 0, len(before) + 1)
            found = Found(identity, trouble.seen, note=trouble.sentence)
            if self.is_first and trouble.kind in {Kind.UNOWNED, Kind.PRICE}:
                changes.append(steps.inhibited(None, found, Reason.THERE_BEFORE, now))
            else:
                changes.append(steps.crossed(None, found, self.notices.audience.finops(), None, now))
        return changes

"""Digest: everybody's own summary at their own hour, from a few questions to the ledger however many people there are."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

from bot.domain.alert import Alert, Kind, Outcome, outcome
from bot.domain.attention import WEEK, Cadence, Slot, due_slot
from bot.domain.budget import Scope, ScopeKind
from bot.domain.crossing import Measured
from bot.domain.foretold import Accuracy
from bot.domain.money import Money
from bot.domain.people import Person, Role
from bot.domain.period import PeriodKind, Window, first_of_month, midnight, same_days_before
from bot.domain.variance import Side, explain, largest
from bot.domain.visibility import Privacy, SubjectKind, Verdict
from bot.errors import ConfigError
from bot.messages.alerts import AlertRow
from bot.messages.digests import FinopsDigest, Mover, Noise, Outlook, PersonalDigest, Showback, TeamDigest
from bot.messages.formats import Reader
from bot.messages.views import BudgetLine, Freshness, Row, Unit
from bot.messages.why import Change
from bot.messages.words import Phrase
from bot.ports import FORGOTTEN, CostScope, Delivery, Dimension, Load, Look, Message, MessageKind, Outbox, Outcomes, Post, PriceBook
from bot.services.amounts import final_day
from bot.services.habits import Chosen
from bot.services.hindsight import Hindsight
from bot.services.listing import Listing
from bot.services.measure import Ruler
from bot.services.notify import Notices
from bot.services.review import LONGEST_PERIOD, Review
from bot.services.talk import PREFERENCES
from bot.services.units import Units, costed
from bot.services.why import Everybody, Words, used

_DRIVERS, _PEOPLE, _MOVERS, _OPEN = 3, 8, 3, 5
_MOVES = Fraction(1, 4)
"""A change that is worth a line, beside what it was before."""
_CHUNK = 500
_RARELY = (100_000, 50, 100)
"""Objects made since, and collections before, a collection of the young, the older and all of them."""
_NOISE_FROM, _NOISE_SHARE = 5, Fraction(1, 3)
TOLD = "told in a digest"
_T = TypeVar("_T")
Due = tuple[Message, Sequence[Post], Sequence[Look]]
"""A digest, the notices it takes in and the looks it is."""


@dataclass(frozen=True)
class Digests:
    """Makes what is due; every digest has a key, so that none comes twice whoever makes it.

    Attributes:
        link: Returns where somebody gets a month as a file; None where nowhere.
    """

    review: Review
    outbox: Outbox
    chosen: Chosen
    prices: PriceBook
    outcomes: Outcomes
    link: Callable[[date, str], str] | None = None

    def run(self) -> int:
        """Put the digests that are due now in the outbox, and return how many are new."""
        count, batch = 0, []
        for one in self.due():
            batch.append(one)
            if len(batch) == _CHUNK:
                count, batch = count + self._keep(batch), []
        return count + self._keep(batch)

    def due(self) -> Iterator[Due]:
        """Yield the digests that are due now, worded and not kept yet."""
        with _rarely_collecting():
            yield from self._making().due()

    def _making(self) -> _Making:
        return _Making(self.review, self.outbox, self.chosen, self.prices, self.outcomes, self.review.clock.now(), self.link)

    def _keep(self, batch: list[Due]) -> int:
        if not batch:
            return 0
        for _, _, looks in batch:
            for look in looks:
                self.review.people.log(look)
        with self.review.alerts.decide() as desk:
            new = desk.enqueue_all([message for message, held, _ in batch if not held])
            for message, held, _ in batch:
                if held and desk.enqueue(message):
                    new += 1
                    for post in held:
                        desk.drop(post, TOLD)
        return new

    def showback(self, month: date) -> Showback:
        """Return what the month of *month* cost each cost centre; the parts add up to the whole."""
        return self._making().showback(month)


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    """Look for cycles of objects rarely for a while: a run reads a million records, which Python would walk through again and again."""
    usual = gc.get_threshold()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@dataclass(frozen=True, slots=True)
class _Days:
    """What the personal digests of the same days share.

    Attributes:
        costs, earlier: Of each person, in these days and in those they are compared with; nanos.
        models: What each person's models cost.
    """

    window: Window
    before: Window
    costs: Mapping[str, int]
    earlier: Mapping[str, int]
    models: Mapping[str, Mapping[str, int]]
    freshness: Freshness
    missing: int
    compares: bool


@dataclass
class _Making:
    """One run."""

    review: Review
    outbox: Outbox
    chosen: Chosen
    prices: PriceBook
    outcomes: Outcomes
    now: datetime
    link: Callable[[date, str], str] | None = None

    def due(self) -> Iterator[Due]:
        """Yield what is due."""
        habits = self.chosen.every()
        for person in self._directory.people.values():
            if person.stint(self.now.date()) is None:
                continue
            mine = habits.get(person.email, self.chosen.usual)
            slot = due_slot(mine.cadence, mine.hour, person.time_zone, self.now)
            if slot:
                yield from self._personal(person, slot, tells_nothing=mine.tells_nothing)
            week = due_slot(Cadence.WEEKLY, mine.hour, person.time_zone, self.now) if mine.cadence is not Cadence.OFF else None
            if week:
                yield from self._led(person, week)
            month = due_slot(Cadence.MONTHLY, mine.hour, person.time_zone, self.now) if Role.FINOPS in person.roles else None
            if month and self._loads:
                yield from self._showback(person, month)

    def _showback(self, person: Person, month: Slot) -> Iterator[Due]:
        with suppress(ConfigError):  # nothing was delivered for it
            first = month.period.window.start
            found = replace(self.showback(first), link=self.link(first, person.email) if self.link else "")
            yield self._message(person, f"showback {month.day}", found), (), ()

    # One's own

    def _personal(self, person: Person, slot: Slot, *, tells_nothing: bool) -> Iterator[Due]:
        days, subject = self._days(slot), Scope(ScopeKind.PERSON, person.email)
        cost = days.costs.get(person.email, 0)
        held = self._held.get(person.email, ())
        if not cost and not held and not tells_nothing:
            return
        view = PersonalDigest(
            slot.cadence.value,
            days.window,
            self._money(cost),
            self._money(days.earlier.get(person.email, 0)) if days.compares else None,
            self._outlook(subject),
            self._drivers(days.models.get(person.email, {})),
            self._open(self._live.get(str(subject), ()), person),
            tuple([post.message.card.title for post in held]),
            days.freshness,
            days.missing,
            self._why_own(person, days.before, days.window) if days.compares else None,
        )
        yield self._message(person, f"{slot.cadence.value} {slot.day}", view), held, ()

    def _days(self, slot: Slot) -> _Days:
        """Return what everybody's digests of *slot* share."""
        return self._once(("days", slot.period), lambda: self._looked_up(slot))

    def _looked_up(self, slot: Slot) -> _Days:
        window, before = slot.period.window, same_days_before(slot.period.window, slot.period.kind)
        return _Days(
            window,
            before,
            self._costs(window, Dimension.PERSON),
            self._costs(before, Dimension.PERSON),
            self._models(window),
            self._freshness(window),
            self._missing(window),
            compares=self._compares(window, before),
        )

    # Teams, for who manages them

    def _led(self, person: Person, slot: Slot) -> Iterator[Due]:
        led = self._led_by.get(person.email, ())
        tops = [team for team in led if (self._directory.teams[team].parent or "") not in led]
        for team in sorted(tops):
            found = self._team(person, team, slot)
            if found:
                view, looks = found
                yield self._message(person, f"team {team} {slot.day}", view), (), looks
        if Role.FINOPS in person.roles:
            whole = self._finops(slot, person)
            looks, self._notices.looks[:] = list(self._notices.looks), []
            yield self._message(person, f"finops {slot.day}", whole), (), looks

    def _team(self, person: Person, team: str, slot: Slot) -> tuple[TeamDigest, list[Look]] | None:
        of, window = self._notices.audience, slot.period.window
        is_grouped = of.privacy is Privacy.WORKS_COUNCIL
        if is_grouped:
            window = Window(first_of_month(self.now.date()), self.now.date() + timedelta(days=1))
        teams = self._directory.below(team)
        scope = CostScope(teams=tuple(teams))
        if not of.may_see(person.email, Scope(ScopeKind.TEAM, team)) or not self._notices.groups.shows(scope, window):
            return None
        costs = self._costs(window, Dimension.TEAM)
        total = sum(costs.get(name, 0) for name in teams)
        if not total:
            return None
        before = same_days_before(window, slot.period.kind)
        earlier = self._costs(before, Dimension.TEAM)
        people = {} if is_grouped else self._people(window, teams)
        models: Counter[str] = Counter()
        for name in teams:
            models.update({} if is_grouped else self._team_models(window).get(name, {}))
        alerts = [a for name in teams for a in self._live.get(str(Scope(ScopeKind.TEAM, name)), ())]
        members = [p.email for name in teams for p in self._directory.members(name, self.now.date())]
        promised = [] if is_grouped else [a for email in members for a in self._promised.get(str(Scope(ScopeKind.PERSON, email)), ())]
        named = sum(cost for email, cost in people.items() if email)
        compares = not is_grouped and self._compares(window, before)
        view = TeamDigest(
            team,
            window,
            self._money(total),
            self._money(sum(earlier.get(name, 0) for name in teams)) if compares else None,
            self._outlook(Scope(ScopeKind.TEAM, team)),
            self._drivers(models),
            tuple(Row(row.key or Phrase("no person"), row.cost, row.share) for row in self._named(people)),
            self._movers(people, self._people(before, teams), self._notices.audience.name)
            if not is_grouped and self._compares(window, before)
            else (),
            tuple(self._row(alert, person) for alert in promised[-_OPEN:]),
            self._open(alerts, person),
            Fraction(named, total) if not is_grouped else None,
            (),
            self._freshness(window),
            self._missing(window),
            self._why(before, window, lambda used: used.of_teams(teams), self._notices.audience.name) if compares else None,
            self._units(scope, window, slot),
        )
        subject = SubjectKind.PEOPLE_OF_TEAM.value
        looks = [Look(self.now, person.email, subject, name, Verdict.MANAGER.value, "weekly digest") for name in teams if people]
        return view, looks

    def _people(self, window: Window, teams: Sequence[str]) -> Counter[str]:
        found: Counter[str] = Counter()
        for team in teams:
            found.update(self._team_people(window).get(team, {}))
        return found

    def _named(self, people: Mapping[str, int]) -> tuple[Row, ...]:
        rows = self._drivers(people, _PEOPLE)
        return tuple(Row(self._notices.audience.name(row.key) if row.key else "", row.cost, row.share) for row in rows)

    def _team_movers(self, window: Window, before: Window) -> tuple[Mover, ...]:
        return self._movers(self._costs(window, Dimension.TEAM), self._costs(before, Dimension.TEAM), str)

    def _movers(self, now: Mapping[str, int], before: Mapping[str, int], named: Callable[[str], str]) -> tuple[Mover, ...]:
        """Return who has changed most, by at least a quarter."""
        changes = {email: now.get(email, 0) - before.get(email, 0) for email in {*now, *before} if email}
        moved = [email for email, change in changes.items() if abs(change) > _MOVES * max(before.get(email, 0), 1)]
        largest = sorted(moved, key=lambda email: (-abs(changes[email]), email))[:_MOVERS]
        return tuple(Mover(named(email), self._money(now.get(email, 0)), self._money(before.get(email, 0))) for email in largest)

    # The organisation

    def _finops(self, slot: Slot, person: Person) -> FinopsDigest:
        window, before = slot.period.window, same_days_before(slot.period.window, slot.period.kind)
        is_grouped = self._notices.audience.privacy is Privacy.WORKS_COUNCIL
        if is_grouped:
            window = Window(first_of_month(self.now.date()), self.now.date() + timedelta(days=1))
        total = sum(self._costs(window, Dimension.TEAM).values())
        unowned = sum(key.cost for key in self.review.figures.unallocated(window))
        previous = sum(self._costs(before, Dimension.TEAM).values())
        every = self._alerts
        outcomes = Counter(outcome(a, every, self.now) for a in every if a.promise)
        visible = [a for a in every if a.is_live and a.identity.kind is Kind.TIER and a.identity.tier >= 1]
        largest = sorted(visible, key=lambda a: -(a.seen.cost.nanos - (a.seen.limit.nanos if a.seen.limit else 0)))
        shown = [a for a in largest if (s := self._notices.subject(a)) and self._notices.audience.may_see(person.email, s)]
        for alert in shown[:_OPEN]:
            self._notices.note_look(person.email, alert)
        return FinopsDigest(
            window,
            self._money(total),
            self._money(previous) if self._compares(window, before) and not is_grouped else None,
            self._outlook(Scope(ScopeKind.ORG)),
            self._money(unowned),
            1 - Fraction(unowned, total) if total > 0 else Fraction(1),
            tuple(self._row(alert, person) for alert in shown[:_OPEN]),
            sum(1 for a in every if a.is_live and a.needs_answer and not a.promise),
            outcomes[Outcome.KEPT],
            outcomes[Outcome.BROKEN],
            self._noise(),
            tuple(a.identity.subject.partition(" ")[2] for a in every if a.is_live and a.identity.kind is Kind.STALE),
            len(self.outbox.posts((Delivery.PARKED, Delivery.UNKNOWN))),
            self._team_movers(window, before) if self._compares(window, before) and not is_grouped else (),
            (),
            self._freshness(window),
            self._missing(window),
            self._why(before, window, Everybody.whole) if self._compares(window, before) and not is_grouped else None,
            self._accuracy,
            self._units(CostScope(), window, slot),
        )

    def _noise(self) -> tuple[Noise, ...]:
        """Return the budgets and tiers (none for anomalies) whose warnings people call noise, often enough to think about it."""
        told: Counter[tuple[str, Any]] = Counter()
        votes: dict[tuple[str, Any], Counter[str]] = defaultdict(Counter)
        by_number = {alert.number: alert for alert in self._alerts if alert.identity.has_scope}
        for alert in by_number.values():
            told[alert.identity.budget, alert.identity.tier] += alert.was_told
        for number, vote in self.review.alerts.votes():
            if number in by_number:
                identity = by_number[number].identity
                votes[identity.budget, identity.tier][vote] += 1
        found = [Noise(*key, told[key], count["useful"], count["noise"]) for key, count in sorted(votes.items())]
        return tuple(n for n in found if n.noise >= _NOISE_FROM and n.noise >= _NOISE_SHARE * n.told and n.noise > n.useful)

    def showback(self, month: date) -> Showback:
        """Return what the month cost each cost centre; empty text is none."""
        window = Window(first_of_month(month), first_of_month(first_of_month(month) + timedelta(days=31)))
        if not any(load.window.start < window.end and load.window.end > window.start for load in self._loads):
            raise ConfigError(f"Nothing was delivered for {month:%Y-%m}.")
        window = window.until(max(self.now.date() + timedelta(days=1), window.start + timedelta(days=1)))
        centres: Counter[str] = Counter()
        for team, cost in self._costs(window, Dimension.TEAM).items():
            known = self._directory.teams.get(team)
            centres[(known.cost_center if known else None) or ""] += cost
        total = sum(centres.values())
        rows = [Row(centre, self._money(cost), Fraction(cost, total) if total else Fraction(0)) for centre, cost in sorted(centres.items())]
        return Showback(window, tuple(rows), self._money(total), self._freshness(window), self._missing(window))

    # Why

    def _why_own(self, person: Person, before: Window, window: Window) -> Change | None:
        old, new = (side.of_person(person.email) for side in self._used(before, window))
        variance = explain(old, new)
        return Words(self.review.currency, self._notices.audience.name, is_own=True).change(variance, [(person.email, variance)])

    def _why(self, before: Window, window: Window, part: Callable[[Everybody], Side], name: Callable[[str], str] | None = None) -> Change:
        """Return why *window* is not like *before*; without *name* nobody is named and no model."""
        old, new = (part(side) for side in self._used(before, window))
        return Words(self.review.currency, name).change(explain(old, new), largest(old, new) if name else ())

    def _used(self, before: Window, window: Window) -> tuple[Everybody, Everybody]:
        return self._once(("used", before, window), lambda: used(self.review.figures, self.prices, CostScope(), before, window))

    # Shared

    def _message(self, person: Person, what: str, view: Any) -> Message:
        card = self._templates_card(view, self._reader(person))
        return Message(f"digest {what} {person.email}", MessageKind.DIGEST, person.email, card, about="digest", role="self")

    def _templates_card(self, view: Any, reader: Reader) -> Any:
        return self.review.templates.card(view.template, view, reader)

    def _reader(self, person: Person) -> Reader:
        return Reader(self._languages.get(person.email) or person.locale, person.time_zone)

    def _units(self, scope: CostScope, window: Window, slot: Slot) -> tuple[Unit, ...]:
        days = costed(window, self._freshness(window).as_of)
        return self._per_outcome.of(scope, days, slot.period.kind, self._notices.groups, self._was_delivered)

    def _outlook(self, subject: Scope) -> Outlook | None:
        measured = self._measured.get(str(subject))
        if measured is None:
            return None
        use = measured.budget.used(measured.cost)
        line = BudgetLine(
            measured.budget.name,
            str(subject),
            measured.budget.period.value,
            measured.budget.limit,
            use.cost,
            use.remaining,
            use.share,
            midnight(measured.window.end),
            use.tier,
        )
        told = self._ruler.foretold.get((measured.budget.name, str(subject), measured.window.start))
        if told is None or not told.is_of(measured.budget):
            return Outlook(line)
        told = told.at_least(measured.cost)
        gone = told.middle if told.middle and told.middle > told.as_of else None
        return Outlook(line, told.point, gone, told.low, told.high)

    def _drivers(self, costs: Mapping[str, int], most: int = _DRIVERS) -> tuple[Row, ...]:
        total = sum(costs.values())
        ordered = sorted(((cost, key) for key, cost in costs.items() if cost > 0), key=lambda row: (-row[0], row[1]))
        return tuple(Row(key, self._money(cost), Fraction(cost, total)) for cost, key in ordered[:most]) if total > 0 else ()

    def _open(self, alerts: Iterable[Alert], person: Person) -> tuple[AlertRow, ...]:
        return tuple(self._row(alert, person) for alert in list(alerts)[:_OPEN])

    def _row(self, alert: Alert, person: Person) -> AlertRow:
        return self._listing.row(alert, self._alerts, person)

    def _money(self, nanos: int) -> Money:
        return Money(nanos, self.review.currency)

    def _compares(self, window: Window, before: Window) -> bool:
        """Tell whether all of both was delivered; a part beside a whole says nothing."""
        return not self._missing(window) and self._was_delivered(before)

    def _missing(self, window: Window) -> int:
        """Return how many of the days that are over some source has not delivered."""
        return self._once(("missing", window), lambda: self._not_delivered(window))

    def _not_delivered(self, window: Window) -> int:
        last = min((load.watermark for load in self._loads), default=midnight(window.start)).date()
        return max(0, (min(window.end, self.now.date()) - max(last, window.start)).days)

    def _was_delivered(self, window: Window) -> bool:
        return self._begins <= window.start

    @cached_property
    def _begins(self) -> date:
        """The first day that every source has delivered."""
        begins: dict[str, date] = {}
        for load in self.review.ledger.loads():
            begins[load.source] = min(load.window.start, begins.get(load.source, load.window.start))
        return max((begins[load.source] for load in self._loads), default=self.now.date())

    def _freshness(self, window: Window) -> Freshness:
        return self._once(("freshness", window), lambda: self._reach(window))

    def _reach(self, window: Window) -> Freshness:
        if not self._loads:
            return Freshness(None)
        last = max(window.start, window.end - timedelta(days=1))
        final = max(final_day(load, last) for load in self._loads)
        return Freshness(min(load.watermark for load in self._loads), final if final > self.now.date() else None)

    def _costs(self, window: Window, by: Dimension) -> dict[str, int]:
        return self._once(("costs", window, by), lambda: {c.key: c.total for c in self.review.figures.costs(CostScope(), window, by)})

    def _models(self, window: Window) -> dict[str, dict[str, int]]:
        return self._once(("models", window), lambda: self.review.figures.matrix(window, Dimension.PERSON, Dimension.MODEL))

    def _team_models(self, window: Window) -> dict[str, dict[str, int]]:
        return self._once(("team models", window), lambda: self.review.figures.matrix(window, Dimension.TEAM, Dimension.MODEL))

    def _team_people(self, window: Window) -> dict[str, dict[str, int]]:
        return self._once(("team people", window), lambda: self.review.figures.matrix(window, Dimension.TEAM, Dimension.PERSON))

    def _once(self, key: tuple[Any, ...], ask: Callable[[], _T]) -> _T:
        if key not in self._answers:
            self._answers[key] = ask()
        found: _T = self._answers[key]
        return found

    @cached_property
    def _languages(self) -> dict[str, str]:
        return self.review.documents.every(PREFERENCES)

    @cached_property
    def _answers(self) -> dict[Any, Any]:
        return {}

    @cached_property
    def _per_outcome(self) -> Units:
        return Units(self.review.figures, self.outcomes, self._directory, self.review.currency)

    @cached_property
    def _notices(self) -> Notices:
        return self.review.notices()

    @cached_property
    def _directory(self) -> Any:
        return self._notices.audience.directory

    @cached_property
    def _led_by(self) -> dict[str, set[str]]:
        """Return the teams that each manager answers for, those below included."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for team in self._directory.teams:
            for email in self._directory.managers(team, self.now.date()):
                found[email] |= set(self._directory.below(team))
        return found

    @cached_property
    def _loads(self) -> list[Load]:
        return [load for load in self.review.ledger.sources() if load.description != FORGOTTEN]

    @cached_property
    def _ruler(self) -> Ruler:
        """What measures budgets; what is to be expected was worked out by the last review."""
        review, budgets = self.review, self.review.budgets
        ruler = Ruler(
            review.figures, self._loads, budgets.current(), budgets.at, budgets.raises(), self._directory, self.now, looks_ahead=False
        )
        ruler.foretold.update(review.forecasts.newest(self.now.date() - LONGEST_PERIOD))
        return ruler

    @cached_property
    def _accuracy(self) -> Accuracy | None:
        monthly = {budget.name for budget in self._ruler.budgets if budget.period is PeriodKind.MONTH}
        return Hindsight(self.review.figures, self.review.forecasts, self._directory, monthly).last_month(self.now.date())

    @cached_property
    def _measured(self) -> dict[str, Measured]:
        """Return the running period of each subject's budget; of several the monthly one."""
        running = (m for m in self._ruler.measure() if self.now.date() in m.window)
        found: dict[str, Measured] = {}
        for measured in sorted(running, key=lambda m: -len(m.window)):
            found[str(measured.subject)] = measured
        return found

    @cached_property
    def _alerts(self) -> list[Alert]:
        return self.review.alerts.every(limit=100_000)

    @cached_property
    def _live(self) -> dict[str, list[Alert]]:
        return self._by_subject(alert for alert in self._alerts if alert.is_live and alert.was_told)

    @cached_property
    def _promised(self) -> dict[str, list[Alert]]:
        return self._by_subject(a for a in self._alerts if a.promise and a.promise.at > self.now - 5 * WEEK)

    @staticmethod
    def _by_subject(alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
        found: defaultdict[str, list[Alert]] = defaultdict(list)
        for alert in alerts:
            found[alert.identity.subject].append(alert)
        return found

    @cached_property
    def _listing(self) -> Listing:
        return Listing(self.review.alerts, self._notices)

    @cached_property
    def _held(self) -> dict[str, list[Post]]:
        found: defaultdict[str, list[Post]] = defaultdict(list)
        for post in self.outbox.posts((Delivery.HELD,), limit=100_000):
            found[post.message.to].append(post)
        return found

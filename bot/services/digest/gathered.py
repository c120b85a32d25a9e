"""Gathered: what one run of digests knows; each question is asked once, for everybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

from bot.domain.alert import Alert
from bot.domain.attention import WEEK, Slot
from bot.domain.budget import Scope
from bot.domain.crossing import Measured
from bot.domain.foretold import Foretold
from bot.domain.money import Money
from bot.domain.people import Directory, Person
from bot.domain.period import Window, first_of_month, midnight
from bot.domain.presence import presences
from bot.domain.variance import explain, largest
from bot.domain.visibility import Privacy
from bot.messages.alerts import AlertRow
from bot.messages.digests import Mover, Outlook
from bot.messages.parts import BudgetLine, Freshness, Row, Unit
from bot.messages.why import Change
from bot.ports import FORGOTTEN, CostScope, Delivery, Dimension, Load, Look, Outbox, Outcomes, Post, PriceBook
from bot.services.amounts import final_day
from bot.services.deliveries import has_all, standing
from bot.services.habits import LANGUAGE
from bot.services.listing import Listing
from bot.services.measure import Ruler
from bot.services.notify import Notices
from bot.services.review import LONGEST_PERIOD, Review
from bot.services.units import Units, costed
from bot.services.why import Everybody, Words, used

_DRIVERS, _MOVERS = 3, 3
OPEN = 5
"""Alerts that are listed."""
_MOVES = Fraction(1, 4)
"""A change that is worth a line, beside what it was before."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Planned:
    """A digest that is due and not worded yet.

    Attributes:
        what: Which, of which day: with the person it is the key of the message.
        held: The notices it takes in.
        looks: The looks at others' figures that it is.
        told: The forecasts in it.
        role: What it tells of, where that may change before it is sent.
    """

    person: Person
    what: str
    view: Any
    held: tuple[Post, ...] = ()
    looks: tuple[Look, ...] = ()
    role: str = ""
    told: tuple[Foretold, ...] = ()


@dataclass
class Gathered:
    """Looks up for all readers at once."""

    review: Review
    outbox: Outbox
    prices: PriceBook
    outcomes: Outcomes
    now: datetime

    # What things cost

    def costs(self, window: Window, by: Dimension) -> dict[str, int]:
        """Return the nanos that *window* cost, by *by*."""
        return self.once(("costs", window, by), lambda: {c.key: c.total for c in self.review.figures.costs(CostScope(), window, by)})

    def matrix(self, window: Window, by: Dimension, within: Dimension) -> dict[str, dict[str, int]]:
        """Return the nanos that *window* cost, by *by* and within each by *within*."""
        return self.once(("matrix", window, by, within), lambda: self.review.figures.matrix(window, by, within))

    def used(self, before: Window, window: Window) -> tuple[Everybody, Everybody]:
        """Return what was used in *before* and in *window*."""
        return self.once(("used", before, window), lambda: used(self.review.figures, self.prices, CostScope(), before, window))

    def once(self, key: tuple[Any, ...], ask: Callable[[], _T]) -> _T:
        """Return what *ask* returned when *key* was first asked for."""
        if key not in self._answers:
            self._answers[key] = ask()
        found: _T = self._answers[key]
        return found

    # What was delivered

    def compares(self, window: Window, before: Window) -> bool:
        """Tell whether all of both was delivered; a part beside a whole says nothing."""
        return not self.missing(window) and self.was_delivered(before)

    def missing(self, window: Window) -> int:
        """Return how many of the days that are over some source has not delivered."""
        return self.once(("missing", window), lambda: self._not_delivered(window))

    def _not_delivered(self, window: Window) -> int:
        last = min((load.watermark for load in self.loads), default=midnight(window.start)).date()
        return max(0, (min(window.end, self.now.date()) - max(last, window.start)).days)

    def was_delivered(self, window: Window) -> bool:
        """Tell whether every source had begun by the first day of *window* and delivered some of it."""
        return self.once(("delivered", window), lambda: has_all({load.source for load in self.loads}, window, self._deliveries))

    @cached_property
    def _deliveries(self) -> list[Load]:
        return standing(self.review.ledger.loads())

    def freshness(self, window: Window) -> Freshness:
        """Return up to when *window* is known, and when it is final."""
        return self.once(("freshness", window), lambda: self._reach(window))

    def _reach(self, window: Window) -> Freshness:
        if not self.loads:
            return Freshness(None)
        last = max(window.start, window.end - timedelta(days=1))
        final = max(final_day(load, last) for load in self.loads)
        return Freshness(min(load.watermark for load in self.loads), final if final > self.now.date() else None)

    @cached_property
    def loads(self) -> list[Load]:
        """The newest load of every source."""
        return [load for load in self.review.ledger.sources() if load.description != FORGOTTEN]

    # Rows

    def money(self, nanos: int) -> Money:
        """Return *nanos* in the currency of all figures."""
        return Money(nanos, self.review.currency)

    def drivers(self, costs: Mapping[str, int], most: int = _DRIVERS) -> tuple[Row, ...]:
        """Return the *most* of *costs* that cost most, with their shares."""
        total = sum(costs.values())
        ordered = sorted(((cost, key) for key, cost in costs.items() if cost > 0), key=lambda row: (-row[0], row[1]))
        return tuple([Row(key, self.money(cost), Fraction(cost, total)) for cost, key in ordered[:most]]) if total > 0 else ()

    def movers(self, now: Mapping[str, int], before: Mapping[str, int], named: Callable[[str], str]) -> tuple[Mover, ...]:
        """Return who has changed most, by at least a quarter."""
        changes = {key: now.get(key, 0) - before.get(key, 0) for key in {*now, *before} if key}
        moved = [key for key, change in changes.items() if abs(change) > _MOVES * max(before.get(key, 0), 1)]
        most = sorted(moved, key=lambda key: (-abs(changes[key]), key))[:_MOVERS]
        return tuple(Mover(named(key), self.money(now.get(key, 0)), self.money(before.get(key, 0))) for key in most)

    def why(self, before: Window, window: Window, teams: Collection[str] = (), name: Callable[[str], str] | None = None) -> Change:
        """Return why *window* is not like *before*, of *teams* or of all; without *name* nobody is named and no model."""
        old, new = (side.of_teams(teams) if teams else side.whole() for side in self.used(before, window))
        presence = presences(self.directory, teams, [before], [window])
        movers = largest(old, new, presence=presence) if name else ()
        return Words(self.review.currency, name).change(explain(old, new, presence=presence), movers)

    def units(self, scope: CostScope, window: Window, slot: Slot) -> tuple[Unit, ...]:
        """Return what an outcome of *scope* cost."""
        days = costed(window, self.freshness(window).as_of)
        return self._per_outcome.of(scope, days, slot.period.kind, self.notices.groups, self.was_delivered)

    @cached_property
    def _per_outcome(self) -> Units:
        return Units(self.review.figures, self.outcomes, self.directory, self.review.currency)

    # Budgets

    def outlook(self, subject: Scope) -> Outlook | None:
        """Return where the budget of *subject* is going, None where there is none."""
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
        told = self.told(subject)
        if told is None:
            return Outlook(line)
        gone = told.middle if told.middle and told.middle > told.as_of else None
        return Outlook(line, told.point, gone, told.low, told.high)

    def told(self, subject: Scope) -> Foretold | None:
        """Return the forecast that `outlook` tells, None where it tells none."""
        name = str(subject)
        measured = self._measured.get(name)
        told = self.ruler.foretold.get((measured.budget.name, name, measured.window.start)) if measured else None
        return told.at_least(measured.cost) if measured and told and told.is_of(measured.budget) else None

    def all_told(self, subject: Scope) -> tuple[Foretold, ...]:
        """Return the same as what a digest tells: one or none."""
        told = self.told(subject)
        return (told,) if told else ()

    @cached_property
    def ruler(self) -> Ruler:
        """What measures budgets; what is to be expected was worked out by the last review."""
        review, budgets = self.review, self.review.budgets
        ruler = Ruler(
            review.figures, self.loads, budgets.current(), budgets.at, budgets.raises(), self.directory, self.now, looks_ahead=False
        )
        ruler.foretold.update(review.forecasts.newest(self.now.date() - LONGEST_PERIOD))
        return ruler

    @cached_property
    def _measured(self) -> dict[str, Measured]:
        """Return the running period of each subject's budget; of several the monthly one."""
        running = (m for m in self.ruler.measure() if self.now.date() in m.window)
        found: dict[str, Measured] = {}
        for measured in sorted(running, key=lambda m: -len(m.window)):
            found[str(measured.subject)] = measured
        return found

    # Alerts

    def open(self, alerts: Iterable[Alert], person: Person) -> tuple[AlertRow, ...]:
        """Return the first of *alerts* as *person* may see them."""
        return tuple([self.row(alert, person) for alert in list(alerts)[:OPEN]])

    def row(self, alert: Alert, person: Person) -> AlertRow:
        """Return *alert* as *person* may see it."""
        return self._listing.row(alert, self.alerts, person)

    @cached_property
    def alerts(self) -> list[Alert]:
        """All that are known."""
        return self.review.alerts.every(limit=100_000)

    @cached_property
    def live(self) -> dict[str, list[Alert]]:
        """Those that are not over and were told, by subject."""
        return _by_subject(alert for alert in self.alerts if alert.is_live and alert.was_told)

    @cached_property
    def promised(self) -> dict[str, list[Alert]]:
        """Those that were answered in the last weeks, by subject."""
        return _by_subject(a for a in self.alerts if a.promise and a.promise.at > self.now - 5 * WEEK)

    @cached_property
    def _listing(self) -> Listing:
        return Listing(self.review.alerts, self.notices)

    # People

    @cached_property
    def notices(self) -> Notices:
        """Who may see what."""
        return self.review.notices()

    @property
    def directory(self) -> Directory:
        """The people and teams of today."""
        return self.notices.audience.directory

    @property
    def is_grouped(self) -> bool:
        """Tell whether only groups of people may be told of."""
        return self.notices.audience.privacy is Privacy.WORKS_COUNCIL

    def shown(self, window: Window) -> Window:
        """Return the days to tell of, of several people: *window*, or the running month if weeks would tell them apart."""
        return Window(first_of_month(self.now.date()), self.now.date() + timedelta(days=1)) if self.is_grouped else window

    @cached_property
    def led_by(self) -> dict[str, set[str]]:
        """The teams that each manager answers for, those below included."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for team in self.directory.teams:
            for email in self.directory.managers(team, self.now.date()):
                found[email] |= set(self.directory.below(team))
        return found

    @cached_property
    def languages(self) -> dict[str, str]:
        """The languages that people have chosen."""
        return self.review.documents.every(LANGUAGE)

    @cached_property
    def held(self) -> dict[str, list[Post]]:
        """What waits for each person's digest."""
        found: defaultdict[str, list[Post]] = defaultdict(list)
        for post in self.outbox.posts((Delivery.HELD,), limit=100_000):
            found[post.message.to].append(post)
        return found

    @cached_property
    def _answers(self) -> dict[Any, Any]:
        return {}


def _by_subject(alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    found: defaultdict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        found[alert.identity.subject].append(alert)
    return found

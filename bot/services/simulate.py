"""Simulate: what reviews would have told whom in the days behind us, had they been running; nothing is stored or sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bot.domain import detection
from bot.domain.alert import Alert, Kind
from bot.domain.budget import ScopeKind
from bot.domain.case import HISTORY
from bot.domain.period import Window, midnight
from bot.domain.visibility import Privacy
from bot.ports import Message
from bot.services.past import PastFigures, PastLedger
from bot.services.rehearsal import MemoryAlerts, MemoryDocuments, MemoryForecasts, Onlookers, StandingBudgets, Wordless
from bot.services.review import Review

HOUR = 9
"""UTC; each day is reviewed once, when the day before has been delivered."""


@dataclass
class _Stopped:
    """A clock that stands where it is put."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclass(frozen=True, slots=True)
class Caught:
    """An alert that would have been told.

    Attributes:
        day: When it would have been told first.
        to: How many people would have been told.
        hides: The subject is a person whom the mode does not name.
        shows: Its figures may stand beside it: those of people are for themselves.
    """

    day: date
    alert: Alert
    to: int
    hides: bool
    shows: bool

    @property
    def subject(self) -> str:
        """What it is about, as words."""
        return "a person" if self.hides else self.alert.identity.subject

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        identity, seen = self.alert.identity, self.alert.seen
        return {
            "day": self.day.isoformat(),
            "kind": identity.kind.value,
            "subject": self.subject,
            "budget": identity.budget,
            "tier": f"{identity.tier:f}",
            "since": identity.period_start.isoformat(),
            "price": {"before": f"{float(seen.price.before):.4f}", "now": f"{float(seen.price.now):.4f}"} if seen.price else None,
            "until": seen.episode.until.isoformat() if seen.episode else None,
            "cost": seen.cost.plain if self.shows else None,
            "limit": seen.limit.plain if seen.limit and self.shows else None,
            "expected": seen.expected.plain if seen.expected and self.shows else None,
            "state": self.alert.state.value,
            "reason": self.alert.reason.value,
            "messages": self.to,
        }


@dataclass(frozen=True)
class Simulated:
    """What would have been.

    Attributes:
        window: The days that were replayed.
        weeks: Messages by week (its Monday) and kind.
    """

    window: Window
    messages: int
    people: int
    weeks: Counter[tuple[date, str]]
    caught: tuple[Caught, ...]

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        weeks = [{"week": week.isoformat(), "kind": kind, "messages": count} for (week, kind), count in sorted(self.weeks.items())]
        return {
            "from": self.window.start.isoformat(),
            "to": (self.window.end - timedelta(days=1)).isoformat(),
            "messages": self.messages,
            "people": self.people,
            "weeks": weeks,
            "rows": [each.document() for each in self.caught],
        }


@dataclass(frozen=True)
class Simulation:
    """Replays reviews; *review* is the real one, of which only reading parts are used."""

    review: Review

    def run(self, days: int, step: Callable[[date], None] = lambda _: None) -> Simulated:
        """Review each of the last *days* days, today included, with what the ledger holds of the days before it.

        Args:
            step: Is told each day before it is reviewed.

        Figures are those of now: what was corrected later is known at once. Budgets, directory and terms are today's, each day
        is taken as delivered in the night after it, and nobody answers: what is escalated is not counted.
        """
        today = self.review.clock.now().date()
        window = Window(today - timedelta(days=days - 1), today + timedelta(days=1))
        alerts, clock = MemoryAlerts(), _Stopped(self.review.clock.now())
        whole = Window(window.start - timedelta(days=max(detection.MEMORY, HISTORY) + 12), window.end)
        figures, ledger = PastFigures(self.review.figures, whole, today), PastLedger(self.review.ledger, today)
        replayed = replace(
            self.review,
            figures=figures,
            ledger=ledger,
            people=Onlookers(self.review.people),
            budgets=StandingBudgets(self.review.budgets, midnight(window.start)),
            alerts=alerts,
            documents=MemoryDocuments(),
            forecasts=MemoryForecasts(),
            templates=Wordless(()),
            clock=clock,
        )
        told: list[tuple[date, Message]] = []
        first: dict[str, tuple[date, Alert]] = {}
        for day in (window.start + timedelta(days=n) for n in range(days)):
            step(day)
            figures.today = ledger.today = day
            clock.instant = datetime.combine(day, time(HOUR), UTC)
            replayed.run()
            told += [(day, message) for message in alerts.messages]
            for message in alerts.messages:
                alert = alerts.alert(message.number_of("alert"))
                if alert:
                    first.setdefault(message.about, (day, alert))
            alerts.messages.clear()
        return self._summed(window, first, told)

    def _summed(self, window: Window, first: Mapping[str, tuple[date, Alert]], told: list[tuple[date, Message]]) -> Simulated:
        """Return what concerns budgets, anomalies and prices of *told*; *first* says when each alert was told first, and as what."""
        kept = {about: found for about, found in first.items() if found[1].identity.has_scope or found[1].identity.kind is Kind.PRICE}
        ours = [(day, message) for day, message in told if message.about in kept]
        count = Counter(message.about for _, message in ours)
        weeks = Counter((day - timedelta(days=day.weekday()), kept[message.about][1].identity.kind.value) for day, message in ours)
        caught = tuple(self._caught(day, alert, count[about]) for about, (day, alert) in kept.items())
        return Simulated(window, len(ours), len({message.to for _, message in ours}), weeks, caught)

    def _caught(self, day: date, alert: Alert, to: int) -> Caught:
        is_person = alert.identity.subject.startswith(f"{ScopeKind.PERSON} ")
        is_grouped = self.review.privacy is Privacy.WORKS_COUNCIL
        return Caught(day, alert, to, is_person and is_grouped, not is_person and not is_grouped)

"""Completed days: a ledger that is written morning by morning, as a vendor delivers, and what is foretold from it each time.

Each morning only what was stated until then is loaded: the newest day is there by 35 to 90 %, the one before by 90 to 100 %, the third
is restated. What came later cannot be read, because it is not there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from booked import book
from fakes import FakeDocuments
from months import usd
from office import Office, office

from adapters.store import schema
from adapters.store.database import Database
from adapters.store.figures import SqlFigures
from adapters.store.ledger import SqlLedger
from bot.domain.budget import Budget, Scope, ScopeKind
from bot.domain.completeness import Opened, Seen, Usual
from bot.domain.money import NANOS_PER_UNIT
from bot.domain.people import Directory, Person, Stint, Team
from bot.domain.period import PeriodKind, midnight
from bot.services.foresee import Foresight, usual
from bot.services.measure import Ruler
from bot.services.past import PastLedger
from bot.services.rehearsal import MemoryForecasts
from bot.wiring import App

FIRST, BEGIN, END = date(2026, 4, 1), date(2026, 8, 1), date(2026, 11, 1)
PEOPLE = [f"p{n}@x.example" for n in range(40)]
SHARES = ((0.35, 0.9), (0.9, 1.0), (0.97, 1.03), (1.0, 1.0))
"""What is stated of a day on the first, second, third and fourth morning after it: of each person and day by chance within this."""
ASKED = {date(2026, month, day) for month in (9, 10) for day in (6, 11, 16, 21, 26)}
BUDGETS = [
    Budget("everyone", Scope(ScopeKind.PERSON, "*"), PeriodKind.MONTH, usd(1000)),
    Budget("all", Scope(ScopeKind.ORG), PeriodKind.MONTH, usd(9000)),
]


class NoHolidays:
    def is_free(self, day: date, zone: str) -> bool:
        return False


@dataclass
class Vendor:
    """Forty people's days as they will be in the end, and what a morning states of them."""

    rng: Any = field(default_factory=lambda: np.random.default_rng(7))

    def __post_init__(self) -> None:
        days = (END - FIRST).days
        weekday = np.array([(FIRST + timedelta(days=n)).weekday() for n in range(days)])
        level = self.rng.normal(3, 0.6, (len(PEOPLE), 1)) + np.cumsum(self.rng.normal(0, 0.02, (len(PEOPLE), days)), axis=1)
        self.final = np.exp(level + self.rng.normal(0, 0.3, (len(PEOPLE), days))) * np.where(weekday < 5, 1.0, 0.2)
        self.stated = [self.final * self.rng.uniform(*share, self.final.shape) for share in SHARES]

    def rows(self, morning: date, days: int) -> Iterator[dict[str, Any]]:
        """Yield what is stated in the *morning* of the *days* before it."""
        for age in range(days):
            day = morning - timedelta(days=age + 1)
            place = (day - FIRST).days
            for who, email in enumerate(PEOPLE):
                cost = self.stated[min(age, len(SHARES) - 1)][who, place]
                yield {"day": day.isoformat(), "person": email, "team": "search", "billed": int(cost * NANOS_PER_UNIT)}

    def month(self, day: date, who: int | None) -> float:
        """Return what the month of *day* came to, for one person or all."""
        places = [n for n in range((END - FIRST).days) if (FIRST + timedelta(days=n)).replace(day=1) == day.replace(day=1)]
        whole = self.final[:, places].sum(axis=1)
        return float(whole.sum() if who is None else whole[who])


@dataclass
class Written:
    """What was foretold on the way, and what was known of the newest days."""

    ledger: SqlLedger
    vendor: Vendor
    off: dict[tuple[str, str], list[float]]
    known: dict[datetime, Usual]
    opened: list[Opened]

    def error(self, budget: str, how: str) -> float:
        """Return by how much forecasts were off, of what the months came to."""
        return sum(self.off[budget, how]) / sum(self.off[budget, "actual"])


def foretold(ledger: Any, figures: SqlFigures, now: datetime) -> MemoryForecasts:
    kept = MemoryForecasts()
    people = Directory({email: Person(email, email, stints=(Stint("search", None),)) for email in PEOPLE}, {"search": Team("search")})
    ruler = Ruler(figures, ledger.sources(), BUDGETS, lambda _: BUDGETS, [], people, now)
    Foresight(figures, ledger, kept, FakeDocuments(), NoHolidays(), "USD").refresh(ruler, 1)
    return kept


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('days')}/s.db")
    schema.upgrade(database)
    ledger, figures, vendor = SqlLedger(database), SqlFigures(database), Vendor()
    book(ledger, vendor.rows(BEGIN, (BEGIN - FIRST).days), at=midnight(BEGIN) + timedelta(hours=6))
    found = Written(ledger, vendor, defaultdict(list), {}, [])
    for morning in (BEGIN + timedelta(days=n) for n in range(1, (END - BEGIN).days)):
        now = midnight(morning) + timedelta(hours=6)
        book(ledger, vendor.rows(morning, 5), at=now)
        if morning in ASKED:
            found.known[now] = usual(ledger, now)
            found.opened.append(found.known[now].opened({"bills": 1}, morning - timedelta(days=1)))
            told = {"completed": foretold(ledger, figures, now), "trusted": foretold(PastLedger(ledger, morning), figures, now)}
            judge(found, told, morning)
    yield found
    database.close()


def judge(found: Written, told: dict[str, MemoryForecasts], morning: date) -> None:
    month = morning.replace(day=1)
    for budget, subject, who in [
        ("all", str(BUDGETS[1].scope), None),
        *(("everyone", f"person {email}", n) for n, email in enumerate(PEOPLE)),
    ]:
        actual = found.vendor.month(month, who)
        found.off[budget, "actual"].append(actual)
        for how, kept in told.items():
            one = kept.find(budget, subject, month)
            assert one
            assert one.as_of == morning - timedelta(days=1)
            assert one.low.nanos <= one.point.nanos <= one.high.nanos
            found.off[budget, how].append(abs(one.point.nanos / NANOS_PER_UNIT - actual))


def test_forecasts_of_completed_days_are_nearer_to_what_months_came_to(written: Written) -> None:
    for budget in ("everyone", "all"):
        assert written.error(budget, "completed") < written.error(budget, "trusted")


def test_what_the_newest_days_lack_is_learned_from_what_was_stated_of_earlier_ones(written: Written) -> None:
    for opened in written.opened:
        assert opened.shares == pytest.approx((0.95, 0.62), abs=0.04)


def test_what_was_known_on_a_day_does_not_depend_on_what_was_loaded_later(written: Written) -> None:
    assert len(written.known) == len(ASKED)
    for now, known in written.known.items():
        assert usual(written.ledger, now) == known


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    return office(make_app, tmp_path)


def test_a_load_remembers_what_it_found_and_a_dry_run_does_not(firm: Office) -> None:
    """On Monday at nine Sunday is there by 10 of 14; the clock is the program's."""
    sunday = date(2026, 11, 1)
    firm.spend("10", day="2026-11-01")
    firm.clock.instant += timedelta(days=1)
    with firm.app.source(firm.app.settings.sources[0]) as source:
        firm.app.ingest.run(source, dry_run=True)
    firm.spend("14", day="2026-11-01")
    now = 14 * NANOS_PER_UNIT
    assert firm.app.ledger.seen(sunday) == [Seen("bills", sunday, 5, 10 * NANOS_PER_UNIT, now), Seen("bills", sunday, 9, now, now)]

    firm.app.ingest.forget("bills")
    assert firm.app.ledger.seen(sunday) == []


def test_an_answer_completes_the_newest_days_as_reviews_do(firm: Office) -> None:
    """Ana costs 10 a day, of which 6 are there on the next morning; without a budget, November is worked out for the answer alone."""
    for budget in firm.app.budgets.current():
        firm.app.budgets.apply([], [budget.name], firm.clock.instant)
    first = date(2026, 8, 1)
    for morning in (first + timedelta(days=n) for n in range(1, 102)):
        days = [(first + timedelta(days=n)) for n in range((morning - first).days)][-3:]
        cents = {day: 6 if day == days[-1] else 10 for day in days}
        rows = [
            {"day": f"{day}", "person": "ana@x.example", "team": "search", "billed": cost * NANOS_PER_UNIT} for day, cost in cents.items()
        ]
        book(firm.app.ledger, rows, at=midnight(morning) + timedelta(hours=9))
    firm.clock.instant = datetime(2026, 11, 10, 9, tzinfo=UTC)
    told = firm.ask("ana", "forecast me")["rows"][0]
    assert float(told["point"]) == pytest.approx(300, abs=0.1)

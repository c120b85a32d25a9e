"""Watch: days are judged once all their sources have told them, once, and by thresholds that fit the company."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from booked import book
from fakes import FakeDocuments, FakeFigures, FakeLedger

from bot.domain.budget import Budget, PlannedChange, Scope, ScopeKind
from bot.domain.money import Money
from bot.domain.people import Directory, Person, Stint, Team
from bot.domain.period import PeriodKind, Window, midnight
from bot.domain.visibility import Privacy
from bot.services.rehearsal import MemoryAlerts
from bot.services.watch import Watch, Watched, WatchTerms, delivered, whole_days

LAST = date(2026, 11, 17)
"""A Tuesday."""
DIRECTORY = Directory({"ana@x.example": Person("ana@x.example", "Ana", stints=(Stint("search", None),))}, {"search": Team("search")})


@dataclass
class Free:
    """A calendar of some holidays."""

    days: set[date] = field(default_factory=set)

    def is_free(self, day: date, zone: str) -> bool:
        return day in self.days and zone == "UTC"


@dataclass
class Company:
    """A ledger that one team's cost is booked in."""

    ledger: FakeLedger = field(default_factory=FakeLedger)
    documents: FakeDocuments = field(default_factory=FakeDocuments)
    calendar: Free = field(default_factory=Free)

    def bill(self, source: str, last: date, days: int, cost: int = 600, odd: dict[date, int] | None = None) -> None:
        rows = []
        for day in (last - timedelta(days=n) for n in range(days)):
            usual = cost + cost // 100 * (day.toordinal() * 7 % 11 - 5) if day.weekday() < 5 else cost // 5
            spent = (odd or {}).get(day, usual)
            rows.append(
                {"day": day.isoformat(), "person": "ana@x.example", "team": "search", "billed": spent * 10**9, "output_tokens": spent}
            )
        book(self.ledger, rows, source)

    def look(self, privacy: Privacy = Privacy.STANDARD, budgets: Sequence[Budget] = ()) -> Watched | None:
        watch = self.watch(privacy)
        found = watch.look(DIRECTORY, budgets)
        if found:
            watch.keep(found)
        return found

    def watch(self, privacy: Privacy = Privacy.STANDARD) -> Watch:
        figures = FakeFigures(self.ledger)
        return Watch(figures, self.ledger, self.documents, MemoryAlerts(), self.calendar, privacy, "USD", WatchTerms())


DEAR = {LAST: 4000, LAST - timedelta(days=1): 4000}


def test_a_day_is_judged_when_every_source_of_the_team_has_told_it() -> None:
    company = Company()
    company.bill("api", LAST, 60, odd=DEAR)
    company.bill("seats", LAST - timedelta(days=2), 58, cost=50)
    first = company.look()
    assert first
    assert first.is_first
    assert first.found == []
    assert first.lasts == {"search": LAST - timedelta(days=2)}
    company.bill("seats", LAST, 1, cost=50)
    company.bill("seats", LAST - timedelta(days=1), 1, cost=50)
    second = company.look()
    assert second
    [(team, seen)] = second.found
    assert (team, seen.as_of) == ("search", midnight(LAST + timedelta(days=1)))
    assert seen.episode
    assert (seen.episode.since, seen.episode.until) == (LAST - timedelta(days=1), LAST)
    assert [share.person for share in seen.episode.who] == ["ana@x.example"]
    assert second.paid("search", LAST, LAST) == seen.episode.paid - second.paid(
        "search", LAST - timedelta(days=1), LAST - timedelta(days=1)
    )


def test_nothing_is_looked_at_twice_until_a_day_is_complete_or_restated() -> None:
    company = Company()
    assert company.look() is None, "nothing was delivered"
    company.bill("api", LAST, 60)
    assert company.look()
    assert company.look() is None
    company.bill("api", LAST, 2)
    assert company.look() is None, "the same was said again"
    company.bill("api", LAST - timedelta(days=1), 1, cost=700)
    assert company.look(), "a day was restated"
    company.bill("api", LAST + timedelta(days=1), 1)
    assert company.look(), "a day was completed"


def test_what_is_declared_is_looked_at_at_once() -> None:
    company = Company()
    company.bill("api", LAST, 60, odd=DEAR)
    watched = company.look()
    assert watched
    assert [team for team, _ in watched.found] == ["search"]
    launch = PlannedChange(LAST - timedelta(days=1), None, Decimal(7), Money(0, "USD"))
    budget = Budget("search", Scope(ScopeKind.TEAM, "search"), PeriodKind.MONTH, Money(10**15, "USD"), overlays=(launch,))
    watched = company.look(budgets=[budget])
    assert watched
    assert watched.found == []
    assert company.look(budgets=[budget]) is None, "the same is declared"


def test_what_a_source_did_not_tell_of_earlier_days_is_not_taken_for_nothing() -> None:
    """A vendor that is connected with two weeks of history did cost something before."""
    company = Company()
    company.bill("api", LAST, 100)
    company.bill("new", LAST, 15, cost=4000)
    found = company.look()
    assert found
    assert found.found == []


def test_thresholds_are_fitted_to_enough_history_and_kept_for_a_quarter() -> None:
    company = Company()
    company.bill("api", LAST, 119)
    company.look()
    assert "thresholds" not in company.documents.every("watch")
    first = LAST + timedelta(days=1)
    company.bill("api", first, 200)
    company.look()
    fitted = json.loads(company.documents.every("watch")["thresholds"])
    assert (fitted["on"], fitted["budget"]) == (first.isoformat(), 1.0)
    for days, on in ((90, first), (91, first + timedelta(days=91))):
        company.bill("api", first + timedelta(days=days), days + 100)
        company.look()
        assert json.loads(company.documents.every("watch")["thresholds"])["on"] == on.isoformat()


def test_a_working_day_s_cost_on_a_holiday_is_out_of_the_usual() -> None:
    holiday = LAST - timedelta(days=1)
    found = {}
    for name, days in {"holiday": {holiday}, "none": set[date]()}.items():
        company = Company(calendar=Free(days))
        company.bill("api", LAST, 100, odd={holiday: 600})
        watched = company.look(Privacy.WORKS_COUNCIL)
        assert watched
        found[name] = [seen.episode.since for _, seen in watched.found if seen.episode]
    assert found == {"holiday": [holiday], "none": []}


def test_in_works_council_mode_a_team_is_judged_as_a_whole() -> None:
    company = Company()
    company.bill("api", LAST, 60, odd=DEAR)
    watched = company.look(Privacy.WORKS_COUNCIL)
    assert watched
    [(_, seen)] = watched.found
    assert seen.episode
    assert (seen.episode.who, seen.episode.things) == ((), ())


def test_days_between_loads_and_after_the_watermark_were_not_delivered() -> None:
    company = Company()
    company.bill("api", LAST, 3)
    company.bill("api", LAST - timedelta(days=5), 2)
    window = Window(LAST - timedelta(days=7), LAST + timedelta(days=1))
    told = delivered(company.ledger.loads(), window, {"api": LAST - timedelta(days=1)})
    assert told["api"].tolist() == [False, True, True, False, False, True, True, False]
    mark = datetime(2026, 11, 18, 14, tzinfo=UTC)
    book(company.ledger, [{"day": "2026-11-18", "team": "search", "billed": 1}], "hourly", mark)
    assert whole_days(company.ledger.sources()) == {"api": LAST, "hourly": LAST}

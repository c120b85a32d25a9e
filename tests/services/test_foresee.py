"""Foresee: every budget's forecast is worked out once for each state of the ledger, from what was delivered; and how right it was."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from fakes import FakeDocuments, FakeLedger
from months import usd

from bot.domain.budget import Budget, PlannedChange, Scope, ScopeKind
from bot.domain.completeness import Opened, Seen
from bot.domain.foretold import Foretold, accuracy
from bot.domain.money import NANOS_PER_UNIT, Money
from bot.domain.people import Directory, Person, Stint, Team
from bot.domain.period import PeriodKind, Window
from bot.ports import Cost, CostScope, Daily, Dimension, Settling
from bot.services.foresee import Foresight, Series, alone
from bot.services.hindsight import Hindsight
from bot.services.measure import Ruler
from bot.services.rehearsal import MemoryForecasts

NOVEMBER = date(2026, 11, 1)
NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)
EVERYONE = Budget("everyone", Scope(ScopeKind.PERSON, "*"), PeriodKind.MONTH, usd(300))
PRODUCT = Budget("product", Scope(ScopeKind.TEAM, "product"), PeriodKind.MONTH, usd(1000))
SETTLING = Settling(0)


@dataclass
class Bills:
    """Figures of people who cost the same every day, by the team they are in."""

    a_day: dict[tuple[str, str], int]
    first: date = date(2026, 8, 1)
    last: date = date(2026, 11, 15)
    parts: dict[date, Fraction] = field(default_factory=dict)

    def matrix(self, window: Window, by: Dimension, other: Dimension) -> dict[str, dict[str, int]]:
        assert other is Dimension.SOURCE
        return {key: {"api": int(row.sum())} for key, row in zip(*self._rows(window, by), strict=True) if row.sum()}

    def by_day(self, window: Window, by: Dimension) -> Daily:
        keys, rows = self._rows(window, by)
        return Daily(tuple(keys), window, np.array(rows, dtype=np.int64))

    def costs(self, scope: CostScope, window: Window, by: Dimension) -> list[Cost]:
        return [Cost(key, int(row.sum()), 0) for key, row in zip(*self._rows(window, by), strict=True)]

    def _rows(self, window: Window, by: Dimension) -> tuple[list[str], list[Any]]:
        days = [window.start + timedelta(days=n) for n in range(len(window))]
        there = np.array([self.parts.get(day, Fraction(self.first <= day <= self.last)) for day in days])
        found: defaultdict[str, Any] = defaultdict(lambda: np.zeros(len(days), dtype=np.int64))
        for (who, team), nanos in self.a_day.items():
            found[{Dimension.PERSON: who, Dimension.PROVIDER: "Acme"}.get(by, team)] += np.array(
                [int(part * nanos) for part in there], dtype=np.int64
            )
        return list(found), list(found.values())


@dataclass(frozen=True)
class Delivered:
    source: str = "api"
    watermark: datetime = datetime(2026, 11, 16, tzinfo=UTC)
    description: str = ""
    settling: Settling = SETTLING


class NoHolidays:
    def is_free(self, day: date, zone: str) -> bool:
        return False


class Holiday:
    """Thanksgiving."""

    def is_free(self, day: date, zone: str) -> bool:
        return day == date(2026, 11, 26)


@dataclass
class Remembering(FakeLedger):
    """A ledger whose loads at five in the morning have found 60 % of the day before, and a fifth of the running one at six."""

    sources_: tuple[str, ...] = ("api",)
    today: date = date(2026, 11, 16)

    def seen(self, since: date) -> list[Seen]:
        days = [self.today - timedelta(days=n) for n in range(100)]
        found = [Seen(source, day, 4, 60, 100) for source in self.sources_ for day in days[1:]]
        found += [Seen(source, day, 8, 100, 100) for source in self.sources_ for day in days[2:]]
        found += [Seen(source, day, 1, 20, 100) for source in self.sources_ for day in days]
        return [one for one in found if one.day >= since]


@dataclass
class Company:
    """Ana of search and Ben of ads, both below product."""

    bills: Bills = field(
        default_factory=lambda: Bills({("ana@x.example", "search"): 10 * NANOS_PER_UNIT, ("ben@x.example", "ads"): 20 * NANOS_PER_UNIT})
    )
    forecasts: MemoryForecasts = field(default_factory=MemoryForecasts)
    documents: FakeDocuments = field(default_factory=FakeDocuments)
    budgets: tuple[Budget, ...] = (EVERYONE, PRODUCT)
    delivered: Delivered = field(default_factory=Delivered)
    ledger: FakeLedger = field(default_factory=FakeLedger)

    def refresh(self, loads: int = 1, now: datetime = NOW) -> int:
        people = {e: Person(e, e, stints=(Stint(t, None),)) for e, t in (("ana@x.example", "search"), ("ben@x.example", "ads"))}
        teams = {"product": Team("product"), "search": Team("search", "product"), "ads": Team("ads", "product")}
        of: Any = self.bills
        ruler = Ruler(of, [self.delivered], list(self.budgets), lambda _: list(self.budgets), [], Directory(people, teams), now)  # type: ignore[list-item]
        self.directory = ruler.directory
        return Foresight(of, self.ledger, self.forecasts, self.documents, NoHolidays(), "USD").refresh(ruler, loads)

    def told(self, budget: str, subject: str) -> Foretold:
        found = self.forecasts.find(budget, subject, NOVEMBER)
        assert found
        return found


def test_a_steady_month_is_expected_to_go_on_as_it_does() -> None:
    company = Company()
    assert company.refresh() == 4
    ana = company.told("everyone", "person ana@x.example")
    assert ana.as_of == date(2026, 11, 15)
    assert ana.days == 107
    assert ana.low.nanos <= ana.point.nanos <= ana.high.nanos
    assert ana.point.amount == pytest.approx(Decimal(300), abs=3)
    ben = company.told("everyone", "person ben@x.example")
    assert ben.over > Decimal("0.9")
    assert ben.middle == date(2026, 11, 15), "300 of 300 were gone on the 15th"


def test_a_team_is_forecast_with_those_below_it_and_as_a_whole() -> None:
    company = Company()
    company.refresh()
    product = company.told("product", "team product")
    assert product.point.amount == pytest.approx(Decimal(900), abs=9)
    assert product.over < Decimal("0.5")


def test_the_same_state_is_not_worked_out_twice() -> None:
    company = Company()
    assert company.refresh() == 4
    assert company.refresh() == 0
    assert company.refresh(loads=2) == 4
    assert company.refresh(loads=2, now=NOW + timedelta(days=1)) == 4
    company.budgets = (replace(EVERYONE, limit=usd(400), version=2), PRODUCT)
    assert company.refresh(loads=2, now=NOW + timedelta(days=1)) == 4
    assert company.told("everyone", "person ana@x.example").limit == usd(400)


def test_a_refresh_forgets_old_days_but_for_the_milestones_of_months_and_longer_periods() -> None:
    company = Company()
    july = date(2026, 7, 1)
    days = [july + timedelta(days=n) for n in range(92)]
    company.forecasts.keep([Foretold("q", "team product", july, day, *[usd(1)] * 4, Decimal(0)) for day in days])
    company.refresh()
    kept = {(one.as_of.month, one.as_of.day) for one in company.forecasts.of_period(july, days)}
    assert kept == {(month, day) for month in (7, 8, 9) for day in (5, 10, 15, 20, 25)} | {(7, 23), (9, 7), (9, 30)}


def test_a_planned_change_is_taken_in() -> None:
    """From the 21st on a launch makes ten days half as dear again, and seats add four a day: 20 × 10 + 10 × (15 + 4)."""
    company = Company()
    launch = PlannedChange(date(2026, 11, 21), None, Decimal("1.5"), usd(4), "launch")
    company.budgets = (replace(EVERYONE, overlays=(launch,)), replace(PRODUCT, overlays=(launch,)))
    company.refresh()
    assert company.told("everyone", "person ana@x.example").point.amount == pytest.approx(Decimal(390), abs=4)
    assert company.told("product", "team product").point.amount == pytest.approx(Decimal(1090), abs=11), (
        "once for the team, not for each part"
    )


YESTERDAY, TODAY = date(2026, 11, 15), date(2026, 11, 16)


def half_told(**more: Any) -> Company:
    """Return the company where yesterday is there by 60 % and today by 20 %, as always."""
    company = Company(**more)
    company.bills.parts = {YESTERDAY: Fraction(6, 10), TODAY: Fraction(2, 10)}
    return company


def test_the_newest_days_are_completed_by_what_such_days_usually_lack() -> None:
    trusted, completed = half_told(), half_told(ledger=Remembering())
    assert trusted.refresh() == completed.refresh() == 4
    for budget, subject, whole in (("everyone", "person ana@x.example", 300), ("product", "team product", 900), ("", "provider Acme", 900)):
        told = completed.told(budget, subject)
        assert told.point.amount == pytest.approx(Decimal(whole), rel=Decimal("0.001"))
        assert told.as_of == YESTERDAY, "until then it is delivered, be it in part"
        assert trusted.told(budget, subject).point.amount < Decimal(whole) * Decimal("0.98")
    assert completed.told("everyone", "person ben@x.example").middle == TODAY, "296 of 300 are billed"


def test_what_is_planned_for_a_subject_of_several_keys_goes_with_completed_days() -> None:
    company = half_told(ledger=Remembering())
    launch = PlannedChange(date(2026, 11, 21), None, Decimal("1.5"), usd(4), "launch")
    company.budgets = (replace(PRODUCT, overlays=(launch,)),)
    company.refresh()
    assert company.told("product", "team product").point.amount == pytest.approx(Decimal(1090), abs=1)


def test_a_period_may_begin_with_days_that_are_not_whole() -> None:
    """In the morning of the 2nd nothing of November is whole yet: of the 1st there are 60 %, of the 2nd 20 %."""
    today = date(2026, 11, 2)
    company = Company(ledger=Remembering(today=today), delivered=Delivered(watermark=datetime(2026, 11, 2, tzinfo=UTC)))
    company.bills.last, company.bills.parts = date(2026, 10, 31), {NOVEMBER: Fraction(6, 10), today: Fraction(2, 10)}
    assert company.refresh(now=datetime(2026, 11, 2, 6, tzinfo=UTC)) == 4
    for budget, subject, whole in (("everyone", "person ana@x.example", 300), ("product", "team product", 900), ("", "provider Acme", 900)):
        told = company.told(budget, subject)
        assert told.point.amount == pytest.approx(Decimal(whole), rel=Decimal("0.001"))
        assert told.as_of == NOVEMBER
    assert company.told("everyone", "person ben@x.example").middle in {date(2026, 11, 15), date(2026, 11, 16)}, "20 a day of 300"


def test_days_are_trusted_where_a_source_has_not_been_seen_often_enough() -> None:
    trusted, other = half_told(), half_told(ledger=Remembering(sources_=("another",)))
    assert trusted.refresh() == other.refresh()
    assert trusted.forecasts == other.forecasts


def test_what_the_running_day_has_cost_already_takes_nothing_from_the_days_to_come() -> None:
    company = Company()
    company.bills.parts = {TODAY: Fraction(100)}
    company.refresh()
    assert company.told("everyone", "person ana@x.example").point.amount == pytest.approx(Decimal(150 + 1000 + 140), abs=1)
    assert company.told("product", "team product").point.amount == pytest.approx(Decimal(3 * 1290), abs=1)
    assert company.told("", "provider Acme").point.amount == pytest.approx(Decimal(3 * 1290), abs=1)


def test_nobody_is_foretold_anything_from_a_week_that_is_not_whole() -> None:
    company = Company()
    company.bills.first = date(2026, 11, 11)
    assert company.refresh() == 0


def test_nothing_is_expected_below_what_is_billed() -> None:
    told = Company()
    told.refresh()
    ana = told.told("everyone", "person ana@x.example").at_least(usd(500))
    assert (ana.low, ana.point, ana.high, ana.over) == (usd(500), usd(500), usd(500), 1)


GROWN = {(first := date(2026, 1, 1)) + timedelta(days=n): Fraction(round(1000 * 1.003**n), 1000) for n in range(319)}


def test_what_an_organisation_has_grown_by_goes_on_in_a_long_period() -> None:
    """One team's does not, as such rises come and go; nor does that of a month."""
    scopes = Scope(ScopeKind.ORG), Scope(ScopeKind.TEAM, "search"), Scope(ScopeKind.TEAM, "ads")
    company = Company()
    company.bills.parts, company.bills.first = GROWN, date(2026, 1, 1)
    company.budgets = tuple(Budget(str(of), of, PeriodKind.YEAR, usd(30_000), fiscal_year_start=7) for of in scopes)
    company.refresh()
    org, search, ads = (company.forecasts.find(str(of), str(of), date(2026, 7, 1)) for of in scopes)
    assert org
    assert search
    assert ads
    parts = search.point.nanos + ads.point.nanos
    assert org.point.nanos > 1.1 * parts
    year = Window(date(2026, 7, 1), date(2027, 7, 1))
    costs = {day: int(30 * NANOS_PER_UNIT * part) for day, part in GROWN.items()}
    days = Window(min(costs), TODAY)
    told = {is_sum: alone(Series(costs, days, TODAY, is_sum=is_sum), year, "USD", NoHolidays()) for is_sum in (True, False)}
    assert all(told.values())
    assert told[True].point.nanos == pytest.approx(org.point.nanos, rel=0.05), "with a budget and without it is the same"  # type: ignore[union-attr]
    assert told[False].point.nanos == pytest.approx(parts, rel=0.05)  # type: ignore[union-attr]


def test_an_organisation_of_one_team_grows_with_a_budget_as_without_one() -> None:
    company = Company()
    company.bills.parts, company.bills.first = GROWN, date(2026, 1, 1)
    company.bills.a_day = {("ana@x.example", "search"): 10 * NANOS_PER_UNIT}
    company.budgets = (Budget("org", Scope(ScopeKind.ORG), PeriodKind.YEAR, usd(30_000), fiscal_year_start=7),)
    company.refresh()
    told = company.forecasts.find("org", str(Scope(ScopeKind.ORG)), date(2026, 7, 1))
    costs = {day: int(10 * NANOS_PER_UNIT * part) for day, part in GROWN.items()}
    year, days = Window(date(2026, 7, 1), date(2027, 7, 1)), Window(min(costs), TODAY)
    without = alone(Series(costs, days, TODAY, is_sum=True), year, "USD", NoHolidays())
    assert told
    assert without
    assert without.point.nanos == pytest.approx(told.point.nanos, rel=0.01)


def test_one_series_alone_is_expected_to_go_on_as_well() -> None:
    days = Window(date(2026, 8, 1), date(2026, 11, 16))
    costs = {days.start + timedelta(days=n): 10 * NANOS_PER_UNIT for n in range(len(days))}
    found = alone(Series(costs, days, days.end), Window(NOVEMBER, date(2026, 12, 1)), "USD", NoHolidays())
    assert found
    assert found.point.amount == pytest.approx(Decimal(300), abs=3)
    few = {day: cost for day, cost in costs.items() if day > date(2026, 11, 10)}
    assert alone(Series(few, days, days.end), Window(NOVEMBER, date(2026, 12, 1)), "USD", NoHolidays()) is None


def test_one_series_alone_is_completed_knows_holidays_and_is_never_below_what_is_billed() -> None:
    days, month = Window(date(2026, 8, 1), date(2026, 11, 16)), Window(NOVEMBER, date(2026, 12, 1))
    costs = dict.fromkeys((days.start + timedelta(days=n) for n in range(len(days))), 10 * NANOS_PER_UNIT)
    costs |= {YESTERDAY: 6 * NANOS_PER_UNIT, TODAY: 2 * NANOS_PER_UNIT}

    def told(series: Series, calendar: Any = None) -> Foretold:
        found = alone(series, month, "USD", calendar or NoHolidays())
        assert found
        return found

    trusted = told(Series(costs, days, TODAY))
    completed = told(Series(costs, days, TODAY, Opened(date(2026, 11, 14), (0.6, 0.2))))
    assert trusted.point.amount < 295
    assert completed.point.amount == pytest.approx(Decimal(300), abs=Decimal("0.1"))
    assert trusted.as_of == completed.as_of == YESTERDAY
    assert told(Series(costs | {TODAY: 400 * NANOS_PER_UNIT}, days, TODAY)).point.amount == pytest.approx(Decimal(546 + 135), abs=5)

    weekly = {day: cost for day, cost in costs.items() if day.weekday() < 5}
    holiday = told(Series(weekly, days, TODAY), Holiday())
    assert told(Series(weekly, days, TODAY)).point.amount - holiday.point.amount > 5


def test_hindsight_holds_what_was_known_on_several_days_against_what_a_month_came_to() -> None:
    company = Company()
    company.refresh(1, datetime(2026, 11, 6, 6, tzinfo=UTC))
    company.refresh(2)
    company.bills.last = date(2026, 11, 30)
    of: Any = company.bills
    found = Hindsight(of, company.forecasts, company.directory, {"everyone", "product"}).last_month(date(2026, 12, 7))
    assert [(one.provider, one.day, one.count, one.held) for one in found] == [("", 15, 3, 1), ("Acme", 0, 1, 1)]
    assert all(one.off < Decimal("0.02") for one in found)
    assert [one.provider for one in Hindsight(of, company.forecasts, company.directory, ()).last_month(date(2026, 12, 7))] == ["Acme"]


def test_each_known_day_is_judged_for_itself_and_providers_over_all_of_them() -> None:
    company = Company()
    for count in (5, 10, 15):
        now = datetime(2026, 11, count + 1, 6, tzinfo=UTC)
        company.delivered = Delivered(watermark=datetime(2026, 11, count + 1, tzinfo=UTC))
        company.bills.last = date(2026, 11, count)
        company.refresh(count, now)
    company.bills.last = date(2026, 11, 30)
    of: Any = company.bills
    found = Hindsight(of, company.forecasts, company.directory, {"everyone", "product"}).month(NOVEMBER)
    assert [(one.provider, one.day, one.count) for one in found] == [("", 5, 3), ("", 10, 3), ("", 15, 3), ("Acme", 0, 3)]


def test_a_provider_is_foretold_what_everybody_s_use_of_it_will_cost_and_no_budget_reads_it() -> None:
    company = Company()
    assert company.refresh() == 3 + 1
    told = company.told("", "provider Acme")
    assert told.point.amount == pytest.approx(Decimal(900), rel=Decimal("0.01"))
    assert (told.as_of, told.limit.nanos, told.over, told.middle) == (date(2026, 11, 15), 0, 0, None)
    assert told.low.nanos <= told.point.nanos <= told.high.nanos


def test_accuracy_is_the_sum_of_errors_beside_the_sum_of_costs() -> None:
    def told(point: int) -> Foretold:
        return Foretold("b", "s", NOVEMBER, date(2026, 11, 15), usd(point), usd(point - 5), usd(point + 5), usd(1), Decimal(0))

    found = accuracy([(told(100), usd(103).nanos), (told(50), usd(97).nanos)])
    assert found
    assert (found.off * 200, found.held * 2) == (50, 1)
    assert accuracy([(told(100), Money(0, "USD").nanos)]) is None

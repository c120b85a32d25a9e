"""Planning: a year is proposed from what is known today; sums have their own range; a scenario multiplies what is to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from adapters.chat import terminal
from bot.domain.budget import Budget, PlannedChange, Scope, ScopeKind
from bot.domain.completeness import Seen
from bot.domain.money import NANOS_PER_UNIT, Money
from bot.domain.people import Directory, Person, Stint, Team
from bot.domain.period import PeriodKind, Window
from bot.domain.scenario import parse
from bot.domain.visibility import Privacy
from bot.errors import ConfigError
from bot.messages.formats import Reader
from bot.messages.plans import Plan, Proposal
from bot.ports import Cost, CostScope, Daily, Dimension
from bot.services.planning import Planning

NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)
LONG_AGO = date(2025, 1, 1)
PLACES = {Dimension.PERSON: 0, Dimension.TEAM: 1, Dimension.MODEL: 2, Dimension.SOURCE: 3, Dimension.PROJECT: 4}


@dataclass(frozen=True)
class Line:
    """What a person costs a team each day with a model."""

    person: str
    team: str
    model: str = "big"
    source: str = "api"
    first: date = LONG_AGO
    last: date = date(2026, 11, 15)
    cost: Callable[[date], float] = lambda _: 10.0

    def nanos(self, window: Window) -> Any:
        return np.array([round(self.cost(day) * NANOS_PER_UNIT) if self.first <= day <= self.last else 0 for day in window], dtype=np.int64)

    def key(self, by: Dimension) -> str:
        return (self.person, self.team, self.model, self.source, "")[PLACES.get(by, 4)]


@dataclass
class Bills:
    """Figures of lines."""

    lines: list[Line]

    def matrix(self, window: Window, by: Dimension, other: Dimension) -> dict[str, dict[str, int]]:
        found: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        for line in self.lines:
            if cost := int(line.nanos(window).sum()):
                found[line.key(by)][line.key(other)] += cost
        return {key: dict(row) for key, row in found.items()}

    def by_day(self, window: Window, by: Dimension) -> Daily:
        found: dict[str, Any] = {}
        for line in self.lines:
            if (nanos := line.nanos(window)).any():
                found[line.key(by)] = found.get(line.key(by), 0) + nanos
        return Daily(tuple(found), window, np.array(list(found.values()), dtype=np.int64).reshape(-1, len(window)))

    def costs(self, scope: CostScope, window: Window, by: Dimension) -> list[Cost]:
        assert scope == CostScope()
        return [Cost(key, sum(row.values()), 0) for key, row in self.matrix(window, by, Dimension.SOURCE).items()]

    def contributors(self, scope: CostScope, window: Window, *by: Dimension) -> dict[tuple[str, ...], frozenset[int]]:
        assert scope == CostScope()
        found: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
        people = sorted({line.person for line in self.lines})
        for line in self.lines:
            if line.nanos(window).any():
                found[tuple(line.key(one) for one in by)] |= {people.index(line.person)} if line.person else set()
        return {key: frozenset(numbers) for key, numbers in found.items()}


@dataclass(frozen=True)
class Delivered:
    source: str
    watermark: datetime
    description: str = ""


class NoHolidays:
    def is_free(self, day: date, zone: str) -> bool:
        return False


@dataclass
class Company:
    """Teams with those who cost something in them."""

    lines: list[Line]
    teams: dict[str, str | None] = field(default_factory=lambda: {"product": None, "search": "product", "ads": "product"})
    privacy: Privacy = Privacy.STANDARD
    fiscal_year_start: int = 1
    now: datetime = NOW
    marks: dict[str, datetime] = field(default_factory=lambda: {"api": datetime(2026, 11, 16, tzinfo=UTC)})
    budgets: list[Budget] = field(default_factory=list)
    loaded: list[Seen] = field(default_factory=list)

    def plan(self, year: int = 2027, scope: str = "", *scenario: str) -> Plan:
        of: Any = self
        planning = Planning(of.bills, of, of, of, of, "USD", of, self.privacy, self.fiscal_year_start)
        planning = replace(planning, figures=of.bills, ledger=of, people=of, calendar=NoHolidays(), clock=Clock(self.now))
        return planning.plan(year, scope, parse(scenario))

    @property
    def bills(self) -> Bills:
        return Bills(self.lines)

    def current(self) -> list[Budget]:
        return self.budgets

    def sources(self) -> list[Delivered]:
        return [Delivered(name, mark) for name, mark in self.marks.items()]

    def seen(self, since: date) -> list[Seen]:
        return [one for one in self.loaded if one.day >= since]

    def directory(self) -> Directory:
        people = {line.person: line.team for line in self.lines if line.person}
        known = {who: Person(who, who, stints=(Stint(team or None, None),)) for who, team in people.items()}
        return Directory(known, {name: Team(name, parent) for name, parent in self.teams.items()})


@dataclass(frozen=True)
class Clock:
    instant: datetime

    def now(self) -> datetime:
        return self.instant


def noisy(seed: int, level: float = 10.0) -> Callable[[date], float]:
    return lambda day: level * float(np.exp(np.random.default_rng(seed * 100_000 + day.toordinal()).normal(0, 0.8)))


def rows(plan: Plan) -> dict[str, Proposal]:
    return {row.scope: row for row in plan.rows}


def amount(row: Proposal, name: str = "p50") -> Decimal:
    assert row.amounts
    return Decimal(str(getattr(row.amounts, name).amount))


STEADY = [Line("ana", "search"), Line("ben", "ads", cost=lambda _: 20.0)]


def test_a_steady_year_is_proposed_as_it_goes_and_only_its_own_days_count() -> None:
    found = rows(Company(STEADY).plan())
    assert amount(found["team:search"]) == pytest.approx(3650, rel=0.002)
    assert amount(found["team:ads"]) == pytest.approx(7300, rel=0.002)
    assert amount(found["team:product"]) == pytest.approx(10950, rel=0.002), "with those below it, as its budget counts"
    assert amount(found["org"]) == pytest.approx(10950, rel=0.002)
    for row in found.values():
        assert amount(row, "p50") < amount(row, "p80") < amount(row, "p95")
        assert row.days == 400


def limited(scope: Scope, period: PeriodKind = PeriodKind.MONTH, *changes: PlannedChange) -> Budget:
    return Budget(f"{scope} {period}", scope, period, Money(10**12, "USD"), overlays=changes)


def planned(day: date, factor: str = "1", amount: int = 0, until: date | None = None, note: str = "") -> PlannedChange:
    return PlannedChange(day, until, Decimal(factor), Money(amount * 10**9, "USD"), note)


def test_planned_changes_are_part_of_what_is_proposed_to_whom_they_were_declared() -> None:
    search, launch = Scope(ScopeKind.TEAM, "search"), planned(date(2027, 7, 1), "2", note="launch")
    both = [limited(search, PeriodKind.MONTH, launch), limited(search, PeriodKind.YEAR, replace(launch, note="the launch"))]
    found = rows(Company(STEADY, budgets=both).plan())
    assert amount(found["team:search"]) == pytest.approx(3650 + 1840, rel=0.002), (
        "184 days at twice the cost; two budgets say it, once it is"
    )
    assert amount(found["team:ads"]) == pytest.approx(7300, rel=0.002)
    assert amount(found["org"]) == pytest.approx(10950, rel=0.002)
    assert [change.note for change in found["team:search"].planned] == ["launch"]


def test_two_launches_on_one_day_are_two() -> None:
    search, day = Scope(ScopeKind.TEAM, "search"), date(2027, 1, 1)
    two = limited(search, PeriodKind.MONTH, planned(day, amount=5, note="a"), planned(day, amount=5, note="b"))
    found = rows(Company(STEADY, budgets=[two, limited(search, PeriodKind.YEAR, planned(day, amount=5))]).plan())
    assert amount(found["team:search"]) == pytest.approx(3650 + 2 * 5 * 365, rel=0.002), "one of them is said by the yearly budget, too"
    assert [change.note for change in found["team:search"].planned] == ["a", "b"]


def test_a_change_of_several_teams_together_is_counted_once() -> None:
    seats = planned(date(2027, 1, 1), amount=5, until=date(2027, 1, 11))
    found = rows(Company(STEADY, budgets=[limited(Scope(ScopeKind.ORG), PeriodKind.YEAR, seats)]).plan())
    assert amount(found["org"]) == pytest.approx(10950 + 50, rel=0.002)


def test_what_is_planned_for_each_team_does_not_hold_for_one_with_a_budget_of_its_own() -> None:
    each = limited(Scope(ScopeKind.TEAM, "*"), PeriodKind.MONTH, planned(date(2027, 1, 1), "2"))
    found = rows(Company(STEADY, budgets=[each, limited(Scope(ScopeKind.TEAM, "search"))]).plan())
    assert amount(found["team:search"]) == pytest.approx(3650, rel=0.002)
    assert amount(found["team:ads"]) == pytest.approx(14600, rel=0.002)


def test_planned_changes_are_named() -> None:
    search = Scope(ScopeKind.TEAM, "search")
    plan = Company(
        STEADY, budgets=[limited(search, PeriodKind.MONTH, planned(date(2027, 7, 1), "1.2", 40, date(2027, 9, 1), "seats"))]
    ).plan()
    words = "× 1.2 and +40 USD a day from 2027-07-01 until 2027-09-01 (seats)"
    assert f"team:search: {words}" in " ".join(terminal.render(plan.card(Reader())).split())
    assert words in [cell for row in plan.cells() for cell in row]
    row = next(row for row in plan.document()["rows"] if row["scope"] == "team:search")
    assert row["planned_changes"] == [{"from": "2027-07-01", "until": "2027-09-01", "factor": "1.2", "amount": "40", "note": "seats"}]


def test_a_leap_year_has_a_day_more() -> None:
    company = Company(
        [replace(STEADY[0], last=date(2027, 11, 15))], now=NOW.replace(year=2027), marks={"api": datetime(2027, 11, 16, tzinfo=UTC)}
    )
    assert amount(rows(company.plan(2028))["team:search"]) == pytest.approx(3660, rel=0.0005)
    leap = replace(company, now=datetime(2028, 2, 29, 6, tzinfo=UTC), marks={"api": datetime(2028, 2, 29, tzinfo=UTC)})
    leap.lines = [replace(STEADY[0], last=date(2028, 2, 28))]
    assert leap.plan(2029).past == Window(date(2027, 3, 1), date(2028, 2, 29))


def test_of_the_running_year_what_is_complete_counts_to_the_nano() -> None:
    company = Company([Line("ana", "search", cost=lambda day: 10.000000001 if day.year == 2026 else 500.0)])
    found = rows(company.plan(2026))["org"]
    assert amount(found) == pytest.approx(3650, rel=0.002)
    days_so_far = (date(2026, 11, 16) - date(2026, 1, 1)).days
    assert (amount(found) - days_so_far * Decimal("10.000000001")) % Decimal("0.01") == 0
    more = rows(company.plan(2026, "", "growth=+100%"))["org"]
    assert amount(more) == pytest.approx(3650 + 460, rel=0.002), "46 days are left to grow"


def test_a_fiscal_year_begins_in_its_month() -> None:
    company = Company([replace(STEADY[0], cost=lambda day: 10.0 if day < date(2026, 11, 1) else 20.0)], fiscal_year_start=10)
    assert company.plan(2027).year == Window(date(2027, 10, 1), date(2028, 10, 1))
    running = company.plan(2026)
    assert running.year == Window(date(2026, 10, 1), date(2027, 10, 1))
    assert amount(rows(running)["org"]) > 31 * 10 + 15 * 20


def test_the_organisation_is_no_sum_of_quantiles() -> None:
    company = Company([Line(f"p{n}", f"t{n}", cost=noisy(n)) for n in range(8)], teams={f"t{n}": None for n in range(8)})
    found = rows(company.plan())
    teams = [row for scope, row in found.items() if scope != "org"]
    assert amount(found["org"]) == pytest.approx(sum(amount(row) for row in teams), rel=Decimal("0.1"))
    assert amount(found["org"], "p95") < Decimal("0.95") * sum(amount(row, "p95") for row in teams)


def test_a_scenario_multiplies_and_the_base_stands_beside_it() -> None:
    company = Company(STEADY)
    plain, changed = rows(company.plan()), rows(company.plan(2027, "", "growth=+30% price=-10%", "seats=3"))
    for scope, row in changed.items():
        assert row.base == plain[scope].base == plain[scope].amounts
        assert row.factor == Fraction(13, 10) * Fraction(9, 10) * Fraction(3, 2), "two people are active in the organisation"
        for name in ("p50", "p80", "p95"):
            assert abs(amount(row, name) - amount(plain[scope], name) * Decimal("1.755")) <= Decimal("0.005")


def test_what_sums_have_grown_by_is_carried_on_unless_a_scenario_says_what_to_expect() -> None:
    company = Company([Line("ana", "search", cost=growing), Line("ben", "ads", cost=growing)])
    found, flat = rows(company.plan()), rows(company.plan(2027, "", "growth=0%"))
    for scope in ("org", "team:product"):
        assert amount(flat[scope]) == pytest.approx(amount(flat["team:search"]) + amount(flat["team:ads"]), rel=Decimal("0.01"))
        assert amount(found[scope]) > Decimal("1.25") * amount(flat[scope])
    assert found["team:search"].amounts == flat["team:search"].amounts
    company.budgets = [limited(Scope(ScopeKind.ORG), PeriodKind.MONTH, planned(date(2027, 1, 1), "2"))]
    doubled = rows(company.plan())["org"]
    assert amount(doubled) == pytest.approx(2 * amount(found["org"]), rel=Decimal("0.1")), "what is planned comes on top"
    assert amount(doubled) > 2 * amount(flat["org"])


def growing(day: date) -> float:
    return 10 * float(np.exp(0.003 * (day - LONG_AGO).days))


def told(plan: Plan) -> str:
    return " ".join(terminal.render(plan.card(Reader())).split())


def test_beside_a_scenario_of_growth_stands_what_is_proposed_without_it() -> None:
    """The scenario takes the place of what sums have grown by; what stands beside it does not lose that."""
    company = Company([Line("ana", "search", cost=growing), Line("ben", "ads", cost=growing)])
    plain, flat, found = (rows(company.plan(2027, "", *scenario)) for scenario in ([], ["growth=0%"], ["growth=+20%"]))
    for scope, row in found.items():
        assert row.base == plain[scope].amounts == flat[scope].base, scope
        assert amount(row) == pytest.approx(amount(flat[scope]) * Decimal("1.2"), abs=Decimal("0.01"))
    assert amount(found["org"]) < amount(plain["org"])
    for scope, row in found.items():
        assert row.carried is not None
        assert float(row.carried) == pytest.approx(float(amount(plain[scope]) / amount(flat[scope])), abs=1e-9)
    assert found["team:search"].carried == 1, "of a single team no trend is assumed"
    assert plain["org"].carried is None


def test_growth_below_what_has_been_says_that_it_is() -> None:
    company = Company([Line("ana", "search", cost=growing), Line("ben", "ads", cost=growing)])
    less, more, none = (company.plan(2027, "", *scenario) for scenario in (["growth=+20%"], ["growth=+100%"], ["price=-10%"]))
    by = f"{float((rows(less)['org'].carried or 1) - 1):+.1%}"
    taken = f"takes the place of what these have grown by so far, which carried on would be: org {by}, team:product {by}."
    below = (
        "Of org, team:product that is more than the scenario's +20.0%: by its growth alone they are expected to cost less than without it."
    )
    assert [one in told(less) for one in (taken, below)] == [True, True]
    assert [one in less.document()["note"] for one in (taken, below)] == [True, True]
    assert [one in told(more) for one in (taken, "by its growth alone")] == [True, False]
    assert "takes the place" not in told(none) + told(Company(STEADY).plan(2027, "", "growth=+20%"))
    (row,) = (row for row in less.document()["rows"] if row["scope"] == "org")
    assert f"{float(row['carried_growth']) - 1:+.1%}" == by
    assert none.document()["rows"][0]["carried_growth"] is None


def test_seats_are_those_of_what_is_asked_for() -> None:
    company = Company([*STEADY, Line("cyd", "ads")])
    assert [row.factor for row in company.plan(2027, "team:ads", "seats=3").rows] == [Fraction(3, 2)]
    assert [row.factor for row in company.plan(2027, "org", "seats=3").rows] == [Fraction(1)]
    company.lines.append(Line("", "empty"))
    with pytest.raises(ConfigError, match="nobody in this scope is active"):
        company.plan(2027, "team:empty", "seats=3")


def test_drivers_are_of_the_last_twelve_months_and_of_people_active_now() -> None:
    gone = Line("eve", "search", "old", last=date(2026, 9, 1))
    lines = [Line("ana", "search"), Line("ben", "search", "small", cost=lambda _: 5.0), Line("", "search", "", cost=lambda _: 5.0), gone]
    (row,) = Company(lines).plan(2027, "team:search").rows
    days = (date(2026, 9, 1) - date(2025, 11, 16)).days + 1
    assert (row.cost.amount, row.cost_days) == (365 * 20 + days * 10, 365)
    assert row.active == 2
    assert row.each
    assert row.each.amount == 30 * 20 // 2
    assert row.models
    assert [name for name, _ in row.models] == ["big", "old", "small"]
    assert row.models[0][1] == Fraction(365 * 10, 365 * 20 + days * 10)


def test_what_is_too_young_is_listed_without_a_figure() -> None:
    young = Line("cyd", "ads", first=date(2026, 11, 1))
    plan = Company([STEADY[0], young], teams={"search": None, "ads": None, "asleep": None}).plan()
    found = rows(plan)
    ads = found["team:ads"].document()
    assert (ads["p50"], ads["base"], ads["days_of_history"], ads["last_12_months"], ads["last_12_months_days"]) == (
        None,
        None,
        15,
        "150",
        15,
    )
    assert ads["reason"] == "not enough history: 15 of 28 days"
    assert found["team:asleep"].document()["p95"] is None
    assert amount(found["org"]) == pytest.approx(7300, rel=0.05), "the organisation counts them all the same"
    from adapters.chat import terminal

    assert "Not enough history for a figure: team:ads (15 days), team:asleep (0 days)." in " ".join(
        terminal.render(plan.card(Reader())).split()
    )


def test_less_history_makes_the_range_wider() -> None:
    spreads = []
    for first in (LONG_AGO, date(2026, 10, 1)):
        (row,) = Company([replace(STEADY[0], first=first)]).plan(2027, "team:search").rows
        spreads.append(amount(row, "p95") / amount(row, "p50"))
    assert spreads[1] > 2 * spreads[0]


def test_what_is_of_no_team_or_of_an_unknown_one_has_its_row() -> None:
    found = rows(Company([*STEADY, Line("", ""), Line("", "gone")]).plan())
    assert list(found) == ["org", "team:product", "team:ads", "no team", "team:gone", "team:search"]
    assert amount(found["no team"]) == pytest.approx(3650, rel=0.002)


def test_small_teams_are_together_where_groups_are_protected() -> None:
    big = [Line(f"b{n}", "search") for n in range(6)]
    small = [*(Line(f"s{n}", "ads", "rare") for n in range(4)), Line("x0", "lab", "rarer"), Line("x1", "lab", "rarer")]
    teams: dict[str, str | None] = {"product": None, "search": "product", "ads": "product", "lab": None}
    company = Company(big + small, teams, Privacy.WORKS_COUNCIL)
    plan = company.plan()
    found = rows(plan)
    assert list(found) == ["org", "small teams together", "team:search"]
    assert found["small teams together"].active == 6
    assert amount(found["small teams together"]) == pytest.approx(6 * 3650, rel=0.002)
    assert plan.past == Window(date(2025, 11, 1), date(2026, 11, 1)), "whole months, so that nothing can be subtracted"
    assert found["team:search"].models is None
    assert found["org"].models == (("big", Fraction(1, 2)),), "four people and two are too few to tell their models"
    assert len(company.plan(2027, "team:search").rows) == 1
    for scope in ("team:ads", "team:lab", "team:product"):
        with pytest.raises(ConfigError, match="works_council"):
            company.plan(2027, scope)


def test_a_team_of_many_of_whom_few_are_active_is_small() -> None:
    quiet = [Line(f"q{n}", "ads", last=date(2026, 3, 1)) for n in range(5)]
    lines = [Line(f"b{n}", "search") for n in range(6)] + [Line(f"c{n}", "lab") for n in range(5)] + quiet + [Line("q9", "ads")]
    found = rows(Company(lines, {"search": None, "ads": None, "lab": None}, Privacy.WORKS_COUNCIL).plan())
    assert set(found) == {"org", "small teams together", "team:search"}, "the next smallest joins those who are too few together"


def test_the_last_day_is_the_one_that_every_running_source_has_delivered() -> None:
    late = Line("ben", "ads", source="late", last=date(2026, 11, 9))
    ended = Line("old", "ads", source="old", last=date(2026, 5, 1))
    marks = {"api": NOW, "late": datetime(2026, 11, 10, tzinfo=UTC), "old": datetime(2026, 5, 2, tzinfo=UTC)}
    plan = Company([STEADY[0], late, ended], marks=marks).plan()
    assert (plan.last, plan.silent) == (date(2026, 11, 9), ("old",))
    assert "Nothing has come lately from old: it is taken to have ended." in plan.document()["note"]
    with pytest.raises(ConfigError, match="Nothing was delivered for the last 35 days"):
        Company([ended], marks=marks).plan()


@pytest.mark.parametrize(
    ("year", "scope", "said"),
    [
        (2025, "", "2025 cannot be planned; plan 2027"),
        (2029, "", "from 2026 to 2028"),
        (2027, "serch", "'serch' is no scope; write org, or team:NAME such as team:ads"),
        (2027, "team:serch", "There is no team 'serch'. Did you mean: team:search"),
        (2027, "team:", "There is no team ''"),
        (2027, "team:zzz", "There is no team 'zzz'.$"),
    ],
)
def test_what_cannot_be_planned_is_answered_with_what_can(year: int, scope: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Company(STEADY).plan(year, scope)


def late(day: date) -> float:
    """Of ten a day the two newest days have stated one and six so far."""
    return {date(2026, 11, 15): 1.0, date(2026, 11, 14): 6.0}.get(day, 10.0)


def loads(*sources: str) -> list[Seen]:
    """Return what the loads of two months have found of days that came to ten."""
    days = [NOW.date() - timedelta(days=n) for n in range(1, 61)]
    stated = {1: 10**9, 2: 6 * 10**9, 3: 10**10, 15: 10**10}
    found = [(source, day, age, cost) for source in sources for day in days for age, cost in stated.items()]
    return [Seen(source, day, 4 * age + 1, cost, 10**10) for source, day, age, cost in found if day + timedelta(days=age) <= NOW.date()]


@pytest.mark.parametrize("year", [2026, 2027])
def test_days_that_are_usually_stated_late_are_completed(year: int) -> None:
    """As delivered they look as if less were used lately, and of the running year as if that had been all of them."""
    even, lines = ([replace(line, cost=cost) for line in STEADY] for cost in (lambda _: 10.0, late))
    steady, trusted = (Company(of).plan(year) for of in (even, lines))
    completed = Company(lines, loaded=loads("api")).plan(year)
    assert completed.last == steady.last
    for scope in ("org", "team:product", "team:search"):
        whole, short, found = (float(amount(rows(plan)[scope])) for plan in (steady, trusted, completed))
        assert short < whole - 10
        assert found == pytest.approx(whole, rel=0.0005), scope


def test_what_another_source_states_late_completes_nobody_else() -> None:
    lines = [replace(STEADY[0], cost=late), replace(STEADY[1], source="prompt")]
    marks = {"api": datetime(2026, 11, 16, tzinfo=UTC), "prompt": datetime(2026, 11, 16, tzinfo=UTC)}
    plain = rows(Company(lines, marks=marks).plan())
    found = rows(Company(lines, marks=marks, loaded=loads("api", "other")).plan())
    changed = {scope for scope, row in found.items() if amount(row) != amount(plain[scope])}
    assert changed == {"team:search"}, "of the organisation one source is not known, and it is taken as it is"


def test_a_scenario_does_not_multiply_what_is_billed_of_a_late_day() -> None:
    lines = [replace(line, cost=late) for line in STEADY]
    found = rows(Company(lines, loaded=loads("api")).plan(2026, "", "growth=+100%"))["team:search"]
    assert found.base
    billed, base = 10 * 317 + 7, float(str(found.base.p50.amount))
    assert float(amount(found)) - billed == pytest.approx(2 * (base - billed), rel=0.00001)


def stands_still(*lines: Line) -> Company:
    """Return a company on 30 December whose second source, of one a day, stopped on the 20th."""
    late = Line("ana", "search", source="late", last=date(2026, 12, 20), cost=lambda _: 1.0)
    marks = {"api": datetime(2026, 12, 30, tzinfo=UTC), "late": datetime(2026, 12, 21, tzinfo=UTC)}
    return Company([late, *lines], now=datetime(2026, 12, 30, 9, tzinfo=UTC), marks=marks)


def spike(day: date) -> float:
    return 5000.0 if day == date(2026, 12, 25) else 10.0


def test_of_the_running_year_nothing_below_what_is_billed_is_proposed() -> None:
    """Of 363 days ten each are billed, 5,000 on one of them, and one each of 354: 3,620 + 5,000 + 354. 11 a day are usual.

    To come are 8 × 1 of the days that are not delivered, and 2 × 11; of the dear one nothing.
    """
    company = stands_still(Line("ana", "search", cost=spike, last=date(2026, 12, 29)))
    billed = 362 * 10 + 5000 + 354
    for scenario, rest in (([], 30.0), (["growth=+100%"], 60.0), (["growth=-50%"], 15.0)):
        plan = company.plan(2026, "", *scenario)
        assert plan.last == date(2026, 12, 20)
        found = rows(plan)
        for scope in ("org", "team:search"):
            assert float(amount(found[scope], "p50")) == pytest.approx(billed + rest, abs=0.5), scope
            assert billed <= amount(found[scope], "p50") <= amount(found[scope], "p80") <= amount(found[scope], "p95"), scope
    assert amount(rows(company.plan(2027))["org"]) == pytest.approx(11 * 365, rel=0.002), "it counts for its own year alone"


def test_what_began_after_the_last_complete_day_is_billed_all_the_same() -> None:
    """Search costs 11 a day, lab ten; ads began on the 25th, with 5,000 that nobody had expected."""
    ads = Line("ben", "ads", first=date(2026, 12, 25), last=date(2026, 12, 25), cost=spike)
    known = [Line("ana", "search", last=date(2026, 12, 29)), Line("cyd", "lab", last=date(2026, 12, 29))]
    without, found = (rows(stands_still(*known, *more).plan(2026)) for more in ([], [ads]))
    assert amount(found["org"]) == 2 * 363 * 10 + 354 + 5000
    assert amount(found["team:product"]) == 363 * 10 + 354 + 5000
    for scope in ("team:search", "team:lab"):
        assert found[scope].amounts == without[scope].amounts
    assert found["team:ads"].document()["reason"] == "not enough history: 0 of 28 days"


def test_a_scenario_does_not_multiply_what_is_billed_of_days_that_another_source_has_not_delivered() -> None:
    """Of 365 days at 11 all but 9 × 1 + 2 × 11 are billed: twice that is to come."""
    company = stands_still(Line("ana", "search", last=date(2026, 12, 29)))
    assert amount(rows(company.plan(2026, "", "growth=+100%"))["org"]) == pytest.approx(363 * 10 + 354 + 2 * 31, abs=Decimal("0.1"))


def test_names_do_not_depend_on_their_case() -> None:
    assert [row.scope for row in Company(STEADY).plan(2027, "team:Search").rows] == ["team:search"]


def test_today_is_never_complete() -> None:
    lines = [replace(line, last=date(2026, 12, 31)) for line in STEADY]
    company = Company(lines, now=datetime(2026, 12, 31, 23, tzinfo=UTC), marks={"api": datetime(2027, 1, 1, tzinfo=UTC)})
    plan = company.plan(2026)
    assert plan.last == date(2026, 12, 30)
    assert amount(rows(plan)["team:search"]) == pytest.approx(3650, rel=0.002)

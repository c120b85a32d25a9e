"""Unit figures: the cost of the same teams, projects and days as the outcomes, exactly; and none where there are none."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from fakes import FakeFigures, FakeLedger, FakeOutcomes
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.outcome import Outcome
from bot.domain.people import Directory, Person, Stint, Team
from bot.domain.period import PeriodKind, Window, same_days_before
from bot.domain.visibility import Privacy
from bot.messages.parts import Unit
from bot.ports import CostScope
from bot.services.groups import Groups
from bot.services.units import Units

NOVEMBER = Window(date(2026, 11, 1), date(2026, 11, 24))
TODAY = date(2026, 11, 23)
LINE = ("Acme", "API", "large-1", *[None] * 9)
TEAMS = {"engineering": Team("engineering"), "search": Team("search", "engineering"), "support": Team("support", "engineering")}
DIRECTORY = Directory({}, TEAMS)
ENGINEERING = CostScope(teams=("engineering", "search", "support"))
SEARCH = CostScope(teams=("search",))


class Company:
    """What was spent and what was got done."""

    def __init__(self, directory: Directory = DIRECTORY, privacy: Privacy = Privacy.STANDARD) -> None:
        self.ledger, self.outcomes, self.directory = FakeLedger(known_lines={LINE: 1}), FakeOutcomes(), directory
        self.privacy = privacy

    def spend(self, nanos: int, day: date, team: str = "search", project: str = "", estimated: int = 0) -> None:
        numbers = {"team": team, "project": project, "person": "", "source": "bill", "principal": ""}
        ids = {f"{k}_id": self.ledger.names.setdefault((k, v), len(self.ledger.names) + 1) if v else 0 for k, v in numbers.items()}
        self.ledger.rows.append(ids | {"line_id": 1, "day": (day - date(1970, 1, 1)).days, "billed": nanos, "estimated": estimated})

    def did(self, count: str, day: date, team: str = "search", project: str = "", kind: str = "tickets", source: str = "jira") -> None:
        self.outcomes.said.append((source, Outcome(kind, day, team, project, Decimal(count))))

    def units(
        self, scope: CostScope = ENGINEERING, window: Window = NOVEMBER, kind: PeriodKind | None = None, *, compares: bool = True
    ) -> tuple[Unit, ...]:
        figures = FakeFigures(self.ledger)
        groups = Groups(figures, self.directory, self.privacy, TODAY)
        units = Units(figures, self.outcomes, self.directory, "USD")
        return units.of(scope, window, kind or PeriodKind.MONTH, groups, lambda _: compares)


def day(number: int, month: int = 11) -> date:
    return date(2026, month, number)


def test_cost_after_the_last_day_of_outcomes_does_not_count() -> None:
    company = Company()
    for number in range(1, 24):
        company.spend(10, day(number), estimated=1)
    company.did("4", day(1))
    company.did("0", day(20))
    (unit,) = company.units(SEARCH)
    assert (unit.window, unit.cost.nanos, unit.each.nanos) == (Window(day(1), day(21)), 220, 55)


def test_cost_before_the_first_day_of_outcomes_does_not_count() -> None:
    company = Company()
    company.spend(10, day(2))
    company.spend(7, day(3))
    company.did("1", day(3))
    (unit,) = company.units(SEARCH)
    assert (unit.window, unit.cost.nanos, unit.previous) == (Window(day(3), day(4)), 7, None)


def test_a_source_that_is_late_ends_the_days_of_all() -> None:
    company = Company()
    company.spend(10, day(3))
    company.spend(10, day(9))
    company.did("1", day(1))
    company.did("1", day(12))
    company.did("2", day(1), source="desk")
    company.did("2", day(4), source="desk")
    (unit,) = company.units(SEARCH)
    assert (unit.window.end, unit.count, unit.cost.nanos) == (day(5), 5, 10)


def test_the_same_days_of_the_month_before_are_compared() -> None:
    company = Company()
    company.spend(100, day(5))
    company.spend(60, day(5, 10))
    company.spend(999, day(21, 10))
    for when, count in ((day(1, 10), "0"), (day(4, 10), "2"), (day(5), "4"), (day(20), "0"), (day(25, 10), "7")):
        company.did(count, when)
    (unit,) = company.units(SEARCH)
    assert unit.previous is not None
    assert (unit.each.nanos, unit.previous.nanos, unit.each.change_from(unit.previous)) == (25, 30, Fraction(-1, 6))
    (alone,) = company.units(SEARCH, compares=False)
    assert alone.previous is None


def test_days_before_that_were_not_counted_are_not_compared_with() -> None:
    company = Company()
    company.spend(100, day(5))
    company.spend(60, day(5, 10))
    for when in (day(2, 10), day(5), day(20)):
        company.did("1", when)
    (unit,) = company.units(SEARCH)
    assert unit.previous is None, "the first of October is unknown"


def daily(company: Company, team: str, cost: int, of: dict[int, str], source: str = "jira") -> None:
    """Let *team* cost the same and get as much done on each of the first ten days of the months *of*; no line where that is empty."""
    for month, count in of.items():
        for number in range(1, 11):
            company.spend(cost, day(number, month), team)
            if count:
                company.did(count, day(number, month), team, source=source)


def told(unit: Unit) -> tuple[Fraction, Fraction | None, tuple[Fraction, Fraction] | None]:
    """Return what one cost, what it cost before, and both of those alone who are counted in both."""
    alike = unit.like_for_like
    return unit.each.nanos, unit.previous and unit.previous.nanos, alike and (alike[0].nanos, alike[1].nanos)


@pytest.mark.parametrize("scope", [CostScope(), ENGINEERING])
def test_who_got_nothing_done_any_more_still_costs(scope: CostScope) -> None:
    """Search does 2 a day for 30, support 1 for 60 in October and none in November: 900 for 20 now, 900 for 30 before."""
    company = Company()
    daily(company, "search", 30, {10: "2", 11: "2"})
    daily(company, "support", 60, {10: "1", 11: ""})
    (unit,) = company.units(scope)
    assert (unit.cost.nanos, unit.count, unit.is_part) == (900, 20, False)
    assert told(unit) == (45, 30, None)


def test_who_was_not_counted_before_is_not_compared_with_what_they_cost_then() -> None:
    """All: 900 for 30. Search alone: 300 for 20, before 300 for 10; support cost 600 then, and nobody knows for how many."""
    company = Company()
    daily(company, "search", 30, {10: "1", 11: "2"})
    daily(company, "support", 60, {10: "", 11: "1"})
    (unit,) = company.units()
    assert (unit.cost.nanos, unit.count, told(unit)) == (900, 30, (30, None, (15, 30)))
    company.did("5", day(9, 10), "support")
    assert told(company.units()[0]) == (30, None, (15, 30)), "eight days are not known"
    company.did("0", day(1, 10), "support")
    assert told(company.units()[0]) == (30, 60, None)


def test_a_new_team_that_cost_nothing_before_is_compared_with_that() -> None:
    company = Company()
    daily(company, "search", 30, {10: "1", 11: "2"})
    daily(company, "support", 60, {11: "1"})
    assert told(company.units()[0]) == (30, 30, None)


def test_what_a_source_stated_that_ended_before_is_not_compared_with() -> None:
    """Of what support does now nothing is known: search's 300 for 20, before 300 for 10."""
    company = Company()
    daily(company, "search", 30, {10: "1", 11: "2"})
    daily(company, "support", 60, {10: "3", 11: ""}, source="desk")
    (unit,) = company.units()
    assert (unit.is_part, told(unit)) == (True, (15, 30, None))
    assert told(company.units(kind=PeriodKind.MONTH, window=Window(day(1, 10), day(1)))[0])[0] == Fraction(900, 40)


def test_a_source_that_is_late_ends_the_days_also_where_it_had_nothing_lately() -> None:
    company = Company()
    daily(company, "search", 30, {10: "1", 11: "2"})
    daily(company, "support", 60, {10: "1", 11: ""}, source="desk")
    company.did("1", day(4), "engineering", source="desk")
    (unit,) = company.units(CostScope(teams=("search", "support")))
    assert (unit.window.end, unit.cost.nanos, told(unit)) == (day(5), 360, (45, 45, None))


def test_a_team_that_began_below_one_that_is_counted_is_no_progress() -> None:
    """Engineering's own tickets stand against search's cost, too; search's first ones are not there in October."""
    company = Company()
    daily(company, "engineering", 30, {10: "1", 11: "1"})
    daily(company, "search", 30, {10: "", 11: "5"})
    assert told(company.units()[0]) == (10, None, (60, 60))


def test_whose_part_of_a_project_was_not_counted_before_is_not_compared() -> None:
    company = Company()
    for month, team in ((10, "search"), (11, "search"), (11, "support")):
        company.spend(30, day(1, month), "search", "ranking")
        company.did("1", day(1, month), team, "ranking")
    assert told(company.units(CostScope(project="ranking"))[0]) == (30, None, (60, 30))


def test_a_team_stands_for_those_below_it_and_who_counts_nothing_is_left_out() -> None:
    company = Company()
    for team, nanos in (("search", 30), ("support", 50), ("engineering", 7), ("", 1000)):
        company.spend(nanos, day(3), team)
    company.did("3", day(3), "search")
    (part,) = company.units()
    assert (part.cost.nanos, part.is_part) == (30, True)
    (whole,) = company.units(CostScope())
    assert (whole.cost.nanos, whole.is_part) == (30, True)
    company.did("1", day(3), "engineering")
    (all_of_it,) = company.units()
    assert (all_of_it.cost.nanos, all_of_it.count, all_of_it.is_part) == (87, 4, False)
    assert company.units(CostScope(teams=("support",))) == ()


def test_what_nobody_s_team_did_stands_against_what_nobody_s_team_cost() -> None:
    company = Company()
    company.spend(30, day(3))
    company.spend(12, day(3), "")
    company.did("4", day(3), "")
    (unit,) = company.units(CostScope())
    assert (unit.cost.nanos, unit.is_part) == (12, True)


def test_a_project_counts_its_own_and_once_beside_a_team() -> None:
    company = Company()
    company.spend(30, day(3), "search", "Ranking")
    company.spend(11, day(3), "support", "Ranking")
    company.spend(5, day(3), "support", "other")
    company.did("2", day(3), "", "ranking")
    (project,) = company.units(CostScope(project="Ranking"))
    assert (project.cost.nanos, project.count) == (41, 2)
    assert company.units(SEARCH) == (), "the project is not the team's alone"
    company.did("3", day(3), "search")
    (whole,) = company.units(CostScope())
    assert (whole.cost.nanos, whole.count, whole.is_part) == (41, 5, True)


def test_nobody_s_own_figures_have_outcomes() -> None:
    company = Company()
    company.spend(30, day(3))
    company.did("2", day(3))
    assert company.units(CostScope(people=("ana@x.example",))) == ()


def test_what_is_wanted_comes_before_what_is_only_done() -> None:
    company = Company()
    company.spend(30, day(3))
    for kind in ("sessions", "commits", "bugs", "tickets", "pull_requests", "none"):
        company.did("0" if kind == "none" else "1", day(3), kind=kind)
    assert [unit.kind for unit in company.units(SEARCH)] == ["pull_requests", "tickets", "bugs", "commits", "sessions"]


DAYS = st.integers(0, 50).map(lambda n: date(2026, 10, 4) + timedelta(days=n))
OF_TEAM = st.sampled_from(["search", "support", "engineering", ""])
OF_PROJECT = st.sampled_from(["", "ranking", "other"])
COSTS = st.lists(st.tuples(st.integers(-50, 10**12), DAYS, OF_TEAM, OF_PROJECT), max_size=12)
DONE = st.lists(st.tuples(st.decimals(0, 99, places=1), DAYS, OF_TEAM, OF_PROJECT, st.sampled_from(["tickets", "commits"])), max_size=12)
SCOPES = st.sampled_from([CostScope(), ENGINEERING, SEARCH, CostScope(project="ranking"), CostScope(teams=("support",), project="other")])


@given(COSTS, DONE, SCOPES)
def test_every_unit_is_the_plain_sum_of_its_days(
    costs: list[tuple[int, date, str, str]], done: list[tuple[Decimal, date, str, str, str]], scope: CostScope
) -> None:
    company = Company()
    for nanos, when, team, project in costs:
        company.spend(nanos, when, team, project)
    for count, when, team, project, kind in done:
        company.did(str(count), when, team, project, kind)
    found = {unit.kind: unit for unit in company.units(scope)}
    for unit in found.values():
        assert unit.each.nanos * Fraction(unit.count) == unit.cost.nanos
        assert unit.window.within(NOVEMBER)
        assert all(
            min(w for _, w, _, _, k in done if k == unit.kind) <= one <= max(w for _, w, _, _, k in done if k == unit.kind)
            for one in unit.window
        )
        mine = [row for row in done if row[4] == unit.kind and counts(row[2], row[3], scope)]
        assert unit.count == sum(row[0] for row in mine if row[1] in unit.window)
        before = same_days_before(unit.window, PeriodKind.MONTH)
        mine = [row for row in mine if row[1] in unit.window or row[1] in before]
        assert unit.cost.nanos == sum(n for n, w, t, p in costs if w in unit.window and counts(t, p, scope) and stands(t, p, mine, scope))
    for kind in {"tickets", "commits"} - set(found):
        assert not sum(row[0] for row in done if row[4] == kind and row[1] in NOVEMBER and counts(row[2], row[3], scope))


def counts(team: str, project: str, scope: CostScope) -> bool:
    return (scope.teams is None or team in scope.teams) and (scope.project is None or project == scope.project)


def stands(team: str, project: str, done: list[tuple[Decimal, date, str, str, str]], scope: CostScope) -> bool:
    """Tell whether cost of *team* and *project* stands against one of the outcomes, in so many words."""
    if scope.project:
        return True
    above = {team, "engineering"} if team in {"search", "support"} else {team}
    return any((t in above and t) or (not t and p and p == project) or (not t and not p and not team) for _, _, t, p, _ in done)


def people(team: str, count: int) -> dict[str, Person]:
    emails = [f"{team}{n}@x.example" for n in range(count)]
    return {email: Person(email, email, stints=(Stint(team, None),)) for email in emails}


@pytest.mark.parametrize(
    ("last", "counted", "is_shown"), [(30, "abc", True), (29, "abc", False), (30, "a", True), (30, "b", False), (30, "bc", True)]
)
def test_where_the_cost_may_not_be_shown_its_share_of_an_outcome_is_not(last: int, counted: str, is_shown: bool) -> None:  # noqa: FBT001
    """Teams of six, three and four people, of which the small ones are only shown together; and no parts of months."""
    directory = Directory(people("a", 6) | people("b", 3) | people("c", 4), {name: Team(name) for name in "abc"})
    company = Company(directory, Privacy.WORKS_COUNCIL)
    month = Window(day(1, 9), day(1, 10))
    for team in "abc":
        company.spend(10, day(3, 9), team)
    for team in counted:
        company.did("1", day(1, 9), team)
        company.did("0", day(last, 9), team)
    assert bool(company.units(CostScope(), month)) is is_shown


@pytest.mark.parametrize(("new", "is_shown"), [("b", False), ("bc", True)])
def test_those_counted_in_both_are_not_told_apart_from_a_small_group(new: str, is_shown: bool) -> None:  # noqa: FBT001
    directory = Directory(people("a", 6) | people("b", 3) | people("c", 4), {name: Team(name) for name in "abc"})
    company = Company(directory, Privacy.WORKS_COUNCIL)
    for team in "abc":
        for month in (8, 9):
            company.spend(10, day(3, month), team)
            for number in (1, 30) if month != 8 or team not in new else ():
                company.did("1", day(number, month), team)
    for team in "abc":
        company.did("1", day(31, 8), team) if team not in new else None
    (unit,) = company.units(CostScope(), Window(day(1, 9), day(1, 10)))
    assert (unit.previous, bool(unit.like_for_like)) == (None, is_shown)

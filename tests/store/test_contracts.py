"""One suite per port, over the fake, SQLite and PostgreSQL."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeBudgets, FakeFigures, FakeLedger, FakePeople
from rows import arrow_daily, arrow_totals

from adapters.store.budgets import SqlBudgets
from adapters.store.database import Database
from adapters.store.figures import SqlFigures
from adapters.store.ledger import SqlLedger
from adapters.store.people import SqlPeople
from bot.domain.budget import Budget, PlannedChange, Scope, ScopeKind
from bot.domain.completeness import Seen
from bot.domain.money import Money
from bot.domain.people import Directory, Identity, IdentityKind, Person, Role, Stint, Team
from bot.domain.period import PeriodKind, Window
from bot.ports import FORGOTTEN, Billed, CostScope, Dimension, Load, Look, Member, Quarantined, Ranking, Settling, Used

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
KINDS = ["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.service)]
LINE = ("Acme", "API", "large-1", None, None, "usage", None, "USD", "Tokens", "acc", None, "person")
NOBODY = (*LINE[:-1], None)
SEAT = (*LINE[:8], "Seats", *LINE[9:])


@pytest.fixture(params=KINDS)
def ports(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "fake":
        ledger = FakeLedger()
        yield FakePeople(), FakeBudgets(), ledger, FakeFigures(ledger)
        return
    from conftest import fresh_postgresql

    from adapters.store import schema

    url = f"sqlite:///{tmp_path}/s.db"
    if request.param == "postgresql":
        url = fresh_postgresql(request.getfixturevalue("postgresql_url"), f"c_{abs(hash(tmp_path))}")
    database = Database(url)
    schema.upgrade(database)
    yield SqlPeople(database), SqlBudgets(database), SqlLedger(database), SqlFigures(database)
    database.close()


def directory() -> Directory:
    ana = Person("ana@x.example", "Ana", "Europe/Berlin", "de", frozenset({Role.FINOPS}), (
        Stint("search", None, valid_to=date(2026, 11, 10)), Stint("support", "ruth@x.example", date(2026, 11, 10))))  # fmt: skip
    ruth = Person("ruth@x.example", "Ruth", stints=(Stint("support", None),))
    teams = {"search": Team("search"), "support": Team("support", "search", "ruth@x.example", "CC-1", "#support")}
    identities = (
        Identity("key-*", IdentityKind.PATTERN, service="bot"),
        Identity("u-1", IdentityKind.ID, person="ana@x.example"),
    )
    return Directory({p.email: p for p in (ana, ruth)}, teams, identities)


def test_the_directory_comes_back_as_it_went_and_is_replaced_whole(ports: Any) -> None:
    people = ports[0]
    people.replace(directory())
    assert people.directory() == directory()

    smaller = Directory({"ruth@x.example": directory().people["ruth@x.example"]}, {"support": Team("support")})
    people.replace(smaller)
    assert people.directory() == smaller


def test_looks_at_a_person_are_told_to_that_person_only(ports: Any) -> None:
    people = ports[0]
    ana = directory().people["ana@x.example"]
    looks = [
        Look(NOW, "ruth@x.example", "person", "ana@x.example", "manages the team", "…"),
        Look(NOW - timedelta(days=30), "ruth@x.example", "people_of_team", "search", "manages the team", "then in search"),
        Look(NOW, "ruth@x.example", "people_of_team", "search", "manages the team", "no longer in search, but in its earlier months"),
        Look(NOW, "ruth@x.example", "people", "", "FinOps", "top people"),
        Look(NOW, "ana@x.example", "person", "ana@x.example", "own figures", "me"),
        Look(NOW, "ruth@x.example", "person", "ben@x.example", "not theirs", "…"),
    ]
    for look in looks:
        people.log(look)

    assert people.looks_at(ana) == [looks[3], looks[2], looks[1], looks[0]]
    assert people.looks_at(ana, limit=1) == [looks[3]]
    assert people.looks_at(ana, limit=None) == people.looks_at(ana)


OVERLAYS = (PlannedChange(date(2026, 12, 1), None, Decimal("1.2"), Money(40, "USD"), "a launch – and more"),)


def budget(limit: int, name: str = "all") -> Budget:
    return Budget(
        name,
        Scope(ScopeKind.PERSON, "*", "search"),
        PeriodKind.QUARTER,
        Money(limit, "USD"),
        (Decimal("0.5"), Decimal(1)),
        "a@x.example",
        4,
        overlays=OVERLAYS,
    )


def test_a_changed_budget_is_a_new_version_and_a_removed_one_ends(ports: Any) -> None:
    budgets = ports[1]
    budgets.apply([budget(10), budget(7, "other")], [], NOW)
    budgets.apply([budget(20)], ["other"], NOW)
    assert [(b.name, b.version, b.limit.nanos) for b in budgets.current()] == [("all", 2, 20)]
    assert budgets.current()[0].scope == Scope(ScopeKind.PERSON, "*", "search")
    assert budgets.current()[0].overlays == OVERLAYS

    budgets.apply([budget(5, "other")], ["all"], NOW)
    assert [(b.name, b.version) for b in budgets.current()] == [("other", 2)]


def load_of(window: Window, rows: int, **more: Any) -> Load:
    base = {
        "source": "bill", "kind": "focus", "description": "d", "window": window, "loaded_at": NOW, "rows": rows, "days": 1,
        "ledger_rows": rows, "currency": "USD", "billed_nanos": 1, "estimated_nanos": 0, "allocated_nanos": 1, "unallocated_nanos": 0,
        "watermark": NOW, "settling": Settling(5, after_month=True), "scopes": ("acme/acc",),
    }  # fmt: skip
    return Load(**(base | more))


def put(ports: Any, source: str, window: Window, rows: list[dict[str, Any]], **more: Any) -> Load:
    ledger = ports[2]
    with ledger.load(source) as writer:
        number = {
            kind: writer.labels(kind, sorted({r[kind] for r in rows if r.get(kind)})) for kind in ("person", "team", "project", "principal")
        }
        lines = writer.lines(sorted({LINE, NOBODY, SEAT, *(row["line"] for row in rows if "line" in row)}, key=str))
        rows = [row | {"line": lines[row["line"]]} if "line" in row else row for row in rows]
        source_id = writer.labels("source", [source])[source]
        daily = arrow_daily(source_id, rows, number, lines[LINE], lines[NOBODY])
        labels = {
            kind: writer.labels(kind, [value])[value] for kind, value in (("model", "large-1"), ("tool", "API"), ("provider", "Acme"))
        }
        writer.replace(window, daily, arrow_totals(daily, source_id, labels))
        return writer.book(load_of(window, len(rows), source=source, **more))


NOVEMBER = Window(date(2026, 11, 1), date(2026, 12, 1))
ROWS = [
    {
        "day": "2026-11-03",
        "person": "ana@x.example",
        "team": "search",
        "project": "ranking",
        "principal": "u-1",
        "billed": 500,
    },
    {
        "day": "2026-11-04",
        "person": "ana@x.example",
        "team": "search",
        "principal": "u-1",
        "billed": 70,
        "estimated": 3,
    },
    {"day": "2026-11-04", "person": "ruth@x.example", "team": "support", "principal": "u-2", "billed": -20},
    {"day": "2026-11-30", "charge_day": "2026-11-01", "team": "support", "billed": 11},
    {"day": "2026-11-05", "principal": "sk-1", "project": "ranking", "billed": 9},
]


def test_a_load_replaces_what_the_source_had_said_of_its_window(ports: Any) -> None:
    """Providers correct recent days; the ledger keeps the latest statement, not the sum."""
    figures = ports[3]
    put(ports, "bill", NOVEMBER, ROWS)
    put(ports, "other", NOVEMBER, [{"day": "2026-11-03", "team": "search", "billed": 1000}], scopes=("x",))
    put(
        ports,
        "bill",
        Window(date(2026, 11, 4), date(2026, 11, 5)),
        [{"day": "2026-11-04", "person": "ana@x.example", "team": "search", "billed": 1}],
    )

    assert figures.total(CostScope(), NOVEMBER).total == 500 + 1 + 11 + 9 + 1000
    assert [(c.key, c.total) for c in figures.costs(CostScope(), NOVEMBER, Dimension.SOURCE)] == [
        ("other", 1000),
        ("bill", 521),
    ]


WINDOWS = [
    NOVEMBER,
    Window(date(2026, 11, 4), date(2026, 11, 5)),
    Window(date(2026, 10, 15), date(2026, 11, 24)),
    Window(date(2026, 11, 2), date(2027, 1, 1)),
]
SCOPES = [
    CostScope(),
    CostScope(people=("ana@x.example",)),
    CostScope(teams=("search", "support")),
    CostScope(project="ranking"),
    CostScope(model="large-1"),
    CostScope(provider="Acme"),
    CostScope(teams=("search",), project="ranking"),
    CostScope(people=("nobody@x.example",)),
]


def comparable(ranking: Ranking) -> tuple[list[int], int, int]:
    """Return a ranking without its names: which of two equals is the last is anybody's."""
    return [total for _, total in ranking.rows], ranking.others, ranking.rest


def test_every_question_has_the_answer_of_the_plain_sum(ports: Any) -> None:
    """The stores answer from indexes and roll-ups; the fake adds up every row."""
    put(ports, "bill", NOVEMBER, ROWS)
    oracle_ledger = FakeLedger()
    oracle = (None, None, oracle_ledger, FakeFigures(oracle_ledger))
    put(oracle, "bill", NOVEMBER, ROWS)

    for scope, window in itertools.product(SCOPES, WINDOWS):
        for by in Dimension:
            assert ports[3].costs(scope, window, by) == oracle[3].costs(scope, window, by), (scope, window, by)
            for count in (1, 2, 10):
                assert comparable(ports[3].highest(scope, window, by, count)) == comparable(oracle[3].highest(scope, window, by, count))
        assert ports[3].total(scope, window) == oracle[3].total(scope, window)


def test_who_stands_behind_each_combination_of_keys(ports: Any) -> None:
    put(ports, "bill", NOVEMBER, USED)
    behind = {key: len(people) for key, people in ports[3].contributors(CostScope(), NOVEMBER, Dimension.TEAM, Dimension.PROJECT).items()}
    assert behind == {("search", "ranking"): 1, ("search", ""): 1, ("support", ""): 1, ("", ""): 0}
    (both,) = ports[3].contributors(CostScope(), NOVEMBER, Dimension.MODEL).values()
    assert len(both) == 2
    assert ports[3].contributors(CostScope(project="ranking"), NOVEMBER, Dimension.PROJECT).keys() == {("ranking",)}
    assert ports[3].contributors(CostScope(people=("nobody@x.example",)), NOVEMBER, Dimension.MODEL) == {}


def test_who_is_billed_by_an_e_mail_is_a_person(ports: Any) -> None:
    rows = [
        {"day": "2026-11-03", "person": "ana@x.example", "principal": "ana@x.example", "project": "known", "billed": 5},
        {"day": "2026-11-03", "principal": "zoe@x.example", "project": "strange", "billed": 5},
        {"day": "2026-11-04", "principal": "yan@x.example", "project": "strange", "billed": 5},
        {"day": "2026-11-04", "principal": "sk-1", "project": "strange", "billed": 5},
        {"day": "2026-11-04", "principal": "xia@x.example", "project": "free", "billed": 0},
    ]
    put(ports, "bill", NOVEMBER, rows)
    behind = ports[3].contributors(CostScope(), NOVEMBER, Dimension.PROJECT)
    assert {keys: len(people) for keys, people in behind.items()} == {("known",): 1, ("strange",): 2, ("free",): 0}
    assert not behind["known",] & behind["strange",]


USED = [
    {"day": "2026-11-03", "person": "ana@x.example", "team": "search", "project": "ranking", "billed": 50, "tokens": (1, 20, 0, 3, 4)},
    {"day": "2026-11-04", "person": "ana@x.example", "team": "search", "estimated": 7, "tokens": (10, 0, 5, 0, 0)},
    {"day": "2026-11-04", "person": "ana@x.example", "team": "search", "billed": 40, "line": SEAT},
    {"day": "2026-11-04", "person": "ruth@x.example", "team": "support", "billed": -20},
    {"day": "2026-12-01", "person": "ruth@x.example", "team": "support", "billed": 9, "tokens": (1, 1, 1, 1, 1)},
    {"day": "2026-11-05", "principal": "sk-1", "billed": 9, "tokens": (10**12, 0, 0, 0, 0)},
]


def test_usage_is_told_by_person_and_model_with_what_has_no_tokens_apart(ports: Any) -> None:
    put(ports, "bill", Window(date(2026, 11, 1), date(2027, 1, 1)), USED)
    usage = ports[3].usage
    seat = Used("ana@x.example", "search", "Acme", "large-1", (0, 0, 0, 0, 0), 40)
    ana = Used("ana@x.example", "search", "Acme", "large-1", (11, 20, 5, 3, 4), 57)
    ruth = Used("ruth@x.example", "support", "Acme", "large-1", (0, 0, 0, 0, 0), -20)
    nobody = Used("", "", "Acme", "large-1", (10**12, 0, 0, 0, 0), 9)

    assert usage(CostScope(), NOVEMBER) == [nobody, seat, ana, ruth]
    assert usage(CostScope(people=("ana@x.example",)), NOVEMBER) == [seat, ana]
    assert usage(CostScope(teams=("support",)), NOVEMBER) == [ruth]
    assert usage(CostScope(project="ranking"), NOVEMBER) == [replace(ana, tokens=(1, 20, 0, 3, 4), cost=50)]
    assert usage(CostScope(people=("nobody@x.example",)), NOVEMBER) == usage(CostScope(), Window(NOVEMBER.end, NOVEMBER.end)) == []
    assert sum(used.cost for used in usage(CostScope(), NOVEMBER)) == ports[3].total(CostScope(), NOVEMBER).total


IN_EUROS, OTHER, UNNAMED = (*LINE[:7], "EUR", *LINE[8:]), ("Other", *LINE[1:]), (*LINE[:2], None, *LINE[3:])
BILLED = [
    {"day": "2026-11-03", "person": "ana@x.example", "team": "search", "project": "ranking", "billed": 50, "tokens": (1, 20, 0, 3, 4)},
    {"day": "2026-11-03", "person": "ana@x.example", "team": "search", "billed": 6, "tokens": (2, 0, 0, 0, 0)},
    {"day": "2026-11-03", "person": "ruth@x.example", "team": "support", "billed": 10, "tokens": (5, 0, 0, 0, 1)},
    {"day": "2026-11-03", "person": "ruth@x.example", "team": "support", "project": "help", "billed": 4, "tokens": (1, 1, 1, 1, 1), "line": OTHER},
    {"day": "2026-11-04", "person": "ana@x.example", "team": "search", "estimated": 7, "tokens": (10, 0, 5, 0, 0)},
    {"day": "2026-11-04", "person": "ana@x.example", "team": "search", "project": "ranking", "billed": 40, "line": SEAT},
    {"day": "2026-11-04", "person": "ruth@x.example", "team": "support", "tokens": (9, 9, 9, 9, 9)},
    {"day": "2026-11-05", "person": "ana@x.example", "team": "search", "billed": 8, "tokens": (1, 0, 0, 0, 0), "line": IN_EUROS},
    {"day": "2026-11-05", "person": "ana@x.example", "team": "search", "billed": 8, "tokens": (1, 0, 0, 0, 0), "line": UNNAMED},
    {"day": "2026-11-06", "principal": "sk-1", "billed": 9, "tokens": (10**12, 0, 0, 0, 0)},
    {"day": "2026-12-01", "person": "ruth@x.example", "team": "support", "billed": 9, "tokens": (1, 1, 1, 1, 1)},
]  # fmt: skip


def test_what_was_billed_for_tokens_is_told_by_model_and_day_or_in_the_mixes_of_one_model(ports: Any) -> None:
    """Estimates, what has no tokens, tokens at nothing, other currencies and what names no model say nothing about a price."""
    put(ports, "bill", Window(date(2026, 11, 1), date(2027, 1, 1)), BILLED)
    billed, third = ports[3].billed, date(2026, 11, 3)
    key = Billed("Acme", "large-1", date(2026, 11, 6), (10**12, 0, 0, 0, 0), 9, 9)
    other = Billed("Other", "large-1", third, (1, 1, 1, 1, 1), 4, 4)

    assert billed(NOVEMBER, "USD") == [Billed("Acme", "large-1", third, (8, 20, 0, 3, 5), 66, 66), key, other]
    mixes = [Billed("Acme", "large-1", third, (3, 20, 0, 3, 4), 56, 56), Billed("Acme", "large-1", third, (5, 0, 0, 0, 1), 10, 10)]
    assert billed(NOVEMBER, "USD", ("Acme", "large-1")) == [*mixes, key]
    assert billed(NOVEMBER, "USD", ("Other", "large-1")) == [other]
    assert billed(NOVEMBER, "EUR") == [Billed("Acme", "large-1", date(2026, 11, 5), (1, 0, 0, 0, 0), 8, 8)]
    assert billed(NOVEMBER, "USD", ("Other", "large-9")) == billed(Window(NOVEMBER.end, NOVEMBER.end), "USD") == []


def rows_of(found: Any) -> dict[tuple[str, ...], list[int]]:
    """Return daily figures without their order, which is anybody's."""
    keys = zip(found.teams, found.keys, strict=True) if hasattr(found, "teams") else zip(found.keys, strict=True)
    return {key: costs.tolist() for key, costs in zip(keys, found.costs, strict=True) if costs.any()}


def test_days_of_teams_and_of_what_they_consist_of_are_the_plain_sums(ports: Any) -> None:
    used = [
        *ROWS,
        {"day": "2026-11-03", "person": "ana@x.example", "team": "support", "principal": "u-1", "billed": 7, "output_tokens": 5},
        {"day": "2026-11-05", "team": "search", "principal": "sk-2", "billed": 8, "cache_read_tokens": 30, "uncached_input_tokens": 2},
    ]
    oracle_ledger = FakeLedger()
    oracle = (None, None, oracle_ledger, FakeFigures(oracle_ledger))
    for some in (ports, oracle):
        put(some, "bill", NOVEMBER, used)

    for window in WINDOWS:
        assert rows_of(ports[3].tokens_by_day(window)) == rows_of(oracle[3].tokens_by_day(window))
        for member in Member:
            assert rows_of(ports[3].parts_by_day(window, member)) == rows_of(oracle[3].parts_by_day(window, member)), (window, member)
    tokens, people = rows_of(ports[3].tokens_by_day(NOVEMBER)), rows_of(ports[3].parts_by_day(NOVEMBER, Member.PERSON))
    assert {key: sum(days) for key, days in tokens.items()} == {("support",): 5, ("search",): 32}
    assert people["search", "ana@x.example"][2:4] == [500, 73]
    assert people["support", "ana@x.example"][2] == 7
    assert rows_of(ports[3].parts_by_day(NOVEMBER, Member.KEY)) == {("search", "sk-2"): [0, 0, 0, 0, 8] + [0] * 25}


def test_a_load_that_is_not_booked_never_happened(ports: Any) -> None:
    put(ports, "bill", NOVEMBER, ROWS)
    ledger, figures = ports[2], ports[3]
    with ledger.load("bill") as writer:
        writer.replace(NOVEMBER, [], [])
    with pytest.raises(RuntimeError), ledger.load("bill") as writer:
        writer.replace(NOVEMBER, [], [])
        raise RuntimeError

    assert figures.total(CostScope(), NOVEMBER).total == 573
    assert len(ledger.loads()) == 1


def test_loads_are_listed_newest_first_with_their_quarantine(ports: Any) -> None:
    ledger = ports[2]
    first = put(
        ports,
        "bill",
        NOVEMBER,
        ROWS,
        quarantined_rows=1,
        quarantine=(Quarantined("a.csv, row 3", "no", Decimal("1.5"), "USD"),),
    )
    second = put(ports, "bill", NOVEMBER, ROWS)

    assert [load.number for load in ledger.loads("bill")] == [second.number, first.number]
    assert ledger.loads("none") == []
    assert ledger.quarantine(first.number) == [Quarantined("a.csv, row 3", "no", Decimal("1.5"), "USD")]
    newest = ledger.sources()[0]
    assert (newest.watermark, newest.settling, newest.scopes) == (NOW, Settling(5, after_month=True), ("acme/acc",))
    assert ledger.scopes() == {"acme/acc": "bill"}


def test_a_source_reaches_as_far_as_its_furthest_load(ports: Any) -> None:
    """Restating an old day does not take the later days back; forgetting the source does."""
    ledger = ports[2]
    put(ports, "bill", NOVEMBER, ROWS)
    put(ports, "bill", NOVEMBER, ROWS[:1], watermark=NOW - timedelta(days=9))
    assert [load.watermark for load in ledger.sources()] == [NOW]

    put(ports, "bill", NOVEMBER, ROWS[:1], description=FORGOTTEN)
    put(ports, "bill", NOVEMBER, ROWS, watermark=NOW - timedelta(days=9))
    assert [load.watermark for load in ledger.sources()] == [NOW - timedelta(days=9)]


def one_day(day: str, billed: int, **more: Any) -> dict[str, Any]:
    return {"day": day, "team": "search", "billed": billed, **more}


def test_what_young_days_cost_is_remembered_at_each_age(ports: Any) -> None:
    """The 22nd is seen when 27 hours old, again within the same six hours, and three days later; the ledger now says what it came to."""
    ledger, day = ports[2], date(2026, 11, 22)
    of_day = Window(day, day + timedelta(days=1))
    for billed, hours in ((40, 0), (50, 2), (90, 72)):
        put(
            ports,
            "bill",
            of_day,
            [one_day("2026-11-22", billed, estimated=1)],
            loaded_at=datetime(2026, 11, 23, 3, tzinfo=UTC) + timedelta(hours=hours),
        )
    put(ports, "other", of_day, [one_day("2026-11-22", 1000)], loaded_at=datetime(2026, 11, 23, 0, tzinfo=UTC))

    assert ledger.seen(day) == [Seen("bill", day, 4, 51, 91), Seen("bill", day, 16, 91, 91), Seen("other", day, 4, 1000, 1000)]
    assert ledger.seen(day + timedelta(days=1)) == []


def test_only_what_a_load_tells_of_young_days_is_remembered(ports: Any) -> None:
    """A month tells of its last fourteen days and the running one, not of what is to come; a day that is no part of it stays as it was."""
    put(ports, "bill", NOVEMBER, [one_day("2026-11-02", 5), one_day("2026-11-20", 7), one_day("2026-11-29", 8)])
    seen = ports[2].seen(NOVEMBER.start)
    assert [one.day for one in seen] == [date(2026, 11, day) for day in range(9, 24)]
    assert {one.age for one in seen if one.day == NOW.date()} == {1}
    assert {one.day.day: one.cost for one in seen if one.cost} == {20: 7}

    put(ports, "bill", Window(date(2026, 11, 1), date(2026, 11, 5)), [one_day("2026-11-03", 9)], loaded_at=NOW + timedelta(days=1))
    assert ports[2].seen(NOVEMBER.start) == seen


def test_a_day_costs_what_is_its_own_be_it_charged_before(ports: Any) -> None:
    put(ports, "bill", NOVEMBER, [one_day("2026-11-20", 7, charge_day="2026-11-01")])
    put(ports, "bill", Window(date(2026, 11, 20), date(2026, 11, 21)), [one_day("2026-11-20", 2)], loaded_at=NOW + timedelta(days=1))
    assert [one for one in ports[2].seen(date(2026, 11, 20)) if one.cost] == [
        Seen("bill", date(2026, 11, 20), 13, 7, 9),
        Seen("bill", date(2026, 11, 20), 17, 9, 9),
    ]


def test_what_was_not_booked_or_is_forgotten_was_never_seen(ports: Any) -> None:
    ledger = ports[2]
    put(ports, "bill", NOVEMBER, ROWS)
    put(ports, "other", NOVEMBER, [one_day("2026-11-20", 7)])
    with ledger.load("bill") as writer:
        writer.replace(NOVEMBER, [], [])
    assert {one.source for one in ledger.seen(NOVEMBER.start)} == {"bill", "other"}

    with ledger.load("bill") as writer:
        writer.replace(NOVEMBER, [], [])
        writer.book(load_of(NOVEMBER, 0, description=FORGOTTEN))
    assert {one.source for one in ledger.seen(NOVEMBER.start)} == {"other"}


def test_what_was_seen_long_ago_is_dropped(ports: Any) -> None:
    put(ports, "bill", NOVEMBER, ROWS)
    later = Window(date(2028, 1, 1), date(2028, 1, 2))
    put(ports, "bill", later, [one_day("2028-01-01", 7)], loaded_at=datetime(2028, 1, 2, tzinfo=UTC))
    assert [one.day for one in ports[2].seen(NOVEMBER.start)] == [later.start]


def test_projects_are_found_without_regard_to_case(ports: Any) -> None:
    put(ports, "bill", NOVEMBER, ROWS)
    assert ports[3].has_project("RANKING") == "ranking"
    assert ports[3].has_project("secret") is None

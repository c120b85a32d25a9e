"""Questions about seats, keys and calls, over both stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from booked import book

from adapters.store import schema
from adapters.store.database import Database
from adapters.store.hints import SqlHints
from adapters.store.ledger import SqlLedger
from bot.domain.hint import Calls, KeyUse, Pool, Presence, Seat
from bot.domain.period import Window
from bot.errors import StoreError
from bot.ports import CostScope

NOVEMBER = Window(date(2026, 11, 1), date(2026, 12, 1))
EVERYTHING = CostScope()
ANA, BEN = "ana@x.example", "ben@x.example"
SEAT = {"provider": "GitHub", "model": None, "consumed_unit": "User-Months", "charge_category": "purchase", "team": "search"}
USE = {"provider": "GitHub", "model": "small", "tokens": (10, 0, 0, 0, 2), "team": "search", "billed": 0}
ASKED = {"provider": "OpenAI", "consumed_unit": "Requests", "tokens": (10, 0, 5, 0, 2), "billed": 7, "quantity": 3 * 10**6}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/s.db"
    if request.param == "postgresql":
        from conftest import fresh_postgresql

        url = fresh_postgresql(request.getfixturevalue("postgresql_url"), f"h_{abs(hash(tmp_path))}")
    made = Database(url)
    schema.upgrade(made)
    yield made
    made.close()


def asked(database: Database, *rows: dict[str, Any], source: str = "bills") -> SqlHints:
    book(SqlLedger(database), [{"day": "2026-11-03"} | row for row in rows], source)
    return SqlHints(database)


@pytest.mark.parametrize("change", ["ALTER TABLE daily_costs RENAME TO former", "ALTER TABLE lines RENAME COLUMN consumed_unit TO former"])
def test_a_database_of_an_older_version_is_said_to_be_one(database: Database, change: str) -> None:
    hints = asked(database, SEAT | {"person": ANA, "billed": 5})
    with database.writing() as connection:
        connection.exec_driver_sql(change)
    with pytest.raises(StoreError, match=r"one of an older version of this program\. Run `aispend db upgrade`"):
        hints.seats(EVERYTHING, NOVEMBER, date(2026, 10, 1))


def test_seats_are_told_by_person_and_tool_with_the_first_day_that_is_known(database: Database) -> None:
    hints = asked(
        database,
        SEAT | {"day": "2026-10-20", "person": ANA, "billed": 5},
        SEAT | {"person": ANA, "billed": 7},
        SEAT | {"person": ANA, "billed": 2, "team": "support"},
        SEAT | {"person": BEN, "billed": 1},
        SEAT | {"billed": 9},  # nobody's
        SEAT | {"day": "2026-10-21", "person": "left@x.example", "billed": 4},
        USE | {"person": ANA, "billed": 3},
    )
    mine = Seat(ANA, "GitHub", "API", date(2026, 10, 20), 9)
    assert sorted(hints.seats(EVERYTHING, NOVEMBER, date(2026, 10, 1)), key=str) == [mine, Seat(BEN, "GitHub", "API", date(2026, 11, 3), 1)]
    assert hints.seats(CostScope(teams=("support",)), NOVEMBER, date(2026, 10, 1)) == [Seat(ANA, "GitHub", "API", date(2026, 11, 3), 2)]
    assert hints.seats(CostScope(people=("nobody@x.example",)), NOVEMBER, date(2026, 10, 1)) == []


def test_seats_cost_what_credits_leave(database: Database) -> None:
    """Of the same person, provider and tool, whatever their unit; what was credited before does not count."""
    credit = SEAT | {"consumed_unit": None, "charge_category": "credit", "person": ANA, "billed": -3}
    hints = asked(
        database,
        SEAT | {"person": ANA, "billed": 7},
        SEAT | {"person": BEN, "billed": 2},
        credit,
        credit | {"charge_category": "adjustment", "billed": -1},
        credit | {"day": "2026-10-30"},
        credit | {"provider": "Cursor"},
        credit | {"person": BEN},
    )
    assert hints.seats(EVERYTHING, NOVEMBER, date(2026, 10, 1)) == [Seat(ANA, "GitHub", "API", date(2026, 11, 3), 3)]


def test_seats_that_are_bought_together_are_told_with_how_many_they_are(database: Database) -> None:
    """Not where some of the tool's are somebody's, or are counted in something that does not say how many there were."""
    pool = SEAT | {"quantity": 100 * 10**6, "billed": 1_900, "team": ""}
    credit = pool | {"charge_category": "credit", "quantity": 10**6, "billed": -100}
    others = [pool | {"tool": name} for name in ("Chat", "Agents", "Models", "Review")]
    hints = asked(
        database,
        pool,
        pool | {"day": "2026-11-04", "quantity": 500_000, "billed": 10, "team": "search"},
        pool | {"day": "2026-12-01"},
        credit,
        credit | {"person": ANA},
        *others,
        others[0] | {"person": BEN},
        others[1] | {"principal": "ghost@x.example"},
        others[2] | {"consumed_unit": "seats"},
        others[3] | {"charge_category": "credit", "billed": -1_900},
        USE | {"billed": 3},
    )
    assert hints.pools(NOVEMBER) == [Pool("GitHub", "API", Fraction(201, 2), 1_810)]


@pytest.mark.parametrize("category", ["purchase", "usage", "adjustment"])
def test_seats_that_were_given_back_are_none(database: Database, category: str) -> None:
    pool = SEAT | {"quantity": 10 * 10**6, "billed": 190}
    back = pool | {"day": "2026-11-04", "charge_category": category, "quantity": -5 * 10**6, "billed": -95}
    assert asked(database, pool, back).pools(NOVEMBER) == [Pool("GitHub", "API", Fraction(5), 95)]


def test_tokens_cost_what_credits_leave(database: Database) -> None:
    """Each model its share of what the same person or key was credited by the provider, and never less than nothing."""
    credit = {"provider": "OpenAI", "model": None, "charge_category": "credit", "consumed_unit": None}
    dear = ASKED | {"model": "large-2", "billed": 14}
    hints = asked(
        database,
        *(row | who for row in (ASKED, dear) for who in ({"person": ANA}, {"principal": "sk-1"}, {"principal": "sk-2"})),
        credit | {"person": ANA, "billed": -9},
        credit | {"principal": "sk-1", "billed": -12},
        credit | {"principal": "sk-2", "billed": -30},
        credit | {"person": BEN, "billed": -5},
    )
    calls = hints.calls(EVERYTHING, NOVEMBER)
    assert sorted((one.model, one.cost) for one in calls) == [("large-1", n) for n in (0, 3, 4)] + [("large-2", n) for n in (0, 6, 8)]
    keys = hints.keys(EVERYTHING, NOVEMBER, "USD")
    assert sorted((one.model, one.cost, one.original) for one in keys) == [
        ("large-1", 0, 7), ("large-1", 3, 7), ("large-2", 0, 14), ("large-2", 6, 14),
    ]  # fmt: skip


def test_use_is_whatever_is_counted_but_for_seats(database: Database) -> None:
    """What is included in a plan costs nothing and is use; a credit is none."""
    hints = asked(
        database,
        SEAT | {"person": BEN, "billed": 1},
        USE | {"person": ANA},
        USE | {"person": ANA, "day": "2026-11-05"},
        USE | {"person": BEN, "charge_category": "credit", "billed": -3},
        USE | {"person": BEN, "provider": "Cursor"},
        USE | {"principal": "sk-1", "team": "", "quantity": 10**6, "tokens": (0,) * 5, "consumed_unit": "ai-credits"},
    )
    found = hints.uses([("GitHub", "API")], NOVEMBER)
    assert sorted(found, key=str) == sorted(
        [
            Presence(ANA, "GitHub", "API", "bills", date(2026, 11, 5)),
            Presence(BEN, "Cursor", "API", "bills", date(2026, 11, 3)),
            Presence("", "GitHub", "API", "bills", date(2026, 11, 3)),
        ],
        key=str,
    )
    assert hints.uses([("GitHub", "Other")], NOVEMBER) == [], "no source shows use of that tool"


def test_keys_are_neither_people_nor_e_mails(database: Database) -> None:
    hints = asked(
        database,
        ASKED | {"principal": "sk-1", "estimated": 1},
        ASKED | {"principal": "sk-1", "team": "search", "day": "2026-11-04"},
        ASKED | {"principal": "sk-2", "team": "search"},
        ASKED | {"principal": "new@x.example"},
        ASKED | {},
        ASKED | {"person": ANA, "principal": "u-1"},
        ASKED | {"principal": "sk-1", "charge_category": "tax"},
        ASKED | {"principal": "sk-1", "tokens": (0,) * 5, "day": "2026-11-05"},
    )
    one, other = KeyUse("OpenAI", "large-1", (20, 0, 10, 0, 4), 15, 15), KeyUse("OpenAI", "large-1", (10, 0, 5, 0, 2), 7, 7)
    assert sorted(hints.keys(EVERYTHING, NOVEMBER, "USD"), key=str) == [other, one]
    assert hints.keys(CostScope(teams=("search",)), NOVEMBER, "USD") == [other, other]
    assert hints.keys(EVERYTHING, NOVEMBER, "EUR") == []


def test_calls_are_told_by_person_or_key_where_requests_are_counted(database: Database) -> None:
    hints = asked(
        database,
        ASKED | {"person": ANA, "principal": "u-1"},
        ASKED | {"person": ANA, "principal": "u-2", "quantity": 500_000},
        ASKED | {"principal": "sk-1"},
        ASKED | {},
        ASKED | {"person": ANA, "consumed_unit": "Tokens"},
        ASKED | {"person": ANA, "tokens": (0,) * 5, "day": "2026-11-04"},
        ASKED | {"person": ANA, "model": "large-2", "day": "2026-12-01"},
    )
    mine = Calls("OpenAI", "large-1", Fraction(7, 2), (20, 0, 10, 0, 4), 14)
    key = Calls("OpenAI", "large-1", Fraction(3), (10, 0, 5, 0, 2), 7)
    assert sorted(hints.calls(EVERYTHING, NOVEMBER), key=str) == sorted([mine, key], key=str)
    assert hints.calls(CostScope(people=(ANA,)), NOVEMBER) == [mine]
    assert hints.models(NOVEMBER) == {("OpenAI", "large-1")}

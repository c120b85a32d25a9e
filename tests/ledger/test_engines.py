"""The same expressions give the same decimals on DuckDB and on PostgreSQL, through Ibis."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pytest
from conftest import fresh_postgresql

from adapters.engine import DuckDbEngine
from bot.ledger import allocate, attribute, convert, encode, exact, rollup
from bot.ledger.schema import CHARGES, COSTS, KEYS, MONEY, TOKENS

ROWS = {
    "charge_day": "date",
    "charge_days": "int64",
    "charge_rows": "int64",
    **{name: CHARGES[name] for name in (*KEYS, *COSTS, *TOKENS, "consumed_quantity")},
}
RULES = [
    allocate.Rule("seats", {"charge_category": ("purchase",)}, sharing=allocate.Sharing.USAGE, among={"search": 1, "support": 1}),
    allocate.Rule("weights", {"charge_category": ("tax",)}, sharing=allocate.Sharing.SHARE, among={"search": 2, "support": 5, "x": 1}),
    allocate.Rule("bots", {"principal": ("bot_*",)}, team="support"),
]
ORDER = ["charge_day", "day", "principal", "project", "charge_category", "billing_currency", "billed_cost"]


class PostgresEngine:
    """The part of the engine port that expressions need, on PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._connection = ibis.connect(url.replace("postgresql+psycopg", "postgres").replace("postgresql://", "postgres://"))
        self._names = iter(range(1000))

    def from_rows(self, rows: list[dict[str, Any]], schema: dict[str, str]) -> Any:
        name = f"rows_{next(self._names)}"
        shape = ibis.schema(schema)
        self._connection.create_table(name, schema=shape)
        columns = ", ".join(f'"{column}"' for column in schema)
        marks = ", ".join(["%s"] * len(schema))
        with self._connection.con.cursor() as cursor:
            cursor.executemany(f'INSERT INTO "{name}" ({columns}) VALUES ({marks})', [[row.get(c) for c in schema] for row in rows])
        self._connection.con.commit()
        return self._connection.table(name)

    def materialise(self, table: Any) -> Any:
        name = f"step_{next(self._names)}"
        self._connection.create_table(name, schema=table.schema())
        with self._connection.con.cursor() as cursor:
            cursor.execute(f'INSERT INTO "{name}" {self._sql(table)}')
        self._connection.con.commit()
        return self._connection.table(name)

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self._connection.con.cursor() as cursor:
            cursor.execute(self._sql(table))
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def close(self) -> None:
        self._connection.disconnect()

    @staticmethod
    def _sql(table: Any) -> str:
        before = ibis.options.sql.fuse_selects
        ibis.options.sql.fuse_selects = False
        try:
            return str(ibis.to_sql(table, dialect="postgres"))
        finally:
            ibis.options.sql.fuse_selects = before


def condensed() -> list[dict[str, Any]]:
    """Return condensed charges with every oddity: sub-nano fractions, credits, long periods, three currencies."""
    chance = random.Random(3)  # noqa: S311 - the same rows every time
    rows = []
    for number in range(60):
        cost = Decimal(chance.randint(-(10**15), 10**16)).scaleb(-14)
        base = dict.fromkeys(ROWS)
        rows.append(
            base
            | {
                "charge_day": date(2026, 11, 1 + number % 9),
                "charge_days": chance.choice([1, 1, 2, 7, 30]),
                "charge_rows": 1,
                "principal": chance.choice(["ana@x", "bot_7", "sk-1", None]),
                "provider_name": "Acme",
                "charge_category": chance.choice(["usage", "usage", "purchase", "tax"]),
                "billing_currency": chance.choice(["USD", "EUR", "JPY"]),
                "billed_cost": cost,
                "effective_cost": cost / 3 // Decimal("1e-18") * Decimal("1e-18"),
                "list_cost": abs(cost),
                "estimated_cost": Decimal(0),
                "consumed_quantity": Decimal(chance.randint(0, 10**9)).scaleb(-3),
                **dict.fromkeys(TOKENS, chance.randint(0, 10**6)),
            }
        )
    return rows


def ledger(engine: Any) -> list[dict[str, Any]]:
    rates = [
        {"rate_day": date(2026, 11, 1 + n), "rate_currency": c, "rate": Decimal(r) + n}
        for n in range(8)
        for c, r in (("EUR", "1.084217"), ("JPY", "0.006613"))
    ]
    rows = engine.from_rows(condensed(), ROWS)
    rows = convert.convert(rows, engine.from_rows(rates, convert.RATES), "USD")
    rows = engine.materialise(rollup.amortise(rows, 30))
    identities = [{"i_principal": "sk-1", "i_person": "ruth@x", "i_service": None, "i_from": date(2026, 11, 4), "i_to": date(9999, 12, 31)}]
    patterns: list[dict[str, Any]] = []
    stints = [
        {"s_email": email, "s_team": team, "s_from": date(1, 1, 1), "s_to": date(9999, 12, 31)}
        for email, team in (("ana@x", "search"), ("ruth@x", "support"))
    ]
    rows = attribute.attribute(
        rows,
        engine.from_rows(identities, attribute.IDENTITIES),
        engine.from_rows(patterns, attribute.PATTERNS),
        engine.from_rows(stints, attribute.STINTS),
    )
    teams = engine.from_rows([{"t_key": t, "t_name": t} for t in ("search", "support", "x")], {"t_key": "string", "t_name": "string"})
    owned = engine.materialise(allocate.allocate(engine.materialise(rows), RULES, teams, ORDER))
    keys = ["charge_day", "day", "team", "person", "allocated_by", "billing_currency"]
    sums = {short: owned[long].sum().cast(MONEY) for short, long in encode.MONEYS.items()}
    grouped = engine.materialise(owned.group_by(keys).aggregate(**sums))
    rounded = exact.apportion(grouped, dict.fromkeys(encode.MONEYS, 10**9), keys)
    return sorted(engine.rows(rounded), key=lambda row: [str(row[key]) for key in keys])


@pytest.fixture
def postgres(postgresql_url: str) -> Iterator[PostgresEngine]:
    engine = PostgresEngine(fresh_postgresql(postgresql_url, "engine"))
    yield engine
    engine.close()


@pytest.mark.service
def test_two_engines_give_the_same_decimals(postgres: PostgresEngine) -> None:
    duck = DuckDbEngine()
    ours, theirs = ledger(duck), ledger(postgres)
    assert len(ours) > 100
    assert ours == theirs
    duck.close()

"""Oddities that an attack found: each was once a wrong figure, or jargon instead of a sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from factories import charge, nanos, write_csv
from loading import ingest
from pyarrow import parquet
from sqlalchemy import text

from adapters.engine import DuckDbEngine
from adapters.sources import cur
from bot.domain.period import Window
from bot.errors import SourceRefused
from bot.ports import CostScope, Dimension
from bot.wiring import App

MakeApp = Callable[..., App]
NOVEMBER = Window(date(2026, 11, 1), date(2026, 12, 1))


def stored(app: App, column: str) -> int:
    with app.database.reading() as connection:
        return int(connection.execute(text(f"SELECT SUM({column}) FROM daily_costs")).scalar_one())


def test_a_project_is_found_in_any_alphabet(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    rows = [charge(billed="16", SubAccountId="Émile"), charge(billed="1", SubAccountId="ÜB"), charge(billed="2", SubAccountId="üb")]
    ingest(app, write_csv(tmp_path / "bill.csv", rows), project="SubAccountId")
    figures = app.conversation.figures
    assert figures.has_project("émile") == "Émile"
    for name, cost in (("Émile", 16), ("émile", 16), ("ÜB", 3)):
        assert figures.total(CostScope(project=name), NOVEMBER).total == nanos(cost)
        assert sum(c.total for c in figures.costs(CostScope(project=name), NOVEMBER, Dimension.MODEL)) == nanos(cost)


@pytest.mark.parametrize("quantity", ["1", "0.1", "7", "1.0000005"])
def test_a_quantity_spread_over_days_adds_up(make_app: MakeApp, tmp_path: Path, quantity: str) -> None:
    app = make_app()
    ingest(app, write_csv(tmp_path / "bill.csv", [charge("2026-11-01", days=30, ConsumedQuantity=quantity, ConsumedUnit="Requests")]))
    assert stored(app, "quantity") == round(Decimal(quantity) * 10**6)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([charge(billed="95000000")] * 100, "adds up to 9,500,000,000 in one load"),
        ([charge(ConsumedQuantity="9999999999", ConsumedUnit="Characters")] * 1000, "whose quantity amount is 9,999,999,999,000"),
    ],
)
def test_what_the_store_has_no_room_for_is_refused_by_name(
    make_app: MakeApp, tmp_path: Path, rows: list[dict[str, Any]], sentence: str
) -> None:
    with pytest.raises(SourceRefused, match=sentence):
        ingest(make_app(), write_csv(tmp_path / "bill.csv", rows))


def test_impossible_tokens_are_set_aside(make_app: MakeApp, tmp_path: Path) -> None:
    rows = [charge(ConsumedQuantity="1000000000000", ConsumedUnit="1M tokens", SkuMeter="input"), charge()]
    load = ingest(make_app(), write_csv(tmp_path / "bill.csv", rows)).load
    assert (load.rows, load.quarantined_rows) == (1, 1)
    assert load.quarantine[0].reason.startswith("uncached_input_tokens is beyond")


def test_names_that_differ_in_a_character_no_store_takes_are_one(make_app: MakeApp, tmp_path: Path) -> None:
    rows = [charge(x_Model="a\x00"), charge(x_Model="a\ufffd"), charge(x_PrincipalId="k\x00")]
    app = make_app()
    ingest(app, write_csv(tmp_path / "bill.csv", rows))
    assert stored(app, "billed") == nanos(30)


def test_teams_that_differ_in_case_only_are_refused(make_app: MakeApp, tmp_path: Path) -> None:
    from bot.errors import ConfigError
    from bot.services import directory

    (tmp_path / "people.csv").write_text("email,name,team\na@x.example,A,Search\nb@x.example,B,search\n", "utf-8")
    with pytest.raises(ConfigError, match="'Search' and 'search' differ in case only"):
        directory.plan([tmp_path / "people.csv"], make_app().people)


def test_an_impossible_decimal_in_parquet_costs_its_row_only(make_app: MakeApp, tmp_path: Path) -> None:
    rows = [charge(), charge()]
    table = pa.Table.from_pylist([{name: str(value) for name, value in row.items()} for row in rows])
    costs = pa.array([Decimal("99999999999999999999999999.123456"), Decimal(3)], pa.decimal128(38, 6))
    parquet.write_table(table.set_column(table.column_names.index("BilledCost"), "BilledCost", costs), tmp_path / "bill.parquet")
    load = ingest(make_app(), tmp_path / "bill.parquet").load
    assert (load.rows, load.billed_nanos, load.quarantined_rows) == (1, nanos(3), 1)


def test_a_large_amount_is_measured_in_its_own_currency(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("date,currency,rate\n2026-11-03,IDR,0.000061347\n", "utf-8")
    app = make_app('[organisation]\nrates = "rates.csv"\n')
    rows = [charge(billed="150000000", BillingCurrency="IDR", x_Model=str(n)) for n in range(100)]
    load = ingest(app, write_csv(tmp_path / "bill.csv", rows)).load
    assert (load.quarantined_rows, load.billed_nanos) == (0, nanos("920205"))


def test_the_cost_of_what_is_too_large_is_told(make_app: MakeApp, tmp_path: Path) -> None:
    load = ingest(make_app(), write_csv(tmp_path / "bill.csv", [charge(billed="150000000"), charge(billed="1")])).load
    assert (load.quarantined_rows, load.quarantined_cost) == (1, {"USD": Decimal(150_000_000)})


def test_a_blank_provider_is_called_by_its_kind(make_app: MakeApp, tmp_path: Path) -> None:
    row = charge(ServiceProviderName="  ", BillingAccountId="")
    assert ingest(make_app(), write_csv(tmp_path / "bill.csv", [row])).load.scopes == ("focus",)


def test_a_net_cost_that_cannot_be_read_is_a_problem_and_gives_way_to_nothing() -> None:
    engine = DuckDbEngine()
    rows = [{"line_item_net_unblended_cost": net, "line_item_unblended_cost": "2"} for net in ("abc", "1", None)]
    table = engine.from_rows(rows, dict.fromkeys(rows[0], "string"))
    [(wrong, _sentence)] = cur._unreadable_net(table)
    found = engine.rows(table.mutate(cost=cur._cost(table), wrong=wrong).select("cost", "wrong"))
    assert [(row["cost"], row["wrong"]) for row in found] == [(2, True), (1, False), (2, False)]
    engine.close()

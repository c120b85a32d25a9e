"""Ingest through the front door: files in, figures out, held against plain sums in Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from factories import charge, nanos, write_csv, write_directory
from hypothesis import given, settings
from hypothesis import strategies as st
from loading import ingest
from sqlalchemy import text

from bot.domain.period import Window
from bot.errors import SourceChanged, SourceRefused
from bot.ports import CostScope, Dimension
from bot.services import directory
from bot.settings import SourceSettings
from bot.wiring import App

MakeApp = Callable[..., App]
ALWAYS = Window(date(2000, 1, 1), date(2100, 1, 1))
NOVEMBER = Window(date(2026, 11, 1), date(2026, 12, 1))


def load_people(app: App, folder: Path) -> None:
    directory.apply(directory.plan(write_directory(folder), app.people), app.people)


def ledger_rows(app: App) -> list[tuple[Any, ...]]:
    """Return the ledger with names instead of numbers, sorted."""
    sql = """
    SELECT s.value, d.charge_day, d.day, p.value, t.value, j.value, k.value, l.fingerprint, d.billed, d.effective, d.list, d.estimated,
      d.original, d.uncached_input_tokens, d.output_tokens, d.quantity
    FROM daily_costs d JOIN labels s ON s.id = d.source_id JOIN lines l ON l.id = d.line_id LEFT JOIN labels p ON p.id = d.person_id
    LEFT JOIN labels t ON t.id = d.team_id LEFT JOIN labels j ON j.id = d.project_id LEFT JOIN labels k ON k.id = d.principal_id"""
    with app.database.reading() as connection:
        return sorted((tuple(row) for row in connection.execute(text(sql))), key=str)


def rollups(app: App) -> list[tuple[Any, ...]]:
    """Return the roll-ups with names instead of numbers, sorted."""
    sql = "SELECT dimension, grain, start, value, billed, estimated FROM period_costs LEFT JOIN labels ON labels.id = key_id"
    with app.database.reading() as connection:
        return sorted((tuple(row) for row in connection.execute(text(sql))), key=str)


def amounts(figures: Sequence[Any]) -> dict[str, int]:
    return {row.key: row.total for row in figures}


def test_a_bill_goes_to_those_whose_it_is(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    load_people(app, tmp_path)
    bill = write_csv(
        tmp_path / "bill.csv",
        [
            charge("2026-11-03", "10.00", x_PrincipalId="ANA@x.example"),
            charge("2026-11-04", "1.00", x_PrincipalId="key-1"),
            charge("2026-11-05", "2.00", x_PrincipalId="KEY-1"),
            charge("2026-11-09", "4.00", x_PrincipalId="ben@x.example"),
            charge("2026-11-10", "8.00", x_PrincipalId="ben@x.example"),
            charge("2026-11-10", "16.00", x_PrincipalId="svc-nightly"),
            charge("2026-11-10", "32.00", x_PrincipalId="arn:aws:sts::1:assumed-role/Bot/x"),
            charge("2026-11-10", "64.00", x_PrincipalId="sk-unknown"),
            charge("2026-11-10", "128.00", ServiceCategory="Storage", ServiceName="Disks"),
        ],
    )
    load = ingest(app, bill).load

    figures = app.conversation.figures
    by_person = amounts(figures.costs(CostScope(), NOVEMBER, Dimension.PERSON))
    assert by_person == {
        "ana@x.example": nanos(11),
        "ben@x.example": nanos(14),
        "ruth@x.example": nanos(16),
        "": nanos(96),
    }
    by_team = amounts(figures.costs(CostScope(), NOVEMBER, Dimension.TEAM))
    assert by_team == {"search": nanos(17), "support": nanos(24), "": nanos(96)}, "a mover takes along nothing of the past"
    assert (load.allocated_nanos, load.unallocated_nanos) == (nanos(41), nanos(96))
    assert (load.left_out_rows, load.left_out_cost) == (1, {"USD": Decimal(128)})


def test_currencies_are_not_added_to_one_another(make_app: MakeApp, tmp_path: Path) -> None:
    rows = [
        charge("2026-11-03", "10.00"),
        charge("2026-11-03", "3.00", ServiceCategory="Storage"),
        charge("2026-11-03", "500.00", BillingCurrency="JPY", ServiceCategory="Storage"),
    ]
    load = ingest(make_app(), write_csv(tmp_path / "bill.csv", rows)).load
    assert (load.left_out_rows, load.left_out_cost) == (2, {"JPY": Decimal(500), "USD": Decimal(3)})


def test_more_than_the_ledger_holds_is_refused_with_the_remedy(make_app: MakeApp, tmp_path: Path) -> None:
    rows = [charge(f"2026-11-{day:02}", "99000000", x_Model=str(n)) for day in range(1, 11) for n in range(10)]
    with pytest.raises(SourceRefused, match="report in a currency of larger units"):
        ingest(make_app(), write_csv(tmp_path / "bill.csv", rows))


COSTS = st.decimals(Decimal(-1000), Decimal(1000), places=12)
CHARGES = st.lists(
    st.builds(
        lambda day, cost, days, who: charge((date(2026, 10, 1) + timedelta(days=day)).isoformat(), f"{cost:f}", days=days, x_PrincipalId=who),
        st.integers(0, 60), COSTS, st.sampled_from([1, 1, 1, 2, 31, 365]), st.sampled_from(["ana@x.example", "ben@x.example", "key-1", "sk-x", ""]),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=8)
@given(CHARGES)
def test_amortisation_loses_nothing_and_people_teams_and_org_add_up(
    make_app: MakeApp, tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("p")
    app = make_app(url=f"sqlite:///{folder}/s.db")
    load_people(app, folder)
    load = ingest(app, write_csv(folder / "bill.csv", rows)).load

    exact = sum((Decimal(row["BilledCost"]) for row in rows), Decimal(0))
    figures = app.conversation.figures
    assert abs(Decimal(load.billed_nanos) - exact * 10**9) <= Decimal("0.5")
    for dimension in Dimension:
        assert sum(amounts(figures.costs(CostScope(), ALWAYS, dimension)).values()) == load.billed_nanos
    days = amounts(figures.costs(CostScope(), NOVEMBER, Dimension.DAY))
    halves = [Window(date(2026, 11, 1), date(2026, 11, 12)), Window(date(2026, 11, 12), date(2026, 12, 1))]
    assert sum(days.values()) == figures.total(CostScope(), NOVEMBER).total == sum(figures.total(CostScope(), h).total for h in halves)


@settings(max_examples=3)
@given(CHARGES, CHARGES, st.permutations([0, 1, 0, 1]))
def test_any_order_and_repetition_of_loads_gives_the_same_ledger(
    make_app: MakeApp,
    tmp_path_factory: pytest.TempPathFactory,
    one: list[dict[str, Any]],
    other: list[dict[str, Any]],
    order: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("o")
    files = [
        write_csv(folder / "0.csv", one),
        write_csv(folder / "1.csv", [row | {"BillingAccountId": "b"} for row in other]),
    ]
    orders = ([0, 1], order)
    results = []
    for number, sequence in enumerate(orders):
        app = make_app(url=f"sqlite:///{folder}/{number}.db")
        load_people(app, folder)
        for place in sequence:
            ingest(app, files[place], name=f"bill-{place}", window=ALWAYS)
        results.append((ledger_rows(app), rollups(app)))
    assert results[0] == results[1]


@settings(max_examples=5)
@given(CHARGES, CHARGES)
def test_a_restatement_equals_a_fresh_load(
    make_app: MakeApp,
    tmp_path_factory: pytest.TempPathFactory,
    first: list[dict[str, Any]],
    restated: list[dict[str, Any]],
) -> None:
    folder = tmp_path_factory.mktemp("r")
    before, after = write_csv(folder / "a.csv", first), write_csv(folder / "b.csv", restated)
    twice, fresh = (make_app(url=f"sqlite:///{folder}/{name}.db") for name in ("twice", "fresh"))
    ingest(twice, before, window=ALWAYS)
    ingest(twice, after, window=ALWAYS)
    ingest(fresh, after, window=ALWAYS)
    assert ledger_rows(twice) == ledger_rows(fresh)
    assert rollups(twice) == rollups(fresh)


def test_restating_one_day_leaves_the_others(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    rows = [charge(f"2026-11-{n:02d}", "1.00") for n in range(1, 11)] + [charge("2026-11-05", "30", days=30)]
    ingest(app, write_csv(tmp_path / "a.csv", rows))
    again = write_csv(tmp_path / "b.csv", [charge("2026-11-05", "7"), charge("2026-11-06", "1000")])
    ingest(app, again, window=Window(date(2026, 11, 5), date(2026, 11, 6)))

    days = amounts(app.conversation.figures.costs(CostScope(), ALWAYS, Dimension.DAY))
    assert days == {f"2026-11-{n:02d}": nanos(7 if n == 5 else 1) for n in range(1, 11)}, "the day's seats went with the day"


SHARES = """
[[allocation]]
name = "shared"
when = {{ category = "purchase" }}
share = "{how}"
among = {among}
"""


@pytest.mark.parametrize(
    ("how", "among", "expected"),
    [
        (
            "even",
            '["search", "support", "finance"]',
            {"search": 3_333_333_334, "support": 3_333_333_333, "finance": 3_333_333_333},
        ),
        ("share", "{ search = 2, support = 1 }", {"search": 6_666_666_667, "support": 3_333_333_333}),
        ("usage", '["search", "support"]', {"search": 7_500_000_000, "support": 2_500_000_000}),
        ("usage", '["finance", "support"]', {"support": 10_000_000_000}),
    ],
)
def test_shared_cost_is_split_to_the_last_nano(make_app: MakeApp, tmp_path: Path, how: str, among: str, expected: dict[str, int]) -> None:
    load_people(make_app(), tmp_path)
    app = make_app(SHARES.format(how=how, among=among))
    usage = [
        charge("2026-11-03", "3", x_PrincipalId="ana@x.example"),
        charge("2026-11-03", "1", x_PrincipalId="ruth@x.example"),
    ]
    for sign in ("", "-"):
        shared = charge("2026-11-03", f"{sign}10.00", ChargeCategory="Purchase", x_PrincipalId="")
        ingest(app, write_csv(tmp_path / "bill.csv", [*usage, shared]))
        got = amounts(app.conversation.figures.costs(CostScope(), NOVEMBER, Dimension.TEAM))
        own = {"search": nanos(3), "support": nanos(1)}
        factor = -1 if sign else 1
        assert got == {team: value for team in {*own, *expected} if (value := own.get(team, 0) + factor * expected.get(team, 0))}


def test_a_tag_names_the_team_and_a_wrong_one_does_not(make_app: MakeApp, tmp_path: Path) -> None:
    load_people(make_app(), tmp_path)
    app = make_app('[[allocation]]\nname = "tagged"\nwhen = { "tag:team" = "*" }\nteam = "tag:team"\n')
    rows = [
        charge(x_PrincipalId="sk-1", billed="1", Tags='{"team": "Support"}'),
        charge(x_PrincipalId="sk-2", billed="2", Tags='{"team": "serach"}'),
        charge(x_PrincipalId="ana@x.example", billed="4", Tags='{"team": "support"}'),
        charge(x_PrincipalId="ana@x.example", billed="8", Tags="not json"),
    ]
    load = ingest(app, write_csv(tmp_path / "bill.csv", rows)).load
    assert amounts(app.conversation.figures.costs(CostScope(), NOVEMBER, Dimension.TEAM)) == {
        "support": nanos(5),
        "search": nanos(8),
        "": nanos(2),
    }
    assert amounts(app.conversation.figures.costs(CostScope(), NOVEMBER, Dimension.PERSON))["ana@x.example"] == nanos(12)
    assert load.unallocated_nanos == nanos(2)


def test_foreign_currencies_are_converted_by_the_rate_of_their_day(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("date,currency,rate\n2026-11-03,EUR,1.0842\n", "utf-8")
    app = make_app('[organisation]\nrates = "rates.csv"\n')
    rows = [
        charge("2026-11-03", "10.00", BillingCurrency="eur"),
        charge("2026-11-04", "5.00", BillingCurrency="EUR"),
        charge("2026-11-04", "1.00"),
    ]
    load = ingest(app, write_csv(tmp_path / "bill.csv", rows)).load

    assert load.billed_nanos == nanos("11.842")
    assert (load.quarantined_rows, load.quarantined_cost) == (1, {"EUR": Decimal(5)})
    assert "no rate for EUR on 2026-11-04" in load.quarantine[0].reason
    with app.database.reading() as connection:
        assert connection.execute(text("SELECT SUM(original) FROM daily_costs")).scalar() == nanos(11)


def test_bad_rows_are_quarantined_with_their_place_and_the_rest_goes_on(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    bad = [
        charge(billed="12,50"),
        charge(ChargePeriodStart="yesterday"),
        charge(BillingCurrency=""),
        charge(billed="1e12"),
        charge(days=4000),
        charge(ChargePeriodEnd="2026-11-01"),
    ]
    load = ingest(app, write_csv(tmp_path / "bill.csv", [charge(billed="1.00"), *bad])).load

    assert (load.rows, load.quarantined_rows, load.billed_nanos) == (1, 6, nanos(1))
    reasons = {q.place: q.reason for q in load.quarantine}
    assert reasons["bill.csv, row 2"] == "BilledCost holds '12,50', which is not a number"
    assert reasons["bill.csv, row 3"] == "ChargePeriodStart holds 'yesterday', which is not a date"
    assert reasons["bill.csv, row 4"] == "BillingCurrency is empty"
    assert "beyond" in reasons["bill.csv, row 5"]
    assert "spans more than" in reasons["bill.csv, row 6"]
    assert "ends before it starts" in reasons["bill.csv, row 7"]


def test_two_sources_of_one_scope_are_refused_until_it_is_said_who_states_it(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    bill = write_csv(tmp_path / "bill.csv", [charge(billed="1.00")])
    ingest(app, bill)
    with pytest.raises(SourceRefused, match=r"states the cost of 'acme/acc', which 'bill' already states.*\[records\]"):
        ingest(app, bill, name="copy")
    sections = "".join(f'[[sources]]\nname = "{n}"\nkind = "focus"\npath = "bill.csv"\n' for n in ("bill", "copy"))
    app = make_app(f'{sections}[records]\n"acme" = "bill"\n')
    with pytest.raises(SourceRefused, match="holds no AI charge that can be booked"):
        ingest(app, bill, name="copy")
    app.ingest.forget("bill")
    assert app.conversation.figures.total(CostScope(), ALWAYS).total == 0
    ingest(make_app(), bill, name="copy")


def test_overlapping_range_exports_are_refused(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    header = "user_email,product,model,total_net_spend_usd\n"
    for name, cost in (("claude-2026-11-01-2026-11-07.csv", "7.00"), ("claude-2026-11-03-2026-11-09.csv", "7.00")):
        (tmp_path / name).write_text(f"{header}ana@x.example,Chat,Claude Opus 5,{cost}\n", "utf-8")
    ingest(app, tmp_path / "claude-2026-11-01-2026-11-07.csv", kind="claude_csv")
    with pytest.raises(SourceRefused, match="overlap in part"):
        ingest(app, tmp_path / "claude-2026-11-03-2026-11-09.csv", kind="claude_csv")
    assert amounts(app.conversation.figures.costs(CostScope(), NOVEMBER, Dimension.DAY)) == {
        f"2026-11-{n:02d}": nanos(1) for n in range(1, 8)
    }


def test_a_claude_report_without_dates_asks_for_them(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    report = tmp_path / "spend.csv"
    report.write_text("user_email,product,model,total_net_spend_usd\nana@x.example,Chat,Claude Opus 5,3.00\n", "utf-8")
    with pytest.raises(SourceRefused, match="--from 2026-11-01 --to"):
        ingest(app, report, kind="claude_csv")
    load = ingest(app, report, kind="claude_csv", window=Window(date(2026, 11, 3), date(2026, 11, 4))).load
    assert (load.billed_nanos, load.days) == (nanos(3), 1)


def test_a_dry_run_keeps_nothing(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    with app.source(SourceSettings(name="bill", kind="focus", path=str(write_csv(tmp_path / "b.csv", [charge()])))) as source:
        assert app.ingest.run(source, dry_run=True).load.billed_nanos == nanos(10)
    assert app.ledger.loads() == []
    assert ledger_rows(app) == []


def test_tokens_without_a_cost_are_priced_per_call_by_the_price_of_their_day(make_app: MakeApp, tmp_path: Path) -> None:
    """A long call costs more per token: ten calls of 100 k are not one of a million."""
    app = make_app()
    calls = (
        "time,model,in,out\n"
        + "2026-11-03T10:00:00Z,gemini-2.5-pro,100000,1000\n" * 10
        + "2026-11-03T11:00:00Z,gemini-2.5-pro,1000000,10000\n"
    )
    (tmp_path / "calls.csv").write_text(calls + "2026-11-03T11:00:00Z,who-knows-1,5,5\n", "utf-8")
    own = {
        "columns": {"time": "time", "model": "model", "input_tokens": "in", "output_tokens": "out"},
        "constants": {"provider": "google"},
        "grain": "call",
    }
    load = ingest(app, tmp_path / "calls.csv", kind="csv", **own).load
    assert load.estimated_nanos == nanos("1.35") + nanos("2.65")
    assert (load.billed_nanos, load.unpriced_rows, load.unpriced_models) == (0, 1, ("google/who-knows-1",))
    with pytest.raises(SourceRefused, match='grain = "call"'):
        ingest(app, tmp_path / "calls.csv", kind="csv", **(own | {"grain": "sum"}))


def test_two_litellm_tables_are_never_added(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    recorded = Path(__file__).parents[1] / "sources" / "recorded"
    with pytest.raises(SourceRefused, match="daily user spend and spend logs"):
        ingest(app, recorded / "litellm-logs.csv", recorded / "litellm-daily.csv", kind="litellm")
    (tmp_path / "tags.csv").write_text("tag,date,model,spend\na,2026-11-03,m,1\n", "utf-8")
    with pytest.raises(SourceRefused, match="once per tag"):
        ingest(app, tmp_path / "tags.csv", kind="litellm")


def test_a_cur_without_principals_says_what_to_do(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    period = tmp_path / "x" / "metadata" / "BILLING_PERIOD=2026-11"
    period.mkdir(parents=True)
    (period / "x-Manifest.json").write_text('{"dataFiles": ["s3://b/x/data/BILLING_PERIOD=2026-11/x-1.csv"]}', "utf-8")
    names = "line_item_usage_start_date line_item_unblended_cost line_item_currency_code line_item_line_item_type line_item_product_code line_item_usage_type".split()
    write_csv(
        tmp_path / "x/data/BILLING_PERIOD=2026-11/x-1.csv",
        [dict(zip(names, ["2026-11-03", "1", "USD", "Usage", "AmazonBedrock", "u"], strict=True))],
        names,
    )
    with pytest.raises(SourceChanged, match="INCLUDE_IAM_PRINCIPAL_DATA"):
        ingest(app, tmp_path / "x", kind="cur")
    assert ingest(app, tmp_path / "x", kind="cur", people=False).load.billed_nanos == nanos(1)


@pytest.mark.service
def test_both_stores_hold_the_same(make_app: MakeApp, tmp_path: Path, postgresql_url: str) -> None:
    from conftest import fresh_postgresql

    rows = [
        charge(
            f"2026-11-{n:02d}",
            f"{n}.123456789012",
            days=1 + n % 3,
            x_PrincipalId=["ana@x.example", "key-1", "sk"][n % 3],
        )
        for n in range(1, 20)
    ]
    bill = write_csv(tmp_path / "bill.csv", rows)
    found = []
    for url in (f"sqlite:///{tmp_path}/one.db", fresh_postgresql(postgresql_url, "both")):
        app = make_app(url=url)
        load_people(app, tmp_path)
        ingest(app, bill)
        ingest(app, bill, window=Window(date(2026, 11, 5), date(2026, 11, 8)))
        found.append((ledger_rows(app), rollups(app)))
    assert found[0] == found[1]

"""Encode: allocated rows as the store keeps them, all numbers; and the same cost rolled up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from bot.ledger import exact
from bot.ledger.schema import DAILY, INTEGRAL, LINE_COLUMNS, MONEY, NANOS, TOKENS

MONEYS = {
    "billed": "billed_cost",
    "effective": "effective_cost",
    "list": "list_cost",
    "estimated": "estimated_cost",
    "original": "original_cost",
}
_QUANTITIES = 10**6
"""Quantities are stored in millionths: characters come by the ten thousand million."""
UNITS = {**dict.fromkeys(MONEYS, NANOS), "quantity": _QUANTITIES}
"""How many of the store's units make one, per amount."""
_GROUPED = ("charge_day", "line", "allocated_by", "person_id", "team_id", "project_id", "principal_id", "day")
_KEYS = ("charge_day", "line_id", "person_id", "team_id", "project_id", "principal_id", "day")
_EPOCH = date(1970, 1, 1)
_UNOWNED = tuple(name for name in LINE_COLUMNS if name != "allocated_by")
LABEL_COLUMNS = ("person", "team", "project", "principal")
ROLLUPS = {"all": 0, "source": 1, "person": 2, "team": 3, "project": 4, "model": 5, "tool": 6, "provider": 7}
"""Numbers of the rolled-up dimensions in the store."""
_DAY, _MONTH = 0, 1


def lines(rows: ir.Table) -> ir.Table:
    """Return the distinct lines of converted *rows*, not yet allocated, empty text for null, with a number: `l_…` and `line`."""
    found = rows.select(**{f"l_{name}": rows[name].fill_null("") for name in _UNOWNED}).distinct()
    return found.mutate(line=ibis.row_number().cast("int32"))


def encode(rows: ir.Table, labels: Mapping[str, ir.Table], numbered: ir.Table) -> ir.Table:
    """Return allocated *rows* with numbers for names, added up per key; money still as decimals.

    Args:
        labels: For each of `LABEL_COLUMNS` a table of `value` and `id`.
        numbered: The lines of the rows, as `lines` numbers them.
    """
    for name in LABEL_COLUMNS:
        table = labels[name].rename({f"{name}_value": "value", f"{name}_id": "id"})
        rows = rows.left_join(table, rows[name] == table[f"{name}_value"]).drop(f"{name}_value")
        rows = rows.mutate(**{f"{name}_id": rows[f"{name}_id"].fill_null(0)})
    same = [rows[name].fill_null("") == numbered[f"l_{name}"] for name in _UNOWNED]
    rows = rows.join(numbered, same)
    rows = rows.mutate(charge_day=_number(rows.charge_day), day=_number(rows.day), allocated_by=rows.allocated_by.fill_null(""))
    sums = {short: rows[long].fill_null(ibis.literal(0).cast(MONEY)).sum().cast(MONEY) for short, long in MONEYS.items()}
    sums["quantity"] = rows.consumed_quantity.fill_null(ibis.literal(0).cast(MONEY)).sum().cast(MONEY)
    tokens = {name: whole_sum(rows[name]) for name in TOKENS}
    return rows.group_by(list(_GROUPED)).aggregate(**sums, **tokens)


def stored(rows: ir.Table, source_id: int, line_numbers: ir.Table, fractional: Sequence[str]) -> ir.Table:
    """Return encoded *rows* as `DAILY`.

    Args:
        line_numbers: The store's `line_id` of each `n_line` and `n_allocated_by`.
        fractional: The amounts of which some row needs rounding; they are rounded by largest remainder.
    """
    same = [rows.line == line_numbers.n_line, rows.allocated_by == line_numbers.n_allocated_by]
    rows = rows.join(line_numbers, same).drop("line", "allocated_by", "n_line", "n_allocated_by")
    if fractional:
        rows = exact.apportion(rows, {name: UNITS[name] for name in fractional}, _KEYS)
    whole = {name: exact.to_units(rows[name], units) for name, units in UNITS.items() if name not in fractional}
    shaped = rows.mutate(source_id=ibis.literal(source_id, type="int32"), **whole)
    return shaped.select(*DAILY)


def ascending(rows: ir.Table) -> ir.Table:
    """Return stored *rows* by key: the order in which a store takes them fastest."""
    return rows.order_by(list(_KEYS))


def totals(rows: ir.Table, source_id: int, line_names: ir.Table) -> ir.Table:
    """Return stored *rows* rolled up per dimension and day or month (people: month only), as `TOTALS`, ascending.

    Args:
        line_names: `n_line_id` and the numbers `model_id`, `tool_id`, `provider_id` of each line.
    """
    named = rows.join(line_names, rows.line_id == line_names.n_line_id)
    date_ = (ibis.literal(_EPOCH).cast("timestamp") + named.day.as_interval("D")).cast("date")
    named = named.mutate(month=_number(date_.truncate("M").cast("timestamp").cast("date")))
    keys = {
        "all": ibis.literal(0),
        "source": ibis.literal(source_id),
        **{name: named[f"{name}_id"] for name in ROLLUPS if name not in {"all", "source"}},
    }
    parts = [
        _rolled(named.mutate(key_id=key, start=named[column]), ROLLUPS[name], grain)
        for name, key in keys.items()
        for grain, column in ((_DAY, "day"), (_MONTH, "month"))
        if (name, grain) != ("person", _DAY)
    ]
    result = parts[0]
    for part in parts[1:]:
        result = result.union(part)
    return result.order_by(["dimension", "grain", "start", "key_id"])


def check_sum(rows: ir.Table) -> ir.Table:
    """Return one row: how many *rows* and *days*, the exact sums of billed, estimated and original, and the roundings per amount.

    Amounts are decimals; `<amount>_roundings` counts the rows whose nanos need rounding, `_volume` adds up and
    `_largest` compares them without sign.
    """
    sums = {name: rows[name].sum().cast(MONEY) for name in ("billed", "estimated", "original")}
    checks = {f"{name}_roundings": exact.roundings(rows[name], units) for name, units in UNITS.items()}
    checks |= {f"{name}_volume": rows[name].abs().sum().cast(MONEY) for name in UNITS}
    checks |= {f"{name}_largest": rows[name].abs().max().cast(MONEY) for name in UNITS}
    return rows.aggregate(rows=rows.count(), days=rows.day.nunique(), **sums, **checks)


def summary(rows: ir.Table, line_names: ir.Table) -> ir.Table:
    """Return the cost of stored *rows* by team, principal and whether the line is allocated."""
    named = rows.join(line_names, rows.line_id == line_names.n_line_id)
    groups = named.group_by(["is_allocated", "team_id", "principal_id"])
    return groups.aggregate(cost=whole_sum(named.billed + named.estimated))


def _rolled(rows: ir.Table, dimension: int, grain: int) -> ir.Table:
    grouped = rows.group_by(["start", "key_id"]).aggregate(billed=whole_sum(rows.billed), estimated=whole_sum(rows.estimated))
    grouped = grouped.filter((grouped.billed != 0) | (grouped.estimated != 0))
    return grouped.select(
        dimension=ibis.literal(dimension, type="int16"),
        grain=ibis.literal(grain, type="int16"),
        start=grouped.start.cast("int32"),
        key_id=grouped.key_id.cast("int32"),
        billed=grouped.billed,
        estimated=grouped.estimated,
    )


def whole_sum(column: ir.IntegerValue) -> ir.IntegerValue:
    """Return the sum of whole numbers as one; engines give it a wider type."""
    return column.sum().cast(INTEGRAL).cast("int64")


def _number(day: ir.DateValue) -> ir.IntegerValue:
    return day.delta(ibis.literal(_EPOCH), unit="day").cast("int32")

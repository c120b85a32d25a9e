"""Exact arithmetic in the engine: division of integers and largest remainder, the same on every engine.

Engines divide decimals in floating point or round where they like. Here a quotient is estimated in floating point and
then corrected with exact remainders, so the result never depends on the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from bot.ledger.schema import INTEGRAL, MONEY, NANOS


def whole(value: Any) -> Any:
    """Return *value* as DECIMAL(38, 0); it must be integral already."""
    return value.cast(INTEGRAL)


def quotient(table: ir.Table, name: str, dividend: str, divisor: str) -> ir.Table:
    """Add column *name*: *dividend* // *divisor* for a dividend ≥ 0 and a divisor > 0, both DECIMAL(38, 0), exact."""
    first, second = f"{name}_1", f"{name}_2"
    table = table.mutate(**{first: _estimate(table[dividend], table[divisor])})
    rest = table[dividend] - whole(table[first] * table[divisor])
    table = table.mutate(**{f"{name}_rest": whole(rest)})
    table = table.mutate(**{second: whole(table[first] + _estimate(table[f"{name}_rest"], table[divisor]))})
    off = table[dividend] - whole(table[second] * table[divisor])
    step = ibis.cases((off < 0, -1), (off >= table[divisor], 1), else_=0)
    return table.mutate(**{name: whole(table[second] + step.cast(INTEGRAL))}).drop(first, second, f"{name}_rest")


def nano_floor(value: Any) -> Any:
    """Return the whole nanos of |*value*|, a MONEY column, as DECIMAL(38, 0)."""
    return whole((value.abs() * ibis.literal(NANOS).cast("decimal(10, 0)")).floor())


def money(nanos: Any) -> Any:
    """Return a column of nanos as MONEY, exact."""
    return nanos.cast(MONEY) * ibis.literal("0.000000001").cast("decimal(9, 9)").cast(MONEY).cast("decimal(18, 9)")


def apportion(table: ir.Table, column: str, order: Sequence[str]) -> ir.Table:
    """Replace MONEY *column* by whole nanos (int64) whose sum is the column's sum rounded to nanos, half to even.

    Largest remainder: the rows with the greatest lost fraction get one nano more; ties go by *order*, which must name
    the table's key. Costs nothing beyond a scan where no row has a fraction: see `has_fractions`.
    """
    scaled = table[column] * ibis.literal(NANOS).cast("decimal(10, 0)")
    table = table.mutate(_scaled=scaled.cast(MONEY))
    table = table.mutate(_floor=whole(table["_scaled"].floor()))
    table = table.mutate(_lost=(table["_scaled"] - table["_floor"]).cast(MONEY))
    rank = ibis.row_number().over(order_by=[table["_lost"].desc(), *(table[name] for name in order)])
    table = table.mutate(_rank=rank, _missing=table["_lost"].sum().over(ibis.window()))
    table = table.mutate(_extra=_round_half_even(table["_missing"], table["_floor"]))
    nanos = table["_floor"] + ibis.ifelse(table["_rank"] < table["_extra"], 1, 0)
    return table.mutate(**{column: nanos.cast("int64")}).drop(
        "_scaled", "_floor", "_lost", "_rank", "_missing", "_extra"
    )


def to_nanos(table: ir.Table, column: str) -> ir.Table:
    """Replace MONEY *column*, of which no row has a fraction of a nano, by int64 nanos."""
    scaled = table[column] * ibis.literal(NANOS).cast("decimal(10, 0)")
    return table.mutate(**{column: scaled.cast(INTEGRAL).cast("int64")})


def fractions(table: ir.Table, columns: Sequence[str]) -> ir.Table:
    """Return one row that counts, per MONEY column, the rows with a fraction of a nano."""
    return table.aggregate(**{c: (table[c] != table[c].cast("decimal(38, 9)").cast(MONEY)).sum() for c in columns})


def _round_half_even(missing: Any, floor: Any) -> Any:
    """Return how many rows get one nano more, for the sum of lost fractions *missing* (≥ 0) over the floors."""
    base = missing.floor().cast(INTEGRAL)
    rest = missing - base
    half = ibis.literal("0.5").cast(MONEY)
    odd = (floor.sum().over(ibis.window()).cast(INTEGRAL) + base) % 2 != 0
    up = (rest > half) | ((rest == half) & odd)
    return (base + ibis.ifelse(up, 1, 0)).cast("int64")


def _estimate(dividend: Any, divisor: Any) -> Any:
    return whole((dividend.cast("float64") / divisor.cast("float64")).floor())

"""Exact arithmetic in the engine: division of integers and largest remainder, the same on every engine.

Engines divide decimals in floating point or round where they like. Here a quotient is estimated in floating point and
then corrected with exact remainders, so the result never depends on the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from bot.ledger.schema import INTEGRAL, MONEY, NANOS

_ROOM = 9.2e18
"""What int64 holds, a little less."""


def whole(value: Any) -> Any:
    """Return *value* as DECIMAL(38, 0); it must be integral already."""
    return value.cast(INTEGRAL)


def quotients(table: ir.Table, wanted: Mapping[str, tuple[str, str]]) -> ir.Table:
    """Add, for each name, dividend // divisor, exact; both DECIMAL(38, 0) columns, dividend ≥ 0 and divisor > 0.

    All names are computed in the same four steps, so that the expression stays shallow.
    """
    parts = {name: (f"{name}_1", f"{name}_rest") for name in wanted}
    table = table.mutate(**{parts[n][0]: _estimate(table[a], table[b]) for n, (a, b) in wanted.items()})
    table = table.mutate(**{parts[n][1]: whole(table[a] - whole(table[parts[n][0]] * table[b])) for n, (a, b) in wanted.items()})
    table = table.mutate(**{n: whole(table[parts[n][0]] + _estimate(table[parts[n][1]], table[b])) for n, (_, b) in wanted.items()})
    table = table.mutate(**{n: whole(table[n] + _step(table, n, a, b)) for n, (a, b) in wanted.items()})
    return table.drop(*(name for pair in parts.values() for name in pair))


def nano_floor(value: Any) -> Any:
    """Return the whole nanos of |*value*|, a MONEY column, as DECIMAL(38, 0)."""
    return whole((value.abs() * ibis.literal(NANOS).cast("decimal(10, 0)")).floor())


def money(nanos: Any) -> Any:
    """Return a column of nanos as MONEY, exact."""
    return nanos.cast(MONEY) * ibis.literal("0.000000001").cast("decimal(9, 9)").cast(MONEY).cast("decimal(18, 9)")


def signed(whole_amount: Any, nanos: Any, part: Any, *, gets_dust: Any) -> Any:
    """Return a part of a split amount as MONEY: *part* of its absolute *nanos*, with its sign, null where it is null.

    Args:
        gets_dust: Whether this part also gets what is smaller than a nano; true for exactly one part.
    """
    sign = ibis.ifelse(whole_amount < 0, -1, 1).cast(INTEGRAL)
    dust = (whole_amount - (money(nanos) * sign).cast(MONEY)).cast(MONEY)
    value = (money(part) * sign).cast(MONEY) + ibis.ifelse(gets_dust, dust, ibis.literal(0).cast(MONEY))
    return ibis.ifelse(whole_amount.isnull(), ibis.null(MONEY), value.cast(MONEY))


def apportion(table: ir.Table, columns: Mapping[str, int], order: Sequence[str]) -> ir.Table:
    """Replace MONEY *columns* by whole units (int64), such as nanos, whose sums are the columns' sums rounded, half to even.

    The value of a column is how many units make one.

    Largest remainder: the rows with the greatest lost fraction get one nano more; ties go by *order*, which must name
    the table's key.
    """
    factors = {c: ibis.literal(units).cast("decimal(10, 0)") for c, units in columns.items()}
    table = table.mutate(**{f"{c}_scaled": (table[c] * factors[c]).cast(MONEY) for c in columns})
    table = table.mutate(**{f"{c}_floor": whole(table[f"{c}_scaled"].floor()) for c in columns})
    table = table.mutate(**{f"{c}_lost": (table[f"{c}_scaled"] - table[f"{c}_floor"]).cast(MONEY) for c in columns})
    every = ibis.window()
    ranks = {f"{c}_rank": ibis.row_number().over(order_by=[table[f"{c}_lost"].desc(), *(table[name] for name in order)]) for c in columns}
    missing = {f"{c}_missing": table[f"{c}_lost"].sum().over(every).cast(MONEY) for c in columns}
    floors = {f"{c}_floors": whole(table[f"{c}_floor"].sum().over(every)) for c in columns}
    table = table.mutate(**ranks, **missing, **floors)
    table = table.mutate(**{c: _rounded(table, c) for c in columns})
    return table.drop(*(f"{c}_{step}" for c in columns for step in ("scaled", "floor", "lost", "rank", "missing", "floors")))


def to_units(value: Any, units: int = NANOS) -> Any:
    """Return as int64 *units* a MONEY column of which `roundings` says that it needs no rounding."""
    return _near(value, units)


def roundings(value: Any, units: int = NANOS) -> Any:
    """Return in how many rows a MONEY column needs exact rounding: it has a fraction of a unit, or is beyond a float's digits.

    Engines are slow at dividing long decimals; multiplying a float's guess back shows whether it is exact.
    """
    unit = ibis.literal(f"{Decimal(1) / units:f}").cast("decimal(9, 9)").cast(MONEY).cast("decimal(18, 9)")
    guess = (_near(value, units).cast(MONEY) * unit).cast(MONEY)
    return ((value != 0) & (guess != value).fill_null(True)).sum()


def _near(value: Any, units: int) -> Any:
    """Return the nearest whole number of *units* that a float can tell, null where int64 has no room."""
    number = value.cast("float64") * ibis.literal(float(units))
    return ibis.ifelse(number.abs() < _ROOM, number.round(), ibis.null("int64")).cast("int64")


def _rounded(table: ir.Table, column: str) -> Any:
    """Return the floor of each row, one more for as many rows as the rounded sum of the lost fractions."""
    missing = table[f"{column}_missing"]
    base = whole(missing.floor())
    rest, half = missing - base, ibis.literal("0.5").cast(MONEY)
    is_odd = whole(table[f"{column}_floors"] + base) % 2 != 0
    up = (rest > half) | ((rest == half) & is_odd)
    extra = base + ibis.ifelse(up, 1, 0)
    return (table[f"{column}_floor"] + ibis.ifelse(table[f"{column}_rank"] < extra, 1, 0)).cast(INTEGRAL).cast("int64")


def _estimate(dividend: Any, divisor: Any) -> Any:
    return whole((dividend.cast("float64") / divisor.cast("float64")).floor())


def _step(table: ir.Table, name: str, dividend: str, divisor: str) -> Any:
    off = table[dividend] - whole(table[name] * table[divisor])
    return ibis.cases((off < 0, -1), (off >= table[divisor], 1), else_=0).cast(INTEGRAL)

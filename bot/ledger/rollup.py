"""Roll-up: many charges to one row a day; and charges that span days, spread over them without losing a nano."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from bot.ledger import exact, parse
from bot.ledger.schema import CHARGES, COSTS, INTEGRAL, KEYS, MONEY, TAG, TOKENS, Charges, constant, is_bookable

MEASURES = (*COSTS, "consumed_quantity", *TOKENS)
SCOPE = ("provider_name", "billing_account_id", "billing_currency")
"""Keys that what is not booked keeps, too: whose cost it is, and in which currency."""
SPREAD = (*COSTS, "original_cost", "consumed_quantity")
"""What is split over the days of a charge; tokens are not."""


def condense(charges: Charges) -> ir.Table:
    """Return one row per charge day, length in days and distinct keys and tags, with sums: the one reading of the source.

    Columns: charge_day, charge_days (calendar days the charge period touches, at least 1), last_end (of the charge periods),
    charge_rows, left_out, is_problem, the tags, and those keys, costs, quantities and token classes that the source fills;
    `completed` adds the others. What is left out or has a problem has no day and no key but `SCOPE`: it is only counted.
    """
    table = charges.table
    is_booked = is_bookable(table)
    table = table.mutate(is_problem=table.problem.notnull() & table.left_out.isnull(), _is_booked=is_booked)
    start, end = table.charge_period_start, table.charge_period_end
    dated = table.mutate(charge_day=start.cast("date"), charge_days=days_touched(start, end))
    keys = [name for name in KEYS if name in charges.given] + charges.tags
    booked = {n: ibis.ifelse(dated["_is_booked"], dated[n], ibis.null(dated[n].type())) for n in keys if n not in SCOPE}
    booked |= {n: ibis.ifelse(dated["_is_booked"], dated[n], ibis.null(dated[n].type())) for n in ("charge_day", "charge_days")}
    dated = dated.mutate(**booked)
    measures = [name for name in MEASURES if name in charges.given]
    sums = {name: dated[name].sum().cast(INTEGRAL if name in TOKENS else MONEY).cast(CHARGES[name]) for name in measures}
    groups = dated.group_by(["left_out", "is_problem", "charge_day", "charge_days", *keys])
    return groups.aggregate(charge_rows=dated.count(), last_end=dated.charge_period_end.max(), **sums)


def bookable(rows: ir.Table) -> ir.Table:
    """Return those of condensed *rows* that can be booked."""
    return rows.filter(rows.left_out.isnull() & ~rows.is_problem).drop("left_out", "is_problem", "last_end")


def completed(rows: ir.Table) -> ir.Table:
    """Return condensed *rows* with every key and measure, the keys trimmed; what the source does not fill is constant."""
    texts = {name: parse.text(rows[name]) for name in rows.columns if name in KEYS or name.startswith(TAG)}
    return rows.mutate(**texts, **{name: constant(name) for name in (*KEYS, *MEASURES) if name not in rows.columns})


def amortise(rows: ir.Table, longest: int) -> ir.Table:
    """Spread each converted row over the days of its charge period, from `charge_day` on: adds `day`, replaces `charge_days`.

    Costs and quantities are split in nanos, the odd ones and what is smaller than a nano going to the first days; the
    parts add up to the whole exactly. Tokens stay on the first day.

    Args:
        longest: The greatest `charge_days` in *rows*; 1 leaves the rows as they are.
    """
    if longest <= 1:
        return rows.mutate(day=rows.charge_day).drop("charge_days")
    short = rows.filter(rows.charge_days <= 1).mutate(day=rows.charge_day)
    spread = _spread(rows.filter(rows.charge_days > 1), longest)
    return short.select(spread.columns).union(spread).drop("charge_days")


def _spread(rows: ir.Table, longest: int) -> ir.Table:
    steps = ibis.range(longest).unnest().name("step").as_table()
    days = rows.join(steps, rows.charge_days > steps.step)
    days = days.mutate(
        day=(days.charge_day.cast("timestamp") + days.step.as_interval("D")).cast("date"),
        _n=days.charge_days.cast(INTEGRAL),
    )
    zero = ibis.literal(0).cast(MONEY)
    days = days.mutate(**{f"{name}_nanos": exact.nano_floor(days[name].fill_null(zero)) for name in SPREAD})
    days = exact.quotients(days, {f"{name}_each": (f"{name}_nanos", "_n") for name in SPREAD})
    days = days.mutate(**{name: _share(days, name) for name in SPREAD}, **{t: ibis.ifelse(days.step == 0, days[t], 0) for t in TOKENS})
    return days.drop("step", "_n", *(f"{name}{step}" for name in SPREAD for step in ("_nanos", "_each")))


def _share(days: ir.Table, name: str) -> Any:
    """Return the part of *name* that falls on day number `step` of `_n`."""
    nanos, each = days[f"{name}_nanos"], days[f"{name}_each"]
    odd = nanos - exact.whole(each * days["_n"])
    part = exact.whole(each + ibis.ifelse(days.step < odd.cast("int64"), 1, 0).cast(INTEGRAL))
    return exact.signed(days[name], nanos, part, gets_dust=days.step == 0)


def days_touched(start: Any, end: Any) -> Any:
    """Count the UTC days a charge period touches; its end is exclusive, and a period without length is one day."""
    last = (end - ibis.interval(microseconds=1)).cast("date")
    return ibis.greatest(last.delta(start.cast("date"), unit="day") + 1, 1).cast("int64")

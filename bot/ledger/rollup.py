"""Roll-up: many charges to one row a day; and charges that span days, spread over them without losing a nano."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from bot.ledger import exact
from bot.ledger.schema import CHARGES, COSTS, INTEGRAL, KEYS, MONEY, TOKENS, Charges, constant, is_bookable

SPREAD = (*COSTS, "consumed_quantity")
MEASURES = (*SPREAD, *TOKENS)


def condense(charges: Charges) -> ir.Table:
    """Return one row per charge day, length in days and distinct keys and tags, with sums; bookable rows only.

    Columns: charge_day, charge_days (calendar days the charge period touches, at least 1), the tags, and those keys,
    costs, quantities and token classes that the source fills; `completed` adds the others.
    """
    table = charges.table.filter(is_bookable(charges.table))
    start, end = table.charge_period_start, table.charge_period_end
    dated = table.mutate(charge_day=start.cast("date"), charge_days=days_touched(start, end))
    keys = [name for name in KEYS if name in charges.given] + charges.tags
    measures = [name for name in MEASURES if name in charges.given]
    sums = {name: dated[name].sum().cast(INTEGRAL if name in TOKENS else MONEY).cast(CHARGES[name]) for name in measures}
    return dated.group_by(["charge_day", "charge_days", *keys]).aggregate(**sums)


def completed(rows: ir.Table) -> ir.Table:
    """Return condensed *rows* with every key and measure; what the source does not fill is constant."""
    return rows.mutate(**{name: constant(name) for name in (*KEYS, *MEASURES) if name not in rows.columns})


def amortise(rows: ir.Table, longest: int) -> ir.Table:
    """Spread each row over the days of its charge period, from `charge_day` on: adds `day`, replaces `charge_days`.

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


def add_up(rows: ir.Table, keys: list[str]) -> ir.Table:
    """Return one row per distinct *keys*, with the sums of costs, tokens and quantity."""
    measures = [name for name in (*COSTS, *TOKENS, "original_cost", "consumed_quantity") if name in rows.columns]
    return rows.group_by(keys).aggregate(**{name: rows[name].sum().cast(rows[name].type()) for name in measures})


def _spread(rows: ir.Table, longest: int) -> ir.Table:
    steps = ibis.range(longest).unnest().name("step").as_table()
    days = rows.join(steps, rows.charge_days > steps.step)
    days = days.mutate(day=(days.charge_day + days.step.as_interval("D")).cast("date"), _n=days.charge_days.cast(INTEGRAL))
    for name in SPREAD:
        days = _share(days, name)
    first = days.step == 0
    return days.mutate(**{t: ibis.ifelse(first, days[t], 0) for t in TOKENS}).drop("step", "_n")


def _share(days: ir.Table, name: str) -> ir.Table:
    """Replace *name* by the part of it that falls on day number `step` of `_n`."""
    days = days.mutate(_nanos=exact.nano_floor(days[name].fill_null(0)))
    days = exact.quotient(days, "_each", "_nanos", "_n")
    odd = days["_nanos"] - exact.whole(days["_each"] * days["_n"])
    part = exact.money(exact.whole(days["_each"] + ibis.ifelse(days.step < odd.cast("int64"), 1, 0).cast(INTEGRAL)))
    sign = ibis.ifelse(days[name] < 0, -1, 1).cast(INTEGRAL)
    dust = (days[name] - (exact.money(days["_nanos"]) * sign).cast(MONEY)).cast(MONEY)
    value = (part * sign).cast(MONEY) + ibis.ifelse(days.step == 0, dust, ibis.literal(0).cast(MONEY))
    return days.mutate(**{name: ibis.ifelse(days[name].isnull(), ibis.null(MONEY), value.cast(MONEY))}).drop("_nanos", "_each")


def days_touched(start: Any, end: Any) -> Any:
    """Count the UTC days a charge period touches; its end is exclusive, and a period without length is one day."""
    last = (end - ibis.interval(microseconds=1)).cast("date")
    return ibis.greatest(last.delta(start.cast("date"), unit="day") + 1, 1).cast("int64")

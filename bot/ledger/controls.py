"""Controls: what a load holds, counted straight from the source's rows, so that the ledger can be held against it."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from bot.ledger.rollup import days_touched
from bot.ledger.schema import COSTS, MONEY, Charges

LARGEST = 10**8
"""Currency units: more than this on one row is a mistake of unit, not a charge."""
YEARS = (2000, 2100)
LONGEST = 5 * 366
"""Days: commitments run for three years, five at most."""


def bounded(charges: Charges) -> Charges:
    """Give a problem to charges that no bill holds: a cost beyond `LARGEST`, a year out of range, a span of many years."""
    table = charges.table
    largest = ibis.literal(LARGEST).cast(MONEY)
    start, end = table.charge_period_start, table.charge_period_end
    checks = [
        *((table[name].abs() >= largest, f"{name} is beyond {LARGEST:,}") for name in COSTS if name in charges.given),
        (~start.year().between(*YEARS), "the charge period starts in a year that cannot be"),
        (end < start, "the charge period ends before it starts"),
        (days_touched(start, end) > LONGEST, f"the charge period spans more than {LONGEST} days"),
    ]
    problem = ibis.cases(
        (table.problem.notnull(), table.problem),
        *((wrong.fill_null(False), sentence) for wrong, sentence in checks),
        else_=ibis.null("string"),
    )
    # What cannot be right must not spoil the sums either.
    sane = {n: ibis.ifelse(table[n].abs() < largest, table[n], 0).cast(MONEY) for n in COSTS if n in charges.given}
    return Charges(table.mutate(problem=problem, **sane), charges.given | {"problem"})


def survey(charges: Charges) -> ir.Table:
    """Return one row per billing currency and kind of row (bookable, left out, problem) with rows, totals and bounds.

    Columns: billing_currency, left_out, is_problem, rows, the costs, first_start, last_start, last_end, last_day_end (UTC; the last
    of the charges within one day), longest (days).
    """
    table = charges.table
    table = table.mutate(
        is_problem=table.problem.notnull() & table.left_out.isnull(),
        _length=days_touched(table.charge_period_start, table.charge_period_end),
    )
    groups = table.group_by([table.billing_currency.upper().name("billing_currency"), "left_out", "is_problem"])
    grouped = groups.aggregate(
        rows=table.count(),
        **{name: table[name].sum().cast(MONEY) for name in COSTS},
        first_start=table.charge_period_start.min(),
        last_start=table.charge_period_start.max(),
        last_end=table.charge_period_end.max(),
        last_day_end=table.charge_period_end.max(where=table["_length"] <= 1),
        longest=table["_length"].max(),
    )
    return grouped.order_by(["left_out", "is_problem", "billing_currency"])


def accounts(charges: Charges) -> ir.Table:
    """Return the distinct (provider_name, billing_account_id) whose cost the bookable rows state."""
    table = charges.table
    kept = table.filter(table.left_out.isnull() & table.problem.isnull())
    return kept.select("provider_name", "billing_account_id").distinct().order_by(["provider_name", "billing_account_id"])

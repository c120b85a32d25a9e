"""Controls: what a load holds, counted straight from the source's rows, so that the ledger can be held against it."""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir

from bot.ledger.rollup import days_touched
from bot.ledger.schema import COSTS, MONEY, Charges, constant

LARGEST = 10**8
"""Currency units: more than this on one row is a mistake of unit, not a charge."""
YEARS = (2000, 2101)
MOST = 10**10
"""Units: a larger quantity is kept out, its cost is not."""
LONGEST = 5 * 366
"""Days: commitments run for three years, five at most."""


def bounded(charges: Charges) -> Charges:
    """Give a problem to charges that no bill holds: a cost beyond `LARGEST`, a year out of range, a span of many years."""
    table = charges.table
    largest = ibis.literal(LARGEST).cast(MONEY)
    start, end = table.charge_period_start, table.charge_period_end
    first, last = (ibis.literal(datetime(year, 1, 1), type="timestamp") for year in YEARS)  # noqa: DTZ001 - the engine's are UTC
    checks = [
        *((~table[n].between(-largest, largest), f"{n} is beyond {LARGEST:,}") for n in COSTS if n in charges.given),
        (~start.between(first, last), "the charge period starts in a year that cannot be"),
        (~end.between(first, last), "the charge period ends in a year that cannot be"),
        (end < start, "the charge period ends before it starts"),
        (end > start + ibis.interval(days=LONGEST), f"the charge period spans more than {LONGEST} days"),
    ]
    problem = ibis.cases(
        (table.problem.notnull(), table.problem),
        *((wrong.fill_null(False), sentence) for wrong, sentence in checks),
        else_=ibis.null("string"),
    )
    # What cannot be right must not spoil the sums either.
    sane = {n: ibis.ifelse(table[n].between(-largest, largest), table[n], constant(n)) for n in COSTS if n in charges.given}
    sane |= {
        n: ibis.ifelse(table[n].between(first, last), table[n], ibis.null("timestamp"))
        for n in ("charge_period_start", "charge_period_end")
    }
    if "consumed_quantity" in charges.given:
        fits = table.consumed_quantity.between(-MOST, MOST)
        sane["consumed_quantity"] = ibis.ifelse(fits, table.consumed_quantity, ibis.null(MONEY))
    return Charges(table.mutate(problem=problem, **sane), charges.given | {"problem"})


def survey(charges: Charges) -> ir.Table:
    """Return one row per account, billing currency and kind of row (bookable, left out, problem) with rows, totals and bounds.

    Columns: provider_name, billing_account_id, billing_currency, left_out, is_problem, rows, the costs, first_start,
    last_start, last_end, last_day_end (UTC; the last of the charges within one day), longest (days).
    """
    table = charges.table
    table = table.mutate(
        is_problem=table.problem.notnull() & table.left_out.isnull(),
        _length=days_touched(table.charge_period_start, table.charge_period_end),
    )
    groups = table.group_by(["provider_name", "billing_account_id", "billing_currency", "left_out", "is_problem"])
    grouped = groups.aggregate(
        rows=table.count(),
        **{name: table[name].sum().cast(MONEY) for name in COSTS},
        first_start=table.charge_period_start.min(),
        last_start=table.charge_period_start.max(),
        last_end=table.charge_period_end.max(),
        last_day_end=table.charge_period_end.max(where=table["_length"] <= 1),
        longest=table["_length"].max(),
    )
    return grouped.order_by(["left_out", "is_problem", "provider_name", "billing_account_id", "billing_currency"])

"""Controls: what no bill holds is kept out, and what a source holds is counted, so that the ledger can be held against it."""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir

from bot.ledger.rollup import SCOPE
from bot.ledger.schema import COSTS, INTEGRAL, MONEY, TOKENS, Charges, constant

LARGEST = 10**8
"""Currency units: more than this on one row is a mistake of unit, not a charge …"""
SMALL_UNITS = ("IDR", "VND", "KRW", "JPY", "COP", "CLP", "HUF", "NGN", "PYG", "UZS", "LAK", "KHR", "IRR", "LBP", "TZS", "UGX")
LARGEST_SMALL = 5 * 10**9
"""… and in currencies of small units, more than this."""
_SUMMABLE = 10**15
TOKENS_AT_ONCE = 10**13
"""Tokens of one class on one row."""
YEARS = (2000, 2101)
MOST = 10**10
"""Units: a larger quantity is kept out, its cost is not."""
LONGEST = 5 * 366
"""Days: commitments run for three years, five at most."""


def bounded(charges: Charges) -> Charges:
    """Give a problem to charges that no bill holds: a cost beyond `LARGEST`, a year out of range, a span of many years."""
    table = charges.table
    summable = ibis.literal(_SUMMABLE).cast(MONEY)
    start, end = table.charge_period_start, table.charge_period_end
    first, last = (ibis.literal(datetime(year, 1, 1), type="timestamp") for year in YEARS)  # noqa: DTZ001 - the engine's are UTC
    checks = [
        *((_is_too_large(table[n], table.billing_currency), f"{n} is beyond {LARGEST:,}") for n in COSTS if n in charges.given),
        *((~table[n].between(0, TOKENS_AT_ONCE), f"{n} is beyond {TOKENS_AT_ONCE:,}") for n in TOKENS if n in charges.given),
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
    sane = {n: ibis.ifelse(table[n].between(-summable, summable), table[n], constant(n)) for n in COSTS if n in charges.given}
    sane |= {n: ibis.ifelse(table[n].between(0, TOKENS_AT_ONCE), table[n], 0) for n in TOKENS if n in charges.given}
    sane |= {
        n: ibis.ifelse(table[n].between(first, last), table[n], ibis.null("timestamp"))
        for n in ("charge_period_start", "charge_period_end")
    }
    if "consumed_quantity" in charges.given:
        fits = table.consumed_quantity.between(-MOST, MOST)
        sane["consumed_quantity"] = ibis.ifelse(fits, table.consumed_quantity, ibis.null(MONEY))
    return Charges(table.mutate(problem=problem, **sane), charges.given | {"problem"})


def _is_too_large(cost: ir.DecimalValue, currency: ir.StringValue) -> ir.BooleanValue:
    """Tell whether *cost* is beyond what its currency's units allow; the currency is looked at only where it matters."""
    most, most_small = (ibis.literal(n).cast(MONEY) for n in (LARGEST, LARGEST_SMALL))
    small = ibis.literal(False)
    for name in SMALL_UNITS:
        small = small | (currency.upper() == name)
    allowed = (small & cost.between(-most_small, most_small)).fill_null(False)
    return ibis.cases((cost.isnull() | cost.between(-most, most), False), else_=~allowed)


def survey(condensed: ir.Table) -> ir.Table:
    """Return one row per account, billing currency and kind of row (bookable, left out, problem) with rows, totals and bounds.

    Columns: provider_name, billing_account_id, billing_currency, left_out, is_problem, rows, the costs, first_day,
    last_day, last_end, last_day_end (UTC; the last of the charges within one day), longest (days).
    """
    missing = {name: constant(name) for name in (*SCOPE, *COSTS) if name not in condensed.columns}
    table = condensed.mutate(**missing)
    groups = table.group_by([*SCOPE, "left_out", "is_problem"])
    grouped = groups.aggregate(
        rows=table.charge_rows.sum().cast(INTEGRAL).cast("int64"),
        **{name: table[name].sum().cast(MONEY) for name in COSTS},
        first_day=table.charge_day.min(),
        last_day=table.charge_day.max(),
        last_end=table.last_end.max(),
        last_day_end=table.last_end.max(where=table.charge_days <= 1),
        longest=table.charge_days.max(),
    )
    return grouped.order_by(["left_out", "is_problem", *SCOPE])

"""Convert: every cost in the reporting currency, by the rate of its day; the original stays beside it."""

from __future__ import annotations

import ibis.expr.types as ir

from bot.ledger.schema import COSTS, INTEGRAL, MONEY

RATES: dict[str, str] = {"rate_day": "date", "rate_currency": "string", "rate": "decimal(18, 9)"}
"""Units of the reporting currency per unit of `rate_currency` on `rate_day`."""


def convert(rows: ir.Table, rates: ir.Table | None, currency: str) -> ir.Table:
    """Return *rows* with costs in *currency* and `original_cost` (billed and estimated, as stated); rows without a rate fall away.

    A row without a currency counts as being in *currency* already; without *rates* all rows must be.
    """
    rows = _stated(rows, currency)
    if rates is None:
        return rows
    same = rows.filter(rows.billing_currency == currency)
    foreign = rows.filter(rows.billing_currency != currency)
    joined = foreign.join(rates, [foreign.billing_currency == rates.rate_currency, foreign.charge_day == rates.rate_day])
    converted = joined.mutate(**{name: (_short(joined[name]) * joined.rate).cast(MONEY) for name in COSTS})
    return same.union(converted.select(same.columns))


def without_rate(rows: ir.Table, rates: ir.Table, currency: str) -> ir.Table:
    """Return billing_currency, charge_day, rows and cost (in that currency) for which *rates* has no rate, in order."""
    rows = _stated(rows, currency)
    foreign = rows.filter(rows.billing_currency != currency)
    keys = [foreign.billing_currency == rates.rate_currency, foreign.charge_day == rates.rate_day]
    lost = foreign.anti_join(rates, keys)
    grouped = lost.group_by(["billing_currency", "charge_day"]).aggregate(
        rows=lost.charge_rows.sum().cast(INTEGRAL).cast("int64"), cost=lost.original_cost.sum().cast(MONEY)
    )
    return grouped.order_by(["billing_currency", "charge_day"])


def _stated(rows: ir.Table, currency: str) -> ir.Table:
    original = (rows.billed_cost + rows.estimated_cost).cast(MONEY)
    return rows.mutate(original_cost=original, billing_currency=rows.billing_currency.upper().fill_null(currency))


def _short(cost: ir.DecimalValue) -> ir.DecimalValue:
    """Return *cost* with twelve decimals, so that the product with a rate fits 38 digits on every engine."""
    return cost.cast("decimal(26, 12)")

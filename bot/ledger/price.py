"""Price: an estimated list cost for charges that state tokens only, per call and per price tier.

A long call can cost more per token than a short one, so a price list is applied to single calls, never to sums.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from bot.ledger.schema import MONEY, TOKENS, Charges, is_bookable

PRICES: dict[str, str] = {
    "provider_name": "string",
    "model": "string",
    "day": "date",
    "above_tokens": "int64",  # the tier holds for calls with more input tokens than this …
    "up_to_tokens": "int64",  # … and at most this many
    **dict.fromkeys((f"{name}_price" for name in TOKENS), MONEY),  # reporting: USD per token
}
"""One row per model, day and tier."""


def wanted(charges: Charges) -> ir.Table:
    """Return the distinct (provider_name, model, day) that need a price."""
    table = charges.table.filter(is_bookable(charges.table) & charges.table.needs_price)
    return table.select("provider_name", "model", day=table.charge_period_start.cast("date")).distinct()


def price(charges: Charges, prices: ir.Table) -> Charges:
    """Add to `estimated_cost` and `list_cost` what *prices* (shaped as `PRICES`, USD) ask for the tokens.

    Charges that carry a cost of their own, and models without a price, stay as they are.
    """
    table = charges.table
    calls = table.mutate(_day=table.charge_period_start.cast("date"), _input=_input(table), _provider=_text(table.provider_name))
    list_ = prices.rename(lambda name: f"p_{name}")
    matches = [
        calls.needs_price,
        calls["model"] == list_.p_model,
        calls["_provider"] == _text(list_.p_provider_name),
        calls["_day"] == list_.p_day,
        calls["_input"] > list_.p_above_tokens,
        calls["_input"] <= list_.p_up_to_tokens,
    ]
    joined = calls.left_join(list_, matches)
    cost = sum((_part(joined, name) for name in TOKENS), ibis.literal(0).cast(MONEY)).cast(MONEY)
    priced = joined.mutate(estimated_cost=(joined.estimated_cost + cost).cast(MONEY), list_cost=(joined.list_cost + cost).cast(MONEY))
    return Charges(priced.select(table.columns), charges.given | {"estimated_cost", "list_cost"})


def unpriced(charges: Charges, prices: ir.Table) -> ir.Table:
    """Return provider, model, rows and tokens of the charges that no price fits, most tokens first."""
    table = charges.table.filter(is_bookable(charges.table) & charges.table.needs_price)
    table = table.mutate(_day=table.charge_period_start.cast("date"), _provider=_text(table.provider_name), _model=_text(table.model))
    known = prices.select(_model=_text(prices.model), _provider=_text(prices.provider_name), _day=prices.day).distinct()
    lost = table.anti_join(known, ["_model", "_provider", "_day"])
    counted = lost.mutate(_tokens=sum((lost[name] for name in TOKENS), ibis.literal(0)))
    grouped = counted.group_by(["provider_name", "model"]).aggregate(rows=counted.count(), tokens=counted["_tokens"].sum())
    return grouped.order_by(grouped.tokens.desc(), grouped.model)


def _input(table: ir.Table) -> ir.IntegerValue:
    return sum((table[name] for name in TOKENS if name != "output_tokens"), ibis.literal(0))


def _part(joined: ir.Table, name: str) -> ir.DecimalValue:
    price_ = joined[f"p_{name}_price"].fill_null(ibis.literal(0).cast(MONEY))
    return (price_ * joined[name].cast("decimal(18, 0)")).cast(MONEY)


def _text(column: ir.StringValue) -> ir.StringValue:
    return column.fill_null("")

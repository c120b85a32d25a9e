"""Charges and daily costs: the two shapes between a vendor's file and the store.

A source shapes what it reads as `CHARGES`, one row per record of the vendor, nothing decided. The ledger makes of it
`DAILY`: one row per charge day × day × person × team × project × principal × line, costs in nanos.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

MONEY = "decimal(38, 18)"
INTEGRAL = "decimal(38, 0)"
NANOS = 10**9

COSTS = ("billed_cost", "effective_cost", "list_cost", "estimated_cost")
"""FOCUS BilledCost, EffectiveCost, ListCost; and what nobody billed but somebody computed. In the billing currency."""

TOKENS = (
    "uncached_input_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
)
"""Disjoint token classes: a token is counted in exactly one of them."""

LINE = (
    "provider_name",
    "service_name",
    "model",
    "cost_center",
    "agent",
    "charge_category",
    "charge_class",
    "billing_currency",
    "consumed_unit",
)
"""What a charge is for, apart from whose it is; few distinct combinations, stored once each."""

ACCOUNT = ("billing_account_id", "sub_account_id")
IDENTITY = ("principal", "principal_email")

CHARGES: dict[str, str] = {
    "charge_period_start": "timestamp",  # UTC, inclusive
    "charge_period_end": "timestamp",  # UTC, exclusive
    **dict.fromkeys((*IDENTITY, *ACCOUNT, "project", *LINE), "string"),
    **dict.fromkeys(COSTS, MONEY),
    **dict.fromkeys(TOKENS, "int64"),
    "consumed_quantity": MONEY,
    "needs_price": "boolean",  # tokens without a cost: the price list makes an estimate
    "left_out": "string",  # why the row is not AI cost of this source; null when it is
    "problem": "string",  # why the row cannot be booked; null when it can
}
"""Columns of a source's charges. `principal_email` is an e-mail the source read out of the identity itself."""

ORIGIN = ("origin_file", "origin_row")
"""Where a row stands in its file; only there when positions were asked for."""

TAG = "tag:"
"""Prefix of the columns that carry the tags which allocation rules ask for."""

LINE_COLUMNS = (*LINE, *ACCOUNT, "allocated_by")
"""What the store keeps once per distinct combination."""

DAILY = (
    "source_id",
    "charge_day",
    "line_id",
    "person_id",
    "team_id",
    "project_id",
    "principal_id",
    "day",
    "billed",
    "effective",
    "list",
    "estimated",
    "original",
    *TOKENS,
    "quantity",
)
"""A daily row in the store: all whole numbers; days since 1970-01-01, amounts in nanos, quantities in millionths."""

TOTALS = ("dimension", "grain", "start", "key_id", "billed", "estimated")
"""A rolled-up row in the store."""

KEYS = (*IDENTITY, *ACCOUNT, "project", *LINE)


@dataclass(frozen=True, slots=True)
class Charges:
    """What a source read, nothing executed yet.

    Attributes:
        table: Shaped as `CHARGES`, plus one column per tag that was asked for.
        given: The columns the source fills; the others hold one constant and need no grouping.
    """

    table: ir.Table
    given: frozenset[str]

    def filter(self, condition: Any) -> Charges:
        """Return the charges of which *condition* holds."""
        return Charges(self.table.filter(condition), self.given)

    @property
    def tags(self) -> list[str]:
        """The tag columns, with their prefix."""
        return [name for name in self.table.columns if name.startswith(TAG)]


def charges(table: ir.Table, columns: Mapping[str, Any]) -> Charges:
    """Shape *table* as `CHARGES`: the named *columns* cast, every other one null (costs and tokens: zero).

    Columns whose name begins with `tag:` are kept beside them.
    """
    shaped = {name: _shaped(columns.get(name), name, kind) for name, kind in CHARGES.items()}
    tags = {name: value.cast("string") for name, value in columns.items() if name.startswith(TAG)}
    kept = [name for name in ORIGIN if name in table.columns]
    return Charges(table.select(*kept, **shaped, **tags), frozenset(n for n, v in columns.items() if v is not None))


def is_bookable(table: ir.Table) -> ir.BooleanValue:
    """Tell per row whether it is AI cost of this source and can be booked."""
    return table.left_out.isnull() & table.problem.isnull()


def constant(name: str) -> Any:
    """Return what a column holds that the source does not fill: zero for costs and tokens, false, else null."""
    kind = CHARGES.get(name, "string")
    if name in (*COSTS, *TOKENS):
        return ibis.literal(0).cast(kind)
    return ibis.literal(False) if kind == "boolean" else ibis.null(kind)


def _shaped(value: Any, name: str, kind: str) -> Any:
    if value is None:
        return constant(name)
    cast = value if kind in {"string", "boolean"} and str(value.type()) == kind else value.cast(kind)
    return cast.fill_null(constant(name)) if name in (*COSTS, *TOKENS) or kind == "boolean" else cast

"""CSV or Parquet of your own: gateways and home-grown logs, through a map from our words to your columns.

Files       any CSV, CSV.gz or Parquet with a header
Grain       yours; say grain = "call" where each row is one request, then tokens without a cost are priced
Cost        `cost` is billed or estimated, as `measure` says (estimated by default); without a `cost` column tokens are
            priced by the dated public list of genai-prices, call by call, as an estimate in USD
Freshness   yours
Final       after `final_after_days` (3)
Maps        input_tokens counts cache reads and writes in unless `input_includes_cache = false`
"""

from __future__ import annotations

from typing import Any, Literal

import ibis
import ibis.expr.types as ir
from pydantic import BaseModel, ConfigDict, Field

from adapters import columns
from adapters.place import Place, starts_in
from bot.domain.hint import REQUESTS
from bot.domain.period import Window
from bot.errors import SourceRefused
from bot.ledger import parse
from bot.ledger.schema import TAG, TOKENS, Charges, charges
from bot.ports import Engine, Settling

_NAMES = Literal[
    "time",
    "end",
    "principal",
    "email",
    "provider",
    "account",
    "service",
    "model",
    "project",
    "cost_center",
    "agent",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "quantity",
    "unit",
    "cost",
    "currency",
]
_TEXTS = {
    "principal": "principal",
    "email": "principal_email",
    "provider": "provider_name",
    "account": "billing_account_id",
    "service": "service_name",
    "model": "model",
    "project": "project",
    "cost_center": "cost_center",
    "agent": "agent",
    "unit": "consumed_unit",
    "currency": "billing_currency",
}


class CsvConfig(BaseModel):
    """A table of your own.

    Attributes:
        columns: Our name to your column, or `Column.key` of a JSON column; `time` is mandatory.
        constants: The same names with one value for every row.
        tags: Tag name to your column, for allocation rules.
    """

    model_config = ConfigDict(extra="forbid")

    path: str | list[str]
    columns: dict[_NAMES, str]
    constants: dict[_NAMES, str] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    measure: Literal["billed", "estimated"] = "estimated"
    grain: Literal["call", "sum"] = "sum"
    input_includes_cache: bool = True
    final_after_days: int = Field(default=3, ge=0)


class MappedCsv:
    """A table of your own, as charges."""

    Config = CsvConfig
    kind = "csv"
    is_range_export = False

    def __init__(self, config: CsvConfig, place: Place) -> None:
        self._config = config
        self._place = place
        self.name = place.name
        self.settling = Settling(days=config.final_after_days)
        self._check()

    def describe(self, engine: Engine) -> str:  # noqa: ARG002 - the map says it
        """Return what the map makes of it."""
        cost = f"{self._config.measure} cost" if self._has("cost") else "tokens, priced from the public list"
        return f"own table, {cost}"

    def window(self, engine: Engine) -> Window | None:  # noqa: ARG002 - the rows carry their dates
        """Return None: the days are those of the rows."""
        return None

    def charges(self, window: Window | None, engine: Engine, *, positions: bool = False) -> Charges:
        """Return the rows whose time lies in *window*."""
        path = self._config.path
        table = engine.read(self._place.files([path] if isinstance(path, str) else path), positions=positions)
        raw = self._value(table, "time")
        table = table.mutate(_start=parse.instant(raw)).filter(starts_in(parse.instant(raw), window))
        return charges(table, self._shape(table))

    def _check(self) -> None:
        section = f"[[sources]] {self.name}"
        if not self._has("time"):
            raise SourceRefused(f'{section} columns names no time; say which column holds it, for instance columns.time = "timestamp".')
        both = sorted(set(self._config.columns) & set(self._config.constants))
        if both:
            raise SourceRefused(f"{section} gives '{both[0]}' as a column and as a constant; keep one of them.")
        if not self._has("cost") and self._config.grain != "call":
            raise SourceRefused(
                f"{section} names no cost column, and prices must not be applied to sums of many requests (long requests can "
                'cost more per token). If each row is one request, say grain = "call"; else name the column that holds the cost.'
            )
        if not self._has("cost") and not (self._has("model") and self._has("provider")):
            raise SourceRefused(f"{section} names no cost, so model and provider are needed to price the tokens (columns or constants).")

    def _has(self, name: str) -> bool:
        return name in self._config.columns or name in self._config.constants

    def _value(self, table: ir.Table, name: str) -> Any:
        constant = self._config.constants.get(name)  # type: ignore[call-overload]
        if constant is not None:
            return ibis.literal(constant)
        pointer = self._config.columns.get(name)  # type: ignore[call-overload]
        if pointer in table.columns:
            return table[pointer]
        return columns.pointed_at(table, pointer, f"[[sources]] {self.name} columns.{name}")

    def _shape(self, table: ir.Table) -> dict[str, Any]:
        time = self._value(table, "time")
        end_raw = self._value(table, "end")
        end = self._end_of(time, table["_start"]) if end_raw is None else parse.instant(end_raw)
        cost_raw = self._value(table, "cost")
        cost = None if cost_raw is None else parse.amount(cost_raw)
        quantity = self._value(table, "quantity")
        checks = [parse.unreadable(time, table["_start"], "time", "a date"), parse.missing(table["_start"], "time")]
        if end_raw is not None:
            checks.append(parse.unreadable(end_raw, end, "end", "a date"))
        if "currency" in self._config.columns:
            checks.append(parse.missing(parse.text(self._value(table, "currency")), "currency"))
        if cost is not None:
            checks += [parse.unreadable(cost_raw, cost, "cost", "a number"), parse.missing(cost, "cost")]
        shaped: dict[str, Any] = {
            "charge_period_start": table["_start"],
            "charge_period_end": ibis.coalesce(end, table["_start"]),
            "charge_category": ibis.literal("usage"),
            "billing_currency": ibis.literal("USD"),
            "service_name": ibis.literal(self.name),
            "consumed_quantity": None if quantity is None else parse.amount(quantity),
            "problem": parse.first_problem(*checks, *self._token_checks(table)),
            **self._requests(),
            **self._texts(table),
            **self._tokens(table),
            **({f"{self._config.measure}_cost": cost} if cost is not None else {"needs_price": ibis.literal(True)}),
            **{f"{TAG}{tag}": columns.pointed_at(table, column, f"tags.{tag}") for tag, column in self._config.tags.items()},
        }
        if cost is not None and self._config.measure == "billed":
            shaped["effective_cost"] = cost
        return {name: value for name, value in shaped.items() if value is not None}

    @staticmethod
    def _end_of(time: Any, start: Any) -> Any:
        """Return when a row without an end has ended: a time that names only a day stands for all of it."""
        is_day = time.cast("string").strip().length() <= len("2026-11-03")
        return ibis.ifelse(is_day, start + ibis.interval(days=1), start)

    def _requests(self) -> dict[str, Any]:
        """Return one request a row, where each row is one and counts nothing else."""
        counts_other = self._has("quantity") or self._has("unit")
        if self._config.grain != "call" or counts_other:
            return {}
        return {"consumed_quantity": ibis.literal(1), "consumed_unit": ibis.literal(REQUESTS)}

    def _texts(self, table: ir.Table) -> dict[str, Any]:
        return {ours: parse.text(self._value(table, name)) for name, ours in _TEXTS.items() if self._has(name)}

    def _count(self, table: ir.Table, name: str) -> Any:
        value = self._value(table, name)
        return ibis.literal(0) if value is None else parse.count(value).fill_null(0)

    def _token_checks(self, table: ir.Table) -> list[tuple[Any, Any]]:
        names = [name for name in ("input_tokens", *TOKENS[1:]) if self._has(name)]
        values = {name: self._value(table, name) for name in names}
        return [parse.unreadable(raw, parse.count(raw), name, "a whole number") for name, raw in values.items()]

    def _tokens(self, table: ir.Table) -> dict[str, Any]:
        if not any(self._has(name) for name in ("input_tokens", *TOKENS[1:])):
            return {}
        apart = {name: self._count(table, name) for name in TOKENS[1:]}
        whole = self._count(table, "input_tokens")
        if self._config.input_includes_cache:
            for name in TOKENS[1:-1]:
                whole = whole - apart[name]
            whole = ibis.greatest(whole, 0)
        tokens = {"uncached_input_tokens": whole, **apart}
        return {name: value for name, value in tokens.items() if name == TOKENS[0] or self._has(name)}

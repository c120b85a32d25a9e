"""FOCUS: cost and usage exports of any vendor in the FinOps Open Cost and Usage Specification, 1.0 to 1.4.

Files       CSV, CSV.gz or Parquet: a file, a glob, a folder (hive partitions too), s3:// gs:// az://
            https://focus.finops.org/focus-specification/ (read 2026-11-23)
Grain       one row per charge; its period may be an hour, a day, a month (seats) or years (commitments)
Cost        billed_cost = BilledCost, effective_cost = EffectiveCost, list_cost = ListCost, in BillingCurrency
Freshness   the vendor's; an open billing period is rewritten, a closed one corrected by rows of ChargeClass Correction
Final       five days after the end of the month
Maps        provider_name = ServiceProviderName (1.3+), else ProviderName; sub_account_id = SubAccountId
            tokens: ConsumedUnit says tokens, SkuMeter, SkuId or ChargeDescription says which class; other units
            (hours, seats, requests, images) stay quantities
            seats: purchases have no ConsumedUnit, so PricingUnit and PricingQuantity where that says seats, users or licences
            principal: PrincipalId (1.5 draft), x_PrincipalId, x_IamPrincipal, unless configured
            model: x_Model, else what stands before the colon of SkuId, unless configured
AI          ServiceCategory "AI and Machine Learning", "(Amazon Bedrock Edition)" and other marketplace names of models,
            and GPU SKUs, unless `ai` says otherwise; the rest is counted and left out
"""

from __future__ import annotations

from typing import Any, Literal

import ibis
import ibis.expr.types as ir
from pydantic import BaseModel, ConfigDict, Field

from adapters import columns
from adapters.place import Place, require, starts_in
from bot.domain.hint import SEAT_UNITS
from bot.domain.period import Window
from bot.ledger import parse
from bot.ledger.schema import Charges, charges
from bot.ports import Engine, Settling

MANDATORY = {
    "BilledCost": ("BilledCost",),
    "BillingCurrency": ("BillingCurrency",),
    "ChargePeriodStart": ("ChargePeriodStart",),
    "ChargePeriodEnd": ("ChargePeriodEnd",),
    "ProviderName or ServiceProviderName": ("ServiceProviderName", "ProviderName"),
}
PRINCIPALS = ("PrincipalId", "x_PrincipalId", "x_IamPrincipal")
MODELS = ("x_Model", "x_ModelId", "x_ModelName")
AI = {
    "ServiceCategory": ["AI and Machine Learning"],
    "ServiceName": [
        "*(Amazon Bedrock Edition)*",
        "*bedrock*",
        "*openai*",
        "*anthropic*",
        "claude*",
        "*vertex ai*",
        "*gemini*",
    ],
    "ChargeDescription": ["*(Amazon Bedrock Edition)*"],
    "ResourceName": ["*(Amazon Bedrock Edition)*"],
}
GPU = r"\bgpus?\b|\b(p[3-6](d|dn|de|e|en)?|g[4-7](dn|ad|e|i)?|trn[12]n?|inf[12])\.\d*(x|metal)|\b(a100|h100|h200|b200|gb200|l40s?|mi300x)\b"
_GPU_COLUMNS = (
    "SkuMeter",
    "x_SkuMeterName",
    "SkuPriceDetails",
    "x_SkuDescription",
    "ChargeDescription",
    "ResourceType",
)
_NO_GPUS = r'gpucount"?:"?\s*"?0[^\d]'


class FocusConfig(BaseModel):
    """A FOCUS export, as an operator describes it.

    Attributes:
        path: One place or several.
        principal, project, model, cost_center, agent: A column, or `Tags.key`.
        ai: Which rows are AI: columns and the globs their values may match (any of them); "all" takes every row.
    """

    model_config = ConfigDict(extra="forbid")

    path: str | list[str]
    principal: str | None = None
    project: str | None = None
    model: str | None = None
    cost_center: str | None = None
    agent: str | None = None
    account: str | None = None
    ai: dict[str, list[str]] | Literal["all"] | None = Field(default=None)


class Focus:
    """A FOCUS export, as charges."""

    Config = FocusConfig
    kind = "focus"
    settling = Settling(days=5, after_month=True)
    is_range_export = False

    def __init__(self, config: FocusConfig, place: Place) -> None:
        self._config = config
        self._place = place
        self.name = place.name

    def describe(self, engine: Engine) -> str:
        """Return the version that the columns show, and how many files there are."""
        files = self._files()
        return f"FOCUS {version(engine.read(files).columns)}, {len(files)} file{'s' * (len(files) > 1)}"

    def window(self, engine: Engine) -> Window | None:  # noqa: ARG002 - the rows carry their dates
        """Return None: the days are those of the rows."""
        return None

    def charges(self, window: Window | None, engine: Engine, *, positions: bool = False) -> Charges:
        """Return the charges that start in *window*."""
        table = engine.read(self._files(), positions=positions)
        require(table.columns, MANDATORY, "a FOCUS export")
        start, end = parse.instant(table.ChargePeriodStart), parse.instant(table.ChargePeriodEnd)
        table = table.mutate(_start=start, _end=end).filter(starts_in(start, window))
        table, quantities = _quantities(table)
        return charges(table, self._columns(table) | _seats(table, quantities))

    def _files(self) -> list[Any]:
        path = self._config.path
        return self._place.files([path] if isinstance(path, str) else path)

    def _columns(self, table: ir.Table) -> dict[str, Any]:
        billed = parse.amount(table.BilledCost)
        shaped: dict[str, Any] = {
            "charge_period_start": table["_start"],
            "charge_period_end": table["_end"],
            "provider_name": columns.first_of(table, ("ServiceProviderName", "ProviderName")),
            "billing_account_id": self._account(table),
            "sub_account_id": columns.first_of(table, ("SubAccountId",)),
            "service_name": columns.first_of(table, ("ServiceName",)),
            "billing_currency": columns.first_of(table, ("BillingCurrency",)),
            "billed_cost": billed,
            "charge_category": _lower(columns.first_of(table, ("ChargeCategory",))),
            "charge_class": _lower(columns.first_of(table, ("ChargeClass",))),
            "left_out": ibis.ifelse(self._is_ai(table), ibis.null("string"), "not AI"),
            "problem": self._problem(table, billed),
            **self._costs(table),
            **self._pointers(table),
            **columns.tags(table, self._place.tags, ("Tags", "AllocatedTags")),
        }
        return {name: value for name, value in shaped.items() if value is not None}

    def _costs(self, table: ir.Table) -> dict[str, Any]:
        named = {"effective_cost": "EffectiveCost", "list_cost": "ListCost"}
        return {ours: parse.amount(table[theirs]) for ours, theirs in named.items() if theirs in table.columns}

    def _account(self, table: ir.Table) -> Any:
        if self._config.account:
            return ibis.literal(self._config.account)
        return columns.first_of(table, ("BillingAccountId",))

    def _pointers(self, table: ir.Table) -> dict[str, Any]:
        config = self._config
        section = f"[[sources]] {self.name}"
        model = columns.pointed_at(table, config.model, f"{section} model")
        principal = columns.pointed_at(table, config.principal, f"{section} principal")
        return {
            "principal": columns.first_of(table, PRINCIPALS) if principal is None else principal,
            "model": _model(table) if model is None else model,
            "project": columns.pointed_at(table, config.project, f"{section} project"),
            "cost_center": columns.pointed_at(table, config.cost_center, f"{section} cost_center"),
            "agent": columns.pointed_at(table, config.agent, f"{section} agent"),
        }

    def _is_ai(self, table: ir.Table) -> Any:
        rule = self._config.ai
        if rule == "all":
            return ibis.literal(True)
        if rule is not None:
            return columns.any_like(table, rule)
        by_category = {"ServiceCategory": AI["ServiceCategory"]}
        return ibis.cases((columns.any_like(table, by_category), True), else_=columns.any_like(table, AI) | _has_gpu(table))

    def _problem(self, table: ir.Table, billed: Any) -> Any:
        return parse.first_problem(
            parse.unreadable(table.ChargePeriodStart, table["_start"], "ChargePeriodStart", "a date"),
            parse.unreadable(table.ChargePeriodEnd, table["_end"], "ChargePeriodEnd", "a date"),
            parse.missing(table["_start"], "ChargePeriodStart"),
            parse.missing(table["_end"], "ChargePeriodEnd"),
            parse.unreadable(table.BilledCost, billed, "BilledCost", "a number"),
            parse.missing(billed, "BilledCost"),
            *(
                parse.unreadable(table[name], parse.amount(table[name]), name, "a number")
                for name in ("EffectiveCost", "ListCost", "ConsumedQuantity")
                if name in table.columns
            ),
            (parse.text(table.BillingCurrency).isnull(), "BillingCurrency is empty"),
        )


def version(names: list[str]) -> str:
    """Return the FOCUS version whose columns *names* are, from 1.0 to 1.4."""
    have = set(names)
    if "ServiceProviderName" in have:
        return "1.4" if "ProviderName" not in have else "1.3"
    if have & {"InvoiceId", "BillingAccountType", "SubAccountType", "PricingCurrency"}:
        return "1.2"
    return "1.1" if have & {"SkuMeter", "ServiceSubcategory", "SkuPriceDetails", "CapacityReservationId"} else "1.0"


def _model(table: ir.Table) -> Any:
    named = columns.first_of(table, MODELS)
    sku = columns.first_of(table, ("SkuId",))
    before = None if sku is None else ibis.ifelse(sku.contains(":"), sku.split(":")[0], ibis.null("string"))
    if named is None or before is None:
        return before if named is None else named
    return ibis.coalesce(named, before)


def _quantities(table: ir.Table) -> tuple[ir.Table, dict[str, Any]]:
    if not {"ConsumedQuantity", "ConsumedUnit"} <= set(table.columns):
        return table, {}
    quantity, unit = parse.amount(table.ConsumedQuantity), table.ConsumedUnit.cast("string")
    meter = columns.first_of(table, ("SkuMeter", "x_SkuMeterName", "SkuId", "ChargeDescription"))
    table, tokens = columns.token_classes(table, table.ConsumedQuantity, unit, meter) if meter is not None else (table, {})
    counted = ibis.ifelse(columns.is_tokens(unit), ibis.null(quantity.type()), quantity)
    return table, {
        "consumed_quantity": counted,
        "consumed_unit": ibis.ifelse(columns.is_tokens(unit), "Tokens", unit),
        **tokens,
    }


def _seats(table: ir.Table, quantities: dict[str, Any]) -> dict[str, Any]:
    """Return *quantities* with seats: they are purchases, of which only PricingUnit tells what they are."""
    if not {"PricingQuantity", "PricingUnit"} <= set(table.columns):
        return quantities
    unit, quantity = parse.text(table.PricingUnit.cast("string")), parse.amount(table.PricingQuantity)
    is_seat = unit.lower().isin(sorted(SEAT_UNITS)).fill_null(False)
    if not quantities:
        return {"consumed_quantity": ibis.ifelse(is_seat, quantity, None), "consumed_unit": ibis.ifelse(is_seat, unit, None)}
    is_seat = is_seat & parse.text(table.ConsumedUnit.cast("string")).isnull()
    return quantities | {
        "consumed_quantity": ibis.ifelse(is_seat, quantity, quantities["consumed_quantity"]),
        "consumed_unit": ibis.ifelse(is_seat, unit, quantities["consumed_unit"]),
    }


def _has_gpu(table: ir.Table) -> Any:
    result = ibis.literal(False)
    for name in _GPU_COLUMNS:
        if name in table.columns:
            text = table[name].cast("string").lower()
            result = result | (text.re_search(GPU) & ~text.re_search(_NO_GPUS)).fill_null(False)
    return result


def _lower(column: Any) -> Any:
    return None if column is None else column.lower()

"""AWS: Cost and Usage Report 2.0 (Data Exports), with the IAM principal of each Bedrock call.

Files       <prefix>/<export>/metadata/BILLING_PERIOD=2026-11/<export>-Manifest.json and the data files it names, on disk or
            s3://; Parquet or CSV.gz. Nothing that a manifest does not name is read. `path` is the export's folder.
            https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html (read 2026-11-23)
Grain       one line item per hour or day × usage type × principal
Cost        billed_cost = line_item_net_unblended_cost, else line_item_unblended_cost; list_cost =
            pricing_public_on_demand_cost; in line_item_currency_code
Freshness   24 to 48 hours; the open month is rewritten all the time and a closed one for about two weeks: the current and
            the previous billing period are reloaded whole
Final       15 days after the end of the month
Maps        principal = line_item_iam_principal: the session name of an assumed role where it is an e-mail, else the ARN; Bedrock
            API keys are users; a gateway is one principal. tags: iamPrincipal/<tag>, resourceTags/user:<tag>
            tokens: usage type and pricing_unit; Claude is billed through the Marketplace as "… (Amazon Bedrock Edition)"
            line_item_line_item_type: Usage and discounted usage, Fee (purchase), Tax, Credit, Refund (credit)
AI          Bedrock, SageMaker and Marketplace products of the "(Amazon Bedrock Edition)"; the rest is counted and left out
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import ibis
import ibis.expr.types as ir
from pydantic import BaseModel, ConfigDict, Field

from adapters import columns
from adapters.place import Place, require, starts_in
from bot.domain.period import Window, add_months, midnight
from bot.errors import SourceChanged, SourceRefused
from bot.ledger import parse
from bot.ledger.controls import YEARS
from bot.ledger.schema import Charges, charges
from bot.ports import Engine, Settling

PRINCIPAL = "line_item_iam_principal"
MANDATORY = {
    name: (name,)
    for name in (
        "line_item_usage_start_date",
        "line_item_unblended_cost",
        "line_item_currency_code",
        "line_item_line_item_type",
        "line_item_product_code",
        "line_item_usage_type",
    )
}
AI = {
    "line_item_product_code": ["AmazonBedrock*", "AmazonSageMaker*"],
    "_product": ["*(Amazon Bedrock Edition)*", "*bedrock*"],
    "line_item_line_item_description": ["*(Amazon Bedrock Edition)*"],
}
_CATEGORIES = {
    "Tax": "tax",
    "Credit": "credit",
    "Refund": "credit",
    "Fee": "purchase",
    "RIFee": "purchase",
    "SavingsPlanUpfrontFee": "purchase",
}
_EDITION = " (Amazon Bedrock Edition)"
_PERIODS = 2


class CurConfig(BaseModel):
    """A CUR 2.0 export.

    Attributes:
        path: The export's folder: the one that holds `metadata` and `data`.
        periods: How many billing periods are reloaded, the newest last.
        people: False where the export has no IAM principals and totals will do.
    """

    model_config = ConfigDict(extra="forbid")

    path: str
    periods: int = Field(default=_PERIODS, ge=1)
    people: bool = True
    project: str | None = None
    cost_center: str | None = None
    agent: str | None = None
    ai: dict[str, list[str]] | None = None


class Cur:
    """A CUR 2.0 export, as charges."""

    Config = CurConfig
    kind = "cur"
    settling = Settling(days=15, after_month=True)
    is_range_export = False

    def __init__(self, config: CurConfig, place: Place) -> None:
        self._config = config
        self._place = place
        self.name = place.name

    def describe(self, engine: Engine) -> str:
        """Return which billing periods are read."""
        periods = sorted(self._manifests())
        return f"CUR 2.0, {len(self._data(engine))} file(s) of {', '.join(p.strftime('%Y-%m') for p in periods)}"

    def window(self, engine: Engine) -> Window | None:  # noqa: ARG002 - the manifests say it
        """Return the billing periods that are reloaded whole."""
        periods = sorted(self._manifests())
        return Window(periods[0], add_months(periods[-1], 1))

    def charges(self, window: Window | None, engine: Engine, *, positions: bool = False) -> Charges:
        """Return the line items that start in *window*."""
        table = engine.read(self._data(engine), positions=positions)
        require(table.columns, MANDATORY, "a CUR 2.0 export")
        if PRINCIPAL not in table.columns and self._config.people:
            raise SourceChanged(
                f"The export has no column {PRINCIPAL}, so no cost can be given to a person. Create a new export with "
                "INCLUDE_IAM_PRINCIPAL_DATA (Data Exports > Table configurations); an existing one may not take the change. "
                "For totals only, set people = false. Nothing was booked."
            )
        stated = parse.instant(table.line_item_usage_start_date)
        start = _within(stated, window) if window == self.window(engine) else stated
        end = ibis.ifelse(start == stated, _end(table, start), start)  # what was moved into the period stays whole, on one day
        table = table.mutate(_start=start, _end=end, _product=_product(table))
        table, quantities = _quantities(table.filter(starts_in(start, window)))
        return charges(table, self._columns(table) | quantities)

    def _manifests(self) -> dict[date, Path]:
        """Return the manifest of each of the newest billing periods, by its first day."""
        found: dict[date, Path] = {}
        for path in self._place.files([self._config.path], ("Manifest.json",)):
            period = _period(path)
            if period in found:
                raise SourceRefused(
                    f"Billing period {period:%Y-%m} has two manifests, {found[period].name} and {path.name}; keep one export per source."
                )
            found[period] = path
        return dict(sorted(found.items())[-self._config.periods :])

    def _data(self, engine: Engine) -> list[Path]:  # noqa: ARG002 - the same for every engine
        files = self._place.files([self._config.path], (".parquet", ".csv.gz", ".csv"))
        chosen = [self._named(name, manifest, files) for manifest in self._manifests().values() for name in _listed(manifest)]
        twice = next((file for file in chosen if chosen.count(file) > 1), None)
        if twice:
            raise SourceRefused(f"The manifests of '{self.name}' name {twice.name} twice; it would count twice.")
        return chosen

    def _named(self, name: str, manifest: Path, files: list[Path]) -> Path:
        wanted = PurePosixPath(name.split("://", 1)[-1]).parts
        there = [file for file in files if wanted and file.name == wanted[-1] and _period(file) == _period(manifest)]
        hits = [file for file in there if file.parts[-2:] == wanted[-2:]] or there
        if len(hits) != 1:
            what = "is no file" if not hits else "are several"
            raise SourceRefused(f"{manifest.name} names {name}, of which there {what}. Copy the whole export, with its folders.")
        return hits[0]

    def _columns(self, table: ir.Table) -> dict[str, Any]:
        cost = _cost(table)
        rule = self._config.ai or AI
        kind = parse.text(table.line_item_line_item_type)
        section = f"[[sources]] {self.name}"
        shaped: dict[str, Any] = {
            "charge_period_start": table["_start"],
            "charge_period_end": table["_end"],
            "provider_name": ibis.literal("AWS"),
            "billing_account_id": columns.first_of(table, ("bill_payer_account_id",)),
            "sub_account_id": columns.first_of(table, ("line_item_usage_account_id",)),
            "service_name": ibis.literal("Amazon Bedrock"),
            "model": _model(table),
            "charge_category": ibis.cases(*((kind == name, value) for name, value in _CATEGORIES.items()), else_="usage"),
            "billing_currency": parse.text(table.line_item_currency_code),
            "billed_cost": cost,
            "effective_cost": cost,
            "list_cost": parse.amount(table.pricing_public_on_demand_cost) if "pricing_public_on_demand_cost" in table.columns else cost,
            "left_out": ibis.ifelse(columns.any_like(table, rule), ibis.null("string"), "not AI"),
            "problem": parse.first_problem(
                parse.unreadable(table.line_item_usage_start_date, table["_start"], "line_item_usage_start_date", "a date"),
                parse.missing(table["_start"], "line_item_usage_start_date"),
                parse.unreadable(table.line_item_unblended_cost, cost, "line_item_unblended_cost", "a number"),
                parse.missing(cost, "line_item_unblended_cost"),
                *_unreadable_net(table),
                (
                    table.line_item_currency_code.isnull() | parse.is_null_text(table.line_item_currency_code),
                    "line_item_currency_code is empty",
                ),
            ),
            "project": columns.pointed_at(table, self._config.project, f"{section} project"),
            "cost_center": columns.pointed_at(table, self._config.cost_center, f"{section} cost_center"),
            "agent": columns.pointed_at(table, self._config.agent, f"{section} agent"),
            **_principal(table),
            **self._tags(table),
        }
        return {name: value for name, value in shaped.items() if value is not None}

    def _tags(self, table: ir.Table) -> dict[str, Any]:
        present = [name for name in ("tags", "resource_tags") if name in table.columns]
        found = {}
        for tag in self._place.tags:
            spellings = (f"iamPrincipal/{tag}", f"resourceTags/user:{tag}", f"user_{tag}", tag)
            values = [columns.key_of(table[column], spelling) for column in present for spelling in spellings]
            if values:
                found[f"tag:{tag}"] = ibis.coalesce(*values)
        return found


def _listed(manifest: Path) -> list[str]:
    try:
        content = json.loads(manifest.read_text("utf-8"))
        names = content["dataFiles"]
        if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
            raise ValueError("dataFiles is no list of names")  # noqa: TRY301 - one sentence for all of it
    except (ValueError, KeyError, TypeError) as exc:
        raise SourceChanged(f"{manifest.name} is not a Data Exports manifest: no list dataFiles in it. Nothing was booked.") from exc
    return names


def _period(manifest: Path) -> date:
    for part in reversed(manifest.parts):
        name, _, value = part.partition("=")
        if name.lower() == "billing_period" and value:
            try:
                found = date.fromisoformat(f"{value[:7]}-01")
            except ValueError:
                break
            if found.year in range(*YEARS):
                return found
    raise SourceRefused(f"{manifest} does not lie in a folder BILLING_PERIOD=YYYY-MM; keep the folders of the export as AWS wrote them.")


def _within(start: Any, window: Window | None) -> Any:
    """Return *start*, moved into the billing periods: a bill may hold an hour of the day before it or after it."""
    if window is None:
        return start
    first, last = (ibis.literal(midnight(day).replace(tzinfo=None), type="timestamp") for day in (window.start, window.end))
    latest = last - ibis.interval(hours=1)
    return ibis.ifelse(start.isnull(), start, ibis.greatest(first, ibis.least(start, latest)))


def _end(table: ir.Table, start: Any) -> Any:
    if "line_item_usage_end_date" not in table.columns:
        return start
    return ibis.greatest(ibis.coalesce(parse.instant(table.line_item_usage_end_date), start), start)


def _product(table: ir.Table) -> Any:
    if "product" in table.columns:
        return columns.key_of(table["product"], "product_name")
    return parse.text(table["product_product_name"]) if "product_product_name" in table.columns else ibis.null("string")


_NET = "line_item_net_unblended_cost"


def _cost(table: ir.Table) -> Any:
    unblended = parse.amount(table.line_item_unblended_cost)
    return ibis.coalesce(parse.amount(table[_NET]), unblended) if _NET in table.columns else unblended


def _unreadable_net(table: ir.Table) -> list[tuple[Any, Any]]:
    """Return the check of the net cost: one that cannot be read must not give way to the unblended cost."""
    return [parse.unreadable(table[_NET], parse.amount(table[_NET]), _NET, "a number")] if _NET in table.columns else []


def _principal(table: ir.Table) -> dict[str, Any]:
    if PRINCIPAL not in table.columns:
        return {}
    arn = parse.text(table[PRINCIPAL])
    session = arn.re_extract(r":assumed-role/[^/]+/(.+)$", 1)
    is_email = session.re_search(r"^[^@\s]+@[^@\s]+\.[^@\s]+$").fill_null(False)
    return {"principal": arn, "principal_email": ibis.ifelse(is_email, session.lower(), ibis.null("string"))}


def _model(table: ir.Table) -> Any:
    """Return the model: the Marketplace product without its edition, else the part of the usage type that names it."""
    product = table["_product"]
    shown = product.replace(_EDITION, "").lower().re_replace(r"[ .]+", "-")
    usage = parse.text(table.line_item_usage_type).re_extract(r"^(?:[A-Z0-9]+-)?(.+?)-(?:input|output|cache)", 1).lower()
    by_usage = ibis.ifelse(usage == "", ibis.null("string"), usage)
    return ibis.ifelse(product.contains(_EDITION).fill_null(False), shown, by_usage)


def _quantities(table: ir.Table) -> tuple[ir.Table, dict[str, Any]]:
    if "line_item_usage_amount" not in table.columns:
        return table, {}
    quantity = parse.amount(table.line_item_usage_amount)
    usage_type = table.line_item_usage_type.cast("string")
    unit = columns.first_of(table, ("pricing_unit",))
    unit = ibis.literal("Units") if unit is None else unit
    is_tokens = usage_type.lower().contains("token") | columns.is_tokens(unit)
    named = ibis.ifelse(columns.is_tokens(unit), unit, ibis.ifelse(is_tokens, ibis.literal("Tokens"), unit))
    table, tokens = columns.token_classes(table, table.line_item_usage_amount, named, usage_type)
    counted = ibis.ifelse(is_tokens, ibis.null(quantity.type()), quantity)
    return table, {"consumed_quantity": counted, "consumed_unit": ibis.ifelse(is_tokens, "Tokens", named), **tokens}

"""LiteLLM proxy: spend logs or one of its daily tables, exported as CSV, Parquet or JSON.

Files       LiteLLM_SpendLogs (a row per request) or LiteLLM_DailyUserSpend / DailyTeamSpend / DailyOrganizationSpend
            https://docs.litellm.ai/docs/proxy/cost_tracking (read 2026-11-23; schema of litellm 1.109.1)
Grain       one row per request, or per day × user × key × model
Cost        estimated_cost = spend, USD: LiteLLM's own estimate at request time, never reconciled with a bill
Freshness   flushed every 10 s; late rows append; old logs may be pruned while daily tables stay
Final       after 2 days
Never       two tables together: the same request stands in user, team and tag rows. DailyTagSpend is refused: a request
            with three tags is three rows in it
Maps        prompt_tokens includes cache reads and writes: uncached_input = prompt_tokens - cache_read - cache_creation
            principal = user (the key's owner), else the hash of the key; e-mail from metadata where the proxy knows it
            consumed_quantity = requests that had an answer
            provider_name = custom_llm_provider; project = user_api_key_project_alias; agent = agent_id
            tags: team_id, team_alias, key_alias and the request's own metadata keys
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
from pydantic import BaseModel, ConfigDict

from adapters import columns
from adapters.place import Place, require, starts_in
from bot.domain.hint import REQUESTS
from bot.domain.period import Window
from bot.errors import SourceRefused
from bot.ledger import parse
from bot.ledger.schema import TAG, Charges, charges
from bot.ports import Engine, Settling

LOGS = "spend logs"
_MARKS = {
    LOGS: {"request_id", "startTime"},
    "daily tag spend": {"tag", "date"},
    "daily user spend": {"user_id", "date"},
    "daily team spend": {"team_id", "date"},
    "daily organization spend": {"organization_id", "date"},
    "daily end user spend": {"end_user_id", "date"},
    "daily agent spend": {"agent_id", "date"},
}
_NOBODY = ("default_user_id", "litellm-proxy-master-key", "litellm-internal-health-check")
_SUFFIXES = (".parquet", ".csv", ".csv.gz", ".json", ".jsonl", ".ndjson")


class LiteLlmConfig(BaseModel):
    """An export of one LiteLLM table.

    Attributes:
        account: The vendor account behind the proxy, where other sources state other accounts of the same vendor.
    """

    model_config = ConfigDict(extra="forbid")

    path: str | list[str]
    account: str | None = None


class LiteLlm:
    """LiteLLM's own estimate of what each request cost, as charges."""

    Config = LiteLlmConfig
    kind = "litellm"
    settling = Settling(days=2)
    is_range_export = False

    def __init__(self, config: LiteLlmConfig, place: Place) -> None:
        self._config = config
        self._place = place
        self.name = place.name

    def describe(self, engine: Engine) -> str:
        """Return which table it is.

        Raises:
            SourceRefused: A request stands in several of the files.
        """
        kind = self._table(engine)
        if kind == LOGS:
            self._check_once(engine)
        return f"LiteLLM {kind}"

    def window(self, engine: Engine) -> Window | None:  # noqa: ARG002 - the rows carry their dates
        """Return None: the days are those of the rows."""
        return None

    def charges(self, window: Window | None, engine: Engine, *, positions: bool = False) -> Charges:
        """Return the requests, or user-days, that start in *window*."""
        kind = self._table(engine)
        table = engine.read(self._files(), positions=positions)
        require(table.columns, {"spend": ("spend",), "model": ("model",)}, "a LiteLLM table")
        start = parse.instant(table.startTime if kind == LOGS else table["date"])
        table = table.mutate(_start=start).filter(starts_in(start, window))
        return charges(table, self._columns(table, kind))

    def _files(self) -> list[Path]:
        path = self._config.path
        return self._place.files([path] if isinstance(path, str) else path, _SUFFIXES)

    def _check_once(self, engine: Engine) -> None:
        table = engine.read(self._files())
        ids = table.request_id.cast("string")
        counted = engine.rows(table.aggregate(rows=ids.count(), requests=ids.nunique()))[0]
        if counted["rows"] > counted["requests"]:
            raise SourceRefused(
                f"{counted['rows'] - counted['requests']} requests stand twice in the files of '{self.name}' (the same request_id); "
                "their cost would count twice. Export without overlap. Nothing was booked."
            )

    def _table(self, engine: Engine) -> str:
        """Return which table the files hold.

        Raises:
            SourceRefused: They hold several, or one that counts requests more than once.
        """
        kinds = {path: _kind(engine.read([path]).columns, path) for path in self._files()}
        found = sorted(set(kinds.values()))
        if len(found) > 1:
            raise SourceRefused(
                f"'{self.name}' holds {' and '.join(found)}: the same requests stand in each of them and would count twice. Name one: "
                f"the spend logs if they reach back far enough, else daily user spend. Nothing was booked."
            )
        if found[0] == "daily tag spend":
            raise SourceRefused(
                "LiteLLM's daily tag spend counts a request once per tag, so its sum is not the cost. Export the spend logs or "
                "daily user spend. Nothing was booked."
            )
        return found[0]

    def _columns(self, table: ir.Table, kind: str) -> dict[str, Any]:
        cost = parse.amount(table.spend)
        meta = _Metadata(table)
        shaped: dict[str, Any] = {
            "charge_period_start": table["_start"],
            "charge_period_end": table["_start"],
            "provider_name": columns.first_of(table, ("custom_llm_provider",)),
            "billing_account_id": ibis.literal(self._config.account) if self._config.account else None,
            "service_name": ibis.literal("LiteLLM"),
            "model": columns.first_of(table, ("model_group", "model") if kind != LOGS else ("model",)),
            "project": meta.text("user_api_key_project_alias"),
            "agent": columns.first_of(table, ("agent_id",)),
            "charge_category": ibis.literal("usage"),
            "billing_currency": ibis.literal("USD"),
            "estimated_cost": cost,
            "problem": parse.first_problem(
                parse.unreadable(table.spend, cost, "spend", "a number"),
                parse.missing(cost, "spend"),
                (table["_start"].isnull(), "startTime is no date" if kind == LOGS else "date is no date"),
            ),
            **_principal(table, meta),
            **_requests(table, kind),
            **_tokens(table, meta),
            **self._tags(table, meta),
        }
        return {name: value for name, value in shaped.items() if value is not None}

    def _tags(self, table: ir.Table, meta: _Metadata) -> dict[str, Any]:
        found = {}
        for tag in self._place.tags:
            own = columns.first_of(table, (tag,)) if tag in {"team_id", "organization_id", "api_key"} else None
            named = meta.text(f"user_api_key_{tag}")
            custom = meta.nested("spend_logs_metadata", tag)
            values = [value for value in (own, named, custom) if value is not None]
            if values:
                found[f"{TAG}{tag}"] = ibis.coalesce(*values) if len(values) > 1 else values[0]
        return found


class _Metadata:
    """The `metadata` column, if there is one. Only the keys that are named here are ever read from it."""

    def __init__(self, table: ir.Table) -> None:
        self._column = table["metadata"] if "metadata" in table.columns else None

    def text(self, key: str) -> Any:
        return None if self._column is None else columns.key_of(self._column, key)

    def nested(self, key: str, inner: str) -> Any:
        if self._column is None or self._column.type().is_struct():
            return None
        return columns.json_text(parse.text(self._column).try_cast("json")[key][inner])


def _kind(names: list[str], path: Path) -> str:
    for kind, marks in _MARKS.items():
        if marks <= set(names):
            return kind
    raise SourceRefused(
        f"{path.name} is no LiteLLM table: it has neither request_id and startTime (spend logs) nor user_id and date (daily user "
        f"spend). It has {', '.join(names[:12])}. Nothing was booked."
    )


def _principal(table: ir.Table, meta: _Metadata) -> dict[str, Any]:
    user = columns.first_of(table, ("user", "user_id"))
    user = None if user is None else ibis.ifelse(user.isin(_NOBODY), ibis.null("string"), user)
    key = columns.first_of(table, ("api_key",))
    named = [value for value in (user, meta.text("user_api_key_user_id"), key) if value is not None]
    if not named:
        return {}
    return {"principal": ibis.coalesce(*named), "principal_email": meta.text("user_api_key_user_email")}


def _requests(table: ir.Table, kind: str) -> dict[str, Any]:
    """Return how many requests had an answer: those that failed have no tokens."""
    if kind == LOGS:
        total = sum((parse.count(table[name]).fill_null(0) for name in ("prompt_tokens", "completion_tokens") if name in table.columns), 0)
        return {"consumed_unit": ibis.literal(REQUESTS), "consumed_quantity": ibis.ifelse(ibis.literal(0) < total, 1, 0)}
    named = next((name for name in ("successful_requests", "api_requests") if name in table.columns), None)
    if named is None:
        return {"consumed_unit": ibis.literal("Tokens")}
    return {"consumed_unit": ibis.literal(REQUESTS), "consumed_quantity": parse.count(table[named])}


def _tokens(table: ir.Table, meta: _Metadata) -> dict[str, Any]:
    def count(name: str) -> Any:
        if name in table.columns:
            return parse.count(table[name]).fill_null(0)
        inside = meta.nested("additional_usage_values", name)
        return ibis.literal(0) if inside is None else inside.try_cast("int64").fill_null(0)

    read, write = count("cache_read_input_tokens"), count("cache_creation_input_tokens")
    return {
        "uncached_input_tokens": ibis.greatest(count("prompt_tokens") - read - write, 0),
        "cache_read_tokens": read,
        "cache_write_5m_tokens": write,
        "output_tokens": count("completion_tokens"),
    }

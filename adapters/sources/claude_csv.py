"""Claude: the spend report that an owner of a Team or Enterprise organisation exports as CSV.

File        Settings > Analytics > Export Spend Report
            https://support.claude.com/en/articles/12883420-view-usage-analytics-for-team-and-enterprise-plans (read 2026-11-23)
Grain       one row per person × product × model, summed over the exported days: no date column. The window is asked
            for (--from, --to) or read from the file's name (…2026-11-01…2026-11-07…, last day included); more than one
            day is spread evenly. Export a file a day for daily figures; one folder of them loads at once.
Cost        billed_cost = total_net_spend_usd (after discounts and credits), list_cost = total_gross_spend_usd; USD
Freshness   newest day is yesterday, refreshed daily; seats are not in it, on seat plans it shows overage only
Final       after 30 days
Maps        prompt tokens are the sum of uncached input, cache reads and cache writes, which newer files also show apart;
            older files (column `email`, `model_family`) show prompt tokens only, counted as uncached input
            consumed_quantity = total_requests, where the file has it
            rows in parentheses such as (org service usage) are no person; display names of models become ids
"""

from __future__ import annotations

import itertools
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
from pydantic import BaseModel, ConfigDict

from adapters import columns
from adapters.place import Place, require
from bot.domain.hint import REQUESTS
from bot.domain.period import Window, midnight
from bot.errors import SourceRefused
from bot.ledger import parse
from bot.ledger.schema import Charges, charges
from bot.ports import Engine, Settling

EMAILS = ("user_email", "email")
MANDATORY = {
    "user_email": EMAILS,
    "product": ("product",),
    "model": ("model", "model_family"),
    "total_net_spend_usd": ("total_net_spend_usd",),
}
_DAY = re.compile(r"(?<!\d)(20\d\d)[-_]?(\d\d)[-_]?(\d\d)(?!\d)")


class ClaudeCsvConfig(BaseModel):
    """A spend report, or a folder of them.

    Attributes:
        account: Which organisation it is, where there are several; part of the scope whose cost it states.
    """

    model_config = ConfigDict(extra="forbid")

    path: str | list[str]
    account: str = "claude.ai"


class ClaudeCsv:
    """Claude spend reports, as charges."""

    Config = ClaudeCsvConfig
    kind = "claude_csv"
    settling = Settling(days=30)
    is_range_export = True

    def __init__(self, config: ClaudeCsvConfig, place: Place) -> None:
        self._config = config
        self._place = place
        self.name = place.name

    def describe(self, engine: Engine) -> str:
        """Return which generation of the report it is."""
        names = engine.read(self._files()).columns
        return f"Claude spend report with {'token classes' if 'total_uncached_input_tokens' in names else 'prompt tokens only'}"

    def window(self, engine: Engine) -> Window | None:  # noqa: ARG002 - the name says it
        """Return the days that the files' names tell.

        Raises:
            SourceRefused: A name tells none: the report itself has no date.
        """
        windows = [self._named(path) for path in self._files()]
        _check_apart(windows)
        return Window(min(w.start for w in windows), max(w.end for w in windows))

    def charges(self, window: Window | None, engine: Engine, *, positions: bool = False) -> Charges:
        """Return each row as one charge over the days its file covers."""
        files = self._files()
        parts = [(path, self._window_of(path, window, len(files))) for path in files]
        chosen = [(path, days) for path, days in parts if window is None or days.within(window)]
        cut = next((path for path, days in parts if window and days.overlaps(window) and not days.within(window)), None)
        if cut:
            raise SourceRefused(f"{cut.name} covers days inside and outside of those asked for, and is one sum. Ask for all of its days.")
        _check_apart([days for _, days in chosen])
        names = [path.name for path, _ in chosen]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise SourceRefused(f"'{self.name}' holds two files called {twice}; keep one of them.")
        if not chosen:
            raise SourceRefused(f"No report of '{self.name}' lies within the days that were asked for.")
        table = engine.read([path for path, _ in chosen], origin=True, positions=positions)
        require(table.columns, MANDATORY, "a Claude spend report")
        return self._dated(table, chosen, engine)

    def _files(self) -> list[Path]:
        path = self._config.path
        return self._place.files([path] if isinstance(path, str) else path, (".csv", ".csv.gz"))

    def _named(self, path: Path) -> Window:
        days = [_date(path, *map(int, found)) for found in _DAY.findall(path.name)]
        if not days:
            raise SourceRefused(
                f"The Claude spend report has no dates, and the name of {path.name} tells none. Say which days it covers, the last "
                "one not included: --from 2026-11-01 --to 2026-11-08; or name it claude-spend-2026-11-01-to-2026-11-07.csv."
            )
        if len(days) > 2:  # noqa: PLR2004 - a first and a last day
            raise SourceRefused(f"The name of {path.name} holds {len(days)} dates; leave the first and the last day of the report in it.")
        first, last = min(days), max(days)
        return Window(first, last + timedelta(days=1))

    def _window_of(self, path: Path, asked: Window | None, files: int) -> Window:
        """Return the days of a file: what was asked for is what a single file without a date covers."""
        if asked and files == 1 and not _DAY.search(path.name):
            return asked
        return self._named(path)

    def _dated(self, table: ir.Table, chosen: list[tuple[Path, Window]], engine: Engine) -> Charges:
        """Give every row the days that its file covers."""
        days = [
            {
                "w_file": path.name,
                "w_start": midnight(w.start).replace(tzinfo=None),
                "w_end": midnight(w.end).replace(tzinfo=None),
            }
            for path, w in chosen
        ]
        windows = engine.from_rows(days, {"w_file": "string", "w_start": "timestamp", "w_end": "timestamp"})
        dated = table.join(windows, table.origin_file == windows.w_file).rename({"_start": "w_start", "_end": "w_end"})
        return charges(dated, self._columns(dated))

    def _columns(self, table: ir.Table) -> dict[str, Any]:
        who = columns.first_of(table, EMAILS)
        is_person = who.contains("@").fill_null(False)
        net = parse.amount(table.total_net_spend_usd)
        gross = parse.amount(table.total_gross_spend_usd) if "total_gross_spend_usd" in table.columns else net
        return {
            "charge_period_start": table["_start"],
            "charge_period_end": table["_end"],
            "principal": who.lower(),
            "principal_email": ibis.ifelse(is_person, who.lower(), ibis.null("string")),
            "provider_name": ibis.literal("Anthropic"),
            "billing_account_id": ibis.literal(self._config.account),
            "service_name": parse.text(table["product"]),
            "model": model_id(columns.first_of(table, ("model", "model_family"))),
            "charge_category": ibis.literal("usage"),
            "billing_currency": ibis.literal("USD"),
            "billed_cost": net,
            "effective_cost": net,
            "list_cost": gross,
            "problem": self._problem(table, net),
            **_requests(table),
            **_tokens(table),
        }

    def _problem(self, table: ir.Table, net: Any) -> Any:
        checks = [
            parse.unreadable(table.total_net_spend_usd, net, "total_net_spend_usd", "a number"),
            parse.missing(net, "total_net_spend_usd"),
        ]
        return parse.first_problem(*checks)


def model_id(name: Any) -> Any:
    """Return the id of a model from its display name: `Claude Opus 4.8` is `claude-opus-4-8`; ids stay as they are."""
    lower = name.lower().re_replace(r"[ .]+", "-")
    return ibis.ifelse(name.startswith("("), ibis.null("string"), lower)


def _requests(table: ir.Table) -> dict[str, Any]:
    if "total_requests" not in table.columns:
        return {"consumed_unit": ibis.literal("Tokens")}
    return {"consumed_unit": ibis.literal(REQUESTS), "consumed_quantity": parse.count(table.total_requests)}


def _tokens(table: ir.Table) -> dict[str, Any]:
    def count(name: str) -> Any:
        return parse.count(table[name]).fill_null(0) if name in table.columns else ibis.literal(0)

    apart = {
        "cache_read_tokens": count("total_cache_read_tokens"),
        "cache_write_5m_tokens": count("total_cache_write_5m_tokens"),
        "cache_write_1h_tokens": count("total_cache_write_1h_tokens"),
        "output_tokens": count("total_completion_tokens"),
    }
    whole = "total_uncached_input_tokens" if "total_uncached_input_tokens" in table.columns else "total_prompt_tokens"
    return {"uncached_input_tokens": count(whole), **apart}


def _date(path: Path, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as exc:
        raise SourceRefused(f"The name of {path.name} holds {year}-{month:02d}-{day:02d}, which is no date.") from exc


def _check_apart(windows: list[Window]) -> None:
    ordered = sorted(windows)
    for one, other in itertools.pairwise(ordered):
        if one.overlaps(other):
            raise SourceRefused(
                f"Two reports cover {other.start}: their rows are sums and would count twice. Keep one of them in the folder."
            )

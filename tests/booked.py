"""Support: daily rows straight into a ledger, without a file to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rows import arrow_daily, arrow_totals

from bot.domain.period import Window, midnight
from bot.ports import Load, Settling

LINE = ("Acme", "API", "large-1", None, None, "usage", None, "USD", "Tokens", "acc", None, "person")
NOBODY = (*LINE[:-1], None)
_AT = datetime(2026, 11, 1, tzinfo=UTC)


def book(
    ledger: Any, rows: Iterable[Mapping[str, Any]], source: str = "bills", watermark: datetime | None = None, at: datetime = _AT
) -> Load:
    """Put *rows* (day, person, team, billed in nanos, …) in the place of what *source* had said of their days.

    A row may name its provider, tool and model, and the unit, category and quantity of what is no tokens.

    Args:
        at: When it was loaded.
    """
    kept = list(rows)
    days = sorted(date.fromisoformat(row["day"]) for row in kept)
    window = Window(days[0], days[-1] + timedelta(days=1))
    with ledger.load(source) as writer:
        kinds = ("person", "team", "project", "principal")
        numbers = {kind: writer.labels(kind, sorted({row[kind] for row in kept if row.get(kind)})) for kind in kinds}
        texts = {_line(row) for row in kept} | {LINE, NOBODY}
        lines = writer.lines(sorted(texts, key=str))
        kept = [row | {"line": lines[_line(row)]} for row in kept]
        number = writer.labels("source", [source])[source]
        daily = arrow_daily(number, kept, numbers, lines[LINE], lines[NOBODY])
        places = {"model": 2, "tool": 1, "provider": 0}
        labels = {
            lines[line]: {kind: writer.labels(kind, [line[at]])[line[at]] for kind, at in places.items() if line[at]} for line in texts
        }
        writer.replace(window, daily, arrow_totals(daily, number, {}, labels))
        cost = sum(row["billed"] for row in kept)
        load = Load(
            source, "focus", "booked", window, at, len(kept), len(window), len(kept), "USD", cost, 0, cost, 0,
            watermark or midnight(window.end), Settling(5), (f"acme/{source}",),
        )  # fmt: skip
        return writer.book(load)  # type: ignore[no-any-return]


def _line(row: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Return what *row* is for."""
    given = {0: "provider", 1: "tool", 2: "model", 4: "agent", 5: "charge_category", 8: "consumed_unit"}
    usual = LINE if row.get("person") or row.get("team") else NOBODY
    return tuple(row.get(given[place], text) if place in given else text for place, text in enumerate(usual))

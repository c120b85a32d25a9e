"""The ledger in the database: loads that replace, and what is known of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text
from sqlmodel import SQLModel

from adapters.store import bulk, seen
from adapters.store.database import Database
from adapters.store.rollups import BY_DAY, Grain, Rollup, removal_sql
from adapters.store.tables import DailyCostRow, LineRow, PeriodCostRow, day_number, day_of
from bot.domain.completeness import Seen
from bot.domain.period import Window
from bot.errors import LoadInProgress
from bot.ports import FORGOTTEN, Load, Quarantined, Settling, stated_scopes

DAILY: Any = SQLModel.metadata.tables["daily_costs"]
PERIODS: Any = SQLModel.metadata.tables["period_costs"]
LABELS: Any = SQLModel.metadata.tables["labels"]
LINES: Any = SQLModel.metadata.tables["lines"]
LOADS: Any = SQLModel.metadata.tables["loads"]
QUARANTINE: Any = SQLModel.metadata.tables["quarantine"]
_CHUNK = 400
_NANOS = 10**9
_KEPT = 1000
"""Quarantined rows that are kept word for word per load; all of them are counted."""


class SqlLedger:
    """Loads on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def load(self, source: str) -> Iterator[SqlLoadWriter]:
        """Begin a load of *source*; see `bot.ports.Ledger`."""
        with self._database.writing() as connection:
            _lock(connection, source)
            writer = SqlLoadWriter(connection, source)
            yield writer
            transaction = connection.get_transaction()
            if not writer.is_booked and transaction:
                transaction.rollback()

    def loads(self, source: str | None = None) -> list[Load]:
        """Return every load, newest first."""
        query = select(LOADS).order_by(LOADS.c.id.desc())
        if source:
            query = query.where(LOADS.c.source == source)
        with self._database.reading() as connection:
            return [_load(row) for row in connection.execute(query)]

    def sources(self) -> list[Load]:
        """Return the newest load of each source, by name, with the furthest watermark the source ever reached."""
        newest = select(func.max(LOADS.c.id)).group_by(LOADS.c.source)
        earlier = LOADS.alias()
        forgotten = select(func.coalesce(func.max(earlier.c.id), 0)).where(
            earlier.c.source == LOADS.c.source, earlier.c.description == FORGOTTEN
        )
        reached = (
            select(LOADS.c.source, func.max(LOADS.c.watermark)).where(LOADS.c.id > forgotten.scalar_subquery()).group_by(LOADS.c.source)
        )
        with self._database.reading() as connection:
            marks = {row[0]: row[1] for row in connection.execute(reached)}
            loads = [_load(row) for row in connection.execute(select(LOADS).where(LOADS.c.id.in_(newest)))]
        return sorted((replace(load, watermark=marks.get(load.source, load.watermark)) for load in loads), key=lambda load: load.source)

    def quarantine(self, number: int) -> list[Quarantined]:
        """Return the quarantined rows kept for load *number*."""
        query = select(QUARANTINE).where(QUARANTINE.c.load_id == number).order_by(QUARANTINE.c.id)
        with self._database.reading() as connection:
            return [
                Quarantined(row.place, row.reason, Decimal(row.cost) if row.cost else None, row.currency)
                for row in connection.execute(query)
            ]

    def scopes(self) -> dict[str, str]:
        """Return the source that states the cost of each scope: by any of its loads since it was last forgotten."""
        return stated_scopes(self.loads())

    def days(self, source: str, window: Window) -> set[date]:
        """Return the charge days of *window* for which the ledger holds rows of *source*."""
        number = select(LABELS.c.id).where(LABELS.c.kind == "source", LABELS.c.value == source).scalar_subquery()
        within = (DAILY.c.charge_day >= day_number(window.start)) & (DAILY.c.charge_day < day_number(window.end))
        query = select(DAILY.c.charge_day).where(DAILY.c.source_id == number, within).distinct()
        with self._database.reading() as connection:
            return {day_of(day) for (day,) in connection.execute(query)}

    def seen(self, since: date) -> list[Seen]:
        """Return what loads found of young days, beside what these came to."""
        with self._database.reading() as connection:
            return seen.seen(connection, since)


class SqlLoadWriter:
    """One load in one transaction."""

    def __init__(self, connection: Connection, source: str) -> None:
        self._connection = connection
        self.is_booked = False
        self.source_id = self.labels("source", [source])[source]

    def labels(self, kind: str, values: Sequence[str]) -> dict[str, int]:
        """Return the number of each value, giving new ones a number."""
        clean = {value: value.replace("\x00", "\ufffd") for value in values}
        known = self._known_labels(kind, sorted(set(clean.values())))
        new = [{"kind": kind, "value": value} for value in sorted(set(clean.values()) - known.keys())]
        if new:
            self._connection.execute(insert(LABELS), new)
            known |= self._known_labels(kind, [row["value"] for row in new])
        return {value: known[cleaned] for value, cleaned in clean.items()}

    def lines(self, lines: Sequence[tuple[str | None, ...]]) -> dict[tuple[str | None, ...], int]:
        """Return the number of each line, giving new ones a number."""
        columns = [name for name in LineRow.model_fields if name not in {"id", "fingerprint", "provider_id", "tool_id", "model_id"}]
        texts = {line: [(value or "").replace("\x00", "\ufffd") for value in line] for line in lines}
        prints = {line: json.dumps(values, ensure_ascii=False) for line, values in texts.items()}
        known = self._known_lines(list(prints.values()))
        new = {prints[line]: dict(zip(columns, values, strict=True)) for line, values in texts.items() if prints[line] not in known}
        self._insert_lines(new)
        known |= self._known_lines(list(new))
        return {line: known[fingerprint] for line, fingerprint in prints.items()}

    def replace(self, window: Window, batches: Iterable[Any], totals: Iterable[Any]) -> None:
        """Replace the daily rows of *window* and move the roll-ups by the difference."""
        params = self._params(window)
        is_first = self._connection.execute(select(DAILY.c.day).limit(1)).first() is None
        if is_first:
            self._connection.execute(delete(PERIODS))
        if not is_first:
            self._remove(params)
        indexes = bulk.without_indexes(self._connection, DAILY) if is_first else []
        bulk.insert(self._connection, DAILY, list(DailyCostRow.model_fields), batches)
        bulk.build(self._connection, indexes)
        keys = ["dimension", "grain", "start", "key_id"]
        if is_first:
            bulk.insert(self._connection, PERIODS, list(PeriodCostRow.model_fields), totals)
        else:
            bulk.upsert(self._connection, PERIODS, keys, ["billed", "estimated"], totals)
            self._drop_zeros(params["start"])

    def stored(self, window: Window) -> tuple[int, int, int, int]:
        """Return rows, billed, estimated and original nanos of *window*, read back from the database."""
        # Original amounts may be in a currency of small units: their whole and their rest are added up apart, so that it fits.
        original = f"COALESCE(SUM(original / {_NANOS}), 0), COALESCE(SUM(original % {_NANOS}), 0)"
        sums = f"COUNT(*), COALESCE(SUM(billed), 0), COALESCE(SUM(estimated), 0), {original}"
        query = f"SELECT {sums} FROM daily_costs WHERE source_id = :source AND charge_day >= :start AND charge_day < :end"  # noqa: S608
        rows, billed, estimated, units, nanos = self._connection.execute(text(query), self._params(window)).one()
        return int(rows), int(billed), int(estimated), int(units) * _NANOS + int(nanos)

    def book(self, load: Load) -> Load:
        """Record *load* with its quarantine and what its newest days cost by now; the transaction is committed when the caller leaves."""
        row = _row(load)
        self.is_booked = True
        number = int(self._connection.execute(insert(LOADS).returning(LOADS.c.id), row).scalar_one())
        kept = [
            {
                "load_id": number,
                "place": q.place,
                "reason": q.reason,
                "cost": str(q.cost) if q.cost is not None else None,
                "currency": q.currency,
            }
            for q in load.quarantine[:_KEPT]
        ]
        if kept:
            self._connection.execute(insert(QUARANTINE), kept)
        seen.remember(self._connection, self.source_id, load)
        return _load(type("Row", (), {**row, "id": number}), load.quarantine)

    def _remove(self, params: dict[str, int]) -> None:
        dialect = self._connection.dialect.name
        for rollup in Rollup:
            for grain in (Grain.DAY, Grain.MONTH) if rollup in BY_DAY else (Grain.MONTH,):
                self._connection.execute(text(removal_sql(rollup, grain, dialect)), params)
        mine = DAILY.c.source_id == self.source_id
        within = (DAILY.c.charge_day >= params["start"]) & (DAILY.c.charge_day < params["end"])
        self._connection.execute(delete(DAILY).where(mine, within))

    def _drop_zeros(self, start: int) -> None:
        """Remove the roll-up rows that have become zero; amortised charges reach beyond the window, never before it."""
        first = day_number(day_of(start).replace(day=1))
        zero = (PERIODS.c.billed == 0) & (PERIODS.c.estimated == 0)
        for rollup in Rollup:
            for grain in Grain:
                here = (PERIODS.c.dimension == int(rollup)) & (PERIODS.c.grain == int(grain))
                self._connection.execute(delete(PERIODS).where(here, PERIODS.c.start >= first, zero))

    def _params(self, window: Window) -> dict[str, int]:
        return {"source": self.source_id, "start": day_number(window.start), "end": day_number(window.end)}

    def _known_labels(self, kind: str, values: Sequence[str]) -> dict[str, int]:
        known: dict[str, int] = {}
        for i in range(0, len(values), _CHUNK):
            query = select(LABELS.c.value, LABELS.c.id).where(LABELS.c.kind == kind, LABELS.c.value.in_(values[i : i + _CHUNK]))
            known |= {row[0]: row[1] for row in self._connection.execute(query)}
        return known

    def _known_lines(self, prints: Sequence[str]) -> dict[str, int]:
        known: dict[str, int] = {}
        for i in range(0, len(prints), _CHUNK):
            query = select(LINES.c.fingerprint, LINES.c.id).where(LINES.c.fingerprint.in_(prints[i : i + _CHUNK]))
            known |= {row[0]: row[1] for row in self._connection.execute(query)}
        return known

    def _insert_lines(self, new: dict[str, dict[str, Any]]) -> None:
        if not new:
            return
        numbers = {
            column: self.labels(kind, sorted({row[name] for row in new.values() if row[name]}))
            for column, kind, name in (
                ("provider_id", "provider", "provider_name"),
                ("tool_id", "tool", "service_name"),
                ("model_id", "model", "model"),
            )
        }
        for fingerprint, row in new.items():
            row |= {
                "fingerprint": fingerprint,
                "provider_id": numbers["provider_id"].get(row["provider_name"], 0),
                "tool_id": numbers["tool_id"].get(row["service_name"], 0),
                "model_id": numbers["model_id"].get(row["model"], 0),
            }
        self._connection.execute(insert(LINES), list(new.values()))


def _lock(connection: Connection, source: str) -> None:
    """Let one load of a source run at a time; SQLite has one writer anyway."""
    if connection.dialect.name != "postgresql":
        return
    query = text("SELECT pg_try_advisory_xact_lock(hashtext('aispend load'), hashtext(:source))")
    if not connection.execute(query, {"source": source}).scalar_one():
        raise LoadInProgress(f"Another ingest of '{source}' is under way. Nothing was changed; try again when it has ended.")
    # Loads of different sources share labels and roll-ups: they take turns where they meet.
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('aispend book'))"))


def _row(load: Load) -> dict[str, Any]:
    return {
        "source": load.source,
        "kind": load.kind,
        "description": load.description,
        "window_start": load.window.start,
        "window_end": load.window.end,
        "loaded_at": load.loaded_at,
        "rows": load.rows,
        "days": load.days,
        "ledger_rows": load.ledger_rows,
        "currency": load.currency,
        "billed": load.billed_nanos,
        "estimated": load.estimated_nanos,
        "allocated": load.allocated_nanos,
        "unallocated": load.unallocated_nanos,
        "watermark": load.watermark,
        "settling_days": load.settling.days,
        "settles_after_month": load.settling.after_month,
        "is_range_export": load.is_range_export,
        "scopes": json.dumps(load.scopes),
        "quarantined_rows": load.quarantined_rows,
        "quarantined_cost": _written(load.quarantined_cost),
        "left_out_rows": load.left_out_rows,
        "left_out_cost": _written(load.left_out_cost),
        "unpriced_rows": load.unpriced_rows,
        "unpriced_models": json.dumps(load.unpriced_models),
    }


def _written(costs: Mapping[str, Decimal]) -> str:
    return json.dumps({currency: str(cost) for currency, cost in costs.items()})


def _read(text_: str) -> dict[str, Decimal]:
    return {currency: Decimal(cost) for currency, cost in json.loads(text_).items()}


def _load(row: Any, quarantine: tuple[Quarantined, ...] = ()) -> Load:
    return Load(
        source=row.source,
        kind=row.kind,
        description=row.description,
        window=Window(row.window_start, row.window_end),
        loaded_at=row.loaded_at,
        rows=row.rows,
        days=row.days,
        ledger_rows=row.ledger_rows,
        currency=row.currency,
        billed_nanos=row.billed,
        estimated_nanos=row.estimated,
        allocated_nanos=row.allocated,
        unallocated_nanos=row.unallocated,
        watermark=row.watermark,
        settling=Settling(row.settling_days, row.settles_after_month),
        scopes=tuple(json.loads(row.scopes)),
        quarantined_rows=row.quarantined_rows,
        quarantined_cost=_read(row.quarantined_cost),
        left_out_rows=row.left_out_rows,
        left_out_cost=_read(row.left_out_cost),
        unpriced_rows=row.unpriced_rows,
        unpriced_models=tuple(json.loads(row.unpriced_models)),
        quarantine=quarantine,
        is_range_export=row.is_range_export,
        number=row.id,
    )

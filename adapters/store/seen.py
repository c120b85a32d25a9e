"""Seen: what the ledger held of the newest days of a source after each load; a few rows a load, from the roll-up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, text
from sqlmodel import SQLModel

from adapters.store.rollups import Grain, Rollup
from adapters.store.tables import day_number, day_of
from bot.domain.completeness import AGE, KEPT, OLDEST, Seen, age_of
from bot.ports import FORGOTTEN, Load

SEEN: Any = SQLModel.metadata.tables["seen_costs"]
_A_DAY = timedelta(days=1) // AGE
_DAYS = (
    "SELECT start, billed + estimated AS cost FROM period_costs "  # noqa: S608 - our numbers
    f"WHERE dimension = {Rollup.SOURCE:d} AND grain = {Grain.DAY:d} AND key_id = :source AND start >= :first AND start < :end"
)
_SEEN = (
    "SELECT l.value AS source, s.day, s.age, s.cost, COALESCE(p.billed + p.estimated, 0) AS final "  # noqa: S608 - our numbers
    "FROM seen_costs s JOIN labels l ON l.id = s.source_id LEFT JOIN period_costs p "
    f"ON p.dimension = {Rollup.SOURCE:d} AND p.grain = {Grain.DAY:d} AND p.start = s.day AND p.key_id = s.source_id "
    "WHERE s.day >= :since ORDER BY l.value, s.day, s.age"
)


def remember(connection: Connection, source: int, load: Load) -> None:
    """Keep what the ledger holds by now of the days of *load* that are no older than `OLDEST`; forget those of long ago.

    Days cost what is theirs, be it charged on them or before; of one age the later load stays.
    """
    mine = SEEN.c.source_id == source
    if load.description == FORGOTTEN:
        connection.execute(delete(SEEN).where(mine))
        return
    today = load.loaded_at.date()
    first = max(load.window.start, today - timedelta(days=OLDEST))
    end = min(load.window.end, today + timedelta(days=1))
    if first >= end:
        return
    days = [first + timedelta(days=n) for n in range((end - first).days)]
    held = connection.execute(text(_DAYS), {"source": source, "first": day_number(first), "end": day_number(end)})
    costs = {row.start: row.cost for row in held}
    ages = {day_number(day): age_of(day, load.loaded_at) for day in days}
    rows = [{"source_id": source, "day": day, "age": age, "cost": costs.get(day, 0)} for day, age in ages.items()]
    now = SEEN.c.age == ages[day_number(first)] - (SEEN.c.day - day_number(first)) * _A_DAY
    connection.execute(delete(SEEN).where(mine, SEEN.c.day >= day_number(first), SEEN.c.day < day_number(end), now))
    connection.execute(insert(SEEN), rows)
    connection.execute(delete(SEEN).where(mine, SEEN.c.day < day_number(today - timedelta(days=KEPT))))


def seen(connection: Connection, since: date) -> list[Seen]:
    """Return what was remembered of days from *since* on, beside what the ledger holds of them now."""
    rows = connection.execute(text(_SEEN), {"since": day_number(since)})
    return [Seen(row.source, day_of(row.day), row.age, int(row.cost), int(row.final)) for row in rows]

"""Support: daily rows and their roll-up as the engine would hand them to the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from adapters.store.rollups import Grain, Rollup
from adapters.store.tables import day_number, day_of
from bot.ledger.schema import DAILY, TOKENS, TOTALS


def arrow_daily(
    source_id: int, rows: Sequence[Mapping[str, Any]], numbers: Mapping[str, Mapping[str, int]], line: int, nobody: int
) -> list[pa.RecordBatch]:
    """Return *rows* as one record batch of `DAILY`, ascending by key."""
    found = []
    for row in rows:
        day = day_number(date.fromisoformat(row["day"]))
        begun = day_number(date.fromisoformat(row.get("charge_day", row["day"])))
        owned = line if row.get("person") or row.get("team") else nobody
        names = {f"{kind}_id": numbers[kind].get(row.get(kind, ""), 0) for kind in ("person", "team", "project", "principal")}
        money = {"billed": row.get("billed", 0), "estimated": row.get("estimated", 0)}
        money["original"] = sum(money.values())
        money["quantity"] = row.get("quantity", 0)
        tokens = dict(zip(TOKENS, row.get("tokens", [row.get(name, 0) for name in TOKENS]), strict=True))
        where = {"source_id": source_id, "charge_day": begun, "day": day, "line_id": row.get("line", owned)}
        found.append(dict.fromkeys(DAILY, 0) | where | names | money | tokens)
    found.sort(key=lambda r: [r[name] for name in DAILY[1:8]])
    columns = {name: pa.array([row[name] for row in found], pa.int64()) for name in DAILY}
    return [pa.RecordBatch.from_pydict(columns)]


OF_LINES = (Rollup.MODEL, Rollup.TOOL, Rollup.PROVIDER)


def arrow_totals(
    batches: Sequence[pa.RecordBatch], source_id: int, labels: Mapping[str, int], of_line: Mapping[int, Mapping[str, int]] | None = None
) -> list[pa.RecordBatch]:
    """Return the roll-up of *batches*, counted in Python; *labels* are those of lines that *of_line* does not know."""
    billed: Counter[tuple[int, ...]] = Counter()
    estimated: Counter[tuple[int, ...]] = Counter()
    for row in (row for batch in batches for row in batch.to_pylist()):
        month = day_number(day_of(row["day"]).replace(day=1))
        keys = {
            Rollup.ALL: 0, Rollup.SOURCE: source_id, Rollup.PERSON: row["person_id"], Rollup.TEAM: row["team_id"],
            Rollup.PROJECT: row["project_id"], **{rollup: (of_line or {}).get(row["line_id"], labels).get(rollup.name.lower(), 0) for rollup in OF_LINES},
        }  # fmt: skip
        for rollup, key in keys.items():
            for grain, start in ((Grain.DAY, row["day"]), (Grain.MONTH, month)):
                if (rollup, grain) != (Rollup.PERSON, Grain.DAY):
                    billed[rollup, grain, start, key] += row["billed"]
                    estimated[rollup, grain, start, key] += row["estimated"]
    rows = [(*key, billed[key], estimated[key]) for key in billed]
    return [pa.RecordBatch.from_arrays([pa.array(list(column), pa.int64()) for column in zip(*rows, strict=True)], names=list(TOTALS))]

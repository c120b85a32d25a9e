"""Bulk: many daily rows at once, by the driver's own fast road; nothing here knows what they mean."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Index, Table, inspect, text

from adapters.store.tables import INCLUDED

_MARKS = 999
"""Parameters in one statement, which every SQLite takes."""
_SORTED_KIB, _SORTED_MIB = 4096, 256


def insert(connection: Connection, table: Table, columns: Sequence[str], batches: Iterable[Any]) -> int:
    """Insert Arrow record *batches* of whole numbers, their columns in the order of *columns*; return how many rows.

    COPY from Arrow-written CSV on PostgreSQL, the driver's executemany on SQLite.
    """
    if connection.dialect.name == "postgresql":
        return _copy(connection, table.name, columns, batches)
    return _executemany(connection, table.name, columns, batches)


def upsert(connection: Connection, table: Table, keys: Sequence[str], sums: Sequence[str], batches: Iterable[Any]) -> None:
    """Add record *batches* to *table*: the *sums* of a row with the same *keys* are added up."""
    columns = [*keys, *sums]
    added = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in sums)
    clause = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {added}"
    if connection.dialect.name != "postgresql":
        _executemany(connection, table.name, columns, batches, f" {clause}")
        return
    stage = f"stage_{table.name}"
    connection.execute(text(f"CREATE TEMP TABLE {stage} (LIKE {table.name}) ON COMMIT DROP"))
    _copy(connection, stage, columns, batches)
    names = ", ".join(columns)
    connection.execute(text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {stage} {clause}"))  # noqa: S608 - our names
    connection.execute(text(f"DROP TABLE {stage}"))


def without_indexes(connection: Connection, table: Table) -> list[Index]:
    """Drop the secondary indexes of *table* and return them; building them after a first load is several times faster."""
    present = {index["name"] for index in inspect(connection).get_indexes(table.name)}
    dropped = [index for index in sorted(table.indexes, key=lambda i: str(i.name)) if index.name in present]
    for index in dropped:
        index.drop(connection)
    return dropped


def build(connection: Connection, indexes: Iterable[Index]) -> None:
    """Create *indexes* on a full table, with the memory that sorting is fastest with."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:  # it sorts as much at a time as its cache holds, which should fit the processor's own
        kept = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
        connection.exec_driver_sql(f"PRAGMA cache_size = {-_SORTED_KIB}")
    else:
        connection.exec_driver_sql(f"SET LOCAL maintenance_work_mem = '{_SORTED_MIB}MB'")
    for index in indexes:
        if not is_sqlite and INCLUDED in index.info:
            index.dialect_options["postgresql"]["include"] = index.info[INCLUDED]
        index.create(connection)
    if is_sqlite:
        connection.exec_driver_sql(f"PRAGMA cache_size = {kept:d}")


def _executemany(connection: Connection, table: str, columns: Sequence[str], batches: Iterable[Any], clause: str = "") -> int:
    """Insert many rows with each statement: half of what a row costs is the statement around it."""
    import numpy as np  # noqa: PLC0415 - only loads need it

    cursor: Any = connection.connection.cursor()
    many = _MARKS // len(columns)
    count = 0
    for batch in batches:
        rows = np.column_stack([np.from_dlpack(column) for column in batch.columns])
        whole = len(rows) - len(rows) % many
        cursor.executemany(_insert_sql(table, columns, many) + clause, rows[:whole].reshape(-1, many * len(columns)).tolist())
        cursor.executemany(_insert_sql(table, columns, 1) + clause, rows[whole:].tolist())
        count += len(rows)
    return count


def _insert_sql(table: str, columns: Sequence[str], rows: int) -> str:
    marks = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(_quoted(columns))}) VALUES {', '.join([marks] * rows)}"  # noqa: S608 - our names


def _copy(connection: Connection, table: str, columns: Sequence[str], batches: Iterable[Any]) -> int:
    from pyarrow import csv  # noqa: PLC0415 - only loads need Arrow

    driver: Any = connection.connection.driver_connection
    options = csv.WriteOptions(include_header=False)
    count = 0
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(_quoted(columns))}) FROM STDIN (FORMAT csv)") as copy,
    ):
        for batch in batches:
            buffer = io.BytesIO()
            csv.write_csv(batch, buffer, options)
            copy.write(buffer.getbuffer())
            count += batch.num_rows
    return count


def _quoted(columns: Sequence[str]) -> list[str]:
    return [f'"{name}"' for name in columns]

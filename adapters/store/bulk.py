"""Bulk: many daily rows at once, by the driver's own fast road; nothing here knows what they mean."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Index, Table, inspect, text


def insert(connection: Connection, table: Table, columns: Sequence[str], batches: Iterable[Any]) -> int:
    """Insert Arrow record *batches* of whole numbers, their columns in the order of *columns*; return how many rows.

    COPY from Arrow-written CSV on PostgreSQL, the driver's executemany on SQLite.
    """
    if connection.dialect.name == "postgresql":
        return _copy(connection, table.name, columns, batches)
    return _executemany(connection, _insert_sql(table.name, columns), batches)


def upsert(connection: Connection, table: Table, keys: Sequence[str], sums: Sequence[str], batches: Iterable[Any]) -> None:
    """Add record *batches* to *table*: the *sums* of a row with the same *keys* are added up."""
    columns = [*keys, *sums]
    added = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in sums)
    clause = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {added}"
    if connection.dialect.name != "postgresql":
        _executemany(connection, f"{_insert_sql(table.name, columns)} {clause}", batches)
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


def _executemany(connection: Connection, sql: str, batches: Iterable[Any]) -> int:
    cursor: Any = connection.connection.cursor()
    count = 0
    for batch in batches:
        values = [column.to_numpy(zero_copy_only=False).tolist() for column in batch.columns]
        cursor.executemany(sql, zip(*values, strict=True))
        count += batch.num_rows
    return count


def _insert_sql(table: str, columns: Sequence[str]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(_quoted(columns))}) VALUES ({marks})"  # noqa: S608 - our names


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

"""The engine: DuckDB inside the process, where Ibis expressions run unless an organisation has its own.

Memory is bounded; what does not fit is spilled to a temporary folder that goes with the engine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
from pyarrow import csv

from adapters.files import Header, header_of
from bot.errors import SourceRefused
from bot.ports import Rejected

LINE_LIMIT = 2_000_000
"""Bytes of the longest line of a text file; a longer one is no billing record."""
_COMPILING = Lock()
"""Ibis reads its options from one global place; whoever changes them is alone."""
_FATAL = ("UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM", "INVALID ENCODING", "CAST", "INVALID STATE")


class DuckDbEngine:
    """Runs expressions in an in-memory DuckDB that spills to disk."""

    def __init__(self, memory: str = "900MB", threads: int | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="aispend-engine-")
        self._connection = ibis.duckdb.connect(memory_limit=memory, temp_directory=self._folder.name)
        self._run("SET preserve_insertion_order = false")
        self._run("SET TimeZone = 'UTC'")
        self._run("SET enable_progress_bar = false")
        self._run("SET autoinstall_known_extensions = false")
        self._run("SET autoload_known_extensions = false")
        if threads:
            self._run(f"SET threads = {threads:d}")
        self._names = iter(range(10**9))
        self._ahead: list[ThreadPoolExecutor] = []
        self._files: list[str] = []

    def read(self, files: Sequence[Path], *, origin: bool = False, positions: bool = False) -> ir.Table:
        """Return the rows of *files*; see `bot.ports.Engine`."""
        self._files = [path.name for path in files]
        headers = [self._named(header_of(path)) for path in files]
        if positions:
            return self._stacked([self._view(_scan([h], origin=True, positions=True)) for h in headers])
        layouts: dict[tuple[str, ...], list[Header]] = {}
        for header in headers:
            layouts.setdefault(header.layout, []).append(header)
        return self._stacked([self._view(_scan(group, origin=origin)) for group in layouts.values()])

    def from_rows(self, rows: Sequence[Mapping[str, Any]], schema: Mapping[str, str]) -> ir.Table:
        """Return *rows* as a table of *schema*."""
        name = f"rows_{next(self._names)}"
        table = _arrow(rows, ibis.schema(dict(schema)).to_pyarrow())
        self._connection.con.register(f"{name}_arrow", table)
        self._run(f"CREATE TABLE {name} AS SELECT * FROM {name}_arrow")
        self._connection.con.unregister(f"{name}_arrow")
        return self._connection.table(name)

    def rejected(self) -> list[Rejected]:
        """Return the malformed lines of the reads so far; a file that cannot be trusted as a whole is refused."""
        tables = {row[0] for row in self._run("SELECT table_name FROM duckdb_tables()").fetchall()}
        if "reject_errors" not in tables:
            return []
        found = self._run(
            "SELECT s.file_path, e.line, MIN(e.error_type::VARCHAR), MIN({'n': length(e.error_message), 'text': e.error_message}).text "
            "FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id) GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
        for path, line, kind, _message in found:
            if kind in _FATAL:
                raise SourceRefused(_fatal_sentence(Path(path).name, line, kind))
        return [Rejected(Path(path).name, line, _short(message)) for path, line, _kind, message in found]

    def view(self, table: ir.Table) -> ir.Table:
        """Return *table* as a view."""
        return self._view(_sql(table))

    def materialise(self, table: ir.Table) -> ir.Table:
        """Compute *table* into a temporary one."""
        name = f"step_{next(self._names)}"
        with _readable(self._files):
            self._run(f'CREATE TABLE "{name}" AS {_sql(table)}')
        return self._connection.table(name)

    def rows(self, table: ir.Table) -> list[dict[str, Any]]:
        """Return *table* as Python values."""
        with _readable(self._files):
            # On the connection itself: what it rejects while reading is told to `rejected` there and nowhere else.
            return self._connection.con.sql(_sql(table)).to_arrow_table().to_pylist()

    def batches(self, table: ir.Table, rows: int = 100_000) -> Iterator[Any]:
        """Return *table* in record batches, the next one being computed while the last one is used."""
        sql = _sql(table)
        ahead = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aispend-engine")
        self._ahead.append(ahead)

        def first() -> tuple[Any, Any]:
            # A cursor of its own: other questions may be asked between two batches.
            reader = self._connection.con.cursor().sql(sql).to_arrow_reader(rows)
            return reader, next(reader, None)

        return _prefetched(ahead, ahead.submit(first), self._files)

    def close(self) -> None:
        """Close the database and remove its folder."""
        for ahead in self._ahead:
            ahead.shutdown(cancel_futures=True)
        self._connection.disconnect()
        self._folder.cleanup()

    def _named(self, header: Header) -> Header:
        """Return *header* with the keys that the objects of a JSON file have, or the columns and types of a Parquet file."""
        if header.is_parquet:
            with _readable([header.path.name]):
                described = self._run(f"DESCRIBE SELECT * FROM read_parquet({_path(header.path)})").fetchall()
            return replace(header, columns=tuple(f"{name} {kind}" for name, kind, *_ in described))
        if not header.is_json:
            return header
        with _readable([header.path.name]):
            path = _path(header.path)
            found = self._run(f"SELECT DISTINCT unnest(json_keys(json)) FROM read_json_objects({path}, format = 'auto')").fetchall()
        if not found:
            raise SourceRefused(f"{header.path.name} holds no JSON objects with names and values; export it again. Nothing was booked.")
        return replace(header, columns=tuple(sorted(name for (name,) in found)))

    def _view(self, sql: str) -> ir.Table:
        name = f"source_{next(self._names)}"
        with _readable(self._files):
            self._run(f'CREATE VIEW "{name}" AS {sql}')
        return self._connection.table(name)

    def _stacked(self, tables: Sequence[ir.Table]) -> ir.Table:
        """Return all *tables* under one another, columns matched by name."""
        names = list(dict.fromkeys(name for table in tables for name in table.columns))
        kinds = {name: _common([table[name].type() for table in tables if name in table.columns]) for name in names}
        result: ir.Table | None = None
        for table in tables:
            shaped = table.select(**{n: table[n].cast(kinds[n]) if n in table.columns else ibis.null(kinds[n]) for n in names})
            shaped = table if len(tables) == 1 else shaped
            result = shaped if result is None else result.union(shaped)
        if result is None:
            raise SourceRefused("No file to read.")
        return result

    def _run(self, sql: str) -> Any:
        return self._connection.raw_sql(sql)


def _prefetched(ahead: ThreadPoolExecutor, begun: Future[tuple[Any, Any]], files: Sequence[str]) -> Iterator[Any]:
    with _readable(files):
        reader, batch = begun.result()
        while batch is not None:
            coming = ahead.submit(next, reader, None)
            yield batch
            batch = coming.result()


def _arrow(rows: Sequence[Mapping[str, Any]], shape: pa.Schema) -> pa.Table:
    """Return *rows* as an Arrow table, by way of text: from Python values Arrow would import pandas, which takes long."""
    if not rows:
        return pa.Table.from_batches([], schema=shape)
    names = [str(name) for name in shape.names]
    lines = [",".join(map(_cell, names)), *(",".join(_cell(row.get(name)) for name in names) for row in rows)]
    data = "\n".join(lines).encode()
    return csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(block_size=len(data)),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=shape,
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=False,
            true_values=["True"],
            false_values=["False"],
        ),
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else '"' + str(value).replace('"', '""') + '"'


def _common(kinds: Sequence[Any]) -> Any:
    """Return the type that loses nothing of any of *kinds*: text, where files differ."""
    return kinds[0] if all(kind == kinds[0] for kind in kinds) else "string"


class _readable:  # noqa: N801 - a context manager
    """Turns what DuckDB says of an unreadable file into a sentence for the operator."""

    def __init__(self, files: Sequence[str] = ()) -> None:
        self._files = files

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, duckdb.Error):
            detail = " ".join(str(error).split())
            if isinstance(error, duckdb.ConversionException | duckdb.BinderException | duckdb.OutOfRangeException):
                raise SourceRefused(
                    f"The figures could not be worked out; nothing was booked. Please report this with the file's header: {detail[:160]}"
                ) from error
            raise SourceRefused(_unreadable(self._files, detail)) from error


def _unreadable(files: Sequence[str], detail: str) -> str:
    named = [name for name in files if name in detail] or files
    which = named[0] if len(named) == 1 else f"One of the {len(named)} files" if named else "The file"
    if "No space left" in detail or "Out of Memory" in detail or "failed to offload" in detail:
        why, remedy = "there is no room left for what is being computed", "Make room in the temporary folder, or raise [engine] memory"
    else:
        why, remedy = "it is damaged, cut off, or not the format its name says", "Export or copy it again"
    return f"{which} could not be read: {why}. {remedy}; nothing was booked. (The engine says: {detail[:160]})"


def _sql(table: ir.Table) -> str:
    """Return the SQL of *table*; steps stay steps, for merged into one another they grow exponentially."""
    with _COMPILING:
        before = ibis.options.sql.fuse_selects
        ibis.options.sql.fuse_selects = False
        try:
            return str(ibis.to_sql(table, dialect="duckdb", pretty=False))
        finally:
            ibis.options.sql.fuse_selects = before


def _scan(headers: Sequence[Header], *, origin: bool, positions: bool = False) -> str:
    paths = ", ".join(_path(header.path) for header in headers)
    first = headers[0]
    row = ", row_number() OVER () AS origin_row" if positions else ""
    chosen = f"* EXCLUDE (filename), parse_filename(filename) AS origin_file{row}" if origin else "*"
    named = ", filename = true" if origin else ""
    if first.is_parquet:
        return f"SELECT {chosen} FROM read_parquet([{paths}], hive_partitioning = true{named})"
    columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in dict.fromkeys(n for h in headers for n in h.columns))
    if first.is_json:
        return f"SELECT {chosen} FROM read_json([{paths}], format = 'auto', columns = {{{columns}}}{named})"
    return (
        f"SELECT {chosen} FROM read_csv([{paths}], auto_detect = false, header = true, delim = {_quoted(first.delimiter)}, "
        f"""quote = '"', escape = '"', columns = {{{columns}}}, store_rejects = true, max_line_size = {LINE_LIMIT}{named})"""
    )


def _path(path: Path) -> str:
    """Return *path* as a literal that stands for that file alone; the engine would expand `*`, `?` and `[` in it."""
    return _quoted("".join(f"[{c}]" if c in "*?[" else c for c in str(path)))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _fatal_sentence(name: str, line: int, kind: str) -> str:
    what = {
        "UNQUOTED VALUE": "a quotation mark that is never closed",
        "LINE SIZE OVER MAXIMUM": f"a line of more than {LINE_LIMIT:,} bytes",
        "INVALID ENCODING": "bytes that are not UTF-8; save the file as UTF-8",
    }.get(kind, "a value that cannot be read")
    return f"{name}, line {line}: {what}. The file cannot be trusted as a whole, so nothing was booked."


def _short(message: str) -> str:
    return " ".join(message.split())[:200]

"""The database: one engine, transactions, and what differs between SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from bot.errors import ConfigError, StoreError

BUSY_MS = 30_000
"""How long a writer waits for another on SQLite."""
_WRITE = "aispend_write"


class Database:
    """A database at *url* (`sqlite:///file`, `postgresql://…`)."""

    def __init__(self, url: str) -> None:
        self.url = _normalised(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self._file = Path(make_url(self.url).database or "") if self.is_sqlite else None
        self.engine = _engine(self.url) if not self.is_sqlite else _sqlite(self.url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that only reads; a file that is not there is not made by it."""
        if not self.is_there:
            raise StoreError(_NOT_THERE)
        with self._translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, patience_ms: int = BUSY_MS) -> Iterator[Connection]:
        """Yield a connection in a transaction that is committed on leaving, or undone by an error.

        Args:
            patience_ms: How long to wait for another writer on SQLite; on PostgreSQL only who writes the same rows waits.
        """
        with self._translated(), self._marked() as connection, self._patient(connection, patience_ms), connection.begin():
            yield connection

    def _marked(self) -> Connection:
        """Return a connection that will write; the call belongs inside `_translated`, as connecting alone can fail."""
        return self.engine.connect().execution_options(**{_WRITE: True})

    @contextmanager
    def _patient(self, connection: Connection, patience_ms: int) -> Iterator[None]:
        if not self.is_sqlite or patience_ms == BUSY_MS:
            yield
            return
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA busy_timeout={patience_ms}")
        try:
            yield
        finally:
            driver.execute(f"PRAGMA busy_timeout={BUSY_MS}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        driver: Any = self.engine.dialect.dbapi
        try:
            yield
        except OperationalError as exc:
            raise StoreError(_sentence(_first_line(exc.orig or exc))) from exc
        except DBAPIError as exc:
            text = _first_line(exc.orig or exc)
            raise StoreError(_NOT_THERE if _lacks_a_table(text) else f"The database refused: {text}. Nothing was changed.") from exc
        except driver.Error as exc:  # from the bulk roads, which speak to the driver
            raise StoreError(_sentence(_first_line(exc))) from exc

    @property
    def is_there(self) -> bool:
        """Tell whether there is a file, or a server that has to be asked."""
        try:
            return self._file is None or bool(self._file.stat())
        except FileNotFoundError:
            return False
        except OSError:
            return True  # connecting says what is wrong with it

    def has_schema(self) -> bool:
        """Tell whether the tables are there."""
        with self.reading() as connection:
            return inspect(connection).has_table("daily_costs")

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def put(connection: Connection, table: Any, row: dict[str, Any]) -> None:
    """Insert *row*, or put it in the place of the one with the same primary key; two writers at once both succeed."""
    put_all(connection, table, [row])


def put_all(connection: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Insert *rows*, each in the place of the one with its primary key; in the order of these two writers at once both succeed."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as upsert  # noqa: PLC0415
    else:
        from sqlalchemy.dialects.postgresql import insert as upsert  # type: ignore[assignment]  # noqa: PLC0415 - slow to import

    keys = [column.name for column in table.__table__.primary_key]
    statement = upsert(table)
    new = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    ordered = sorted(rows, key=lambda row: tuple(row[key] for key in keys))
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), ordered)


def _normalised(url: str) -> str:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as exc:
        raise ConfigError("[store] url is no database URL; write sqlite:///aispend.db or postgresql://user@host/name.") from exc
    if "@" in (parsed.host or ""):
        raise ConfigError("[store] url has two @; write one that belongs to the password as %40.")
    if parsed.drivername == "sqlite" and (parsed.host or parsed.database in {None, "", ":memory:"}):
        raise ConfigError("[store] url names no file; write sqlite:///aispend.db (three slashes), or four for an absolute path.")
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise ConfigError(f"[store] url names {parsed.drivername}; SQLite and PostgreSQL are supported.")
    return parsed.render_as_string(hide_password=False)


def _engine(url: str) -> Engine:
    return create_engine(url, pool_pre_ping=True)


def _sqlite(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:" and not Path(path).parent.is_dir():
        raise ConfigError(f"[store] url names {path}, but there is no folder {Path(path).parent}. Create it first.")
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_MS}",
            "cache_size=-65536",
            "threads=2",  # for the sorting of new indexes
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that will write takes the lock at once, so that two never wait for each other half-way.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITE) else "BEGIN")

    return engine


def _sentence(text: str) -> str:
    if "locked" in text:
        return f"The database is in use by another writer for more than {BUSY_MS // 1000} s. Nothing was changed; try again."
    if "full" in text or "No space" in text:
        return "The disk that holds the database is full. Nothing was changed; make room and try again."
    if "I/O error" in text:
        return "The disk that holds the database cannot be written or read. Nothing was changed; see to the disk and try again."
    if _lacks_a_table(text):
        return _NOT_THERE
    return f"The database could not do it: {text}. Nothing was changed."


_NOT_THERE = (
    "There is no ledger here yet, or one of an older version of this program. Run `aispend db upgrade`, which makes an empty one or "
    "brings it up to date; then load a bill: aispend ingest KIND FILE."
)


def _lacks_a_table(text: str) -> bool:
    """Tell whether the database says that a table or a column is not there, as SQLite and PostgreSQL word it."""
    return "no such table" in text or "no such column" in text or ("does not exist" in text and ("relation" in text or "column" in text))


def _first_line(exc: BaseException) -> str:
    return (str(exc).strip().splitlines() or [type(exc).__name__])[0]

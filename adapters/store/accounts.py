"""Accounts, documents and received deliveries in the database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from adapters.store.database import Database, put
from adapters.store.tables import AccountRow, DocumentRow, ReceivedRow
from bot.domain.account import Account, Binding, State

KEPT = timedelta(hours=1)
"""How long the key of a delivery is remembered; Slack repeats for some minutes."""


class SqlAccounts:
    """Bindings on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, account: Account) -> Binding | None:
        """Return the binding of *account*."""
        with self._database.reading() as connection:
            row = connection.execute(select(AccountRow).where(*_of(account))).first()
        return _binding(row) if row else None

    def save(self, binding: Binding, instead_of: Binding | None = None) -> bool:
        """Put *binding* in the place of the account's former one; see `bot.ports.Accounts`."""
        account = binding.account
        row = {
            "platform": account.platform,
            "space": account.space,
            "user": account.user,
            "email": binding.email,
            "state": binding.state.value,
            "checked_at": binding.checked_at,
            "changed_by": binding.by,
        }
        with self._database.writing() as connection:
            if instead_of:
                there = connection.execute(select(AccountRow).where(*_of(account)).with_for_update()).first()
                if there is None or _binding(there) != instead_of:
                    return False
            put(connection, AccountRow, row)
        return True

    def every(self, email: str | None = None) -> list[Binding]:
        """Return all bindings, or those of *email*."""
        query = select(AccountRow).order_by(col(AccountRow.platform), col(AccountRow.space), col(AccountRow.user))
        if email is not None:
            query = query.where(col(AccountRow.email) == email)
        with self._database.reading() as connection:
            return [_binding(row) for row in connection.execute(query)]

    def of(self, emails: Collection[str]) -> list[Binding]:
        """Return the bindings of *emails* that are live."""
        query = select(AccountRow).where(col(AccountRow.email).in_(emails))
        order = (col(AccountRow.platform), col(AccountRow.space), col(AccountRow.user))
        with self._database.reading() as connection:
            return [found for row in connection.execute(query.order_by(*order)) if (found := _binding(row)).is_live]


class SqlDocuments:
    """Documents on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, kind: str, key: str) -> str | None:
        """Return the text."""
        query = select(col(DocumentRow.body)).where(col(DocumentRow.kind) == kind, col(DocumentRow.key) == key)
        with self._database.reading() as connection:
            return connection.execute(query).scalar()

    def every(self, kind: str) -> dict[str, str]:
        """Return the texts of *kind* by key."""
        query = select(col(DocumentRow.key), col(DocumentRow.body)).where(col(DocumentRow.kind) == kind)
        with self._database.reading() as connection:
            return {str(row.key): str(row.body) for row in connection.execute(query)}

    def of(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        """Return the texts of *kind* that there are under *keys*."""
        mine = (col(DocumentRow.kind) == kind) & col(DocumentRow.key).in_(keys)
        query = select(col(DocumentRow.key), col(DocumentRow.body)).where(mine)
        with self._database.reading() as connection:
            return {str(row.key): str(row.body) for row in connection.execute(query)}

    def put(self, kind: str, key: str, text: str) -> None:
        """Keep *text*."""
        with self._database.writing() as connection:
            put(connection, DocumentRow, {"kind": kind, "key": key, "body": text})

    def drop(self, kind: str, key: str) -> None:
        """Forget the text."""
        with self._database.writing() as connection:
            connection.execute(delete(DocumentRow).where(col(DocumentRow.kind) == kind, col(DocumentRow.key) == key))

    def keys(self, kind: str, prefix: str = "") -> list[str]:
        """Return the keys of *kind* that begin with *prefix*."""
        query = select(col(DocumentRow.key)).where(col(DocumentRow.kind) == kind)
        with self._database.reading() as connection:
            return sorted(key for key in connection.execute(query).scalars() if key.startswith(prefix))


class SqlReceived:
    """Deliveries remembered in the database, for replicas that share it."""

    takes_time = True

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_first(self, key: str, now: datetime) -> bool:
        """Remember *key* and tell whether it was new."""
        try:
            with self._database.engine.connect() as connection, connection.begin():
                connection.execute(insert(ReceivedRow), {"key": key, "at": now})
                connection.execute(delete(ReceivedRow).where(col(ReceivedRow.at) < now - KEPT))
        except IntegrityError:
            return False
        return True


class RememberedReceived:
    """Deliveries remembered in this process: for a store with one writer, which an ingest may hold for a minute."""

    takes_time = False

    def __init__(self) -> None:
        self._seen: dict[str, datetime] = {}

    def is_first(self, key: str, now: datetime) -> bool:
        """Remember *key* and tell whether it was new."""
        while self._seen:
            oldest, at = next(iter(self._seen.items()))
            if now - at < KEPT:
                break
            del self._seen[oldest]
        if key in self._seen:
            return False
        self._seen[key] = now
        return True


def received(database: Database) -> SqlReceived | RememberedReceived:
    """Return what fits *database*: SQLite has one `serve`, PostgreSQL any number."""
    return RememberedReceived() if database.is_sqlite else SqlReceived(database)


def _of(account: Account) -> tuple[Any, ...]:
    return (
        col(AccountRow.platform) == account.platform,
        col(AccountRow.space) == account.space,
        col(AccountRow.user) == account.user,
    )


def _binding(row: Any) -> Binding:
    return Binding(Account(row.platform, row.space, row.user), row.email, State(row.state), row.checked_at, row.changed_by)

"""Jobs in the database: which replica does what, until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlmodel import col

from adapters.store.database import Database, put
from adapters.store.tables import MarkRow, PaceRow

_PREFIX = "job "


class SqlJobs:
    """Leases of jobs on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, job: str, worker: str, now: datetime, until: datetime) -> bool:
        """Take *job* for *worker* until *until*; False while another has it."""
        name = _PREFIX + job
        with self._database.writing() as connection:
            put(connection, MarkRow, {"name": f"{name} guard", "value": worker})  # two at once: the second waits here
            held = connection.execute(select(col(MarkRow.value)).where(col(MarkRow.name) == name)).scalar()
            if held:
                holder, _, ends = str(held).partition(" ")
                if holder != worker and now < datetime.fromisoformat(ends) <= until:  # a later end comes from a clock that was ahead
                    return False
            put(connection, MarkRow, {"name": name, "value": f"{worker} {until.astimezone(UTC).isoformat()}"})
        return True

    def give_back(self, job: str, worker: str) -> None:
        """Let others take *job* now."""
        mine = (col(MarkRow.name) == _PREFIX + job) & col(MarkRow.value).startswith(f"{worker} ")
        with self._database.writing() as connection:
            connection.execute(delete(MarkRow).where(mine))

    def sweep(self, now: datetime) -> None:
        """Forget the turns of places that are long free."""
        with self._database.writing() as connection:
            connection.execute(delete(PaceRow).where(col(PaceRow.next_at) < now - timedelta(hours=1)))

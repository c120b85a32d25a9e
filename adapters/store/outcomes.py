"""Outcomes in the database: what was got done, replaced by whole days of a source."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, delete, func, insert, literal, select, union_all

from adapters.store.database import Database
from adapters.store.tables import OutcomeRow, day_number, day_of
from bot.domain.outcome import DECIMALS, Outcome
from bot.domain.period import Window
from bot.ports import Counted, Delivered, Owner

_AT_ONCE = 400
"""Selects in one statement; SQLite takes five hundred."""
_TABLE: Any = OutcomeRow
_OF = _TABLE.__table__.c


class SqlOutcomes:
    """Outcomes on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def delivered(self, of: Collection[tuple[str, str]]) -> list[Delivered]:
        """Return how far each source and kind of *of* reaches; each end is one step into an index."""
        keys = sorted(of)
        with self._database.reading() as connection:
            rows = [
                row
                for start in range(0, len(keys), _AT_ONCE)
                for row in connection.execute(union_all(*(_ends(*key) for key in keys[start : start + _AT_ONCE])))
            ]
        return [Delivered(source, kind, Window(day_of(first), day_of(last + 1))) for source, kind, first, last in rows if first is not None]

    def counts(self, window: Window) -> list[Counted]:
        """Return the outcomes of *window* per source, kind, team and project."""
        key = (_OF.source, _OF.kind, _OF.team, _OF.project)
        within = _OF.day >= day_number(window.start), _OF.day < day_number(window.end)
        query = select(*key, func.sum(_OF.counted)).where(*within).group_by(*key)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return sorted((Counted(*row[:4], _plain(row[4])) for row in rows), key=lambda c: (c.source, c.kind, c.team, c.project))

    def since(self, of: Collection[Owner]) -> dict[Owner, date]:
        """Return the first day that was stated of each of *of*; each is read from an index up to its first line."""
        owners = list(of)
        firsts = [_first(number, owner) for number, owner in enumerate(owners)]
        with self._database.reading() as connection:
            rows = [
                row for start in range(0, len(firsts), _AT_ONCE) for row in connection.execute(union_all(*firsts[start : start + _AT_ONCE]))
            ]
        return {owners[n]: day_of(first) for n, first in rows if first is not None}

    def of(self, source: str, days: Collection[date]) -> list[Outcome]:
        """Return what *source* says of *days*."""
        rows = self._rows(_OF.source == source, days)
        found = [Outcome(row.kind, day_of(row.day), row.team, row.project, _plain(row.counted)) for row in rows]
        return sorted(found, key=lambda o: (o.day, o.kind, o.team, o.project))

    def stated_by_others(self, source: str, days: Collection[date]) -> dict[tuple[date, str, str, str], str]:
        """Return who else states which day, kind, team and project of *days*."""
        return {(day_of(row.day), row.kind, row.team, row.project): row.source for row in self._rows(_OF.source != source, days)}

    def replace(self, source: str, days: Collection[date], outcomes: Sequence[Outcome]) -> None:
        """Put *outcomes* in the place of what *source* had said of *days*, in one transaction."""
        with self._database.writing() as connection:
            connection.execute(delete(OutcomeRow).where(_OF.source == source, _on(days)))
            if outcomes:
                connection.execute(insert(OutcomeRow), [_row(source, outcome) for outcome in outcomes])

    def _rows(self, of: Any, days: Collection[date]) -> list[Any]:
        with self._database.reading() as connection:
            return list(connection.execute(select(OutcomeRow).where(of, _on(days))))


def _ends(source: str, kind: str) -> Select[Any]:
    first, last = (select(end(_OF.day)).where(_OF.source == source, _OF.kind == kind).scalar_subquery() for end in (func.min, func.max))
    return select(literal(source), literal(kind), first, last)


def _first(number: int, owner: Owner) -> Select[Any]:
    is_theirs = [_OF.source == owner.source, _OF.kind == owner.kind, _OF.team == owner.team]
    is_theirs += [_OF.project == owner.project] if owner.project is not None else []
    return select(literal(number), select(func.min(_OF.day)).where(*is_theirs).scalar_subquery())


def _on(days: Iterable[date]) -> Any:
    return _OF.day.in_([day_number(day) for day in days])


def _row(source: str, outcome: Outcome) -> dict[str, object]:
    return {
        "source": source,
        "day": day_number(outcome.day),
        "kind": outcome.kind,
        "team": outcome.team,
        "project": outcome.project,
        "counted": int(outcome.count.scaleb(DECIMALS)),
    }


def _plain(millionths: int) -> Decimal:
    """Return a stored count: `40`, `2.5`."""
    return Decimal(f"{Decimal(int(millionths)).scaleb(-DECIMALS).normalize():f}")

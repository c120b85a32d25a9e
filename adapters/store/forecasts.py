"""Forecasts in the database, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Date, and_, bindparam, delete, exists, func, insert, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col

from adapters.store.database import BUSY_MS, Database, put_all
from adapters.store.tables import ForecastRow, ShownForecastRow
from bot.domain.foretold import Foretold
from bot.domain.money import Money

_KEY = ("budget", "subject", "period_start")
_FIELDS = (*_KEY, "as_of", "point", "low", "high", "limit", "currency", "over", "early", "middle", "late", "days", "version")
_HURRIED_MS, _ASKED = 1_000, 500


class SqlForecasts:
    """What people were told to expect."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, found: Sequence[Foretold]) -> None:
        """Store *found*; of one subject, period and day the newest stays."""
        if found:
            with self._database.writing() as connection:
                _keep(connection, found)

    def renew(self, found: Sequence[Foretold], periods: Collection[tuple[str, date]], since: date) -> None:
        """Store *found* as all that is expected by now; see `bot.ports.Forecasts`."""
        made: defaultdict[tuple[str, date], set[str]] = defaultdict(set)
        for one in found:
            made[one.budget, one.period_start].add(one.subject)
        with self._database.writing() as connection:
            if found:
                _drop(connection, [_names(one) for one in found], is_later=True)
                _keep(connection, found)
            for budget, start in sorted(periods):
                names = {"of_budget": budget, "of_period_start": start, "of_as_of": since}
                lost = _subjects(connection, budget, start, since) - made[budget, start]
                _drop(connection, [names | {"of_subject": subject} for subject in sorted(lost)], is_later=True)

    def newest(self, since: date) -> dict[tuple[str, str, date], Foretold]:
        """Return the newest forecast of each budget, subject and period that begins on *since* or later."""
        last = select(*_columns(*_KEY), func.max(col(ForecastRow.as_of)).label("last")).where(col(ForecastRow.period_start) >= since)
        newest = last.group_by(*_columns(*_KEY)).subquery()
        same = and_(*(getattr(newest.c, name) == getattr(ForecastRow, name) for name in _KEY), newest.c.last == col(ForecastRow.as_of))
        with self._database.reading() as connection:
            rows = connection.execute(select(*_columns(*_FIELDS)).join(newest, same))
            return {(one.budget, one.subject, one.period_start): one for one in map(_foretold, rows)}

    def find(self, budget: str, subject: str, period_start: date, by: date | None = None) -> Foretold | None:
        """Return the newest forecast of one subject, of those as of the day *by* or an earlier one where it is given."""
        values = zip(_columns(*_KEY), (budget, subject, period_start), strict=True)
        query = select(*_columns(*_FIELDS)).where(*(column == value for column, value in values))
        query = query if by is None else query.where(col(ForecastRow.as_of) <= by)
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(col(ForecastRow.as_of).desc()).limit(1)).first()
        return _foretold(row) if row else None

    def of_period(self, period_start: date, days: Collection[date]) -> list[Foretold]:
        """Return the forecasts of periods that began on *period_start* as of any of *days*."""
        where = col(ForecastRow.period_start) == period_start, col(ForecastRow.as_of).in_(days)
        with self._database.reading() as connection:
            return [_foretold(row) for row in connection.execute(select(*_columns(*_FIELDS)).where(*where))]

    def note_shown(self, found: Sequence[Foretold], *, kept: Sequence[Foretold] = (), is_hurried: bool = False) -> int:
        """Note that *found* was put before somebody; see `bot.ports.Forecasts`."""
        by_key = {_key(one): one for one in found}
        known = self._shown_before(list(by_key))
        new = [_row(one) for key, one in by_key.items() if known.get(key) != one]
        if new:
            with self._database.writing(_HURRIED_MS if is_hurried else BUSY_MS) as connection:
                put_all(connection, ShownForecastRow, new)
                if kept:
                    _keep(connection, kept)
        return len(new)

    def _shown_before(self, keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], Foretold]:
        if not keys:
            return {}
        columns, same = _columns(*_FIELDS, of=ShownForecastRow), tuple_(*_columns(*_KEY, "as_of", of=ShownForecastRow))
        parts = [keys[first : first + _ASKED] for first in range(0, len(keys), _ASKED)]
        with self._database.reading() as connection:
            rows = [row for part in parts for row in connection.execute(select(*columns).where(same.in_(part)))]
        return {_key(one): one for one in map(_foretold, rows)}

    def shown(self, period_start: date) -> list[Foretold]:
        """Return what was shown of periods that began on *period_start*."""
        query = select(*_columns(*_FIELDS, of=ShownForecastRow)).where(col(ShownForecastRow.period_start) == period_start)
        with self._database.reading() as connection:
            return [_foretold(row) for row in connection.execute(query)]

    def forget(self, before: date, kept_since: Callable[[date, date], date | None]) -> int:
        """Drop those as of a day before *before* that are no milestones, by the start of their period and the day."""
        days = select(*_columns("period_start", "as_of")).where(col(ForecastRow.as_of) < before).distinct()
        with self._database.reading() as connection:
            found = [(start, day, kept_since(start, day)) for start, day in connection.execute(days)]
        dropped = [_old(start, day) for start, day, since in found if since is None]
        dropped += [and_(_old(start, day), _has_earlier(since)) for start, day, since in found if since and since < day]
        with self._database.writing() as connection:
            return sum(int(connection.execute(delete(ForecastRow).where(old)).rowcount) for old in dropped)


def _keep(connection: Connection, found: Sequence[Foretold]) -> None:
    _drop(connection, [_names(one) for one in found])
    connection.execute(insert(ForecastRow), [_row(one) for one in found])


def _drop(connection: Connection, names: Sequence[dict[str, Any]], *, is_later: bool = False) -> None:
    """Drop forecasts by subject, period and day; *is_later*: those as of later days, too."""
    same = [column == bindparam(f"of_{column.key}") for column in _columns(*_KEY)]
    as_of, day = col(ForecastRow.as_of), bindparam("of_as_of", type_=Date)
    if names:
        connection.execute(delete(ForecastRow).where(*same, as_of >= day if is_later else as_of == day), names)


def _names(one: Foretold) -> dict[str, Any]:
    return {f"of_{name}": getattr(one, name) for name in (*_KEY, "as_of")}


def _subjects(connection: Connection, budget: str, start: date, since: date) -> set[str]:
    where = col(ForecastRow.budget) == budget, col(ForecastRow.period_start) == start, col(ForecastRow.as_of) >= since
    return set(connection.execute(select(col(ForecastRow.subject)).where(*where).distinct()).scalars())


def _old(start: date, as_of: date) -> Any:
    return and_(col(ForecastRow.period_start) == start, col(ForecastRow.as_of) == as_of)


def _has_earlier(since: date) -> Any:
    """Return whether the same subject has one as of an earlier day, from *since* on."""
    other: Any = aliased(ForecastRow)
    same = (getattr(other, name) == getattr(ForecastRow, name) for name in _KEY)
    return exists().where(*same, other.as_of >= since, other.as_of < col(ForecastRow.as_of))


def _columns(*names: str, of: Any = ForecastRow) -> list[Any]:
    return [col(getattr(of, name)) for name in names]


def _key(one: Foretold) -> tuple[Any, ...]:
    return one.budget, one.subject, one.period_start, one.as_of


def _row(one: Foretold) -> dict[str, Any]:
    return {
        "budget": one.budget,
        "subject": one.subject,
        "period_start": one.period_start,
        "as_of": one.as_of,
        "point": one.point.nanos,
        "low": one.low.nanos,
        "high": one.high.nanos,
        "limit": one.limit.nanos,
        "currency": one.point.currency,
        "over": str(one.over),
        "early": one.early,
        "middle": one.middle,
        "late": one.late,
        "days": one.days,
        "version": one.version,
    }


def _foretold(row: Any) -> Foretold:
    """Return the forecast of a row of `_FIELDS`."""
    budget, subject, period_start, as_of, point, low, high, limit, currency, over, early, middle, late, days, version = row
    costs = Money(point, currency), Money(low, currency), Money(high, currency), Money(limit, currency)
    return Foretold(budget, subject, period_start, as_of, *costs, Decimal(over), early, middle, late, days, version)

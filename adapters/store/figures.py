"""Figures: questions to the ledger, each a single statement over a covering index or the roll-ups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from adapters.store.database import Database
from adapters.store.labels import named, numbered, projects_called, scoped
from adapters.store.rollups import Grain, Rollup
from adapters.store.tables import DailyCostRow, day_number, day_of
from bot.domain.period import Window, add_months, first_of_month
from bot.ports import Billed, Cost, CostScope, Daily, Dimension, Member, Parts, Ranking, UnallocatedKey, Used

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ROLLUPS = {
    Dimension.SOURCE: Rollup.SOURCE,
    Dimension.PERSON: Rollup.PERSON,
    Dimension.TEAM: Rollup.TEAM,
    Dimension.PROJECT: Rollup.PROJECT,
    Dimension.MODEL: Rollup.MODEL,
    Dimension.TOOL: Rollup.TOOL,
    Dimension.PROVIDER: Rollup.PROVIDER,
    Dimension.DAY: Rollup.ALL,
}
_KEYS = {
    Dimension.DAY: "d.day",
    Dimension.SOURCE: "d.source_id",
    Dimension.PERSON: "d.person_id",
    Dimension.TEAM: "d.team_id",
    Dimension.PROJECT: "d.project_id",
    Dimension.MODEL: "l.model_id",
    Dimension.TOOL: "l.tool_id",
    Dimension.PROVIDER: "l.provider_id",
}
_NEEDS_LINE = {Dimension.MODEL, Dimension.TOOL, Dimension.PROVIDER}
TOKEN_COLUMNS = [name for name in DailyCostRow.model_fields if name.endswith("_tokens")]
"""The columns of the token classes, in the ledger's order."""
_USED = f"d.person_id, d.team_id, l.provider_id, {', '.join(f'SUM(d.{name})' for name in TOKEN_COLUMNS)}, SUM(d.billed + d.estimated)"
_USED_BY = ", d.person_id, d.team_id, l.provider_id, l.consumed_unit, l.charge_category"
_SUMS = "CAST(SUM(d.billed) AS BIGINT), CAST(SUM(d.estimated) AS BIGINT)"
"""As whole numbers: PostgreSQL adds these up to decimal ones."""


_STRANGER = "WHEN d.principal_id IN (SELECT id FROM labels WHERE kind = 'principal' AND value LIKE '%@%') THEN -d.principal_id"
"""Who is billed by an e-mail is a person, known or not."""


class SqlFigures:
    """Answers from SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def costs(self, scope: CostScope, window: Window, by: Dimension) -> list[Cost]:
        """Return the cost of *window* per key; see `bot.ports.Figures`."""
        if not len(window):
            return []
        with self._database.reading() as connection:
            found = self._sums(connection, scope, window, by)
            names = {} if by is Dimension.DAY else named(connection, found)
        rows = [Cost(day_of(k).isoformat() if by is Dimension.DAY else names.get(k, ""), *v) for k, v in found.items() if any(v)]
        return sorted(rows, key=lambda c: c.key) if by is Dimension.DAY else sorted(rows, key=lambda c: (-c.total, c.key))

    def highest(self, scope: CostScope, window: Window, by: Dimension, count: int) -> Ranking:
        """Return the *count* highest keys of `costs` and what the others come to."""
        if not scope.is_everything or by is Dimension.DAY or not len(window):
            rows = sorted(((c.key, c.total) for c in self.costs(scope, window, by) if c.total), key=_highest_first)
            return Ranking(tuple(rows[:count]), len(rows[count:]), sum(total for _, total in rows[count:]))
        sql, params = _ranked(_ROLLUPS[by], window)
        with self._database.reading() as connection:
            found = connection.execute(text(sql), params | {"count": count}).all()
            names = named(connection, {row.k for row in found})
        rows = sorted(((names.get(row.k, ""), int(row.c)) for row in found), key=_highest_first)
        keys, whole = (found[0].keys_, int(found[0].whole)) if found else (0, 0)
        return Ranking(tuple(rows), keys - len(rows), whole - sum(total for _, total in rows))

    def total(self, scope: CostScope, window: Window) -> Cost:
        """Return the cost of *window* as one row."""
        rows = self.costs(scope, window, Dimension.SOURCE)
        return Cost("", sum(row.billed for row in rows), sum(row.estimated for row in rows))

    def contributors(self, scope: CostScope, window: Window, *by: Dimension) -> dict[tuple[str, ...], frozenset[int]]:
        """Return who stands behind each combination of keys, by numbers; those of e-mails that the directory does not know are negative."""
        who = f"CASE WHEN d.billed = 0 AND d.estimated = 0 THEN 0 WHEN d.person_id > 0 THEN d.person_id {_STRANGER} ELSE 0 END"
        keys = [f"{_KEYS[dimension]} AS k{place}" for place, dimension in enumerate(by)]
        found: defaultdict[tuple[int, ...], set[int]] = defaultdict(set)
        with self._database.reading() as connection:
            rows, params = _rows(connection, scope, window, by)
            sql = f"SELECT DISTINCT {', '.join([*keys, f'{who} AS who'])} FROM {rows}"  # noqa: S608 - our names
            for *numbers, person in _plain(connection, text(sql), params):
                found[tuple(numbers)] |= {person} - {0}
            names = named(connection, {number for numbers in found for number in numbers})
        return {tuple(names.get(number, "") for number in numbers): frozenset(people) for numbers, people in found.items()}

    def matrix(self, window: Window, by: Dimension, other: Dimension) -> dict[str, dict[str, int]]:
        """Return the cost of *window* for every pair of keys."""
        found: defaultdict[str, dict[str, int]] = defaultdict(dict)
        with self._database.reading() as connection:
            rows = _plain(connection, *_crossed(window, by, other))
            names = named(connection, {number for one, two, _ in rows for number in (one, two)})
        for one, two, cost in rows:
            if cost:
                found[names.get(one, "")][names.get(two, "")] = cost
        return dict(found)

    def by_day(self, window: Window, by: Dimension) -> Daily:
        """Return the cost of each day of *window* for every key."""
        return self._by_day(window, _by_day(window, by))

    def tokens_by_day(self, window: Window) -> Daily:
        """Return the tokens of each day of *window* for every team."""
        return self._by_day(window, (text(_TOKENS_BY_DAY), _days(window)))

    def _by_day(self, window: Window, question: tuple[Any, dict[str, int]]) -> Daily:
        """Return what *question* says of each key and day."""
        import numpy as np  # noqa: PLC0415 - questions must not wait for it

        with self._database.reading() as connection:
            keys, days, cost = _columns(_plain(connection, *question), 3)
            numbers, places = np.unique(keys, return_inverse=True)
            names = named(connection, numbers)
        costs = np.zeros((len(numbers), len(window)), dtype=np.int64)
        costs[places, days - day_number(window.start)] = cost
        return Daily(tuple(names.get(int(number), "") for number in numbers), window, costs)

    def usage(self, scope: CostScope, window: Window) -> list[Used]:
        """Return what was used in *window*; see `bot.ports.Figures`."""
        with self._database.reading() as connection:
            rows = connection.execute(*_daily(connection, scope, window, Dimension.MODEL, _USED, _USED_BY)).all()
            of = named(connection, {number for row in rows for number in row[:4]}).get
        found = (
            Used(of(who, ""), of(team, ""), of(provider, ""), of(model, ""), tuple(map(int, tokens)), int(cost))
            for model, who, team, provider, *tokens, cost in rows
        )
        return sorted(found, key=lambda u: (u.person, u.team, u.provider, u.model, u.tokens, u.cost))

    def billed(self, window: Window, currency: str, of: tuple[str, str] | None = None) -> list[Billed]:
        """Return what was billed in *currency* for tokens; see `bot.ports.Figures`."""
        params = _days(window) | {"currency": currency}
        with self._database.reading() as connection:
            query = _BILLED.format(only="", by="")
            if of:
                numbers = [numbered(connection, kind, [name])[0] for kind, name in zip(("provider", "model"), of, strict=True)]
                params |= dict(zip(("provider", "model"), numbers, strict=True))
                query = _BILLED.format(only=_BILLED_OF, by=", d.person_id, d.principal_id")
            rows = connection.execute(text(query), params).all()
            names = named(connection, {number for row in rows for number in row[:2]})
        found = (
            Billed(names.get(provider, ""), names.get(model, ""), day_of(day), tuple(map(int, tokens)), int(original), int(cost))
            for provider, model, day, *tokens, original, cost in rows
        )
        return sorted(found, key=lambda row: (row.provider, row.model, row.day, row.tokens, row.cost))

    def parts_by_day(self, window: Window, member: Member) -> Parts:
        """Return the cost of each day of *window* for every *member* within every team."""
        import numpy as np  # noqa: PLC0415 - questions must not wait for it

        with self._database.reading() as connection:
            teams, keys, days, cost = _columns(_plain(connection, text(_PARTS[member]), _days(window)), 4)
            pairs, places = np.unique(np.stack([teams, keys]), axis=1, return_inverse=True)
            names = named(connection, np.unique(pairs))
        costs = np.zeros((pairs.shape[1], len(window)), dtype=np.int64)
        costs[places.reshape(-1), days - day_number(window.start)] = cost
        of, who = ([names.get(int(number), "") for number in row] for row in pairs)
        return Parts(tuple(of), tuple(who), window, costs)

    def unallocated(self, window: Window) -> list[UnallocatedKey]:
        """Return the principals whose cost nobody owns, highest first."""
        params = {"start": day_number(window.start), "end": day_number(window.end)}
        with self._database.reading() as connection:
            rows = connection.execute(text(_UNALLOCATED), params).all()
            names = named(connection, {number for row in rows for number in (row.principal_id, row.source_id, row.project_id)})
            owners = self._likely_owners(connection, {row.project_id for row in rows if row.project_id}, params)
        return [
            UnallocatedKey(
                names.get(row.principal_id, ""), names.get(row.source_id, ""), int(row.cost), day_of(row.first_seen), day_of(row.last_seen),
                names.get(row.project_id, ""), owners.get(row.project_id),
            )
            for row in rows
        ]  # fmt: skip

    def projects(self) -> list[str]:
        """Return the names of all projects."""
        with self._database.reading() as connection:
            return sorted(str(value) for (value,) in connection.execute(text("SELECT value FROM labels WHERE kind = 'project'")))

    def has_project(self, name: str) -> str | None:
        """Return the project's name as the ledger spells it."""
        with self._database.reading() as connection:
            return min((value for _, value in projects_called(connection, name)), default=None)

    def _sums(self, connection: Connection, scope: CostScope, window: Window, by: Dimension) -> dict[int, tuple[int, int]]:
        rolled = _rolled_scope(scope, by)
        if rolled is None:
            return _collect(connection.execute(*_daily(connection, scope, window, by)))
        rollup, key = rolled
        if key is not None:
            number = numbered(connection, *key)
            return _from_rollup(connection, rollup, window, number, by)
        return _from_rollup(connection, rollup, window, None, by)

    def _likely_owners(self, connection: Connection, projects: set[int], params: dict[str, int]) -> dict[int, str]:
        """Return per project who spent most in it: somebody to ask, not an owner."""
        if not projects:
            return {}
        query = text(_LIKELY.format(projects=", ".join(str(int(p)) for p in projects)))
        best: dict[int, int] = {}
        for row in connection.execute(query, params):
            best.setdefault(row.project_id, row.person_id)
        names = named(connection, best.values())
        return {project: names[person] for project, person in best.items() if person in names}


_UNALLOCATED = """
SELECT d.principal_id, d.source_id, d.project_id, MIN(d.day) AS first_seen, MAX(d.day) AS last_seen,
       SUM(CASE WHEN d.day >= :start AND d.day < :end THEN d.billed + d.estimated ELSE 0 END) AS cost
FROM daily_costs d JOIN lines l ON l.id = d.line_id
WHERE d.team_id = 0 AND d.person_id = 0 AND l.allocated_by = '' AND d.day < :end
GROUP BY d.principal_id, d.source_id, d.project_id
HAVING SUM(CASE WHEN d.day >= :start AND d.day < :end THEN 1 ELSE 0 END) > 0
ORDER BY cost DESC, d.principal_id
"""
_LIKELY = """
SELECT d.project_id, d.person_id, SUM(d.billed + d.estimated) AS cost FROM daily_costs d
WHERE d.project_id IN ({projects}) AND d.person_id > 0 AND d.day >= :start AND d.day < :end
GROUP BY d.project_id, d.person_id ORDER BY d.project_id, cost DESC, d.person_id
"""


_TOKENS_BY_DAY = f"""
SELECT d.team_id AS k, d.day, SUM({" + ".join(f"d.{name}" for name in TOKEN_COLUMNS)}) AS tokens FROM daily_costs d
WHERE d.day >= :start AND d.day < :end GROUP BY k, d.day
"""  # noqa: S608 - our names
_BILLED = f"""
SELECT l.provider_id, l.model_id, d.day, {", ".join(f"SUM(d.{name})" for name in TOKEN_COLUMNS)}, SUM(d.original), SUM(d.billed)
FROM daily_costs d JOIN lines l ON l.id = d.line_id
WHERE d.day >= :start AND d.day < :end AND d.billed <> 0 AND d.estimated = 0 AND l.billing_currency = :currency AND l.model_id > 0
  AND {" + ".join(f"d.{name}" for name in TOKEN_COLUMNS)} > 0{{only}}
GROUP BY l.provider_id, l.model_id, d.day{{by}}
"""  # noqa: S608 - our names
_BILLED_OF = " AND l.provider_id = :provider AND l.model_id = :model"
_PART = """
SELECT d.team_id, {key} AS k, d.day, SUM(d.billed + d.estimated) AS cost FROM daily_costs d{join}
WHERE d.day >= :start AND d.day < :end AND d.team_id > 0 AND {condition} GROUP BY d.team_id, k, d.day
"""
_PARTS = {
    Member.PERSON: _PART.format(key="d.person_id", join="", condition="d.person_id > 0"),
    Member.KEY: _PART.format(key="d.principal_id", join="", condition="d.person_id = 0 AND d.principal_id > 0"),
    Member.MODEL: _PART.format(key="l.model_id", join=" JOIN lines l ON l.id = d.line_id", condition="l.model_id > 0"),
}


def _days(window: Window) -> dict[str, int]:
    return {"start": day_number(window.start), "end": day_number(window.end)}


def _columns(rows: Sequence[Any], count: int) -> NDArray[np.int64]:
    """Return *count* columns of whole numbers."""
    import numpy as np  # noqa: PLC0415 - questions must not wait for it

    return np.fromiter(map(int, chain.from_iterable(rows)), np.int64, count * len(rows)).reshape(-1, count).T


def _rolled_scope(scope: CostScope, by: Dimension) -> tuple[Rollup, tuple[str, list[str]] | None] | None:
    """Return the roll-up that answers (and the label it is restricted to), None where only daily rows do."""
    if scope.is_everything:
        return _ROLLUPS[by], None
    if by is not Dimension.DAY:
        return None
    single = {
        Rollup.PROVIDER: ("provider", [scope.provider] if scope.provider else []),
        Rollup.MODEL: ("model", [scope.model] if scope.model else []),
        Rollup.PROJECT: ("project", [scope.project] if scope.project else []),
        Rollup.TEAM: ("team", list(scope.teams or ())),
    }
    given = [(rollup, key) for rollup, key in single.items() if key[1]]
    return given[0] if len(given) == 1 and scope.people is None else None


def _from_rollup(
    connection: Connection, rollup: Rollup, window: Window, keys: list[int] | None, by: Dimension
) -> dict[int, tuple[int, int]]:
    """Add up whole months and the days around them; a month that is mostly there is taken whole, less its other days."""
    found: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    parts = [(Grain.DAY, window, 1)] if by is Dimension.DAY else _cover(window)
    for grain, days, sign in parts:
        for key, billed, estimated in _part(connection, rollup, grain, days, keys, by):
            found[key][0] += sign * billed
            found[key][1] += sign * estimated
    return {key: (billed, estimated) for key, (billed, estimated) in found.items()}


def _highest_first(row: tuple[str, int]) -> tuple[int, str]:
    return -row[1], row[0]


def _ranked(rollup: Rollup, window: Window) -> tuple[str, dict[str, int]]:
    """Return the question for the highest keys of *rollup*, with how many keys there are and what they cost in all."""
    selects, params = [], {"rollup": int(rollup)}
    for number, (grain, days, sign) in enumerate(_cover(window)):
        params |= {f"start{number}": day_number(days.start), f"end{number}": day_number(days.end)}
        within = f">= :start{number} AND {{}} < :end{number}"
        if rollup is Rollup.PERSON and grain is Grain.DAY:
            cost, where = "person_id AS k, {} * (billed + estimated) AS c FROM daily_costs", f"day {within.format('day')}"
        else:
            cost = "key_id AS k, {} * (billed + estimated) AS c FROM period_costs"
            where = f"dimension = :rollup AND grain = {grain:d} AND start {within.format('start')}"
        selects.append(f"SELECT {cost.format(sign)} WHERE {where}")
    added = f"SELECT k, CAST(SUM(c) AS BIGINT) AS c FROM ({' UNION ALL '.join(selects)}) AS parts GROUP BY k"  # noqa: S608 - our names
    counted = f"SELECT k, c, COUNT(*) OVER () AS keys_, SUM(c) OVER () AS whole FROM ({added}) AS keyed WHERE c <> 0"  # noqa: S608
    return f"{counted} ORDER BY c DESC, k LIMIT :count", params


def _part(
    connection: Connection, rollup: Rollup, grain: Grain, days: Window, keys: list[int] | None, by: Dimension
) -> Iterable[tuple[int, int, int]]:
    params = {"rollup": int(rollup), "grain": int(grain), "start": day_number(days.start), "end": day_number(days.end)}
    if rollup is Rollup.PERSON and grain is Grain.DAY:
        sql = f"SELECT +d.person_id AS k, {_SUMS} FROM daily_costs d WHERE d.day >= :start AND d.day < :end GROUP BY k"  # noqa: S608 - our names
    else:
        column = "start" if by is Dimension.DAY else "key_id"
        chosen = f"AND key_id IN ({', '.join(str(int(k)) for k in keys)}) " if keys is not None else ""
        sql = (
            f"SELECT {column} AS k, {_SUMS} FROM period_costs d WHERE dimension = :rollup AND grain = :grain "  # noqa: S608
            f"AND start >= :start AND start < :end {chosen}GROUP BY k"
        )
    return _plain(connection, text(sql), params)


def _cover(window: Window) -> list[tuple[Grain, Window, int]]:
    """Return the months and days (with their sign) that add up to *window* with the fewest days read."""
    parts: list[tuple[Grain, Window, int]] = []
    day = window.start
    while day < window.end:
        first = first_of_month(day)
        month = Window(first, add_months(first, 1))
        here = Window(max(day, month.start), min(window.end, month.end))
        if len(here) * 2 > len(month):
            parts.append((Grain.MONTH, month, 1))
            parts += [(Grain.DAY, rest, -1) for rest in (Window(month.start, here.start), Window(here.end, month.end)) if len(rest)]
        else:
            parts.append((Grain.DAY, here, 1))
        day = month.end
    return parts


def _daily(
    connection: Connection, scope: CostScope, window: Window, by: Dimension, what: str = _SUMS, and_by: str = ""
) -> tuple[Any, dict[str, int]]:
    rows, params = _rows(connection, scope, window, (by,))
    return text(f"SELECT {_KEYS[by]} AS k, {what} FROM {rows} GROUP BY k{and_by}"), params  # noqa: S608 - our names


def _rows(connection: Connection, scope: CostScope, window: Window, by: Sequence[Dimension]) -> tuple[str, dict[str, int]]:
    """Return the daily rows of *scope* in *window*, and what their conditions are given."""
    conditions = ["d.day >= :start", "d.day < :end", *scoped(connection, scope)]
    needs_line = _NEEDS_LINE.intersection(by) or scope.provider or scope.model
    join = " JOIN lines l ON l.id = d.line_id" if needs_line else ""
    return f"daily_costs d{join} WHERE {' AND '.join(conditions)}", _days(window)


def _crossed(window: Window, by: Dimension, other: Dimension) -> tuple[Any, dict[str, int]]:
    """Return the question for the cost of each pair of keys."""
    join = " JOIN lines l ON l.id = d.line_id" if {by, other} & _NEEDS_LINE else ""
    sql = (
        f"SELECT {_KEYS[by]} AS k, {_KEYS[other]} AS other, CAST(SUM(d.billed + d.estimated) AS BIGINT) AS cost FROM daily_costs d{join} "  # noqa: S608 - our names
        "WHERE d.day >= :start AND d.day < :end GROUP BY k, other"
    )
    return text(sql), {"start": day_number(window.start), "end": day_number(window.end)}


def _by_day(window: Window, by: Dimension) -> tuple[Any, dict[str, int]]:
    """Return the question for the cost of each key on each day; only people's days stand in the daily rows alone."""
    if by in {Dimension.PERSON, Dimension.DAY}:
        return _crossed(window, by, Dimension.DAY)
    params = {"rollup": int(_ROLLUPS[by]), "grain": int(Grain.DAY), "start": day_number(window.start), "end": day_number(window.end)}
    sql = (
        "SELECT key_id AS k, start AS other, billed + estimated AS cost FROM period_costs "
        "WHERE dimension = :rollup AND grain = :grain AND start >= :start AND start < :end"
    )
    return text(sql), params


def _plain(connection: Connection, query: Any, params: dict[str, int]) -> Sequence[Any]:
    """Return the rows as the driver gives them: of a whole company, making more of each takes longer than finding them."""
    with closing(connection.execute(query, params).cursor) as cursor:
        return cursor.fetchall()


def _collect(rows: Iterable[Any]) -> dict[int, tuple[int, int]]:
    return {int(key): (int(billed), int(estimated)) for key, billed, estimated in rows}

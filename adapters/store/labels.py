"""Labels: the numbers that daily rows hold in place of names, and back."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

from sqlalchemy import Connection, text

from bot.ports import CostScope

_NOBODY = -1
"""A number no label has: the scope names something the ledger never saw."""
_AT_ONCE = 50_000
"""Labels in one statement, which SQLite takes up to a million letters long: a company is asked for in one."""


def scoped(connection: Connection, scope: CostScope) -> list[str]:
    """Return the conditions of *scope* on daily_costs d and lines l."""
    conditions = []
    for column, kind, values in (
        ("d.person_id", "person", scope.people),
        ("d.team_id", "team", scope.teams),
        ("d.project_id", "project", (scope.project,) if scope.project else None),
        ("l.provider_id", "provider", (scope.provider,) if scope.provider else None),
        ("l.model_id", "model", (scope.model,) if scope.model else None),
    ):
        if values is not None:
            numbers = numbered(connection, kind, list(values)) or [_NOBODY]
            conditions.append(f"{column} IN ({', '.join(str(int(n)) for n in numbers)})")
    return conditions


def numbered(connection: Connection, kind: str, values: list[str]) -> list[int]:
    """Return the numbers of the labels; e-mails and teams are spelled as the directory spells them."""
    if kind == "project":
        return [number for value in values for number, _ in projects_called(connection, value)] or [_NOBODY]
    found: list[int] = []
    for i in range(0, len(values), 400):
        marks = {f"v{n}": value for n, value in enumerate(values[i : i + 400])}
        sql = f"SELECT id FROM labels WHERE kind = :kind AND value IN ({', '.join(f':{m}' for m in marks)})"  # noqa: S608
        found += [int(number) for (number,) in connection.execute(text(sql), {"kind": kind, **marks})]
    return found or [_NOBODY]


def projects_called(connection: Connection, name: str) -> list[tuple[int, str]]:
    """Return the projects called *name* without regard to case, in any alphabet; databases fold some of them only."""
    rows = connection.execute(text("SELECT id, value FROM labels WHERE kind = 'project'"))
    return [(int(number), str(value)) for number, value in rows if str(value).casefold() == name.casefold()]


def named(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Return the texts of the labels; zero stands for none."""
    wanted = sorted({int(number) for number in numbers if number})
    found: dict[int, str] = {}
    for i in range(0, len(wanted), _AT_ONCE):
        chosen = ",".join(map(str, wanted[i : i + _AT_ONCE]))
        # Straight to the driver: parsing a long statement takes longer than answering it.
        with closing(connection.exec_driver_sql(f"SELECT id, value FROM labels WHERE id IN ({chosen})").cursor) as cursor:  # noqa: S608 - our numbers
            found.update(cursor.fetchall())
    return found

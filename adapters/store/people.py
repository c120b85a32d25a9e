"""People in the database: the directory, replaced as a whole, and the log of who looked at whom."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlmodel import col as column

from adapters.store.database import Database
from adapters.store.tables import DirectoryVersionRow, IdentityRow, LookRow, PersonRow, StintRow, TeamRow
from bot.domain.people import Directory, Identity, IdentityKind, Person, Role, Stint, Team
from bot.domain.visibility import SubjectKind, Verdict
from bot.ports import Look


def _version(connection: Connection) -> int:
    return connection.execute(select(column(DirectoryVersionRow.number))).scalar() or 0


class SqlPeople:
    """The directory on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: tuple[int, Directory] | None = None

    def directory(self) -> Directory:
        """Return everybody; read again only after a change."""
        with self._database.reading() as connection:
            version = _version(connection)
            if self._read and self._read[0] == version:
                return self._read[1]
            stints: defaultdict[str, list[Stint]] = defaultdict(list)
            for row in connection.execute(select(StintRow).order_by(column(StintRow.email), column(StintRow.valid_from))):
                stints[row.email].append(Stint(row.team, row.manager, row.valid_from, row.valid_to))
            people = {row.email: _person(row, stints[row.email]) for row in connection.execute(select(PersonRow))}
            teams = {
                row.name: Team(row.name, row.parent, row.manager, row.cost_center, row.channel)
                for row in connection.execute(select(TeamRow))
            }
            identities = tuple(
                Identity(row.principal, IdentityKind(row.kind), row.person, row.service, row.valid_from, row.valid_to)
                for row in connection.execute(select(IdentityRow).order_by(column(IdentityRow.principal), column(IdentityRow.valid_from)))
            )
        self._read = (version, Directory(people, teams, identities))
        return self._read[1]

    def version(self) -> int:
        """Return a number that every change of the directory raises."""
        with self._database.reading() as connection:
            return _version(connection)

    def replace(self, directory: Directory) -> None:
        """Put *directory* in the place of the stored one, in one transaction."""
        emptied: tuple[Any, ...] = (DirectoryVersionRow, StintRow, PersonRow, TeamRow, IdentityRow)
        with self._database.writing() as connection:
            version = _version(connection)
            for table in emptied:
                connection.execute(delete(table))
            connection.execute(insert(DirectoryVersionRow), {"id": 1, "number": version + 1})
            for table, rows in _tables(directory):
                if rows:
                    connection.execute(insert(table), rows)

    def log(self, look: Look) -> None:
        """Remember *look*."""
        with self._database.writing() as connection:
            connection.execute(
                insert(LookRow),
                {
                    "at": look.at,
                    "viewer": look.viewer,
                    "subject_kind": look.subject_kind,
                    "subject": look.subject,
                    "verdict": look.verdict,
                    "command": look.command,
                },
            )

    def looks_at(self, person: Person, limit: int | None = 50) -> list[Look]:
        """Return who looked at figures with *person*'s name on them; see `bot.ports.People`."""
        teams = {stint.team for stint in person.stints if stint.team}
        kind, subject = column(LookRow.subject_kind), column(LookRow.subject)
        mine = (kind == SubjectKind.PERSON.value) & (subject == person.email)
        of_team = (kind == SubjectKind.PEOPLE_OF_TEAM.value) & subject.in_(teams)
        everyone = kind == SubjectKind.PEOPLE.value
        allowed = column(LookRow.verdict).in_([verdict.value for verdict in Verdict if verdict.allows])
        query = select(LookRow).where(mine | of_team | everyone, column(LookRow.viewer) != person.email, allowed)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(column(LookRow.id).desc()))
            looks = (Look(row.at, row.viewer, row.subject_kind, row.subject, row.verdict, row.command) for row in rows)
            return list(islice((look for look in looks if _concerns(look, person)), limit))


def _concerns(look: Look, person: Person) -> bool:
    """Tell whether *person* may have been in what was looked at: in a team, whoever had joined it; earlier months show leavers, too."""
    joined = any(stint.team == look.subject and stint.valid_from <= look.at.date() for stint in person.stints)
    return look.subject_kind != SubjectKind.PEOPLE_OF_TEAM or joined


def _person(row: Any, stints: list[Stint]) -> Person:
    roles = frozenset(Role(role) for role in row.roles.split())
    return Person(row.email, row.name, row.time_zone, row.locale, roles, tuple(stints))


def _tables(directory: Directory) -> list[tuple[Any, list[dict[str, object]]]]:
    people = directory.people.values()
    return [
        (
            PersonRow,
            [
                {
                    "email": p.email,
                    "name": p.name,
                    "time_zone": p.time_zone,
                    "locale": p.locale,
                    "roles": " ".join(sorted(p.roles)),
                }
                for p in people
            ],
        ),
        (
            StintRow,
            [
                {
                    "email": p.email,
                    "valid_from": s.valid_from,
                    "valid_to": s.valid_to,
                    "team": s.team,
                    "manager": s.manager,
                }
                for p in people
                for s in p.stints
            ],
        ),
        (
            TeamRow,
            [
                {
                    "name": t.name,
                    "parent": t.parent,
                    "manager": t.manager,
                    "cost_center": t.cost_center,
                    "channel": t.channel,
                }
                for t in directory.teams.values()
            ],
        ),
        (
            IdentityRow,
            [
                {
                    "principal": i.principal,
                    "valid_from": i.valid_from,
                    "valid_to": i.valid_to,
                    "kind": i.kind.value,
                    "person": i.person,
                    "service": i.service,
                }
                for i in directory.identities
            ],
        ),
    ]

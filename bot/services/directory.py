"""Directory: people, teams and identities from CSV, checked whole and put in place whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.people import BEGINNING, ENDLESS, Directory, Identity, IdentityKind, Person, Role, Stint, Team
from bot.errors import ConfigError
from bot.messages.formats import is_locale
from bot.ports import People
from bot.services.sheet import Line, Problems, check_columns, read

PEOPLE = ("email", "name", "team", "manager_email", "time_zone", "locale", "roles", "valid_from", "valid_to")
TEAMS = ("team", "parent", "manager_email", "cost_center", "channel")
IDENTITIES = ("principal", "kind", "email", "service", "valid_from", "valid_to")
_TABLES = (("identities", IDENTITIES, ("principal", "kind")), ("people", PEOPLE, ("email", "name")), ("teams", TEAMS, ("team",)))
"""Each kind with its columns, and those it needs; the first of them is the key."""
_ENOUGH = 2
"""Columns by which a table is known without its key."""
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a load of the directory changes."""

    directory: Directory
    changes: tuple[str, ...]


def plan(files: Iterable[Path], people: People, claimed: Iterable[Identity] = ()) -> Plan:
    """Read *files* (each recognised by its columns) over the stored directory and return what would change.

    What a kind of file says replaces what was known of that kind; kinds that are not given stay.

    Args:
        claimed: Identities that were claimed in chat; they stay where the file does not name their principal.

    Raises:
        ConfigError: Every line that cannot be used, with its number.
    """
    tables = _tables(files)
    stored = people.directory()
    problems = Problems()
    teams = _teams(tables["teams"], problems) if "teams" in tables else None
    persons = _people(tables["people"], problems) if "people" in tables else dict(stored.people)
    if teams is None:
        teams = dict(stored.teams) if stored.teams and "people" not in tables else _implied(persons, stored)
    _check_people(tables.get("people", []), persons, teams, problems, has_teams="teams" in tables)
    _check_teams(tables.get("teams", []), teams, persons, problems)
    identities = _identities(tables["identities"], persons, problems) if "identities" in tables else stored.identities
    problems.stop()
    if stored.people and not persons:
        raise ConfigError(
            f"The people file names nobody; that would take all {len(stored.people)} people out. To take "
            "somebody out, leave their line out or give it a valid_to. Nothing was changed."
        )
    _check_spelling(teams)
    named = {identity.principal.lower() for identity in identities}
    kept = tuple(i for i in claimed if i.principal.lower() not in named and i.person in persons)
    directory = Directory(persons, teams, (*identities, *kept))
    return Plan(directory, tuple(_changes(stored, directory)))


def apply(plan_: Plan, people: People) -> None:
    """Put the planned directory in place."""
    if plan_.changes:
        people.replace(plan_.directory)


def _tables(files: Iterable[Path]) -> dict[str, list[Line]]:
    tables: dict[str, list[Line]] = {}
    for path in files:
        kind, rows = read(path, partial(_kind, path))
        if kind in tables:
            raise ConfigError(f"Two of the files are {kind} ({path.name} is the second); load one of each. Nothing was changed.")
        tables[kind] = rows
    return tables


def _kind(path: Path, header: list[str]) -> str:
    """Return what kind of table it is: the one with most of the columns, as one of them may be misspelt."""
    kind, known, needed = max(_TABLES, key=lambda table: (len(set(header) & set(table[1])), table[2][0] in header))
    if needed[0] not in header and len(set(header) & set(known)) < _ENOUGH:
        raise ConfigError(
            f"{path.name} is neither people ({', '.join(PEOPLE)}) nor teams ({', '.join(TEAMS)}) nor identities "
            f"({', '.join(IDENTITIES)}); its first line has {', '.join(header) or 'nothing'}."
        )
    check_columns(path, header, kind, known, needed)
    return kind


def _people(rows: list[Line], problems: Problems) -> dict[str, Person]:
    grouped: defaultdict[str, list[Line]] = defaultdict(list)
    for row in rows:
        email = row["email"].lower()
        if "@" not in email:
            problems.add(row, f"'{row['email']}' is no e-mail address.")
            continue
        grouped[email].append(row)
    return {email: _person(email, group, problems) for email, group in sorted(grouped.items())}


def _person(email: str, rows: list[Line], problems: Problems) -> Person:
    dated = sorted(((_stint(row, problems), row) for row in rows), key=lambda pair: pair[0].valid_from)
    stints, rows = [stint for stint, _ in dated], [row for _, row in dated]
    last = rows[-1]
    for row in rows:
        if row["name"] != last["name"]:
            problems.add(
                row,
                f"{email} is called '{row['name']}' here and '{last['name']}' elsewhere; two people cannot share one e-mail.",
            )
    for one, other, row in zip(stints, stints[1:], rows[1:], strict=False):
        if other.valid_from < one.valid_to:
            problems.add(
                row,
                f"{email} is already in {one.team or 'no team'} until {_until(one.valid_to)}; give that line a valid_to.",
            )
    zone = _valid(last, "time_zone", "UTC", _is_zone, "is no time zone; write one such as Europe/Berlin", problems)
    locale = _valid(last, "locale", "en", is_locale, "is no locale; write one such as en or de_DE", problems)
    return Person(email, last["name"] or email, zone, locale, _roles(email, rows, problems), tuple(stints))


def _stint(row: Line, problems: Problems) -> Stint:
    start, end = _days(row, problems)
    return Stint(row["team"] or None, row["manager_email"].lower() or None, start, end)


def _roles(email: str, rows: list[Line], problems: Problems) -> frozenset[Role]:
    """Return what every line of one person says: a role has no dates, and a line of another day must not bring it at once."""
    each = [_roles_of(row, problems) for row in rows]
    for row, roles in zip(rows, each, strict=True):
        if roles != each[-1]:
            there = " ".join(sorted(each[-1])) or "none"
            problems.add(
                row,
                f"{email} has the roles '{' '.join(sorted(roles)) or 'none'}' here and '{there}' in their newest line. "
                "Roles hold at once, whatever the dates: write those of today in each line.",
            )
    return each[-1]


def _roles_of(row: Line, problems: Problems) -> frozenset[Role]:
    roles = set()
    for word in row["roles"].lower().replace(",", " ").replace(";", " ").split():
        if word in list(Role):
            roles.add(Role(word))
        else:
            problems.add(row, f"'{word}' is no role; there are {', '.join(Role)}.")
    return frozenset(roles)


def _teams(rows: list[Line], problems: Problems) -> dict[str, Team]:
    teams: dict[str, Team] = {}
    folded: dict[str, str] = {}
    for row in rows:
        name = row["team"]
        if not name:
            problems.add(row, "the team has no name.")
        elif name.casefold() in folded:
            problems.add(row, f"team '{name}' stands here twice.")
        else:
            folded[name.casefold()] = name
            manager = row["manager_email"].lower() or None
            teams[name] = Team(name, row["parent"] or None, manager, row["cost_center"] or None, row["channel"] or None)
    return teams


def _check_spelling(teams: dict[str, Team]) -> None:
    seen: dict[str, str] = {}
    for name in teams:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise ConfigError(f"Teams '{other}' and '{name}' differ in case only; spell one team in one way. Nothing was changed.")


def _implied(people: dict[str, Person], stored: Directory) -> dict[str, Team]:
    """Return the teams that people name, with what was known of them."""
    names = sorted({stint.team for person in people.values() for stint in person.stints if stint.team})
    parents = [team.parent for team in stored.teams.values() if team.parent]
    return {name: stored.teams.get(name, Team(name)) for name in dict.fromkeys([*names, *parents])}


def _identities(rows: list[Line], people: dict[str, Person], problems: Problems) -> tuple[Identity, ...]:
    found: list[Identity] = []
    seen: defaultdict[str, list[Identity]] = defaultdict(list)
    for row in rows:
        identity = _identity(row, people, problems)
        if identity is None:
            continue
        for other in seen[identity.principal.lower()]:
            if identity.valid_from < other.valid_to and other.valid_from < identity.valid_to:
                problems.add(
                    row,
                    f"'{identity.principal}' already belongs to {other.person or other.service} then; give one of them other dates.",
                )
        seen[identity.principal.lower()].append(identity)
        found.append(identity)
    return tuple(found)


def _identity(row: Line, people: dict[str, Person], problems: Problems) -> Identity | None:
    kind, email, service = row["kind"].lower(), row["email"].lower(), row["service"]
    wrong = None
    if not row["principal"]:
        wrong = "the principal is empty."
    elif kind not in list(IdentityKind):
        wrong = f"kind holds '{row['kind']}'; there are {', '.join(IdentityKind)}."
    elif bool(email) == bool(service):
        wrong = "give either an email or a service."
    elif email and email not in people:
        wrong = f"there is no person {email}."
    elif set(row["principal"]) <= {"*"}:
        wrong = "the pattern fits every principal; name some part of it."
    if wrong:
        problems.add(row, wrong)
        return None
    start, end = _days(row, problems)
    is_pattern = kind == IdentityKind.PATTERN or (kind == IdentityKind.ARN and "*" in row["principal"])
    return Identity(
        row["principal"],
        IdentityKind.PATTERN if is_pattern else IdentityKind(kind),
        email or None,
        service or None,
        start,
        end,
    )


def _check_people(rows: list[Line], people: dict[str, Person], teams: dict[str, Team], problems: Problems, *, has_teams: bool) -> None:
    folded = {name.casefold(): name for name in teams}
    for row in rows:
        manager, team = row["manager_email"].lower(), row["team"]
        if manager and manager not in people:
            problems.add(row, f"there is no person {manager} to be the manager of {row['email']}.")
        if team and team not in teams:
            near = folded.get(team.casefold())
            problems.add(
                row,
                f"there is no team '{team}'" + (f"; did you mean '{near}'?" if near else " in the teams file." if has_teams else "."),
            )
    for row in rows:
        cycle = _cycle(row["email"].lower(), lambda email: _manager_of(people, email))
        if cycle:
            problems.add(row, f"the managers run in a circle: {' → '.join(cycle)}.")
            return


def _manager_of(people: dict[str, Person], email: str) -> str | None:
    """Return the manager in a person's last stint; who is their own manager has none above."""
    person = people.get(email)
    manager = person.stints[-1].manager if person and person.stints else None
    return None if manager == email else manager


def _check_teams(rows: list[Line], teams: dict[str, Team], people: dict[str, Person], problems: Problems) -> None:
    for row in rows:
        if row["parent"] and row["parent"] not in teams:
            problems.add(row, f"there is no team '{row['parent']}' to be the parent of '{row['team']}'.")
        manager = row["manager_email"].lower()
        if manager and manager not in people:
            problems.add(row, f"there is no person {manager} to manage '{row['team']}'.")
    for row in rows:
        cycle = _cycle(row["team"], lambda name: teams[name].parent if name in teams else None)
        if cycle:
            problems.add(row, f"the parents run in a circle: {' → '.join(cycle)}.")
            return


def _cycle(start: str, above: Callable[[str], str | None]) -> list[str]:
    """Return the circle that begins and ends at *start*, empty where there is none."""
    path, seen = [start], {start}
    while (parent := above(path[-1])) is not None:
        path.append(parent)
        if parent in seen:
            return path if parent == start else []
        seen.add(parent)
    return []


def _days(row: Line, problems: Problems) -> tuple[date, date]:
    start, end = _day(row, "valid_from", BEGINNING, problems), _day(row, "valid_to", ENDLESS, problems)
    if end <= start:
        problems.add(row, f"valid_to ({end}) is not after valid_from ({start}); it is the first day that no longer counts.")
        return start, ENDLESS
    return start, end


def _day(row: Line, name: str, default: date, problems: Problems) -> date:
    if not row[name]:
        return default
    try:
        return date.fromisoformat(row[name])
    except ValueError:
        problems.add(row, f"{name} holds '{row[name]}'; write a date such as 2026-11-23.")
        return default


def _valid(row: Line, name: str, default: str, check: Callable[[str], bool], wrong: str, problems: Problems) -> str:
    value = row[name] or default
    if check(value):
        return value
    problems.add(row, f"{name} holds '{value}', which {wrong}.")
    return default


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _until(day: date) -> str:
    return "further notice" if day == ENDLESS else day.isoformat()


def _changes(old: Directory, new: Directory) -> Iterator[str]:
    yield from _differences("person", old.people, new.people, lambda p: f"{p.name} <{p.email}>")
    yield from _differences("team", old.teams, new.teams, lambda t: t.name)
    before = {(i.principal, i.valid_from): i for i in old.identities}
    after = {(i.principal, i.valid_from): i for i in new.identities}
    yield from _differences("identity", before, after, lambda i: f"{i.principal} → {i.person or i.service}")


def _differences(what: str, old: dict[_K, _V], new: dict[_K, _V], name: Callable[[_V], str]) -> Iterator[str]:
    for key in sorted(new.keys() - old.keys(), key=str):
        yield f"+ {what} {name(new[key])}"
    for key in sorted(old.keys() - new.keys(), key=str):
        yield f"- {what} {name(old[key])}"
    for key in sorted(old.keys() & new.keys(), key=str):
        if old[key] != new[key]:
            yield f"~ {what} {name(new[key])}"

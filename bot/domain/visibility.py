"""Visibility: who may see whose figures. Default deny; the one function every service asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.domain.people import Directory, Person, Role

SMALLEST_GROUP = 5
"""In works_council mode no figure is shown for fewer people than this, except one's own."""


class Privacy(StrEnum):
    """How much of one another's figures people see in this deployment."""

    OPEN = "open"
    STANDARD = "standard"
    WORKS_COUNCIL = "works_council"


class SubjectKind(StrEnum):
    """What a figure can be about."""

    PERSON = "person"
    TEAM = "team"
    PROJECT = "project"
    ORG = "org"
    PEOPLE_OF_TEAM = "people_of_team"
    """A team's figures with the names of its members beside them."""
    PEOPLE = "people"
    """Figures of the whole organisation with names beside them."""
    UNALLOCATED = "unallocated"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose figures are asked for; *name* is empty for the organisation."""

    kind: SubjectKind
    name: str = ""


class Verdict(StrEnum):
    """Why someone may or may not look."""

    OWN = "own figures"
    MANAGER = "manages the team"
    FINOPS = "FinOps"
    MEMBER = "member, open mode"
    NOT_THEIRS = "not theirs"
    NO_NAMES = "works council: no names"
    TOO_SMALL = "works council: fewer than five people"
    LEFT = "has left"

    @property
    def allows(self) -> bool:
        """Tell whether the look is allowed."""
        return self in {Verdict.OWN, Verdict.MANAGER, Verdict.FINOPS, Verdict.MEMBER}


def may_see(viewer: Person, subject: Subject, directory: Directory, privacy: Privacy, today: date) -> Verdict:
    """Decide whether *viewer* may see the figures of *subject* today, and why.

    A person sees their own figures, always. A manager sees the teams they manage today and those below; FinOps sees all.
    `works_council` takes away names and groups of fewer than `SMALLEST_GROUP` from everyone, FinOps included.
    """
    if subject.kind is SubjectKind.PERSON and subject.name == viewer.email:
        return Verdict.OWN
    stint = viewer.stint(today)
    if stint is None:
        return Verdict.LEFT
    granted = _granted(viewer, subject, directory, privacy, today)
    return _restricted(granted, subject, directory, today) if privacy is Privacy.WORKS_COUNCIL else granted


def merge_small_groups(
    groups: Iterable[str], sizes: Mapping[str, int], smallest: int, together: Callable[[Iterable[str]], int] | None = None
) -> tuple[list[str], list[str]]:
    """Return (the groups that may be named, those that must be shown as one).

    Groups of fewer than *smallest* people are merged; while the merged ones together are still fewer, the next smallest
    joins them, so that no subtraction reveals a small group. Groups that nobody is in today count as empty.

    Args:
        together: How many people some groups are; the sum of their sizes where nobody is in two of them.
    """
    count = together or (lambda keys: sum(sizes.get(key, 0) for key in keys))
    ordered = sorted(groups, key=lambda key: (sizes.get(key, 0), key))
    merged = [key for key in ordered if sizes.get(key, 0) < smallest]
    named = [key for key in ordered if sizes.get(key, 0) >= smallest]
    while merged and named and count(merged) < smallest:
        merged.append(named.pop(0))
    return named, merged


def shows_team(directory: Directory, teams: Iterable[str], days: Sequence[date], *, has_others: bool = False) -> bool:
    """Tell whether the total of *teams* together may be shown in works_council mode.

    On each of *days* they must be at least `SMALLEST_GROUP` people, and the small teams that are only ever shown together
    must lie all inside or all outside, or a subtraction would tell them apart.

    Args:
        has_others: There is cost of no team, which a subtraction from the whole would show.
    """
    asked = set(teams)
    merged = merged_teams(directory, days, has_others=has_others)
    least = min((sum(len(directory.members(team, day)) for team in asked) for day in days), default=0)
    return least >= SMALLEST_GROUP and (merged <= asked or not merged & asked)


def merged_teams(directory: Directory, days: Sequence[date], *, has_others: bool = False) -> set[str]:
    """Return the teams that are only ever shown together, as on one of *days* they are too few; empty text is no team."""
    sizes = {team: [len(directory.members(team, day)) for day in days] for team in directory.teams}
    least = {team: min(counts) for team, counts in sizes.items() if any(counts)} | ({"": 0} if has_others else {})
    return set(merge_small_groups(list(least), least, SMALLEST_GROUP)[1])


def _granted(viewer: Person, subject: Subject, directory: Directory, privacy: Privacy, today: date) -> Verdict:
    if Role.FINOPS in viewer.roles:
        return Verdict.FINOPS
    stint = viewer.stint(today)
    match subject.kind:
        case SubjectKind.TEAM | SubjectKind.PEOPLE_OF_TEAM if subject.name in directory.managed_by(viewer.email, today):
            return Verdict.MANAGER
        case SubjectKind.TEAM if privacy is Privacy.OPEN and stint and stint.team == subject.name:
            return Verdict.MEMBER
        case SubjectKind.PERSON:
            return _granted_person(viewer, subject, directory, today)
        case _:
            return Verdict.NOT_THEIRS


def _granted_person(viewer: Person, subject: Subject, directory: Directory, today: date) -> Verdict:
    person = directory.person(subject.name)
    stint = person.stint(today) if person else None
    led = directory.managed_by(viewer.email, today)
    return Verdict.MANAGER if stint and stint.team in led else Verdict.NOT_THEIRS


def _restricted(granted: Verdict, subject: Subject, directory: Directory, today: date) -> Verdict:
    if not granted.allows:
        return granted
    if subject.kind in {SubjectKind.PERSON, SubjectKind.PEOPLE, SubjectKind.PEOPLE_OF_TEAM}:
        return Verdict.NO_NAMES
    if subject.kind is SubjectKind.TEAM and not shows_team(directory, directory.below(subject.name), [today]):
        return Verdict.TOO_SMALL
    return granted

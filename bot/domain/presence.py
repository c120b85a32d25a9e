"""Presence: for how much of two periods people were in some teams. Who joined or left in between is no other use.

Working days count, Monday to Friday, as most use is on them; in days without any, all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from bot.domain.people import Directory, Person
from bot.domain.period import Window

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Stay:
    """For how much of two periods somebody was there.

    Attributes:
        was: The share of the earlier days.
        now: That of the later ones.
        has_moved: Where *now* is more: they are there in the end and were not in the beginning; else: in the end they are not.
    """

    was: Fraction
    now: Fraction
    has_moved: bool = True


Presences = Mapping[str, Stay]
"""By e-mail, of those only for whom the two shares differ."""


def presences(directory: Directory, teams: Collection[str], before: Sequence[Window], after: Sequence[Window]) -> Presences:
    """Return how much of *before* and of *after* people were in one of *teams*; who was never in one of them is not there."""
    earlier, later = _working(before), _working(after)
    first, last = min(earlier, default=date.max), max(later, default=date.min)
    begin, end = min((w.start for w in before), default=first), max((w.end for w in after), default=first)
    found: dict[str, Stay] = {}
    for person in directory.ever_in(teams):
        if any(stint.valid_from <= first and last < stint.valid_to and stint.team in teams for stint in person.stints):
            continue
        was, now = _share(person, teams, earlier), _share(person, teams, later)
        if was != now:
            is_there = _is_there(person, teams, end - timedelta(days=1))
            has_moved = is_there and not _is_there(person, teams, begin) if now > was else not is_there
            found[person.email] = Stay(was, now, has_moved)
    return found


def _working(windows: Iterable[Window]) -> list[date]:
    days = [window.start + timedelta(days=n) for window in windows for n in range(len(window))]
    return [day for day in days if day.weekday() < _SATURDAY] or days


def _share(person: Person, teams: Collection[str], days: Sequence[date]) -> Fraction:
    there = sum(1 for day in days if _is_there(person, teams, day))
    return Fraction(there, len(days)) if days else Fraction(0)


def _is_there(person: Person, teams: Collection[str], day: date) -> bool:
    stint = person.stint(day)
    return stint is not None and stint.team in teams

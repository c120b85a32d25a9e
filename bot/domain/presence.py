"""Presence: for how much of two periods people were in some teams. Who joined or left in between is no other use.

Working days count, Monday to Friday, as most use is on them; in days without any, all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from bot.domain.people import Directory, Person
from bot.domain.period import Window

_SATURDAY = 5

Presences = Mapping[str, tuple[Fraction, Fraction]]
"""By e-mail: the share of the earlier days, and that of the later ones, of those only for whom the two differ."""


def presences(directory: Directory, teams: Collection[str], before: Sequence[Window], after: Sequence[Window]) -> Presences:
    """Return how much of *before* and of *after* people were in one of *teams*; who was never in one of them is not there."""
    earlier, later = _working(before), _working(after)
    first, last = min(earlier, default=date.max), max(later, default=date.min)
    found: dict[str, tuple[Fraction, Fraction]] = {}
    for person in directory.ever_in(teams):
        if any(stint.valid_from <= first and last < stint.valid_to and stint.team in teams for stint in person.stints):
            continue
        shares = _share(person, teams, earlier), _share(person, teams, later)
        if shares[0] != shares[1]:
            found[person.email] = shares
    return found


def _working(windows: Iterable[Window]) -> list[date]:
    days = [window.start + timedelta(days=n) for window in windows for n in range(len(window))]
    return [day for day in days if day.weekday() < _SATURDAY] or days


def _share(person: Person, teams: Collection[str], days: Sequence[date]) -> Fraction:
    there = sum(1 for day in days if (stint := person.stint(day)) and stint.team in teams)
    return Fraction(there, len(days)) if days else Fraction(0)

"""Unowned: what belongs to nobody; in works_council mode without a figure of few people among it.

Who is billed by an e-mail that the directory does not know is a person. There, such people have one figure together. Where they are
fewer than five in a month they have none, and so nor has all of it: what keys cost is told in many places (a source or a model that
keys alone use, seats that are nobody's, what batches would save), and a total less that would be theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.domain.people import Directory
from bot.domain.period import Window
from bot.domain.visibility import SMALLEST_GROUP, Privacy
from bot.ports import Figures, UnallocatedKey
from bot.services.groups import months


@dataclass(frozen=True, slots=True)
class Unowned:
    """What belongs to nobody in some days.

    Attributes:
        keys: One for each key and source, the dearest first.
        addresses: The people, ascending; none where these are told as keys.
        of_people: What they cost together, nanos; None where that must not be told.
    """

    keys: tuple[UnallocatedKey, ...]
    addresses: tuple[str, ...] = ()
    of_people: int | None = 0

    @property
    def total(self) -> int | None:
        """What all of it costs, nanos; None where that must not be told."""
        return None if self.of_people is None else sum(key.cost for key in self.keys) + self.of_people


def is_person(key: str, directory: Directory) -> bool:
    """Tell whether *key* is an e-mail, and no service's in the directory."""
    return "@" in key and not any(one.service and one.principal.casefold() == key.casefold() for one in directory.identities)


def unowned(figures: Figures, directory: Directory, privacy: Privacy, window: Window) -> Unowned:
    """Return what belongs to nobody in *window*."""
    found = figures.unallocated(window)
    if privacy is not Privacy.WORKS_COUNCIL:
        return Unowned(tuple(_by_key(found)))
    people, keys = _apart(found, directory)
    counts = [len({one.key.casefold() for one in _apart(figures.unallocated(month), directory)[0]}) for month in months(window)]
    are_few = any(0 < count < SMALLEST_GROUP for count in counts)
    addresses = tuple(sorted({one.key for one in people}))
    return Unowned(tuple(_by_key(keys)), addresses, None if are_few else sum(one.cost for one in people))


def _apart(found: Iterable[UnallocatedKey], directory: Directory) -> tuple[list[UnallocatedKey], list[UnallocatedKey]]:
    rows = list(found)
    people = {row.key for row in rows if is_person(row.key, directory)}
    return [row for row in rows if row.key in people], [row for row in rows if row.key not in people]


def _by_key(found: Iterable[UnallocatedKey]) -> list[UnallocatedKey]:
    """Return one row per key and source, highest first; its projects are added up, the dearest one says who might own it."""
    rows: dict[tuple[str, str], UnallocatedKey] = {}
    for key in found:
        there = rows.get((key.key, key.source))
        rows[key.key, key.source] = (
            replace(
                there,
                cost=there.cost + key.cost,
                first_seen=min(there.first_seen, key.first_seen),
                last_seen=max(there.last_seen, key.last_seen),
                likely_owner=there.likely_owner or key.likely_owner,
            )
            if there
            else key
        )
    return sorted(rows.values(), key=lambda key: (-key.cost, key.key, key.source))

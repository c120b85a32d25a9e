"""Ports, outcomes: what was got done, beside what it cost."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from bot.domain.outcome import Outcome
from bot.domain.period import Window


@dataclass(frozen=True, slots=True)
class Delivered:
    """From which day to which a source has stated outcomes of a kind, the last day included in *window*."""

    source: str
    kind: str
    window: Window


@dataclass(frozen=True, slots=True)
class Counted:
    """Outcomes of some days added up; *team* and *project* are empty where the source names none."""

    source: str
    kind: str
    team: str
    project: str
    count: Decimal


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose outcomes of a kind a source counts; *team* is empty where it names none, *project*, too, and None for all of them."""

    source: str
    kind: str
    team: str
    project: str | None


@dataclass(frozen=True, slots=True)
class Activity:
    """What one user of a vendor's tool got done in a day, as the vendor states it.

    Attributes:
        place: `activity.csv, line 17`.
        user: An e-mail, or the name of a key; empty where the vendor names none.
        counts: By kind.
    """

    place: str
    day: date
    user: str
    counts: Mapping[str, Decimal]


class Outcomes(Protocol):
    """What sources say was got done; each states whole days."""

    def delivered(self, of: Collection[tuple[str, str]]) -> list[Delivered]:
        """Return how far each source and kind of *of* reaches, ascending, without those never stated; one question."""

    def counts(self, window: Window) -> list[Counted]:
        """Return the outcomes of *window* per source, kind, team and project, ascending; one question however many there are."""

    def since(self, of: Collection[Owner]) -> dict[Owner, date]:
        """Return the first day that was stated of each of *of*, without those never stated; one question."""

    def of(self, source: str, days: Collection[date]) -> list[Outcome]:
        """Return what *source* says of *days*, by day, kind, team and project."""

    def stated_by_others(self, source: str, days: Collection[date]) -> dict[tuple[date, str, str, str], str]:
        """Return who else states which day, kind, team and project of *days*."""

    def replace(self, source: str, days: Collection[date], outcomes: Sequence[Outcome]) -> None:
        """Put *outcomes*, all of *days*, in the place of what *source* had said of *days*, all or nothing."""

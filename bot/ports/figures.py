"""Ports, figures: what the ledger answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from bot.domain.period import Window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Dimension(StrEnum):
    """What figures can be broken down by."""

    DAY = "day"
    MODEL = "model"
    PROJECT = "project"
    PERSON = "person"
    TEAM = "team"
    SOURCE = "source"
    TOOL = "tool"
    PROVIDER = "provider"


class Member(StrEnum):
    """What a team's cost consists of."""

    PERSON = "person"
    KEY = "key"
    """A key or account that stands for no person."""
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class CostScope:
    """Whose daily rows count; a field that is None does not restrict.

    Attributes:
        people: E-mails.
        teams: Team names; None stands for all.
    """

    people: tuple[str, ...] | None = None
    teams: tuple[str, ...] | None = None
    project: str | None = None
    provider: str | None = None
    model: str | None = None

    @property
    def is_everything(self) -> bool:
        """Tell whether nothing restricts."""
        return self == CostScope()


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of one key, in nanos of the reporting currency. *key* is empty where the rows name none."""

    key: str
    billed: int
    estimated: int

    @property
    def total(self) -> int:
        """Billed and estimated together; a charge is one or the other, never both."""
        return self.billed + self.estimated


@dataclass(frozen=True, slots=True)
class UnallocatedKey:
    """A principal whose cost nobody owns."""

    key: str
    source: str
    cost: int
    first_seen: date
    last_seen: date
    project: str
    likely_owner: str | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The keys with the highest cost.

    Attributes:
        rows: Key and nanos, billed and estimated together, highest first; what comes to nothing is not there.
        others: How many keys follow.
        rest: Their cost, nanos.
    """

    rows: tuple[tuple[str, int], ...]
    others: int
    rest: int


@dataclass(frozen=True, slots=True)
class Daily:
    """Cost of keys by day.

    Attributes:
        costs: One row per key, one column per day of *window*, ascending; nanos.
    """

    keys: tuple[str, ...]
    window: Window
    costs: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Used:
    """What a person used of a model, at the cost of a team; each name is empty where the rows state none.

    Attributes:
        tokens: By class, as `ledger.schema.TOKENS` orders them.
        cost: Nanos, billed and estimated together.
    """

    person: str
    team: str
    provider: str
    model: str
    tokens: tuple[int, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class Billed:
    """What a provider billed for a model's tokens of one day.

    Attributes:
        tokens: By class, as `ledger.schema.TOKENS` orders them.
        original: In nanos of the currency it was billed in.
        cost: In nanos of the reporting currency.
    """

    provider: str
    model: str
    day: date
    tokens: tuple[int, ...]
    original: int
    cost: int


@dataclass(frozen=True, slots=True)
class Parts:
    """What teams' cost consists of, by day.

    Attributes:
        teams, keys: One per row: the team and its member.
        costs: One row per team and member, one column per day of *window*, ascending; nanos.
    """

    teams: tuple[str, ...]
    keys: tuple[str, ...]
    window: Window
    costs: NDArray[np.int64]


class Figures(Protocol):
    """Questions to the ledger. Days without rows are absent; amounts are nanos."""

    def costs(self, scope: CostScope, window: Window, by: Dimension) -> list[Cost]:
        """Return the cost of *window* per key, highest first (per day: ascending)."""

    def highest(self, scope: CostScope, window: Window, by: Dimension, count: int) -> Ranking:
        """Return the *count* highest keys of `costs` and what the others come to; of equals at the end, any."""

    def total(self, scope: CostScope, window: Window) -> Cost:
        """Return the cost of *window* as one row with an empty key."""

    def contributors(self, scope: CostScope, window: Window, *by: Dimension) -> dict[tuple[str, ...], frozenset[int]]:
        """Return who stands behind each combination of keys, by numbers; nobody where the cost is nobody's in person. Never by day.

        Who is billed by an e-mail that the directory does not know is a person, too, with a number of their own.
        """

    def matrix(self, window: Window, by: Dimension, other: Dimension) -> dict[str, dict[str, int]]:
        """Return the cost of *window* for every pair of keys, in nanos; one question however many keys there are."""

    def by_day(self, window: Window, by: Dimension) -> Daily:
        """Return the cost of each day of *window* for every key; one question however many keys there are."""

    def usage(self, scope: CostScope, window: Window) -> list[Used]:
        """Return what was used in *window*, ascending by names; one question however many people there are.

        What is counted in another unit or is of another charge category (seats, requests, credits) stands in a row of its own.
        """

    def billed(self, window: Window, currency: str, of: tuple[str, str] | None = None) -> list[Billed]:
        """Return what was billed in *currency* for tokens, a row for each provider, model and day, ascending.

        What somebody estimated, what was billed without tokens, and tokens that were billed at nothing are no part of it.

        Args:
            of: A provider and a model: of these alone, and a row for each person and key, so that tokens stand in many mixes.
        """

    def tokens_by_day(self, window: Window) -> Daily:
        """Return the tokens of each day of *window* for every team, all classes together; one question."""

    def parts_by_day(self, window: Window, member: Member) -> Parts:
        """Return the cost of each day of *window* for every *member* within every team; one question however many there are."""

    def unallocated(self, window: Window) -> list[UnallocatedKey]:
        """Return the principals whose cost nobody owns, highest first."""

    def projects(self) -> list[str]:
        """Return the names of all projects, as the ledger spells them."""

    def has_project(self, name: str) -> str | None:
        """Return the project's name as the ledger spells it, without regard to case, None when there is none."""

"""Past: the ledger as it stood at the beginning of a day, for all that is known of it now: figures of later days are left out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TypeVar

import numpy as np

from bot.domain.completeness import Seen
from bot.domain.period import Window, midnight
from bot.errors import StoreError
from bot.ports import (
    Billed,
    Cost,
    CostScope,
    Daily,
    Dimension,
    Figures,
    Ledger,
    Load,
    LoadWriter,
    Member,
    Parts,
    Quarantined,
    Ranking,
    UnallocatedKey,
    Used,
)

_D = TypeVar("_D", Daily, Parts)


@dataclass
class PastFigures:
    """What the ledger answered in the morning of *today*; the arrays of many days are asked for once.

    Attributes:
        whole: All days that are ever asked for.
    """

    figures: Figures
    whole: Window
    today: date
    _days: dict[Dimension, Daily] = field(default_factory=dict)
    _parts: dict[Member, Parts] = field(default_factory=dict)
    _tokens: list[Daily] = field(default_factory=list)

    def costs(self, scope: CostScope, window: Window, by: Dimension) -> list[Cost]:
        """Return the cost of *window* per key."""
        return self.figures.costs(scope, self._until(window), by)

    def highest(self, scope: CostScope, window: Window, by: Dimension, count: int) -> Ranking:
        """Return the *count* highest keys."""
        return self.figures.highest(scope, self._until(window), by, count)

    def total(self, scope: CostScope, window: Window) -> Cost:
        """Return the cost of *window*."""
        return self.figures.total(scope, self._until(window))

    def contributors(self, scope: CostScope, window: Window, *by: Dimension) -> dict[tuple[str, ...], frozenset[int]]:
        """Return who stands behind each combination of keys."""
        return self.figures.contributors(scope, self._until(window), *by)

    def matrix(self, window: Window, by: Dimension, other: Dimension) -> dict[str, dict[str, int]]:
        """Return the cost of *window* for every pair of keys."""
        return self.figures.matrix(self._until(window), by, other)

    def by_day(self, window: Window, by: Dimension) -> Daily:
        """Return the cost of each day of *window* for every key."""
        if by not in self._days:
            self._days[by] = self.figures.by_day(self.whole, by)
        return self._cut(self._days[by], window, lambda: self.figures.by_day(self._until(window), by))

    def usage(self, scope: CostScope, window: Window) -> list[Used]:
        """Return what was used in *window*."""
        return self.figures.usage(scope, self._until(window))

    def billed(self, window: Window, currency: str, of: tuple[str, str] | None = None) -> list[Billed]:
        """Return what was billed for tokens."""
        return self.figures.billed(self._until(window), currency, of)

    def tokens_by_day(self, window: Window) -> Daily:
        """Return the tokens of each day of *window* for every team."""
        if not self._tokens:
            self._tokens.append(self.figures.tokens_by_day(self.whole))
        return self._cut(self._tokens[0], window, lambda: self.figures.tokens_by_day(self._until(window)))

    def parts_by_day(self, window: Window, member: Member) -> Parts:
        """Return the cost of each day of *window* for every *member* within every team."""
        if member not in self._parts:
            self._parts[member] = self.figures.parts_by_day(self.whole, member)
        return self._cut(self._parts[member], window, lambda: self.figures.parts_by_day(self._until(window), member))

    def unallocated(self, window: Window) -> list[UnallocatedKey]:
        """Return the principals whose cost nobody owns."""
        return self.figures.unallocated(self._until(window))

    def projects(self) -> list[str]:
        """Return the names of all projects, those of later days, too."""
        return self.figures.projects()

    def has_project(self, name: str) -> str | None:
        """Return the project's name as the ledger spells it."""
        return self.figures.has_project(name)

    def _until(self, window: Window) -> Window:
        """Return *window* without *today* and what follows."""
        return window.until(max(self.today, window.start))

    def _cut(self, found: _D, window: Window, asked: Callable[[], _D]) -> _D:
        """Return the columns of *window* of *found*, without cost from *today* on; *asked* where they lie outside of it."""
        if window.start < self.whole.start:
            found = asked()
        costs = np.zeros((len(found.keys), len(window)), dtype=np.int64)
        end = min(self.today, window.end, found.window.end)
        days = max((end - window.start).days, 0)
        first = (window.start - found.window.start).days
        costs[:, :days] = found.costs[:, first : first + days]
        return replace(found, window=window, costs=costs)


@dataclass
class PastLedger:
    """The loads as if each day had been delivered in the night after it, and nothing from *today* on."""

    ledger: Ledger
    today: date

    def sources(self) -> list[Load]:
        """Return the newest load of each source that had begun."""
        begun = {load.source for load in self._loads if load.window.start < self.today}
        return [self._until(load) for load in self._sources if load.source in begun]

    def loads(self, source: str | None = None) -> list[Load]:
        """Return every load that began before *today*, newest first."""
        return [self._until(load) for load in self._loads if source in {None, load.source} and load.window.start < self.today]

    def quarantine(self, number: int) -> list[Quarantined]:
        """Return the quarantined rows kept for load *number*."""
        return self.ledger.quarantine(number)

    def scopes(self) -> dict[str, str]:
        """Return the source that states the cost of each scope."""
        return self.ledger.scopes()

    def days(self, source: str, window: Window) -> set[date]:
        """Return the charge days of *window* for which there are rows of *source*."""
        return {day for day in self.ledger.days(source, window) if day < self.today}

    def seen(self, since: date) -> list[Seen]:  # noqa: ARG002 - days are taken as delivered at once
        """Return nothing: figures are those of now, so that no day lacks anything."""
        return []

    def load(self, source: str) -> AbstractContextManager[LoadWriter]:
        """Refuse: the past is only read.

        Raises:
            StoreError: Always.
        """
        raise StoreError(f"{source} cannot be loaded into the past.")

    @cached_property
    def _loads(self) -> list[Load]:
        return self.ledger.loads()

    @cached_property
    def _sources(self) -> list[Load]:
        return self.ledger.sources()

    def _until(self, load: Load) -> Load:
        window = load.window.until(max(min(load.window.end, self.today), load.window.start))
        return replace(load, window=window, watermark=min(load.watermark, midnight(self.today)))

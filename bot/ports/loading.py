"""Ports, loading: from a vendor to the ledger: sources, the engine, loads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bot.domain.completeness import Seen
from bot.domain.period import Window

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from bot.ledger.schema import Charges


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line of a text file that could not be taken apart into columns.

    Attributes:
        line: Number in the file, from 1, the header included.
    """

    file: str
    line: int
    reason: str


class Engine(Protocol):
    """Where Ibis expressions run."""

    def read(self, files: Sequence[Path], *, origin: bool = False, positions: bool = False) -> ir.Table:
        """Return the rows of CSV, JSON or Parquet *files* (one format), lazily; all text, except in Parquet.

        Columns are matched by name; one that a file lacks is null for its rows. With *origin* the file's name stands
        beside them as `origin_file`, with *positions* also `origin_row` (from 1, the header not counted), which is slow.

        Raises:
            SourceRefused: A file is empty, not readable as what its name says, or has no header.
        """

    def from_rows(self, rows: Sequence[Mapping[str, Any]], schema: Mapping[str, str]) -> ir.Table:
        """Return *rows* as a table of *schema* (Ibis type names); decimals stay exact."""

    def rejected(self) -> list[Rejected]:
        """Return the lines that the reads so far left out as malformed, each once."""

    def view(self, table: ir.Table) -> ir.Table:
        """Return *table* under a name of its own, computing nothing: what is built on it stays small."""

    def materialise(self, table: ir.Table) -> ir.Table:
        """Compute *table* once and return the stored result; it may be spilled to disk and lives as long as the engine."""

    def rows(self, table: ir.Table) -> list[dict[str, Any]]:
        """Return a small *table* as Python values, decimals as `Decimal`.

        Raises:
            SourceRefused: The data could not be read, named file first.
        """

    def batches(self, table: ir.Table, rows: int = 100_000) -> Iterator[Any]:
        """Return *table* as Arrow record batches of about *rows* rows, without ever holding the whole; the work begins at once."""

    def close(self) -> None:
        """Free memory and temporary files."""


@dataclass(frozen=True, slots=True)
class Settling:
    """When a source's figures stop changing.

    Attributes:
        days: A day is final this many days after it …
        after_month: … or, if true, after the end of its month.
    """

    days: int
    after_month: bool = False


class UsageSource(Protocol):
    """One place where cost is recorded. Its docstring is the vendor's data sheet."""

    kind: str
    name: str
    settling: Settling
    is_range_export: bool
    """Rows are sums over the whole window: two windows must not overlap in part."""

    def describe(self, engine: Engine) -> str:
        """Return what was recognised, for the summary: `FOCUS 1.2, 3 files`."""

    def window(self, engine: Engine) -> Window | None:
        """Return the days the source states, None where they are read from its rows.

        Raises:
            SourceRefused: The window must be given by the operator; the sentence says how.
        """

    def charges(self, window: Window | None, engine: Engine, *, positions: bool = False) -> Charges:
        """Return the charges whose period starts in *window* (all for None); the same rows when asked again.

        Raises:
            SourceRefused: The source is not usable as it is.
            SourceChanged: Columns that the data sheet promises are missing.
        """


class PriceBook(Protocol):
    """Dated list prices of tokens."""

    def prices(self, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return rows shaped as `ledger.price.PRICES` for the *wanted* (provider_name, model, day); nothing for unknown models."""

    def batches(self, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the same for what may wait for its answer, of the models that are cheaper then."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that could not be booked, and why.

    Attributes:
        place: `bill.csv, row 17`.
        cost: What the row would have cost, None where that could not be read.
    """

    place: str
    reason: str
    cost: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """One delivery of a source for a window of days, as booked. Amounts are nanos of the reporting currency.

    Attributes:
        rows: Rows of the source that were booked.
        ledger_rows: Daily rows they became.
        watermark: Until when the source is complete.
        quarantined_cost, left_out_cost: Per billing currency (empty where none is stated); left out is what is not AI, or
            stated by another source.
    """

    source: str
    kind: str
    description: str
    window: Window
    loaded_at: datetime
    rows: int
    days: int
    ledger_rows: int
    currency: str
    billed_nanos: int
    estimated_nanos: int
    allocated_nanos: int
    unallocated_nanos: int
    watermark: datetime
    settling: Settling
    scopes: tuple[str, ...] = ()
    quarantined_rows: int = 0
    quarantined_cost: Mapping[str, Decimal] = field(default_factory=dict)
    left_out_rows: int = 0
    left_out_cost: Mapping[str, Decimal] = field(default_factory=dict)
    unpriced_rows: int = 0
    unpriced_models: tuple[str, ...] = ()
    quarantine: tuple[Quarantined, ...] = field(default=(), repr=False)
    is_range_export: bool = False
    number: int = 0


FORGOTTEN = "forgotten"
"""Description of the load that takes a source out of the ledger."""


def stated_scopes(loads: Sequence[Load]) -> dict[str, str]:
    """Return scope → source over *loads*, newest first; what a source said before it was forgotten does not count."""
    forgotten: set[str] = set()
    found: dict[str, str] = {}
    for load in loads:
        if load.description == FORGOTTEN:
            forgotten.add(load.source)
        if load.source not in forgotten:
            found |= {scope: load.source for scope in load.scopes if scope not in found}
    return found


class LoadWriter(Protocol):
    """One load being booked, in one transaction. Leaving it without `book` undoes everything."""

    def labels(self, kind: str, values: Sequence[str]) -> dict[str, int]:
        """Return the number of each value, giving new ones a number; 0 is never given."""

    def lines(self, lines: Sequence[tuple[str | None, ...]]) -> dict[tuple[str | None, ...], int]:
        """Return the number of each line (`services.ingest.LINE_COLUMNS`), giving new ones a number."""

    def replace(self, window: Window, batches: Iterable[Any], totals: Iterable[Any]) -> None:
        """Put the daily rows of *batches* in the place of what the source had said of charges starting in *window*.

        Args:
            batches: Arrow record batches shaped as `services.ingest.DAILY`, ascending by key.
            totals: The same cost rolled up, shaped as `services.ingest.TOTALS`.
        """

    def stored(self, window: Window) -> tuple[int, int, int, int]:
        """Return rows, billed, estimated and original nanos that the ledger now holds for *window* of the source."""

    def book(self, load: Load) -> Load:
        """Record *load* and what the newest days of its window cost by now, move the watermark, commit; return it with its number.

        Of two loads at the same age of a day the later one stays. What is forgotten was never seen.
        """


class Ledger(Protocol):
    """The daily rows and the loads they came from."""

    def load(self, source: str) -> AbstractContextManager[LoadWriter]:
        """Begin a load of *source*.

        Raises:
            LoadInProgress: Another load of the same source is under way.
        """

    def loads(self, source: str | None = None) -> list[Load]:
        """Return every load, newest first."""

    def sources(self) -> list[Load]:
        """Return the newest load of each source, by name."""

    def quarantine(self, number: int) -> list[Quarantined]:
        """Return the quarantined rows kept for load *number*."""

    def scopes(self) -> dict[str, str]:
        """Return the source that states the cost of each scope."""

    def days(self, source: str, window: Window) -> set[date]:
        """Return the charge days of *window* for which there are rows of *source*."""

    def seen(self, since: date) -> list[Seen]:
        """Return what loads found of days from *since* on, while these were young, beside what they came to; one question."""


class Progress(Protocol):
    """How far a long job is, for whoever watches."""

    def step(self, text: str) -> None:
        """Say what begins now."""

    def rows(self, done: int) -> None:
        """Say how many rows are stored."""

"""Ports: what the core asks of the outside, with the obligations of whoever answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bot.domain.account import Account, Binding, Profile
from bot.domain.alert import Alert, Change
from bot.domain.budget import Budget, Raise
from bot.domain.people import Directory, Person
from bot.domain.period import Window
from bot.messages.card import Card

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    from numpy.typing import NDArray

    from bot.ledger.schema import Charges


class Clock(Protocol):
    """The time, as an argument."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line of a text file that could not be taken apart into columns.

    Attributes:
        line: Number in the file, from 1, the header included.
    """

    file: str
    line: int
    reason: str


class Calendar(Protocol):
    """The days off of a place."""

    def is_free(self, day: date, zone: str) -> bool:
        """Tell whether *day* is a public holiday where clocks follow *zone*; Saturdays and Sundays are not asked for."""


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
        """Record *load*, move the watermark, commit; return it with its number."""


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


class Figures(Protocol):
    """Questions to the ledger. Days without rows are absent; amounts are nanos."""

    def costs(self, scope: CostScope, window: Window, by: Dimension) -> list[Cost]:
        """Return the cost of *window* per key, highest first (per day: ascending)."""

    def highest(self, scope: CostScope, window: Window, by: Dimension, count: int) -> Ranking:
        """Return the *count* highest keys of `costs` and what the others come to; of equals at the end, any."""

    def total(self, scope: CostScope, window: Window) -> Cost:
        """Return the cost of *window* as one row with an empty key."""

    def contributors(self, scope: CostScope, window: Window, by: Dimension) -> dict[str, frozenset[int]]:
        """Return who stands behind each key, by numbers; nobody where the cost is nobody's in person."""

    def matrix(self, window: Window, by: Dimension, other: Dimension) -> dict[str, dict[str, int]]:
        """Return the cost of *window* for every pair of keys, in nanos; one question however many keys there are."""

    def by_day(self, window: Window, by: Dimension) -> Daily:
        """Return the cost of each day of *window* for every key; one question however many keys there are."""

    def unallocated(self, window: Window) -> list[UnallocatedKey]:
        """Return the principals whose cost nobody owns, highest first."""

    def projects(self) -> list[str]:
        """Return the names of all projects, as the ledger spells them."""

    def has_project(self, name: str) -> str | None:
        """Return the project's name as the ledger spells it, without regard to case, None when there is none."""


@dataclass(frozen=True, slots=True)
class Look:
    """That somebody looked at somebody's figures, or was refused."""

    at: datetime
    viewer: str
    subject_kind: str
    subject: str
    verdict: str
    command: str


class People(Protocol):
    """The directory as stored, and who looked at whom."""

    def directory(self) -> Directory:
        """Return everybody."""

    def replace(self, directory: Directory) -> None:
        """Put *directory* in the place of the stored one, all or nothing."""

    def log(self, look: Look) -> None:
        """Remember *look*."""

    def looks_at(self, person: Person, limit: int = 50) -> list[Look]:
        """Return who looked at figures with *person*'s name on them, newest first, without the person themselves.

        That is, where it was allowed: at the person, at the people of a team the person was in that day, at all people.
        """


class Budgets(Protocol):
    """The agreed budgets, with their history."""

    def current(self) -> list[Budget]:
        """Return the budgets in force, by name."""

    def at(self, instant: datetime) -> list[Budget]:
        """Return the versions that were in force at *instant*, by name."""

    def raises(self) -> list[Raise]:
        """Return every amount that was granted on top of a budget, by beginning."""

    def apply(self, changed: Sequence[Budget], removed: Sequence[str], at: datetime) -> None:
        """Add the *changed* as new versions and end the *removed*, all or nothing."""


class Accounts(Protocol):
    """Which chat account stands for which person."""

    def find(self, account: Account) -> Binding | None:
        """Return the binding of *account*, whatever its state."""

    def save(self, binding: Binding, instead_of: Binding | None = None) -> bool:
        """Put *binding* in the place of the account's former one, and tell whether it was done.

        Args:
            instead_of: Do nothing if the account has another one by now.
        """

    def every(self, email: str | None = None) -> list[Binding]:
        """Return all bindings, or those of *email*, by platform, space and user."""

    def of(self, emails: Collection[str]) -> list[Binding]:
        """Return the bindings of *emails* that are live, by platform, space and user."""


class Documents(Protocol):
    """Small texts kept by kind and key: preferences, conversation references, installations (encrypted by their owner)."""

    def get(self, kind: str, key: str) -> str | None:
        """Return the text, None when there is none."""

    def every(self, kind: str) -> dict[str, str]:
        """Return the texts of *kind* by key, in one question."""

    def of(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        """Return the texts of *kind* that there are under *keys*, in one question."""

    def put(self, kind: str, key: str, text: str) -> None:
        """Keep *text* in the place of what was there."""

    def drop(self, kind: str, key: str) -> None:
        """Forget the text; nothing happens when there is none."""

    def keys(self, kind: str, prefix: str = "") -> list[str]:
        """Return the keys of *kind* that begin with *prefix*, ascending."""


class Received(Protocol):
    """What was delivered to us already, so that a repetition does nothing."""

    takes_time: bool
    """Whether asking may hold up the event loop."""

    def is_first(self, key: str, now: datetime) -> bool:
        """Remember *key* and tell whether it was new; keys older than an hour may be forgotten."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message stands, as the platform needs it to edit the message.

    Attributes:
        space: The workspace or tenant.
        place: The channel or conversation.
        message: The platform's id of the message.
    """

    platform: str
    space: str
    place: str
    message: str


class Chat(Protocol):
    """One chat platform, outward.

    Every method raises `DeliveryDeferred` when it may work later (with the time the platform asked for),
    `DeliveryImpossible` when it never will as it is, and `DeliveryUnknown` when nobody can tell whether it happened.
    """

    platform: str

    async def profile(self, account: Account) -> Profile:
        """Return what the platform says of *account* now."""

    async def find(self, email: str) -> Account | None:
        """Return the account whose profile has *email* on the platform itself, None where there is none or nobody can tell."""

    async def send(self, account: Account, card: Card) -> Sent:
        """Send *card* to the person's own chat with us and return where it stands."""

    async def post(self, space: str, channel: str, card: Card) -> Sent:
        """Post *card* in a channel, which holds figures of a team only; never where people of another organisation read."""

    async def edit(self, sent: Sent, card: Card) -> None:
        """Put *card* in the place of what stands at *sent*."""


class Delivery(StrEnum):
    """Where a message of the outbox stands."""

    WAITING = "waiting"
    SENDING = "sending"
    """A worker has it; if the worker dies, nobody can tell whether it was sent."""
    SENT = "sent"
    UNKNOWN = "unknown"
    PARKED = "parked"
    DROPPED = "dropped"
    HELD = "held"
    """Not urgent, and enough was said this week: it goes into the next digest."""


class MessageKind(StrEnum):
    """What a message is, which decides what happens when nobody can tell whether it arrived."""

    ALERT = "alert"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    APPROVAL = "approval"
    CLAIM = "claim"
    NOTICE = "notice"
    DIGEST = "digest"
    BROADCAST = "broadcast"
    HELLO = "hello"


REPEATED = frozenset({MessageKind.ALERT, MessageKind.REMINDER, MessageKind.ESCALATION, MessageKind.APPROVAL, MessageKind.CLAIM})
"""Sent once more, saying that it may be a repetition, when the outcome is not known; the others are left."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be said to one person, or posted in one channel.

    Attributes:
        key: Unique for ever: the same key is never said twice.
        to: E-mail of a person of the directory, or `slack:SPACE:CHANNEL`.
        about: What it belongs to: `alert 12`; what is said of that later is put right in place.
        role: As what the person gets it (`owner`, `manager`, `finops`, …), for wording it again.
        is_urgent: Neither quiet hours nor the attention budget hold it back.
        needs_answer: Silence counts, so it is not held for a digest.
    """

    key: str
    kind: MessageKind
    to: str
    card: Card
    about: str = ""
    role: str = ""
    is_urgent: bool = False
    needs_answer: bool = False
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A message of the outbox and what became of it.

    Attributes:
        revision: Of the card, from 1; a card that changes is put in the place of what was sent.
        sent_revision: The one that people see; 0 for none.
        sent: Where it stands; None before it is sent.
        was_unknown: The outcome of an attempt was not known.
        turn: When it may be sent at its platform's pace; None where that was not worked out yet.
        lease: Of whoever has it in hand: what they say of it counts for nothing once somebody else has it.
    """

    number: int
    message: Message
    state: Delivery
    created_at: datetime
    revision: int = 1
    sent_revision: int = 0
    sent: Sent | None = None
    attempts: int = 0
    reason: str = ""
    due_at: datetime | None = None
    sent_at: datetime | None = None
    was_unknown: bool = False
    turn: datetime | None = None
    lease: str = ""


class Outbox(Protocol):
    """What is to be sent, shared by every replica through leases."""

    def lease(self, worker: str, count: int, now: datetime, until: datetime, ahead: timedelta = timedelta()) -> list[Post]:
        """Take up to *count* messages that are due, urgent ones first; nobody else gets them before *until*.

        Those whose turn comes within *ahead* are due, too.

        Those that a worker began to send and let lapse come back once as unknown (`Delivery.UNKNOWN`), for the policy of their
        kind; those that it had not begun come back as if nothing had been.
        """

    def begin(self, posts: Sequence[Post], until: datetime) -> list[Post]:
        """Say that *posts* are being sent from now on, and return them as they are now; those that were dropped meanwhile are left out."""

    def sent(self, done: Sequence[tuple[Post, Sent]], now: datetime) -> None:
        """Record where these revisions of posts stand; a newer card goes out next."""

    def put_off(self, post: Post, until: datetime, reason: str) -> None:
        """Give *post* back, to be tried again at *until*."""

    def schedule(self, posts: Sequence[Post]) -> None:
        """Give *posts* back, to be sent at their turns."""

    def settle(self, post: Post, state: Delivery, reason: str, now: datetime) -> None:
        """Give *post* up in *state*: parked, unknown or dropped."""

    def repeat(self, post: Post, card: Card, now: datetime) -> None:
        """Send *post* once more, as *card*, after its outcome was not known."""

    def posts(self, states: Sequence[Delivery] = (), limit: int = 1000) -> list[Post]:
        """Return the messages in *states* (all for none), newest first."""

    def pushes(self, emails: Collection[str], since: datetime) -> dict[str, int]:
        """Return how many new messages each of *emails* was sent since, or is about to be, without those that are urgent."""

    def reserve(self, wanted: Sequence[Mapping[str, timedelta]], now: datetime) -> list[datetime]:
        """Take the next turn for each of *wanted*, and return them.

        A turn is an instant at which all its places may be written to; the next one there comes their spacing later.
        """

    def wake(self, email: str, now: datetime) -> int:
        """Let what waits for *email* to be known be tried now; return how much that is."""


class Desk(Protocol):
    """One decision under way: nobody else decides meanwhile, and all of it is stored or nothing."""

    def alerts(self, since: date) -> list[Alert]:
        """Return the alerts of periods that began on *since* or later, every live one, and all that are about no budget."""

    def alert(self, number: int) -> Alert | None:
        """Return alert *number*."""

    def save(self, change: Change, by: str) -> Alert:
        """Store what *change* made of the alert, and why; return it with its number."""

    def note(self, by: str, what: str, about: str, detail: Mapping[str, str]) -> None:
        """Add a line to the audit log."""

    def enqueue(self, message: Message) -> bool:
        """Put *message* in the outbox; False when its key is there already."""

    def enqueue_all(self, messages: Sequence[Message]) -> int:
        """Put those of *messages* in the outbox whose keys are new, and return how many."""

    def about(self, about: str) -> list[Post]:
        """Return the messages that belong to *about*, oldest first."""

    def revise(self, post: Post, card: Card) -> None:
        """Say *card* instead of what *post* says, in its place; a message that was not sent yet is sent so."""

    def send_again(self, post: Post) -> None:
        """Let a message that was dropped, and never sent, go out after all."""

    def drop(self, post: Post, reason: str) -> None:
        """Do not send *post*, which has become untrue; one that was sent is left."""

    def open_case(self, kind: str, state: str, body: str, at: datetime, due: datetime | None = None) -> int:
        """Store a new case and return its number."""

    def change_case(self, number: int, state: str, body: str, at: datetime, due: datetime | None = None) -> None:
        """Store what became of a case."""

    def case(self, number: int) -> Case | None:
        """Return case *number*."""

    def cases(self, kind: str, state: str = "") -> list[Case]:
        """Return the cases of *kind* (in *state*), oldest first."""

    def grant(self, raised: Raise) -> None:
        """Put an amount on top of a budget."""

    def mark(self, name: str) -> str:
        """Return the mark *name*, empty when there is none."""

    def set_mark(self, name: str, value: str) -> None:
        """Put a mark."""


@dataclass(frozen=True, slots=True)
class Case:
    """A matter between several people, as stored; *body* is its service's own."""

    number: int
    kind: str
    state: str
    opened_at: datetime
    changed_at: datetime
    due: datetime | None
    body: str


class Alerts(Protocol):
    """The alerts, the audit log and the outbox, which change together."""

    def decide(self) -> AbstractContextManager[Desk]:
        """Begin a decision; leaving the block commits it, an error undoes it."""

    def every(self, *, live: bool = False, limit: int = 1000) -> list[Alert]:
        """Return the alerts, newest first."""

    def find(self, number: int) -> Alert | None:
        """Return alert *number*."""

    def history(self, about: str) -> list[Noted]:
        """Return the audit log of *about*, oldest first."""

    def votes(self) -> list[tuple[int, str]]:
        """Return every person's last vote on an alert, by the alert's number."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A line of the audit log; *seal* chains it to the line before."""

    number: int
    at: datetime
    by: str
    what: str
    about: str
    detail: Mapping[str, str]
    seal: str


class Progress(Protocol):
    """How far a long job is, for whoever watches."""

    def step(self, text: str) -> None:
        """Say what begins now."""

    def rows(self, done: int) -> None:
        """Say how many rows are stored."""

"""Ports, outbox: what is to be sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.messages.card import Card
from bot.ports.chat import Sent


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


UNSEEN = (Delivery.WAITING, Delivery.HELD, Delivery.PARKED)
TOLD = "told in a digest"
"""Why a message was dropped: a digest says it."""
NOT_HERE = "is not here any more"
"""Why a message was parked: its reader has left."""
NOT_THEIRS = "not theirs to see any more"
"""Why a message was dropped: the directory has changed since it was worded."""


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

    def number_of(self, kind: str) -> int:
        """Return the number of the *kind* it belongs to (12 of `alert 12`), 0 where it belongs to something else."""
        what, _, number = self.about.partition(" ")
        return int(number) if what == kind and number.isdigit() else 0


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

    @property
    def is_unseen(self) -> bool:
        """Tell whether it still waits, and nobody can have seen it."""
        return self.state in UNSEEN and not self.sent_revision


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
        """Give *post* back, to be tried again at *until*; not what was to be dropped while it was being sent."""

    def schedule(self, posts: Sequence[Post]) -> None:
        """Give *posts* back, to be sent at their turns."""

    def settle(self, post: Post, state: Delivery, reason: str, now: datetime) -> None:
        """Give *post* up in *state*: parked, unknown or dropped."""

    def repeat(self, post: Post, label: Callable[[Card], Card], now: datetime) -> None:
        """Send *post* once more after its outcome was not known: its card, or what was put in its place meanwhile, *label* applied."""

    def posts(self, states: Sequence[Delivery] = (), limit: int = 1000, reason: str = "") -> list[Post]:
        """Return the messages in *states* (all for none), for *reason* (any for none), newest first."""

    def find(self, number: int) -> Post | None:
        """Return message *number*."""

    def pushes(self, emails: Collection[str], since: datetime) -> dict[str, int]:
        """Return how many new messages each of *emails* was sent since, or is about to be, without those that are urgent."""

    def reserve(self, wanted: Sequence[Mapping[str, timedelta]], now: datetime) -> list[datetime]:
        """Take the next turn for each of *wanted*, and return them.

        A turn is an instant at which all its places may be written to; the next one there comes their spacing later.
        """

    def wake(self, email: str, now: datetime) -> int:
        """Let what waits for *email* to be known be tried now; return how much that is."""

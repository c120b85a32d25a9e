"""Ports, alerts: alerts, the audit log and the matters between people, which change together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.domain.alert import Alert, Change, Kind
from bot.domain.budget import Raise
from bot.messages.card import Card
from bot.ports.outbox import Message, Post


class Desk(Protocol):
    """One decision under way: nobody else decides meanwhile, and all of it is stored or nothing."""

    def alerts(self, since: date) -> list[Alert]:
        """Return the alerts of periods that began on *since* or later, every live one, and all that are about no budget."""

    def alert(self, number: int) -> Alert | None:
        """Return alert *number*."""

    def save(self, change: Change, by: str) -> Alert:
        """Store what *change* made of the alert, and why; return it with its number."""

    def save_all(self, changes: Sequence[Change], by: str) -> list[Alert]:
        """Store *changes*, of as many alerts, in order; return the alerts with their numbers."""

    def note(self, by: str, what: str, about: str, detail: Mapping[str, str]) -> None:
        """Add a line to the audit log."""

    def enqueue(self, message: Message) -> bool:
        """Put *message* in the outbox; False when its key is there already, and was not taken back unsent (`NOT_THEIRS`)."""

    def enqueue_all(self, messages: Sequence[Message]) -> set[str]:
        """Put those of *messages* in the outbox whose keys are new, and return these keys."""

    def about(self, about: str) -> list[Post]:
        """Return the messages that belong to *about*, oldest first."""

    def revise(self, post: Post, card: Card) -> None:
        """Say *card* instead of what *post* says, in its place; a message that was not sent yet is sent so."""

    def send_again(self, post: Post) -> None:
        """Let a message that was dropped or parked, and never sent, go out after all."""

    def drop(self, post: Post, reason: str) -> None:
        """Do not send *post*, which has become untrue or somebody else's; one that was sent is left.

        One that is being sent, and is not its reader's any more, is not sent again.
        """

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

    def every(self, *, live: bool = False, kind: Kind | None = None, limit: int = 1000) -> list[Alert]:
        """Return the alerts (of *kind*), newest first."""

    def find(self, number: int) -> Alert | None:
        """Return alert *number*."""

    def history(self, about: str) -> list[Noted]:
        """Return the audit log of *about*, oldest first."""

    def cases(self, kind: str) -> list[Case]:
        """Return the cases of *kind*, oldest first, as they are now; nothing is decided."""

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

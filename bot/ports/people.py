"""Ports, people: who there is, what was agreed, and who may speak for whom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.account import Account, Binding
from bot.domain.budget import Budget, Raise
from bot.domain.people import Directory, Person


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

    def version(self) -> int:
        """Return a number that every change of the directory raises."""

    def replace(self, directory: Directory) -> None:
        """Put *directory* in the place of the stored one, all or nothing."""

    def log(self, look: Look) -> None:
        """Remember *look*."""

    def looks_at(self, person: Person, limit: int | None = 50) -> list[Look]:
        """Return who looked at figures with *person*'s name on them, newest first, without the person themselves; all for no *limit*.

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

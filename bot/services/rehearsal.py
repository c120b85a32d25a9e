"""Rehearsal: alerts and documents in memory, for a review of which nothing may be stored or sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.domain.alert import Alert, Change, Kind
from bot.domain.budget import Budget, Raise
from bot.domain.foretold import Foretold
from bot.domain.people import Directory, Person
from bot.errors import StoreError
from bot.messages.card import Card
from bot.messages.formats import Reader
from bot.messages.markup import Templates
from bot.ports import Budgets, Case, Look, Message, Noted, People, Post


@dataclass
class MemoryAlerts:
    """The alerts, and what would have been sent; a decision under way is the same object, and commits nothing."""

    kept: list[Alert] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    known_cases: dict[int, Case] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    @contextmanager
    def decide(self) -> Iterator[MemoryAlerts]:
        """Begin a decision."""
        yield self

    def every(self, *, live: bool = False, kind: Kind | None = None, limit: int = 1000) -> list[Alert]:
        """Return the alerts (of *kind*), newest first."""
        some = (a for a in reversed(self.kept) if (a.is_live or not live) and kind in {None, a.identity.kind})
        return list(some)[:limit]

    def find(self, number: int) -> Alert | None:
        """Return alert *number*."""
        return self.alert(number)

    def history(self, about: str) -> list[Noted]:  # noqa: ARG002 - a rehearsal keeps no log
        """Return nothing: a rehearsal keeps no log."""
        return []

    def votes(self) -> list[tuple[int, str]]:
        """Return nothing: nobody was told."""
        return []

    def alerts(self, since: date) -> list[Alert]:
        """Return the alerts of periods that began on *since* or later, every live one, and all that are about no budget."""
        return [a for a in self.kept if a.identity.period_start >= since or a.is_live or not a.identity.budget]

    def alert(self, number: int) -> Alert | None:
        """Return alert *number*."""
        return self.kept[number - 1] if 0 < number <= len(self.kept) else None

    def save(self, change: Change, by: str) -> Alert:  # noqa: ARG002 - a rehearsal keeps no log
        """Keep what *change* made of the alert."""
        if change.before is None:
            self.kept.append(replace(change.after, number=len(self.kept) + 1))
            return self.kept[-1]
        self.kept[change.after.number - 1] = change.after
        return change.after

    def save_all(self, changes: Sequence[Change], by: str) -> list[Alert]:
        """Keep *changes*, in order."""
        return [self.save(change, by) for change in changes]

    def note(self, by: str, what: str, about: str, detail: Mapping[str, str]) -> None:
        """Keep nothing."""

    def enqueue(self, message: Message) -> bool:
        """Count *message*; False when its key is known."""
        is_new = message.key not in self.keys
        if is_new:
            self.keys.add(message.key)
            self.messages.append(message)
        return is_new

    def enqueue_all(self, messages: Sequence[Message]) -> set[str]:
        """Count those of *messages* whose keys are new, and return these."""
        return {message.key for message in messages if self.enqueue(message)}

    def about(self, about: str) -> list[Post]:  # noqa: ARG002 - nothing was sent
        """Return nothing: what was never sent is not put right."""
        return []

    def revise(self, post: Post, card: Card) -> None:
        """Leave *post*, which is none of ours."""

    def send_again(self, post: Post) -> None:
        """Leave *post*, which is none of ours."""

    def drop(self, post: Post, reason: str) -> None:
        """Leave *post*, which is none of ours."""

    def open_case(self, kind: str, state: str, body: str, at: datetime, due: datetime | None = None) -> int:
        """Keep a new case."""
        number = len(self.known_cases) + 1
        self.known_cases[number] = Case(number, kind, state, at, at, due, body)
        return number

    def change_case(self, number: int, state: str, body: str, at: datetime, due: datetime | None = None) -> None:
        """Keep what became of a case."""
        self.known_cases[number] = replace(self.known_cases[number], state=state, body=body, changed_at=at, due=due)

    def case(self, number: int) -> Case | None:
        """Return case *number*."""
        return self.known_cases.get(number)

    def cases(self, kind: str, state: str = "") -> list[Case]:
        """Return the cases of *kind* (in *state*)."""
        return [case for case in self.known_cases.values() if case.kind == kind and state in {"", case.state}]

    def grant(self, raised: Raise) -> None:
        """Refuse: nobody was asked.

        Raises:
            StoreError: Always.
        """
        raise StoreError(f"A rehearsal grants nothing on top of {raised.budget}.")

    def mark(self, name: str) -> str:
        """Return the mark *name*."""
        return self.marks.get(name, "")

    def set_mark(self, name: str, value: str) -> None:
        """Put a mark."""
        self.marks[name] = value


@dataclass
class MemoryDocuments:
    """Documents that are forgotten with the rehearsal."""

    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def get(self, kind: str, key: str) -> str | None:
        """Return the text."""
        return self.kept.get((kind, key))

    def every(self, kind: str) -> dict[str, str]:
        """Return the texts of *kind* by key."""
        return {key: text for (of, key), text in self.kept.items() if of == kind}

    def of(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        """Return the texts of *kind* under *keys*."""
        return {key: text for key, text in self.every(kind).items() if key in keys}

    def put(self, kind: str, key: str, text: str) -> None:
        """Keep *text*."""
        self.kept[kind, key] = text

    def drop(self, kind: str, key: str) -> None:
        """Forget the text."""
        self.kept.pop((kind, key), None)

    def keys(self, kind: str, prefix: str = "") -> list[str]:
        """Return the keys of *kind*."""
        return sorted(key for key in self.every(kind) if key.startswith(prefix))


@dataclass(frozen=True)
class Onlookers:
    """The directory, without anybody looking at anybody."""

    people: People

    def directory(self) -> Directory:
        """Return everybody."""
        return self.people.directory()

    def version(self) -> int:
        """Return the number of the directory."""
        return self.people.version()

    def log(self, look: Look) -> None:
        """Forget *look*: nobody was shown anything."""

    def looks_at(self, person: Person, limit: int | None = 50) -> list[Look]:
        """Return who looked at the person."""
        return self.people.looks_at(person, limit)

    def replace(self, directory: Directory) -> None:
        """Refuse: a rehearsal changes nobody.

        Raises:
            StoreError: Always.
        """
        raise StoreError(f"A rehearsal does not change the directory of {len(directory.people)} people.")


@dataclass(frozen=True)
class StandingBudgets:
    """Today's budgets, as if they had been agreed at *began_at*: no period that ended before is judged by them."""

    budgets: Budgets
    began_at: datetime

    def current(self) -> list[Budget]:
        """Return the budgets in force today."""
        return [replace(budget, began_at=self.began_at) for budget in self.budgets.current()]

    def at(self, instant: datetime) -> list[Budget]:  # noqa: ARG002 - always the same
        """Return the same ones."""
        return self.current()

    def raises(self) -> list[Raise]:
        """Return what was granted on top."""
        return self.budgets.raises()

    def apply(self, changed: Sequence[Budget], removed: Sequence[str], at: datetime) -> None:
        """Refuse: a rehearsal changes no budget.

        Raises:
            StoreError: Always.
        """
        raise StoreError(f"A rehearsal changes none of {len(changed) + len(removed)} budgets at {at}.")


class Wordless(Templates):
    """Templates for messages that nobody reads."""

    def card(self, name: str, view: object, reader: Reader) -> Card:  # noqa: ARG002 - nobody reads it
        """Return an empty card."""
        return Card(name, name, ())


@dataclass
class MemoryForecasts:
    """What would have been told to expect."""

    kept: dict[tuple[str, str, date, date], Foretold] = field(default_factory=dict)
    told: dict[tuple[str, str, date, date], Foretold] = field(default_factory=dict)

    def keep(self, found: Sequence[Foretold]) -> None:
        """Keep *found* for as long as the rehearsal lasts."""
        self.kept |= {(one.budget, one.subject, one.period_start, one.as_of): one for one in found}

    def renew(self, found: Sequence[Foretold], periods: Collection[tuple[str, date]], since: date) -> None:
        """Keep *found* as all that is expected by now."""
        made = {(one.budget, one.subject, one.period_start): one.as_of for one in found}
        for budget, subject, start, as_of in list(self.kept):
            known = made.get((budget, subject, start), since if (budget, start) in periods else None)
            if known is not None and as_of >= known:
                del self.kept[budget, subject, start, as_of]
        self.keep(found)

    def newest(self, since: date) -> dict[tuple[str, str, date], Foretold]:
        """Return the newest forecast of each budget, subject and period."""
        ordered = sorted(self.kept.values(), key=lambda one: one.as_of)
        return {(one.budget, one.subject, one.period_start): one for one in ordered if one.period_start >= since}

    def find(self, budget: str, subject: str, period_start: date, by: date | None = None) -> Foretold | None:
        """Return the newest forecast of one subject, of those as of the day *by* or an earlier one where it is given."""
        found = [one for (*key, as_of), one in self.kept.items() if key == [budget, subject, period_start] and as_of <= (by or as_of)]
        return max(found, key=lambda one: one.as_of, default=None)

    def of_period(self, period_start: date, days: Collection[date]) -> list[Foretold]:
        """Return the forecasts of a period as of any of *days*."""
        return [one for one in self.kept.values() if one.period_start == period_start and one.as_of in days]

    def note_shown(self, found: Sequence[Foretold], *, kept: Sequence[Foretold] = (), is_hurried: bool = False) -> int:  # noqa: ARG002 - nobody else writes
        """Note what would have been shown, and return how much of it is new."""
        by_key = {(one.budget, one.subject, one.period_start, one.as_of): one for one in found}
        new = {key: one for key, one in by_key.items() if self.told.get(key) != one}
        self.told |= new
        self.keep(kept if new else ())
        return len(new)

    def shown(self, period_start: date) -> list[Foretold]:
        """Return what would have been shown of periods that began on *period_start*."""
        return [one for one in self.told.values() if one.period_start == period_start]

    def forget(self, before: date, kept_since: Callable[[date, date], date | None]) -> int:
        """Drop what is as of a day before *before* and no milestone."""
        old = [key for key in self.kept if key[-1] < before and not self._is_first(key, kept_since(*key[2:]))]
        for key in old:
            del self.kept[key]
        return len(old)

    def _is_first(self, key: tuple[str, str, date, date], since: date | None) -> bool:
        *of, as_of = key
        return since is not None and not any(other == of and since <= day < as_of for *other, day in self.kept)

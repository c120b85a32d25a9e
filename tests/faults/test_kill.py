"""Kill -9 at random points of a load, two writers at once, a full disk: the ledger is always one complete load."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, fresh_postgresql
from factories import charge, nanos, write_csv
from loading import ingest
from sqlalchemy import text

from adapters.store import schema
from adapters.store.database import Database
from bot import settings as app_settings
from bot import wiring
from bot.errors import BotError

ROUNDS = 200
FORK = multiprocessing.get_context("fork")
"""Children share what is imported already; each opens its own engine and connections."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    found = f"sqlite:///{tmp_path}/kill.db"
    if request.param == "postgresql":
        found = fresh_postgresql(request.getfixturevalue("postgresql_url"), f"kill_{os.getpid()}_{abs(hash(tmp_path))}")
    database = Database(found)
    schema.upgrade(database)
    database.close()
    return found


def bills(folder: Path, rows: int) -> list[Path]:
    """Write two statements of the same days: all ones, and all threes."""
    return [
        write_csv(
            folder / f"{cost}.csv",
            [charge(f"2026-11-{1 + n % 20:02d}", cost, x_PrincipalId=f"p{n % 50}@x.example", x_Model=f"m{n % 7}") for n in range(rows)],
        )
        for cost in ("1", "3")
    ]


def load(url: str, bill: Path, answers: Any = None, limit: int | None = None) -> None:
    """Load *bill* in a process of its own."""
    if limit:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    app = wiring.app(app_settings.load(None, {"AISPEND_STORE_URL": url}), NOW)
    try:
        ingest(app, bill)
        answer = "booked"
    except BotError as exc:
        answer = str(exc)
    finally:
        app.close()
    if answers is not None:
        answers.put(answer)


def state(url: str) -> tuple[int, int, int]:
    """Return rows, billed and rolled-up billed of the ledger."""
    database = Database(url)
    with database.reading() as connection:
        rows, billed = connection.execute(text("SELECT COUNT(*), COALESCE(SUM(billed), 0) FROM daily_costs")).one()
        rolled = connection.execute(
            text("SELECT COALESCE(SUM(billed), 0) FROM period_costs WHERE dimension = 0 AND grain = 0")
        ).scalar_one()
    database.close()
    return int(rows), int(billed), int(rolled)


def start(*args: Any) -> BaseProcess:
    process = FORK.Process(target=load, args=args)
    process.start()
    return process


@pytest.mark.soak
def test_a_killed_load_leaves_the_one_before_or_the_one_after(url: str, tmp_path: Path) -> None:
    """Killed in its first second it changes nothing; killed late it is complete; there is nothing in between."""
    files = bills(tmp_path, 400)
    begun = time.monotonic()
    first = start(url, files[0])
    first.join()
    length = time.monotonic() - begun
    rows = state(url)[0]
    complete = {(rows, nanos(400), nanos(400)), (rows, nanos(1200), nanos(1200))}
    chance = random.Random(7)  # noqa: S311 - the same moments every time
    killed = 0
    for turn in range(ROUNDS):
        process = start(url, files[(turn + 1) % 2])
        process.join(length * chance.uniform(0.3, 1.1))
        if process.exitcode is None:
            os.kill(process.pid or 0, signal.SIGKILL)
            killed += 1
        process.join()
        assert state(url) in complete
    assert killed > ROUNDS // 4, "the kills came too late to prove anything"
    last = start(url, files[0])
    last.join()
    assert state(url) == (rows, nanos(400), nanos(400)), "after the last kill a load still works"


@pytest.mark.soak
def test_two_loads_of_one_source_never_mix(url: str, tmp_path: Path) -> None:
    files = bills(tmp_path, 400)
    answers = FORK.Queue()
    for _ in range(20):
        both = [start(url, file, answers) for file in files]
        said = [answers.get(timeout=120) for _ in both]
        for process in both:
            process.join()
        assert "booked" in said
        assert all(answer == "booked" or "under way" in answer or "in use" in answer for answer in said)
        _, billed, rolled = state(url)
        assert billed == rolled
        assert billed in {nanos(400), nanos(1200)}


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/full.db"
    database = Database(url)
    schema.upgrade(database)
    database.close()
    small, large = write_csv(tmp_path / "small.csv", [charge()]), bills(tmp_path, 5000)[1]
    first = start(url, small)
    first.join()
    before = state(url)
    answers = FORK.Queue()
    crowded = start(url, large, answers, 60_000)
    said = answers.get(timeout=120)
    crowded.join()
    assert said != "booked"
    assert "Nothing was" in said
    assert state(url) == before

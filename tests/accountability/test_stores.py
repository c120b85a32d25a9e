"""The same on PostgreSQL: warned, sent, answered, raised, broadcast, digested; two reviews and two couriers at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import fresh_postgresql
from office import Office, office

from bot.wiring import App


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path, postgresql_url: str) -> Office:
    found = office(make_app, tmp_path, url=fresh_postgresql(postgresql_url, f"office_{os.getpid()}_{abs(hash(tmp_path))}"))
    found.know()
    return found


@pytest.mark.service
def test_a_month_of_everything(firm: Office) -> None:
    firm.spend("104")
    firm.spend("30", "ben")
    firm.review()
    assert firm.deliver().sent == 1
    number = firm.app.alerts.every(live=True)[0].number
    firm.ask("ana", f"ack {number} launch back to the small model until 2026-11-20")
    request = firm.ask("ana", "budget request 50 a launch")["number"]
    assert firm.ask("mia", f"approve {request}")["state"] == "granted"
    assert firm.ask("ana", "me")["budget"]["limit"] == "150"
    broadcast = firm.ask("fin", 'broadcast team:search "You have used {used}."')["number"]
    firm.ask("fin", f"approve {broadcast}")
    assert firm.app.broadcasts.run() == 2
    firm.clock.instant = firm.clock.instant.replace(day=9)
    firm.app.duties()
    assert firm.app.digests.run() > 0
    assert firm.deliver().sent > 0
    assert firm.app.alerts.broken_link() is None


@pytest.mark.service
def test_reviews_at_once_tell_once_and_couriers_at_once_send_once(firm: Office) -> None:
    for who in ("ana", "ben", "mia"):
        firm.spend("130", who)

    def at_once(work: Callable[[], object]) -> None:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    at_once(firm.review)
    assert sorted(to for to, _ in firm.said()) == ["ana", "ben", "mia"]
    at_once(lambda: firm.deliver(width=1))
    assert firm.world.writes == 3
    assert firm.app.alerts.broken_link() is None

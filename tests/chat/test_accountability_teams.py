"""The journey of an overrun in Teams over real HTTP: warned, answered in a card, edited in place, the next tier, silence, more budget."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from chat_teams import Credentials, Rig
from factories import charge, write_csv
from office import Office, office

from bot import timetable
from bot.services import broadcast
from bot.wiring import App, chat


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_credentials", lambda _: Credentials())


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    found.clock.instant += timedelta(days=1)  # a Tuesday, on which nobody gets a digest
    return found


def play(firm: Office, scene: Callable[[Rig], Awaitable[None]]) -> None:
    async def run() -> None:
        async with Rig(firm.app) as rig:
            rig.token = lambda **more: Rig.token(rig, **({"nbf": stamp(firm), "exp": stamp(firm) + 3600} | more))  # type: ignore[method-assign]
            for name in ("ana", "mia", "fin", "ben"):
                await rig.says(name, "me")
                await rig.presses(name, "confirm", {"on": "help"})
            await scene(rig)

    asyncio.run(run())


def stamp(firm: Office) -> int:
    return int(firm.clock.instant.timestamp())


async def told(firm: Office, rig: Rig, user: str, words: str, method: str = "POST") -> dict[str, Any]:
    """Wait until *user* is told *words*, and return the message."""
    async with asyncio.timeout(20):
        while True:
            found = [body for how, path, body in rig.teams.told if how == method and f"a:{user}" in path and words in json.dumps(body)]
            if found:
                firm.clock.instant += timedelta(seconds=9)  # a place has its pace
                return found[-1]
            await asyncio.sleep(0.02)


def test_an_overrun_is_warned_of_answered_and_escalated(firm: Office) -> None:
    async def scene(rig: Rig) -> None:
        await asyncio.to_thread(firm.spend, "104")
        await asyncio.to_thread(firm.review)
        await told(firm, rig, "ana", "You have used 104 % ($104.00 of $100.00)")
        number = str(firm.app.alerts.every(live=True)[0].number)
        form = json.dumps(await rig.presses("ana", "answer", {"on": number}))
        assert "What will you do?" in form
        answers = {"on": number, "because": "launch", "plan": "back to the small model", "until": "2026-11-20"}
        assert "Answered: You have used 104 %" in json.dumps(await rig.presses("ana", "answered", answers))
        await told(firm, rig, "ana", "back to the small model", "PUT")
        await asyncio.to_thread(firm.spend, "121")
        await asyncio.to_thread(firm.review)
        await told(firm, rig, "ana", "You have used 121 %")
        await asyncio.to_thread(firm.later, days=1, hours=1)
        await told(firm, rig, "mia", "Not answered yet: 121 %")
        await asyncio.to_thread(firm.later, days=1, hours=1)
        await told(firm, rig, "fin", "Not answered yet: 121 %")
        await asyncio.to_thread(firm.spend, "40")
        await asyncio.to_thread(firm.review)
        for name in ("ana", "mia", "fin"):
            await told(firm, rig, name, "Corrected: 40 %, not 121 %", "PUT")

    play(firm, scene)


def test_another_person_s_click_answers_nothing(firm: Office) -> None:
    async def scene(rig: Rig) -> None:
        await asyncio.to_thread(firm.spend, "104", "mia")
        await asyncio.to_thread(firm.review)
        await told(firm, rig, "mia", "You have used 104 %")
        number = str(firm.app.alerts.every(live=True)[0].number)
        refused = json.dumps(await rig.presses("ana", "answer", {"on": number}))
        assert f"There is no alert {number} of yours" in refused
        assert "104" not in refused

    play(firm, scene)


def test_more_budget_is_asked_for_and_two_people_say_yes(firm: Office) -> None:
    object.__setattr__(firm.app.requests, "four_eyes_from", 10 * 10**9)

    async def scene(rig: Rig) -> None:
        await asyncio.to_thread(firm.spend, "104")
        await asyncio.to_thread(firm.review)
        await told(firm, rig, "ana", "You have used 104 %")
        number = str(firm.app.alerts.every(live=True)[0].number)
        answers = {"on": number, "amount": "50", "until": "2026-11-30", "reason": "the migration"}
        assert "Asked for $50.00 more" in json.dumps(await rig.presses("ana", "raised", answers))
        await told(firm, rig, "mia", "Ana Ruiz asks for $50.00 more")
        with firm.app.alerts.decide() as desk:
            (case,) = desk.cases("request")
        assert "Your yes is noted" in json.dumps(await rig.presses("mia", "ask", {"on": f"approve {case.number}"}))
        await told(firm, rig, "fin", "Ana Ruiz asks for $50.00 more")
        await rig.presses("fin", "ask", {"on": f"approve {case.number}"})
        await told(firm, rig, "ana", "Granted: $50.00 more, $150.00 in all")

    play(firm, scene)
    assert firm.ask("ana", "me")["budget"]["limit"] == "150"


def test_a_key_finds_its_owner_by_buttons(firm: Office) -> None:
    firm.agree("budgets = []")
    write_csv(firm.folder / "bill.csv", [charge("2026-11-02", "40", x_PrincipalId="sk-lost")])
    with firm.app.source(firm.app.settings.sources[0]) as source:
        firm.app.ingest.run(source)

    async def scene(rig: Rig) -> None:
        await rig.presses("fin", "ask", {"on": "claim sk-lost ben@x.example"})
        assert "40" not in json.dumps(await told(firm, rig, "ben", "Is sk-lost yours?"))
        with firm.app.alerts.decide() as desk:
            (case,) = desk.cases("claim")
        await rig.presses("ben", "ask", {"on": f"approve {case.number}"})
        await told(firm, rig, "fin", "Ben Okafor says that sk-lost is theirs")
        await rig.presses("fin", "ask", {"on": f"approve {case.number}"})
        await told(firm, rig, "ben", "sk-lost belongs to: you")

    play(firm, scene)
    assert firm.ask("ben", "me")["billed_cost"] == "40"


def test_a_broadcast_is_stopped_half_way_and_gone_on_with_by_buttons(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "CHUNK", 1)
    monkeypatch.setattr(timetable, "BROADCASTS", replace(timetable.BROADCASTS, every=timedelta(days=1)))

    async def scene(rig: Rig) -> None:
        shown = json.dumps(await rig.presses("fin", "ask", {"on": 'broadcast team:search "Please use the small model, {name}."'}))
        assert "Not sent yet: 3 people" in shown
        with firm.app.alerts.decide() as desk:
            (case,) = desk.cases("broadcast")
        await rig.presses("fin", "ask", {"on": f"approve {case.number}"})
        await asyncio.to_thread(firm.app.broadcasts.run)
        await told(firm, rig, "ana", "Please use the small model, Ana Ruiz.")
        assert "Stopped" in json.dumps(await rig.presses("fin", "ask", {"on": f"deny {case.number}"}))
        await asyncio.to_thread(firm.app.broadcasts.run)
        assert not [
            path for how, path, body in rig.teams.told if how == "POST" and "a:ana" not in path and "small model" in json.dumps(body)
        ]
        await rig.presses("fin", "ask", {"on": f"approve {case.number}"})
        for _ in range(2):
            await asyncio.to_thread(firm.app.broadcasts.run)
        await told(firm, rig, "ben", "Please use the small model, Ben Okafor.")
        await told(firm, rig, "mia", "Please use the small model, Mia Berg.")
        assert "You have read it" in json.dumps(await rig.presses("ana", "ask", {"on": f"seen {case.number}"}))

    play(firm, scene)

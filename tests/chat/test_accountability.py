"""The journey of an overrun in Slack over real HTTP: warned, answered in a form, edited in place, the next tier, silence, FinOps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from chat_slack import SECRET, Rig
from office import Office, office

from bot.domain.account import Account
from bot.wiring import App


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AISPEND_SLACK_BOT_TOKEN", "xoxb-of-tests")
    monkeypatch.setenv("AISPEND_SLACK_SIGNING_SECRET", SECRET)


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    for name in ("ana", "mia", "ben"):
        found.app.register.pin(Account("slack", "T1", f"U{name.upper()}"), f"{name}@x.example", "test")
    return found


async def sent(rig: Rig, method: str, count: int) -> list[dict[str, Any]]:
    """Wait until Slack was called so often, and return what it was told."""
    async with asyncio.timeout(20):
        while len(found := [given for name, given in rig.slack.calls if name == method]) < count:  # noqa: ASYNC110 - the fake tells of one call at a time
            await asyncio.sleep(0.02)
    rig.slack.heard.clear()
    return found


async def submit(rig: Rig, user: str, form: str, on: str, answers: dict[str, dict[str, Any]], message: str) -> None:
    view = {
        "type": "modal",
        "callback_id": form,
        "private_metadata": json.dumps({"on": on, "channel": "D1", "message": message}),
        "state": {"values": {name: {"answer": value} for name, value in answers.items()}},
    }
    payload = {
        "type": "view_submission",
        "user": {"id": user, "team_id": "T1"},
        "team": {"id": "T1"},
        "view": view,
        "trigger_id": str(next(rig.turn)),
    }
    assert await rig.post(urlencode({"payload": json.dumps(payload)}).encode()) == 200


def test_an_overrun_is_warned_of_answered_and_escalated(firm: Office) -> None:
    firm.spend("104")

    async def scene() -> None:
        async with Rig(firm.app) as rig:
            (first,) = await sent(rig, "chat.postMessage", 1)
            assert first["channel"] == "UANA"
            assert "You have used 104 % ($104.00 of $100.00)" in first["text"]
            number = str(firm.app.alerts.every(live=True)[0].number)
            name, opened = await rig.press("UANA", "answer", number)
            assert name == "views.open"
            assert "What will you do?" in json.dumps(opened["view"])
            answers = {
                "because": {"selected_option": {"value": "launch"}},
                "plan": {"value": "back to the small model"},
                "until": {"selected_date": "2026-11-20"},
            }
            await submit(rig, "UANA", "answered", number, answers, "1.2")
            edited = await sent(rig, "chat.update", 1)
            assert "back to the small model" in json.dumps(edited[0])
            assert "Answered: You have used 104 %" in edited[0]["text"]
            await asyncio.to_thread(firm.spend, "121")
            await asyncio.to_thread(firm.review)
            posted = await sent(rig, "chat.postMessage", 2)
            assert "You have used 121 %" in posted[1]["text"]
            await asyncio.to_thread(firm.later, days=1, hours=1)
            posted = await sent(rig, "chat.postMessage", 3)
            assert (posted[2]["channel"], "Not answered yet: 121 %" in posted[2]["text"]) == ("UMIA", True)

    asyncio.run(scene())


def test_a_form_that_is_not_whole_stays_open_with_its_errors(firm: Office) -> None:
    firm.spend("104")

    async def scene() -> None:
        async with Rig(firm.app) as rig:
            await sent(rig, "chat.postMessage", 1)
            number = str(firm.app.alerts.every(live=True)[0].number)
            await submit(
                rig, "UANA", "answered", number, {"because": {"selected_option": {"value": "launch"}}, "plan": {"value": " "}}, "1.2"
            )
            assert set(json.loads(rig.said)["errors"]) == {"plan", "until"}

    asyncio.run(scene())


def test_another_person_s_click_answers_nothing(firm: Office) -> None:
    firm.spend("104")

    async def scene() -> None:
        async with Rig(firm.app) as rig:
            await sent(rig, "chat.postMessage", 1)
            number = str(firm.app.alerts.every(live=True)[0].number)
            _, told = await rig.press("UBEN", "answer", number)
            assert f"There is no alert {number} of yours" in json.dumps(told)
            assert "104" not in json.dumps(told)

    asyncio.run(scene())
    assert firm.app.alerts.every(live=True)[0].promise is None


def test_more_budget_is_asked_for_and_granted_by_buttons(firm: Office) -> None:
    firm.spend("104")

    async def scene() -> None:
        async with Rig(firm.app) as rig:
            await sent(rig, "chat.postMessage", 1)
            number = str(firm.app.alerts.every(live=True)[0].number)
            answers = {"amount": {"value": "50"}, "until": {"selected_date": "2026-11-30"}, "reason": {"value": "the migration"}}
            await submit(rig, "UANA", "raised", number, answers, "1.2")
            posted = await sent(rig, "chat.postMessage", 2)
            assert (posted[1]["channel"], "Ana Ruiz asks for $50.00 more" in posted[1]["text"]) == ("UMIA", True)
            request = json.dumps(posted[1])
            assert "approve" in request
            with firm.app.alerts.decide() as desk:
                (case,) = desk.cases("request")
            await rig.press("UMIA", "ask", f"approve {case.number}")
            posted = await sent(rig, "chat.postMessage", 3)
            assert (posted[2]["channel"], "Granted: $50.00 more" in posted[2]["text"]) == ("UANA", True)

    asyncio.run(scene())
    assert firm.ask("ana", "me")["budget"]["limit"] == "150"

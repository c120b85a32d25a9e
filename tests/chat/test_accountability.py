"""The journey of an overrun in Slack over real HTTP: warned, answered in a form, edited in place, the next tier, silence, FinOps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from chat_slack import SECRET, Rig
from factories import charge, write_csv
from office import Office, office

from bot import timetable
from bot.domain.account import Account
from bot.services import broadcast
from bot.wiring import App


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AISPEND_SLACK_BOT_TOKEN", "xoxb-of-tests")
    monkeypatch.setenv("AISPEND_SLACK_SIGNING_SECRET", SECRET)


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    found.clock.instant += timedelta(days=1)  # a Tuesday, on which nobody gets a digest
    for name in ("ana", "mia", "ben", "fin"):
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
            await asyncio.to_thread(firm.later, days=1, hours=1)
            await told(rig, "UFIN", 1, "Not answered yet: 121 %")

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


def test_above_a_limit_finops_says_the_second_yes_by_button(firm: Office) -> None:
    object.__setattr__(firm.app.requests, "four_eyes_from", 10 * 10**9)
    firm.spend("104")

    async def scene() -> None:
        async with Rig(firm.app) as rig:
            await sent(rig, "chat.postMessage", 1)
            number = str(firm.app.alerts.every(live=True)[0].number)
            answers = {"amount": {"value": "50"}, "until": {"selected_date": "2026-11-30"}, "reason": {"value": "the migration"}}
            await submit(rig, "UANA", "raised", number, answers, "1.2")
            await told(rig, "UMIA", 1, "Ana Ruiz asks for $50.00 more")
            with firm.app.alerts.decide() as desk:
                (case,) = desk.cases("request")
            await rig.press("UMIA", "ask", f"approve {case.number}")
            assert firm.ask("ana", "me")["budget"]["limit"] == "100", "one yes is not enough"
            await told(rig, "UFIN", 1, "Ana Ruiz asks for $50.00 more")
            await rig.press("UFIN", "ask", f"approve {case.number}")
            firm.clock.instant += timedelta(seconds=9)  # a place is written to once a second
            await told(rig, "UANA", 1, "Granted: $50.00 more, $150.00 in all")

    asyncio.run(scene())
    assert firm.ask("ana", "me")["budget"]["limit"] == "150"


def test_a_correction_takes_back_what_was_said(firm: Office) -> None:
    firm.spend("104")

    async def scene() -> None:
        async with Rig(firm.app) as rig:
            await sent(rig, "chat.postMessage", 1)
            await asyncio.to_thread(firm.spend, "40")
            await asyncio.to_thread(firm.review)
            (edited,) = await sent(rig, "chat.update", 1)
            assert "Corrected: 40 %, not 104 %" in edited["text"]
            await asyncio.to_thread(firm.later, days=3)
            assert len([name for name, _ in rig.slack.calls if name == "chat.postMessage"]) == 1, "nobody is escalated to"

    asyncio.run(scene())


def test_a_key_finds_its_owner_by_buttons(firm: Office) -> None:
    firm.agree("budgets = []")
    rows = [charge("2026-11-02", "40", x_PrincipalId="sk-lost")]
    write_csv(firm.folder / "bill.csv", rows)
    with firm.app.source(firm.app.settings.sources[0]) as source:
        firm.app.ingest.run(source)
    firm.app.review.run()

    async def scene() -> None:
        async with Rig(firm.app) as rig:
            await rig.press("UFIN", "ask", "claim sk-lost ben@x.example")
            (asked,) = await told(rig, "UBEN", 1)
            assert "Is sk-lost yours?" in asked["text"]
            assert "$" not in asked["text"]
            with firm.app.alerts.decide() as desk:
                (case,) = desk.cases("claim")
            await rig.press("UBEN", "ask", f"approve {case.number}")
            await told(rig, "UFIN", 1, "Ben Okafor says that sk-lost is theirs")
            await rig.press("UFIN", "ask", f"approve {case.number}")
            firm.clock.instant += timedelta(seconds=9)  # a place is written to once a second
            await told(rig, "UBEN", 1, "sk-lost belongs to: you")

    asyncio.run(scene())
    assert firm.ask("ben", "me")["billed_cost"] == "40"


def test_a_broadcast_is_stopped_half_way_and_gone_on_with_by_buttons(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "CHUNK", 1)
    monkeypatch.setattr(timetable, "BROADCASTS", replace(timetable.BROADCASTS, every=timedelta(days=1)))

    async def scene() -> None:
        async with Rig(firm.app) as rig:
            _, shown = await rig.press("UFIN", "ask", 'broadcast team:search "Please use the small model, {name}."')
            assert "Not sent yet: 3 people" in json.dumps(shown)
            with firm.app.alerts.decide() as desk:
                (case,) = desk.cases("broadcast")
            await rig.press("UFIN", "ask", f"approve {case.number}")
            await asyncio.to_thread(firm.app.broadcasts.run)
            await told(rig, "UANA", 1, "Please use the small model, Ana Ruiz.")
            _, shown = await rig.press("UFIN", "ask", f"deny {case.number}")
            assert "Stopped" in json.dumps(shown)
            await asyncio.to_thread(firm.app.broadcasts.run)
            assert not [given for name, given in rig.slack.calls if name == "chat.postMessage" and given["channel"] != "UANA"]
            await rig.press("UFIN", "ask", f"approve {case.number}")
            await asyncio.to_thread(firm.app.broadcasts.run)
            await asyncio.to_thread(firm.app.broadcasts.run)
            await told(rig, "UBEN", 1, "Please use the small model, Ben Okafor.")
            await told(rig, "UMIA", 1, "Please use the small model, Mia Berg.")
            assert len(await told(rig, "UANA", 1, "Please use")) == 1
            _, shown = await rig.press("UANA", "ask", f"seen {case.number}")
            assert "You have read it" in json.dumps(shown)

    asyncio.run(scene())


async def told(rig: Rig, channel: str, count: int, words: str = "") -> list[dict[str, Any]]:
    """Wait until so many messages with *words* were posted to *channel*, and return them."""
    async with asyncio.timeout(20):
        while True:
            posted = [given for name, given in rig.slack.calls if name == "chat.postMessage" and given["channel"] == channel]
            found = [given for given in posted if words in given["text"]]
            if len(found) >= count:
                rig.slack.heard.clear()
                return found
            await asyncio.sleep(0.02)

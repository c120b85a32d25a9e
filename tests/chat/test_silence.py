"""Silence: what the process writes and counts names no figure, no person and no token, on either platform."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from chat_slack import SECRET, STAMP
from chat_slack import Rig as SlackRig
from chat_teams import Credentials
from chat_teams import Rig as TeamsRig

from bot.cli import serve
from bot.services.converse import Conversation
from bot.wiring import App, chat

HIDDEN = ("41.5", "ana", "ruiz", "x.example", "xoxb", "of-tests", SECRET.lower(), "bearer", "search")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything the process logs, as `serve` sets it up."""
    import structlog

    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    handlers, level = logging.root.handlers[:], logging.root.level
    logging.root.handlers.clear()
    serve._log_as_json()
    yield stream
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


async def _metrics(rig: Any) -> str:
    async with rig.session.get(f"http://{rig.address}/metrics") as response:
        return await response.text()


def test_logs_and_metrics_name_no_figure_no_person_and_no_token(company: App, said: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AISPEND_SLACK_BOT_TOKEN", "xoxb-of-tests")
    monkeypatch.setenv("AISPEND_SLACK_SIGNING_SECRET", SECRET)
    monkeypatch.setattr(chat, "_credentials", lambda _: Credentials())
    counted = []

    async def slack() -> None:
        async with SlackRig(company) as rig:
            await rig.command("UANA", "me")
            await rig.press("UANA", "confirm", "me")
            await rig.command("UANA", "team search")
            await rig.post(urlencode({"text": "ana@x.example", "command": "/aispend"}).encode(), **{"X-Slack-Signature": "v0=" + "0" * 64})
            counted.append(await _metrics(rig))
        section = company.settings.slack.model_copy(update={"enabled": False})
        object.__setattr__(company, "settings", company.settings.model_copy(update={"slack": section}))

    async def teams() -> None:
        async with TeamsRig(company) as rig:
            await rig.says("ana", "me")
            await rig.presses("ana", "confirm", {"on": "me"})
            await rig.post(rig.activity("ana", text="me"), "Bearer of-tests")
            rig.teams.refuses["v3/conversations/a:ana/activities"] = 403
            await rig.post(rig.activity("ana", text="me"))
            await rig.teams.refuse(1)
            rig.teams.refuses.clear()
            monkeypatch.setattr(Conversation, "weigh", _broken)
            await rig.presses("ana", "ask", {"on": "me"})
            counted.append(await _metrics(rig))

    asyncio.run(slack())
    asyncio.run(teams())
    lines = [line for line in said.getvalue().splitlines() if line]
    assert {json.loads(line)["event"] for line in lines} >= {
        "slack_request_refused",
        "teams_request_refused",
        "answer_not_delivered",
        "answer_failed",
    }
    told = json.dumps([json.loads(line) | {"timestamp": ""} for line in lines], ensure_ascii=False).lower()  # a second may be 41.5
    for hidden in HIDDEN:
        assert hidden not in told
        assert hidden not in "".join(counted).lower()
    assert 'aispend_answers_total{action="ask",outcome="answered",platform="slack"}' in counted[0]


def _broken(*_: object) -> None:
    raise RuntimeError("Ana Ruiz: $41.50")


def test_the_stamp_of_the_tests_is_the_clock_of_the_tests(company: App) -> None:
    assert company.clock.now().timestamp() == STAMP

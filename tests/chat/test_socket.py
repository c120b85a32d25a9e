"""Socket Mode: the same questions by a socket that we open, for a machine without a public address."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from chat_slack import FakeSlack

from adapters.chat.slack.listeners import COMMAND
from bot.cli.serve import running
from bot.errors import ConfigError
from bot.wiring import App


class SocketSlack(FakeSlack):
    """Slack that hands out a socket and speaks through it."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.acknowledged: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def handle(self, request: web.Request) -> web.Response:
        """Take a call; the one that opens a socket is answered with its address."""
        if request.path.endswith("apps.connections.open"):
            assert request.headers["Authorization"] == "Bearer xapp-of-tests"
            return web.json_response({"ok": True, "url": self.url.replace("http://", "ws://").replace("/api/", "/socket")})
        return await super().handle(request)

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """Speak through the socket until it is closed."""
        found = web.WebSocketResponse()
        await found.prepare(request)
        await found.send_json({"type": "hello", "num_connections": 1})
        await self.opened.put(found)
        async for message in found:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self.acknowledged.put(json.loads(message.data))
        return found


def envelope(slack: SocketSlack, number: str) -> dict[str, Any]:
    payload = {"command": COMMAND, "text": "me", "user_id": "UANA", "team_id": "T1", "response_url": f"{slack.url}response"}
    return {"type": "slash_commands", "envelope_id": number, "payload": payload, "accepts_response_payload": True}


def test_questions_come_by_the_socket_and_it_is_opened_again(company: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AISPEND_SLACK_BOT_TOKEN", "xoxb-of-tests")
    monkeypatch.setenv("AISPEND_SLACK_APP_TOKEN", "xapp-of-tests")

    async def scene() -> None:
        slack = SocketSlack()
        fake = web.Application()
        fake.router.add_get("/socket", slack.socket)
        fake.router.add_route("*", "/api/{name}", slack.handle)
        runner = web.AppRunner(fake)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        section = company.settings.slack.model_copy(update={"enabled": True, "mode": "socket", "api": slack.url})
        object.__setattr__(company, "settings", company.settings.model_copy(update={"slack": section}))
        async with running(company, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:
            for number in ("e1", "e2"):
                socket = await asyncio.wait_for(slack.opened.get(), 20)
                await socket.send_json(envelope(slack, number))
                assert (await asyncio.wait_for(slack.acknowledged.get(), 10))["envelope_id"] == number
                assert "Are you" in json.dumps((await slack.next())[1])
                async with session.get(f"http://{address}/readyz") as response:
                    assert (response.status, (await response.json())["checks"]["socket"]) == (200, "ok")
                async with session.post(f"http://{address}/slack/events") as response:
                    assert response.status == 404, "nothing is taken from outside"
                if number == "e1":
                    await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
        await runner.cleanup()

    asyncio.run(scene())


def test_a_socket_needs_its_own_token(company: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AISPEND_SLACK_BOT_TOKEN", "xoxb-of-tests")
    section = company.settings.slack.model_copy(update={"enabled": True, "mode": "socket"})
    object.__setattr__(company, "settings", company.settings.model_copy(update={"slack": section}))

    async def scene() -> None:
        async with running(company, "127.0.0.1", 0):
            pass

    with pytest.raises(ConfigError, match=r"AISPEND_SLACK_APP_TOKEN is not set. Slack makes it under Basic Information"):
        asyncio.run(scene())

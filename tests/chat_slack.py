"""Support: a Slack of our own: signed requests to the running service, and the Web API that takes its calls."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from conftest import NOW

from adapters.chat.slack.listeners import COMMAND
from bot.cli.serve import running
from bot.wiring import App

SECRET = "s3cr3t-of-tests"
STAMP = int(datetime.fromisoformat(NOW).timestamp())
USERS = {
    "UANA": {"profile": {"email": "ana@x.example"}},
    "UMIA": {"profile": {"email": "mia@x.example"}},
    "UBEN": {"profile": {"email": "ben@x.example"}},
    "UGUEST": {"profile": {"email": "ana@x.example"}, "is_restricted": True},
    "UNOBODY": {"profile": {"email": "nobody@y.example"}},
    "UMUTE": {"profile": {}},
}


QUESTIONS = {"users.info", "users.lookupByEmail", "auth.test", "api.test", "bots.info", "apps.manifest.export"}


class FakeSlack:
    """Slack's Web API and response URLs; remembers what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.heard = asyncio.Event()
        self.url = ""
        self.refused: dict[str, str] = {}
        """Methods that fail, and how."""
        self.reachable: set[str] = set()
        """Users who are found by their e-mail."""
        self.fault = ""
        """What goes wrong with messages: `busy`, `broken`, `html`, `reset` (after it was taken)."""
        self.shown: list[str] = []
        """Texts of messages that people see."""
        self.scopes, self.date = "commands", ""
        self.manifest: dict[str, Any] = {}

    async def handle(self, request: web.Request) -> web.Response:
        """Take a call."""
        name = request.path.rpartition("/")[2]
        given: dict[str, Any] = await request.json() if request.content_type == "application/json" else dict(await request.post())
        given |= dict(request.query)
        self.calls.append((name, given))
        if name == "chat.postMessage" and (failed := self._failed(request, given)) is not None:
            return failed
        if name in self.refused:
            return web.json_response({"ok": False, "error": self.refused[name]})
        answer: dict[str, Any] = {
            "ok": True,
            "team_id": "T1",
            "user_id": "UBOT",
            "bot_id": "B1",
            "bot": {"app_id": "A1"},
            "manifest": self.manifest,
            "channel": "D1",
            "ts": "1.2",
        }
        if name == "users.lookupByEmail":
            user = next((user for user in self.reachable if USERS[user]["profile"].get("email") == given["email"]), None)
            answer |= {"user": {"id": user}} if user else {"ok": False, "error": "users_not_found"}
        elif name == "users.info":
            answer["user"] = {"id": given["user"], "team_id": "T1", **USERS[given["user"]]}
        elif name not in QUESTIONS:
            self.heard.set()
        return web.json_response(answer, headers={"X-OAuth-Scopes": self.scopes, **({"Date": self.date} if self.date else {})})

    def _failed(self, request: web.Request, given: dict[str, Any]) -> web.Response | None:
        if self.fault in {"", "reset"}:
            self.shown.append(str(given.get("text")))
        match self.fault:
            case "busy":
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "30"})
            case "broken":
                return web.json_response({"ok": False, "error": "internal_error"}, status=500)
            case "html":
                return web.Response(text="<html>Service Unavailable</html>", content_type="text/html", status=503)
            case "reset":
                assert request.transport
                request.transport.abort()
                return web.Response()
        return None

    async def next(self) -> tuple[str, dict[str, Any]]:
        await asyncio.wait_for(self.heard.wait(), 10)
        self.heard.clear()
        return next(call for call in reversed(self.calls) if call[0] not in QUESTIONS)


class Rig:
    """The running service beside the fake."""

    def __init__(self, app: App) -> None:
        self.app, self.slack, self.turn = app, FakeSlack(), itertools.count()
        self.load: tuple[str, ...] = ("ingest",)

    async def __aenter__(self) -> Self:
        fake = web.Application()
        fake.router.add_route("*", "/api/{name}", self.slack.handle)
        self.runner = web.AppRunner(fake)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.slack.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/api/"
        section = self.app.settings.slack.model_copy(update={"enabled": True, "api": self.slack.url})
        object.__setattr__(self.app, "settings", self.app.settings.model_copy(update={"slack": section}))
        self.running = running(self.app, "127.0.0.1", 0, self.load)
        self.address = await self.running.__aenter__()
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        await self.running.__aexit__(None, None, None)
        await self.runner.cleanup()

    async def post(self, body: bytes, kind: str = "application/x-www-form-urlencoded", **headers: str) -> int:
        stamp = int(self.app.clock.now().timestamp())
        sign = hmac.new(SECRET.encode(), b"v0:%d:" % stamp + body, hashlib.sha256).hexdigest()
        head = {"Content-Type": kind, "X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": f"v0={sign}"} | headers
        async with self.session.post(f"http://{self.address}/slack/events", data=body, headers=head) as response:
            self.said = await response.text()
            return response.status

    async def text(self, body: bytes) -> str:
        assert await self.post(body) == 200
        return self.said

    async def command(self, user: str, text: str, team: str = "T1") -> dict[str, Any]:
        fields = {"command": COMMAND, "text": text, "user_id": user, "team_id": team, "response_url": f"{self.slack.url}response"}
        fields["trigger_id"] = str(next(self.turn))  # as Slack does: two equal commands are two requests
        assert await self.post(urlencode(fields).encode()) == 200
        return (await self.slack.next())[1]

    async def press(self, user: str, action: str, value: str, team: str = "T1") -> tuple[str, dict[str, Any]]:
        pressed = {"type": "button", "action_id": f"{action}:0", "block_id": "b", "value": value}
        payload = {
            "type": "block_actions",
            "user": {"id": user, "team_id": team},
            "team": {"id": "T1"},
            "actions": [pressed],
            "trigger_id": str(next(self.turn)),
            "container": {"type": "message", "is_ephemeral": True},
            "response_url": f"{self.slack.url}response",
        }
        assert await self.post(urlencode({"payload": json.dumps(payload)}).encode()) == 200
        return await self.slack.next()

"""A Slack that nobody here wrote: Vercel's emulate as a process, aispend installed in it, and what has to stand between them.

emulate 0.12.2 reads JSON and forms, never a query, so `users.info`, which Slack's client asks with GET, is translated on
the way. It knows no response URLs and posts no events unless embedded: the first are caught here, the second are made here
from the message that it stored, and signed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
import pytest
import yaml
from aiohttp import web
from conftest import NOW

from adapters.chat.slack.listeners import COMMAND
from bot import shipped
from bot.cli.serve import running
from bot.wiring import App

FOLDER = Path(__file__).parent
TOKEN, SECRET = "xoxb-aispend", "s3cr3t-of-tests"
BOT, TEAM = "UAISPEND", "T000000001"
STAMP = int(datetime.fromisoformat(NOW).timestamp())
PEOPLE = {"ana": "ana@x.example", "ben": "ben@x.example", "nobody": "nobody@y.example"}
DEADLINE_S = 15
Answer = tuple[str, dict[str, Any]]
"""A method and what emulate answered."""


def node() -> str:
    """Return Node; where it or emulate is missing, skip with the remedy."""
    if not (FOLDER / "node_modules" / "emulate").is_dir():
        pytest.skip("Vercel's emulate is not installed: make test-emulators (needs npm and Node 20)")
    found = shutil.which("node")
    if found is None:
        pytest.skip("there is no node on the PATH; emulate needs Node 20 or newer")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < 20:
        pytest.skip(f"emulate needs Node 20 or newer, this is {version}")
    return found


def scopes() -> frozenset[str]:
    """Return what the manifest asks for."""
    found = yaml.safe_load((shipped.folder("manifest") / "slack.yaml").read_text("utf-8"))
    return frozenset(found["oauth_config"]["scopes"]["bot"])


class Emulate:
    """The process and its workspace; what is asked here goes past aispend, and what is returned is what it stored."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, granted: Collection[str]) -> None:
        """Start it with the people and one installed app whose token has *granted*."""
        self._session = aiohttp.ClientSession()
        self._process = await asyncio.create_subprocess_exec(
            node(), "serve.mjs", cwd=FOLDER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"slack": _seed(granted)}).encode() + b"\n")
        port = await asyncio.wait_for(self._process.stdout.readline(), DEADLINE_S)
        assert port, "emulate did not start; its own words stand above"
        self.url = f"http://127.0.0.1:{int(port)}"
        listed = await self.call("xoxp-reader", "users.list")
        self.ids = {user["name"]: user["id"] for user in listed["members"]}

    async def close(self) -> None:
        """End the process."""
        await self._session.close()
        if self._process is not None:
            assert self._process.stdin
            self._process.stdin.close()
            await asyncio.wait_for(self._process.wait(), DEADLINE_S)

    async def call(self, token: str, method: str, **given: Any) -> dict[str, Any]:
        """Call *method* as *token* and return the answer."""
        head = {"Authorization": f"Bearer {token}"}
        async with self._session.post(f"{self.url}/api/{method}", json=given, headers=head) as response:
            found: dict[str, Any] = await response.json()
            return found

    async def history(self, channel: str) -> list[dict[str, Any]]:
        """Return the messages of *channel*, oldest first."""
        found = await self.call("xoxb-reader", "conversations.history", channel=channel)
        assert found["ok"], found
        return list(reversed(found["messages"]))

    async def shown(self, tab: str, section: str) -> list[list[str]]:
        """Return the rows under a heading of emulate's own inspector, the only place where it shows views and triggers."""
        head = {"Authorization": "Bearer xoxp-reader"}  # who is nobody may look 60 times an hour
        async with self._session.get(f"{self.url}/", params={"tab": tab}, headers=head) as response:
            page = await response.text()
        part = next(part for part in page.split("<section")[1:] if f"<h2>{section}</h2>" in part)
        rows = re.findall(r"<tr>(.*?)</tr>", part.partition("<tbody>")[2], re.DOTALL)
        return [[unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r"<td>(.*?)</td>", row, re.DOTALL)] for row in rows]

    async def trigger(self, user: str) -> str:
        """Return a trigger id of *user*: three seconds, once."""
        found = await self.call(TOKEN, "views.generateTriggerId", user_id=self.ids[user])
        return str(found["trigger_id"])


def _seed(granted: Collection[str]) -> dict[str, Any]:
    app = {"app_id": "A1", "bot_id": "B1"}
    bot = {"type": "bot", "user": BOT, **app}
    tokens = [
        {"token": TOKEN, "scopes": sorted(granted), **bot},
        {"token": "xoxb-reader", "scopes": ["im:history"], **bot},
        {"token": "xoxp-reader", "user": "admin", "scopes": ["users:read"]},
        *({"token": f"xoxp-{name}", "user": name, "scopes": ["chat:write"]} for name in PEOPLE),
    ]
    return {
        "team": {"name": "Example", "domain": "example"},
        "users": [{"name": name, "real_name": name.title(), "email": email} for name, email in PEOPLE.items()],
        "oauth_apps": [
            {
                "client_id": "1.1",
                "client_secret": "s",
                "name": "aispend",
                "redirect_uris": [],
                "bot_user_id": BOT,
                "bot_name": "aispend",
                **app,
            }
        ],
        "tokens": tokens,
        "strict_scopes": True,
    }


class Between:
    """Takes aispend's calls to Slack, in any dress, and hands them to emulate as JSON; catches what goes to response URLs."""

    def __init__(self, emulate: Emulate) -> None:
        self._emulate = emulate
        self.caught: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()

    async def start(self) -> None:
        """Listen on a free loopback port."""
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._pass_on)
        app.router.add_post("/response", self._catch)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def answer(self, method: str) -> dict[str, Any]:
        """Return emulate's next answer to *method*; what it answered to others before is passed over."""
        while True:
            name, found = await asyncio.wait_for(self._answers.get(), DEADLINE_S)
            if name == method:
                return found

    async def _pass_on(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        given: dict[str, Any] = await request.json() if request.content_type == "application/json" else dict(await request.post())
        token = request.headers["Authorization"].removeprefix("Bearer ")
        found = await self._emulate.call(token, method, **dict(request.query), **given)
        self._answers.put_nowait((method, found))
        return web.json_response(found)

    async def _catch(self, request: web.Request) -> web.Response:
        self.caught.put_nowait(await request.json())
        return web.Response(text="ok")


class Office:
    """aispend at work in the emulated workspace; its methods are what people there do."""

    def __init__(self, app: App, granted: Collection[str]) -> None:
        self.app, self.granted, self.slack = app, granted, Emulate()
        self.between = Between(self.slack)
        self._turn, self._stack = itertools.count(), AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with self._stack as stack:
            stack.push_async_callback(self.slack.close)
            await self.slack.start(self.granted)
            await self.between.start()
            stack.push_async_callback(self.between.close)
            section = self.app.settings.slack.model_copy(update={"enabled": True, "api": f"{self.between.url}/api/"})
            object.__setattr__(self.app, "settings", self.app.settings.model_copy(update={"slack": section}))
            self._address = await stack.enter_async_context(running(self.app, "127.0.0.1", 0))
            self._session = await stack.enter_async_context(aiohttp.ClientSession())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def writes(self, user: str, text: str) -> str:
        """Post *text* to the app as *user*, tell aispend of what emulate stored, and return the channel."""
        posted = await self.slack.call(f"xoxp-{user}", "chat.postMessage", channel=BOT, text=text)
        assert posted["ok"], posted
        await self.event(posted["message"] | {"channel": posted["channel"], "channel_type": "im"})
        return str(posted["channel"])

    async def event(self, event: dict[str, Any]) -> None:
        """Deliver *event* as Slack's Events API does."""
        body = {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{next(self._turn)}", "event": event}
        await self._post(json.dumps(body).encode(), "application/json")

    async def command(self, user: str, text: str) -> dict[str, Any]:
        """Give the slash command and return what came to its response URL."""
        fields = {
            "command": COMMAND,
            "text": text,
            "user_id": self.slack.ids[user],
            "team_id": TEAM,
            "response_url": f"{self.between.url}/response",
        }
        await self._post(urlencode(fields | {"trigger_id": await self.slack.trigger(user)}).encode())
        return await asyncio.wait_for(self.between.caught.get(), DEADLINE_S)

    async def press(self, user: str, action: str, blocks: list[dict[str, Any]], trigger: str = "", **where: Any) -> None:
        """Press the button *action* of *blocks*, which stand in a message of a channel, an ephemeral one, or a view."""
        elements = [element for block in blocks if block["type"] == "actions" for element in block["elements"]]
        button = next(element for element in elements if element["action_id"].partition(":")[0] == action)
        payload = {
            "type": "block_actions",
            "user": {"id": self.slack.ids[user], "team_id": TEAM},
            "team": {"id": TEAM},
            "actions": [button | {"action_ts": str(next(self._turn))}],
            "trigger_id": trigger or await self.slack.trigger(user),
            **where,
        }
        await self._post(urlencode({"payload": json.dumps(payload)}).encode())

    async def submit(self, user: str, view: dict[str, Any], **answers: str) -> None:
        """Send the modal *view* with dates as answers."""
        values = {name: {"answer": {"selected_date": day}} for name, day in answers.items()}
        payload = {
            "type": "view_submission",
            "user": {"id": self.slack.ids[user], "team_id": TEAM},
            "team": {"id": TEAM},
            "view": view | {"state": {"values": values}},
        }
        await self._post(urlencode({"payload": json.dumps(payload)}).encode())

    async def _post(self, body: bytes, kind: str = "application/x-www-form-urlencoded") -> None:
        sign = hmac.new(SECRET.encode(), b"v0:%d:" % STAMP + body, hashlib.sha256).hexdigest()
        head = {"Content-Type": kind, "X-Slack-Request-Timestamp": str(STAMP), "X-Slack-Signature": f"v0={sign}"}
        async with self._session.post(f"http://{self._address}/slack/events", data=body, headers=head) as response:
            assert response.status == 200, await response.text()


def at(channel: str, message: dict[str, Any]) -> dict[str, Any]:
    """Return where *message* stands, as Slack tells it of a click."""
    container = {"type": "message", "channel_id": channel, "message_ts": message["ts"], "is_ephemeral": False}
    return {"channel": {"id": channel}, "container": container, "message": message}


def play(app: App, scene: Callable[[Office], Any], granted: Collection[str] | None = None) -> None:
    """Run *scene* in a workspace of its own."""

    async def run() -> None:
        async with Office(app, scopes() if granted is None else granted) as office:
            await scene(office)

    asyncio.run(run())

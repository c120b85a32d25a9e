"""A Teams that nobody here wrote: Microsoft's 365 Agents Playground as a process, a browser in it, and aispend behind them.

Its licence is for evaluation and forbids passing it on, so whoever wants this test installs the Playground in a folder of
their own. It answers on all interfaces of the machine, knows no tokens, and opens a browser by itself, which is prevented.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest

from bot.cli.serve import running
from bot.wiring import App

FOLDER = Path(__file__).parent
VARIABLE = "AISPEND_PLAYGROUND"
TENANT = "22222222-2222-4222-8222-222222222222"
ALONE, GROUP, CHANNEL = "Personal Chat", "Lunch", "Costs"
"""The conversations, as the Playground lists them."""
PEOPLE = {"Ana Ruiz": "ana", "Mia Berg": "mia", "Ben Okafor": "ben", "Ruth Amadi": "ruth", "Uma Patel": "fin", "No Body": "nobody"}
"""The first is who types; the Playground wants five others."""
DEADLINE_S = 20
_LINE = 2**22


def tools() -> tuple[Path, str, str]:
    """Return the operator's folder, Node and a Chromium; where one is missing, skip with the remedy."""
    install = "npm i @microsoft/m365agentsplayground@0.2.28 playwright-core"
    remedy = f"make a folder outside this repository, run `{install}` in it, and name it in {VARIABLE} (licensed for evaluation only)"
    folder = Path(os.environ.get(VARIABLE, ""))
    if VARIABLE not in os.environ or not all(
        (folder / "node_modules" / name).is_dir() for name in ("@microsoft/m365agentsplayground", "playwright-core")
    ):
        pytest.skip(f"the Microsoft 365 Agents Playground is not there: {remedy}")
    node, browser = shutil.which("node"), shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if node is None or browser is None:
        pytest.skip("the Microsoft 365 Agents Playground is driven by Node 20 and Chromium (CHROMIUM names it if it is called otherwise)")
    return folder.resolve(), node, browser


class Playground:
    """The process; what it wrote down of the traffic is what counts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, endpoint: str) -> None:
        """Start it for the bot at *endpoint*, and wait until it answers."""
        installed, node, _ = tools()
        (self._folder / ".m365agentsplayground.yml").write_text(json.dumps(_company()), "utf-8")  # JSON is YAML
        opener = self._folder / "bin" / "xdg-open"
        opener.parent.mkdir()
        opener.write_text("#!/bin/sh\n", "utf-8")
        opener.chmod(0o755)
        self.url = f"http://localhost:{_free()}"
        options = ["-e", endpoint, "-c", "msteams", "-p", self.url.rpartition(":")[2], "--disable-telemetry", "--enable-events-recording"]
        path = f"{opener.parent}{os.pathsep}{os.environ['PATH']}"
        self._process = await asyncio.create_subprocess_exec(
            node,
            str(installed / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"),
            "start",
            *options,
            cwd=self._folder,
            env=os.environ | {"PATH": path, "APPLICATION_INSIGHTS_NO_STATSBEAT": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(DEADLINE_S), aiohttp.ClientSession() as session:
            while not await self._answers(session):  # noqa: ASYNC110 - it says "Listening" before it has read its configuration
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        """End the process."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            await asyncio.wait_for(self._process.wait(), DEADLINE_S)

    def told(self) -> list[dict[str, Any]]:
        """Return the requests that aispend made of it, oldest first."""
        [file] = (self._folder / "devTools").glob("events_recording_*.log")
        whole = [json.loads(entry) for entry in file.read_text("utf-8").split("\n---\n") if entry.strip()]
        return [entry["request"] for entry in whole if entry["direction"].startswith("User Application")]

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        assert self._process
        log = self._folder / "devTools" / "m365agentsplayground.log"
        assert self._process.returncode is None, log.read_text("utf-8") if log.exists() else "it ended without a word"
        try:
            async with session.get(self.url) as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False


class Person:
    """Ana in the browser: what she does and sees in the conversation that is open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, url: str) -> None:
        """Open the Playground."""
        installed, node, browser = tools()
        given = [str(FOLDER / "playground.mjs"), str(installed), browser, url]
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(node, *given, cwd=self._folder, stdin=pipe, stdout=pipe, limit=_LINE)

    async def close(self) -> None:
        """Close the browser."""
        if self._process is not None:
            assert self._process.stdin
            self._process.stdin.close()
            await asyncio.wait_for(self._process.wait(), DEADLINE_S)

    async def opens(self, chat: str) -> None:
        """Turn to another conversation."""
        await self._does("open", chat=chat)

    async def says(self, words: str, *, mentioned: str | None = None) -> None:
        """Type and send, *mentioned* first."""
        await self._does("say", words=words, mentioned=mentioned)

    async def presses(self, button: str) -> None:
        """Press a button of the last card."""
        await self._does("press", button=button)

    async def dates(self, label: str, day: str) -> None:
        """Choose a day of the month shown, such as `5, November, 2026`."""
        await self._does("date", label=label, day=day)

    async def chooses(self, label: str, option: str) -> None:
        """Choose from a list of the last card."""
        await self._does("choose", label=label, option=option)

    async def sees(self, words: str, *, gone: str | None = None) -> list[str]:
        """Wait until the last card shows *words*, and no longer *gone*; return the text of all cards."""
        found: list[str] = await self._does("see", words=words, gone=gone)
        return found

    async def hears(self, words: str) -> None:
        """Wait for words anywhere in the window."""
        await self._does("hear", words=words)

    async def bars(self) -> int:
        """Count the bars that the charts of the last card have drawn."""
        return int(await self._does("bars"))

    async def _does(self, does: str, **how: Any) -> Any:
        assert self._process
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(
            json.dumps({"does": does} | {name: value for name, value in how.items() if value is not None}).encode() + b"\n"
        )
        line = await asyncio.wait_for(self._process.stdout.readline(), DEADLINE_S)
        assert line, "the browser ended; its own words stand above"
        answer = json.loads(line)
        assert "failed" not in answer, f"{does} {how}: {answer['failed']} (picture: {self._folder / 'failed.png'})"
        return answer["found"]


class Office:
    """aispend at work behind the Playground, and Ana in front of it."""

    def __init__(self, app: App, folder: Path) -> None:
        self.teams, self.ana = Playground(folder), Person(folder)
        self._app, self._stack = app, AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with self._stack as stack:
            section = self._app.settings.teams.model_copy(update={"enabled": True})
            object.__setattr__(self._app, "settings", self._app.settings.model_copy(update={"teams": section}))
            address = await stack.enter_async_context(running(self._app, "127.0.0.1", 0, insecure=True))
            stack.push_async_callback(self.teams.close)
            await self.teams.start(f"http://{address}/api/messages")
            stack.push_async_callback(self.ana.close)
            await self.ana.start(self.teams.url)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


def play(app: App, scene: Callable[[Office], Any]) -> None:
    """Run *scene* in an office of its own, in a folder below that of *app*."""

    async def run() -> None:
        folder = app.settings.root / "playground"
        folder.mkdir()
        async with Office(app, folder) as office:
            await scene(office)

    asyncio.run(run())


def _company() -> dict[str, Any]:
    """Return the Playground's configuration: our people with their addresses."""
    ana, *others = [_member(number, name, user) for number, (name, user) in enumerate(PEOPLE.items())]
    return {
        "version": "0.1.0",
        "tenantId": TENANT,
        "bot": {"id": "28:aispend", "name": "aispend"},
        "currentUser": ana,
        "users": others,
        "personalChat": {"id": "a:alone"},
        "groupChat": {"id": "19:group@thread.v2", "name": GROUP},
        "team": {
            "id": "19:team@thread.tacv2",
            "name": "Search",
            "aadGroupId": "33333333-3333-4333-8333-333333333333",
            "channels": [{"id": "19:costs@thread.tacv2", "name": CHANNEL}],
        },
    }


def _member(number: int, name: str, user: str) -> dict[str, str]:
    given, _, surname = name.partition(" ")
    address = f"{user}@x.example"
    return {
        "id": f"29:{user}",
        "name": name,
        "givenName": given,
        "surname": surname,
        "aadObjectId": f"00000000-0000-4000-8000-{number:012}",
        "email": address,
        "userPrincipleName": address,  # their spelling
    }


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

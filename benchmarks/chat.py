"""Chat under load: one process of `serve`, a crowd that asks `me`, and what stands beside it in the same run.

Slack: signed `/aispend me` until the answer arrives at its response URL, beside bare Bolt that only acknowledges.
Teams: a message until a card arrives at the connector, beside the SDK's stock adapter that sends the same card.

Usage: python benchmarks/chat.py [RAW ROWS] [sqlite|postgresql] [busy]   (busy: while ten million rows are loaded beside it)
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import bill
import first_load
from aiohttp import web
from stores import postgresql

from bot import settings, wiring
from bot.domain.account import Account

NOW = "2026-12-31T23:00:00+00:00"
STAMP = int(datetime.fromisoformat(NOW).timestamp())
SECRET = "of-the-benchmark"
USERS = [f"UPERSON{n}" for n in (0, 7, 50, 500, 5000, 15000)]
HERE = Path(__file__).parent


@dataclass
class World:
    """Slack's and Teams' side: takes what is said, and remembers when."""

    arrived: dict[str, asyncio.Event] = field(default_factory=dict)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        path = request.path
        if path == "/api/auth.test":
            return web.json_response({"ok": True, "team_id": "T1", "user_id": "UBOT"})
        await request.read()
        key = path.split("/")[2] if path.startswith("/response") else path.split("/")[4]
        if key in self.arrived:
            self.arrived[key].set()
        return web.json_response({"ok": True, "id": "1"})

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[World]:
        app = web.Application(client_max_size=2**20)
        app.router.add_route("*", "/{path:.*}", self.answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield self
        await runner.cleanup()


class Crowd:
    """Asks, and measures."""

    def __init__(self, world: World, session: aiohttp.ClientSession, address: str) -> None:
        self.world, self.session, self.address = world, session, address
        self.turn = itertools.count()

    async def slack(self, *, waits: bool = True) -> tuple[float, float]:
        """Return seconds until acknowledged, and until answered."""
        key = f"k{next(self.turn)}"
        fields = {"command": "/aispend", "text": "me", "user_id": USERS[hash(key) % len(USERS)], "team_id": "T1", "trigger_id": key}
        body = urlencode(fields | {"response_url": f"{self.world.url}/response/{key}"}).encode()
        sign = hmac.new(SECRET.encode(), b"v0:%d:" % STAMP + body, hashlib.sha256).hexdigest()
        head = {
            "X-Slack-Request-Timestamp": str(STAMP),
            "X-Slack-Signature": f"v0={sign}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return await self._until(key, "/slack/events", body, head, waits=waits)

    async def teams(self, *, waits: bool = True) -> tuple[float, float]:
        """Return seconds until taken, and until the card arrived."""
        number = next(self.turn)
        key, person = f"c{number % 402}", USERS[number % len(USERS)]
        body = {
            "type": "message",
            "id": f"m{number}",
            "channelId": "msteams",
            "serviceUrl": f"{self.world.url}/amer/",
            "from": {"id": f"29:{person}", "aadObjectId": person},
            "recipient": {"id": "28:bot"},
            "conversation": {"id": key, "conversationType": "personal", "tenantId": "T1"},  # one of 400, each with one question at a time
            "channelData": {"tenant": {"id": "T1"}},
            "text": "me",
        }
        return await self._until(key, "/api/messages", json.dumps(body).encode(), {"Content-Type": "application/json"}, waits=waits)

    async def _until(self, key: str, path: str, body: bytes, head: dict[str, str], *, waits: bool) -> tuple[float, float]:
        event = self.world.arrived[key] = asyncio.Event()
        begun = time.perf_counter()
        async with self.session.post(f"http://{self.address}{path}", data=body, headers=head) as response:
            await response.read()
            if response.status >= 300:
                raise SystemExit(f"{path} answered {response.status}")
        taken = time.perf_counter() - begun
        if waits:
            await asyncio.wait_for(event.wait(), 120)
        del self.world.arrived[key]
        return taken, time.perf_counter() - begun

    async def storm(
        self, ask: Callable[[], Awaitable[tuple[float, float]]], at_once: int, count: int
    ) -> tuple[list[float], list[float], float]:
        """Return both times of *count* questions, *at_once* under way, and how many a second."""
        await asyncio.gather(*(ask() for _ in range(at_once)))
        left, found = itertools.count(1), []

        async def one() -> None:
            while next(left) <= count:
                found.append(await ask())

        begun = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(at_once)))
        spent = time.perf_counter() - begun
        return sorted(taken for taken, _ in found), sorted(done for _, done in found), len(found) / spent


@contextlib.asynccontextmanager
async def process(*words: str, **environment: str) -> AsyncIterator[tuple[str, subprocess.Popen[str]]]:
    """Run a server that prints its address; yield that and the process."""
    begun = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True, env=os.environ | environment)
    try:
        assert begun.stdout
        while "http://" not in (line := await asyncio.to_thread(begun.stdout.readline)):
            if not line:
                raise SystemExit(f"{' '.join(words)} did not start")
        yield line.strip().partition("http://")[2], begun
    finally:
        begun.send_signal(signal.SIGTERM)
        await asyncio.to_thread(begun.wait)


def cpu(of: subprocess.Popen[str]) -> float:
    """Return the seconds of processor time that *of* has used."""
    parts = Path(f"/proc/{of.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def said(name: str, times: list[float], rate: float, more: str = "") -> None:
    p50, p95, p999 = statistics.median(times), times[int(len(times) * 0.95)], times[min(len(times) - 1, int(len(times) * 0.999))]
    print(f"{name:<52} p50 {p50 * 1000:8.1f}  p95 {p95 * 1000:8.1f}  p99.9 {p999 * 1000:8.1f} ms  {rate:7.0f}/s{more}", flush=True)


def prepared(folder: Path, url: str, world: World, rows: int) -> Path:
    """Load the ledger, enable both platforms, and let everybody be known already."""
    file = bill.write(first_load.CACHE, rows)
    first_load.load(file, folder, url)
    config = folder / "aispend.toml"
    more = f'[slack]\nenabled = true\napi = "{world.url}/api/"\n[teams]\nenabled = true\n'
    config.write_text(more + config.read_text("utf-8"), "utf-8")
    app = wiring.app(settings.load(config, {}), NOW)
    for user in USERS:
        email = f"person{user.removeprefix('UPERSON')}@example.com"
        for platform in ("slack", "teams"):
            app.register.pin(Account(platform, "T1", user), email, "benchmark")
    app.close()
    return config


async def measured(folder: Path, url: str, rows: int, *, busy: bool) -> None:
    async with World().serving() as world:
        config = await asyncio.to_thread(prepared, folder, url, world, rows)
        secrets = {"AISPEND_SLACK_BOT_TOKEN": "xoxb", "AISPEND_SLACK_SIGNING_SECRET": SECRET}
        serve = ("-m", "bot", "--config", str(config), "--now", NOW, "serve", "--port", "0", "--insecure-local")
        connector = aiohttp.TCPConnector(limit=200)
        async with aiohttp.ClientSession(connector=connector) as session, process(*serve, **secrets) as (address, ours):
            crowd = Crowd(world, session, address)
            if busy:
                await beside_a_load(crowd, folder, config)
                return
            for at_once in (16, 64):
                taken, done, rate = await crowd.storm(crowd.slack, at_once, 2000)
                said(f"slack, me, acknowledged, {at_once} at once", taken, rate)
                said(f"slack, me, answered, {at_once} at once", done, rate)
                async with process(str(HERE / "chat_beside.py"), "bolt", SECRET, str(STAMP)) as (bare, _):
                    beside = Crowd(world, session, bare)
                    taken, _, bare_rate = await beside.storm(lambda of=beside: of.slack(waits=False), at_once, 2000)  # type: ignore[misc]
                    said(f"slack, bare Bolt acknowledges, {at_once} at once", taken, bare_rate)
            used = cpu(ours)
            taken, done, rate = await crowd.storm(crowd.teams, 16, 2000)
            said("teams, me, answered, 16 at once", done, rate, f"  {(cpu(ours) - used) / 2016 * 1000:.2f} ms CPU each")
            await teams_beside(world, session)


async def teams_beside(world: World, session: aiohttp.ClientSession) -> None:
    """Send one prepared card by our adapter and by the SDK's own."""
    rates = {}
    for name in ("ours", "stock"):
        async with process(str(HERE / "chat_beside.py"), name) as (address, server):
            crowd = Crowd(world, session, address)
            for at_once in (16, 64):
                used = cpu(server)
                _, done, rates[name, at_once] = await crowd.storm(crowd.teams, at_once, 1000)
                each = (cpu(server) - used) / (1000 + at_once) * 1000
                said(f"teams, a prepared card, {name}, {at_once} at once", done, rates[name, at_once], f"  {each:.2f} ms CPU each")
    for at_once in (16, 64):
        print(f"teams, throughput ours / stock, {at_once} at once: {rates['ours', at_once] / rates['stock', at_once]:.1f}")


async def beside_a_load(crowd: Crowd, folder: Path, config: Path) -> None:
    """Ask twenty times a second on both platforms while ten million rows are loaded."""
    file = await asyncio.to_thread(bill.write, first_load.CACHE, 10_000_000)
    other = folder / "other.toml"
    other.write_text(config.read_text("utf-8").replace('name = "bill"', 'name = "second"'), "utf-8")
    words = [sys.executable, "-m", "bot", "--config", str(other), "--now", NOW, "ingest", "focus", str(file), "-o", "project=SubAccountId"]
    words += ["-o", "account=second", "--source", "second"]
    await asyncio.gather(*(crowd.teams() for _ in range(402)))  # everybody has written before
    load = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    begun, asked = time.perf_counter(), []
    while load.poll() is None:
        asked += [asyncio.ensure_future(crowd.slack()), asyncio.ensure_future(crowd.teams())]
        await asyncio.sleep(0.05)
    spent = time.perf_counter() - begun
    found = await asyncio.gather(*asked)
    for name, times in (("slack", found[::2]), ("teams", found[1::2])):
        said(f"{name}, me, acknowledged, beside a load of {spent:.0f} s", sorted(taken for taken, _ in times), len(times) / spent)
        said(f"{name}, me, answered, beside the load", sorted(done for _, done in times), len(times) / spent)
    if load.returncode:
        raise SystemExit("the load failed")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    store, busy = "postgresql" if "postgresql" in sys.argv else "sqlite", "busy" in sys.argv
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        folder = Path(scratch)
        url = stack.enter_context(postgresql(folder)) if store == "postgresql" else f"sqlite:///{folder}/ledger.db"
        print(f"{rows:,} raw rows, {store}")
        asyncio.run(measured(folder, url, rows, busy=busy))


if __name__ == "__main__":
    main()

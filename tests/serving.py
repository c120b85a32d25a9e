"""Support: `serve` in processes of its own that can be killed, and a Slack that counts what people see."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.store import schema
from adapters.store.database import Database
from bot import settings as app_settings
from bot import wiring
from bot.domain.account import Account
from bot.messages.card import Card, Paragraph, Run
from bot.ports import Message, MessageKind
from bot.services import deliver, directory

SECRETS = {"AISPEND_SLACK_BOT_TOKEN": "xoxb-of-tests", "AISPEND_SLACK_SIGNING_SECRET": "of-tests"}
LABEL = deliver.REPEATS


def replica(config: str, url: str, spacing_s: float, lease_s: float) -> None:
    """Run `aispend serve` as a process would, but for a shorter lease and a pace of the test's."""
    from bot.cli.main import main

    os.environ.update(SECRETS, AISPEND_STORE_URL=url)
    deliver.LEASE = timedelta(seconds=lease_s)
    deliver.PACES = {"slack": deliver.Pace(timedelta(seconds=spacing_s))}
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    sys.argv = ["aispend", "--config", config, "serve", "--host", "127.0.0.1", "--port", "0"]
    main()


class CountingSlack:
    """Slack's Web API in a thread; takes its time before and after a message is there, as a network does."""

    def __init__(self) -> None:
        self.seen: defaultdict[str, list[str]] = defaultdict(list)
        """Texts of messages by user."""
        self._ready = threading.Event()
        self._chance = random.Random(3)  # noqa: S311 - the same delays every time
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def close(self) -> None:
        """Stop."""
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._loop.run_forever()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/api/{name}", self._handle)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.api = f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/"
        self._ready.set()

    async def _handle(self, request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        given: dict[str, Any] = await request.json() if request.content_type == "application/json" else dict(await request.post())
        if name == "chat.postMessage":
            await asyncio.sleep(self._chance.uniform(0, 0.05))
            texts = self.seen[given["channel"]]
            texts.append(str(given["text"]) + str(given.get("blocks")))
            await asyncio.sleep(self._chance.uniform(0, 0.05))
            return web.json_response({"ok": True, "channel": "D" + given["channel"], "ts": f"{len(texts)}.0"})
        return web.json_response({"ok": True, "team_id": "T1", "user_id": "UBOT"})


def deployment(folder: Path, url: str, api: str, people: int) -> Path:
    """Set up a store with *people* who are known in Slack, and return the configuration."""
    config = folder / "aispend.toml"
    config.write_text(f'[slack]\nenabled = true\napi = "{api}"\n', "utf-8")
    database = Database(url)
    schema.upgrade(database)
    database.close()
    app = wiring.app(app_settings.load(config, {"AISPEND_STORE_URL": url}), None)
    rows = "".join(f"p{n}@x.example,Person {n},,,UTC,en,\n" for n in range(people))
    (folder / "people.csv").write_text(f"email,name,team,manager_email,time_zone,locale,roles\n{rows}", "utf-8")
    directory.apply(directory.plan([folder / "people.csv"], app.people), app.people)
    for n in range(people):
        app.register.pin(Account("slack", "T1", f"U{n}"), f"p{n}@x.example", "test")
    app.close()
    return config


def fill(config: Path, url: str, people: int) -> None:
    """Put one message for everybody in the outbox: alerts and digests in turn."""
    app = wiring.app(app_settings.load(config, {"AISPEND_STORE_URL": url}), None)
    kinds = (MessageKind.ALERT, MessageKind.DIGEST)
    card = Card("Hello", "Hello", (Paragraph((Run("Text"),)),))
    with app.alerts.decide() as desk:
        desk.enqueue_all([Message(f"m{n}", kinds[n % 2], f"p{n}@x.example", card, is_urgent=n % 2 == 0) for n in range(people)])
    app.close()

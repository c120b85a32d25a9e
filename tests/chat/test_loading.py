"""`serve` loads the configured sources by itself, in a process of its own."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from chat_slack import SECRET
from chat_slack import Rig as SlackRig
from factories import charge, write_csv
from office import TOML, office

from adapters.child import Child
from bot.settings import IngestSettings
from bot.wiring import App


def test_what_was_delivered_is_loaded_and_reviewed(make_app: Callable[..., App], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AISPEND_SLACK_BOT_TOKEN", "xoxb-of-tests")
    monkeypatch.setenv("AISPEND_SLACK_SIGNING_SECRET", SECRET)
    firm = office(make_app, tmp_path)
    firm.clock.instant += timedelta(days=1)  # a Tuesday, on which nobody gets a digest
    write_csv(tmp_path / "bill.csv", [charge("2026-11-02", "104", x_PrincipalId="ana@x.example")])
    (tmp_path / "serve.toml").write_text(TOML.format(privacy="standard"), "utf-8")
    monkeypatch.setenv("AISPEND_STORE_URL", firm.app.settings.store_url())
    settings = firm.app.settings.model_copy(update={"ingest": IngestSettings(every=60)})
    object.__setattr__(firm.app, "settings", settings)

    async def scene() -> None:
        words = ("--config", str(tmp_path / "serve.toml"), "--now", "2026-11-03T09:00", "ingest")
        async with Loading(firm.app, words), asyncio.timeout(60):
            while not await asyncio.to_thread(firm.app.ledger.loads):  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.2)

    asyncio.run(scene())
    (load,) = firm.app.ledger.loads()
    assert (load.source, load.billed_nanos) == ("bills", 104 * 10**9)
    firm.review()
    assert firm.said() == [("ana", "You have used 104 % ($104.00 of $100.00)")]


class Loading(SlackRig):
    """The running service, which loads by *words*."""

    def __init__(self, app: App, words: tuple[str, ...]) -> None:
        super().__init__(app)
        self.load = words


def test_stopping_ends_what_is_loading(tmp_path: Path) -> None:
    child = Child(("demo", "--folder", str(tmp_path / "demo")))
    running = threading.Thread(target=child.run)
    running.start()
    child.stop()
    running.join(30)
    assert not running.is_alive()
    shutil.rmtree(tmp_path / "demo", ignore_errors=True)
    child.run()
    assert not (tmp_path / "demo" / "aispend.toml").exists(), "nothing begins after that"

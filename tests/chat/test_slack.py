"""Slack over real HTTP: signed requests in, calls to a fake Web API out; only who said yes is shown their own figures."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
import pytest
import yaml
from aiohttp import web
from conftest import NOW
from factories import charge, write_csv, write_directory
from loading import ingest

from adapters.chat.slack.listeners import COMMAND, EVENTS
from bot import shipped
from bot.cli.serve import running
from bot.services import directory
from bot.services.converse import Conversation
from bot.wiring import App

SECRET = "s3cr3t-of-tests"
STAMP = int(datetime.fromisoformat(NOW).timestamp())
USERS = {
    "UANA": {"profile": {"email": "ana@x.example"}},
    "UBEN": {"profile": {"email": "ben@x.example"}},
    "UGUEST": {"profile": {"email": "ana@x.example"}, "is_restricted": True},
    "UNOBODY": {"profile": {"email": "nobody@y.example"}},
    "UMUTE": {"profile": {}},
}


class FakeSlack:
    """Slack's Web API and response URLs; remembers what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.heard = asyncio.Event()
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        given: dict[str, Any] = await request.json() if request.content_type == "application/json" else dict(await request.post())
        given |= dict(request.query)
        self.calls.append((name, given))
        answer: dict[str, Any] = {"ok": True, "team_id": "T1", "user_id": "UBOT", "channel": "D1", "ts": "1.2"}
        if name == "users.info":
            answer["user"] = {"id": given["user"], "team_id": "T1", **USERS[given["user"]]}
        elif name != "auth.test":
            self.heard.set()
        return web.json_response(answer)

    async def next(self) -> tuple[str, dict[str, Any]]:
        await asyncio.wait_for(self.heard.wait(), 10)
        self.heard.clear()
        return next(call for call in reversed(self.calls) if call[0] not in {"users.info", "auth.test"})


class Rig:
    """The running service beside the fake."""

    def __init__(self, app: App) -> None:
        self.app, self.slack, self.turn = app, FakeSlack(), itertools.count()

    async def __aenter__(self) -> Self:
        fake = web.Application()
        fake.router.add_route("*", "/api/{name}", self.slack.handle)
        self.runner = web.AppRunner(fake)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.slack.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/api/"
        section = self.app.settings.slack.model_copy(update={"enabled": True, "api": self.slack.url})
        object.__setattr__(self.app, "settings", self.app.settings.model_copy(update={"slack": section}))
        self.running = running(self.app, "127.0.0.1", 0)
        self.address = await self.running.__aenter__()
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        await self.running.__aexit__(None, None, None)
        await self.runner.cleanup()

    async def post(self, body: bytes, kind: str = "application/x-www-form-urlencoded", **headers: str) -> int:
        sign = hmac.new(SECRET.encode(), b"v0:%d:" % STAMP + body, hashlib.sha256).hexdigest()
        head = {"Content-Type": kind, "X-Slack-Request-Timestamp": str(STAMP), "X-Slack-Signature": f"v0={sign}"} | headers
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


@pytest.fixture
def company(make_app: Callable[..., App], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("AISPEND_SLACK_BOT_TOKEN", "xoxb-of-tests")
    monkeypatch.setenv("AISPEND_SLACK_SIGNING_SECRET", SECRET)
    app = make_app()
    directory.apply(directory.plan(write_directory(tmp_path), app.people), app.people)
    ingest(app, write_csv(tmp_path / "bill.csv", [charge("2026-11-03", "41.50")]))
    return app


def play(app: App, scene: Callable[[Rig], Any]) -> None:
    async def run() -> None:
        async with Rig(app) as rig:
            await scene(rig)

    asyncio.run(run())


def test_figures_come_after_yes_and_drill_down_in_place(company: App) -> None:
    async def scene(rig: Rig) -> None:
        first = await rig.command("UANA", "me")
        assert first["response_type"] == "ephemeral"
        assert "Are you" in json.dumps(first)
        assert "41.5" not in json.dumps(first)
        _, second = await rig.press("UANA", "confirm", "me")
        assert second["replace_original"] is True
        assert "$41.50" in second["text"]
        _, third = await rig.press("UANA", "ask", "me by model")
        assert "By model" in json.dumps(third)
        name, opened = await rig.press("UANA", "pick", "me")
        assert name == "views.open"
        assert "First day" in json.dumps(opened["view"])

    play(company, scene)


@pytest.mark.parametrize("user", ["UGUEST", "UNOBODY", "UMUTE"])
def test_who_stands_for_nobody_sees_a_sentence_and_no_figure(company: App, user: str) -> None:
    async def scene(rig: Rig) -> None:
        for words in ("me", "team search", "org"):
            said = json.dumps(await rig.command(user, words))
            assert "I cannot tell whose figures are yours" in said
            assert "$" not in said
        _, pressed = await rig.press(user, "confirm", "me")
        assert "$" not in json.dumps(pressed)

    play(company, scene)


def test_another_workspace_learns_nothing(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        assert "organisation that installed me" in json.dumps(await rig.command("UANA", "me", team="T2"))
        _, said = await rig.press("UANA", "ask", "me", team="T2")
        assert "organisation that installed me" in json.dumps(said)

    play(company, scene)


def test_what_is_not_signed_fresh_small_and_whole_is_refused(company: App) -> None:
    async def scene(rig: Rig) -> None:
        body = urlencode({"command": COMMAND, "user_id": "UANA", "team_id": "T1"}).encode()
        assert await rig.post(body, **{"X-Slack-Signature": "v0=" + "0" * 64}) == 401
        assert await rig.post(body, **{"X-Slack-Signature": "v0=é"}) == 401
        assert await rig.post(body, **{"X-Slack-Request-Timestamp": "abc"}) == 401
        assert await rig.post(body, **{"X-Slack-Request-Timestamp": str(STAMP - 301)}) == 401
        assert await rig.post(b"\xff\xfe") == 401
        assert await rig.post(b"x" * 300_000) == 413
        assert await rig.post(urlencode({"payload": "[" * 80_000}).encode()) == 400
        assert await rig.post(b"{", "application/json") == 400
        assert [name for name, _ in rig.slack.calls] == ["auth.test"]

    play(company, scene)


def test_a_replayed_request_and_a_repeated_event_do_nothing(company: App) -> None:
    async def scene(rig: Rig) -> None:
        event = {"type": "message", "channel_type": "im", "channel": "D1", "user": "UANA", "text": "me"}
        for number in (1, 1, 2):
            body = {"type": "event_callback", "team_id": "T1", "event_id": "E1", "event": event, "n": number}
            assert await rig.post(json.dumps(body).encode(), "application/json") == 200
        await rig.slack.next()
        async with rig.session.get(f"http://{rig.address}/metrics") as response:
            text = await response.text()
        assert [name for name, _ in rig.slack.calls].count("chat.postMessage") == 1
        assert "ana" not in text.lower()

    play(company, scene)


def test_a_form_says_what_is_wrong_and_its_answer_edits_the_message(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        _, opened = await rig.press("UANA", "pick", "me")
        for last, words in (("2026-10-01", "before the first one"), ("2026-11-05", "")):
            days = {"first": {"answer": {"selected_date": "2026-11-01"}}, "last": {"answer": {"selected_date": last}}}
            view = {
                "callback_id": "picked",
                "private_metadata": opened["view"]["private_metadata"],
                "state": {"values": days},
                "type": "modal",
            }
            payload = {"type": "view_submission", "user": {"id": "UANA", "team_id": "T1"}, "team": {"id": "T1"}, "view": view}
            body = urlencode({"payload": json.dumps(payload)}).encode()
            assert words in await rig.text(body)
        _, said = await rig.slack.next()
        assert said["replace_original"] is True
        assert "$41.50" in said["text"]

    play(company, scene)


def test_the_language_that_was_chosen_is_spoken_from_then_on(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        _, settings = await rig.press("UANA", "language", "de")
        assert "Einstellungen" in json.dumps(settings)
        said = json.dumps(await rig.command("UANA", "me"), ensure_ascii=False)
        assert "deine KI-Kosten" in said
        assert "41,50" in said
        said = json.dumps(await rig.command("UANA", "taem"), ensure_ascii=False)
        assert "Meintest du: team?" in said
        assert "nichts, was ich dir zeigen kann" in json.dumps(await rig.command("UANA", "org"))
        _, old = await rig.press("UANA", "dance", "")
        assert "Frag noch einmal" in json.dumps(old)
        _, opened = await rig.press("UANA", "pick", "me")
        assert opened["view"]["close"]["text"] == "Abbrechen"
        view = {"callback_id": "picked", "private_metadata": opened["view"]["private_metadata"], "state": {"values": {}}, "type": "modal"}
        payload = {"type": "view_submission", "user": {"id": "UANA", "team_id": "T1"}, "team": {"id": "T1"}, "view": view}
        assert json.loads(await rig.text(urlencode({"payload": json.dumps(payload)}).encode()))["errors"]["first"] == "Wähl einen Tag."

    play(company, scene)


def test_what_broke_is_told_in_the_persons_language(company: App, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        await rig.press("UANA", "language", "de")
        monkeypatch.setattr(Conversation, "answer", lambda *_: 1 / 0)
        assert "Bei mir ist etwas schiefgegangen" in json.dumps(await rig.command("UANA", "me"))

    play(company, scene)


def test_the_home_page_is_the_persons_own(company: App) -> None:
    async def scene(rig: Rig) -> None:
        event = {"type": "app_home_opened", "tab": "home", "user": "UANA"}
        body = {"type": "event_callback", "team_id": "T1", "event_id": "E9", "event": event}
        assert await rig.post(json.dumps(body).encode(), "application/json") == 200
        name, given = await rig.slack.next()
        assert (name, given["user_id"]) == ("views.publish", "UANA")
        assert "Are you" in json.dumps(given)

    play(company, scene)


def test_what_slack_escapes_is_read_as_it_was_typed(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        said = await rig.command("UANA", "me R&amp;D")
        assert "“R&D”" in json.dumps(said["blocks"], ensure_ascii=False)

    play(company, scene)


@pytest.mark.parametrize("change", [{"deleted": True}, {"is_restricted": True}, {"profile": {"email": "new@y.example"}}])
def test_who_leaves_or_changes_is_shown_nothing_more(company: App, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform tells of the change; neither the event nor an unreachable platform may keep the old binding alive."""

    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        user = {"id": "UANA", "team_id": "T1", **USERS["UANA"], **change}
        body = {"type": "event_callback", "team_id": "T1", "event_id": "E7", "event": {"type": "user_change", "user": user}}
        assert await rig.post(json.dumps(body).encode(), "application/json") == 200
        monkeypatch.setitem(USERS, "UANA", {**USERS["UANA"], **change})
        for _ in range(2):
            assert "41.50" not in json.dumps(await rig.command("UANA", "me"))
        assert not any(binding.is_live for binding in company.accounts.every())

    play(company, scene)


def test_uninstalling_takes_every_account_off_its_person(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        body = {"type": "event_callback", "team_id": "T1", "event_id": "E8", "event": {"type": "app_uninstalled"}}
        assert await rig.post(json.dumps(body).encode(), "application/json") == 200

    play(company, scene)  # leaving it drains what is under way
    assert not any(binding.is_live for binding in company.accounts.every())


def test_readiness_and_health(company: App) -> None:
    async def scene(rig: Rig) -> None:
        for path in ("healthz", "readyz"):
            async with rig.session.get(f"http://{rig.address}/{path}") as response:
                assert (response.status, (await response.json())["status"]) == (200, "ok")

    play(company, scene)


def test_the_manifest_asks_for_what_the_code_uses(shared: Path) -> None:
    found = yaml.safe_load((shipped.folder("manifest") / "slack.yaml").read_text("utf-8"))
    assert [command["command"] for command in found["features"]["slash_commands"]] == [COMMAND]
    assert tuple(found["settings"]["event_subscriptions"]["bot_events"]) == EVENTS

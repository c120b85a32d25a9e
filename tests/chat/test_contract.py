"""The contract of `Chat`: a fake, Slack and Teams, each behind a server that fails on purpose; another adapter has to pass the same."""

from __future__ import annotations

import asyncio
import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from chat_teams import APP, TENANT, Credentials
from fakes import FakeChat, FakeDocuments

from adapters.chat.slack.client import SlackChat
from adapters.chat.teams.auth import Trust
from adapters.chat.teams.client import TeamsChat
from adapters.chat.teams.credentials import Tokens
from adapters.chat.teams.references import Reference, References
from bot.domain.account import Account
from bot.errors import DeliveryDeferred, DeliveryError, DeliveryImpossible, DeliveryUnknown
from bot.messages.card import Card
from bot.messages.markup import parse
from bot.ports import Chat, Sent

CARD = parse('<card summary="You: $1.00 &lt;!channel&gt;"><title>You: $1.00</title></card>')
LATER = parse("<card><title>You: $2.00</title></card>")


class World(ABC):
    """A platform with one person, one channel, and one switch for what goes wrong."""

    def __init__(self) -> None:
        self.fault = ""
        self.shown: dict[str, str] = {}
        """What stands there, by id of the message."""
        self.writes = 0
        self.ids = (f"{number}.5" for number in itertools.count(1))

    chat: Chat
    ana: Account
    space: str
    channel: str
    shared = ""
    """A channel that another organisation reads; empty where there is none."""

    @abstractmethod
    async def start(self, url: str = "") -> None:
        """Begin; with *url*, of a server that is not there."""

    @abstractmethod
    async def stop(self) -> None:
        """End."""


class FakeWorld(World):
    async def start(self, url: str = "") -> None:
        self.fault = "away" if url else ""
        self.ana, self.space, self.channel = Account("fake", "S1", "ana"), "S1", "C1"
        self.chat = FakeChat(self, {"ana": "ana@x.example"})

    async def stop(self) -> None:
        pass


class HttpWorld(World):
    """A platform spoken to over HTTP."""

    async def start(self, url: str = "") -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        await self.connect(url or f"http://127.0.0.1:{self.runner.addresses[0][1]}/")

    async def stop(self) -> None:
        await self.chat.close()  # type: ignore[attr-defined]
        await self.runner.cleanup()

    async def handle(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        given = await request.json() if request.content_type == "application/json" and request.can_read_body else dict(await request.post())
        self.writes += self.is_write(request.method, path)
        if self.fault == "drop":
            assert request.transport
            request.transport.abort()
            return web.Response()
        if self.fault:
            return self.failed()
        return web.json_response(self.answer(request.method, path, given | dict(request.query)))

    @abstractmethod
    async def connect(self, url: str) -> None: ...

    @abstractmethod
    def is_write(self, method: str, path: str) -> bool: ...

    @abstractmethod
    def failed(self) -> web.Response: ...

    @abstractmethod
    def answer(self, method: str, path: str, given: dict[str, Any]) -> dict[str, Any]: ...


class SlackWorld(HttpWorld):
    def __init__(self) -> None:
        super().__init__()
        self.ana, self.space, self.channel, self.shared = Account("slack", "T1", "UANA"), "T1", "C1", "C2"

    async def connect(self, url: str) -> None:
        chat = SlackChat("xoxb", url)
        await chat.start()
        self.chat = chat

    def is_write(self, method: str, path: str) -> bool:
        return path.startswith("chat.")

    def failed(self) -> web.Response:
        match self.fault:
            case "busy":
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "7"})
            case "trouble":
                return web.Response(status=503, text="<html>away</html>", content_type="text/html")
            case _:
                return web.json_response({"ok": False, "error": "channel_not_found"})

    def answer(self, method: str, path: str, given: dict[str, Any]) -> dict[str, Any]:
        match path:
            case "auth.test":
                return {"ok": True, "team_id": "T1", "user_id": "UBOT"}
            case "users.info":
                return {"ok": True, "user": {"id": given["user"], "team_id": "T1", "profile": {"email": "ana@x.example"}}}
            case "conversations.info":
                return {"ok": True, "channel": {"id": given["channel"], "is_ext_shared": given["channel"] == "C2"}}
            case "chat.postMessage":
                message = next(self.ids)
                self.shown[message] = json.dumps(given["blocks"])
                return {"ok": True, "channel": given["channel"], "ts": message}
            case "chat.update":
                self.shown[given["ts"]] = json.dumps(given["blocks"])
                return {"ok": True}
        raise AssertionError(path)


class TeamsWorld(HttpWorld):
    def __init__(self) -> None:
        super().__init__()
        self.ana, self.space, self.channel = Account("teams", TENANT, "aad-ana"), TENANT, "19:c1@thread.tacv2"

    async def connect(self, url: str) -> None:
        references = References(FakeDocuments())
        ana = Reference(url, "28:bot", "29:ana", "a:ana")
        references.store(references.note(TENANT, "aad-ana", ana, ana))
        channel = Reference(url, "28:bot", conversation=self.channel)
        references.store(references.note(TENANT, "", channel, channel))
        chat = TeamsChat(Trust(APP, TENANT, ("127.0.0.1",)), Tokens(Credentials()), references)  # type: ignore[arg-type]
        await chat.start()
        self.chat = chat

    def is_write(self, method: str, path: str) -> bool:
        return method in {"POST", "PUT"}

    def failed(self) -> web.Response:
        match self.fault:
            case "busy":
                return web.json_response({"error": {"code": "TooManyRequests"}}, status=429, headers={"Retry-After": "7"})
            case "trouble":
                return web.Response(status=502, text="<html>away</html>", content_type="text/html")
            case _:
                return web.json_response({"error": {"code": "MessageWritesBlocked"}}, status=403)

    def answer(self, method: str, path: str, given: dict[str, Any]) -> dict[str, Any]:
        if method == "GET":
            return {"id": "29:ana", "objectId": "aad-ana", "email": "ana@x.example", "tenantId": TENANT}
        message = path.rpartition("/")[2] if method == "PUT" else next(self.ids)
        self.shown[message] = json.dumps(given)
        return {"id": "19:c1@thread.tacv2;messageid=1", "activityId": message} if path == "v3/conversations" else {"id": message}


WORLDS = {"fake": FakeWorld, "slack": SlackWorld, "teams": TeamsWorld}


@pytest.fixture(params=WORLDS)
def play(request: pytest.FixtureRequest) -> Callable[[Callable[[World], Any]], World]:
    def run(scene: Callable[[World], Any], url: str = "") -> World:
        world = WORLDS[request.param]()

        async def whole() -> None:
            await world.start(url)
            try:
                await scene(world)
            finally:
                await world.stop()

        asyncio.run(whole())
        return world

    return run


def test_what_is_sent_stands_there_and_can_be_edited(play: Any) -> None:
    async def scene(world: World) -> None:
        sent = await world.chat.send(world.ana, CARD)
        assert (sent.platform, sent.space) == (world.ana.platform, world.space)
        assert "$1.00" in world.shown[sent.message]
        await world.chat.edit(sent, LATER)
        assert "$2.00" in world.shown[sent.message]
        assert "$1.00" not in world.shown[sent.message]
        again = await world.chat.send(world.ana, CARD)
        assert again.message != sent.message
        assert world.writes == 3

    play(scene)


def test_what_is_posted_in_a_channel_can_be_edited(play: Any) -> None:
    async def scene(world: World) -> None:
        sent = await world.chat.post(world.space, world.channel, CARD)
        await world.chat.edit(sent, LATER)
        assert "$2.00" in world.shown[sent.message]

    play(scene)


def test_nothing_is_posted_where_another_organisation_reads(play: Any) -> None:
    async def scene(world: World) -> None:
        if world.shared:
            with pytest.raises(DeliveryImpossible, match="another organisation"):
                await world.chat.post(world.space, world.shared, CARD)
        with pytest.raises(DeliveryImpossible):
            await world.chat.send(Account(world.ana.platform, "elsewhere", world.ana.user), CARD)
        assert world.writes == 0

    play(scene)


def test_the_platform_says_who_somebody_is(play: Any) -> None:
    async def scene(world: World) -> None:
        found = await world.chat.profile(world.ana)
        assert (found.email, found.is_guest, found.is_external, found.is_gone) == ("ana@x.example", False, False, False)

    play(scene)


async def _send(world: World) -> Any:
    return await world.chat.send(world.ana, CARD)


async def _edit(world: World) -> Any:
    message = await _while_well(world, _send)
    return await world.chat.edit(message, LATER)


async def _while_well(world: World, act: Callable[[World], Any]) -> Sent:
    fault, world.fault = world.fault, ""
    sent: Sent = await act(world)
    world.fault, world.writes = fault, 0
    return sent


@pytest.mark.parametrize("act", [_send, _edit])
@pytest.mark.parametrize(
    ("fault", "meaning"),
    [("busy", DeliveryDeferred), ("trouble", DeliveryUnknown), ("drop", DeliveryUnknown), ("blocked", DeliveryImpossible)],
)
def test_each_failure_has_one_meaning_and_nothing_is_sent_twice(
    play: Any, fault: str, meaning: type[DeliveryError], act: Callable[[World], Any]
) -> None:
    async def scene(world: World) -> None:
        await world.chat.profile(world.ana)
        world.fault = fault
        with pytest.raises(meaning) as caught:
            await act(world)
        if isinstance(caught.value, DeliveryDeferred):
            assert caught.value.retry_after == timedelta(seconds=7)
        assert str(caught.value).endswith(".")
        assert world.writes == 1 or (act is _edit and fault == "drop"), "only an edit may be repeated: it changes nothing"

    play(scene)


@pytest.mark.parametrize("fault", ["busy", "trouble", "drop"])
def test_a_question_may_always_be_asked_again(play: Any, fault: str) -> None:
    async def scene(world: World) -> None:
        world.fault = fault
        with pytest.raises(DeliveryDeferred):
            await world.chat.profile(world.ana)

    play(scene)


def test_a_platform_that_is_away_defers(play: Any) -> None:
    async def scene(world: World) -> None:
        with pytest.raises(DeliveryDeferred):
            await world.chat.send(world.ana, CARD)
        assert world.writes == 0

    play(scene, "http://127.0.0.1:9/")


def test_a_card_of_any_size_is_sent(play: Any) -> None:
    async def scene(world: World) -> None:
        rows = "".join(f"<row><cell>model-{n} {'x' * 80}</cell><cell>$1.00</cell></row>" for n in range(2000))
        card: Card = parse(f"<card><title>t</title><table><head><cell>a</cell><cell>b</cell></head>{rows}</table></card>")
        sent = await world.chat.send(world.ana, card)
        assert len(world.shown[sent.message]) < 40_000

    play(scene)

"""Slack's client against a server that fails on purpose: what each failure means, and that nothing is sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from adapters.chat.slack.client import SlackChat
from bot.domain.account import Account
from bot.errors import DeliveryDeferred, DeliveryError, DeliveryImpossible, DeliveryUnknown
from bot.messages.markup import parse

ANA = Account("slack", "T1", "UANA")
CARD = parse("<card><title>You: $1.00</title></card>")
CHART = parse(
    '<card><title>You</title><chart kind="bar" title="Days" summary="High" unit="USD"><point name="1" value="1">$1</point></chart></card>'
)


class Server:
    """Answers each call as *answer* says and counts them."""

    def __init__(self, answer: Callable[[web.Request, dict[str, Any]], web.Response | None]) -> None:
        self.answer, self.calls = answer, 0

    async def handle(self, request: web.Request) -> web.Response:
        if request.path.endswith("auth.test"):
            return web.json_response({"ok": True, "team_id": "T1", "user_id": "UBOT"})
        self.calls += 1
        given = await request.json() if request.content_type == "application/json" else dict(await request.post())
        found = self.answer(request, given)
        if found is None:
            assert request.transport
            request.transport.abort()
            return web.Response()
        return found


def served(server: Server, act: Callable[[SlackChat], Any]) -> None:
    async def run() -> None:
        app = web.Application()
        app.router.add_route("*", "/api/{name}", server.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        chat = SlackChat("xoxb", f"http://127.0.0.1:{runner.addresses[0][1]}/api/")
        await chat.start()
        try:
            await act(chat)
        finally:
            await chat.close()
            await runner.cleanup()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (lambda *_: web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "7"}), DeliveryDeferred),
        (lambda *_: web.json_response({"ok": False, "error": "internal_error"}), DeliveryUnknown),
        (lambda *_: web.Response(status=503, text="<html>away</html>", content_type="text/html"), DeliveryUnknown),
        (lambda *_: web.json_response({"ok": False, "error": "user_not_found"}), DeliveryImpossible),
        (lambda *_: web.json_response({"ok": False, "error": "something_new"}), DeliveryImpossible),
        (lambda *_: None, DeliveryUnknown),
    ],
    ids=["429", "internal", "503", "no-user", "new-error", "dropped"],
)
def test_each_failure_of_a_message_has_one_meaning_and_is_sent_once(answer: Any, meaning: type[DeliveryError]) -> None:
    server = Server(answer)

    async def act(chat: SlackChat) -> None:
        with pytest.raises(meaning) as caught:
            await chat.send(ANA, CARD)
        if isinstance(caught.value, DeliveryDeferred):
            assert caught.value.retry_after == timedelta(seconds=7)

    served(server, act)
    assert server.calls == 1


def test_a_question_whose_connection_broke_may_be_asked_again() -> None:
    async def act(chat: SlackChat) -> None:
        with pytest.raises(DeliveryDeferred):
            await chat.profile(ANA)

    served(Server(lambda *_: None), act)


def test_a_client_without_charts_gets_the_figures_as_text() -> None:
    def answer(_: web.Request, given: dict[str, Any]) -> web.Response:
        if "data_visualization" in str(given):
            return web.json_response({"ok": False, "error": "invalid_blocks"})
        return web.json_response({"ok": True, "channel": "D1", "ts": "1.2"})

    server = Server(answer)

    async def act(chat: SlackChat) -> None:
        assert (await chat.send(ANA, CHART)).message == "1.2"

    served(server, act)
    assert server.calls == 2


@pytest.mark.parametrize(
    "url", ["https://hooks.slack.com.evil.example/x", "http://hooks.slack.com/x", "http://127.0.0.1:1/x", "file:///etc/passwd"]
)
def test_figures_go_to_slack_and_nowhere_else(url: str) -> None:
    server = Server(lambda *_: web.Response())

    async def act(chat: SlackChat) -> None:
        with pytest.raises(DeliveryImpossible, match="not Slack"):
            await chat.respond(url, CARD, is_new=True)

    served(server, act)
    assert server.calls == 0


def test_a_redirect_is_not_followed() -> None:
    elsewhere: list[str] = []

    def answer(request: web.Request, *_: object) -> web.Response:
        if request.path.endswith("elsewhere"):
            elsewhere.append("figures")
        return web.Response(status=307, headers={"Location": f"{request.url.origin()}/api/elsewhere"})

    server = Server(answer)

    async def act(chat: SlackChat) -> None:
        with pytest.raises(DeliveryImpossible):
            await chat.respond(f"{chat.api}response", CARD, is_new=True)

    served(server, act)
    assert elsewhere == []

"""Servers that `chat.py` measures beside ours: bare Bolt, our Teams adapter with a prepared card, the SDK's stock adapter with the same."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CARD = """<card summary="You: $425.50"><title>$425.50 of $600.00</title><progress share="0.71">71 % used</progress>
<chart kind="bar" title="By day" summary="Highest: $41.01 (Nov 23)." unit="USD">{points}</chart>
<facts><fact name="Remaining">$174.50</fact><fact name="Before">$354.70</fact></facts>
<table><head><cell>Tool</cell><cell numeric="yes">Cost</cell></head><row><cell>Claude Code</cell><cell>$400.00</cell></row></table>
<note>As of today.</note><actions><button do="ask" on="me by day">By day</button></actions></card>"""


def bolt(secret: str, stamp: str) -> tuple[str, Handler]:
    from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
    from slack_bolt.async_app import AsyncApp
    from slack_bolt.authorization import AuthorizeResult
    from slack_sdk.signature import Clock, SignatureVerifier

    class Then(Clock):
        def now(self) -> float:
            return float(stamp)

    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb")  # noqa: S106 - made up

    app = AsyncApp(signing_secret=secret, authorize=authorize, process_before_response=True, request_verification_enabled=False)
    verifier = SignatureVerifier(secret, Then())  # the stamp of the requests is of the past

    @app.command("/aispend")
    async def command(ack: Any) -> None:
        await ack()

    async def handle(request: web.Request) -> web.StreamResponse:
        if not verifier.is_valid_request(await request.read(), dict(request.headers)):
            return web.Response(status=401)
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return "/slack/events", handle


def prepared() -> Any:
    from bot.messages.markup import parse

    points = "".join(f'<point name="{day} Nov" value="{day}.5">${day}.50</point>' for day in range(1, 24))
    return parse(CARD.format(points=points))


def ours() -> tuple[str, Handler]:
    """Return our adapter; whom it asks for the answer has it ready."""
    from adapters.chat.meters import Meters
    from adapters.chat.once import Once
    from adapters.chat.teams.auth import TeamsAuthentication, Trust
    from adapters.chat.teams.client import TeamsChat
    from adapters.chat.teams.credentials import Tokens
    from adapters.chat.teams.front import Front
    from adapters.chat.teams.keys import Keys
    from adapters.chat.teams.listeners import Listeners
    from adapters.chat.teams.references import References
    from adapters.chat.work import Work
    from adapters.clock import FixedClock
    from adapters.store.accounts import RememberedReceived
    from bot.services.talk import Answer

    class Ready:
        templates = None
        card = prepared()

        async def answer(self, *_: object) -> Answer:
            return Answer(self.card)

    class Forgetful:
        def get(self, *_: object) -> None:
            return None

        def put(self, *_: object) -> None:
            return None

    clock, trust = FixedClock(datetime(2026, 12, 31, tzinfo=UTC)), Trust("", "")
    references = References(Forgetful())  # type: ignore[arg-type]
    chat = TeamsChat(trust, Tokens(None), references)
    listeners = Listeners(Ready(), chat, references, Work(), Meters())  # type: ignore[arg-type]
    front = Front(TeamsAuthentication(trust, Keys("http://127.0.0.1:9/", clock), None, clock), listeners, Once(RememberedReceived(), clock))

    async def handle(request: web.Request) -> web.StreamResponse:
        if chat._session is None:  # noqa: SLF001 - started with the first request
            await chat.start()
        return await front.handle(request)

    return "/api/messages", handle


def stock() -> tuple[str, Handler]:
    """Return the SDK's own adapter, as its documents put it together."""
    from botbuilder.core import ActivityHandler, MessageFactory, TurnContext
    from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
    from botbuilder.schema import Attachment

    from adapters.chat.teams import render

    class Configuration:
        APP_ID, APP_PASSWORD, APP_TYPE, APP_TENANTID = "", "", "MultiTenant", ""

    class Bot(ActivityHandler):
        card = prepared()

        async def on_message_activity(self, turn_context: TurnContext) -> None:
            content = Attachment(content_type="application/vnd.microsoft.card.adaptive", content=render.card(self.card))
            await turn_context.send_activity(MessageFactory.attachment(content))

    adapter, bot = CloudAdapter(ConfigurationBotFrameworkAuthentication(Configuration())), Bot()

    async def handle(request: web.Request) -> web.StreamResponse:
        return await adapter.process(request, bot) or web.Response()

    return "/api/messages", handle


async def main() -> None:
    path, handler = {"bolt": bolt, "ours": ours, "stock": stock}[sys.argv[1]](*sys.argv[2:])
    app = web.Application()
    app.router.add_post(path, handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

"""Installations: only workspaces that were named, tokens encrypted at rest, states used once; the whole flow over HTTP."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from chat_teams import Ticking
from cryptography.fernet import Fernet
from fakes import FakeDocuments
from slack_bolt.error import BoltError
from slack_sdk.oauth.installation_store.models import Installation

from adapters.chat.once import Once
from adapters.chat.slack.client import SlackChat
from adapters.chat.slack.installations import CACHED, KIND, STATE_S, Installations, States, cipher
from adapters.store.accounts import RememberedReceived
from bot.cli.serve import running
from bot.domain.account import Account
from bot.errors import ConfigError, DeliveryImpossible
from bot.messages.markup import parse
from bot.wiring import App

KEY = Fernet.generate_key().decode()
CARD = parse("<card><title>Hello</title></card>")


def installation(team: str | None = "T1", enterprise: str | None = None, token: str = "xoxb-secret-1", **more: Any) -> Installation:  # noqa: S107 - made up
    return Installation(
        user_id="U1", team_id=team, enterprise_id=enterprise, bot_token=token, bot_user_id="UBOT", bot_scopes="chat:write,commands", **more
    )


class Kept:
    def __init__(self, *allowed: str, keys: str = KEY) -> None:
        self.documents, self.clock = FakeDocuments(), Ticking(datetime(2026, 11, 23, tzinfo=UTC))
        self.allowed = allowed
        self.store = self.again(keys)

    def again(self, keys: str = KEY, *allowed: str) -> Installations:
        return Installations(self.documents, cipher(keys), allowed or self.allowed, self.clock)


def test_tokens_are_not_in_the_database() -> None:
    kept = Kept("T1")
    asyncio.run(kept.store.async_save(installation()))
    assert "xoxb" not in str(kept.documents.kept)
    found = asyncio.run(kept.again().find("T1", "T1"))
    assert found
    assert (found.token, found.scopes) == ("xoxb-secret-1", frozenset({"chat:write", "commands"}))
    assert "xoxb" not in repr(found)


def test_a_key_is_exchanged_without_losing_what_was_kept() -> None:
    kept, new = Kept("T1"), Fernet.generate_key().decode()
    asyncio.run(kept.store.async_save(installation()))
    assert asyncio.run(kept.again(f"{new}, {KEY}").find("T1"))
    with pytest.raises(ConfigError, match="another key"):
        asyncio.run(kept.again(new).find("T1"))
    with pytest.raises(ConfigError, match="Make one"):
        cipher("short")


def test_a_workspace_that_was_not_named_is_refused() -> None:
    kept = Kept("T1", "E1")
    for stranger in (installation("T2"), installation("T2", "E2"), installation(None, "E2", is_enterprise_install=True)):
        with pytest.raises(BoltError, match="not one of ours"):
            asyncio.run(kept.store.async_save(stranger))
    assert kept.documents.kept == {}
    asyncio.run(kept.store.async_save(installation("T9", "E1")))
    assert asyncio.run(kept.again(KEY, "T1").find("E1", "T9")) is None, "named once, and no more"


def test_the_nearest_installation_speaks() -> None:
    kept = Kept("E1", "T3")
    for team, enterprise, whole, token in (("T1", "E1", False, "of-T1"), (None, "E1", True, "of-E1"), ("T3", None, False, "of-T3")):
        asyncio.run(kept.store.async_save(installation(team, enterprise, token, is_enterprise_install=whole)))
    wanted = {("E1", "T1"): "of-T1", ("E1", "T2"): "of-E1", ("E1", ""): "of-E1", ("T3", "T3"): "of-T3", ("T3", ""): "of-T3"}
    for place, token in wanted.items():
        found = asyncio.run(kept.store.find(*place))
        assert found
        assert found.token == token
    assert asyncio.run(kept.store.find("T4", "T4")) is None
    asyncio.run(kept.store.forget("E1", "T1"))
    left = asyncio.run(kept.store.find("E1", "T1"))
    assert left, "the enterprise's installation serves the other workspaces still"
    assert left.token == "of-E1"
    asyncio.run(kept.store.forget("E1", "T1"))
    assert asyncio.run(kept.store.find("E1", "T1")) is None


def test_another_replica_s_change_is_noticed() -> None:
    kept = Kept("T1")
    other = kept.again()
    asyncio.run(kept.store.async_save(installation()))
    assert asyncio.run(other.find("T1"))
    asyncio.run(kept.store.forget("T1", "T1"))
    kept.clock.instant += CACHED
    assert asyncio.run(other.find("T1")) is None


def test_a_state_is_ours_fresh_and_used_once() -> None:
    clock = Ticking(datetime(2026, 11, 23, tzinfo=UTC))
    states = States(cipher(KEY), Once(RememberedReceived(), clock), clock)

    async def scene() -> None:
        state = await states.async_issue()
        assert await states.async_consume(state)
        assert not await states.async_consume(state)
        old = await states.async_issue()
        clock.instant += timedelta(seconds=STATE_S + 1)
        assert not await states.async_consume(old)
        for forged in ("", "x", "é", Fernet(Fernet.generate_key()).encrypt(b"x").decode()):
            assert not await states.async_consume(forged)

    asyncio.run(scene())


class OAuthSlack:
    """Slack's side of an installation, and what is posted afterwards."""

    def __init__(self) -> None:
        self.team, self.posted = "T1", []

    async def handle(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == "oauth.v2.access":
            team = {"id": self.team, "name": "X"}
            bot = {"access_token": f"xoxb-{self.team}", "bot_user_id": "UBOT", "scope": "chat:write", "token_type": "bot"}
            return web.json_response({"ok": True, "app_id": "A1", "team": team, "authed_user": {"id": "U1"}, **bot})
        if name == "chat.postMessage":
            self.posted.append(request.headers["Authorization"])
            return web.json_response({"ok": True, "channel": "D1", "ts": "1.2"})
        assert name == "auth.test"
        return web.json_response({"ok": True, "team_id": self.team, "user_id": "UBOT", "bot_id": "B1", "url": "https://x.slack.com/"})


def test_a_workspace_installs_us_and_is_spoken_to_with_its_token(company: App, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SIGNING_SECRET", "s"), ("CLIENT_SECRET", "c"), ("TOKEN_KEY", KEY)):
        monkeypatch.setenv(f"AISPEND_SLACK_{name}", value)

    async def scene() -> None:
        slack = OAuthSlack()
        fake = web.Application()
        fake.router.add_route("*", "/api/{name}", slack.handle)
        runner = web.AppRunner(fake)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        api = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        given = {"enabled": True, "api": api, "workspaces": ("T1",), "client_id": "1.2"}
        section = company.settings.slack.model_copy(update=given)
        object.__setattr__(company, "settings", company.settings.model_copy(update={"slack": section}))
        async with running(company, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:

            async def install() -> str:
                async with session.get(f"http://{address}/slack/install") as response:
                    page, cookie = await response.text(), response.headers["Set-Cookie"].partition(";")[0]
                url = "https://slack.com/oauth" + page.partition('href="https://slack.com/oauth')[2].partition('"')[0].replace("&amp;", "&")
                asked = parse_qs(urlsplit(url).query)
                assert "chat:write" in asked["scope"][0]
                back = f"http://{address}/slack/oauth_redirect?code=1&state={asked['state'][0]}"
                async with session.get(back) as response:
                    assert response.status in {400, 401}, "without the cookie of the browser that asked"
                async with session.get(back, headers={"Cookie": cookie}) as response:
                    return await response.text()

            assert "Thank you" in await install()
            slack.team = "T2"
            assert "Thank you" not in await install()
        assert company.documents.keys(KIND) == ["T1/T1"]
        assert "xoxb" not in json.dumps([company.documents.get(KIND, "T1/T1")])
        chat = SlackChat(None, api, Installations(company.documents, cipher(KEY), ("T1",), company.clock))
        await chat.start()
        await chat.send(Account("slack", "T1", "UANA"), CARD)
        with pytest.raises(DeliveryImpossible, match="not installed"):
            await chat.send(Account("slack", "T2", "UANA"), CARD)
        await chat.close()
        assert slack.posted == ["Bearer xoxb-T1"]
        await runner.cleanup()

    asyncio.run(scene())

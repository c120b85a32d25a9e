"""Support: a Teams of our own: the keys of the Bot Framework, tokens signed by it, and the connector that takes our messages."""

from __future__ import annotations

import asyncio
import itertools
import json
from datetime import datetime
from typing import Any, Self

import aiohttp
import jwt
from aiohttp import web
from conftest import NOW
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.cli.serve import running
from bot.wiring import App

APP, TENANT = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
BOT = {"id": f"28:{APP}", "name": "aispend"}
STAMP = int(datetime.fromisoformat(NOW).timestamp())
PEOPLE: dict[str, dict[str, Any]] = {
    "ana": {"email": "Ana@x.example", "userPrincipalName": "ana@x.example"},
    "ben": {"email": None, "userPrincipalName": "ben@x.example"},
    "mia": {"email": "mia@x.example", "userPrincipalName": "mia@x.example"},
    "fin": {"email": "fin@x.example", "userPrincipalName": "fin@x.example"},
    "guest": {"email": "ana@x.example", "userPrincipalName": "ana_x.example#EXT#@y.example"},
    "hired": {"email": "ana@x.example", "userPrincipalName": "ana@x.example", "tenantId": "33333333-3333-4333-8333-333333333333"},
    "nobody": {"email": "nobody@y.example", "userPrincipalName": "nobody@y.example"},
    "mute": {"email": None},
}
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(key: rsa.RSAPrivateKey, key_id: str, endorsements: tuple[str, ...] = ("msteams",)) -> dict[str, Any]:
    """Return the public half of *key* as the Bot Framework publishes it."""
    found = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return found | {"kid": key_id, "use": "sig", "endorsements": list(endorsements)}


class FakeTeams:
    """The keys and the connector; remembers what it was told and fails when asked to."""

    def __init__(self) -> None:
        self.keys = [jwk(PRIVATE, "k1"), jwk(OTHER, "k-skype", ("skype",))]
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        self.arrived = asyncio.Condition()
        self.refuses: dict[str, int] = {}
        """Path prefix to the status it is answered with."""
        self.refused = 0
        self.url = ""
        self._ids = itertools.count(1)

    def application(self) -> web.Application:
        """Return it as a server."""
        app = web.Application()
        app.router.add_get("/openid", self._openid)
        app.router.add_get("/keys", self._keys)
        app.router.add_route("*", "/amer/{path:.*}", self._connector)
        return app

    async def _openid(self, _: web.Request) -> web.Response:
        return web.json_response({"issuer": "https://api.botframework.com", "jwks_uri": f"{self.url}/keys"})

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response({"keys": self.keys})

    async def _connector(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        refused = next((status for prefix, status in self.refuses.items() if path.startswith(prefix)), None)
        if refused:
            async with self.arrived:
                self.refused += 1
                self.arrived.notify_all()
            return web.json_response({"error": {"code": "Refused"}}, status=refused)
        if request.method == "GET":
            return self._member(path.rpartition("/")[2])
        assert request.headers["Authorization"] == "Bearer of-tests"
        body = await request.json()
        async with self.arrived:
            self.told.append((request.method, path + (f"?{request.query_string}" if request.query_string else ""), body))
            self.arrived.notify_all()
        if path == "v3/conversations":
            who = (body.get("members") or [{"id": "thread"}])[0]["id"].removeprefix("29:")
            return web.json_response({"id": f"a:{who}", "activityId": str(next(self._ids))}, status=201)
        return web.json_response({"id": str(next(self._ids))})

    @staticmethod
    def _member(user: str) -> web.Response:
        name = user.removeprefix("29:")
        if name not in PEOPLE:
            return web.json_response({"error": {"code": "MemberNotFoundInConversation"}}, status=404)
        return web.json_response({"id": user, "objectId": f"aad-{name}", "tenantId": TENANT, "name": name.title(), **PEOPLE[name]})

    async def refuse(self, count: int) -> None:
        """Return once it has refused *count* calls."""
        async with self.arrived:
            await asyncio.wait_for(self.arrived.wait_for(lambda: self.refused >= count), 10)

    async def tell(self, count: int) -> list[tuple[str, str, dict[str, Any]]]:
        """Return everything it was told once there are *count* messages."""
        async with self.arrived:
            await asyncio.wait_for(self.arrived.wait_for(lambda: len(self.told) >= count), 10)
        return self.told


class Credentials:
    """What fetches no token from anywhere."""

    microsoft_app_id = APP

    def get_access_token(self) -> str:
        """Return the token that the fake connector wants."""
        return "of-tests"


class Rig:
    """The running service beside the fake."""

    def __init__(self, app: App) -> None:
        self.app, self.teams, self.turn = app, FakeTeams(), itertools.count(1)

    async def __aenter__(self) -> Self:
        self.runner = web.AppRunner(self.teams.application())
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.teams.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        self.place = f"{self.teams.url}/amer/"
        given = {"enabled": True, "app_id": APP, "tenant": TENANT, "service_hosts": ("127.0.0.1",), "openid": f"{self.teams.url}/openid"}
        section = self.app.settings.teams.model_copy(update=given)
        object.__setattr__(self.app, "settings", self.app.settings.model_copy(update={"teams": section}))
        self.running = running(self.app, "127.0.0.1", 0)
        self.address = await self.running.__aenter__()
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        await self.running.__aexit__(None, None, None)
        await self.runner.cleanup()

    def token(self, *, key: Any = PRIVATE, kid: str | None = "k1", algorithm: str = "RS256", **claims: Any) -> str:
        """Return a token of the Bot Framework, but for what *claims* change; None leaves one out."""
        whole = {"iss": "https://api.botframework.com", "aud": APP, "serviceurl": self.place, "nbf": STAMP, "exp": STAMP + 3600} | claims
        return jwt.encode({k: v for k, v in whole.items() if v is not None}, key, algorithm, headers={"kid": kid} if kid else None)

    def activity(self, user: str, **more: Any) -> dict[str, Any]:
        """Return what *user* sends from their own chat, but for what *more* changes; None leaves a part out."""
        whole = {
            "type": "message",
            "id": str(next(self.turn)),
            "channelId": "msteams",
            "serviceUrl": self.place,
            "from": {"id": f"29:{user}", "aadObjectId": f"aad-{user}", "name": user},
            "recipient": BOT,
            "conversation": {"id": f"a:{user}", "conversationType": "personal", "tenantId": TENANT},
            "channelData": {"tenant": {"id": TENANT}},
        } | more
        return {name: value for name, value in whole.items() if value is not None}

    async def post(self, body: dict[str, Any] | bytes, header: str | None = "") -> tuple[int, Any]:
        """Send *body*, with a good token unless *header* is given."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = {"Content-Type": "application/json"} | ({} if header is None else {"Authorization": header or f"Bearer {self.token()}"})
        async with self.session.post(f"http://{self.address}/api/messages", data=data, headers=head) as response:
            text = await response.text()
            return response.status, json.loads(text) if text.startswith("{") else text

    async def says(self, user: str, text: str, **more: Any) -> dict[str, Any]:
        """Send words and return the next message that follows."""
        before = len(self.teams.told)
        assert (await self.post(self.activity(user, text=text, **more)))[0] == 200
        return (await self.teams.tell(before + 1))[before][2]

    async def presses(self, user: str, verb: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Click and return the reply."""
        value = {"action": {"type": "Action.Execute", "verb": verb, "data": data}, "trigger": "manual"}
        status, reply = await self.post(self.activity(user, type="invoke", name="adaptiveCard/action", value=value, replyToId="7", **more))
        assert status == 200
        return reply


class Ticking:
    """A clock that is set by hand."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        """Return the instant."""
        return self.instant

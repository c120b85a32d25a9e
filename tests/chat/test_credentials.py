"""Credentials: the SDK's own, with only the network taken away; one token for many messages, and clear words when there is none."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable
from functools import partialmethod
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from adapters.chat.teams import credentials
from adapters.chat.teams.credentials import KEPT_S, Tokens
from bot.errors import ConfigError, DeliveryDeferred, DeliveryImpossible

APP, TENANT = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
LOGIN = f"https://login.microsoftonline.com/{TENANT}"


class Entra:
    """Microsoft Entra, as `requests` would reach it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answer: dict[str, Any] = {"token_type": "Bearer", "expires_in": 3600, "access_token": "t-1"}
        self.is_away = False

    def request(self, _: requests.Session, __: str, url: str, **given: Any) -> requests.Response:
        if self.is_away:
            raise requests.ConnectionError("away")
        if "openid-configuration" in url:
            return _response({name: f"{LOGIN}/{name}" for name in ("authorization_endpoint", "token_endpoint", "issuer")})
        if "discovery/instance" in url:
            return _response({"tenant_discovery_endpoint": f"{LOGIN}/openid-configuration", "metadata": []})
        data = given.get("data") or {}
        self.asked.append(data if isinstance(data, dict) else {name: values[0] for name, values in parse_qs(data).items()})
        return _response(self.answer, 400 if "error" in self.answer else 200)


def _reached(session: requests.Session, entra: Entra, method: str, url: str, **given: Any) -> requests.Response:
    return entra.request(session, method, url, **given)


def _response(body: dict[str, Any], status: int = 200) -> requests.Response:
    found = requests.Response()
    found.status_code, found._content = status, json.dumps(body).encode()
    return found


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Entra:
    found = Entra()
    monkeypatch.setattr(requests.Session, "request", partialmethod(_reached, found))
    return found


def pem() -> tuple[str, rsa.RSAPrivateKey]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "aispend")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), start, start.replace(year=2030))
    public = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (private + public).decode(), key


def test_a_password_is_shown_to_entra_once_for_many_messages(entra: Entra) -> None:
    now = [0.0]
    tokens = Tokens(credentials.by_password(APP, TENANT, "s3cret"), lambda: now[0])

    async def scene() -> None:
        heads = await asyncio.gather(*(tokens.header() for _ in range(50)))
        assert heads == [{"Authorization": "Bearer t-1"}] * 50
        now[0] += KEPT_S
        await tokens.header()

    asyncio.run(scene())
    assert len(entra.asked) == 1, "the library keeps the token for its hour"
    asked = entra.asked[0]
    assert (asked["grant_type"], asked["client_id"], asked["client_secret"]) == ("client_credentials", APP, "s3cret")
    assert asked["scope"] == "https://api.botframework.com/.default"


def test_a_certificate_signs_what_entra_reads(entra: Entra) -> None:
    text, key = pem()
    assert asyncio.run(Tokens(credentials.by_certificate(APP, TENANT, text)).header()) == {"Authorization": "Bearer t-1"}
    assertion = entra.asked[0]["client_assertion"]
    claims = jwt.decode(assertion, key.public_key(), algorithms=["RS256", "PS256"], options={"verify_aud": False})
    assert (claims["iss"], claims["sub"]) == (APP, APP)
    assert "private" not in str(entra.asked).lower()


@pytest.mark.parametrize("wrong", ["", "no pem", pem()[0].partition("-----BEGIN CERTIFICATE")[0]])
def test_a_file_that_is_no_certificate_is_named(wrong: str) -> None:
    with pytest.raises(ConfigError, match="AISPEND_TEAMS_CERTIFICATE"):
        credentials.by_certificate(APP, TENANT, wrong)


def test_what_entra_refuses_is_said_without_the_secret(entra: Entra) -> None:
    entra.answer = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
    with pytest.raises(DeliveryImpossible, match=r"\(invalid_client\)") as caught:
        asyncio.run(Tokens(credentials.by_password(APP, TENANT, "s3cret")).header())
    assert "s3cret" not in str(caught.value)


def test_entra_being_away_defers(entra: Entra) -> None:
    entra.is_away = True
    with pytest.raises(DeliveryDeferred):
        asyncio.run(Tokens(credentials.by_password(APP, TENANT, "s3cret")).header())


class Identity:
    """The machine's identity endpoint."""

    def __init__(self, answer: Callable[[], str]) -> None:
        self.get_access_token = answer


def test_a_machine_without_identity_is_told_so() -> None:
    def nothing() -> str:
        raise KeyError("access_token")

    with pytest.raises(DeliveryImpossible, match="managed identity"):
        asyncio.run(Tokens(Identity(nothing)).header())  # type: ignore[arg-type]
    made = credentials.by_managed_identity(APP)
    assert (made.microsoft_app_id, made.oauth_scope) == (APP, "https://api.botframework.com")


def test_a_token_that_is_refused_is_fetched_anew() -> None:
    given = iter(["t-1", "t-2"])
    tokens = Tokens(Identity(lambda: next(given)))  # type: ignore[arg-type]

    async def scene() -> None:
        assert await tokens.header() == {"Authorization": "Bearer t-1"}
        assert await tokens.header() == {"Authorization": "Bearer t-1"}
        assert await tokens.header(is_refused=True) == {"Authorization": "Bearer t-2"}

    asyncio.run(scene())
    assert asyncio.run(Tokens(None).header()) == {}

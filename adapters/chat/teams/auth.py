"""Auth: whether a request is the Bot Framework's, from our tenant, and answers where Teams is; everything else is refused.

What the SDK accepts and must not: a body without serviceUrl or channelId, a token without expiry, any tenant, and, with an
empty app id, anybody (botframework-connector 4.17.1, read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
from botbuilder.schema import Activity
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import (
    AppCredentials,
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
    MicrosoftAppCredentials,
    UserTokenClient,
)

from adapters.chat.teams.keys import Keys
from bot.ports import Clock

ISSUER = "https://api.botframework.com"
CHANNEL = "msteams"
SKEW_S = 300
HOSTS = ("smba.trafficmanager.net", ".teams.microsoft.com", ".teams.microsoft.us", ".botframework.com")
"""Where Teams takes answers; a name that begins with a dot stands for all hosts below it."""
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class NotAuthentic(Exception):  # noqa: N818 - reads as the state of the request
    """The request is not to be believed; the text says why, for the log."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What must hold of a request.

    Attributes:
        app_id: For whom tokens are made out; empty for a trial without tokens, on this machine only.
        tenant: The only one whose people are answered.
        hosts: Hosts that may be answered, beside `HOSTS`.
    """

    app_id: str
    tenant: str
    hosts: tuple[str, ...] = ()

    def allows(self, service_url: str) -> bool:
        """Tell whether *service_url* is a place of Teams."""
        try:
            found = urlsplit(service_url)
            host = found.hostname or ""
        except ValueError:
            return False
        if not self.app_id:
            return host in _LOOPBACK
        if any(_is_of(host, allowed) for allowed in self.hosts):
            return found.scheme == "https" or host in _LOOPBACK
        return found.scheme == "https" and any(_is_of(host, allowed) for allowed in HOSTS)


class TeamsAuthentication(BotFrameworkAuthentication):
    """The SDK's seam for authentication, with one connector client per place instead of one per request."""

    def __init__(self, trust: Trust, keys: Keys, credentials: AppCredentials | None, clock: Clock) -> None:
        self.trust = trust
        self._keys, self._clock = keys, clock
        self._connectors = _Connectors(credentials or MicrosoftAppCredentials.empty())

    async def admit(self, body: Mapping[str, Any], header: str) -> AuthenticateRequestResult:
        """Return who sent *body*.

        Raises:
            NotAuthentic: It is not a message of Teams from our tenant, or nobody vouches for it.
            DeliveryDeferred: The keys cannot be fetched now.
        """
        _whole(body)
        place = body["serviceUrl"]
        if not self.trust.allows(place):
            raise NotAuthentic("the service URL is not Teams'")
        claims = await self._claims(header, place) if self.trust.app_id else {}
        if tenants_of(body) != {self.trust.tenant} and self.trust.app_id:
            raise NotAuthentic("another tenant")
        result = AuthenticateRequestResult()
        result.claims_identity = ClaimsIdentity(claims, is_authenticated=True)
        result.audience = ISSUER
        result.caller_id = "urn:botframework:azure"
        result.connector_factory = self._connectors
        return result

    async def _claims(self, header: str, place: str) -> dict[str, Any]:
        scheme, _, token = header.partition(" ")
        if scheme != "Bearer" or not token:
            raise NotAuthentic("no bearer token")
        try:
            key = await self._keys.find(str(jwt.get_unverified_header(token).get("kid", "")))
            if key is None:
                raise NotAuthentic("signed by an unknown key")
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                audience=self.trust.app_id,
                issuer=ISSUER,
                options={"require": ["exp", "iss", "aud"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.PyJWTError as exc:
            raise NotAuthentic(f"token refused: {type(exc).__name__}") from exc
        self._in_time(claims)
        if key.endorsements and CHANNEL not in key.endorsements:
            raise NotAuthentic("signed by a key of another channel")
        if claims.get("serviceurl", claims.get("serviceUrl")) != place:
            raise NotAuthentic("the token is of another service URL")
        return claims

    def _in_time(self, claims: Mapping[str, Any]) -> None:
        now = self._clock.now().timestamp()
        try:
            is_now = int(claims.get("nbf", 0)) - SKEW_S <= now < int(claims["exp"]) + SKEW_S
        except (TypeError, ValueError) as exc:
            raise NotAuthentic("the token's times are no numbers") from exc
        if not is_now:
            raise NotAuthentic("the token is not valid now")

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        """Refuse: whoever comes this way has not passed `admit`."""
        raise NotAuthentic("requests are admitted by the endpoint")

    async def authenticate_streaming_request(self, auth_header: str, channel_id_header: str) -> AuthenticateRequestResult:
        """Refuse: Teams does not stream."""
        raise NotAuthentic("streaming is not taken")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        """Return the factory of cached clients."""
        return self._connectors

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> UserTokenClient | None:
        """Return none: nobody signs in here, and building one costs more than the rest of a request."""
        return None


class _Connectors(ConnectorFactory):
    """One client per service URL; the SDK would build one per request, for milliseconds each."""

    def __init__(self, credentials: AppCredentials) -> None:
        self._credentials = credentials
        self._clients: dict[str, ConnectorClient] = {}

    async def create(self, service_url: str, audience: str) -> ConnectorClient:
        """Return the client of *service_url*."""
        if service_url not in self._clients:
            self._clients[service_url] = ConnectorClient(self._credentials, base_url=service_url)
        return self._clients[service_url]


def tenant_of(body: Mapping[str, Any]) -> str:
    """Return the tenant that Teams names; the SDK's own model loses it."""
    data = body.get("channelData")
    tenant = data.get("tenant") if isinstance(data, Mapping) else None
    named = tenant.get("id") if isinstance(tenant, Mapping) else None
    return str(named or body["conversation"].get("tenantId") or "")


def tenants_of(body: Mapping[str, Any]) -> set[str]:
    """Return every tenant that the parts of *body* name; they must agree."""
    parts = (body["conversation"], body["from"], body["recipient"])
    named = {str(part["tenantId"]) for part in parts if part.get("tenantId")}
    return {tenant_of(body), *named}


def _whole(body: Mapping[str, Any]) -> None:
    """Refuse what no message of Teams lacks; every part is of the type we later rely on."""
    texts: Sequence[str] = ("type", "channelId", "serviceUrl")
    if not all(isinstance(body.get(name), str) and body[name] for name in texts):
        raise NotAuthentic("type, channelId or serviceUrl is missing")
    if body["channelId"] != CHANNEL:
        raise NotAuthentic("another channel")
    for name in ("conversation", "from", "recipient"):
        part = body.get(name)
        if not isinstance(part, Mapping) or not isinstance(part.get("id"), str):
            raise NotAuthentic(f"{name} is missing")


def _is_of(host: str, allowed: str) -> bool:
    return host.endswith(allowed) if allowed.startswith(".") else host == allowed

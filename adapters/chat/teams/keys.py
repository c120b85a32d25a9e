"""Keys: the public keys by which the Bot Framework signs, fetched without holding up anybody, kept for a day.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication (read 2026-11-23)
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import jwt

from bot.errors import DeliveryDeferred
from bot.ports import Clock

KEPT = timedelta(hours=24)
AGAIN = timedelta(minutes=5)
"""A key id that is not known fetches the keys anew, at most this often: anybody can make one up."""
SOON = timedelta(seconds=10)
"""While no key is known at all."""
TIMEOUT_S = 5


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and the channels it may sign for; empty where it names none."""

    key: Any
    endorsements: frozenset[str]


class Keys:
    """The keys that an OpenID document leads to."""

    def __init__(self, document: str, clock: Clock) -> None:
        self._document, self._clock = document, clock
        self._keys: dict[str, Key] = {}
        self._fetched: datetime | None = None
        self._tried: datetime | None = None
        self._their_time: datetime | None = None
        self._one_at_a_time = asyncio.Lock()

    async def find(self, key_id: str) -> Key | None:
        """Return the key, None where there is none of that id.

        Raises:
            DeliveryDeferred: The keys are not known and cannot be fetched now.
        """
        if key_id not in self._keys or self._is_old(KEPT, self._fetched):
            async with self._one_at_a_time:
                if key_id not in self._keys or self._is_old(KEPT, self._fetched):
                    await self._refresh()
        return self._keys.get(key_id)

    async def look(self) -> tuple[int, datetime | None]:
        """Fetch the keys and return how many there are, and the server's time.

        Raises:
            DeliveryDeferred: They cannot be fetched.
        """
        self._tried = None
        await self._refresh()
        return len(self._keys), self._their_time

    async def _refresh(self) -> None:
        """Fetch the keys, unless that was tried a moment ago; keys that are there outlive a document that is away."""
        if not self._is_old(AGAIN if self._keys else SOON, self._tried):
            if self._keys:
                return
            raise DeliveryDeferred("The keys of the Bot Framework could not be fetched a moment ago.", SOON)
        self._tried = self._clock.now()
        try:
            self._keys = await self._fetch()
            self._fetched = self._clock.now()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
            if not self._keys:
                raise DeliveryDeferred("The keys of the Bot Framework cannot be fetched.", AGAIN) from exc

    async def _fetch(self) -> dict[str, Key]:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:
            async with session.get(self._document) as response:
                place = (await response.json(content_type=None))["jwks_uri"]
            async with session.get(place) as response:
                self._their_time = dated(response.headers.get("Date"))
                found = (await response.json(content_type=None))["keys"]
        return {key["kid"]: Key(jwt.PyJWK(key, "RS256").key, frozenset(key.get("endorsements") or ())) for key in found if _is_ours(key)}

    def _is_old(self, after: timedelta, at: datetime | None) -> bool:
        return at is None or self._clock.now() - at >= after


def dated(header: str | None) -> datetime | None:
    """Return the time that a Date header names, None where it names none."""
    try:
        return parsedate_to_datetime(header or "")
    except ValueError:
        return None


def _is_ours(key: dict[str, Any]) -> bool:
    return key.get("kty") == "RSA" and bool(key.get("kid"))

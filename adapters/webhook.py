"""Webhook, outward: one POST to the address that the operator named; redirects are not followed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

TIMEOUT_S = 10
_TAKEN = range(200, 300)


@dataclass(frozen=True)
class Webhook:
    """The system at *url*."""

    url: str

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Send *body*, and tell whether it was taken."""
        return asyncio.run(self._post(body, headers))

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> bool:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self.url, data=body, headers=dict(headers), allow_redirects=False) as response,
            ):
                return response.status in _TAKEN
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

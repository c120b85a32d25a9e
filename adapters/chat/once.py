"""Once: whether a delivery to us is new, asked without holding up the event loop."""

from __future__ import annotations

import asyncio

from bot.ports import Clock, Received


class Once:
    """Remembers deliveries by key."""

    def __init__(self, received: Received, clock: Clock) -> None:
        self._received, self._clock = received, clock

    async def is_first(self, key: str) -> bool:
        """Remember *key* and tell whether it was new."""
        if not self._received.takes_time:
            return self._received.is_first(key, self._clock.now())
        return await asyncio.to_thread(self._received.is_first, key, self._clock.now())

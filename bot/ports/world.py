"""Ports, world: the time and the calendar."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol


class Clock(Protocol):
    """The time, as an argument."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


class Calendar(Protocol):
    """The days off of a place."""

    def is_free(self, day: date, zone: str) -> bool:
        """Tell whether *day* is a public holiday where clocks follow *zone*; Saturdays and Sundays are not asked for."""

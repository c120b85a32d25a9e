"""Attention: when somebody wants to be told what, and how much of it is enough. Pure; instants are aware, slots are local."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.period import Period, PeriodKind, period_containing
from bot.domain.worktime import local_slot

WEEK = timedelta(days=7)
_FRIDAY = 4
_HOURS = 24
_KEPT = 1024
"""Slots that are remembered: at one instant a company asks for the same few of them."""


class Cadence(StrEnum):
    """How often somebody wants a digest."""

    DAILY = "daily"
    """On working days, about the day before (on Monday about Friday to Sunday)."""
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Habits:
    """What somebody has chosen, or the deployment for them.

    Attributes:
        hour: Local hour at which digests come.
        quiet_from, quiet_to: Local hours between which nothing that is not urgent comes; equal for none.
        platform: Where messages go; empty for where the person was last seen.
        tells_nothing: A digest comes even when there was no use, as one line.
    """

    cadence: Cadence = Cadence.WEEKLY
    hour: int = 9
    quiet_from: int = 19
    quiet_to: int = 8
    platform: str = ""
    tells_nothing: bool = False

    def until(self, now: datetime, zone: str) -> datetime | None:
        """Return when the quiet hours that hold *now* end, None outside of them."""
        if self.quiet_from == self.quiet_to:
            return None
        local = now.astimezone(ZoneInfo(zone))
        is_quiet = (local.hour - self.quiet_from) % _HOURS < (self.quiet_to - self.quiet_from) % _HOURS
        if not is_quiet:
            return None
        is_today = local.hour < self.quiet_to
        return local_slot(local.date() + timedelta(days=0 if is_today else 1), self.quiet_to, zone)


@dataclass(frozen=True, slots=True)
class Slot:
    """A digest that is due.

    Attributes:
        day: The local day on which it is due; what was missed is made up that day, and not later.
        period: What it is about.
    """

    cadence: Cadence
    day: date
    period: Period


@lru_cache(_KEPT)
def due_slot(cadence: Cadence, hour: int, zone: str, now: datetime) -> Slot | None:
    """Return the digest that is due *now* where clocks follow *zone*, None before its hour and on other days."""
    today = now.astimezone(ZoneInfo(zone)).date()
    if cadence is Cadence.OFF or now.astimezone(UTC) < local_slot(today, hour, zone):
        return None
    if cadence is Cadence.DAILY:
        return Slot(cadence, today, _days_before(today)) if today.weekday() <= _FRIDAY else None
    if cadence is Cadence.WEEKLY:
        last = period_containing(today - timedelta(days=1), PeriodKind.WEEK)
        return Slot(cadence, today, last) if today.weekday() == 0 else None
    last = period_containing(today - timedelta(days=1), PeriodKind.MONTH)
    return Slot(cadence, today, last) if today.day == 1 else None


def _days_before(today: date) -> Period:
    days = 3 if today.weekday() == 0 else 1
    found = period_containing(today - timedelta(days=days), PeriodKind.DAY)
    if days == 1:
        return found
    return Period(None, replace(found.window, end=today))

"""Clocks: the real one, and one that stands still for trials and tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.errors import ConfigError


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that always shows *instant*."""

    instant: datetime

    def now(self) -> datetime:
        """Return the instant."""
        return self.instant


def clock_at(text: str | None) -> SystemClock | FixedClock:
    """Return the clock that `--now` or `AISPEND_NOW` asks for; a text without zone is UTC.

    Raises:
        ConfigError: *text* is no instant.
    """
    if not text:
        return SystemClock()
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ConfigError(f"--now holds '{text}'; write an instant such as 2026-11-23T09:00:00+01:00.") from exc
    if not 2000 < instant.year < 2100:  # noqa: PLR2004 - so that every period around it exists
        raise ConfigError(f"--now holds '{text}', a year that cannot be.")
    return FixedClock(instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC))

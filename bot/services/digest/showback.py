"""Showback: what a month cost each cost centre."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction

from bot.domain.period import Window, first_of_month
from bot.errors import ConfigError
from bot.messages.digests import Showback
from bot.messages.parts import Row
from bot.ports import Dimension
from bot.services.digest.gathered import Gathered


def view(found: Gathered, month: date) -> Showback:
    """Return the month of *month*; empty text is no cost centre.

    Raises:
        ConfigError: Nothing was delivered for it.
    """
    window = Window(first_of_month(month), first_of_month(first_of_month(month) + timedelta(days=31)))
    if not any(load.window.start < window.end and load.window.end > window.start for load in found.loads):
        raise ConfigError(f"Nothing was delivered for {month:%Y-%m}.")
    window = window.until(max(found.now.date() + timedelta(days=1), window.start + timedelta(days=1)))
    centres: Counter[str] = Counter()
    for team, cost in found.costs(window, Dimension.TEAM).items():
        known = found.directory.teams.get(team)
        centres[(known.cost_center if known else None) or ""] += cost
    total = sum(centres.values())
    rows = [Row(centre, found.money(cost), Fraction(cost, total) if total else Fraction(0)) for centre, cost in sorted(centres.items())]
    return Showback(window, tuple(rows), found.money(total), found.freshness(window), found.missing(window))

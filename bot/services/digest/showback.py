"""Showback: what a month cost each cost centre."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, timedelta
from fractions import Fraction

from bot.domain.period import Window, first_of_month
from bot.errors import ConfigError
from bot.messages.digests import Showback
from bot.messages.parts import Row
from bot.messages.words import Phrase
from bot.ports import CostScope, Dimension
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
    kept, together = _apart(found, window, centres)
    rows = [_row(found, centre, centres[centre], total) for centre in sorted(kept)]
    if together:
        rows.append(_row(found, Phrase("small groups together"), sum(centres[centre] for centre in together), total))
    return Showback(window, tuple(rows), found.money(total), found.freshness(window), found.missing(window))


def _row(found: Gathered, centre: str, cost: int, total: int) -> Row:
    return Row(centre, found.money(cost), Fraction(cost, total) if total else Fraction(0))


def _apart(found: Gathered, window: Window, centres: Collection[str]) -> tuple[set[str], set[str]]:
    """Return the cost centres that may be shown by themselves, and those whose teams may not: they are told together, too."""
    if not found.is_grouped:
        return set(centres), set()
    costs = found.review.figures.costs(CostScope(), window, Dimension.TEAM)
    small = found.notices.groups.merged(Dimension.TEAM, costs, window)
    of = found.directory.teams
    together = {(of[team].cost_center or "") if team in of else "" for team in small} & set(centres)
    return set(centres) - together, together

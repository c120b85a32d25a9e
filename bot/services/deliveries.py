"""Deliveries: what sources have delivered, by the loads that still count; one rule for answers, digests, reasons and anomalies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from bot.domain.period import Window
from bot.ports import FORGOTTEN, Load


def standing(loads: Iterable[Load]) -> list[Load]:
    """Return those of *loads*, newest first, that still count: what was delivered before a source was taken out does not."""
    forgotten: set[str] = set()
    found = []
    for load in loads:
        if load.description == FORGOTTEN:
            forgotten.add(load.source)
        elif load.source not in forgotten:
            found.append(load)
    return found


def has_all(sources: Iterable[str], window: Window, loads: Iterable[Load]) -> bool:
    """Tell whether each of *sources* had begun by the first day of *window* and delivered some of it; of none, nobody can tell.

    A day between two loads may be one without cost; those before the first are unknown.

    Args:
        loads: Those that still count.
    """
    windows: dict[str, list[Window]] = {source: [] for source in sources}
    for load in loads:
        if load.source in windows:
            windows[load.source].append(load.window)
    known = windows.values()
    return bool(windows) and all(
        any(one.start <= window.start for one in delivered) and any(one.overlaps(window) for one in delivered) for delivered in known
    )


def delivered_since(end: date, loads: Iterable[Load]) -> date | None:
    """Return the day from which on every day before *end* was delivered; None where the one before it was not.

    Args:
        loads: Those of one source that still count; each has delivered the days from the first of its window to its watermark.
    """
    first = end
    for load in sorted(loads, key=lambda load: load.watermark, reverse=True):
        if load.window.start < first <= load.watermark.date():
            first = load.window.start
    return first if first < end else None

"""Deliveries: what sources have delivered, by the loads that still count; one rule for answers, digests, reasons and anomalies."""

from __future__ import annotations

from collections.abc import Iterable

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

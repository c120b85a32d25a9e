"""Overlay: a planned change of what series cost each day, as somebody has declared it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Overlay:
    """A planned change that somebody has declared: seats, a price list, a launch.

    Attributes:
        day: The first day on which it holds; one that holds already tells how to read the days before.
        until: The first day on which it holds no longer; None: for good.
        factor: By what every day is multiplied; above 0.
        amount: What every day costs more, in units.
        rows: Which series it concerns; None: all.
    """

    day: date
    until: date | None = None
    factor: float = 1.0
    amount: float = 0.0
    rows: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not self.factor > 0:
            raise ValueError(f"a change multiplies by more than 0, not by {self.factor}")

    def holds(self, day: date) -> bool:
        """Tell whether it holds on *day*."""
        return self.day <= day and (self.until is None or day < self.until)

"""Ports, hints: what the ledger knows of seats, of keys that stand for no person, and of how large calls are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Protocol

from bot.domain.hint import Calls, KeyUse, Pool, Presence, Seat
from bot.domain.period import Window
from bot.ports.figures import CostScope


class Hints(Protocol):
    """Questions to the ledger, in any order; amounts are nanos of the reporting currency. Seats are what is counted in `SEAT_UNITS`.

    Costs are less what was credited in the window to the same person or key: of seats for the same provider and tool, of tokens for the
    same provider.
    """

    def seats(self, scope: CostScope, window: Window, since: date) -> list[Seat]:
        """Return what each person's seats cost in *window*, and the first day from *since* on that they have them."""

    def pools(self, window: Window) -> list[Pool]:
        """Return the seats of the whole organisation that are nobody's, of tools that have no other seats, counted in `SEAT_MONTHS`."""

    def uses(self, of: Collection[tuple[str, str]], window: Window) -> list[Presence]:
        """Return who used anything in *window* of a provider or a tool that is named in *of* (pairs of both), apart from seats.

        Nothing where nobody has ever used the tool of any pair but for its seats: then no source shows its use.
        """

    def keys(self, scope: CostScope, window: Window, currency: str) -> list[KeyUse]:
        """Return the tokens billed or estimated in *currency* whose principal is neither a person nor called by an e-mail."""

    def calls(self, scope: CostScope, window: Window) -> list[Calls]:
        """Return what each person, and each key that is no person's, asked of each model, where the source counts requests."""

    def models(self, window: Window) -> set[tuple[str, str]]:
        """Return provider and model of all tokens in *window*."""

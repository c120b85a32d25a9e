"""Ports, forecasts: what people were told to expect."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Protocol

from bot.domain.foretold import Foretold


class Forecasts(Protocol):
    """What was expected, one forecast a day for each subject of a budget; and what of it somebody was shown, as it was shown."""

    def keep(self, found: Sequence[Foretold]) -> None:
        """Store *found*; of one subject, period and day the newest stays."""

    def renew(self, found: Sequence[Foretold], periods: Collection[tuple[str, date]], since: date) -> None:
        """Store *found* as all that is expected by now: what knew of later days, or is of a subject that is not among them, is dropped.

        Args:
            periods: Budgets and the beginnings of their periods that were worked out whole: of these, other subjects' forecasts as of
                *since* or later are dropped.
        """

    def newest(self, since: date) -> dict[tuple[str, str, date], Foretold]:
        """Return the newest forecast of each budget, subject and period that begins on *since* or later."""

    def find(self, budget: str, subject: str, period_start: date, by: date | None = None) -> Foretold | None:
        """Return the newest forecast of one subject, of those as of the day *by* or an earlier one where it is given."""

    def of_period(self, period_start: date, days: Collection[date]) -> list[Foretold]:
        """Return the forecasts of periods that began on *period_start* as of any of *days*."""

    def note_shown(self, found: Sequence[Foretold], *, kept: Sequence[Foretold] = (), is_hurried: bool = False) -> int:
        """Note that *found* was put before somebody, and return how many were not noted yet, or with other figures.

        Of one subject, period and day what was shown last stays, whatever is kept or forgotten. What is noted already is not written again.

        Args:
            kept: Those that are kept, too, in the same transaction; nothing is where nothing is to be noted.
            is_hurried: Do not wait long for others who write; raise `StoreError` instead.
        """

    def shown(self, period_start: date) -> list[Foretold]:
        """Return what was shown of periods that began on *period_start*."""

    def forget(self, before: date, kept_since: Callable[[date, date], date | None]) -> int:
        """Drop those as of a day before *before* that are no milestones; return how many.

        Args:
            kept_since: Returns for the start of a period and a day from which day on only the first forecast of each subject
                is kept; None drops all of that day.
        """

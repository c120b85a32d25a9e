"""Outlook: how periods will end, as it was foretold, and what is known beside the history."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from bot.domain import lesson, score
from bot.domain.combination import Pooled
from bot.domain.dayfactor import Flags, Series
from bot.domain.lesson import Lesson
from bot.domain.overlay import Overlay
from bot.domain.path import Law


@dataclass(frozen=True)
class Terms:
    """What is known beside the history.

    Attributes:
        start: First day of the period; None: the first of the month that ends last.
        to_date: What each series has cost from *start* to the last complete day; None: as the history says, which must reach back that far.
        holidays: Public holidays where the people are, past and to come.
        is_quiet: Tells days on which many are away although it is no holiday.
        open_costs: Series × days: what is billed so far on the days just after the last complete one.
        completeness: By open day, or series × open days, the share that is usually billed by now; NaN: not known, and the day only bounds
            from below; None: so for all. Of totals: by open day.
        overlays: Planned changes. Of totals: of the groups, whose numbers are the rows.
        grows: Of long periods, what the series have grown by is carried on, see `growth`: for sums over many. Of totals: what the
            groups have.
    """

    start: date | None = None
    to_date: Series | None = None
    holidays: Collection[date] = ()
    is_quiet: Callable[[date], bool] | None = None
    open_costs: Series | None = None
    completeness: Sequence[float] | Series | None = None
    overlays: Sequence[Overlay] = ()
    grows: bool = False


@dataclass(frozen=True)
class Shared:
    """What series taught one another about one *last* and *end*: with it, one series alone is forecast as it is in the batch.

    Attributes:
        pooled: Errors of the candidates, line of the spread; None: of the batch itself.
        weights: What is put right of what forecasts got wrong in common, see `lesson`.
        scores: Ascending, with the prior.
    """

    pooled: Pooled | Law | None
    weights: Series
    scores: Series


@dataclass(frozen=True)
class Outlook:
    """How periods will end, by series; NaN where there is not enough history.

    Attributes:
        to_date: Cost from the start of the period to the last complete day.
        least: Nothing below it is expected: what is billed already, open days included.
        certain: Part of what is to come that is known: open days, amounts of overlays.
        rest: The other part, as expected.
        offset: Added to *rest* before logarithms are taken.
        spread: Of the log error of *rest*.
        shared: What the series taught one another.
        has_enough: Tells who has had `LEAST_DAYS` days.
        signs: Where the candidates stood, see `lesson`.
        tells: Tells whose outlooks teach something about ranges: those that are old enough and not asleep.
        is_long: Of so many days ahead nothing has put right what paths get wrong in common: the middle of the scores does.
    """

    to_date: Series
    least: Series
    certain: Series
    rest: Series
    offset: Series
    spread: Series
    shared: Shared
    has_enough: Flags
    signs: Series
    tells: Flags
    is_long: bool = False

    @property
    def point(self) -> Series:
        """The expected cost of the whole period: as probably more as less."""
        return self.quantile(0.5) if self.is_long else self._whole(self.rest)

    def quantile(self, share: float) -> Series:
        """Return what the period costs at most with probability *share* (0 to 1, both excluded)."""
        z = score.quantile(self.shared.scores, share)
        return self._whole((self.rest + self.offset) * np.exp(z * self.spread) - self.offset)

    def probability_over(self, limit: Series | float) -> Series:
        """Return the probability that the period costs more than *limit*; 1 where that much is billed already."""
        left = np.maximum(limit - self.to_date - self.certain, 0.0)
        z = score.scores(left, self.rest, self.offset, self.spread)
        found = np.where(self.rest + self.offset > 0, score.share_above(self.shared.scores, z), (self.point > limit).astype(float))
        found = np.where(np.asarray(limit) < self.least, 1.0, found)
        return np.where(self.has_enough, found, np.nan)

    @property
    def p10(self) -> Series:
        """The lower end of the 80 % range."""
        return self.quantile(0.1)

    @property
    def p90(self) -> Series:
        """The upper end of the 80 % range."""
        return self.quantile(0.9)

    @property
    def p2_5(self) -> Series:
        """The lower end of the 95 % range."""
        return self.quantile(0.025)

    @property
    def p97_5(self) -> Series:
        """The upper end of the 95 % range."""
        return self.quantile(0.975)

    def lesson(self, actual: Series) -> Lesson:
        """Return what this outlook teaches once it is known what the periods did come to."""
        found = score.scores(np.maximum(actual - self.to_date - self.certain, 0.0), self.rest, self.offset, self.spread)
        raw = found + lesson.shift(self.signs, self.shared.weights)
        return Lesson(raw[self.tells], self.signs[self.tells])

    def _whole(self, rest: Series) -> Series:
        found = np.maximum(self.to_date + self.certain + np.maximum(rest, 0.0), self.least)
        return np.where(self.has_enough, found, np.nan)

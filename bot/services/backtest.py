"""Backtest: what forecasts of past months would have said, beside what came; and the forecast of a file as of a day."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from bot.domain import forecast
from bot.domain.case import HISTORY, LEAST_DAYS, replays
from bot.domain.lesson import Lesson
from bot.domain.outlook import Outlook, Terms
from bot.domain.period import Window, add_months, first_of_month
from bot.services.series import Dataset

AS_OF_DAYS = (5, 10, 15, 20, 25)
"""A month is forecast when these many of its days are known."""
LEAST_BEFORE = 28
"""Days a series must have had before a month, for the month to count."""
_OUTDATED = 31
"""Days without a row after which nothing is forecast any more."""
_DIGITS = Decimal("1e-9")
Values = NDArray[np.float64]


def is_quiet(day: date) -> bool:
    """Tell whether many are away on *day* wherever they are: between Christmas and the new year."""
    christmas, new_year = 24, 1
    return (day.month, day.day) >= (12, christmas) or (day.month, day.day) <= (1, new_year)


@dataclass
class Accuracy:
    """How forecasts of one dataset on one day of the month compare with what came.

    Attributes:
        actual: What each series' month came to.
        expected: What was forecast.
        run_rate: The cost to date, carried on evenly.
        inside_80: Whether the 80 % range held it.
        inside_95: Whether the 95 % range held it.
    """

    dataset: str
    as_of_day: int
    actual: list[float] = field(default_factory=list)
    expected: list[float] = field(default_factory=list)
    run_rate: list[float] = field(default_factory=list)
    inside_80: list[bool] = field(default_factory=list)
    inside_95: list[bool] = field(default_factory=list)

    def document(self) -> dict[str, object]:
        """Return the row as scripts read it: shares of 1, as strings."""
        actual, missed, missed_evenly = (
            np.array(values) for values in (self.actual, self._missed(self.expected), self._missed(self.run_rate))
        )
        total, some = actual.sum(), actual > 0
        return {
            "dataset": self.dataset,
            "as_of_day": self.as_of_day,
            "n": len(self.actual),
            "wape": _share(missed.sum(), total),
            "wape_run_rate": _share(missed_evenly.sum(), total),
            "median_ape": _share(float(np.median(missed[some] / actual[some])) if some.any() else 0.0, 1.0),
            "coverage_80": _share(sum(self.inside_80), len(self.actual)),
            "coverage_95": _share(sum(self.inside_95), len(self.actual)),
        }

    def _missed(self, told: Sequence[float]) -> list[float]:
        return [abs(a - b) for a, b in zip(self.actual, told, strict=True)]


@dataclass(frozen=True)
class Omission:
    """A series that is not judged, and why."""

    dataset: str
    series: str
    reason: str


@dataclass(frozen=True)
class Backtest:
    """Every month of the datasets that can be judged.

    Attributes:
        holidays: Returns the public holidays of the years from the first to the second.
    """

    datasets: Sequence[Dataset]
    holidays: Callable[[date, date], Collection[date]] = lambda _first, _last: frozenset()

    def run(self) -> tuple[list[Accuracy], list[Omission]]:
        """Return the accuracy by dataset and day of the month, and the series that no month could be judged of."""
        found, omitted = [], []
        for dataset in self.datasets:
            months = list(_months(dataset))
            judged = np.zeros(len(dataset.names), bool)
            free = self.holidays(dataset.first, dataset.last)
            found += [_Rolling(dataset, day, free).run(months, judged) for day in AS_OF_DAYS]
            reason = f"no whole month with {LEAST_BEFORE} days before it"
            omitted += [Omission(dataset.name, name, reason) for name, known in zip(dataset.names, judged, strict=True) if not known]
        return [row for row in found if row.actual], omitted


class _Rolling:
    """Month after month on the same day, each with the lessons of those before: what was known then, nothing else."""

    def __init__(self, dataset: Dataset, day: int, holidays: Collection[date]) -> None:
        self._of, self._day, self._holidays = dataset, day, holidays
        self._lessons: list[Lesson] = []

    def run(self, months: Sequence[Window], judged: NDArray[np.bool_]) -> Accuracy:
        """Return how right it was; mark in *judged* the series that were looked at."""
        found = Accuracy(self._of.name, self._day)
        for month in months:
            self._judge(month, found, judged)
        return found

    def _judge(self, month: Window, into: Accuracy, judged: NDArray[np.bool_]) -> None:
        values, start = self._of.values, self._of.index(month.start)
        end, known = self._of.index(month.end), start + self._day
        rows = np.flatnonzero(
            np.isfinite(values[:, end - 1]) & np.isfinite(values[:, max(0, start - LEAST_BEFORE)]) & (start >= LEAST_BEFORE)
        )
        if not len(rows):
            return
        history = values[rows, max(0, known - HISTORY) : known]
        outlook = self._outlook(history, month)
        actual = values[rows, start:end].sum(axis=1)
        self._lessons.append(outlook.lesson(actual))
        judged[rows] = True
        into.actual += actual.tolist()
        into.expected += outlook.point.tolist()
        into.run_rate += (outlook.to_date / self._day * len(month)).tolist()
        into.inside_80 += ((outlook.p10 <= actual) & (actual <= outlook.p90)).tolist()
        into.inside_95 += ((outlook.p2_5 <= actual) & (actual <= outlook.p97_5)).tolist()

    def _outlook(self, history: Values, month: Window) -> Outlook:
        last = month.start + timedelta(days=self._day - 1)
        count = replays(len(history))
        shared = forecast.learn(self._lessons[-count:])
        return forecast.outlook(history, last, month.end, Terms(holidays=self._holidays, is_quiet=is_quiet), shared)


def _months(dataset: Dataset) -> Iterator[Window]:
    """Yield the whole months of the dataset that have days before them."""
    start = first_of_month(dataset.first)
    while add_months(start, 1) <= dataset.last + timedelta(days=1):
        if start > dataset.first:
            yield Window(start, add_months(start, 1))
        start = add_months(start, 1)


@dataclass(frozen=True)
class Foresight:
    """The forecast of one series' month.

    Attributes:
        period_end: The day after the month.
        to_date: What the series has cost in it.
        outlook: Point, 10 %, 90 %, 2.5 %, 97.5 %; None where there is not enough history.
        note: Why there is none, or since when nothing is known.
        is_known: Something of the month is known, or it has not begun; else *to_date* says nothing.
    """

    dataset: str
    series: str
    period_end: date
    to_date: float
    outlook: tuple[float, ...] | None
    note: str = ""
    is_known: bool = True

    def document(self) -> dict[str, object]:
        """Return the row as scripts read it."""
        names = ("point", "p10", "p90", "p2_5", "p97_5")
        told = [decimal(value) for value in self.outlook] if self.outlook else [None] * len(names)
        row: dict[str, object] = {
            "dataset": self.dataset,
            "series": self.series,
            "period_end": self.period_end.isoformat(),
            "to_date": decimal(self.to_date),
        }
        return row | dict(zip(names, told, strict=True)) | ({"note": self.note} if self.note else {})


def foresee(datasets: Sequence[Dataset], as_of: date, holidays: Collection[date] = ()) -> list[Foresight]:
    """Return the forecast of the month that holds *as_of*, for every series.

    Args:
        datasets: Read up to the day before *as_of*, and nothing later. Where they end earlier, the days between are forecast too.
    """
    return [row for dataset in datasets for row in _foreseen(dataset, as_of, holidays)]


def _foreseen(dataset: Dataset, as_of: date, holidays: Collection[date]) -> Iterator[Foresight]:
    start = first_of_month(as_of)
    end = add_months(start, 1)
    history = _without_gaps(dataset.values)
    to_date = history[:, max(0, dataset.index(start)) :]
    terms = Terms(start, np.where(np.isfinite(to_date), to_date, 0.0).sum(axis=1), holidays, is_quiet)
    found = forecast.outlook(history, dataset.last, end, terms)
    ends = np.stack([found.point, found.p10, found.p90, found.p2_5, found.p97_5], axis=1)
    missing = (as_of - dataset.last).days - 1
    late = f"nothing is known after {dataset.last}" if missing else ""
    has_enough = found.has_enough & (missing <= _OUTDATED)
    for row, name in enumerate(dataset.names):
        known = int(np.isfinite(history[row]).sum())
        note = late if found.has_enough[row] else f"not enough history: {known} of {LEAST_DAYS} days"
        told = tuple(ends[row].tolist()) if has_enough[row] else None
        is_known = dataset.last >= start or not missing
        yield Foresight(dataset.name, name, end, float(found.to_date[row]), told, note, is_known)


def _without_gaps(values: Values) -> Values:
    """Return the values with 0 on days after a series' own last row: others were delivered then."""
    has_begun = np.maximum.accumulate(np.isfinite(values), axis=1)
    return np.where(has_begun & ~np.isfinite(values), 0.0, values)


def decimal(value: float) -> str:
    """Return *value* to nine digits, as scripts read decimals."""
    text = f"{Decimal(repr(float(value))).quantize(_DIGITS):f}"
    return text.rstrip("0").rstrip(".") or "0"


def _share(part: float, whole: float) -> str:
    return decimal(round(part / whole, 6) if whole else 0.0)

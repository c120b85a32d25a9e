"""Series: daily values by name, as a file holds them; what a forecast is tried on."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.errors import ConfigError

COLUMNS = ("dataset", "series", "date", "value")
Values = dict[date, float]


@dataclass(frozen=True)
class Dataset:
    """Series that are forecast together.

    Attributes:
        names: In the order of the file.
        first: The first day of any of them.
        values: Series × days; NaN before a series' own first day and after its own last one; a day between without a row is 0.
    """

    name: str
    names: Sequence[str]
    first: date
    values: NDArray[np.float64]

    @property
    def last(self) -> date:
        """The last day of any of them."""
        return self.first + timedelta(days=self.values.shape[1] - 1)

    def index(self, day: date) -> int:
        """Return the column of *day*."""
        return (day - self.first).days


@dataclass
class _Rows:
    """Rows of a file, by dataset and series."""

    found: dict[str, dict[str, Values]] = field(default_factory=dict)

    def add(self, row: dict[str, str], day: date, where: str) -> None:
        values = self.found.setdefault(row["dataset"], {}).setdefault(row["series"], {})
        if day in values:
            raise ConfigError(f"{where}: series '{row['series']}' of '{row['dataset']}' has {day} twice; one row per series and day.")
        values[day] = _value(row["value"], where)


def read(path: Path, before: date | None = None) -> list[Dataset]:
    """Return the datasets of a CSV file with the columns `COLUMNS`; others are passed over.

    Args:
        before: Rows of this day and later ones are not read, not even their values.

    Raises:
        ConfigError: The file cannot be read, a column is missing, a date or value is none, a day comes twice, or no row is left.
    """
    rows = _Rows()
    for number, row in _lines(path):
        where = f"{path.name}, line {number}"
        day = _day(row["date"], where)
        if before is None or day < before:
            rows.add(row, day, where)
    if not rows.found:
        raise ConfigError(f"{path.name} has no rows" + (f" before {before}." if before else "."))
    return [_dataset(name, series) for name, series in rows.found.items()]


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = [name.strip().lower() for name in next(reader, [])]
            _check(header, path)
            places = {name: header.index(name) for name in COLUMNS}
            for cells in reader:
                if any(cells):
                    yield reader.line_num, _row(cells, places, len(header), f"{path.name}, line {reader.line_num}")
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path.name} is not UTF-8; save it as UTF-8.") from exc
    except csv.Error as exc:
        raise ConfigError(f"{path.name}, line {reader.line_num}: {exc}.") from exc
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}.") from exc


def _check(header: Sequence[str], path: Path) -> None:
    if not any(header):
        raise ConfigError(f"{path.name} is empty; its first line names the columns {', '.join(COLUMNS)}.")
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise ConfigError(f"{path.name} has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)} and has {', '.join(header)}.")


def _row(cells: Sequence[str], places: dict[str, int], width: int, where: str) -> dict[str, str]:
    if len(cells) != width:
        raise ConfigError(f"{where} has {len(cells)} cells; the first line names {width} columns.")
    return {name: cells[place].strip() for name, place in places.items()}


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{where}: '{text}' is no date; write one such as 2026-11-23.") from None


def _value(text: str, where: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise ConfigError(f"{where}: '{text}' is no number; write one such as 12.50.")
    return found


def _dataset(name: str, series: dict[str, Values]) -> Dataset:
    first = min(min(values) for values in series.values())
    last = max(max(values) for values in series.values())
    found = np.full((len(series), (last - first).days + 1), np.nan)
    for row, values in enumerate(series.values()):
        found[row, (min(values) - first).days : (max(values) - first).days + 1] = 0.0
        for day, value in values.items():
            found[row, (day - first).days] = value
    return Dataset(name, list(series), first, found)

"""Sheets: an operator's CSV file, every line with its place, and all that is wrong with it told at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from bot.errors import ConfigError

_MOST = 20
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Line:
    """A line by column; a column that is not there is empty."""

    place: str
    values: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


@dataclass
class Problems:
    """What is wrong, line by line."""

    found: list[str] = field(default_factory=list)

    def add(self, line: Line, sentence: str) -> None:
        """Remember what is wrong with *line*."""
        self.found.append(f"{line.place}: {sentence}")

    def stop(self) -> None:
        """Raise a ConfigError with the first of them, if there are any."""
        if self.found:
            more = f"\n… and {len(self.found) - _MOST} more" if len(self.found) > _MOST else ""
            raise ConfigError("\n".join(self.found[:_MOST]) + more + "\nNothing was changed.")


def text(path: Path) -> str:
    """Return what *path* holds.

    Raises:
        ConfigError: It is not there, or not UTF-8.
    """
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path.name} is not UTF-8 (byte {exc.start + 1}); save it as UTF-8.") from exc
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}.") from exc


def read(path: Path, accept: Callable[[list[str]], _T]) -> tuple[_T, list[Line]]:
    """Return what *accept* makes of the columns of *path*, in small letters, and its lines without the empty ones.

    Raises:
        ConfigError: It cannot be read, or a line has not as many values as there are columns.
    """
    reader = csv.reader(io.StringIO(text(path), newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        accepted = accept(header)
        lines = [_line(path, reader.line_num, header, values) for values in reader if any(value.strip() for value in values)]
    except csv.Error as exc:
        raise ConfigError(f"{path.name}, line {reader.line_num}: {exc}. Nothing was changed.") from exc
    return accepted, lines


def check_columns(path: Path, header: Sequence[str], what: str, known: Sequence[str], needed: Sequence[str]) -> None:
    """Refuse columns that stand twice, are not *known*, or lack a *needed* one.

    Raises:
        ConfigError: Names the column, and what *what* take.
    """
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice:
        raise ConfigError(f"{path.name} has two columns called '{twice}'. Nothing was changed.")
    unknown = [name for name in header if name not in known]
    lost = [name for name in needed if name not in header]
    if unknown or lost:
        wrong = f"unknown column '{unknown[0]}'" if unknown else f"no column '{lost[0]}'"
        near = get_close_matches(unknown[0], [name for name in known if name not in header], 1) if unknown else []
        meant = f" Did you mean '{near[0]}'?" if near else ""
        raise ConfigError(f"{path.name} has {wrong}; {what} take {', '.join(known)}.{meant} Nothing was changed.")


def _line(path: Path, number: int, header: list[str], values: list[str]) -> Line:
    if len(values) != len(header):
        raise ConfigError(f"{path.name}, line {number}: {len(values)} values for {len(header)} columns. Nothing was changed.")
    return Line(f"{path.name}, line {number}", {name: value.strip() for name, value in zip(header, values, strict=True)})

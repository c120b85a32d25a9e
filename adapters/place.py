"""A source's place: where it was configured and what it shares with the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis

from adapters.files import SUFFIXES, find
from bot.domain.period import Window, midnight
from bot.errors import SourceChanged


@dataclass(frozen=True)
class Place:
    """What every source is given besides its own configuration.

    Attributes:
        name: The operator's name for the source.
        root: What relative paths are relative to.
        spool: A temporary folder for copies of remote objects.
        tags: Tags that the allocation rules ask for, without prefix.
    """

    name: str
    root: Path
    spool: Path
    tags: tuple[str, ...] = ()
    _found: dict[tuple[str, tuple[str, ...]], list[Path]] = field(default_factory=dict, repr=False)

    def files(self, paths: list[str], suffixes: tuple[str, ...] = SUFFIXES) -> list[Path]:
        """Return the files behind *paths*, looked up once, each file once."""
        for path in paths:
            if (path, suffixes) not in self._found:
                self._found[path, suffixes] = find(path, self.root, self.spool, suffixes)
        return list(dict.fromkeys(file for path in paths for file in self._found[path, suffixes]))


def starts_in(start: Any, window: Window | None) -> Any:
    """Return the condition that a charge starts in *window*; one without a readable start stays, to be quarantined."""
    if window is None:
        return ibis.literal(True)
    first, last = (midnight(day).replace(tzinfo=None) for day in (window.start, window.end))
    return start.isnull() | ((start >= first) & (start < last))


def require(columns: list[str], wanted: Mapping[str, tuple[str, ...]], what: str) -> None:
    """Check that for each of *wanted* one of its spellings is among *columns*.

    Raises:
        SourceChanged: Some are missing; all of them are named, with what the file has.
    """
    lost = [name for name, spellings in wanted.items() if not any(spelling in columns for spelling in spellings)]
    if lost:
        raise SourceChanged(
            f"This is not {what}: column{'s' * (len(lost) > 1)} {', '.join(lost)} missing. It has {', '.join(columns[:12])}"
            f"{' …' if len(columns) > 12 else ''}. Nothing was booked."  # noqa: PLR2004 - enough to recognise a file by
        )

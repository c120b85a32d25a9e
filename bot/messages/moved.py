"""Moved: what people read of a matter that was put to them and is somebody else's by now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Moved:
    """A request, a claim, a broadcast or an alert that does not concern its reader any more.

    Attributes:
        kind: `request`, `claim`, `broadcast` or `alert`.
    """

    kind: str
    number: int

    template: ClassVar[str] = "cases/moved"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Moved]]:
        """Yield named examples."""
        for kind in ("request", "claim", "broadcast", "alert"):
            yield kind, cls(kind, 5)


MOVED: tuple[Any, ...] = (Moved,)

"""Broadcast messages: what FinOps says to many, each with their own figures, and what FinOps sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

VARIABLES = ("name", "used", "limit", "share", "left", "expected")
"""What may stand in braces in the text of a broadcast; each is the reader's own."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What one person reads; *is_seen* when they said so."""

    number: int
    text: str
    by: str
    is_seen: bool = False

    template: ClassVar[str] = "cases/broadcast"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"view": "notice", "number": self.number, "text": self.text, "acknowledged": self.is_seen}

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Broadcast]]:
        """Yield named examples."""
        yield "one", cls(7, "Hi Ana, $412.80!", "Uma Patel")
        yield "seen", cls(7, "Hi Ana, $412.80!", "Uma Patel", is_seen=True)


@dataclass(frozen=True, slots=True)
class BroadcastPlan:
    """A broadcast as FinOps sees it: before, while and after it goes out.

    Attributes:
        state: `draft`, `second` (somebody else has to agree), `sending`, `stopped`, `done` or `cancelled`.
        count: People it is for, None where that may not be told; *left_out* of the audience lack a figure that the text names.
        samples: What some of them read.
        receipts: How many messages stand where; by name.
        seen: How many people said that they have read it.
        asks: The reader can let it go out.
        is_stoppable: Something of it has not gone out yet.
    """

    number: int
    audience: str
    state: str
    count: int | None
    left_out: int
    samples: tuple[tuple[str, str], ...]
    receipts: tuple[tuple[str, int], ...] = ()
    seen: int = 0
    asks: bool = False
    is_stoppable: bool = False

    template: ClassVar[str] = "cases/broadcast_plan"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "broadcast",
            "number": self.number,
            "audience": self.audience,
            "state": self.state,
            "count": self.count,
            "left_out": self.left_out,
            "receipts": dict(self.receipts),
            "acknowledged": self.seen,
            "samples": [{"to": to, "text": text} for to, text in self.samples],
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, BroadcastPlan]]:
        """Yield named examples."""
        samples = (("Ana Ruiz", "Hi Ana, $412.80!"), ("Ben Okafor", "Hi Ben Okafor, $48.20!"))
        yield "draft", cls(7, "team:search over:80%", "draft", 14, 2, samples, asks=True, is_stoppable=True)
        yield "hidden", cls(7, "everyone over:80%", "draft", None, 0, (("…", "{used}"),), asks=True, is_stoppable=True)
        yield "second", cls(7, "everyone", "second", 140, 0, samples, asks=True, is_stoppable=True)
        yield "sending", cls(7, "everyone", "sending", 140, 0, (), (("sent", 60), ("waiting", 80)), 12, is_stoppable=True)
        yield "stopped", cls(7, "everyone", "stopped", 140, 0, (), (("sent", 60), ("dropped", 20)), 12, asks=True, is_stoppable=True)
        yield "done", cls(7, "everyone", "done", 140, 0, (), (("sent", 138), ("unknown", 1), ("parked", 1)), 97)


@dataclass(frozen=True, slots=True)
class BroadcastDecided:
    """What stands where somebody of FinOps was asked for a second yes, when it is not asked any more.

    Attributes:
        state: As of `BroadcastPlan`, neither `draft` nor `second`.
        agreed_by: Who has said yes.
        stopped_by: Who stopped or cancelled it; empty where nobody did.
    """

    number: int
    audience: str
    state: str
    agreed_by: tuple[str, ...]
    stopped_by: str = ""

    template: ClassVar[str] = "cases/broadcast_decided"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, BroadcastDecided]]:
        """Yield named examples."""
        yield "agreed", cls(7, "everyone", "sending", ("Uma Patel", "Ruth Amadi"))
        yield "stopped", cls(7, "everyone", "stopped", ("Uma Patel", "Ruth Amadi"), "Ruth Amadi")
        yield "cancelled", cls(7, "everyone", "cancelled", ("Uma Patel",), "Uma Patel")


@dataclass(frozen=True, slots=True)
class BroadcastStart:
    """What FinOps reads who asks for a broadcast without saying for whom."""

    template: ClassVar[str] = "cases/broadcast_start"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"view": "broadcast_start"}

    @classmethod
    def examples(cls) -> Iterator[tuple[str, BroadcastStart]]:
        """Yield named examples."""
        yield "one", cls()


@dataclass(frozen=True, slots=True)
class BroadcastForm:
    """The form in which FinOps writes a broadcast; *terms* are those an audience may have."""

    terms: tuple[str, ...]
    audience: str = ""
    text: str = ""

    template: ClassVar[str] = "forms/broadcast"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, BroadcastForm]]:
        """Yield named examples."""
        yield "one", cls(("everyone", "team:NAME", "over:80%"))


BROADCASTS: tuple[Any, ...] = (Broadcast, BroadcastPlan, BroadcastDecided, BroadcastStart, BroadcastForm)

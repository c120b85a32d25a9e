"""Card: one message as a neutral document, which each platform renders in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style; *person* is set for a mention, *url* for a link."""

    text: str
    is_bold: bool = False
    is_code: bool = False
    url: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Small print: what kind of figure this is and how fresh."""

    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, a pair per line."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a heading; columns named in *numeric* (from 0) are aligned right.

    Attributes:
        more: What the rows leave out, as a sentence; empty when nothing.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """A meter: *share* of the whole, above 1 when over, and what it says in words."""

    share: Fraction
    text: str


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press.

    Attributes:
        do: The action.
        on: What it acts on; for `ask` the words that do the same.
    """

    label: str
    do: str
    on: str
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class Actions:
    """Buttons in a row."""

    buttons: tuple[Button, ...]


Block = Paragraph | Note | Facts | Table | Progress | Actions


@dataclass(frozen=True, slots=True)
class Card:
    """A whole message.

    Attributes:
        tone: `plain`, `good`, `warn` or `alert`.
        summary: One line with the numbers, for notifications and screen readers.
    """

    title: str
    summary: str
    blocks: tuple[Block, ...]
    tone: str = "plain"

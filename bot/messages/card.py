"""Card: one message as a neutral document, which each platform renders in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
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
class Point:
    """One bar, slice or point: its name, its value and how the value is written."""

    name: str
    value: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of amounts that may be added up; a platform with fewer places adds neighbours together.

    Attributes:
        kind: `bar`, `line` or `donut`.
        summary: What it shows, in one sentence, for those who do not see it.
        unit: What the values are, such as a currency.
    """

    kind: str
    title: str
    summary: str
    unit: str
    points: tuple[Point, ...]


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
class Option:
    """One of several choices, and what choosing it acts on."""

    label: str
    on: str


@dataclass(frozen=True, slots=True)
class Select:
    """A list to choose from; *is_overflow* hides it behind a small menu."""

    label: str
    do: str
    options: tuple[Option, ...]
    is_overflow: bool = False


@dataclass(frozen=True, slots=True)
class Actions:
    """What can be pressed or chosen, in a row."""

    items: tuple[Button | Select, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form.

    Attributes:
        kind: `text`, `lines` (text of several lines), `number`, `date` or `select`.
        name: Under which the answer comes back.
        value: What stands there at first, as text; a date as YYYY-MM-DD, a choice by its `on`.
    """

    kind: str
    name: str
    label: str
    hint: str = ""
    is_required: bool = True
    value: str = ""
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """Questions that are answered together.

    Attributes:
        do: The action that takes the answers.
        on: What it acts on.
        submit: The words on the button.
    """

    do: str
    on: str
    submit: str
    fields: tuple[Field, ...]


Block = Paragraph | Note | Facts | Table | Progress | Chart | Actions | Form


@dataclass(frozen=True, slots=True)
class Card:
    """A whole message.

    Attributes:
        tone: `plain`, `good`, `warn` or `alert`.
        summary: One line with the numbers, for notifications and screen readers.
        language: In which a renderer words its own few sentences.
    """

    title: str
    summary: str
    blocks: tuple[Block, ...]
    tone: str = "plain"
    language: str = "en"

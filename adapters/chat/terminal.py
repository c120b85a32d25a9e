"""The terminal: a card as text, for people who ask from a shell and for anyone without a chat."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal

from bot.messages.card import Actions, Block, Button, Card, Chart, Facts, Form, Note, Paragraph, Point, Progress, Run, Select, Table
from bot.messages.words import words

WIDTH = 76
_METER = 40
_WIDE = "WF"
_BARS = " ▁▂▃▄▅▆▇█"
_WORDS = {"answer": "ack {on} …", "grant": "approve {on} …", "deny": "deny {on} …"}
"""What to type for a button that opens a form."""
_MANY = 12
"""Points of a chart from which on it is one line of bars."""


def render(card: Card) -> str:
    """Return *card* as plain text, without control characters, ending in a newline."""
    title = _clean(card.title)
    lines = [title + "\n" + "─" * min(WIDTH, _width(title))]
    lines += ["\n".join(_block(block, card.language)) for block in card.blocks]
    return "\n\n".join(line for line in lines if line) + "\n"


def _block(block: Block, language: str) -> Iterator[str]:
    _ = words(language).gettext
    match block:
        case Paragraph(runs) | Note(runs):
            yield from _wrapped(_runs(runs))
        case Facts(pairs):
            yield from _facts(pairs)
        case Table():
            yield from _table(block)
        case Progress(share, text):
            filled = max(0, min(_METER, int(share * _METER)))
            yield f"{'█' * filled}{'░' * (_METER - filled)}  {_clean(text)}"
        case Chart():
            yield from _chart(block)
        case Actions(items):
            buttons = [item for item in items if isinstance(item, Button)]
            asked = [_WORDS.get(item.do, "{on}").format(on=item.on) for item in buttons if item.do == "ask" or item.do in _WORDS] + [
                option.on for item in items if isinstance(item, Select) and item.is_overflow for option in item.options
            ]
            if asked:
                yield from _wrapped(_("Ask also: {words}").format(words=" · ".join(map(_clean, asked))))
        case Form(submit=submit, fields=fields):
            for field in fields:
                choices = f" ({', '.join(_clean(option.label) for option in field.options)})" if field.options else ""
                label = field.label if field.is_required else _("{label} (optional)").format(label=field.label)
                yield from _wrapped(f"{label}{choices}: {field.value or '…'}")
            yield f"[{_clean(submit)}]"


def _facts(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    widest = max((_width(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        yield f"{_padded(_clean(name), widest)}  {_clean(value)}"


def _table(table: Table) -> Iterator[str]:
    grid = [tuple(_clean(cell) for cell in row) for row in (table.header, *table.rows)]
    widths = [max(_width(row[i]) for row in grid) for i in range(len(table.header))]
    for row in grid:
        cells = [_padded(cell, widths[i], right=i in table.numeric) for i, cell in enumerate(row)]
        yield "  ".join(cells).rstrip()
    if table.more:
        yield _clean(table.more)


def _chart(chart: Chart) -> Iterator[str]:
    """Yield a line per point, or of many points one line of small bars."""
    yield _clean(chart.title)
    if len(chart.points) > _MANY:
        first, last = chart.points[0].name, chart.points[-1].name
        yield f"{_clean(first)} {_sparks(chart.points)} {_clean(last)}"
        yield from _wrapped(chart.summary)
        return
    most = max((abs(point.value) for point in chart.points), default=Decimal(0))
    widest = max((_width(point.name) for point in chart.points), default=0)
    for point in chart.points:
        length = int(abs(point.value) / most * _METER) if most else 0
        yield f"{_padded(_clean(point.name), widest)}  {'█' * length}{'▏' if not length else ''} {_clean(point.text)}"
    yield from _wrapped(chart.summary)


def _sparks(points: Sequence[Point]) -> str:
    """Return a bar per point, as high as its value beside the highest; what is not zero can be seen."""
    most = max((point.value for point in points), default=Decimal(0))
    steps = [0 if point.value <= 0 or not most else max(1, round(point.value / most * (len(_BARS) - 1))) for point in points]
    return "".join(_BARS[step] for step in steps)


def _runs(runs: Sequence[Run]) -> str:
    return "".join(f"`{run.text}`" if run.is_code else run.text or f"@{run.person}" for run in runs)


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in _clean(text).split(" "):
        if line and _width(line) + 1 + _width(word) > WIDTH:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _padded(text: str, width: int, *, right: bool = False) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks


def _width(text: str) -> int:
    """Return how many columns *text* takes: wide letters two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in _WIDE else 1 for c in text)


def _clean(text: str) -> str:
    """Replace what could steer a terminal: control and format characters from names that vendors send."""
    return "".join("\ufffd" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"} else c for c in text)

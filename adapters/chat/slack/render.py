"""Slack: a card as Block Kit (https://docs.slack.dev/reference/block-kit, read 2026-11-23); pure.

Text from outside stands in `plain_text`, `raw_text` and rich-text leaves only, which Slack never reads as markup; in the
fallback text `&`, `<` and `>` are escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from adapters.chat import fit
from bot.messages.card import (
    Actions,
    Block,
    Button,
    Card,
    Chart,
    Facts,
    Field,
    Form,
    Note,
    Option,
    Paragraph,
    Point,
    Progress,
    Run,
    Select,
    Table,
)
from bot.messages.words import words

BLOCKS = 50
HEADER = 150
NOTE = 2000
PARAGRAPH = 3000
TEXT = 3000
"""Characters of the fallback text; Slack advises at most 4,000."""
ROWS, COLUMNS, CELLS, CELL = 100, 20, 10_000, 200
CHARTS, CATEGORIES, SEGMENTS, LABEL, CHART_TITLE = 2, 20, 12, 20, 50
BUTTON, BUTTON_VALUE, ELEMENTS = 75, 2000, 25
OPTIONS, OPTION_VALUE, OVERFLOW = 100, 150, 5
MODAL_TITLE, PLACEHOLDER, HINT, ANSWER = 24, 150, 2000, 3000
_KEPT = 1024
"""Actions that are kept; what is rendered is sent as it is, and nobody changes it."""
_METER = 10
_CLOSE = Fraction(4, 5)
"""Of a budget: from here on the meter warns."""
_MARKS = {"plain": "", "good": "🟢 ", "warn": "🟠 ", "alert": "🔴 "}


def message(card: Card, people: Mapping[str, str] | None = None, *, has_charts: bool = True) -> dict[str, Any]:
    """Return *card* as `text` and `blocks` of a message.

    Args:
        people: Slack user id of each person (e-mail) that may be mentioned; others stand there as text.
        has_charts: False for a client that refuses chart blocks: the figures then stand there as text.
    """
    return {"text": fallback(card), "blocks": _blocks(card, people or {}, CHARTS if has_charts else 0)}


def home(card: Card, people: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return *card* as the view of the App Home, which takes no charts."""
    return {"type": "home", "blocks": _blocks(card, people or {}, 0)}


def modal(card: Card, people: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return *card*, which holds one form, as a modal; `callback_id` is the form's action and `private_metadata` its object."""
    form = next(block for block in card.blocks if isinstance(block, Form))
    shown = [part for part in card.blocks if not isinstance(part, Form | Actions | Table | Chart)]
    blocks = [block for part in shown for block in _plain(part, people or {}, card.language)]
    return {
        "type": "modal",
        "callback_id": form.do,
        "private_metadata": form.on,
        "title": _words(card.title, MODAL_TITLE),
        "submit": _words(form.submit, MODAL_TITLE),
        "close": _words(words(card.language).gettext("Cancel"), MODAL_TITLE),
        "blocks": [*blocks, *map(_input, form.fields)],
    }


def fallback(card: Card) -> str:
    """Return the text for notifications and screen readers, which read nothing else."""
    text = fit.cut(card.summary, TEXT)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _blocks(card: Card, people: Mapping[str, str], charts: int) -> list[dict[str, Any]]:
    title = fit.cut(_MARKS[card.tone] + card.title, HEADER)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _words(title, HEADER)}]
    has_table = False
    for number, part in enumerate(card.blocks):
        if isinstance(part, Table) and not has_table:
            has_table = True
            blocks += _table(part, card.language)
        elif isinstance(part, Chart) and charts and _drawable(part):
            charts -= 1
            blocks += _chart(part, card.language)
        elif isinstance(part, Actions):
            blocks += _actions(part, number)
        else:
            blocks += _plain(part, people, card.language)
    if len(blocks) <= BLOCKS:
        return blocks
    missing = len(blocks) - BLOCKS + 1
    said = words(card.language).ngettext("… and {count} more part", "… and {count} more parts", missing)
    return [*blocks[: BLOCKS - 1], _context(said.format(count=missing))]


def _plain(part: Block, people: Mapping[str, str], language: str) -> Iterator[dict[str, Any]]:
    """Yield the blocks that stand on every surface."""
    match part:
        case Paragraph(runs) if runs:
            yield _rich(_section([_leaf(run, people) for run in _shortened(runs)]))
        case Note(runs) if runs:
            yield _context("".join(run.text or run.person or "" for run in runs))
        case Facts(pairs) if pairs:
            yield _rich(_section(_pairs(pairs)))
        case Progress(share, text):
            filled = max(0, min(_METER, share.numerator * _METER // share.denominator))
            colour = "🟥" if share.numerator >= share.denominator else "🟩" if share < _CLOSE else "🟧"
            yield _rich(_section([_text(f"{colour * filled}{'⬜' * (_METER - filled)}  {fit.cut(text, PARAGRAPH)}")]))
        case Table(header, rows, _, more):
            yield from _listed(header, rows, more, language)
        case Chart(_, title, summary, _, points):
            yield from _listed((title,), [(point.name, point.text or str(point.value)) for point in points], summary, language)
        case Form(do, on, submit, _):
            yield {"type": "actions", "elements": [_button(Button(submit, do, on, is_primary=True), f"{do}:form")]}


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    leaves = []
    for number, (name, value) in enumerate(pairs, 1):
        leaves += [_text(f"{name}: ", is_bold=True), _text(f"{value}\n" if number < len(pairs) else value)]
    return leaves if pairs[-1][1] else leaves[:-1]


def _listed(header: Sequence[str], rows: Sequence[Sequence[str]], more: str, language: str) -> Iterator[dict[str, Any]]:
    """Yield a table as lines, where there is no room for a table."""
    kept = rows[:ROWS]
    lines = [_section([_text(f"{row[0] or '–'}: "), _text(" · ".join(row[1:]), is_bold=True)]) for row in kept if any(row)]
    heading = [_section([_text(header[0], is_bold=True)])] if header and header[0] else []
    if heading or lines:
        listed = [{"type": "rich_text_list", "style": "bullet", "elements": lines}] if lines else []
        yield {"type": "rich_text", "elements": [*heading, *listed]}
    said = fit.left_out(len(rows) - len(kept), more, language)
    if said:
        yield _context(said)


def _table(table: Table, language: str) -> Iterator[dict[str, Any]]:
    columns = min(COLUMNS, len(table.header))
    if not columns:
        return
    rows: list[list[dict[str, Any]]] = []
    left = CELLS
    for row in (table.header, *table.rows):
        texts = [fit.cut(value, CELL) for value in row[:columns]]
        left -= sum(map(len, texts))
        if rows and (left < 0 or len(rows) == ROWS):
            break
        rows.append([{"type": "raw_text", "text": text} for text in texts])
    settings = [{"align": "right" if n in table.numeric else "left", "is_wrapped": n not in table.numeric} for n in range(columns)]
    yield {"type": "table", "rows": rows, "column_settings": settings}
    said = fit.left_out(len(table.rows) - len(rows) + 1, table.more, language)
    if said:
        yield _context(said)


def _drawable(chart: Chart) -> bool:
    """Tell whether there is something to draw: a donut needs an amount above zero, the others a point."""
    return any(point.value > 0 for point in chart.points) if chart.kind == "donut" else bool(chart.points)


def _chart(chart: Chart, language: str) -> Iterator[dict[str, Any]]:
    yield {
        "type": "data_visualization",
        "title": fit.cut(chart.title, CHART_TITLE),
        "chart": _pie(chart, words(language).gettext("others")) if chart.kind == "donut" else _axes(chart),
    }
    yield _context(chart.summary)


def _pie(chart: Chart, others: str) -> dict[str, Any]:
    points = fit.slices(chart.points, SEGMENTS, others)
    return {"type": "pie", "segments": _labelled(points)}


def _axes(chart: Chart) -> dict[str, Any]:
    data = _labelled(fit.neighbours(chart.points, CATEGORIES))
    axes = {"categories": [point["label"] for point in data], **({"y_label": fit.cut(chart.unit, LABEL)} if chart.unit else {})}
    return {"type": chart.kind, "series": [{"name": fit.cut(chart.unit or chart.title, LABEL), "data": data}], "axis_config": axes}


def _labelled(points: Sequence[Point]) -> list[dict[str, Any]]:
    names = fit.distinct([point.name for point in points], LABEL)
    return [{"label": name, "value": float(point.value)} for name, point in zip(names, points, strict=True)]


@lru_cache(_KEPT)
def _actions(part: Actions, number: int) -> tuple[dict[str, Any], ...]:
    """Return what can be pressed, which is the same below many cards."""
    made = [_action(item, f"{item.do}:{number}.{place}") for place, item in enumerate(part.items)]
    elements = [element for element in made if element][:ELEMENTS]
    return ({"type": "actions", "elements": elements},) if elements else ()


def _action(item: Button | Select, action: str) -> dict[str, Any] | None:
    if isinstance(item, Button):
        return _button(item, action)
    options = [_option(option) for option in item.options if 0 < len(option.on) <= OPTION_VALUE]
    if not options:
        return None
    if item.is_overflow:
        return {"type": "overflow", "action_id": action, "options": options[:OVERFLOW]}
    return {"type": "static_select", "action_id": action, "placeholder": _words(item.label, PLACEHOLDER), "options": options[:OPTIONS]}


def _button(button: Button, action: str) -> dict[str, Any] | None:
    if len(button.on) > BUTTON_VALUE:
        return None
    style = {"style": "primary"} if button.is_primary else {}
    value = {"value": button.on} if button.on else {}
    return {"type": "button", "action_id": action, "text": _words(button.label, BUTTON), **value, **style}


def _option(option: Option) -> dict[str, Any]:
    return {"text": _words(option.label, BUTTON), "value": option.on}


def _input(field: Field) -> dict[str, Any]:
    hint = {"hint": _words(field.hint, HINT)} if field.hint else {}
    return {
        "type": "input",
        "block_id": field.name,
        "label": _words(field.label, HINT),
        "element": {"action_id": "answer", **_element(field)},
        "optional": not field.is_required,
        **hint,
    }


def _element(field: Field) -> dict[str, Any]:
    match field.kind:
        case "number":
            value = {"initial_value": field.value} if field.value else {}
            return {"type": "number_input", "is_decimal_allowed": True, **value}
        case "date":
            return {"type": "datepicker", **({"initial_date": field.value} if field.value else {})}
        case "select":
            options = [_option(option) for option in field.options][:OPTIONS]
            chosen = [option for option in options if option["value"] == field.value]
            return {"type": "static_select", "options": options, **({"initial_option": chosen[0]} if chosen else {})}
        case _:
            value = {"initial_value": field.value[:ANSWER]} if field.value else {}
            return {"type": "plain_text_input", "multiline": field.kind == "lines", "max_length": ANSWER, **value}


def _shortened(runs: Sequence[Run]) -> Iterator[Run]:
    left = PARAGRAPH
    for run in runs:
        if len(run.text) > left:
            yield Run(fit.cut(run.text, max(1, left)))
            return
        left -= len(run.text)
        yield run


def _leaf(run: Run, people: Mapping[str, str]) -> dict[str, Any]:
    if run.person:
        user = people.get(run.person)
        return {"type": "user", "user_id": user} if user else _text(run.text or run.person)
    if run.url:
        return {"type": "link", "url": run.url, "text": run.text}
    return _text(run.text, is_bold=run.is_bold, is_code=run.is_code)


def _text(text: str, *, is_bold: bool = False, is_code: bool = False) -> dict[str, Any]:
    if not is_bold and not is_code:
        return {"type": "text", "text": text}
    return {"type": "text", "text": text, "style": {**({"bold": True} if is_bold else {}), **({"code": True} if is_code else {})}}


def _section(elements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": elements}


def _rich(section: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [section]}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [_words(text, NOTE)]}


def _words(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": fit.cut(text, most), "emoji": False}

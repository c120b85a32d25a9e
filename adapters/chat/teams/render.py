"""Teams: a card as an Adaptive Card 1.5 with Teams' charts (https://adaptivecards.microsoft.com, read 2026-11-23); pure.

Text from outside stands in text runs, which know no Markdown; where a mention needs a text block, its Markdown is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from math import inf
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
    Progress,
    Run,
    Table,
)
from bot.messages.words import words

BYTES = 25_000
"""Of a whole card; the strictest published limit of a message is 28 KB."""
_PART, _LETTER = 220, 12
"""Bytes that one text takes beside its letters, and one letter as JSON, at most."""
TITLE, PARAGRAPH, NOTE, CELL, LABEL = 200, 3000, 2000, 120, 40
ROWS, COLUMNS, POINTS, SLICES = 60, 8, 31, 8
BUTTONS = 4
"""Actions that are shown; the others stand behind a menu. Some renderers draw five in all."""
ACTIONS = 5
OPTIONS = 60
_KEPT = 1024
"""Actions that are kept; what is rendered is sent as it is, and nobody changes it."""
_CLOSE = Fraction(4, 5)
"""Of a budget: from here on the meter warns."""
_BAR = "categoricalBlue"
"""Of all bars: without it each has another, which means nothing."""
_TONES = {"plain": "default", "good": "good", "warn": "warning", "alert": "attention"}
_MARKDOWN = set("\\`*_{}[]()<>#+-.!|~&")
_INPUTS = {"text": "Input.Text", "lines": "Input.Text", "number": "Input.Number", "date": "Input.Date", "select": "Input.ChoiceSet"}


def card(source: Card, people: Mapping[str, tuple[str, str]] | None = None, *, errors: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return *source* as an Adaptive Card.

    Args:
        people: Teams id and shown name of each person (e-mail) that may be mentioned; others stand there as text.
        errors: What is wrong with the answers of a form, by field.
    """
    rendered = _card(source, people or {}, ROWS, errors or {})
    return rendered if _at_most(source) <= BYTES else _fitting(source, rendered, people or {}, errors or {})


def _fitting(source: Card, rendered: dict[str, Any], people: Mapping[str, tuple[str, str]], errors: Mapping[str, str]) -> dict[str, Any]:
    """Return *rendered* if it is small enough, else with as many rows as there is room for."""
    rows, size = ROWS, _size(rendered)
    while rows > 1 and size > BYTES:
        rows = rows * 2 // 3
        rendered = _card(source, people, rows, errors)
        size = _size(rendered)
    return rendered if size <= BYTES else _card(_bare(source), people, 1, {})


def summary(source: Card) -> str:
    """Return the text for notifications and screen readers."""
    return fit.cut(source.summary, PARAGRAPH)


def _size(rendered: dict[str, Any]) -> int:
    return len(json.dumps(rendered, separators=(",", ":")).encode())


def _at_most(source: Card) -> float:
    """Return the bytes that *source* takes at most, at a glance: writing it out to weigh it takes longer than rendering it."""
    texts = [source.title, source.summary, "", ""]
    for block in source.blocks:
        found = _texts(block)
        if found is None:
            return inf
        texts += found
    return len(texts) * _PART + sum(map(len, texts)) * _LETTER


def _texts(block: Block) -> Sequence[str] | None:
    """Return a text for each element that *block* becomes, None where that is not so simple."""
    match block:
        case Facts(pairs):
            return list(chain.from_iterable(pairs))
        case Table(header, rows, _, more):
            return [*header, *chain.from_iterable(rows), *[""] * len(rows), more, ""]
        case Progress(_, text):
            return [text, "", ""]
        case Paragraph(runs) | Note(runs) if not any(run.person for run in runs):
            return [run.text + (run.url or "") for run in runs]
        case Actions():
            return _words_of(block)
    return None


@lru_cache(_KEPT)
def _words_of(actions: Actions) -> tuple[str, ...] | None:
    buttons = [item for item in actions.items if isinstance(item, Button)]
    if len(buttons) < len(actions.items):
        return None
    return tuple([2 * text for button in buttons for text in (button.label, button.do + button.on)])


def _bare(source: Card) -> Card:
    """Return *source* without what is long, and saying so."""
    said = Note((Run(words(source.language).gettext("This is too long for Teams; ask for a part of it.")),))
    return replace(source, blocks=(said,))


def _card(source: Card, people: Mapping[str, tuple[str, str]], rows: int, errors: Mapping[str, str]) -> dict[str, Any]:
    head = _run(fit.cut(source.title, TITLE), size="large", weight="bolder", color=_TONES[source.tone])
    body: list[dict[str, Any]] = [_rich([head])]
    actions: list[dict[str, Any]] = []
    entities: list[dict[str, Any]] = []
    for number, part in enumerate(source.blocks):
        if isinstance(part, Actions):
            inputs, pressed = _actions(part, number)
            body += inputs
            actions += pressed
        elif isinstance(part, Form):
            body += (element for field in part.fields for element in _field(field, errors.get(field.name, ""), source.language))
            actions.append(_execute(Button(part.submit, part.do, part.on, is_primary=True)))
        else:
            body += _block(part, people, entities, rows, source.language)
    whole: dict[str, Any] = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "fallbackText": summary(source),
        "body": body,
    }
    if actions:
        whole["actions"] = [*actions[:BUTTONS], *(a | {"mode": "secondary"} for a in actions[BUTTONS:ACTIONS])]
    return whole | {"msteams": {"width": "Full", **({"entities": entities} if entities else {})}}


def _block(
    part: Block, people: Mapping[str, tuple[str, str]], entities: list[dict[str, Any]], rows: int, language: str
) -> Iterator[dict[str, Any]]:
    match part:
        case Paragraph(runs) if any(run.person in people for run in runs):
            yield _mentioning(runs, people, entities)
        case Paragraph(runs) if runs:
            yield _rich([_styled(run) for run in runs])
        case Note(runs) if runs:
            text = "".join(run.text or run.person or "" for run in runs)
            yield _rich([_run(fit.cut(text, NOTE), size="small", isSubtle=True)])
        case Facts(pairs):
            yield from (_pair(name, value) for name, value in pairs)
        case Table():
            yield from _table(part, rows, language)
        case Progress():
            yield from _meter(part)
        case Chart(points=points) if points:
            yield _chart(part, rows, language)


def _pair(name: str, value: str) -> dict[str, Any]:
    heading = {"type": "TextRun", "text": fit.cut(name, CELL), "isSubtle": True}
    figure = {"type": "TextRun", "text": fit.cut(value, PARAGRAPH), "weight": "bolder"}
    columns = [_column(1, [_rich([heading])]), _column(2, [_rich([figure])])]
    return {"type": "ColumnSet", "spacing": "small", "columns": columns}


def _meter(part: Progress) -> Iterator[dict[str, Any]]:
    """Yield the words and a bar of two columns, which every client draws."""
    yield _rich([_run(fit.cut(part.text, PARAGRAPH))])
    share = part.share
    full = max(0, min(100, share.numerator * 100 // share.denominator))
    style = "attention" if share.numerator >= share.denominator else "good" if share < _CLOSE else "warning"
    bars = [(full, style), (100 - full, "emphasis")]
    columns = [_column(width, []) | {"style": colour, "minHeight": "8px", "spacing": "none"} for width, colour in bars if width]
    yield {"type": "ColumnSet", "spacing": "small", "columns": columns}


def _table(part: Table, most: int, language: str) -> Iterator[dict[str, Any]]:
    columns = min(COLUMNS, len(part.header))
    if not columns:
        return
    kept = part.rows[:most]
    grid = [part.header[:columns], *(row[:columns] for row in kept)]
    yield {
        "type": "Table",
        "columns": [{"width": 2 if n == 0 else 1} for n in range(columns)],
        "rows": [
            {"type": "TableRow", "cells": [_cell(text, is_right=n in part.numeric, is_head=not index) for n, text in enumerate(row)]}
            for index, row in enumerate(grid)
        ],
    }
    said = fit.left_out(len(part.rows) - len(kept), part.more, language)
    if said:
        yield _rich([_run(fit.cut(said, NOTE), size="small", isSubtle=True)])


def _cell(text: str, *, is_right: bool, is_head: bool) -> dict[str, Any]:
    run = {"type": "TextRun", "text": fit.cut(text, CELL)}
    if is_head:
        run["weight"] = "bolder"
    content = _rich([run])
    if is_right:
        content["horizontalAlignment"] = "right"
    return {"type": "TableCell", "items": [content]}


def _chart(part: Chart, most: int, language: str) -> dict[str, Any]:
    """Return a chart of Teams; a client that cannot draw it shows the figures as a table."""
    _ = words(language).gettext
    figures = Table((_("Name"), part.unit or _("Value")), tuple((p.name, p.text or str(p.value)) for p in part.points), frozenset({1}))
    said = _rich([_run(fit.cut(part.summary, NOTE), size="small", isSubtle=True)])
    fallback = {"type": "Container", "items": [*_table(figures, most, language)]}
    drawn = {"title": fit.cut(part.title, LABEL), "fallback": fallback, **_drawn(part, _("others"))}
    title = _rich([_run(fit.cut(part.title, CELL), weight="bolder")])  # which Teams reads out, but does not draw
    return {"type": "Container", "items": [title, drawn if part.kind != "donut" or drawn["data"] else fallback, said]}


def _drawn(part: Chart, others: str) -> dict[str, Any]:
    if part.kind == "donut":
        points = fit.slices(part.points, SLICES, others)
        names = fit.distinct([point.name for point in points], LABEL)
        return {"type": "Chart.Donut", "data": [{"legend": n, "value": float(p.value)} for n, p in zip(names, points, strict=True)]}
    points = fit.neighbours(part.points, POINTS)
    names = fit.distinct([point.name for point in points], LABEL)
    values = [{"x": name, "y": float(point.value)} for name, point in zip(names, points, strict=True)]
    axes = {"yAxisTitle": fit.cut(part.unit, LABEL)} if part.unit else {}
    if part.kind == "line":
        return {"type": "Chart.Line", "data": [{"legend": fit.cut(part.unit or part.title, LABEL), "values": values}], **axes}
    return {"type": "Chart.VerticalBar", "color": _BAR, "data": values, **axes}


def _actions(part: Actions, number: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the choices, each with its button beside it, and the actions."""
    inputs, pressed = [], []
    for place, item in enumerate(part.items):
        if isinstance(item, Button):
            pressed.append(_pressed(item))
            continue
        name = f"choice_{number}_{place}"
        choice = {"type": "Input.ChoiceSet", "id": name, "placeholder": fit.cut(item.label, LABEL), "choices": _choices(item.options)}
        button = {"type": "ActionSet", "actions": [_execute(Button("OK", item.do, ""), {"choice": name})]}
        inputs.append({"type": "ColumnSet", "columns": [_column("stretch", [choice]), _column("auto", [button])]})
    return inputs, pressed


@lru_cache(_KEPT)
def _pressed(button: Button) -> dict[str, Any]:
    """Return the action of a button that stands below many cards."""
    return _execute(button)


def _execute(button: Button, more: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return an action for clients of today, with the one for yesterday's as its fallback."""
    data = {"on": button.on, **(more or {})}
    title = fit.cut(button.label, LABEL)
    style = {"style": "positive"} if button.is_primary else {}
    submit = {"type": "Action.Submit", "title": title, "data": data | {"verb": button.do}, **style}
    return {"type": "Action.Execute", "title": title, "verb": button.do, "data": data, "fallback": submit, **style}


def _choices(options: Sequence[Option]) -> list[dict[str, str]]:
    return [{"title": fit.cut(option.label, CELL), "value": option.on} for option in options[:OPTIONS]]


def _field(field: Field, error: str, language: str) -> Iterator[dict[str, Any]]:
    """Yield the input, below what is wrong with its last answer; Teams has no place of its own for that."""
    if error:
        yield _rich([_run(fit.cut(error, CELL), color="attention", weight="bolder")])
    yield _input(field, language)


def _input(field: Field, language: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": _INPUTS[field.kind],
        "id": field.name,
        "label": fit.cut(field.label, CELL),
        "isRequired": field.is_required,
    }
    if field.is_required:
        said = words(language).gettext("{label}: an answer is needed.")
        made["errorMessage"] = said.format(label=fit.cut(field.label, CELL))
    if field.hint and field.kind != "select":
        made["placeholder"] = fit.cut(field.hint, CELL)
    if field.kind == "lines":
        made["isMultiline"] = True
    if field.kind == "select":
        made |= {"choices": _choices(field.options), "placeholder": fit.cut(field.hint or field.label, CELL)}
    if field.value:
        made["value"] = float(field.value) if field.kind == "number" else field.value
    return made


def _mentioning(runs: Sequence[Run], people: Mapping[str, tuple[str, str]], entities: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a text block, the only element with mentions, and add what it mentions to *entities*."""
    parts = []
    for run in runs:
        known = people.get(run.person or "")
        if known is None:
            text = _escaped(run.text or run.person or "")
            parts.append(f"**{text}**" if run.is_bold and text.strip() else text)
            continue
        mention = f"<at>{_escaped(known[1])}</at>"
        parts.append(mention)
        entities.append({"type": "mention", "text": mention, "mentioned": {"id": known[0], "name": known[1]}})
    return {"type": "TextBlock", "wrap": True, "text": fit.cut("".join(parts), PARAGRAPH)}


def _escaped(text: str) -> str:
    """Return *text* so that Markdown shows it as it is."""
    return "".join("&lt;" if c == "<" else "&gt;" if c == ">" else "&amp;" if c == "&" else f"\\{c}" if c in _MARKDOWN else c for c in text)


def _styled(run: Run) -> dict[str, Any]:
    style: dict[str, Any] = {}
    if run.is_bold:
        style["weight"] = "bolder"
    if run.is_code:
        style["fontType"] = "monospace"
    if run.url:
        style["selectAction"] = {"type": "Action.OpenUrl", "url": run.url}
    return _run((run.text or run.person or "")[:PARAGRAPH], **style)


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}


def _rich(inlines: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": inlines}


def _column(width: int | str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "Column", "width": width, "items": items}

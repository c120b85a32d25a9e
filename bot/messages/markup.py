"""Markup: from a view and its template to a typed card; the templates write a small XML, never a platform's payload."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, pass_context, select_autoescape
from jinja2.runtime import Context

from bot.errors import MessageError
from bot.messages.card import Actions, Block, Button, Card, Facts, Note, Paragraph, Progress, Run, Table

FILTERS = ("money", "change", "percent", "day", "days", "instant", "count")
TONES = ("plain", "good", "warn", "alert")
_ATTRIBUTES = {
    "card": {"tone", "summary"},
    "title": set(),
    "p": set(),
    "note": set(),
    "b": set(),
    "code": set(),
    "link": {"url"},
    "mention": {"person"},
    "facts": set(),
    "fact": {"name"},
    "table": {"more"},
    "head": set(),
    "row": set(),
    "cell": {"numeric"},
    "progress": {"share"},
    "actions": set(),
    "button": {"do", "on", "primary"},
}


@dataclass(frozen=True)
class Templates:
    """The templates of a folder, with the filters of one reader.

    Attributes:
        folders: Searched in order, so that a platform's own template overrides the common one.
    """

    folders: tuple[Path, ...]

    def __post_init__(self) -> None:
        environment = Environment(
            loader=FileSystemLoader([str(folder) for folder in self.folders]),
            autoescape=select_autoescape(["xml.j2"]),
            undefined=StrictUndefined,
            finalize=_legal,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {name: _filter_of_the_reader(name) for name in FILTERS}
        object.__setattr__(self, "_environment", environment)

    def card(self, name: str, view: Any, filters: dict[str, Callable[..., str]]) -> Card:
        """Return the card of template *name* (`replies/me`) for *view*.

        Raises:
            MessageError: Template and view disagree, or the markup is not what it should be.
        """
        environment: Environment = self._environment  # type: ignore[attr-defined]
        try:
            text = environment.get_template(f"{name}.xml.j2").render(v=view, filters=filters)
            return parse(text)
        except (TemplateError, ET.ParseError) as exc:
            raise MessageError(f"Template {name} does not fit its view: {exc}") from exc


def _filter_of_the_reader(name: str) -> Callable[..., str]:
    """Return the filter *name*, which writes as the reader of the message does; templates are compiled once for all readers."""

    @pass_context
    def write(context: Context, *values: Any) -> str:
        found: str = context["filters"][name](*values)
        return found

    return write


def parse(text: str) -> Card:
    """Return the card that the markup *text* describes.

    Raises:
        MessageError: An unknown tag, attribute or place.
    """
    root = ET.fromstring(text)  # noqa: S314 - our own templates, every value escaped, no document type
    if root.tag != "card":
        raise MessageError(f"A message is one <card>, not <{root.tag}>.")
    for element in root.iter():
        _check(element)
    titles = root.findall("title")
    if len(titles) != 1:
        raise MessageError(f"A card has one <title>; this has {len(titles)}.")
    tone = root.get("tone", "plain")
    if tone not in TONES:
        raise MessageError(f"tone '{tone}' is none of {', '.join(TONES)}.")
    title = _text(titles[0])
    blocks = tuple(_block(element) for element in root if element.tag != "title")
    return Card(title, _squeezed(root.get("summary", "")) or title, blocks, tone)


def _block(element: ET.Element) -> Block:
    match element.tag:
        case "p":
            return Paragraph(_runs(element))
        case "note":
            return Note(_runs(element))
        case "facts":
            return Facts(tuple((fact.get("name", ""), _text(fact)) for fact in _children(element, "fact")))
        case "table":
            return _table(element)
        case "progress":
            return Progress(Fraction(element.get("share", "0")), _text(element))
        case "actions":
            return Actions(tuple(_button(button) for button in _children(element, "button")))
        case _:
            raise MessageError(f"<{element.tag}> cannot stand directly in a card.")


def _table(element: ET.Element) -> Table:
    heads = element.findall("head")
    cells = list(_children(heads[0], "cell")) if heads else []
    rows = tuple(tuple(_text(cell) for cell in _children(row, "cell")) for row in element.findall("row"))
    if any(len(row) != len(cells) for row in rows):
        raise MessageError("Every row of a table has as many cells as its head.")
    numeric = frozenset(i for i, cell in enumerate(cells) if cell.get("numeric"))
    return Table(tuple(_text(cell) for cell in cells), rows, numeric, element.get("more", ""))


def _button(element: ET.Element) -> Button:
    return Button(_text(element), element.attrib["do"], element.get("on", ""), is_primary=bool(element.get("primary")))


def _runs(element: ET.Element) -> tuple[Run, ...]:
    return tuple(run for run in _each_run(element) if run.text or run.person)


def _each_run(element: ET.Element) -> Iterator[Run]:
    yield Run(_spaced(element.text, first=True))
    for child in element:
        text = _spaced(child.text)
        match child.tag:
            case "b":
                yield Run(text, is_bold=True)
            case "code":
                yield Run(text, is_code=True)
            case "link":
                yield Run(text, url=child.attrib["url"])
            case "mention":
                yield Run(text, person=child.attrib["person"])
            case _:
                raise MessageError(f"<{child.tag}> cannot stand in text.")
        yield Run(_spaced(child.tail, last=child is element[-1]))


def _children(element: ET.Element, tag: str) -> Iterator[ET.Element]:
    for child in element:
        if child.tag != tag:
            raise MessageError(f"<{element.tag}> holds <{tag}>, not <{child.tag}>.")
        yield child


def _check(element: ET.Element) -> None:
    if element.tag not in _ATTRIBUTES:
        raise MessageError(f"There is no tag <{element.tag}>; there are {', '.join(_ATTRIBUTES)}.")
    unknown = set(element.attrib) - _ATTRIBUTES[element.tag]
    if unknown:
        raise MessageError(f"<{element.tag}> takes no attribute '{min(unknown)}'.")


def _text(element: ET.Element) -> str:
    return _squeezed("".join(element.itertext()))


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _spaced(text: str | None, *, first: bool = False, last: bool = False) -> str:
    """Fold white space to single blanks, dropping it at the ends of the paragraph."""
    if not text:
        return ""
    folded = _squeezed(text)
    before = " " if text[0].isspace() and not first else ""
    after = " " if text[-1].isspace() and not last and folded else ""
    return f"{before}{folded}{after}"


def _legal(value: Any) -> Any:
    """Replace the characters that XML forbids, which may stand in any name that a vendor sends."""
    if not isinstance(value, str):
        return value
    if all((c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff") or c in "\t\n\r" for c in value):
        return value
    legal = "".join(
        c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff") else "\ufffd" for c in value
    )
    return type(value)(legal)

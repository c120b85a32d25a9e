"""Markup: from a view and its template to a typed card; the templates write a small XML, never a platform's payload."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, Template, TemplateError, nodes, select_autoescape
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from markupsafe import Markup, escape

from bot.errors import MessageError
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
from bot.messages.formats import Reader, lines
from bot.messages.words import SOURCE, say, words

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
    "chart": {"kind", "title", "summary", "unit"},
    "point": {"name", "value"},
    "actions": set(),
    "button": {"do", "on", "primary"},
    "select": {"do", "label", "overflow"},
    "option": {"on"},
    "form": {"do", "on", "submit"},
    "field": {"kind", "name", "label", "hint", "optional", "value"},
}
CHARTS = ("bar", "line", "donut")
_KEPT = 1024
"""Buttons that are remembered: the same few stand below many cards."""
_READERS = 512
"""Locales and zones whose templates are kept ready."""
FIELDS = ("text", "lines", "number", "date", "select")


@dataclass(frozen=True)
class Templates:
    """The templates of a folder, in every language.

    Attributes:
        folders: Searched in order, so that a platform's own template overrides the common one.
    """

    folders: tuple[Path, ...]

    def card(self, name: str, view: Any, reader: Reader) -> Card:
        """Return the card of template *name* (`replies/me`) for *view*, as *reader* reads it.

        Raises:
            MessageError: Template and view disagree, or the markup is not what it should be.
        """
        environment = _environment(self.folders, reader)
        try:
            text = environment.get_template(f"{name}.xml.j2").render(v=view)
            return parse(_legal(text), reader.language)
        except (TemplateError, ET.ParseError, AttributeError, KeyError, ArithmeticError, ValueError) as exc:
            raise MessageError(f"Template {name} does not fit its view: {exc}") from exc


class _Writer(CodeGenerator):
    """Writes templates as code that escapes what is not safe yet, and does not copy what is."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if not frame.eval_ctx.autoescape or frame.eval_ctx.volatile:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.safe(")


class _Context(Context):
    """What a template knows; nothing that our templates call asks for it."""

    def call(self, called: Callable[..., Any], /, *args: Any, _loop_vars: Any = None, _block_vars: Any = None, **kwargs: Any) -> Any:
        """Return what *called* returns, without the variables around the call."""
        return called(*args, **kwargs)


class _Worded(Environment):
    """An environment whose templates are compiled in one language: words are looked up then, once, and values stand between them."""

    code_generator_class = _Writer
    context_class = _Context
    known: NullTranslations
    getattr = staticmethod(getattr)  # type: ignore[assignment] # views are objects, and what they lack is a mistake

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ready: dict[str, Template] = {}

    def get_template(self, name: str | Template, *args: Any, **kwargs: Any) -> Template:
        """Return the template called *name*, which does not change while we run."""
        if not isinstance(name, str):
            return name
        if name not in self._ready:
            self._ready[name] = super().get_template(name, *args, **kwargs)
        return self._ready[name]

    @staticmethod
    def safe(value: Any) -> str:
        """Return *value* as text that can stand in markup: most has nothing to escape, and wrapping it takes longer than looking."""
        kind = type(value)
        return value if kind is Markup or (kind is str and not _SPECIAL(value)) else escape(value)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return what every template knows as one mapping, as each rendering copies it."""
        return {**self.globals, **(d or {})}

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        self._word(source)
        return super()._generate(source, *args, **kwargs)

    def _word(self, node: nodes.Node) -> None:
        for field, value in node.iter_fields():
            if isinstance(value, list):
                value[:] = [part for item in value for part in self._worded(item, is_output=isinstance(node, nodes.Output))]
            else:
                setattr(node, field, *self._worded(value))

    def _worded(self, node: Any, *, is_output: bool = False) -> list[Any]:
        """Return what stands in the place of *node*: words in their language; in output, what is said around values as parts."""
        match node:
            case nodes.Call(node=nodes.Name(name="_" | "gettext"), args=[nodes.Const(value=str() as words)], kwargs=[]):
                return [nodes.MarkSafe(nodes.Const(self.known.gettext(words) % {}))]
            case nodes.Call(node=nodes.Name(name="gettext"), args=[nodes.Const(value=str() as words)], kwargs=values) if is_output:
                self._word(node)
                return self._spelled(words, {value.key: value.value for value in values})
            case nodes.Node():
                self._word(node)
        return [node]

    def _spelled(self, words: str, values: Mapping[str, nodes.Expr]) -> list[nodes.Expr]:
        parts = _VALUE.split(self.known.gettext(words))
        return [values[part] if place % 2 else nodes.TemplateData(part.replace("%%", "%")) for place, part in enumerate(parts)]


class _Compiled(BytecodeCache):
    """What was compiled in one language, for the environments of all its readers."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill *bucket* with what is there."""
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep *bucket*."""
        self._code[bucket.key] = bucket.bytecode_to_string()


@cache
def _compiled(_language: str) -> _Compiled:
    return _Compiled()


@lru_cache(_READERS)
def _environment(folders: tuple[Path, ...], reader: Reader) -> Environment:
    return environment(folders, reader, words(reader.language), _compiled(reader.language))


def environment(folders: tuple[Path, ...], reader: Reader, known: NullTranslations, compiled: BytecodeCache | None = None) -> Environment:
    """Return the templates of *folders* as they are written for *reader*, in *known* words; *compiled* is shared by a language."""
    made = _Worded(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        autoescape=select_autoescape(["xml.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
        bytecode_cache=compiled,
    )
    made.known = known
    made.policies["ext.i18n.trimmed"] = True
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    made.globals |= _gettext(known)
    made.filters |= reader.filters() | {"lines": lines}
    made.filters["phrase"] = lambda text: say(text, reader.language)
    return made


def _gettext(known: NullTranslations) -> dict[str, Callable[..., Markup]]:
    """Return what says words as *known*, with values escaped into them; Jinja's own does the same by way of the context, more slowly."""

    def one(text: str, **values: Any) -> Markup:
        return _filled(known.gettext(text), values)

    def several(text: str, plural: str, number: int, **values: Any) -> Markup:
        return _filled(known.ngettext(text, plural, number), {"num": number} | values)

    return {"_": one, "gettext": one, "ngettext": several}


def _filled(text: str, values: Mapping[str, Any]) -> Markup:
    return Markup(text % {name: escape(value) for name, value in values.items()})  # noqa: S704 - our own words, every value escaped


def parse(text: str, language: str = SOURCE) -> Card:
    """Return the card that the markup *text* describes.

    Raises:
        MessageError: An unknown tag, attribute or place.
    """
    root = ET.fromstring(text)  # noqa: S314 - our own templates, every value escaped, no document type
    if root.tag != "card":
        raise MessageError(f"A message is one <card>, not <{root.tag}>.")
    _check(root)
    titles = [element for element in root if element.tag == "title"]
    if len(titles) != 1:
        raise MessageError(f"A card has one <title>; this has {len(titles)}.")
    tone = root.get("tone", "plain")
    if tone not in TONES:
        raise MessageError(f"tone '{tone}' is none of {', '.join(TONES)}.")
    title = _text(titles[0])
    blocks = tuple(_block(element) for element in root if element.tag != "title")
    return Card(title, _squeezed(root.get("summary", "")) or title, blocks, tone, language)


def _block(element: ET.Element) -> Block:
    make = _BLOCKS.get(element.tag)
    if make is None:
        raise MessageError(f"<{element.tag}> cannot stand directly in a card.")
    return make(element)


def _share(text: str) -> Fraction:
    numerator, _, denominator = text.partition("/")
    return Fraction(int(numerator), int(denominator)) if denominator else Fraction(text)


def _facts(element: ET.Element) -> Facts:
    return Facts(tuple([(fact.get("name", ""), _text(fact)) for fact in _children(element, "fact")]))


def _form(element: ET.Element) -> Form:
    fields = tuple(map(_field, _children(element, "field")))
    return Form(element.attrib["do"], element.get("on", ""), element.attrib["submit"], fields)


def _table(element: ET.Element) -> Table:
    heads = [_children(part, "cell") for part in element if part.tag == "head"]
    cells = heads[0] if heads else ()
    rows = tuple([tuple(map(_text, _children(part, "cell"))) for part in element if part.tag == "row"])
    if any(len(row) != len(cells) for row in rows):
        raise MessageError("Every row of a table has as many cells as its head.")
    numeric = frozenset(i for i, cell in enumerate(cells) if cell.get("numeric"))
    return Table(tuple(map(_text, cells)), rows, numeric, element.get("more", ""))


def _chart(element: ET.Element) -> Chart:
    kind = _one_of(element, "kind", CHARTS)
    points = tuple(Point(p.get("name", ""), Decimal(p.attrib["value"]), _text(p)) for p in _children(element, "point"))
    return Chart(kind, element.attrib["title"], element.attrib["summary"], element.get("unit", ""), points)


def _action(element: ET.Element) -> Button | Select:
    if element.tag == "button":
        return _button(element)
    if element.tag == "select":
        return Select(element.attrib["label"], element.attrib["do"], _options(element), is_overflow=bool(element.get("overflow")))
    raise MessageError(f"<{element.tag}> is no action; there are <button> and <select>.")


def _options(element: ET.Element) -> tuple[Option, ...]:
    return tuple(Option(_text(option), option.attrib["on"]) for option in _children(element, "option"))


def _field(element: ET.Element) -> Field:
    kind = _one_of(element, "kind", FIELDS)
    options = _options(element)
    if bool(options) != (kind == "select"):
        raise MessageError("A field has options if it is a select, and only then.")
    given = {name: element.get(name, "") for name in ("hint", "value")}
    return Field(kind, element.attrib["name"], element.attrib["label"], is_required=not element.get("optional"), options=options, **given)


def _one_of(element: ET.Element, name: str, known: tuple[str, ...]) -> str:
    found = element.get(name, "")
    if found not in known:
        raise MessageError(f"{name} '{found}' of <{element.tag}> is none of {', '.join(known)}.")
    return found


def _button(element: ET.Element) -> Button:
    return _made(_text(element), element.attrib["do"], element.get("on", ""), bool(element.get("primary")))


_made = lru_cache(_KEPT)(Button)


def _runs(element: ET.Element) -> tuple[Run, ...]:
    if not len(element):
        text = _text(element)
        return (Run(text),) if text else ()
    return tuple(run for run in _each_run(element) if run.text or run.person)


def _each_run(element: ET.Element) -> Iterator[Run]:
    yield Run(_spaced(element.text, first=True, last=not len(element)))
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


def _children(element: ET.Element, tag: str) -> ET.Element:
    """Return *element*, whose children are all *tag*."""
    for child in element:
        if child.tag != tag:
            raise MessageError(f"<{element.tag}> holds <{tag}>, not <{child.tag}>.")
    return element


def _check(root: ET.Element) -> None:
    """Refuse tags and attributes that there are not, anywhere in *root*."""
    for element in root.iter():
        known, names = _ATTRIBUTES.get(element.tag), element.keys()
        if known is None:
            raise MessageError(f"There is no tag <{element.tag}>; there are {', '.join(_ATTRIBUTES)}.")
        if names and not known.issuperset(names):
            raise MessageError(f"<{element.tag}> takes no attribute '{min(set(names) - known)}'.")


def _text(element: ET.Element) -> str:
    text = "".join(element.itertext()) if len(element) else element.text
    return " ".join(text.split()) if text else ""


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


def _legal(text: str) -> str:
    """Replace the characters that XML forbids, which may stand in any name that a vendor sends; none of them can be printed."""
    return text if text.replace("\n", "").replace("\u2009", "").replace("\xa0", "").isprintable() else _FORBIDDEN.sub("\ufffd", text)


_SPECIAL = re.compile("[&<>\"']").search
_VALUE = re.compile(r"%\((\w+)\)s")
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")
"""Also what turns the direction of the text around it, so that a name cannot rearrange a figure."""

_BLOCKS: dict[str, Callable[[ET.Element], Block]] = {
    "p": lambda element: Paragraph(_runs(element)),
    "note": lambda element: Note(_runs(element)),
    "facts": _facts,
    "table": _table,
    "progress": lambda element: Progress(_share(element.get("share", "0")), _text(element)),
    "chart": _chart,
    "actions": lambda element: Actions(tuple(_action(child) for child in element)),
    "form": _form,
}

"""Words: the catalogues hold what the program says, all of it; data is never translated, and comes through unchanged."""

from __future__ import annotations

import ast
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from fractions import Fraction
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from examples import EXAMPLES, TEMPLATES, card
from hypothesis import given
from hypothesis import strategies as st
from jinja2.ext import babel_extract

from adapters.chat import fit, terminal
from adapters.chat.slack import render as slack
from adapters.chat.teams import render as teams
from bot.domain.money import Money
from bot.errors import Refusal
from bot.messages import markup
from bot.messages.card import Card, Chart, Field, Form, Note, Paragraph, Point, Table
from bot.messages.contact import Confirm, Refused
from bot.messages.costs import MyCosts, ProjectCosts, TeamCosts
from bot.messages.formats import Reader
from bot.messages.parts import Breakdown, Row
from bot.messages.views import Help, Settings, Top
from bot.messages.words import LANGUAGES, SOURCE, Phrase, language_of, say, words

ROOT = Path(__file__).parents[2]
CATALOGUES = ROOT / "templates" / "words"
OTHERS = [language for language in LANGUAGES if language != SOURCE]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "Phrase": None, "Refusal": None}
JINJA = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals={catalog.num_plurals}; plural={catalog.plural_expr};\\n"

"""
BERLIN = Reader("de_DE", "Europe/Berlin")


def sentences() -> Catalog:
    """Return every sentence of the templates and the sources."""
    found = Catalog()
    for path in [
        *sorted((ROOT / "templates").rglob("*.j2")),
        *sorted((ROOT / "bot").rglob("*.py")),
        *sorted((ROOT / "adapters").rglob("*.py")),
    ]:
        is_template = path.suffix == ".j2"
        with path.open("rb") as file:
            for _, message, _, _ in extract(
                babel_extract if is_template else "python", file, KEYWORDS, options=JINJA if is_template else {}
            ):
                found.add(message, locations=[(path.relative_to(ROOT).as_posix(), 1)])
    return found


def catalogue(language: str) -> Catalog:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def updated(language: str) -> str:
    """Return the catalogue with the sentences of today: new ones are empty, forgotten ones are gone."""
    found = catalogue(language)
    found.update(sentences(), no_fuzzy_matching=True)
    written = io.BytesIO()
    write_po(written, found, width=120, omit_header=True, include_lineno=False, ignore_obsolete=True, sort_by_file=True)
    return HEADER.format(language=language, catalog=found) + written.getvalue().decode().lstrip("\n")


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_holds_every_sentence_and_no_other(language: str) -> None:
    """After a change of words: make words, then translate what is empty."""
    assert (CATALOGUES / f"{language}.po").read_text("utf-8") == updated(language)
    assert [m.id for m in messages(language) if m.fuzzy or not all([m.string] if isinstance(m.string, str) else m.string)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_values_and_the_tags_of_its_sentence(language: str) -> None:
    for message in messages(language):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        for text in [message.string] if isinstance(message.string, str) else message.string:
            assert {marks(text)} == {marks(one) for one in ids}, message.id


def marks(text: str) -> tuple[str, ...]:
    return tuple(sorted(re.findall(r"%\(\w+\)s|\{\w+\}|</?\w+>|<code>.*?</code>", text)))


def test_every_catalogue_is_a_language_one_can_choose() -> None:
    assert {path.stem for path in CATALOGUES.iterdir()} == set(OTHERS)
    shown = card(next(iter(Settings.examples()))[1])
    [select] = [item for block in shown.blocks for item in getattr(block, "items", ()) if item.do == "language"]
    assert {option.on: option.label for option in select.options} == LANGUAGES


def test_no_sentence_is_put_together_before_it_is_translated() -> None:
    """An f-string would never be found in a catalogue."""
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KEYWORDS:
                assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize(
    ("locale", "language"), [("de", "de"), ("de_AT", "de"), ("de-CH", "de"), ("DE", "de"), ("en_GB", "en"), ("fr", "en"), ("", "en")]
)
def test_the_language_follows_the_locale(locale: str, language: str) -> None:
    assert language_of(locale) == language
    assert words(locale).gettext("Budgets") == "Budgets"
    assert (words(locale).gettext("Help") == "Hilfe") == (language == "de")


def test_an_austrian_reads_german_and_austrian_numbers() -> None:
    shown = card(dict(MyCosts.examples())["within"], Reader("de_AT", "Europe/Vienna"))
    assert shown.language == "de"
    assert shown.title.replace("\xa0", " ").startswith("$ 425,50 – deine KI-Kosten")


class Marked(NullTranslations):
    """Every sentence in brackets, so that what stands outside was never translated."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.mark.parametrize(("view", "name", "example"), EXAMPLES, ids=[f"{v.__name__}-{n}" for v, n, _ in EXAMPLES])
def test_every_sentence_of_a_template_can_be_translated(view: Any, name: str, example: Any) -> None:
    """What a card shows is data, figures, or a sentence that went through the catalogue."""
    environment = markup.environment(TEMPLATES.folders, Reader(), Marked())
    environment.filters["phrase"] = lambda text: f"⟦{text}⟧" if isinstance(text, Phrase) else text
    environment.filters |= {name: lambda *_: "7" for name in Reader().filters()}
    shown = markup.parse(environment.get_template(f"{example.template}.xml.j2").render(v=example))
    known = sorted({*texts(example), *LANGUAGES.values()} - {""}, key=len, reverse=True)
    for text in displayed(shown):
        left = text
        while "⟦" in left:
            assert "⟧" in left, text
            left = re.sub(r"⟦[^⟦⟧]*⟧", "", left)
        for one in known:
            left = left.replace(" ".join(one.split()), "")
        assert not any(c.isalpha() for c in left), text


@pytest.mark.parametrize(("view", "name", "example"), EXAMPLES, ids=[f"{v.__name__}-{n}" for v, n, _ in EXAMPLES])
def test_every_example_reads_differently_in_german(view: Any, name: str, example: Any) -> None:
    shown, other = card(example), card(example, Reader("de"))
    assert shown.title != other.title or shown.title == "Budgets"
    prose = {run.text for block in other.blocks for run in getattr(block, "runs", ()) if len(run.text.split()) > 3}
    assert not prose & {run.text for block in shown.blocks for run in getattr(block, "runs", ())}


def displayed(value: Any) -> Iterator[str]:
    """Yield every text of a card that people see."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from displayed(part)
    elif isinstance(value, Paragraph | Note):
        yield "".join(run.text for run in value.runs)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in {"on", "do", "kind", "tone", "language", "value", "name", "url", "person"} or isinstance(value, Point):
                yield from displayed(getattr(value, field.name))


def texts(value: Any) -> Iterator[str]:
    """Yield every text of a view that is data."""
    if isinstance(value, str) and not isinstance(value, Phrase):
        yield value
    elif isinstance(value, Phrase):
        yield from value.values.values()
    elif isinstance(value, tuple):
        for part in value:
            yield from texts(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts(getattr(value, field.name))


ANY = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
HOSTILE = st.one_of(
    ANY, st.sampled_from(["100 %", "%(cost)s", "%s", "{word}", "{", "<b>x</b>", '"', "&amp;", "</card>", "{{ 7 }}", "By model", "no team"])
)


@given(HOSTILE)
def test_any_value_comes_through_every_language_as_it_is(text: str) -> None:
    """Neither a percent sign nor a brace of a name is taken for a place in a sentence, and no name for a word of ours."""
    seen = " ".join(re.sub(r"[\ufffe\uffff]", "\ufffd", text).split())
    _, costs = next(iter(TeamCosts.examples()))
    money = Money(10**9, "USD")
    part = Breakdown("team", text, (Row(text, money, Fraction(1)),), 2, money)
    for language in LANGUAGES:
        reader = Reader(language)
        team = card(replace(costs, subject=text, breakdowns=(part,)), reader)
        [table] = [block for block in team.blocks if isinstance(block, Table)]
        assert (table.header[0], table.rows[0][0]) == (seen, seen or words(language).gettext("not stated"))
        refused = Phrase("I do not know “{word}”. Try: me (help lists what I can answer)", word=text)
        sentences = [
            team.title,
            card(ProjectCosts(**_of(costs) | {"subject": text}), reader).title,
            card(Confirm(text, text, text), reader).summary,
            card(Refused(text), reader).summary if seen else "",
            card(Refused(refused), reader).summary,
        ]
        assert all(seen in sentence for sentence in sentences)
        shown = terminal.render(card(Help(((text, text),)), reader))
        assert not any(unicodedata.category(c) in {"Cc", "Cf"} for c in shown if c != "\n")


def _of(view: Any) -> dict[str, Any]:
    return {field.name: getattr(view, field.name) for field in fields(view)}


def test_data_that_reads_like_a_word_of_ours_stays() -> None:
    """A project called “By model”, a team called “no team”."""
    money = Money(10**9, "USD")
    rows = (Row("no team", money), Row(Phrase("no team"), money), Row("small groups together", money))
    top = Top("teams", "your own part", next(iter(Top.examples()))[1].window, Breakdown("team", Phrase("By team"), rows), money, _fresh())
    shown = card(top, Reader("de"))
    [table] = [block for block in shown.blocks if isinstance(block, Table)]
    assert [row[0] for row in table.rows] == ["no team", "ohne Team", "small groups together"]
    assert "your own part" in shown.title
    assert top.document()["by"]["rows"][1]["key"] == "no team", "documents are in English"


def _fresh() -> Any:
    return next(iter(Top.examples()))[1].freshness


def test_a_refusal_is_english_as_text_and_german_for_who_reads_it() -> None:
    refusal = Refusal("“{word}” is longer than ten years.", word="2000..2026")
    assert str(refusal) == "“2000..2026” is longer than ten years."
    assert say(Phrase(refusal.template, **refusal.values), "de") == "„2000..2026“ ist länger als zehn Jahre."


def test_plurals_are_right() -> None:
    example = dict(MyCosts.examples())["within"]
    part = Breakdown("model", Phrase("By model"), (Row("large", Money(1, "USD")),), 1, Money(10**9, "USD"))
    said = {}
    for language in LANGUAGES:
        for count in (1, 2):
            shown = card(replace(example, breakdowns=(replace(part, left_out=count),)), Reader(language))
            more = next(block for block in shown.blocks if isinstance(block, Table)).more
            said[language, count] = more.replace("\xa0", " ")
    assert said["en", 1] == "… and 1 more, $1.00"
    assert said["en", 2] == "… and 2 more, $1.00 together"
    assert said["de", 1] == "… und 1 weiterer Eintrag, 1,00 $"
    assert said["de", 2] == "… und 2 weitere Einträge, zusammen 1,00 $"
    assert fit.left_out(1, "", "de") == "… und 1 weitere Zeile"
    assert fit.left_out(2, "mehr", "de") == "… und 2 weitere Zeilen. mehr"


def test_what_a_platform_adds_is_in_the_language_of_the_card() -> None:
    form = Form("do", "on", "Senden", (Field("text", "n", "Name"), Field("text", "m", "Mehr", is_required=False)))
    pie = Chart("donut", "t", "s", "", tuple(Point(f"p{n}", Decimal(1), "1") for n in range(30)))
    shown = Card("t", "s", (form, pie, Table(("a",), tuple((f"{n}",) for n in range(300)))), language="de")
    assert slack.modal(shown)["close"]["text"] == "Abbrechen"
    assert "weitere" in str(slack.message(shown))
    assert "weitere Zeilen" in str(slack.message(shown))
    assert "Name: Hier fehlt eine Antwort." in str(teams.card(shown))
    assert "weitere" in str(teams.card(shown))
    assert "Mehr (optional)" in terminal.render(shown)
    long = Card("t", "s", (Table(("a",), tuple(("x" * 100_000,) for n in range(3))),) * 300, language="de")
    assert "zu lang für Teams" in str(teams.card(long))


if __name__ == "__main__":
    for language in OTHERS:
        (CATALOGUES / f"{language}.po").write_text(updated(language), "utf-8")

"""Messages: every view has a template, every example a golden text, and no text from outside can change the markup."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from examples import EXAMPLES, TEMPLATES, card
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat import terminal
from bot import shipped
from bot.domain.money import Money
from bot.errors import MessageError
from bot.messages.alerts import ALERTS
from bot.messages.anomalies import ANOMALIES
from bot.messages.broadcasts import BROADCASTS
from bot.messages.card import Chart, Table
from bot.messages.claims import CLAIMS
from bot.messages.contact import CONTACT
from bot.messages.digests import DIGESTS
from bot.messages.forecasts import FORECASTS
from bot.messages.formats import Reader
from bot.messages.markup import _ATTRIBUTES, parse
from bot.messages.moved import MOVED
from bot.messages.parts import Breakdown, Row
from bot.messages.prices import PRICES
from bot.messages.requests import REQUESTS
from bot.messages.views import VIEWS, Help
from bot.messages.why import WHY, Why

GOLDEN = Path(__file__).parents[1] / "golden"
READERS = {"text": Reader("en", "Europe/Berlin"), "text-de": Reader("de", "Europe/Berlin")}


@pytest.mark.parametrize("folder", READERS)
@pytest.mark.parametrize(("view", "name", "example"), EXAMPLES, ids=[f"{v.__name__}-{n}" for v, n, _ in EXAMPLES])
def test_examples_read_as_reviewed(view: Any, name: str, example: Any, folder: str) -> None:
    """To change a golden on purpose: PYTHONPATH=tests python tests/messages/test_messages.py, then read the diff."""
    text = terminal.render(card(example, READERS[folder]))
    assert text == (GOLDEN / folder / f"{view.template.replace('/', '-')}-{name}.txt").read_text("utf-8")


ANSWERS = [example for example in EXAMPLES if example[0] in (*VIEWS, *WHY, *FORECASTS)]


@pytest.mark.parametrize(("view", "name", "example"), ANSWERS, ids=[f"{v.__name__}-{n}" for v, n, _ in ANSWERS])
def test_documents_are_json_with_decimals_as_text(view: Any, name: str, example: Any) -> None:
    document = json.loads(json.dumps(example.document()))
    assert document["view"]
    assert not any(isinstance(value, float) for value in _values(document))


def _values(document: Any) -> list[Any]:
    if isinstance(document, dict):
        return [leaf for value in document.values() for leaf in _values(value)]
    return [leaf for value in document for leaf in _values(value)] if isinstance(document, list) else [document]


@pytest.mark.parametrize(("view", "name", "example"), EXAMPLES, ids=[f"{v.__name__}-{n}" for v, n, _ in EXAMPLES])
def test_the_parts_of_an_example_add_up(view: Any, name: str, example: Any) -> None:
    """Examples are read as documentation: their figures are right, too."""
    total = getattr(example, "total", None)
    for part in getattr(example, "breakdowns", ()):
        assert sum(row.cost.nanos for row in part.rows) + (part.left_out_cost.nanos if part.left_out_cost else 0) == total.nanos
        assert all(row.share * total.nanos == row.cost.nanos for row in part.rows)


@pytest.mark.parametrize(("name", "example"), list(Why.examples()))
def test_the_reasons_of_an_example_add_up(name: str, example: Why) -> None:
    """To the last digit as data, to the cent as they are written; where they are told at all."""
    if example.change.withheld:
        assert example.change.reasons == example.people == ()
        return
    for change in (example.change, *(mover.change for mover in example.people)):
        assert sum(reason.cost.nanos for reason in change.reasons) == change.cost.nanos
        assert sum(cost.nanos for _, cost in change.lines) == change.written.nanos


@pytest.mark.parametrize(("view", "name", "example"), EXAMPLES, ids=[f"{v.__name__}-{n}" for v, n, _ in EXAMPLES])
def test_the_chart_of_an_example_adds_up(view: Any, name: str, example: Any) -> None:
    for chart in (block for block in card(example).blocks if isinstance(block, Chart)):
        assert sum(point.value for point in chart.points) == example.total.amount


def test_every_view_has_a_template_and_every_template_a_view() -> None:
    folder = shipped.folder("templates")
    there = {str(path.relative_to(folder)).removesuffix(".xml.j2") for path in folder.rglob("*.xml.j2") if not path.name.startswith("_")}
    views = (*VIEWS, *WHY, *FORECASTS, *CONTACT, *ALERTS, *ANOMALIES, *PRICES, *DIGESTS, *REQUESTS, *CLAIMS, *BROADCASTS, *MOVED)
    assert there == {view.template for view in views}


def test_every_tag_of_the_parser_is_documented() -> None:
    documented = (shipped.folder("templates") / "README.md").read_text("utf-8")
    for tag in _ATTRIBUTES:
        assert f"`{tag}`" in documented


ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


@given(ANY_TEXT, ANY_TEXT)
def test_any_text_comes_through_as_that_text(words: str, does: str) -> None:
    """Names come from vendors; none may become markup, a mention or a control sequence."""
    found = card(Help(((words, does),)))
    facts = next(block for block in found.blocks if type(block).__name__ == "Facts")
    assert len(facts.pairs) == 1  # type: ignore[union-attr]
    shown = facts.pairs[0][1]  # type: ignore[union-attr]
    assert shown == " ".join(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", does).split())
    assert "\x1b" not in terminal.render(found)


@pytest.mark.parametrize(
    "wrong",
    [
        "<p>no card</p>",
        "<card/>",
        "<card><title>a</title><title>b</title></card>",
        "<card><title>a</title><script/></card>",
        '<card><title>a</title><p onclick="x">b</p></card>',
        "<card><title>a</title><table><head><cell>a</cell></head><row><cell>1</cell><cell>2</cell></row></table></card>",
        '<card tone="loud"><title>a</title></card>',
        "<card><title>a</title><facts><p>x</p></facts></card>",
        "<card><title>a</title><p><fact>x</fact></p></card>",
    ],
)
def test_markup_that_is_not_ours_is_refused(wrong: str) -> None:
    with pytest.raises(MessageError):
        parse(wrong)


def test_a_view_that_lacks_what_its_template_shows_is_an_error() -> None:
    with pytest.raises(MessageError, match="replies/me"):
        TEMPLATES.card("replies/me", object(), Reader())


def test_numbers_are_written_in_the_reader_s_language() -> None:
    amount = Money(1_234_500_000_000, "EUR")
    assert Reader("de").money(amount) == "1.234,50\xa0€"
    assert Reader("en").money(amount) == "€1,234.50"
    assert Reader("ja").money(Money(1_500_000_000, "JPY")) == "￥2"


def test_what_is_there_but_small_is_not_shown_as_nothing() -> None:
    assert Reader().money(Money(1, "USD")) == "<$0.01"
    assert Reader().money(Money(-1, "USD")) == ">-$0.01"
    assert Reader().money(Money(0, "USD")) == "$0.00"


def test_a_share_below_the_limit_is_never_shown_as_reached() -> None:
    from fractions import Fraction

    assert Reader().percent(Fraction(9999, 10000)) == "99.9 %"
    assert Reader().percent(Fraction(1)) == "100 %"
    assert Reader().percent(Fraction(1, 40)) == "2.5 %"


def test_instants_show_utc_first_and_the_reader_s_zone_across_the_clock_change() -> None:
    from datetime import UTC, datetime

    berlin = Reader("en", "Europe/Berlin")
    assert berlin.instant(datetime(2026, 12, 1, tzinfo=UTC)) == "Tue 1 Dec 00:00 UTC (01:00 CET)"
    assert berlin.instant(datetime(2026, 7, 1, tzinfo=UTC)) == "Wed 1 Jul 00:00 UTC (02:00 CEST)"
    assert Reader("en", "America/New_York").instant(datetime(2026, 12, 1, tzinfo=UTC)) == "Tue 1 Dec 00:00 UTC (Mon 30 Nov 19:00 EST)"
    assert Reader("en", "UTC").instant(datetime(2026, 12, 1, tzinfo=UTC)) == "Tue 1 Dec 00:00 UTC"


def test_a_long_breakdown_ends_in_what_it_leaves_out() -> None:
    from dataclasses import replace

    example = dict(VIEWS[0].examples())["within"]
    rows = tuple(Row(f"model-{n}", Money(10**9, "USD")) for n in range(8))
    part = Breakdown("model", "By model", rows, 14, Money(14 * 10**9, "USD"))
    shown = card(replace(example, breakdowns=(part,)))
    assert next(b for b in shown.blocks if isinstance(b, Table)).more == "… and 14 more, $14.00 together"


if __name__ == "__main__":
    for folder, reader in READERS.items():
        (GOLDEN / folder).mkdir(parents=True, exist_ok=True)
        for view, name, example in EXAMPLES:
            text = terminal.render(card(example, reader))
            (GOLDEN / folder / f"{view.template.replace('/', '-')}-{name}.txt").write_text(text, "utf-8")


def test_no_name_turns_the_direction_of_the_text() -> None:
    """U+202E before a figure would show its digits in reverse."""
    found = card(Help((("ranking\u202e", "a\u2067b"),)))
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", repr(found))

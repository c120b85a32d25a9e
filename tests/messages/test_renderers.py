"""Renderers: every example fits both platforms, any text arrives as that text, any size of data fits and says what is missing."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

import pytest
from examples import EXAMPLES, card
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat import fit, terminal
from adapters.chat.slack import render as slack
from adapters.chat.teams import render as teams
from bot.messages.card import (
    Actions,
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
from bot.messages.formats import Reader
from bot.messages.markup import parse
from bot.messages.words import LANGUAGES

GOLDEN = Path(__file__).parents[1] / "golden"
READER = Reader("en", "Europe/Berlin")
IDS = [f"{view.__name__}-{name}" for view, name, _ in EXAMPLES]
PEOPLE = {"slack": {"ana@x.example": "U012AB"}, "teams": {"ana@x.example": ("29:1abc", "Ana Ruiz")}}
EVERYTHING = """
<card tone="warn" summary="Search has used 82 % of $200.00">
  <title>Search has used 82 % of its November AI budget</title>
  <p><b>$164.00</b> of $200.00, <code>large-1</code> leads. <mention person="ana@x.example">Ana</mention>, see <link url="https://example.com/">why</link>.</p>
  <progress share="0.82">82 % used</progress>
  <chart kind="bar" title="By day" summary="Highest on 3 November: $40.00." unit="USD">
    <point name="3 Nov" value="40">$40.00</point><point name="4 Nov" value="12.5">$12.50</point>
  </chart>
  <chart kind="line" title="By week" summary="It grows." unit="USD"><point name="W44" value="1">$1.00</point></chart>
  <chart kind="donut" title="By model" summary="Most is large-1." unit="USD">
    <point name="large-1" value="3">$3.00</point><point name="small-1" value="0">$0.00</point>
  </chart>
  <facts><fact name="Remaining">$36.00</fact></facts>
  <table><head><cell>Tool</cell><cell numeric="yes">Cost</cell></head><row><cell>API</cell><cell>$164.00</cell></row></table>
  <table><head><cell>Model</cell><cell numeric="yes">Cost</cell></head><row><cell>large-1</cell><cell>$164.00</cell></row></table>
  <note>As of today.</note>
  <actions>
    <button do="ask" on="team by day" primary="yes">By day</button>
    <select do="ask" label="Another period"><option on="team last month">Last month</option></select>
    <select do="ask" label="More" overflow="yes"><option on="help">Help</option></select>
  </actions>
</card>
"""
ANSWER = """
<card><title>Acknowledge the overrun of search</title><p>What happened?</p>
  <form do="acknowledge" on="alert-7" submit="Acknowledge">
    <field kind="select" name="reason" label="Reason" value="launch"><option on="launch">Launch</option><option on="other">Other</option></field>
    <field kind="lines" name="plan" label="Plan" hint="What will change?"/>
    <field kind="text" name="ticket" label="Ticket" optional="yes" value="A-1"/>
    <field kind="number" name="limit" label="New limit" value="250"/>
    <field kind="date" name="until" label="Until" value="2026-12-01"/>
  </form>
</card>
"""


@pytest.fixture(scope="session")
def faults(shared: Path) -> Callable[[str, Any], list[str]]:
    """The platforms' own schemas; they stand beside the project."""
    spec = importlib.util.spec_from_file_location("check_payload", shared / "tools" / "check_payload.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[str, Any], list[str]] = module.faults
    return found


def payloads(shown: Card) -> dict[str, Any]:
    return {
        "slack-message": slack.message(shown, PEOPLE["slack"]),
        "slack-home": slack.home(shown, PEOPLE["slack"]),
        "teams-card": teams.card(shown, PEOPLE["teams"]),
    }


@pytest.mark.parametrize(("view", "name", "example"), EXAMPLES, ids=IDS)
def test_examples_render_as_reviewed(view: Any, name: str, example: Any) -> None:
    """To change a golden on purpose: PYTHONPATH=tests python tests/messages/test_renderers.py, then read the diff."""
    shown = card(example, READER)
    file = f"{view.template.replace('/', '-')}-{name}.json"
    assert slack.message(shown) == json.loads((GOLDEN / "slack" / file).read_text("utf-8"))
    assert teams.card(shown) == json.loads((GOLDEN / "teams" / file).read_text("utf-8"))


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize(("view", "name", "example"), EXAMPLES, ids=IDS)
def test_examples_are_what_the_platforms_take(
    view: Any, name: str, example: Any, locale: str, faults: Callable[[str, Any], list[str]]
) -> None:
    for kind, payload in payloads(card(example, Reader(locale, "Europe/Berlin"))).items():
        assert faults(kind, payload) == [], (view, name)


def test_every_tag_is_drawn_on_every_surface(faults: Callable[[str, Any], list[str]]) -> None:
    shown = parse(EVERYTHING)
    for kind, payload in payloads(shown).items():
        assert faults(kind, payload) == []
    assert faults("slack-message", slack.message(shown, has_charts=False)) == []
    kinds = [block["type"] for block in slack.message(shown, PEOPLE["slack"])["blocks"]]
    assert kinds.count("data_visualization") == 2, "Slack takes two; the third stands there as lines"
    assert {"header", "rich_text", "table", "context", "actions"} <= set(kinds)
    drawn = {node.get("type") for node in nodes(teams.card(shown, PEOPLE["teams"]))}
    assert {"Chart.VerticalBar", "Chart.Line", "Chart.Donut", "Table", "Action.Execute", "Input.ChoiceSet", "mention"} <= drawn
    text = terminal.render(shown)
    assert all(words in text for words in ("By day", "Highest on 3 November", "$12.50", "Ask also"))


def test_a_form_is_a_modal_and_a_card_with_inputs(faults: Callable[[str, Any], list[str]]) -> None:
    shown = parse(ANSWER)
    modal = slack.modal(shown)
    assert faults("slack-modal", modal) == []
    assert (modal["callback_id"], modal["private_metadata"]) == ("acknowledge", "alert-7")
    assert [block["block_id"] for block in modal["blocks"] if block["type"] == "input"] == ["reason", "plan", "ticket", "limit", "until"]
    found = teams.card(shown)
    assert faults("teams-card", found) == []
    assert [node["id"] for node in nodes(found) if str(node.get("type")).startswith("Input.")] == [
        "reason",
        "plan",
        "ticket",
        "limit",
        "until",
    ]
    assert "Plan: …" in terminal.render(shown)


def test_in_teams_a_choice_stands_beside_its_button_and_takes_no_other_buttons_place() -> None:
    found = teams.card(parse(EVERYTHING))
    assert [action["title"] for action in found["actions"]] == ["By day"]
    beside = [node["columns"] for node in nodes(found) if node.get("type") == "ColumnSet" and "ActionSet" in json.dumps(node)]
    for choice, button in beside:
        [asked], [pressed] = choice["items"], button["items"][0]["actions"]
        assert pressed["data"] == {"on": "", "choice": asked["id"]}
        assert pressed["title"] == "OK"
    assert len(beside) == 2


def test_in_teams_bars_of_one_chart_have_one_colour() -> None:
    [chart] = [node for node in nodes(teams.card(parse(EVERYTHING))) if node.get("type") == "Chart.VerticalBar"]
    assert chart["color"]
    assert not any("color" in point for point in chart["data"])


def test_who_is_not_known_on_the_platform_is_named_not_mentioned() -> None:
    shown = parse(EVERYTHING)
    assert {"type": "user", "user_id": "U012AB"} in list(nodes(slack.message(shown, PEOPLE["slack"])))
    assert not any(node.get("type") == "user" for node in nodes(slack.message(shown)))
    assert "Ana" in json.dumps(slack.message(shown))


ANY = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=60)
HOSTILE = st.one_of(
    ANY,
    st.sampled_from(
        ["<!channel>", "<@U1>", "@everyone", "*b*", "_i_", "`c`", "<https://a|b>", "[x](http://y)", "<at>Ana</at>", ":smile:", "&lt;"]
    ),
)


@given(HOSTILE, HOSTILE)
def test_any_text_arrives_as_that_text(one: str, other: str) -> None:
    """What came from outside stands only where the platform reads no markup, whole."""
    shown = Card(f"T {one}", one, (Paragraph((Run(f"a{one}z"),)), Facts(((f"n{one}", f"v{other}"),)), Note((Run(f"o{other}"),))))
    shown = Card(shown.title, shown.summary, (*shown.blocks, Table((f"h{one}",), ((f"c{other}",),))))
    sent = slack.message(shown)
    assert not any(node.get("type") in {"mrkdwn", "user", "broadcast", "link", "usergroup", "channel"} for node in nodes(sent))
    leaves = [node["text"] for node in nodes(sent["blocks"]) if isinstance(node.get("text"), str)]
    assert {f"a{one}z", f"c{other}".strip(), f"o{other}".strip()} <= set(leaves)
    assert not {"<", ">"} & set(sent["text"])
    assert sent["text"].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == fit.cut(one, slack.TEXT)
    placed = teams.card(shown)
    assert not any(node.get("type") in {"TextBlock", "FactSet"} for node in nodes(placed))
    runs = [node["text"] for node in nodes(placed) if node.get("type") == "TextRun"]
    assert {f"a{one}z", f"c{other}".strip(), f"o{other}".strip()} <= set(runs)


@given(HOSTILE)
def test_beside_a_mention_markdown_is_escaped(text: str) -> None:
    shown = Card("t", "s", (Paragraph((Run(text or "x"), Run("Ana", person="ana@x.example"))),))
    [block] = [node for node in nodes(teams.card(shown, PEOPLE["teams"])) if node.get("type") == "TextBlock"]
    before = block["text"].rsplit("<at>", 1)[0]
    assert "<" not in before
    assert all(before[i - 1] == "\\" for i, c in enumerate(before) if c in "*_[]`~")


MONEYS = st.decimals(Decimal(-1000), Decimal(10**6), places=2)
BLOCKS = st.one_of(
    st.builds(Paragraph, st.lists(st.builds(Run, st.text(max_size=4000), st.booleans()), min_size=1, max_size=3).map(tuple)),
    st.builds(Note, st.tuples(st.builds(Run, st.text(max_size=3000)))),
    st.builds(Facts, st.lists(st.tuples(ANY, ANY), max_size=30).map(tuple)),
    st.integers(1, 25).flatmap(
        lambda n: st.builds(
            Table, st.just(("h",) * n), st.lists(st.just(("cell " * 30,) * n), max_size=150).map(tuple), st.just(frozenset({n - 1})), ANY
        )
    ),
    st.builds(Progress, st.fractions(Fraction(-1), Fraction(9)), ANY),
    st.builds(
        Chart,
        st.sampled_from(["bar", "line", "donut"]),
        ANY,
        ANY,
        ANY,
        st.lists(st.builds(Point, ANY, MONEYS, ANY), max_size=70).map(tuple),
    ),
    st.builds(
        Actions,
        st.lists(
            st.one_of(
                st.builds(Button, ANY, st.just("ask"), ANY, st.booleans()),
                st.builds(
                    Select, ANY, st.just("ask"), st.lists(st.builds(Option, ANY, ANY), min_size=1, max_size=120).map(tuple), st.booleans()
                ),
            ),
            max_size=30,
        ).map(tuple),
    ),
)


@given(
    st.text(max_size=300),
    st.text(max_size=5000),
    st.lists(BLOCKS, max_size=8).map(tuple),
    st.sampled_from(["plain", "good", "warn", "alert"]),
)
def test_any_card_fits(faults: Callable[[str, Any], list[str]], title: str, summary: str, blocks: tuple[Any, ...], tone: str) -> None:
    shown = Card(title, summary, blocks, tone)
    for kind, payload in payloads(shown).items():
        assert faults(kind, payload) == []
    assert terminal.render(shown)


@given(st.lists(MONEYS, min_size=1, max_size=100), st.integers(1, 31))
def test_neighbours_added_together_lose_nothing(values: list[Decimal], most: int) -> None:
    points = [Point(str(n), value, "") for n, value in enumerate(values)]
    found = fit.neighbours(points, most)
    assert len(found) <= most
    assert sum(point.value for point in found) == sum(values)


@given(st.lists(ANY, max_size=30), st.integers(8, 40))
def test_shortened_names_stay_different(names: list[str], most: int) -> None:
    found = fit.distinct(names, most)
    assert len(set(found)) == len(names)
    assert all(0 < len(name) <= most for name in found)


def test_what_has_no_room_is_said() -> None:
    rows = tuple((f"row {n}", "1") for n in range(300))
    shown = Card("t", "s", (Table(("a", "b"), rows, more="… and 14 more"),))
    assert "201 more rows. … and 14 more" in json.dumps(slack.message(shown), ensure_ascii=False)
    assert "more rows" in json.dumps(teams.card(shown))


def test_a_form_of_any_field_has_its_kind() -> None:
    form = Form("do", "on", "Send", (Field("number", "n", "N"), Field("date", "d", "D", is_required=False)))
    modal = slack.modal(Card("t", "s", (form,)))
    assert [block["element"]["type"] for block in modal["blocks"]] == ["number_input", "datepicker"]
    assert [block["optional"] for block in modal["blocks"]] == [False, True]


def nodes(payload: Any) -> Iterator[dict[str, Any]]:
    if isinstance(payload, dict):
        yield payload
        for value in payload.values():
            yield from nodes(value)
    elif isinstance(payload, list):
        for value in payload:
            yield from nodes(value)


if __name__ == "__main__":
    for folder, render in (("slack", slack.message), ("teams", teams.card)):
        (GOLDEN / folder).mkdir(parents=True, exist_ok=True)
        for view, name, example in EXAMPLES:
            text = json.dumps(render(card(example, READER)), ensure_ascii=False, indent=1)
            (GOLDEN / folder / f"{view.template.replace('/', '-')}-{name}.json").write_text(text + "\n", "utf-8")


@given(ANY, ANY, st.lists(st.text(st.characters(min_codepoint=0x10000, max_codepoint=0x1FFFF), max_size=60), min_size=1, max_size=12))
def test_what_teams_takes_without_weighing_fits(title: str, summary: str, texts: list[str]) -> None:
    """The bound holds for the widest letters in every kind of block that it counts."""
    pairs = tuple((text, text) for text in texts)
    blocks = (
        Paragraph(tuple(Run(text, is_bold=True, is_code=True, url=text) for text in texts)),
        Note((Run(texts[0]),)),
        Facts(pairs),
        Table(("", ""), pairs, frozenset({0, 1}), texts[0]),
        Progress(Fraction(3, 2), texts[0]),
        Actions(tuple(Button(text, "ask", text, is_primary=True) for text in texts)),
    )
    for shown in (Card(title, summary, blocks), *(Card(title, summary, (block,)) for block in blocks)):
        assert teams._size(teams.card(shown)) <= teams._at_most(shown) < inf

"""Teams' journeys in Microsoft's 365 Agents Playground: what counts is what its client shows, and what it wrote down of the traffic.

What Playground 0.2.28 cannot show: tokens and tenants (requests come without), full width, who may not be written to, limits
of rate, and that a card which is replaced in one view stays replaced in others. Opt-in; see `playground.tools`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from emulators.playground import ALONE, CHANNEL, DEADLINE_S, GROUP, Office, play, tools
from factories import charge, write_csv, write_directory
from loading import ingest

from adapters.chat.teams import listeners
from bot.services import directory
from bot.services.converse import Conversation
from bot.services.talk import BROKEN
from bot.wiring import App

pytestmark = pytest.mark.emulator


@pytest.fixture
def company(make_app: Callable[..., App], tmp_path: Path) -> App:
    tools()
    app = make_app()
    directory.apply(directory.plan(write_directory(tmp_path), app.people), app.people)
    ingest(app, write_csv(tmp_path / "bill.csv", [charge("2026-11-03", "41.50")]))
    return app


async def known(office: Office) -> None:
    """Let Ana ask and say yes."""
    await office.ana.says("me")
    await office.ana.sees("Are you Ana Ruiz?")
    await office.ana.presses("Yes, that is me")
    await office.ana.sees("$41.50", gone="Are you")


def public(office: Office) -> list[dict[str, Any]]:
    """Return what aispend said where others read."""
    return [told for told in office.teams.told() if "/conversations/19" in told["url"] and told["method"] != "GET"]


def test_yes_a_button_and_a_form_replace_the_card_in_place(company: App) -> None:
    async def scene(office: Office) -> None:
        ana = office.ana
        await ana.says("me")
        [asked] = await ana.sees("Are you Ana Ruiz?")
        assert "ana@x.example" in asked
        assert "$" not in asked
        await ana.presses("Yes, that is me")
        [figures] = await ana.sees("$41.50", gone="Are you")
        assert "Nov 1 – 23, 2026" in figures
        assert await ana.bars() == 23

        await ana.presses("By project")
        [drilled] = await ana.sees("By project", gone="Highest")
        assert "$41.50" in drilled
        assert await ana.bars() == 0

        await ana.presses("Other days …")
        await ana.sees("First day", gone="$41.50")
        await ana.dates("First day", "20, November, 2026")
        await ana.dates("Last day", "5, November, 2026")
        await ana.presses("Show")
        [wrong] = await ana.sees("The last day is before the first one.")
        assert "$" not in wrong
        await ana.dates("First day", "2, November, 2026")
        await ana.chooses("By", "Model")
        await ana.presses("Show")
        [right] = await ana.sees("Nov 2", gone="First day")
        assert "Nov 2 – 5, 2026" in right, "the last day stands there as it was given before the fault"
        assert {"$41.50", "large-1"} <= set(right.replace(" — ", "\n").splitlines())
        methods = [told["method"] for told in office.teams.told() if "/activities" in told["url"]]
        assert methods == ["POST", "PUT", "PUT", "PUT", "PUT"], "one message, edited for good with every answer but the fault"

    play(company, scene)


def test_a_choice_from_the_menu_replaces_the_card(company: App) -> None:
    async def scene(office: Office) -> None:
        await known(office)
        await office.ana.chooses("More", "Last month")
        await office.ana.presses("More")
        [shown] = await office.ana.sees("Oct 1", gone="Nov 1")
        assert "41.50" not in shown

    play(company, scene)


def test_a_slow_answer_is_announced_and_a_broken_one_excused(company: App, monkeypatch: pytest.MonkeyPatch) -> None:
    weigh, heard = Conversation.weigh, threading.Event()

    def slow(*given: Any) -> Any:
        assert heard.wait(DEADLINE_S)
        return weigh(*given)

    def broken(*_: object) -> None:
        raise RuntimeError("secret figure $98.76")

    async def scene(office: Office) -> None:
        await known(office)
        with monkeypatch.context() as patched:
            patched.setattr(listeners, "CLICK_S", 0.0)
            patched.setattr(Conversation, "weigh", slow)
            await office.ana.presses("By project")
            await office.ana.hears("One moment: the answer follows here.")
            heard.set()
            await office.ana.sees("By project", gone="Highest")
        with monkeypatch.context() as patched:
            patched.setattr(Conversation, "weigh", broken)
            await office.ana.presses("By model")
            await office.ana.hears(BROKEN)
            [kept] = await office.ana.sees("$41.50")
            assert "98.76" not in kept

    play(company, scene)


def test_who_asks_where_others_read_is_answered_in_their_own_chat_only(company: App) -> None:
    async def scene(office: Office) -> None:
        ana = office.ana
        await known(office)
        for number, (chat, words) in enumerate(((CHANNEL, "me"), (GROUP, "me by model")), start=2):
            await ana.opens(chat)
            await ana.says(words, mentioned="aispend")
            [said] = await ana.sees("own chat")
            assert "$" not in said
            await ana.opens(ALONE)
            cards = await ana.sees("large-1")
            assert len(cards) == number
            assert "$41.50" in cards[-1]
        assert len(public(office)) == 2
        assert "$" not in json.dumps(public(office)).replace('"$schema"', "")

    play(company, scene)


def test_who_asks_first_in_a_channel_is_asked_who_they_are_in_their_own_chat(company: App) -> None:
    async def scene(office: Office) -> None:
        await office.ana.opens(CHANNEL)
        await office.ana.says("me", mentioned="aispend")
        [said] = await office.ana.sees("own chat")
        assert "Ana" not in said
        await office.ana.opens(ALONE)
        await office.ana.sees("Are you Ana Ruiz?")
        await office.ana.presses("Yes, that is me")
        await office.ana.sees("$41.50", gone="Are you")
        assert "$" not in json.dumps(public(office)).replace('"$schema"', "")

    play(company, scene)

"""Slack's journeys in Vercel's emulate: what counts is what that Slack has stored, not what we sent.

What emulate 0.12.2 cannot show: slash commands, clicks and events are posted by the test (signed, made of what emulate
stored), response URLs are caught beside it; it has no guests, no deactivated or foreign users, no rate limits, no
`x-oauth-scopes`, checks no blocks, and takes any unknown token for an administrator without scopes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from emulators.slack import DEADLINE_S, SECRET, TEAM, TOKEN, Office, at, node, play, scopes
from factories import charge, write_csv, write_directory
from loading import ingest
from structlog.testing import capture_logs

from adapters.chat.slack import render
from adapters.chat.slack.client import SlackChat
from bot.domain.account import Account
from bot.errors import DeliveryImpossible
from bot.messages.markup import parse
from bot.ports import Sent
from bot.services import directory
from bot.services.talk import BROKEN
from bot.wiring import App

pytestmark = pytest.mark.emulator


@pytest.fixture
def company(make_app: Callable[..., App], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    node()
    monkeypatch.setenv("AISPEND_SLACK_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("AISPEND_SLACK_SIGNING_SECRET", SECRET)
    app = make_app()
    directory.apply(directory.plan(write_directory(tmp_path), app.people), app.people)
    ingest(app, write_csv(tmp_path / "bill.csv", [charge("2026-11-03", "41.50")]))
    return app


async def known(office: Office) -> tuple[str, dict[str, Any]]:
    """Let Ana ask and say yes; return the channel and the message that then shows her figures."""
    channel = await office.writes("ana", "me")
    await office.between.answer("chat.postMessage")
    asked = (await office.slack.history(channel))[-1]
    await office.press("ana", "confirm", asked["blocks"], **at(channel, asked))
    await office.between.answer("chat.update")
    return channel, (await office.slack.history(channel))[-1]


def test_a_question_is_answered_where_it_was_asked_and_yes_edits_the_answer(company: App) -> None:
    async def scene(office: Office) -> None:
        channel = await office.writes("ana", "me")
        posted = await office.between.answer("chat.postMessage")
        question, asked = await office.slack.history(channel)
        assert (question["user"], asked["user"], asked["ts"]) == (office.slack.ids["ana"], "UAISPEND", posted["ts"])
        assert "Are you" in json.dumps(asked)
        assert "41.5" not in json.dumps(asked)
        await office.press("ana", "confirm", asked["blocks"], **at(channel, asked))
        await office.between.answer("chat.update")
        _, answered = await office.slack.history(channel)  # still two: the answer took the place of the question
        assert (answered["ts"], answered["edited"]["user"]) == (asked["ts"], "UAISPEND")
        assert "$41.50" in answered["text"]
        assert "Are you" not in json.dumps(answered)

    play(company, scene)


def test_a_command_is_answered_to_that_person_only(company: App) -> None:
    async def scene(office: Office) -> None:
        asked = await office.command("ana", "me")
        assert asked["response_type"] == "ephemeral"
        assert "41.5" not in json.dumps(asked)
        alone = {"container": {"type": "message", "is_ephemeral": True}, "response_url": f"{office.between.url}/response"}
        await office.press("ana", "confirm", asked["blocks"], **alone)
        answered = await asyncio.wait_for(office.between.caught.get(), DEADLINE_S)
        assert answered["replace_original"] is True
        assert "$41.50" in answered["text"]
        assert await office.slack.shown("channels", "Direct Messages") == []

    play(company, scene)


def test_a_form_opens_with_a_trigger_that_holds_once_and_for_three_seconds(company: App) -> None:
    async def scene(office: Office) -> None:
        channel, message = await known(office)
        trigger = await office.slack.trigger("ana")
        await office.press("ana", "pick", message["blocks"], trigger, **at(channel, message))
        opened = await office.between.answer("views.open")
        assert opened["ok"], opened
        shown = await office.slack.shown("views", "Modals")
        assert [(row[0], row[2]) for row in shown] == [(opened["view"]["id"], "ana")]
        assert shown[0][4].startswith("Which days of")
        await office.submit("ana", opened["view"], first="2026-11-04", last="2026-11-05")
        await office.between.answer("chat.update")
        assert "41.50" not in (await office.slack.history(channel))[-1]["text"]
        await office.submit("ana", opened["view"], first="2026-11-01", last="2026-11-05")
        await office.between.answer("chat.update")
        assert "$41.50" in (await office.slack.history(channel))[-1]["text"]

        await office.press("ana", "pick", message["blocks"], trigger, **at(channel, message))
        assert (await office.between.answer("views.open"))["error"] == "exchanged_trigger_id"
        late = await office.slack.trigger("ana")
        await asyncio.wait_for(expired(office, late), DEADLINE_S)
        await office.press("ana", "pick", message["blocks"], late, **at(channel, message))
        assert (await office.between.answer("views.open"))["error"] == "expired_trigger_id"
        assert len(await office.slack.shown("views", "Modals")) == 1

    play(company, scene)


async def expired(office: Office, trigger: str) -> None:
    """Wait until emulate itself calls *trigger* expired."""
    while [trigger, "expired"] not in [row[0::5] for row in await office.slack.shown("views", "Trigger IDs")]:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.05)


def test_the_home_page_is_published_and_replaced(company: App) -> None:
    async def scene(office: Office) -> None:
        await office.event({"type": "app_home_opened", "tab": "home", "user": office.slack.ids["ana"]})
        asked = await office.between.answer("views.publish")
        [before] = await office.slack.shown("views", "App Home")
        assert (before[0], before[2]) == (asked["view"]["id"], "ana")
        assert "Are you" in before[4]
        await office.press("ana", "confirm", asked["view"]["blocks"], container={"type": "view", "view_id": asked["view"]["id"]})
        await office.between.answer("views.publish")
        [after] = await office.slack.shown("views", "App Home")
        assert after[0] == before[0]
        assert "$41.50" in after[4]

    play(company, scene)


def test_a_stranger_finds_no_figure_in_their_channel(company: App) -> None:
    async def scene(office: Office) -> None:
        for words in ("me", "team search", "org"):
            channel = await office.writes("nobody", words)
            await office.between.answer("chat.postMessage")
            said = json.dumps((await office.slack.history(channel))[-1])
            assert "I cannot tell whose figures are yours" in said
            assert "$" not in said

    play(company, scene)


def test_without_the_right_to_see_who_asks_people_read_a_sentence_and_the_log_the_remedy(company: App) -> None:
    async def scene(office: Office) -> None:
        with capture_logs() as events:
            channel = await office.writes("ana", "me")
            refused = await office.between.answer("users.info")
            await office.between.answer("chat.postMessage")
        assert (refused["error"], refused["needed"]) == ("missing_scope", "users:read")
        assert BROKEN in (await office.slack.history(channel))[-1]["text"]
        assert any("compare it with `aispend manifest slack`" in event.get("reason", "") for event in events)

    play(company, scene, scopes() - {"users:read"})


def test_without_the_right_to_see_addresses_everybody_is_a_stranger(company: App) -> None:
    async def scene(office: Office) -> None:
        channel = await office.writes("ana", "me")
        await office.between.answer("chat.postMessage")
        said = json.dumps((await office.slack.history(channel))[-1])
        assert "I cannot tell whose figures are yours" in said
        assert "$" not in said

    play(company, scene, scopes() - {"users:read.email"})


def test_without_the_right_to_write_nothing_is_stored_and_the_sentence_names_the_remedy(company: App) -> None:
    async def scene(office: Office) -> None:
        chat = SlackChat(TOKEN, company.settings.slack.api)
        await chat.start()
        try:
            with pytest.raises(DeliveryImpossible, match="missing_scope: the app lacks a scope; compare it with `aispend manifest slack`"):
                await chat.send(Account("slack", TEAM, office.slack.ids["ana"]), parse("<card><title>Hello</title></card>"))
        finally:
            await chat.close()
        assert await office.slack.shown("channels", "Direct Messages") == []

    play(company, scene, scopes() - {"chat:write"})


def test_a_message_to_a_person_lies_in_their_channel_as_it_was_drawn(company: App) -> None:
    card = parse("<card><title>R&amp;D &lt;all&gt;: $41.50</title><p>Of <b>which</b> estimated: nothing.</p></card>")
    changed = parse("<card><title>R&amp;D: $40.00</title></card>")

    async def scene(office: Office) -> None:
        chat = SlackChat(TOKEN, company.settings.slack.api)
        await chat.start()
        try:
            sent = await chat.send(Account("slack", TEAM, office.slack.ids["ben"]), card)
            assert sent.place.startswith("D")
            await stands(office, sent, render.message(card))
            await chat.edit(sent, changed)
            await stands(office, sent, render.message(changed))
            with pytest.raises(DeliveryImpossible, match="channel_not_found"):
                await chat.send(Account("slack", TEAM, "UGONE"), card)
            with pytest.raises(DeliveryImpossible, match="message_not_found"):
                await chat.edit(Sent("slack", TEAM, sent.place, "1.2"), card)
        finally:
            await chat.close()

    play(company, scene)


async def stands(office: Office, sent: Sent, message: dict[str, Any]) -> None:
    """Assert that *message* is the only one of its channel."""
    [found] = await office.slack.history(sent.place)
    assert (found["ts"], found["text"], found["blocks"]) == (sent.message, message["text"], message["blocks"])

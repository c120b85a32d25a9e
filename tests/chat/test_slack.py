"""Slack over real HTTP: signed requests in, calls to a fake Web API out; only who said yes is shown their own figures."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from chat_slack import SECRET, STAMP, USERS, Rig
from conftest import NOW, aispend

from adapters.chat.slack.listeners import COMMAND
from bot.cli import doctor_chat
from bot.domain.account import Account, Profile
from bot.services.converse import Conversation
from bot.services.talk import BROKEN
from bot.wiring import App
from bot.wiring.chat import slack_manifest, slack_scopes


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AISPEND_SLACK_BOT_TOKEN", "xoxb-of-tests")
    monkeypatch.setenv("AISPEND_SLACK_SIGNING_SECRET", SECRET)


def play(app: App, scene: Callable[[Rig], Any]) -> None:
    async def run() -> None:
        async with Rig(app) as rig:
            await scene(rig)

    asyncio.run(run())


def test_figures_come_after_yes_and_drill_down_in_place(company: App) -> None:
    async def scene(rig: Rig) -> None:
        first = await rig.command("UANA", "me")
        assert first["response_type"] == "ephemeral"
        assert "Are you" in json.dumps(first)
        assert "41.5" not in json.dumps(first)
        _, second = await rig.press("UANA", "confirm", "me")
        assert second["replace_original"] is True
        assert "$41.50" in second["text"]
        _, third = await rig.press("UANA", "ask", "me by model")
        assert "By model" in json.dumps(third)
        name, opened = await rig.press("UANA", "pick", "me")
        assert name == "views.open"
        assert "First day" in json.dumps(opened["view"])

    play(company, scene)


@pytest.mark.parametrize("user", ["UGUEST", "UNOBODY", "UMUTE"])
def test_who_stands_for_nobody_sees_a_sentence_and_no_figure(company: App, user: str) -> None:
    async def scene(rig: Rig) -> None:
        for words in ("me", "team search", "org"):
            said = json.dumps(await rig.command(user, words))
            assert "I cannot tell whose figures are yours" in said
            assert "$" not in said
        _, pressed = await rig.press(user, "confirm", "me")
        assert "$" not in json.dumps(pressed)

    play(company, scene)


def test_who_cannot_be_looked_up_reads_a_sentence_and_no_figure(company: App) -> None:
    async def scene(rig: Rig) -> None:
        rig.slack.refused["users.info"] = "missing_scope"
        said = json.dumps(await rig.command("UANA", "me"))
        assert BROKEN in said
        assert "$" not in said

    play(company, scene)


def test_another_workspace_learns_nothing(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        assert "organisation that installed me" in json.dumps(await rig.command("UANA", "me", team="T2"))
        _, said = await rig.press("UANA", "ask", "me", team="T2")
        assert "organisation that installed me" in json.dumps(said)

    play(company, scene)


def test_what_is_not_signed_fresh_small_and_whole_is_refused(company: App) -> None:
    async def scene(rig: Rig) -> None:
        body = urlencode({"command": COMMAND, "user_id": "UANA", "team_id": "T1"}).encode()
        assert await rig.post(body, **{"X-Slack-Signature": "v0=" + "0" * 64}) == 401
        assert await rig.post(body, **{"X-Slack-Signature": "v0=é"}) == 401
        assert await rig.post(body, **{"X-Slack-Request-Timestamp": "abc"}) == 401
        assert await rig.post(body, **{"X-Slack-Request-Timestamp": str(STAMP - 301)}) == 401
        assert await rig.post(b"\xff\xfe") == 401
        assert await rig.post(b"x" * 300_000) == 413
        assert await rig.post(urlencode({"payload": "[" * 80_000}).encode()) == 400
        assert await rig.post(b"{", "application/json") == 400
        assert [name for name, _ in rig.slack.calls] == ["auth.test"]

    play(company, scene)


def test_a_replayed_request_and_a_repeated_event_do_nothing(company: App) -> None:
    async def scene(rig: Rig) -> None:
        event = {"type": "message", "channel_type": "im", "channel": "D1", "user": "UANA", "text": "me"}
        for number in (1, 1, 2):
            body = {"type": "event_callback", "team_id": "T1", "event_id": "E1", "event": event, "n": number}
            assert await rig.post(json.dumps(body).encode(), "application/json") == 200
        await rig.slack.next()
        async with rig.session.get(f"http://{rig.address}/metrics") as response:
            text = await response.text()
        assert [name for name, _ in rig.slack.calls].count("chat.postMessage") == 1
        assert "ana" not in text.lower()

    play(company, scene)


def test_a_form_says_what_is_wrong_and_its_answer_edits_the_message(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        _, opened = await rig.press("UANA", "pick", "me")
        for last, words in (("2026-10-01", "before the first one"), ("2026-11-05", "")):
            days = {"first": {"answer": {"selected_date": "2026-11-01"}}, "last": {"answer": {"selected_date": last}}}
            view = {
                "callback_id": "picked",
                "private_metadata": opened["view"]["private_metadata"],
                "state": {"values": days},
                "type": "modal",
            }
            payload = {"type": "view_submission", "user": {"id": "UANA", "team_id": "T1"}, "team": {"id": "T1"}, "view": view}
            body = urlencode({"payload": json.dumps(payload)}).encode()
            assert words in await rig.text(body)
        _, said = await rig.slack.next()
        assert said["replace_original"] is True
        assert "$41.50" in said["text"]

    play(company, scene)


def test_the_language_that_was_chosen_is_spoken_from_then_on(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        _, settings = await rig.press("UANA", "language", "de")
        assert "Einstellungen" in json.dumps(settings)
        said = json.dumps(await rig.command("UANA", "me"), ensure_ascii=False)
        assert "deine KI-Kosten" in said
        assert "41,50" in said
        said = json.dumps(await rig.command("UANA", "taem"), ensure_ascii=False)
        assert "Meintest du: team?" in said
        assert "nichts, was ich dir zeigen kann" in json.dumps(await rig.command("UANA", "org"))
        _, old = await rig.press("UANA", "dance", "")
        assert "Frag noch einmal" in json.dumps(old)
        _, opened = await rig.press("UANA", "pick", "me")
        assert opened["view"]["close"]["text"] == "Abbrechen"
        view = {"callback_id": "picked", "private_metadata": opened["view"]["private_metadata"], "state": {"values": {}}, "type": "modal"}
        payload = {"type": "view_submission", "user": {"id": "UANA", "team_id": "T1"}, "team": {"id": "T1"}, "view": view}
        assert json.loads(await rig.text(urlencode({"payload": json.dumps(payload)}).encode()))["errors"]["first"] == "Wähle einen Tag."

    play(company, scene)


def test_what_broke_is_told_in_the_persons_language(company: App, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        await rig.press("UANA", "language", "de")
        monkeypatch.setattr(Conversation, "weigh", lambda *_: 1 / 0)
        assert "Bei mir ist etwas schiefgegangen" in json.dumps(await rig.command("UANA", "me"))

    play(company, scene)


def test_a_form_that_cannot_be_opened_any_more_is_said(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        rig.slack.refused["views.open"] = "expired_trigger_id"
        name, said = await rig.press("UANA", "pick", "me")
        assert (name, said["replace_original"]) == ("response", False)
        assert "Press it again" in said["text"]

    play(company, scene)


def test_a_stranger_is_answered_in_the_language_of_their_profile(company: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(USERS, "UNOBODY", {**USERS["UNOBODY"], "locale": "de-DE"})

    async def scene(rig: Rig) -> None:
        assert "welche Zahlen deine sind" in json.dumps(await rig.command("UNOBODY", "me"))

    play(company, scene)


def test_the_home_page_is_the_persons_own(company: App) -> None:
    async def scene(rig: Rig) -> None:
        event = {"type": "app_home_opened", "tab": "home", "user": "UANA"}
        body = {"type": "event_callback", "team_id": "T1", "event_id": "E9", "event": event}
        assert await rig.post(json.dumps(body).encode(), "application/json") == 200
        name, given = await rig.slack.next()
        assert (name, given["user_id"]) == ("views.publish", "UANA")
        assert "Are you" in json.dumps(given)

    play(company, scene)


def test_what_slack_escapes_is_read_as_it_was_typed(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        said = await rig.command("UANA", "me R&amp;D")
        assert "“R&D”" in json.dumps(said["blocks"], ensure_ascii=False)

    play(company, scene)


async def nobody_is_bound(company: App) -> None:
    while any(binding.is_live for binding in company.accounts.every()):  # noqa: ASYNC110 - the store tells nobody of a change
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("change", [{"deleted": True}, {"is_restricted": True}, {"profile": {"email": "new@y.example"}}])
def test_who_leaves_or_changes_is_shown_nothing_more(company: App, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform tells of the change; neither the event nor an unreachable platform may keep the old binding alive."""

    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        user = {"id": "UANA", "team_id": "T1", **USERS["UANA"], **change}
        body = {"type": "event_callback", "team_id": "T1", "event_id": "E7", "event": {"type": "user_change", "user": user}}
        assert await rig.post(json.dumps(body).encode(), "application/json") == 200
        monkeypatch.setitem(USERS, "UANA", {**USERS["UANA"], **change})
        await asyncio.wait_for(nobody_is_bound(company), 10)  # the event is acknowledged before it is worked on
        for _ in range(2):
            assert "41.50" not in json.dumps(await rig.command("UANA", "me"))
        assert not any(binding.is_live for binding in company.accounts.every())

    play(company, scene)


def test_uninstalling_takes_every_account_off_its_person(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        body = {"type": "event_callback", "team_id": "T1", "event_id": "E8", "event": {"type": "app_uninstalled"}}
        assert await rig.post(json.dumps(body).encode(), "application/json") == 200

    play(company, scene)  # leaving it drains what is under way
    assert not any(binding.is_live for binding in company.accounts.every())


def test_somebody_s_own_token_that_is_revoked_unbinds_nobody(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        event = {"type": "tokens_revoked", "tokens": {"oauth": ["UANA"], "bot": []}}
        body = {"type": "event_callback", "team_id": "T1", "event_id": "E9", "event": event}
        assert await rig.post(json.dumps(body).encode(), "application/json") == 200

    play(company, scene)
    assert any(binding.is_live for binding in company.accounts.every())


def test_an_offer_ends_when_the_address_changes_hands(company: App) -> None:
    account = Account("slack", "T1", "UANA")
    register = company.register
    assert register.read(account, Profile("ana@x.example")).person
    assert register.changed(account, Profile("ben@x.example"))
    assert not register.confirm(account, "ana@x.example")
    register.read(account, Profile("ben@x.example"))
    assert not register.confirm(account, "ana@x.example"), "who was asked about Ben's address cannot say yes for Ana"
    assert register.known(account) is None


def test_figures_leave_the_home_page_with_the_binding(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        await rig.press("UANA", "forget", "")
        await _until(lambda: any(name == "views.publish" for name, _ in rig.slack.calls))
        published = [given for name, given in rig.slack.calls if name == "views.publish"]
        assert "41.50" not in json.dumps(published)

    play(company, scene)


async def _until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the fake tells of one call at a time
            await asyncio.sleep(0.01)


def test_an_answer_that_was_under_way_is_not_said_any_more(company: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The binding ends while the figures are looked up."""
    weigh = Conversation.weigh

    def slow(of: Conversation, *words: Any) -> Any:
        found = weigh(of, *words)
        company.register.forget(Account("slack", "T1", "UANA"), "operator")
        return found

    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "help")
        monkeypatch.setattr(Conversation, "weigh", slow)
        assert "41.50" not in json.dumps(await rig.command("UANA", "me"))

    play(company, scene)


ODD = [
    {"type": "block_actions", "user": {"id": "UANA"}, "team": {"id": "T1"}, "actions": []},
    {
        "type": "block_actions",
        "user": {},
        "team": {"id": "T1"},
        "actions": [{"type": "button", "action_id": "ask:0", "block_id": "b", "value": "me"}],
    },
    {"type": "view_submission", "user": {"id": "UANA"}, "team": {"id": "T1"}, "view": {"callback_id": "picked", "state": {"values": [1]}}},
]


@pytest.mark.parametrize("payload", ODD)
def test_a_signed_request_that_is_odd_is_no_failure_of_ours(
    company: App, payload: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene(rig: Rig) -> None:
        assert await rig.post(urlencode({"payload": json.dumps(payload)}).encode()) < 500

    play(company, scene)
    assert "Traceback" not in "".join(capsys.readouterr())


def test_a_form_cannot_name_a_channel(company: App) -> None:
    """What a form carries is vouched for by Slack's signature, and believed about direct messages only."""

    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "help")
        view = {
            "type": "modal",
            "callback_id": "picked",
            "private_metadata": json.dumps({"on": "me", "channel": "C_PUBLIC", "message": "1.1"}),
            "state": {
                "values": {"first": {"answer": {"selected_date": "2026-11-01"}}, "last": {"answer": {"selected_date": "2026-11-20"}}}
            },
        }
        payload = {
            "type": "view_submission",
            "user": {"id": "UANA", "team_id": "T1"},
            "team": {"id": "T1"},
            "view": view,
            "trigger_id": "9",
        }
        rig.slack.heard.clear()
        assert await rig.post(urlencode({"payload": json.dumps(payload)}).encode()) == 200
        name, given = await rig.slack.next()
        assert (name, given["channel"]) == ("chat.postMessage", "UANA")

    play(company, scene)


def test_readiness_and_health(company: App) -> None:
    async def scene(rig: Rig) -> None:
        for path in ("healthz", "readyz"):
            async with rig.session.get(f"http://{rig.address}/{path}") as response:
                assert (response.status, (await response.json())["status"]) == (200, "ok")

    play(company, scene)


def test_what_is_under_way_is_finished_before_it_stops(company: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaving the rig is a SIGTERM: the answer that was begun still goes out."""
    begun = threading.Event()
    whole = Conversation.weigh

    def slow(of: Conversation, *words: Any) -> Any:
        begun.set()
        return whole(of, *words)

    monkeypatch.setattr(Conversation, "weigh", slow)
    kept: list[Rig] = []

    async def scene(rig: Rig) -> None:
        kept.append(rig)
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "help")
        begun.clear()
        fields = {"command": COMMAND, "text": "me", "user_id": "UANA", "team_id": "T1", "response_url": f"{rig.slack.url}response"}
        assert await rig.post(urlencode(fields).encode()) == 200

    play(company, scene)
    assert "$41.50" in kept[0].slack.calls[-1][1]["text"]


def test_who_was_known_is_known_while_slack_is_away_but_not_for_ever(company: App, make_app: Callable[..., App]) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")

    play(company, scene)
    for days, sees in ((0.5, True), (2, True), (8, False)):
        later = datetime.fromisoformat(NOW) + timedelta(days=days)
        app = make_app(now=later.isoformat())

        async def ask(rig: Rig, *, sees: bool = sees) -> None:
            rig.slack.refused["users.info"] = "internal_error"
            said = json.dumps(await rig.command("UANA", "me 2026-11"))
            assert ("$41.50" in said) is sees
            if not sees:
                assert "cannot check who you are" in said

        play(app, ask)


def test_a_profile_is_read_again_every_day(company: App, make_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")

    play(company, scene)
    monkeypatch.setitem(USERS, "UANA", {"profile": {"email": "ana@x.example"}, "deleted": True})
    app = make_app(now=(datetime.fromisoformat(NOW) + timedelta(days=1)).isoformat())

    async def ask(rig: Rig) -> None:
        assert "41.5" not in json.dumps(await rig.command("UANA", "me 2026-11"))

    play(app, ask)


def test_a_person_is_asked_for_by_mention(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.command("UANA", "me")
        await rig.press("UANA", "confirm", "me")
        await rig.command("UMIA", "me")
        await rig.press("UMIA", "confirm", "me")
        found = await rig.command("UMIA", "<@UANA|ana> by model")
        assert "$41.50" in found["text"]
        assert "Ana Ruiz" in found["text"]
        for words in ("<@UMIA|mia>", "<@UBEN>", "person <mailto:mia@x.example|mia@x.example>", "@nobody", '"@Mia Berg"'):
            assert "nothing here that I can show you" in json.dumps(await rig.command("UANA", words))

    play(company, scene)


def test_an_operator_s_word_holds_and_is_taken_back(company: App, tmp_path: Path) -> None:
    def accounts(*words: str) -> str:
        run = [aispend(), "--config", str(tmp_path / "aispend.toml"), "--now", NOW, "accounts", *words]
        return subprocess.run(run, capture_output=True, text=True, check=True).stdout

    async def scene(rig: Rig) -> None:
        await asyncio.to_thread(accounts, "bind", "slack:T1:UMUTE", "ana@x.example")
        assert "$41.50" in (await rig.command("UMUTE", "me"))["text"]
        assert "slack:T1:UMUTE" in await asyncio.to_thread(accounts, "list")
        await asyncio.to_thread(accounts, "unbind", "slack:T1:UMUTE")
        assert "41.5" not in json.dumps(await rig.command("UMUTE", "me"))

    play(company, scene)


def doctor(app: App, monkeypatch: pytest.MonkeyPatch, **of: Any) -> dict[str, str]:
    """What `doctor` says of Slack, by check."""
    found: dict[str, str] = {}

    async def scene(rig: Rig) -> None:
        for name, value in of.items():
            setattr(rig.slack, name, value)
        found.update({name: trouble or said for name, said, trouble in await doctor_chat.checks(app)})

    play(app, scene)
    return found


def test_doctor_says_what_is_wrong_with_slack(company: App, monkeypatch: pytest.MonkeyPatch) -> None:
    well = doctor(company, monkeypatch, scopes=",".join(slack_scopes()), date="Mon, 23 Nov 2026 09:00:30 GMT")
    assert well["slack token"] == "valid, of workspace T1"
    assert well["slack scopes"] == "as in the manifest"
    assert well["slack clock"] == "30 s off Slack's"
    assert "not compared" in well["slack manifest"]
    monkeypatch.setenv("AISPEND_SLACK_CONFIG_TOKEN", "xoxe-1")
    theirs = slack_manifest()
    theirs["settings"]["event_subscriptions"]["bot_events"].remove("user_change")
    ill = doctor(company, monkeypatch, scopes="commands", date="Mon, 23 Nov 2026 09:10:00 GMT", manifest=theirs)
    assert "The app lacks channels:read, chat:write" in ill["slack scopes"]
    assert "600 s off Slack's" in ill["slack clock"]
    assert "events is" in ill["slack manifest"]
    monkeypatch.delenv("AISPEND_SLACK_SIGNING_SECRET")
    assert asyncio.run(doctor_chat.checks(_enabled(company)))[0][2].startswith("[slack] is enabled, but AISPEND_SLACK_SIGNING_SECRET")


def _enabled(app: App) -> App:
    section = app.settings.slack.model_copy(update={"enabled": True})
    object.__setattr__(app, "settings", app.settings.model_copy(update={"slack": section}))
    return app

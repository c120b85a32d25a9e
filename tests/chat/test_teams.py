"""Teams over real HTTP: tokens signed by our own Bot Framework in, calls to our own connector out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from chat_teams import APP, BOT, OTHER, STAMP, TENANT, Credentials, FakeTeams, Rig, Ticking, jwk

from adapters.chat.teams import listeners
from adapters.chat.teams.auth import NotAuthentic, Trust
from adapters.chat.teams.inbound import typed
from adapters.chat.teams.keys import AGAIN, Keys
from adapters.clock import FixedClock
from bot.domain.account import Account
from bot.errors import ConfigError, DeliveryDeferred, DeliveryImpossible
from bot.messages.markup import parse
from bot.services.converse import Conversation
from bot.wiring import App, chat

CHANNEL = {"id": "19:general@thread.tacv2;messageid=1", "conversationType": "channel", "isGroup": True, "tenantId": TENANT}
MENTION = [{"type": "mention", "text": "<at>aispend</at>", "mentioned": BOT}]


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_credentials", lambda _: Credentials())


def play(app: App, scene: Callable[[Rig], Any]) -> None:
    async def run() -> None:
        async with Rig(app) as rig:
            await scene(rig)

    asyncio.run(run())


def words(message: Any) -> str:
    """Everything in *message* that somebody could read."""
    return json.dumps(message, ensure_ascii=False).replace('"$schema"', "")


async def known(rig: Rig, user: str = "ana") -> None:
    await rig.says(user, "me")
    await rig.presses(user, "confirm", {"on": "help"})
    await rig.teams.tell(2)


def test_figures_come_after_yes_and_drill_down_in_place(company: App) -> None:
    async def scene(rig: Rig) -> None:
        first = await rig.says("ana", "me")
        assert "Are you" in words(first)
        assert "41.5" not in words(first)
        second = await rig.presses("ana", "confirm", {"on": "me"})
        assert (second["statusCode"], second["type"]) == (200, "application/vnd.microsoft.card.adaptive")
        assert "$41.50" in words(second["value"])
        method, path, edited = (await rig.teams.tell(2))[1]
        assert (method, path) == ("PUT", "v3/conversations/a:ana/activities/7")
        assert "$41.50" in edited["summary"]
        assert "By model" in words(await rig.presses("ana", "ask", {"on": "me by model"}))
        chosen = {"choice": "choice_9_3", "choice_9_3": "me last month", "on": ""}
        assert "Oct" in words(await rig.presses("ana", "ask", chosen))

    play(company, scene)


def test_a_form_says_what_is_wrong_and_its_answer_takes_its_place(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await known(rig)
        form = await rig.presses("ana", "pick", {"on": "me"})
        assert "Input.Date" in words(form)
        wrong = await rig.presses("ana", "picked", {"on": "me", "first": "2026-11-05", "last": "2026-11-01"})
        assert "before the first one" in words(wrong)
        assert "Input.Date" in words(wrong)
        right = await rig.presses("ana", "picked", {"on": "me", "first": "2026-11-01", "last": "2026-11-05", "by": "model"})
        assert "$41.50" in words(right)

    play(company, scene)


def test_an_old_client_submits_and_its_message_is_edited(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await known(rig)
        await rig.post(rig.activity("ana", value={"verb": "ask", "on": "me"}, replyToId="7"))
        method, path, edited = (await rig.teams.tell(3))[2]
        assert (method, path) == ("PUT", "v3/conversations/a:ana/activities/7")
        assert "$41.50" in words(edited)

    play(company, scene)


@pytest.mark.parametrize(
    "where", [CHANNEL, CHANNEL | {"conversationType": "groupChat", "id": "19:group@thread.v2"}], ids=["channel", "group"]
)
def test_where_others_read_stands_no_figure(company: App, where: dict[str, Any]) -> None:
    async def scene(rig: Rig) -> None:
        await known(rig)
        shared = {"conversation": where, "entities": MENTION}
        await rig.post(rig.activity("ana", text="<at>aispend</at> me&nbsp;", **shared))
        told = (await rig.teams.tell(4))[2:]
        private, public = told
        assert private[1] == "v3/conversations/a:ana/activities"
        assert "$41.50" in words(private[2])
        assert "own chat" in words(public[2])
        clicked = await rig.presses("ana", "ask", {"on": "me"}, **shared)
        assert clicked["type"] == "application/vnd.microsoft.activity.message"
        assert "own chat" in clicked["value"]
        await rig.teams.tell(5)
        for _, path, body in rig.teams.told:
            assert not path.startswith("v3/conversations/19") or "$" not in words(body)
        assert [path for _, path, _ in rig.teams.told].count("v3/conversations/a:ana/activities") == 3

    play(company, scene)


def test_who_asks_first_in_a_channel_is_answered_in_a_chat_opened_for_it(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await rig.post(rig.activity("ana", text="<at>aispend</at> me", conversation=CHANNEL, entities=MENTION))
        opened, private, public = await rig.teams.tell(3)
        assert opened[1] == "v3/conversations"
        assert opened[2]["members"] == [{"id": "29:ana"}]
        assert opened[2]["channelData"] == {"tenant": {"id": TENANT}}
        assert private[1] == "v3/conversations/a:ana/activities"
        assert "Are you" in words(private[2])
        assert public[1] == "v3/conversations/19:general@thread.tacv2;messageid=1/activities"
        assert "ana" not in words(public[2]).lower()

    play(company, scene)


def test_who_has_not_added_the_app_is_told_so_and_nothing_else(company: App) -> None:
    async def scene(rig: Rig) -> None:
        rig.teams.refuses["v3/conversations/a:"] = 403
        said = await rig.says("ana", "<at>aispend</at> me", conversation=CHANNEL, entities=MENTION)
        public = said if "attachments" in said else (await rig.teams.tell(2))[1][2]
        assert "Add me under Apps" in words(public)
        assert "$" not in words(rig.teams.told)

    play(company, scene)


def test_a_question_only_its_asker_saw_is_remarked_on_to_them_only(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await known(rig)
        await rig.post(rig.activity("ana", text="me", conversation=CHANNEL, recipient=BOT | {"isTargeted": True}))
        _, path, public = (await rig.teams.tell(4))[3]
        assert path.endswith("?isTargetedActivity=true")
        assert public["recipient"] == {"id": "29:ana"}

    play(company, scene)


@pytest.mark.parametrize("user", ["guest", "hired", "nobody", "mute", "gone"])
def test_who_stands_for_nobody_sees_a_sentence_and_no_figure(company: App, user: str) -> None:
    async def scene(rig: Rig) -> None:
        for text in ("me", "team search", "org"):
            said = words(await rig.says(user, text))
            assert "I cannot tell whose figures are yours" in said
            assert "$" not in said
        assert "$" not in words(await rig.presses(user, "confirm", {"on": "me"}))

    play(company, scene)


def test_who_has_no_id_in_the_tenant_or_wears_anothers_is_a_stranger(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await known(rig)
        said = words(await rig.says("anonymous", "me", **{"from": {"id": "29:anonymous", "name": "Ana"}}))
        assert "organisation that installed me" in said
        said = words(await rig.says("ben", "me", **{"from": {"id": "29:nobody", "aadObjectId": "aad-ben"}}))
        assert "$" not in said

    play(company, scene)


def test_a_click_is_answered_by_who_clicked_not_by_what_it_carries(company: App) -> None:
    async def scene(rig: Rig) -> None:
        await known(rig)
        other = words(await rig.presses("ben", "ask", {"on": "me", "email": "ana@x.example", "account": "aad-ana"}))
        assert "41.5" not in other
        for data in ({"on": ["me"]}, {"on": {"a": 1}}, {"choice": "nothing"}, {}):
            assert "41.5" not in words(await rig.presses("ben", "ask", data))
        assert "another version" in words(await rig.presses("ana", "drop-everything", {"on": "all"}))

    play(company, scene)


REFUSED: dict[str, Callable[[Rig], tuple[dict[str, Any], str | None]]] = {
    "no token": lambda rig: (rig.activity("ana"), None),
    "garbage": lambda rig: (rig.activity("ana"), "Bearer garbage"),
    "not bearer": lambda rig: (rig.activity("ana"), f"Basic {rig.token()}"),
    "no algorithm": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(key=None, algorithm='none')}"),
    "symmetric": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(key='k' * 32, algorithm='HS256')}"),
    "wrong key": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(key=OTHER)}"),
    "unknown key": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(kid='k9')}"),
    "no key id": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(kid=None)}"),
    "key of another channel": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(key=OTHER, kid='k-skype')}"),
    "wrong audience": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(aud=TENANT)}"),
    "wrong issuer": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(iss='https://sts.windows.net/')}"),
    "expired": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(exp=STAMP - 301)}"),
    "not yet": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(nbf=STAMP + 301)}"),
    "no expiry": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(exp=None)}"),
    "odd expiry": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(nbf='soon')}"),
    "no service URL in the token": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(serviceurl=None)}"),
    "another service URL": lambda rig: (rig.activity("ana"), f"Bearer {rig.token(serviceurl='https://smba.trafficmanager.net/emea/')}"),
    "no service URL": lambda rig: (rig.activity("ana", serviceUrl=None), ""),
    "a stranger's service URL": lambda rig: (
        rig.activity("ana", serviceUrl="https://evil.example/"),
        f"Bearer {rig.token(serviceurl='https://evil.example/')}",
    ),
    "half an address": lambda rig: (rig.activity("ana", serviceUrl="https://["), None),
    "an address that is none": lambda rig: (rig.activity("ana", serviceUrl="https://evil℀.teams.microsoft.com"), None),
    "a sender of another tenant": lambda rig: (
        rig.activity("ana", **{"from": {"id": "29:ana", "aadObjectId": "ana", "tenantId": APP}}),
        "",
    ),
    "no channel": lambda rig: (rig.activity("ana", channelId=None), ""),
    "another channel": lambda rig: (rig.activity("ana", channelId="emulator"), ""),
    "no sender": lambda rig: (rig.activity("ana", **{"from": None}), ""),
    "an odd conversation": lambda rig: (rig.activity("ana", conversation=["a:ana"]), ""),
    "another tenant": lambda rig: (rig.activity("ana", channelData={"tenant": {"id": APP}}), ""),
    "no tenant": lambda rig: (rig.activity("ana", channelData=None, conversation={"id": "a:ana", "conversationType": "personal"}), ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_nobody_vouches_for_is_refused(company: App, case: str) -> None:
    async def scene(rig: Rig) -> None:
        body, header = REFUSED[case](rig)
        assert await rig.post(body, header) == (401, "")
        assert rig.teams.told == []

    play(company, scene)


def test_what_is_not_small_and_whole_is_refused(company: App) -> None:
    async def scene(rig: Rig) -> None:
        for body, status in (
            (b"{", 400),
            (b"[]", 400),
            (b"\xff\xfe", 400),
            (b"[" * 100_000, 400),
            (b" " * 300_000, 413),
        ):
            assert (await rig.post(body))[0] == status
        odd = rig.activity(
            "ana", text="me", entities={"type": "mention"}, attachments="x", channelData={"tenant": {"id": TENANT}, "team": 1}
        )
        assert (await rig.post(odd))[0] in {200, 400}
        nested: Any = "x"
        for _ in range(500):
            nested = {"a": nested}
        assert (await rig.post(rig.activity("ana", text="me", value=nested)))[0] in {200, 400}

    play(company, scene)


def test_a_repeated_activity_is_answered_once(company: App) -> None:
    async def scene(rig: Rig) -> None:
        body = rig.activity("ana", text="me")
        for _ in range(3):
            assert (await rig.post(body))[0] == 200
        await rig.post(rig.activity("ana", text="help"))
        await rig.teams.tell(2)
        assert len(rig.teams.told) == 2

    play(company, scene)


def test_a_slow_answer_edits_the_message_when_it_is_there(company: App, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(rig: Rig) -> None:
        await known(rig)
        monkeypatch.setattr(listeners, "CLICK_S", 0.0)
        reply = await rig.presses("ana", "ask", {"on": "me"})
        assert (reply["type"], "moment" in reply["value"]) == ("application/vnd.microsoft.activity.message", True)
        method, _, edited = (await rig.teams.tell(3))[2]
        assert method == "PUT"
        assert "$41.50" in words(edited)

    play(company, scene)


def test_an_error_of_ours_is_one_sentence_without_its_cause(company: App, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret figure $41.50")

    async def scene(rig: Rig) -> None:
        await known(rig)
        monkeypatch.setattr(Conversation, "weigh", broken)
        reply = await rig.presses("ana", "ask", {"on": "me"})
        assert (reply["statusCode"], reply["type"]) == (500, "application/vnd.microsoft.error")
        assert "41.5" not in words(reply)
        assert "41.5" not in words(await rig.says("ana", "me"))
        assert (await rig.post(rig.activity("ana", type="invoke", name="adaptiveCard/action", value={"action": "?"})))[1][
            "statusCode"
        ] == 400
        assert (await rig.post(rig.activity("ana", type="invoke", name="task/fetch")))[0] == 501

    play(company, scene)


def test_being_added_is_noted_without_a_word_and_being_removed_ends_it(company: App) -> None:
    async def scene(rig: Rig) -> None:
        account = Account("teams", TENANT, "aad-ana")
        client, *_ = chat.teams_chat(company)
        await client.start()
        card = parse("<card><title>Hello</title></card>")
        with pytest.raises(DeliveryImpossible, match="not added"):
            await client.send(account, card)
        await rig.post(rig.activity("ana", type="installationUpdate", action="add"))
        team = {"conversation": {"id": "19:general@thread.tacv2", "conversationType": "channel"}, "membersAdded": [BOT]}
        data = {"tenant": {"id": TENANT}, "team": {"id": "19:general@thread.tacv2"}}
        await rig.post(rig.activity("ana", type="conversationUpdate", channelData=data, **team))
        await _until(lambda: company.documents.keys("teams.person") and len(company.documents.keys("teams.place")) == 2)
        sent = await client.send(account, card)
        assert rig.teams.told[-1][1] == "v3/conversations/a:ana/activities"
        await client.edit(sent, card)
        posted = await client.post(TENANT, "19:general@thread.tacv2", card)
        assert posted.place == "a:thread"
        await client.edit(posted, card)
        assert len(rig.teams.told) == 4
        await rig.post(rig.activity("ana", type="installationUpdate", action="remove"))
        await _until(lambda: company.documents.keys("teams.place", f"{TENANT}/a:ana") == [])
        await client.close()
        again, *_ = chat.teams_chat(company)
        await again.start()
        with pytest.raises(DeliveryImpossible, match="no longer"):
            await again.edit(sent, card)
        await again.close()

    play(company, scene)


async def _until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - a store tells nobody when something was written
            await asyncio.sleep(0)


def test_a_key_that_is_not_known_is_looked_for_once_in_a_while() -> None:
    async def run() -> None:
        teams, asked = FakeTeams(), []
        app = teams.application()
        app.on_response_prepare.append(lambda request, _: _counted(asked, request))
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        teams.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        clock = Ticking(datetime(2026, 11, 23, tzinfo=UTC))
        keys = Keys(f"{teams.url}/openid", clock)
        assert await keys.find("k1")
        teams.keys.append(jwk(OTHER, "k2"))
        clock.instant += timedelta(hours=1)
        assert await keys.find("k2"), "keys were exchanged: the new one is looked for at once"
        for made_up in range(50):
            assert await keys.find(f"made-up-{made_up}") is None
        assert len(asked) == 4, "two documents, twice; nobody can make us ask more often"
        await runner.cleanup()
        clock.instant += AGAIN
        assert await keys.find("k1"), "keys that are there outlive a document that is away"
        with pytest.raises(DeliveryDeferred):
            await Keys(f"{teams.url}/openid", clock).find("k1")

    asyncio.run(run())


def test_while_no_key_is_known_made_up_ones_wait_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The document is away: it is asked once, and everybody else is told so at once."""
    fetched: list[int] = []

    async def away(_: Keys) -> dict[str, Any]:
        fetched.append(1)
        raise TimeoutError

    async def run() -> None:
        monkeypatch.setattr(Keys, "_fetch", away)
        keys = Keys("http://127.0.0.1/openid", FixedClock(datetime(2026, 11, 23, tzinfo=UTC)))
        found = await asyncio.gather(*(keys.find(f"made-up-{n}") for n in range(20)), return_exceptions=True)
        assert all(isinstance(exc, DeliveryDeferred) for exc in found)
        assert len(fetched) == 1

    asyncio.run(run())


@pytest.mark.parametrize("text", ["<at>" * 60_000, "<at" * 80_000, "<p " * 80_000, "</at>" * 40_000])
def test_no_text_holds_up_the_others(text: str) -> None:
    """Patterns that look ahead for an end took minutes for such texts."""
    body = {
        "recipient": {"id": "28:bot"},
        "text": text,
        "entities": [{"type": "mention", "text": "<at>", "mentioned": {"id": "28:bot"}}] * 5000,
    }
    assert len(typed(body)) < 10_000


async def _counted(asked: list[str], request: web.Request) -> None:
    asked.append(request.path)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://smba.trafficmanager.net/emea/", True),
        ("https://smba.infra.gcc.teams.microsoft.com/teams", True),
        ("http://smba.trafficmanager.net/emea/", False),
        ("https://evil.trafficmanager.net/", False),
        ("https://teams.microsoft.com.evil.example/", False),
        ("https://evilteams.microsoft.com/", False),
        ("https://smba.trafficmanager.net@evil.example/", False),
        ("https://127.0.0.1/", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_answers_go_to_teams_and_nowhere_else(url: str, *, allowed: bool) -> None:
    assert Trust(APP, TENANT).allows(url) is allowed


def test_without_authentication_answers_stay_on_this_machine() -> None:
    assert Trust("", "").allows("http://127.0.0.1:56150/_connector")
    assert not Trust("", "").allows("https://smba.trafficmanager.net/emea/")


@pytest.mark.parametrize(
    ("given", "host", "insecure", "sentence"),
    [
        ({"app_id": ""}, "127.0.0.1", False, "refuses to serve Teams without app_id"),
        ({"app_id": ""}, "::", True, "127.0.0.1 only"),
        ({"app_id": APP}, "127.0.0.1", True, "Leave the option out"),
        ({"app_id": APP, "tenant": ""}, "127.0.0.1", False, "needs tenant"),
    ],
)
def test_it_does_not_start_open(company: App, given: dict[str, Any], host: str, *, insecure: bool, sentence: str) -> None:
    from bot.cli.serve import running

    section = company.settings.teams.model_copy(update={"enabled": True, "tenant": TENANT, **given})
    object.__setattr__(company, "settings", company.settings.model_copy(update={"teams": section}))

    async def run() -> None:
        async with running(company, host, 0, insecure=insecure):
            pass

    with pytest.raises(ConfigError, match=sentence):
        asyncio.run(run())


def test_the_sdk_itself_lets_nobody_in(company: App) -> None:
    from adapters.chat.teams.auth import TeamsAuthentication

    clock = FixedClock(datetime(2026, 11, 23, tzinfo=UTC))
    found = TeamsAuthentication(Trust(APP, TENANT), Keys("http://127.0.0.1:1/", clock), None, clock)
    for refused in (found.authenticate_request(None, "Bearer x"), found.authenticate_streaming_request("Bearer x", "msteams")):
        with pytest.raises(NotAuthentic):
            asyncio.run(refused)

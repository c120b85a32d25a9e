"""Requests for more budget, from the button to the version of the budget that follows; and the system that is told."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from office import BUDGETS, Office, office

from bot.errors import Refusal
from bot.services import directory
from bot.services.webhooks import MOST_ATTEMPTS, Webhooks
from bot.wiring import App


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    found.know()
    return found


def titles(firm: Office, who: str) -> list[str]:
    return [post.message.card.title for post in firm.posts() if post.message.to == f"{who}@x.example" and "request" in post.message.about]


def test_from_asking_to_a_budget_that_holds(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    firm.deliver()
    asked = firm.ask("ana", "budget request 50 until 2026-11-30 the migration takes longer")
    number = asked["number"]
    assert titles(firm, "mia") == ["Ana Ruiz asks for $50.00 more — Ana Ruiz"]
    done = firm.ask("mia", f"approve {number} 40")
    assert (done["state"], done["granted"]) == ("granted", "40")
    firm.deliver()
    assert titles(firm, "ana") == ["Granted: $40.00 more, $140.00 in all — your AI budget"]
    assert titles(firm, "mia") == ["Granted: $40.00 more, $140.00 in all — Ana Ruiz"], "what stood there is put right"
    assert any("The budget is now $140.00, it was $100.00" in text for text in firm.world.shown.values())
    budget = firm.ask("ana", "me")["budget"]
    assert budget["limit"] == "140"
    firm.spend("139")
    firm.review()
    assert firm.said()[-1] == ("ana", "You have used 99 % ($139.00 of $140.00)"), "a tier of the new limit that nobody was told of yet"
    firm.spend("140")
    firm.review()
    assert firm.said()[-1] == ("ana", "You have used 100 % ($140.00 of $140.00)")


def test_when_it_runs_out_the_former_limit_holds(firm: Office) -> None:
    firm.spend("104")
    number = firm.ask("ana", "budget request 50 until 2026-11-05 a launch")["number"]
    firm.ask("mia", f"approve {number}")
    assert firm.ask("ana", "me")["budget"]["limit"] == "150"
    firm.clock.instant += timedelta(days=7)
    assert firm.ask("ana", "me")["budget"]["limit"] == "100"
    firm.review()
    assert ("ana", "You have used 104 % ($104.00 of $100.00)") in firm.said()


def test_above_the_limit_finops_says_the_second_yes(firm: Office) -> None:
    number = firm.ask("ana", "budget request 5000 a big launch")["number"]
    firm.ask("mia", f"approve {number}")
    assert firm.ask("ana", "me")["budget"] is None or firm.ask("ana", "me")["budget"]["limit"] == "100"
    with pytest.raises(Refusal, match="somebody else"):
        firm.ask("mia", f"approve {number}")
    assert titles(firm, "fin") == ["One more yes is needed for $5,000.00 — Ana Ruiz"] or "asks for" in titles(firm, "fin")[0]
    assert firm.ask("fin", f"approve {number}")["state"] == "granted"


def test_whoever_asked_takes_it_back(firm: Office) -> None:
    number = firm.ask("ana", "budget request 50 more")["number"]
    firm.deliver()
    for who in ("mia", "ben", "fin"):
        with pytest.raises(Refusal, match=f"There is no request {number} of yours"):
            firm.ask(who, f"withdraw {number}")
    with pytest.raises(Refusal, match=f"withdraw {number}"):
        firm.ask("ana", "budget request 60 more")
    assert firm.ask("ana", f"withdraw {number}")["state"] == "withdrawn"
    firm.deliver()
    assert titles(firm, "mia") == ["Withdrawn: $50.00 — Ana Ruiz"], "what stood there is put right"
    assert any("Withdrawn: $50.00" in text for text in firm.world.shown.values())
    assert titles(firm, "ana") == [], "whoever took it back need not be told"
    for words in (f"approve {number}", f"deny {number} no"):
        with pytest.raises(Refusal, match="answered already, taken back"):
            firm.ask("mia", words)
    with pytest.raises(Refusal, match="answered already, taken back"):
        firm.ask("ana", f"withdraw {number}")
    assert firm.ask("ana", "budget request 60 more")["state"] == "asked"


def test_what_was_taken_back_before_it_was_sent_is_not_sent(firm: Office) -> None:
    number = firm.ask("ana", "budget request 50 more")["number"]
    firm.ask("ana", f"withdraw {number}")
    firm.deliver()
    assert firm.world.shown == {}


def test_no_comes_with_a_sentence(firm: Office) -> None:
    number = firm.ask("ana", "budget request 50 more")["number"]
    with pytest.raises(Refusal, match="Why not"):
        firm.ask("mia", f"deny {number}")
    firm.ask("mia", f"deny {number} please use the small model first")
    (told,) = [post for post in firm.posts() if post.message.to.startswith("ana")]
    assert "Mia Berg:" in repr(told.message.card)
    assert "please use the small model first" in repr(told.message.card)
    assert firm.ask("ana", "me")["budget"] is None or firm.ask("ana", "me")["budget"]["limit"] == "100"


def test_nobody_else_answers_or_learns_of_it(firm: Office) -> None:
    number = firm.ask("ana", "budget request 50 more")["number"]
    for who in ("ben", "ruth", "fin"):
        for words in (f"approve {number}", f"deny {number} no"):
            with pytest.raises(Refusal, match="no request"):
                firm.ask(who, words)
    with pytest.raises(Refusal, match="your own"):
        firm.ask("ana", f"approve {number}")


def test_the_same_is_asked_once(firm: Office) -> None:
    firm.ask("ana", "budget request 50 more")
    with pytest.raises(Refusal, match="already"):
        firm.ask("ana", "budget request 50 more, please")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("", "How much"), ("much", "How much"), ("-5 x", "How much"), ("0 x", "How much"), ("50", "What for"), ("50 until soon x", "no day"), ("50 until 2026-11-01 x", "Through which day")],
)  # fmt: skip
def test_what_is_not_whole_is_asked_for(firm: Office, words: str, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        firm.ask("ana", f"budget request {words}")


def test_who_nobody_answers_is_told(firm: Office) -> None:
    firm.ask("ana", "budget request 50 more")
    firm.clock.instant += timedelta(days=15)
    firm.app.duties()
    assert titles(firm, "ana") == ["Nobody answered in time: $50.00 — your AI budget"]


def test_a_team_s_raise_goes_above_its_manager(firm: Office) -> None:
    firm.agree('[[budgets]]\nname = "search"\nteam = "search"\nlimit = 100\n')
    firm.spend("104")
    firm.review()
    number = firm.app.alerts.every()[0].number
    found = firm.app.acts.pressed(
        firm.app.people.directory().people["mia@x.example"],
        "raised",
        str(number),
        {"amount": "50", "until": "2026-11-30", "reason": "launch"},
    )
    assert found.amount.nanos == 50 * 10**9
    assert titles(firm, "fin") == ["Mia Berg asks for $50.00 more — team search"]


def test_a_form_that_is_not_whole_says_where(firm: Office) -> None:
    ana = firm.app.people.directory().people["ana@x.example"]
    found = firm.app.acts.pressed(ana, "raised", "", {"amount": "lots", "until": "", "reason": " "})
    assert set(found.errors) == {"amount", "until", "reason"}


def test_a_system_of_ours_is_told_signed_and_again(firm: Office) -> None:
    heard: list[tuple[bytes, Mapping[str, str]]] = []
    takes = False

    def post(body: bytes, headers: Mapping[str, str]) -> bool:
        heard.append((body, headers))
        return takes

    object.__setattr__(firm.app.requests, "has_webhook", True)
    number = firm.ask("ana", "budget request 50 more")["number"]
    firm.ask("mia", f"approve {number}")
    hooks = Webhooks(firm.app.alerts, firm.clock, post, "s3cret")
    assert hooks.run() == 0
    assert hooks.run() == 0
    assert len(heard) == 1, "not before it is due again"
    firm.clock.instant += timedelta(hours=1)
    takes = True
    assert hooks.run() == 1
    firm.clock.instant += timedelta(hours=2)
    assert hooks.run() == 0
    body, headers = heard[-1]
    told = json.loads(body)
    assert (told["granted"], told["limit"], told["subject"]) == ("50", "150", "person ana@x.example")
    stamp = headers["X-Aispend-Signature"].split(",")[0].removeprefix("t=")
    expected = hmac.new(b"s3cret", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Aispend-Signature"] == f"t={stamp},v1={expected}"
    assert heard[0][1]["X-Aispend-Id"] == headers["X-Aispend-Id"], "by which a repetition is known"


def test_a_system_that_is_away_is_given_up_in_the_end(firm: Office) -> None:
    tries: list[bytes] = []
    object.__setattr__(firm.app.requests, "has_webhook", True)
    firm.ask("mia", f"approve {firm.ask('ana', 'budget request 50 more')['number']}")
    hooks = Webhooks(firm.app.alerts, firm.clock, lambda body, _: bool(tries.append(body)), "s3cret")
    for _ in range(MOST_ATTEMPTS + 5):
        hooks.run()
        firm.clock.instant += timedelta(hours=2)
    assert len(tries) == MOST_ATTEMPTS


def test_two_raises_add_up_in_what_is_said_and_told(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    for amount in ("50", "60"):
        number = firm.ask("ana", f"budget request {amount} a launch")["number"]
        done = firm.ask("mia", f"approve {number}")
    assert done["limit"] == "210"
    assert firm.said()[-1] == ("ana", "Granted: $60.00 more, $210.00 in all")


def test_many_small_raises_are_a_large_one(firm: Office) -> None:
    object.__setattr__(firm.app.requests, "four_eyes_from", 100 * 10**9)
    first = firm.ask("ana", "budget request 80 a launch")["number"]
    assert firm.ask("mia", f"approve {first}")["state"] == "granted"
    second = firm.ask("ana", "budget request 30 a launch")["number"]
    assert firm.ask("mia", f"approve {second}")["state"] == "waits for a second approver"


def test_one_request_at_a_time(firm: Office) -> None:
    firm.ask("ana", "budget request 80 a launch")
    with pytest.raises(Refusal, match="request 1 waits for an answer"):
        firm.ask("ana", "budget request 81 a launch")


def test_a_budget_that_is_gone_is_not_raised(firm: Office) -> None:
    number = firm.ask("ana", "budget request 80 a launch")["number"]
    firm.agree(BUDGETS.replace("everyone", "all of us"))
    with pytest.raises(Refusal, match="“everyone” is not there any more"):
        firm.ask("mia", f"approve {number}")


def test_what_the_approver_reads_of_somebody_is_a_look(firm: Office) -> None:
    firm.spend("104")
    firm.ask("ana", "budget request 80 a launch")
    assert [row["viewer"] for row in firm.ask("ana", "privacy")["rows"]] == ["Mia Berg"]


def test_who_left_approves_nothing_and_who_came_does(firm: Office) -> None:
    number = firm.ask("ana", "budget request 500 a launch")["number"]
    teams = firm.folder / "teams.csv"
    teams.write_text(teams.read_text("utf-8").replace("search,,mia@", "search,,ruth@"), "utf-8")
    people = firm.folder / "people.csv"
    lines = people.read_text("utf-8").replace("ana@x.example,Ana Ruiz,search,mia@x.example", "ana@x.example,Ana Ruiz,search,ruth@x.example")
    people.write_text(lines, "utf-8")
    directory.apply(directory.plan([people, teams], firm.app.people), firm.app.people)
    with pytest.raises(Refusal, match="no request"):
        firm.ask("mia", f"approve {number}")
    assert firm.ask("ruth", f"approve {number}")["state"] == "granted"

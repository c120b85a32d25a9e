"""Requests, claims and broadcasts while people leave, come back and answer: who is asked, told and shown what, and how often."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from office import BUDGETS, Office, office, rewrite

from bot.errors import Refusal
from bot.ports import Delivery
from bot.services.deliver import LEASE, repeated
from bot.wiring import App

BILLION = 10**9
KEY = "sk-nightly"
ROWS = {
    "ana": "ana@x.example,Ana Ruiz,search,mia@x.example,Europe/Berlin,en,,,",
    "ben": "ben@x.example,Ben Okafor,search,mia@x.example,Europe/London,en,,,2026-11-10",
    "mia": "mia@x.example,Mia Berg,search,,Europe/Berlin,en,,,",
    "ruth": "ruth@x.example,Ruth Amadi,support,,UTC,en,,,",
    "fin": "fin@x.example,Uma Patel,finance,,UTC,en,finops,,",
}
DOUBT = "This may have reached you before"


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    found.know()
    return found


def gone(who: str) -> str:
    """Return the row of *who* when their stint has ended."""
    return ROWS[who].rpartition(",")[0] + ",2026-11-01"


def leave(firm: Office, who: str) -> None:
    rewrite(firm, "people.csv", ROWS[who], gone(who))


def return_(firm: Office, who: str) -> None:
    rewrite(firm, "people.csv", gone(who), ROWS[who])


def join_finops(firm: Office, *names: str) -> None:
    for who in names:
        rewrite(firm, "people.csv", ROWS[who], ROWS[who].removesuffix(",,,") + ",finops,,")


def hand_over(firm: Office) -> None:
    """Give the team search to Ruth."""
    rewrite(firm, "people.csv", "mia@x.example,Europe", "ruth@x.example,Europe")
    rewrite(firm, "teams.csv", "search,,mia@x.example", "search,,ruth@x.example")


def lose_owner(firm: Office) -> None:
    """Let the cost of sixty be that of a key that nobody owns."""
    firm.spend("60")
    file = firm.folder / "bill.csv"
    file.write_text(file.read_text("utf-8").replace("ana@x.example", KEY), "utf-8")
    with firm.app.source(firm.app.settings.sources[0]) as source:
        firm.app.ingest.run(source)


def states(firm: Office, about: str, who: str) -> list[Delivery]:
    """Return where stands what *who* is told *about* something."""
    return [post.state for post in firm.posts() if (post.message.about, post.message.to) == (about, f"{who}@x.example")]


def shown(firm: Office, about: str, who: str) -> str:
    """Return what *who* sees *about* something."""
    mine = [post for post in firm.posts() if (post.message.about, post.message.to) == (about, f"{who}@x.example")]
    return "\n".join(firm.world.shown[post.sent.message] for post in mine if post.sent)


def test_who_was_asked_whether_a_key_is_theirs_and_was_away_is_asked_after_all(firm: Office) -> None:
    lose_owner(firm)
    about = f"claim {firm.ask('fin', f'claim {KEY} ben@x.example')['number']}"
    leave(firm, "ben")
    firm.deliver()
    assert states(firm, about, "ben") == [Delivery.DROPPED]
    firm.clock.instant += timedelta(days=1)
    firm.deliver()
    assert states(firm, about, "ben") == [Delivery.DROPPED], "still away"
    return_(firm, "ben")
    firm.deliver()
    assert states(firm, about, "ben") == [Delivery.SENT]
    assert f"Is {KEY} yours?" in shown(firm, about, "ben")


def test_a_question_that_was_taken_back_meanwhile_is_not_asked(firm: Office) -> None:
    lose_owner(firm)
    number = firm.ask("fin", f"claim {KEY} ben@x.example")["number"]
    leave(firm, "ben")
    firm.deliver()
    firm.ask("fin", f"deny {number}")
    return_(firm, "ben")
    firm.deliver()
    assert f"Is {KEY} yours?" not in shown(firm, f"claim {number}", "ben")


def test_who_asked_about_a_key_and_was_away_learns_the_answer(firm: Office) -> None:
    lose_owner(firm)
    number = firm.ask("fin", f"claim {KEY} ben@x.example")["number"]
    firm.ask("ben", f"deny {number}")
    leave(firm, "fin")
    firm.deliver()
    assert states(firm, f"claim {number}", "fin") == [Delivery.DROPPED]
    return_(firm, "fin")
    firm.deliver()
    assert f"{KEY} does not belong to: Ben Okafor" in shown(firm, f"claim {number}", "fin")


def test_who_asked_for_more_and_was_away_learns_the_answer(firm: Office) -> None:
    number = firm.ask("ana", "budget request 50 a launch")["number"]
    firm.ask("mia", f"deny {number} please use the small model")
    leave(firm, "ana")
    firm.deliver()
    assert states(firm, f"request {number}", "ana") == [Delivery.DROPPED]
    return_(firm, "ana")
    firm.deliver()
    assert states(firm, f"request {number}", "ana") == [Delivery.SENT]
    assert "please use the small model" in shown(firm, f"request {number}", "ana")


def test_who_is_away_when_the_answer_is_given_learns_it_too(firm: Office) -> None:
    number = firm.ask("ana", "budget request 50 a launch")["number"]
    leave(firm, "ana")
    firm.deliver()
    firm.ask("fin", f"deny {number} please use the small model")
    firm.deliver()
    assert states(firm, f"request {number}", "ana") == [Delivery.DROPPED]
    return_(firm, "ana")
    firm.deliver()
    assert "please use the small model" in shown(firm, f"request {number}", "ana")


def test_an_answer_that_is_old_is_no_news(firm: Office) -> None:
    number = firm.ask("ana", "budget request 50 a launch")["number"]
    firm.ask("mia", f"deny {number} please use the small model")
    leave(firm, "ana")
    firm.deliver()
    firm.clock.instant += timedelta(days=8)
    return_(firm, "ana")
    firm.deliver()
    assert states(firm, f"request {number}", "ana") == [Delivery.DROPPED]


def test_one_of_several_who_may_answer_comes_back_and_is_asked(firm: Office) -> None:
    join_finops(firm, "ruth")
    number = firm.ask("ana", "budget request 5000 a launch")["number"]
    firm.ask("mia", f"approve {number}")
    leave(firm, "fin")
    firm.deliver()
    about = f"request {number}"
    assert (states(firm, about, "fin"), states(firm, about, "ruth")) == ([Delivery.DROPPED], [Delivery.SENT])
    return_(firm, "fin")
    firm.deliver()
    assert states(firm, about, "fin") == [Delivery.SENT]


def alarm(firm: Office, limit: int = 100) -> int:
    """Let Mia have answered an alert about the budget of her team, and return its number."""
    firm.agree(f'[[budgets]]\nname = "search"\nteam = "search"\nlimit = {limit}\n')
    firm.spend("104")
    firm.review()
    firm.deliver()
    number = firm.app.alerts.every()[0].number
    firm.ask("mia", f"ack {number} planned a launch until 2026-11-20")
    return number


def more(firm: Office, who: str, about: int) -> str:
    """Let *who* ask for more of the budget of an alert, and return the limit that they are told."""
    person = firm.app.people.directory().people[f"{who}@x.example"]
    return firm.app.requests.ask(person, 5 * BILLION, None, "x", about=about).limit.plain


def test_who_led_a_team_before_learns_no_limit_of_it(firm: Office) -> None:
    number = alarm(firm)
    hand_over(firm)
    with pytest.raises(Refusal) as refused:
        more(firm, "mia", number)
    with pytest.raises(Refusal) as unknown:
        more(firm, "mia", 999)
    assert str(refused.value).replace(str(number), "999") == str(unknown.value)
    assert more(firm, "ruth", number) == "100", "who leads it today asks"


def test_nobody_asks_for_more_about_an_alert_that_is_over(firm: Office) -> None:
    number = alarm(firm)
    firm.agree('[[budgets]]\nname = "search"\nteam = "search"\nlimit = 777\n')
    firm.review()
    assert not firm.app.alerts.every()[-1].is_live
    with pytest.raises(Refusal, match=f"There is no alert {number} of yours"):
        more(firm, "mia", number)


def test_who_has_left_asks_for_nothing(firm: Office) -> None:
    firm.agree(BUDGETS)
    firm.spend("104")
    firm.review()
    number = firm.app.alerts.every()[0].number
    leave(firm, "ana")
    with pytest.raises(Refusal, match="There is no alert"):
        more(firm, "ana", number)


def doubt(firm: Office) -> None:
    """Let nobody be able to tell whether what is due arrived; it waits to be sent once more."""
    now = firm.clock.now()
    for post in firm.app.outbox.begin(firm.app.outbox.lease("dead", 10, now, now + LEASE), now + LEASE):
        firm.app.outbox.repeat(post, repeated, now)


def test_a_request_that_may_have_arrived_before_goes_on_saying_so(firm: Office) -> None:
    about = f"request {firm.ask('ana', 'budget request 50 a launch')['number']}"
    doubt(firm)
    rewrite(firm, "people.csv", "Ruth Amadi", "Ruth A.")
    firm.deliver()
    assert shown(firm, about, "mia").count(DOUBT) == 1
    firm.ask("mia", about.replace("request", "approve"))
    firm.deliver()
    assert "Granted" in shown(firm, about, "mia")
    assert shown(firm, about, "mia").count(DOUBT) == 1, "the other one, if there is one, still says something else"
    assert DOUBT not in shown(firm, about, "ana")


def test_a_claim_that_may_have_arrived_before_goes_on_saying_so(firm: Office) -> None:
    lose_owner(firm)
    about = f"claim {firm.ask('fin', f'claim {KEY} ben@x.example')['number']}"
    doubt(firm)
    rewrite(firm, "people.csv", "Ruth Amadi", "Ruth A.")
    firm.deliver()
    assert shown(firm, about, "ben").count(DOUBT) == 1


def test_what_comes_after_all_may_have_arrived_before_too(firm: Office) -> None:
    lose_owner(firm)
    about = f"claim {firm.ask('fin', f'claim {KEY} ben@x.example')['number']}"
    doubt(firm)
    leave(firm, "ben")
    firm.deliver()
    return_(firm, "ben")
    firm.deliver()
    assert shown(firm, about, "ben").count(DOUBT) == 1


def test_a_look_is_what_was_shown_and_no_more(firm: Office) -> None:
    firm.spend("65")
    firm.ask("ana", "budget request 50 a launch")
    ana = firm.app.people.directory().people["ana@x.example"]
    for old, new in (("Ruth Amadi", "Ruth A."), ("Ruth A.", "Ruth B."), ("Ruth B.", "Ruth Amadi")):
        rewrite(firm, "people.csv", old, new)
        firm.app.reconsider()
    assert [look.viewer for look in firm.app.people.looks_at(ana)] == ["mia@x.example"], "nothing new was shown"
    firm.spend("80")
    rewrite(firm, "people.csv", "Ruth Amadi", "Ruth A.")
    firm.app.reconsider()
    assert [look.viewer for look in firm.app.people.looks_at(ana)] == ["mia@x.example"] * 2, "another figure is another look"


def propose(firm: Office) -> tuple[int, str]:
    """Let Uma propose to tell everybody something, so that Ruth or Mia has to agree."""
    object.__setattr__(firm.app.broadcasts, "alone_up_to", 1)
    join_finops(firm, "ruth", "mia")
    number = firm.ask("fin", 'broadcast everyone "we close the Acme contract"')["number"]
    firm.ask("fin", f"approve {number}")
    return number, f"broadcast plan {number}"


def test_who_need_not_agree_any_more_reads_who_has(firm: Office) -> None:
    number, plan = propose(firm)
    firm.deliver()
    assert all(f"approve {number}" in shown(firm, plan, who) for who in ("mia", "ruth"))
    firm.ask("ruth", f"approve {number}")
    firm.deliver()
    for who in ("mia", "ruth"):
        text = shown(firm, plan, who)
        assert "has its second yes" in text
        assert "Uma Patel, Ruth Amadi" in text
        assert not any(word in text for word in (f"approve {number}", f"deny {number}", "I agree"))


def test_who_was_asked_to_agree_reads_who_stopped_it(firm: Office) -> None:
    number, plan = propose(firm)
    firm.deliver()
    firm.ask("mia", f"deny {number}")
    firm.deliver()
    text = shown(firm, plan, "ruth")
    assert f"Broadcast {number} was cancelled" in text
    assert text.index("Cancelled by") < text.index("Mia Berg")
    assert f"approve {number}" not in text


def test_what_is_stopped_and_gone_on_with_is_said_in_place(firm: Office) -> None:
    number, plan = propose(firm)
    firm.deliver()
    firm.ask("ruth", f"approve {number}")
    firm.ask("fin", f"deny {number}")
    firm.deliver()
    assert f"Broadcast {number} was stopped" in shown(firm, plan, "mia")
    firm.ask("fin", f"approve {number}")
    firm.deliver()
    assert "Stopped by" not in shown(firm, plan, "mia")
    assert "has its second yes" in shown(firm, plan, "mia")


@pytest.mark.parametrize(("who", "verb"), [("fin", "deny"), ("mia", "approve")])
def test_a_second_yes_that_is_not_needed_any_more_is_not_asked_for(firm: Office, who: str, verb: str) -> None:
    number, plan = propose(firm)
    firm.ask(who, f"{verb} {number}")
    firm.deliver()
    assert {post.state for post in firm.posts() if post.message.about == plan} == {Delivery.DROPPED}
    rewrite(firm, "people.csv", "Uma Patel", "Uma P.")
    firm.deliver()
    assert {post.state for post in firm.posts() if post.message.about == plan} == {Delivery.DROPPED}


def test_who_is_of_finops_no_longer_is_not_told_what_became_of_it(firm: Office) -> None:
    number, plan = propose(firm)
    firm.deliver()
    rewrite(firm, "people.csv", ROWS["mia"].removesuffix(",,,") + ",finops,,", ROWS["mia"])
    firm.ask("ruth", f"approve {number}")
    firm.deliver()
    assert "somebody else's to agree to" in shown(firm, plan, "mia")
    assert "everyone" not in shown(firm, plan, "mia")

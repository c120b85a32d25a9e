"""What waits to be sent is for those who may see it when it is sent, not when it was worded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from office import SEARCH, Office, hand_over, hold_for_a_digest, lose_finops, office, rewrite

from bot.domain.visibility import Privacy
from bot.ports import Delivery
from bot.services.deliver import LEASE
from bot.services.reconsider import Reconsider
from bot.wiring import App


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    found.agree(SEARCH)
    found.know()
    return found


def test_who_led_a_team_yesterday_is_not_told_its_figures_today(firm: Office) -> None:
    firm.spend("65")
    firm.review()
    assert firm.said() == [("mia", "65 % used ($65.00 of $100.00)")]
    hand_over(firm)
    firm.deliver()
    assert firm.said() == [("ruth", "65 % used ($65.00 of $100.00)")], "who leads it today is told in her place"
    assert len(firm.world.shown) == 1


def test_a_digest_of_what_is_somebody_else_s_by_now_is_not_sent(firm: Office) -> None:
    firm.spend("65", day="2026-10-28")
    firm.app.digests.run()
    teams = [post for post in firm.posts() if post.message.key.startswith("digest team search")]
    assert [post.message.to for post in teams] == ["mia@x.example"]
    hand_over(firm)
    firm.deliver()
    (post,) = [post for post in firm.posts() if post.message.key.startswith("digest team search") and post.message.to == "mia@x.example"]
    assert (post.state, post.reason) == (Delivery.DROPPED, "not theirs to see any more")


def test_what_is_still_theirs_goes_out_as_it_was(firm: Office) -> None:
    firm.spend("65")
    firm.review()
    assert firm.deliver().sent == 1
    assert any("65 % used" in text for text in firm.world.shown.values())


def asked(firm: Office, about: str) -> list[tuple[str, Delivery]]:
    """Return who is asked *about* something, and where the question stands."""
    return [(post.message.to.partition("@")[0], post.state) for post in firm.posts() if post.message.about == about]


def test_a_request_that_waits_goes_to_who_answers_for_it_by_now(firm: Office) -> None:
    firm.agree()
    firm.spend("65")
    number = firm.ask("ana", "budget request 50 a launch")["number"]
    assert asked(firm, f"request {number}") == [("mia", Delivery.WAITING)]
    hand_over(firm)
    firm.deliver()
    assert asked(firm, f"request {number}") == [("mia", Delivery.DROPPED), ("ruth", Delivery.SENT)]
    assert firm.ask("ruth", f"approve {number}")["state"] == "granted"


def test_a_request_does_not_wait_for_who_has_left(firm: Office) -> None:
    firm.agree()
    number = firm.ask("ana", "budget request 50 a launch")["number"]
    firm.deliver()
    assert asked(firm, f"request {number}") == [("mia", Delivery.SENT)]
    hand_over(firm)
    firm.deliver()
    assert asked(firm, f"request {number}")[-1] == ("ruth", Delivery.SENT)


def test_a_claim_that_waits_is_confirmed_by_who_is_of_finops_by_now(firm: Office) -> None:
    file = firm.folder / "bill.csv"
    firm.spend("60")
    file.write_text(file.read_text("utf-8").replace("ana@x.example", "sk-nightly"), "utf-8")
    with firm.app.source(firm.app.settings.sources[0]) as source:
        firm.app.ingest.run(source)
    number = firm.ask("ben", "claim sk-nightly")["number"]
    assert asked(firm, f"claim {number}") == [("fin", Delivery.WAITING)]
    rewrite(
        firm,
        "people.csv",
        "support,,UTC,en,,,\nfin@x.example,Uma Patel,finance,,UTC,en,finops",
        "support,,UTC,en,finops,,\nfin@x.example,Uma Patel,finance,,UTC,en,",
    )
    firm.deliver()
    assert asked(firm, f"claim {number}") == [("fin", Delivery.DROPPED), ("ruth", Delivery.SENT)]


def test_who_is_of_finops_no_longer_is_not_told_what_nobody_owns(firm: Office) -> None:
    firm.spend("60")
    firm.review()
    firm.spend("40", day="2026-10-30")
    file = firm.folder / "bill.csv"
    file.write_text(file.read_text("utf-8").replace("ana@x.example", "sk-nightly"), "utf-8")
    with firm.app.source(firm.app.settings.sources[0]) as source:
        firm.app.ingest.run(source)
    firm.review()
    unowned = [post for post in firm.posts() if "sk-nightly" in post.message.card.title]
    assert [(post.message.to, post.state) for post in unowned] == [("fin@x.example", Delivery.WAITING)]
    rewrite(firm, "people.csv", "finance,,UTC,en,finops", "finance,,UTC,en,")
    firm.deliver()
    (post,) = [post for post in firm.posts() if "sk-nightly" in post.message.card.title]
    assert (post.state, post.reason) == (Delivery.DROPPED, "not theirs to see any more")
    assert all("sk-nightly" not in text for text in firm.world.shown.values())


def test_who_comes_back_is_asked_after_all(firm: Office) -> None:
    firm.agree()
    number = firm.ask("ana", "budget request 50 a launch")["number"]
    hand_over(firm)
    firm.deliver()
    assert asked(firm, f"request {number}") == [("mia", Delivery.DROPPED), ("ruth", Delivery.SENT)]
    rewrite(firm, "teams.csv", "search,,ruth@x.example", "search,,mia@x.example")
    rewrite(firm, "people.csv", "search,ruth@x.example,Europe", "search,mia@x.example,Europe")
    firm.deliver()
    firm.deliver()
    assert asked(firm, f"request {number}") == [("mia", Delivery.SENT), ("ruth", Delivery.SENT)]
    assert len(firm.world.shown) == 2, "each once; what Ruth reads is put right in place"
    assert firm.ask("mia", f"approve {number}")["state"] == "granted"


def test_a_budget_s_owner_who_has_left_is_not_waited_for(firm: Office) -> None:
    firm.agree('[[budgets]]\nname = "everyone"\nperson = "*"\nowner = "ruth@x.example"\nlimit = 100\n')
    number = firm.ask("ana", "budget request 50 a launch")["number"]
    rewrite(firm, "people.csv", "ruth@x.example,Ruth Amadi,support,,UTC,en,,,", "ruth@x.example,Ruth Amadi,support,,UTC,en,,,2026-11-01")
    firm.deliver()
    assert asked(firm, f"request {number}") == [("ruth", Delivery.DROPPED), ("mia", Delivery.SENT)]
    assert firm.ask("mia", f"approve {number}")["state"] == "granted"


def test_an_edit_that_waits_tells_nothing_new_to_who_led_the_team_before(firm: Office) -> None:
    firm.spend("65", day="2026-11-01")
    firm.review()
    firm.deliver()
    firm.spend("85", day="2026-11-01")
    firm.review()
    hand_over(firm)
    firm.deliver()
    mia = [post.sent.message for post in firm.posts() if post.sent and post.message.to == "mia@x.example"]
    assert mia
    assert all("85" not in firm.world.shown[message] for message in mia)
    assert "Alert 1 is somebody else's to answer by now" in firm.world.shown[mia[0]]


def test_what_a_dead_worker_had_begun_is_worded_for_who_may_see_it_now(firm: Office) -> None:
    firm.spend("65", day="2026-11-01")
    firm.review()
    box, now = firm.app.outbox, firm.clock.now()
    box.begin(box.lease("dead", 10, now, now + LEASE), now + LEASE)
    hand_over(firm)
    firm.clock.instant += LEASE + timedelta(seconds=5)
    firm.deliver()
    mia = [post for post in firm.posts() if post.message.to == "mia@x.example"]
    assert mia
    assert all("65" not in firm.world.shown.get(post.sent.message, "") for post in mia if post.sent)


def test_a_digest_does_not_tell_what_was_held_back_of_a_team_that_is_somebody_else_s(firm: Office) -> None:
    hold_for_a_digest(firm)
    own = [post for post in firm.posts() if post.message.key.startswith("digest weekly") and post.message.to == "mia@x.example"]
    assert "65 % used" in repr(own[0].message.card)
    hand_over(firm)
    firm.deliver()
    assert all("65" not in text for text in firm.world.shown.values() if "$20.00 — your AI use" in text)
    told = [post.message.to for post in firm.posts(Delivery.SENT) if post.message.about.startswith("alert")]
    assert set(told) == {"ruth@x.example"}, "who leads the team by now hears of it"


def test_an_alert_that_waits_goes_to_who_answers_for_it_by_now(firm: Office) -> None:
    firm.spend("85", day="2026-11-01")
    firm.review()
    hand_over(firm)
    firm.deliver()
    firm.deliver()
    assert {(post.message.to, post.state) for post in firm.posts()} == {
        ("mia@x.example", Delivery.DROPPED),
        ("ruth@x.example", Delivery.SENT),
    }
    number = firm.app.alerts.every(live=True)[0].number
    assert firm.ask("ruth", f"ack {number} planned a launch until 2026-11-20")


def test_who_is_of_finops_by_now_hears_of_what_nobody_owns(firm: Office) -> None:
    firm.spend("60")
    firm.review()
    file = firm.folder / "bill.csv"
    file.write_text(file.read_text("utf-8").replace("ana@x.example", "sk-nightly"), "utf-8")
    with firm.app.source(firm.app.settings.sources[0]) as source:
        firm.app.ingest.run(source)
    firm.review()
    lose_finops(firm)
    firm.deliver()
    told = [(post.message.to, post.state) for post in firm.posts() if "sk-nightly" in post.message.card.title]
    assert told == [("fin@x.example", Delivery.DROPPED), ("ruth@x.example", Delivery.SENT)]


def test_how_a_request_ended_is_not_told_to_whom_it_no_longer_concerns(firm: Office) -> None:
    firm.agree()
    number = firm.ask("ana", "budget request 50 a launch")["number"]
    firm.deliver()
    hand_over(firm)
    firm.ask("ruth", f"deny {number} we cut the merger project")
    firm.deliver()
    mia = next(post for post in firm.posts() if post.message.to == "mia@x.example")
    assert mia.sent
    assert "somebody else's to answer" in firm.world.shown[mia.sent.message]
    assert "merger" not in firm.world.shown[mia.sent.message]


def test_an_answer_is_not_told_to_who_led_the_team_before(firm: Office) -> None:
    firm.spend("85", day="2026-11-01")
    firm.review()
    firm.deliver()
    hand_over(firm)
    firm.deliver()
    for alert in firm.app.alerts.every(live=True):
        if "ruth@x.example" in alert.owners:
            firm.ask("ruth", f"ack {alert.number} planned we move the nightly job until 2026-11-20")
    firm.deliver()
    mia = [post.sent.message for post in firm.posts() if post.sent and post.message.to == "mia@x.example"]
    ruth = [post.sent.message for post in firm.posts() if post.sent and post.message.to == "ruth@x.example"]
    assert any("nightly job" in firm.world.shown[message] for message in ruth)
    assert all("nightly job" not in firm.world.shown[message] for message in mia)


def test_a_broadcast_that_waits_for_a_second_yes_asks_finops_of_today(firm: Office) -> None:
    object.__setattr__(firm.app.broadcasts, "alone_up_to", 1)
    rewrite(firm, "people.csv", "support,,UTC,en,,,\nfin@", "support,,UTC,en,finops,,\nfin@")
    number = firm.ask("fin", 'broadcast everyone "we close the Acme contract"')["number"]
    firm.ask("fin", f"approve {number}")
    rewrite(firm, "people.csv", "support,,UTC,en,finops,,\nfin@", "support,,UTC,en,,,\nfin@")
    rewrite(
        firm,
        "people.csv",
        "ana@x.example,Ana Ruiz,search,mia@x.example,Europe/Berlin,en,",
        "ana@x.example,Ana Ruiz,search,mia@x.example,Europe/Berlin,en,finops",
    )
    firm.deliver()
    assert asked(firm, f"broadcast plan {number}") == [("ruth", Delivery.DROPPED), ("ana", Delivery.SENT)]


def test_days_on_which_nobody_comes_or_goes_are_not_looked_at(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(Reconsider, "_look_at_all", lambda self: looked.append(str(self.review.clock.now().date())))
    firm.app.reconsider()
    looked.clear()
    for _ in range(9):  # Ben's stint ends on the tenth
        firm.clock.instant += timedelta(days=1)
        firm.app.reconsider()
    assert looked == ["2026-11-10"]
    firm.agree(SEARCH.replace("100", "120"))
    firm.app.reconsider()
    assert looked == ["2026-11-10", "2026-11-11"]
    object.__setattr__(firm.app.review, "privacy", Privacy.WORKS_COUNCIL)
    for _ in range(2):
        firm.app.reconsider()
        firm.clock.instant += timedelta(days=1)
    assert looked[2:] == ["2026-11-11", "2026-11-12"], "the mode has changed; then its groups are counted each day"


def test_whoever_goes_away_or_is_back_changes_who_is_asked(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    monkeypatch.setattr(Reconsider, "_look_at_all", lambda self: looked.append(self.review.clock.now().day))
    firm.know()
    firm.app.reconsider()
    looked.clear()
    firm.ask("mia", "settings away 2026-11-03")
    for _ in range(3):
        firm.app.reconsider()
        firm.clock.instant += timedelta(days=1)
    assert looked == [2, 4], "she says so, and is back"


def test_what_waits_is_looked_at_in_several_decisions(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.services.reconsider._CHUNK", 1)
    firm.spend("85", day="2026-11-01")
    firm.review()
    assert len(firm.posts()) > 1
    hand_over(firm)
    firm.deliver()
    assert {(post.message.to, post.state) for post in firm.posts()} == {
        ("mia@x.example", Delivery.DROPPED),
        ("ruth@x.example", Delivery.SENT),
    }

"""Who leads a team, who is of FinOps and what may be told change while alerts and digests are under way: nothing is told to whom it is no matter of, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from office import SEARCH, Office, hand_over, hold_for_a_digest, lose_finops, office, rewrite

from bot.domain.visibility import Privacy
from bot.errors import DeliveryDeferred, DeliveryImpossible, DeliveryUnknown, Refusal
from bot.ports import Delivery
from bot.services import directory
from bot.wiring import App

MONDAY = datetime(2026, 11, 9, 8, tzinfo=UTC)
Making = Callable[..., Office]


@pytest.fixture
def opened(make_app: Callable[..., App], tmp_path: Path) -> Making:
    def make(privacy: str = "standard") -> Office:
        firm = office(make_app, tmp_path, privacy=privacy)
        firm.agree(SEARCH)
        firm.know()
        return firm

    return make


def lead(firm: Office, who: str, before: str = "mia") -> None:
    """Let *who* lead the team search; nobody's own place changes."""
    rewrite(firm, "teams.csv", f"search,,{before}@x.example", f"search,,{who}@x.example")


def load(firm: Office) -> None:
    directory.apply(directory.plan([firm.folder / "people.csv", firm.folder / "teams.csv"], firm.app.people), firm.app.people)


def tell(firm: Office, amount: str) -> None:
    """Let the team search cost *amount* by now, and those who answer for it read what there is to say."""
    firm.spend(amount, day="2026-11-01")
    firm.review()
    firm.deliver()


def tier(firm: Office) -> int:
    """Return the number of the live alert of a tier that was told."""
    return next(a.number for a in firm.app.alerts.every(live=True) if a.was_told and a.identity.kind.value == "tier")


def week(firm: Office) -> None:
    """Let a week with cost of two people be over."""
    firm.clock.instant = MONDAY
    firm.spend("20", "ana", "2026-11-03")
    firm.spend("12", "ben", "2026-11-04")
    firm.spend("5", "ana", "2026-11-08")


def shown(firm: Office, who: str, about: str = "") -> list[str]:
    """Return what *who* sees by now of what was sent to them."""
    posts = [post for post in firm.posts() if post.sent and post.message.to == f"{who}@x.example" and about in post.message.about]
    return [firm.world.shown[post.sent.message] for post in posts if post.sent]


def told(firm: Office, about: str) -> list[tuple[str, Delivery]]:
    return [(post.message.to.partition("@")[0], post.state) for post in firm.posts() if post.message.about == about]


def owned(firm: Office) -> list[tuple[str, ...]]:
    return [alert.owners for alert in firm.app.alerts.every(live=True) if alert.was_told]


def once(firm: Office, happens: Callable[[], None], then: Exception, about: str = "") -> None:
    """Let something happen while the first message is being sent, which then fails."""
    send, done = firm.chat.send, []

    async def sending(account: Any, card: Any) -> Any:
        if not done and about in card.title:
            done.append(1)
            happens()
            raise then
        return await send(account, card)

    firm.chat.send = sending  # type: ignore[method-assign]


def handed_while_sending(firm: Office, then: Exception, about: str = "") -> None:
    """Let the team be handed over while a first message is being sent, which then fails."""

    def handed() -> None:
        hand_over(firm)
        firm.app.reconsider()

    once(firm, handed, then, about)


# Small teams in works_council mode


def test_who_answers_for_a_small_team_is_told_once_and_may_answer(opened: Making) -> None:
    firm = opened("works_council")
    firm.spend("105", day="2026-11-01")
    firm.review()
    for _ in range(4):
        firm.deliver()
        firm.later(hours=24)
    (alert,) = [alert for alert in firm.app.alerts.every(live=True) if alert.was_told]
    assert (alert.round, alert.owners) == (1, ("mia@x.example",))
    assert [who for who, _ in told(firm, f"alert {alert.number}")].count("mia") == 1
    assert "105" not in "".join(firm.world.shown.values())
    assert firm.ask("mia", "alerts")["rows"][0]["number"] == alert.number
    assert firm.ask("mia", f"ack {alert.number} planned a launch until 2026-11-20")["number"] == alert.number


def test_a_mode_that_begins_hides_figures_and_asks_nobody_anew(opened: Making) -> None:
    firm = opened()
    firm.spend("65", day="2026-11-01")
    firm.review()
    object.__setattr__(firm.app.review, "privacy", Privacy.WORKS_COUNCIL)
    firm.deliver()
    assert {alert.round for alert in firm.app.alerts.every(live=True) if alert.was_told} == {1}
    assert shown(firm, "mia")
    assert not any("65.00" in text for text in shown(firm, "mia"))


# Digests


def test_who_stays_a_member_does_not_get_the_digest_of_who_leads(opened: Making) -> None:
    firm = opened("open")
    week(firm)
    firm.app.digests.run()
    lead(firm, "ruth")
    firm.deliver()
    assert not any("Ben Okafor" in text for text in shown(firm, "mia"))


def test_a_digest_does_not_go_out_with_a_team_that_left(opened: Making) -> None:
    firm = opened()
    rewrite(firm, "teams.csv", "search,,mia@x.example,,", "eng,,mia@x.example,,\nsearch,eng,mia@x.example,,")
    week(firm)
    firm.app.digests.run()
    assert [post.message.key for post in firm.posts() if "team eng" in post.message.key]
    rewrite(firm, "teams.csv", "search,eng,mia@x.example", "search,support,ruth@x.example")
    firm.deliver()
    assert not any("37.00" in text or "Ben Okafor" in text for text in shown(firm, "mia"))


def test_a_digest_that_was_taken_back_is_made_anew_for_what_is_left(opened: Making) -> None:
    firm = opened()
    hold_for_a_digest(firm)
    hand_over(firm)
    firm.deliver()
    firm.app.digests.run()
    firm.deliver()
    (own,) = [text for text in shown(firm, "mia") if "$20.00 — your AI use" in text]
    assert "65" not in own


def test_who_leads_a_team_again_gets_its_digest_after_all(opened: Making) -> None:
    firm = opened()
    week(firm)
    firm.app.digests.run()
    lead(firm, "ruth")
    firm.deliver()
    lead(firm, "mia", before="ruth")
    firm.app.digests.run()
    firm.deliver()
    assert sum("Ben Okafor" in text for text in shown(firm, "mia")) == 1


def test_what_each_cost_centre_cost_is_not_told_in_the_words_of_another_mode(opened: Making) -> None:
    firm = opened()
    rewrite(firm, "teams.csv", "search,,mia@x.example,,", "search,,mia@x.example,CC-1,")
    firm.spend("20", "ana", "2026-11-03")
    firm.spend("1", "ruth", "2026-11-30")
    firm.clock.instant = datetime(2026, 12, 1, 9, tzinfo=UTC)
    firm.app.digests.run()
    assert any("showback" in post.message.key for post in firm.posts())
    object.__setattr__(firm.app.review, "privacy", Privacy.WORKS_COUNCIL)
    firm.deliver()
    assert not any("CC-1" in text for text in firm.world.shown.values())


def test_a_digest_that_was_being_sent_when_the_team_went_is_not_sent_again(opened: Making) -> None:
    firm = opened()
    week(firm)
    firm.app.digests.run()

    handed_while_sending(firm, DeliveryDeferred("busy", timedelta(seconds=1)), about="search")
    firm.deliver()
    firm.clock.instant += timedelta(minutes=5)
    firm.deliver()
    assert not any("Ben Okafor" in text for text in shown(firm, "mia"))


def test_a_directory_that_changes_while_digests_are_worded_is_heeded(opened: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    firm = opened()
    week(firm)
    keep, done = type(firm.app.digests)._keep, []

    def keeping(self: Any, batch: Any, version: int) -> int:
        if not done:
            done.append(1)
            hand_over(firm)
            firm.deliver()  # as another replica does
        return keep(self, batch, version)

    monkeypatch.setattr(type(firm.app.digests), "_keep", keeping)
    firm.app.digests.run()
    firm.deliver()
    firm.clock.instant += timedelta(hours=3)
    firm.app.digests.run()
    firm.deliver()
    assert not any("Ben Okafor" in text for text in shown(firm, "mia"))
    assert sum("Ben Okafor" in text for text in shown(firm, "ruth")) == 1


# Alerts


def test_a_directory_that_changes_while_a_review_looks_is_heeded(opened: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    firm = opened()
    firm.spend("85", day="2026-11-01")
    look = type(firm.app.review)._look

    def looking(self: Any) -> Any:
        found = look(self)
        hand_over(firm)
        firm.deliver()
        return found

    monkeypatch.setattr(type(firm.app.review), "_look", looking)
    firm.review()
    firm.deliver()
    assert shown(firm, "mia") == []
    assert shown(firm, "ruth")


def test_what_was_told_before_says_at_once_that_it_is_somebody_else_s(opened: Making) -> None:
    firm = opened()
    tell(firm, "105")
    assert any("ack" in text for text in shown(firm, "mia"))
    hand_over(firm)
    firm.deliver()
    assert all("somebody else's to answer" in text and "ack" not in text for text in shown(firm, "mia"))


def test_nothing_that_happens_later_is_told_to_who_led_the_team_before(opened: Making) -> None:
    firm = opened()
    tell(firm, "105")
    hand_over(firm)
    firm.deliver()
    tell(firm, "30")
    assert all("somebody else's to answer" in text for text in shown(firm, "mia"))
    assert any("orrected" in text for text in shown(firm, "ruth"))


def test_in_open_mode_an_alert_goes_to_who_leads_the_team_by_now(opened: Making) -> None:
    firm = opened("open")
    firm.spend("85", day="2026-11-01")
    firm.review()
    lead(firm, "ruth")
    firm.deliver()
    assert shown(firm, "mia") == []
    assert set(owned(firm)) == {("ruth@x.example",)}


def test_a_team_that_has_somebody_who_leads_it_by_now_is_no_matter_of_finops(opened: Making) -> None:
    firm = opened()
    rewrite(firm, "teams.csv", "search,,mia@x.example", "search,,")
    people = (firm.folder / "people.csv").read_text("utf-8")
    (firm.folder / "people.csv").write_text(people.replace("search,mia@x.example,", "search,,"), "utf-8")
    load(firm)
    firm.spend("85", day="2026-11-01")
    firm.review()
    assert set(owned(firm)) == {("fin@x.example",)}
    rewrite(firm, "teams.csv", "search,,", "search,,mia@x.example")
    firm.deliver()
    assert set(owned(firm)) == {("mia@x.example",)}


def test_whom_finops_gave_an_alert_to_keeps_it(opened: Making) -> None:
    firm = opened()
    firm.spend("85", day="2026-11-01")
    firm.review()
    number = next(alert.number for alert in firm.app.alerts.every(live=True) if alert.was_told)
    firm.ask("fin", f"not-mine {number} fin@x.example")
    rewrite(firm, "people.csv", "Ana Ruiz", "Ana Maria Ruiz")
    firm.deliver()
    assert firm.app.alerts.find(number).owners == ("fin@x.example",)  # type: ignore[union-attr]


@pytest.mark.parametrize("answer", ["snooze {} 1", "ack {} planned a launch until 2026-11-03"])
def test_an_answer_that_lapses_is_put_to_who_leads_the_team_by_then(opened: Making, answer: str) -> None:
    firm = opened()
    tell(firm, "85")
    (number,) = [alert.number for alert in firm.app.alerts.every(live=True) if alert.was_told and alert.identity.kind.value == "tier"]
    firm.ask("mia", answer.format(number))
    hand_over(firm)
    firm.deliver()
    assert firm.ask("ruth", f"alerts {number}")["number"] == number
    firm.clock.instant += timedelta(hours=47)
    firm.deliver()
    firm.later(hours=2)
    firm.deliver()
    new = [post.message.to for post in firm.posts() if post.message.about == f"alert {number}" and " reminder " in post.message.key]
    assert new == ["ruth@x.example"]
    assert all("somebody else's to answer" in text for text in shown(firm, "mia", f"alert {number}"))


def test_an_escalation_goes_to_finops_of_today_at_once(opened: Making) -> None:
    firm = opened()
    tell(firm, "105")
    firm.later(days=1, hours=1)
    escalated = [post for post in firm.posts() if " escalation " in post.message.key]
    assert {post.message.to for post in escalated} == {"fin@x.example"}
    lose_finops(firm)
    firm.deliver()
    states = {(post.message.to, post.state) for post in firm.posts() if " escalation " in post.message.key}
    assert states == {("fin@x.example", Delivery.DROPPED), ("ruth@x.example", Delivery.SENT)}


def test_who_comes_back_hears_of_what_waited(opened: Making) -> None:
    firm = opened()
    firm.agree()
    firm.spend("85")
    firm.review()
    here = (firm.folder / "people.csv").read_text("utf-8")
    rewrite(
        firm,
        "people.csv",
        "ana@x.example,Ana Ruiz,search,mia@x.example,Europe/Berlin,en,,,",
        "ana@x.example,Ana Ruiz,search,mia@x.example,Europe/Berlin,en,,,2026-11-01",
    )
    firm.deliver()
    assert {post.state for post in firm.posts() if post.message.to == "ana@x.example"} == {Delivery.PARKED}
    (firm.folder / "people.csv").write_text(here, "utf-8")
    load(firm)
    firm.deliver()
    assert {post.state for post in firm.posts() if post.message.to == "ana@x.example"} == {Delivery.SENT}


def test_an_alert_that_was_being_sent_is_nobody_s_first_message_afterwards(opened: Making) -> None:
    firm = opened()
    firm.spend("85", day="2026-11-01")
    firm.review()

    handed_while_sending(firm, DeliveryDeferred("busy", timedelta(seconds=1)))
    firm.deliver(width=1)
    firm.clock.instant += timedelta(minutes=3)
    firm.deliver()
    assert shown(firm, "mia") == []
    assert shown(firm, "ruth")


def test_what_may_have_arrived_is_not_repeated_to_whom_it_is_no_matter_of(opened: Making) -> None:
    firm = opened()
    firm.spend("85", day="2026-11-01")
    firm.review()

    handed_while_sending(firm, DeliveryUnknown("no answer"))
    firm.deliver(width=1)
    firm.clock.instant += timedelta(minutes=3)
    firm.deliver()
    assert shown(firm, "mia") == []


def test_an_alert_that_comes_back_is_told_anew_and_the_old_message_stays_closed(opened: Making) -> None:
    firm = opened()
    tell(firm, "105")
    hand_over(firm)
    firm.deliver()
    lead(firm, "mia", before="ruth")
    firm.deliver()
    live = [text for text in shown(firm, "mia") if "ack" in text]
    closed = [text for text in shown(firm, "mia") if "somebody else's to answer" in text]
    assert len(live) == len(closed) == len([alert for alert in firm.app.alerts.every(live=True) if alert.was_told])
    with pytest.raises(Refusal):
        firm.app.answered("ruth@x.example", f"ack {firm.app.alerts.every(live=True)[0].number} planned x until 2026-11-20")
    assert firm.app.alerts.broken_link() is None


# To and fro


def test_finops_that_is_back_is_asked_after_all(opened: Making) -> None:
    firm = opened()
    tell(firm, "105")
    firm.later(days=1, hours=1)
    role = "Europe/London,en,finops" if "Europe/London,en,finops" in (firm.folder / "people.csv").read_text("utf-8") else "UTC,en,finops"
    rewrite(firm, "people.csv", role, role.removesuffix("finops"))
    firm.deliver()
    assert {post.state for post in firm.posts() if " escalation " in post.message.key} == {Delivery.DROPPED}
    text = (firm.folder / "people.csv").read_text("utf-8")
    line = next(row for row in text.split("\n") if row.startswith("fin@"))
    (firm.folder / "people.csv").write_text(text.replace(line, line.replace("UTC,en,", "UTC,en,finops", 1)), "utf-8")
    load(firm)
    firm.deliver()
    assert {post.state for post in firm.posts() if " escalation " in post.message.key} == {Delivery.SENT}


def test_what_could_not_be_sent_is_not_woken_for_who_led_the_team_before(opened: Making) -> None:
    firm = opened()
    week(firm)
    firm.app.digests.run()

    handed_while_sending(firm, DeliveryImpossible("no such channel"), about="search")
    firm.deliver()
    firm.app.outbox.wake("mia@x.example", firm.clock.now())
    firm.deliver()
    assert not any("Ben Okafor" in text for text in shown(firm, "mia"))


@pytest.mark.parametrize("between", ["hand over", "snooze"])
def test_a_hand_over_or_a_snooze_is_no_to_and_fro(opened: Making, between: str) -> None:
    """A tier that was corrected once is told again, whoever heard of it in between."""
    firm = opened()
    tell(firm, "85")
    number = tier(firm)
    if between == "snooze":
        firm.ask("mia", f"snooze {number} 1")
        firm.later(days=1, hours=1)
    else:
        hand_over(firm)
    firm.deliver()
    firm.spend("30", day="2026-11-01")
    firm.review()
    tell(firm, "90")
    who = "ruth" if between == "hand over" else "mia"
    assert firm.app.alerts.find(number).state.value == "open"  # type: ignore[union-attr]
    assert any("90 % used" in text and "orrected" not in text for text in shown(firm, who, f"alert {number}"))


def test_a_correction_names_the_figure_that_its_reader_was_told(opened: Making) -> None:
    firm = opened()
    tell(firm, "85")
    firm.spend("95", day="2026-11-01")
    firm.review()
    hand_over(firm)
    firm.deliver()
    tell(firm, "30")
    assert any("30 %, not 95 %" in text for text in shown(firm, "ruth"))


def test_all_that_is_live_of_a_budget_holds_the_same_figures(opened: Making) -> None:
    firm = opened()
    firm.spend("85", day="2026-11-01")
    firm.review()
    assert len({alert.identity.kind for alert in firm.app.alerts.every(live=True) if alert.was_told}) == 2
    firm.spend("40", day="2026-11-01")
    firm.review()
    costs = {alert.seen.cost.plain for alert in firm.app.alerts.every() if alert.was_told}
    assert costs == {"40"}


def test_an_escalation_that_waits_is_not_sent_beside_the_hand_over(opened: Making) -> None:
    firm = opened()
    rewrite(firm, "people.csv", "support,,UTC,en,,,\nfin@", "support,,UTC,en,finops,,\nfin@")
    tell(firm, "105")
    firm.later(days=1, hours=1)
    lead(firm, "ruth")
    firm.deliver()
    number = tier(firm)
    assert [
        post.message.key.split(" ")[2]
        for post in firm.posts(Delivery.SENT)
        if post.message.to == "ruth@x.example" and post.message.about == f"alert {number}"
    ] == ["alert"]
    assert not [
        post for post in firm.posts(Delivery.SENT) if " escalation " in post.message.key and post.message.about == f"alert {number}"
    ]


def test_an_answer_that_comes_back_to_its_owner_is_shown_again(opened: Making) -> None:
    firm = opened()
    tell(firm, "85")
    number = tier(firm)
    firm.ask("mia", f"ack {number} planned a launch until 2026-11-20")
    lead(firm, "ruth")
    firm.deliver()
    lead(firm, "mia", before="ruth")
    firm.deliver()
    tell(firm, "30")
    assert any("orrected" in text for text in shown(firm, "mia", f"alert {number}"))


def test_what_its_owner_says_is_not_theirs_waits_for_finops(opened: Making) -> None:
    firm = opened()
    tell(firm, "85")
    number = tier(firm)
    firm.ask("fin", f"not-mine {number} fin@x.example")
    firm.ask("fin", f"not-mine {number}")
    firm.clock.instant += timedelta(days=1)
    firm.deliver()
    assert firm.app.alerts.find(number).owners == ("fin@x.example",)  # type: ignore[union-attr]


def test_a_promise_of_who_has_left_the_team_is_not_told_in_its_digest(opened: Making) -> None:
    firm = opened()
    firm.agree()
    week(firm)
    firm.spend("90", "ana", "2026-11-08")
    firm.review()
    number = next(a.number for a in firm.app.alerts.every(live=True) if a.owners == ("ana@x.example",) and a.identity.kind.value == "tier")
    firm.ask("ana", f"ack {number} planned secretplan until 2026-11-20")
    firm.app.digests.run()
    rewrite(firm, "people.csv", "ana@x.example,Ana Ruiz,search,mia@x.example,", "ana@x.example,Ana Ruiz,support,ruth@x.example,")
    firm.deliver()
    assert not any("secretplan" in text for text in shown(firm, "mia", "digest"))


def test_a_budget_s_new_owner_is_asked_without_a_change_of_the_directory(opened: Making) -> None:
    firm = opened()
    firm.agree('[[budgets]]\nname = "search"\nteam = "search"\nowner = "fin@x.example"\nlimit = 100\n')
    firm.spend("85", day="2026-11-01")
    firm.review()
    firm.agree('[[budgets]]\nname = "search"\nteam = "search"\nowner = "mia@x.example"\nlimit = 100\n')
    firm.later(minutes=5)
    firm.deliver()
    assert set(owned(firm)) == {("mia@x.example",)}
    assert shown(firm, "mia")


# What is listed, and what is shown of it


def test_what_a_manager_s_list_names_can_be_opened_and_not_answered(opened: Making) -> None:
    firm = opened()
    firm.agree()
    firm.spend("85")
    firm.review()
    rows = firm.ask("mia", "alerts")["rows"]
    assert rows
    for row in rows:
        seen = firm.app.answered("mia@x.example", f"alerts {row['number']}")
        assert (seen.number, seen.asks) == (row["number"], False)
        with pytest.raises(Refusal):
            firm.app.answered("mia@x.example", f"ack {row['number']} planned x until 2026-11-20")
        with pytest.raises(Refusal):
            firm.app.answered("ben@x.example", f"alerts {row['number']}")


def test_a_period_that_is_over_is_shown_with_the_limit_that_held_at_its_end(opened: Making) -> None:
    firm = opened()
    firm.agree()
    firm.spend("85")
    number = firm.ask("ana", "budget request 100 until 2026-11-30 a launch")["number"]
    firm.ask("mia", f"approve {number}")
    assert firm.ask("ana", "me")["budget"]["limit"] == "200"
    firm.clock.instant = datetime(2026, 12, 5, 9, tzinfo=UTC)
    assert firm.ask("ana", "me last month")["budget"]["limit"] == "200"
    firm.agree('[[budgets]]\nname = "everyone"\nperson = "*"\nlimit = 70\n')
    assert firm.ask("ana", "me last month")["budget"]["limit"] == "200"
    assert firm.ask("ana", "me")["budget"]["limit"] == "70"


def test_a_grant_states_the_limit_that_holds_for_all_of_its_term(opened: Making) -> None:
    """A first grant that ends before does not count into the second one's "in all"."""
    firm = opened()
    firm.agree()
    first = firm.ask("ana", "budget request 50 until 2026-11-30 a launch")["number"]
    firm.ask("mia", f"approve {first}")
    second = firm.ask("ana", "budget request 30 until 2026-12-31 a migration")["number"]
    firm.ask("mia", f"approve {second}")
    firm.know()
    firm.deliver()
    assert any("$130.00 in all" in text for text in shown(firm, "ana", f"request {second}"))


def test_a_broadcast_that_was_drafted_before_the_mode_hides_who_and_how_many(opened: Making) -> None:
    firm = opened()
    firm.agree()
    firm.spend("85")
    firm.spend("90", "ben")
    number = firm.ask("fin", 'broadcast everyone over:50% "you have used {used}"')["number"]
    assert firm.ask("fin", f"broadcast {number}")["count"] == 2
    object.__setattr__(firm.app.review, "privacy", Privacy.WORKS_COUNCIL)
    assert firm.ask("fin", f"broadcast {number}")["count"] is None

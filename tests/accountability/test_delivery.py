"""Delivery: what the chat does wrong, and what people get in spite of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from office import Office, office

from bot.errors import StoreError
from bot.messages.card import Card, Paragraph, Run
from bot.ports import Delivery, Message, MessageKind, Outbox, Post, Sent
from bot.services.deliver import LEASE, MOST_ATTEMPTS, Pace
from bot.wiring import App


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    found.know("ana", "ben")
    return found


def put(firm: Office, to: str = "ana@x.example", kind: MessageKind = MessageKind.ALERT, key: str = "a") -> None:
    with firm.app.alerts.decide() as desk:
        desk.enqueue(Message(key, kind, to, Card("Hello", "Hello", (Paragraph((Run("Text"),)),)), "alert 1"))


def state(firm: Office) -> tuple[Delivery, str]:
    (post,) = firm.posts()
    return post.state, post.reason


def test_what_is_sent_is_sent_once(firm: Office) -> None:
    put(firm)
    assert firm.deliver().sent == 1
    assert firm.deliver().sent == 0
    assert (state(firm)[0], len(firm.world.shown)) == (Delivery.SENT, 1)


def test_a_busy_chat_is_obeyed(firm: Office) -> None:
    put(firm)
    firm.world.fault = "busy"
    assert firm.deliver().put_off == 1
    (post,) = firm.posts()
    assert post.due_at
    assert post.due_at >= firm.clock.instant + timedelta(seconds=7), "as long as it asked for"
    firm.world.fault = ""
    assert firm.deliver().sent == 0
    firm.clock.instant += timedelta(minutes=1)
    assert firm.deliver().sent == 1


def test_what_never_works_is_parked_with_its_reason(firm: Office) -> None:
    put(firm)
    firm.world.fault = "blocked"
    assert firm.deliver().parked == 1
    assert state(firm) == (Delivery.PARKED, "The app was removed there.")


def test_what_is_put_off_again_and_again_is_parked_in_the_end(firm: Office) -> None:
    put(firm, kind=MessageKind.CLAIM)
    firm.world.fault = "busy"
    for _ in range(MOST_ATTEMPTS + 1):
        firm.deliver()
        firm.clock.instant += timedelta(hours=2)
    assert state(firm)[0] is Delivery.PARKED
    assert "Tried 12 times" in state(firm)[1]


def test_an_alert_whose_outcome_is_not_known_is_said_once_more_and_says_so(firm: Office) -> None:
    put(firm)
    firm.world.fault = "trouble"
    assert firm.deliver().unknown == 2, "the first, and its repetition"
    assert state(firm)[0] is Delivery.UNKNOWN
    assert "This may have reached you before" in repr(firm.posts()[0].message.card)


def test_a_repetition_that_arrives_says_that_it_may_be_one(firm: Office) -> None:
    put(firm)
    until = firm.clock.instant + LEASE
    firm.app.outbox.begin(firm.app.outbox.lease("a worker that dies", 1, firm.clock.instant, until), until)
    assert firm.deliver().sent == 0
    firm.clock.instant += LEASE + timedelta(seconds=1)
    counted = firm.deliver()
    assert (counted.unknown, counted.sent) == (1, 1)
    assert "This may have reached you before" in next(iter(firm.world.shown.values()))
    assert firm.posts()[0].was_unknown


@pytest.mark.parametrize("kind", [MessageKind.DIGEST, MessageKind.BROADCAST, MessageKind.NOTICE])
def test_a_digest_whose_outcome_is_not_known_is_left(firm: Office, kind: MessageKind) -> None:
    put(firm, kind=kind)
    firm.world.fault = "trouble"
    firm.deliver()
    firm.world.fault = ""
    firm.clock.instant += timedelta(days=1)
    assert firm.deliver().sent == 0
    assert (state(firm)[0], firm.world.writes) == (Delivery.UNKNOWN, 1)


def test_an_edit_that_was_lost_is_made_again(firm: Office) -> None:
    firm.spend("104")
    firm.review()
    firm.deliver()
    firm.spend("10")
    firm.review()
    firm.world.fault = "trouble"
    firm.deliver()
    firm.world.fault = ""
    firm.clock.instant += timedelta(minutes=5)
    assert firm.deliver().edited == 1
    assert "Corrected" in next(iter(firm.world.shown.values()))


def test_who_was_never_seen_is_asked_who_they_are_before_any_figure(firm: Office) -> None:
    firm.spend("104", "mia")
    firm.review()
    firm.deliver()
    (greeting,) = firm.world.shown.values()
    assert "Are you" in greeting
    assert "104" not in greeting
    firm.clock.instant += timedelta(hours=2)
    firm.deliver()
    assert len(firm.world.shown) == 1, "asked once"
    (binding,) = list(firm.app.accounts.every("mia@x.example"))
    assert firm.app.register.confirm(binding.account, "mia@x.example")
    firm.app.outbox.wake("mia@x.example", firm.clock.instant)
    assert firm.deliver().sent == 1
    assert "You have used 104 %" in list(firm.world.shown.values())[-1]


def test_whose_account_nobody_knows_is_parked_with_the_remedy(firm: Office) -> None:
    firm.chat.people.clear()
    put(firm, "mia@x.example")
    firm.deliver()
    assert "They have to write to me once, or: aispend accounts bind" in state(firm)[1]


def test_who_has_left_is_sent_nothing(firm: Office) -> None:
    put(firm)
    people = firm.folder / "people.csv"
    people.write_text(people.read_text("utf-8").replace("Europe/Berlin,en,,,\nben", "Europe/Berlin,en,,,2026-11-02\nben"), "utf-8")
    from bot.services import directory

    directory.apply(directory.plan([people], firm.app.people), firm.app.people)
    firm.deliver()
    assert state(firm) == (Delivery.PARKED, "ana@x.example is not here any more.")


def test_a_channel_is_written_to_by_its_id(firm: Office) -> None:
    put(firm, "fake:T1:C1")
    assert firm.deliver().sent == 1


def test_an_operator_sends_again_or_drops(firm: Office) -> None:
    put(firm)
    firm.world.fault = "blocked"
    firm.deliver()
    firm.world.fault = ""
    (post,) = firm.posts()
    firm.app.outbox.put_off(post, firm.clock.instant, "")
    assert firm.deliver().sent == 1


def test_what_comes_at_once_counts_together(firm: Office) -> None:
    for n in range(9):
        put(firm, kind=MessageKind.BROADCAST, key=f"b{n}")
    counted = firm.deliver()
    assert (counted.sent, counted.held) == (5, 4)


def test_what_needs_an_answer_is_never_held_back(firm: Office) -> None:
    for n in range(6):
        put(firm, kind=MessageKind.BROADCAST, key=f"b{n}")
    firm.deliver()
    firm.spend("104")
    firm.review()
    assert firm.deliver().sent == 1


def test_what_is_held_is_not_lost_when_the_digest_was_sent_before(firm: Office) -> None:
    firm.spend("1", day="2026-10-28")
    firm.clock.instant = firm.clock.instant.replace(hour=10)
    assert firm.app.digests.run() > 0
    for n in range(6):
        put(firm, kind=MessageKind.BROADCAST, key=f"b{n}")
    firm.deliver()
    firm.app.digests.run()
    assert [post.state for post in firm.posts() if post.message.key == "b5"] == [Delivery.HELD]
    firm.clock.instant += timedelta(days=7)
    firm.app.digests.run()
    assert [post.state for post in firm.posts() if post.message.key == "b5"] == [Delivery.DROPPED], "it stands in the digest"


def test_who_used_nothing_gets_what_was_held_for_them(firm: Office) -> None:
    for n in range(6):
        put(firm, to="ben@x.example", kind=MessageKind.BROADCAST, key=f"b{n}")
    firm.deliver()
    firm.clock.instant += timedelta(days=7)
    firm.app.digests.run()
    (digest,) = [post for post in firm.posts() if post.message.kind is MessageKind.DIGEST and post.message.to == "ben@x.example"]
    assert "Held back until now" in repr(digest.message.card)


def test_a_message_that_arrived_twice_is_put_right_twice(firm: Office) -> None:
    firm.spend("130")
    firm.review()
    now = firm.clock.instant
    (slow,) = firm.app.outbox.begin(firm.app.outbox.lease("slow", 1, now, now + LEASE), now + LEASE)
    firm.clock.instant += LEASE + timedelta(seconds=1)
    assert firm.deliver().sent == 1, "said once more, with a note"
    firm.world.shown["late"] = "130 %"
    firm.app.outbox.sent([(slow, Sent("fake", "T1", "ana", "late"))], firm.clock.instant)
    firm.spend("20")
    firm.review()
    firm.deliver()
    assert len(firm.world.shown) == 2
    assert all("Corrected" in text for text in firm.world.shown.values())


def test_a_clock_that_was_ahead_stops_nobody(firm: Office) -> None:
    lanes = [{"fake:T1": timedelta(seconds=1)}]
    firm.app.outbox.reserve(lanes, firm.clock.instant + timedelta(days=30))
    (turn,) = firm.app.outbox.reserve(lanes, firm.clock.instant)
    assert turn == firm.clock.instant


def test_an_answer_nobody_foresaw_is_told_apart(firm: Office) -> None:
    put(firm, kind=MessageKind.DIGEST)
    firm.world.fault = "odd"
    firm.deliver()
    assert state(firm) == (Delivery.UNKNOWN, "Fake answered what could not be read (KeyError).")


class LostWord:
    """An outbox whose database goes away once, just after it stored that messages are being sent."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox, self._is_lost = outbox, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outbox, name)

    def begin(self, posts: Sequence[Post], until: datetime) -> list[Post]:
        begun = self._outbox.begin(posts, until)
        if not self._is_lost:
            self._is_lost = True
            raise StoreError("The server closed the connection.")
        return begun


@pytest.mark.parametrize("kind", [MessageKind.ALERT, MessageKind.DIGEST])
def test_what_was_marked_and_not_sent_is_in_no_doubt(firm: Office, kind: MessageKind) -> None:
    """The word that it is being sent may be stored though its answer is lost: it is given back, and sent once."""
    put(firm, kind=kind)
    courier = firm.app.courier({"fake": firm.chat}, "test")
    courier.paces, courier.outbox = {"fake": Pace()}, LostWord(firm.app.outbox)
    assert asyncio.run(courier.run()).sent == 1
    (post,) = firm.posts()
    assert (post.state, post.was_unknown, len(firm.world.shown)) == (Delivery.SENT, False, 1)

"""Alerts, audit and outbox: what holds on every store, with two workers at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from office import Moving

from adapters.store.alerts import SqlAlerts
from adapters.store.database import Database
from adapters.store.jobs import SqlJobs
from adapters.store.outbox import SqlOutbox
from bot.domain import steps
from bot.domain.alert import Because, Found, Identity, Kind, Promise, Seen
from bot.domain.episode import Channel, Episode, Share
from bot.domain.money import Money
from bot.domain.price_list import ClassPrice, PriceStep
from bot.errors import StoreError
from bot.messages.card import Card, Paragraph, Run
from bot.ports import Delivery, Message, MessageKind, Sent

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)
SEEN = Seen(Money(104 * 10**9, "USD"), Money(100 * 10**9, "USD"), NOW, Money(130 * 10**9, "USD"))
FOUND = Found(Identity(Kind.TIER, "everyone", "person ana@x.example", date(2026, 11, 1), Decimal(1), 1), SEEN, needs_answer=True)


def card(text: str = "Hello") -> Card:
    return Card(text, text, (Paragraph((Run(text),)),))


def message(key: str, **of: object) -> Message:
    return Message(**{"key": key, "kind": MessageKind.ALERT, "to": "ana@x.example", "card": card(key), "about": "alert 1"} | of)  # type: ignore[arg-type]


@pytest.fixture
def store(database: Database) -> SqlAlerts:
    return SqlAlerts(database, Moving(NOW))


@pytest.fixture
def outbox(database: Database) -> SqlOutbox:
    return SqlOutbox(database)


def put(store: SqlAlerts, *messages: Message) -> None:
    with store.decide() as desk:
        for one in messages:
            desk.enqueue(one)


def test_an_alert_comes_back_as_it_went(store: SqlAlerts) -> None:
    with store.decide() as desk:
        opened = desk.save(steps.crossed(None, FOUND, ("ana@x.example",), LATER, NOW), "review")
        promise = Promise("ana@x.example", Because.SHARED_KEY, "a plan – with ümlauts", LATER, NOW)
        answered = desk.save(steps.acknowledged(opened, promise), "ana@x.example")
    assert store.find(opened.number) == answered
    assert store.every(live=True) == [answered]
    assert [line.what for line in store.history(f"alert {opened.number}")] == ["crossed", "acknowledged"]


def test_an_anomaly_comes_back_as_it_went_and_is_found_by_its_kind(store: SqlAlerts) -> None:
    who = (Share("ana@x.example", Money(380, "USD")),)
    days = (date(2026, 11, 10), date(2026, 11, 12), date(2026, 11, 17))
    episode = Episode((Channel.SPIKE, Channel.PERSON), *days, Money(300, "USD"), Money(800, "USD"), who, ("sk-1",))
    seen = Seen(Money(500, "USD"), None, NOW, Money(6000, "USD"), episode=episode)
    identity = Identity(Kind.ANOMALY, "", "team search", days[0])
    with store.decide() as desk:
        desk.save(steps.crossed(None, Found(identity, seen, needs_answer=True), ("ana@x.example",), None, NOW), "review")
        desk.save(steps.crossed(None, replace(FOUND, identity=replace(identity, kind=Kind.STALE)), (), None, NOW), "review")
    [found] = store.every(kind=Kind.ANOMALY)
    assert (found.seen, found.told, found.identity) == (seen, seen, identity)


CLASSES = (ClassPrice(1, Decimal("0.0750"), Decimal("0.0500"), Decimal("0.0500")), ClassPrice(4, Decimal(18), Decimal(15), Decimal(15)))


@pytest.mark.parametrize(
    "step",
    [
        PriceStep(date(2026, 11, 10), Fraction(9, 10), Fraction(10**17 + 1, 10**17), 12 * 10**9, CLASSES),
        PriceStep(date(2026, 11, 10), Fraction(1), Fraction(9, 10), -12, is_listed=True, declared=""),
    ],
)
def test_a_price_comes_back_as_it_went(store: SqlAlerts, step: PriceStep) -> None:
    seen = Seen(Money(step.extra, "USD"), None, None, price=step)
    found = Found(Identity(Kind.PRICE, "", "price Acme / large-1", step.since), seen)
    with store.decide() as desk:
        desk.save(steps.crossed(None, found, ("fin@x.example",), None, NOW), "review")
    [alert] = store.every(kind=Kind.PRICE)
    assert (alert.seen, alert.told, alert.identity) == (seen, seen, found.identity)


def test_an_identity_is_stored_once(store: SqlAlerts) -> None:
    with store.decide() as desk:
        desk.save(steps.crossed(None, FOUND, (), None, NOW), "review")
    with pytest.raises(StoreError), store.decide() as desk:
        desk.save(steps.crossed(None, FOUND, (), None, NOW), "review")
    assert len(store.every()) == 1


def test_two_decisions_wait_for_one_another(store: SqlAlerts) -> None:
    """Each sees what the other has decided; the log of both is one chain."""

    def decide() -> None:
        with store.decide() as desk:
            if not desk.alerts(date(2026, 11, 1)):
                desk.save(steps.crossed(None, FOUND, (), None, NOW), "review")
            for n in range(20):
                desk.note("review", "looked", f"alert {n}", {})

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.every()) == 1
    assert store.broken_link() is None
    assert store.lines()[0] == 81


def test_an_error_leaves_nothing_behind(store: SqlAlerts, outbox: SqlOutbox) -> None:
    with pytest.raises(RuntimeError), store.decide() as desk:
        desk.save(steps.crossed(None, FOUND, (), None, NOW), "review")
        desk.enqueue(message("a"))
        raise RuntimeError
    assert (store.every(), outbox.posts(), store.lines()) == ([], [], (0, ""))


def test_a_key_is_enqueued_once(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("a"), message("a"))
    put(store, message("a", card=card("other")))
    assert [post.message.card.title for post in outbox.posts()] == ["a"]


def test_a_message_is_in_one_hand_only(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, *(message(f"m{n}") for n in range(60)))
    taken: list[int] = []

    def work(worker: str) -> None:
        while posts := outbox.lease(worker, 4, NOW, LATER):
            taken.extend(post.number for post in posts)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 60


def test_urgent_ones_go_first_and_early_ones_wait(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("plain"), message("urgent", is_urgent=True), message("tomorrow", not_before=NOW + timedelta(days=1)))
    assert [post.message.key for post in outbox.lease("w", 9, NOW, LATER)] == ["urgent", "plain"]


def test_what_a_dead_worker_had_comes_back_as_unknown(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("a"))
    begun = outbox.begin(outbox.lease("dead", 1, NOW, LATER), LATER)
    assert [post.state for post in begun] == [Delivery.SENDING]
    assert outbox.lease("other", 1, NOW, LATER) == []
    after = LATER + timedelta(seconds=1)
    assert [post.state for post in outbox.lease("other", 1, after, after + timedelta(minutes=2))] == [Delivery.UNKNOWN]


def test_what_a_dead_worker_had_not_begun_comes_back_as_it_was(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("a"))
    outbox.lease("dead", 1, NOW, LATER)
    assert outbox.lease("other", 1, NOW, LATER) == []
    (post,) = outbox.lease("other", 1, LATER + timedelta(seconds=1), LATER + timedelta(minutes=2))
    assert (post.state, post.attempts) == (Delivery.WAITING, 0)


def test_what_a_worker_says_after_it_lost_its_lease_counts_for_nothing_unless_it_was_sent(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("a"))
    (slow,) = outbox.begin(outbox.lease("slow", 1, NOW, LATER), LATER)
    after = LATER + timedelta(seconds=1)
    (doubted,) = outbox.lease("other", 1, after, after + timedelta(minutes=2))
    outbox.put_off(slow, after, "busy")
    outbox.settle(slow, Delivery.PARKED, "refused", after)
    outbox.repeat(slow, again, after)
    assert [(post.state, post.revision) for post in outbox.posts()] == [(Delivery.SENDING, 1)]
    outbox.settle(doubted, Delivery.UNKNOWN, "ended", after)
    outbox.sent([(slow, Sent("slack", "T1", "D1", "1.2"))], after)
    assert [post.state for post in outbox.posts()] == [Delivery.SENT], "it stands there, whoever says so"


def test_what_may_have_arrived_says_so_in_the_words_of_now(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("a"), message("b"))
    posts = outbox.begin(outbox.lease("w", 2, NOW, LATER), LATER)
    with store.decide() as desk:
        desk.revise(posts[1], card("better"))
    for post in posts:
        outbox.repeat(post, again, LATER)
    waiting = outbox.lease("w", 2, LATER, LATER)
    assert [post.message.card.title for post in waiting] == ["again: a", "again: better"]


def again(told: Card) -> Card:
    """Return *told* as something that may be a repetition."""
    return replace(told, title=f"again: {told.title}")


def test_what_is_dropped_in_hand_is_not_begun(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("a"), message("b"))
    posts = outbox.lease("w", 2, NOW, LATER)
    with store.decide() as desk:
        desk.drop(posts[0], "no longer so")
        desk.revise(posts[1], card("better"))
    (begun,) = outbox.begin(posts, LATER)
    assert (begun.message.card.title, begun.attempts) == ("better", 1), "as it is now"
    outbox.put_off(posts[0], NOW, "busy")
    assert {post.message.key: post.state for post in outbox.posts()} == {"a": Delivery.DROPPED, "b": Delivery.SENDING}


def test_a_turn_is_kept_until_it_comes(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("a"))
    (post,) = outbox.lease("w", 1, NOW, LATER)
    outbox.schedule([replace(post, turn=LATER)])
    assert outbox.lease("w", 1, NOW, LATER) == []
    (again,) = outbox.lease("w", 1, LATER - timedelta(seconds=1), LATER, timedelta(seconds=2))
    assert (again.turn, again.attempts) == (LATER, 0)
    outbox.put_off(again, LATER, "busy")
    assert outbox.lease("w", 1, LATER, LATER)[0].turn is None, "who was put off stands in line again"


def test_a_card_that_changes_is_put_in_the_place_of_what_was_sent(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("a"))
    (post,) = outbox.lease("w", 1, NOW, LATER)
    outbox.sent([(post, Sent("slack", "T1", "D1", "1.2"))], NOW)
    assert outbox.lease("w", 1, NOW, LATER) == []
    with store.decide() as desk:
        desk.revise(desk.about("alert 1")[0], card("better"))
        desk.revise(desk.about("alert 1")[0], card("better"))
    (again,) = outbox.lease("w", 1, NOW, LATER)
    assert (again.revision, again.sent_revision, again.message.card.title) == (2, 1, "better")
    assert again.sent == Sent("slack", "T1", "D1", "1.2")


def test_a_card_that_changes_while_it_is_sent_goes_out_next(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("a"))
    (post,) = outbox.begin(outbox.lease("w", 1, NOW, LATER), LATER)
    with store.decide() as desk:
        desk.revise(post, card("better"))
    outbox.sent([(post, Sent("slack", "T1", "D1", "1.2"))], NOW)
    (again,) = outbox.lease("w", 1, NOW, LATER)
    assert (again.message.card.title, again.sent_revision) == ("better", 1)


def test_dropping_leaves_what_was_sent(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("sent"), message("waits"))
    (post,) = outbox.lease("w", 1, NOW, LATER)
    outbox.sent([(post, Sent("slack", "T1", "D1", "1.2"))], NOW)
    with store.decide() as desk:
        for one in desk.about("alert 1"):
            desk.drop(one, "no longer so")
    assert {post.message.key: post.state for post in outbox.posts()} == {"sent": Delivery.SENT, "waits": Delivery.DROPPED}


def test_turns_are_handed_out_in_a_row(outbox: SqlOutbox) -> None:
    second = timedelta(seconds=1)
    spacings = {"slack:T1": second / 5, "slack:T1:ana": second}
    first, other = outbox.reserve([spacings, {"slack:T1": second / 5, "slack:T1:ben": second}], NOW)
    (again,) = outbox.reserve([spacings], NOW)
    assert (first, other, again) == (NOW, NOW + second / 5, NOW + second)


def test_a_job_is_one_replica_s_until_its_lease_ends(database: Database) -> None:
    jobs = SqlJobs(database)
    assert jobs.take("review", "one", NOW, LATER)
    assert not jobs.take("review", "two", NOW, LATER)
    assert jobs.take("review", "two", LATER, LATER + timedelta(minutes=2)), "the first one died"
    jobs.give_back("review", "one")
    assert not jobs.take("review", "one", LATER, LATER + timedelta(minutes=2))
    jobs.give_back("review", "two")
    assert jobs.take("review", "one", LATER, LATER + timedelta(minutes=2))
    jobs.take("sweep", "one", LATER + timedelta(days=30), LATER + timedelta(days=31))
    assert jobs.take("sweep", "two", LATER, LATER + timedelta(minutes=2)), "the clock of the first one was ahead"


def test_pushes_are_counted_per_person_and_week(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("a"), message("b"), message("urgent", is_urgent=True), message("other", to="ben@x.example"))
    outbox.sent([(post, Sent("slack", "T1", "D1", post.message.key)) for post in outbox.lease("w", 9, NOW, LATER)], NOW)
    both = ("ana@x.example", "ben@x.example")
    assert outbox.pushes(both, NOW - timedelta(days=7)) == {"ana@x.example": 2, "ben@x.example": 1}
    assert outbox.pushes(both, NOW + timedelta(days=1)) == {}


def test_who_turns_up_late_gets_what_waits_but_not_old_news(store: SqlAlerts, outbox: SqlOutbox) -> None:
    put(store, message("a"))
    (post,) = outbox.lease("w", 1, NOW, LATER)
    outbox.settle(post, Delivery.PARKED, "no account", NOW)
    assert outbox.wake("ana@x.example", NOW + timedelta(days=8)) == 0
    assert outbox.wake("ana@x.example", NOW + timedelta(days=1)) == 1


def test_every_card_comes_back_as_it_went() -> None:
    from examples import EXAMPLES
    from examples import card as example_card

    from bot.messages import stored

    for _, _, example in EXAMPLES:
        shown = example_card(example)
        assert stored.load(stored.dump(shown)) == shown


def test_a_change_of_a_stored_alert_keeps_its_number(store: SqlAlerts) -> None:
    with store.decide() as desk:
        opened = desk.save(steps.crossed(None, FOUND, (), None, NOW), "review")
        taken = desk.save(steps.corrected(opened, replace(SEEN, cost=Money(5, "USD")), NOW), "review")
        again = desk.save(steps.crossed(taken, FOUND, (), None, NOW), "review")
    assert opened.number == taken.number == again.number
    assert again.round == 2

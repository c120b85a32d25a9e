"""Sending over real HTTP: what Slack answers that is no yes, two replicas with a scheduler each, and a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from chat_slack import SECRET, Rig
from office import Office, office

from bot.domain.account import Account
from bot.ports import Delivery, MessageKind, Post
from bot.services.deliver import REPEATS
from bot.wiring import App


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AISPEND_SLACK_BOT_TOKEN", "xoxb-of-tests")
    monkeypatch.setenv("AISPEND_SLACK_SIGNING_SECRET", SECRET)


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    for name in ("ana", "mia", "ben"):
        found.app.register.pin(Account("slack", "T1", f"U{name.upper()}"), f"{name}@x.example", "test")
    return found


async def until(firm: Office, is_so: Callable[[Post], bool]) -> Post:
    """Return the first message once it is so."""
    async with asyncio.timeout(20):
        while True:
            posts = await asyncio.to_thread(firm.posts)
            if posts and is_so(posts[0]):
                return posts[0]
            await asyncio.sleep(0.02)


def alerts(firm: Office) -> list[Post]:
    return [post for post in firm.posts() if post.message.kind is MessageKind.ALERT]


def test_a_busy_slack_is_not_asked_again_before_it_said(firm: Office) -> None:
    firm.spend("104")

    async def scene() -> None:
        async with Rig(firm.app) as rig:
            rig.slack.fault = "busy"
            post = await until(firm, lambda post: bool(post.reason))
            assert (post.state, post.reason) == (Delivery.WAITING, "Slack asks to wait.")
            assert post.due_at
            assert post.due_at >= firm.clock.instant + timedelta(seconds=30)
            rig.slack.fault = ""
            firm.clock.instant += timedelta(minutes=1)
            await until(firm, lambda post: post.state is Delivery.SENT)
            assert len(rig.slack.shown) == 1

    asyncio.run(scene())


@pytest.mark.parametrize(("fault", "seen"), [("broken", 0), ("html", 0), ("reset", 1)])
def test_an_alert_in_doubt_comes_once_more_and_says_so(firm: Office, fault: str, seen: int) -> None:
    firm.spend("104")

    async def scene() -> None:
        async with Rig(firm.app) as rig:
            rig.slack.fault = fault
            await until(firm, lambda post: post.was_unknown)
            rig.slack.fault = ""
            post = await until(firm, lambda post: post.state in {Delivery.SENT, Delivery.UNKNOWN})
            posted = [given for name, given in rig.slack.calls if name == "chat.postMessage"]
            assert len(posted) == 2, "once, and once more"
            assert REPEATS not in str(posted[0])
            assert REPEATS in str(posted[1])
            assert len(rig.slack.shown) - seen <= 1
            assert post.was_unknown

    asyncio.run(scene())


def test_two_replicas_with_a_scheduler_each_tell_once(firm: Office, make_app: Callable[..., App], tmp_path: Path) -> None:
    for who in ("ana", "ben", "mia"):
        firm.spend("104", who)
    twin = make_app((tmp_path / "aispend.toml").read_text("utf-8"))
    object.__setattr__(twin, "clock", firm.clock)

    async def scene() -> None:
        async with Rig(firm.app) as one, Rig(twin) as two:
            await until(firm, lambda _: all(post.state is Delivery.SENT for post in alerts(firm)))
            firm.clock.instant += timedelta(minutes=10)
            await asyncio.to_thread(firm.review)
            await asyncio.to_thread(twin.review.run)
            assert sum("You have used" in text for text in [*one.slack.shown, *two.slack.shown]) == 3

    asyncio.run(scene())
    assert len(alerts(firm)) == 3
    assert firm.app.alerts.broken_link() is None


@pytest.mark.parametrize(("jump", "sent"), [(timedelta(days=30), 2), (timedelta(days=-2), 1)])
def test_a_clock_that_jumps_and_comes_back_loses_and_doubles_nothing(firm: Office, jump: timedelta, sent: int) -> None:
    firm.know()
    firm.spend("104")
    firm.review()
    right = firm.clock.instant
    firm.clock.instant = right + jump
    firm.deliver()
    firm.clock.instant = right
    firm.spend("121")
    firm.review()
    for _ in range(3):
        firm.clock.instant += timedelta(minutes=10)
        firm.deliver()
    texts = list(firm.world.shown.values())
    assert sum("121 %" in text for text in texts) >= 1
    assert len([post for post in firm.posts(Delivery.SENT) if post.message.to == "ana@x.example"]) == sent
    assert firm.world.writes <= 4, "two messages, and their edits"

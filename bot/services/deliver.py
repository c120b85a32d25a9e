"""Deliver: from the outbox to the platforms; what is not known to have arrived is said to be so, and nothing is sent twice blindly."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

from bot.domain.account import Account
from bot.domain.attention import WEEK, Cadence
from bot.errors import DeliveryDeferred, DeliveryImpossible, DeliveryUnknown
from bot.messages.card import Card, Paragraph, Run
from bot.messages.contact import Confirm
from bot.messages.markup import Templates
from bot.messages.words import N_, words
from bot.ports import REPEATED, Accounts, Chat, Clock, Delivery, Documents, MessageKind, Outbox, People, Post, Sent
from bot.services.accounts import Register
from bot.services.habits import Chosen
from bot.services.talk import reader_of

REPEATS = N_("This may have reached you before; whether it did could not be told.")
LEASE = timedelta(minutes=2)
LINGER = timedelta(seconds=30)
"""How long a message waits for its turn in hand; after that it is given back."""
MOST_ATTEMPTS = 12
HOLDABLE = frozenset({MessageKind.ALERT, MessageKind.REMINDER, MessageKind.ESCALATION, MessageKind.NOTICE, MessageKind.BROADCAST})
_ASK_AGAIN = timedelta(hours=1)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a platform may be written to: the time between two messages, in a workspace and in one place."""

    space: timedelta = timedelta()
    place: timedelta = timedelta()


PACES = {
    "slack": Pace(timedelta(seconds=60 / 300), timedelta(seconds=1)),
    "teams": Pace(timedelta(seconds=1 / 40), timedelta(seconds=0.5)),
}
"""Below what the platforms allow: Slack some hundred a minute and one a second in a place, Teams 50 a second a tenant and 60 in
30 seconds in a place (docs.slack.dev, learn.microsoft.com, read 2026-11-23)."""


@dataclass
class Counted:
    """What a pass did."""

    sent: int = 0
    edited: int = 0
    put_off: int = 0
    parked: int = 0
    unknown: int = 0
    dropped: int = 0
    held: int = 0

    def __str__(self) -> str:
        named = {name: count for name, count in vars(self).items() if count}
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in named.items()) or "nothing was due"


@dataclass(frozen=True)
class Courier:
    """Carries messages; one per replica.

    Attributes:
        worker: Name of the replica, in leases.
        width: Messages in hand at once.
        most_pushes: New messages a person gets in a week before those that are not urgent wait for the digest.
        executor: For the store.
    """

    outbox: Outbox
    people: People
    accounts: Accounts
    register: Register
    documents: Documents
    templates: Templates
    chosen: Chosen
    chats: Mapping[str, Chat]
    clock: Clock
    worker: str
    paces: Mapping[str, Pace] = field(default_factory=lambda: PACES)
    width: int = 16
    most_pushes: int = 5
    executor: Executor | None = None

    async def run(self) -> Counted:
        """Deliver until nothing is due."""
        counted = Counted()
        while await self.batch(counted):
            pass
        return counted

    async def batch(self, counted: Counted) -> int:
        """Take some messages that are due, deliver them side by side, and return how many they were."""
        now = self.clock.now()
        posts = await self._store(self.outbox.lease, self.worker, self.width, now, now + LEASE)
        if posts:
            await asyncio.gather(*(self._carry(post, counted) for post in posts))
        return len(posts)

    async def _carry(self, post: Post, counted: Counted) -> None:
        if post.state is Delivery.UNKNOWN:
            await self._unsure(post, "the worker that had it ended", counted)
            return
        if await self._waits(post, counted):
            return
        try:
            sent = await self._say(post)
        except DeliveryDeferred as exc:
            await self._later(post, str(exc), exc.retry_after, counted)
        except DeliveryImpossible as exc:
            await self._give_up(post, str(exc), counted)
        except DeliveryUnknown as exc:
            await self._unsure(post, str(exc), counted)
        else:
            if sent:
                counted.sent += not post.sent
                counted.edited += bool(post.sent)
                await self._store(self.outbox.sent, post, sent, self.clock.now())

    async def _waits(self, post: Post, counted: Counted) -> bool:
        """Put off what is not urgent in quiet hours, and hold it for the next digest when enough was said this week."""
        if post.sent or post.message.is_urgent or post.message.kind not in HOLDABLE or "@" not in post.message.to:
            return False
        person = (await self._store(self.people.directory)).person(post.message.to)
        if person is None:
            return False
        now, habits = self.clock.now(), await self._store(self.chosen.of, person.email)
        quiet = habits.until(now, person.time_zone)
        if quiet:
            counted.put_off += 1
            await self._store(self.outbox.put_off, post, quiet, "quiet hours")
            return True
        if await self._store(self.outbox.pushes, person.email, now - WEEK) < self.most_pushes or habits.cadence is Cadence.OFF:
            return False
        counted.held += 1
        await self._store(self.outbox.settle, post, Delivery.HELD, "enough was said this week; it goes into the next digest", now)
        return True

    async def _say(self, post: Post) -> Sent | None:
        """Send *post*, or put its card in the place of what was sent; None where it was settled otherwise."""
        if post.sent:
            chat = self._chat(post.sent.platform)
            await self._turn(post.sent.platform, post.sent.space, post.sent.place)
            await chat.edit(post.sent, post.message.card)
            return post.sent
        if "@" not in post.message.to:
            platform, space, channel = post.message.to.split(":", 2)
            await self._turn(platform, space, channel)
            return await self._chat(platform).post(space, channel, post.message.card)
        account = await self._account(post)
        await self._turn(account.platform, account.space, account.user)
        return await self._chat(account.platform).send(account, post.message.card)

    async def _account(self, post: Post) -> Account:
        """Return where the person reads; who was never seen is asked who they are first, without a figure."""
        email = post.message.to
        person = (await self._store(self.people.directory)).person(email)
        if person is None or person.stint(self.clock.now().date()) is None:
            raise DeliveryImpossible(f"{email} is not here any more.")
        bindings = [b for b in await self._store(self.accounts.every, email) if b.is_live and b.account.platform in self.chats]
        if bindings:
            wanted = (await self._store(self.chosen.of, email)).platform
            return max(bindings, key=lambda b: (b.account.platform == wanted, b.checked_at)).account
        for platform, chat in self.chats.items():
            account = await chat.find(email)
            if account:
                await self._greet(account, chat, email)
                raise DeliveryDeferred(f"{platform.capitalize()}: asked who they are, waiting for a yes.", _ASK_AGAIN)
        raise DeliveryImpossible(f"No chat account of {email} is known. They have to write to me once, or: aispend accounts bind.")

    async def _greet(self, account: Account, chat: Chat, email: str) -> None:
        """Ask, once, whether the account is the person's."""
        if await self._store(self.accounts.find, account):
            return
        standing = await self._store(self.register.read, account, await chat.profile(account))
        if standing.person is None or standing.person.email != email:
            raise DeliveryImpossible(f"The chat account that has {email} does not stand for that person.")
        view = Confirm(standing.person.name, email, "me")
        reader = await self._store(reader_of, standing.person, self.documents)
        await chat.send(account, self.templates.card(view.template, view, reader))

    def _chat(self, platform: str) -> Chat:
        chat = self.chats.get(platform)
        if chat is None:
            raise DeliveryImpossible(f"{platform.capitalize()} is not enabled here.")
        return chat

    async def _turn(self, platform: str, space: str, place: str) -> None:
        """Wait for the next turn in the workspace and the place."""
        pace = self.paces.get(platform, Pace())
        spacings = {f"{platform}:{space}": pace.space, f"{platform}:{space}:{place}": pace.place}
        spacings = {name: spacing for name, spacing in spacings.items() if spacing}
        if not spacings:
            return
        now = self.clock.now()
        free = await self._store(self.outbox.reserve, spacings, now)
        if free - now > LINGER:
            raise DeliveryDeferred("Others are before it.", free - now)
        await asyncio.sleep(max(0.0, (free - now).total_seconds()))

    async def _later(self, post: Post, reason: str, after: timedelta | None, counted: Counted) -> None:
        if post.attempts >= MOST_ATTEMPTS and after != _ASK_AGAIN:
            await self._give_up(post, f"Tried {post.attempts} times: {reason}", counted)
            return
        counted.put_off += 1
        await self._store(self.outbox.put_off, post, self.clock.now() + max(after or timedelta(), _back_off(post.attempts)), reason)

    async def _give_up(self, post: Post, reason: str, counted: Counted) -> None:
        counted.parked += 1
        await self._store(self.outbox.settle, post, Delivery.PARKED, reason, self.clock.now())

    async def _unsure(self, post: Post, reason: str, counted: Counted) -> None:
        """Do what the kind's policy says when nobody can tell whether it arrived; an edit can simply be made again."""
        now = self.clock.now()
        if post.sent:
            await self._store(self.outbox.put_off, post, now + _back_off(post.attempts), reason)
            return
        counted.unknown += 1
        if post.message.kind in REPEATED and not post.was_unknown:
            await self._store(self.outbox.repeat, post, repeated(post.message.card), now)
        else:
            await self._store(self.outbox.settle, post, Delivery.UNKNOWN, reason, now)

    async def _store(self, function: Callable[..., _T], *values: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self.executor, lambda: function(*values))


def repeated(card: Card) -> Card:
    """Return *card* saying that it may have arrived before."""
    sentence = words(card.language).gettext(REPEATS)
    return replace(card, blocks=(Paragraph((Run(sentence),)), *card.blocks))


def _back_off(attempts: int) -> timedelta:
    """Return how long to wait before trying again: doubling from five seconds to an hour, with jitter so that replicas part."""
    seconds = min(3600.0, 5.0 * 2.0 ** max(0, attempts - 1))
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 - not for secrets


async def until_stopped(courier: Courier, pause_s: float, watch: Callable[[BaseException], None], stopped: Awaitable[object]) -> None:
    """Deliver again and again, *pause_s* after nothing was due, until *stopped*; *watch* hears of what went wrong."""
    stop = asyncio.ensure_future(stopped)
    while not stop.done():
        try:
            count = await courier.batch(Counted())
        except Exception as exc:  # noqa: BLE001 - the outbox loop must go on; the store may be away for a minute
            watch(exc)
            count = 0
        if not count:
            await asyncio.wait([stop], timeout=pause_s)

"""Deliver: from the outbox to the platforms; what is not known to have arrived is said to be so, and nothing is sent twice blindly.

A message is taken in hand (`lease`), given a place and a turn, and marked as being sent just before it is; so a worker that
ends leaves in doubt only what it had begun.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from bot.domain.people import Directory, Person
from bot.errors import DeliveryDeferred, DeliveryError, DeliveryImpossible, DeliveryUnknown, StoreError
from bot.messages.card import Card, Paragraph, Run
from bot.messages.contact import Confirm
from bot.messages.markup import Templates
from bot.messages.words import N_, words
from bot.ports import REPEATED, Accounts, Chat, Clock, Delivery, Documents, Outbox, People, Post, Sent
from bot.services.accounts import Register
from bot.services.address import Addresses, Aim, Place
from bot.services.talk import reader_of
from bot.services.together import Together

REPEATS = N_("This may have reached you before; whether it did could not be told.")
LEASE = timedelta(minutes=2)
LINGER = timedelta(seconds=1.5)
"""A message whose turn is later than this is given back until then."""
LATE = timedelta(seconds=10)
"""A turn that was missed by more is lost: after a standstill they would all come at once."""
MOST_ATTEMPTS = 12
_ASK_AGAIN = timedelta(hours=1)
DRAIN_S = 20
"""How long a stop waits for what is being sent."""
_STORE_AGAIN_S, _STORE_TRIES = 1.0, 300
_CROWDED_S = 1.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a platform may be spoken to: the time between two messages in a workspace, two in one place, two questions for people."""

    space: timedelta = timedelta()
    place: timedelta = timedelta()
    ask: timedelta = timedelta()


PACES = {
    "slack": Pace(timedelta(seconds=60 / 300), timedelta(seconds=1), timedelta(seconds=60 / 45)),
    "teams": Pace(timedelta(seconds=1 / 40), timedelta(seconds=0.5)),
}
"""Below what the platforms allow: Slack some hundred a minute, one a second in a place and 50 look-ups a minute, Teams 50 a second a
tenant and 60 in 30 seconds in a place (docs.slack.dev, learn.microsoft.com, read 2026-11-23)."""


@dataclass
class Counted:
    """What was done."""

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


@dataclass
class Courier:
    """Carries messages; one per replica.

    Attributes:
        worker: Name of the replica, in leases.
        width: Messages in hand at once.
        reconsider: Words anew what waits, when the directory has changed.
        executor: For the store.
    """

    outbox: Outbox
    people: People
    accounts: Accounts
    register: Register
    documents: Documents
    templates: Templates
    addresses: Addresses
    chats: Mapping[str, Chat]
    clock: Clock
    worker: str
    paces: Mapping[str, Pace] = field(default_factory=lambda: PACES)
    width: int = 64
    linger: timedelta = LINGER
    executor: Executor | None = None
    watch: Callable[[BaseException], None] = lambda _: None
    reconsider: Callable[[], None] = lambda: None
    counted: Counted = field(default_factory=Counted)
    _hand: set[asyncio.Task[None]] = field(default_factory=set)
    _busy: dict[str, datetime] = field(default_factory=dict)
    _seen: tuple[Directory, date] | None = None

    def __post_init__(self) -> None:
        self._beginning = Together(self._begin_all)
        self._recording = Together(self._record_all)

    async def run(self) -> Counted:
        """Deliver until nothing is due, and return what was done."""
        self.counted = Counted()
        while await self.round() or self._hand:
            if self._hand:
                await asyncio.wait(self._hand, return_when=asyncio.FIRST_COMPLETED)
        return self.counted

    async def round(self) -> int:
        """Take what is due in hand, as far as there is room, and return how many that is; what is being sent goes on meanwhile."""
        if len(self._hand) > self.width // 2:
            await asyncio.wait(self._hand, timeout=_CROWDED_S, return_when=asyncio.FIRST_COMPLETED)
        if len(self._hand) >= self.width:
            return 0
        await self._ask_who_may_see()
        now = self.clock.now()
        room = self.width - len(self._hand)
        posts = await self._store(self.outbox.lease, self.worker, room, now, now + LEASE, self.linger)
        for post in posts:
            if post.state is Delivery.UNKNOWN:
                await self._unsure(post, "the worker that had it ended")
        fresh = [post for post in posts if post.state is not Delivery.UNKNOWN]
        if fresh:
            await self._line_up([aim for aim in await self._store(self.addresses.aim, fresh, now) if await self._goes_out(aim)])
        return len(posts)

    async def _ask_who_may_see(self) -> None:
        """Have what was worded for somebody who may not see it any more worded anew before it goes out."""
        seen = await self._store(self.people.directory), self.clock.now().date()
        if self._seen is None or seen[0] is not self._seen[0] or seen[1] != self._seen[1]:
            await self._store(self.reconsider)
            self._seen = seen

    async def finish(self) -> None:
        """Wait for what is being sent, though not for ever."""
        if self._hand:
            await asyncio.wait(self._hand, timeout=DRAIN_S)

    async def _goes_out(self, aim: Aim) -> bool:
        """Settle what does not go out now, and tell what does."""
        busy = self._busy.get(aim.place.lane) if aim.place else None
        if aim.end is Delivery.HELD:
            self.counted.held += 1
        if aim.end is Delivery.PARKED:
            self.counted.parked += 1
        if aim.end:
            await self._store(self.outbox.settle, aim.post, aim.end, aim.reason, self.clock.now())
        elif aim.until or (busy and busy > self.clock.now()):
            self.counted.put_off += 1
            until = aim.until or (busy or self.clock.now()) + _back_off(1)
            await self._store(self.outbox.put_off, aim.post, until, aim.reason or "The platform asked to wait.")
        else:
            return True
        return False

    async def _line_up(self, aims: Sequence[Aim]) -> None:
        """Give each its turn: those whose turn is near are taken in hand, the others come back at theirs."""
        now = self.clock.now()
        lost = [aim for aim in aims if aim.post.turn is None or now - aim.post.turn > LATE]
        spacings = [self._spacings(aim) for aim in lost]
        turns = await self._store(self.outbox.reserve, spacings, now) if any(spacings) else [now] * len(lost)
        turn_of = {aim.post.number: aim.post.turn or now for aim in aims} | {
            aim.post.number: turn for aim, turn in zip(lost, turns, strict=True)
        }
        far = [replace(aim.post, turn=turn_of[aim.post.number]) for aim in aims if turn_of[aim.post.number] - now > self.linger]
        near = [aim for aim in aims if turn_of[aim.post.number] - now <= self.linger]
        if far:
            await self._store(self.outbox.schedule, far)
        for aim in near:
            post = aim.post
            self._take(self._carry(post, aim.place, turn_of[post.number]) if aim.place else self._introduce(post))

    def _take(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._hand.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._hand.discard(task)
        trouble = None if task.cancelled() else task.exception()
        if trouble:
            self.watch(trouble)

    async def _carry(self, post: Post, place: Place, turn: datetime) -> None:
        await asyncio.sleep(max(0.0, (turn - self.clock.now()).total_seconds()))
        try:
            begun = await self._beginning.add(post)
        except StoreError as exc:  # it may be marked as being sent, and is not: nobody need be in doubt about it
            await self._keep(self.outbox.put_off, post, self.clock.now(), str(exc))
            return
        if begun is None:  # it was dropped meanwhile, or another worker has it
            return
        post = begun
        try:
            sent = await self._say(post, place)
        except DeliveryDeferred as exc:
            if exc.retry_after:
                self._busy[place.lane] = self.clock.now() + exc.retry_after
            await self._later(post, str(exc), exc.retry_after)
        except DeliveryImpossible as exc:
            await self._give_up(post, str(exc))
        except DeliveryUnknown as exc:
            await self._unsure(post, str(exc))
        except Exception as exc:  # noqa: BLE001 - an answer nobody foresaw: it may have arrived
            self.watch(exc)
            await self._unsure(post, f"{place.platform.capitalize()} answered what could not be read ({type(exc).__name__}).")
        else:
            self.counted.sent += not post.sent
            self.counted.edited += bool(post.sent)
            await self._recording.add((post, sent))

    async def _say(self, post: Post, place: Place) -> Sent:
        """Send *post*, or put its card in the place of what was sent."""
        chat, card = self.chats[place.platform], post.message.card
        if post.sent:
            await chat.edit(post.sent, card)
            return post.sent
        return await (chat.send(place.account, card) if place.account else chat.post(place.space, place.place, card))

    async def _begin_all(self, posts: Sequence[Post]) -> Sequence[Post | None]:
        """Mark *posts* as being sent, and return them as they are now; None for what is not to be sent any more."""
        begun = {post.number: post for post in await self._store(self.outbox.begin, posts, self.clock.now() + LEASE)}
        return [begun.get(post.number) for post in posts]

    async def _record_all(self, done: Sequence[tuple[Post, Sent]]) -> Sequence[None]:
        """Store that they were sent."""
        await self._keep(self.outbox.sent, done, self.clock.now())
        return [None] * len(done)

    async def _introduce(self, post: Post) -> None:
        """Find the account of somebody who was never seen, and ask who they are, without a figure."""
        email, now = post.message.to, self.clock.now()
        person = (await self._store(self.people.directory)).person(email)
        try:
            for platform, chat in self.chats.items():
                account = await chat.find(email)
                if account and person:
                    await self._greet(account, chat, person)
                    self.counted.put_off += 1
                    reason = f"{platform.capitalize()}: asked who they are, waiting for a yes."
                    await self._keep(self.outbox.put_off, post, now + _ASK_AGAIN, reason)
                    return
            await self._give_up(post, f"No chat account of {email} is known. They have to write to me once, or: aispend accounts bind.")
        except DeliveryImpossible as exc:
            await self._give_up(post, str(exc))
        except DeliveryError as exc:
            self.counted.put_off += 1
            await self._keep(self.outbox.put_off, post, now + max(getattr(exc, "retry_after", None) or timedelta(), _back_off(6)), str(exc))

    async def _greet(self, account: Any, chat: Chat, person: Person) -> None:
        """Ask, once, whether the account is the person's."""
        if await self._store(self.accounts.find, account):
            return
        standing = await self._store(self.register.read, account, await chat.profile(account))
        if standing.person is None or standing.person.email != person.email:
            raise DeliveryImpossible(f"The chat account that has {person.email} does not stand for that person.")
        view = Confirm(person.name, person.email, "me")
        reader = await self._store(reader_of, person, self.documents)
        await chat.send(account, self.templates.card(view.template, view, reader))

    def _spacings(self, aim: Aim) -> dict[str, timedelta]:
        """Return what has a pace of its own on the way of *aim*, and that pace."""
        if aim.place is None:
            found = {f"{platform} ask": self._pace(platform).ask for platform in self.chats}
        else:
            pace = self._pace(aim.place.platform)
            found = {aim.place.lane: pace.space, f"{aim.place.lane}:{aim.place.place}": pace.place}
        return {name: spacing for name, spacing in found.items() if spacing}

    def _pace(self, platform: str) -> Pace:
        return self.paces.get(platform, Pace())

    async def _later(self, post: Post, reason: str, after: timedelta | None) -> None:
        if post.attempts >= MOST_ATTEMPTS:
            await self._give_up(post, f"Tried {post.attempts} times: {reason}")
            return
        self.counted.put_off += 1
        await self._keep(self.outbox.put_off, post, self.clock.now() + max(after or timedelta(), _back_off(post.attempts)), reason)

    async def _give_up(self, post: Post, reason: str) -> None:
        self.counted.parked += 1
        await self._keep(self.outbox.settle, post, Delivery.PARKED, reason, self.clock.now())

    async def _unsure(self, post: Post, reason: str) -> None:
        """Do what the kind's policy says when nobody can tell whether it arrived; an edit can simply be made again."""
        now = self.clock.now()
        if post.sent:
            await self._keep(self.outbox.put_off, post, now + _back_off(post.attempts), reason)
            return
        self.counted.unknown += 1
        if post.message.kind in REPEATED and not post.was_unknown:
            await self._keep(self.outbox.repeat, post, repeated, now)
        else:
            await self._keep(self.outbox.settle, post, Delivery.UNKNOWN, reason, now)

    async def _keep(self, function: Callable[..., object], *values: Any) -> None:
        """Store what became of a message, though the store may be away for some minutes."""
        for left in range(_STORE_TRIES, -1, -1):
            try:
                await self._store(function, *values)
            except StoreError:
                if not left:
                    raise
                await asyncio.sleep(_STORE_AGAIN_S)
            else:
                return

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
            count = await courier.round()
        except Exception as exc:  # noqa: BLE001 - the outbox loop must go on; the store may be away for a minute
            watch(exc)
            count = 0
        if not count:
            await asyncio.wait([stop], timeout=pause_s)
    await courier.finish()

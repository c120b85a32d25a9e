"""Address: where each of some messages goes, and whether it may be said now; from four questions however many they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.account import Account, Binding
from bot.domain.attention import WEEK, Cadence, Habits
from bot.domain.people import Directory, Person
from bot.ports import NOT_HERE, Accounts, Delivery, MessageKind, Outbox, People, Post
from bot.services.habits import Chosen

HOLDABLE = frozenset({MessageKind.ALERT, MessageKind.REMINDER, MessageKind.ESCALATION, MessageKind.NOTICE, MessageKind.BROADCAST})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is shown: with a person (then *account* is theirs) or in a channel."""

    platform: str
    space: str
    place: str
    account: Account | None = None

    @property
    def lane(self) -> str:
        """The workspace, which has a pace of its own."""
        return f"{self.platform}:{self.space}"


@dataclass(frozen=True, slots=True)
class Aim:
    """What is to be done with a message.

    Attributes:
        place: Where it goes; None where it does not, or where the person has to be asked first who they are.
        until: It waits until then.
        end: It is settled so.
    """

    post: Post
    place: Place | None = None
    until: datetime | None = None
    end: Delivery | None = None
    reason: str = ""


@dataclass(frozen=True)
class Addresses:
    """Aims messages.

    Attributes:
        platforms: Those that are enabled.
        most_pushes: New messages a person gets in a week before those that are not urgent wait for the digest.
    """

    people: People
    accounts: Accounts
    chosen: Chosen
    outbox: Outbox
    platforms: Collection[str]
    most_pushes: int

    def aim(self, posts: Sequence[Post], now: datetime) -> list[Aim]:
        """Return what is to be done with each of *posts*."""
        emails = sorted({post.message.to for post in posts if not post.sent and "@" in post.message.to})
        bindings: defaultdict[str, list[Binding]] = defaultdict(list)
        for binding in self.accounts.of(emails) if emails else ():
            if binding.account.platform in self.platforms:
                bindings[binding.email].append(binding)
        habits = self.chosen.of_all(emails) if emails else {}
        pushes = Counter(self.outbox.pushes(emails, now - WEEK)) if emails else Counter[str]()
        known = _Known(self.people.directory(), bindings, habits, pushes)
        return [self._aim(post, known, now) for post in posts]

    def _aim(self, post: Post, known: _Known, now: datetime) -> Aim:
        if post.sent:
            return self._there(post, Place(post.sent.platform, post.sent.space, post.sent.place))
        email = post.message.to
        if "@" not in email:
            platform, space, channel = email.split(":", 2)
            return self._there(post, Place(platform, space, channel))
        person = known.directory.person(email)
        if person is None or person.stint(now.date()) is None:
            return Aim(post, end=Delivery.PARKED, reason=f"{email} {NOT_HERE}.")
        return self._waits(post, known, person, now) or self._with(post, known)

    def _waits(self, post: Post, known: _Known, person: Person, now: datetime) -> Aim | None:
        """Put off what is not urgent in quiet hours, and hold it for the next digest when enough was said this week."""
        if post.turn or post.message.is_urgent or post.message.kind not in HOLDABLE:
            return None
        habits = known.habits[person.email]
        quiet = habits.until(now, person.time_zone)
        if quiet:
            return Aim(post, until=quiet, reason="quiet hours")
        known.pushes[person.email] += 1
        is_enough = known.pushes[person.email] > self.most_pushes and habits.cadence is not Cadence.OFF
        if is_enough and not post.message.needs_answer:
            known.pushes[person.email] -= 1
            return Aim(post, end=Delivery.HELD, reason="enough was said this week; it goes into the next digest")
        return None

    @staticmethod
    def _with(post: Post, known: _Known) -> Aim:
        """Aim at the account that the person reads, if any is known."""
        wanted = known.habits[post.message.to].platform
        theirs = known.bindings.get(post.message.to)
        if not theirs:
            return Aim(post)
        account = max(theirs, key=lambda b: (b.account.platform == wanted, b.checked_at)).account
        return Aim(post, Place(account.platform, account.space, account.user, account))

    def _there(self, post: Post, place: Place) -> Aim:
        if place.platform not in self.platforms:
            return Aim(post, end=Delivery.PARKED, reason=f"{place.platform.capitalize()} is not enabled here.")
        return Aim(post, place)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was asked for all of them at once."""

    directory: Directory
    bindings: Mapping[str, Sequence[Binding]]
    habits: Mapping[str, Habits]
    pushes: Counter[str]

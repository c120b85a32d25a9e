"""Digest: everybody's own summary at their own hour, from a few questions to the ledger however many people there are."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, islice

from bot.domain.attention import Cadence, due_slot
from bot.domain.foretold import Foretold
from bot.domain.people import Person, Role
from bot.errors import ConfigError, StoreError
from bot.messages.digests import Showback
from bot.messages.formats import Reader
from bot.ports import TOLD, Look, Message, MessageKind, Outbox, Outcomes, Post, PriceBook
from bot.services.digest import personal, showback, team, whole
from bot.services.digest.gathered import Gathered, Planned
from bot.services.habits import Chosen
from bot.services.review import Review

_CHUNK = 200
"""Digests that are worked out, then worded, then kept together: a processor does the same thing many times faster than three in turn."""
_TRIES = 5
_RARELY = (100_000, 50, 100)
"""Objects made since, and collections before, a collection of the young, the older and all of them."""
Due = tuple[Message, tuple[Post, ...], tuple[Look, ...], tuple[Foretold, ...]]
"""A digest, the notices it takes in, the looks it is and the forecasts in it."""


@dataclass(frozen=True)
class Digests:
    """Makes what is due; every digest has a key, so that none comes twice whoever makes it.

    Attributes:
        link: Returns where somebody gets a month as a file; None where nowhere.
        reconsider: Words anew what waits, when the directory has changed.
    """

    review: Review
    outbox: Outbox
    chosen: Chosen
    prices: PriceBook
    outcomes: Outcomes
    link: Callable[[date, str], str] | None = None
    reconsider: Callable[[], None] = lambda: None

    def run(self) -> int:
        """Put the digests that are due now in the outbox, and return how many are new."""
        count = 0
        for _ in range(_TRIES):
            self.reconsider()  # what was held back goes into them
            version = self.review.people.version()
            for batch in self._chunks():
                if self.review.people.version() != version:
                    break
                count += self._keep(batch, version)
            if self.review.people.version() == version:
                break
        return count

    def due(self) -> Iterator[Due]:
        """Yield the digests that are due now, worded and not kept yet."""
        return chain.from_iterable(self._chunks())

    def showback(self, month: date) -> Showback:
        """Return what the month of *month* cost each cost centre; the parts add up to the whole.

        Raises:
            ConfigError: Nothing was delivered for it.
        """
        return showback.view(self._gathered(), month)

    def _chunks(self) -> Iterator[list[Due]]:
        with _rarely_collecting():
            found = self._gathered()
            planned = self._planned(found)
            while some := list(islice(planned, _CHUNK)):
                yield [self._worded(one, found) for one in some]

    def _gathered(self) -> Gathered:
        return Gathered(self.review, self.outbox, self.prices, self.outcomes, self.review.clock.now())

    def _planned(self, found: Gathered) -> Iterator[Planned]:
        habits, now = self.chosen.every(), found.now
        for person in found.directory.people.values():
            if person.stint(now.date()) is None:
                continue
            mine = habits.get(person.email, self.chosen.usual)
            slot = due_slot(mine.cadence, mine.hour, person.time_zone, now)
            if slot:
                yield from personal.planned(found, person, slot, tells_nothing=mine.tells_nothing)
            week = due_slot(Cadence.WEEKLY, mine.hour, person.time_zone, now) if mine.cadence is not Cadence.OFF else None
            if week:
                yield from team.planned(found, person, week)
            if week and Role.FINOPS in person.roles:
                yield whole.planned(found, person, week)
            month = due_slot(Cadence.MONTHLY, mine.hour, person.time_zone, now) if Role.FINOPS in person.roles else None
            if month and found.loads:
                yield from self._showback(found, person, month.period.window.start, str(month.day))

    def _showback(self, found: Gathered, person: Person, first: date, day: str) -> Iterator[Planned]:
        with suppress(ConfigError):  # nothing was delivered for it
            link = self.link(first, person.email) if self.link else ""
            yield Planned(person, f"showback {day}", replace(showback.view(found, first), link=link))

    def _worded(self, one: Planned, found: Gathered) -> Due:
        reader = Reader(found.languages.get(one.person.email) or one.person.locale, one.person.time_zone)
        card = self.review.templates.card(one.view.template, one.view, reader)
        email = one.person.email
        told = ",".join(str(number) for post in one.held if (number := post.message.number_of("alert")))
        about, role = f"digest {told}".rstrip(), one.role or self.review.privacy.value
        return Message(f"digest {one.what} {email}", MessageKind.DIGEST, email, card, about=about, role=role), one.held, one.looks, one.told

    def _keep(self, batch: list[Due], version: int) -> int:
        """Store *batch*, unless the directory has changed since *version*: what was worded may be somebody else's by now."""
        for look in (look for _, _, looks, _ in batch for look in looks):
            self.review.people.log(look)
        with self.review.alerts.decide() as desk:
            if self.review.people.version() != version:
                return 0
            new = desk.enqueue_all([message for message, held, *_ in batch if not held])
            for message, held, *_ in batch:
                if held and desk.enqueue(message):
                    new.add(message.key)
                    for post in held:
                        desk.drop(post, TOLD)
        with suppress(StoreError):  # what was said is out; how right it was is of less weight
            self.review.forecasts.note_shown([one for message, _, _, told in batch if message.key in new for one in told])
        return len(new)


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    """Look for cycles of objects rarely for a while: a run reads a million records, which Python would walk through again and again."""
    usual = gc.get_threshold()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*usual)

"""Episodes: what people are told of an anomaly, in exact amounts; kept with its alert while it lasts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from bot.domain.money import NANOS_PER_UNIT, Money

LASTS = timedelta(days=7)
"""Days without an alarm after which an episode is over; what comes within them belongs to it."""
NOTABLE = Fraction(1, 4)
"""Share by which the excess must have changed before what was said is put right."""
_ROUNDED = NANOS_PER_UNIT // 50
"""What rounding to whole cents makes of a difference, at most."""
RESTATED = Fraction(1, 2)
"""Share of the excess that a correction must take away to undo it."""


class Channel(StrEnum):
    """What it was seen by."""

    SPIKE = "spike"
    """A day far above its expectation."""
    DRIFT = "drift"
    """Days that are all a little above."""
    MIX = "price_mix"
    """The same tokens cost more: another model, a cache that misses, longer answers."""
    ANNOUNCED = "announced_price"
    """The list itself changed: no alarm, but a reason why cost moves."""
    NEW = "new"
    """A person, key or model that was not there before and matters at once."""
    PERSON = "person"
    """One person far above what they, or people like them, ever cost."""


class Basis(StrEnum):
    """What the figure of an episode is of."""

    TEAM = "team"
    """What the team cost more than usual."""
    PRICE = "price"
    """What the same use cost the team more than before; the team may cost less than usual all the same."""
    NEW = "new"
    """All that something new has cost."""
    PERSON = "person"
    """What one person cost more than they usually do."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one person adds to an episode: e-mail, and cost above what they usually cost."""

    person: str
    excess: Money


@dataclass(frozen=True, slots=True)
class Episode:
    """One anomaly of one team, as it was last seen; its excess stands beside it as the cost of what was seen.

    Attributes:
        channels: What it was seen by, what explains most first.
        since, until: First day out of the usual, and the last one that raised an alarm.
        last: The last day that every source of the team had delivered.
        usual: What was expected from *since* to *until* of what the figure is of.
        paid: What the team cost from *since* to *until*.
        who: Those who contribute most, at most three; of the basis `PERSON` those who stand out, the dearest first.
        things: New keys, models or people; of the basis `NEW` the first is what the figure is of.
    """

    channels: tuple[Channel, ...]
    since: date
    until: date
    last: date
    usual: Money
    paid: Money
    who: tuple[Share, ...] = ()
    things: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Tell whether no alarm has come for so long that another one would be a new episode."""
        return self.last - self.until > LASTS

    def continues(self, other: Episode) -> bool:
        """Tell whether this is the same episode of a team as *other*."""
        return max(self.since, other.since) - min(self.until, other.until) <= LASTS

    def basis(self, excess: Money) -> Basis:
        """Return what *excess* is of: what explains most says it."""
        if self.channels[:1] == (Channel.NEW,):
            return Basis.NEW
        if self.channels[:1] == (Channel.PERSON,):
            return Basis.PERSON
        is_more = excess.nanos - (self.paid.nanos - self.usual.nanos) > _ROUNDED
        return Basis.PRICE if Channel.MIX in self.channels and is_more else Basis.TEAM

    def adds_up(self, excess: Money) -> bool:
        """Tell whether the usual and *excess* together are what the team cost, so that one may stand beside the other."""
        apart = self.usual.nanos + excess.nanos - self.paid.nanos
        return self.basis(excess) is Basis.TEAM and abs(apart) <= _ROUNDED

    def led_by(self, known: Episode) -> Episode:
        """Return this episode told by what it was *known* by first, whose figure stands."""
        return replace(
            self,
            channels=tuple(dict.fromkeys((*known.channels, *self.channels))),
            things=tuple(dict.fromkeys((*known.things, *self.things))),
            who=known.who if known.channels[:1] == (Channel.PERSON,) else self.who,
        )

    def is_undone(self, excess: Money, paid: Money) -> bool:
        """Tell whether a correction took away what was told as *excess*: the same days cost *paid* now."""
        return self.paid.nanos - paid.nanos > 0 and self.paid.nanos - paid.nanos >= RESTATED * excess.nanos


def has_changed(told: Money, now: Money) -> bool:
    """Tell whether an excess differs from what was told by enough to say so."""
    return abs(now.nanos - told.nanos) >= NOTABLE * abs(told.nanos)

"""Completeness: how much of a day's cost a source has usually stated when the day is so and so old.

Ages are counted from the beginning of a day, in quarters of a day: a source that is asked every hour says more of yesterday at noon
than at one. What is compared is what a load found with what the ledger came to hold; nothing is assumed of the source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from bot.domain.period import midnight

AGE = timedelta(hours=6)
"""The unit of ages."""
_A_DAY = timedelta(days=1) // AGE
OLDEST = 14
"""Days after which what the ledger holds of a day is taken for final; older loads tell nothing."""
KEPT = 400
"""Days for which what was seen is remembered."""
LOOKED_AT = 90
"""Final days that a curve is made of."""
ENOUGH = 14
"""Days that must have been seen at an age before it says anything."""
WHOLE = 0.97
"""A day that is usually there by this much is not completed: what a level is made of may be that far off."""
MOST_OPEN = 7
"""Days before the last delivered one that may count as not whole."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the ledger held of one day of a source after a load. Amounts are nanos.

    Attributes:
        age: Of the day, at the load, in quarters of a day.
        final: What the ledger holds of it now.
    """

    source: str
    day: date
    age: int
    cost: int
    final: int


@dataclass(frozen=True)
class Opened:
    """What is known of the newest days of a subject.

    Attributes:
        last: The last day that is usually whole.
        shares: Of each day after it, ascending, the share that is usually stated by now; none where that is not known of every source.
    """

    last: date
    shares: tuple[float, ...] = ()


def age_of(day: date, at: datetime) -> int:
    """Return how old *day* is *at* an instant, in whole quarters of a day from its beginning; negative before it began."""
    return (at - midnight(day)) // AGE


@dataclass(frozen=True)
class Curve:
    """The share of a day that one source has usually stated, by the day's age; ages of which too little is known are absent."""

    shares: Mapping[int, float]

    def at(self, age: int) -> float | None:
        """Return the share at *age*; None where nobody knows. Older than an age at which a day is whole, it is whole."""
        if age in self.shares:
            return self.shares[age]
        younger = max((known for known in self.shares if known < age), default=None)
        return 1.0 if younger is not None and self.shares[younger] >= WHOLE else None


def curve(seen: Iterable[Seen], today: date) -> Curve:
    """Return how complete days of one source usually are, from the last `LOOKED_AT` final ones.

    By age it is the median of what was seen of what it became, 0 to 1; a day that came to nothing tells nothing.
    """
    final = today - timedelta(days=OLDEST)
    first = final - timedelta(days=LOOKED_AT)
    shares: defaultdict[int, list[float]] = defaultdict(list)
    for one in seen:
        if first <= one.day < final and one.final > 0:
            shares[one.age].append(one.cost / one.final)
    return Curve({age: min(1.0, max(0.0, median(found))) for age, found in shares.items() if len(found) >= ENOUGH})


@dataclass(frozen=True)
class Usual:
    """How complete the newest days of each source are.

    Attributes:
        ages: How old a day was when a load last told of it, by source.
    """

    curves: Mapping[str, Curve]
    ages: Mapping[str, Mapping[date, int]]
    today: date
    _known: dict[tuple[str, date], float | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, seen: Iterable[Seen], now: datetime) -> Usual:
        """Return what *seen* tells by *now*; what was loaded later is not looked at."""
        today, latest = now.date(), age_of(now.date(), now)
        by_source: defaultdict[str, list[Seen]] = defaultdict(list)
        ages: defaultdict[str, dict[date, int]] = defaultdict(dict)
        for one in seen:
            if one.age <= latest + _A_DAY * (today - one.day).days:
                by_source[one.source].append(one)
                ages[one.source][one.day] = max(one.age, ages[one.source].get(one.day, one.age))
        return cls({source: curve(rows, today) for source, rows in by_source.items()}, ages, today)

    def opened(self, costs: Mapping[str, int], last: date) -> Opened:
        """Return what is known of the newest days of a subject.

        Args:
            costs: What it costs by each of its sources, lately; by these their shares are weighed.
            last: The last day that every one of them has delivered.
        """
        before = [last - timedelta(days=n) for n in reversed(range(MOST_OPEN))]
        told = [self._told(costs, day) for day in before]
        if not costs or None in told:
            return Opened(last)
        lacking = (day for day, shares in zip(before, told, strict=True) if shares and min(shares) < WHOLE)
        first = next(lacking, last + timedelta(days=1))
        shares = tuple(self._shares(costs, first))
        return Opened(first - timedelta(days=1), shares) if len(shares) > (last - first).days else Opened(last)

    def _shares(self, costs: Mapping[str, int], first: date) -> Iterable[float]:
        """Yield the share of each day from *first* to today, up to one of which nobody knows or that nobody has told of."""
        weights = [max(cost, 0) for cost in costs.values()]
        for day in (first + timedelta(days=n) for n in range((self.today - first).days + 1)):
            shares = self._told(costs, day)
            if shares is None or not sum(weights) or not any(day in self.ages[source] for source in costs):
                return
            yield sum(weight * share for weight, share in zip(weights, shares, strict=True)) / sum(weights)

    def _told(self, sources: Iterable[str], day: date) -> Sequence[float] | None:
        """Return the share of *day* by source; None where one is not known."""
        found = [self._share(source, day) for source in sources]
        shares = [share for share in found if share is not None]
        return shares if len(shares) == len(found) else None

    def _share(self, source: str, day: date) -> float | None:
        if (source, day) not in self._known:
            self._known[source, day] = self._found(source, day)
        return self._known[source, day]

    def _found(self, source: str, day: date) -> float | None:
        ages = self.ages.get(source)
        if not ages:
            return None
        if day in ages:
            return self.curves[source].at(ages[day])
        return 0.0 if day > max(ages) and self.curves[source].shares else None

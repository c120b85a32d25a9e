"""Completeness: how much of a day's cost a source has usually stated when the day is so and so old.

Ages are counted from the beginning of a day, in quarters of a day: a source that is asked every hour says more of yesterday at noon
than at one. What is compared is what a load found with what the ledger held when the day was no longer young; nothing is assumed of the
source. A correction of history (a price, an owner) is no lateness: days that it changed tell nothing, and a source whose days
contradict one another has no curve.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

from bot.domain.period import midnight

AGE = timedelta(hours=6)
"""The unit of ages."""
_A_DAY = timedelta(days=1) // AGE
OLDEST = 14
"""Days after which what the ledger holds of a day is taken for final; what later loads change is a correction."""
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
AGREE = 0.15
"""What the earlier and the later half of the days, each in the median, may be apart for a curve to be believed."""
_LATE = (MOST_OPEN + 1) * _A_DAY
"""Days that are older than this are not completed: a load that changes most of them corrects."""
_SOME = 3
"""So many days of that age a load must have told of to be called a correction."""


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
        """Return the share at *age*; None where nobody knows.

        Between two ages that are known it lies on the line between them; older than an age at which a day is whole, it is whole.
        """
        if age in self.shares:
            return self.shares[age]
        younger = max((known for known in self.shares if known < age), default=None)
        older = min((known for known in self.shares if known > age), default=None)
        if younger is None:
            return None
        share = self.shares[younger]
        if older is None:
            return 1.0 if share >= WHOLE else None
        return share + (self.shares[older] - share) * (age - younger) / (older - younger)


def curve(seen: Iterable[Seen], today: date) -> Curve:
    """Return how complete days of one source usually are, from the last `LOOKED_AT` final ones.

    By age it is the median of what was seen of what the day had become at `OLDEST` days, 0 to 1. Days that had come to nothing or
    that were corrected tell nothing; where the earlier and the later days contradict one another at any age, nothing is known.
    """
    final = today - timedelta(days=OLDEST)
    first = final - timedelta(days=LOOKED_AT)
    shares: defaultdict[int, list[float]] = defaultdict(list)
    for rows in _uncorrected(seen):
        if first <= rows[0].day < final and rows[-1].cost > 0:
            for one in rows:
                shares[one.age].append(one.cost / rows[-1].cost)
    known = {age: found for age, found in shares.items() if len(found) >= ENOUGH}
    if not all(map(_agree, known.values())):
        return Curve({})
    return Curve({age: _share(found) for age, found in known.items()})


def _uncorrected(seen: Iterable[Seen]) -> Iterable[Sequence[Seen]]:
    """Yield what was seen of each day, days and ages ascending, of those that no load has corrected."""
    days: defaultdict[date, list[Seen]] = defaultdict(list)
    for one in sorted(seen, key=lambda one: (one.day, one.age)):
        days[one.day].append(one)
    corrections = _corrections(days.values())
    for rows in days.values():
        changes = {_load(late) for early, late in pairwise(rows) if _differ(early.cost, late.cost)}
        if changes.isdisjoint(corrections) and not _differ(rows[-1].cost, rows[-1].final):
            yield rows


def _corrections(days: Iterable[Sequence[Seen]]) -> set[int]:
    """Return the loads that changed most of the days that are too old to be completed."""
    told: defaultdict[int, list[bool]] = defaultdict(list)
    for rows in days:
        for early, late in pairwise(rows):
            if late.age > _LATE:
                told[_load(late)].append(_differ(early.cost, late.cost))
    return {load for load, changes in told.items() if len(changes) >= _SOME and 2 * sum(changes) > len(changes)}


def _load(one: Seen) -> int:
    """Return when it was seen, in quarters of a day: the same for all days of a load."""
    return one.day.toordinal() * _A_DAY + one.age


def _differ(one: int, other: int) -> bool:
    return abs(one - other) > (1 - WHOLE) * max(abs(one), abs(other))


def _agree(shares: Sequence[float]) -> bool:
    """Tell whether the earlier half of *shares* says what the later one says."""
    half = len(shares) // 2
    return abs(_share(shares[:half]) - _share(shares[half:])) <= AGREE


def _share(shares: Sequence[float]) -> float:
    return min(1.0, max(0.0, median(shares)))


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

        A source that costs it nothing, or credits it, is left out: nothing of it lacks, and what others lack does not depend on it.

        Args:
            costs: What it costs by each of its sources, lately; by these their shares are weighed.
            last: The last day that every one of them has delivered.
        """
        costs = {source: cost for source, cost in costs.items() if cost > 0}
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
        weights = costs.values()
        for day in (first + timedelta(days=n) for n in range((self.today - first).days + 1)):
            shares = self._told(costs, day)
            if shares is None or not any(day in self.ages[source] for source in costs):
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

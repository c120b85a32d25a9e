"""Variance: why one period cost more or less than another, in parts that add up to the difference exactly.

The parts are Bennet's (1920) price and quantity indicators, the quantity taken apart into volume, the mix of models and the mix
of token classes within each model; W. E. Diewert, AJES 64:1 (2005), names variance analysis as their use. Everything is
computed in fractions, because x₁y₁ - x₀y₀ = x̄Δy + ȳΔx holds in them to the last digit whatever the figures are.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from bot.domain.consumption import Cube, Shares, Side, cube_of, scaled, shares_of
from bot.domain.money import round_together
from bot.domain.presence import Presences, Stay

MOST = 3
"""People who are named."""

_NOTHING = Stay(Fraction(0), Fraction(0))


class Driver(StrEnum):
    """What a change comes from; the values are the names of the parts."""

    NEW_USERS = "new_users"
    LOST_USERS = "lost_users"
    JOINED = "joined"
    """Who is in the team for more of the days than before, at the mean of what a day of theirs cost."""
    LEFT = "left"
    """The same for fewer."""
    PRICE = "price"
    VOLUME = "volume"
    MODEL_MIX = "model_mix"
    CLASS_MIX = "class_mix"
    OTHER = "other"
    """Cost without tokens: seats, requests, credits."""


@dataclass(frozen=True, slots=True)
class Variance:
    """Why *after* is not *before*. Amounts are nanos.

    Attributes:
        exact: The parts as they come out of the formulas; those that are zero are left out.
        parts: The same in whole nanos by largest remainder; they add up to the difference.
        joined: Who is in the team for more of the days than before; *gone* for fewer.
        moved: Who of these has joined or left, and was not just there on other days.
        gained: The model of a larger share of the tokens than before that explains most of what the models made dearer or cheaper; None
            where only those of smaller shares do.
    """

    before: int
    after: int
    exact: Mapping[Driver, Fraction]
    parts: Mapping[Driver, int]
    came: tuple[str, ...]
    left: tuple[str, ...]
    shares: tuple[Shares, Shares]
    gained: str | None
    joined: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    moved: frozenset[str] = frozenset()

    @property
    def change(self) -> int:
        """What *after* is above *before*."""
        return self.after - self.before

    @property
    def first(self) -> Driver | None:
        """The part that matters most, None where nothing has changed."""
        return max(self.parts, key=lambda driver: abs(self.parts[driver]), default=None)

    def one_of(self, count: int) -> Variance:
        """Return the same for one of *count* equal parts of both periods, what each cost being rounded to whole nanos."""
        before, after = (round(Fraction(cost, count)) for cost in (self.before, self.after))
        exact = {driver: part / count for driver, part in self.exact.items()}
        whole = round_together(list(exact.values()), after - before)
        parts = {driver: nanos for driver, nanos in zip(exact, whole, strict=True) if nanos}
        return replace(self, before=before, after=after, exact=exact, parts=parts)


def explain(before: Side, after: Side, known: Collection[str] = (), presence: Presences = MappingProxyType({})) -> Variance:
    """Take the difference in cost of two periods apart.

    Args:
        known: People who are neither new nor lost, though they used something in one of the periods only.
        presence: Who was in the team for other parts of the two periods, above none: what that alone makes out is a part of its own.
    """
    moves = _moves(before, after, presence)
    changes = after.costs(), before.costs()
    rest = {who for who, part in moves.items() if part != changes[0].get(who, 0) - changes[1].get(who, 0)}
    level, levels, times = _level(before, after, {who: presence[who] if who in rest else _NOTHING for who in moves})
    here, there = level.people(), levels.people()
    came, left = there - here - set(known), here - there - set(known)
    old, new = cube_of(level, left), cube_of(levels, came)
    joined, gone = (tuple(sorted(who for who, part in moves.items() if sign * part > 0)) for sign in (1, -1))
    exact = {
        Driver.NEW_USERS: Fraction(sum(u.cost for u in levels.usages if u.person in came)),
        Driver.LOST_USERS: Fraction(-sum(u.cost for u in level.usages if u.person in left)),
        **_of_tokens(old, new),
        Driver.OTHER: Fraction(new.other - old.other),
    }
    exact = {driver: part / times for driver, part in exact.items()}
    exact |= {driver: sum((moves[who] for who in people), Fraction(0)) for driver, people in ((Driver.JOINED, joined), (Driver.LEFT, gone))}
    exact = {driver: part for driver, part in exact.items() if part}
    cost, costs = (sum(u.cost for u in side.usages) for side in (before, after))
    whole = round_together(list(exact.values()), costs - cost)
    parts = {driver: nanos for driver, nanos in zip(exact, whole, strict=True) if nanos}
    shares, moved = (shares_of(old), shares_of(new)), frozenset(who for who in moves if presence[who].has_moved)
    return Variance(cost, costs, exact, parts, tuple(sorted(came)), tuple(sorted(left)), shares, _gained(old, new), joined, gone, moved)


def _moves(before: Side, after: Side, presence: Presences) -> dict[str, Fraction]:
    """Return what it makes out, in nanos, that people were there for more or less of the days than before; all others are left out.

    A cost is days × cost of a day, and the difference in days counts at the mean cost of a day. That is all of it for who was there
    in one of the periods only, and never more than all: a cost that does not follow who is there (a project's, say) is no move.
    """
    olds, news = before.costs(), after.costs()
    found: dict[str, Fraction] = {}
    for person in sorted(presence.keys() & {*olds, *news}):
        was, now = presence[person].was, presence[person].now
        old, new = olds.get(person, 0), news.get(person, 0)
        whole = Fraction(new - old)
        part = (old / was + new / now) * (now - was) / 2 if was and now else whole
        if whole * (now - was) > 0 and part * whole > 0:
            found[person] = min(part, whole, key=abs)
    return found


def _level(before: Side, after: Side, presence: Presences) -> tuple[Side, Side, int]:
    """Return both periods as if everybody had been there for the mean of both, each as many times as makes all counts whole.

    Who was not there in one of them is left out.
    """
    ratios: tuple[dict[str, Fraction], dict[str, Fraction]] = ({}, {})
    for person, stay in presence.items():
        for ratio, share in zip(ratios, (stay.was, stay.now), strict=True):
            ratio[person] = (stay.was + stay.now) / (2 * share) if stay.was and stay.now else Fraction(0)
    times = math.lcm(*(ratio.denominator for of in ratios for ratio in of.values()))
    if not presence:
        return before, after, times
    level, levels = (
        replace(side, usages=tuple(scaled(u, int(ratio.get(u.person, 1) * times)) for u in side.usages))
        for side, ratio in zip((before, after), ratios, strict=True)
    )
    return level, levels, times


def explain_mean(
    before: Side, after: Side, count: int, known: Collection[str] = (), presence: Presences = MappingProxyType({})
) -> Variance:
    """Take the difference between a period and the mean of *count* earlier ones apart; *before* is what these cost together.

    The parts grow as cost and tokens do, so they are those of the sums, with *after* taken as many times.
    """
    return explain(before, after.times(count), known, presence).one_of(count)


def largest(
    before: Side, after: Side, most: int = MOST, known: Collection[str] = (), presence: Presences = MappingProxyType({})
) -> list[tuple[str, Variance]]:
    """Return the people whose cost changed most, each with the same parts; who changed nothing is not among them."""
    old, new = before.costs(), after.costs()
    changes = {person: new.get(person, 0) - old.get(person, 0) for person in {*old, *new} if person}
    moved = sorted((person for person, change in changes.items() if change), key=lambda person: (-abs(changes[person]), person))
    return [(person, explain(before.of([person]), after.of([person]), known, presence)) for person in moved[:most]]


def _of_tokens(old: Cube, new: Cube) -> dict[Driver, Fraction]:
    """Return price, volume and the two mixes; tokens beside none at all are volume."""
    if not old.count or not new.count:
        return {Driver.VOLUME: Fraction(new.cost - old.cost)}
    price = volume = models = classes = Fraction(0)
    for model in {**old.models, **new.models}:
        unit, units, moved = _units(model, old, new)
        share, shares = old.share(model), new.share(model)
        price += moved
        volume += share * unit + shares * units
        models += (shares - share) * (unit + units)
        classes += (shares + share) * (units - unit)
    middle = Fraction(old.count + new.count, 2)
    return {
        Driver.PRICE: price,
        Driver.VOLUME: volume * (new.count - old.count) / 4,
        Driver.MODEL_MIX: middle * models / 4,
        Driver.CLASS_MIX: middle * classes / 4,
    }


def _units(model: str, old: Cube, new: Cube) -> tuple[Fraction, Fraction, Fraction]:
    """Return what a token of *model* costs with the class mix of each period, at the prices of both added up; and the price part.

    A model of one period only has its own prices in both, and in the other one the class mix of all models there.
    """
    was, now = old.models.get(model), new.models.get(model)
    if was and now:
        then, later = was.price_of(now.tokens), now.price_of(was.tokens)
        return (was.cost + later) / was.count, (now.cost + then) / now.count, (later - was.cost + now.cost - then) / 2
    if now:
        return 2 * now.price_of(old.classes) / old.count, Fraction(2 * now.cost, now.count), Fraction(0)
    assert was is not None
    return Fraction(2 * was.cost, was.count), 2 * was.price_of(new.classes) / new.count, Fraction(0)


def _gained(old: Cube, new: Cube) -> str | None:
    """Return the model whose share has grown and whose price beside the mean of all most explains the part of the model mix.

    Shares grow by as much as others shrink, so that the mean price may be taken from each: what a model adds is the growth of its
    share times how much dearer than the mean it is.
    """
    if not old.count or not new.count:
        return None
    models = sorted({**old.models, **new.models})
    grown = {model: new.share(model) - old.share(model) for model in models}
    prices = {model: sum(_units(model, old, new)[:2], Fraction(0)) for model in models}
    mean = sum((prices[model] * (old.share(model) + new.share(model)) for model in models), Fraction(0)) / 2
    sign = 1 if sum(grown[model] * prices[model] for model in models) > 0 else -1
    added = {model: sign * grown[model] * (prices[model] - mean) for model in models if grown[model] > 0}
    best = max(added, key=lambda model: added[model], default=None)
    return best if best is not None and added[best] > 0 else None

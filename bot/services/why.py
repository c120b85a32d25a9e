"""Why: what made a period cost more or less than as many days before, for who may see both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property

from bot.domain.consumption import Side, Usage
from bot.domain.money import Money
from bot.domain.period import PeriodKind, Window, add_months, first_of_month, same_days_before
from bot.domain.presence import presences
from bot.domain.saving import Habit, savings
from bot.domain.variance import Driver, Variance, explain, largest
from bot.domain.visibility import SMALLEST_GROUP
from bot.errors import Refusal
from bot.messages.estimates import AsBefore, Estimate
from bot.messages.formats import rounded
from bot.messages.why import Change, Mover, Reason, Why, Withheld
from bot.ports import CostScope, Dimension, Figures, PriceBook, Used
from bot.services.commands import Verb
from bot.services.leeway import Leeway
from bot.services.question import too_few
from bot.services.reach import Part, Reach

_NAMED = 2
"""New and lost people who are named; above, they are counted."""
_MOVED = Fraction(1, 100)
"""A change of the share of cached input or of output that is worth naming."""
_WORTH = Fraction(1, 100)
"""A saving, beside the cost, that is worth a line."""
_PER_LIST = 15
"""Decimals of a list price that are kept as a weight."""


@dataclass(frozen=True, slots=True)
class Words:
    """How the parts of a difference may be worded.

    Attributes:
        name: What a person is called; None where neither people nor models are to be named.
        is_own: The reader is the only person in it.
        has_moves: Among those who are not named, people joined or left the team.
        has_others: Cost without tokens is no part of its own, but of more or less use.
    """

    currency: str
    name: Callable[[str], str] | None = None
    is_own: bool = False
    has_moves: bool = False
    has_others: bool = False

    def change(self, variance: Variance, movers: Sequence[tuple[str, Variance]] = ()) -> Change:
        """Return *variance* with what is to be said about each part; *movers* are those who changed most."""
        ordered = sorted(variance.parts, key=lambda driver: -abs(variance.parts[driver]))
        reasons = tuple(self._reason(driver, variance, movers) for driver in ordered)
        return Change(self._money(variance.before), self._money(variance.after), reasons, self.is_own)

    def movers(self, found: Sequence[tuple[str, Variance]]) -> tuple[Mover, ...]:
        """Return those who changed most, each with their own parts."""
        return tuple(Mover(self.name(who), self.change(why, [(who, why)])) for who, why in found) if self.name else ()

    def _reason(self, driver: Driver, variance: Variance, movers: Sequence[tuple[str, Variance]]) -> Reason:
        cost = self._money(variance.parts[driver])
        match driver:
            case Driver.NEW_USERS | Driver.LOST_USERS | Driver.JOINED | Driver.LEFT:
                people = _behind(driver, variance)
                names = " + ".join(map(self.name, people)) if self.name and len(people) <= _NAMED else ""
                is_of_days = driver in {Driver.JOINED, Driver.LEFT} and not variance.moved.issuperset(people)
                return Reason(driver.value, cost, names, len(people), is_of_days=is_of_days)
            case Driver.MODEL_MIX if self.name:
                return self._moved(cost, variance, movers)
            case Driver.CLASS_MIX:
                before, after = variance.shares
                cached, output = _pair(before.cached, after.cached), _pair(before.output, after.output)
                if _goes(cached, -cost.nanos):
                    return Reason(driver.value, cost, cached=cached)
                return Reason(driver.value, cost, output=output if _goes(output, cost.nanos) else None)
            case Driver.VOLUME:
                return Reason(driver.value, cost, has_moves=self.has_moves, has_others=self.has_others)
            case _:
                return Reason(driver.value, cost)

    def _moved(self, cost: Money, variance: Variance, movers: Sequence[tuple[str, Variance]]) -> Reason:
        """Name who moved to another model, if that is at least half of it; else the model that is used more."""
        name, half = Driver.MODEL_MIX, Fraction(cost.nanos, 2)
        for who, own in movers:
            before, after = own.shares
            is_mover = before.main and after.main and before.main != after.main == own.gained
            part = own.exact.get(name, Fraction(0))
            if is_mover and part / half >= 1 and self.name:
                is_all = rounded(self._money(int(part))) == rounded(cost)
                return Reason(name.value, cost, self.name(who), model=own.gained or "", is_mostly=not is_all)
        return Reason(name.value, cost, model=variance.gained or "")

    def _money(self, nanos: int) -> Money:
        return Money(nanos, self.currency)


def _behind(driver: Driver, variance: Variance) -> tuple[str, ...]:
    """Return the people whom a part is about."""
    people = {
        Driver.NEW_USERS: variance.came,
        Driver.LOST_USERS: variance.left,
        Driver.JOINED: variance.joined,
        Driver.LEFT: variance.gone,
    }
    return people[driver]


def few_behind(side: Side, *, has_strangers: bool = False) -> bool:
    """Tell whether fewer than five people stand behind a part of it: the use of tokens, or what costs without them.

    *has_strangers*: Who is nobody of the directory may be a person.
    """
    for has_tokens in (True, False):
        people = {usage.person for usage in side.usages if bool(any(usage.tokens)) == has_tokens and usage.cost}
        if len(people - {""}) < SMALLEST_GROUP and (people - {""} or (has_strangers and people)):
            return True
    return False


def joint(variance: Variance) -> Variance:
    """Return *variance* with cost without tokens as part of the volume.

    Beside what tools and models cost, a figure for each of the two could be one person's.
    """
    exact, parts = dict(variance.exact), dict(variance.parts)
    exact[Driver.VOLUME] = exact.get(Driver.VOLUME, Fraction(0)) + exact.pop(Driver.OTHER, Fraction(0))
    parts[Driver.VOLUME] = parts.get(Driver.VOLUME, 0) + parts.pop(Driver.OTHER, 0)
    return replace(variance, exact=exact, parts={driver: nanos for driver, nanos in parts.items() if nanos})


def _pair(before: Fraction | None, after: Fraction | None) -> tuple[Fraction, Fraction] | None:
    return None if before is None or after is None else (before, after)


def _goes(pair: tuple[Fraction, Fraction] | None, sign: int) -> bool:
    """Tell whether a share has moved with *sign*, and so far that it is worth naming."""
    return pair is not None and abs(pair[1] - pair[0]) >= _MOVED and (pair[1] > pair[0]) == (sign > 0)


@dataclass(frozen=True)
class Everybody:
    """What some people used in a window, to be taken apart for one or for several of them."""

    usages: tuple[tuple[str, Usage], ...]
    weights: Mapping[str, tuple[int, ...]]

    def whole(self) -> Side:
        """Return all of it."""
        return Side(tuple(usage for _, usage in self.usages), self.weights)

    def of_person(self, email: str) -> Side:
        """Return one person's part."""
        return Side(tuple(self._people.get(email, ())), self.weights)

    def of_teams(self, teams: Iterable[str]) -> Side:
        """Return what was at the cost of *teams*."""
        return Side(tuple(usage for team in teams for usage in self._teams.get(team, ())), self.weights)

    @cached_property
    def _people(self) -> dict[str, list[Usage]]:
        found: defaultdict[str, list[Usage]] = defaultdict(list)
        for _, usage in self.usages:
            found[usage.person].append(usage)
        return found

    @cached_property
    def _teams(self) -> dict[str, list[Usage]]:
        found: defaultdict[str, list[Usage]] = defaultdict(list)
        for team, usage in self.usages:
            found[team].append(usage)
        return found


def used(figures: Figures, prices: PriceBook, scope: CostScope, before: Window, after: Window) -> tuple[Everybody, Everybody]:
    """Return what *scope* used in two windows, one question for each; a model that two providers sell is two."""
    old, new = used_in(figures, prices, scope, (before, after))
    return old, new


def used_in(figures: Figures, prices: PriceBook, scope: CostScope, windows: Sequence[Window]) -> list[Everybody]:
    """Return what *scope* used in each of *windows*; a model is called the same in all."""
    found = [figures.usage(scope, window) for window in windows]
    providers: defaultdict[str, set[str]] = defaultdict(set)
    for row in (row for rows in found for row in rows):
        providers[row.model].add(row.provider)
    twice = {model for model, sellers in providers.items() if model and len(sellers) > 1}
    return [_everybody(rows, twice, prices, window) for rows, window in zip(found, windows, strict=True)]


def _everybody(rows: Sequence[Used], twice: set[str], prices: PriceBook, window: Window) -> Everybody:
    names = {(row.provider, row.model): f"{row.model} ({row.provider or '?'})" if row.model in twice else row.model for row in rows}
    usages = tuple((row.team, Usage(row.person, names[row.provider, row.model], row.tokens, row.cost)) for row in rows)
    weights = _weights(prices, sorted(names), max(window.start, window.end - timedelta(days=1)))
    return Everybody(usages, {names[key]: known for key, known in weights.items()})


def _weights(prices: PriceBook, models: Iterable[tuple[str, str]], day: date) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return the list prices of each model's token classes on *day*, those of short calls."""
    wanted = [{"provider_name": provider, "model": model, "day": day} for provider, model in models if model]
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    for row in prices.prices(wanted):
        asked = (int(price.scaleb(_PER_LIST)) for name, price in row.items() if name.endswith("_price"))
        found.setdefault((row["provider_name"], row["model"]), tuple(asked))
    return found


@dataclass
class Explaining(Reach):
    """A question that may ask why."""

    def _reasons(self) -> Why:
        part, window = self._about(), self._window()
        delivered = self._delivered(window, part.scope)
        before = same_days_before(delivered or window, self.command.period.kind)
        # What has no cost is refused as if there were no such project, before anything else is said of it.
        both = Window(before.start, window.end)
        self._note(part, is_there=not part.scope.project or bool(self.of.figures.costs(part.scope, both, Dimension.SOURCE)))
        if delivered is None or not self._compares(part.scope, before):
            raise self._incomparable(part)
        window = delivered
        old, new = (found.whole() for found in used(self.of.figures, self.of.prices, part.scope, before, window))
        is_grouped = not part.has_names and part.scope.people is None
        if self.groups.concern(part.scope) and any(0 < len(side.people()) < SMALLEST_GROUP for side in (old, new)):
            raise too_few()
        presence = presences(self.directory, part.scope.teams or (), [before], [window])
        is_own, has_moves = part.scope.people == (self.viewer.email,), is_grouped and bool(presence.keys() & {*old.costs(), *new.costs()})
        is_joint = is_grouped and self.groups.concern(part.scope)
        found = Words(self.of.currency, None if is_grouped else self._name_of, is_own, has_moves, has_others=is_joint)
        movers = [] if is_grouped else largest(old, new, presence=presence)
        variance = explain(old.together(), new.together()) if is_grouped else explain(old, new, presence=presence)
        told = found.change(joint(variance) if is_joint else variance, movers)
        return Why(
            part.subject,
            part.words,
            window,
            before,
            self._divisible(told, part, (before, old), (window, new)),
            found.movers(movers) if part.has_names else (),
            self._freshness(part.scope, window),
            part.partial,
            self.command.period_words,
            self._estimates(part, window, old, new, variance),
            self._has_last_month(part),
        )

    def _divisible(self, change: Change, part: Part, *sides: tuple[Window, Side]) -> Change:
        """Return *change* without its reasons where these would tell of few people."""
        if not self.groups.divide(part.scope):
            return replace(change, reasons=(), withheld=Withheld.GROUP)
        if self.groups.concern(part.scope) and any(few_behind(side, has_strangers=self._has_strangers(days)) for days, side in sides):
            return replace(change, reasons=(), withheld=Withheld.FEW)
        return change

    def _has_strangers(self, window: Window) -> bool:
        """Tell whether something is billed by an e-mail that the directory does not know."""
        people = self.of.figures.contributors(CostScope(), window).get((), frozenset())
        return any(number < 0 for number in people)

    def _estimates(self, part: Part, window: Window, old: Side, new: Side, variance: Variance) -> tuple[Estimate, ...]:
        """Return what could have been saved, where it is worth a line.

        Where nobody may be named, only what no person used is told, and only of the whole organisation: within a team it may be
        somebody's who has left; and of seats that are no person's where five people use them and five seats are spare. Other
        models are no advice where those of today have saved money already. Where credits have paid for all there is nothing to save.
        """
        scope = part.scope
        leeway = Leeway(self.of.hints, self.of.prices, self.directory, self._deliveries, self.of.currency, scope, window)
        found: list[Estimate | None] = []
        if part.has_names or scope.people is not None:
            saved = savings(old, new)
            if variance.parts.get(Driver.MODEL_MIX, 0) < 0:
                saved.pop(Habit.MODEL, None)
            found += [AsBefore(habit.value, self._money(nanos)) for habit, nanos in saved.items()]
            name = self._name_of if part.has_names else None
            found.append(leeway.seats(name, is_own=scope.people == (self.viewer.email,)))
            found.append(leeway.small_calls())
        if scope.people is None and (part.has_names or scope.is_everything):
            found.append(leeway.batches())
        if scope.is_everything:
            found.append(leeway.spare_seats(1 if part.has_names else SMALLEST_GROUP))
        least = _WORTH * sum(usage.cost for usage in new.usages)
        if least <= 0:
            return ()
        return tuple(estimate for estimate in found if estimate and estimate.saving.nanos >= least)

    def _incomparable(self, part: Part) -> Refusal:
        """Return why nothing can be said, and what may be asked instead."""
        if not self._has_last_month(part):
            return Refusal("I cannot compare these days: the days before were not delivered, or are not to be shown.")
        return Refusal(
            "I cannot compare these days: the days before were not delivered, or are not to be shown. Try: why {words} last month",
            f"why {part.words} last month",
            words=part.words,
        )

    def _has_last_month(self, part: Part) -> bool:
        """Tell whether `why` can be asked about last month instead."""
        if self.command.period_words == "last month":
            return False
        start = add_months(first_of_month(self.now.date()), -1)
        month = Window(start, add_months(start, 1))
        is_whole = self._delivered(month, part.scope) == month
        return is_whole and self._compares(part.scope, same_days_before(month, PeriodKind.MONTH))

    def _about(self) -> Part:
        parts: dict[Verb, Callable[[], Part]] = {
            Verb.ME: self._of_me,
            Verb.PERSON: lambda: self._of_person(self._someone()),
            Verb.TEAM: self._of_team,
            Verb.PROJECT: self._of_project,
            Verb.ORG: self._of_org,
        }
        return parts[self.command.about]()

    def _note(self, part: Part, *, is_there: bool) -> None:
        """Note the look at a project, and that at the people who are named."""
        if part.scope.project:
            self._note_project(part, is_there=is_there or not part.partial)
        if part.has_names:
            self._log_names(CostScope(part.scope.people, part.scope.teams))

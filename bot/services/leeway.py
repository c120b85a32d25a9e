"""Leeway: where money lies on the table, beside the habits of before: seats that nobody uses, what could be batches, small calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from bot.domain.hint import IDLE_DAYS, Presence, Seat, batchable, idle, move, spare
from bot.domain.money import NANOS_PER_UNIT, Money
from bot.domain.people import Directory
from bot.domain.period import Window, whole_months
from bot.messages.estimates import Batches, IdleSeats, SmallCalls, SpareSeats
from bot.ports import CostScope, Hints, Load, PriceBook
from bot.services.deliveries import delivered_since

CURRENCY = "USD"
"""The price list's; what is billed in another one is not held against it, as rates would look like prices."""
NAMED = 3
"""People who are named beside idle seats."""
_LATE = timedelta(days=31)
"""How late a source of use may be; and how far before the days without use a seat that is billed once a month is looked for."""
_Prices = dict[tuple[str, str], tuple[Fraction, ...]]


@dataclass(frozen=True)
class Leeway:
    """Looks for what could cost less in *window*.

    Attributes:
        deliveries: The loads that still count.
    """

    hints: Hints
    prices: PriceBook
    directory: Directory
    deliveries: Sequence[Load]
    currency: str
    scope: CostScope
    window: Window

    def seats(self, name: Callable[[str], str] | None, *, is_own: bool) -> IdleSeats | None:
        """Return the seats without use in all of the window and in the 30 days before its end, as far as the sources of use reach.

        Nothing is said of a tool whose use no source shows, or shows of keys that nobody knows: one of them may be the owner's.

        Args:
            name: What a person is called; None where nobody is to be named.
        """
        held = self.hints.seats(self.scope, self.window, self.window.start)
        uses, ends = self._reach({(seat.provider, seat.tool) for seat in held})
        found = [seat for end in sorted(set(ends.values())) for seat in self._idle(end, {t for t in ends if ends[t] == end}, uses)]
        if not found:
            return None
        since = max(self._looked(end) for end in ends.values())
        return self._seats(sorted(found, key=lambda seat: (-seat.cost, seat.person)), since, name, is_own=is_own)

    def spare_seats(self, least: int) -> SpareSeats | None:
        """Return the seats of whole months that were bought together, beyond those who used their tool as long as `seats` looks.

        Args:
            least: How many people and how many seats have to be on either side, or nothing is said of a tool.
        """
        months = whole_months(self.window)
        pools = self.hints.pools(self.window) if months else []
        uses, ends = self._reach({(pool.provider, pool.tool) for pool in pools})
        begin = self._looked(self.window.end)
        known = (pool for pool in pools if ends.get((pool.provider, pool.tool)) == self.window.end)
        found = [one for pool in known if (one := spare(pool, months, uses, begin)) and min(one.used, one.seats - one.used) >= least]
        if not found:
            return None
        saving, seats, used = (sum(getattr(one, name) for one in found) for name in ("saving", "seats", "used"))
        return SpareSeats(self._money(saving), seats, used, tuple(one.tool for one in found), begin)

    def _reach(self, tools: set[tuple[str, str]]) -> tuple[list[Presence], dict[tuple[str, str], date]]:
        """Return what was used of *tools*, and until when all of it is known; a tool of which it is not is left out."""
        uses = self.hints.uses(tools, Window(self._first, self.window.end)) if tools else []
        of_tool: defaultdict[tuple[str, str], list[Presence]] = defaultdict(list)
        for use in uses:
            of_tool[use.provider, use.tool].append(use)
        return uses, {tool: end for tool in tools if (end := self._known_until(of_tool[tool]))}

    def _looked(self, end: date) -> date:
        """Return the first day without use of seats that are idle at *end*."""
        return min(self.window.start, end - timedelta(days=IDLE_DAYS))

    @property
    def _first(self) -> date:
        """The first day of use that is asked for: a source that shows it may be late."""
        return self._looked(self.window.end) - _LATE

    def _known_until(self, uses: Sequence[Presence]) -> date | None:
        """Return the end of the days of which every source that shows *uses* has told.

        None where it is not known whose use it is, or where a day that would be looked at was not delivered.
        """
        loads = [self._loads.get(source, ()) for source in sorted({use.source for use in uses})]
        if not all(loads) or not loads or not all(use.person for use in uses):
            return None
        end = min(self.window.end, *(max(load.watermark.date() for load in of_one) for of_one in loads))
        begun = [delivered_since(end, of_one) for of_one in loads]
        looked = self._looked(end)
        is_known = end > self.window.start and looked >= self._first and all(since and since <= looked for since in begun)
        return end if is_known else None

    def _idle(self, end: date, tools: set[tuple[str, str]], uses: Sequence[Presence]) -> list[Seat]:
        begin = self._looked(end)
        held = self.hints.seats(self.scope, Window(self.window.start, end), begin - _LATE)
        joined = {email: person.stints[0].valid_from for email, person in self.directory.people.items() if person.stints}
        judged = (seat for seat in held if (seat.provider, seat.tool) in tools and self._was_here(seat.person, begin))
        return idle(judged, uses, begin, joined)

    def _was_here(self, email: str, begin: date) -> bool:
        """Tell whether somebody was in no other team than those asked about: what they did there is not for these readers."""
        person, teams = self.directory.person(email), self.scope.teams
        stints = person.stints if person else ()
        days = Window(begin, self.window.end)
        return teams is None or all(stint.team in teams for stint in stints if Window(stint.valid_from, stint.valid_to).overlaps(days))

    def _seats(self, found: Sequence[Seat], since: date, name: Callable[[str], str] | None, *, is_own: bool) -> IdleSeats:
        tools = tuple(dict.fromkeys(seat.tool or seat.provider for seat in found))
        people = list(dict.fromkeys(seat.person for seat in found))
        who = tuple(map(name, people[:NAMED])) if name else ()
        others = len(people) - len(who) if name else 0
        return IdleSeats(self._money(sum(seat.cost for seat in found)), len(found), tools, since, who, others, is_own)

    @cached_property
    def _loads(self) -> dict[str, list[Load]]:
        """The loads that still count, by source."""
        found: defaultdict[str, list[Load]] = defaultdict(list)
        for load in self.deliveries:
            found[load.source].append(load)
        return dict(found)

    def batches(self) -> Batches | None:
        """Return what batches would have saved on the tokens of keys that stand for no person."""
        used = self.hints.keys(self.scope, self.window, CURRENCY)
        models = {(use.provider, use.model) for use in used if use.model}
        listed, batched = self._listed(self.prices.prices, models), self._listed(self.prices.batches, models)
        saved, cost = Fraction(0), 0
        for use in used:
            of = (use.provider, use.model)
            if of in listed and of in batched and (saving := batchable(use, listed[of], batched[of])):
                saved, cost = saved + saving, cost + use.cost
        return Batches(self._money(int(saved)), self._money(cost)) if saved >= 1 else None

    def small_calls(self) -> SmallCalls | None:
        """Return the move of small calls to a model that the organisation uses, too, that would have saved most."""
        calls = [one for one in self.hints.calls(self.scope, self.window) if one.are_small]
        providers = {one.provider for one in calls}
        known = {of for of in self.hints.models(self.window) if of[0] in providers} if calls else set()
        best = move(calls, known, self._listed(self.prices.prices, known))
        if best is None:
            return None
        return SmallCalls(self._money(best.saving), best.calls, best.tokens, best.dearer, best.cheaper)

    def _listed(self, ask: Callable[[Sequence[Mapping[str, Any]]], list[dict[str, Any]]], models: Iterable[tuple[str, str]]) -> _Prices:
        """Return the list prices of short calls on the last day, nanos per token, of the models that are listed."""
        day = max(self.window.start, self.window.end - timedelta(days=1))
        found: _Prices = {}
        for row in ask([{"provider_name": provider, "model": model, "day": day} for provider, model in sorted(models)]):
            prices = (Fraction(Decimal(price)) * NANOS_PER_UNIT for name, price in row.items() if name.endswith("_price"))
            found.setdefault((row["provider_name"], row["model"]), tuple(prices))
        return found

    def _money(self, nanos: int) -> Money:
        return Money(nanos, self.currency)

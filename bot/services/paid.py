"""Paid: what the vendors billed for tokens, held against the price list, to the prices that are not what they were."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from bot.domain.budget import Budget, ScopeKind
from bot.domain.money import NANOS_PER_UNIT
from bot.domain.period import Window
from bot.domain.price_list import Paid, PriceStep, of_classes, off_list, usual_of
from bot.domain.visibility import Privacy
from bot.ports import Billed, CostScope, Dimension, Documents, Figures, PriceBook

KIND = "paid"
"""Documents: of which state of the ledger the prices were looked at."""
CURRENCY = "USD"
"""The price list's; what is billed in another one is not held against it, as rates would look like prices."""
DAYS = timedelta(days=35)
"""Days that are looked at; a price that has held for so long is the usual one."""
_BEFORE = timedelta(days=365)
_NEAR = timedelta(days=7)
"""How far from the day that was planned a change may come."""
_Model = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Priced:
    """A price that is not what it was, of one provider's model.

    Attributes:
        is_counted: What it cost since may be told. That is the cost of a part of a month, which less the whole month would be the
            cost of the other part, however few used the model there; and each day it would tell what the day before cost.
    """

    provider: str
    model: str
    step: PriceStep
    is_counted: bool = True


@dataclass(frozen=True)
class PriceWatch:
    """Looks at prices; every part is a port or a decision of the deployment.

    Attributes:
        floor: Nanos that a change must have cost, or saved, to be worth a word.
    """

    figures: Figures
    prices: PriceBook
    documents: Documents
    privacy: Privacy
    floor: int

    def look(self, today: date, load: int, budgets: Sequence[Budget]) -> list[Priced] | None:
        """Return the prices that changed lately, None where nothing has changed since the last look.

        Args:
            load: The number of the newest load.
        """
        if self.documents.get(KIND, "of") == self._state(today, load, budgets):
            return None
        window = Window(today - DAYS, today + timedelta(days=1))
        days = self._days(self.figures.billed(window, CURRENCY))
        return [
            self._told(provider, model, step, window, budgets)
            for (provider, model), step in self._steps(days, window.start, self._known(days, window.start))
            if abs(step.extra) >= self.floor
        ]

    def keep(self, today: date, load: int, budgets: Sequence[Budget]) -> None:
        """Remember what was looked at; the decision about it is stored by then."""
        self.documents.put(KIND, "of", self._state(today, load, budgets))

    @staticmethod
    def _state(today: date, load: int, budgets: Sequence[Budget]) -> str:
        planned = sorted(repr((budget.scope, budget.overlays)) for budget in budgets if budget.overlays)
        return hashlib.sha256("\n".join([today.isoformat(), str(load), *planned]).encode()).hexdigest()

    def _known(self, days: Mapping[_Model, Sequence[Paid]], first: date) -> frozenset[str]:
        """Return the models that cost something in the year before: one that is used rarely is not new each time."""
        if not days:
            return frozenset()
        return frozenset(cost.key for cost in self.figures.costs(CostScope(), Window(first - _BEFORE, first), Dimension.MODEL))

    @staticmethod
    def _steps(days: Mapping[_Model, Sequence[Paid]], first: date, known: Collection[str]) -> Iterator[tuple[_Model, PriceStep]]:
        usual = {provider: usual_of(paid for (of, _), paid in days.items() if of == provider) for provider, _ in days}
        for key, paid in sorted(days.items()):
            step = off_list(paid, usual[key[0]], None if key[1] in known else first)
            if step:
                yield key, step

    def _days(self, rows: Iterable[Billed]) -> dict[_Model, list[Paid]]:
        """Return what each model cost by day; models that the list does not know are not there."""
        found: defaultdict[_Model, list[Billed]] = defaultdict(list)
        for row in rows:
            if row.provider and row.original > 0:
                found[row.provider, row.model].append(row)
        listed = self._listed({key: [row.day for row in of] for key, of in found.items()})
        days = {key: [paid for row in of if (paid := _paid(row, listed))] for key, of in found.items()}
        return {key: paid for key, paid in days.items() if len(paid) == len(found[key])}

    def _listed(self, days: Mapping[_Model, Sequence[date]]) -> dict[tuple[str, str, date], tuple[Fraction, ...]]:
        """Return the list prices of short calls, nanos per token; where a model's first and last are the same, so are those between."""
        ends = self._asked((key, day) for key, of in days.items() for day in {min(of), max(of)})
        moved = [key for key, of in days.items() if ends.get((*key, min(of))) != ends.get((*key, max(of)))]
        asked = self._asked((key, day) for key in moved for day in days[key])
        same = {
            (*key, day): ends[(*key, min(of))] for key, of in days.items() if key not in moved and (*key, min(of)) in ends for day in of
        }
        return same | asked

    def _asked(self, wanted: Iterable[tuple[_Model, date]]) -> dict[tuple[str, str, date], tuple[Fraction, ...]]:
        found: dict[tuple[str, str, date], tuple[Fraction, ...]] = {}
        for row in self.prices.prices([{"provider_name": of[0], "model": of[1], "day": day} for of, day in wanted]):
            prices = tuple(Fraction(price) * NANOS_PER_UNIT for name, price in row.items() if name.endswith("_price"))
            found.setdefault((row["provider_name"], row["model"], row["day"]), prices)
        return found

    def _told(self, provider: str, model: str, step: PriceStep, window: Window, budgets: Sequence[Budget]) -> Priced:
        """Return *step* with the classes it is about, and with what somebody had planned."""
        if not step.is_listed:
            rows = self.figures.billed(Window(step.since, window.end), CURRENCY, (provider, model))
            listed = self._listed({(provider, model): [row.day for row in rows]})
            step = replace(step, classes=of_classes([paid for row in rows if (paid := _paid(row, listed))], step))
        step = replace(step, declared=_declared(provider, model, step, budgets))
        return Priced(provider, model, step, is_counted=self.privacy is not Privacy.WORKS_COUNCIL)


def _paid(row: Billed, listed: Mapping[tuple[str, str, date], tuple[Fraction, ...]]) -> Paid | None:
    """Return *row* beside the list; None where the list does not know it, or gives a class away that it holds."""
    prices = listed.get((row.provider, row.model, row.day))
    is_known = prices and all(price > 0 for count, price in zip(row.tokens, prices, strict=True) if count)
    return Paid(row.day, row.tokens, row.original, row.cost, prices) if prices and is_known else None


def _declared(provider: str, model: str, step: PriceStep, budgets: Sequence[Budget]) -> str | None:
    """Return what is written of a planned change in the same direction, near the day, of a budget that the model belongs to."""
    scopes = {(ScopeKind.ORG, ""), (ScopeKind.PROVIDER, provider), (ScopeKind.MODEL, model)}
    planned = (change for budget in budgets if (budget.scope.kind, budget.scope.name) in scopes for change in budget.overlays)
    fitting = (change for change in planned if change.factor != 1 and (change.factor > 1) == (step.extra > 0))
    return next((change.note for change in fitting if abs(change.day - step.since) <= _NEAR), None)

"""Overlays: planned changes as `budgets.toml` declares them and as forecasts take them, which no history tells."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.domain.budget import EACH, Budget, PlannedChange, ScopeKind
from bot.domain.money import NANOS_PER_UNIT, Money, to_nanos
from bot.domain.overlay import Overlay
from bot.errors import ConfigError

KEYS = ("from", "until", "factor", "amount", "note")
_EXAMPLE = '{ from = 2026-12-01, factor = 1.2, note = "launch" }'
_LARGEST = Decimal(10) ** 7
_MOST, _LEAST_FACTOR, _MOST_FACTOR = 20, Decimal("0.01"), Decimal(100)


def read(raw: object, place: str, currency: str) -> tuple[PlannedChange, ...]:
    """Return the planned changes that *raw* declares, by beginning.

    Raises:
        ConfigError: What is wrong with the first that cannot be used, and what would do.
    """
    if not isinstance(raw, list) or not all(isinstance(one, Mapping) for one in raw) or len(raw) > _MOST:
        raise _wrong(place, f"overlays hold {raw!r}; write at most {_MOST} of them, such as [{_EXAMPLE}].")
    return tuple(sorted((_change(one, place, currency) for one in raw), key=lambda change: change.day))


def by_row(planned: Sequence[Iterable[PlannedChange]]) -> list[Overlay]:
    """Return what is *planned* for each row of a forecast; what holds for several rows is one change of all of them."""
    rows: defaultdict[tuple[PlannedChange, int], list[int]] = defaultdict(list)
    for row, changes in enumerate(planned):
        said = Counter[PlannedChange]()
        for change in changes:
            rows[change, said[change]].append(row)  # two that are alike are two
            said[change] += 1
    return [
        Overlay(change.day, change.until, float(change.factor), change.amount.nanos / NANOS_PER_UNIT, tuple(concerned))
        for (change, _), concerned in rows.items()
    ]


def declared(budgets: Sequence[Budget], kind: ScopeKind, name: str = "") -> tuple[PlannedChange, ...]:
    """Return the changes that its budgets declare, those of each where it has none of its own; what several declare is one."""
    same = [budget for budget in budgets if budget.scope.kind is kind]
    own = [budget for budget in same if budget.scope.name.casefold() == name.casefold()]
    periods = {budget.period for budget in own}
    of_each = [budget for budget in same if budget.scope.name == EACH and budget.period not in periods]
    return joined(budget.overlays for budget in (*own, *of_each))


def joined(declarations: Iterable[Iterable[PlannedChange]]) -> tuple[PlannedChange, ...]:
    """Return what several declare: the monthly and the yearly budget may say the same; two launches on one day of one are two."""
    found: list[PlannedChange] = []
    for changes in declarations:
        said = Counter(replace(change, note="") for change in found)
        found += [change for change in changes if not _takes(said, replace(change, note=""))]
    return tuple(found)


def _takes(said: Counter[PlannedChange], change: PlannedChange) -> bool:
    """Take *change* off what was *said* already, and tell whether it was."""
    is_known = said[change] > 0
    said[change] -= is_known
    return is_known


def _change(one: Mapping[str, Any], place: str, currency: str) -> PlannedChange:
    unknown = [key for key in one if key not in KEYS]
    if unknown:
        raise _wrong(place, f"an overlay has the unknown key '{unknown[0]}'; there are {', '.join(KEYS)}.")
    day, until = _day(one, "from", place), _day(one, "until", place)
    if day is None:
        raise _wrong(place, f"an overlay needs the day from which it holds, such as {_EXAMPLE}.")
    if until is not None and until <= day:
        raise _wrong(place, f"an overlay holds from {day} until {until}; until is the first day on which it holds no longer.")
    factor = _number(one.get("factor", 1), _LEAST_FACTOR, _MOST_FACTOR)
    if factor is None:
        raise _wrong(place, f"the factor of an overlay holds {one['factor']!r}; write by what every day is multiplied, such as 1.2 or 0.9.")
    amount = _number(one.get("amount", 0), -_LARGEST, _LARGEST)
    if amount is None:
        raise _wrong(place, f"the amount of an overlay holds {one['amount']!r}; write what every day costs more, such as 40.")
    nanos = to_nanos(amount)
    if amount and not nanos:
        raise _wrong(place, f"the amount of an overlay holds {amount:f}, which is less than can be counted; write one such as 40.")
    if factor == 1 and not nanos:
        raise _wrong(place, f"an overlay changes nothing; write a factor or an amount a day, such as {_EXAMPLE}.")
    return PlannedChange(day, until, factor, Money(nanos, currency), str(one.get("note", "")))


def _day(one: Mapping[str, Any], name: str, place: str) -> date | None:
    value = one.get(name)
    if value is None:
        return None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _wrong(place, f"{name} of an overlay holds {value!r}; write a day without quotes, such as 2026-12-01.")
    return value


def _number(value: object, least: Decimal, most: Decimal) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and least <= number <= most else None


def _wrong(place: str, sentence: str) -> ConfigError:
    return ConfigError(f"{place}: {sentence} Nothing was changed.")

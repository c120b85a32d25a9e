"""Hints: questions about seats, keys that stand for no person, and the size of calls; each a statement or two over the daily rows."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import text

from adapters.store.database import Database
from adapters.store.figures import TOKEN_COLUMNS
from adapters.store.labels import named, scoped
from adapters.store.tables import day_number, day_of
from bot.domain.hint import REQUESTS, SEAT_MONTHS, SEAT_UNITS, Calls, KeyUse, Pool, Presence, Seat, netted
from bot.domain.period import Window
from bot.ports import CostScope

_QUANTITIES = 10**6
"""Quantities are stored in millionths."""


class SqlHints:
    """Answers from SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seats(self, scope: CostScope, window: Window, since: date) -> list[Seat]:
        """Return what each person's seats cost in *window*; see `bot.ports.Hints`."""
        params = _days(window) | {"since": day_number(min(since, window.start))}
        rows, of = self._rows(_SEATS, scope, params, (0, 1, 2))
        return [Seat(of(who, ""), of(provider, ""), of(tool, ""), day_of(first), int(cost)) for who, provider, tool, first, cost in rows]

    def pools(self, window: Window) -> list[Pool]:
        """Return the seats of the whole organisation that are nobody's; see `bot.ports.Hints`."""
        rows, of = self._rows(_POOLS, CostScope(), _days(window), (0, 1))
        return [Pool(of(provider, ""), of(tool, ""), Fraction(int(count), _QUANTITIES), int(cost)) for provider, tool, count, cost in rows]

    def uses(self, of: Collection[tuple[str, str]], window: Window) -> list[Presence]:
        """Return who used anything in *window* of a provider or a tool; see `bot.ports.Hints`."""
        with self._database.reading() as connection:
            lines = connection.execute(text(_LINES)).all()
        pairs, either = set(of), ({provider for provider, _ in of}, {tool for _, tool in of})
        if not any((line.provider_name, line.service_name) in pairs for line in lines):
            return []
        wanted = [line.id for line in lines if line.provider_name in either[0] or line.service_name in either[1]]
        query = _USES.format(lines=", ".join(str(int(number)) for number in wanted))
        rows, name = self._rows(query, CostScope(), _days(window), (0, 1, 2, 3))
        return [
            Presence(name(who, ""), name(by, ""), name(tool, ""), name(source, ""), day_of(last)) for who, by, tool, source, last in rows
        ]

    def keys(self, scope: CostScope, window: Window, currency: str) -> list[KeyUse]:
        """Return the tokens of keys that stand for no person; see `bot.ports.Hints`."""
        rows, of = self._rows(_KEYS, scope, _days(window) | {"currency": currency}, (0, 1))
        costs = self._netted(rows, scope, window)
        return [
            KeyUse(of(provider, ""), of(model, ""), tuple(map(int, tokens)), int(original), cost)
            for (provider, model, _, _, *tokens, original, _), cost in zip(rows, costs, strict=True)
        ]

    def calls(self, scope: CostScope, window: Window) -> list[Calls]:
        """Return what each person and each key asked of each model; see `bot.ports.Hints`."""
        rows, of = self._rows(_CALLS, scope, _days(window) | {"unit": REQUESTS}, (0, 1))
        costs = self._netted(rows, scope, window)
        return [
            Calls(of(provider, ""), of(model, ""), Fraction(int(count), _QUANTITIES), tuple(map(int, tokens)), cost)
            for (provider, model, _, _, count, *tokens, _), cost in zip(rows, costs, strict=True)
        ]

    def _netted(self, rows: Iterable[tuple[Any, ...]], scope: CostScope, window: Window) -> list[int]:
        """Return the costs, at the end of *rows*, less the credits of the same provider, person and key, which stand before them."""
        found, _ = self._rows(_CREDITS, scope, _days(window), ())
        credited: dict[Hashable, int] = {(provider, person, key): int(cost) for provider, person, key, cost in found}
        return netted([((row[0], row[2], row[3]), int(row[-1])) for row in rows], credited)

    def models(self, window: Window) -> set[tuple[str, str]]:
        """Return provider and model of all tokens in *window*."""
        rows, of = self._rows(_MODELS, CostScope(), _days(window), (0, 1))
        return {(of(provider, ""), of(model, "")) for provider, model in rows}

    def _rows(self, query: str, scope: CostScope, params: dict[str, Any], places: Iterable[int]) -> tuple[list[Any], Any]:
        """Return the answer to *query*, and what tells the names of the numbers that stand at *places*."""
        with self._database.reading() as connection:
            scoping = "".join(f" AND {condition}" for condition in scoped(connection, scope))
            rows = [tuple(row) for row in connection.execute(text(query.replace("{scope}", scoping)), params)]
            return rows, named(connection, {row[place] for row in rows for place in places}).get


def _days(window: Window) -> dict[str, Any]:
    return {"start": day_number(window.start), "end": day_number(window.end)}


def _counted_in(units: Iterable[str]) -> str:
    return f"LOWER(l.consumed_unit) IN ({', '.join(repr(unit) for unit in sorted(units))})"


_SEAT = _counted_in(SEAT_UNITS)
_USAGE = f"NOT {_SEAT} AND l.charge_category IN ('usage', '')"
_SUMS = ", ".join(f"SUM(d.{name})" for name in TOKEN_COLUMNS)
_TOKENS = f"({' + '.join(f'd.{name}' for name in TOKEN_COLUMNS)})"
_FROM = "FROM daily_costs d JOIN lines l ON l.id = d.line_id WHERE d.day >= :start AND d.day < :end"
_COST = "(d.billed + d.estimated)"
_CREDIT = f"(l.charge_category = 'credit' OR {_COST} < 0)"
_OWED = f"SUM(CASE WHEN d.day >= :start THEN {_COST} ELSE 0 END)"
_SINCE = f"MIN(CASE WHEN {_SEAT} THEN d.day END)"
_SEATS = f"""
SELECT d.person_id, l.provider_id, l.tool_id, {_SINCE}, {_OWED}
FROM daily_costs d JOIN lines l ON l.id = d.line_id
WHERE d.day >= :since AND d.day < :end AND d.person_id > 0 AND ({_SEAT} OR {_CREDIT}){{scope}}
GROUP BY d.person_id, l.provider_id, l.tool_id HAVING {_OWED} > 0 AND {_SINCE} IS NOT NULL
"""  # noqa: S608 - our names
_NOBODY = "d.person_id = 0 AND d.principal_id = 0"
_BOUGHT = f"{_SEAT} AND l.charge_category <> 'credit'"
_OTHER_SEAT = f"{_BOUGHT} AND NOT ({_NOBODY} AND {_counted_in(SEAT_MONTHS)})"
_POOLS = f"""
SELECT l.provider_id, l.tool_id, SUM(CASE WHEN {_BOUGHT} THEN d.quantity ELSE 0 END),
  SUM(CASE WHEN {_NOBODY} THEN {_COST} ELSE 0 END)
{_FROM} AND ({_SEAT} OR {_CREDIT})
GROUP BY l.provider_id, l.tool_id HAVING SUM(CASE WHEN {_OTHER_SEAT} THEN 1 ELSE 0 END) = 0
  AND SUM(CASE WHEN {_BOUGHT} THEN d.quantity ELSE 0 END) > 0 AND SUM(CASE WHEN {_NOBODY} THEN {_COST} ELSE 0 END) > 0
"""
_LINES = f"SELECT l.id, l.provider_name, l.service_name FROM lines l WHERE {_USAGE}"  # noqa: S608
_USES = f"""
SELECT d.person_id, l.provider_id, l.tool_id, d.source_id, MAX(d.day) {_FROM} AND d.line_id IN ({{lines}})
  AND ({_TOKENS} > 0 OR d.quantity > 0 OR d.billed > 0 OR d.estimated > 0)
GROUP BY d.person_id, l.provider_id, l.tool_id, d.source_id
"""
_WHO = "CASE WHEN d.person_id > 0 THEN 0 ELSE d.principal_id END"
_KEYS = f"""
SELECT l.provider_id, l.model_id, d.person_id, {_WHO} AS key_, {_SUMS}, SUM(d.original), SUM({_COST})
FROM daily_costs d JOIN lines l ON l.id = d.line_id JOIN labels p ON p.id = d.principal_id
WHERE d.day >= :start AND d.day < :end AND d.person_id = 0 AND p.value NOT LIKE '%@%' AND l.billing_currency = :currency
  AND {_USAGE} AND {_TOKENS} > 0{{scope}}
GROUP BY l.provider_id, l.model_id, d.person_id, key_
"""  # noqa: S608
_CALLS = f"""
SELECT l.provider_id, l.model_id, d.person_id, {_WHO} AS key_, SUM(d.quantity), {_SUMS}, SUM({_COST})
{_FROM} AND l.consumed_unit = :unit AND {_USAGE} AND {_TOKENS} > 0 AND (d.person_id > 0 OR d.principal_id > 0){{scope}}
GROUP BY l.provider_id, l.model_id, d.person_id, key_
"""
_CREDITS = f"""
SELECT l.provider_id, d.person_id, {_WHO} AS key_, SUM({_COST})
{_FROM} AND {_CREDIT} AND NOT ({_USAGE} AND {_TOKENS} > 0) AND (d.person_id > 0 OR d.principal_id > 0){{scope}}
GROUP BY l.provider_id, d.person_id, key_
"""
_MODELS = f"SELECT DISTINCT l.provider_id, l.model_id {_FROM} AND l.model_id > 0 AND {_TOKENS} > 0"

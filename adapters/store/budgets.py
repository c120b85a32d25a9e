"""Budgets in the database: every version is kept, the newest that has not ended is in force."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update
from sqlmodel import col

from adapters.store.database import Database
from adapters.store.tables import BudgetRow, RaiseRow
from bot.domain.budget import Budget, PlannedChange, Raise, Scope, ScopeKind
from bot.domain.money import Money
from bot.domain.period import PeriodKind


class SqlBudgets:
    """Budgets on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self) -> list[Budget]:
        """Return the budgets in force, by name."""
        query = select(BudgetRow).where(col(BudgetRow.ended_at).is_(None)).order_by(col(BudgetRow.name))
        first = select(col(BudgetRow.name), func.min(col(BudgetRow.began_at))).group_by(col(BudgetRow.name))
        with self._database.reading() as connection:
            began: dict[str, datetime] = {name: at for name, at in connection.execute(first)}  # noqa: C416 - rows are no pairs
            return [replace(_budget(row), began_at=began[row.name]) for row in connection.execute(query)]

    def at(self, instant: datetime) -> list[Budget]:
        """Return the versions that were in force at *instant*, by name."""
        ended = col(BudgetRow.ended_at)
        was_there = col(BudgetRow.began_at) <= instant, or_(ended.is_(None), ended > instant)
        with self._database.reading() as connection:
            return [_budget(row) for row in connection.execute(select(BudgetRow).where(*was_there).order_by(col(BudgetRow.name)))]

    def raises(self) -> list[Raise]:
        """Return every amount that was granted on top of a budget, by beginning."""
        query = select(RaiseRow).order_by(col(RaiseRow.begins), col(RaiseRow.id))
        with self._database.reading() as connection:
            return [
                Raise(row.budget, row.subject, Money(row.amount, row.currency), row.begins, row.ends, row.by)
                for row in connection.execute(query)
            ]

    def apply(self, changed: Sequence[Budget], removed: Sequence[str], at: datetime) -> None:
        """End the *removed* and the former versions of the *changed*, and add the latter, in one transaction."""
        with self._database.writing() as connection:
            ended = [*removed, *(budget.name for budget in changed)]
            in_force = col(BudgetRow.name).in_(ended), col(BudgetRow.ended_at).is_(None)
            connection.execute(update(BudgetRow).where(*in_force).values(ended_at=at))
            for budget in changed:
                connection.execute(insert(BudgetRow), _row(budget, _next_version(connection, budget.name), at))


def _next_version(connection: Connection, name: str) -> int:
    highest = connection.execute(select(func.max(col(BudgetRow.version))).where(col(BudgetRow.name) == name)).scalar()
    return (highest or 0) + 1


def _row(budget: Budget, version: int, at: datetime) -> dict[str, object]:
    return {
        "name": budget.name,
        "version": version,
        "scope_kind": budget.scope.kind.value,
        "scope_name": budget.scope.name,
        "scope_within": budget.scope.within,
        "period": budget.period.value,
        "limit": budget.limit.nanos,
        "currency": budget.limit.currency,
        "ladder": " ".join(str(tier) for tier in budget.ladder),
        "owner": budget.owner,
        "fiscal_year_start": budget.fiscal_year_start,
        "overlays": json.dumps([_plain(change) for change in budget.overlays]),
        "began_at": at,
    }


def _plain(change: PlannedChange) -> dict[str, object]:
    return {
        "day": change.day.isoformat(),
        "until": change.until.isoformat() if change.until else None,
        "factor": str(change.factor),
        "amount": change.amount.nanos,
        "note": change.note,
    }


def _change(plain: dict[str, Any], currency: str) -> PlannedChange:
    until = date.fromisoformat(plain["until"]) if plain["until"] else None
    amount = Money(plain["amount"], currency)
    return PlannedChange(date.fromisoformat(plain["day"]), until, Decimal(plain["factor"]), amount, plain["note"])


def _budget(row: Any) -> Budget:
    return Budget(
        name=row.name,
        scope=Scope(ScopeKind(row.scope_kind), row.scope_name, row.scope_within),
        period=PeriodKind(row.period),
        limit=Money(row.limit, row.currency),
        ladder=tuple(Decimal(tier) for tier in row.ladder.split()),
        owner=row.owner,
        fiscal_year_start=row.fiscal_year_start,
        version=row.version,
        overlays=tuple(_change(plain, row.currency) for plain in json.loads(row.overlays)),
    )

"""Roll-ups: what organisation-wide questions read instead of the daily rows, kept in the same transaction as those.

A month of a dimension is a handful of rows. People are added up by month only: their days are as many as the ledger's.
"""

from __future__ import annotations

from enum import IntEnum


class Rollup(IntEnum):
    """The dimensions that are added up; the values are stored."""

    ALL = 0
    SOURCE = 1
    PERSON = 2
    TEAM = 3
    PROJECT = 4
    MODEL = 5
    TOOL = 6
    PROVIDER = 7


class Grain(IntEnum):
    """The lengths they are added up over; the values are stored."""

    DAY = 0
    MONTH = 1


KEYS = {
    Rollup.ALL: "0",
    Rollup.SOURCE: "d.source_id",
    Rollup.PERSON: "d.person_id",
    Rollup.TEAM: "d.team_id",
    Rollup.PROJECT: "d.project_id",
    Rollup.MODEL: "l.model_id",
    Rollup.TOOL: "l.tool_id",
    Rollup.PROVIDER: "l.provider_id",
}
"""SQL of each dimension's key, over daily_costs d and lines l."""

BY_DAY = tuple(rollup for rollup in Rollup if rollup is not Rollup.PERSON)


def month_sql(dialect: str) -> str:
    """Return the SQL of the store's number of the first day of d.day's month."""
    if dialect == "postgresql":
        return "(date_trunc('month', DATE '1970-01-01' + d.day)::date - DATE '1970-01-01')"
    return "CAST(julianday(date(d.day * 86400, 'unixepoch', 'start of month')) - 2440587.5 AS INTEGER)"


def removal_sql(rollup: Rollup, grain: Grain, dialect: str) -> str:
    """Return the SQL that takes a window of a source (`:source`, `:start`, `:end` of charge days) out of a roll-up."""
    start = "d.day" if grain is Grain.DAY else month_sql(dialect)
    key = KEYS[rollup]
    return (
        "INSERT INTO period_costs (dimension, grain, start, key_id, billed, estimated) "  # noqa: S608 - our names
        f"SELECT {rollup:d}, {grain:d}, {start} AS s, {key} AS k, -SUM(d.billed), -SUM(d.estimated) "
        "FROM daily_costs d JOIN lines l ON l.id = d.line_id "
        "WHERE d.source_id = :source AND d.charge_day >= :start AND d.charge_day < :end GROUP BY s, k "
        "ON CONFLICT (dimension, grain, start, key_id) DO UPDATE SET "
        "billed = period_costs.billed + excluded.billed, estimated = period_costs.estimated + excluded.estimated"
    )

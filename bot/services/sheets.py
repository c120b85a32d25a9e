"""Sheets: a table as CSV, whose cells no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from bot.domain.money import Money
from bot.messages.plans import Cell
from bot.services.links import cell


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table as CSV: amounts in units and full precision, nothing as an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(header)
    writer.writerows([_written(value) for value in row] for row in rows)
    return stream.getvalue()


def _written(value: Cell) -> str:
    match value:
        case None:
            return ""
        case str():
            return cell(value)
        case Money():
            return f"{value.amount:f}"
        case _:
            return str(value)

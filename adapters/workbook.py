"""Workbook: a table as an Office Open XML workbook (ECMA-376), written by XlsxWriter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal
from io import BytesIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from bot.domain.money import Money
from bot.messages.plans import Cell

_CENT = Decimal("0.01")
_WIDTHS = (8, 24)
"""The narrowest and the widest column, in letters."""


def workbook(header: Sequence[str], rows: Iterable[Sequence[Cell]], notes: Iterable[str], day: date) -> bytes:
    """Return a file of two sheets: the table, with amounts as numbers of two decimals, and the notes.

    Text is written as text, whatever it begins with.

    Args:
        day: On which the file is said to be made, so that the same table gives the same file.
    """
    stream = BytesIO()
    book = Workbook(stream, {"in_memory": True})
    book.set_properties({"created": datetime.combine(day, time())})
    _table(book.add_worksheet("Plan"), _Formats(book), header, list(rows))
    about = book.add_worksheet("Notes")
    for place, note in enumerate(notes):
        about.write_string(place, 0, note)
    book.close()
    return stream.getvalue()


class _Formats:
    """How numbers look."""

    def __init__(self, book: Workbook) -> None:
        self.head: Format = book.add_format({"bold": True})
        self.amount: Format = book.add_format({"num_format": "#,##0.00"})
        self.share: Format = book.add_format({"num_format": "0.0000"})


def _table(sheet: Worksheet, formats: _Formats, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, formats.head)
        widest = max((len(str(row[column])) for row in rows if isinstance(row[column], str)), default=0)
        sheet.set_column(column, column, min(max(_WIDTHS[0], len(name), widest), _WIDTHS[1]))
    for place, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            _cell(sheet, formats, place, column, value)
    sheet.freeze_panes(1, 0)


def _cell(sheet: Worksheet, formats: _Formats, row: int, column: int, value: Cell) -> None:
    match value:
        case str():
            sheet.write_string(row, column, value)
        case int():
            sheet.write_number(row, column, value)
        case Money():
            sheet.write_number(row, column, float(value.amount.quantize(_CENT, ROUND_HALF_EVEN)), formats.amount)
        case Decimal():
            sheet.write_number(row, column, float(value), formats.share)

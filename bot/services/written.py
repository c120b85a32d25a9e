"""Written: amounts, days and numbers as people type them; what could mean two things means none."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from babel.numbers import get_group_symbol

from bot.domain.money import to_nanos

YEARS = range(2000, 2101)
_MOST = 10**10
_DIGITS = 9
_PLAIN = re.compile(r"\d+(?:[.,]\d{1,2})?")
_GROUPED = re.compile(r"\d{1,3}(?P<sign>[.,'’\u00a0\u202f ])\d{3}(?:(?P=sign)\d{3})*(?:(?!(?P=sign))(?P<point>[.,])(?P<rest>\d{1,2}))?")


def amount(text: str, locale: str = "en") -> int | None:
    """Return an amount in nanos, None for what is none; a currency's sign and separators of thousands may stand in it.

    `1,200` and `1.200` are one and two tenths in some languages and twelve hundred in others: they are read as twelve
    hundred where that is how *locale* writes it, and are no amount elsewhere.
    """
    plain = text.strip().strip("$€£").strip()
    if _PLAIN.fullmatch(plain):
        return _nanos(plain.replace(",", "."))
    found = _GROUPED.fullmatch(plain)
    if found is None:
        return None
    sign, point = found["sign"], found["point"]
    is_clear = point is not None or plain.count(sign) > 1 or sign not in ".,"
    if not is_clear and sign != get_group_symbol(locale.replace("-", "_")):
        return None
    whole = plain.partition(point)[0] if point else plain
    return _nanos(re.sub(r"\D", "", whole) + (f".{found['rest']}" if point else ""))


def _nanos(text: str) -> int | None:
    value = Decimal(text)
    return to_nanos(value) if value < _MOST else None


def day(text: str) -> date | None:
    """Return a day such as `2026-11-23`, None for what is none that anybody means."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in YEARS else None


def number(text: str) -> int:
    """Return the number of an alert or a request, 0 for what is none."""
    plain = text.lstrip("#")
    return int(plain) if plain.isdecimal() and plain.isascii() and len(plain) <= _DIGITS else 0

"""Parsing: text, numbers and instants as vendors write them, with a problem instead of a failure."""

from __future__ import annotations

from typing import Any

import ibis

from bot.ledger.schema import MONEY

NULLS = ("", "NULL", "null", "None", "N/A", "\\N")
_DIGITS = 20
"""Digits before the point that every MONEY value has room for."""
_UNTIDY = r"\x00|^[[:space:]]|[[:space:]]$|^(NULL|null|None|N/A|\\N)?$"


def text(column: Any) -> Any:
    """Return *column* as trimmed text; empty and the usual spellings of nothing are null."""
    value = column.cast("string")
    tidy = value.strip().re_replace(r"\x00", "\ufffd")
    # Almost every value is tidy, and to see that is cheaper than to trim it and to compare it with each spelling.
    return ibis.cases((~value.re_search(_UNTIDY), value), (is_null_text(tidy), ibis.null("string")), else_=tidy)


def is_null_text(value: Any) -> Any:
    """Tell whether *value* spells nothing; comparisons, because engines turn long lists into joins."""
    result = value == NULLS[0]
    for spelling in NULLS[1:]:
        result = result | (value == spelling)
    return result


def amount(column: Any) -> Any:
    """Return *column* as an exact decimal: from text, or from the shortest text of a floating-point number; null if neither."""
    kind = column.type()
    if kind.is_integer() or (kind.is_decimal() and (kind.precision or 38) - (kind.scale or 0) <= _DIGITS):
        return column.cast(MONEY)
    if kind.is_decimal():
        return column.try_cast(MONEY)
    return column.cast("string").try_cast(MONEY)  # engines skip white space around a number themselves


def real(column: Any) -> Any:
    """Return *column* as a floating-point number, null if it is none: fast, for counts of less than 10¹⁵ and never for money."""
    return column.try_cast("float64") if column.type().is_string() else column.cast("float64")


def count(column: Any) -> Any:
    """Return *column* as a whole number of tokens or requests, null where it is none."""
    kind = column.type()
    return column.cast("int64") if kind.is_integer() else amount(column).cast("decimal(38, 0)").try_cast("int64")


def instant(column: Any) -> Any:
    """Return *column* as a timestamp in UTC without zone; ISO 8601 text with an offset is converted, null if it is no time."""
    kind = column.type()
    if kind.is_timestamp():
        return column.cast("timestamp('UTC')").cast("timestamp") if kind.timezone else column.cast("timestamp")
    if kind.is_date():
        return column.cast("timestamp")
    value = text(column)
    zoned = value.re_search(r":.*([Zz]|[+-]\d\d(:?\d\d)?)$")
    aware = value.replace("Z", "+00:00").replace("z", "+00:00").try_cast("timestamp('UTC')").cast("timestamp")
    return ibis.ifelse(zoned, aware, value.try_cast("timestamp"))


def first_problem(*checks: tuple[Any, Any]) -> Any:
    """Return the sentence of the first check (condition that is wrong, sentence) that holds, null when none does."""
    return ibis.cases(*((condition.fill_null(False), sentence) for condition, sentence in checks), else_=ibis.null("string"))


def unreadable(raw: Any, parsed: Any, name: str, what: str) -> tuple[Any, Any]:
    """Return the check that a given *raw* value could be parsed: `BilledCost holds 'abc', which is not a number`."""
    if not raw.type().is_string():
        return raw.notnull() & parsed.isnull(), ibis.literal(f"{name} is not {what}")
    shown = text(raw).substr(0, 40)
    return parsed.isnull() & text(raw).notnull(), ibis.literal(f"{name} holds '") + shown + f"', which is not {what}"


def missing(parsed: Any, name: str) -> tuple[Any, Any]:
    """Return the check that a mandatory value is there; stands after the check that it is readable."""
    return parsed.isnull(), ibis.literal(f"{name} is empty")


_SPECIAL = set(".^$+?{}[]|()\\")


def glob(pattern: str) -> str:
    """Return the regular expression of a glob: `*` is any text, everything else stands for itself."""
    return "^" + "".join(".*" if c == "*" else f"\\{c}" if c in _SPECIAL else c for c in pattern) + "$"


def fits(column: Any, pattern: str) -> Any:
    """Return the condition that the text *column* fits the glob *pattern*, without regard to case."""
    folded, wanted = column.lower(), pattern.lower()
    inner = wanted.strip("*")
    if "*" not in wanted:
        return (column == pattern) | (folded == wanted)
    if wanted == f"*{inner}*" and "*" not in inner:
        return folded.contains(inner)
    return folded.re_search(glob(wanted))

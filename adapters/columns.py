"""Columns: what operators point at (`ResourceId`, `Tags.team`), and the token classes that meters name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from bot.errors import SourceRefused
from bot.ledger import parse
from bot.ledger.schema import TAG, TOKENS

_CLASSES = (
    (r"output|completion|response|generated", "output_tokens"),
    (r"cache[ _-]?write[ _-]?1h|cache[ _-]?(write|creation).*1 ?h|cachewrite1h", "cache_write_1h_tokens"),
    (r"cache[ _-]?(write|creation)|cachewrite", "cache_write_5m_tokens"),
    (r"cache[ _-]?read|cached|cacheread", "cache_read_tokens"),
    (r"input|prompt|context", "uncached_input_tokens"),
)
_THOUSANDS = ((r"1m |1000000 |1,000,000 |million|mtok", 1_000_000), (r"1k |1000 |1,000 |thousand", 1_000))


def pointed_at(table: ir.Table, pointer: str | None, setting: str) -> Any:
    """Return the text that *pointer* names: a column, or `Column.key` of a JSON, map or struct column; None for no pointer.

    Raises:
        SourceRefused: There is no such column; names the setting and the columns there are.
    """
    if not pointer:
        return None
    if pointer in table.columns:
        return table[pointer].cast("string")
    column, _, key = pointer.partition(".")
    if not key or column not in table.columns:
        have = ", ".join(name for name in table.columns if not name.startswith("_"))
        raise SourceRefused(f"{setting} holds '{pointer}', but there is no such column. The file has: {have}.")
    return key_of(table[column], key)


def key_of(column: Any, key: str) -> Any:
    """Return the text under *key* of a column of JSON text, a map or a struct; null where it is not there."""
    kind = column.type()
    if kind.is_map():
        return parse.text(column.get(key))
    if kind.is_struct():
        return parse.text(column[key]) if key in kind.names else ibis.null("string")
    return json_text(parse.text(column).try_cast("json")[key])


def json_text(value: Any) -> Any:
    """Return a JSON value as text: a string without its quotes, anything else as it is written."""
    return parse.text(ibis.coalesce(value.unwrap_as("string"), value.cast("string")))


def first_of(table: ir.Table, names: Iterable[str]) -> Any:
    """Return the text of the first of *names* that is filled, per row; None when the table has none of them."""
    present = [table[name].cast("string") for name in names if name in table.columns]
    return ibis.coalesce(*map(parse.text, present)) if len(present) > 1 else (present[0] if present else None)


def any_like(table: ir.Table, wanted: Mapping[str, Iterable[str]]) -> Any:
    """Return the condition that one of the columns matches one of its globs; a column that is not there matches nothing."""
    conditions = [
        parse.fits(table[name].cast("string"), glob).fill_null(False)
        for name, globs in wanted.items()
        if name in table.columns
        for glob in globs
    ]
    result = ibis.literal(False)
    for condition in conditions:
        result = result | condition
    return result


def tags(table: ir.Table, names: Iterable[str], columns: Iterable[str]) -> dict[str, Any]:
    """Return the tag columns (`tag:name`) from the first of *columns* that is there and holds the tag."""
    present = [name for name in columns if name in table.columns]
    found = {}
    for name in names:
        values = [key_of(table[column], name) for column in present]
        if values:
            found[f"{TAG}{name}"] = ibis.coalesce(*values) if len(values) > 1 else values[0]
    return found


def is_tokens(unit: Any) -> Any:
    """Tell per row whether *unit* counts tokens."""
    return unit.lower().contains("token").fill_null(False)


def token_classes(table: ir.Table, quantity: Any, unit: Any, meter: Any) -> tuple[ir.Table, dict[str, Any]]:
    """Return *table* with helper columns, and the five token columns: a meter row's tokens stand in the class it names.

    A meter that names no class counts as uncached input. Units may be tokens, thousands or millions of them.
    """
    text, lower = meter.lower(), unit.lower()
    # What matched is a column of its own: DuckDB then looks at each distinct text once, which it does not do for conditions.
    table = table.mutate(
        **{f"_is_{name}": text.re_extract(pattern, 0) for pattern, name in _CLASSES},
        **{f"_per_{size}": lower.re_extract(pattern, 0) for pattern, size in _THOUSANDS},
        _counts_tokens=is_tokens(unit),
        _number=parse.real(quantity),
    )
    named = ibis.cases(*((table[f"_is_{name}"] != "", name) for _, name in _CLASSES), else_=TOKENS[0])
    factor = ibis.cases(*((table[f"_per_{size}"] != "", float(size)) for _, size in _THOUSANDS), else_=1.0)
    counted = ibis.ifelse(table["_counts_tokens"] & table["_number"].between(0.0, 1e12), (table["_number"] * factor + 0.5).floor(), 0.0)
    table = table.mutate(_class=named, _tokens=counted.cast("int64").fill_null(0))
    return table, {name: ibis.ifelse(table["_class"] == name, table["_tokens"], 0) for name in TOKENS}

"""Numbering: the store's numbers for the names in allocated rows, and what a summary says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir

from bot.domain.people import Directory, IdentityKind
from bot.ledger import attribute, encode, parse
from bot.ledger.allocate import Rule
from bot.ledger.schema import LINE_COLUMNS
from bot.ports import Engine, LoadWriter


@dataclass
class Numbers:
    """The store's numbers for the names in the rows.

    Attributes:
        lines: The lines that the rows can have, numbered for this load.
    """

    engine: Engine
    writer: LoadWriter
    names: dict[str, dict[str, int]]
    lines: ir.Table

    @classmethod
    def of(
        cls, engine: Engine, writer: LoadWriter, directory: Directory, rules: Sequence[Rule], condensed: ir.Table, converted: ir.Table
    ) -> Numbers:
        """Give numbers to what the *condensed* charges, the directory and the rules can name, and to the lines of *converted* rows."""
        tags = [r.project for r in rules if r.project in condensed.columns]
        fixed = [r.project for r in rules if r.project and r.project not in condensed.columns]
        values = {
            "person": list(directory.people),
            "team": list(directory.teams),
            "project": [*_distinct(engine, condensed, "project", *tags), *fixed],
            "principal": _distinct(engine, condensed, "principal"),
        }
        names = {kind: writer.labels(kind, list(dict.fromkeys(found))) for kind, found in values.items()}
        return cls(engine, writer, names, engine.materialise(encode.lines(converted)))

    def __post_init__(self) -> None:
        self.labels = {kind: self._label_table(found) for kind, found in self.names.items()}

    def number_lines(self, encoded: ir.Table) -> Lines:
        """Give the store's numbers to the lines that *encoded* rows have, now that it is known who owns them."""
        pairs = encoded.select("line", "allocated_by").distinct()
        named = self.engine.rows(pairs.join(self.lines, pairs.line == self.lines.line))
        texts = {
            (row["line"], row["allocated_by"]): tuple(
                (row["allocated_by"] if name == "allocated_by" else row[f"l_{name}"]) or None for name in LINE_COLUMNS
            )
            for row in named
        }
        numbers = self.writer.lines(list(texts.values()))
        return Lines(self.engine, self.writer, {pair: numbers[line] for pair, line in texts.items()}, numbers)

    def _label_table(self, found: Mapping[str, int]) -> ir.Table:
        rows = [{"value": value, "id": number} for value, number in found.items()]
        return self.engine.from_rows(rows, {"value": "string", "id": "int32"})


@dataclass
class Lines:
    """The store's numbers of the lines of a load.

    Attributes:
        pairs: Number of each line of this load and who allocated it.
        numbers: Number of each line by its texts.
    """

    engine: Engine
    writer: LoadWriter
    pairs: Mapping[tuple[int, str], int]
    numbers: Mapping[tuple[str | None, ...], int]

    def __post_init__(self) -> None:
        rows = [{"n_line": line, "n_allocated_by": by, "line_id": number} for (line, by), number in self.pairs.items()]
        self.table = self.engine.from_rows(rows, {"n_line": "int32", "n_allocated_by": "string", "line_id": "int32"})
        self.names = self._line_names()

    def _line_names(self) -> ir.Table:
        models = self._line_labels("model", "model")
        tools, providers = self._line_labels("tool", "service_name"), self._line_labels("provider", "provider_name")
        rows = [
            {
                "n_line_id": number,
                "model_id": models.get(line[LINE_COLUMNS.index("model")] or "", 0),
                "tool_id": tools.get(line[LINE_COLUMNS.index("service_name")] or "", 0),
                "provider_id": providers.get(line[LINE_COLUMNS.index("provider_name")] or "", 0),
                "is_allocated": bool(line[-1]),
            }
            for line, number in self.numbers.items()
        ]
        schema = {
            "n_line_id": "int32",
            "model_id": "int32",
            "tool_id": "int32",
            "provider_id": "int32",
            "is_allocated": "boolean",
        }
        return self.engine.from_rows(rows, schema)

    def _line_labels(self, kind: str, column: str) -> dict[str, int]:
        place = LINE_COLUMNS.index(column)
        return self.writer.labels(kind, sorted({value for line in self.numbers if (value := line[place])}))


@dataclass(frozen=True, slots=True)
class Figures:
    """What the summary says of a load; amounts in nanos."""

    days: int
    allocated: int
    unallocated: int
    owners: tuple[tuple[str, int], ...]
    unowned: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, engine: Engine, final: ir.Table, lines: Lines, numbers: Numbers, days: int) -> Figures:
        """Return the figures of the stored rows *final*, which have cost on so many *days*."""
        rows = engine.rows(encode.summary(final, lines.names))
        owned = [row for row in rows if row["is_allocated"]]
        unowned = [row for row in rows if not row["is_allocated"]]
        return cls(
            days,
            sum(row["cost"] for row in owned),
            sum(row["cost"] for row in unowned),
            _largest(owned, "team", numbers),
            _largest(unowned, "principal", numbers),
        )


def directory_tables(directory: Directory, engine: Engine) -> tuple[ir.Table | None, ir.Table | None, ir.Table]:
    """Return identities, patterns (None where there are none) and stints of *directory* as the ledger wants them."""
    exact_, patterns = [], []
    for identity in directory.identities:
        common = {
            "person": identity.person,
            "service": identity.service,
            "from": identity.valid_from,
            "to": identity.valid_to,
        }
        if identity.kind is IdentityKind.PATTERN:
            text = parse.glob(identity.principal.lower())
            patterns.append({**{f"p_{k}": v for k, v in common.items()}, "p_principal": text, "p_length": len(identity.principal)})
        else:
            exact_.append({**{f"i_{k}": v for k, v in common.items()}, "i_principal": identity.principal.lower()})
    stints = [
        {"s_email": person.email, "s_team": stint.team, "s_from": stint.valid_from, "s_to": stint.valid_to}
        for person in directory.people.values()
        for stint in person.stints
    ]
    return (
        engine.from_rows(exact_, attribute.IDENTITIES) if exact_ else None,
        engine.from_rows(patterns, attribute.PATTERNS) if patterns else None,
        engine.from_rows(stints, attribute.STINTS),
    )


def _largest(rows: Sequence[Mapping[str, int]], name: str, numbers: Numbers, count: int = 5) -> tuple[tuple[str, int], ...]:
    costs: Counter[int] = Counter()
    for row in rows:
        costs[row[f"{name}_id"]] += row["cost"]
    names = {number: value for value, number in numbers.names[name].items()}
    return tuple((names.get(number, ""), cost) for number, cost in costs.most_common(count))


def _distinct(engine: Engine, rows: ir.Table, *columns: str | None) -> list[str]:
    """Return the values that stand in any of *columns*."""
    found: dict[str, None] = {}
    for column in columns:
        filled = rows.filter(rows[column].notnull()).select(value=rows[column]).distinct()
        found |= dict.fromkeys(row["value"] for row in engine.rows(filled))
    return sorted(found)

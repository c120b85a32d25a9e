"""Numbering: the store's numbers for the names in allocated rows, and what a summary says of them."""

from __future__ import annotations

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
    """The store's numbers for the names in the rows."""

    engine: Engine
    writer: LoadWriter
    names: dict[str, dict[str, int]]
    line_numbers: dict[tuple[str | None, ...], int]

    @classmethod
    def of(
        cls, engine: Engine, writer: LoadWriter, directory: Directory, rules: Sequence[Rule], condensed: ir.Table, rows: ir.Table
    ) -> Numbers:
        """Give numbers to what the *condensed* charges, the directory and the rules can name, and the lines of the owned *rows*."""
        tags = [r.project for r in rules if r.project in condensed.columns]
        fixed = [r.project for r in rules if r.project and r.project not in condensed.columns]
        values = {
            "person": list(directory.people),
            "team": list(directory.teams),
            "project": [*_distinct(engine, condensed, "project", *tags), *fixed],
            "principal": _distinct(engine, condensed, "principal"),
        }
        names = {kind: writer.labels(kind, list(dict.fromkeys(found))) for kind, found in values.items()}
        lines = engine.rows(encode.lines(rows))
        return cls(engine, writer, names, writer.lines([tuple(row[name] for name in LINE_COLUMNS) for row in lines]))

    def __post_init__(self) -> None:
        self.labels = {kind: self._label_table(found) for kind, found in self.names.items()}
        self.lines = self._line_table()
        self.line_names = self._line_names()

    def _label_table(self, found: Mapping[str, int]) -> ir.Table:
        rows = [{"value": value, "id": number} for value, number in found.items()]
        return self.engine.from_rows(rows, {"value": "string", "id": "int32"})

    def _line_table(self) -> ir.Table:
        schema = {**{f"l_{name}": "string" for name in LINE_COLUMNS}, "line_id": "int32"}
        rows = [
            {**{f"l_{name}": value or "" for name, value in zip(LINE_COLUMNS, line, strict=True)}, "line_id": number}
            for line, number in self.line_numbers.items()
        ]
        return self.engine.from_rows(rows, schema)

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
            for line, number in self.line_numbers.items()
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
        return self.writer.labels(kind, sorted({value for line in self.line_numbers if (value := line[place])}))


@dataclass(frozen=True, slots=True)
class Figures:
    """What the summary says of a load; amounts in nanos."""

    days: int
    allocated: int
    unallocated: int
    owners: tuple[tuple[str, int], ...]
    unowned: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, engine: Engine, final: ir.Table, numbers: Numbers) -> Figures:
        """Return the figures of the stored rows *final*."""
        named = final.join(numbers.line_names, final.line_id == numbers.line_names.n_line_id)
        cost = named.billed + named.estimated
        owned = {
            row["is_allocated"]: row["cost"] for row in engine.rows(named.group_by("is_allocated").aggregate(cost=encode.whole_sum(cost)))
        }
        days = engine.rows(final.aggregate(days=final.day.nunique()))[0]["days"]
        return cls(
            days,
            owned.get(True, 0),
            owned.get(False, 0),
            _largest(engine, named.filter(named.is_allocated), "team", numbers),
            _largest(engine, named.filter(~named.is_allocated), "principal", numbers),
        )


def directory_tables(directory: Directory, engine: Engine) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Return identities, patterns and stints of *directory* as the ledger wants them."""
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
        engine.from_rows(exact_, attribute.IDENTITIES),
        engine.from_rows(patterns, attribute.PATTERNS),
        engine.from_rows(stints, attribute.STINTS),
    )


def _largest(engine: Engine, rows: ir.Table, name: str, numbers: Numbers, count: int = 5) -> tuple[tuple[str, int], ...]:
    grouped = rows.group_by(f"{name}_id").aggregate(cost=encode.whole_sum(rows.billed + rows.estimated))
    top = engine.rows(grouped.order_by(grouped.cost.desc()).limit(count))
    names = {number: value for value, number in numbers.names[name].items()}
    return tuple((names.get(row[f"{name}_id"], ""), row["cost"]) for row in top)


def _distinct(engine: Engine, rows: ir.Table, *columns: str | None) -> list[str]:
    """Return the values that stand in any of *columns*."""
    found: dict[str, None] = {}
    for column in columns:
        filled = rows.filter(rows[column].notnull()).select(value=rows[column]).distinct()
        found |= dict.fromkeys(row["value"] for row in engine.rows(filled))
    return sorted(found)

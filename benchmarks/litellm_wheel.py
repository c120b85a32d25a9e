"""LiteLLM's wheel: its tables and its SQL, read at run time from an unpacked folder; nothing of either stands here.

Read with version 1.109.1: `litellm/proxy/schema.prisma`, the spend reports below `litellm/proxy/spend_tracking/`, the daily roll-up's
queries in `litellm/repositories/daily_activity_sql.py`.
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

HOW = """LITELLM names the folder of an unpacked litellm wheel, which is only read:
  python -m pip download --no-deps --dest DIR litellm==1.109.1
  python -m zipfile -e DIR/litellm-1.109.1-*.whl DIR/unpacked
  LITELLM=DIR/unpacked python benchmarks/beside_litellm.py"""
_REPORTS = "spend_tracking/spend_management_endpoints.py"
_TYPES = {
    "String": "text", "Float": "double precision", "Int": "integer", "BigInt": "bigint", "Boolean": "boolean",
    "DateTime": "timestamp(3)", "Json": "jsonb",
}  # fmt: skip
"""What Prisma's migrations make of its types on PostgreSQL."""
_FIELD = re.compile(r"(\w+)\s+(\w+)(\[\])?(\?)?(.*)")
_DEFAULT = re.compile(r'@default\s*\(\s*("[^"]*"|-?[\d.]+|true|false|now\(\)|\[\])\s*\)')


class WheelError(Exception):
    """What was looked for is not in the wheel; the sentence says what and where."""


class Query(NamedTuple):
    """A statement with numbered parameters, and their values."""

    sql: str
    params: tuple[Any, ...]


class Table(NamedTuple):
    """A table as its own statements: without indexes, then its indexes."""

    create: str
    indexes: tuple[str, ...]


@dataclass(frozen=True)
class Wheel:
    """An unpacked wheel below *folder*."""

    folder: Path

    @cached_property
    def version(self) -> str:
        """Return the version in the name of its metadata."""
        found = [path.name.split("-")[1].removesuffix(".dist") for path in self.folder.glob("litellm-*.dist-info")]
        return found[0] if found else "of an unknown version"

    def table(self, name: str) -> Table:
        """Return the table of a model of the schema, with every index that stands there."""
        model = re.search(rf"^model {name} \{{(.*?)^\}}", self._text("schema.prisma"), re.DOTALL | re.MULTILINE)
        if model is None:
            raise WheelError(f"schema.prisma of LiteLLM {self.version} has no model {name}.")
        lines = [line.partition("//")[0].strip() for line in model[1].splitlines()]
        columns = [column for line in lines if (column := _column(line))]
        return Table(f'CREATE TABLE "{name}" ({", ".join(columns)})', tuple(i for line in lines if (i := _index(name, line))))

    @cached_property
    def weekly_report(self) -> str:
        """Return what its Slack report asks for the teams: from day, to day (inclusive)."""
        return self._sql(_REPORTS, "get_spend_report_for_time_range", "TeamTable")

    @cached_property
    def team_report(self) -> str:
        """Return `/global/spend/report?group_by=team`: from day, to day, a team or NULL."""
        return self._sql("spend_tracking/spend_tracking_utils.py", "get_spend_by_team", "TeamTable")

    def report(self, column: str) -> str:
        """Return `/user/spend/report` or `/team/spend/report`: from day, to day, whose."""
        return self._sql(_REPORTS, "_scoped_spend_report_sql", "GROUP BY", scope_column=column)

    def activity(self, table: str, whose: str | None, start: str, end: str, *, by_entity: bool = False) -> Query:
        """Return `/user/daily/activity/aggregated` (or of teams) from the daily roll-up; *by_entity* is its statement per user or team."""
        sql, types = self._roll_up
        make = sql.build_entity_rollup_sql if by_entity else sql.build_aggregated_sql
        limit = import_module("litellm.constants").USAGE_TOP_API_KEYS_DEFAULT
        return Query(*_parts(make(self._scope(types, table, whose, start, end), api_key_limit=limit)))

    def export(self, table: str, start: str, end: str, after: tuple[str, str, str] | None) -> Query:
        """Return one page of `/user/daily/activity/export` with models; *after* is (date, entity, model) of the last row."""
        sql, types = self._roll_up
        cursor = sql.ExportCursor(*after) if after else None
        scope, what = self._scope(types, table, None, start, end), types.ExportType.DAILY_WITH_MODELS
        return Query(*_parts(sql.build_export_sql(scope, export_type=what, after=cursor, batch_size=self.page)))

    @cached_property
    def page(self) -> int:
        """Return how many rows its export asks for at once."""
        _ = self._roll_up
        return int(import_module("litellm.constants").USAGE_EXPORT_BATCH_SIZE)

    @staticmethod
    def _scope(types: Any, table: str, whose: str | None, start: str, end: str) -> Any:
        return types.DailyActivityScope(
            table=types.DailyActivityTable[table.upper()], entity_id_field=f"{table}_id", entity_ids=(whose,) if whose else None,
            exclude_entity_ids=(), api_keys=None, start_date=start, end_date=end, model=None, timezone_offset_minutes=None,
        )  # fmt: skip

    @cached_property
    def _roll_up(self) -> tuple[Any, Any]:
        """Return the modules that make the roll-up's SQL; the packages around them stay unimported, they need much more."""
        for name in ("litellm", "litellm.repositories", "litellm.types", "litellm.types.repositories"):
            package = ModuleType(name)
            package.__path__ = [str(self.folder / name.replace(".", "/"))]
            sys.modules[name] = package
        try:
            sql, types = (
                import_module(f"litellm.{name}") for name in ("repositories.daily_activity_sql", "types.repositories.daily_activity")
            )
            _ = sql.build_aggregated_sql, sql.build_entity_rollup_sql, sql.build_export_sql, types.DailyActivityScope
        except (ImportError, AttributeError) as exc:
            raise WheelError(f"LiteLLM {self.version} does not make its daily roll-up's SQL where 1.109.1 does: {exc}.") from exc
        return sql, types

    def _sql(self, file: str, function: str, word: str, **names: str) -> str:
        """Return the first statement in *function* that has *word*; *names* fill its braces."""
        for node in ast.walk(ast.parse(self._text(file))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function:
                for text in (_literal(part, names) for part in ast.walk(node)):
                    if "SELECT" in text and word in text:
                        return text
        raise WheelError(f"{file} of LiteLLM {self.version} has no function {function} with SQL in it.")

    def _text(self, file: str) -> str:
        path = self.folder / "litellm" / "proxy" / file
        if not path.is_file():
            raise WheelError(f"There is no {path.relative_to(self.folder)} in {self.folder}.\n{HOW}")
        return path.read_text("utf-8")


def _parts(query: Any) -> tuple[str, tuple[Any, ...]]:
    return query.sql, query.params


def _literal(node: ast.AST, names: dict[str, str]) -> str:
    """Return the text of a literal, empty for any other node."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name):
        return names.get(node.value.id, "")
    return "".join(_literal(part, names) for part in node.values) if isinstance(node, ast.JoinedStr) else ""


def _column(line: str) -> str | None:
    """Return the column of a line of the schema, None where the line is an index or a relation."""
    field = _FIELD.fullmatch(line)
    if field is None or field[2] not in _TYPES:
        return None
    name, kind, is_list, is_optional, rest = field.groups()
    column = f'"{name}" {_TYPES[kind]}{is_list or ""}{"" if is_optional or is_list else " NOT NULL"}'
    default = _DEFAULT.search(rest)
    return f"{column} DEFAULT {_value(default[1])}" if default else column


def _value(text: str) -> str:
    return {"now()": "CURRENT_TIMESTAMP", "[]": "'{}'"}.get(text, f"'{text[1:-1]}'" if text.startswith('"') else text)


def _index(table: str, line: str) -> str | None:
    """Return the index that a line of the schema asks for."""
    several = re.match(r"@@(id|unique|index)\(\[([^\]]*)\]", line)
    alone = re.match(r"(\w+).*\s@(id|unique)\b", line)
    kind, names = (several[1], several[2]) if several else (alone[2], alone[1]) if alone else ("", "")
    columns = ", ".join(f'"{name.strip()}"' for name in names.split(","))
    if kind == "id":
        return f'ALTER TABLE "{table}" ADD PRIMARY KEY ({columns})'
    return f'CREATE {"UNIQUE " if kind == "unique" else ""}INDEX ON "{table}" ({columns})' if kind else None

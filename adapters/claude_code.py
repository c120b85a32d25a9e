"""Claude Code Analytics: what each user got done with Claude Code in a day.

Endpoint    GET /v1/organizations/usage_report/claude_code, one UTC day per request, pages of at most 1000 records
            https://platform.claude.com/docs/en/manage-claude/claude-code-analytics-api
Grain       one record per day x actor x terminal x customer type: the records of a user are added up
Export      JSON as the endpoint gives it (a page, a list of pages, or a list of records), or CSV with a line per record
            and the fields' names as columns, with or without what they lie in (`core_metrics.num_sessions`, `num_sessions`)
Actor       `user_actor` with an e-mail, `api_actor` with the name of a key; names of keys are not unique and can change
Maps        num_sessions = sessions, commits_by_claude_code = commits, pull_requests_by_claude_code = pull_requests
Freshness   complete after about an hour
Left out    every other field; lines of code, tool actions, tokens and estimated cost are not read
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.domain.outcome import count_of
from bot.errors import RuleError, SourceChanged, SourceRefused
from bot.ports import Activity

NAME = "claude_code"
_DAY = ("date", "day")
_USER = ("actor.email_address", "email_address", "user_email", "email", "actor.api_key_name", "api_key_name")
_KINDS = {
    "commits": ("core_metrics.commits_by_claude_code", "commits_by_claude_code", "commits"),
    "pull_requests": ("core_metrics.pull_requests_by_claude_code", "pull_requests_by_claude_code", "pull_requests"),
    "sessions": ("core_metrics.num_sessions", "num_sessions", "sessions"),
}
_Fields = Mapping[str, Any]


def activities(path: Path) -> list[Activity]:
    """Return the records of *path*, which is CSV unless its name ends in `.json`.

    Raises:
        SourceRefused: The file cannot be read, is empty, or ends before its last page.
        SourceChanged: A record lacks a field that the data sheet promises, or holds something else in it.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise SourceRefused(f"{path.name} is not UTF-8 (byte {exc.start + 1}); export it again.") from exc
    except OSError as exc:
        raise SourceRefused(f"{path} cannot be read: {exc.strerror}.") from exc
    records = _json(path, text) if path.suffix == ".json" else _csv(path, text)
    found = [_activity(place, fields) for place, fields in records]
    if not found:
        raise SourceRefused(f"{path.name} holds no records. Nothing was changed.")
    return found


def _csv(path: Path, text: str) -> Iterator[tuple[str, _Fields]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", strict=True)
    try:
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        for line in reader:
            if None in line:
                raise SourceChanged(f"{path.name}, line {reader.line_num}: more values than columns. Nothing was changed.")
            yield f"{path.name}, line {reader.line_num}", line
    except csv.Error as exc:
        raise SourceChanged(f"{path.name}, line {reader.line_num}: {exc}. Nothing was changed.") from exc


def _json(path: Path, text: str) -> Iterator[tuple[str, _Fields]]:
    try:
        found = json.loads(text, parse_float=Decimal)
    except ValueError as exc:
        raise SourceRefused(f"{path.name} is no JSON: {exc}. Nothing was changed.") from exc
    pages = found if isinstance(found, list) else [found]
    if pages and isinstance(pages[-1], dict) and pages[-1].get("has_more"):
        raise SourceRefused(f"{path.name} says that there is more after its last page; fetch that, too. Nothing was changed.")
    records = [record for page in pages for record in _records(page)]
    for number, record in enumerate(records, 1):
        if not isinstance(record, dict):
            raise SourceChanged(f"{path.name}, record {number}: it is no object. Nothing was changed.")
        yield f"{path.name}, record {number}", dict(_flat(record))


def _records(page: Any) -> list[Any]:
    data = page.get("data") if isinstance(page, dict) else None
    return data if isinstance(data, list) else [page]


def _flat(record: _Fields, inside: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{inside}{name}.")
        else:
            yield f"{inside}{name}", value


def _activity(place: str, fields: _Fields) -> Activity:
    if not any(name in fields for name in _USER):
        raise SourceChanged(f"{place}: there is no {_USER[1]} and no {_USER[-1]}. Nothing was changed.")
    there = {kind: next((name for name in names if name in fields), None) for kind, names in _KINDS.items()}
    counts = {kind: _count(place, name, fields[name]) for kind, name in there.items() if name}
    if not counts:
        raise SourceChanged(f"{place}: there is none of {', '.join(names[1] for names in _KINDS.values())}. Nothing was changed.")
    user = next((str(fields[name]).strip() for name in _USER if fields.get(name)), "")
    return Activity(place, _day(place, next((fields[name] for name in _DAY if name in fields), None)), user, counts)


def _day(place: str, value: Any) -> date:
    """Return the UTC day of a date, or of an instant in RFC 3339."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise SourceChanged(f"{place}: {_DAY[0]} holds '{value or ''}', no date such as 2026-11-23. Nothing was changed.") from None
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date()


def _count(place: str, name: str, value: Any) -> Decimal:
    try:
        return count_of("" if isinstance(value, bool) or value is None else str(value).strip())
    except RuleError as exc:
        raise SourceChanged(f"{place}: {name}: {exc} Nothing was changed.") from exc

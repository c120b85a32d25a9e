"""Alerts, the audit log and the decisions about them, on SQLite and PostgreSQL; one decision at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, text, update
from sqlmodel import col

from adapters.store import outbox
from adapters.store.database import Database, put
from adapters.store.tables import AlertRow, AuditRow, CaseRow, MarkRow, RaiseRow
from bot.domain.alert import LIVE, Alert, Because, Change, Identity, Kind, Promise, Reason, Says, Seen, State
from bot.domain.budget import Raise
from bot.domain.burn import Burn
from bot.domain.episode import Channel, Episode, Share
from bot.domain.money import Money
from bot.domain.price_list import ClassPrice, PriceStep
from bot.messages.card import Card
from bot.ports import Case, Clock, Message, Noted, Post

_KEPT = 1024
"""Watermarks and tiers that are remembered: those of a company's alerts are few."""
_LOCK = 0x61697370  # "aisp": the advisory lock of decisions on PostgreSQL


class SqlAlerts:
    """Alerts in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    @contextmanager
    def decide(self) -> Iterator[SqlDesk]:
        """Begin a decision; see `bot.ports.Alerts`."""
        with self._database.writing() as connection:
            if not self._database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield SqlDesk(connection, self._clock)

    def every(self, *, live: bool = False, kind: Kind | None = None, limit: int = 1000) -> list[Alert]:
        """Return the alerts (of *kind*), newest first."""
        query = select(AlertRow).order_by(col(AlertRow.id).desc()).limit(limit)
        if kind:
            query = query.where(col(AlertRow.kind) == kind.value)
        if live:
            query = query.where(_is_live())
        with self._database.reading() as connection:
            return [_alert(row) for row in connection.execute(query)]

    def find(self, number: int) -> Alert | None:
        """Return alert *number*."""
        with self._database.reading() as connection:
            return _find(connection, number)

    def history(self, about: str) -> list[Noted]:
        """Return the audit log of *about*, oldest first."""
        query = select(AuditRow).where(col(AuditRow.about) == about).order_by(col(AuditRow.id))
        with self._database.reading() as connection:
            return [_noted(row) for row in connection.execute(query)]

    def cases(self, kind: str) -> list[Case]:
        """Return the cases of *kind*, oldest first, as they are now."""
        with self._database.reading() as connection:
            return _cases(connection, kind)

    def votes(self) -> list[tuple[int, str]]:
        """Return every person's last vote on an alert, by the alert's number."""
        query = select(MarkRow).where(col(MarkRow.name).startswith("vote "))
        with self._database.reading() as connection:
            return [(int(row.name.split()[1]), row.value) for row in connection.execute(query)]

    def broken_link(self) -> int | None:
        """Return the first line of the audit log that does not fit the one before, None when all do."""
        seal, expected = "", 1
        with self._database.reading() as connection:
            for row in connection.execute(select(AuditRow).order_by(col(AuditRow.id))):
                if row.id != expected or row.seal != _seal(seal, row.id, row.at, row.by, row.what, row.about, row.detail):
                    return min(int(row.id), expected)
                seal, expected = row.seal, expected + 1
        return None

    def lines(self) -> tuple[int, str]:
        """Return how many lines the audit log has and the last seal, to be kept elsewhere."""
        with self._database.reading() as connection:
            row = connection.execute(select(AuditRow).order_by(col(AuditRow.id).desc()).limit(1)).first()
        return (row.id, row.seal) if row else (0, "")


class SqlDesk:
    """One decision, in one transaction."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection, self._clock = connection, clock

    def alerts(self, since: date) -> list[Alert]:
        """Return the alerts of periods that began on *since* or later, every live one, and all that are about no budget."""
        wanted = or_(col(AlertRow.period_start) >= since, _is_live(), col(AlertRow.budget) == "")
        query = select(AlertRow).where(wanted).order_by(col(AlertRow.id))
        return [_alert(row) for row in self._connection.execute(query)]

    def alert(self, number: int) -> Alert | None:
        """Return alert *number*."""
        return _find(self._connection, number)

    def save(self, change: Change, by: str) -> Alert:
        """Store what *change* made of the alert, and why."""
        return self.save_all([change], by)[0]

    def save_all(self, changes: Sequence[Change], by: str) -> list[Alert]:
        """Store *changes*, in order."""
        if not changes:
            return []
        new = [_row(change.after) for change in changes if change.before is None]
        adding = insert(AlertRow).returning(col(AlertRow.id), sort_by_parameter_order=True)
        numbers = iter(self._connection.execute(adding, new).scalars().all() if new else ())
        saved = [replace(c.after, number=next(numbers) or 0) if c.before is None else c.after for c in changes]
        changed = [_row(alert) | {"of_id": alert.number} for alert, change in zip(saved, changes, strict=True) if change.before]
        if changed:
            self._connection.execute(update(AlertRow).where(col(AlertRow.id) == bindparam("of_id")), changed)
        events = [(change, alert) for change, alert in zip(changes, saved, strict=True) if change.says is not Says.KEEP]
        self._note_all((by, change.reason.value, f"alert {alert.number}", _detail(alert)) for change, alert in events)
        return saved

    def note(self, by: str, what: str, about: str, detail: Mapping[str, str]) -> None:
        """Add a line to the audit log."""
        self._note_all([(by, what, about, detail)])

    def _note_all(self, lines: Iterable[tuple[str, str, str, Mapping[str, str]]]) -> None:
        """Add lines to the audit log, each sealed with the one before; nobody else writes to it during a decision."""
        last = self._connection.execute(select(AuditRow).order_by(col(AuditRow.id).desc()).limit(1)).first()
        number, seal = (last.id, last.seal) if last else (0, "")
        at, rows = self._clock.now(), []
        for by, what, about, detail in lines:
            number, written = number + 1, json.dumps(dict(sorted(detail.items())), ensure_ascii=False)
            seal = _seal(seal, number, at, by, what, about, written)
            rows.append({"id": number, "at": at, "by": by, "what": what, "about": about, "detail": written, "seal": seal})
        if rows:
            self._connection.execute(insert(AuditRow), rows)

    def enqueue(self, message: Message) -> bool:
        """Put *message* in the outbox; False when its key is there already."""
        return outbox.enqueue(self._connection, message, self._clock.now())

    def enqueue_all(self, messages: Sequence[Message]) -> set[str]:
        """Put those of *messages* in the outbox whose keys are new, and return these keys."""
        return outbox.enqueue_all(self._connection, messages, self._clock.now())

    def about(self, about: str) -> list[Post]:
        """Return the messages that belong to *about*, oldest first."""
        return outbox.about(self._connection, about)

    def revise(self, post: Post, card: Card) -> None:
        """Say *card* instead of what *post* says, in its place."""
        outbox.revise(self._connection, post, card, self._clock.now())

    def send_again(self, post: Post) -> None:
        """Let a message that was dropped, and never sent, go out after all."""
        outbox.send_again(self._connection, post, self._clock.now())

    def drop(self, post: Post, reason: str) -> None:
        """Do not send *post*; one that was sent is left."""
        outbox.drop(self._connection, post, reason)

    def open_case(self, kind: str, state: str, body: str, at: datetime, due: datetime | None = None) -> int:
        """Store a new case and return its number."""
        row = {"kind": kind, "state": state, "opened_at": at, "changed_at": at, "due": due, "body": body}
        return int(self._connection.execute(insert(CaseRow), row).inserted_primary_key[0])  # type: ignore[index]

    def change_case(self, number: int, state: str, body: str, at: datetime, due: datetime | None = None) -> None:
        """Store what became of a case."""
        values = {"state": state, "body": body, "changed_at": at, "due": due}
        self._connection.execute(update(CaseRow).where(col(CaseRow.id) == number).values(values))

    def case(self, number: int) -> Case | None:
        """Return case *number*."""
        row = self._connection.execute(select(CaseRow).where(col(CaseRow.id) == number)).first()
        return _case(row) if row else None

    def cases(self, kind: str, state: str = "") -> list[Case]:
        """Return the cases of *kind* (in *state*), oldest first."""
        return _cases(self._connection, kind, state)

    def grant(self, raised: Raise) -> None:
        """Put an amount on top of a budget."""
        row = {
            "budget": raised.budget,
            "subject": raised.subject,
            "amount": raised.amount.nanos,
            "currency": raised.amount.currency,
            "begins": raised.begins,
            "ends": raised.ends,
            "by": raised.by,
        }
        self._connection.execute(insert(RaiseRow), row)

    def mark(self, name: str) -> str:
        """Return the mark *name*, empty when there is none."""
        found = self._connection.execute(select(col(MarkRow.value)).where(col(MarkRow.name) == name)).scalar()
        return str(found or "")

    def set_mark(self, name: str, value: str) -> None:
        """Put a mark."""
        put(self._connection, MarkRow, {"name": name, "value": value})


def _is_live() -> Any:
    return col(AlertRow.state).in_([state.value for state in LIVE])


def _find(connection: Connection, number: int) -> Alert | None:
    row = connection.execute(select(AlertRow).where(col(AlertRow.id) == number)).first()
    return _alert(row) if row else None


def _seal(before: str, number: int, at: datetime, by: str, what: str, about: str, detail: str) -> str:
    parts = [before, str(number), at.astimezone(UTC).isoformat(), by, what, about, detail]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _detail(alert: Alert) -> dict[str, str]:
    """Return what the audit log keeps of a step, beside who and why."""
    identity = alert.identity
    found = {
        "kind": identity.kind.value,
        "budget": identity.budget,
        "subject": identity.subject,
        "period": identity.period_start.isoformat(),
        "tier": str(identity.tier),
        "version": str(identity.version),
        "occurrence": str(identity.occurrence),
        "state": alert.state.value,
        "cost": f"{alert.seen.cost.amount:f} {alert.seen.cost.currency}",
        "owners": " ".join(alert.owners),
    }
    if alert.promise:
        found |= {"because": alert.promise.because.value, "plan": alert.promise.plan, "until": alert.promise.until.isoformat()}
    return found


def _row(alert: Alert) -> dict[str, Any]:
    identity = alert.identity
    body = {
        "seen": _seen_plain(alert.seen),
        "told": _seen_plain(alert.told) if alert.told else None,
        "owners": list(alert.owners),
        "round": alert.round,
        "crossings": alert.crossings,
        "step": alert.step,
        "is_last": alert.is_last,
        "needs_answer": alert.needs_answer,
        "note": alert.note,
        "promise": _promise_plain(alert.promise) if alert.promise else None,
    }
    return {
        "kind": identity.kind.value,
        "budget": identity.budget,
        "subject": identity.subject,
        "period_start": identity.period_start,
        "tier": str(identity.tier),
        "version": identity.version,
        "occurrence": identity.occurrence,
        "state": alert.state.value,
        "reason": alert.reason.value,
        "opened_at": alert.opened_at,
        "changed_at": alert.changed_at,
        "due": alert.due,
        "body": json.dumps(body, ensure_ascii=False),
    }


def _alert(row: Any) -> Alert:
    body = json.loads(row.body)
    identity = Identity(Kind(row.kind), row.budget, row.subject, row.period_start, _tier(row.tier), row.version, row.occurrence)
    promise, seen, told = body["promise"], _seen(body["seen"]), body["told"]
    return Alert(
        identity,
        State(row.state),
        Reason(row.reason),
        seen,
        row.opened_at,
        row.changed_at,
        owners=tuple(body["owners"]),
        told=(seen if told == body["seen"] else _seen(told)) if told else None,
        round=body["round"],
        crossings=body.get("crossings", body["round"]),
        step=body["step"],
        due=row.due,
        promise=_promise(promise) if promise else None,
        is_last=body["is_last"],
        needs_answer=body["needs_answer"],
        note=body["note"],
        number=row.id,
    )


def _seen_plain(seen: Seen) -> dict[str, Any]:
    return {
        "currency": seen.cost.currency,
        "cost": seen.cost.nanos,
        "limit": seen.limit.nanos if seen.limit else None,
        "as_of": seen.as_of.isoformat() if seen.as_of else None,
        "expected": seen.expected.nanos if seen.expected else None,
        "burn": _burn_plain(seen.burn) if seen.burn else None,
        "episode": _episode_plain(seen.episode) if seen.episode else None,
        "price": _price_plain(seen.price) if seen.price else None,
    }


def _episode_plain(episode: Episode) -> dict[str, Any]:
    days = {name: getattr(episode, name).isoformat() for name in _EPISODE_DAYS}
    amounts = {name: getattr(episode, name).nanos for name in _EPISODE_AMOUNTS}
    who = [[share.person, share.excess.nanos] for share in episode.who]
    return days | amounts | {"channels": [channel.value for channel in episode.channels], "who": who, "things": list(episode.things)}


def _burn_plain(burn: Burn) -> dict[str, Any]:
    return {"hours": burn.hours, "until": burn.until.isoformat(), "cost": burn.cost.nanos, "times": str(burn.times)}


def _seen(plain: Mapping[str, Any]) -> Seen:
    currency = plain["currency"]
    limit, expected = plain["limit"], plain["expected"]
    found = plain.get("burn")  # alerts of earlier versions have none
    burn = _burn(found, currency) if found else None
    known = plain.get("episode")
    return Seen(
        Money(plain["cost"], currency),
        Money(limit, currency) if limit is not None else None,
        _instant(plain["as_of"]) if plain["as_of"] else None,
        Money(expected, currency) if expected is not None else None,
        burn,
        _episode(known, currency) if known else None,
        _price(plain["price"]) if plain.get("price") else None,
    )


def _price_plain(step: PriceStep) -> dict[str, Any]:
    classes = [[one.place, str(one.paid), str(one.listed), str(one.before)] for one in step.classes]
    shares = {"before": str(step.before), "now": str(step.now)}
    return {
        "since": step.since.isoformat(),
        **shares,
        "extra": step.extra,
        "classes": classes,
        "is_listed": step.is_listed,
        "declared": step.declared,
    }


def _price(plain: Mapping[str, Any]) -> PriceStep:
    classes = tuple(ClassPrice(place, *map(Decimal, prices)) for place, *prices in plain["classes"])
    before, now = Fraction(plain["before"]), Fraction(plain["now"])
    return PriceStep(
        date.fromisoformat(plain["since"]), before, now, plain["extra"], classes, is_listed=plain["is_listed"], declared=plain["declared"]
    )


_EPISODE_DAYS, _EPISODE_AMOUNTS = ("since", "until", "last"), ("usual", "paid")


def _episode(plain: Mapping[str, Any], currency: str) -> Episode:
    since, until, last = (date.fromisoformat(plain[name]) for name in _EPISODE_DAYS)
    usual, paid = (Money(plain[name], currency) for name in _EPISODE_AMOUNTS)
    who = tuple(Share(person, Money(excess, currency)) for person, excess in plain["who"])
    return Episode(tuple(map(Channel, plain["channels"])), since, until, last, usual, paid, who, tuple(plain["things"]))


_instant = lru_cache(_KEPT)(datetime.fromisoformat)
_tier = lru_cache(_KEPT)(Decimal)


def _burn(plain: Mapping[str, Any], currency: str) -> Burn:
    until = datetime.fromisoformat(plain["until"])
    return Burn(plain["hours"], until, Money(plain["cost"], currency), Fraction(plain["times"]))


def _promise_plain(promise: Promise) -> dict[str, str]:
    return {
        "by": promise.by,
        "because": promise.because.value,
        "plan": promise.plan,
        "until": promise.until.isoformat(),
        "at": promise.at.isoformat(),
    }


def _promise(plain: Mapping[str, str]) -> Promise:
    until, at = (datetime.fromisoformat(plain[name]) for name in ("until", "at"))
    return Promise(plain["by"], Because(plain["because"]), plain["plan"], until, at)


def _cases(connection: Connection, kind: str, state: str = "") -> list[Case]:
    query = select(CaseRow).where(col(CaseRow.kind) == kind).order_by(col(CaseRow.id))
    if state:
        query = query.where(col(CaseRow.state) == state)
    return [_case(row) for row in connection.execute(query)]


def _case(row: Any) -> Case:
    return Case(row.id, row.kind, row.state, row.opened_at, row.changed_at, row.due, row.body)


def _noted(row: Any) -> Noted:
    return Noted(row.id, row.at, row.by, row.what, row.about, json.loads(row.detail), row.seal)

"""The outbox in the database: leases, revisions of cards, and the pace of places, shared by every replica."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, insert, or_, select, true, update
from sqlmodel import col

from adapters.store.database import Database, put
from adapters.store.tables import Instant, PaceRow, PostRow, SaidRow
from bot.messages import stored
from bot.messages.card import Card
from bot.ports import NOT_THEIRS, Delivery, Message, MessageKind, Post, Sent

_STILL_NEWS = timedelta(days=7)
"""Older messages are not sent when somebody turns up at last."""
_MORE = 1000
"""Turns that may be taken beyond what waits."""
_STATE, _DUE = col(PostRow.state), col(PostRow.due_at)
_IS_TAKEN_BACK = and_(col(PostRow.reason) == NOT_THEIRS, col(PostRow.sent_revision) == 0)
"""It was to be dropped while it was being sent: it may have arrived, and does not go out again."""


class SqlOutbox:
    """The outbox on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lease(self, worker: str, count: int, now: datetime, until: datetime, ahead: timedelta = timedelta()) -> list[Post]:
        """Take up to *count* messages that are due; see `bot.ports.Outbox`."""
        until_ = col(PostRow.leased_until)
        is_time = or_(now >= _DUE, col(PostRow.turn_at) <= now + ahead)
        due = and_(_STATE == Delivery.WAITING, is_time, or_(until_.is_(None), until_ < now))
        lapsed = and_(_STATE == Delivery.SENDING, until_ < now)
        order = (col(PostRow.is_urgent).desc(), _DUE, col(PostRow.id))
        query = select(PostRow).where(or_(due, lapsed)).order_by(*order).limit(count).with_for_update(skip_locked=True)
        with self._database.writing() as connection:
            rows = connection.execute(query).all()
            lease = f"{worker} {uuid4().hex[:12]}"
            if rows:
                taken = update(PostRow).where(col(PostRow.id).in_([row.id for row in rows]))
                connection.execute(taken.values({"worker": lease, "leased_until": until}))
        unknown = Delivery.UNKNOWN
        return [replace(_post(row, unknown if row.state == Delivery.SENDING else None), lease=lease) for row in rows]

    def begin(self, posts: Sequence[Post], until: datetime) -> list[Post]:
        """Say that *posts* are being sent; see `bot.ports.Outbox`."""
        leases = {post.number: post.lease for post in posts}
        query = select(PostRow).where(col(PostRow.id).in_(leases), _STATE == Delivery.WAITING).with_for_update()
        with self._database.writing() as connection:
            rows = [row for row in connection.execute(query) if row.worker == leases[row.id]]
            if rows:
                begun = {"state": Delivery.SENDING.value, "leased_until": until, "attempts": col(PostRow.attempts) + 1}
                connection.execute(update(PostRow).where(col(PostRow.id).in_([row.id for row in rows])).values(begun))
        found = (_post(row, Delivery.SENDING) for row in rows)
        return [replace(post, lease=leases[post.number], attempts=post.attempts + 1) for post in found]

    def sent(self, done: Sequence[tuple[Post, Sent]], now: datetime) -> None:
        """Record where these revisions of posts stand; a newer card goes out next."""
        is_newest = col(PostRow.revision) == bindparam("of_revision")
        values = {
            "state": case((is_newest, Delivery.SENT.value), else_=Delivery.WAITING.value),
            "reason": "",
            "due_at": now,
            "sent_at": func.coalesce(col(PostRow.sent_at), now),
            "leased_until": None,
            "turn_at": None,
        }
        places: dict[str, Any] = {name: bindparam(f"of_{name}") for name in ("sent_revision", "platform", "space", "place", "message")}
        statement = update(PostRow).where(col(PostRow.id) == bindparam("of_id")).values(values | places)
        ordered = sorted(done, key=lambda one: one[0].number)
        numbers = [post.number for post, _ in ordered]
        with self._database.writing() as connection:
            query = select(PostRow).where(col(PostRow.id).in_(numbers)).order_by(col(PostRow.id)).with_for_update()
            rows = {row.id: row for row in connection.execute(query)}
            firsts = [(post, sent) for post, sent in ordered if not _is_second(rows[post.number], sent)]
            if firsts:
                connection.execute(statement, [_placed(post, sent) for post, sent in firsts])
            for post, sent in ordered:
                if _is_second(rows[post.number], sent):
                    connection.execute(insert(PostRow), _copy(rows[post.number], post, sent, now))

    def put_off(self, post: Post, until: datetime, reason: str) -> None:
        """Give *post* back, to be tried again at *until*; not what was to be dropped while it was being sent."""
        state = case((_IS_TAKEN_BACK, Delivery.DROPPED.value), else_=Delivery.WAITING.value)
        why = case((_IS_TAKEN_BACK, NOT_THEIRS), else_=reason)
        self._update(post, {"state": state, "due_at": until, "reason": why, "leased_until": None, "turn_at": None})

    def schedule(self, posts: Sequence[Post]) -> None:
        """Give *posts* back, to be sent at their turns."""
        mine = and_(col(PostRow.id) == bindparam("of_id"), col(PostRow.worker) == bindparam("of_worker"), _STATE == Delivery.WAITING)
        turn = bindparam("of_turn", type_=Instant)
        statement = update(PostRow).where(mine).values({"due_at": turn, "turn_at": turn, "leased_until": None})
        with self._database.writing() as connection:
            rows = [{"of_id": post.number, "of_worker": post.lease, "of_turn": post.turn} for post in posts]
            connection.execute(statement, sorted(rows, key=lambda row: str(row["of_id"])))

    def settle(self, post: Post, state: Delivery, reason: str, now: datetime) -> None:
        """Give *post* up in *state*; what was to be dropped while it was being sent is, and nothing brings it back."""
        unknown = {"was_unknown": True} if state is Delivery.UNKNOWN else {}
        kept = case((_IS_TAKEN_BACK, Delivery.DROPPED.value), else_=state.value)
        why = case((_IS_TAKEN_BACK, NOT_THEIRS), else_=reason)
        self._update(post, {"state": kept, "reason": why, "leased_until": None, "due_at": now} | unknown)

    def repeat(self, post: Post, label: Callable[[Card], Card], now: datetime) -> None:
        """Send *post* once more, its card or what was put in its place meanwhile labelled; not what was to be dropped."""
        state = case((_IS_TAKEN_BACK, Delivery.DROPPED.value), else_=Delivery.WAITING.value)
        values = {"state": state, "due_at": now, "was_unknown": True, "leased_until": None, "turn_at": None}
        with self._database.writing() as connection:
            row = connection.execute(select(PostRow).where(_mine(post)).with_for_update()).first()
            if row:
                connection.execute(update(PostRow).where(col(PostRow.id) == row.id).values(values))
                revise(connection, post, label(stored.load(row.card)), now)

    def posts(self, states: Sequence[Delivery] = (), limit: int = 1000, reason: str = "") -> list[Post]:
        """Return the messages in *states*, for *reason*, newest first."""
        query = select(PostRow).order_by(col(PostRow.id).desc()).limit(limit)
        if states:
            query = query.where(_STATE.in_([state.value for state in states]))
        if reason:
            query = query.where(col(PostRow.reason) == reason)
        with self._database.reading() as connection:
            return [_post(row) for row in connection.execute(query)]

    def find(self, number: int) -> Post | None:
        """Return message *number*."""
        with self._database.reading() as connection:
            row = connection.execute(select(PostRow).where(col(PostRow.id) == number)).first()
        return _post(row) if row else None

    def pushes(self, emails: Collection[str], since: datetime) -> dict[str, int]:
        """Return how many new messages each of *emails* was sent since, or is about to be, without those that are urgent."""
        to = col(PostRow.recipient)
        has_turn = and_(_STATE == Delivery.WAITING, col(PostRow.turn_at).is_not(None))
        is_said = or_(col(PostRow.sent_at) >= since, _STATE == Delivery.SENDING, has_turn)
        counted = and_(to.in_(emails), is_said, col(PostRow.is_urgent).is_(False))
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(select(to, func.count()).where(counted).group_by(to))}

    def reserve(self, wanted: Sequence[Mapping[str, timedelta]], now: datetime) -> list[datetime]:
        """Take the next turn for each of *wanted*; see `bot.ports.Outbox`."""
        places = sorted({place for spacings in wanted for place in spacings})
        query = select(PaceRow).where(col(PaceRow.place).in_(places)).order_by(col(PaceRow.place)).with_for_update()
        turns = []
        with self._database.writing() as connection:
            waiting = connection.execute(select(func.count()).select_from(PostRow).where(_STATE == Delivery.WAITING)).scalar() or 0
            free = {row.place: row.next_at for row in connection.execute(query)}
            for place, spacing in {place: spacing for spacings in wanted for place, spacing in spacings.items()}.items():
                if free.get(place, now) > now + spacing * (waiting + _MORE):  # nobody waits so long: a clock was ahead
                    free[place] = now
            for spacings in wanted:
                turn = max([now, *(free.get(place, now) for place in spacings)])
                free |= {place: turn + spacing for place, spacing in spacings.items()}
                turns.append(turn)
            for place in places:
                put(connection, PaceRow, {"place": place, "next_at": free[place]})
        return turns

    def wake(self, email: str, now: datetime) -> int:
        """Let what waits for *email* to be known be tried now."""
        waits = _STATE.in_([Delivery.WAITING.value, Delivery.PARKED.value]) & (col(PostRow.sent_revision) == 0)
        asked = and_(col(PostRow.recipient) == email, waits, col(PostRow.reason) != "", col(PostRow.created_at) > now - _STILL_NEWS)
        with self._database.writing() as connection:
            woken = connection.execute(update(PostRow).where(asked).values({"state": Delivery.WAITING.value, "due_at": now}))
        return int(woken.rowcount)

    def _update(self, post: Post, values: dict[str, Any]) -> None:
        with self._database.writing() as connection:
            connection.execute(update(PostRow).where(_mine(post)).values(values))


def _mine(post: Post) -> ColumnElement[bool]:
    """Match *post*, unless somebody else has taken it in hand since."""
    in_hand = and_(col(PostRow.worker) == post.lease, _STATE.in_([Delivery.WAITING.value, Delivery.SENDING.value]))
    return and_(col(PostRow.id) == post.number, in_hand if post.lease else true())


def _is_second(row: Any, sent: Sent) -> bool:
    """Tell whether *sent* is another message than the one that is known to stand for this row: both are there."""
    return bool(row.message) and (row.platform, row.space, row.message) != (sent.platform, sent.space, sent.message)


def _copy(row: Any, post: Post, sent: Sent, now: datetime) -> dict[str, Any]:
    """Return the row of a message that reached somebody twice, so that what becomes untrue is put right in both."""
    state = Delivery.SENT if row.revision == post.revision else Delivery.WAITING
    return _row(replace(post.message, key=f"{row.key} copy {uuid4().hex[:12]}", card=stored.load(row.card)), now) | {
        "revision": row.revision,
        "sent_revision": post.revision,
        "state": state.value,
        "was_unknown": True,
        "sent_at": now,
        "due_at": now,
        **{name.removeprefix("of_"): value for name, value in _placed(post, sent).items() if name not in {"of_id", "of_revision"}},
    }


def _placed(post: Post, sent: Sent) -> dict[str, Any]:
    return {
        "of_id": post.number,
        "of_revision": post.revision,
        "of_sent_revision": post.revision,
        "of_platform": sent.platform,
        "of_space": sent.space,
        "of_place": sent.place,
        "of_message": sent.message,
    }


def enqueue(connection: Connection, message: Message, now: datetime) -> bool:
    """Put *message* in the outbox; False when its key is there already."""
    return bool(enqueue_all(connection, [message], now))


def enqueue_all(connection: Connection, messages: Sequence[Message], now: datetime) -> set[str]:
    """Put those of *messages* in the outbox whose keys are new, or were taken back unsent; return these keys."""
    by_key = {message.key: message for message in messages}
    keys, there, again = list(by_key), set[str](), set[str]()
    for i in range(0, len(keys), 500):
        columns = (col(PostRow.key), _STATE, col(PostRow.reason), col(PostRow.sent_revision), col(PostRow.was_unknown))
        query = select(*columns).where(col(PostRow.key).in_(keys[i : i + 500]))
        for key, *standing in connection.execute(query):
            there.add(key)
            if standing == [Delivery.DROPPED.value, NOT_THEIRS, 0, False]:
                _put_again(connection, by_key[key], now)
                again.add(key)
    rows = [_row(message, now) for key, message in by_key.items() if key not in there]
    if rows:
        connection.execute(insert(PostRow), rows)
    return again | (by_key.keys() - there)


def _put_again(connection: Connection, message: Message, now: datetime) -> None:
    """Put *message* in the place of what was taken back: nobody has read it."""
    anew = {name: value for name, value in _row(message, now).items() if name not in {"key", "revision", "was_unknown"}}
    values = anew | {"revision": col(PostRow.revision) + 1}
    connection.execute(update(PostRow).where(col(PostRow.key) == message.key).values(values))


def about(connection: Connection, about_: str) -> list[Post]:
    """Return the messages that belong to *about_*, oldest first."""
    query = select(PostRow).where(col(PostRow.about) == about_).order_by(col(PostRow.id))
    return [_post(row) for row in connection.execute(query)]


def revise(connection: Connection, post: Post, card: Card, now: datetime) -> None:
    """Say *card* instead of what *post* says; nothing changes when it says so already."""
    where = col(PostRow.id) == post.number
    row = connection.execute(select(PostRow).where(where).with_for_update()).first()
    text = stored.dump(card)
    if row is None or row.card == text:
        return
    if row.sent_revision or row.state == Delivery.SENDING:
        connection.execute(insert(SaidRow), {"post": row.id, "revision": row.revision, "card": row.card})
    again = {"state": Delivery.WAITING.value, "due_at": now} if row.state == Delivery.SENT else {}
    connection.execute(update(PostRow).where(where).values({"card": text, "revision": row.revision + 1} | again))


def drop(connection: Connection, post: Post, reason: str) -> None:
    """Do not send *post*; one that was sent is left, and one that is being sent is not sent again."""
    unsent = and_(col(PostRow.id) == post.number, col(PostRow.sent_revision) == 0)
    waits = _STATE.in_([Delivery.WAITING.value, Delivery.PARKED.value, Delivery.HELD.value])
    connection.execute(update(PostRow).where(unsent, waits).values({"state": Delivery.DROPPED.value, "reason": reason}))
    if reason == NOT_THEIRS:
        connection.execute(update(PostRow).where(unsent, _STATE == Delivery.SENDING).values({"reason": reason}))


def send_again(connection: Connection, post: Post, now: datetime) -> None:
    """Let *post*, which was dropped or parked and never sent, go out after all."""
    given_up = _STATE.in_([Delivery.DROPPED.value, Delivery.PARKED.value])
    dropped = and_(col(PostRow.id) == post.number, given_up, col(PostRow.sent_revision) == 0)
    connection.execute(update(PostRow).where(dropped).values({"state": Delivery.WAITING.value, "reason": "", "due_at": now}))


def _row(message: Message, now: datetime) -> dict[str, Any]:
    return {
        "key": message.key,
        "kind": message.kind.value,
        "recipient": message.to,
        "about": message.about,
        "role": message.role,
        "is_urgent": message.is_urgent,
        "needs_answer": message.needs_answer,
        "card": stored.dump(message.card),
        "revision": 1,
        "sent_revision": 0,
        "state": Delivery.WAITING.value,
        "reason": "",
        "attempts": 0,
        "was_unknown": False,
        "worker": "",
        "created_at": now,
        "due_at": message.not_before or now,
        "platform": "",
        "space": "",
        "place": "",
        "message": "",
    }


def _post(row: Any, state: Delivery | None = None) -> Post:
    card = stored.load(row.card)
    message = Message(
        row.key,
        MessageKind(row.kind),
        row.recipient,
        card,
        row.about,
        row.role,
        is_urgent=row.is_urgent,
        needs_answer=row.needs_answer,
        not_before=row.due_at,
    )
    sent = Sent(row.platform, row.space, row.place, row.message) if row.message else None
    return Post(
        row.id,
        message,
        state or Delivery(row.state),
        row.created_at,
        row.revision,
        row.sent_revision,
        sent,
        row.attempts,
        row.reason,
        row.due_at,
        row.sent_at,
        row.was_unknown,
        row.turn_at,
    )

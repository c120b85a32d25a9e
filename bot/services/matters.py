"""Matters: the messages about what several people have to answer, a request or a claim, when it has changed who they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from bot.messages.card import Card
from bot.ports import NOT_THEIRS, Case, Delivery, Desk, Message, Post
from bot.services.deliver import repeated

STILL_NEWS = timedelta(days=7)
"""How long after a matter was settled it is told to somebody who was away until now."""


def say(desk: Desk, message: Message, *, is_theirs: bool = True) -> bool:
    """Enqueue *message*, and tell whether it goes out now.

    One that was left out because it was not its reader's to see goes out after all, as it is worded now; one that *is_theirs*
    no longer, as they have left, is left out until they are back.
    """
    is_new = desk.enqueue(message)
    if is_new and is_theirs:
        return True
    same = [post for post in desk.about(message.about) if post.message.key == message.key]
    if is_new:
        for post in same:
            desk.drop(post, NOT_THEIRS)
    left_out = [post for post in same if _was_left_out(post)] if is_theirs else []
    for post in left_out:
        revive(desk, post, message.card)
    return bool(left_out)


def revive(desk: Desk, post: Post, card: Card) -> None:
    """Let *post*, which was left out, go out after all, as *card*."""
    desk.revise(post, worded(post, card))
    desk.send_again(post)


def worded(post: Post, card: Card) -> Card:
    """Return *card* as *post* says it: where nobody can tell whether it arrived before, it says so."""
    return repeated(card) if post.was_unknown else card


def unseen(desk: Desk, kind: str, waiting: Sequence[Post]) -> Iterator[tuple[Post, Case]]:
    """Yield those of *waiting* that are about a case of *kind*, each with its case."""
    for post in waiting:
        number = post.message.number_of(kind)
        case = desk.case(number) if number else None
        if case is not None:
            yield post, case


def missed(desk: Desk, kind: str, waits: Collection[str], now: datetime) -> Iterator[tuple[Post, Case]]:
    """Yield what was left out because it was not its reader's to see, and still says where its case stands; each with its case.

    Args:
        waits: The states in which a case waits for an answer; of the others only news is told.
    """
    for case in desk.cases(kind):
        if case.state not in waits and now - case.changed_at > STILL_NEWS:
            continue
        about = f"{kind} {case.number}"
        for post in desk.about(about):
            if _was_left_out(post) and post.message.key == f"{about} {case.state} {post.message.to}":
                yield post, case


def _was_left_out(post: Post) -> bool:
    return post.state is Delivery.DROPPED and post.reason == NOT_THEIRS

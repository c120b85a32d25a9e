"""Matters: the messages about what several people have to answer, a request or a claim, when it has changed who they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.ports import NOT_THEIRS, Case, Delivery, Desk, Message, Post


def say(desk: Desk, message: Message) -> None:
    """Enqueue *message*; one that was left out because it was not its reader's to see goes out after all, as it is worded now."""
    if desk.enqueue(message):
        return
    for post in desk.about(message.about):
        if post.message.key == message.key and post.state is Delivery.DROPPED and post.reason == NOT_THEIRS:
            desk.revise(post, message.card)
            desk.send_again(post)


def unseen(desk: Desk, kind: str, waiting: Sequence[Post]) -> Iterator[tuple[Post, Case]]:
    """Yield those of *waiting* that are about a case of *kind*, each with its case."""
    for post in waiting:
        number = post.message.number_of(kind)
        case = desk.case(number) if number else None
        if case is not None:
            yield post, case

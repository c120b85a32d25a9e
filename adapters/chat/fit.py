"""Fit: what a platform has no room for, made shorter so that it says so and no figure changes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.messages.card import Point
from bot.messages.words import words

ELLIPSIS = "…"


def cut(text: str, most: int, empty: str = "–") -> str:
    """Return *text* in at most *most* characters, ending in an ellipsis where some are missing; never empty."""
    text = text.strip()
    if not text:
        return empty
    return text if len(text) <= most else text[: most - 1].rstrip() + ELLIPSIS


def left_out(rows: int, more: str, language: str) -> str:
    """Return what to say under rows of which *rows* had no room and *more* is missing anyway; empty where nothing is."""
    said = words(language).ngettext("… and {count} more row", "… and {count} more rows", rows).format(count=rows) if rows else ""
    return ". ".join(text for text in (said, more) if text)


def neighbours(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most *most* points: as many neighbours added together as it takes, named from first to last."""
    size = -(-len(points) // most) or 1
    groups = [points[i : i + size] for i in range(0, len(points), size)]
    return [group[0] if len(group) == 1 else _together(_span(group[0].name, group[-1].name), group) for group in groups]


def _span(first: str, last: str) -> str:
    """Return `Nov 1–2` for `Nov 1` and `Nov 2`, `1–2 Nov` for `1 Nov` and `2 Nov`, else both names whole."""
    (head, _, _), (head_, _, day_) = first.rpartition(" "), last.rpartition(" ")
    if head and head == head_:
        return f"{first}–{day_}"
    (_, _, tail), (number_, _, tail_) = first.partition(" "), last.partition(" ")
    if tail and tail == tail_:
        return f"{first.partition(' ')[0]}–{number_} {tail_}"
    return f"{first} – {last}"


def slices(points: Sequence[Point], most: int, others: str) -> list[Point]:
    """Return at most *most* points above zero, highest first; the small ones are added together under the name *others*."""
    positive = sorted((point for point in points if point.value > 0), key=lambda point: -point.value)
    if len(positive) <= most:
        return positive
    return [*positive[: most - 1], _together(others, positive[most - 1 :])]


def distinct(names: Sequence[str], most: int) -> list[str]:
    """Return *names* in at most *most* characters each, all of them different."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        short, number = cut(name, most), 1
        while short in taken:
            number += 1
            tail = f" ({number})"
            short = cut(name, most - len(tail)) + tail
        taken.add(short)
        found.append(short)
    return found


def _together(name: str, points: Sequence[Point]) -> Point:
    return Point(name, sum((point.value for point in points), Decimal(0)), "")

"""Actions: what a button, a menu or a form does; the same names on every platform."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What can be done; `on` says to what."""

    ASK = "ask"
    """`on` holds the words that ask the same."""
    CONFIRM = "confirm"
    """This account is mine; `on` holds the words to answer then."""
    DECLINE = "decline"
    """This account is not the person it was taken for."""
    FORGET = "forget"
    """Take the account off the person."""
    LANGUAGE = "language"
    """`on` holds the language."""
    PICK = "pick"
    """Open the form for other days; `on` holds the words without period."""
    PICKED = "picked"
    """The answers of that form."""


OPENS_FORM = frozenset({Action.PICK})
"""Actions that are answered with a form; Slack must open it within three seconds."""

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
    ANSWER = "answer"
    """Open the form that answers an alert; `on` holds its number."""
    ANSWERED = "answered"
    """The answers of that form."""
    DISOWN = "disown"
    """Open the form that says an alert is somebody else's; `on` holds its number."""
    DISOWNED = "disowned"
    """The answers of that form."""
    RAISE = "raise"
    """Open the form that asks for more budget; `on` holds the alert it is about, or nothing."""
    RAISED = "raised"
    """The answers of that form."""
    GRANT = "grant"
    """Open the form that grants less; `on` holds the request."""
    GRANTED = "granted"
    """The answers of that form."""
    DENY = "deny"
    """Open the form that says no; `on` holds the request."""
    DENIED = "denied"
    """The answers of that form."""
    WRITE = "write"
    """Open the form for a broadcast."""
    WRITTEN = "written"
    """The answers of that form."""


_FORMS = {Action.RAISE: Action.RAISED, Action.GRANT: Action.GRANTED, Action.DENY: Action.DENIED, Action.WRITE: Action.WRITTEN}
ACTS = frozenset({Action.ANSWER, Action.ANSWERED, Action.DISOWN, Action.DISOWNED, *_FORMS, *_FORMS.values()})
"""Actions about alerts."""
OPENS_FORM = frozenset({Action.PICK, Action.ANSWER, Action.DISOWN, *_FORMS})
"""Actions that are answered with a form; Slack must open it within three seconds."""

"""Stored: a card as text and back, exactly; what was said is kept so that it can be read, repeated and put right."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from fractions import Fraction
from types import NoneType
from typing import Any, get_args, get_type_hints

from bot.messages import card as cards
from bot.messages.card import Card

_CLASSES: dict[str, Any] = {name: kind for name, kind in vars(cards).items() if dataclasses.is_dataclass(kind)}


def dump(card: Card) -> str:
    """Return *card* as text."""
    return json.dumps(_plain(card), ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Card:
    """Return the card that `dump` made *text* of."""
    found: Card = _built(json.loads(text))
    return found


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {"": type(value).__name__} | {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, Decimal | Fraction) else value


def _built(value: Any) -> Any:
    kind = _CLASSES[value[""]]
    hints = get_type_hints(kind)
    return kind(**{name: _typed(given, hints[name]) for name, given in value.items() if name})


def _typed(value: Any, hint: Any) -> Any:
    if isinstance(value, dict):
        return _built(value)
    if isinstance(value, list):
        kind = getattr(hint, "__origin__", None)
        if kind is frozenset:
            return frozenset(value)
        inner = get_args(hint)[0]
        return tuple(_typed(item, inner) for item in value)
    if hint in {Decimal, Fraction} and value is not NoneType:
        return hint(value)
    return value

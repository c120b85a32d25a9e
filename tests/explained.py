"""Support: bills of tokens, and what `why` answers about them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from factories import charge

from adapters.chat import terminal
from bot.messages.formats import Reader
from bot.wiring import App

SONNET, OPUS = ("3", "0.3", "15"), ("5", "0.5", "25")
METERS = ("input tokens", "cache read input tokens", "output tokens")


def use(who: str, day: str, model: str, entered: int, read: int, out: int, project: str = "") -> Iterator[dict[str, Any]]:
    """Yield the bill of millions of tokens: one row a meter."""
    for meter, count, price in zip(METERS, (entered, read, out), OPUS if model == "opus" else SONNET, strict=True):
        yield charge(
            day,
            str(count * Decimal(price)),
            x_PrincipalId=f"{who}@x.example",
            x_Model=model,
            SkuMeter=meter,
            ConsumedQuantity=str(count),
            ConsumedUnit="1M tokens",
            SubAccountId=project,
        )


def ask(app: App, who: str, words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(app.conversation.answer(f"{who}@x.example", words).document()))
    return found


def text(app: App, who: str, words: str) -> str:
    view = app.conversation.answer(f"{who}@x.example", words)
    return " ".join(terminal.render(app.templates.card(view.template, view, Reader())).split())


def parts(document: dict[str, Any]) -> dict[str, str]:
    return {part["name"]: f"{float(part['cost']):.2f}" for part in document["parts"]}


def adds_up(document: dict[str, Any]) -> bool:
    change = Decimal(document["to_cost"]) - Decimal(document["from_cost"])
    people = [person for person in document["people"] if sum(Decimal(p["cost"]) for p in person["parts"]) != Decimal(person["cost"])]
    return sum(Decimal(part["cost"]) for part in document["parts"]) == change and not people

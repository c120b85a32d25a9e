"""Troubles: what FinOps alone reads of alerts about nobody's budget: keys, sources and prices."""

from __future__ import annotations

from collections.abc import Collection

from bot.domain.alert import Alert, Kind
from bot.messages.alerts import Trouble
from bot.messages.prices import ClassRow, PriceAlert
from bot.messages.words import N_, Phrase

_OF = " / "
"""What stands between the provider and the model a price is of."""
_CLASSES = (
    N_("uncached input"),
    N_("read from the cache"),
    N_("written to the cache for minutes"),
    N_("written to the cache for an hour"),
    N_("output"),
)
"""The classes of tokens, as the ledger orders them."""


def price_of(provider: str, model: str) -> str:
    """Return what an alert about the price of a model calls its subject."""
    return f"price {provider}{_OF}{model}"


def view(alert: Alert, hidden: Collection[Kind], *, is_repeat: bool = False) -> PriceAlert | Trouble:
    """Return the view of an alert that is about no team and nobody; *hidden* are those whose cost is not told."""
    step = alert.seen.price
    if step is None:
        return _trouble(alert, hidden, is_repeat=is_repeat)
    provider, _, model = alert.identity.subject.removeprefix("price ").partition(_OF)
    return PriceAlert(
        alert.number,
        provider,
        model,
        step.since,
        step.before,
        step.now,
        alert.seen.cost if alert.seen.cost.nanos and alert.is_live else None,
        tuple(ClassRow(Phrase(_CLASSES[one.place]), one.paid, one.listed, one.before) for one in step.classes),
        is_listed=step.is_listed,
        declared=step.declared,
        is_over=not alert.is_live,
        is_repeat=is_repeat,
    )


def _trouble(alert: Alert, hidden: Collection[Kind], *, is_repeat: bool = False) -> Trouble:
    identity = alert.identity
    _, _, what = identity.subject.partition(" ")
    has_cost = identity.kind is Kind.UNOWNED and identity.kind not in hidden
    return Trouble(
        alert.number,
        identity.kind.value,
        what,
        identity.period_start,
        alert.seen.cost if has_cost else None,
        alert.seen.as_of,
        is_over=not alert.is_live,
        is_repeat=is_repeat,
        sentence=alert.note,
    )

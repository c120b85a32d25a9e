"""Support: every example of every view, and its card."""

from __future__ import annotations

from typing import Any

from bot import shipped
from bot.messages.alerts import ALERTS
from bot.messages.anomalies import ANOMALIES
from bot.messages.broadcasts import BROADCASTS
from bot.messages.card import Card
from bot.messages.claims import CLAIMS
from bot.messages.contact import CONTACT
from bot.messages.digests import DIGESTS
from bot.messages.forecasts import FORECASTS
from bot.messages.formats import Reader
from bot.messages.markup import Templates
from bot.messages.moved import MOVED
from bot.messages.prices import PRICES
from bot.messages.requests import REQUESTS
from bot.messages.views import VIEWS
from bot.messages.why import WHY

TEMPLATES = Templates((shipped.folder("templates"),))
EXAMPLES = [
    (view, name, example)
    for view in (*VIEWS, *WHY, *FORECASTS, *CONTACT, *ALERTS, *ANOMALIES, *PRICES, *DIGESTS, *REQUESTS, *CLAIMS, *BROADCASTS, *MOVED)
    for name, example in view.examples()
]


def card(view: Any, reader: Reader | None = None) -> Card:
    """Return the card of *view* as *reader* reads it."""
    return TEMPLATES.card(view.template, view, reader or Reader())

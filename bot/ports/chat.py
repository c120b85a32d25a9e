"""Ports, chat: a chat platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.domain.account import Account, Profile
from bot.messages.card import Card


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message stands, as the platform needs it to edit the message.

    Attributes:
        space: The workspace or tenant.
        place: The channel or conversation.
        message: The platform's id of the message.
    """

    platform: str
    space: str
    place: str
    message: str


class Chat(Protocol):
    """One chat platform, outward.

    Every method raises `DeliveryDeferred` when it may work later (with the time the platform asked for),
    `DeliveryImpossible` when it never will as it is, and `DeliveryUnknown` when nobody can tell whether it happened.
    """

    platform: str

    async def profile(self, account: Account) -> Profile:
        """Return what the platform says of *account* now."""

    async def find(self, email: str) -> Account | None:
        """Return the account whose profile has *email* on the platform itself, None where there is none or nobody can tell."""

    async def send(self, account: Account, card: Card) -> Sent:
        """Send *card* to the person's own chat with us and return where it stands."""

    async def post(self, space: str, channel: str, card: Card) -> Sent:
        """Post *card* in a channel, which holds figures of a team only; never where people of another organisation read."""

    async def edit(self, sent: Sent, card: Card) -> None:
        """Put *card* in the place of what stands at *sent*."""

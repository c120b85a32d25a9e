"""Ports: what the core asks of the outside, with the obligations of whoever answers."""

from bot.ports.alerts import Alerts, Case, Desk, Noted
from bot.ports.chat import Chat, Sent
from bot.ports.figures import Cost, CostScope, Daily, Dimension, Figures, Member, Parts, Ranking, UnallocatedKey
from bot.ports.loading import (
    FORGOTTEN,
    Engine,
    Ledger,
    Load,
    LoadWriter,
    PriceBook,
    Progress,
    Quarantined,
    Rejected,
    Settling,
    UsageSource,
    stated_scopes,
)
from bot.ports.outbox import REPEATED, Delivery, Message, MessageKind, Outbox, Post
from bot.ports.people import Accounts, Budgets, Documents, Look, People, Received
from bot.ports.world import Calendar, Clock

__all__ = [
    "FORGOTTEN",
    "REPEATED",
    "Accounts",
    "Alerts",
    "Budgets",
    "Calendar",
    "Case",
    "Chat",
    "Clock",
    "Cost",
    "CostScope",
    "Daily",
    "Delivery",
    "Desk",
    "Dimension",
    "Documents",
    "Engine",
    "Figures",
    "Ledger",
    "Load",
    "LoadWriter",
    "Look",
    "Member",
    "Message",
    "MessageKind",
    "Noted",
    "Outbox",
    "Parts",
    "People",
    "Post",
    "PriceBook",
    "Progress",
    "Quarantined",
    "Ranking",
    "Received",
    "Rejected",
    "Sent",
    "Settling",
    "UnallocatedKey",
    "UsageSource",
    "stated_scopes",
]

"""Ports: what the core asks of the outside, with the obligations of whoever answers."""

from bot.ports.alerts import Alerts, Case, Desk, Noted
from bot.ports.chat import Chat, Sent
from bot.ports.figures import Billed, Cost, CostScope, Daily, Dimension, Figures, Member, Parts, Ranking, UnallocatedKey, Used
from bot.ports.forecasts import Forecasts
from bot.ports.hints import Hints
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
from bot.ports.outbox import NOT_HERE, NOT_THEIRS, REPEATED, TOLD, UNSEEN, Delivery, Message, MessageKind, Outbox, Post
from bot.ports.outcomes import Activity, Counted, Delivered, Outcomes, Owner
from bot.ports.people import Accounts, Budgets, Documents, Look, People, Received
from bot.ports.world import Calendar, Clock

__all__ = [
    "FORGOTTEN",
    "NOT_HERE",
    "NOT_THEIRS",
    "REPEATED",
    "TOLD",
    "UNSEEN",
    "Accounts",
    "Activity",
    "Alerts",
    "Billed",
    "Budgets",
    "Calendar",
    "Case",
    "Chat",
    "Clock",
    "Cost",
    "CostScope",
    "Counted",
    "Daily",
    "Delivered",
    "Delivery",
    "Desk",
    "Dimension",
    "Documents",
    "Engine",
    "Figures",
    "Forecasts",
    "Hints",
    "Ledger",
    "Load",
    "LoadWriter",
    "Look",
    "Member",
    "Message",
    "MessageKind",
    "Noted",
    "Outbox",
    "Outcomes",
    "Owner",
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
    "Used",
    "stated_scopes",
]

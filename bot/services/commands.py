"""Commands: what people can ask, as objects; words, buttons and forms all make the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.period import Period
from bot.messages.words import Phrase
from bot.ports import Dimension


class Verb(StrEnum):
    """The commands there are; the values are the words."""

    ME = "me"
    PERSON = "person"
    TEAM = "team"
    PROJECT = "project"
    ORG = "org"
    TOP = "top"
    WHY = "why"
    FORECAST = "forecast"
    BUDGET = "budget"
    UNALLOCATED = "unallocated"
    ALERTS = "alerts"
    ACK = "ack"
    EXPECTED = "expected"
    INVESTIGATING = "investigating"
    MISCONFIGURATION = "misconfiguration"
    SNOOZE = "snooze"
    NOT_MINE = "not-mine"
    USEFUL = "useful"
    NOISE = "noise"
    CLAIM = "claim"
    BROADCAST = "broadcast"
    SEEN = "seen"
    APPROVE = "approve"
    DENY = "deny"
    WITHDRAW = "withdraw"
    SETTINGS = "settings"
    PRIVACY = "privacy"
    HELP = "help"


SUBJECTS = (Verb.ME, Verb.PERSON, Verb.TEAM, Verb.PROJECT, Verb.ORG)
"""What has figures of its own, and can be asked why, and what to expect."""
SHOWS = frozenset({*SUBJECTS, Verb.TOP, Verb.WHY, Verb.FORECAST, Verb.BUDGET, Verb.UNALLOCATED})
"""What is answered from the ledger."""
ACTS = frozenset(Verb) - SHOWS - {Verb.SETTINGS, Verb.PRIVACY, Verb.HELP}
"""What is done about alerts, and the list of them; all words after the verb belong to it."""


@dataclass(frozen=True, slots=True)
class Command:
    """One question.

    Attributes:
        name: Person, team, project, or what `top` ranks; empty where the command takes none.
        about: What `why` and `forecast` are asked about.
        words: All that follows the verb, what was quoted as one; for verbs that do something.
        period_words: The words of the period as they were asked, for the buttons of the answer.
    """

    verb: Verb
    period: Period
    name: str = ""
    by: Dimension | None = None
    period_words: str = ""
    text: str = ""
    words: tuple[str, ...] = ()
    about: Verb = Verb.ME


HELP = (
    ("me", Phrase("what you cost this month, and what is left of your budget")),
    ("person NAME", Phrase("one person of a team you manage, also as @name")),
    ("team [NAME]", Phrase("a team you manage, with the teams below it")),
    ("project NAME", Phrase("what a project cost, as far as you may see it")),
    ("org", Phrase("the whole organisation (FinOps)")),
    ("top people|teams|models|projects", Phrase("the largest, within what you may see")),
    ("why [me|team NAME|project NAME|org|person NAME]", Phrase("why it cost more or less than as many days before")),
    ("forecast [me|team NAME|project NAME|org|person NAME]", Phrase("how the running period and the year are expected to end")),
    ("budget", Phrase("the budgets that concern you, and how far along they are")),
    ("unallocated", Phrase("cost that nobody owns, and why (FinOps)")),
    ("budget request AMOUNT [until DATE] REASON", Phrase("ask for more budget")),
    ("withdraw NUMBER", Phrase("take back what you have asked for")),
    ("claim KEY", Phrase("say that a key nobody owns is yours")),
    ("broadcast AUDIENCE TEXT", Phrase("say something to those it concerns, with their own figures (FinOps)")),
    ("seen NUMBER", Phrase("say that you have read a broadcast")),
    ("approve NUMBER [AMOUNT]", Phrase("say yes to a request, or to less, or to a claim")),
    ("deny NUMBER REASON", Phrase("say no to one")),
    ("alerts [NUMBER]", Phrase("the warnings that concern you, and what was answered")),
    ("ack NUMBER REASON", Phrase("answer for one: planned, launch, misconfiguration, shared key, unknown or other, and your plan")),
    ("expected NUMBER", Phrase("say that what is out of the usual is the usual from now on")),
    ("investigating NUMBER", Phrase("say that you look into it, for two working days")),
    ("misconfiguration NUMBER", Phrase("say that something is set up wrongly, for a week")),
    ("snooze NUMBER DAYS", Phrase("be left alone about one for some days")),
    ("not-mine NUMBER [WHO]", Phrase("tell FinOps that one is somebody else's")),
    ("useful NUMBER", Phrase("say that a warning helped")),
    ("noise NUMBER", Phrase("say that a warning was noise")),
    ("settings", Phrase("your language, digests, quiet hours, days away, and the chat accounts I know you by")),
    ("privacy", Phrase("who may see your figures, and who looked at them")),
    ("help", Phrase("this list")),
)

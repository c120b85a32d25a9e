"""Views: what each message says, before it is worded; every view has a template, an example and a JSON document.

Our own words in a view are phrases, which the template says in the reader's language; a JSON document has them in English.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, ClassVar

from bot.domain.money import Money
from bot.domain.period import Window
from bot.messages.costs import COSTS, Costs
from bot.messages.parts import Breakdown, BudgetLine, Freshness
from bot.messages.samples import FRESH, WINDOW, sample_budget, sample_row, usd
from bot.messages.words import LANGUAGES, SOURCE, Phrase


@dataclass(frozen=True, slots=True)
class Top:
    """`top people|teams|models|projects`: the largest, within what the reader may see."""

    what: str
    within: str
    window: Window
    breakdown: Breakdown
    total: Money
    freshness: Freshness

    template: ClassVar[str] = "replies/top"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "top",
            "subject": self.what,
            "within": self.within,
            "period": {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()},
            "total": self.total.plain,
            "currency": self.total.currency,
            "by": self.breakdown.document(),
            "as_of": self.freshness.as_of.isoformat() if self.freshness.as_of else None,
            "provisional": self.freshness.is_provisional,
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Top]]:
        """Yield named examples."""
        rows = Breakdown("team", "", (sample_row("search", "5000", "6200.5"), sample_row("support", "1200.5", "6200.5")))
        yield "teams", cls("teams", "Nordwind", WINDOW, rows, usd("6200.5"), FRESH)


@dataclass(frozen=True, slots=True)
class UnownedKey:
    """A principal nobody owns, why, and whom one might ask; *cost* is None where it is told together with that of few people."""

    key: str
    source: str
    cost: Money
    first_seen: date
    reason: str
    likely_owner: str | None = None

    is_people: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Strangers:
    """People whom the directory does not know, where nobody's figure is told.

    Attributes:
        cost: What they cost together; None where they are few.
        addresses: The first of their e-mails: who puts them into the directory needs to know which.
    """

    count: int
    cost: Money | None
    addresses: tuple[str, ...]

    is_people: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Unallocated:
    """`unallocated`: what nobody owns, for FinOps; *total* is None where it would be about few people."""

    window: Window
    keys: tuple[UnownedKey, ...]
    total: Money | None
    of: Money
    freshness: Freshness
    left_out: int = 0
    strangers: Strangers | None = None

    template: ClassVar[str] = "replies/unallocated"

    @property
    def costs(self) -> list[UnownedKey | Strangers]:
        """The rows with a cost, which add up to the total, where it is told, but for keys that are left out."""
        rows: list[UnownedKey | Strangers] = [*self.keys, *([self.strangers] if self.strangers else [])]
        return [row for row in rows if row.cost is not None]

    @property
    def added(self) -> Money:
        """What the rows are written to add up to."""
        return sum((key.cost for key in self.keys), Money(0, self.of.currency)) if self.total is None else self.total

    @property
    def coverage(self) -> Fraction | None:
        """The share of the cost that has an owner; None where the rest is not told."""
        if self.total is None:
            return None
        return 1 - Fraction(self.total.nanos, self.of.nanos) if self.of.nanos > 0 else Fraction(1)

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        rows = [
            {
                "key": key.key,
                "source": key.source,
                "cost": key.cost.plain,
                "first_seen": key.first_seen.isoformat(),
                "reason": key.reason,
                "likely_owner": key.likely_owner,
            }
            for key in self.keys
        ]
        return {
            "view": "unallocated",
            "period": {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()},
            "rows": rows,
            "strangers": {
                "count": self.strangers.count,
                "cost": self.strangers.cost.plain if self.strangers.cost else None,
                "addresses": list(self.strangers.addresses),
            }
            if self.strangers
            else None,
            "total": self.total.plain if self.total else None,
            "currency": self.of.currency,
            "as_of": self.freshness.as_of.isoformat() if self.freshness.as_of else None,
            "provisional": self.freshness.is_provisional,
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Unallocated]]:
        """Yield named examples."""
        key = UnownedKey(
            "sk-nightly-4f",
            "gateway",
            usd("402.2"),
            date(2026, 11, 3),
            Phrase("no identity names this key and no allocation rule fits"),
            "ana.ruiz@nordwind.example",
        )
        yield "one", cls(WINDOW, (key,), usd("402.2"), usd("16045.3"), FRESH)
        yield "none", cls(WINDOW, (), usd("0"), usd("16045.3"), FRESH)
        known = Phrase("claimed by {name}; claim {number} waits for FinOps", name="Ana Ruiz", number="12")
        waiting = replace(key, reason=known, likely_owner=None)
        yield "claimed", cls(WINDOW, (waiting,), usd("402.2"), usd("16045.3"), FRESH)
        emails = tuple(f"{name}@elsewhere.example" for name in ("ada", "bea", "cleo", "dora", "edda"))
        alone = replace(key, likely_owner=None)
        yield "strangers", cls(WINDOW, (alone,), usd("502.2"), usd("16045.3"), FRESH, strangers=Strangers(6, usd("100"), emails))
        few = Strangers(1, None, emails[:1])
        yield "few", cls(WINDOW, (alone,), None, usd("16045.3"), FRESH, strangers=few)
        yield "few-alone", cls(WINDOW, (), None, usd("16045.3"), FRESH, strangers=few)


@dataclass(frozen=True, slots=True)
class BudgetList:
    """`budget`: the budgets that concern the reader, the fullest first."""

    budgets: tuple[BudgetLine, ...]
    freshness: Freshness

    template: ClassVar[str] = "replies/budget"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "budget",
            "rows": [budget.document() for budget in self.budgets],
            "as_of": self.freshness.as_of.isoformat() if self.freshness.as_of else None,
            "provisional": self.freshness.is_provisional,
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, BudgetList]]:
        """Yield named examples."""
        yield "two", cls((sample_budget("600", "640"), sample_budget("2000", "424.809")), FRESH)
        yield "none", cls((), FRESH)


@dataclass(frozen=True, slots=True)
class Looks:
    """`privacy`: who may see one's figures in this deployment, and who looked: a page of it, and how many looks follow."""

    mode: str
    looks: tuple[tuple[datetime, str, str], ...]
    page: int = 1
    more: int = 0

    template: ClassVar[str] = "replies/privacy"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        rows = [{"at": at.isoformat(), "viewer": viewer, "command": command} for at, viewer, command in self.looks]
        return {"view": "privacy", "mode": self.mode, "rows": rows, "page": self.page, "more": self.more}

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Looks]]:
        """Yield named examples."""
        yield (
            "one",
            cls("standard", ((datetime(2026, 11, 22, 9, 30, tzinfo=UTC), "Mia Berg", "team search by person"),)),
        )
        yield "none", cls("works_council", ())
        look = (datetime(2026, 11, 22, 9, 30, tzinfo=UTC), "Mia Berg", "team search by person")
        yield "second-page", cls("standard", (look, look), 2, 73)


@dataclass(frozen=True, slots=True)
class Help:
    """`help`: what one can ask."""

    commands: tuple[tuple[str, str], ...]

    template: ClassVar[str] = "replies/help"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"view": "help", "rows": [{"words": words, "does": does} for words, does in self.commands]}

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Help]]:
        """Yield named examples."""
        yield "short", cls((("me", Phrase("what you cost this month, and what is left of your budget")),))


@dataclass(frozen=True, slots=True)
class Settings:
    """`settings`: how we know somebody, and the language they choose."""

    name: str
    email: str
    time_zone: str
    accounts: tuple[tuple[str, datetime], ...]
    cadence: str = "weekly"
    hour: int = 9
    quiet: str = ""
    platform: str = ""
    away: date | None = None
    language: str = SOURCE

    template: ClassVar[str] = "replies/settings"

    @property
    def speaks(self) -> str:
        """The language under its own name."""
        return LANGUAGES[self.language]

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        rows = [{"account": account, "checked_at": at.isoformat()} for account, at in self.accounts]
        chosen = {
            "digest": self.cadence,
            "hour": self.hour,
            "quiet": self.quiet or None,
            "platform": self.platform or None,
            "language": self.language,
        }
        away = self.away.isoformat() if self.away else None
        return {"view": "settings", "email": self.email, "time_zone": self.time_zone, **chosen, "away": away, "rows": rows}

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Settings]]:
        """Yield named examples."""
        account = ("slack:T012AB3C4:U012ANA", datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
        yield (
            "one",
            cls("Ana Ruiz", "ana.ruiz@nordwind.example", "Europe/Berlin", (account,), "weekly", 9, "19–8", "slack", date(2026, 11, 30)),
        )


View = Costs | Top | Unallocated | BudgetList | Looks | Help | Settings
VIEWS: tuple[Any, ...] = (*COSTS, Top, Unallocated, BudgetList, Looks, Help, Settings)

"""Views: what each message says, before it is worded; every view has a template, an example and a JSON document.

Our own words in a view are phrases, which the template says in the reader's language; a JSON document has them in English.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from bot.domain.money import Money
from bot.domain.outcome import CostPerOutcome
from bot.domain.period import Window
from bot.messages.expected import Expected, example
from bot.messages.formats import rounded, written
from bot.messages.words import Phrase

_CLOSE = Decimal("0.8")
"""The tier from which on a budget is worth a warning."""


@dataclass(frozen=True, slots=True)
class Row:
    """One key of a breakdown; an empty key is what the ledger has no name for."""

    key: str
    cost: Money
    share: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Cost by one dimension, highest first; *left_out* keys of *left_out_cost* follow."""

    dimension: str
    heading: str
    rows: tuple[Row, ...]
    left_out: int = 0
    left_out_cost: Money | None = None

    @property
    def lines(self) -> list[tuple[Row, Money]]:
        """The rows with their cost as written: with what is left out they add up to their sum as it is written."""
        return list(zip(self.rows, self._written, strict=False))

    @property
    def left_out_written(self) -> Money | None:
        """The cost of what is left out, as written beside *lines*."""
        return self._written[-1] if self.left_out_cost else None

    @property
    def _written(self) -> list[Money]:
        return written([*(row.cost for row in self.rows), *([self.left_out_cost] if self.left_out_cost else [])])

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        rows = [{"key": row.key, "cost": _plain(row.cost)} for row in self.rows]
        if self.left_out and self.left_out_cost:
            rows.append({"key": "(others)", "cost": _plain(self.left_out_cost)})
        return {"dimension": self.dimension, "rows": rows}


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A budget and how far along it is."""

    name: str
    scope: str
    period: str
    limit: Money
    used: Money
    remaining: Money
    share: Fraction
    resets_at: datetime
    tier: Decimal | None = None

    @property
    def left(self) -> Money:
        """What is left of the limit as both are written; below zero where it is exceeded."""
        return rounded(self.limit) - rounded(self.used)

    @property
    def over_by(self) -> Money:
        """By how much the limit is exceeded, as both are written."""
        return rounded(self.used) - rounded(self.limit)

    @property
    def tone(self) -> str:
        """How worried the message should sound."""
        if self.share.numerator >= self.share.denominator:
            return "alert"
        return "warn" if self.tier is not None and self.tier >= _CLOSE else "plain"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "scope": self.scope,
            "period": self.period,
            "limit": _plain(self.limit),
            "used": _plain(self.used),
            "remaining": _plain(self.remaining),
            "share": _decimal(self.share),
            "resets_at": self.resets_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the figures reach and whether they can still change.

    Attributes:
        as_of: The oldest watermark of the sources that contribute; None without any source.
        final_on: The day from which they are final; None when they are.
    """

    as_of: datetime | None
    final_on: date | None = None

    @property
    def is_provisional(self) -> bool:
        """Tell whether the figures can still change."""
        return self.final_on is not None


@dataclass(frozen=True, slots=True)
class Unit:
    """What one outcome of a kind cost.

    Attributes:
        cost: Billed and estimated, of the days and of the teams or the project that the outcomes are of.
        previous: Of as many days before; None where they cannot be compared.
        window: The days that count: those that are delivered of both.
        is_part: Some of the subject's cost is left out, as its teams count no such outcomes.
    """

    kind: str
    count: Decimal
    cost: Money
    each: CostPerOutcome
    previous: CostPerOutcome | None
    window: Window
    is_part: bool = False

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "kind": self.kind,
            "count": f"{self.count.normalize():f}",
            "cost": _plain(self.cost),
            "cost_per_outcome": _decimal(self.each.amount),
            "previous": _decimal(self.previous.amount) if self.previous else None,
            "period": {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()},
            "is_part": self.is_part,
        }


@dataclass(frozen=True, slots=True)
class Costs:
    """What a person, a team, a project or the organisation cost in some days.

    Attributes:
        window: The days that are over or under way, up to today.
        partial: What part of the subject is shown, as words; empty for all of it.
        asked: The words that asked, for the buttons.
        command: The words that ask for the same subject, where its name alone would not do.
        compared: What the days that every source has delivered cost, beside *previous*; None where there is nothing to compare.
        compared_window: Those days.
        forecast: How the budget's period is expected to end.
        trend: The cost of each day, or month, of the window, ascending, those without cost included; empty where not to be shown.
        units: What one outcome cost, the most telling kind first; empty where nothing was counted.
        since: The first day of the window that any source delivered; None where that is its first one.
    """

    subject: str
    period_name: str
    window: Window
    billed: Money
    estimated: Money
    previous: Money | None
    previous_window: Window
    budget: BudgetLine | None
    breakdowns: tuple[Breakdown, ...]
    freshness: Freshness
    partial: str = ""
    asked: str = ""
    asked_period: str = ""
    command: str = ""
    unowned: Money | None = None
    trend: tuple[tuple[Window, Money], ...] = ()
    forecast: Expected | None = None
    compared: Money | None = None
    compared_window: Window | None = None
    units: tuple[Unit, ...] = ()
    since: date | None = None

    view: ClassVar[str] = ""
    template: ClassVar[str] = ""

    @property
    def total(self) -> Money:
        """Billed and estimated together."""
        return self.billed + self.estimated

    @property
    def drawn(self) -> list[tuple[Window, Money, Money]]:
        """The trend with its costs as written beside them, which add up to the total as it is written."""
        costs = [cost for _, cost in self.trend]
        return list(zip((window for window, _ in self.trend), costs, written(costs), strict=True))

    @property
    def peak(self) -> tuple[Window, Money] | None:
        """The highest part of the trend, None where nothing was spent."""
        window, cost, shown = max(self.drawn, key=lambda part: part[1].nanos, default=(self.window, self.total, self.total))
        return (window, shown) if self.trend and cost.nanos > 0 else None

    @property
    def compares_part(self) -> bool:
        """Tell whether fewer days than those shown are compared, and they cost less than what is shown."""
        return self.compared is not None and rounded(self.compared) != rounded(self.total)

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": self.view,
            "subject": self.subject,
            "period": {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()},
            "billed_cost": _plain(self.billed),
            "estimated_cost": _plain(self.estimated),
            "currency": self.billed.currency,
            "previous_cost": _plain(self.previous) if self.previous else None,
            "budget": self.budget.document() if self.budget else None,
            "forecast": self.forecast.document() if self.forecast else None,
            "by": self.breakdowns[0].document() if self.breakdowns else None,
            "breakdowns": [breakdown.document() for breakdown in self.breakdowns],
            "outcomes": [unit.document() for unit in self.units],
            "as_of": self.freshness.as_of.isoformat() if self.freshness.as_of else None,
            "provisional": self.freshness.is_provisional,
            "known_since": self.since.isoformat() if self.since else None,
            "partial": self.partial or None,
        }


class MyCosts(Costs):
    """`me`: one's own figures."""

    view = "me"
    template = "replies/me"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, MyCosts]]:
        """Yield named examples."""
        yield "within", cls(**_example("Ana Ruiz", "412.805", "12.70"))
        expected = Expected(Window(date(2026, 11, 1), date(2026, 12, 1)), example(), "everyone")
        yield "expected", cls(**(_example("Ana Ruiz", "412.805", "12.70") | {"forecast": expected}))
        whole = {"window": Window(date(2026, 1, 1), date(2026, 11, 24)), "since": date(2026, 3, 3), "asked_period": "year"}
        line = replace(_budget_line("6000", "425.505"), period="year", resets_at=datetime(2027, 1, 1, tzinfo=UTC))
        calm = replace(expected.foretold, over=Decimal(0), middle=None, early=None)
        yearly = {"budget": line, "forecast": replace(expected, foretold=calm)}
        part = {"compared": _usd("410"), "compared_window": Window(date(2026, 11, 1), date(2026, 11, 22))}
        yield "year", cls(**(_example("Ana Ruiz", "412.805", "12.70") | whole | yearly | {"previous": None, "trend": ()}))
        yield "behind", cls(**(_example("Ana Ruiz", "412.805", "12.70") | part))
        yield "over", cls(**(_example("Ana Ruiz", "640", "0") | {"budget": _budget_line("600", "640")}))
        nothing = _example("Ana Ruiz", "0", "0") | {
            "budget": None,
            "breakdowns": (),
            "previous": _usd("0"),
            "freshness": Freshness(None),
        }
        yield "nothing", cls(**nothing)


class PersonCosts(Costs):
    """`person`: somebody else's figures, as far as the reader may see them."""

    view = "person"
    template = "replies/person"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, PersonCosts]]:
        """Yield named examples."""
        yield (
            "part",
            cls(
                **(
                    _example("Ana Ruiz", "99.10", "0")
                    | {"partial": "the part of the teams you manage", "budget": None, "command": "person ana.ruiz@nordwind.example"}
                )
            ),
        )


class TeamCosts(Costs):
    """`team`: a team and the teams below it."""

    view = "team"
    template = "replies/team"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, TeamCosts]]:
        """Yield named examples."""
        people = Breakdown(
            "person",
            Phrase("By person"),
            (_row("Ana Ruiz", "412.805", "424.809"), _row('<!channel> *bold* & "q"', "0.004", "424.809")),
            3,
            _usd("12"),
        )
        yield (
            "people",
            cls(
                **(
                    _example("search", "424.809", "0")
                    | {"breakdowns": (people,), "budget": _budget_line("2000", "424.809"), "units": _units("424.809", "404")}
                )
            ),
        )


class ProjectCosts(Costs):
    """`project`: what a project cost, or the reader's part of it."""

    view = "project"
    template = "replies/project"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, ProjectCosts]]:
        """Yield named examples."""
        yield "part", cls(**(_example("ranking", "99.10", "0") | {"partial": Phrase("your own part"), "budget": None}))
        yield "whole", cls(**(_example("ranking", "99.10", "0") | {"budget": None, "units": _units("99.10", "0")[2:3]}))


class OrgCosts(Costs):
    """`org`: the whole organisation, for FinOps."""

    view = "org"
    template = "replies/org"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, OrgCosts]]:
        """Yield named examples."""
        yield (
            "whole",
            cls(
                **(
                    _example("Nordwind", "15234.10", "811.2")
                    | {"unowned": _usd("402.20"), "budget": None, "units": _units("16045.30", "12120", 38)}
                )
            ),
        )


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
            "total": _plain(self.total),
            "currency": self.total.currency,
            "by": self.breakdown.document(),
            "as_of": self.freshness.as_of.isoformat() if self.freshness.as_of else None,
            "provisional": self.freshness.is_provisional,
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Top]]:
        """Yield named examples."""
        rows = Breakdown("team", "", (_row("search", "5000", "6200.5"), _row("support", "1200.5", "6200.5")))
        yield "teams", cls("teams", "Nordwind", _WINDOW, rows, _usd("6200.5"), _FRESH)


@dataclass(frozen=True, slots=True)
class UnownedKey:
    """A principal nobody owns, why, and whom one might ask."""

    key: str
    source: str
    cost: Money
    first_seen: date
    reason: str
    likely_owner: str | None = None


@dataclass(frozen=True, slots=True)
class Unallocated:
    """`unallocated`: what nobody owns, for FinOps."""

    window: Window
    keys: tuple[UnownedKey, ...]
    total: Money
    of: Money
    freshness: Freshness
    left_out: int = 0

    template: ClassVar[str] = "replies/unallocated"

    @property
    def coverage(self) -> Fraction:
        """The share of the cost that has an owner."""
        return 1 - Fraction(self.total.nanos, self.of.nanos) if self.of.nanos > 0 else Fraction(1)

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        rows = [
            {
                "key": key.key,
                "source": key.source,
                "cost": _plain(key.cost),
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
            "total": _plain(self.total),
            "currency": self.total.currency,
            "as_of": self.freshness.as_of.isoformat() if self.freshness.as_of else None,
            "provisional": self.freshness.is_provisional,
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Unallocated]]:
        """Yield named examples."""
        key = UnownedKey(
            "sk-nightly-4f",
            "gateway",
            _usd("402.2"),
            date(2026, 11, 3),
            Phrase("no identity names this key and no allocation rule fits"),
            "ana.ruiz@nordwind.example",
        )
        yield "one", cls(_WINDOW, (key,), _usd("402.2"), _usd("16045.3"), _FRESH)
        yield "none", cls(_WINDOW, (), _usd("0"), _usd("16045.3"), _FRESH)


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
        yield "two", cls((_budget_line("600", "640"), _budget_line("2000", "424.809")), _FRESH)
        yield "none", cls((), _FRESH)


@dataclass(frozen=True, slots=True)
class Looks:
    """`privacy`: who may see one's figures in this deployment, and who looked."""

    mode: str
    looks: tuple[tuple[datetime, str, str], ...]

    template: ClassVar[str] = "replies/privacy"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        rows = [{"at": at.isoformat(), "viewer": viewer, "command": command} for at, viewer, command in self.looks]
        return {"view": "privacy", "mode": self.mode, "rows": rows}

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Looks]]:
        """Yield named examples."""
        yield (
            "one",
            cls("standard", ((datetime(2026, 11, 22, 9, 30, tzinfo=UTC), "Mia Berg", "team search by person"),)),
        )
        yield "none", cls("works_council", ())


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

    template: ClassVar[str] = "replies/settings"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        rows = [{"account": account, "checked_at": at.isoformat()} for account, at in self.accounts]
        chosen = {"digest": self.cadence, "hour": self.hour, "quiet": self.quiet or None, "platform": self.platform or None}
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
VIEWS: tuple[Any, ...] = (MyCosts, PersonCosts, TeamCosts, ProjectCosts, OrgCosts, Top, Unallocated, BudgetList, Looks, Help, Settings)

_WINDOW = Window(date(2026, 11, 1), date(2026, 11, 24))
_FRESH = Freshness(datetime(2026, 11, 23, tzinfo=UTC), date(2026, 12, 6))


def _plain(amount: Money) -> str:
    return amount.plain


def _decimal(share: Fraction) -> str:
    return f"{(Decimal(share.numerator) / Decimal(share.denominator)).normalize():f}"


def _usd(amount: str) -> Money:
    return Money(int(Decimal(amount) * 10**9), "USD")


def _row(key: str, amount: str | Decimal, whole: str | Decimal) -> Row:
    return Row(key, _usd(str(amount)), Fraction(Decimal(amount)) / Fraction(Decimal(whole)) if Decimal(whole) else Fraction(0))


def _budget_line(limit: str, used: str) -> BudgetLine:
    whole, part = _usd(limit), _usd(used)
    share = Fraction(part.nanos, whole.nanos)
    tier = max((t for t in (Decimal("0.5"), Decimal("0.8"), Decimal(1)) if Fraction(t) <= share), default=None)
    resets = datetime(2026, 12, 1, tzinfo=UTC)
    return BudgetLine("people", Phrase("your own"), "month", whole, part, whole - part, share, resets, tier)


def _example(subject: str, billed: str, estimated: str) -> dict[str, Any]:
    total = Decimal(billed) + Decimal(estimated)
    small, unnamed, others = Decimal("25.505"), Decimal("22.7"), Decimal("12.7")
    models = (_row("claude-opus-5", total - unnamed - others, total), _row("", unnamed, total))
    tools = (_row("Claude Code", total - small, total), _row("LiteLLM", small, total))
    whole = _usd(str(total))
    return {
        "subject": subject,
        "period_name": "month",
        "window": _WINDOW,
        "billed": _usd(billed),
        "estimated": _usd(estimated),
        "previous": _usd("354.70"),
        "previous_window": Window(date(2026, 10, 1), date(2026, 10, 24)),
        "budget": replace(
            _budget_line("600", "600"),
            used=whole,
            remaining=_usd("600") - whole,
            share=Fraction(whole.nanos, 600 * 10**9),
            tier=None,
        ),
        "breakdowns": (Breakdown("tool", Phrase("By tool"), tools), Breakdown("model", Phrase("By model"), models, 2, _usd(str(others)))),
        "freshness": _FRESH,
        "asked": "me",
        "trend": _trend(total),
    }


def _units(whole: str, part: str, many: int = 1) -> tuple[Unit, ...]:
    """Return a unit figure of all of the cost and all of the days, one of some of both, and one without a word of its own."""
    days = Window(_WINDOW.start, date(2026, 11, 21))
    return (
        _unit("pull_requests", 125 * many, whole, "4.10", _WINDOW),
        replace(_unit("tickets", 40 * many, part, "0", days), previous=None, is_part=True),
        _unit("story_points", Decimal("62.5") * many, whole, "6.60", _WINDOW),
        _unit("commits", 700 * many, whole, "1", _WINDOW),
    )


def _unit(kind: str, count: Decimal | int, cost: str, previous: str, window: Window) -> Unit:
    nanos = Fraction(_usd(cost).nanos) / Fraction(count)
    return Unit(
        kind, Decimal(count), _usd(cost), CostPerOutcome(nanos, "USD"), CostPerOutcome(Fraction(_usd(previous).nanos), "USD"), window
    )


def _trend(total: Decimal) -> tuple[tuple[Window, Money], ...]:
    """Return *total* over the days of the window: working days, a little more each week."""
    days = [date(2026, 11, n) for n in range(1, 24)]
    weights = [0 if day.weekday() > 4 else 3 + day.day // 7 + day.day % 3 for day in days]  # noqa: PLR2004 - Saturday
    parts = [int(total * 10**9) * weight // sum(weights) for weight in weights]
    parts[-1] += int(total * 10**9) - sum(parts)
    return tuple((Window(day, day + timedelta(days=1)), Money(nanos, "USD")) for day, nanos in zip(days, parts, strict=True))

"""Costs: what a person, a team, a project or the organisation cost."""

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
from bot.messages.parts import Breakdown, BudgetLine, Freshness, Unit
from bot.messages.samples import FRESH, WINDOW, sample_budget, sample_row, usd
from bot.messages.words import Phrase


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
        is_whole: What it consists of is not to be asked, nor shown.
        is_monthly: Only whole months may be asked for.
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
    is_whole: bool = False
    is_monthly: bool = False

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
        """Tell whether other days than those shown are compared: the last ones were not delivered yet."""
        return self.compared is not None and (self.compared_window != self.window or rounded(self.compared) != rounded(self.total))

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": self.view,
            "subject": self.subject,
            "period": {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()},
            "billed_cost": self.billed.plain,
            "estimated_cost": self.estimated.plain,
            "currency": self.billed.currency,
            "previous_cost": self.previous.plain if self.previous else None,
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
        line = replace(sample_budget("6000", "425.505"), period="year", resets_at=datetime(2027, 1, 1, tzinfo=UTC))
        calm = replace(expected.foretold, over=Decimal(0), middle=None, early=None)
        yearly = {"budget": line, "forecast": replace(expected, foretold=calm)}
        part = {"compared": usd("410"), "compared_window": Window(date(2026, 11, 1), date(2026, 11, 22))}
        yield "year", cls(**(_example("Ana Ruiz", "412.805", "12.70") | whole | yearly | {"previous": None, "trend": ()}))
        so_far = Window(date(2026, 1, 1), date(2026, 11, 24))
        closed = {
            "window": Window(date(2026, 10, 1), date(2026, 11, 1)),
            "previous_window": Window(date(2026, 9, 1), date(2026, 10, 1)),
            "asked_period": "last month",
            "budget": replace(sample_budget("6000", "1450"), period="year", resets_at=line.resets_at, counted=so_far),
        }
        yield "closed", cls(**(_example("Ana Ruiz", "412.805", "12.70") | closed | {"trend": ()}))
        yield "behind", cls(**(_example("Ana Ruiz", "412.805", "12.70") | part))
        yield "over", cls(**(_example("Ana Ruiz", "640", "0") | {"budget": sample_budget("600", "640")}))
        nothing = _example("Ana Ruiz", "0", "0") | {
            "budget": None,
            "breakdowns": (),
            "previous": usd("0"),
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
            (sample_row("Ana Ruiz", "412.805", "424.809"), sample_row('<!channel> *bold* & "q"', "0.004", "424.809")),
            3,
            usd("12"),
        )
        yield (
            "people",
            cls(
                **(
                    _example("search", "424.809", "0")
                    | {"breakdowns": (people,), "budget": sample_budget("2000", "424.809"), "units": _units("424.809", "404")}
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
        closed = {"budget": None, "breakdowns": (), "trend": (), "is_whole": True, "is_monthly": True}
        yield "undivided", cls(**(_example("ranking", "99.10", "0") | closed))


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
                    | {"unowned": usd("402.20"), "budget": None, "units": _units("16045.30", "12120", 38)}
                )
            ),
        )


COSTS: tuple[Any, ...] = (MyCosts, PersonCosts, TeamCosts, ProjectCosts, OrgCosts)


def _example(subject: str, billed: str, estimated: str) -> dict[str, Any]:
    total = Decimal(billed) + Decimal(estimated)
    small, unnamed, others = Decimal("25.505"), Decimal("22.7"), Decimal("12.7")
    models = (sample_row("claude-opus-5", total - unnamed - others, total), sample_row("", unnamed, total))
    tools = (sample_row("Claude Code", total - small, total), sample_row("LiteLLM", small, total))
    whole = usd(str(total))
    return {
        "subject": subject,
        "period_name": "month",
        "window": WINDOW,
        "billed": usd(billed),
        "estimated": usd(estimated),
        "previous": usd("354.70"),
        "previous_window": Window(date(2026, 10, 1), date(2026, 10, 24)),
        "budget": replace(
            sample_budget("600", "600"),
            used=whole,
            remaining=usd("600") - whole,
            share=Fraction(whole.nanos, 600 * 10**9),
            tier=None,
        ),
        "breakdowns": (Breakdown("tool", Phrase("By tool"), tools), Breakdown("model", Phrase("By model"), models, 2, usd(str(others)))),
        "freshness": FRESH,
        "asked": "me",
        "trend": _trend(total),
    }


def _units(whole: str, part: str, many: int = 1) -> tuple[Unit, ...]:
    """Return a unit figure of all of the cost and all of the days, one of some of both, and one without a word of its own."""
    days = Window(WINDOW.start, date(2026, 11, 21))
    return (
        _unit("pull_requests", 125 * many, whole, "4.10", WINDOW),
        replace(_unit("tickets", 40 * many, part, "0", days), previous=None, is_part=True),
        replace(_unit("story_points", Decimal("62.5") * many, whole, "0", WINDOW), previous=None, like_for_like=_each("7.20", "6.60")),
        _unit("commits", 700 * many, whole, "1", WINDOW),
    )


def _each(*costs: str) -> tuple[CostPerOutcome, CostPerOutcome]:
    now, before = (CostPerOutcome(Fraction(usd(cost).nanos), "USD") for cost in costs)
    return now, before


def _unit(kind: str, count: Decimal | int, cost: str, previous: str, window: Window) -> Unit:
    nanos = Fraction(usd(cost).nanos) / Fraction(count)
    return Unit(kind, Decimal(count), usd(cost), CostPerOutcome(nanos, "USD"), CostPerOutcome(Fraction(usd(previous).nanos), "USD"), window)


def _trend(total: Decimal) -> tuple[tuple[Window, Money], ...]:
    """Return *total* over the days of the window: working days, a little more each week."""
    days = [date(2026, 11, n) for n in range(1, 24)]
    weights = [0 if day.weekday() > 4 else 3 + day.day // 7 + day.day % 3 for day in days]  # noqa: PLR2004 - Saturday
    parts = [int(total * 10**9) * weight // sum(weights) for weight in weights]
    parts[-1] += int(total * 10**9) - sum(parts)
    return tuple((Window(day, day + timedelta(days=1)), Money(nanos, "USD")) for day, nanos in zip(days, parts, strict=True))

"""Digests: what people read at their own hour, once a day, a week or a month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from bot.domain.foretold import Accuracy, LongAccuracy
from bot.domain.money import Money
from bot.domain.outcome import CostPerOutcome
from bot.domain.period import Period, PeriodKind, Window
from bot.messages.alerts import AlertRow, Answered
from bot.messages.parts import BudgetLine, Freshness, Row, Unit
from bot.messages.samples import usd
from bot.messages.why import Change, Reason
from bot.messages.words import Phrase


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where a budget is going.

    Attributes:
        low, high: The 80 % range of what is expected.
        gone_on: The day on which the budget will probably have been used; None where it lasts, or is used already.
    """

    budget: BudgetLine
    expected: Money | None = None
    gone_on: date | None = None
    low: Money | None = None
    high: Money | None = None


@dataclass(frozen=True, slots=True)
class PersonalDigest:
    """One's own use in the days that are over.

    Attributes:
        previous: Of as many days before; None where nobody delivered them.
        notices: Titles of what was held back until now.
        missing: Days that are over and that some source has not delivered; then nothing is compared.
    """

    cadence: str
    window: Window
    total: Money
    previous: Money | None
    outlook: Outlook | None
    drivers: tuple[Row, ...]
    alerts: tuple[AlertRow, ...]
    notices: tuple[str, ...]
    freshness: Freshness
    missing: int = 0
    why: Change | None = None

    template: ClassVar[str] = "digests/personal"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, PersonalDigest]]:
        """Yield named examples."""
        reasons = (Reason("model_mix", usd("20"), "Ana Ruiz", model="claude-opus-4"), Reason("volume", usd("5.25")))
        why = Change(usd("71.15"), usd("96.40"), reasons, is_own=True)
        yield "weekly", cls("weekly", _WEEK, usd("96.40"), usd("71.15"), _outlook(), _DRIVERS, (_alert(),), (), _FRESH, why=why)
        yield "plain", cls("daily", _DAY, usd("12.10"), None, None, _DRIVERS[:1], (), ("52 % ($52.00)",), _FRESH)
        late = Freshness(datetime(2026, 11, 18, tzinfo=UTC), date(2026, 11, 26))
        yield "late", cls("weekly", _WEEK, usd("12.10"), None, None, _DRIVERS[:1], (), (), late, missing=5)
        yield "nothing", cls("weekly", _WEEK, usd("0"), usd("0"), None, (), (), (), _FRESH)


@dataclass(frozen=True, slots=True)
class Mover:
    """Somebody whose cost has changed much."""

    name: str
    now: Money
    before: Money


@dataclass(frozen=True, slots=True)
class TeamDigest:
    """A team's week for who manages it.

    Attributes:
        coverage: The share of the team's cost that has a person; None where nothing was spent.
        promises: What people of the team answered, with what became of it.
        units: What one outcome cost; empty where nothing was counted.
        is_month: The days are the running month, as weeks would tell people apart.
    """

    team: str
    window: Window
    total: Money
    previous: Money | None
    outlook: Outlook | None
    drivers: tuple[Row, ...]
    people: tuple[Row, ...]
    movers: tuple[Mover, ...]
    promises: tuple[AlertRow, ...]
    alerts: tuple[AlertRow, ...]
    coverage: Fraction | None
    notices: tuple[str, ...]
    freshness: Freshness
    missing: int = 0
    why: Change | None = None
    units: tuple[Unit, ...] = ()

    template: ClassVar[str] = "digests/team"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, TeamDigest]]:
        """Yield named examples."""
        people = (Row("Ana Ruiz", usd("96.40"), Fraction(2, 3)), Row("Ben Okafor", usd("48.20"), Fraction(1, 3)))
        movers = (Mover("Ana Ruiz", usd("96.40"), usd("31")),)
        alert = _alert()
        until = datetime(2026, 11, 27, tzinfo=UTC)
        fell = (Fraction(89, 100), Fraction(65, 100))
        reasons = (
            Reason("model_mix", usd("30"), "Ana Ruiz", model="claude-opus-4"),
            Reason("class_mix", usd("-5.40"), cached=fell[::-1]),
        )
        promise = replace(alert, promise=Answered("Ana Ruiz", Phrase("a launch"), "back to Sonnet", until), outcome="kept")
        yield (
            "weekly",
            cls(
                "search",
                _WEEK,
                usd("144.60"),
                usd("120"),
                _outlook(),
                _DRIVERS,
                people,
                movers,
                (promise,),
                (
                    alert,
                    replace(alert, number=14, kind="anomaly", whose=Phrase("team {name}", name="search"), cost=usd("412"), limit=None),
                ),
                Fraction(97, 100),
                (),
                _FRESH,
                why=Change(usd("120"), usd("144.60"), reasons),
                units=(_pull_requests(40, "144.60"),),
            ),
        )
        yield "grouped", cls("search", _MONTH, usd("144.60"), None, None, (), (), (), (), (), None, (), _FRESH)


@dataclass(frozen=True, slots=True)
class Noise:
    """How the warnings of one budget and tier were received; without a budget, those about anomalies."""

    budget: str
    tier: Decimal
    told: int
    useful: int
    noise: int

    @property
    def reached(self) -> Fraction:
        """The tier, as a share."""
        return Fraction(self.tier)


@dataclass(frozen=True, slots=True)
class FinopsDigest:
    """The organisation's week for FinOps.

    Attributes:
        unowned, coverage: What nobody owns, and the share of the total that somebody does; None where that would be about few people.
        movers: Teams.
        accuracy: How right the forecasts of the month before were, by known days and by provider.
        longer: How right those of quarters and years were that have ended lately, by the share that was known.
        shown: How right those of the month before were that people were shown, whatever was left of it; None for too few.
    """

    window: Window
    total: Money
    previous: Money | None
    outlook: Outlook | None
    unowned: Money | None
    coverage: Fraction | None
    overruns: tuple[AlertRow, ...]
    unanswered: int
    promises_kept: int
    promises_broken: int
    noise: tuple[Noise, ...]
    stale: tuple[str, ...]
    undelivered: int
    movers: tuple[Mover, ...]
    notices: tuple[str, ...]
    freshness: Freshness
    missing: int = 0
    why: Change | None = None
    accuracy: tuple[Accuracy, ...] = ()
    units: tuple[Unit, ...] = ()
    longer: tuple[LongAccuracy, ...] = ()
    shown: Accuracy | None = None

    template: ClassVar[str] = "digests/finops"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, FinopsDigest]]:
        """Yield named examples."""
        noise = (Noise("everyone", Decimal("0.5"), 40, 3, 21), Noise("", Decimal(0), 9, 2, 6))
        yield (
            "weekly",
            cls(
                _WEEK,
                usd("3210.55"),
                usd("2890"),
                _outlook(),
                usd("402.20"),
                Fraction(87, 100),
                (_alert(),),
                2,
                5,
                1,
                noise,
                ("gateway",),
                3,
                (Mover("search", usd("812"), usd("401")),),
                (),
                _FRESH,
                units=(_pull_requests(950, "3210.55"),),
                accuracy=(
                    Accuracy(412, Fraction(17, 100), Fraction(78, 100), day=5),
                    Accuracy(412, Fraction(9, 100), Fraction(81, 100), day=15),
                    Accuracy(5, Fraction(4, 100), Fraction(4, 5), "Anthropic"),
                ),
                longer=(
                    LongAccuracy(_QUARTER, Fraction(1, 2), Accuracy(24, Fraction(11, 100), Fraction(5, 6))),
                    LongAccuracy(_YEAR, Fraction(3, 4), Accuracy(8, Fraction(7, 100), Fraction(7, 8))),
                ),
                shown=Accuracy(1731, Fraction(12, 100), Fraction(79, 100)),
                why=Change(usd("2890"), usd("3210.55"), (Reason("new_users", usd("200.55"), count=4), Reason("volume", usd("120")))),
            ),
        )
        yield "hidden", cls(_WEEK, usd("3210.55"), None, None, None, None, (), 0, 0, 0, (), (), 0, (), (), _FRESH)
        yield "quiet", cls(_WEEK, usd("3210.55"), None, None, usd("0"), Fraction(1), (), 0, 0, 0, (), (), 0, (), (), _FRESH)


@dataclass(frozen=True, slots=True)
class Showback:
    """What a month cost each cost centre; the parts add up to the whole.

    Attributes:
        link: Where the reader gets it as a file; empty where there is no such place.
        is_written: The reader has it as a file already.
    """

    window: Window
    rows: tuple[Row, ...]
    total: Money
    freshness: Freshness
    missing: int = 0
    link: str = ""
    is_written: bool = False

    template: ClassVar[str] = "digests/showback"
    previous: ClassVar[None] = None

    @property
    def month(self) -> str:
        """The month, as a command names it."""
        return f"{self.window.start:%Y-%m}"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "showback",
            "period": {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()},
            "rows": [{"cost_center": row.key, "cost": row.cost.plain} for row in self.rows],
            "total": self.total.plain,
            "currency": self.total.currency,
            "as_of": self.freshness.as_of.isoformat() if self.freshness.as_of else None,
            "provisional": self.freshness.is_provisional,
        }

    @classmethod
    def examples(cls) -> Iterator[tuple[str, Showback]]:
        """Yield named examples."""
        rows = (Row("CC-100", usd("900"), Fraction(3, 4)), Row("", usd("300"), Fraction(1, 4)))
        yield "month", cls(_MONTH, rows, usd("1200"), _FRESH)
        yield "linked", cls(_MONTH, rows, usd("1200"), _FRESH, link="https://aispend.example.com/showback/2026-11?seal=0")


def _outlook() -> Outlook:
    limit, used = usd("600"), usd("412.80")
    line = BudgetLine(
        "everyone",
        "person ana",
        "month",
        limit,
        used,
        limit - used,
        Fraction(4128, 6000),
        datetime(2026, 12, 1, tzinfo=UTC),
        Decimal("0.5"),
    )
    return Outlook(line, usd("655"), date(2026, 11, 28), usd("610"), usd("720.50"))


def _pull_requests(count: int, cost: str) -> Unit:
    each = CostPerOutcome(Fraction(usd(cost).nanos, count), "USD")
    return Unit("pull_requests", Decimal(count), usd(cost), each, CostPerOutcome(Fraction(4_100_000_000), "USD"), _WEEK)


def _alert() -> AlertRow:
    at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    return AlertRow(12, "tier", Phrase("your own"), Decimal(1), "open", "crossed", at, usd("612.305"), usd("600"), "everyone")


_WEEK, _DAY = Window(date(2026, 11, 16), date(2026, 11, 23)), Window(date(2026, 11, 20), date(2026, 11, 21))
_MONTH = Window(date(2026, 11, 1), date(2026, 11, 24))
_QUARTER = Period(PeriodKind.QUARTER, Window(date(2026, 8, 1), date(2026, 11, 1)))
_YEAR = Period(PeriodKind.YEAR, Window(date(2025, 11, 1), date(2026, 11, 1)))
_FRESH = Freshness(datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 26))
_DRIVERS = (Row("claude-opus-4", usd("60.25"), Fraction(5, 8)), Row("gpt-5", usd("36.15"), Fraction(3, 8)))

DIGESTS: tuple[Any, ...] = (PersonalDigest, TeamDigest, FinopsDigest, Showback)

"""Anomaly messages: what a team's manager and FinOps read of what is out of the usual, in every state of its life."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, ClassVar

from bot.domain.money import Money
from bot.domain.period import Window
from bot.messages.alerts import Answered
from bot.messages.samples import usd
from bot.messages.why import Change, Reason
from bot.messages.words import Phrase


@dataclass(frozen=True, slots=True)
class AnomalyAlert:
    """An alert about a team that costs more than its past and the calendar explain, for one reader.

    Attributes:
        role: `owner` or `other`: whether the reader answers for it.
        happened: `crossed`, `again`, `recovered`, `corrected`, `expected`, `off`, `moved`, `answered`, `snoozed`, `lapsed`,
            `unanswered`, `disowned`.
        since, until: The first day out of the usual, and the last that raised an alarm.
        excess: Cost above expectation from *since* to *until*; None where the reader may not see it.
        usual: The expectation, where both together are what the team cost; None elsewhere.
        told: The excess that was said at first.
        month_end: What the month will have cost; None where that cannot be told.
        channels: What it was seen by, what explains most first.
        who: Names, and what each adds.
        things: New keys, models and people.
        silent_until: For how long it is snoozed.
        note: Who was passed over.
        asks: The reader can answer with the buttons.
        by: Who said that it was to be expected.
        why: What made the difference to the mean of the same weekdays of *compared*, the days before; None where that is unknown.
        has_below: There are teams below, whose cost is not in the figures.
        basis: What *excess* is of: `team`, `price` (the same use), `new` (all that the first of *things* has cost) or `person`.
        is_first_told: The first of *things* is what is new first; else its name is not to be seen.
        is_whole: What it consists of must not be told of a team.
    """

    number: int
    role: str
    team: str
    happened: str
    since: date
    until: date
    excess: Money | None
    usual: Money | None
    told: Money | None
    month_end: Money | None
    channels: tuple[str, ...]
    who: tuple[tuple[str, Money], ...] = ()
    things: tuple[str, ...] = ()
    as_of: datetime | None = None
    promise: Answered | None = None
    silent_until: datetime | None = None
    note: str = ""
    asks: bool = True
    by: str = ""
    has_below: bool = False
    why: Change | None = None
    compared: Window | None = None
    basis: str = "team"
    is_first_told: bool = False
    is_whole: bool = False

    template: ClassVar[str] = "alerts/anomaly"

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "view": "anomaly",
            "number": self.number,
            "subject": f"team {self.team}",
            "happened": self.happened,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "excess": self.excess.plain if self.excess else None,
            "usual": self.usual.plain if self.usual else None,
            "basis": self.basis,
            "is_by_price": self.basis == "price",
            "month_end": self.month_end.plain if self.month_end else None,
            "channels": list(self.channels),
            "who": [{"person": name, "excess": excess.plain} for name, excess in self.who],
            "things": list(self.things),
            "parts": [reason.document() for reason in self.why.reasons] if self.why else [],
            "as_of": self.as_of.isoformat() if self.as_of else None,
        }

    @property
    def newcomer(self) -> str:
        """What the figure is of, where it is something new that may be named; else empty."""
        return self.things[0] if self.basis == "new" and self.is_first_told else ""

    @property
    def is_over_with(self) -> bool:
        """Tell whether nothing is asked any more."""
        return self.happened in {"recovered", "corrected", "expected", "off", "moved"}

    @property
    def tone(self) -> str:
        """How worried the message should sound."""
        return "plain" if self.is_over_with or self.happened in {"answered", "snoozed"} else "warn"

    @classmethod
    def examples(cls) -> Iterator[tuple[str, AnomalyAlert]]:
        """Yield named examples."""
        base: dict[str, Any] = {
            "number": 41, "role": "owner", "team": "search", "happened": "crossed", "since": date(2026, 11, 10),
            "until": date(2026, 11, 13), "excess": usd("412"), "usual": usd("630.50"), "told": usd("412"), "month_end": usd("6870.25"),
            "channels": ("spike",), "who": (("Ana Ruiz", usd("380.20")), ("Ben Okafor", usd("31.80"))),
            "as_of": datetime(2026, 11, 14, tzinfo=UTC),
        }  # fmt: skip
        hidden: dict[str, Any] = {"excess": None, "usual": None, "told": None, "month_end": None, "who": (), "asks": False}
        looks = Answered("Mia Berg", Phrase("being looked into"), "", datetime(2026, 11, 18, 23, tzinfo=UTC))
        wrong = Answered("Mia Berg", Phrase("a misconfiguration"), "", datetime(2026, 11, 23, 23, tzinfo=UTC))
        compared = Window(date(2026, 10, 13), date(2026, 11, 10))
        reasons = (
            Reason("model_mix", usd("145.12"), "Ben Okafor", model="claude-opus-5"),
            Reason("class_mix", usd("78.08"), cached=(Fraction(89, 100), Fraction(65, 100))),
            Reason("new_users", usd("36"), "Cy Moran", 1),
            Reason("volume", usd("29.80")),
        )
        because = {"why": Change(usd("753.50"), usd("1042.50"), reasons), "compared": compared}
        yield "spike", cls(**base)
        yield "why", cls(**(base | because))
        grouped = Change(usd("753.50"), usd("1042.50"), (Reason("model_mix", usd("249.20")), Reason("volume", usd("39.80"))))
        yield "why-nobody-named", cls(**(base | because | {"why": grouped, "who": ()}))
        yield "whole", cls(**(base | {"who": (), "month_end": None, "is_whole": True}))
        yield "drift", cls(**(base | {"channels": ("drift",), "who": (), "has_below": True}))
        yield "mix", cls(**(base | {"channels": ("price_mix", "spike"), "month_end": None}))
        cheap = {"channels": ("price_mix",), "excess": usd("38.67"), "told": usd("38.67"), "usual": None, "who": ()}
        yield "by-price", cls(**(base | cheap | {"basis": "price"}))
        one = {"channels": ("person",), "basis": "person", "excess": usd("380.20"), "usual": None, "who": base["who"][:1]}
        yield "person", cls(**(base | because | one | {"until": date(2026, 11, 10)}))
        yield "person-recovered", cls(**(base | one | {"happened": "recovered", "asks": False}))
        new = {"channels": ("new",), "basis": "new", "things": ("sk-nightly-4f", "large-2"), "is_first_told": True, "usual": None}
        yield "new", cls(**(base | because | new))
        yield "new-hidden", cls(**(base | new | {"things": (), "is_first_told": False, "who": ()}))
        yield "new-corrected", cls(**(base | new | {"happened": "corrected", "excess": usd("12"), "asks": False}))
        yield "investigating", cls(**(base | {"happened": "answered", "promise": looks, "asks": False}))
        yield "misconfiguration", cls(**(base | {"happened": "answered", "promise": wrong, "asks": False}))
        yield "snoozed", cls(**(base | {"happened": "snoozed", "silent_until": datetime(2026, 11, 17, 9, tzinfo=UTC), "asks": False}))
        yield "lapsed", cls(**(base | {"happened": "lapsed", "promise": looks}))
        yield "expected", cls(**(base | {"happened": "expected", "by": "Mia Berg", "asks": False}))
        yield "recovered", cls(**(base | {"happened": "recovered", "asks": False}))
        yield "corrected", cls(**(base | {"happened": "corrected", "excess": usd("12"), "asks": False}))
        note = "Mia Berg (away until 2026-11-30)"
        yield "escalated", cls(**(base | {"happened": "unanswered", "role": "other", "note": note}))
        yield "hidden", cls(**(base | hidden))


ANOMALIES: tuple[Any, ...] = (AnomalyAlert,)

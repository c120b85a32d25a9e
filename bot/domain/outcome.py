"""Outcomes: what teams and projects got done in a day, and what one of them cost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from bot.domain.money import Money
from bot.domain.period import Window
from bot.errors import RuleError

DECIMALS = 6
"""Digits after the point that a count may have: half a story point, not a third of one."""
MOST = Decimal(10**9)
"""What one team can get done in a day; more is a misplaced column."""
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many of one kind were got done in a day, as a source states it.

    Attributes:
        kind: Such as `pull_requests`; see `kind_of`.
        team, project: Of whom or of what; empty where the source names none.
        count: Not negative, exact; zero says that the day was delivered and had none.
    """

    kind: str
    day: date
    team: str
    project: str
    count: Decimal


@dataclass(frozen=True, slots=True)
class CostPerOutcome:
    """What one outcome cost.

    Attributes:
        nanos: 10⁻⁹ of the currency unit, exact.
        currency: ISO 4217 code.
    """

    nanos: Fraction
    currency: str

    @property
    def amount(self) -> Fraction:
        """The same in currency units."""
        return self.nanos / 10**9

    def change_from(self, before: CostPerOutcome) -> Fraction | None:
        """Return the change as a share of *before*; None where that was nothing, or a credit."""
        return self.nanos / before.nanos - 1 if before.nanos > 0 else None


def cost_per_outcome(cost: Money, count: Decimal) -> CostPerOutcome | None:
    """Return what each of *count* outcomes cost, None where there are none: times *count* it is *cost*, exactly."""
    return CostPerOutcome(Fraction(cost.nanos) / Fraction(count), cost.currency) if count > 0 else None


def delivered(window: Window, spans: Iterable[Window]) -> Window | None:
    """Return the days of *window* that lie in every one of *spans*; None where there are none, or no spans.

    A span runs from a source's first day with outcomes to its last: a day between them without a line had none, but
    what was done after the last one is not known yet, so its cost must not be counted either.
    """
    start, end = window.start, window.end
    for span in (spans := list(spans)):
        start, end = max(start, span.start), min(end, span.end)
    return Window(start, end) if spans and start < end else None


def kind_of(text: str) -> str:
    """Return the kind that *text* names: `Pull Requests` is `pull_requests`.

    Raises:
        RuleError: It is no name for a kind.
    """
    kind = re.sub(r"[\s-]+", "_", text.strip().lower())
    if not _KIND.fullmatch(kind):
        raise RuleError(f"kind holds '{text}'; write a word such as tickets or pull_requests.")
    return kind


def count_of(text: str) -> Decimal:
    """Return the count that *text* states.

    Raises:
        RuleError: It is no number from zero to a thousand million with at most six decimals.
    """
    try:
        count = Decimal(text)
    except InvalidOperation:
        count = Decimal("NaN")
    if not count.is_finite():
        raise RuleError(f"count holds '{text}'; write a number such as 12 or 2.5.")
    if not 0 <= count <= MOST:
        raise RuleError(f"count holds '{text}'; it must lie between 0 and {MOST}.")
    if count != round(count, DECIMALS):
        raise RuleError(f"count holds '{text}'; at most {DECIMALS} decimals are kept.")
    return count

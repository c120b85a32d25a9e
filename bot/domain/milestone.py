"""Milestones: the days of a period whose forecasts are kept, and held against what the period came to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from bot.domain.period import Period, PeriodKind, Window, add_months

MILESTONES = (5, 10, 15, 20, 25)
"""How many days of a month were known when the forecasts were made that are held against what it came to."""
LONG = {PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}
"""Periods longer than a month, and their months."""
_LEFT = (7, 14)
_LEFT_LONG = (30, 90)
_SHARES = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
_WITHIN = timedelta(days=7)
"""A source that delivers once a week has a forecast as of one of these days."""


def horizons(period: Period) -> Mapping[Fraction, Window]:
    """Return by the share of a quarter or a year that was known the days as of which a forecast counts, the first one best.

    Known is a quarter of a year when its third month is, and a quarter of a quarter from the first day that makes at least
    that share of its days. Other periods have none.
    """
    if period.kind not in LONG:
        return {}
    lasts = {share: _last(period, share) for share in _SHARES}
    return {share: Window(last, last + _WITHIN) for share, last in lasts.items()}


def spans_left(kind: PeriodKind) -> list[tuple[int, int | None]]:
    """Return the first and last day, counted from the end of a period, between which forecasts that were shown are judged together."""
    bounds = _LEFT_LONG if kind in LONG else _LEFT
    return list(zip((0, *(bound + 1 for bound in bounds)), (*bounds, None), strict=True))


def days_left(end: date, as_of: date) -> int:
    """Return how many days of what ends on *end* are left after *as_of*, the last one that was complete."""
    return (end - as_of).days - 1


def kept_since(start: date, as_of: date) -> date | None:
    """Return from which day on only the first forecast is kept, of those of a period from *start*; None: not as of this day.

    A period is known by its start alone, so what begins with a month is taken for a quarter and a year as well.
    """
    if as_of.day in MILESTONES:
        return as_of
    if start.day != 1:
        return None
    spans = (span for kind in LONG for span in horizons(long_period(kind, start)).values())
    return next((span.start for span in spans if as_of in span), None)


def long_period(kind: PeriodKind, start: date) -> Period:
    """Return the quarter or the year from *start*, the first of a month."""
    return Period(kind, Window(start, add_months(start, LONG[kind])))


def _last(period: Period, share: Fraction) -> date:
    """Return the last known day when *share* of *period* is known."""
    start = period.window.start
    if period.kind is PeriodKind.YEAR:
        return add_months(start, int(12 * share)) - timedelta(days=1)
    known = -(-len(period.window) * share.numerator // share.denominator)
    return start + timedelta(days=known - 1)

"""Formats: numbers, money, days and instants in a reader's language and zone; the only place where money is rounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_interval, format_skeleton
from babel.numbers import format_currency, format_decimal, get_currency_precision

from bot.domain.money import NANOS_PER_UNIT, Money, half_even, round_together
from bot.domain.outcome import CostPerOutcome
from bot.domain.period import Window
from bot.messages.words import language_of

_KEPT = 4096
"""Words for instants, days and shares that are remembered: the readers of one evening's digests share most of them."""
_INSTANT = {"de": "EEE d. MMM HH:mm"}


def is_locale(name: str) -> bool:
    """Tell whether *name* is a locale we can write in, such as `de` or `en_GB`."""
    try:
        Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the locale of words, numbers and days, and the zone instants are shown in."""

    locale: str = "en"
    time_zone: str = "UTC"

    @property
    def language(self) -> str:
        """The language of the words."""
        return language_of(self.locale)

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return the filters that templates use."""
        return {
            "money": self.money,
            "change": self.change,
            "dollars": self.dollars,
            "each": self.each,
            "trend": self.trend,
            "percent": self.percent,
            "day": self.day,
            "days": self.days,
            "short": self.short,
            "weekday": self.weekday,
            "instant": self.instant,
            "through": self.through,
            "count": self.count,
        }

    def money(self, amount: Money) -> str:
        """Return `$1,234.50`: rounded half to even to the currency's digits; what is smaller but not zero is `<$0.01`."""
        return _money(amount.nanos, amount.currency, self.locale)

    def dollars(self, price: Decimal) -> str:
        """Return `$0.075`: a price of the list, which may have more digits than the currency."""
        return format_currency(price.normalize(), "USD", locale=_parsed(self.locale), decimal_quantization=False)

    def each(self, cost: CostPerOutcome) -> str:
        """Return what one outcome cost, rounded as `money` is."""
        return _money(cost.nanos.numerator, currency=cost.currency, locale=self.locale, parts=cost.nanos.denominator)

    def trend(self, now: CostPerOutcome, before: CostPerOutcome) -> str:
        """Return `(-17 %)`, nothing where there was nothing before."""
        share = now.change_from(before)
        return f"({'+' if share > 0 else ''}{self.percent(share)})" if share is not None else ""

    def change(self, now: Money, before: Money) -> str:
        """Return `+$58.10 (+16 %)`: the difference between what is written of both; no share where nothing is written of before."""
        before = rounded(before)
        difference = rounded(now) - before
        sign = "+" if difference.nanos > 0 else ""
        share = difference.share_of(before)
        if share is None or before.nanos < 0:
            return f"{sign}{self.money(difference)}"
        return f"{sign}{self.money(difference)} ({'+' if share > 0 else ''}{self.percent(share)})"

    def percent(self, share: Fraction) -> str:
        """Return `85 %`, with one decimal below ten and never 100 for a share that has not reached it."""
        tenths, whole = share.numerator * 1000, share.denominator
        rounded = half_even(tenths, whole) if abs(tenths) < 100 * whole else half_even(tenths, 10 * whole) * 10
        if rounded == 1000 and share < 1:  # noqa: PLR2004 - a tier
            rounded = tenths // whole
        return _percent(rounded, self.locale)

    def day(self, day: date) -> str:
        """Return `23 Nov 2026` as the reader's language writes it."""
        return _day(day, self.locale)

    def short(self, window: Window) -> str:
        """Return a day as `23 Nov`, more days as their month: `Nov 2026`."""
        is_day = window.end - window.start == timedelta(days=1)
        return format_skeleton("MMMd" if is_day else "yMMM", window.start, locale=self._locale)

    def weekday(self, day: date) -> str:
        """Return `Mon, Nov 23`: a day of this year, with its weekday."""
        return format_skeleton("MMMEd", day, locale=self._locale)

    def days(self, window: Window) -> str:
        """Return the days of *window*, the last one included: `Nov 1 – 23, 2026`."""
        last = window.end - timedelta(days=1)
        if last <= window.start:
            return self.day(window.start)
        return _interval(window.start, last, self.locale)

    def instant(self, moment: datetime) -> str:
        """Return `Tue 1 Dec 00:00 UTC (01:00 CET)`: UTC first, then the reader's own zone where it differs."""
        return _instant(moment, self.time_zone, self.locale)

    def through(self, end: datetime) -> str:
        """Return the last day of what ends at *end*: of the reader's zone, or of UTC where it ends with a day there, as periods do."""
        is_utc = end.astimezone(UTC).time() == time()
        last = (end - timedelta(microseconds=1)).astimezone(UTC if is_utc else ZoneInfo(self.time_zone))
        return format_skeleton("yMMMEd", last.date(), locale=self._locale)

    def count(self, number: int) -> str:
        """Return a whole number with the reader's separators."""
        return _decimal(Decimal(number), self.locale)

    @property
    def _locale(self) -> Locale:
        return _parsed(self.locale)


def rounded(amount: Money) -> Money:
    """Return *amount* as it is written: half to even to the currency's digits."""
    unit = 10 ** (9 - get_currency_precision(amount.currency))
    return Money(half_even(amount.nanos, unit) * unit, amount.currency)


def addends(parts: Sequence[Money], total: Money) -> list[Money]:
    """Return *parts* as they are written where they stand beside *total*, itself rounded: they add up to it, to the cent."""
    unit = 10 ** (9 - get_currency_precision(total.currency))
    return [Money(nanos, total.currency) for nanos in round_together([part.nanos for part in parts], total.nanos, unit)]


class Costed(Protocol):
    """What has a cost, such as a row of a table."""

    @property
    def cost(self) -> Money:
        """The cost, exactly."""


_T = TypeVar("_T", bound=Costed)


def lines(rows: Sequence[_T], total: Money) -> list[tuple[_T, Money]]:
    """Return *rows* with their cost as written: with what is left of *total* beside them they add up to it as it is written."""
    costs = [row.cost for row in rows]
    rest = Money(total.nanos - sum(cost.nanos for cost in costs), total.currency)
    shown = written([*costs, *([rest] if rest.nanos else [])]) if rest.nanos >= 0 else costs
    return list(zip(rows, shown, strict=False))


def written(parts: Sequence[Money]) -> list[Money]:
    """Return *parts* as they are written below their sum, to which they add up; what is nothing then is a nano: less than a cent."""
    if not parts:
        return []
    total = Money(sum(part.nanos for part in parts), parts[0].currency)
    shown = zip(parts, addends(parts, rounded(total)), strict=True)
    return [cost if cost.nanos or not part.nanos else replace(part, nanos=1 if part.nanos > 0 else -1) for part, cost in shown]


@lru_cache(_KEPT)
def _decimal(value: Decimal, locale: str) -> str:
    return format_decimal(value, locale=_parsed(locale))


@lru_cache(_KEPT)
def _percent(tenths: int, locale: str) -> str:
    return f"{_decimal(Decimal(tenths).scaleb(-1), locale)} %"


@lru_cache(_KEPT)
def _day(day: date, locale: str) -> str:
    return format_date(day, "medium", locale=_parsed(locale))


@lru_cache(_KEPT)
def _interval(first: date, last: date, locale: str) -> str:
    return format_interval(first, last, "yMMMd", locale=_parsed(locale))


@lru_cache(_KEPT)
def _instant(moment: datetime, zone: str, locale: str) -> str:
    pattern = _INSTANT.get(language_of(locale), "EEE d MMM HH:mm")
    utc = f"{format_datetime(moment, pattern, tzinfo=ZoneInfo('UTC'), locale=_parsed(locale))} UTC"
    local = moment.astimezone(ZoneInfo(zone))
    if not local.utcoffset():
        return utc
    same_day = local.date() == moment.astimezone(ZoneInfo("UTC")).date()
    shown = format_datetime(moment, "HH:mm" if same_day else pattern, tzinfo=ZoneInfo(zone), locale=_parsed(locale))
    return f"{utc} ({shown} {local.tzname()})"


@lru_cache(_KEPT)
def _money(nanos: int, currency: str, locale: str, parts: int = 1) -> str:
    """Return one of *parts* equal parts of *nanos* in words."""
    digits, shape = _digits(currency), _shape(currency, locale)
    rounded = half_even(nanos, parts * NANOS_PER_UNIT // 10**digits)
    if shape is not None and (rounded or not nanos) and abs(rounded) < _LARGE:
        return shape.write(rounded)
    if not rounded and nanos:
        least = _currency(1, digits, currency, locale)
        return f"<{least}" if nanos > 0 else f">-{least}"
    return _currency(rounded, digits, currency, locale)


def _currency(minor: int, digits: int, currency: str, locale: str) -> str:
    """Return *minor* units as Babel writes them; twenty thousand digests would spend half their time in there."""
    shape = _shape(currency, locale)
    if shape is None or abs(minor) >= _LARGE:
        return format_currency(Decimal(minor).scaleb(-digits), currency, locale=_parsed(locale))
    return shape.write(minor)


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a locale writes amounts of a currency, in minor units.

    Attributes:
        before, negative: What stands before an amount, and before a negative one.
        comma, point: The separators of thousands and of decimals.
    """

    before: str
    negative: str
    after: str
    comma: str
    point: str
    digits: int

    def write(self, minor: int) -> str:
        """Return *minor* units as text."""
        whole, rest = divmod(abs(minor), 10**self.digits)
        thousands = f"{whole:,}".replace(",", self.comma)
        decimals = f"{self.point}{rest:0{self.digits}d}" if self.digits else ""
        return f"{self.negative if minor < 0 else self.before}{thousands}{decimals}{self.after}"


@cache
def _shape(currency: str, locale: str) -> _Shape | None:
    """Return how *locale* writes amounts of *currency*, None where it is not as simple as that, which is tried out on samples."""
    digits = _digits(currency)
    written, negative = (format_currency(Decimal(sign) * 1234567, currency, locale=_parsed(locale)) for sign in (1, -1))
    start, tail = written.find("1"), written.rfind("0" if digits else "7") + 1
    if start < 0 or tail <= 0 or negative.find("1") < 0:
        return None
    point = written[tail - digits - 1] if digits else ""
    shape = _Shape(written[:start], negative[: negative.find("1")], written[tail:], written[start + 1], point, digits)
    samples = (Decimal(sample).scaleb(-digits) for sample in _SAMPLES)
    is_so = all(shape.write(int(s.scaleb(digits))) == format_currency(s, currency, locale=_parsed(locale)) for s in samples)
    return shape if is_so else None


@cache
def _digits(currency: str) -> int:
    return int(get_currency_precision(currency))


_SAMPLES = (0, 1, 12, 100, 1234, 99999, 100000, 999999, 1234567, 123456789, -1, -550, -100000, -1234567)
"""Minor units."""
_LARGE = 10**15


@cache
def _parsed(locale: str) -> Locale:
    return Locale.parse(locale.replace("-", "_"))

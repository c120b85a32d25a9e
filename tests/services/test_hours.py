"""Hours: what is counted to the last hours, and what is not, through the measure of a budget."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from fakes import FakeDocuments
from months import usd

from bot.domain.budget import Budget, Scope, ScopeKind
from bot.domain.burn import Burn
from bot.domain.money import NANOS_PER_UNIT
from bot.domain.people import Directory, Person, Stint
from bot.domain.period import PeriodKind, Window
from bot.ports import Daily, Dimension, Settling
from bot.services import hours
from bot.services.hours import Hours
from bot.services.measure import Ruler, dimensions

EVERYONE = Budget("everyone", Scope(ScopeKind.PERSON, "*"), PeriodKind.MONTH, usd(3000))
FLOOR = 25 * NANOS_PER_UNIT
SETTLING = Settling(30)


@dataclass
class Bills:
    """Figures of hours that sources have delivered so far: (source, who, start) to nanos."""

    rows: dict[tuple[str, str, datetime], int] = field(default_factory=dict)

    def matrix(self, window: Window, by: Dimension, other: Dimension) -> dict[str, dict[str, int]]:
        found: defaultdict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for (source, who, start), cost in self.rows.items():
            if start.date() in window:
                found[who if by is Dimension.PERSON else "search"][source] += cost
        return {key: dict(costs) for key, costs in found.items()}

    def by_day(self, window: Window, by: Dimension) -> Daily:
        keys = sorted({who for _, who, _ in self.rows})
        costs = np.zeros((len(keys), len(window)), dtype=np.int64)
        for (_, who, start), cost in self.rows.items():
            if start.date() in window:
                costs[keys.index(who), (start.date() - window.start).days] += cost
        return Daily(tuple(keys), window, costs)


@dataclass(frozen=True)
class Delivered:
    source: str
    watermark: datetime
    number: int
    description: str = ""
    settling: Settling = SETTLING


class Meter:
    """Sources that deliver by the hour, and a review after each delivery."""

    def __init__(self, budget: Budget = EVERYONE) -> None:
        self.bills, self.documents, self.budget = Bills(), FakeDocuments(), budget
        self.marks: dict[str, datetime] = {}
        self.numbers: dict[str, int] = {}
        emails = ("ana@x.example", "ben@x.example")
        self.directory = Directory({email: Person(email, email, stints=(Stint("search", None),)) for email in emails})

    def deliver(self, end: str, cost: float = 1, who: str = "ana", source: str = "api", late: float = 5 / 60) -> dict[str, Burn | None]:
        """Let *who* cost so much in the hour before *end* (`11-10T15`), delivered *late* hours after; return what burns then."""
        until = datetime.fromisoformat(f"2026-{end}:00:00+00:00")
        self.bills.rows[source, f"{who}@x.example", until - timedelta(hours=1)] = int(cost * NANOS_PER_UNIT)
        self.marks[source] = max(until, self.marks.get(source, until))
        self.numbers[source] = self.numbers.get(source, 0) + 1
        return self.review(until + timedelta(hours=late))

    def review(self, now: datetime) -> dict[str, Burn | None]:
        of: Any = self.bills
        loads: Any = [Delivered(source, mark, self.numbers.get(source, 0)) for source, mark in self.marks.items()]
        known = Hours(of, self.documents, {load.source: load for load in loads}, dimensions([self.budget]), now)
        ruler = Ruler(of, loads, [self.budget], lambda _: [self.budget], [], self.directory, now, FLOOR, known)
        found = {m.subject.name.partition("@")[0]: m.burn for m in ruler.measure() if now.date() in m.window}
        known.keep()
        return found

    def day(self, day: str, first: int, last: int, cost: float = 1, **given: Any) -> dict[str, Burn | None]:
        found: dict[str, Burn | None] = {}
        for hour in range(first, last + 1):
            found = self.deliver(f"{day}T{hour:02}", cost, **given)
        return found


def told(found: dict[str, Burn | None]) -> list[tuple[str, int, str]]:
    return [(who, burn.hours, f"{burn.cost.amount:.0f}") for who, burn in found.items() if burn]


def test_an_hour_tells() -> None:
    meter = Meter()
    assert told(meter.day("11-10", 9, 13)) == []
    found = meter.deliver("11-10T14", 70)
    assert told(found) == [("ana", 1, "70")]
    assert found["ana"]
    assert found["ana"].until == datetime(2026, 11, 10, 14, tzinfo=UTC)


def test_six_hours_tell_what_one_hour_does_not() -> None:
    meter = Meter()
    meter.deliver("11-10T08")
    assert told(meter.day("11-10", 9, 14, 28)) == [("ana", 6, "168")]


def test_a_day_tells_what_six_hours_do_not() -> None:
    meter = Meter()
    meter.deliver("11-10T08")
    meter.day("11-10", 9, 23, 14)
    assert told(meter.day("11-11", 1, 8, 14)) == [("ana", 24, "322")]


def test_it_is_counted_across_midnight() -> None:
    meter = Meter()
    for hour, cost in (("10T20", 1), ("10T21", 1), ("10T23", 50), ("11T00", 1), ("11T01", 50)):
        assert told(meter.deliver(f"11-{hour}", cost)) == []
    assert told(meter.deliver("11-11T02", 55)) == [("ana", 6, "157")]


def test_what_is_corrected_of_earlier_days_is_no_runaway() -> None:
    meter = Meter()
    meter.day("11-10", 9, 12)
    meter.deliver("11-02T10", 500)
    assert told(meter.deliver("11-10T13")) == []


def test_a_source_that_was_silent_says_nothing_of_the_hour() -> None:
    """What a whole morning cost is not held against one hour's share."""
    meter = Meter()
    meter.deliver("11-10T08")
    for hour in range(9, 13):
        meter.bills.rows["api", "ana@x.example", datetime(2026, 11, 10, hour, tzinfo=UTC)] = 24 * NANOS_PER_UNIT
    assert told(meter.deliver("11-10T14", 24)) == []


def test_a_source_that_is_late_says_nothing_of_the_hour() -> None:
    meter = Meter()
    meter.day("11-10", 9, 13, late=5)
    assert told(meter.deliver("11-10T14", 70, late=5)) == []
    assert told(meter.deliver("11-10T15", 90, late=5)) == [("ana", 6, "164")], "six hours it can still tell"


def test_one_fresh_source_is_enough() -> None:
    meter = Meter()
    meter.deliver("11-08T00", 1, source="seats")
    meter.day("11-10", 9, 13)
    assert told(meter.deliver("11-10T14", 70)) == [("ana", 1, "70")]


def test_sources_count_together() -> None:
    meter = Meter()
    for hour in range(9, 14):
        meter.deliver(f"11-10T{hour:02}", source="gateway")
        meter.deliver(f"11-10T{hour:02}", source="api")
    meter.deliver("11-10T14", 32, source="gateway")
    assert told(meter.deliver("11-10T14", 33, source="api")) == [("ana", 1, "65")]


def test_a_file_that_is_put_right_is_no_runaway() -> None:
    """A broken delivery and the right one have the same watermark."""
    meter = Meter()
    meter.day("11-10", 1, 13, 10)
    whole = dict(meter.bills.rows)
    meter.bills.rows = {key: cost // 100 for key, cost in whole.items()}
    meter.deliver("11-10T14", 0.1)
    meter.bills.rows = whole
    meter.deliver("11-10T14", 10, late=0.5)
    assert told(meter.deliver("11-10T15", 10)) == []


def test_cost_that_moves_to_its_owner_is_no_runaway() -> None:
    meter = Meter()
    meter.day("11-10", 1, 13, 9, who="key-9")
    meter.bills.rows = {(source, "ana@x.example", start): cost for (source, _, start), cost in meter.bills.rows.items()}
    assert told(meter.deliver("11-10T14", 9)) == []


def test_what_is_corrected_of_the_day_before_is_not_of_the_first_hour() -> None:
    meter = Meter()
    meter.deliver("11-10T23", 4)
    meter.deliver("11-11T00", 1)
    meter.bills.rows["api", "ana@x.example", datetime(2026, 11, 10, 5, tzinfo=UTC)] = 120 * NANOS_PER_UNIT
    assert told(meter.deliver("11-11T01", 1)) == []


def test_a_longer_span_counts_for_its_hours_only() -> None:
    meter = Meter()
    meter.deliver("11-08T12", 1)
    for hour in range(13, 24):
        meter.bills.rows["api", "ana@x.example", datetime(2026, 11, 8, hour, tzinfo=UTC)] = 9 * NANOS_PER_UNIT
    for hour in range(24):
        meter.bills.rows["api", "ana@x.example", datetime(2026, 11, 9, hour, tzinfo=UTC)] = 9 * NANOS_PER_UNIT
    assert told(meter.deliver("11-10T00", 9)) == [], "324 in 36 hours are 216 in 24"


def test_hours_of_different_sources_are_not_added() -> None:
    meter = Meter()
    for hour in range(9, 13):
        meter.deliver(f"11-10T{hour:02}", source="gateway")
        meter.deliver(f"11-10T{hour:02}", source="api")
    meter.deliver("11-10T13", 40, source="gateway")
    assert told(meter.deliver("11-10T14", 40, source="api")) == []


def test_small_money_is_not_worth_a_word() -> None:
    meter = Meter(Budget("everyone", Scope(ScopeKind.PERSON, "*"), PeriodKind.MONTH, usd(200)))
    assert told(meter.day("11-10", 9, 12, 6)) == []


def test_at_the_end_of_a_period_what_will_not_run_out_is_left_alone() -> None:
    meter = Meter()
    meter.day("11-30", 9, 12)
    assert told(meter.deliver("11-30T13", 70)) == []


def test_hours_of_the_period_before_do_not_count() -> None:
    meter = Meter()
    meter.deliver("11-30T20", 100)
    meter.deliver("11-30T23", 100)
    meter.deliver("12-01T02")
    assert told(meter.deliver("12-01T05")) == []


def test_one_persons_runaway_is_not_anothers() -> None:
    meter = Meter()
    meter.day("11-10", 9, 12, who="ben")
    meter.day("11-10", 9, 12, who="ana")
    assert told(meter.deliver("11-10T13", 70, who="ben")) == [("ben", 1, "70")]


def test_what_is_read_is_kept_no_longer_than_it_is_of_use() -> None:
    meter = Meter()
    for day in range(10, 20):
        meter.deliver(f"11-{day}T12")
    assert len(meter.documents.keys(hours.KIND)) <= 3


def test_a_repeated_review_keeps_nothing_new() -> None:
    meter = Meter()
    meter.day("11-10", 9, 12)
    before = dict(meter.documents.kept)
    meter.review(datetime(2026, 11, 10, 12, 30, tzinfo=UTC))
    assert meter.documents.kept == before

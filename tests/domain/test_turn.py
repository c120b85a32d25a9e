"""Turns of a month, person by person: a batch that ran at the turns before makes nobody stand out, a runaway at one does."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.domain.almanac import Almanac
from bot.domain.anomaly import History, Members
from bot.domain.detection import FLOOR, anomalies
from bot.domain.episode import Channel
from bot.domain.outlier import outliers
from bot.domain.turn import Turns

LAST = date(2026, 12, 5)
KNOWN = 126
"""Days that a watch looks back at."""
TEAM = np.arange(12) // 6
"""Two teams of six people."""
EVERYBODY = tuple(range(6))


def dates(last: date, count: int) -> list[date]:
    return [last - timedelta(days=count - 1 - i) for i in range(count)]


def is_last(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


def is_last_working(day: date) -> bool:
    later = (day + timedelta(days=n) for n in range(1, 4))
    return day.weekday() < 5 and next(each for each in later if each.weekday() < 5).month != day.month


def is_first_working(day: date) -> bool:
    before = (day - timedelta(days=n) for n in range(1, 4))
    return day.weekday() < 5 and next(each for each in before if each.weekday() < 5).month != day.month


def people(
    last: date = LAST, batch: tuple[int, ...] = EVERYBODY, on: Callable[[date], bool] = is_last, seed: int = 7, away: float = 0.12
) -> NDArray[np.float64]:
    """Days × people of two teams that hardly work on weekends, each *away* on some; *batch* cost six times as much *on* a day."""
    rng, days = np.random.default_rng(seed), dates(last, KNOWN)
    level = rng.uniform(8, 25, 12) * np.array([[1.0 if day.weekday() < 5 else 0.1] for day in days])
    cost = level * rng.lognormal(0, 0.4, level.shape) * (rng.random(level.shape) >= away)
    cost[np.ix_([on(day) for day in days], batch)] *= 6
    return cost


def standing_out(cost: NDArray[np.float64], last: date = LAST, judged: int = 10) -> list[int]:
    turns = Turns(cost, Almanac().days(last, len(cost)), TEAM)
    return sorted({int(person) for _, person in np.argwhere(outliers(cost, len(cost) - judged, FLOOR, turns=turns)[0])})


def test_a_month_end_batch_of_a_team_makes_nobody_stand_out() -> None:
    """Month ends on weekends, and days on which somebody was away, keep few from knowing it: 48 months, 288 dear days."""
    ends = [(date(2026, month, monthrange(2026, month)[1]), seed) for month in range(1, 13) for seed in range(4)]
    found = [(last, seed) for last, seed in ends if standing_out(people(last, seed=12 * seed + last.month), last, judged=1)]
    assert len(found) <= 3, found


@pytest.mark.parametrize("on", [is_last_working, is_first_working])
def test_so_does_a_batch_on_a_working_day_of_the_turn(on: Callable[[date], bool]) -> None:
    assert standing_out(people(on=on, away=0)) == []


def test_a_batch_of_one_account_alone_does_not_either() -> None:
    assert standing_out(people(batch=(2,), away=0)) == []


def test_a_batch_that_never_ran_before_stands_out() -> None:
    cost = people(batch=())
    cost[dates(LAST, KNOWN).index(date(2026, 11, 30)), EVERYBODY] *= 6
    assert standing_out(cost)


def test_a_runaway_at_a_month_end_far_above_the_earlier_ones_stands_out() -> None:
    cost = people()
    cost[dates(LAST, KNOWN).index(date(2026, 11, 30)), 2] = 1_200.0
    assert standing_out(cost) == [2]


def test_what_stands_out_is_measured_from_what_such_days_cost() -> None:
    """Somebody at six times their own each month end, now at sixty times: what is above the six is told."""
    cost = people(batch=(2,), away=0)
    row = dates(LAST, KNOWN).index(date(2026, 11, 30))
    cost[row, 2] = 1_200.0
    days = Almanac().days(LAST, KNOWN)
    _, plain = outliers(cost, KNOWN - 15, FLOOR)
    _, turned = outliers(cost, KNOWN - 15, FLOOR, turns=Turns(cost, days, TEAM))
    assert 40 < plain[row - KNOWN + 15, 2] - turned[row - KNOWN + 15, 2] < 400


def test_two_months_are_no_custom() -> None:
    cost = people()
    cost[: dates(LAST, KNOWN).index(date(2026, 9, 15))] = people(batch=())[: dates(LAST, KNOWN).index(date(2026, 9, 15))]
    assert standing_out(cost)


def test_other_days_are_days_like_others() -> None:
    turns = Turns(people(), Almanac().days(LAST, KNOWN), TEAM)
    assert turns.lift(dates(LAST, KNOWN).index(date(2026, 11, 20))) is None


def test_the_anomalies_of_a_team_know_it() -> None:
    """With the people, as a watch asks: neither the team nor anybody in it is told for its batch."""
    cost = people()
    teams = np.stack([cost[:, team == TEAM].sum(axis=1) for team in (0, 1)])
    members = Members(tuple(f"person {i}" for i in range(12)), TEAM, np.ascontiguousarray(cost.T))
    assert [
        each for each in anomalies(History(("a", "b"), LAST, teams), people=members, judged=10) if Channel.PERSON in each.channels
    ] == []

"""Planned: a declared change is no anomaly, what goes beyond it is, and what never comes leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.domain.anomaly import Anomaly, History, Members
from bot.domain.detection import anomalies, fitted
from bot.domain.overlay import Overlay
from bot.domain.planned import SETTLES

LAST = date(2026, 11, 20)
"""A Friday."""
COUNT = 260
AGO = 60
"""Days from the change to the last day."""
CHANGE = LAST - timedelta(days=AGO - 1)


def team(level: float = 200.0, noise: float = 0.12, seed: int = 1) -> NDArray[np.float64]:
    days = [LAST - timedelta(days=COUNT - 1 - i) for i in range(COUNT)]
    week = np.array([0.3 if day.weekday() >= 5 else 1.0 for day in days])
    return level * week * np.random.default_rng(seed).lognormal(0, noise, COUNT)


def launched(factor: float = 1.0, amount: float = 0.0, begin: int = AGO, end: int = 0, seed: int = 1) -> NDArray[np.float64]:
    """Return a team whose days from so many before the end, until so many before it, cost more."""
    cost = team(seed=seed)
    rows = slice(COUNT - begin, COUNT - end)
    cost[rows] = cost[rows] * factor + amount
    return cost


def found(cost: NDArray[np.float64], *planned: Overlay, judged: int = AGO, tokens: NDArray[np.float64] | None = None) -> list[Anomaly]:
    rows = np.atleast_2d(cost)
    names = tuple(f"team {i}" for i in range(len(rows)))
    used = None if tokens is None else np.atleast_2d(tokens)
    return anomalies(History(names, LAST, rows, used, planned=planned), judged=judged)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("plan", [Overlay(CHANGE, factor=2.5), Overlay(CHANGE, amount=150.0), Overlay(CHANGE, factor=1.5, amount=60.0)])
def test_a_declared_change_is_silent_from_its_day_on(plan: Overlay, seed: int) -> None:
    cost = launched(plan.factor, plan.amount, seed=seed)
    assert found(cost), "undeclared it is told"
    assert found(cost, plan) == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "plan", [Overlay(CHANGE, factor=3.0), Overlay(CHANGE, amount=400.0), Overlay(CHANGE, factor=0.4), Overlay(CHANGE, amount=-100.0)]
)
def test_what_never_comes_is_silent_and_leaves_no_room(plan: Overlay, seed: int) -> None:
    """After four weeks the level is what it always was: a runaway as large as the launch would have been is told."""
    cost = team(seed=seed)
    assert found(cost, plan) == []
    cost[-1] *= 3
    assert [each.until for each in found(cost, plan, judged=1)] == [LAST]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("days", [3, SETTLES - 8, SETTLES + 15])
@pytest.mark.parametrize("plan", [Overlay(CHANGE, factor=2.0), Overlay(CHANGE, amount=150.0)])
def test_what_goes_beyond_a_change_is_told(plan: Overlay, days: int, seed: int) -> None:
    cost = launched(plan.factor, plan.amount, seed=seed)
    row = COUNT - AGO + days
    row += (7 - (row + LAST.weekday() + 1 - COUNT)) % 7 + 1  # a Tuesday
    cost[row : row + 2] *= 2.5
    (told,) = found(cost, plan)
    assert timedelta(0) <= LAST - timedelta(days=COUNT - 1 - row) - told.since <= timedelta(days=1)
    assert told.so_far == pytest.approx(cost[row : row + 2].sum() * 0.6, rel=0.3)


@pytest.mark.parametrize("late", [5, 14])
@pytest.mark.parametrize("part", [0.5, 1.0])
def test_a_launch_may_be_late_or_smaller(late: int, part: float) -> None:
    cost = launched(1 + part, begin=AGO - late)
    assert found(cost, Overlay(CHANGE, factor=2.0)) == []


@pytest.mark.parametrize(("came", "late"), [(5.0, 0), (5.0, 14), (2.0, 0), (1.0, 0)])
def test_a_declared_launch_cries_wolf_no_more_than_none(came: float, late: int) -> None:
    """Five times the cost varies five times as much; some alarms come by chance in any eight weeks of so many uneven teams."""
    cost = np.stack([team(noise=(0.15, 0.3, 0.5)[seed % 3], seed=seed) for seed in range(120)])
    usual = len(found(cost))
    cost[:, COUNT - AGO + late :] *= came
    assert usual < 25
    assert len(found(cost, Overlay(CHANGE, factor=5.0))) <= usual + 5


def test_what_ends_leaves_the_usual_behind() -> None:
    """While it lasts it is expected; who goes on with it afterwards is told, and so is nobody who stops."""
    plan = Overlay(CHANGE, LAST - timedelta(days=9), factor=2.0)
    assert found(launched(2.0, end=10), plan) == []
    (goes_on,) = found(launched(2.0), plan)
    assert goes_on.since == LAST - timedelta(days=9)


def test_the_month_is_expected_to_end_with_what_was_planned() -> None:
    cost = team()
    cost[-2:] *= 6
    ends = {}
    for name, planned in {"none": (), "to come": (Overlay(LAST + timedelta(days=1), factor=2.0),)}.items():
        (each,) = found(cost, *planned, judged=1)
        assert each.month_end is not None
        ends[name] = each.month_end
    left = 7 * 200 - 4 * 200 * 0.7 + 3 * 200  # ten days, four of them on weekends
    assert ends["to come"] - ends["none"] == pytest.approx(left, rel=0.2)


def test_one_person_may_be_all_of_a_launch_and_no_more() -> None:
    cost = np.stack([team(level=20.0 + row, seed=row) for row in range(8)])
    cost[[0, 4], -1] += 400
    people = Members(tuple(f"p{row}@x.example" for row in range(8)), np.arange(8) // 4, cost)
    history = History(("team 0", "team 1"), LAST, cost.reshape(2, 4, COUNT).sum(axis=1))

    def told(*planned: Overlay) -> list[str]:
        return sorted(each.subject for each in anomalies(replace(history, planned=planned), people=people, judged=1))

    assert told() == ["team 0", "team 1"]
    assert told(Overlay(LAST, amount=450.0, rows=(0,))) == ["team 1"]
    assert told(Overlay(LAST, amount=100.0, rows=(0,))) == ["team 0", "team 1"]
    assert told(Overlay(LAST - timedelta(days=2 * SETTLES), amount=450.0, rows=(0,))) == ["team 0", "team 1"]


# The price per token


@pytest.mark.parametrize("seed", range(3))
def test_a_declared_price_change_is_no_dearer_mix(seed: int) -> None:
    """Half the tokens at twice the price: the bill says nothing, and the price was announced."""
    cost = team(seed=seed)
    tokens = cost * 1e5 * np.random.default_rng(5).lognormal(0, 0.08, COUNT)
    tokens[-AGO:] /= 2
    assert found(cost, tokens=tokens)
    assert found(cost, Overlay(CHANGE, factor=2.0), tokens=tokens) == []
    (told,) = found(cost, Overlay(CHANGE, factor=1.2), tokens=tokens)
    assert [channel.value for channel in told.channels] == ["price_mix"], "a fifth was announced"


@pytest.mark.parametrize("seed", range(3))
def test_a_dearer_mix_is_told_after_a_launch_that_did_not_change_the_price(seed: int) -> None:
    cost = launched(2.0, seed=seed)
    tokens = cost * 1e5 * np.random.default_rng(5).lognormal(0, 0.08, COUNT)
    tokens[-8:] /= 2
    assert [each.channels[0].value for each in found(cost, Overlay(CHANGE, factor=2.0), tokens=tokens, judged=8)] == ["price_mix"]


# What nobody planned


def test_without_changes_or_with_some_that_change_nothing_all_is_as_before() -> None:
    cost = np.stack([launched(1.5, seed=seed) for seed in range(6)])
    tokens = cost * 1e5
    tokens[:, -5:] /= 2
    nothing = (Overlay(CHANGE), Overlay(CHANGE, factor=1.0, amount=0.0), Overlay(LAST - timedelta(days=COUNT), factor=3.0))
    before = found(cost, tokens=tokens)
    assert before
    assert found(cost, *nothing, tokens=tokens) == before
    history = History(tuple("abcdef"), LAST, cost, tokens)
    assert fitted(replace(history, planned=nothing)) == fitted(history)


@given(st.integers(0, 3), st.floats(0.2, 5), st.floats(-50, 300), st.integers(1, COUNT - 2))
@settings(max_examples=20, deadline=None)
def test_a_change_concerns_its_own_series_alone(row: int, factor: float, amount: float, ago: int) -> None:
    cost = np.stack([launched(1.5, seed=seed) for seed in range(4)])
    tokens = cost * 1e5
    tokens[:, -5:] /= 2
    plan = Overlay(LAST - timedelta(days=ago), factor=factor, amount=amount, rows=(row,))
    others = {each.subject: each for each in found(cost, tokens=tokens) if each.subject != f"team {row}"}
    assert {each.subject: each for each in found(cost, plan, tokens=tokens) if each.subject != f"team {row}"} == others

"""Declared: a change is believed until its days tell otherwise."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import numpy as np
import pytest

from bot.domain.declared import PATIENCE, ahead, as_on_last, believed
from bot.domain.exhaustion import exhaustion
from bot.domain.forecast import outlook, totals
from bot.domain.outlook import Terms
from bot.domain.overlay import Overlay

LAST = date(2026, 11, 10)
FIRST = LAST - timedelta(days=99)
DAYS = [FIRST + timedelta(days=n) for n in range(100)]
FLAT = np.full((2, 100), 10.0)


def test_a_change_that_has_just_begun_or_is_to_come_is_believed_whatever_the_days_cost() -> None:
    for change in (Overlay(LAST - timedelta(days=PATIENCE - 2), factor=3.0), Overlay(LAST + timedelta(days=5), amount=7.0)):
        assert believed([change], FLAT, FIRST, LAST) == (change,)


def test_each_series_tells_for_itself() -> None:
    costs = FLAT.copy()
    costs[1, 60:80] = 30.0
    (kept,) = believed([Overlay(DAYS[60], DAYS[80], factor=3.0)], costs, FIRST, LAST)
    assert kept.rows == (1,)


def test_without_days_before_nobody_can_tell() -> None:
    new = np.zeros((1, 100))
    new[0, 60:] = 5.0
    change = Overlay(DAYS[60], DAYS[80], amount=90.0)
    assert believed([change], new, FIRST, LAST) == (Overlay(DAYS[60], DAYS[80], amount=90.0, rows=(0,)),)


def test_days_are_read_as_on_the_last_one_and_carried_on_from_there() -> None:
    changes = Overlay(DAYS[90], factor=2.0), Overlay(DAYS[95], LAST + timedelta(days=3), amount=4.0)
    costs = np.full((1, 100), 10.0)
    costs[0, 90:], costs[0, 95:], costs[0, 50] = 20.0, 24.0, 0.0
    read = as_on_last(changes, costs, DAYS)
    assert read[0, 50] == 0.0, "a day without cost stays one"
    assert np.delete(read[0], 50).tolist() == [24.0] * 99
    weight, certain = ahead(changes, 1, LAST, 4)
    assert (24 * weight + certain)[0].tolist() == [24.0, 24.0, 20.0, 20.0]


def test_more_taken_off_than_there_is_leaves_nothing() -> None:
    assert (as_on_last([Overlay(DAYS[99], amount=-40.0)], FLAT, DAYS)[:, :99] == 0).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("amount", [-40.0, -1e7, 1e7])
@pytest.mark.parametrize("begun", [-60, -12, 5])
def test_whatever_is_declared_every_forecast_is_a_number(begun: int, amount: float) -> None:
    """Seats that are cancelled may be declared to save more than was ever paid."""
    day = LAST + timedelta(days=begun)
    for end, after in product((date(2026, 12, 1), date(2028, 1, 1)), (10.0, 0.0)):
        costs = np.full((2, 400), 10.0)
        costs[:, 400 + min(begun, 0) - 1 :] = after if begun < 0 else 10.0
        terms = Terms(start=date(2026, 11, 1) if end.year == 2026 else date(2027, 1, 1), overlays=(Overlay(day, amount=amount),))
        for found in (outlook(costs, LAST, end, terms), totals(costs, LAST, end, np.zeros(2, np.int64), terms)):
            for told in (found.point, found.p10, found.p90):
                assert (np.isfinite(told) & (told >= 0)).all()
        assert np.isfinite(exhaustion(costs, LAST, end, np.array([100.0, 1e4]), terms).probability).all()

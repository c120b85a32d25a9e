"""When budgets run out."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from bot.domain.exhaustion import NEVER, exhaustion
from bot.domain.forecast import outlook
from bot.domain.outlook import Terms
from bot.domain.overlay import Overlay
from bot.domain.path import Law

LAST, END = date(2026, 6, 30), date(2027, 1, 1)
YEAR = Terms(start=date(2026, 1, 1))
FLAT = np.full((1, 400), 10.0)


def test_a_steady_cost_runs_out_on_the_day_it_must() -> None:
    found = exhaustion(FLAT, LAST, END, np.array([2305.0]), YEAR)
    assert found.day(int(found.middle[0])) == date(2026, 6, 30) + timedelta(days=50)
    assert found.early[0] <= found.middle[0] <= found.late[0]
    assert found.probability[0] > 0.95


def test_what_has_run_out_has_and_what_is_ample_does_not() -> None:
    found = exhaustion(np.repeat(FLAT, 2, axis=0), LAST, END, np.array([1810.0, 1e6]), YEAR)
    assert (found.probability[0], found.early[0], found.late[0]) == (1, 0, 0)
    assert found.probability[1] < 0.05
    assert found.early[1] == found.middle[1] == found.late[1] == NEVER
    assert found.day(NEVER) is None


def test_the_probability_falls_with_the_limit_and_the_range_widens_with_the_days() -> None:
    history = np.exp(np.random.default_rng(2).normal(0, 0.6, (50, 400))) * 10
    found = [exhaustion(history, LAST, END, np.full(50, limit), YEAR) for limit in (2600.0, 3200.0, 3800.0, 4600.0)]
    for one, other in pairwise(found):
        assert (one.probability >= other.probability).all()
    near, far = found[0], found[1]
    both = (near.late != NEVER) & (far.late != NEVER)
    assert (far.late - far.early)[both].mean() > (near.late - near.early)[both].mean()


def test_planned_changes_move_the_day() -> None:
    limit = np.array([2805.0])
    plain = exhaustion(FLAT, LAST, END, limit, YEAR).middle[0]
    doubled = exhaustion(FLAT, LAST, END, limit, Terms(YEAR.start, overlays=(Overlay(date(2026, 7, 31), factor=2.0),))).middle[0]
    seats = exhaustion(FLAT, LAST, END, limit, Terms(YEAR.start, overlays=(Overlay(date(2026, 7, 1), amount=10.0),))).middle[0]
    assert (plain, doubled, seats) == (100, 65, 50)


def test_too_little_history_has_no_date() -> None:
    found = exhaustion(FLAT[:, :6], LAST, END, np.array([100.0]), Terms(YEAR.start, np.array([60.0])))
    assert np.isnan(found.probability[0])
    assert found.middle[0] == NEVER
    nothing = exhaustion(np.zeros((1, 100)), LAST, END, np.array([100.0]), Terms(YEAR.start, np.array([0.0])))
    assert (nothing.probability[0], nothing.middle[0]) == (0, NEVER)


def test_a_year_ends_as_its_days_add_up_with_a_wider_range_than_a_month() -> None:
    history = np.exp(np.random.default_rng(2).normal(0, 0.5, (50, 400))) * 10
    year = outlook(history, LAST, END, YEAR)
    month = outlook(history, LAST - timedelta(days=20), date(2026, 7, 1))
    assert year.point == pytest.approx(year.to_date + 184 * 11.3, rel=0.2)
    assert np.median((year.p90 - year.p10) / year.rest) > 0.5 * np.median((month.p90 - month.p10) / month.rest)
    alone = outlook(history[:1], LAST, END, YEAR, year.shared)
    assert alone.p90[0] == pytest.approx(year.p90[0])


def test_how_uneven_days_are_matters_less_the_further_ahead() -> None:
    """The ranges of months ahead are about what changes everybody's level; with the full factor, steady series' were far too narrow."""
    law = Law(-0.87, 0.05, 0.5, 0.0)
    more = [float(law.spread(np.array(days), 3.0) / law.spread(np.array(days))) for days in (7.0, 28.0, 92.0, 184.0)]
    assert sorted(more, reverse=True) == more
    assert more[0] > 3 > more[1] > more[-1] > 1.5


def test_single_days_widen_the_range_of_a_week_and_changes_that_of_a_year() -> None:
    week, season, year = (float(Law(-0.87, 0.0, 0.5, 0.0).spread(np.array(days))) for days in (7.0, 70.0, 350.0))
    assert week > 1.2 * season < year


def test_a_new_level_of_steady_days_is_believed_sooner() -> None:
    rng = np.random.default_rng(3)
    step = np.where(np.arange(400) < 385, 10.0, 20.0)
    steady, uneven = (step * rng.lognormal(0, noise, (200, 400)) / np.exp(noise**2 / 2) for noise in (0.1, 1.5))
    level = [outlook(history, LAST, END, YEAR).rest.mean() / 184 for history in (steady, uneven)]
    assert 20 > level[0] > 15 > level[1] + 1.5


def test_a_series_that_stands_at_its_level_does_not_run_out_sooner_for_what_others_lack() -> None:
    opened = Terms(YEAR.start, open_costs=np.full((1, 7), 10.0), completeness=(0.1,) * 7)
    assert exhaustion(FLAT, LAST, END, np.array([2305.0]), opened).middle[0] == 50


def test_a_step_from_a_pilot_to_everybody_makes_no_range_of_millions() -> None:
    """It came once; what comes after it varies by a seventh."""
    costs = np.where(np.arange(395) < 255, 0.001, 1.0) * 1000 * (1 + np.arange(395) % 7 / 20)
    told = outlook(costs[None], date(2026, 5, 31), date(2027, 1, 1), Terms(start=date(2026, 1, 1)))
    assert told.p90[0] < 5 * told.point[0]

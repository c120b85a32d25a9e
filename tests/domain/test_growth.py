"""Growth of sums: what grows steadily goes on a while, what merely moves does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.exhaustion import exhaustion
from bot.domain.forecast import outlook, totals
from bot.domain.growth import curve, slopes
from bot.domain.outlook import Terms

LAST, END = date(2026, 3, 31), date(2027, 1, 1)
DAYS = 400
START = np.zeros(1, np.int64)
RNG = np.random.default_rng(5)
NOISE = np.exp(RNG.normal(0, 0.2, DAYS))


def grows(by: float, noise: float = 1.0) -> np.ndarray:
    return 100 * np.exp(by * np.arange(DAYS)) * NOISE**noise


@pytest.mark.parametrize("by", [0.002, -0.002, 0.0035])
def test_a_steady_slope_is_mostly_believed(by: float) -> None:
    found = slopes(grows(by)[None], START)[0] / by
    assert 0.65 < found < 1.02


def test_no_slope_is_steeper_than_is_believable() -> None:
    assert slopes(grows(0.02, 0.0)[None], START)[0] == 0.004
    assert slopes(grows(-0.02, 0.0)[None], START)[0] == -0.004


def test_what_comes_and_goes_has_no_slope() -> None:
    """The same rise from start to end, in one jump among jumps."""
    walk = 100 * np.exp(np.repeat(np.random.default_rng(8).normal(0, 0.7, 20), 20))
    assert abs(slopes(walk[None], START)[0]) < 0.0003


@pytest.mark.parametrize("costs", [np.ones(55), np.zeros(DAYS), np.where(np.arange(DAYS) < 393, grows(0.003), 0.0)])
def test_too_few_weeks_and_weeks_without_cost_tell_nothing(costs: np.ndarray) -> None:
    assert slopes(costs[None], START)[0] == 0


@pytest.mark.parametrize("since", [100, 140, 200])
def test_a_rise_that_is_over_is_no_growth(since: int) -> None:
    step = np.where(np.arange(DAYS) < DAYS - since, 0.2, 1.0) * grows(0.0)
    ramp = np.minimum(grows(0.005, 0.0), grows(0.005, 0.0)[DAYS - since]) * NOISE
    for costs in (step, ramp):
        assert abs(slopes(costs[None], START)[0]) < 0.0008


def test_growth_fades() -> None:
    (told,) = curve(np.array([0.004]), 365)
    steps = np.diff(np.log(told), prepend=0.0)
    assert (steps > 0).all()
    assert steps[69] == pytest.approx(0.002, rel=0.02), "half of it after ten weeks"
    assert told[-1] == pytest.approx(np.exp(0.4), rel=0.02)


@given(st.floats(1e-3, 1e3), st.integers(0, 3))
def test_neither_the_currency_nor_other_series_matter(unit: float, place: int) -> None:
    rows = np.stack([grows(0.002), grows(-0.001), grows(0.0), np.zeros(DAYS)])
    begins = np.zeros(4, np.int64)
    assert slopes(rows[[place]] * unit, begins[:1]) == pytest.approx(slopes(rows, begins)[[place]], abs=1e-9)


def test_a_year_of_a_sum_that_grows_is_more_than_one_of_its_parts() -> None:
    parts = np.stack([grows(0.003) * RNG.lognormal(0, 0.3, DAYS) for _ in range(8)])
    terms = Terms(start=date(2026, 1, 1))
    groups = np.zeros(8, np.int64)
    whole, apart = totals(parts, LAST, END, groups, replace(terms, grows=True)), outlook(parts, LAST, END, terms)
    known, ahead = 90, np.arange(1, 276)
    true = parts[:, -known:].sum() + 8 * (100 * np.exp(0.003 * (DAYS - 1 + ahead))).sum() * np.exp(0.02 + 0.045)
    flat = apart.point.sum()
    assert totals(parts, LAST, END, groups, terms).point[0] == pytest.approx(flat, rel=0.03), "but for whose middle it is"
    assert flat < 0.82 * true
    assert flat * 1.1 < whole.point[0] < true
    assert whole.p10[0] < whole.point[0] < whole.p90[0]


def test_a_sum_asked_for_as_one_series_goes_on_growing_and_one_that_is_none_does_not() -> None:
    terms = Terms(start=date(2026, 1, 1))
    one = grows(0.003)[None]
    alone, told = outlook(one, LAST, END, terms), outlook(one, LAST, END, Terms(start=terms.start, grows=True))
    assert told.point[0] > 1.15 * alone.point[0]
    limits = np.array([alone.point[0]])
    soon, late = (exhaustion(one, LAST, END, limits, Terms(start=terms.start, grows=are)) for are in (True, False))
    assert soon.probability[0] > late.probability[0]
    assert soon.middle[0] < (late.middle[0] if late.middle[0] >= 0 else DAYS)


def test_short_periods_are_foretold_as_before() -> None:
    """A month has candidates with a trend of its own."""
    one, end = grows(0.003)[None], LAST + timedelta(days=31)
    found = [outlook(one, LAST, end, Terms(start=date(2026, 4, 1), grows=are)) for are in (True, False)]
    assert found[0].point[0] == found[1].point[0]
    assert [exhaustion(one, LAST, end, np.array([5_000.0]), Terms(start=date(2026, 4, 1), grows=are)).middle[0] for are in (True, False)]

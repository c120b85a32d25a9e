"""What a forecast promises, whatever the series."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.domain import forecast
from bot.domain.forecast import outlook, totals
from bot.domain.outlook import Outlook, Terms
from bot.domain.overlay import Overlay

Series = NDArray[np.float64]
LAST, END = date(2026, 11, 10), date(2026, 12, 1)
RANGE = ("p2_5", "p10", "point", "p90", "p97_5")


def made(seed: int, rows: int = 12, days: int = 400) -> Series:
    """Series of several kinds: steady, of workdays, bursty, asleep, just begun, growing."""
    rng = np.random.default_rng(seed)
    weekday = np.array([(LAST - timedelta(days=days - 1 - i)).weekday() for i in range(days)])
    level = np.exp(rng.normal(3, 1.5, (rows, 1)))
    found = level * np.exp(rng.normal(0, rng.uniform(0.05, 1.2, (rows, 1)), (rows, days)))
    found *= np.where((weekday >= 5) & (rng.random((rows, 1)) < 0.6), 0.1, 1.0)
    found[rng.random((rows, days)) < rng.uniform(0, 0.5, (rows, 1))] = 0
    found *= np.exp(rng.normal(0, 0.8, (rows, 1)) * np.arange(days) / 365)
    if rows > 3:
        found[0, : days - 20] = np.nan
        found[1, days - 40 :] = 0
    return found


def every(found: Outlook) -> dict[str, Series]:
    return {name: getattr(found, name) for name in RANGE}


seeds = st.integers(0, 10_000)
days_back = st.integers(0, 60)
few = settings(max_examples=12)


@few
@given(seeds, days_back)
def test_the_range_holds_the_point_and_what_is_billed_already(seed: int, back: int) -> None:
    last = LAST - timedelta(days=back)
    found = outlook(made(seed)[:, : 400 - back], last, forecast.add_month(last))
    ends = np.stack(list(every(found).values()))[:, found.has_enough]
    assert (np.diff(ends, axis=0) >= -1e-9).all()
    assert (ends >= found.to_date[found.has_enough] - 1e-9).all()


@few
@given(seeds)
def test_a_series_alone_is_forecast_as_in_the_batch_with_what_the_batch_has_learned(seed: int) -> None:
    """What is pooled is the usual error of each candidate, the line of the spread and the scores; nothing else passes between series."""
    history = made(seed)
    batch = outlook(history, LAST, END)
    for row in range(len(history)):
        alone = outlook(history[row : row + 1], LAST, END, shared=batch.shared)
        for name, values in every(alone).items():
            np.testing.assert_allclose(values, every(batch)[name][row : row + 1], rtol=1e-9)


@few
@given(seeds)
def test_the_order_of_the_series_does_not_matter(seed: int) -> None:
    history = made(seed)
    order = np.random.default_rng(seed).permutation(len(history))
    np.testing.assert_allclose(outlook(history[order], LAST, END).p90, outlook(history, LAST, END).p90[order], rtol=1e-9)


@few
@given(seeds, st.sampled_from([0.01, 7.0, 1e6]))
def test_another_currency_changes_nothing_but_the_unit(seed: int, rate: float) -> None:
    history = made(seed)
    once, again = outlook(history, LAST, END), outlook(history * rate, LAST, END)
    for name in RANGE:
        np.testing.assert_allclose(every(again)[name], every(once)[name] * rate, rtol=1e-6)


@few
@given(seeds, st.integers(1, 8))
def test_whole_weeks_later_it_is_the_same(seed: int, weeks: int) -> None:
    """For days that are no end of a month, and without what is replayed by the calendar."""
    history = made(seed, days=60)
    later = timedelta(weeks=weeks)
    shared = outlook(history, LAST, END).shared
    start = date(2026, 11, 1)
    once = outlook(history, LAST, LAST + timedelta(days=8), Terms(start=start), shared)
    again = outlook(history, LAST + later, LAST + later + timedelta(days=8), Terms(start=start + later), shared)
    if all((LAST + n * timedelta(days=1) + later).day < 26 for n in range(1, 8)):
        np.testing.assert_allclose(again.point, once.point, rtol=1e-9)


@few
@given(seeds)
def test_what_comes_after_the_last_day_is_never_read(seed: int) -> None:
    history = made(seed)
    cut = history[:, :380]
    last = LAST - timedelta(days=20)
    assert every_same(outlook(cut, last, END), outlook(np.array(cut), last, END))
    poisoned = np.concatenate([history[:, :380], np.full((len(history), 20), 1e12)], axis=1)
    assert every_same(outlook(cut, last, END), outlook(poisoned[:, :380], last, END))


def every_same(one: Outlook, other: Outlook) -> bool:
    return all(np.array_equal(every(one)[name], every(other)[name], equal_nan=True) for name in RANGE)


@few
@given(seeds, st.sampled_from([0.0, -1e9, np.nan, np.inf]), st.integers(1, 7))
def test_more_history_than_is_looked_at_changes_nothing(seed: int, value: float, days: int) -> None:
    history = made(seed)
    longer = np.concatenate([np.full((len(history), days), value), history], axis=1)
    longer[0, : days + 380] = np.nan
    assert every_same(outlook(history, LAST, END), outlook(longer, LAST, END))


def test_nothing_stays_nothing() -> None:
    found = outlook(np.zeros((3, 200)), LAST, END)
    assert all((values == 0).all() for values in every(found).values())
    assert (found.probability_over(1.0) == 0).all()


@few
@given(st.integers(0, 30), st.sampled_from([10.0, 1e3, 1e6]))
def test_one_huge_day_does_not_explode(age: int, times: float) -> None:
    """At most three times the pace of the last eight weeks, the day itself included."""
    history = np.full((1, 400), 10.0)
    history[0, -1 - age] *= times
    found = outlook(history, LAST, END)
    assert found.rest[0] <= 3 * history[0, -56:].mean() * 20 * 1.15, "lessons move it by little"


def test_less_than_a_week_is_no_history_and_little_is_told_widely() -> None:
    full = np.exp(np.random.default_rng(1).normal(0, 0.3, (30, 400))) * 10
    cold = np.where(np.arange(400) < 400 - np.array([[6], [7], [20]]), np.nan, full[:3])
    history = np.concatenate([full[3:], cold])
    found = outlook(history, LAST, END)
    assert np.isnan([values[-3] for values in every(found).values()]).all()
    assert np.isnan(found.probability_over(1.0)[-3])
    width = (found.p90 - found.p10) / found.point
    assert (width[-2:] > 1.5 * np.median(width[:-3])).all()
    assert found.point[-2:] == pytest.approx(300, rel=0.4)


def test_the_probability_fits_the_range() -> None:
    found = outlook(made(3, rows=40), LAST, END)
    for share, name in ((0.1, "p90"), (0.9, "p10")):
        told = found.probability_over(every(found)[name] + 1e-9)
        live = (found.rest > 0) & np.isfinite(found.point) & (every(found)[name] > found.least * 1.001)
        assert told[live] == pytest.approx(share, abs=0.01)
    assert (found.probability_over(found.least - 0.01)[np.isfinite(found.point)] == 1).all()


@pytest.mark.parametrize(
    ("last", "end"),
    [
        (date(2025, 12, 20), date(2026, 1, 1)),
        (date(2026, 1, 2), date(2026, 2, 1)),
        (date(2026, 1, 31), date(2026, 3, 1)),
        (date(2026, 2, 27), date(2026, 3, 1)),
        (date(2024, 2, 28), date(2024, 3, 1)),
        (date(2026, 3, 28), date(2026, 4, 1)),
        (date(2026, 3, 31), date(2026, 4, 1)),
        (date(2026, 10, 5), date(2027, 1, 1)),
        (date(2026, 2, 10), date(2026, 7, 1)),
        (date(2026, 5, 13), date(2026, 5, 18)),
    ],
    ids=str,
)
def test_a_steady_series_ends_where_it_must_in_every_period(last: date, end: date) -> None:
    """February, the turn of the year, the night the clocks change, quarters, years, weeks."""
    start = {date(2027, 1, 1): date(2026, 10, 1), date(2026, 7, 1): date(2025, 7, 1), date(2026, 5, 18): date(2026, 5, 11)}.get(end)
    found = outlook(np.full((1, 400), 24.0), last, end, Terms(start=start))
    first = start or (end - timedelta(days=1)).replace(day=1)
    assert found.point[0] == pytest.approx(24 * (end - first).days, rel=1e-6)
    assert found.p10[0] <= found.point[0] <= found.p90[0]


def test_a_series_that_runs_at_the_end_of_months_is_expected_to() -> None:
    days = [LAST - timedelta(days=399 - n) for n in range(400)]
    last_two = np.array([(day + timedelta(days=2)).month != day.month for day in days])
    history = np.where(last_two, 80.0, 10.0)[None, :]
    known, new = (outlook(history[:, -days:], LAST, END).point[0] for days in (400, 60))
    assert known == pytest.approx(28 * 10 + 2 * 80, rel=0.12)
    assert abs(new - 440) > abs(known - 440), "two months prove nothing"


def test_a_holiday_counts_as_a_sunday() -> None:
    weekday = np.array([(LAST - timedelta(days=399 - n)).weekday() for n in range(400)])
    history = np.where(weekday < 5, 10.0, 0.0)[None, :]
    plain = outlook(history, LAST, END).point[0]
    holiday = outlook(history, LAST, END, Terms(holidays={date(2026, 11, 26)})).point[0]
    quiet = outlook(history, LAST, END, Terms(is_quiet=lambda day: day == date(2026, 11, 26))).point[0]
    assert plain - holiday > 7
    assert holiday < quiet < plain


def test_open_days_are_a_floor_or_taken_with_what_they_usually_lack() -> None:
    history = np.full((2, 400), 10.0)
    opened = np.array([[9.0, 6.0], [300.0, 0.0]])
    floor = outlook(history, LAST, END, Terms(open_costs=opened))
    assert floor.point == pytest.approx([300, 100 + 300 + 190]), "a dear day is no reason why the others should cost nothing"
    assert floor.p10[1] > 400
    assert (floor.p2_5 >= floor.to_date + opened.sum(axis=1)).all()
    known = outlook(history, LAST, END, Terms(open_costs=opened, completeness=(0.9, 0.6)))
    assert known.point[0] == pytest.approx(100 + 9 + 1 + 6 + 4 + 180)
    assert known.point[1] == pytest.approx(100 + 300 + 1 + 0 + 4 + 180)
    assert known.p90[0] - known.p10[0] <= floor.p90[0] - floor.p10[0]


def test_each_series_may_have_a_completeness_of_its_own_and_days_of_which_nobody_knows_only_bound() -> None:
    history, opened = np.full((3, 400), 10.0), np.array([[9.0, 6.0], [9.0, 6.0], [9.0, 6.0]])
    shares = np.array([[0.9, 0.6], [0.5, np.nan], [np.nan, np.nan]])
    found = outlook(history, LAST, END, Terms(open_costs=opened, completeness=shares))
    assert found.point == pytest.approx([100 + 9 + 1 + 6 + 4 + 180, 100 + 9 + 5 + 190, 300])


def test_members_are_completed_as_the_group_is() -> None:
    history, opened = np.full((4, 400), 10.0), np.full((4, 2), 6.0)
    found = totals(history, LAST, END, np.zeros(4, np.int64), Terms(open_costs=opened, completeness=np.array([[0.6, np.nan]])))
    assert found.point == pytest.approx([4 * (100 + 6 + 4 + 190)], rel=1e-3)
    assert found.least[0] == pytest.approx(4 * 112)


def test_a_series_that_stands_at_its_level_is_not_completed_for_what_others_lack() -> None:
    """The source states one team at once and another, nine tenths of the cost, a week late."""
    history = np.array([10.0, 90.0, 100.0])[:, None] * np.ones(400)
    opened = np.array([10.0, 0.0, 10.0])[:, None] * np.ones(7)
    terms = Terms(open_costs=opened, completeness=(0.1,) * 7)
    assert outlook(history, LAST, END, terms).point == pytest.approx([300, 900 + 7 * 81 + 13 * 90, 3000])
    far = outlook(history, LAST, LAST + timedelta(days=101), replace(terms, start=LAST + timedelta(days=1))).point
    assert far == pytest.approx([1000, 9000 - 63, 10000], rel=0.01)


def test_members_of_a_group_are_completed_by_what_the_group_lacks() -> None:
    history, opened = np.array([10.0, 90.0])[:, None] * np.ones(400), np.array([10.0, 0.0])[:, None] * np.ones(7)
    terms = Terms(open_costs=opened, completeness=(0.1,) * 7)
    assert totals(history, LAST, END, np.zeros(2, np.int64), terms).point == pytest.approx([3000], rel=1e-3)
    assert totals(history, LAST, END, np.array([0, -1]), terms).point == pytest.approx([300], rel=1e-3)


@pytest.mark.parametrize(("opened", "shares"), [((10.0,), (0.6,)), ((8.0,) * 7, (0.1,) * 7), ((100.0, 0.0, 0.0), (0.1,) * 3)])
def test_a_day_that_may_be_so_by_chance_is_completed(opened: tuple[float, ...], shares: tuple[float, ...]) -> None:
    terms = Terms(open_costs=np.array([opened]), completeness=shares)
    lacks = sum(10 * (1 - share) for share in shares)
    point = outlook(np.full((1, 400), 10.0), LAST, END, terms).point
    assert point == pytest.approx([100 + sum(opened) + lacks + 10 * (20 - len(opened))])


def test_of_what_is_planned_for_an_open_day_only_the_missing_share_is_to_come() -> None:
    seats = Overlay(LAST + timedelta(days=1), amount=10.0)
    found = outlook(np.full((1, 400), 10.0), LAST, END, Terms(open_costs=np.array([[15.0]]), completeness=(0.75,), overlays=(seats,)))
    assert found.point == pytest.approx([100 + 15 + 0.25 * 20 + 19 * 20])


def test_planned_changes_are_taken_from_their_day_on() -> None:
    history = np.full((2, 400), 10.0)
    planned = Overlay(date(2026, 11, 21), factor=1.5, rows=(0,))
    seats = Overlay(date(2026, 11, 21), date(2026, 11, 26), amount=4.0)
    found = outlook(history, LAST, END, Terms(overlays=(planned, seats)))
    assert found.point == pytest.approx([200 + 150 + 20, 300 + 20], rel=1e-6)


def test_a_change_that_holds_since_lately_is_not_learned_anew() -> None:
    """A price that rose yesterday: the days before are read at today's price, and yesterday is no surprise."""
    history = np.full((1, 400), 10.0)
    history[0, -1] = 20.0
    rose = outlook(history, LAST, END, Terms(overlays=(Overlay(LAST, factor=2.0),)))
    assert rose.point[0] == pytest.approx(90 + 20 + 400, rel=1e-6)
    ends = outlook(history, LAST, END, Terms(overlays=(Overlay(LAST, date(2026, 11, 21), factor=2.0),)))
    assert ends.point[0] == pytest.approx(90 + 20 + 200 + 100, rel=1e-6)


@pytest.mark.parametrize("today", range(8, 25))
def test_a_change_that_is_over_is_no_level(today: int) -> None:
    """A campaign from the 10th to the 20th made every day five times as dear and 40 more; other days cost 10."""
    campaign = Overlay(date(2026, 11, 10), date(2026, 11, 21), factor=5.0, amount=40.0)
    days = [date(2026, 12, 1) - timedelta(days=n) for n in range(430, 0, -1)]
    costs = np.array([[90.0 if campaign.holds(day) else 10.0 for day in days]])
    known = len(days) - 30 + today - 1
    last = date(2026, 11, today) - timedelta(days=1)
    terms = Terms(overlays=(campaign,))
    assert outlook(costs[:, :known], last, END, terms).point == pytest.approx([19 * 10 + 11 * 90])
    members = np.repeat(costs, 3, axis=0) / 3
    assert totals(members[:, :known], last, END, np.zeros(3, np.int64), terms).point == pytest.approx([19 * 10 + 11 * 90], rel=1e-3)


def test_a_factor_that_ends_leaves_the_amount_that_goes_on() -> None:
    overlays = (Overlay(date(2026, 11, 1), date(2026, 11, 21), factor=2.0), Overlay(date(2026, 11, 3), amount=10.0))
    costs = np.full((1, 400), 10.0)
    costs[0, -10:-8], costs[0, -8:] = 20.0, 30.0
    assert outlook(costs, LAST, END, Terms(overlays=overlays)).point == pytest.approx([2 * 20 + 18 * 30 + 10 * 20])


def test_a_change_that_never_came_is_not_taken_off_again() -> None:
    """Ten days of 100 more were declared, and the days went on at 10, or came."""
    launch = Overlay(date(2026, 10, 25), date(2026, 11, 4), amount=100.0)
    never, came = np.full((1, 400), 10.0), np.full((1, 400), 10.0)
    came[0, -17:-7] = 110.0
    found = outlook(np.concatenate([never, came]), LAST, END, Terms(overlays=(launch,)))
    assert found.point == pytest.approx([300, 3 * 110 + 7 * 10 + 200])
    late = Overlay(date(2026, 10, 1), factor=4.0)
    assert outlook(never, LAST, END, Terms(overlays=(late,))).point == pytest.approx([300]), "six weeks are enough to believe the days"


def test_what_is_planned_of_a_group_is_planned_of_their_sum() -> None:
    history = np.exp(np.random.default_rng(3).normal(0, 0.4, (30, 400))) * np.exp(np.arange(400) * 0.003)
    groups = np.array([0] * 20 + [1] * 10)
    plain = totals(history, LAST, END, groups)
    last_day, cent = date(2026, 11, 30), 0.01
    planned = totals(history, LAST, END, groups, Terms(overlays=(Overlay(last_day, amount=cent, rows=(0,)),)))
    assert planned.point - plain.point == pytest.approx([cent, 0])
    twice = totals(history, LAST, END, groups, Terms(overlays=(Overlay(LAST + timedelta(days=1), factor=2.0, rows=(1,)),)))
    assert twice.point[0] == pytest.approx(plain.point[0])
    assert twice.point[1] - twice.to_date[1] == pytest.approx(2 * (plain.point[1] - plain.to_date[1]))


def test_members_that_are_dear_today_say_nothing_of_their_sum() -> None:
    """Half of them have cost twice a day's worth already, the others nothing yet: the sum is as expected."""
    history, opened = np.full((10, 400), 10.0), np.array([[20.0]] * 5 + [[0.0]] * 5)
    assert totals(history, LAST, END, np.zeros(10, np.int64), Terms(open_costs=opened)).point == pytest.approx([3000], rel=1e-3)
    dear = totals(history, LAST, END, np.zeros(10, np.int64), Terms(open_costs=opened * 5))
    assert dear.point == pytest.approx([1000 + 500 + 1900], rel=1e-3)


def test_of_a_long_period_as_much_lies_above_what_is_expected_as_below() -> None:
    history = made(11, rows=30)[4:]
    far = outlook(history, LAST, date(2027, 11, 1), Terms(start=LAST + timedelta(days=1)))
    assert far.point == pytest.approx(far.quantile(0.5))
    assert far.probability_over(far.point) == pytest.approx(np.full(len(history), 0.5), abs=0.05)


def test_a_group_is_its_members_with_what_their_sums_lacked_before() -> None:
    """Where all grow, a sum of levels is too low; the factor takes up to 12 % of that."""
    grows = np.exp(np.arange(400) * 0.004) * np.exp(np.random.default_rng(5).normal(0, 0.2, (40, 400)))
    truth = np.exp(np.arange(400, 420) * 0.004).sum() * 40 + grows[:, -10:].sum()
    found = outlook(grows, LAST, END)
    group = totals(grows, LAST, END, np.zeros(40, np.int64))
    assert abs(group.point[0] - truth) < abs(found.point.sum() - truth)
    assert group.point[0] / found.point.sum() < 1.13


def test_ranges_are_never_added() -> None:
    history = np.exp(np.random.default_rng(5).normal(0, 0.7, (40, 400)))
    found, group = outlook(history, LAST, END), totals(history, LAST, END, np.zeros(40, np.int64))
    assert group.p90[0] - group.p10[0] < (found.p90 - found.p10).sum() / 2


def test_groups_are_independent_and_may_leave_out() -> None:
    history = made(4, rows=30)
    groups = np.array([0] * 10 + [1] * 10 + [-1] * 10)
    found = totals(history, LAST, END, groups)
    assert found.to_date == pytest.approx([np.nansum(history[:10, -10:]), np.nansum(history[10:20, -10:])])
    assert (found.p10 <= found.point).all()
    assert (found.point <= found.p90).all()


def test_a_period_that_began_before_the_history_needs_its_cost_to_date() -> None:
    history = np.full((1, 50), 10.0)
    with pytest.raises(ValueError, match="does not reach back"):
        outlook(history, LAST, END, Terms(start=date(2026, 1, 1)))
    assert outlook(history, LAST, END, Terms(date(2026, 1, 1), np.array([3140.0]))).point[0] == pytest.approx(3340)


def test_a_period_to_come_has_no_cost_to_date() -> None:
    found = outlook(np.full((1, 400), 10.0), LAST, date(2027, 1, 1))
    assert (found.to_date[0], round(found.point[0])) == (0, 310)


def test_no_series_is_no_forecast() -> None:
    found: Any = outlook(np.zeros((0, 100)), LAST, END)
    assert found.point.shape == found.p90.shape == (0,)


def test_what_was_seen_first_is_better_completed_than_trusted() -> None:
    """Day by day as a vendor delivers: the newest day is there by 35 to 90 %, the one before by 90 to 100 %; days older than that are final.

    Each morning only what was seen until then goes in; what is restated later is not there to be read.
    """
    rng = np.random.default_rng(7)
    final = np.exp(rng.normal(3, 1, (80, 1)) + rng.normal(0, 0.35, (80, 430)))
    lacks = np.stack([rng.uniform(0.9, 1.0, final.shape), rng.uniform(0.35, 0.9, final.shape)])
    usual = (0.95, 0.62)
    errors: dict[str, list[float]] = {"trusted": [], "dropped": [], "completed": []}
    for days in (400, 403, 406, 409):
        seen = final[:, :days].copy()
        seen[:, -2:] *= np.stack([lacks[0, :, days - 2], lacks[1, :, days - 1]], axis=1)
        today = LAST + timedelta(days=days - 400)
        actual = final[:, 390:420].sum(axis=1)
        complete, opened = today - timedelta(days=2), seen[:, -2:]
        told = {
            "trusted": outlook(seen, today, END),
            "dropped": outlook(seen[:, :-2], complete, END, Terms(open_costs=opened)),
            "completed": outlook(seen[:, :-2], complete, END, Terms(open_costs=opened, completeness=usual)),
        }
        for how, found in told.items():
            errors[how].append(float(np.abs(found.point - actual).sum() / actual.sum()))
    mean = {how: np.mean(values) for how, values in errors.items()}
    assert mean["completed"] < mean["dropped"] < mean["trusted"] * 1.05
    assert mean["completed"] < mean["trusted"]


def test_ranges_hold_what_they_promise_of_months_that_were_not_seen() -> None:
    rng = np.random.default_rng(11)
    level = np.cumsum(rng.normal(0, 0.04, (150, 431)), axis=1) + rng.normal(3, 1, (150, 1))
    costs = np.exp(level + rng.normal(0, 1, (150, 431)) * rng.uniform(0.1, 1.0, (150, 1)))
    held: list[Any] = []
    for day in (5, 10, 15, 20, 25):
        found = outlook(costs[:, : 401 + day], date(2026, 10, 1) + timedelta(days=day - 1), date(2026, 10, 31))
        actual = costs[:, 401:431].sum(axis=1)
        held.append([(found.p10 <= actual) & (actual <= found.p90), (found.p2_5 <= actual) & (actual <= found.p97_5)])
    shares = np.mean(np.array(held), axis=(0, 2))
    assert shares[0] == pytest.approx(0.8, abs=0.05)
    assert shares[1] == pytest.approx(0.95, abs=0.03)


def test_budget_periods_that_end_within_a_month_are_replayed_every_four_weeks() -> None:
    history = np.exp(np.random.default_rng(9).normal(0, 0.4, (40, 400))) * 10
    week = outlook(history, date(2026, 11, 10), date(2026, 11, 16), Terms(start=date(2026, 11, 9)))
    assert len(week.shared.scores) > 60 + 40 * 5
    assert np.median(week.p90 - week.p10) < 70


def test_a_change_that_takes_everything_away_is_refused() -> None:
    with pytest.raises(ValueError, match="multiplies by more than 0"):
        Overlay(LAST, factor=0.0)

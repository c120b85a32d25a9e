"""Anomalies: each channel sees what it is for, and each trap of the calendar stays silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.domain.almanac import Almanac
from bot.domain.anomaly import Anomaly, History, Members, sorted_out
from bot.domain.detection import FLOOR, anomalies, fitted
from bot.domain.episode import Channel
from bot.domain.outlier import discoveries, outliers
from bot.domain.thresholds import USUAL, episodes

LAST = date(2026, 11, 20)
"""A Friday."""
COUNT = 400


def dates(last: date = LAST, count: int = COUNT) -> list[date]:
    return [last - timedelta(days=count - 1 - i) for i in range(count)]


def team(
    last: date = LAST, level: float = 200.0, noise: float = 0.15, weekend: float = 0.3, seed: int = 1, count: int = COUNT
) -> NDArray[np.float64]:
    """One team that works less on weekends."""
    week = np.array([weekend if day.weekday() >= 5 else 1.0 for day in dates(last, count)])
    return level * week * np.random.default_rng(seed).lognormal(0, noise, count)


def history(cost: NDArray[np.float64], last: date = LAST, **more: NDArray[np.float64]) -> History:
    rows = np.atleast_2d(cost)
    names = tuple(f"team {i}" for i in range(len(rows)))
    return History(names, last, rows, **{name: np.atleast_2d(values) for name, values in more.items()})  # type: ignore[arg-type]


def every_alarm(cost: NDArray[np.float64], last: date, days: int, almanac: Almanac | None = None) -> list[Anomaly]:
    """Return what the mornings of the last *days* days found; none of them reads what comes after (held below)."""
    return anomalies(history(cost, last), almanac=almanac, judged=days)


@pytest.mark.parametrize(("days", "factor", "told"), [(8, 1, []), (25, 1, []), (25, 20, ["a@x.example"])])
def test_whose_cost_was_expected_is_judged_by_what_came_since(days: int, factor: int, told: list[str]) -> None:
    """Somebody at ten times their own, as was expected, is told when it is far more than that; not before enough is known."""
    cost = np.stack([team(level=level, noise=0.2, seed=int(level), weekend=1.0) for level in (20.0, 25.0, 30.0, 35.0)])
    cost[0, -days:] *= 10
    cost[0, -1] *= factor
    declared = np.zeros((1, COUNT), dtype=np.bool_)
    declared[0, -days : -days + 5] = True
    people = Members(("a@x.example", "b@x.example", "c@x.example", "d@x.example"), np.zeros(4, dtype=np.int64), cost)
    group = history(cost.sum(axis=0), declared=declared)

    anew = replace(people, anew=np.array([COUNT - days, 0, 0, 0]))
    assert [each.who[0].name for each in anomalies(group, people=anew)] == told
    assert anomalies(group, people=people) or days > 8, "without a word of anybody it is told"


# What must not alarm


@pytest.mark.parametrize("seed", range(4))
def test_an_ordinary_quarter_is_silent(seed: int) -> None:
    assert every_alarm(team(seed=seed), LAST, 91) == []


@pytest.mark.parametrize("on", ["last day", "last working day", "first working day"])
def test_a_month_end_batch_is_silent(on: str) -> None:
    """The job ran at eight turns of a month before, be it on the last day, the last working day or the first."""
    last = date(2026, 12, 5)
    days = dates(last)
    cost = team(last)
    cost[[_is(on, day) for day in days]] *= 6
    assert every_alarm(cost, last, 20) == []


def _is(on: str, day: date) -> bool:
    following = day + timedelta(days=1)
    if on == "last day":
        return following.month != day.month
    if day.weekday() >= 5:
        return False
    if on == "last working day":
        ahead = [day + timedelta(days=i) for i in range(1, 4)]
        return next(d for d in ahead if d.weekday() < 5).month != day.month
    before = [day - timedelta(days=i) for i in range(1, 4)]
    return next(d for d in before if d.weekday() < 5).month != day.month


def company(last: date) -> NDArray[np.float64]:
    """Sixty teams: even and uneven ones, with and without weekends."""
    return np.stack([team(last, noise=(0.05, 0.15, 0.3, 0.5)[i % 4], weekend=(0.02, 0.3, 1.0)[i % 3], seed=i) for i in range(60)])


@pytest.mark.parametrize("on", ["last day", "last working day", "first working day"])
@pytest.mark.parametrize("times", [3.0, 10.0])
def test_batches_that_vary_keep_to_the_budget(on: str, times: float) -> None:
    """Each month's job costs a fifth more or less than the last; twelve days around it hold no more than their share of alarms."""
    last = date(2026, 12, 5)
    is_batch = np.array([_is(on, day) for day in dates(last)])
    amounts = times * np.random.default_rng(4).lognormal(0, 0.2, (60, COUNT))
    cost = company(last) * np.where(is_batch, amounts, 1.0)
    assert len(anomalies(history(cost, last), judged=12)) <= 60 * 12 / 91


def test_back_from_a_summer_nobody_declared_keeps_to_the_budget() -> None:
    last = date(2026, 9, 15)
    is_away = np.array([date(2026, 8, 1) <= day <= date(2026, 8, 23) for day in dates(last)])
    cost = company(last) * np.where(is_away, 0.3, 1.0)
    assert len(anomalies(history(cost, last), judged=25)) <= 60 * 25 / 91


def test_growth_twentyfold_keeps_to_the_budget() -> None:
    """A steep roll-out within a quarter."""
    cost = company(LAST) * (0.05 + 0.95 / (1 + np.exp(-(np.arange(COUNT) - 330) / 25)))
    assert len(anomalies(history(cost), judged=91)) <= 60 / 2


def test_a_batch_ten_times_its_usual_month_end_alarms() -> None:
    """What is allowed at a turn of the month is what earlier turns reached, not more."""
    last = date(2026, 11, 30)
    cost = team(last)
    cost[[(day + timedelta(days=1)).month != day.month for day in dates(last)]] *= 3
    cost[-1] *= 4
    assert [a.since for a in anomalies(history(cost, last), judged=1)] == [last]


@pytest.mark.parametrize("knows", [True, False])
def test_a_monday_after_a_holiday_is_silent(knows: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Nobody works from Thursday to Sunday; on Monday everybody does, and catches up a little."""
    last = date(2026, 11, 30)
    free = {date(2026, 11, 26), date(2026, 11, 27)}
    cost = team(last)
    days = dates(last)
    cost[[day in free for day in days]] *= 0.03
    cost[-1] = 200.0 * 1.25
    assert every_alarm(cost, last, 7, Almanac(frozenset(free)) if knows else None) == []


def test_a_slow_adoption_is_silent() -> None:
    """From two people to twenty within a year: growth is no surprise."""
    cost = team() * np.linspace(0.1, 1.0, COUNT)
    assert every_alarm(cost, LAST, 120) == []


def test_people_who_begin_one_after_another_are_silent() -> None:
    starts = np.linspace(-60, COUNT - 20, 25).astype(int)
    rng = np.random.default_rng(3)
    each = np.array([np.where(np.arange(COUNT) < start, 0.0, 9 * rng.lognormal(0, 0.3, COUNT)) for start in starts])
    members = Members(tuple(f"p{i}" for i in range(25)), np.zeros(25, dtype=np.int64), each)
    assert anomalies(history(each.sum(axis=0)), people=members, things=members, judged=60) == []


def test_a_restated_yesterday_is_judged_as_it_stands_now() -> None:
    """A day first told at 40 % and then in full was never unusual; one restated upwards is."""
    cost = team()
    first = cost.copy()
    first[-1] *= 0.4
    assert anomalies(history(first)) == []
    assert anomalies(history(cost)) == []
    restated = cost.copy()
    restated[-2] *= 6
    assert [a.since for a in anomalies(history(restated))] == [LAST - timedelta(days=1)]


def test_a_restatement_takes_an_alarm_back() -> None:
    cost = team()
    wrong = cost.copy()
    wrong[-2] *= 6
    assert anomalies(history(wrong))
    assert anomalies(history(cost)) == []


def test_an_announced_price_is_told_as_price() -> None:
    """With a list the cost is judged at today's prices, and the step is told as what it is: no alarm."""
    cost, index = team(), np.full(COUNT, 1 / 1.5)
    cost[-5:] *= 1.5
    index[-5:] = 1.0
    tokens = cost / np.where(np.arange(COUNT) >= COUNT - 5, 1.5, 1.0)
    found = anomalies(history(cost, tokens=tokens, index=index))
    assert [a.channels for a in found] == [(Channel.ANNOUNCED,)]
    assert not found[0].is_alarm
    assert found[0].since == LAST - timedelta(days=4)
    assert found[0].so_far == pytest.approx(cost[-5:].sum() / 3)


def test_an_announced_price_makes_nobody_stand_out() -> None:
    """Everybody's cost doubles overnight, and nobody did anything."""
    members, index = crowd(), np.full((6, COUNT), 0.5)
    members.cost[:, -3:] *= 2
    index[:, -3:] = 1.0
    found = anomalies(replace(teams_of(members), index=index), people=members)
    assert {a.channels for a in found} == {(Channel.ANNOUNCED,)}


def test_a_price_nobody_announced_is_told_as_price_first() -> None:
    cost = team()
    tokens = cost * 1e5 * np.random.default_rng(5).lognormal(0, 0.05, COUNT)
    cost[-5:] *= 1.6
    found = anomalies(history(cost, tokens=tokens))
    assert len(found) == 1
    assert found[0].channels[0] is Channel.MIX


@pytest.mark.parametrize("knows", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_change_of_year_is_silent(knows: bool, seed: int) -> None:  # noqa: FBT001 - a parameter of a test
    """Two quiet weeks, then everybody is back, whether or not the almanac knows of them."""
    last = date(2027, 1, 20)
    days = dates(last)
    away = frozenset(day for day in days if (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 3))
    cost = np.where([day in away for day in days], 0.15, 1.0) * team(last, seed=seed)
    almanac = Almanac(frozenset({date(2026, 12, 25), date(2027, 1, 1)}), away) if knows else None
    assert every_alarm(cost, last, 35, almanac) == []


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2026, 3, 29)])
def test_a_day_of_23_or_25_hours_is_silent(day: date) -> None:
    """A vendor that counts local days puts an hour more, or less, into the day when clocks change."""
    last = day + timedelta(days=3)
    cost = team(last, weekend=0.9)
    cost[-4] *= 25 / 24 if day.month == 10 else 23 / 24
    assert every_alarm(cost, last, 6) == []


def test_a_vendor_three_days_late_is_silent_until_its_days_are_final_and_judged_then() -> None:
    """Open days are neither low nor high; when they come, they are judged although later days exist."""
    cost = team()
    late = cost.copy()
    late[-3:] = np.nan
    assert anomalies(history(late)) == []
    cost[-3] *= 8
    assert [a.since for a in anomalies(history(cost))] == [LAST - timedelta(days=2)]


def test_days_without_data_do_not_teach() -> None:
    """A week that never came leaves the level where it was."""
    cost = team()
    cost[-12:-5] = np.nan
    assert anomalies(history(cost)) == []


def test_a_young_team_is_not_judged() -> None:
    cost = team()
    cost[:-10] = 0.0
    assert anomalies(history(cost)) == []


def test_what_costs_less_than_the_floor_is_silent() -> None:
    cost = team(level=0.5)
    cost[-1] = 24
    assert anomalies(history(cost)) == []


# What must alarm


def test_a_spike_alarms_the_same_day() -> None:
    cost = team()
    cost[-1] *= 5
    (found,) = anomalies(history(cost))
    assert Channel.SPIKE in found.channels
    assert (found.since, found.until) == (LAST, LAST)
    assert found.so_far == pytest.approx(cost[-1] * 0.8, rel=0.2)
    assert found.so_far + found.expected == pytest.approx(cost[-1])


def test_two_high_days_in_a_row_need_less_than_one() -> None:
    """What runs away on Thursday and Friday is seen where neither would be by itself, nor both with a usual day between."""
    quiet = team(noise=0.5)
    high = 2.86 * quiet[-50:-10].mean()
    told = []
    for days in ([-1], [-2, -1], [-3, -1]):
        cost = quiet.copy()
        cost[days] = high
        told.append(any(Channel.SPIKE in each.channels for each in anomalies(history(cost), judged=1)))
    assert told == [False, True, False]


def test_a_leak_alarms_as_drift_and_is_dated_back() -> None:
    cost = team(weekend=1.0)
    cost[-20:] *= 1.05 ** np.arange(1, 21)
    found = [a for a in every_alarm(cost, LAST, 20) if Channel.DRIFT in a.channels]
    assert found
    assert LAST - timedelta(days=22) <= found[-1].since < found[-1].until


def test_a_cache_that_breaks_alarms_as_mix_while_spend_looks_ordinary() -> None:
    """Half the tokens at twice the price: the bill says nothing."""
    cost = team(noise=0.3)
    tokens = cost * 1e5 * np.random.default_rng(5).lognormal(0, 0.08, COUNT)
    tokens[-4:] /= 2
    (found,) = anomalies(history(cost, tokens=tokens))
    assert found.channels == (Channel.MIX,)
    assert found.so_far == pytest.approx(cost[-4:].sum() / 2, rel=0.3)


@pytest.mark.parametrize(("cost_a_day", "is_told"), [(60.0, True), (24.0, False), (26.0, True)])
def test_a_new_key_that_matters_alarms_the_next_run(cost_a_day: float, is_told: bool) -> None:  # noqa: FBT001 - a parameter of a test
    key = np.zeros((1, COUNT))
    key[0, -1] = cost_a_day
    cost = team(level=150.0) + key[0]
    found = anomalies(history(cost), things=Members(("key 7",), np.zeros(1, dtype=np.int64), key), judged=1)
    assert any(Channel.NEW in a.channels and a.things == ("key 7",) for a in found) == is_told


def test_a_new_key_is_told_when_it_begins_to_matter_and_not_every_day() -> None:
    key = np.zeros((1, COUNT))
    key[0, -20:-10], key[0, -10:] = 2.0, 90.0
    cost, told = team() + key[0], []
    for back in reversed(range(20)):
        end = COUNT - back
        members = Members(("key 7",), np.zeros(1, dtype=np.int64), key[:, :end])
        found = anomalies(history(cost[:end], LAST - timedelta(days=back)), things=members)
        new, _ = sorted_out([a for a in found if Channel.NEW in a.channels], told)
        told += new
    assert len(told) == 1
    assert told[0].since == LAST - timedelta(days=19)


def crowd(people: int = 60, seed: int = 2) -> Members:
    """People of six teams, active three days in four."""
    rng = np.random.default_rng(seed)
    usual = rng.lognormal(np.log(9), 0.7, (people, 1))
    cost = usual * rng.lognormal(0, 0.7, (people, COUNT)) * (rng.random((people, COUNT)) < 0.75)
    return Members(tuple(f"person {i}" for i in range(people)), np.arange(people) % 6, cost)


def teams_of(members: Members) -> History:
    cost = np.array([members.cost[members.series == i].sum(axis=0) for i in range(6)])
    return history(cost)


def test_one_person_far_above_their_usual_is_named() -> None:
    members = crowd()
    members.cost[14, -1] += 700
    (found,) = anomalies(teams_of(members), people=members, judged=1)
    assert found.subject == "team 2"
    assert Channel.PERSON in found.channels
    assert found.who[0].name == "person 14"
    assert found.who[0].excess == pytest.approx(700, rel=0.1)


def test_of_one_person_s_figure_that_person_is_named_with_it() -> None:
    """Others of the team may have cost more than their mean: their figures are of another kind."""
    members = crowd()
    members.cost[14, -1] += 130
    members.cost[[2, 8], -1] = 1.9 * members.cost[[2, 8]].mean()
    found = [each for each in anomalies(teams_of(members), people=members, judged=1) if each.subject == "team 2"]
    assert [each.channels[0] for each in found] == [Channel.PERSON]
    assert [(part.name, part.excess) for part in found[0].who] == [("person 14", found[0].so_far)]


@pytest.mark.parametrize(("cost_a_day", "since"), [(180.0, LAST - timedelta(days=2)), (30.0, LAST - timedelta(days=4))])
def test_what_is_mostly_something_new_begins_with_it(cost_a_day: float, since: date) -> None:
    """The team was a little dear on the days before; a new key that is a small part of it moves nothing."""
    cost, key = team(noise=0.02, weekend=1.0), np.zeros(COUNT)
    cost[-5:-3] *= 1.2
    key[-3:] = cost_a_day
    cost[-3:] += 180.0
    things = Members(("sk-1",), np.zeros(1, dtype=np.int64), key[None])
    (found,) = anomalies(history(cost), things=things, judged=3)
    assert found.channels[0] is Channel.SPIKE or found.channels[0] is Channel.NEW
    assert found.since == since


def test_a_crowd_of_ordinary_people_is_silent() -> None:
    members = crowd()
    told, _ = outliers(members.cost.T, COUNT - 91, FLOOR)
    assert told.sum() <= 6  # six teams, one quarter: at most one each


def test_two_dear_days_in_a_row_are_rarer_than_two_apart() -> None:
    told = []
    for days in ([-1], [-2, -1], [-3, -1]):
        members = crowd()
        members.cost[14, days] += 60
        told.append(bool(outliers(members.cost.T, COUNT - 1, FLOOR)[0][0, 14]))
    assert told == [False, True, False]


def test_more_money_needs_less_proof() -> None:
    """The same surprise, of people who cost ten times as much."""
    told = []
    for scale in (1, 10):
        members = crowd()
        members.cost[14, -1] += 60
        told.append(bool(outliers(scale * members.cost.T, COUNT - 1, FLOOR)[0][0, 14]))
    assert told == [False, True]


def test_the_first_day_that_is_judged_is_judged_as_any_other() -> None:
    """It leans on the day before it, however few days are judged at a time."""
    members = crowd()
    members.cost[14, -9:-1:2] += 60
    members.cost[14, -4] += 60
    long, _ = outliers(members.cost.T, COUNT - 10, FLOOR)
    for back in range(1, 10):
        short, _ = outliers(members.cost.T[: COUNT - back + 1], COUNT - back, FLOOR)
        assert (short[0] == long[10 - back]).all()


def test_somebody_new_is_judged_beside_high_peers() -> None:
    members = crowd()
    members.cost[14, :-3] = 0.0
    members.cost[14, -3:] = 30.0
    told, _ = outliers(members.cost.T, COUNT - 1, FLOOR)
    assert not told[0, 14]
    members.cost[14, -1] = 2_000.0
    told, _ = outliers(members.cost.T, COUNT - 1, FLOOR)
    assert told[0, 14]


# What an anomaly says, and how often


def test_the_same_episode_is_told_once() -> None:
    """A runaway of two weeks, looked at every morning."""
    cost = team()
    cost[-14:] *= 4
    told: list[Anomaly] = []
    news = []
    for back in reversed(range(14)):
        found = anomalies(history(cost[: COUNT - back], LAST - timedelta(days=back)))
        new, going_on = sorted_out(found, told)
        news += new
        told = [*new, *going_on]
    assert len(news) == 1
    assert news[0].since == LAST - timedelta(days=13)
    assert told[0].since == news[0].since
    assert told[0].so_far > news[0].so_far


def test_a_second_episode_after_a_quiet_week_is_told() -> None:
    cost = team()
    cost[-1] *= 5
    cost[-12] *= 5
    first, second = sorted(anomalies(history(cost), judged=14), key=lambda a: a.since)
    assert sorted_out([second], [first]) == ([second], [])
    assert (second.since - first.until).days == 11


def test_an_episode_projects_the_month_with_and_without_an_end() -> None:
    """Ten days before the end: going on costs ten more days of it, being over none."""
    cost = team(noise=0.02, weekend=1.0)
    cost[-3:] += 800
    (goes_on,) = anomalies(history(cost))
    cost[-1] -= 800
    over = next(a for a in anomalies(history(cost)))
    assert goes_on.month_end == pytest.approx(30 * 200 + 13 * 800, rel=0.1)
    assert over.month_end == pytest.approx(30 * 200 + 2 * 800, rel=0.1)


def test_what_people_expected_is_the_new_level() -> None:
    """A launch tripled the cost; said to be expected, it neither alarms nor hides what comes on top."""
    cost = team()
    cost[-10:] *= 3
    assert anomalies(history(cost), judged=3)
    declared = np.zeros((1, COUNT), dtype=np.bool_)
    declared[0, -10:-5] = True
    assert anomalies(history(cost, declared=declared), judged=3) == []  # type: ignore[arg-type]
    cost[-1] *= 4
    assert anomalies(history(cost, declared=declared), judged=1)  # type: ignore[arg-type]


def test_what_was_expected_and_is_over_is_forgotten() -> None:
    """One big training run, declared; back at the old level, a runaway is seen at its true size."""
    cost = team()
    cost[-12:-10] *= 10
    cost[-1] *= 4
    declared = np.zeros((1, COUNT), dtype=np.bool_)
    declared[0, -12:-10] = True
    (found,) = anomalies(history(cost, declared=declared))  # type: ignore[arg-type]
    assert found.since == LAST
    assert found.expected == pytest.approx(200, rel=0.35)


def test_what_is_told_is_what_made_it_worth_a_word() -> None:
    """Money is asked for over three days; an alarm on one of them tells those that it needed."""
    cost = np.stack([team(level=30.0, noise=0.2, weekend=0.6, seed=seed) for seed in range(60)])
    tokens = cost * 1e5 * np.random.default_rng(6).lognormal(0, 0.05, cost.shape)
    tokens[:, -3:] /= 1.7
    found = anomalies(history(cost, tokens=tokens), judged=1)
    assert len(found) > 20
    assert min(each.so_far for each in found) >= FLOOR


def test_an_anomaly_does_not_teach_the_baseline() -> None:
    """After three days of tenfold cost the next tenfold day is still told, and an ordinary one is not."""
    cost = team()
    cost[-6:-3] *= 10
    assert anomalies(history(cost), judged=1) == []
    cost[-1] *= 5
    assert [a.until for a in anomalies(history(cost), judged=1)] == [LAST]


# Edges


def test_nothing_is_found_where_there_is_nothing() -> None:
    nobody = Members((), np.zeros(0, dtype=np.int64), np.zeros((0, 50)))
    assert anomalies(History((), LAST, np.zeros((0, 50)), np.zeros((0, 50))), people=nobody, things=nobody) == []
    assert anomalies(history(np.zeros(50))) == []
    assert anomalies(history(np.array([500.0]))) == []
    assert anomalies(history(np.full(50, np.nan))) == []


def test_a_credit_larger_than_the_day_is_no_surprise() -> None:
    """A correction may make a day negative; it counts as a day without cost, and teaches as little as any."""
    cost = team()
    cost[-4] = -3_000.0
    assert anomalies(history(cost, tokens=np.abs(cost) * 1e5)) == []


# Properties


@given(st.integers(0, 2**32 - 1), st.sampled_from([10.0, 1000.0]))
@settings(max_examples=15, deadline=None)
def test_scale_changes_nothing_when_the_floor_is_scaled(seed: int, scale: float) -> None:
    """The same company in another currency."""
    cost = team(seed=seed)
    cost[-1] *= 3
    cost[-9:-4] *= 2
    here = anomalies(history(cost))
    there = anomalies(history(cost * scale), floor=FLOOR * scale)
    assert [(a.channels, a.since, a.until) for a in here] == [(a.channels, a.since, a.until) for a in there]
    assert [a.so_far * scale for a in here] == pytest.approx([a.so_far for a in there])


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
@settings(max_examples=15, deadline=None)
def test_nothing_after_the_judged_day_is_read(seed: int, later: int) -> None:
    """What a morning found does not depend on what the days after it bring."""
    rng = np.random.default_rng(seed)
    cost = team(seed=seed)
    cost[rng.integers(300, COUNT, 4)] *= 6
    end = COUNT - later
    then = anomalies(history(cost[:end], LAST - timedelta(days=later)))
    cost[end:] = rng.lognormal(5, 2, later)
    again = anomalies(history(cost, LAST).recent(COUNT), judged=10 + later)
    kept = {(a.subject, a.since) for a in again}
    assert {(a.subject, a.since) for a in then} <= kept


def test_a_series_is_judged_alike_alone_and_among_others() -> None:
    cost = np.stack([team(seed=seed, level=level) for seed, level in enumerate([50, 5_000, 200, 90_000])])
    cost[1, -1] *= 4
    cost[2, -8:] *= 2.5
    together = {a.subject: a for a in anomalies(history(cost))}
    for row in (1, 2):
        (alone,) = anomalies(History((f"team {row}",), LAST, cost[row : row + 1]))
        among = together[f"team {row}"]
        assert (alone.channels, alone.since, alone.until) == (among.channels, among.since, among.until)
        assert (alone.so_far, alone.expected, alone.month_end) == pytest.approx((among.so_far, among.expected, among.month_end))
    assert set(together) == {"team 1", "team 2"}


def test_thresholds_keep_to_the_budget_they_were_fitted_to() -> None:
    """Replayed over its own history, a company of uneven teams gets about as many false alarms as it asked for."""
    rng = np.random.default_rng(8)
    cost = np.stack([team(seed=i, noise=rng.uniform(0.1, 0.9)) * rng.choice([1, 1, 1, 1, 3], COUNT) for i in range(80)])
    limits = {budget: fitted(history(cost), budget_per_quarter=budget) for budget in (0.25, 1.0, 4.0)}
    told = {budget: len(anomalies(history(cost), limits=limit, judged=91)) for budget, limit in limits.items()}
    assert told[0.25] < told[1.0] < told[4.0]
    assert told[1.0] <= 1.3 * 80
    with pytest.raises(ValueError, match="above 0"):
        fitted(history(cost), budget_per_quarter=0.0)


def test_a_short_history_keeps_to_usual_thresholds() -> None:
    limits = fitted(history(team()))
    assert limits.steady == pytest.approx(USUAL.steady, rel=0.25)


def test_episodes_are_alarms_at_most_a_week_apart() -> None:
    told = np.zeros((30, 2), dtype=np.bool_)
    told[[3, 10, 17], 0] = True
    told[[3, 11, 25], 1] = True
    assert episodes(told).tolist() == [1, 3]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0.01, 0.3))
def test_discoveries_are_those_of_benjamini_and_hochberg(chances: list[float], rate: float) -> None:
    """Held against the definition: the largest k with p(k) <= k/m q, and all that are no larger."""
    found = discoveries(np.array(chances), rate)
    ascending = sorted(chances)
    largest = max((p for k, p in enumerate(ascending, 1) if p <= rate * k / len(chances)), default=-1.0)
    assert found.tolist() == [p <= largest for p in chances]


def test_who_was_not_there_takes_no_part_in_discoveries() -> None:
    """Were the absent counted, 0.02 would not pass among fifty."""
    chances = np.full(50, np.nan)
    chances[:2] = [0.02, 0.9]
    assert discoveries(chances, 0.05).sum() == 1
    assert discoveries(np.full(3, np.nan), 0.05).sum() == 0


def test_a_history_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="tokens of a history"):
        History(("a",), LAST, np.zeros((1, 5)), tokens=np.zeros((1, 4)))

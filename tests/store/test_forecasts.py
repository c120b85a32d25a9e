"""Forecasts: what holds on every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from months import usd

from adapters.store.database import BUSY_MS, Database
from adapters.store.forecasts import SqlForecasts
from bot.domain.foretold import Foretold
from bot.domain.milestone import kept_since
from bot.errors import StoreError
from bot.ports import Forecasts
from bot.services.rehearsal import MemoryForecasts

NOVEMBER, OCTOBER = date(2026, 11, 1), date(2026, 10, 1)
DAY = date(2026, 11, 15)
ANA = Foretold(
    "everyone", "person ana@x.example", NOVEMBER, DAY, usd("104.25"), usd(90), usd(130), usd(100), Decimal("0.625"),
    date(2026, 11, 24), date(2026, 11, 28), None, 70,
)  # fmt: skip


@pytest.fixture(params=["fake", "store"])
def forecasts(request: pytest.FixtureRequest, database: Database) -> Forecasts:
    return MemoryForecasts() if request.param == "fake" else SqlForecasts(database)


def test_a_forecast_comes_back_as_it_went(forecasts: Forecasts) -> None:
    forecasts.keep([ANA])
    assert forecasts.find("everyone", ANA.subject, NOVEMBER) == ANA
    assert forecasts.newest(NOVEMBER) == {("everyone", ANA.subject, NOVEMBER): ANA}
    assert forecasts.find("everyone", "person ben@x.example", NOVEMBER) is None


def test_of_one_day_the_last_word_stays_and_of_many_days_the_newest_is_found(forecasts: Forecasts) -> None:
    later, corrected = replace(ANA, as_of=DAY + timedelta(days=1), point=usd(99)), replace(ANA, point=usd(101))
    forecasts.keep([later, ANA])
    forecasts.keep([corrected])
    assert forecasts.find("everyone", ANA.subject, NOVEMBER) == later
    assert forecasts.find("everyone", ANA.subject, NOVEMBER, DAY) == corrected
    assert forecasts.find("everyone", ANA.subject, NOVEMBER, DAY - timedelta(days=1)) is None
    assert forecasts.of_period(NOVEMBER, [DAY]) == [corrected]
    assert forecasts.newest(NOVEMBER)["everyone", ANA.subject, NOVEMBER] == later


def test_periods_and_subjects_are_kept_apart(forecasts: Forecasts) -> None:
    ben, before = replace(ANA, subject="person ben@x.example"), replace(ANA, period_start=OCTOBER, as_of=date(2026, 10, 15))
    forecasts.keep([ANA, ben, before])
    assert forecasts.newest(NOVEMBER).keys() == {("everyone", ANA.subject, NOVEMBER), ("everyone", ben.subject, NOVEMBER)}
    assert forecasts.of_period(OCTOBER, [date(2026, 10, 15), DAY]) == [before]


def test_old_days_are_forgotten_but_for_the_milestones(forecasts: Forecasts) -> None:
    forecasts.keep([replace(ANA, as_of=date(2026, 11, day)) for day in range(1, 21)])
    assert forecasts.forget(date(2026, 11, 13), kept_since) == 10
    kept = {one.as_of.day for one in forecasts.of_period(NOVEMBER, [date(2026, 11, day) for day in range(1, 31)])}
    assert kept == {5, 10, *range(13, 21)}


def test_of_the_week_of_a_milestone_the_first_forecast_of_each_subject_is_kept(forecasts: Forecasts) -> None:
    """A quarter of the quarter from November on is known on the 23rd; Ben's source delivers once a week."""
    daily = [replace(ANA, as_of=date(2026, 11, day)) for day in range(1, 31)]
    ben = [replace(ANA, subject="person ben@x.example", as_of=date(2026, 11, day)) for day in (12, 19, 26)]
    december = replace(ANA, period_start=date(2026, 12, 1), as_of=date(2026, 12, 24))
    forecasts.keep([*daily, *ben, december])
    assert forecasts.forget(date(2027, 1, 1), kept_since) == 30 - 6 + 2
    kept = forecasts.of_period(NOVEMBER, [one.as_of for one in daily])
    assert sorted(one.as_of.day for one in kept if one.subject == ANA.subject) == [5, 10, 15, 20, 23, 25]
    assert [one.as_of.day for one in kept if one.subject != ANA.subject] == [26]
    assert forecasts.of_period(december.period_start, [december.as_of]) == [december]
    assert forecasts.forget(date(2027, 1, 1), kept_since) == 0


def test_what_was_shown_stays_when_its_day_is_foretold_anew_and_forgotten(forecasts: Forecasts) -> None:
    """The second is no milestone; what the ninth said was never shown."""
    shown, other, anew = (replace(ANA, as_of=date(2026, 11, day), point=usd(point)) for day, point in ((2, 97), (9, 98), (2, 99)))
    forecasts.keep([shown, other])
    assert forecasts.note_shown([shown]) == 1
    forecasts.keep([anew])
    assert forecasts.find("everyone", ANA.subject, NOVEMBER, shown.as_of) == anew, "what is said next is the newest"
    assert forecasts.forget(date(2026, 12, 1), kept_since) == 2
    assert forecasts.shown(NOVEMBER) == [shown], "what was said is judged"


def test_of_what_was_shown_on_one_day_the_last_stays_and_is_written_once(forecasts: Forecasts) -> None:
    raised, next_day = ANA.at_least(usd(95)), replace(ANA, as_of=DAY + timedelta(days=1))
    before = replace(ANA, period_start=OCTOBER, as_of=date(2026, 10, 15))
    assert forecasts.note_shown([ANA, ANA, next_day, before]) == 3, "two readers of one figure"
    assert forecasts.note_shown([ANA, next_day], is_hurried=True) == 0
    assert forecasts.note_shown([ANA, raised]) == 1
    assert sorted(forecasts.shown(NOVEMBER), key=lambda one: one.as_of) == [raised, next_day]
    assert forecasts.shown(OCTOBER) == [before]
    assert forecasts.of_period(NOVEMBER, [DAY]) == [], "what was shown is not what was foretold last"


def test_nobody_who_is_in_a_hurry_waits_for_a_load(sqlite: Database) -> None:
    forecasts = SqlForecasts(sqlite)
    forecasts.note_shown([ANA])
    with sqlite.writing():
        assert forecasts.note_shown([ANA], is_hurried=True) == 0, "what is noted needs no writer"
        with pytest.raises(StoreError):
            forecasts.note_shown([replace(ANA, point=usd(1))], is_hurried=True)
    assert forecasts.note_shown([replace(ANA, point=usd(1))]) == 1
    with sqlite.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == BUSY_MS


def test_nothing_is_kept_of_nothing(forecasts: Forecasts) -> None:
    forecasts.keep([])
    assert forecasts.note_shown([]) == 0
    assert forecasts.newest(date(2000, 1, 1)) == {}


def test_what_is_kept_beside_what_is_noted_is_kept_with_it_or_not_at_all(forecasts: Forecasts) -> None:
    alone = replace(ANA, budget="of months")
    assert forecasts.note_shown([alone, ANA], kept=[alone]) == 2
    assert forecasts.newest(NOVEMBER) == {("of months", ANA.subject, NOVEMBER): alone}
    assert forecasts.note_shown([alone], kept=[replace(alone, point=usd(1))]) == 0
    assert forecasts.newest(NOVEMBER) == {("of months", ANA.subject, NOVEMBER): alone}


def test_what_is_worked_out_anew_takes_the_place_of_all_that_knew_more_or_is_of_others(forecasts: Forecasts) -> None:
    """A source is late, so that less is known than a day ago; Ben's cost is somebody else's by now."""
    ben, team = replace(ANA, subject="person ben@x.example"), replace(ANA, budget="search", subject="team search")
    first, later, old = (replace(ANA, as_of=date(2026, 11, day)) for day in (5, 18, 10))
    forecasts.keep([first, old, ANA, later, ben, replace(ben, as_of=date(2026, 11, 5)), team])
    now = replace(ANA, as_of=date(2026, 11, 14), point=usd(99))
    forecasts.renew([now], {("everyone", NOVEMBER)}, date(2026, 11, 8))
    assert forecasts.find("everyone", ANA.subject, NOVEMBER) == now
    assert forecasts.find("everyone", ANA.subject, NOVEMBER, date(2026, 11, 13)) == old
    assert forecasts.find("everyone", ben.subject, NOVEMBER) == replace(ben, as_of=date(2026, 11, 5)), "a milestone stays"
    assert forecasts.find("search", team.subject, NOVEMBER) == team
    forecasts.renew([], set(), date(2026, 11, 8))
    assert forecasts.find("everyone", ANA.subject, NOVEMBER) == now

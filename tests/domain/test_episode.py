"""Episodes: what goes on, what has changed by enough to say so, and what a correction undoes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain import steps
from bot.domain.alert import Found, Identity, Kind, Reason, Says, Seen, State
from bot.domain.episode import Basis, Channel, Episode, Share
from bot.domain.money import Money
from bot.domain.worktime import after_working_days

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def usd(amount: int) -> Money:
    return Money(amount * 10**9, "USD")


EPISODE = Episode((Channel.SPIKE,), date(2026, 11, 10), date(2026, 11, 12), date(2026, 11, 17), usd(300), usd(800))
SEEN = Seen(usd(500), None, NOW, usd(6000), episode=EPISODE)
FOUND = Found(Identity(Kind.ANOMALY, "", "team search", EPISODE.since), SEEN, needs_answer=True)
TOLD = replace(steps.crossed(None, FOUND, ("mia@x.example",), NOW + DAY, NOW).after, number=1)


@pytest.mark.parametrize(("since", "goes_on"), [(date(2026, 11, 13), True), (date(2026, 11, 19), True), (date(2026, 11, 20), False)])
def test_what_comes_within_a_week_belongs_to_it(since: date, *, goes_on: bool) -> None:
    assert replace(EPISODE, since=since, until=since + DAY).continues(EPISODE) is goes_on


def test_it_is_over_after_a_week_without_an_alarm() -> None:
    assert not replace(EPISODE, last=EPISODE.until + 7 * DAY).is_over
    assert replace(EPISODE, last=EPISODE.until + 8 * DAY).is_over


@pytest.mark.parametrize(("channel", "excess", "is_so"), [(Channel.MIX, 501, True), (Channel.MIX, 500, False), (Channel.SPIKE, 501, False)])
def test_more_for_the_same_use_is_not_more_than_usual(channel: Channel, excess: int, *, is_so: bool) -> None:
    """Half the tokens at twice the price cost what they always did."""
    assert replace(EPISODE, channels=(channel,)).basis(usd(excess)) is (Basis.PRICE if is_so else Basis.TEAM)


@pytest.mark.parametrize(
    ("channels", "basis"),
    [
        ((Channel.NEW, Channel.SPIKE), Basis.NEW),
        ((Channel.SPIKE, Channel.NEW), Basis.TEAM),
        ((Channel.PERSON,), Basis.PERSON),
        ((Channel.NEW, Channel.MIX), Basis.NEW),
    ],
)
def test_a_figure_is_of_what_explains_most(channels: tuple[Channel, ...], basis: Basis) -> None:
    assert replace(EPISODE, channels=channels).basis(usd(600)) is basis


@pytest.mark.parametrize(
    ("channel", "usual", "paid", "is_so"),
    [
        (Channel.SPIKE, 300, 800, True),
        (Channel.SPIKE, 300, 790, False),
        (Channel.MIX, 300, 700, False),
        (Channel.NEW, 0, 500, False),
        (Channel.PERSON, 300, 800, False),
    ],
)
def test_the_usual_is_told_where_with_the_excess_it_is_what_the_team_cost(channel: Channel, usual: int, paid: int, *, is_so: bool) -> None:
    assert replace(EPISODE, channels=(channel,), usual=usd(usual), paid=usd(paid)).adds_up(usd(500)) is is_so


def test_what_goes_on_with_an_earlier_figure_says_what_that_was_of() -> None:
    """A runaway of one person, then a new key that costs less: the larger figure is still the person's."""
    ana, key = (Share("ana@x.example", usd(687)),), ("sk-1",)
    known = replace(EPISODE, channels=(Channel.PERSON,), who=ana)
    found = replace(EPISODE, channels=(Channel.NEW,), things=key, who=()).led_by(known)
    assert (found.basis(usd(687)), found.who, found.things) == (Basis.PERSON, ana, key)


@pytest.mark.parametrize(("paid", "undone"), [(900, False), (800, False), (551, False), (550, True), (300, True)])
def test_a_correction_that_takes_half_of_it_away_undoes_it(paid: int, *, undone: bool) -> None:
    assert EPISODE.is_undone(usd(500), usd(paid)) is undone


@pytest.mark.parametrize(
    ("cost", "later", "says"),
    [(500, DAY, Says.KEEP), (620, DAY, Says.KEEP), (625, DAY, Says.EDIT), (375, DAY, Says.EDIT), (2000, timedelta(hours=23), Says.KEEP)],
)
def test_what_was_said_is_put_right_when_it_changed_by_a_quarter_once_a_day(cost: int, later: timedelta, says: Says) -> None:
    change = steps.went_on(TOLD, replace(SEEN, cost=usd(cost), as_of=NOW + later), NOW + later)
    assert (change.says, change.reason, change.after.state) == (says, Reason.GOES_ON, State.OPEN)
    assert change.after.seen.cost == usd(cost)
    assert change.after.told == (change.after.seen if says is Says.EDIT else SEEN)


def test_what_has_not_changed_is_nothing_new() -> None:
    assert not steps.went_on(TOLD, SEEN, NOW + DAY).happened
    assert not steps.went_on(replace(TOLD, state=State.CLOSED), replace(SEEN, cost=usd(1)), NOW).happened


def test_what_was_expected_is_closed_with_who_said_so_and_never_twice() -> None:
    change = steps.expected(TOLD, "mia@x.example", NOW)
    assert (change.after.state, change.after.reason, change.after.note, change.after.due) == (
        State.CLOSED, Reason.EXPECTED, "mia@x.example", None,
    )  # fmt: skip
    assert steps.expected(change.after, "fin@x.example", NOW).reason is Reason.NOT_LIVE


@pytest.mark.parametrize(
    ("kind", "has_scope"), [(Kind.TIER, True), (Kind.FORECAST, True), (Kind.ANOMALY, True), (Kind.UNOWNED, False), (Kind.STALE, False)]
)
def test_keys_and_sources_have_nobody_who_answers_for_them(kind: Kind, *, has_scope: bool) -> None:
    assert replace(FOUND.identity, kind=kind).has_scope is has_scope


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 11, 18, 9, tzinfo=UTC), datetime(2026, 11, 20, 23, tzinfo=UTC)),
        (datetime(2026, 11, 20, 9, tzinfo=UTC), datetime(2026, 11, 25, 23, tzinfo=UTC)),
        (datetime(2026, 11, 21, 23, 30, tzinfo=UTC), datetime(2026, 11, 25, 23, tzinfo=UTC)),
    ],
)
def test_two_working_days_do_not_count_the_day_itself_weekends_or_holidays(start: datetime, end: datetime) -> None:
    """Monday the 23rd is a holiday in this Berlin."""
    assert after_working_days(start, 2, "Europe/Berlin", lambda day: day == date(2026, 11, 23)) == end

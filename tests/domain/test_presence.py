"""Presence: for how much of two periods somebody was in a team."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from bot.domain.people import Directory, Person, Stint, Team
from bot.domain.period import Window
from bot.domain.presence import Stay, presences

SEPTEMBER, OCTOBER = Window(date(2026, 9, 1), date(2026, 10, 1)), Window(date(2026, 10, 1), date(2026, 11, 1))
NOVEMBER = Window(date(2026, 11, 1), date(2026, 12, 1))
TEAMS = {name: Team(name, "a" if name == "below" else None) for name in ("a", "below", "b")}


def who(name: str, *stints: tuple[str | None, str, str]) -> Person:
    return Person(
        name, name, stints=tuple(Stint(team, None, date.fromisoformat(since), date.fromisoformat(to)) for team, since, to in stints)
    )


ALWAYS = "0001-01-01"
END = "9999-12-31"
PEOPLE = [
    who("stays", ("a", ALWAYS, END)),
    who("goes", ("a", ALWAYS, "2026-10-16"), ("b", "2026-10-16", END)),
    who("comes", ("b", ALWAYS, "2026-10-05"), ("a", "2026-10-05", END)),
    who("hired", ("a", "2026-09-16", END)),
    who("sinks", ("a", ALWAYS, "2026-10-10"), ("below", "2026-10-10", END)),
    who("away", ("b", ALWAYS, END)),
    who("once", ("a", ALWAYS, "2020-01-01"), ("b", "2020-01-01", END)),
    who("later", ("b", ALWAYS, "2027-01-01"), ("a", "2027-01-01", END)),
]
DIRECTORY = Directory({person.email: person for person in PEOPLE}, TEAMS)


def test_working_days_there_are_counted() -> None:
    assert presences(DIRECTORY, ("a", "below"), [SEPTEMBER], [OCTOBER]) == {
        "goes": Stay(Fraction(1), Fraction(11, 22)),
        "comes": Stay(Fraction(0), Fraction(20, 22)),
        "hired": Stay(Fraction(11, 22), Fraction(1)),
    }


@pytest.mark.parametrize(
    ("team", "before", "after", "stay"),
    [
        ("a", SEPTEMBER, OCTOBER, Stay(Fraction(1), Fraction(17, 22), has_moved=False)),
        ("b", SEPTEMBER, OCTOBER, Stay(Fraction(0), Fraction(5, 22), has_moved=False)),
        ("a", OCTOBER, NOVEMBER, Stay(Fraction(17, 22), Fraction(1), has_moved=False)),
        ("b", OCTOBER, NOVEMBER, Stay(Fraction(5, 22), Fraction(0), has_moved=True)),
        ("a", SEPTEMBER, Window(date(2026, 10, 1), date(2026, 10, 16)), Stay(Fraction(1), Fraction(7, 11), has_moved=True)),
        ("b", SEPTEMBER, Window(date(2026, 10, 1), date(2026, 10, 16)), Stay(Fraction(0), Fraction(4, 11), has_moved=True)),
    ],
)
def test_who_was_away_for_a_week_has_not_left_and_not_come(team: str, before: Window, after: Window, stay: Stay) -> None:
    """In b from Monday the 12th of October to Friday the 16th; in a before and since."""
    guest = who("guest", ("a", ALWAYS, "2026-10-12"), ("b", "2026-10-12", "2026-10-19"), ("a", "2026-10-19", END))
    assert presences(Directory({"guest": guest}, TEAMS), (team,), [before], [after]) == {"guest": stay}


def test_of_several_periods_the_first_day_and_the_last_tell_who_has_moved() -> None:
    weeks = [Window(date(2026, 10, n), date(2026, 10, n + 1)) for n in (14, 7)]
    found = presences(DIRECTORY, ("a",), weeks, [Window(date(2026, 10, 21), date(2026, 10, 22))])
    assert found["goes"] == Stay(Fraction(1), Fraction(0), has_moved=True)
    comes = presences(DIRECTORY, ("a",), [Window(date(2026, 10, n), date(2026, 10, n + 1)) for n in (6, 1)], weeks)
    assert comes["comes"] == Stay(Fraction(1, 2), Fraction(1), has_moved=True)


def test_within_the_teams_nobody_moves() -> None:
    assert "sinks" in presences(DIRECTORY, ("a",), [SEPTEMBER], [OCTOBER])
    assert "sinks" in presences(DIRECTORY, ("below",), [SEPTEMBER], [OCTOBER])


def test_of_all_and_of_no_days_nothing_is_said() -> None:
    assert presences(DIRECTORY, (), [SEPTEMBER], [OCTOBER]) == {}
    assert presences(DIRECTORY, ("a",), [], []) == {}


def test_days_without_a_working_day_count_themselves() -> None:
    saturday, other = Window(date(2026, 10, 24), date(2026, 10, 25)), Window(date(2026, 10, 10), date(2026, 10, 11))
    assert presences(DIRECTORY, ("a",), [other], [saturday]) == {"goes": Stay(Fraction(1), Fraction(0))}

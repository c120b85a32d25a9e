"""Who moves from one team to another is no less use there and no more here; each manager sees their own team only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from explained import adds_up, ask, parts, text, use
from factories import charge, write_csv
from loading import ingest

from bot.services import directory
from bot.wiring import App

PEOPLE = """email,name,team,manager_email,valid_from,valid_to,roles
mia@x.example,Mia Berg,alpha,,,,
ray@x.example,Ray Lin,beta,,,,
ann@x.example,Ann Roy,alpha,mia@x.example,,,
bob@x.example,Bob Ode,alpha,mia@x.example,,2026-10-16,
bob@x.example,Bob Ode,beta,ray@x.example,2026-10-16,,
lou@x.example,Lou Han,beta,ray@x.example,,,
fin@x.example,Uma Patel,finance,,,,finops
"""
TEAMS = "team,parent,manager_email\nalpha,,mia@x.example\nbeta,,ray@x.example\nfinance,,\n"


@pytest.fixture
def company(make_app: Callable[..., App], tmp_path: Path) -> Callable[..., App]:
    """Bob, who works as before, moves from alpha to beta in the middle of October."""

    def make(privacy: str = "standard") -> App:
        app = make_app(f'[organisation]\nprivacy = "{privacy}"\n', now="2026-11-23T09:00:00+00:00")
        (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
        (tmp_path / "teams.csv").write_text(TEAMS, "utf-8")
        directory.apply(directory.plan([tmp_path / "people.csv", tmp_path / "teams.csv"], app.people), app.people)
        days = [("09", "01"), ("09", "20"), ("10", "05"), ("10", "20")]
        rows = [row for month, day in days for who in ("ann", "bob", "lou") for row in use(who, f"2026-{month}-{day}", "sonnet", 10, 90, 2)]
        ingest(app, write_csv(tmp_path / "bill.csv", [*rows, *use("ann", "2026-11-02", "sonnet", 1, 1, 1)]))
        return app

    return make


@pytest.mark.parametrize("mode", ["standard", "open"])
def test_a_manager_is_told_who_left_and_who_joined(company: Callable[..., App], mode: str) -> None:
    """Half of October at 174 a month: 87 less in alpha, 87 more in beta, and nobody uses more or less."""
    app = company(mode)
    for who, part, change, said in (("mia", "left", "-87", "has left"), ("ray", "joined", "87", "has joined")):
        why = ask(app, who, "why team last month")
        assert adds_up(why)
        assert Decimal(why["to_cost"]) - Decimal(why["from_cost"]) == Decimal(change)
        assert why["parts"] == [{"name": part, "cost": change}]
        assert [(person["person"], person["cost"]) for person in why["people"]] == [("Bob Ode", change)]
        answer = text(app, who, "why team last month")
        assert f"because Bob Ode {said} the team." in answer
        assert " use" not in answer


def test_the_mover_and_the_whole_do_not_change(company: Callable[..., App]) -> None:
    app = company()
    for who, words in (("bob", "why last month"), ("fin", "why org last month"), ("fin", "why @bob last month")):
        why = ask(app, who, words)
        assert (why["parts"], why["from_cost"]) == ([], why["to_cost"]), words


def test_the_manager_of_today_sees_the_part_of_their_team(company: Callable[..., App]) -> None:
    why = ask(company(), "ray", "why @bob last month")
    assert (why["from_cost"], why["to_cost"], parts(why)) == ("0", "87", {"joined": "87.00"})


def test_finops_is_told_the_same_of_a_team(company: Callable[..., App]) -> None:
    assert ask(company(), "fin", "why team alpha last month")["parts"] == [{"name": "left", "cost": "-87"}]


def test_members_in_open_mode_are_told_that_some_came_or_went_and_not_what_they_cost(company: Callable[..., App]) -> None:
    app = company("open")
    said = text(app, "ann", "why team last month")
    assert "-$87.00 from less use, people who joined or left included." in said
    assert "Bob" not in said
    assert parts(ask(app, "ann", "why team last month")) == {"volume": "-87.00"}


SATURDAY = 6
GUEST = [("alpha", "", "2026-10-12"), ("beta", "2026-10-12", "2026-10-19"), ("alpha", "2026-10-19", "")]


@pytest.mark.parametrize(
    ("words", "cost", "said"),
    [
        ("team alpha 2026-10", "-50", "because Bob Ode was in the team for fewer of the days."),
        ("team beta 2026-10", "50", "because Bob Ode was in the team for more of the days."),
        ("team alpha 2026-10-16..2026-10-29", "30", "because Bob Ode was in the team for more of the days."),
        ("team beta 2026-10-16..2026-10-29", "-30", "because Bob Ode has left the team."),
    ],
)
def test_who_was_away_for_a_week_has_not_left(make_app: Callable[..., App], tmp_path: Path, words: str, cost: str, said: str) -> None:
    """Bob, 10 a working day, helps out in beta for five days of October: he has neither left alpha nor joined beta."""
    app = make_app("[organisation]\n", now="2026-11-23T09:00:00+00:00")
    lines = [line for line in PEOPLE.splitlines() if not line.startswith("bob")]
    lines += [f"bob@x.example,Bob Ode,{team},,{since},{until}," for team, since, until in GUEST]
    (tmp_path / "people.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (tmp_path / "teams.csv").write_text(TEAMS, "utf-8")
    directory.apply(directory.plan([tmp_path / "people.csv", tmp_path / "teams.csv"], app.people), app.people)
    days = [date(2026, 9, 1) + timedelta(days=n) for n in range(80)]
    rows = [charge(str(day), "10.00", x_PrincipalId="bob@x.example") for day in days if day.isoweekday() < SATURDAY]
    ingest(app, write_csv(tmp_path / "bill.csv", rows))
    assert said in text(app, "fin", f"why {words}")
    assert parts(ask(app, "fin", f"why {words}")) == {"left" if cost < "0" else "joined": f"{cost}.00"}

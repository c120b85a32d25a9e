"""A member who is named as the owner of their team's budget, in open mode: the teams below it are no matter of theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from office import office

from bot.services import directory
from bot.wiring import App

PEOPLE = """email,name,team,manager_email,time_zone,locale,roles,valid_from,valid_to
mia@x.example,Mia Berg,search,,UTC,en,,,
ana@x.example,Ana Ruiz,search,mia@x.example,UTC,en,,,
kid@x.example,Kid,lab,ruth@x.example,UTC,en,,,
ruth@x.example,Ruth Amadi,lab,,UTC,en,,,
fin@x.example,Uma Patel,finance,,UTC,en,finops,,
"""
TEAMS = "team,parent,manager_email,cost_center,channel\nsearch,,mia@x.example,,\nlab,{parent},ruth@x.example,,\nfinance,,,,\n"


@pytest.mark.parametrize(("parent", "reader"), [("search", "mia@x.example"), ("", "ana@x.example")])
def test_what_the_teams_below_cost_is_told_to_who_leads_the_team(
    make_app: Callable[..., App], tmp_path: Path, parent: str, reader: str
) -> None:
    firm = office(make_app, tmp_path, "open")
    files = {"people.csv": PEOPLE, "teams.csv": TEAMS.format(parent=parent)}
    for name, content in files.items():
        (tmp_path / name).write_text(content, "utf-8")
    directory.apply(directory.plan([tmp_path / name for name in files], firm.app.people), firm.app.people)
    firm.agree('[[budgets]]\nname = "search"\nteam = "search"\nlimit = 100\nowner = "ana@x.example"\n')
    firm.spend("85.43")
    firm.review()
    assert {post.message.to for post in firm.posts() if post.message.card.title.startswith("85 %")} == {reader}

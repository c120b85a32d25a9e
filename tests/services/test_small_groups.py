"""Works council mode against people who subtract: what may be shown together never leaves fewer than five people over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from factories import charge, write_csv

from bot.domain.period import Window
from bot.errors import Refusal
from bot.ports import CostScope
from bot.services import directory
from bot.wiring import App

TOML = """
[organisation]
privacy = "works_council"
[[sources]]
name = "bills"
kind = "focus"
path = "bill.csv"
principal = "x_PrincipalId"
project = "SubAccountName"
"""


def person(name: str, team: str) -> str:
    return f"{name}@x.example,{name},{team},,UTC,en,{'finops' if name == 'fin' else ''},,"


def usage(who: str, cost: str, model: str = "large-1", project: str = "") -> dict[str, Any]:
    return charge("2026-10-05", cost, x_PrincipalId=f"{who}@x.example", x_Model=model, SubAccountName=project)


@pytest.fixture
def shop(make_app: Callable[..., App], tmp_path: Path) -> Callable[..., App]:
    """Teams alpha and beta of six people each, and nel who is in none."""

    def load(*rows: dict[str, Any]) -> App:
        app = make_app(TOML, now="2026-11-23T09:00:00+00:00")
        people = [
            *(person(f"a{n}", "alpha") for n in range(6)),
            *(person(f"b{n}", "beta") for n in range(6)),
            person("nel", ""),
            person("fin", "alpha"),
            person("mgr", ""),
        ]
        columns = "email,name,team,manager_email,time_zone,locale,roles,valid_from,valid_to"
        (tmp_path / "people.csv").write_text("\n".join([columns, *people]) + "\n", "utf-8")
        (tmp_path / "teams.csv").write_text("team,parent,manager_email\nalpha,,mgr@x.example\nbeta,,\n", "utf-8")
        directory.apply(directory.plan([tmp_path / "people.csv", tmp_path / "teams.csv"], app.people), app.people)
        write_csv(tmp_path / "bill.csv", rows, [*charge(), "SubAccountName"])
        with app.source(app.settings.sources[0]) as source:
            app.ingest.run(source)
        return app

    return load


def rows_of(app: App, words: str) -> dict[str, str]:
    return {row["key"]: row["cost"] for row in app.conversation.answer("fin@x.example", words).document()["by"]["rows"]}


EVERYBODY = [usage(f"{team}{n}", "10") for team in "ab" for n in range(6)]


def test_one_person_s_models_together_are_still_one_person(shop: Callable[..., App]) -> None:
    app = shop(*EVERYBODY, *(usage("b1", "9.11", f"odd-{n}") for n in range(5)))
    assert rows_of(app, "org 2026-10 by model") == {"small groups together": "165.55"}


@pytest.mark.parametrize("words", ["project secret 2026-10 by team", "team alpha 2026-10 by project", "team alpha year by model"])
def test_a_part_of_the_whole_is_not_taken_apart(shop: Callable[..., App], words: str) -> None:
    """A team's share of a project, less the project, would be the share of another team."""
    secret = [usage(f"{team}{n}", "10", project="secret") for team in "ab" for n in range(6)]
    app = shop(*EVERYBODY, *secret)
    assert rows_of(app, "org 2026-10 by project") == {"": "120", "secret": "120"}
    with pytest.raises(Refusal, match="of the whole organisation alone"):
        app.conversation.answer("fin@x.example", words)
    document = app.conversation.answer("fin@x.example", words.partition(" by ")[0]).document()
    assert (document["billed_cost"], document["by"]) == ("120", None)


def test_the_words_of_the_refusal(shop: Callable[..., App]) -> None:
    with pytest.raises(Refusal) as refused:
        shop(*EVERYBODY).conversation.answer("fin@x.example", "team alpha 2026-10 by tool")
    assert str(refused.value) == (
        "What several people's cost consists of is shown of the whole organisation alone here, so that nobody can be told apart. "
        "Ask without “by …”."
    )


def test_a_project_is_shown_as_a_row_of_the_whole_only(shop: Callable[..., App]) -> None:
    """By name it is what it is as a row: `big` less alpha would be what b1 cost with `secret`."""
    app = shop(*(usage(f"a{n}", "10", project="big") for n in range(6)), usage("b1", "77.77", project="secret"))
    assert rows_of(app, "org 2026-10 by project") == {"small groups together": "137.77"}
    assert rows_of(app, "top projects 2026-10") == {"small groups together": "137.77"}
    for words in ("project big 2026-10", "project BIG 2026-10", "project big year", "project secret 2026-10"):
        with pytest.raises(Refusal, match="fewer than five people"):
            app.conversation.answer("fin@x.example", words)
    assert app.conversation.answer("fin@x.example", "team beta 2026-10").document()["billed_cost"] == "77.77", "of six people"


def test_a_manager_is_shown_no_part_of_a_project(shop: Callable[..., App]) -> None:
    both = [usage(f"{team}{n}", "10", project="big") for team in "ab" for n in range(6)]
    app = shop(*both, *(usage(f"b{n}", "1", project="secret") for n in range(6)), usage("a5", "77.77", project="secret"))
    assert app.conversation.answer("mgr@x.example", "team alpha 2026-10").document()["billed_cost"] == "137.77"
    for words in ("project big 2026-10", "project secret 2026-10", "project none 2026-10"):
        with pytest.raises(Refusal, match="nothing here that I can show you"):
            app.conversation.answer("mgr@x.example", words)
    for words in ("team alpha 2026-10 by project", "top projects 2026-10", "top models 2026-10"):
        with pytest.raises(Refusal, match="of the whole organisation alone"):
            app.conversation.answer("mgr@x.example", words)


def test_a_model_has_a_total_where_it_has_a_row(shop: Callable[..., App]) -> None:
    """So has its budget."""
    app = shop(*EVERYBODY, *(usage(f"{team}{n}", "10", "small-1") for team in "ab" for n in range(6)), usage("b1", "77.77", "odd"))
    assert rows_of(app, "org 2026-10 by model") == {"small groups together": "197.77", "small-1": "120"}
    groups = app.review.notices().groups
    october = Window(date(2026, 10, 1), date(2026, 11, 1))
    assert [groups.shows(CostScope(model=name), october) for name in ("large-1", "small-1", "odd")] == [False, True, False]
    assert not groups.shows(CostScope(model="small-1", teams=("alpha",)), october)


def test_a_model_less_a_team_tells_nothing(shop: Callable[..., App]) -> None:
    """The teams' totals are known: what a model cost less alpha would be what b1 cost with it."""
    app = shop(*(usage(f"a{n}", "10") for n in range(6)), *(usage(f"b{n}", "10", "small-1") for n in range(6)), usage("b1", "90.89"))
    assert rows_of(app, "org 2026-10 by team") == {"beta": "150.89", "alpha": "60"}
    assert rows_of(app, "org 2026-10 by model") == {"small groups together": "210.89"}


def test_teams_and_models_that_cross_are_shown_of_the_whole(shop: Callable[..., App]) -> None:
    """One of beta used what all of alpha did: the whole shows it, as nothing is shown of what each team used."""
    models = [usage(f"{team}{n}", "10", "small-1") for team in "ab" for n in range(6)]
    app = shop(*EVERYBODY, *models, *(usage(f"a{n}", "10", "mid-1") for n in range(6)), usage("b1", "77.77", "mid-1"))
    assert rows_of(app, "org 2026-10 by team") == {"beta": "197.77", "alpha": "180"}
    assert rows_of(app, "org 2026-10 by model") == {"mid-1": "137.77", "large-1": "120", "small-1": "120"}
    for words in ("team beta 2026-10 by model", "team alpha 2026-10 by model"):
        with pytest.raises(Refusal, match="of the whole organisation alone"):
            app.conversation.answer("fin@x.example", words)


def test_who_is_billed_by_an_e_mail_is_a_person_known_or_not(shop: Callable[..., App]) -> None:
    app = shop(*EVERYBODY, usage("zoe", "77.77", "odd"))
    assert rows_of(app, "org 2026-10 by model") == {"small groups together": "197.77"}


def test_days_of_the_whole_are_no_way_round(shop: Callable[..., App]) -> None:
    app = shop(*EVERYBODY, usage("nel", "44.44"))
    with pytest.raises(Refusal, match="whole months"):
        app.conversation.answer("fin@x.example", "unallocated 2026-10-05")


def test_the_whole_without_a_team_is_nobody_s_figure(shop: Callable[..., App]) -> None:
    """The organisation less its teams is what those without a team cost."""
    app = shop(*EVERYBODY, usage("nel", "44.44"))
    shown = rows_of(app, "org 2026-10 by team")
    assert len(shown) == 2
    assert shown["small groups together"] == "104.44"
    named = next(key for key in shown if key != "small groups together")
    other = {"alpha": "beta", "beta": "alpha"}[named]
    with pytest.raises(Refusal, match="fewer than five"):
        app.conversation.answer("fin@x.example", f"team {other} 2026-10")


def test_a_group_of_six_is_shown(shop: Callable[..., App]) -> None:
    app = shop(*EVERYBODY)
    assert rows_of(app, "org 2026-10 by team") == {"alpha": "60", "beta": "60"}
    assert app.conversation.answer("fin@x.example", "team beta 2026-10").document()["billed_cost"] == "60"


def spent(who: str, cost: str, **columns: str) -> dict[str, Any]:
    return charge("2026-10-05", cost, x_PrincipalId=f"{who}@x.example", **{"SubAccountName": "", **columns})


def test_one_breakdown_less_another_tells_nothing(shop: Callable[..., App]) -> None:
    """By tool alone all is well: but a provider's cost less its best known tool would be what one person used beside it."""
    code = {"ServiceProviderName": "Anthropic", "ServiceName": "Claude Code", "x_Model": "large-1"}
    beside = {"ServiceProviderName": "Anthropic", "ServiceName": "Claude", "x_Model": "large-1"}
    cursor = {"ServiceProviderName": "Cursor", "ServiceName": "Cursor", "x_Model": "small-1"}
    everybody = [spent(f"{team}{n}", "10", **tool) for team in "ab" for n in range(6) for tool in (code, cursor)]
    app = shop(*everybody, spent("b1", "90.89", **beside))
    assert rows_of(app, "org 2026-10 by provider") == {"Anthropic": "210.89", "Cursor": "120"}
    assert rows_of(app, "org 2026-10 by tool") == {"Cursor": "120", "small groups together": "210.89"}
    assert rows_of(app, "org 2026-10 by model") == {"large-1": "210.89", "small-1": "120"}


def test_a_quarter_less_its_months_tells_nothing(shop: Callable[..., App]) -> None:
    code = {"ServiceProviderName": "Anthropic", "ServiceName": "Claude Code"}
    app = shop(
        *(spent(f"a{n}", "10", **code) for n in range(6)), spent("b1", "90.89", ServiceName="Claude", ServiceProviderName="Anthropic")
    )
    assert rows_of(app, "org 2026-10 by tool") == rows_of(app, "org year by tool") == {"small groups together": "150.89"}


def test_an_answer_offers_no_question_that_would_be_refused(shop: Callable[..., App]) -> None:
    app = shop(*EVERYBODY)
    whole, team = (app.conversation.answer("fin@x.example", words) for words in ("org 2026-10", "team alpha 2026-10"))
    assert (whole.is_whole, whole.is_monthly) == (False, True)
    assert (team.is_whole, team.is_monthly) == (True, True)
    assert not app.conversation.answer("a1@x.example", "me 2026-10").is_monthly

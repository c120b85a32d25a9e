"""Works council mode against people who subtract: what may be shown together never leaves fewer than five people over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import charge, write_csv

from bot.errors import Refusal
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
        ]
        columns = "email,name,team,manager_email,time_zone,locale,roles,valid_from,valid_to"
        (tmp_path / "people.csv").write_text("\n".join([columns, *people]) + "\n", "utf-8")
        directory.apply(directory.plan([tmp_path / "people.csv"], app.people), app.people)
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


def test_a_project_s_teams_are_those_who_worked_on_it(shop: Callable[..., App]) -> None:
    app = shop(*EVERYBODY, *(usage(f"a{n}", "10", project="secret") for n in range(5)), usage("b1", "77.77", project="secret"))
    assert rows_of(app, "project secret 2026-10 by team") == {"small groups together": "127.77"}


def test_a_team_s_share_of_a_project_does_not_tell_the_rest(shop: Callable[..., App]) -> None:
    app = shop(*EVERYBODY, *(usage(f"a{n}", "10", project="secret") for n in range(5)), usage("b1", "77.77", project="secret"))
    assert "secret" not in rows_of(app, "team alpha 2026-10 by project")


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

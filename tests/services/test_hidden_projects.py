"""Projects that are not one's own: no question tells whether there is one, and every one of them is noted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from factories import charge, write_csv, write_directory
from sqlalchemy import text

from bot.errors import Refusal
from bot.services import directory
from bot.wiring import App

TOML = """
[[sources]]
name = "bills"
kind = "focus"
path = "bill.csv"
principal = "x_PrincipalId"
project = "SubAccountId"
"""


@pytest.mark.parametrize(("period", "noted"), [("", 2), (" today", 2), (" 2020-01", 2), (" quarter", 2), (" last month", 2), (" 2031", 0)])
def test_why_says_nothing_of_a_project_that_somebody_else_has(
    make_app: Callable[..., App], tmp_path: Path, period: str, noted: int
) -> None:
    app = make_app(TOML)
    directory.apply(directory.plan(write_directory(tmp_path), app.people), app.people)
    others = charge("2026-11-03", "5", x_PrincipalId="fin@x.example", SubAccountId="Acquisition")
    write_csv(tmp_path / "bill.csv", [charge("2026-11-02", "5"), others])
    with app.source(app.settings.sources[0]) as source:
        app.ingest.run(source)
    said = set()
    for name in ("acquisition", "no-such-thing"):
        with pytest.raises(Refusal) as refused:
            app.conversation.answer("ana@x.example", f"why project {name}{period}")
        said.add(str(refused.value))
    assert len(said) == 1, "both are answered alike"
    with app.database.reading() as connection:
        assert len(connection.execute(text("SELECT command FROM looks")).all()) == noted

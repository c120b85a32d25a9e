"""Why in a warning: one sentence that adds up, with names for those who may see them only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from factories import charge, write_csv
from office import BUDGETS, Office, office

from bot.domain.budget import Scope, ScopeKind
from bot.domain.period import PeriodKind
from bot.messages.why import Change
from bot.wiring import App

SEARCH = """
[[budgets]]
name = "search"
team = "search"
limit = 150
"""


def firm(make_app: Callable[..., App], folder: Path, privacy: str = "standard") -> Office:
    """Return the company on 2 November after a day on which Ana cost three times the first of October, and Ben began."""
    found = office(make_app, folder, privacy)
    found.agree(BUDGETS + SEARCH)
    bills = [("2026-10-01", "40", "ana"), ("2026-10-02", "1", "mia"), ("2026-11-01", "120", "ana"), ("2026-11-01", "30", "ben")]
    write_csv(folder / "bill.csv", [charge(day, cost, x_PrincipalId=f"{who}@x.example") for day, cost, who in bills])
    with found.app.source(found.app.settings.sources[0]) as source:
        found.app.ingest.run(source)
    return found


def change(of: Office, email: str, subject: Scope) -> Change | None:
    notices = of.app.review.notices()
    window = notices.budgets["everyone"].current(of.clock.instant.date()).window
    return notices.because.change(email, subject, window, PeriodKind.MONTH)


def test_a_warning_says_why(make_app: Callable[..., App], tmp_path: Path) -> None:
    of = firm(make_app, tmp_path)
    of.review()
    cards = {post.message.to: repr(post.message.card) for post in of.posts() if post.message.kind.value == "alert"}
    assert "+$80.00 (+200 %)" in cards["ana@x.example"]
    assert "Beside Oct 1, 2026" in cards["ana@x.example"], "the days that it is compared with are named"
    assert "$30.00 because Ben Okafor is new" in cards["mia@x.example"]
    looks = of.app.people.looks_at(of.app.people.directory().people["ben@x.example"])
    assert any(look.viewer == "mia@x.example" for look in looks), "who is named sees who read it"


@pytest.mark.parametrize(("email", "names"), [("mia@x.example", True), ("fin@x.example", True), ("ben@x.example", False)])
def test_people_are_named_to_those_who_may_see_them(make_app: Callable[..., App], tmp_path: Path, email: str, names: bool) -> None:  # noqa: FBT001
    found = change(firm(make_app, tmp_path), email, Scope(ScopeKind.TEAM, "search"))
    assert found
    assert any(reason.who for reason in found.reasons) == names
    assert sum(reason.cost.nanos for reason in found.reasons) == found.cost.nanos


def test_works_council_mode_gives_reasons_to_oneself_only(make_app: Callable[..., App], tmp_path: Path) -> None:
    of = firm(make_app, tmp_path, "works_council")
    assert change(of, "fin@x.example", Scope(ScopeKind.TEAM, "search")) is None
    assert change(of, "fin@x.example", Scope(ScopeKind.PERSON, "ana@x.example")) is None
    assert change(of, "ana@x.example", Scope(ScopeKind.PERSON, "ana@x.example"))


def test_days_that_nobody_delivered_are_not_compared(make_app: Callable[..., App], tmp_path: Path) -> None:
    of = office(make_app, tmp_path)
    of.spend("104", day="2026-11-01")
    assert change(of, "ana@x.example", Scope(ScopeKind.PERSON, "ana@x.example")) is None

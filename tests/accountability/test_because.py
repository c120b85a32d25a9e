"""Why in a warning: one sentence that adds up, with names for those who may see them only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from booked import book
from factories import charge, write_csv
from office import BUDGETS, Office, office

from bot.domain.budget import Scope, ScopeKind
from bot.domain.episode import Channel, Episode
from bot.domain.money import Money
from bot.domain.period import PeriodKind, Window, midnight
from bot.messages.why import Change
from bot.services import directory
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


def test_a_warning_that_is_worded_again_holds_figures_and_reasons_of_one_state(make_app: Callable[..., App], tmp_path: Path) -> None:
    """A load and a review later the warning says all of the new figures; between the two it gives no reason of others."""
    of = firm(make_app, tmp_path)
    of.review()
    number = next(alert.number for alert in of.app.alerts.every(live=True) if alert.owners == ("ana@x.example",))
    assert of.app.answered("ana@x.example", f"alerts {number}").why.cost == Money(80 * 10**9, "USD")
    of.bill = {("ana", "2026-10-01"): "40", ("mia", "2026-10-02"): "1", ("ana", "2026-11-01"): "128", ("ben", "2026-11-01"): "30"}
    of.spend("0.5", "mia", "2026-10-03")
    between = of.app.answered("ana@x.example", f"alerts {number}")
    assert (between.cost, between.why, between.drivers) == (Money(120 * 10**9, "USD"), None, ())
    of.review()
    after = of.app.answered("ana@x.example", f"alerts {number}")
    assert (after.cost, after.why.cost) == (Money(128 * 10**9, "USD"), Money(88 * 10**9, "USD"))
    assert sum(row.cost.nanos for row in after.drivers) == after.cost.nanos
    assert [post.revision for post in of.posts() if post.message.about == f"alert {number}"] == [1], "what was said stands"
    assert "it goes on" not in {noted.what for noted in of.app.alerts.history(f"alert {number}")}


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


DAY = date(2026, 11, 17)
"""A Tuesday on which search costs more."""


def used(day: date, who: str, model: str, cost: int, cached: int = 0, team: str = "search") -> dict[str, Any]:
    """Return what *who* used: a million tokens of input, of which *cached* per cent from the cache, at *cost* in units."""
    tokens = [10_000 * (100 - cached), 10_000 * cached, 0, 0, 1000]
    return {"day": day.isoformat(), "person": f"{who}@x.example", "team": team, "billed": cost * 10**9, "model": model, "tokens": tokens}


def lately(of: Office, weeks: int = 4) -> None:
    """Book search's last Tuesdays, a day a load: Ana and Ben on small-1; then Ben on large-2, Mia, who is not new, and Ruth, who is."""
    of.clock.instant = midnight(DAY + timedelta(days=1)) + timedelta(hours=9)
    for day in (DAY - timedelta(days=n) for n in range(7 * weeks, 0, -1)):
        rows = [used(day, "ana", "small-1", 10), used(day, "ben", "small-1", 10)] if day.weekday() == DAY.weekday() else []
        rows += [used(day, "mia", "small-1", 7)] if day == DAY - timedelta(days=1) else []
        book(of.app.ledger, rows or [used(day, "ana", "small-1", 1)])
    book(of.app.ledger, [used(DAY, who, model, cost) for who, model, cost in TODAY])


TODAY = [("ana", "small-1", 10), ("ben", "large-2", 110), ("mia", "small-1", 7), ("ruth", "small-1", 36)]
EPISODE = Episode((Channel.SPIKE,), DAY, DAY, DAY, Money(0, "USD"), Money(163 * 10**9, "USD"))


def test_an_anomaly_is_compared_with_the_mean_of_the_same_weekdays(make_app: Callable[..., App], tmp_path: Path) -> None:
    """Loads of single days are enough; who used something on another weekday is not new."""
    of = office(make_app, tmp_path)
    lately(of)
    found = of.app.review.notices().because.of_episode("mia@x.example", "search", EPISODE)
    assert found
    assert (found.change.before.plain, found.change.after.plain) == ("20", "163")
    reasons = {reason.name: reason for reason in found.change.reasons}
    assert sum(reason.cost.nanos for reason in reasons.values()) == found.change.cost.nanos
    assert (reasons["new_users"].who, reasons["new_users"].cost.plain) == ("Ruth Amadi", "36")
    assert (reasons["model_mix"].who, reasons["model_mix"].model) == ("Ben Okafor", "large-2")
    assert "lost_users" not in reasons
    assert found.named == {"ben@x.example", "ruth@x.example"}


def test_who_may_see_the_team_only_is_told_no_names(make_app: Callable[..., App], tmp_path: Path) -> None:
    of = office(make_app, tmp_path, "open")
    lately(of)
    found = of.app.review.notices().because.of_episode("ana@x.example", "search", EPISODE)
    assert found
    assert [(reason.who, reason.model) for reason in found.change.reasons] == [("", "")] * len(found.change.reasons)
    assert "new_users" not in {reason.name for reason in found.change.reasons}
    assert found.named == frozenset()


def test_weeks_that_were_not_delivered_are_not_compared_with(make_app: Callable[..., App], tmp_path: Path) -> None:
    of = office(make_app, tmp_path)
    lately(of, weeks=2)
    found = of.app.review.notices().because.of_episode("mia@x.example", "search", EPISODE)
    assert found
    assert (found.days, found.change.before.plain) == (Window(DAY - timedelta(weeks=2), DAY), "20")
    book(of.app.ledger, [used(DAY, "ben", "large-2", 40)], "new-vendor")
    assert of.app.review.notices().because.of_episode("mia@x.example", "search", EPISODE) is None


def test_in_works_council_mode_what_a_team_s_anomaly_consists_of_is_not_told(make_app: Callable[..., App], tmp_path: Path) -> None:
    """Six people behind it change nothing: a team's cost is not divided there."""
    of = office(make_app, tmp_path, "works_council")
    names = ["mia", "ana", "ben", "cid", "dan", "eva", "ruth", "fin"]
    listed = "\n".join(f"{name}@x.example,{name.title()},search,," for name in names)
    (tmp_path / "people.csv").write_text(f"email,name,team,manager_email,roles\n{listed}\n", "utf-8")
    (tmp_path / "teams.csv").write_text("team,parent,manager_email\nsearch,,mia@x.example\n", "utf-8")
    directory.apply(directory.plan([tmp_path / "people.csv", tmp_path / "teams.csv"], of.app.people), of.app.people)
    of.clock.instant = midnight(DAY + timedelta(days=1)) + timedelta(hours=9)
    for day, cost in ((DAY - timedelta(days=7), 10), (DAY, 90)):
        book(of.app.ledger, [used(day, name, "small-1", cost) for name in names[:6]])
    assert of.app.review.notices().because.of_episode("mia@x.example", "search", EPISODE) is None


def test_who_joined_meanwhile_is_neither_new_nor_more_use(make_app: Callable[..., App], tmp_path: Path) -> None:
    of = office(make_app, tmp_path)
    people = (tmp_path / "people.csv").read_text("utf-8").splitlines()
    columns = people[0].split(",")
    joined = {"email": "cid@x.example", "name": "Cid Roy", "team": "search", "valid_from": (DAY - timedelta(days=1)).isoformat()}
    (tmp_path / "people.csv").write_text("\n".join([*people, ",".join(joined.get(name, "") for name in columns)]) + "\n", "utf-8")
    directory.apply(directory.plan([tmp_path / "people.csv"], of.app.people), of.app.people)
    lately(of)
    book(of.app.ledger, [used(DAY, "cid", "small-1", 50)], "new-vendor")
    for weeks in range(1, 5):
        book(of.app.ledger, [used(DAY - timedelta(weeks=weeks), "ana", "small-1", 1)], "new-vendor")
    found = of.app.review.notices().because.of_episode("mia@x.example", "search", EPISODE)
    assert found
    reasons = {reason.name: reason for reason in found.change.reasons}
    assert (reasons["joined"].who, reasons["joined"].cost.plain) == ("Cid Roy", "50")
    assert (reasons["new_users"].who, reasons["new_users"].cost.plain) == ("Ruth Amadi", "36")
    assert sum(reason.cost.nanos for reason in reasons.values()) == found.change.cost.nanos
    assert "cid@x.example" in found.named, "who is named sees who read it"


def test_the_reason_of_a_warning_needs_no_load_of_many_days(make_app: Callable[..., App], tmp_path: Path) -> None:
    """A vendor's report is fetched for the last days only; what it said of earlier ones stands."""
    of = office(make_app, tmp_path)
    for month, cost in ((10, 10), (11, 30)):
        for day in range(1, 6):
            book(of.app.ledger, [used(date(2026, month, day), "ana", "small-1", cost)])
    of.clock.instant = datetime(2026, 11, 6, 9, tzinfo=UTC)
    found = change(of, "ana@x.example", Scope(ScopeKind.PERSON, "ana@x.example"))
    assert found
    assert (found.before.plain, found.after.plain) == ("50", "150")

"""Why: the right reasons to the right person, in every mode; and nobody's figure between the lines."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from explained import adds_up, ask, parts, text, use
from factories import charge, write_csv
from loading import ingest

from bot import settings, wiring
from bot.errors import Refusal
from bot.services import directory
from bot.services.question import NOTHING
from bot.wiring import App

NOW = "2026-11-23T09:00:00+00:00"
MODES = ("open", "standard", "works_council")
PEOPLE = """email,name,team,manager_email,roles
mia@x.example,Mia Berg,search,,
ann@x.example,Ann Roy,search,mia@x.example,
bob@x.example,Bob Ode,search,mia@x.example,
cy@x.example,Cy Moran,search,mia@x.example,
dee@x.example,Dee Ito,search,mia@x.example,
eve@x.example,Eve Paz,search,mia@x.example,
lou@x.example,Lou Han,pair,ray@x.example,
ray@x.example,Ray Lin,pair,,
fin@x.example,Uma Patel,finance,,finops
f1@x.example,F1,finance,,
f2@x.example,F2,finance,,
f3@x.example,F3,finance,,
f4@x.example,F4,finance,,
"""
TEAMS = "team,parent,manager_email\nsearch,,mia@x.example\npair,,ray@x.example\nfinance,,\n"
SEPTEMBER, OCTOBER = "2026-09-01", "2026-10-05"


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked example of the method: Bob moves to Opus in October, caches less, and Cy is new; the others go on as before."""
    folder = tmp_path_factory.mktemp("why")
    (folder / "aispend.toml").write_text("", "utf-8")
    app = wiring.app(settings.load(folder / "aispend.toml", {}), NOW)
    app.prepare_store()
    (folder / "people.csv").write_text(PEOPLE, "utf-8")
    (folder / "teams.csv").write_text(TEAMS, "utf-8")
    directory.apply(directory.plan([folder / "people.csv", folder / "teams.csv"], app.people), app.people)
    rows = [
        *use("ann", SEPTEMBER, "sonnet", 10, 90, 2, "ranking"),
        *use("bob", SEPTEMBER, "sonnet", 10, 90, 2, "ranking"),
        *use("ann", OCTOBER, "sonnet", 10, 90, 2, "ranking"),
        *use("bob", OCTOBER, "opus", 40, 80, 4, "ranking"),
        *use("cy", OCTOBER, "sonnet", 5, 20, 1, "ranking"),
        *(row for who in ("mia", "dee", "eve", *(f"f{n}" for n in range(1, 5)), "fin") for day in (SEPTEMBER, OCTOBER) for row in use(who, day, "sonnet", 1, 9, 1)),
        *use("lou", SEPTEMBER, "sonnet", 10, 90, 2),
        *use("lou", OCTOBER, "sonnet", 20, 180, 4),
        charge(OCTOBER, "20", x_PrincipalId="eve@x.example", x_Model="", ServiceName="Seats", ConsumedQuantity="1", ConsumedUnit="Seats"),
        charge(OCTOBER, "5", x_PrincipalId="sk-lost"),
        charge("2026-11-02", "1", x_PrincipalId="f1@x.example"),
    ]  # fmt: skip
    ingest(app, write_csv(folder / "bill.csv", rows), project="SubAccountId")
    app.close()
    return folder / "aispend.db"


@pytest.fixture
def company(make_app: Callable[..., App], stocked: Path, tmp_path: Path) -> Callable[..., App]:
    def make(privacy: str = "standard") -> App:
        if not (tmp_path / stocked.name).exists():
            shutil.copy(stocked, tmp_path)
        return make_app(f'[organisation]\nprivacy = "{privacy}"\n', now=NOW)

    return make


def test_the_worked_example_through_the_front_door(company: Callable[..., App]) -> None:
    app = company()
    why = ask(app, "mia", "why project ranking last month")
    assert (why["from_cost"], why["to_cost"], why["currency"]) == ("174", "463", "USD")
    assert parts(why) == {"model_mix": "144.96", "class_mix": "77.88", "new_users": "36.00", "volume": "30.17"}
    assert adds_up(why)
    assert [(p["person"], p["cost"]) for p in why["people"]] == [("Bob Ode", "253"), ("Cy Moran", "36")]
    said = text(app, "mia", "why project ranking last month")
    assert "+$289.00 (+166 %) — ranking, Oct 1 – 31, 2026" in said
    who, how = "$144.96 mostly because Bob Ode moved to opus", "$77.88 because caching fell from 90 % to 77 %"
    assert f"{who}, {how}, $36.00 because Cy Moran is new, $30.16 from more use." in said


def test_it_is_the_difference_that_me_shows(company: Callable[..., App]) -> None:
    app = company()
    for who, words in (("bob", "me"), ("mia", "team search"), ("fin", "org"), ("fin", "person bob"), ("bob", "project ranking")):
        figures, why = (ask(app, who, f"{prefix}{words} last month") for prefix in ("", "why "))
        assert (why["to_cost"], why["from_cost"]) == (figures["billed_cost"], figures["previous_cost"]), words
        assert (why["period"], why["subject"]) == (figures["period"], figures["subject"])
        assert adds_up(why)


def test_one_s_own_reasons_are_about_you(company: Callable[..., App]) -> None:
    app = company()
    assert "you moved to opus" in text(app, "bob", "why last month")
    assert "$36.00 as there was nothing before" in text(app, "cy", "why me last month")
    assert ask(app, "bob", "why last month")["people"] == []
    assert parts(ask(app, "eve", "why last month")) == {"other": "20.00"}
    assert "without tokens (seats, requests, credits)" in text(app, "eve", "why last month")
    assert ask(app, "ann", "why last month")["parts"] == []


def test_a_manager_and_finops_see_who(company: Callable[..., App]) -> None:
    app = company()
    team = ask(app, "mia", "why team last month")
    assert [p["person"] for p in team["people"]] == ["Bob Ode", "Cy Moran", "Eve Paz"]
    assert ask(app, "mia", "why @bob last month")["to_cost"] == "340"
    whole = ask(app, "fin", "why org last month")
    assert adds_up(whole)
    assert [p["person"] for p in whole["people"]] == ["Bob Ode", "Lou Han", "Cy Moran"]
    rows = ask(app, "bob", "privacy")["rows"]
    assert [(row["viewer"], row["command"]) for row in rows] == [
        ("Uma Patel", "why org last month"),
        ("Mia Berg", "why @bob last month"),
        ("Mia Berg", "why team last month"),
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("ann", "why team pair last month"),
        ("ann", "why team nosuchteam last month"),
        ("ann", "why org last month"),
        ("mia", "why org last month"),
        ("ann", "why @bob last month"),
        ("ann", "why @nobody last month"),
        ("lou", "why project ranking last month"),
        ("lou", "why project nosuchproject last month"),
        ("mia", "why @lou last month"),
    ],
)
def test_what_is_not_theirs_is_refused_as_if_it_were_not_there(company: Callable[..., App], mode: str, who: str, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        ask(company(mode), who, words)
    assert str(refused.value) == NOTHING


def test_members_in_open_mode_see_no_people_and_no_models(company: Callable[..., App]) -> None:
    app = company("open")
    team = ask(app, "ann", "why team last month")
    assert team["people"] == []
    assert adds_up(team)
    assert "new_users" not in parts(team)
    said = text(app, "ann", "why team last month")
    for secret in ("Bob", "Cy", "opus", "sonnet", "36.00", "253"):
        assert secret not in said
    with pytest.raises(Refusal, match="whole months"):
        ask(app, "ann", "why team last 7d")
    for mode in ("standard", "works_council"):
        with pytest.raises(Refusal) as refused:
            ask(company(mode), "ann", "why team last month")
        assert str(refused.value) == NOTHING


def test_works_council_names_nobody_and_shows_no_part_that_is_one_person_s(company: Callable[..., App]) -> None:
    """Cy is the only new one: $36.00 would be Cy's figure."""
    app = company("works_council")
    for who, words in (("mia", "why team last month"), ("fin", "why org last month"), ("fin", "why team search last month")):
        assert ask(app, who, words)["people"] == []
        said = text(app, who, words)
        for secret in ("Bob", "Cy", "Mia", "opus", "sonnet", "36.00", "253"):
            assert secret not in said, words
    assert "you moved to opus" in text(app, "bob", "why last month"), "one's own is one's own"
    for who, words in (
        ("mia", "why @bob last month"),
        ("fin", "why @bob last month"),
        ("ray", "why team last month"),
        ("fin", "why team pair last month"),
        ("fin", "why project ranking last month"),
        ("mia", "why team 2026-10-01..2026-10-15"),
    ):
        with pytest.raises(Refusal):
            ask(app, who, words)


def test_works_council_tells_what_the_cost_of_a_team_consists_of_to_nobody(company: Callable[..., App]) -> None:
    """As it tells no breakdown of it: the total change alone. Of the whole, where Eve alone has a seat, neither."""
    app = company("works_council")
    for who in ("mia", "fin"):
        team, figures = ask(app, who, "why team search last month"), ask(app, who, "team search last month")
        assert (team["parts"], team["people"]) == (None, [])
        assert (team["to_cost"], team["from_cost"]) == (figures["billed_cost"], figures["previous_cost"])
        said = text(app, who, "why team search last month")
        assert "What it consists of is told of the whole organisation alone here" in said
        for reason in ("use", "caching", "models", "prices", "without tokens", "as much as before"):
            assert reason not in said
    assert ask(app, "fin", "why org last month")["parts"] is None
    assert "What it consists of is not told, as a part of it would be about few people." in text(app, "fin", "why org last month")
    assert parts(ask(app, "bob", "why last month")), "of oneself it is told"


def test_works_council_divides_the_whole_where_people_enough_stand_behind_it(make_app: Callable[..., App], tmp_path: Path) -> None:
    """Cy, who is new, is more use of all together."""
    app = make_app('[organisation]\nprivacy = "works_council"\n', now=NOW)
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    directory.apply(directory.plan([tmp_path / "people.csv"], app.people), app.people)
    everybody = ("mia", "ann", "bob", "dee", "eve")
    rows = [row for day, count in ((SEPTEMBER, 10), (OCTOBER, 20)) for who in everybody for row in use(who, day, "sonnet", count, 0, 1)]
    ingest(
        app,
        write_csv(tmp_path / "bill.csv", [*rows, *use("cy", OCTOBER, "sonnet", 10, 0, 1), *use("ann", "2026-11-02", "sonnet", 1, 0, 1)]),
    )
    whole = ask(app, "fin", "why org last month")
    assert adds_up(whole)
    assert (set(parts(whole)), whole["people"]) == ({"volume", "class_mix"}, [])


def test_who_looked_is_logged_even_where_it_was_refused(company: Callable[..., App]) -> None:
    app = company()
    weighed = app.conversation.weigh("ann@x.example", "why team pair last month")
    assert [(look.subject_kind, look.subject, look.command) for look in weighed.looks] == [("team", "pair", "why team pair last month")]


@pytest.mark.parametrize("words", ["why 2026-09", "why team 2026-08", "why last 80d"])
def test_days_that_nobody_delivered_are_not_compared(company: Callable[..., App], words: str) -> None:
    with pytest.raises(Refusal, match="I cannot compare these days"):
        ask(company(), "mia", words)


@pytest.mark.parametrize(("first", "proposes"), [("2026-09-01", True), ("2026-10-01", False)])
def test_last_month_is_proposed_only_where_it_can_be_compared(
    make_app: Callable[..., App], tmp_path: Path, first: str, *, proposes: bool
) -> None:
    app = make_app(now=NOW)
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    directory.apply(directory.plan([tmp_path / "people.csv"], app.people), app.people)
    days = sorted({first, "2026-10-01", "2026-11-02"})
    ingest(app, write_csv(tmp_path / "bill.csv", [row for day in days for row in use("ann", day, "opus", 10, 0, 1)]))
    assert ("why me last month" in text(app, "ann", "why")) is proposes
    with pytest.raises(Refusal) as refused:
        ask(app, "ann", "why last 80d")
    assert ("Try: why me last month" in str(refused.value)) is proposes


def test_a_model_that_two_providers_sell_is_two(make_app: Callable[..., App], tmp_path: Path) -> None:
    app = make_app(now=NOW)
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    directory.apply(directory.plan([tmp_path / "people.csv"], app.people), app.people)
    moved = [row | {"ServiceProviderName": "Cloud"} for row in use("ann", OCTOBER, "opus", 10, 0, 1)]
    dearer = [row | {"BilledCost": str(Decimal(row["BilledCost"]) * 2)} for row in moved]
    ingest(app, write_csv(tmp_path / "bill.csv", [*use("ann", SEPTEMBER, "opus", 10, 0, 1), *dearer]))
    assert parts(ask(app, "ann", "why last month")) == {"model_mix": "75.00"}
    assert "you moved to opus (Cloud)" in text(app, "ann", "why last month")


def test_what_could_have_been_saved_is_an_estimate(company: Callable[..., App]) -> None:
    """At nine of ten from the cache 28 of Bob's 40 million cost 4.50 less; on Sonnet all cost 204 instead of 340."""
    app = company()
    expected = [{"name": "caching", "saving": "126"}, {"name": "model", "saving": "136"}]
    for who, words in (("bob", "why last month"), ("mia", "why team last month"), ("fin", "why org last month")):
        assert ask(app, who, words)["estimates"] == expected
    said = text(app, "bob", "why last month")
    assert "Estimate: with as much caching as before, about $126.00 less." in said
    assert "Estimate: with the models in the proportions of before, about $136.00 less." in said
    assert ask(app, "cy", "why last month")["estimates"] == []


def test_a_move_that_saved_money_says_so_and_no_estimate_contradicts_it(company: Callable[..., App], tmp_path: Path) -> None:
    """In July one moves to the dearer model and the other, who uses more, to the cheaper one."""
    app = company()
    rows = [
        *use("ann", "2026-06-01", "opus", 40, 360, 8, "moving"),
        *use("bob", "2026-06-01", "sonnet", 10, 90, 2, "moving"),
        *use("ann", "2026-07-01", "sonnet", 40, 360, 8, "moving"),
        *use("bob", "2026-07-01", "opus", 10, 90, 2, "moving"),
    ]
    ingest(app, write_csv(tmp_path / "moving.csv", rows), name="moving", account="moving", project="SubAccountId")
    why = ask(app, "mia", "why project moving 2026-07")
    assert parts(why)["model_mix"].startswith("-")
    assert [estimate["name"] for estimate in why["estimates"]] == []
    assert "mostly because Ann Roy moved to sonnet (cheaper here)" in text(app, "mia", "why project moving 2026-07")
    assert "because you moved to opus." in text(app, "bob", "why project moving 2026-07")


def test_works_council_estimates_are_for_oneself_only(company: Callable[..., App]) -> None:
    app = company("works_council")
    assert len(ask(app, "bob", "why last month")["estimates"]) == 2
    for who, words in (("mia", "why team last month"), ("fin", "why org last month")):
        assert ask(app, who, words)["estimates"] == []
    assert ask(company("open"), "ann", "why team last month")["estimates"] == []

"""What belongs to nobody: in works_council mode an e-mail that the directory does not know is a person, whose cost nobody is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from booked import book
from explained import text
from factories import charge, write_csv
from office import Office, office

from bot.domain.alert import Kind
from bot.errors import Refusal
from bot.services import directory
from bot.wiring import App

KEY = "sk-nightly-4f"
STRANGERS = tuple(f"{name}@elsewhere.example" for name in ("ada", "bea", "cleo", "dora", "edda"))


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Callable[..., Office]:
    """Return a company in which Ana costs 60, each key 40, and the n-th stranger n dollars and n cents."""

    def make(privacy: str, strangers: Sequence[str] = STRANGERS, keys: Sequence[str] = (KEY,)) -> Office:
        of = office(make_app, tmp_path, privacy)
        of.know()
        bills = [("ana@x.example", "60"), *((key, "40") for key in keys), *((who, f"{n}.0{n}") for n, who in enumerate(strangers, 1))]
        write_csv(tmp_path / "bill.csv", [charge("2026-11-02", cost, x_PrincipalId=who) for who, cost in bills])
        with of.app.source(of.app.settings.sources[0]) as source:
            of.app.ingest.run(source)
        return of

    return make


def unowned(of: Office) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(of.ask("fin", "unallocated")))
    return found


@pytest.mark.parametrize("mode", ["open", "standard"])
def test_where_figures_of_people_are_shown_each_address_is_a_row(firm: Callable[..., Office], mode: str) -> None:
    found = unowned(firm(mode))
    assert {row["key"] for row in found["rows"]} == {KEY, *STRANGERS}
    assert (found["strangers"], found["total"]) == (None, "55.15")


def test_works_council_puts_addresses_together_and_lists_them_without_their_cost(firm: Callable[..., Office]) -> None:
    of = firm("works_council")
    found = unowned(of)
    assert [(row["key"], row["cost"]) for row in found["rows"]] == [(KEY, "40")]
    assert found["strangers"] == {"count": 5, "cost": "15.15", "addresses": list(STRANGERS)}
    assert found["total"] == "55.15"
    assert "$55.15 of it belongs to nobody yet" in text(of.app, "fin", "org")
    said = text(of.app, "fin", "unallocated")
    assert "5 addresses" in said
    assert "The directory does not know: ada@elsewhere.example, bea@" in said
    for n in range(1, 6):
        assert f"{n}.0{n}" not in said


def test_few_addresses_have_no_figure_and_nor_has_all_of_it(firm: Callable[..., Office]) -> None:
    """What the keys cost, which is told elsewhere, too, taken from a total would be what four people cost."""
    of = firm("works_council", STRANGERS[:4])
    found = unowned(of)
    assert [(row["key"], row["cost"]) for row in found["rows"]] == [(KEY, "40")]
    assert (found["strangers"]["cost"], found["strangers"]["addresses"], found["total"]) == (None, list(STRANGERS[:4]), None)
    said = text(of.app, "fin", "unallocated")
    assert "What the addresses cost is not told, and so no total: in a month of it they are fewer than five people." in said
    assert "$40.00" in said
    for words in ("unallocated", "org"):
        said = text(of.app, "fin", words)
        for secret in ("$50.10", "$10.10", "has an owner", "belongs to nobody yet"):
            assert secret not in said


def test_what_keys_cost_by_source_is_no_way_to_what_an_address_costs(firm: Callable[..., Office]) -> None:
    """A source of keys alone has a row of its own, as nobody stands behind it in person."""
    of = firm("works_council", STRANGERS[:1], keys=tuple(f"{who}@x.example" for who in ("mia", "ben", "ruth", "fin")))
    book(of.app.ledger, [{"day": "2026-11-02", "principal": KEY, "billed": 40 * 10**9}], "gateway")
    rows = of.ask("fin", "org by source")["by"]["rows"]
    assert [(row["key"], row["cost"]) for row in rows] == [("bills", "221.01"), ("gateway", "40")]
    found = unowned(of)
    assert (found["total"], found["strangers"]["cost"]) == (None, None)


@pytest.mark.parametrize("mode", ["standard", "works_council"])
def test_works_council_tells_a_new_key_without_its_cost(firm: Callable[..., Office], mode: str) -> None:
    """It is that of a part of a month."""
    of = firm(mode, STRANGERS[:1], keys=())
    of.review()
    bills = [("ana@x.example", "60"), (STRANGERS[0], "1.01")]
    rows = [charge("2026-10-30", "40", x_PrincipalId=KEY), *(charge("2026-11-02", cost, x_PrincipalId=who) for who, cost in bills)]
    write_csv(of.folder / "bill.csv", rows)
    with of.app.source(of.app.settings.sources[0]) as source:
        of.app.ingest.run(source)
    of.review()
    (post,) = [post for post in of.posts() if KEY in post.message.card.title]
    (row,) = [row for row in json.loads(json.dumps(of.ask("fin", "alerts")))["rows"] if row["kind"] == Kind.UNOWNED.value]
    said = of.app.text(of.app.answered("fin@x.example", "alerts"), "fin@x.example")
    tells = mode == "standard"
    assert (row["cost"] is not None, "$40" in post.message.card.title, "$40" in said) == (tells, tells, tells)


def test_few_addresses_alone_have_no_figure_anywhere(firm: Callable[..., Office]) -> None:
    of = firm("works_council", STRANGERS[:1], keys=())
    found = unowned(of)
    assert (found["rows"], found["total"], found["strangers"]["cost"]) == ([], None, None)
    for words in ("unallocated", "org"):
        said = text(of.app, "fin", words)
        assert "$1.01" not in said
        assert "has an owner" not in said
        assert "belongs to nobody yet" not in said
    of.clock.instant = of.clock.instant.replace(day=9)
    of.app.digests.run()
    of.clock.instant = of.clock.instant.replace(hour=12)
    of.app.digests.run()
    titles = [post.message.card.title for post in of.posts() if post.message.to == "fin@x.example"]
    assert titles == ["$61.01, Nov 1 – 9, 2026"]


@pytest.mark.parametrize(("mode", "told"), [("standard", {KEY, "dear@elsewhere.example"}), ("works_council", {KEY})])
def test_a_new_address_and_its_cost_are_no_alert(firm: Callable[..., Office], mode: str, told: set[str]) -> None:
    of = firm(mode, ())
    rows = (of.folder / "bill.csv").read_text("utf-8").splitlines()
    (of.folder / "bill.csv").write_text("\n".join([*rows, rows[-1].replace(KEY, "dear@elsewhere.example")]) + "\n", "utf-8")
    with of.app.source(of.app.settings.sources[0]) as source:
        of.app.ingest.run(source)
    of.review()
    assert {alert.identity.subject.removeprefix("key ") for alert in of.app.alerts.every(kind=Kind.UNOWNED)} == told


@pytest.mark.parametrize("who", ["ben", "fin"])
@pytest.mark.parametrize("key", [STRANGERS[0], "who@nowhere.example", "ana@x.example"])
def test_works_council_lets_nobody_claim_an_address(firm: Callable[..., Office], who: str, key: str) -> None:
    """What one costs before and after, and the share that has an owner, would be that person's figure; it is the same whoever it is."""
    with pytest.raises(Refusal, match="is an e-mail address, and stands for a person here"):
        firm("works_council").ask(who, f"claim {key}")


def test_works_council_proposes_no_address_that_is_near(firm: Callable[..., Office]) -> None:
    with pytest.raises(Refusal) as refused:
        firm("works_council").ask("fin", "claim ada-elsewhere.example")
    assert "Did you mean" not in str(refused.value)
    with pytest.raises(Refusal, match=r"Did you mean: claim ada@elsewhere\.example"):
        firm("standard").ask("fin", "claim ada-elsewhere.example")


@pytest.mark.parametrize(("mode", "is_told"), [("standard", True), ("works_council", False)])
def test_what_a_claim_changed_is_not_told_where_it_is_a_person_s(firm: Callable[..., Office], mode: str, *, is_told: bool) -> None:
    of = firm(mode, ())
    number = of.ask("ben", f"claim {KEY}")["number"]
    done = of.ask("fin", f"approve {number}")
    assert done["state"] == "confirmed"
    assert (done["coverage_before"] is not None) == (done["coverage_after"] is not None) == is_told
    assert of.ask("ben", "me")["billed_cost"] == "40"


def test_a_service_s_address_stays_a_key(firm: Callable[..., Office]) -> None:
    of = firm("works_council", ("robot@elsewhere.example",), keys=())
    (of.folder / "identities.csv").write_text(
        "principal,kind,email,service,valid_from,valid_to\nrobot@elsewhere.example,email,,robot,,\n", "utf-8"
    )
    directory.apply(directory.plan([of.folder / "identities.csv"], of.app.people), of.app.people)
    found = unowned(of)
    assert ([(row["key"], row["cost"]) for row in found["rows"]], found["strangers"]) == ([("robot@elsewhere.example", "1.01")], None)


def test_a_claim_that_waits_is_said(firm: Callable[..., Office]) -> None:
    of = firm("standard", ())
    (row,) = unowned(of)["rows"]
    assert row["reason"] == "no identity names this key and no allocation rule fits"
    number = of.ask("fin", f"claim {KEY} ben@x.example")["number"]
    (row,) = unowned(of)["rows"]
    assert (row["reason"], row["likely_owner"]) == (f"Ben Okafor is being asked whether it is theirs (claim {number})", None)
    with pytest.raises(Refusal, match=f"You are being asked about that key. Is it yours\\? approve {number} or deny {number}"):
        of.ask("ben", f"claim {KEY}")
    of.ask("ben", f"approve {number}")
    assert unowned(of)["rows"][0]["reason"] == f"claimed by Ben Okafor; claim {number} waits for FinOps"
    with pytest.raises(Refusal, match=f"You have claimed that key; claim {number} waits for FinOps"):
        of.ask("ben", f"claim {KEY}")
    with pytest.raises(Refusal, match="A claim of that key waits for an answer already"):
        of.ask("ana", f"claim {KEY}")
    of.ask("fin", f"deny {number}")
    assert unowned(of)["rows"][0]["reason"] == "no identity names this key and no allocation rule fits"


def test_works_council_names_nobody_beside_the_cost_of_a_key(firm: Callable[..., Office]) -> None:
    of = firm("works_council", ())
    number = of.ask("ben", f"claim {KEY}")["number"]
    assert unowned(of)["rows"][0]["reason"] == f"claimed; claim {number} waits for an answer"


def test_coverage_counts_all_of_it(firm: Callable[..., Office]) -> None:
    of = firm("works_council")
    view = of.app.conversation.answer("fin@x.example", "unallocated")
    assert view.coverage == Fraction(6000, 11515)  # type: ignore[union-attr]

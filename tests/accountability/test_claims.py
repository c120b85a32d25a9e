"""Claims: a key nobody owns, somebody who says it is theirs, FinOps who confirms, and a ledger that follows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from booked import book
from office import Office, office, rewrite

from bot.errors import Refusal
from bot.services import directory
from bot.wiring import App

KEY = "sk-nightly-4f"


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    found.know()
    found.spend("60", "ana")
    rows = (tmp_path / "bill.csv").read_text("utf-8")
    (tmp_path / "bill.csv").write_text(rows + rows.splitlines()[1].replace("60", "40").replace("ana@x.example", KEY) + "\n", "utf-8")
    with found.app.source(found.app.settings.sources[0]) as source:
        found.app.ingest.run(source)
    return found


def titles(firm: Office, who: str) -> list[str]:
    return [post.message.card.title for post in firm.posts() if post.message.to == f"{who}@x.example"]


def test_finops_asks_the_owner_says_yes_finops_confirms_and_the_ledger_follows(firm: Office) -> None:
    assert firm.ask("ana", "me")["billed_cost"] == "60"
    asked = firm.ask("fin", f"claim {KEY} ben@x.example")
    assert titles(firm, "ben") == [f"Is {KEY} yours?"]
    assert "$" not in repr(firm.posts()[0].message.card), "its cost is not Ben's to see yet"
    assert firm.ask("ben", f"approve {asked['number']}")["state"] == "claimed"
    assert titles(firm, "fin")[-1] == f"Ben Okafor says that {KEY} is theirs"
    done = firm.ask("fin", f"approve {asked['number']}")
    assert (done["state"], done["must_reload"]) == ("confirmed", False)
    assert (done["coverage_before"], done["coverage_after"]) == ("0.6", "1")
    assert firm.ask("ben", "me")["billed_cost"] == "40"
    assert firm.ask("fin", "unallocated")["rows"] == []
    assert titles(firm, "ben") == [f"{KEY} belongs to: you"] * 2, "what was asked is put right, and told"


def test_one_claims_one_s_own_key_and_somebody_else_confirms(firm: Office) -> None:
    number = firm.ask("ben", f"claim {KEY}")["number"]
    with pytest.raises(Refusal, match="Somebody else of FinOps"):
        firm.ask("ben", f"approve {number}")
    assert firm.ask("fin", f"deny {number}")["state"] == "refused"
    assert firm.ask("ben", "me")["billed_cost"] == "0"


def test_who_it_is_not_says_so(firm: Office) -> None:
    number = firm.ask("fin", f"claim {KEY} ben@x.example")["number"]
    assert firm.ask("ben", f"deny {number}")["state"] == "declined"
    assert titles(firm, "fin")[-1] == f"{KEY} does not belong to: Ben Okafor"
    with pytest.raises(Refusal, match="already"):
        firm.ask("fin", f"approve {number}")


def test_others_neither_claim_for_somebody_nor_answer(firm: Office) -> None:
    with pytest.raises(Refusal, match="Only FinOps"):
        firm.ask("ana", f"claim {KEY} ben@x.example")
    number = firm.ask("fin", f"claim {KEY} ben@x.example")["number"]
    with pytest.raises(Refusal, match="no claim"):
        firm.ask("ana", f"approve {number}")
    with pytest.raises(Refusal, match="already"):
        firm.ask("ana", f"claim {KEY}")


@pytest.mark.parametrize("key", ["sk-unknown", "ana@x.example", ""])
def test_what_is_nobody_s_only_can_be_claimed(firm: Office, key: str) -> None:
    with pytest.raises(Refusal):
        firm.ask("ben", f"claim {key}")


def test_a_claim_outlives_the_operator_s_files(firm: Office) -> None:
    number = firm.ask("fin", f"claim {KEY} ben@x.example")["number"]
    firm.ask("ben", f"approve {number}")
    firm.ask("fin", f"approve {number}")
    plan = directory.plan([firm.folder / "identities.csv"], firm.app.people, firm.app.claimed())
    assert plan.changes == ()
    assert any(identity.principal == KEY for identity in plan.directory.identities)


def test_what_a_stop_kept_from_the_directory_is_made_up(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process ends between the decision and the directory."""
    number = firm.ask("fin", f"claim {KEY} ben@x.example")["number"]
    firm.ask("ben", f"approve {number}")
    monkeypatch.setattr(type(firm.app.claims), "_followed", lambda _, claim: claim)
    assert firm.ask("fin", f"approve {number}")["must_reload"] is True
    assert not firm.app.claimed()
    firm.app.duties()
    firm.app.duties()
    assert [identity.person for identity in firm.app.people.directory().identities if identity.principal == KEY] == ["ben@x.example"]


def test_a_source_that_cannot_be_read_now_is_said(firm: Office) -> None:
    (firm.folder / "bill.csv").unlink()
    number = firm.ask("fin", f"claim {KEY} ben@x.example")["number"]
    firm.ask("ben", f"approve {number}")
    assert firm.ask("fin", f"approve {number}")["must_reload"] is True
    (row,) = firm.ask("fin", "unallocated")["rows"]
    assert row["reason"] == "it has an owner by now; its days follow when the source is loaded again"
    cards = [repr(post.message.card) for post in firm.posts() if post.message.to == "fin@x.example"]
    assert any("aispend ingest --source bills" in card for card in cards)
    assert not any("aispend ingest" in repr(post.message.card) for post in firm.posts() if post.message.to == "ben@x.example")


def test_a_loose_file_is_named_by_the_command_that_loads_it_again(firm: Office) -> None:
    book(firm.app.ledger, [{"day": "2026-11-02", "principal": "sk-loose", "billed": 10**9}], "loose")
    number = firm.ask("fin", "claim sk-loose ben@x.example")["number"]
    firm.ask("ben", f"approve {number}")
    firm.ask("fin", f"approve {number}")
    cards = [repr(post.message.card) for post in firm.posts() if post.message.to == "fin@x.example"]
    assert any("aispend ingest focus FILE --source loose" in card for card in cards)


def test_finops_alone_is_told_which_key_is_near(firm: Office) -> None:
    with pytest.raises(Refusal, match=f"Did you mean: claim {KEY} ben@x.example") as refused:
        firm.ask("fin", "claim sk-nigthly-4f ben@x.example")
    assert refused.value.suggestion == f"claim {KEY} ben@x.example"
    with pytest.raises(Refusal, match=r"whose cost nobody owns\.$"):
        firm.ask("ben", "claim sk-nigthly-4f")


def test_an_owner_on_other_days_is_no_owner_of_these(firm: Office) -> None:
    (firm.folder / "identities.csv").write_text(f"principal,kind,email,valid_from\n{KEY},key,ben@x.example,2026-11-20\n", "utf-8")
    directory.apply(directory.plan([firm.folder / "identities.csv"], firm.app.people), firm.app.people)
    (row,) = firm.ask("fin", "unallocated")["rows"]
    assert row["reason"] == "it has an owner on other days only"


def test_a_question_to_the_wrong_person_is_taken_back(firm: Office) -> None:
    number = firm.ask("fin", f"claim {KEY} ruth@x.example")["number"]
    with pytest.raises(Refusal, match=f"take the question back: deny {number}"):
        firm.ask("fin", f"claim {KEY} ben@x.example")
    assert firm.ask("fin", f"deny {number}")["state"] == "refused"
    assert firm.ask("fin", f"claim {KEY} ben@x.example")["state"] == "asked"


def test_finops_learns_that_somebody_says_it_is_theirs(firm: Office) -> None:
    number = firm.ask("ben", f"claim {KEY}")["number"]
    with pytest.raises(Refusal, match=f"approve {number} or deny {number}"):
        firm.ask("fin", f"claim {KEY} ruth@x.example")


def test_a_key_that_was_somebody_s_once_is_theirs_for_the_days_that_are_left(firm: Office) -> None:
    identities = firm.folder / "identities.csv"
    identities.write_text(identities.read_text("utf-8") + f"{KEY},key,ruth@x.example,,2026-01-01,2026-10-01\n", "utf-8")
    directory.apply(directory.plan([identities], firm.app.people), firm.app.people)
    number = firm.ask("ben", f"claim {KEY}")["number"]
    firm.ask("fin", f"approve {number}")
    assert firm.ask("ben", "me")["billed_cost"] == "40"
    assert firm.ask("fin", "unallocated")["rows"] == []


def test_warnings_and_forecasts_follow_a_confirmed_claim_at_once(firm: Office) -> None:
    firm.agree('[[budgets]]\nname = "everyone"\nperson = "*"\nlimit = 50\n')
    firm.review()
    before = {alert.identity.subject for alert in firm.app.alerts.every()}
    assert "person ben@x.example" not in before
    number = firm.ask("ben", f"claim {KEY}")["number"]
    rewrite(firm, "people.csv", "support,,UTC,en,,,\nfin@", "support,,UTC,en,finops,,\nfin@")
    firm.ask("ruth", f"approve {number}")
    (warned,) = [
        alert for alert in firm.app.alerts.every(live=True) if alert.owners == ("ben@x.example",) and alert.identity.kind.value == "tier"
    ]
    assert warned.seen.cost.plain == "40"

"""Leeway: what could cost less, told to who may know it; and nothing where it is not known."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from booked import book
from factories import FOCUS_COLUMNS, charge, write_csv
from loading import ingest

from adapters.chat import terminal
from bot.messages.formats import Reader
from bot.services import directory
from bot.wiring import App

NOW = "2026-11-23T09:00:00+00:00"
PEOPLE = """email,name,team,manager_email,roles,valid_from,valid_to
mia@x.example,Mia Berg,search,,,,
ann@x.example,Ann Roy,search,mia@x.example,,,
bob@x.example,Bob Ode,search,mia@x.example,,,
cy@x.example,Cy Moran,search,mia@x.example,,,
dee@x.example,Dee Ito,search,mia@x.example,,,
new@x.example,Nia Wu,search,mia@x.example,,2026-10-10,
fin@x.example,Uma Patel,finance,,finops,,
f1@x.example,F1,finance,,,,
f2@x.example,F2,finance,,,,
f3@x.example,F3,finance,,,,
f4@x.example,F4,finance,,,,
"""
TEAMS = "team,parent,manager_email\nsearch,,mia@x.example\nfinance,,\n"
DOLLAR = 10**9
SEAT = {"provider": "GitHub", "tool": "Copilot", "model": None, "consumed_unit": "seats", "charge_category": "purchase", "team": "search"}
CREDITS = {"provider": "GitHub", "tool": "Copilot", "model": None, "consumed_unit": "ai-credits", "quantity": 10**6, "team": "search"}
CALLS = {"provider": "Anthropic", "model": "claude-opus-5", "consumed_unit": "Requests", "team": "search", "quantity": 1_000 * 10**6}
KEY = {"provider": "OpenAI", "model": "gpt-5.4", "principal": "sk-nightly"}


def seats(who: str, *days: str) -> list[dict[str, Any]]:
    return [SEAT | {"day": day, "person": f"{who}@x.example", "billed": 10 * DOLLAR} for day in days]


def credit(who: str, day: str) -> dict[str, Any]:
    """Return use that the plan includes: it costs nothing."""
    return CREDITS | {"day": day, "person": f"{who}@x.example" if who else "", "billed": 0}


def small(who: str, model: str, dollars: float) -> dict[str, Any]:
    """Return a thousand calls of 1,100 tokens."""
    tokens, cost = (1_000_000, 0, 0, 0, 100_000), int(dollars * DOLLAR)
    return CALLS | {"day": "2026-10-07", "person": f"{who}@x.example", "model": model, "tokens": tokens, "billed": cost}


def key(day: str, dollars: int) -> dict[str, Any]:
    """Return four million tokens of output, which are $60.00 at list price and $30.00 in batches."""
    return KEY | {"day": day, "tokens": (0, 0, 0, 0, 4 * 10**6), "billed": dollars * DOLLAR}


@dataclass
class Company:
    """Bob uses his seat, Ann and Cy do not, Nia is new; Dee asks small things of a large model; a key works at night."""

    app: App
    github: list[dict[str, Any]] = field(
        default_factory=lambda: [
            *(row for who in ("ann", "bob", "cy") for row in seats(who, "2026-09-01", "2026-10-01")),
            *seats("new", "2026-10-10"),
            *(credit("bob", day) for day in ("2026-09-01", "2026-10-09", "2026-10-31")),
            credit("ann", "2026-09-30"),
        ]
    )
    api: list[dict[str, Any]] = field(
        default_factory=lambda: [
            key("2026-09-01", 60), key("2026-10-08", 60), {"day": "2026-10-31", "person": "fin@x.example", "billed": 0},
            small("dee", "claude-opus-5", 7.5), small("bob", "claude-haiku-4-5", 1.5),
        ]
    )  # fmt: skip

    def answer(self, who: str, words: str = "why last month") -> Any:
        for source, rows in (("github", self.github), ("api", self.api)):
            book(self.app.ledger, rows, source)
        return self.app.conversation.answer(f"{who}@x.example", words)

    def estimates(self, who: str, words: str = "why last month") -> dict[str, dict[str, Any]]:
        document = json.loads(json.dumps(self.answer(who, words).document()))
        return {one.pop("name"): one for one in document["estimates"]}

    def says(self, who: str, words: str = "why last month") -> str:
        view = self.answer(who, words)
        return " ".join(terminal.render(self.app.templates.card(view.template, view, Reader())).split())


@pytest.fixture
def company(make_app: Callable[..., App], tmp_path: Path) -> Callable[..., Company]:
    def make(privacy: str = "standard") -> Company:
        app = make_app(f'[organisation]\nprivacy = "{privacy}"\n', now=NOW)
        (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
        (tmp_path / "teams.csv").write_text(TEAMS, "utf-8")
        directory.apply(directory.plan([tmp_path / "people.csv", tmp_path / "teams.csv"], app.people), app.people)
        return Company(app)

    return make


def test_a_seat_without_use_is_told_to_who_has_it_and_to_who_pays(company: Callable[..., Company]) -> None:
    office = company()
    one = {"saving": "10", "count": 1, "tools": ["Copilot"], "since": "2026-10-01", "people": []}
    assert office.estimates("ann") == {"seats": one}
    assert "Estimate: no use of your seat (Copilot) has been reported since Oct 1, 2026; without it, $10.00 less." in office.says("ann")
    assert office.estimates("mia", "why @ann last month") == {"seats": one}
    assert "no use of 1 seat (Copilot)" in office.says("mia", "why @ann last month")
    for who, words in (("mia", "why team last month"), ("fin", "why org last month")):
        assert office.estimates(who, words)["seats"] == one | {"saving": "20", "count": 2, "people": ["Ann Roy", "Cy Moran"]}
    assert "without them, $20.00 less. Held by: Ann Roy, Cy Moran." in office.says("mia", "why team last month")
    assert office.estimates("bob") == office.estimates("new") == {}


def test_seats_of_a_focus_bill_are_known_by_what_they_are_priced_in(company: Callable[..., Company], tmp_path: Path) -> None:
    """A purchase has no consumed unit; a seat is spread over the days of its month."""
    office = company()
    seat = {"ServiceProviderName": "GitHub", "ServiceName": "Copilot", "x_Model": ""}
    bought = seat | {"ChargeCategory": "Purchase", "PricingUnit": "User-Months", "PricingQuantity": "1"}
    used = seat | {"x_PrincipalId": "bob@x.example", "ConsumedQuantity": "5", "ConsumedUnit": "ai-credits"}
    rows = [
        *(charge(day, "19", days=days, x_PrincipalId="ann@x.example", **bought) for day, days in (("2026-09-01", 30), ("2026-10-01", 31))),
        *(charge(day, "1", **used) for day in ("2026-09-01", "2026-10-31")),
        charge("2026-10-31", "1", x_PrincipalId="ann@x.example"),
    ]
    columns = (*FOCUS_COLUMNS, "PricingUnit", "PricingQuantity")
    ingest(office.app, write_csv(tmp_path / "bill.csv", rows, columns))
    office.github = [row for row in office.github if row["consumed_unit"] == "ai-credits" and row["person"] == "bob@x.example"]
    assert office.estimates("ann")["seats"]["saving"] == "19"


def test_nothing_is_said_of_a_tool_whose_use_no_source_shows(company: Callable[..., Company]) -> None:
    office = company()
    office.github = [row for row in office.github if row["consumed_unit"] == "seats"] + seats("fin", "2026-10-31")
    office.api.append(small("bob", "claude-haiku-4-5", 1.5) | {"provider": "GitHub", "day": "2026-10-10"})
    assert office.estimates("ann") == {}
    assert "seats" not in office.estimates("fin", "why org last month")


def test_nothing_is_said_where_use_is_of_keys_that_nobody_knows(company: Callable[..., Company]) -> None:
    office = company()
    office.github.append(credit("", "2026-10-20"))
    assert office.estimates("ann") == {}


def test_nothing_is_said_where_the_source_of_use_has_begun_too_late(company: Callable[..., Company]) -> None:
    office = company()
    bought, shown = ([row for row in office.github if (row["consumed_unit"] == "seats") == is_seat] for is_seat in (True, False))
    office.github = [row for row in shown if row["day"] > "2026-10-01"]
    book(office.app.ledger, [*bought, *seats("fin", "2026-10-31")], "invoices")
    assert office.estimates("ann") == {}


def test_a_source_of_use_that_is_late_is_judged_as_far_as_it_reaches(company: Callable[..., Company]) -> None:
    """The use is known until 20 October: so are the seats that are said to be idle."""
    office = company()
    bought, shown = ([row for row in office.github if (row["consumed_unit"] == "seats") == is_seat] for is_seat in (True, False))
    office.github = [*(row for row in shown if row["day"] < "2026-10-20"), credit("bob", "2026-10-19")]
    book(office.app.ledger, [*bought, *seats("cy", "2026-10-25"), *seats("fin", "2026-10-31")], "invoices")
    idle = {"saving": "10", "count": 1, "tools": ["Copilot"], "since": "2026-09-20", "people": []}
    assert office.estimates("cy")["seats"] == idle
    assert office.estimates("ann") == {}, "the 30 days hold her use of 30 September"


def test_nothing_is_said_where_days_between_two_loads_of_use_are_not_there(company: Callable[..., Company]) -> None:
    """Nothing is known of 1 to 29 October; when 1 to 28 have come, the 29th still lacks."""
    office = company()
    office.github = [row for row in office.github if row["consumed_unit"] == "seats"] + seats("fin", "2026-10-31")
    for first, last in (("2026-08-01", "2026-09-30"), ("2026-10-30", "2026-10-31"), ("2026-10-01", "2026-10-28")):
        book(office.app.ledger, [credit("bob", first), credit("bob", last)], "use")
        assert office.estimates("ann") == {}
    book(office.app.ledger, [credit("bob", "2026-10-29")], "use")
    assert office.estimates("ann")["seats"]["saving"] == "10"


@pytest.mark.parametrize("used", [True, False])
def test_a_team_is_told_nothing_of_what_a_mover_did_elsewhere(company: Callable[..., Company], tmp_path: Path, *, used: bool) -> None:
    """Ann left for finance on 10 October, and Cy left for good."""
    office = company()
    moved = PEOPLE.replace("ann@x.example,Ann Roy,search,mia@x.example,,,", "ann@x.example,Ann Roy,search,mia@x.example,,,2026-10-10")
    moved = moved.replace("cy@x.example,Cy Moran,search,mia@x.example,,,", "cy@x.example,Cy Moran,search,mia@x.example,,,2026-10-12")
    (tmp_path / "people.csv").write_text(moved + "ann@x.example,Ann Roy,finance,,,2026-10-10,\n", "utf-8")
    directory.apply(directory.plan([tmp_path / "people.csv", tmp_path / "teams.csv"], office.app.people), office.app.people)
    if used:
        office.github.append(credit("ann", "2026-10-20") | {"team": "finance"})
    assert office.estimates("mia", "why team last month")["seats"]["people"] == ["Cy Moran"]
    assert office.estimates("fin", "why org last month")["seats"]["people"] == (["Cy Moran"] if used else ["Ann Roy", "Cy Moran"])
    assert ("seats" in office.estimates("ann")) is not used


def pool(day: str, count: int, dollars: int) -> dict[str, Any]:
    """Return seats that are nobody's."""
    return SEAT | {"day": day, "consumed_unit": "User-Months", "team": "", "quantity": count * 10**6, "billed": dollars * DOLLAR}


def test_seats_bought_together_are_held_against_those_who_use_them(company: Callable[..., Company]) -> None:
    office = company()
    office.github = [row for row in office.github if row["consumed_unit"] != "seats"]
    office.github += [pool("2026-09-01", 9, 180), pool("2026-10-01", 9, 171), pool("2026-10-15", 1, 19)]
    found = {"saving": "171", "seats": 10, "used": 1, "tools": ["Copilot"], "since": "2026-10-01"}
    assert office.estimates("fin", "why org last month")["spare_seats"] == found
    said = "Estimate: seats bought (Copilot): 10, used since Oct 1, 2026: 1; without the others, $171.00 less."
    assert said in office.says("fin", "why org last month")
    for who, words in (("fin", "why org 2026-10-01..2026-10-30"), ("mia", "why team last month"), ("bob", "why last month")):
        assert "spare_seats" not in office.estimates(who, words)
    office.github.append(credit("", "2026-10-20"))
    assert "spare_seats" not in office.estimates("fin", "why org last month"), "somebody unknown uses one"


def test_a_focus_bill_states_how_many_seats_it_is_for(company: Callable[..., Company], tmp_path: Path) -> None:
    office = company()
    seats_of = {"ServiceProviderName": "GitHub", "ServiceName": "Copilot", "x_Model": "", "x_PrincipalId": "", "ChargeCategory": "Purchase"}
    bought = seats_of | {"PricingUnit": "User-Months", "PricingQuantity": "4"}
    rows = [charge(day, "76", days=days, **bought) for day, days in (("2026-09-01", 30), ("2026-10-01", 31))]
    ingest(office.app, write_csv(tmp_path / "bill.csv", rows, (*FOCUS_COLUMNS, "PricingUnit", "PricingQuantity")))
    office.github = [row for row in office.github if row["consumed_unit"] != "seats"]
    found = office.estimates("fin", "why org last month")["spare_seats"]
    assert (found["seats"], found["used"], found["saving"]) == (4, 1, "57")


def test_works_council_counts_spare_seats_of_many_alone(company: Callable[..., Company]) -> None:
    office = company("works_council")
    office.github = [pool("2026-09-01", 12, 228), pool("2026-10-01", 12, 228), pool("2026-10-31", 0, 0)]
    office.github += [credit(who, day) for who in ("ann", "bob", "cy", "dee") for day in ("2026-09-01", "2026-10-09")]
    more = [small(f"f{n}", "claude-haiku-4-5", 1.5) | {"team": "finance"} for n in range(1, 5)]
    more += [small(who, "claude-sonnet-5", 3) for who in ("mia", "cy", "dee")]
    office.api += [row | {"day": day} for row in more for day in ("2026-09-07", "2026-10-07")]
    assert "spare_seats" not in office.estimates("fin", "why org last month")
    office.github += [credit("f1", "2026-10-09")]
    assert office.estimates("fin", "why org last month")["spare_seats"]["used"] == 5


def test_keys_without_a_person_could_be_batches(company: Callable[..., Company]) -> None:
    office = company()
    assert office.estimates("fin", "why org last month")["batches"] == {"saving": "30", "cost": "60"}
    said = "Estimate: if nobody waits for the answers to keys that stand for no person ($60.00), batches would have cost about $30.00 less."
    assert said in office.says("fin", "why org last month")
    assert "batches" not in office.estimates("mia", "why team last month"), "it is not at the team's cost"
    office.api = [row | {"team": "search"} if row.get("principal") else row for row in office.api]
    assert office.estimates("mia", "why team last month")["batches"] == {"saving": "30", "cost": "60"}
    office.api[1] = key("2026-10-08", 30)  # the price of batches
    assert "batches" not in office.estimates("fin", "why org last month"), "they are batches"


def test_small_calls_could_go_to_a_model_that_is_used_here(company: Callable[..., Company]) -> None:
    office = company()
    calls = {"saving": "6", "calls": 1000, "tokens": 1100, "model": "claude-opus-5", "cheaper_model": "claude-haiku-4-5"}
    assert office.estimates("dee") == {"small_calls": calls}
    said = "1,000 small calls of about 1,100 tokens went to claude-opus-5; on claude-haiku-4-5, which is used here too, about $6.00 less."
    assert said in office.says("dee")
    assert office.estimates("mia", "why team last month")["small_calls"] == calls
    office.api = [row for row in office.api if row.get("model") != "claude-haiku-4-5"]
    assert office.estimates("dee") == {}, "nobody uses a cheaper one"


def test_works_council_tells_people_their_own_and_finops_what_is_no_person_s(company: Callable[..., Company]) -> None:
    office = company("works_council")
    more = [small(f"f{n}", "claude-haiku-4-5", 1.5) | {"team": "finance"} for n in range(1, 5)]
    more += [small(who, "claude-sonnet-5", 3) for who in ("mia", "cy", "dee")]
    office.api += [row | {"day": day} for row in more for day in ("2026-09-07", "2026-10-07")]
    assert list(office.estimates("ann")) == ["seats"]
    assert "small_calls" in office.estimates("dee")
    assert list(office.estimates("fin", "why org last month")) == ["batches"]
    assert office.estimates("mia", "why team last month") == {}
    office.api = [row | {"team": "search"} if row.get("principal") else row for row in office.api]
    assert office.estimates("mia", "why team last month") == {}, "it may be somebody's who has left"


def test_members_in_open_mode_are_told_nothing_about_their_team(company: Callable[..., Company]) -> None:
    assert company("open").estimates("bob", "why team last month") == {}


def test_what_is_small_beside_the_cost_is_not_worth_a_line(company: Callable[..., Company]) -> None:
    office = company()
    office.api.append(small("dee", "claude-haiku-4-5", 593))
    assert office.estimates("dee") == {}
    assert "small_calls" not in office.estimates("mia", "why team last month")


def test_no_saving_is_larger_than_what_credits_left_to_pay(company: Callable[..., Company]) -> None:
    office = company()
    credit = {"day": "2026-10-09", "charge_category": "credit", "consumed_unit": None}
    office.github.append(SEAT | credit | {"person": "ann@x.example", "billed": -9 * DOLLAR})
    office.github.append(SEAT | credit | {"person": "cy@x.example", "billed": -10 * DOLLAR})
    office.api.append(CALLS | credit | {"person": "dee@x.example", "model": None, "quantity": 0, "billed": -7 * DOLLAR})
    office.api.append(KEY | credit | {"model": None, "billed": -20 * DOLLAR})
    assert (office.estimates("ann")["seats"]["saving"], office.answer("ann").document()["to_cost"]) == ("1", "1")
    assert office.estimates("cy") == {}
    assert office.estimates("mia", "why team last month")["seats"] == {
        "saving": "1", "count": 1, "tools": ["Copilot"], "since": "2026-10-01", "people": ["Ann Roy"],
    }  # fmt: skip
    assert office.estimates("dee")["small_calls"]["saving"] == "0.4"
    assert office.estimates("fin", "why org last month")["batches"] == {"saving": "20", "cost": "40"}


def test_nothing_is_said_where_credits_have_paid_for_all(company: Callable[..., Company]) -> None:
    office = company()
    office.github.append(SEAT | {"day": "2026-10-09", "charge_category": "credit", "tool": "Actions", "billed": -10 * DOLLAR})
    office.github[-1] |= {"person": "ann@x.example"}
    assert office.answer("ann").document()["to_cost"] == "0"
    assert office.estimates("ann") == {}


EVERYBODY = ("ann", "bob", "cy", "dee", "mia", "fin", "f1")
STRANGER = {"day": "2026-10-09", "principal": "gone@x.example", "billed": 123_450_000_000}


def tokens(*who: str) -> list[dict[str, Any]]:
    """Return $5 of tokens in September and $10 in October for each."""
    of = {"billed": 5 * DOLLAR, "tokens": (1000, 0, 0, 0, 100), "provider": "OpenAI", "model": "gpt-5.4"}
    return [{"day": day, "person": f"{name}@x.example"} | of for day in ("2026-09-01", "2026-10-08", "2026-10-31") for name in who]


def told(office: Company) -> dict[str, str]:
    parts = office.answer("fin", "why org last month").document()["parts"]
    return {part["name"]: part["cost"] for part in parts or ()}


def test_what_one_stranger_cost_is_no_part_of_why_in_works_council_mode(company: Callable[..., Company]) -> None:
    office = company("works_council")
    office.github = [credit("bob", "2026-09-01"), credit("bob", "2026-10-31")]
    office.api = [*tokens(*EVERYBODY), STRANGER]
    assert told(office) == {}, "of one person there is no part of their own"
    office.api = tokens(*EVERYBODY)
    assert told(office).keys() == {"volume"}


def test_what_costs_without_tokens_is_told_together_with_use_in_works_council_mode(company: Callable[..., Company]) -> None:
    """Five hold seats in both months; one of them has a charge without tokens on a model that six others use with tokens."""
    office = company("works_council")
    office.github = [row for name in EVERYBODY[:5] for row in seats(name, "2026-09-01", "2026-10-01")] + [credit("bob", "2026-10-31")]
    charge = {"day": "2026-10-09", "person": "ann@x.example", "billed": 123_450_000_000, "provider": "OpenAI", "model": "gpt-5.4"}
    office.api = [*tokens(*EVERYBODY[1:]), charge]
    assert told(office) == {"volume": "153.45"}
    assert "$153.45 from more use, seats and the like included" in office.says("fin", "why org last month")


def test_what_keys_would_have_saved_leaves_no_rest_that_few_strangers_cost(company: Callable[..., Company]) -> None:
    office = company("works_council")
    office.github = [credit("bob", "2026-09-01"), credit("bob", "2026-10-31")]
    office.api = [key("2026-09-01", 60), key("2026-10-08", 60), *tokens(*EVERYBODY), STRANGER]
    assert office.estimates("fin", "why org last month")["batches"]["cost"] == "60"
    document = office.answer("fin", "unallocated last month").document()
    assert (document["total"], document["strangers"]["cost"]) == (None, None), "less the keys it would be one person's"

"""Prices between people: FinOps alone is told, once, that a model is paid at another price than before; over a real store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from booked import book
from office import Office, office

from bot.cli.simulate import line
from bot.domain.alert import Alert, Kind, State
from bot.messages.formats import Reader
from bot.services.simulate import Simulation
from bot.wiring import App

FIRST, CHANGE = date(2026, 10, 10), date(2026, 11, 10)
NOW = datetime(2026, 11, 12, 9, tzinfo=UTC)
LISTED = {
    "uncached_input": Decimal(3),
    "cache_read": Decimal("0.3"),
    "cache_write_5m": Decimal("3.75"),
    "cache_write_1h": Decimal(6),
    "output": Decimal(15),
}
"""Dollars a million."""
BIG = "[[budgets]]\nname = 'all'\norg = true\nlimit = 1000000\n"
USUAL = Decimal("0.9")


@dataclass
class Listed:
    """A price list that knows two models, whose output may cost something else from a day on."""

    changes: dict[date, Decimal] = field(default_factory=dict)

    def on(self, day: date) -> Mapping[str, Decimal]:
        output = [price for since, price in sorted(self.changes.items()) if since <= day]
        return LISTED | ({"output": output[-1]} if output else {})

    def prices(self, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        known = (one for one in wanted if one["provider_name"] == "Acme" and one["model"] in {"large-1", "batch-1"})
        return [
            {"above_tokens": -1, "up_to_tokens": 10**12, **one}
            | {f"{name}_tokens_price": price / 10**6 for name, price in self.on(one["day"]).items()}
            for one in known
        ]

    def batches(self, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        raise AssertionError("no question here is about batches")


def pay(firm: Office, now: Decimal = USUAL, since: date = CHANGE, *, people: Sequence[str] = ("ana", "mia")) -> None:
    """Book what is paid for the model until yesterday: 90 % of the list, and the share *now* of it *since* a day."""
    rows, day, listed = [], FIRST, firm.app.conversation.prices
    while day < firm.clock.instant.date():
        for place, who in enumerate(people, 1):
            mix = (4 * 10**6, place * 36 * 10**6, 0, 0, (1 + day.toordinal() % 3) * 4 * 10**6)
            whole = sum(count * price for count, price in zip(mix, listed.on(day).values(), strict=True))  # type: ignore[attr-defined]
            cost = int((now if day >= since else USUAL) * whole * 1000)
            rows.append({"day": day.isoformat(), "person": f"{who}@x.example", "team": "search", "billed": cost, "tokens": mix})
        day += timedelta(days=1)
    book(firm.app.ledger, rows)


@pytest.fixture
def open_office(make_app: Callable[..., App], tmp_path: Path) -> Callable[..., Office]:
    """Return a function that opens the company on 12 November; its first review was on the fifth, before anything changed."""

    def opened(privacy: str = "standard", people: Sequence[str] = ("ana", "mia"), budgets: str = BIG) -> Office:
        firm = office(make_app, tmp_path, privacy)
        object.__setattr__(firm.app.conversation, "prices", Listed())
        firm.agree(budgets)
        firm.clock.instant = NOW - timedelta(days=7)
        pay(firm, people=people)
        firm.review()
        firm.clock.instant = NOW
        return firm

    return opened


def told(firm: Office) -> list[tuple[str, str]]:
    return [(post.message.to.partition("@")[0], post.message.card.title) for post in firm.posts() if "Acme" in post.message.card.title]


def known(firm: Office) -> list[Alert]:
    return firm.app.alerts.every(kind=Kind.PRICE)


def card(firm: Office) -> str:
    [post] = [post for post in firm.posts() if "Acme" in post.message.card.title]
    return repr(post.message.card)


def test_finops_alone_is_told_once_since_when_the_share_and_the_cost(open_office: Callable[..., Office]) -> None:
    firm = open_office()
    pay(firm, Decimal(1))
    firm.review()
    pay(firm, Decimal(1))
    firm.review()
    assert told(firm) == [("fin", "Acme large-1 costs 11 % more than the price paid before")]
    for part in ("Nov 10, 2026", "100 % (before: 90 %)", "no budget had planned it", "More since", "$71.28"):
        assert part in card(firm)
    assert "Button" not in card(firm), "nothing is asked, so there is nothing to answer"
    assert [alert.seen.cost.nanos for alert in known(firm)] == [71_280_000_000]
    assert {post.message.to for post in firm.posts()} == {"fin@x.example"}


def test_others_do_not_see_it_in_their_list_and_finops_does_without_a_cost_that_grows_old(open_office: Callable[..., Office]) -> None:
    firm = open_office()
    pay(firm, Decimal(1))
    firm.review()
    for who in ("ana", "ben", "mia", "ruth"):
        assert [row for row in firm.ask(who, "alerts")["rows"] if row["kind"] == "price"] == []
    [row] = [row for row in firm.ask("fin", "alerts")["rows"] if row["kind"] == "price"]
    assert (row["subject"], row["cost"]) == ("price Acme / large-1", None)


def test_classes_are_told_apart_where_the_mixes_allow(open_office: Callable[..., Office]) -> None:
    firm = open_office()
    pay(firm, Decimal(1))
    firm.review()
    for part in ("A million tokens", "output", "$15", "$13.5", "read from the cache", "$0.27"):
        assert part in card(firm)


def test_a_steady_discount_says_nothing(open_office: Callable[..., Office]) -> None:
    firm = open_office()
    pay(firm)
    firm.review()
    assert (told(firm), known(firm)) == ([], [])


def test_what_was_there_before_reviews_began_is_recorded_and_not_told(make_app: Callable[..., App], tmp_path: Path) -> None:
    firm = office(make_app, tmp_path)
    object.__setattr__(firm.app.conversation, "prices", Listed())
    firm.clock.instant = NOW
    pay(firm, Decimal(1))
    firm.review()
    firm.clock.instant += timedelta(days=1)
    pay(firm, Decimal(1))
    firm.review()
    assert told(firm) == []
    assert [alert.reason.value for alert in known(firm)] == ["there when reviews began"]


def test_a_change_that_a_budget_had_planned_reads_as_planned(open_office: Callable[..., Office]) -> None:
    plan = "provider = 'Acme'\nlimit = 100000\noverlays = [{ from = 2026-11-12, factor = 1.1, note = 'the new contract' }]\n"
    firm = open_office(budgets=f"{BIG}[[budgets]]\nname = 'acme'\n{plan}")
    pay(firm, Decimal(1))
    firm.review()
    assert "A change was planned for these days: the new contract." in card(firm)
    assert "no budget had planned it" not in card(firm)


def test_a_list_that_changes_reads_as_such(open_office: Callable[..., Office]) -> None:
    firm = open_office()
    firm.app.conversation.prices.changes[CHANGE] = Decimal(20)  # type: ignore[attr-defined]
    pay(firm)
    firm.review()
    assert told(firm) == [("fin", "Acme large-1: the list price has changed")]
    for part in ("The bill follows the price list", "More since", "$18.00", "$13.5"):
        assert part in card(firm)


def test_what_has_held_for_long_is_closed_in_place(open_office: Callable[..., Office]) -> None:
    firm = open_office()
    firm.know()
    pay(firm, Decimal(1))
    firm.review()
    firm.deliver()
    firm.clock.instant += timedelta(days=30)
    pay(firm, Decimal(1))
    firm.review()
    assert [alert.state for alert in known(firm)] == [State.CLOSED]
    firm.deliver()
    assert len(told(firm)) == 1
    [shown] = [text for text in firm.world.shown.values() if "Acme" in text]
    assert "Acme large-1: this change of price is no news any more" in shown
    firm.clock.instant += timedelta(days=1)
    pay(firm, Decimal(1))
    firm.review()
    assert len(told(firm)) == len(known(firm)) == 1


def test_works_council_tells_no_cost_of_a_part_of_a_month(open_office: Callable[..., Office]) -> None:
    """However many people: of what the whole month costs, less what it cost since the change, Ana alone paid all before it."""
    everybody = ("ana", "ben", "mia", "ruth", "fin")
    firm = open_office("works_council", everybody)
    pay(firm, Decimal(1), people=everybody)
    firm.review()
    assert told(firm) == [("fin", "Acme large-1 costs 11 % more than the price paid before")]
    assert "100 % (before: 90 %)" in card(firm)
    assert "More since" not in card(firm)
    assert [alert.seen.cost.nanos for alert in known(firm)] == [0]


def rarely(firm: Office, first: date) -> None:
    """Let everything else be paid as ever, and a second model at its full price, on every twelfth day from *first* on."""
    rows, day = [], FIRST
    while day < firm.clock.instant.date():
        mix = (4 * 10**6, 36 * 10**6, 0, 0, (1 + day.toordinal() % 3) * 4 * 10**6)
        whole = sum(count * price for count, price in zip(mix, LISTED.values(), strict=True))
        row = {"day": day.isoformat(), "person": "ana@x.example", "team": "search", "tokens": mix}
        rows.append({**row, "billed": int(USUAL * whole * 1000)})
        if day >= first and (day - first).days % 12 == 0:
            rows.append({**row, "tokens": tuple(20 * count for count in mix), "billed": int(20 * whole * 1000), "model": "batch-1"})
        day += timedelta(days=1)
    book(firm.app.ledger, rows)


def test_a_model_that_is_used_rarely_is_not_new_each_time(open_office: Callable[..., Office]) -> None:
    """Its price never changed: after five weeks its first day is out of sight, and its next one is not the first."""
    firm = open_office()
    for weeks in range(0, 12, 2):
        firm.clock.instant = NOW + timedelta(weeks=weeks)
        rarely(firm, FIRST + timedelta(days=2))
        firm.review()
    assert [title for _, title in told(firm) if "batch-1" in title] == []


@pytest.mark.parametrize(("privacy", "is_counted"), [("standard", True), ("works_council", False)])
def test_a_replay_tells_what_day_by_day_reviews_tell(open_office: Callable[..., Office], privacy: str, *, is_counted: bool) -> None:
    firm = open_office(privacy)
    pay(firm, Decimal(1))
    [row] = [row for row in Simulation(firm.app.review).run(7).document()["rows"] if row["kind"] == "price"]
    assert (row["day"], row["subject"], row["since"], row["messages"]) == ("2026-11-11", "price Acme / large-1", "2026-11-10", 1)
    assert row["price"] == {"before": "0.9000", "now": "1.0000"}
    assert (row["cost"] is not None) is is_counted


def test_the_command_tells_it_in_a_line(open_office: Callable[..., Office]) -> None:
    firm = open_office()
    pay(firm, Decimal(1))
    [caught] = [each for each in Simulation(firm.app.review).run(7).caught if each.alert.identity.kind is Kind.PRICE]
    assert (
        line(caught, Reader()) == "2026-11-11  price  Acme / large-1 at 100 % of the list price, before at 90 %, since 2026-11-10 (crossed)"
    )

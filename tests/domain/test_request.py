"""Requests: who may say yes to what, and that nothing is granted twice or to excess."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import request as requests
from bot.domain.money import Money
from bot.domain.request import OPEN_FOR, Request, Standing, Verdict

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
PEOPLE = ("ana", "mia", "fin", "uma")


def usd(amount: int) -> Money:
    return Money(amount * 10**9, "USD")


def asked(amount: int = 200, days: int = 28) -> Request:
    return Request("ana", "everyone", "person ana", usd(amount), usd(600), NOW + timedelta(days=days), "why", NOW, ("mia",), number=3)


def approve(request: Request, by: str = "mia", amount: int | None = None, at: datetime = NOW) -> requests.Answer:
    return requests.approve(request, by, usd(amount) if amount is not None else None, ("fin", "uma"), usd(1000), at)


def test_a_yes_grants_what_was_asked() -> None:
    answer = approve(asked())
    assert (answer.verdict, answer.request.granted, answer.request.state) == (Verdict.GRANTED, usd(200), Standing.GRANTED)


def test_less_may_be_granted_and_more_may_not() -> None:
    assert approve(asked(), amount=150).request.granted == usd(150)
    assert approve(asked(), amount=201).verdict is Verdict.TOO_MUCH
    assert approve(asked(), amount=0).verdict is Verdict.NOTHING
    assert approve(asked(), amount=-5).verdict is Verdict.NOTHING


def test_nobody_approves_their_own() -> None:
    assert approve(asked(), "ana").verdict is Verdict.OWN
    assert requests.deny(asked(), "ana", "no", NOW).verdict is Verdict.OWN


def test_above_a_limit_two_people_say_yes() -> None:
    first = approve(asked(5000))
    assert (first.verdict, first.request.approvers) == (Verdict.ONE_MORE, ("fin", "uma"))
    assert approve(first.request, "mia").verdict is Verdict.TWICE
    second = approve(first.request, "fin", amount=3000)
    assert (second.verdict, second.request.granted, second.request.approved_by) == (Verdict.GRANTED, usd(3000), ("mia", "fin"))


def test_the_second_cannot_grant_more_than_the_first() -> None:
    first = approve(asked(5000), amount=2000)
    assert approve(first.request, "fin", amount=2001).verdict is Verdict.TOO_MUCH


def test_less_than_the_limit_needs_no_second() -> None:
    assert approve(asked(5000), amount=900).verdict is Verdict.GRANTED


def test_without_a_second_person_a_large_amount_is_not_granted() -> None:
    answer = requests.approve(asked(5000), "fin", None, ("fin", "ana"), usd(1000), NOW)
    assert (answer.verdict, answer.request.state) == (Verdict.ALONE, Standing.ASKED)


def test_it_expires() -> None:
    assert requests.expire(asked(), NOW + OPEN_FOR - timedelta(seconds=1)).verdict is Verdict.NOT_DUE
    assert requests.expire(asked(), NOW + OPEN_FOR).request.state is Standing.EXPIRED
    assert requests.expire(asked(days=2), NOW + timedelta(days=2)).verdict is Verdict.EXPIRED
    assert approve(asked(), at=NOW + OPEN_FOR).verdict is Verdict.NOT_OPEN


@given(
    st.lists(
        st.tuples(st.sampled_from(["yes", "no", "late"]), st.sampled_from(PEOPLE), st.one_of(st.none(), st.integers(-1, 6000))), max_size=8
    )
)
def test_whatever_is_answered_by_whomever(answers: list[tuple[str, str, int | None]]) -> None:
    """Granted once, by others than who asked, never more than asked, above the limit by two."""
    request, grants = asked(5000), 0
    for what, by, amount in answers:
        answer = approve(request, by, amount) if what == "yes" else requests.deny(request, by, "no", NOW)
        if what == "late":
            answer = requests.expire(request, NOW + OPEN_FOR)
        grants += answer.verdict is Verdict.GRANTED
        request = answer.request
    assert grants <= 1
    if request.state is Standing.GRANTED:
        assert request.granted
        assert request.granted.nanos <= usd(5000).nanos
        assert "ana" not in request.approved_by
        assert len(set(request.approved_by)) >= (2 if request.granted.nanos > usd(1000).nanos else 1)


def test_who_asked_takes_back_what_is_open_only() -> None:
    done = requests.withdraw(asked(), NOW)
    assert (done.verdict, done.request.state, done.request.approvers) == (Verdict.WITHDRAWN, Standing.WITHDRAWN, ())
    assert requests.withdraw(done.request, NOW).verdict is Verdict.NOT_OPEN
    assert requests.withdraw(approve(asked()).request, NOW).verdict is Verdict.NOT_OPEN
    assert requests.withdraw(asked(), NOW + OPEN_FOR).verdict is Verdict.NOT_OPEN

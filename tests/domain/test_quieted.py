"""Of crossings along one chain one reader hears of the most severe: the same answer as looking at every pair."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from months import usd

from bot.domain import steps
from bot.domain.alert import Change, Found, Identity, Kind, Reason, Seen, State
from bot.domain.crossing import _severity, _yields, quieted

AT = datetime(2026, 11, 10, tzinfo=UTC)
CHAINS = {
    "person ana": ("person ana", "team search", "team product", "org"),
    "person ben": ("person ben", "team search", "team product", "org"),
    "person cy": ("person cy", "team ads", "team product", "org"),
    "team search": ("team search", "team product", "org"),
    "team ads": ("team ads", "team product", "org"),
    "team product": ("team product", "org"),
    "org": ("org",),
    "model gpt": ("model gpt", "org"),
}


@st.composite
def crossings(draw: st.DrawFn) -> Change:
    subject = draw(st.sampled_from(sorted(CHAINS)))
    kind = draw(st.sampled_from([Kind.TIER, Kind.FORECAST]))
    cost = draw(st.integers(50, 200))
    identity = Identity(kind, draw(st.sampled_from(["a", "b"])), subject, date(2026, 11, 1), Decimal(1))
    found = Found(identity, Seen(usd(cost), usd(100), AT), needs_answer=draw(st.booleans()))
    owners = draw(st.sampled_from([("ana",), ("mia",), ("mia", "ruth"), ("ruth",)]))
    if draw(st.integers(0, 5)) == 0:
        return steps.crossed_late(None, found, owners, AT)
    return steps.crossed(None, found, owners, AT, AT)


def every_pair(changes: list[Change], chains: list[tuple[str, ...]]) -> set[int]:
    """Return which are told by another that is told itself, looking at all pairs, the most severe first."""
    told: list[int] = []
    for i in sorted(range(len(changes)), key=lambda i: _severity(changes[i], chains[i]), reverse=True):
        related = [j for j in told if chains[i][0] in chains[j] or chains[j][0] in chains[i]]
        if not any(_yields(changes[i], changes[j], chains[i], chains[j]) for j in related):
            told.append(i)
    return set(range(len(changes))) - set(told)


@given(st.lists(crossings(), max_size=12))
def test_it_is_the_same_as_looking_at_every_pair(changes: list[Change]) -> None:
    chains = [CHAINS[change.after.identity.subject] for change in changes]
    found = quieted(changes, chains)
    quiet = {i for i, change in enumerate(found) if change.reason is Reason.SAME_CHAIN}
    assert quiet == every_pair(changes, chains)
    assert all(found[i].after.state is State.CLOSED and not found[i].after.owners for i in quiet)


@given(st.lists(crossings(), min_size=1, max_size=12))
def test_who_is_told_anything_hears_of_something(changes: list[Change]) -> None:
    """Nobody is silenced altogether: the most severe of a reader's crossings is told."""
    chains = [CHAINS[change.after.identity.subject] for change in changes]
    told = {owner for change in quieted(changes, chains) for owner in change.after.owners}
    assert told == {owner for change in changes for owner in change.after.owners}


def test_the_most_severe_of_a_chain_is_told_and_another_reader_hears_of_their_own() -> None:
    def crossing(subject: str, cost: int, *owners: str) -> Change:
        found = Found(Identity(Kind.TIER, subject, subject, date(2026, 11, 1), Decimal(1)), Seen(usd(cost), usd(100), AT))
        return steps.crossed(None, found, owners, None, AT)

    changes = [crossing("person ana", 150, "mia"), crossing("team search", 110, "mia"), crossing("team product", 120, "ruth")]
    found = quieted(changes, [CHAINS[change.after.identity.subject] for change in changes])
    assert [change.after.owners for change in found] == [("mia",), (), ("ruth",)]
    assert replace(found[1].after, reason=Reason.CROSSED).state is State.CLOSED


def test_nobody_is_silenced_by_what_is_silent_itself() -> None:
    """Opus yields to the whole, the whole to Sonnet; Sonnet says nothing of Opus."""

    def crossing(subject: str, cost: int) -> Change:
        found = Found(Identity(Kind.TIER, subject, subject, date(2026, 11, 1), Decimal("0.8")), Seen(usd(cost), usd(100), AT))
        return steps.crossed(None, found, ("fin",), None, AT)

    chains = [("model opus", "org"), ("model sonnet", "org"), ("org",)]
    changes = [crossing("model opus", 82), crossing("model sonnet", 95), crossing("org", 88)]
    assert [bool(change.after.owners) for change in quieted(changes, chains)] == [True, True, False]


def test_what_needs_an_answer_is_not_told_by_what_needs_none() -> None:
    burn = Found(Identity(Kind.BURN, "month", "person ana", date(2026, 11, 1), Decimal(3)), Seen(usd(20), usd(100), AT), needs_answer=True)
    tier = Found(Identity(Kind.TIER, "year", "person ana", date(2026, 1, 1), Decimal("0.5")), Seen(usd(500), usd(1000), AT))
    changes = [steps.crossed(None, found, ("ana",), AT, AT) for found in (burn, tier)]
    assert all(change.after.owners for change in quieted(changes, [CHAINS["person ana"]] * 2))

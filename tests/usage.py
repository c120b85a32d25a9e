"""Support: use of models in two periods: the worked example of the method, and any other."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from bot.domain.consumption import Side, Usage

PEOPLE = ("", "ana", "ben", "cy", "dee")
MODELS = ("small", "middle", "large")
SONNET = {"in": Fraction(3), "read": Fraction(3, 10), "out": Fraction(15)}
OPUS = {"in": Fraction(5), "read": Fraction(1, 2), "out": Fraction(25)}


def used(person: str, model: str, entered: int, read: int, out: int) -> Usage:
    """Return a use in millions of tokens at list price."""
    price = OPUS if model == "opus" else SONNET
    cost = entered * price["in"] + read * price["read"] + out * price["out"]
    return Usage(person, model, (entered * 10**6, read * 10**6, 0, 0, out * 10**6), int(cost * 10**9))


BEFORE = Side((used("ann", "sonnet", 10, 90, 2), used("bob", "sonnet", 10, 90, 2)))
AFTER = Side((used("ann", "sonnet", 10, 90, 2), used("bob", "opus", 40, 80, 4), used("cy", "sonnet", 5, 20, 1)))


TOKENS = st.tuples(*[st.one_of(st.just(0), st.integers(0, 10**12))] * 5)
USAGES = st.lists(
    st.builds(Usage, st.sampled_from(PEOPLE), st.sampled_from(MODELS), TOKENS, st.one_of(st.just(0), st.integers(-(10**13), 10**15))),
    max_size=8,
)
WEIGHTS = st.dictionaries(st.sampled_from(MODELS), st.tuples(*[st.integers(0, 10**6)] * 5))
SIDES = st.builds(Side, USAGES.map(tuple), WEIGHTS)

"""Scenario: what somebody supposes of a year to come: growth, prices, seats; each multiplies what is expected."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction

from bot.errors import ConfigError

NAMES = ("growth", "price", "seats")
_NEAR = 0.6
_SHARE = re.compile(r"[+-]?\d{1,4}(\.\d{1,2})?%", re.ASCII)
_COUNT = re.compile(r"[1-9]\d{0,6}", re.ASCII)
_SUCH_AS = {"growth": "growth=+30%", "price": "price=-10%", "seats": "seats=120"}


@dataclass(frozen=True)
class Scenario:
    """Suppositions; several multiply.

    Attributes:
        words: As they were written, such as `growth=+30%`.
        shares: What each change of so many percent multiplies by, by its name.
        seats: How many people are supposed to be active; None: as many as now.
    """

    words: tuple[str, ...] = ()
    shares: dict[str, Fraction] = field(default_factory=dict)
    seats: int | None = None

    @property
    def growth(self) -> Fraction | None:
        """What the growth multiplies by that is to be expected in the place of what there has been; None where it says nothing of it."""
        return self.shares.get("growth")

    def factor(self, active: int) -> Fraction:
        """Return what the expected cost is multiplied by where *active* people are active now.

        Raises:
            ConfigError: Seats are supposed, and nobody is active.
        """
        found = Fraction(1)
        for share in self.shares.values():
            found *= share
        if self.seats is None:
            return found
        if not active:
            raise ConfigError(f"seats={self.seats} cannot be compared with the people of now: nobody in this scope is active.")
        return found * Fraction(self.seats, active)


def parse(texts: Iterable[str]) -> Scenario:
    """Return the scenario of *texts*, each one supposition or several with blanks between.

    Raises:
        ConfigError: A name or a value is not understood, or a name stands there twice; says what would do.
    """
    words = [word for text in texts for word in text.replace("\u2212", "-").split()]
    shares: dict[str, Fraction] = {}
    seats = None
    for word in words:
        name, _, value = word.partition("=")
        name = _known(name.lower(), word)
        if name in shares or (name == "seats" and seats is not None):
            raise ConfigError(f"{name} is given twice in the scenario; give it once.")
        if name == "seats":
            seats = _count(word, value)
        else:
            shares[name] = _share(name, word, value)
    return Scenario(tuple(words), shares, seats)


def _known(name: str, word: str) -> str:
    if name in NAMES:
        return name
    near = get_close_matches(name, NAMES, n=1, cutoff=_NEAR)
    if near:
        raise ConfigError(f"'{word}' is no part of a scenario. Did you mean: {near[0]}, such as {_SUCH_AS[near[0]]}?")
    raise ConfigError(f"'{word}' is no part of a scenario. Known are {', '.join(_SUCH_AS.values())}.")


def _share(name: str, word: str, value: str) -> Fraction:
    if not _SHARE.fullmatch(value):
        raise ConfigError(f"'{word}' is not understood: {name} is a change in percent, such as {_SUCH_AS[name]}.")
    found = 1 + Fraction(value[:-1]) / 100
    if found <= 0:
        raise ConfigError(f"'{word}' would leave nothing: a change must be above -100%.")
    return found


def _count(word: str, value: str) -> int:
    if not _COUNT.fullmatch(value):
        raise ConfigError(f"'{word}' is not understood: seats is a whole number of people from 1 on, such as {_SUCH_AS['seats']}.")
    return int(value)

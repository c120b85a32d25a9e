"""What counts as delivered: loads that still stand, from the first day on, and never days that nobody ever said anything about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.domain.period import Window
from bot.ports import FORGOTTEN
from bot.services.deliveries import has_all, standing

OCTOBER = Window(date(2026, 10, 1), date(2026, 11, 1))


@dataclass(frozen=True)
class Loaded:
    source: str
    window: Window
    description: str = "export"


def loaded(source: str, first: int, last: int, month: int = 10, description: str = "export") -> Any:
    return Loaded(source, Window(date(2026, month, first), date(2026, month, last)), description)


def test_what_was_delivered_before_a_source_was_taken_out_does_not_count() -> None:
    older, gone, newer = loaded("a", 1, 31), loaded("a", 1, 2, description=FORGOTTEN), loaded("a", 20, 31)
    other = loaded("b", 1, 31)
    assert standing([newer, other, gone, older]) == [newer, other]
    assert has_all(["a"], OCTOBER, [newer, older])
    assert not has_all(["a"], OCTOBER, standing([newer, other, gone, older]))


def test_every_source_has_begun_by_the_first_day_and_delivered_some_of_it() -> None:
    whole, late, before_only = loaded("a", 1, 31), loaded("b", 3, 31), loaded("c", 1, 30, month=9)
    assert has_all(["a"], OCTOBER, [whole, late])
    assert not has_all(["a", "b"], OCTOBER, [whole, late]), "three days late is not whole"
    assert not has_all(["a", "c"], OCTOBER, [whole, before_only]), "it has begun, and said nothing of these days"
    assert has_all(["c"], OCTOBER, [before_only, loaded("c", 12, 13)]), "days between two loads may be days without cost"


def test_of_no_source_and_of_one_that_never_delivered_nobody_can_tell() -> None:
    assert not has_all([], OCTOBER, [loaded("a", 1, 31)])
    assert not has_all(["z"], OCTOBER, [loaded("a", 1, 31)])

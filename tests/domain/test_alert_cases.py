"""The oracle: what people read, step by step, for every situation that the rules of design 4 speak of.

A step changes the world and is followed by a review: `85` is the cost in dollars (of a limit of 100 at first), `f104` the
expected cost, `pace1.5` a pace, `raise120` a new limit, `ack`, `ack+2d`, `snooze`, `wait8h`, `+3d` time that passes, `end`
the end of the period with everything delivered, `late` its end while a source is still behind. What is expected is what is
said: `80` a new message about that tier, `f` a forecast, `p1.5` a pace; `80:edit reason`, `80:remind`, `80:escalate`.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from months import World, usd

from bot.domain.alert import Kind, State
from bot.domain.burn import Burn

CASES = {
    # One tier, several, and each once
    "nothing below the first tier": ("49.99", []),
    "a tier is reached exactly": ("50", ["50"]),
    "the same figures again": ("50 50", ["50"]),
    "more within the same tier": ("50 60 79.99", ["50"]),
    "tier after tier": ("50 80 100 120", ["50", "50:edit {next}", "80", "80:edit {next}", "100", "100:edit {next}", "120"]),
    "two tiers in one load": ("85", ["80"]),
    "all tiers in one load": ("500", ["120"]),
    "far above the last tier nothing more is said": ("120 200 900", ["120"]),
    "a refund that undoes nothing": ("90 85", ["80"]),
    "a negative cost": ("-20", []),
    # Restatement
    "a correction takes a tier back": ("85 70", ["80", "80:edit {corrected}"]),
    "a correction takes back all tiers": ("85 10", ["80", "80:edit {corrected}"]),
    "a lower tier told on its own is taken back, too": ("55 85 10", ["50", "50:edit {next}", "80", "50:edit {corrected}", "80:edit {corrected}"]),
    "crossed again after a correction": ("85 70 85", ["80", "80:edit {corrected}", "80"]),
    "a higher tier after a correction": ("85 70 100", ["80", "80:edit {corrected}", "100"]),
    "to and fro is told twice": ("85 70 85 70 85", ["80", "80:edit {corrected}", "80", "80:edit {corrected}"]),
    "to and fro is told once more when final": ("85 70 85 70 85 end", ["80", "80:edit {corrected}", "80", "80:edit {corrected}"]),
    "a limit to and fro is told once more when final": ("105 79 105 79 105 end", ["100", "100:edit {corrected}", "100", "100:edit {corrected}", "100"]),
    "a correction within the tier": ("99 81", ["80"]),
    "a correction of the top tier leaves the one below alone": ("85 105 85", ["80", "80:edit {next}", "100", "100:edit {corrected}"]),
    "a correction of what was inhibited says nothing": ("105 99", ["100", "100:edit {corrected}"]),
    "an acknowledged tier is taken back": ("105 ack 70", ["100", "100:edit {answered}", "100:edit {corrected}"]),
    "a snoozed tier is taken back": ("85 snooze 70", ["80", "80:edit {snoozed}", "80:edit {corrected}"]),
    "an escalated tier is taken back": ("105 wait8 70", ["100", "100:escalate", "100:edit {corrected}"]),
    "nobody is escalated after a correction": ("105 70 wait8 wait8", ["100", "100:edit {corrected}"]),
    # Acknowledgement
    "an acknowledged tier is silent": ("105 ack 110 wait8 wait8", ["100", "100:edit {answered}"]),
    "the next tier breaks through": ("105 ack 120", ["100", "100:edit {answered}", "100:edit {next}", "120"]),
    "the date breaks it open": ("105 ack+2d +3", ["100", "100:edit {answered}", "100:remind"]),
    "before the date nothing": ("105 ack+3d +2", ["100", "100:edit {answered}"]),
    "after the date silence escalates": ("105 ack+2d +3 wait8", ["100", "100:edit {answered}", "100:remind", "100:escalate"]),
    "a second answer replaces the first": ("105 ack+2d ack+9d +3", ["100", "100:edit {answered}", "100:edit {answered}"]),
    "an answer after escalation": ("105 wait8 ack wait8", ["100", "100:escalate", "100:edit {answered}"]),
    "an answer to a low tier": ("85 ack wait8 85", ["80", "80:edit {answered}"]),
    "an answer holds for its tier only, two further": ("55 ack 130", ["50", "50:edit {answered}", "50:edit {next}", "120"]),
    # Snooze
    "a snoozed tier is silent": ("85 snooze3 90 +1", ["80", "80:edit {snoozed}"]),
    "a snooze lapses": ("85 snooze1 +2", ["80", "80:edit {snoozed}", "80:remind"]),
    "the last tier cannot be snoozed": ("125 snooze", ["120"]),
    "no snooze beyond seven days": ("85 snooze8", ["80"]),
    "a snooze of seven days": ("85 snooze7 +6", ["80", "80:edit {snoozed}"]),
    "the next tier breaks a snooze": ("85 snooze7 105", ["80", "80:edit {snoozed}", "80:edit {next}", "100"]),
    # Escalation
    "a low tier is not escalated": ("85 wait8 wait8", ["80"]),
    "silence is escalated": ("105 wait8", ["100", "100:escalate"]),
    "not before the time": ("105 wait7", ["100"]),
    "step by step, five at most": ("105 wait8 wait8 wait8 wait8 wait8 wait8 wait8", ["100"] + ["100:escalate"] * 5),
    "the next tier starts anew": ("105 wait8 120 wait8", ["100", "100:escalate", "100:edit {next}", "120", "120:escalate"]),
    # Raise
    "a raise closes": ("105 raise200", ["100", "100:edit {budget}" ]),
    "a raise does not repeat what is known": ("105 raise120", ["100", "100:edit {budget}"]),
    "after a raise the same tier counts anew": ("105 raise120 120", ["100", "100:edit {budget}", "100"]),
    "after a raise a tier not known before": ("55 raise120 96", ["50", "50:edit {budget}", "80"]),
    "a raise and new cost in one review": ("105 raise110 140", ["100", "100:edit {budget}", "120"]),
    "a lowered budget tells": ("85 raise60", ["80", "80:edit {budget}", "120"]),
    "a raise ends an acknowledgement": ("105 ack raise200 wait8", ["100", "100:edit {answered}", "100:edit {budget}"]),
    "a raise that runs out tells again": ("85 raise200 100 raise100", ["80", "80:edit {budget}", "50", "50:edit {budget}", "100"]),
    "a raise, then a correction of what was said before": ("105 raise200 70", ["100", "100:edit {budget}", "100:edit {corrected}"]),
    "two raises": ("105 raise120 raise150 150", ["100", "100:edit {budget}", "100"]),
    "a raise below what is spent": ("130 raise110", ["120", "120:edit {budget}", "100"]),
    "a raise that leaves the same tier reached": ("115 raise110 wait8", ["100", "100:edit {carried}", "100:escalate"]),
    "a raise that leaves it over after an answer": ("115 ack raise110 wait8", ["100", "100:edit {answered}", "100:edit {carried}"]),
    # The end of the period
    "the end closes": ("105 end", ["100", "100:edit {ended}"]),
    "the end closes an acknowledged one": ("105 ack end", ["100", "100:edit {answered}", "100:edit {ended}"]),
    "the end of what was never told": ("40 end", []),
    "no escalation after the end": ("105 end wait8 wait8", ["100", "100:edit {ended}"]),
    "no snooze after the end": ("85 end snooze", ["80", "80:edit {ended}"]),
    "a source that is behind keeps it open": ("105 late", ["100"]),
    # Late data
    "a crossing of the limit found after the end": ("49 end 100", ["100"]),
    "a lower tier found after the end is no news": ("49 end 85", []),
    "a crossing found after the end asks for nothing": ("49 end 105 wait8 wait8", ["100"]),
    "found with the last delivery": ("49 late 105 end", ["100", "100:edit {ended}"]),
    "a higher tier found after the end": ("85 end 105", ["80", "80:edit {ended}", "100"]),
    "a correction after the end": ("105 end 95", ["100", "100:edit {ended}", "100:edit {corrected}"]),
    # Forecast
    "a forecast at the limit": ("f100", ["f"]),
    "a forecast below it": ("f99.9", []),
    "a forecast stays": ("f104 f98 f96", ["f"]),
    "a forecast recovers": ("f104 f94", ["f", "f:edit {recovered}"]),
    "a forecast again, a day later": ("f104 f94 +1 f104", ["f", "f:edit {recovered}", "f"]),
    "a forecast again at once waits": ("f104 f94 f104", ["f", "f:edit {recovered}"]),
    "a forecast at most twice": ("f104 f94 +1 f104 +1 f94 +2 f104", ["f", "f:edit {recovered}", "f", "f:edit {recovered}"]),
    "a forecast comes true": ("f104 100", ["f", "100", "f:edit {reached}"]),
    "no forecast above the limit": ("100 f130", ["100"]),
    "no forecast without history": ("f", []),
    "a forecast that is lost says nothing": ("f104 f", ["f"]),
    "an acknowledged forecast is silent": ("f104 ack f120", ["f", "f:edit {answered}"]),
    "a forecast is not escalated": ("f104 wait8", ["f"]),
    "the end closes a forecast": ("f104 end", ["f", "f:edit {ended}"]),
    "a raise closes a forecast": ("f104 raise120", ["f", "f:edit {budget}"]),
    "a forecast of the new limit": ("f104 raise103", ["f", "f:edit {budget}", "f"]),
    # Pace
    "a pace": ("pace1.5", ["p1.5"]),
    "a pace stays": ("pace1.5 pace1.5", ["p1.5"]),
    "a pace grows": ("pace1.5 pace3", ["p1.5", "p3", "p1.5:edit {next}"]),
    "a pace calms down": ("pace1.5 pace", ["p1.5", "p1.5:edit {recovered}"]),
    "a pace again": ("pace1.5 pace +1 pace1.5", ["p1.5", "p1.5:edit {recovered}", "p1.5"]),
    "a pace at most twice": ("pace1.5 pace +1 pace1.5 pace +1 pace1.5", ["p1.5", "p1.5:edit {recovered}", "p1.5", "p1.5:edit {recovered}"]),
    "an urgent pace is escalated": ("pace3 wait8", ["p3", "p3:escalate"]),
    "a pace is not escalated": ("pace1.5 wait8", ["p1.5"]),
    "no pace once the budget is gone": ("105 ack pace1.5 +2 pace3", ["100", "100:edit {answered}"]),
    "what a pace warned of has happened": ("pace1.5 105", ["p1.5", "100", "p1.5:edit {reached}"]),
    "an urgent pace asks on when the budget is gone": ("pace3 105 wait8", ["p3", "100", "p3:escalate", "100:escalate"]),
    "a pace after a raise": ("105 raise200 pace1.5", ["100", "100:edit {budget}", "p1.5"]),
    "the end closes a pace": ("pace1.5 end", ["p1.5", "p1.5:edit {ended}"]),
}  # fmt: skip
WORDS = {
    "next": "the next tier was reached", "corrected": "the figures were corrected", "answered": "acknowledged", "snoozed": "snoozed",
    "budget": "the budget was changed", "carried": "the budget was changed; it is still over", "ended": "the period has ended", "recovered": "no longer so", "reached": "what was forecast has happened",
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_people_read(name: str) -> None:
    steps, expected = CASES[name]
    world = World()
    for step in steps.split():
        world.step(step)
    assert world.said == [line.format(**WORDS) for line in expected]


def test_the_table_is_large_enough() -> None:
    assert len(CASES) >= 60


def test_a_runaway_beside_a_low_tier_is_told_for_itself() -> None:
    """It needs an answer, and a low tier asks for none; a high tier does."""
    for cost, said in ((85, ["80", "p3"]), (105, ["100"])):
        world = World()
        world.measured = replace(world.measured, cost=usd(cost), pace=Decimal(3), is_calm=False)
        world.review()
        assert world.said == said


@pytest.mark.parametrize(("hours", "told"), [(1, ["p3"]), (6, ["p3"]), (24, [])])
def test_hours_of_a_budget_that_is_gone_are_told(hours: int, told: list[str]) -> None:
    """That it will be gone is no news; that it goes so fast just now may be a runaway. A whole day is looked at as an anomaly."""
    world = World()
    world.step("105")
    world.step("ack")
    burn = Burn(hours, world.at, usd(2), Fraction(1))
    world.measured = replace(world.measured, cost=usd(107), pace=Decimal(3), burn=burn, is_calm=False)
    world.review()
    assert world.said == ["100", "100:edit acknowledged", *told]


def test_a_forecast_beside_a_tier_is_told_in_one_message() -> None:
    world = World()
    world.measured = replace(world.measured, cost=usd(85), expected=usd(110), pace=Decimal("1.5"), is_calm=False)
    world.review()
    assert world.said == ["80"]
    recorded = {(a.identity.kind, a.identity.tier): a.state for a in world.known.values()}
    assert recorded == {
        (Kind.TIER, Decimal("0.5")): State.CLOSED,
        (Kind.TIER, Decimal("0.8")): State.OPEN,
        (Kind.FORECAST, Decimal(1)): State.CLOSED,
        (Kind.BURN, Decimal("1.5")): State.CLOSED,
    }


def test_what_was_told_with_a_tier_is_not_told_again_by_the_next_review() -> None:
    world = World()
    world.measured = replace(world.measured, cost=usd(105), pace=Decimal(3), is_calm=False)
    world.review()
    world.review()
    assert world.said == ["100"]

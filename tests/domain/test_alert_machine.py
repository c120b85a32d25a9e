"""The alert machine under any sequence of events: nothing is told twice, nothing is missed at final figures, an answer is silent."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from months import World

from bot.domain import steps
from bot.domain.alert import Because, Kind, Promise, Reason, State
from bot.domain.crossing import MOST, MOST_ROUNDS


class OfOnePerson(RuleBasedStateMachine):
    """A month of one budget, at random."""

    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.is_over = False
        self.told_while_answered = False

    @rule(cents=st.sampled_from([1000, 5500, 7000, 8500, 9999, 10_500, 12_500]) | st.integers(0, 20_000))
    def cost(self, cents: int) -> None:
        before = {a.identity: a for a in self.world.known.values() if a.state is State.ACKNOWLEDGED}
        said = len(self.world.said)
        self.world.step(f"{cents / 100:.2f}")
        for line in self.world.said[said:]:
            silent = any(f"{identity.tier * 100:.0f}" == line and self.world.known[identity] == alert for identity, alert in before.items())
            self.told_while_answered |= silent

    @rule(high=st.sampled_from([8500, 10_500, 13_000]))
    def correct_to_and_fro(self, high: int) -> None:
        self.cost(high)
        self.cost(4000)

    @rule(cents=st.integers(1, 30_000))
    def forecast(self, cents: int) -> None:
        self.world.step(f"f{cents / 100:.2f}")

    @rule(pace=st.sampled_from(["pace", "pace1.5", "pace3"]))
    def pace(self, pace: str) -> None:
        self.world.step(pace)

    @rule(limit=st.integers(60, 400))
    def change_the_budget(self, limit: int) -> None:
        self.world.step(f"raise{limit}")

    @rule(hours=st.integers(1, 100))
    def wait(self, hours: int) -> None:
        self.world.pass_time(timedelta(hours=hours))

    @precondition(lambda self: any(a.was_told for a in self.world.known.values()))
    @rule(days=st.integers(-1, 20))
    def answer(self, days: int) -> None:
        at = self.world.at
        self.world.answer(Promise("ana", Because.OTHER, "", at + timedelta(days=days), at))

    @precondition(lambda self: any(a.was_told for a in self.world.known.values()))
    @rule(days=st.integers(0, 9))
    def snooze(self, days: int) -> None:
        self.world.do([steps.snoozed(self.world.newest(), self.world.at + timedelta(days=days), self.world.at)])

    @rule()
    def end(self) -> None:
        self.is_over = True
        self.world.step("end")

    @invariant()
    def nothing_is_announced_twice(self) -> None:
        """Each round of an alert once; a tier has a second one only after a correction, and a third only when final."""
        assert all(count == 1 for count in self.world.told.values())
        rounds = Counter(identity for identity, _ in self.world.told if identity.kind is Kind.TIER)
        assert all(count <= MOST_ROUNDS + self.is_over * 99 for count in rounds.values())

    @invariant()
    def a_forecast_and_a_pace_are_told_twice_at_most(self) -> None:
        found = Counter((a.identity.kind, a.identity.tier, a.identity.version) for a in self.world.known.values() if a.was_told)
        assert all(count <= MOST for (kind, _, _), count in found.items() if kind is not Kind.TIER)

    @invariant()
    def an_answered_tier_is_silent(self) -> None:
        assert not self.told_while_answered

    @invariant()
    def every_tier_that_is_reached_is_recorded(self) -> None:
        """Told, inhibited with its reason, or waiting for final figures; and none that is not reached stands."""
        measured = self.world.measured
        version = measured.budget.version
        known = {a.identity.tier: a for a in self.world.known.values() if a.identity.kind is Kind.TIER and a.identity.version == version}
        for tier in measured.budget.ladder:
            is_reached = Decimal(measured.cost.nanos) >= tier * measured.budget.limit.nanos
            alert = known.get(tier)
            stands = alert is not None and (alert.state is not State.RETRACTED or alert.reason is Reason.FLAPPING)
            assert stands == is_reached or (alert is not None and alert.reason is Reason.FLAPPING), (tier, alert)

    @invariant()
    def at_final_figures_the_limit_is_not_missed(self) -> None:
        """Whoever is over when the month is closed was told so, or of a higher tier, or before the budget was raised."""
        measured = self.world.measured
        if not measured.is_over or measured.share < 1:
            return
        version = measured.budget.version
        tiers = [
            a for a in self.world.known.values() if a.identity.kind is Kind.TIER and a.identity.version == version and a.identity.tier >= 1
        ]
        highest = max((a for a in tiers if a.identity.tier <= measured.share), key=lambda a: a.identity.tier)
        others_told = any(a.was_told for a in self.world.known.values() if a.identity.kind is Kind.TIER and a.identity.version < version)
        assert any(a.was_told for a in tiers) or (highest.reason is Reason.KNOWN_BEFORE_RAISE and others_told)

    @invariant()
    def nothing_over_asks_for_anything(self) -> None:
        for alert in self.world.known.values():
            if not alert.is_live:
                assert alert.due is None


TestOfOnePerson = OfOnePerson.TestCase
TestOfOnePerson.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)

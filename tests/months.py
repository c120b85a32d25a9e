"""Support: a month of one person's budget, step by step, as the oracle and the state machine of the tests write it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bot.domain import steps
from bot.domain.alert import Alert, Because, Change, Identity, Kind, Promise, Says
from bot.domain.budget import Budget, Scope, ScopeKind
from bot.domain.crossing import Deciding, Measured, Terms
from bot.domain.money import Money
from bot.domain.period import PeriodKind, Window

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOVEMBER = Window(date(2026, 11, 1), date(2026, 12, 1))
ANA = Scope(ScopeKind.PERSON, "ana@x.example")
_STEP = re.compile(r"(f|pace|raise|wait|ack|snooze|\+|)([\d.]*)(.*)")


def usd(amount: str | float) -> Money:
    return Money(int(Decimal(str(amount)) * 10**9), "USD")


class World:
    """One person, one budget, one period."""

    def __init__(self) -> None:
        self.at, self.said, self.known = START, list[str](), dict[Identity, Alert]()
        self.told: Counter[tuple[Identity, int]] = Counter()
        """How often each round of an alert was announced."""
        self.budget = Budget("everyone", Scope(ScopeKind.PERSON, "*"), PeriodKind.MONTH, usd(100))
        self.measured = Measured(self.budget, ANA, NOVEMBER, usd(0), self.at)

    def step(self, step: str) -> None:
        kind, number, rest = _STEP.fullmatch(step).groups()  # type: ignore[union-attr]
        now = self.measured
        match kind:
            case "" if number:
                self.measured = replace(now, cost=usd(number))
            case "f":
                self.measured = replace(now, expected=usd(number) if number else None)
            case "pace":
                self.measured = replace(now, pace=Decimal(number) if number else None, is_calm=not number)
            case "raise":
                self.measured = replace(now, budget=replace(now.budget, limit=usd(number), version=now.budget.version + 1))
            case "wait":
                self.pass_time(timedelta(hours=int(number)))
            case "+":
                self.pass_time(timedelta(days=int(number)))
            case "ack":
                days = int(rest[1:-1]) if rest else 28
                self.answer(Promise("ana", Because.PLANNED, "soon done", self.at + timedelta(days=days), self.at))
            case "snooze":
                self.do([steps.snoozed(self.newest(), self.at + timedelta(days=int(number or 1)), self.at)])
            case _:
                self.measured = replace(now, is_over=step == "end")
                self.at = max(self.at, datetime(2026, 12, 1, 9, tzinfo=UTC))
        self.review()

    def newest(self) -> Alert:
        return max((a for a in self.known.values() if a.was_told), key=lambda a: (a.is_live, a.changed_at, a.identity.tier))

    def answer(self, promise: Promise) -> None:
        self.do([steps.acknowledged(self.newest(), promise)])

    def pass_time(self, span: timedelta) -> None:
        self.at += span
        due = self.at + timedelta(hours=8)
        for known in list(self.known.values()):
            self.do([steps.lapsed(known, due, self.at)])
            self.do([steps.unanswered(self.known[known.identity], due, self.at)])

    def review(self) -> None:
        due = self.at + timedelta(hours=8)
        self.do(Deciding(self.measured, list(self.known.values()), Terms(), ("ana",), due, self.at).decide())

    def do(self, changes: list[Change]) -> None:
        for change in changes:
            if not change.happened:
                continue
            identity = change.after.identity
            if change.before:
                self.known.pop(change.before.identity, None)
            self.known[identity] = change.after
            if change.says is Says.NOTHING:
                continue
            if change.says is Says.ANNOUNCE:
                self.told[identity, change.after.round] += 1
            name = {Kind.TIER: f"{identity.tier * 100:.0f}", Kind.FORECAST: "f", Kind.BURN: f"p{identity.tier}"}[identity.kind]
            how = {Says.ANNOUNCE: "", Says.EDIT: f":edit {change.reason}", Says.REMIND: ":remind", Says.ESCALATE: ":escalate"}
            self.said.append(name + how[change.says])

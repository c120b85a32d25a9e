"""Requests: somebody asks for more budget, or takes it back; somebody who answers for it says yes, less, or no. Pure; every step says why.

The answer is a record of what was agreed; nothing here blocks or unblocks anybody's usage.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.money import Money

OPEN_FOR = timedelta(days=14)
"""After this a request that nobody answered expires."""


class Standing(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    SECOND = "waits for a second approver"
    GRANTED = "granted"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What came of an answer."""

    GRANTED = "granted"
    ONE_MORE = "one more approver is needed"
    DENIED = "denied"
    EXPIRED = "nobody answered in time"
    WITHDRAWN = "withdrawn"
    NOT_OPEN = "it was answered already"
    OWN = "nobody approves their own request"
    TWICE = "the second approver must be somebody else"
    ALONE = "there is nobody to say the second yes"
    TOO_MUCH = "more than was asked for"
    NOTHING = "nothing was granted"
    NOT_DUE = "it is not due"


@dataclass(frozen=True, slots=True)
class Request:
    """A request for more budget.

    Attributes:
        budget, subject: Whose budget, as an alert names them.
        limit: Of the budget when it was asked.
        ends: When what is granted ends, and the latest at which it can be granted.
        approvers: Who may answer it now.
        approved_by: Who has said yes so far; who said no, when it was denied.
        granted: What was granted; None before.
        answer: What the approver said.
    """

    by: str
    budget: str
    subject: str
    amount: Money
    limit: Money
    ends: datetime
    reason: str
    opened_at: datetime
    approvers: tuple[str, ...]
    state: Standing = Standing.ASKED
    approved_by: tuple[str, ...] = ()
    granted: Money | None = None
    answer: str = ""
    number: int = 0

    @property
    def is_open(self) -> bool:
        """Tell whether it waits for an answer."""
        return self.state in {Standing.ASKED, Standing.SECOND}

    @property
    def expires_at(self) -> datetime:
        """When it is too late to answer."""
        return min(self.ends, self.opened_at + OPEN_FOR)


@dataclass(frozen=True, slots=True)
class Answer:
    """A request after an answer; *request* is as before where the verdict changes nothing."""

    request: Request
    verdict: Verdict


def approve(request: Request, by: str, amount: Money | None, second: tuple[str, ...], four_eyes_from: Money, at: datetime) -> Answer:
    """Say yes to a request, or to less than was asked.

    Args:
        amount: What is granted; None for all, or for what the first approver said.
        second: Who may say the second yes.
        four_eyes_from: Above this amount two people must say yes.
    """
    most = request.granted or request.amount
    granted = amount or most
    no = _no(request, by, at) or (Verdict.TWICE if by in request.approved_by else None) or _unfit(granted, most)
    if no:
        return Answer(request, no)
    agreed = replace(request, approved_by=(*request.approved_by, by), granted=granted)
    if granted.nanos <= four_eyes_from.nanos or len(agreed.approved_by) > 1:
        return Answer(replace(agreed, state=Standing.GRANTED, approvers=()), Verdict.GRANTED)
    others = tuple(email for email in second if email not in {by, request.by})
    return Answer(replace(agreed, state=Standing.SECOND, approvers=others), Verdict.ONE_MORE) if others else Answer(request, Verdict.ALONE)


def deny(request: Request, by: str, sentence: str, at: datetime) -> Answer:
    """Say no, with a sentence."""
    no = _no(request, by, at)
    if no:
        return Answer(request, no)
    denied = replace(request, state=Standing.DENIED, approvers=(), approved_by=(by,), granted=None, answer=sentence)
    return Answer(denied, Verdict.DENIED)


def withdraw(request: Request, at: datetime) -> Answer:
    """Take a request back that nobody has answered in full."""
    if not request.is_open or at >= request.expires_at:
        return Answer(request, Verdict.NOT_OPEN)
    return Answer(replace(request, state=Standing.WITHDRAWN, approvers=(), granted=None), Verdict.WITHDRAWN)


def expire(request: Request, at: datetime) -> Answer:
    """Close a request that nobody answered in time."""
    if not request.is_open:
        return Answer(request, Verdict.NOT_OPEN)
    if at < request.expires_at:
        return Answer(request, Verdict.NOT_DUE)
    return Answer(replace(request, state=Standing.EXPIRED, approvers=(), granted=None), Verdict.EXPIRED)


def _no(request: Request, by: str, at: datetime) -> Verdict | None:
    """Return why *by* cannot answer *request* at all."""
    if not request.is_open or at >= request.expires_at:
        return Verdict.NOT_OPEN
    return Verdict.OWN if by == request.by else None


def _unfit(granted: Money, most: Money) -> Verdict | None:
    if granted.nanos <= 0:
        return Verdict.NOTHING
    return Verdict.TOO_MUCH if granted.nanos > most.nanos else None

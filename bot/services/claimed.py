"""Claimed: claims as they are stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from bot.ports import Alerts, Case

KIND = "claim"
ASKED, SAID, CONFIRMED, DECLINED, REFUSED = "asked", "claimed", "confirmed", "declined", "refused"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as stored; amounts in nanos, shares as exact texts."""

    key: str
    source: str
    cost: int
    first_seen: str
    owner: str
    asked_by: str
    state: str = ASKED
    before: str = ""
    after: str = ""
    must_reload: bool = False
    number: int = 0


def stored_claim(case: Case) -> Claim:
    """Return the claim that *case* is."""
    return replace(Claim(**json.loads(case.body)), number=case.number)


def open_claims(alerts: Alerts) -> list[Claim]:
    """Return the claims that wait for an answer, oldest first."""
    return [stored_claim(case) for case in alerts.cases(KIND) if case.state in {ASKED, SAID}]

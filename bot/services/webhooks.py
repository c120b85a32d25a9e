"""Webhooks: what was granted, told to a system of the company's, which may wire it to a vendor's limit; signed, tried again."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.ports import Alerts, Case, Clock
from bot.services.requests import WEBHOOK

Post = Callable[[bytes, Mapping[str, str]], bool]
"""Sends a body with headers and tells whether it was taken."""
MOST_ATTEMPTS = 12
_OK, _PARKED, _WAITING = "sent", "parked", "waiting"


@dataclass(frozen=True)
class Webhooks:
    """Sends what waits; a system that was told twice knows it by the id."""

    alerts: Alerts
    clock: Clock
    post: Post
    secret: str

    def run(self) -> int:
        """Send what is due and return how much was taken."""
        now = self.clock.now()
        with self.alerts.decide() as desk:
            due = [case for case in desk.cases(WEBHOOK, _WAITING) if case.due is None or case.due <= now]
        return sum(self._send(case) for case in due)

    def _send(self, case: Case) -> bool:
        now = self.clock.now()
        document = json.loads(case.body)
        attempts = document.pop("attempts", 0) + 1
        body = json.dumps(document, sort_keys=True).encode()
        taken = self.post(body, headers(self.secret, body, f"aispend-{case.number}", int(now.timestamp())))
        state = _OK if taken else _PARKED if attempts >= MOST_ATTEMPTS else _WAITING
        with self.alerts.decide() as desk:
            again = now + timedelta(seconds=min(3600, 30 * 2**attempts))
            desk.change_case(case.number, state, json.dumps(document | {"attempts": attempts}), now, again)
            if state != _WAITING:
                desk.note("webhook", state, f"request {document['request']}", {"attempts": str(attempts)})
        return taken


def headers(secret: str, body: bytes, number: str, stamp: int) -> dict[str, str]:
    """Return the headers by which the receiver knows it was us: HMAC-SHA256 over the time, a dot and the body."""
    signature = hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Aispend-Id": number, "X-Aispend-Signature": f"t={stamp},v1={signature}"}

"""Links: a file of figures that a private message points to; for one reader, for some days, and only while it is theirs to see."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from bot.domain.people import Role
from bot.domain.visibility import SubjectKind, Verdict
from bot.errors import Refusal
from bot.messages.digests import Showback
from bot.messages.words import N_
from bot.ports import Clock, Look, People

LASTS = timedelta(days=14)
PATH = "/showback"
STALE = N_("This link is not valid, or not any more. Ask me for the figures in the chat.")
_FORMULA = re.compile(r"(?:^|[;,\t\r\n])\s*[=+@-]|^[\t\r]")
"""What a spreadsheet would take for a formula, at the beginning of a cell or behind what separates cells in some country."""


@dataclass(frozen=True)
class Links:
    """Makes links to months by cost centre, and opens them.

    Attributes:
        address: Where `serve` is reached from outside, such as `https://aispend.example.com`.
        showback: Returns a month by cost centre.
    """

    address: str
    secret: str
    people: People
    clock: Clock
    showback: Callable[[date], Showback]

    def to(self, month: date, email: str) -> str:
        """Return the address at which *email* gets *month* as a file."""
        until = str(int((self.clock.now() + LASTS).timestamp()))
        query = {"for": email, "until": until, "seal": self._seal(f"{month:%Y-%m}", email, until)}
        return f"{self.address.rstrip('/')}{PATH}/{month:%Y-%m}?{urlencode(query)}"

    def open(self, month: str, email: str, until: str, seal: str) -> str:
        """Return the month as CSV.

        Raises:
            Refusal: The link was not made here, is too old, or is not for somebody of FinOps any more.
        """
        is_ours = hmac.compare_digest(self._seal(month, email, until).encode(), seal.encode("utf-8", "replace"))
        now = self.clock.now()
        if not is_ours or datetime.fromtimestamp(int(until), UTC) < now or not self._may_see(email, now.date()):
            raise Refusal(STALE)
        found = self.showback(date.fromisoformat(f"{month}-01"))
        self.people.log(Look(now, email, SubjectKind.ORG.value, "", Verdict.FINOPS.value, f"showback {month}"))
        return as_csv(found)

    def _may_see(self, email: str, today: date) -> bool:
        person = self.people.directory().person(email)
        return person is not None and Role.FINOPS in person.roles and person.stint(today) is not None

    def _seal(self, *parts: str) -> str:
        return hmac.new(self.secret.encode(), "\n".join(parts).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def as_csv(found: Showback) -> str:
    """Return a month by cost centre as CSV, amounts in full precision; no cell is taken for a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["month", "cost_center", "cost", "currency"])
    writer.writerows([found.month, cell(row.key), f"{row.cost.amount:f}", row.cost.currency] for row in found.rows)
    return stream.getvalue()


def cell(text: str) -> str:
    """Return *text* so that no spreadsheet takes it for a formula."""
    return f"'{text}" if _FORMULA.search(unicodedata.normalize("NFKC", text)) else text

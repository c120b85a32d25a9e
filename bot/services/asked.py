"""Asked: a request for more budget as it is stored, and as a system of the company's is told of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.domain.money import Money
from bot.domain.request import Request, Standing
from bot.ports import Case


def plain(request: Request) -> str:
    """Return *request* as the body of its case."""
    body: dict[str, Any] = asdict(request)
    body |= {name: getattr(request, name).isoformat() for name in ("ends", "opened_at")}
    return json.dumps(body | {"state": request.state.value})


def request_of(case: Case) -> Request:
    """Return the request that `plain` made the body of *case* of."""
    body = json.loads(case.body)
    money = {name: Money(**body[name]) if body[name] else None for name in ("amount", "limit", "granted")}
    times = {name: datetime.fromisoformat(body[name]) for name in ("ends", "opened_at")}
    lists = {name: tuple(body[name]) for name in ("approvers", "approved_by")}
    return Request(**body | money | times | lists | {"state": Standing(body["state"]), "number": case.number})


def told(request: Request) -> dict[str, Any]:
    """Return what a system of the company's is told; it may wire it to a vendor's limit."""
    assert request.granted
    return {
        "event": "budget.raised",
        "request": request.number,
        "budget": request.budget,
        "subject": request.subject,
        "granted": request.granted.plain,
        "limit": (request.limit + request.granted).plain,
        "currency": request.granted.currency,
        "ends": request.ends.isoformat(),
        "approved_by": list(request.approved_by),
    }

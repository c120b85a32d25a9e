"""The front of Teams' endpoint: what is let through to the SDK. Only small, whole and authentic requests are, each once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import structlog
from aiohttp import web
from botbuilder.core import TurnContext
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.schema import Activity
from msrest.exceptions import DeserializationError

from adapters.chat.once import Once
from adapters.chat.teams.auth import NotAuthentic, TeamsAuthentication
from adapters.chat.teams.listeners import RAW, Listeners
from bot.errors import DeliveryDeferred

log = structlog.get_logger()


class Front:
    """Teams' endpoint as an aiohttp handler; the SDK's own answers a bad token, and every click, with 500."""

    def __init__(self, authentication: TeamsAuthentication, listeners: Listeners, once: Once) -> None:
        self._authentication, self._listeners, self._once = authentication, listeners, once
        self._adapter = CloudAdapterBase(authentication)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request; without a valid token the answer is 401 and nothing of the body is kept."""
        try:
            body = _parsed(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return _no(413, "too_large")
        if body is None:
            return _no(400, "not_whole")
        try:
            admitted = await self._authentication.admit(body, request.headers.get("Authorization", ""))
        except NotAuthentic as exc:
            return _no(401, str(exc))
        except DeliveryDeferred:
            return _no(503, "keys_unavailable")
        if not await self._is_first(body):
            log.warning("teams_request_repeated")
            return web.Response()
        try:
            activity = Activity().deserialize(body)
        except (DeserializationError, ValueError, TypeError, AttributeError, RecursionError):
            return _no(400, "not_an_activity")
        answer = await self._adapter.process_activity(admitted, activity, self._turn(body))
        return web.json_response(answer.body, status=answer.status) if answer else web.Response()

    def _turn(self, body: Mapping[str, Any]) -> Any:
        async def turn(context: TurnContext) -> None:
            context.turn_state[RAW] = body
            await self._listeners.on_turn(context)

        return turn

    async def _is_first(self, body: Mapping[str, Any]) -> bool:
        """Tell whether the activity is new; Teams repeats what it believes lost."""
        if not isinstance(body.get("id"), str):
            return True
        return await self._once.is_first(f"teams:{body['conversation']['id']}:{body['type']}:{body['id']}")


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _no(status: int, reason: str) -> web.Response:
    log.warning("teams_request_refused", reason=reason, status=status)
    return web.Response(status=status)

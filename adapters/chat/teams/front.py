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
from botframework.connector.auth import AuthenticateRequestResult
from msrest.exceptions import DeserializationError  # type: ignore[attr-defined]

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
            body, admitted = await self._admitted(request)
            if not await self._is_first(body):
                log.warning("teams_request_repeated")
                return web.Response()
            activity = _activity(body)
        except _NotTaken as exc:
            log.warning("teams_request_refused", reason=str(exc), status=exc.status)
            return web.Response(status=exc.status)
        answer = await self._adapter.process_activity(admitted, activity, self._turn(body))
        return web.json_response(answer.body, status=answer.status) if answer else web.Response()

    async def _admitted(self, request: web.Request) -> tuple[dict[str, Any], AuthenticateRequestResult]:
        """Return the body of *request*, and who vouches for it."""
        try:
            body = _parsed(await request.read())
            return body, await self._authentication.admit(body, request.headers.get("Authorization", ""))
        except web.HTTPRequestEntityTooLarge as exc:
            raise _NotTaken(413, "too large") from exc
        except NotAuthentic as exc:
            raise _NotTaken(401, str(exc)) from exc
        except DeliveryDeferred as exc:
            raise _NotTaken(503, "the keys cannot be fetched") from exc

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


class _NotTaken(Exception):  # noqa: N818 - reads as the state of the request
    """The request ends here."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise _NotTaken(400, "no JSON") from exc
    if not isinstance(found, dict):
        raise _NotTaken(400, "no JSON object")
    return found


def _activity(body: Mapping[str, Any]) -> Activity:
    try:
        return Activity().deserialize(body)
    except (DeserializationError, ValueError, TypeError, AttributeError, RecursionError) as exc:
        raise _NotTaken(400, "no activity") from exc

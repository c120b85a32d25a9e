"""The front of Slack's endpoint: what is let through to Bolt. Only signed, fresh, small and whole requests are, each once."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import Clock as SlackClock
from slack_sdk.signature import SignatureVerifier

from adapters.chat.once import Once
from adapters.chat.work import trace
from bot.ports import Clock

BODY = 256 * 1024
"""Bytes of a request; Slack's own are far smaller."""
_STAMP, _SIGNATURE = re.compile(r"^\d{1,12}$"), re.compile(r"^v0=[0-9a-f]{64}$")
log = structlog.get_logger()


class Front:
    """Slack's endpoint as an aiohttp handler."""

    def __init__(self, secret: str, app: AsyncApp, once: Once, clock: Clock) -> None:
        self._verifier = SignatureVerifier(secret, _Seconds(clock))
        self._app, self._once = app, once

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request; without a valid signature the answer is 401 and nothing of the body is kept."""
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _no(413, "too_large")
        text = self._signed(request, body)
        if text is None:
            return _no(401, "no_valid_signature")
        if not _is_whole(text, request.content_type):
            return _no(400, "not_whole")
        signature = request.headers["X-Slack-Signature"]
        if not await self._once.is_first(f"slack:{signature}"):
            log.warning("slack_request_replayed")
            return web.Response()
        asked = AsyncBoltRequest(body=text, query=request.query_string, headers=dict(request.headers))
        try:
            return await to_aiohttp_response(await self._app.async_dispatch(asked))
        except Exception as exc:  # noqa: BLE001 - signed, but of a shape that Slack does not send
            log.warning("slack_request_odd", error=type(exc).__name__, trace=trace(exc))
            return web.Response(status=400)

    def _signed(self, request: web.Request, body: bytes) -> str | None:
        """Return the body as text if its signature holds, else None."""
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not _STAMP.match(stamp) or not _SIGNATURE.match(signature):
            return None
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return None
        return text if self._verifier.is_valid(text, stamp, signature) else None


class _Seconds(SlackClock):
    """Our clock as Slack's verifier reads it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp()


def _is_whole(text: str, content_type: str) -> bool:
    """Tell whether the JSON in a request can be read."""
    try:
        if content_type == "application/json":
            return isinstance(json.loads(text), dict)
        return all(isinstance(json.loads(payload), dict) for payload in parse_qs(text).get("payload", []))
    except (ValueError, RecursionError):
        return False


def _no(status: int, reason: str) -> web.Response:
    log.warning("slack_request_refused", reason=reason, status=status)
    return web.Response(status=status)

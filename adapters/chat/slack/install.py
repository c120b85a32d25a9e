"""Install: the two pages by which a workspace adds us; Bolt's flow, with our stores and our own handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.slack.installations import STATE_S, Installations, States

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def pages(
    client: AsyncWebClient, ours: tuple[str, str], scopes: Sequence[str], installations: Installations, states: States
) -> dict[str, Handler]:
    """Return the handlers by method and path.

    Args:
        ours: The app's client id and client secret.
    """
    settings = AsyncOAuthSettings(
        client_id=ours[0],
        client_secret=ours[1],
        scopes=scopes,
        installation_store=installations,
        state_store=states,
        state_expiration_seconds=STATE_S,
    )
    flow = AsyncOAuthFlow(client=client, settings=settings)
    return {
        f"GET {settings.install_path}": _handler(flow.handle_installation),
        f"GET {settings.redirect_uri_path}": _handler(flow.handle_callback),
    }


def _handler(step: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        asked = AsyncBoltRequest(body="", query=request.query_string, headers=dict(request.headers))
        return await to_aiohttp_response(await step(asked))

    return handle

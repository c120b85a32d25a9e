"""The web server of `serve`: the chat endpoints, health, readiness, metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

Check = Callable[[], Awaitable[str]]
"""Returns what is wrong, as a sentence, or nothing."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(endpoints: Mapping[str, Handler], checks: Mapping[str, Check], metrics: Callable[[], bytes], body: int) -> web.Application:
    """Return the application.

    Args:
        endpoints: Handlers by method and path, such as `POST /slack/events`.
        checks: What `/readyz` asks, by name.
        body: The most bytes of a request.
    """
    app = web.Application(client_max_size=body)
    for place, handler in endpoints.items():
        method, _, path = place.partition(" ")
        app.router.add_route(method, path, handler)
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _readiness(checks))
    app.router.add_get("/metrics", _metrics(metrics))
    return app


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _readiness(checks: Mapping[str, Check]) -> Handler:
    async def ready(_request: web.Request) -> web.Response:
        found = {name: await check() for name, check in checks.items()}
        wrong = {name: sentence for name, sentence in found.items() if sentence}
        document = {"status": "not ready" if wrong else "ok", "checks": {name: found[name] or "ok" for name in found}}
        return web.json_response(document, status=503 if wrong else 200)

    return ready


def _metrics(text: Callable[[], bytes]) -> Handler:
    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=text(), content_type="text/plain", charset="utf-8")

    return metrics

"""`serve`: the chat listeners, health and metrics, in one process that stops without losing work."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.context import Context, say
from bot.errors import BotError, ConfigError, DeliveryImpossible
from bot.wiring import App

if TYPE_CHECKING:
    from adapters.chat.slack.client import SlackChat
    from adapters.web import Check, Handler

DRAIN_S = 25
"""How long a stop waits for what is under way; orchestrators kill after 30 seconds."""
_THREADS = 8


def register(program: typer.Typer) -> None:
    """Add the command."""
    program.command()(serve)


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Where to listen; else [chat] host.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free one; else [chat] port.")] = None,
) -> None:
    """Answer in chat until stopped."""
    of: Context = context.obj
    with of.app() as app:
        app.prepare_store()
        _log_as_json()
        chat = app.settings.chat
        asyncio.run(_serve(app, chat.host if host is None else host, chat.port if port is None else port))


async def _serve(app: App, host: str, port: int) -> None:
    stopped = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    async with running(app, host, port) as address:
        say(f"aispend serves on http://{address}")
        sys.stdout.flush()
        await stopped.wait()
        say("Stopping: finishing what is under way.")


@asynccontextmanager
async def running(app: App, host: str, port: int) -> AsyncIterator[str]:
    """Serve *app* until the block ends; yield the address.

    Raises:
        ConfigError: A platform's secret is missing or refused, or the address is taken.
    """
    from aiohttp import web  # noqa: PLC0415 - other commands must not wait for it

    from adapters.chat.meters import Meters  # noqa: PLC0415
    from adapters.chat.work import Work  # noqa: PLC0415
    from adapters.web import application  # noqa: PLC0415

    work, meters = Work(), Meters()
    endpoints: dict[str, Handler] = {}
    checks: dict[str, Check] = {"store": lambda: _store_trouble(app)}
    async with AsyncExitStack() as stack:
        executor = stack.enter_context(ThreadPoolExecutor(_THREADS, thread_name_prefix="aispend"))
        if app.settings.slack.enabled:
            await stack.enter_async_context(_slack(app, executor, work, meters, endpoints, checks))
        if not app.settings.slack.enabled:
            raise ConfigError("No chat platform is enabled. Set enabled = true under [slack].")
        body = 256 * 1024
        runner = web.AppRunner(application(endpoints, checks, meters.text, body), access_log=None, shutdown_timeout=5)
        await runner.setup()
        stack.push_async_callback(work.drain, DRAIN_S)
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as exc:
            raise ConfigError(f"{host}:{port} cannot be listened on: {exc.strerror}. Choose another with --host and --port.") from exc
        bound = runner.addresses[0]
        yield f"{bound[0]}:{bound[1]}"


@asynccontextmanager
async def _slack(
    app: App, executor: ThreadPoolExecutor, work: object, meters: object, endpoints: dict[str, Handler], checks: dict[str, Check]
) -> AsyncIterator[None]:
    """Take Slack in: its endpoint, or its socket, and what readiness asks of it."""
    from adapters.chat.meters import Meters  # noqa: PLC0415
    from adapters.chat.once import Once  # noqa: PLC0415
    from adapters.chat.slack.front import Front  # noqa: PLC0415
    from adapters.chat.slack.listeners import Listeners  # noqa: PLC0415
    from adapters.chat.work import Work  # noqa: PLC0415
    from adapters.store.accounts import received  # noqa: PLC0415

    assert isinstance(work, Work)
    assert isinstance(meters, Meters)
    chat, token, secret = app.slack()
    once = Once(received(app.database), app.clock)
    bolt = Listeners(app.talk(executor), chat, work, once, meters).app(token)
    await chat.start()
    try:
        await _known(chat)
        checks["slack"] = lambda: _slack_trouble(chat)
        if app.settings.slack.mode == "http":
            endpoints["/slack/events"] = Front(secret, bolt, once, app.clock).handle
            yield
            return
        from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler  # noqa: PLC0415

        handler: Any = AsyncSocketModeHandler(bolt, secret)
        await handler.connect_async()
        checks["socket"] = lambda: _socket_trouble(handler)
        try:
            yield
        finally:
            await handler.close_async()
    finally:
        await chat.close()


async def _known(chat: SlackChat) -> None:
    """Ask Slack whose the token is; one that Slack refuses stops the start, a Slack that is away does not."""
    try:
        await chat.identity()
    except DeliveryImpossible as exc:
        raise ConfigError(str(exc)) from exc
    except BotError as exc:
        say(f"{exc} Starting all the same; /readyz tells when it is there.")


async def _slack_trouble(chat: SlackChat) -> str:
    try:
        await chat.identity()
    except BotError as exc:
        return str(exc)
    return ""


async def _socket_trouble(handler: object) -> str:
    client = getattr(handler, "client", None)
    connected = client is not None and await client.is_connected()
    return "" if connected else "The socket to Slack is not open; it is tried again by itself."


async def _store_trouble(app: App) -> str:
    try:
        await asyncio.to_thread(app.people.directory)
    except BotError as exc:
        return str(exc)
    return ""


def _log_as_json() -> None:
    """Write events as JSON lines to standard error; what libraries log only from warnings on, as Bolt logs bodies at info."""
    import structlog  # noqa: PLC0415

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    with contextlib.suppress(ValueError):
        logging.getLogger("slack_bolt").setLevel(logging.ERROR)

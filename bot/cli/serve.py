"""`serve`: the chat listeners, health and metrics, in one process that stops without losing work."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.accountability import worker
from bot.cli.context import Context, say
from bot.errors import BotError, ConfigError
from bot.wiring import App

if TYPE_CHECKING:
    from bot.wiring.chat import Parts

DRAIN_S = 25
"""How long a stop waits for what is under way; orchestrators kill after 30 seconds."""
PAUSE_S = 1.0
"""Between two looks into an outbox where nothing was due."""
BODY = 256 * 1024
"""Bytes of a request; those of the platforms are far smaller."""
_THREADS = 4
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def register(program: typer.Typer) -> None:
    """Add the command."""
    program.command()(serve)


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Where to listen; else [chat] host.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free one; else [chat] port.")] = None,
    *,
    insecure_local: Annotated[bool, typer.Option("--insecure-local", help="Teams without app_id, for a trial on this machine.")] = False,
) -> None:
    """Answer in chat until stopped."""
    of: Context = context.obj
    with of.app() as app:
        app.prepare_store()
        _log_as_json()
        chat = app.settings.chat
        place = (chat.host if host is None else host, chat.port if port is None else port)
        asyncio.run(_serve(app, *place, (*of.words, "ingest"), insecure=insecure_local))


async def _serve(app: App, host: str, port: int, load: Sequence[str], *, insecure: bool) -> None:
    stopped = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    async with running(app, host, port, load, insecure=insecure) as address:
        say(f"aispend serves on http://{address}")
        sys.stdout.flush()
        await stopped.wait()
        say("Stopping: finishing what is under way.")


@asynccontextmanager
async def running(app: App, host: str, port: int, load: Sequence[str] = ("ingest",), *, insecure: bool = False) -> AsyncIterator[str]:
    """Serve *app* until the block ends; yield the address.

    Args:
        load: The words after `aispend` that load the configured sources.
        insecure: Let Teams in without authentication; only where nobody else can reach it.

    Raises:
        ConfigError: A platform's secret is missing or refused, or the address is taken or too open.
    """
    from aiohttp import web  # noqa: PLC0415 - other commands must not wait for it

    from adapters import downloads  # noqa: PLC0415
    from adapters.web import application  # noqa: PLC0415
    from bot.services import links  # noqa: PLC0415
    from bot.wiring import chat  # noqa: PLC0415

    if insecure and host not in _LOOPBACK:
        raise ConfigError(f"--insecure-local serves on 127.0.0.1 only, not on {host}: whoever can reach it can ask as anybody.")
    settings = app.settings
    if not settings.slack.enabled and not settings.teams.enabled:
        raise ConfigError("No chat platform is enabled. Set enabled = true under [slack] or [teams].")
    async with AsyncExitStack() as stack:
        executor = stack.enter_context(ThreadPoolExecutor(_THREADS, thread_name_prefix="aispend"))
        # SQLite has one writer, so more threads would only wait beside it.
        writer = stack.enter_context(ThreadPoolExecutor(1 if app.database.is_sqlite else _THREADS, thread_name_prefix="aispend-write"))
        parts = chat.Parts(app, executor, writer, say)
        parts.checks["store"] = lambda: _store_trouble(app)
        if settings.slack.enabled:
            await stack.enter_async_context(chat.slack(parts))
        if settings.teams.enabled:
            await stack.enter_async_context(chat.teams(parts, insecure=insecure))
        if app.links:
            parts.endpoints[f"GET {links.PATH}/{{month}}"] = downloads.showback(app.links.open, executor)
        await stack.enter_async_context(_duties(app, parts))
        if app.settings.ingest.every and app.settings.sources:
            await stack.enter_async_context(_loading(app, load))
        runner = web.AppRunner(application(parts.endpoints, parts.checks, parts.meters.text, BODY), access_log=None, shutdown_timeout=5)
        await runner.setup()
        stack.push_async_callback(parts.work.drain, DRAIN_S)
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as exc:
            raise ConfigError(f"{host}:{port} cannot be listened on: {exc.strerror}. Choose another with --host and --port.") from exc
        bound = runner.addresses[0]
        yield f"{bound[0]}:{bound[1]}"


@asynccontextmanager
async def _duties(app: App, parts: Parts) -> AsyncIterator[None]:
    """Run the timetable and the delivery until the block ends; what is in hand is finished."""
    from adapters import scheduler  # noqa: PLC0415 - other commands must not wait for it
    from adapters.chat.work import watch  # noqa: PLC0415
    from adapters.store.jobs import SqlJobs  # noqa: PLC0415
    from bot.services import deliver  # noqa: PLC0415
    from bot.timetable import BROADCASTS, DIGESTS, ESCALATE, REVIEW, SWEEP, WEBHOOKS, Job  # noqa: PLC0415

    leases, name = SqlJobs(app.database), worker()
    jobs: dict[Job, Callable[[], object]] = {
        REVIEW: app.review.run,
        ESCALATE: app.duties,
        DIGESTS: app.digests.run,
        BROADCASTS: app.broadcasts.run,
        SWEEP: lambda: leases.sweep(app.clock.now()),
    }
    if app.webhooks:
        jobs[WEBHOOKS] = app.webhooks.run
    stopped = asyncio.Event()
    courier = app.courier(parts.chats, name, parts.writer)
    courier.watch = watch("delivery_failed")
    async with scheduler.running(jobs, leases, name, app.clock, parts.writer):
        sending = asyncio.create_task(deliver.until_stopped(courier, PAUSE_S, courier.watch, stopped.wait()))
        try:
            yield
        finally:
            stopped.set()
            await sending


@asynccontextmanager
async def _loading(app: App, words: Sequence[str]) -> AsyncIterator[None]:
    """Load the configured sources at their times, in a process of their own, until the block ends."""
    from adapters import scheduler  # noqa: PLC0415 - other commands must not wait for it
    from adapters.child import Child  # noqa: PLC0415
    from adapters.store.jobs import SqlJobs  # noqa: PLC0415
    from bot.timetable import loading  # noqa: PLC0415

    child = Child(words)
    with ThreadPoolExecutor(1, thread_name_prefix="aispend-load") as executor:
        jobs = {loading(app.settings.ingest.every): child.run}
        async with scheduler.running(jobs, SqlJobs(app.database), worker(), app.clock, executor):
            try:
                yield
            finally:
                await asyncio.to_thread(child.stop)


async def _store_trouble(app: App) -> str:
    try:
        await asyncio.to_thread(app.people.directory)
    except BotError:  # its words name hosts and users, and anybody may read this page
        return "The database cannot be read. `aispend doctor` says more."
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
    # Of a request that is none it writes the address, and that of a link holds its seal.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)

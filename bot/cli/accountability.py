"""`review`, `deliver`, `outbox`, `alerts`, `audit`: what the scheduler of `serve` does by itself, by hand, and what became of it."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from adapters.chat import terminal
from bot.cli.context import Context, Format, say, say_json
from bot.domain.alert import Says
from bot.domain.visibility import Privacy, SubjectKind, Verdict
from bot.errors import ConfigError
from bot.messages.alerts import Answered
from bot.messages.formats import Reader
from bot.ports import Delivery, Look, Post
from bot.wiring import App

_SAID = {
    Says.ANNOUNCE: "told",
    Says.REMIND: "reminded",
    Says.ESCALATE: "escalated",
    Says.EDIT: "put right",
    Says.NOTHING: "recorded",
    Says.KEEP: "going on",
}


_KINDS = {
    "tier": "budget",
    "forecast": "forecast",
    "burn": "pace",
    "anomaly": "out of the usual",
    "unowned": "unowned key",
    "stale": "late source",
    "untied": "refused load",
    "price": "price",
}
_STATES = {
    "open": "open",
    "acknowledged": "answered",
    "snoozed": "snoozed",
    "escalated": "escalated",
    "retracted": "corrected",
    "closed": "closed",
}
_PLAIN = {"acknowledged", "snoozed"}
"""Reasons that say no more than the state."""
_OUTCOMES = {"open": "not due yet", "kept": "kept", "broken": "broken", "void": "the budget has changed"}


def register(program: typer.Typer) -> None:
    """Add the commands."""
    program.command()(review)
    program.command()(deliver)
    program.command()(alerts)
    program.command()(digest)
    program.command()(showback)
    outbox = typer.Typer(help="What is to be sent, and what became of it.", invoke_without_command=True)
    outbox.callback()(_list)
    outbox.command("list")(show)
    outbox.command("show")(card)
    outbox.command()(retry)
    outbox.command()(drop)
    program.add_typer(outbox, name="outbox")
    audit = typer.Typer(help="The log of every decision.", no_args_is_help=True)
    audit.callback()(_nothing)
    audit.command()(verify)
    program.add_typer(audit, name="audit")


def worker() -> str:
    """Return a name for this process, in leases."""
    return f"{socket.gethostname()}-{os.getpid()}"


def review(context: typer.Context, format_: Annotated[Format, typer.Option("--format")] = Format.TEXT) -> None:
    """Hold the ledger against the budgets once, and put what is to be said in the outbox."""
    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        done = app.review.run()
        escalated = app.escalation.run()
        app.requests.expire()
        lacking = _lacking(app)
    counts = {word: done.count(says) for says, word in _SAID.items()}
    counts["escalated"] += len(escalated)
    if format_ is Format.JSON:
        rows = [{"alert": a.number, "subject": a.identity.subject, "reason": c.reason.value, "says": c.says.value} for c, a in done.changes]
        say_json({"measured": done.measured, "outrun": done.is_outrun, **counts, "rows": rows})
        return
    if done.is_outrun:
        say("Another review has seen newer figures; nothing was changed.")
        return
    found = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    say(f"{done.measured} subjects of budgets looked at: {found or 'nothing new'}.")
    if lacking:
        say(lacking)


def deliver(context: typer.Context) -> None:
    """Send what is due in the outbox, once."""
    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        app.broadcasts.run()
        say(f"{asyncio.run(_deliver(app))}.")


async def _deliver(app: App) -> str:
    from bot.wiring import chat  # noqa: PLC0415 - other commands must not wait for chat libraries

    async with chat.outward(app) as chats:
        if not chats:
            raise ConfigError("No chat platform is enabled, so nothing can be sent. Set enabled = true under [slack] or [teams].")
        return str(await app.courier(chats, worker()).run())


def digest(context: typer.Context, format_: Annotated[Format, typer.Option("--format")] = Format.TEXT) -> None:
    """Put the digests that are due now in the outbox: each at its reader's hour, once."""
    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        count = app.digests.run()
        lacking = "" if app.ledger.sources() else _lacking(app)
    if format_ is Format.JSON:
        say_json({"made": count})
    else:
        say(f"{count} new. {lacking}".rstrip())


def showback(
    context: typer.Context,
    month: Annotated[str, typer.Argument(help="Such as 2026-10.")],
    file: Annotated[Path | None, typer.Option("--csv", help="Write it as CSV.")] = None,
    format_: Annotated[Format, typer.Option("--format")] = Format.TEXT,
) -> None:
    """Show what a month cost each cost centre."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise ConfigError(f"'{month}' is no month; write one such as 2026-10.") from None
    from bot.services.links import as_csv  # noqa: PLC0415 - other commands must not wait for it

    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        found = app.digests.showback(first)
        if file:
            try:
                file.write_text(as_csv(found), "utf-8", newline="")
            except OSError as exc:
                raise ConfigError(f"{file} cannot be written: {exc.strerror}.") from exc
            typer.echo(f"Written to {file}: {len(found.rows)} cost centres.", err=True)
            found = replace(found, is_written=True)
        if format_ is Format.JSON:
            say_json(found.document())
        else:
            say(terminal.render(app.templates.card(found.template, found, Reader())))


def alerts(
    context: typer.Context,
    *,
    promises: Annotated[bool, typer.Option("--promises", help="What people have answered, and whether it was kept.")] = False,
    format_: Annotated[Format, typer.Option("--format")] = Format.TEXT,
) -> None:
    """List every alert, without figures: those are for the people they belong to."""
    from bot.services.listing import Listing  # noqa: PLC0415

    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        found = Listing(app.alerts, app.review.notices()).everything(promises=promises)
        zones = _zones(app)
        hides = app.settings.organisation.privacy is Privacy.WORKS_COUNCIL
        if format_ is Format.JSON and not hides:
            say_json(found.document())
            return
        if format_ is Format.JSON:
            raise ConfigError("In works_council mode alerts are listed as text only, without the names of people.")
        for row in found.rows:
            is_private = hides and row.subject.startswith("person ")
            whose = "a person" if is_private else row.subject
            promise = "" if is_private or not row.promise else f"; {_promised(row.promise, row.outcome, zones.get(row.number, 'UTC'))}"
            tier = f" {Reader().percent(row.reached)}" if row.kind in {"tier", "forecast"} else ""
            about = f"{row.budget}, {whose}" if row.budget else whose
            reason = "" if row.reason in _PLAIN else f", {'reached' if row.reason == 'crossed' else row.reason}"
            say(f"{row.number}  {_KINDS[row.kind]}{tier}: {about} · {_STATES[row.state]}{reason}{promise}")
        if not found.rows:
            say(f"There are none. {_lacking(app)}".rstrip())


def _list(context: typer.Context, format_: Annotated[Format, typer.Option("--format")] = Format.TEXT) -> None:
    """List what waits, was sent, is unknown or parked."""
    if context.invoked_subcommand is None:
        show(context, format_)


def show(context: typer.Context, format_: Annotated[Format, typer.Option("--format")] = Format.TEXT) -> None:
    """List the messages, newest first."""
    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        posts = app.outbox.posts()
    if format_ is Format.JSON:
        say_json({"rows": [_document(post) for post in posts]})
        return
    for post in posts:
        say(_line(post))
    if not posts:
        say("The outbox is empty.")


def card(context: typer.Context, number: Annotated[int, typer.Argument(help="As `outbox list` shows it.")]) -> None:
    """Show what a message says, as its reader sees it; the look is remembered. In works_council mode, what became of it only."""
    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        post = _found(app, number)
        if app.settings.organisation.privacy is Privacy.WORKS_COUNCIL:
            say(_header(post))
            return
        with app.alerts.decide() as desk:
            desk.note("operator", "message shown", f"message {number}", {"to": post.message.to})
        if "@" in post.message.to:
            command, kind = f"outbox show {number}", SubjectKind.PERSON.value
            app.people.log(Look(app.clock.now(), "operator", kind, post.message.to, Verdict.FINOPS.value, command))
        say(terminal.render(post.message.card))


def retry(context: typer.Context, number: Annotated[int, typer.Argument(help="As `outbox list` shows it.")]) -> None:
    """Send a message again that is parked or whose outcome is unknown."""
    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        post = _found(app, number)
        if post.state not in {Delivery.PARKED, Delivery.UNKNOWN, Delivery.WAITING}:
            raise ConfigError(f"Message {number} is {post.state}; only one that waits, is parked or unknown is sent again.")
        app.outbox.put_off(post, app.clock.now(), "")
        say(f"Message {number} is tried again.")


def drop(context: typer.Context, number: Annotated[int, typer.Argument(help="As `outbox list` shows it.")]) -> None:
    """Do not send a message any more."""
    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        post = _found(app, number)
        if post.state in {Delivery.SENT, Delivery.SENDING}:
            raise ConfigError(f"Message {number} is {post.state}; it cannot be taken back.")
        app.outbox.settle(post, Delivery.DROPPED, "dropped by the operator", app.clock.now())
        with app.alerts.decide() as desk:
            desk.note("operator", "message dropped", f"message {number}", {"to": post.message.to, "key": post.message.key})
        say(f"Message {number} will not be sent.")


def verify(context: typer.Context, format_: Annotated[Format, typer.Option("--format")] = Format.TEXT) -> None:
    """Check that no line of the audit log was changed, added or taken out."""
    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        broken = app.alerts.broken_link()
        count, seal = app.alerts.lines()
    if broken is not None:
        raise ConfigError(f"The audit log was tampered with: line {broken} does not fit the one before it.")
    if format_ is Format.JSON:
        say_json({"lines": count, "seal": seal})
    elif not count:
        say("The audit log is empty: nothing has been decided yet.")
    else:
        say(f"{count} lines, each fits the one before. Keep the last seal elsewhere, to notice a log that was cut: {seal or 'none'}")


def _zones(app: App) -> dict[int, str]:
    """Return where those are who promised something, by alert: a day ends with theirs."""
    people = app.people.directory().people
    promised = {alert.number: people.get(alert.promise.by) for alert in app.alerts.every() if alert.promise}
    return {number: person.time_zone for number, person in promised.items() if person}


def _promised(promise: Answered, outcome: str, zone: str) -> str:
    """Return what was promised through which day, the last one included, and what became of it."""
    return f"{promise.by} answered, through {Reader(time_zone=zone).through(promise.until)}: {promise.plan} ({_OUTCOMES[outcome]})"


def _lacking(app: App) -> str:
    """Return what is to be done before anything can be found; nothing where all is there."""
    if not app.ledger.sources():
        return "Nothing has been loaded yet: aispend ingest KIND FILE"
    return "" if app.budgets.current() else "No budget is set: aispend budgets apply budgets.toml"


def _nothing() -> None:
    """Hold the group's options."""


def _line(post: Post) -> str:
    reason = f": {post.reason}" if post.reason else ""
    return f"{post.number}  {post.state}  {post.message.kind} to {post.message.to}  {post.message.about}{reason}"


def _header(post: Post) -> str:
    """Return what may be known of a message that only its reader may read."""
    return f"{_line(post)}\nKey: {post.message.key}. In works_council mode only its reader sees what it says."


def _found(app: App, number: int) -> Post:
    post = app.outbox.find(number)
    if post is None:
        raise ConfigError(f"There is no message {number}. `aispend outbox list` shows those there are.")
    return post


def _document(post: Post) -> dict[str, object]:
    message = post.message
    return {
        "number": post.number,
        "key": message.key,
        "kind": message.kind.value,
        "recipient": message.to,
        "about": message.about,
        "state": post.state.value,
        "reason": post.reason,
        "attempts": post.attempts,
        "revision": post.revision,
        "was_unknown": post.was_unknown,
        "created_at": post.created_at.isoformat(),
        "due_at": post.due_at.isoformat() if post.due_at else None,
        "sent_at": post.sent_at.isoformat() if post.sent_at else None,
        "platform": post.sent.platform if post.sent else None,
    }

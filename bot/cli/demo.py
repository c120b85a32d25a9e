"""`demo`: a company in a box: vendor files in, answers out."""

from __future__ import annotations

import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from adapters.chat import terminal
from bot import settings, wiring
from bot.cli.context import Context, say
from bot.cli.ingest import show
from bot.errors import ConfigError
from bot.services import budgets, directory, outcomes

_MARK = "aispend-demo.txt"
_SHOWN = 5
_DOMAIN = "nordwind.example"


def register(program: typer.Typer) -> None:
    """Add the command."""
    program.command()(demo)


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where the made-up company is put.")] = Path("aispend-demo"),
) -> None:
    """Show a company in a box: vendor files in, answers out; leaves it ready for `ask`."""
    of: Context = context.obj
    config = _company(of, folder)
    app = wiring.app(settings.load(config, {}), of.now)
    try:
        _fill(app, folder)
        _ask(app, folder)
        _warn(app, folder)
    finally:
        app.close()


def _company(of: Context, folder: Path) -> Path:
    """Write the company's files into *folder*, in the place of an earlier demo only."""
    from adapters.clock import clock_at  # noqa: PLC0415
    from bot.demo import company, files  # noqa: PLC0415
    from bot.demo.configuration import DEMO  # noqa: PLC0415

    today = clock_at(of.now).now().date()
    if folder.exists() and (folder.is_file() or any(folder.iterdir())) and not (folder / _MARK).is_file():
        raise ConfigError(f"{folder} is not empty and no earlier demo; name another with --folder.")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as exc:
        raise ConfigError(f"{folder} cannot be made: {exc.strerror}. Name another with --folder.") from exc
    (folder / _MARK).write_text("Made by `aispend demo`; safe to delete.\n", "utf-8")
    company.write_directory(folder, today)
    files.write_all(folder, today)
    config = folder / "aispend.toml"
    config.write_text(DEMO, "utf-8")
    return config


def _fill(app: wiring.App, folder: Path) -> None:
    """Load the directory, the budgets and every source; then one vendor restates a day."""
    from bot.demo.files import write_claude  # noqa: PLC0415

    app.prepare_store()
    lists = [folder / name for name in ("people.csv", "teams.csv", "identities.csv")]
    plan = directory.plan(lists, app.people)
    directory.apply(plan, app.people)
    organisation = app.settings.organisation
    agreed = budgets.plan(
        folder / "budgets.toml",
        app.budgets,
        app.people.directory(),
        organisation.currency,
        organisation.fiscal_year_start,
    )
    budgets.apply(agreed, app.budgets, app.clock)
    found = app.people.directory()
    say(f"Nordwind: {len(found.people)} people, {len(found.teams)} teams, {len(agreed.changed)} budgets.\n")
    for section in app.settings.sources:
        with app.source(section) as source:
            show(app.ingest.run(source))
    done = outcomes.stated(folder / "outcomes.csv", found, (), app.clock.now().date())
    outcomes.apply(outcomes.plan("outcomes", done, app.outcomes, is_named=False), app.outcomes)
    day = app.clock.now().date() - timedelta(days=3)
    before = next(load for load in app.ledger.sources() if load.source == "claude")
    write_claude(folder / "exports/claude", day, Decimal("0.9"))
    with app.source(next(s for s in app.settings.sources if s.name == "claude")) as source:
        after = app.ingest.run(source).load
    say(
        f"Then Claude restated {day}: the total goes from {before.billed_nanos / 10**9:,.2f} to {after.billed_nanos / 10**9:,.2f} "
        f"{after.currency}; the day was replaced, not added.\n"
    )


def _ask(app: wiring.App, folder: Path) -> None:
    """Ask as an employee, a manager and FinOps."""
    for who, words in (("ben.okafor", "me"), ("jonas.keller", "team search"), ("uma.patel", "unallocated")):
        email = f"{who}@{_DOMAIN}"
        say(f"$ aispend --config {folder}/aispend.toml ask --as {email} {words}\n")
        say(app.text(app.conversation.answer(email, words), email))


def _warn(app: wiring.App, folder: Path) -> None:
    """Hold the ledger against the budgets, show what would go out, and say what to type next."""
    app.review.run()
    posts = sorted(app.outbox.posts(), key=lambda post: post.number)
    told = len({post.message.to for post in posts})
    say(f"\n$ aispend --config {folder}/aispend.toml review\n\n{told} people are warned. In a chat they would read:\n")
    for post in posts[:_SHOWN]:
        say(f"\nTo {post.message.to}:\n")
        say(terminal.render(post.message.card))
    if len(posts) > _SHOWN:
        say(f"\n… and {len(posts) - _SHOWN} more: aispend --config {folder}/aispend.toml outbox\n")
    say(
        f"\nNext, ask yourself:\n"
        f"  aispend --config {folder}/aispend.toml ask --as ana.ruiz@{_DOMAIN} me by day\n"
        f"  aispend --config {folder}/aispend.toml ask --as uma.patel@{_DOMAIN} org\n"
        f"  aispend --config {folder}/aispend.toml ask --as ana.ruiz@{_DOMAIN} team finance\n"
        f"  aispend --config {folder}/aispend.toml ask --as ben.okafor@{_DOMAIN} alerts\n"
        f"or load a bill of your own: aispend ingest focus FILE --source mine"
    )

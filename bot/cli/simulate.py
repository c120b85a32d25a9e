"""`simulate`: what would have been told in the days behind us, before anything is switched on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.context import Context, Format, say, say_json
from bot.domain.alert import Kind
from bot.domain.episode import Basis, Episode
from bot.domain.money import Money
from bot.domain.price_list import PriceStep
from bot.messages.formats import Reader

if TYPE_CHECKING:
    from bot.services.simulate import Caught, Simulated

_KINDS = {"tier": "tier", "forecast": "forecast", "burn": "pace", "anomaly": "anomaly", "price": "price"}


def register(program: typer.Typer) -> None:
    """Add the command."""
    program.command()(simulate)


def simulate(
    context: typer.Context,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days to replay, today included.")] = 90,
    format_: Annotated[Format, typer.Option("--format")] = Format.TEXT,
) -> None:
    """Replay the past: what budgets, anomalies and prices would have told whom; nothing is stored or sent."""
    from bot.services.simulate import Simulation  # noqa: PLC0415 - other commands must not wait for it

    of: Context = context.obj
    with of.app() as app:
        app.open_store()
        with _progress(days, format_) as step:
            found = Simulation(app.review).run(days, step)
    if format_ is Format.JSON:
        say_json({"days": days, **found.document()})
        return
    reader = Reader()
    messages, people = _counted(found.messages, "message", "messages"), _counted(found.people, "person", "people")
    last = found.window.end - timedelta(days=1)
    say(f"{found.window.start} to {last}: would have sent {messages} to {people}.")
    _table(found)
    for each in found.caught:
        say(line(each, reader))
    say("Figures, budgets and directory are those of now; each day is taken as delivered the night after. Nobody answers: what would")
    say("have been escalated is not counted, nor what quiet hours and the attention budget would have held for a digest. Keys without")
    say("an owner, late sources and refused loads are not replayed.")


@contextmanager
def _progress(days: int, format_: Format) -> Iterator[Callable[[date], None]]:
    """Yield what shows the day that is being reviewed on a terminal, nothing in a pipe: a large company takes many seconds a day."""
    if format_ is Format.JSON or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only who watches pays for it
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting", total=days)
        yield lambda day: bar.update(task, description=f"{day}", advance=1)


def _table(found: Simulated) -> None:
    """Print the messages by week and kind."""
    kinds = [kind for kind in _KINDS if any(kind == other for _, other in found.weeks)]
    if not kinds:
        return
    say()
    say("".join(["Week of     ", *(f"{_KINDS[kind]:>10}" for kind in kinds)]))
    for week in sorted({week for week, _ in found.weeks}):
        say("".join([f"{week}  ", *(f"{found.weeks[week, kind]:>10}" for kind in kinds)]))
    say()


def line(each: Caught, reader: Reader) -> str:
    """Return one alert as a line."""
    identity, seen = each.alert.identity, each.alert.seen
    cost = f" {reader.money(seen.cost)}" if each.shows else ""
    if seen.episode:
        what = f"{cost} {_more(seen.episode, seen.cost)} from {seen.episode.since} to {seen.episode.until}"
    elif seen.price:
        what = f"{_price(seen.price, reader)} since {seen.price.since}"
    else:
        limit = f" of {reader.money(seen.limit)}" if each.shows and seen.limit else ""
        is_pace = identity.kind is Kind.BURN
        reached = f"{identity.tier:f} times the plan of" if is_pace else f"{reader.percent(Fraction(identity.tier))} of"
        told = seen.expected if each.shows and identity.kind is Kind.FORECAST else None
        expected = f", expected {reader.money(told)}" if told else ""
        what = f" {reached} {identity.budget}{':' if cost else ''}{cost}{limit}{expected}"
    return f"{each.day}  {_KINDS[identity.kind]}  {each.subject.removeprefix('price ')}{what} ({each.alert.reason})"


def _price(step: PriceStep, reader: Reader) -> str:
    """Return what is paid of the list price, to a tenth of a per cent, and was before."""
    if step.is_listed:
        return ", whose list price has changed,"
    now, before = (reader.percent(Fraction(round(share * 1000), 1000)) for share in (step.now, step.before))
    return f" at {now} of the list price, before at {before},"


def _more(episode: Episode, cost: Money) -> str:
    """Return what the figure of an episode is of."""
    match episode.basis(cost):
        case Basis.PRICE:
            return "more for the same use"
        case Basis.NEW:
            return "for something new"
        case Basis.PERSON:
            return "more than one person usually costs"
        case Basis.TEAM:
            return "more than usual"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"

"""The program: global options, and errors as one sentence with an exit status."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import accountability, accounts, ask, demo, doctor, foresight, ingest, manifest, outcomes, plan, serve, setup, simulate
from bot.cli.context import Context, shown
from bot.errors import BotError

program = typer.Typer(
    name="aispend",
    help="Tells each person and team what their AI use costs. It reports and asks; it never blocks.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for group in (demo, setup, ingest, outcomes, ask, accountability, simulate, foresight, plan, serve, doctor, accounts, manifest):
    group.register(program)


@program.callback()
def options(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="The configuration; else AISPEND_CONFIG, else ./aispend.toml.")] = None,
    now: Annotated[str | None, typer.Option(envvar="AISPEND_NOW", help="Set the clock, for trials: 2026-11-23T09:00:00+01:00.")] = None,
) -> None:
    """Take the options that stand before the command."""
    context.obj = Context(config, now)


def main() -> None:
    """Run the program; exit status 0 done, 1 refused or failed with a sentence, 2 wrong usage."""
    try:
        program()
    except BotError as exc:
        print(shown(str(exc)), file=sys.stderr)  # noqa: T201 - the sentence for the operator
        raise SystemExit(1) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        print("Stopped; nothing was half-applied.", file=sys.stderr)  # noqa: T201
        raise SystemExit(130) from None

"""`ask`: the same conversation as in chat, from a shell."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot.cli.context import Context, Format, say, say_json, shown
from bot.errors import Refusal


def register(program: typer.Typer) -> None:
    """Add the command."""
    program.command(context_settings={"ignore_unknown_options": True})(ask)


def ask(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help="What to ask; `help` lists it.")],
    email: Annotated[str, typer.Option("--as", help="Who asks: an e-mail of the directory.")],
    format_: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Ask as a person of the directory: me, team search, unallocated last 30d, …."""
    of: Context = context.obj
    with of.app() as app:
        try:
            view, told = app.answering(email, _question(words))
        except Refusal as refusal:
            print(shown(app.said(refusal, email)), file=sys.stderr)  # noqa: T201 - the sentence for the person
            raise typer.Exit(1) from None
        if format_ is Format.JSON:
            say_json(view.document())
        else:
            say(app.text(view, email))
        app.conversation.keep(told, is_hurried=True)


def _question(words: list[str]) -> str:
    """Return what is asked: all of it as one argument, or each word as its own."""
    return words[0] if len(words) == 1 else " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """Keep together what the shell kept together."""
    return f'"{word}"' if " " in word and '"' not in word else word

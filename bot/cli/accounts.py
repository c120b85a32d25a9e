"""`accounts`: which chat account stands for whom, and an operator's word on it."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.context import Context, Format, say, say_json
from bot.domain.account import Account
from bot.errors import ConfigError

_OPERATOR = "operator"


def register(program: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Chat accounts and the people they stand for.", no_args_is_help=True)
    group.command("list")(show)
    group.command()(bind)
    group.command()(unbind)
    program.add_typer(group, name="accounts")


def show(context: typer.Context, format_: Annotated[Format, typer.Option("--format")] = Format.TEXT) -> None:
    """List the accounts that were ever seen."""
    of: Context = context.obj
    with of.app() as app:
        app.prepare_store()
        rows = [
            {"account": str(b.account), "email": b.email, "state": b.state.value, "checked_at": b.checked_at.isoformat(), "by": b.by}
            for b in app.accounts.every()
        ]
    if format_ is Format.JSON:
        say_json({"rows": rows})
        return
    for row in rows:
        say(f"{row['account']}  {row['email']}  {row['state']} ({row['by']}, {row['checked_at'][:10]})")
    if not rows:
        say("Nobody has spoken to me in a chat yet.")


def bind(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="slack:WORKSPACE:USER, as `accounts list` writes it.")],
    email: Annotated[str, typer.Argument(help="A person of the directory.")],
) -> None:
    """Bind an account to a person, whatever the platform's e-mail says."""
    of: Context = context.obj
    with of.app() as app:
        app.prepare_store()
        binding = app.register.pin(_account(account), email, _OPERATOR)
        say(f"{binding.account} now stands for {binding.email}.")


def unbind(context: typer.Context, account: Annotated[str, typer.Argument(help="slack:WORKSPACE:USER")]) -> None:
    """Take an account off its person; they may say yes again when they next write."""
    of: Context = context.obj
    with of.app() as app:
        app.prepare_store()
        found = _account(account)
        if app.accounts.find(found) is None:
            raise ConfigError(f"There is no account {found}. `aispend accounts list` shows those there are.")
        app.register.forget(found, _OPERATOR)
        say(f"{found} stands for nobody now.")


def _account(text: str) -> Account:
    parts = text.split(":", 2)
    if len(parts) != 3 or not all(parts) or parts[0] not in {"slack", "teams"}:  # noqa: PLR2004 - platform, space, user
        raise ConfigError(
            f"'{text}' is no account; write it as slack:T012AB3C4:U012ABCDE or teams:TENANT:USER, as `accounts list` shows it."
        )
    return Account(*parts)

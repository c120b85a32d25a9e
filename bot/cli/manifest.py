"""`manifest`: what an operator pastes where the platform asks for the app's description."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from bot import shipped
from bot.cli.context import say


class Platform(StrEnum):
    """Where we can be installed."""

    SLACK = "slack"


def register(program: typer.Typer) -> None:
    """Add the command."""
    program.command()(manifest)


def manifest(platform: Annotated[Platform, typer.Argument(help="slack")]) -> None:
    """Print the app's manifest."""
    say((shipped.folder("manifest") / f"{platform}.yaml").read_text("utf-8"))

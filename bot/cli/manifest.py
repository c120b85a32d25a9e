"""`manifest`: what an operator gives to the platform as the app's description."""

from __future__ import annotations

import json
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import settings, shipped
from bot.cli.context import Context, say
from bot.errors import ConfigError

ICONS = ("color.png", "outline.png")


class Platform(StrEnum):
    """Where we can be installed."""

    SLACK = "slack"
    TEAMS = "teams"


def register(program: typer.Typer) -> None:
    """Add the command."""
    program.command()(manifest)


def manifest(
    context: typer.Context,
    platform: Annotated[Platform, typer.Argument(help="slack or teams")],
    zip_: Annotated[Path | None, typer.Option("--zip", help="Teams: write the package to upload to this file.")] = None,
    *,
    slash: Annotated[bool, typer.Option("--slash", help="Teams: with slash commands, a preview of Microsoft's.")] = False,
) -> None:
    """Print the app's manifest, or write the package."""
    if platform is Platform.SLACK:
        if zip_ or slash:
            raise ConfigError("--zip and --slash are for teams; Slack takes the manifest as text.")
        say((shipped.folder("manifest") / "slack.yaml").read_text("utf-8"))
        return
    of: Context = context.obj
    section = settings.load(of.config).teams
    document = teams(section.app_id, slash=slash)
    if zip_ is None:
        say(json.dumps(document, indent=2, ensure_ascii=False))
        return
    if not section.app_id:
        raise ConfigError("The package needs the id of your Azure Bot: set app_id under [teams].")
    package(document, zip_)
    say(f"{zip_} holds the manifest and both icons. Upload it in the Teams admin center under Manage apps.")


def teams(app_id: str, *, slash: bool) -> dict[str, Any]:
    """Return the Teams manifest for *app_id*, with slash commands where they are wanted."""
    found: dict[str, Any] = json.loads((shipped.folder("manifest") / "teams" / "manifest.json").read_text("utf-8"))
    if app_id:
        found["id"] = found["bots"][0]["botId"] = app_id
    if slash:
        bot = found["bots"][0]
        bot["supportsTargetedMessages"] = True
        for commands in bot["commandLists"]:
            if "team" in commands["scopes"]:
                commands["triggers"] = ["mention", "slash"]
    return found


def package(document: dict[str, Any], file: Path) -> None:
    """Write the zip that Teams takes: the manifest and the icons, in no folder.

    Raises:
        ConfigError: The file cannot be written.
    """
    folder = shipped.folder("manifest") / "teams"
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", json.dumps(document, indent=2, ensure_ascii=False))
            for icon in ICONS:
                archive.write(folder / icon, icon)
    except OSError as exc:
        raise ConfigError(f"{file} cannot be written: {exc.strerror}.") from exc

"""The manifests say what the code does: commands, events, scopes; and the platforms' schemas take them."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import aispend
from PIL import Image

from adapters.chat.slack import client, listeners
from bot import shipped
from bot.cli.manifest import teams
from bot.services.commands import Verb
from bot.services.grammar import parse

MANIFEST = yaml.safe_load((shipped.folder("manifest") / "slack.yaml").read_text("utf-8"))
SCOPES = {
    "auth_test": set(),
    "api_test": set(),
    "views_open": set(),
    "views_publish": set(),
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_info": {"channels:read", "groups:read"},
    "users_info": {"users:read", "users:read.email"},
    "users_lookupByEmail": {"users:read.email"},
    "bots_info": {"users:read"},
    "apps_manifest_export": set(),  # a configuration token, not the bot's
}
"""What Slack asks for each method (docs.slack.dev, read 2026-11-23); users_info with the e-mail in it."""
OF_EVENTS = {"message.im": {"im:history"}, "user_change": {"users:read"}}


@pytest.fixture(scope="session")
def faults(shared: Path) -> Callable[[str, Any], list[str]]:
    spec = importlib.util.spec_from_file_location("check_payload", shared / "tools" / "check_payload.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[str, Any], list[str]] = module.faults
    return found


def test_slack_s_manifest_is_what_slack_takes(faults: Callable[[str, Any], list[str]]) -> None:
    assert faults("slack-manifest", MANIFEST) == []


def test_slack_is_asked_for_what_the_code_uses_and_no_more() -> None:
    used = set(re.findall(r"self\.client\.(\w+)\(", Path(client.__file__).read_text("utf-8")))
    assert used == set(SCOPES), "a method was added or is gone: say here which scopes it needs"
    needed = {"commands"}.union(*SCOPES.values(), *(OF_EVENTS.get(event, set()) for event in listeners.EVENTS))
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed


def test_every_scope_says_why() -> None:
    text = (shipped.folder("manifest") / "slack.yaml").read_text("utf-8")
    for scope in MANIFEST["oauth_config"]["scopes"]["bot"]:
        assert re.search(rf"- {scope} # \S", text)


def test_slack_delivers_the_events_that_are_listened_to() -> None:
    assert tuple(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == listeners.EVENTS
    listened = set(re.findall(r'app\.event\("(\w+)"\)', Path(listeners.__file__).read_text("utf-8")))
    assert listened == {event.partition(".")[0] for event in listeners.EVENTS}
    assert [command["command"] for command in MANIFEST["features"]["slash_commands"]] == [listeners.COMMAND]


@pytest.mark.parametrize("slash", [False, True])
def test_teams_manifest_is_what_teams_takes(faults: Callable[[str, Any], list[str]], *, slash: bool) -> None:
    assert faults("teams-manifest", teams("11111111-1111-4111-8111-111111111111", slash=slash)) == []


def test_every_command_teams_offers_is_one() -> None:
    bot = teams("", slash=False)["bots"][0]
    for commands in bot["commandLists"]:
        assert len(commands["commands"]) <= 10, "what the menu shows"
        for command in commands["commands"]:
            assert parse(command["title"], date(2026, 11, 23)).verb in set(Verb)
    assert "supportsTargetedMessages" not in bot
    assert sorted(scope for commands in bot["commandLists"] for scope in commands["scopes"]) == sorted(bot["scopes"])


def test_the_icons_are_as_the_script_draws_them(tmp_path: Path) -> None:
    folder = shipped.folder("manifest") / "teams"
    subprocess.run([sys.executable, folder / "icons.py", tmp_path], check=True)
    for name, side in (("color.png", 192), ("outline.png", 32)):
        shown, drawn = Image.open(folder / name).convert("RGBA"), Image.open(tmp_path / name).convert("RGBA")
        assert shown.size == (side, side)
        assert shown.tobytes() == drawn.tobytes()
    outline = Image.open(folder / "outline.png").convert("RGBA")
    pixels = [outline.getpixel((x, y)) for x in range(32) for y in range(32)]
    assert {pixel[:3] for pixel in pixels if pixel[3]} == {(255, 255, 255)}, "white only"  # type: ignore[index]
    assert {0, 255} <= {pixel[3] for pixel in pixels}, "on nothing"  # type: ignore[index]


def test_the_package_is_what_teams_uploads(tmp_path: Path) -> None:
    config = tmp_path / "aispend.toml"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([aispend(), "--config", str(config), "manifest", *words], capture_output=True, text=True, check=False)

    config.write_text("", "utf-8")
    refused = run("teams", "--zip", str(tmp_path / "a.zip"))
    assert (refused.returncode, "set app_id under [teams]" in refused.stderr) == (1, True)
    assert not (tmp_path / "a.zip").exists()
    config.write_text('[teams]\napp_id = "11111111-1111-4111-8111-111111111111"\n', "utf-8")
    assert run("teams", "--zip", str(tmp_path / "a.zip")).returncode == 0
    with zipfile.ZipFile(tmp_path / "a.zip") as package:
        assert sorted(package.namelist()) == ["color.png", "manifest.json", "outline.png"]
        assert json.loads(package.read("manifest.json"))["bots"][0]["botId"] == "11111111-1111-4111-8111-111111111111"
    assert "triggers" in run("teams", "--slash").stdout
    assert run("slack", "--slash").returncode == 1
    assert yaml.safe_load(run("slack").stdout) == MANIFEST

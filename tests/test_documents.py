"""Documents: every link leads somewhere, every command does what it says, every setting is described."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
from conftest import NOW, aispend
from factories import charge, write_csv

from adapters import registry
from bot.services.commands import Verb
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "templates").glob("*.md")])
PYTHON_COMMANDS = {"make demo", "make test", "make check"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def blocks() -> list[tuple[str, str]]:
    found = []
    for document in DOCUMENTS:
        found += [(document.name, block) for block in re.findall(r"```sh\n(.*?)```", document.read_text("utf-8"), re.DOTALL)]
    return found


@pytest.mark.parametrize(("document", "block"), blocks())
def test_every_command_in_the_documents_works(document: str, block: str, demo: Path, tmp_path: Path) -> None:
    lines = [line for line in block.splitlines() if line.strip()]
    if all(line.startswith("make") for line in lines):
        script = (ROOT / ".ci" / "run").read_text("utf-8")
        assert all(line in script for line in lines)
        return
    _workspace(block, demo, tmp_path)
    for line in lines:
        words = shlex.split(line)
        assert Path(words[0]).name == "aispend"
        done = subprocess.run(
            [aispend(), *words[1:]], cwd=tmp_path, env=os.environ | {"AISPEND_NOW": NOW}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        assert done.stdout


def _workspace(block: str, demo: Path, folder: Path) -> None:
    """Put into *folder* what a reader would have there."""
    if "bill.csv" in block:
        write_csv(folder / "bill.csv", [charge("2026-11-03", x_PrincipalId="you@example.com")])
        (folder / "people.csv").write_text("email,name,team\nyou@example.com,You,us\n", "utf-8")
    elif "daily.csv" in block:
        days = (date(2026, 6, 1) + timedelta(days=n) for n in range(183))
        rows = "".join(f"teams,search,{day},{20 + day.day % 3}\n" for day in days)
        (folder / "daily.csv").write_text(f"dataset,series,date,value\n{rows}", "utf-8")
    elif "aispend-demo" in block:
        shutil.copytree(demo, folder / "aispend-demo")
    elif "init" not in block:
        shutil.copytree(demo, folder, dirs_exist_ok=True)


def test_the_readme_shows_a_real_card() -> None:
    card = (ROOT / "tests/golden/text/replies-me-within.txt").read_text("utf-8").split("\n\nBy model")[0]
    assert card in (ROOT / "README.md").read_text("utf-8")


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < 150


def test_every_setting_source_and_question_is_described() -> None:
    text = "".join(path.read_text("utf-8") for path in DOCUMENTS)
    for name in Settings.model_fields:
        assert name == "root" or f"[{name}]" in text
    for kind in registry.kinds():
        assert f"`{kind}`" in text
    for verb in Verb:
        assert f"`{verb}" in (ROOT / "docs/asking.md").read_text("utf-8")


def test_nothing_names_a_machine_or_a_package_index() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert "--hash=sha256:" in lock
    for npm in (ROOT / "tests").glob("*/package-lock.json"):
        assert '"resolved"' not in npm.read_text("utf-8")

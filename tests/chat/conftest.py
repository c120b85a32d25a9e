"""Fixtures: a company of six with one known cost, for any chat platform."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import NOW
from factories import charge, write_csv, write_directory
from loading import ingest

from bot import settings, wiring
from bot.services import directory
from bot.wiring import App


@pytest.fixture(scope="session")
def company_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store, loaded once for all tests: Ana of team search spent $41.50; Mia manages search."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "aispend.toml").write_text("", "utf-8")
    app = wiring.app(settings.load(folder / "aispend.toml", {}), NOW)
    app.prepare_store()
    directory.apply(directory.plan(write_directory(folder), app.people), app.people)
    ingest(app, write_csv(folder / "bill.csv", [charge("2026-11-03", "41.50")]))
    app.close()
    return folder / "aispend.db"


@pytest.fixture
def company(make_app: Callable[..., App], company_store: Path, tmp_path: Path) -> App:
    """The application over a copy of that store."""
    shutil.copy(company_store, tmp_path / "aispend.db")
    return make_app()

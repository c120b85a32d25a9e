"""Fixtures: a company of six with one known cost, for any chat platform."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from factories import charge, write_csv, write_directory
from loading import ingest

from bot.services import directory
from bot.wiring import App


@pytest.fixture
def company(make_app: Callable[..., App], tmp_path: Path) -> App:
    """Ana of team search spent $41.50; Mia manages search."""
    app = make_app()
    directory.apply(directory.plan(write_directory(tmp_path), app.people), app.people)
    ingest(app, write_csv(tmp_path / "bill.csv", [charge("2026-11-03", "41.50")]))
    return app

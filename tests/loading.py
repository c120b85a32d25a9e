"""Support: a source through the front door of an application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.domain.period import Window
from bot.services.ingest import Report
from bot.settings import SourceSettings
from bot.wiring import App


def ingest(app: App, *files: Path | str, window: Window | None = None, name: str = "bill", kind: str = "focus", **own: Any) -> Report:
    """Load *files* as one source and return what came in."""
    path = str(files[0]) if len(files) == 1 else [str(file) for file in files]
    with app.source(SourceSettings(name=name, kind=kind, path=path, **own)) as source:
        return app.ingest.run(source, window)

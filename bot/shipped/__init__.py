"""Files that travel with the program: templates and manifests, in the wheel or beside the sources."""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """Return the folder *name* (`templates`, `manifest`): inside the installed wheel, else at the top of the source tree."""
    installed = Path(__file__).parent / name
    return installed if installed.is_dir() else Path(__file__).parents[2] / name

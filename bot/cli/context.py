"""What every command has: the configuration, made into the application only when it is needed."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot import settings, wiring


class Format(StrEnum):
    """How a command prints."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True)
class Context:
    """The global options."""

    config: Path | None
    now: str | None

    @property
    def words(self) -> tuple[str, ...]:
        """The global options as words, for a process that is to have the same."""
        config = ("--config", str(self.config)) if self.config else ()
        return (*config, "--now", self.now) if self.now else config

    @contextmanager
    def app(self) -> Iterator[wiring.App]:
        """Yield the application and close it."""
        app = wiring.app(settings.load(self.config), self.now)
        try:
            yield app
        finally:
            app.close()


def say(text: str = "") -> None:
    """Print a line, or a text of several."""
    sys.stdout.write(shown(text if text.endswith("\n") else f"{text}\n"))


def shown(text: str) -> str:
    """Return *text* without what could steer a terminal."""
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" and c != "\n" else c for c in text)


def say_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document."""
    say(json.dumps(document, ensure_ascii=False, indent=2))

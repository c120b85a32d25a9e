"""Meters: how many answers, how fast, how many failed; labels name platforms, actions and errors, never people or figures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from bot.messages.actions import Action

_KNOWN = set(Action)


class Outcome:
    """How an answer went."""

    def __init__(self) -> None:
        self.name = "answered"

    def failed(self, name: str) -> None:
        """Say that it went wrong, and how."""
        self.name = name


class Meters:
    """The process's own figures, in the text format of Prometheus."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("platform", "action")
        self._answers = Counter("aispend_answers", "Answers given in chat.", (*labels, "outcome"), registry=self.registry)
        self._seconds = Histogram("aispend_answer_seconds", "From acknowledged to answered.", labels, registry=self.registry)

    @contextmanager
    def answering(self, platform: str, action: str) -> Iterator[Outcome]:
        """Measure one answer; an action that came from outside and is none of ours is counted as `other`."""
        known = action if action in _KNOWN else "other"
        outcome, began = Outcome(), time.perf_counter()
        try:
            yield outcome
        finally:
            self._seconds.labels(platform, known).observe(time.perf_counter() - began)
            self._answers.labels(platform, known, outcome.name).inc()

    def text(self) -> bytes:
        """Return all figures."""
        return generate_latest(self.registry)

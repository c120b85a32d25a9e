"""Child: a command of aispend's own in a process beside the server, so that loading holds up no answer."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()
_GRACE_S = 10


@dataclass
class Child:
    """Runs `aispend` with *words*, one at a time; stopping ends the one that runs, which then leaves everything as it was.

    Attributes:
        words: Options and command, such as `("--config", "aispend.toml", "ingest")`.
    """

    words: Sequence[str]
    _running: subprocess.Popen[bytes] | None = field(default=None)
    _is_stopped: bool = field(default=False)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Run it to its end; a failure is logged without its words, which may hold figures: FinOps is told by the command itself."""
        with self._turn:
            if self._is_stopped:
                return
            quiet = subprocess.DEVNULL
            self._running = subprocess.Popen([sys.executable, "-m", "bot", *self.words], stdin=quiet, stdout=quiet, stderr=quiet)  # noqa: S603 - our own program
        status = self._running.wait()
        if status and not self._is_stopped:
            log.warning("command_failed", command=self.words[-1], status=status)

    def stop(self) -> None:
        """End what runs, and begin nothing more."""
        with self._turn:
            self._is_stopped = True
            running = self._running
        if running is None or running.poll() is not None:
            return
        running.terminate()
        try:
            running.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            running.kill()

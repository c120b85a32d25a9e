"""`aispend ask` as a process, start-up and imports counted, beside an empty Python process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NOW = ("--now", "2026-11-23T09:00:00")


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        company = Path(scratch) / "demo"
        subprocess.run([sys.executable, "-m", "bot", *NOW, "demo", "--folder", str(company)], check=True, stdout=subprocess.DEVNULL)
        words = [
            sys.executable,
            "-m",
            "bot",
            *NOW,
            "--config",
            str(company / "aispend.toml"),
            "ask",
            "--as",
            "ana.ruiz@nordwind.example",
            "me",
        ]
        ours, empty = measured(words), measured([sys.executable, "-c", "pass"])
    print(f"ask: {ours:.2f} s, empty process {empty:.2f} s, ratio {ours / empty:.0f}")


def measured(words: list[str]) -> float:
    times = []
    for _ in range(7):
        begun = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


if __name__ == "__main__":
    main()

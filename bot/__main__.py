"""`aispend` and `python -m bot`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program; whoever stops it while it is still being read is told so as later."""
    try:
        from bot.cli.main import main as run  # noqa: PLC0415 - it takes a second or more
    except KeyboardInterrupt:
        print("Stopped; nothing was half-applied.", file=sys.stderr)  # noqa: T201
        raise SystemExit(130) from None
    run()


if __name__ == "__main__":
    main()

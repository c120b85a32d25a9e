"""The entry of the program: what is said before anything of it is there."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from bot import __main__ as entry


def test_who_stops_it_while_it_is_being_read_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    real = builtins.__import__

    def stopped(name: str, *of: Any, **more: Any) -> Any:
        if name == "bot.cli.main":
            raise KeyboardInterrupt
        return real(name, *of, **more)

    monkeypatch.setattr(builtins, "__import__", stopped)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Stopped; nothing was half-applied.\n"

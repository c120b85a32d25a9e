"""The registry: usage sources by their kind, from entry points; ours and outsiders' take the same road."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from adapters.place import Place
from bot.errors import ConfigError
from bot.ports import UsageSource

GROUP = "bot.usage_sources"


def kinds() -> list[str]:
    """Return the kinds of source that are installed, ascending."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def build(kind: str, settings: Mapping[str, Any], place: Place) -> UsageSource:
    """Return the source of *kind* with its *settings*, as they stand in its [[sources]] section.

    Raises:
        ConfigError: The kind is not installed, or a setting is missing, unknown or of the wrong shape.
    """
    found = {point.name: point for point in entry_points(group=GROUP)}
    if kind not in found:
        near = get_close_matches(kind, kinds(), 1)
        meant = f" Did you mean '{near[0]}'?" if near else ""
        raise ConfigError(f"[[sources]] {place.name} has kind '{kind}'; there are {', '.join(kinds())}.{meant}")
    source = found[kind].load()
    try:
        config = source.Config(**settings)
    except ValidationError as exc:
        raise ConfigError(_sentence(exc, place.name, kind, source.Config)) from exc
    return source(config, place)  # type: ignore[no-any-return]


def _sentence(exc: ValidationError, name: str, kind: str, config: Any) -> str:
    error = exc.errors()[0]
    setting = ".".join(str(part) for part in error["loc"] if part not in {"str", "list[str]", "dict[str,list[str]]"})
    if error["type"] == "extra_forbidden":
        return f"[[sources]] {name} has an unknown setting '{setting}'; {kind} takes {', '.join(config.model_fields)}."
    if error["type"] == "missing":
        return f"[[sources]] {name} lacks '{setting}'."
    return f"[[sources]] {name}: {setting} holds {error['input']!r}: {error['msg']}."

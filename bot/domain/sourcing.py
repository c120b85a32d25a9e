"""Source of record: which source states the cost of a vendor account, so that nothing is counted twice.

A scope is written `provider` or `provider/account`; the first covers the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def covers(scope: str, other: str) -> bool:
    """Tell whether *scope* is *other* or the provider that *other* is an account of; without regard to case."""
    mine, theirs = scope.casefold(), other.casefold()
    return mine == theirs or theirs.startswith(mine + "/")


def clash(scopes: Iterable[str], source: str, held: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return (scope, scope held, source that holds it) for the first scope that two sources would state, or None.

    Args:
        scopes: What *source* is about to state.
        held: Scope to the source that states it today.
    """
    for scope in sorted(scopes):
        for other, holder in sorted(held.items()):
            if holder != source and (covers(scope, other) or covers(other, scope)):
                return scope, other, holder
    return None


def stated_elsewhere(source: str, records: Mapping[str, str]) -> list[str]:
    """Return the scopes whose cost the configuration gives to another source than *source*."""
    return sorted(scope for scope, holder in records.items() if holder != source)

"""Disclosure: rows by several dimensions that are shown one beside the other must not tell of fewer people than any of them. Pure.

Every row is a sum over cells, one cell for each combination of keys. Who adds and subtracts rows gets the vectors of their span.
They tell of too few people where one of these is zero everywhere but on cells whose people together are too few: the audit of
linked tables, as statistical offices do it (Hundepool and others 2012, Statistical Disclosure Control, chapter 4).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Cells = Mapping[tuple[str, ...], frozenset[int]]
"""Who stands behind each combination of keys, one key for each dimension; nobody behind what is of keys and seats alone."""

_MOST_SETS = 4_000
"""Of more sets of few people than this it is not worked out which one could be told apart: it is taken to be so."""
_ZERO = 1e-7
_MOST_TRIED = 12
_MOST_ROWS = 60
"""Of more keys those of the fewest people are shown as one, too: nobody reads so many, and all must be held against each other."""


def agreeing(cells: Cells, merged: Sequence[Collection[str]], smallest: int) -> list[set[str]]:
    """Return for each dimension which keys are shown as one, so that its rows tell nothing new beside those of the ones before.

    Args:
        cells: By the dimensions in this order; what comes first keeps most of its rows.
        merged: By dimension, the keys that are shown as one anyway.
        smallest: The number of people that may be told of together.
    """
    found: list[set[str]] = []
    for place, own in enumerate(merged):
        known = _project(cells, place + 1)
        sizes = _sizes(known, place)
        joined = (set(own) | set(sorted(sizes, key=lambda key: (-sizes[key], key))[_MOST_ROWS:])) & sizes.keys()
        while joined != sizes.keys() and isolates(known, [*found, joined], smallest):
            joined = _joined(known, found, joined, sorted(sizes.keys() - joined, key=lambda key: (sizes[key], key)), smallest)
        found.append(joined)
    return found


def isolates(cells: Cells, merged: Sequence[Collection[str]], smallest: int) -> bool:
    """Tell whether adding and subtracting the rows gives something of people who are together fewer than *smallest*."""
    columns: dict[tuple[str, ...], frozenset[int]] = {}
    for keys, people in cells.items():
        if people:
            place = tuple("" if key in one else f"={key}" for key, one in zip(keys, merged, strict=True))
            columns[place] = columns.get(place, frozenset()) | people
    behind = list(columns.values())
    if all(len(people) >= smallest for people in behind):
        return False
    span = _of_few(_rows(list(columns)), [len(people) < smallest for people in behind])
    few = [people for people in behind if len(people) < smallest]
    return bool(len(span)) and _tells(span, few, smallest)


def _joined(cells: Cells, before: Sequence[set[str]], joined: set[str], named: Sequence[str], smallest: int) -> set[str]:
    """Return *joined* with one more of *named*, smallest first: one that mends it, else the smallest.

    One that stands alone would be shown as it was: it takes the smallest of the others with it.
    """
    choices = [joined | {key, *(() if joined else named[:1] if key != named[0] else named[1:2])} for key in named[:_MOST_TRIED]]
    return next((tried for tried in choices if not isolates(cells, [*before, tried], smallest)), choices[0])


def _project(cells: Cells, count: int) -> dict[tuple[str, ...], frozenset[int]]:
    """Return the cells of the first *count* dimensions."""
    found: dict[tuple[str, ...], frozenset[int]] = {}
    for keys, people in cells.items():
        found[keys[:count]] = found.get(keys[:count], frozenset()) | people
    return found


def _sizes(cells: Cells, place: int) -> dict[str, int]:
    """Return how many people stand behind each key of a dimension."""
    people: dict[str, frozenset[int]] = {}
    for keys, behind in cells.items():
        people[keys[place]] = people.get(keys[place], frozenset()) | behind
    return {key: len(behind) for key, behind in people.items()}


def _rows(columns: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """Return rows × cells: 1 where the row adds the cell up."""
    import numpy as np  # noqa: PLC0415 - most questions must not wait for it

    places = {row: number for number, row in enumerate(dict.fromkeys(row for column in columns for row in enumerate(column)))}
    found = np.zeros((len(places), len(columns)))
    for number, column in enumerate(columns):
        found[[places[row] for row in enumerate(column)], number] = 1.0
    return found


def _of_few(rows: NDArray[np.float64], is_few: Sequence[bool]) -> NDArray[np.float64]:
    """Return a basis of what the rows give that is zero on every cell of many people: vectors × cells of few."""
    import numpy as np  # noqa: PLC0415

    few = np.array(is_few)
    sizes, vectors = np.linalg.eigh(rows[:, ~few] @ rows[:, ~few].T)
    free = vectors[:, sizes < _ZERO]
    _, sizes, basis = np.linalg.svd(free.T @ rows[:, few], full_matrices=False)
    return np.asarray(basis[: int((sizes > _ZERO).sum())], dtype=np.float64)


def _tells(span: NDArray[np.float64], people: Sequence[frozenset[int]], smallest: int) -> bool:
    """Tell whether some vector of *span* is zero but on cells whose *people* together are fewer than *smallest*."""
    import numpy as np  # noqa: PLC0415

    touched = np.flatnonzero((np.abs(span) > _ZERO).any(axis=0))
    sets = _unions({people[int(number)] for number in touched}, smallest)
    if sets is None:
        return True
    for some in sets:
        outside = span[:, [not who <= some for who in people]]
        if int(np.linalg.matrix_rank(outside, tol=_ZERO)) < len(span):
            return True
    return False


def _unions(sets: Collection[frozenset[int]], smallest: int) -> set[frozenset[int]] | None:
    """Return every union of *sets* with fewer people than *smallest*; None where these are too many to look at."""
    found, new = set(sets), set(sets)
    while new:
        new = {one | other for one in new for other in sets if len(one | other) < smallest} - found
        found |= new
        if len(found) > _MOST_SETS:
            return None
    return found

"""Disclosure: rows by several dimensions that are shown one beside the other must not tell of fewer people than any of them. Pure.

Every row is a sum over cells, one cell for each combination of keys. Who adds and subtracts rows gets the vectors of their span.
They tell of too few people where one of these is zero everywhere but on cells whose people together are too few: the audit of
linked tables, as statistical offices do it (Hundepool and others 2012, Statistical Disclosure Control, chapter 4).

Most often a short argument says that none does. Divide all people into as many crowds as people may be told of together. Fewer
people leave one crowd out, and what tells of them alone is zero on every cell that anybody of this crowd stands behind. So only
vectors that are zero on all cells of some crowd need a closer look, and there are few or none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Cells = Mapping[tuple[str, ...], frozenset[int]]
"""Who stands behind each combination of keys, one key for each dimension; nobody behind what is of keys and seats alone."""

_MOST_SETS = 300
"""Of more sets of few people than this it is not worked out which one could be told apart: it is taken to be so."""
_FEW_SETS, _NARROW = 12, 4
"""Where vectors are more than a few, sets are tried one by one only if they are few: crowds say most of it at once."""
_MOST_LOOKS = 40
"""So it is where so many closer looks have not decided it."""
_DEEPEST = 5
_ZERO = 1e-7
_MOST_TRIED = 4
_MOST_ROWS = 60
"""Of more keys those of the fewest people are shown as one, too: nobody reads so many, and all must be held against each other."""


def agreeing(cells: Cells, merged: Sequence[Collection[str]], smallest: int) -> list[set[str]]:
    """Return for each dimension which keys are shown as one, so that its rows tell nothing new beside those of the ones before.

    The rows of the first dimension are shown whatever they tell: it is decided elsewhere that they may be.

    Args:
        cells: By the dimensions in this order; what comes first keeps most of its rows.
        merged: By dimension, the keys that are shown as one anyway.
        smallest: The number of people that may be told of together.
    """
    found: list[set[str]] = []
    for place, own in enumerate(merged):
        known = _project(cells, place + 1)
        sizes = _sizes(known, place)
        joined = set(own) & sizes.keys()
        if place:
            joined |= set(sorted(sizes, key=lambda key: (-sizes[key], key))[_MOST_ROWS:])
            joined = _mended(known, found, joined, sizes, smallest)
        found.append(joined)
    return found


def isolates(cells: Cells, merged: Sequence[Collection[str]], smallest: int) -> bool:
    """Tell whether adding and subtracting the rows gives something of people who are together fewer than *smallest*.

    What a row of the first dimension says by itself is no such thing.
    """
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
    told = [people for people in _sets(columns, 0).values() if len(people) < smallest]
    return _Audit(few, told, smallest).tells(span)


def _mended(cells: Cells, before: Sequence[set[str]], joined: set[str], sizes: Mapping[str, int], smallest: int) -> set[str]:
    """Return *joined* with as many more keys, smallest first, as it takes: one of the smallest if that mends it, else ever more."""
    count = 1
    while joined != sizes.keys() and isolates(cells, [*before, joined], smallest):
        named = sorted(sizes.keys() - joined, key=lambda key: (sizes[key], key))
        # One that stands alone would be shown as it was: it takes the smallest of the others with it.
        choices = [joined | {key, *(() if joined else named[:1] if key != named[0] else named[1:2])} for key in named[:_MOST_TRIED]]
        choices = choices if count == 1 else []
        mends = next((tried for tried in choices if not isolates(cells, [*before, tried], smallest)), None)
        if mends is not None:
            return mends
        joined = joined | set(named[: count + (not joined)])
        count *= 2
    return joined


def _project(cells: Cells, count: int) -> dict[tuple[str, ...], frozenset[int]]:
    """Return the cells of the first *count* dimensions."""
    found: dict[tuple[str, ...], frozenset[int]] = {}
    for keys, people in cells.items():
        found[keys[:count]] = found.get(keys[:count], frozenset()) | people
    return found


def _sets(cells: Cells, place: int) -> dict[str, frozenset[int]]:
    """Return who stands behind each key of a dimension."""
    people: dict[str, frozenset[int]] = {}
    for keys, behind in cells.items():
        people[keys[place]] = people.get(keys[place], frozenset()) | behind
    return people


def _sizes(cells: Cells, place: int) -> dict[str, int]:
    return {key: len(behind) for key, behind in _sets(cells, place).items()}


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
    free = _vanishing(rows[:, ~few]) @ rows[:, few]
    sizes, vectors = np.linalg.eigh(free @ free.T)
    kept = sizes > _ZERO
    return np.asarray((vectors[:, kept] / np.sqrt(sizes[kept])).T @ free, dtype=np.float64)


def _vanishing(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what makes zero of *rows* everywhere: orthonormal vectors × rows."""
    import numpy as np  # noqa: PLC0415

    sizes, vectors = np.linalg.eigh(rows @ rows.T)
    return np.asarray(vectors[:, sizes < _ZERO].T, dtype=np.float64)


class _Audit:
    """The search for a vector that tells of few people alone.

    Args:
        people: Who stands behind each cell of few.
        told: Who stands behind rows that may be shown though they are of few; no two rows share a cell.
    """

    def __init__(self, people: Sequence[frozenset[int]], told: Sequence[frozenset[int]], smallest: int) -> None:
        self._people, self._told, self._smallest = people, told, smallest
        self._numbers = {person: number for number, person in enumerate(sorted(frozenset[int]().union(*people)))}
        self._looks = 0

    def tells(self, span: NDArray[np.float64], depth: int = 0) -> bool:
        """Tell whether *span*, vectors × cells, holds one; also where it takes too long to say."""
        import numpy as np  # noqa: PLC0415

        self._looks += 1
        if not len(span):
            return False
        touched = [self._people[int(number)] for number in np.flatnonzero((np.abs(span) > _ZERO).any(axis=0))]
        if len(span) == 1:
            return self._is_told(span, frozenset[int]().union(*touched))
        is_last = depth == _DEEPEST or self._looks > _MOST_LOOKS
        sets = _unions(set(touched), self._smallest, _MOST_SETS if is_last or len(span) <= _NARROW else _FEW_SETS)
        if sets is not None:
            return any(self._is_told(span, some) for some in sets)
        if is_last:
            return True
        return any(self.tells(_vanishing(span[:, crowd]) @ span, depth + 1) for crowd in self._crowds(depth))

    def _is_told(self, span: NDArray[np.float64], some: frozenset[int]) -> bool:
        """Tell whether *span* holds more about *some* people alone than the rows that may be shown."""
        if len(some) >= self._smallest:
            return False
        outside = span[:, [not who <= some for who in self._people]]
        return len(_vanishing(outside)) > sum(people <= some for people in self._told)

    def _crowds(self, depth: int) -> Iterator[NDArray[np.bool_]]:
        """Yield for each crowd which cells anybody of it stands behind; at each *depth* they are divided another way."""
        import numpy as np  # noqa: PLC0415

        of = {person: (number + depth * (number // self._smallest)) % self._smallest for person, number in self._numbers.items()}
        crowds = [{of[person] for person in who} for who in self._people]
        for crowd in range(self._smallest):
            yield np.array([crowd in some for some in crowds])


def _unions(sets: Collection[frozenset[int]], smallest: int, most: int) -> set[frozenset[int]] | None:
    """Return every union of *sets* with fewer people than *smallest*; None where these are more than *most*."""
    found, new = set(sets), set(sets)
    if len(found) > most:
        return None
    while new:
        more: set[frozenset[int]] = set()
        for one in new:
            more |= {one | other for other in sets if len(one | other) < smallest} - found
            if len(found) + len(more) > most:
                return None
        found |= more
        new = more
    return found

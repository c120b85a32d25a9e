"""Rows by several dimensions beside one another: nothing of too few people can be worked out by adding and subtracting them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.disclosure import Cells, agreeing, isolates
from bot.domain.visibility import merge_small_groups

SMALLEST = 3
MANY = frozenset(range(10, 16))


def rank(rows: Sequence[Sequence[int]]) -> int:
    """Return the rank, exactly."""
    left = [[Fraction(value) for value in row] for row in rows]
    found = 0
    for column in range(len(left[0]) if left else 0):
        pivot = next((row for row in left[found:] if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        left.insert(found, pivot)
        found += 1
        left[found:] = [
            [value - row[column] / pivot[column] * held for value, held in zip(row, pivot, strict=True)] for row in left[found:]
        ]
    return found


def tells(cells: Cells, merged: Sequence[set[str]]) -> bool:
    """Tell the same as `isolates`, by trying every set of few people: does the span have something more that is theirs alone?"""
    columns = [(keys, people) for keys, people in cells.items() if people]
    places = [(place, "" if key in merged[place] else f"={key}") for keys, _ in columns for place, key in enumerate(keys)]
    rows = [
        [int((place, "" if keys[place] in merged[place] else f"={keys[place]}") == (place, row)) for keys, _ in columns]
        for place, row in sorted(set(places))
    ]
    told: dict[str, frozenset[int]] = {}
    for keys, people in columns:
        key = "" if keys[0] in merged[0] else f"={keys[0]}"
        told[key] = told.get(key, frozenset()) | people
    everybody = sorted(frozenset().union(*cells.values()))
    for count in range(1, SMALLEST):
        for few in combinations(everybody, count):
            outside = [number for number, (_, people) in enumerate(columns) if not people <= set(few)]
            if rank(rows) - rank([[row[number] for number in outside] for row in rows]) > sum(who <= set(few) for who in told.values()):
                return True
    return False


def small(cells: Cells, place: int) -> set[str]:
    """Return what is shown as one of one dimension alone."""
    crowd: dict[str, frozenset[int]] = {}
    for keys, people in cells.items():
        crowd[keys[place]] = crowd.get(keys[place], frozenset()) | people
    sizes = {key: len(people) or SMALLEST for key, people in crowd.items()}
    return set(merge_small_groups(crowd, sizes, SMALLEST, lambda keys: len(frozenset().union(*(crowd[key] for key in keys))))[1])


def keys(letter: str) -> st.SearchStrategy[str]:
    return st.integers(0, 3).map(lambda number: f"{letter}{number}")


WORLDS = st.dictionaries(st.tuples(keys("m"), keys("t"), keys("s")), st.frozensets(st.integers(0, 7), max_size=4), min_size=1, max_size=9)


def test_one_tool_less_its_provider_is_one_person() -> None:
    cells: Mapping[tuple[str, ...], frozenset[int]] = {
        ("Anthropic", "Claude Code"): MANY,
        ("Anthropic", "Claude"): frozenset({1}),
        ("Cursor", "Cursor"): frozenset({1, 2, 3, 4}),
        ("OpenAI", "ChatGPT"): frozenset({20, 21, 22}),
    }
    alone = [small(cells, 0), small(cells, 1)]
    assert alone == [set(), {"Claude", "ChatGPT"}]
    assert isolates(cells, alone, SMALLEST), "Anthropic less Claude Code"
    assert agreeing(cells, alone, SMALLEST) == [set(), {"Claude", "Claude Code", "ChatGPT"}]


def test_rows_that_cross_tell_nothing() -> None:
    """Where every model is used with every tool, nobody can be told apart however few use the two together."""
    cells = {(model, tool): MANY for model in ("large", "small") for tool in ("editor", "terminal")} | {("small", "editor"): frozenset({1})}
    assert not isolates(cells, [set(), set()], SMALLEST)
    assert agreeing(cells, [set(), set()], SMALLEST) == [set(), set()]


def test_what_is_nobody_s_in_person_tells_of_nobody() -> None:
    cells: Cells = {("large", "keys"): frozenset(), ("large", "editor"): MANY, ("small", "editor"): MANY}
    assert not isolates(cells, [set(), set()], SMALLEST)
    assert not isolates({("large", "keys"): frozenset()}, [set(), set()], SMALLEST)


def test_so_many_keys_are_not_all_shown() -> None:
    cells = {("team", f"project-{number}"): frozenset(range(number + SMALLEST)) for number in range(70)}
    assert agreeing(cells, [set(), set()], SMALLEST) == [set(), {f"project-{number}" for number in range(10)}]


def test_what_the_first_rows_say_may_be_said_and_nothing_more() -> None:
    """A team of many of whom one cost something is shown; a model that is the team's and another one's is not, beside it."""
    alone: Cells = {("quiet", "large"): frozenset({1}), ("busy", "large"): MANY, ("busy", "small"): MANY}
    assert not isolates(alone, [set(), set()], SMALLEST)
    beside: Cells = {("quiet", "odd"): frozenset({1}), ("busy", "odd"): frozenset({2}), ("busy", "large"): MANY}
    assert isolates(beside, [set(), set()], SMALLEST)


def test_many_who_are_alone_in_their_cells_are_told_apart_only_where_few_are() -> None:
    """Of twenty teams with a project each three people worked elsewhere, too: no sum of rows is of fewer than six of them."""
    home: dict[tuple[str, ...], frozenset[int]] = {
        (f"t{team}", f"p{team}"): frozenset(range(100 * team, 100 * team + 9)) for team in range(20)
    }
    away = {(f"t{team}", f"p{(team + step) % 20}"): frozenset({100 * team + step}) for team in range(20) for step in (1, 2, 3)}
    assert not isolates(home | away, [set(), set()], 5)
    fewer = {keys: people for keys, people in away.items() if keys[1] != "p7" and (keys[0] != "t7" or keys[1] == "p8")}
    assert isolates(home | fewer, [set(), set()], 5), "what team 7 cost beside its project is one person's"
    assert "p7" in agreeing(home | fewer, [set(), set()], 5)[1]


@given(WORLDS)
@example({("m0", "t0", "s0"): frozenset({0, 1, 2}), ("m0", "t1", "s1"): frozenset({0}), ("m1", "t1", "s0"): frozenset({1, 2, 3})})
def test_it_is_what_trying_every_set_of_few_people_finds(cells: Cells) -> None:
    alone = [small(cells, place) for place in range(3)]
    for merged in (alone, [set[str](), set[str](), set[str]()]):
        assert isolates(cells, merged, SMALLEST) == tells(cells, merged)


@given(WORLDS)
def test_what_is_shown_in_the_end_tells_nothing(cells: Cells) -> None:
    alone = [small(cells, place) for place in range(3)]
    found = agreeing(cells, alone, SMALLEST)
    everybody = frozenset().union(*cells.values())
    assert all(own <= joined for own, joined in zip(alone, found, strict=True)), "what is small stays together"
    assert found[0] == alone[0], "what comes first keeps its rows"
    if len(everybody) >= SMALLEST:
        assert not tells(cells, found)

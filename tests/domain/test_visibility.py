from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people import Directory, Person, Role, Stint, Team
from bot.domain.visibility import SMALLEST_GROUP, Privacy, Subject, SubjectKind, Verdict, may_see, merge_small_groups

TODAY = date(2026, 11, 23)


def person(name: str, team: str | None, manager: str | None = None, *, roles: tuple[Role, ...] = (), to: date | None = None) -> Person:
    stint = (
        Stint(team, f"{manager}@x.example" if manager else None, valid_to=to)
        if to
        else Stint(team, f"{manager}@x.example" if manager else None)
    )
    return Person(f"{name}@x.example", name, roles=frozenset(roles), stints=(stint,))


def company(*extra: Person) -> Directory:
    people = [
        person("boss", "product"),
        person("mia", "search", "boss"),
        *(person(f"s{n}", "search", "mia") for n in range(6)),
        person("pat", "tiny", "boss"),
        person("t1", "tiny", "pat"),
        person("fin", "finance", roles=(Role.FINOPS,)),
        person("op", "platform", roles=(Role.OPERATOR,)),
        person("gone", "search", "mia", to=date(2026, 11, 1)),
        *extra,
    ]
    teams = [
        Team("product", manager="boss@x.example"),
        Team("search", "product", "mia@x.example"),
        Team("tiny", "product", "pat@x.example"),
        Team("finance"),
        Team("platform"),
    ]
    return Directory({p.email: p for p in people}, {t.name: t for t in teams})


def verdict(viewer: str, kind: SubjectKind, name: str = "", privacy: Privacy = Privacy.STANDARD) -> Verdict:
    directory = company()
    viewing = directory.person(f"{viewer}@x.example")
    assert viewing
    return may_see(viewing, Subject(kind, name), directory, privacy, TODAY)


@pytest.mark.parametrize("privacy", Privacy)
@pytest.mark.parametrize("viewer", ["boss", "mia", "s1", "fin", "op", "gone"])
def test_own_figures_are_always_visible(viewer: str, privacy: Privacy) -> None:
    assert verdict(viewer, SubjectKind.PERSON, f"{viewer}@x.example", privacy) is Verdict.OWN


@pytest.mark.parametrize(
    ("viewer", "kind", "name", "allowed"),
    [
        ("mia", SubjectKind.TEAM, "search", True),
        ("boss", SubjectKind.TEAM, "search", True),
        ("mia", SubjectKind.TEAM, "product", False),
        ("mia", SubjectKind.TEAM, "tiny", False),
        ("s1", SubjectKind.TEAM, "search", False),
        ("s1", SubjectKind.PERSON, "s2@x.example", False),
        ("mia", SubjectKind.PERSON, "s2@x.example", True),
        ("mia", SubjectKind.PERSON, "t1@x.example", False),
        ("fin", SubjectKind.ORG, "", True),
        ("boss", SubjectKind.ORG, "", False),
        ("op", SubjectKind.ORG, "", False),
        ("fin", SubjectKind.UNALLOCATED, "", True),
        ("mia", SubjectKind.UNALLOCATED, "", False),
        ("gone", SubjectKind.TEAM, "search", False),
        ("mia", SubjectKind.PROJECT, "ranking", False),
    ],
)
def test_standard_mode(viewer: str, kind: SubjectKind, name: str, *, allowed: bool) -> None:
    assert verdict(viewer, kind, name).allows is allowed


def test_open_mode_shows_members_their_own_team_only() -> None:
    assert verdict("s1", SubjectKind.TEAM, "search", Privacy.OPEN) is Verdict.MEMBER
    assert not verdict("s1", SubjectKind.TEAM, "tiny", Privacy.OPEN).allows
    assert not verdict("s1", SubjectKind.PEOPLE_OF_TEAM, "search", Privacy.OPEN).allows


def test_works_council_mode_takes_names_and_small_groups_from_everyone() -> None:
    mode = Privacy.WORKS_COUNCIL
    assert verdict("mia", SubjectKind.TEAM, "search", mode).allows
    assert verdict("mia", SubjectKind.PEOPLE_OF_TEAM, "search", mode) is Verdict.NO_NAMES
    assert verdict("fin", SubjectKind.PEOPLE, "", mode) is Verdict.NO_NAMES
    assert verdict("mia", SubjectKind.PERSON, "s2@x.example", mode) is Verdict.NO_NAMES
    assert verdict("pat", SubjectKind.TEAM, "tiny", mode) is Verdict.TOO_SMALL


def test_a_leaver_sees_nothing_but_their_own() -> None:
    assert verdict("gone", SubjectKind.ORG) is Verdict.LEFT


def test_a_team_without_a_named_manager_is_led_by_the_one_all_report_to() -> None:
    directory = Directory(
        {
            p.email: p
            for p in (
                person("a", "t", "m"),
                person("b", "t", "m"),
                person("m", "t"),
                person("x", "u", "m"),
                person("y", "u", "a"),
            )
        },
        {"t": Team("t"), "u": Team("u")},
    )
    assert directory.managers("t", TODAY) == {"m@x.example"}
    assert directory.managers("u", TODAY) == set()


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 12), max_size=12))
def test_no_small_group_can_be_told_apart(sizes: dict[str, int]) -> None:
    named, merged = merge_small_groups(list(sizes), sizes, SMALLEST_GROUP)

    assert sorted([*named, *merged]) == sorted(sizes)
    assert all(sizes[name] >= SMALLEST_GROUP for name in named)
    assert not merged or not named or sum(sizes[name] for name in merged) >= SMALLEST_GROUP

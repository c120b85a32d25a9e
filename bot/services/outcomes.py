"""Outcomes: what was got done, from an operator's file or a vendor's export, put in place by whole days or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from bot.domain.outcome import Outcome, count_of, kind_of
from bot.domain.people import Directory
from bot.errors import ConfigError, RuleError
from bot.ports import Activity, Outcomes
from bot.services.sheet import Line, Problems, check_columns, read

COLUMNS = ("day", "team", "project", "kind", "count")
FIRST = date(2000, 1, 1)
"""Before that there was nothing to count; an earlier day is a slip of the pen."""
_NAMED = 5
_Key = tuple[date, str, str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a load of outcomes changes.

    Attributes:
        days: All of what the source says of them is replaced.
        changes: Sentences for the operator.
    """

    source: str
    days: tuple[date, ...]
    outcomes: tuple[Outcome, ...]
    changes: tuple[str, ...]


def stated(path: Path, directory: Directory, projects: Iterable[str], today: date) -> list[Outcome]:
    """Return what the lines of *path* state, teams and projects spelled as we do.

    Args:
        projects: Those the ledger knows; others are taken as they are written.

    Raises:
        ConfigError: Every line that cannot be used, with its number.
    """
    check = partial(check_columns, path, what="outcomes", known=COLUMNS, needed=("day", "kind", "count"))
    _, lines = read(path, check)
    spelled = {name.casefold(): name for name in projects}
    problems, found, first = Problems(), [], dict[_Key, Line]()
    for line in lines:
        try:
            outcome = _outcome(line, directory, spelled, today)
        except RuleError as exc:
            problems.add(line, str(exc))
            continue
        there = first.setdefault(_key(outcome), line)
        if there is not line:
            problems.add(line, f"the same day, team, project and kind stand in {there.place} already; add them up.")
        found.append(outcome)
    problems.stop()
    if not found:
        raise ConfigError(f"{path.name} states no outcomes. A line with the count 0 says that a day had none. Nothing was changed.")
    return found


def done_by(activities: Sequence[Activity], directory: Directory, today: date) -> tuple[list[Outcome], tuple[str, ...]]:
    """Return what the users' teams of the day got done, and whom the directory does not know.

    Nothing is kept by person: what people of a team did in a day is one number, and what nobody's team did has no team.

    Raises:
        ConfigError: A day cannot be.
    """
    sums: defaultdict[_Key, Decimal] = defaultdict(Decimal)
    strangers: set[str] = set()
    for activity in activities:
        wrong = _wrong_day(activity.day, activity.day.isoformat(), today)
        if wrong:
            raise ConfigError(f"{activity.place}: {wrong} Nothing was changed.")
        team = team_of(activity.user, directory, activity.day)
        strangers |= set() if team else {activity.user or "no user"}
        for kind, count in activity.counts.items():
            sums[activity.day, kind, team, ""] += count
    found = [Outcome(kind, day, team, project, count) for (day, kind, team, project), count in sorted(sums.items())]
    return found, (_strange(sorted(strangers)),) if strangers else ()


def team_of(user: str, directory: Directory, day: date) -> str:
    """Return the team that *user*, an e-mail or a principal, was in on *day*; empty where none is known."""
    wanted = user.strip().lower()
    holders = (i.person for i in directory.identities if i.principal.lower() == wanted and i.valid_from <= day < i.valid_to)
    person = directory.person(wanted) or directory.person(next(holders, None) or "")
    stint = person.stint(day) if person else None
    return stint.team or "" if stint else ""


def plan(source: str, outcomes: Sequence[Outcome], store: Outcomes, *, is_named: bool) -> Plan:
    """Return what *outcomes* of *source* change.

    Args:
        is_named: The operator gave the source its name; else it must not say what another source says.

    Raises:
        ConfigError: Another source states the same, which would count it twice.
    """
    days = tuple(sorted({outcome.day for outcome in outcomes}))
    others = {} if is_named else store.stated_by_others(source, days)
    twice = next((outcome for outcome in outcomes if _key(outcome) in others), None)
    if twice:
        other = others[_key(twice)]
        raise ConfigError(
            f"{_named(twice)} of {twice.day} are stated by the source '{other}' already and would count twice. Say --source {other} to "
            f"replace them, or --source {source} if these are others. Nothing was changed."
        )
    return Plan(source, days, tuple(outcomes), tuple(_changes(store.of(source, days), outcomes)))


def apply(plan_: Plan, store: Outcomes) -> None:
    """Put the planned days in place."""
    if plan_.changes:
        store.replace(plan_.source, plan_.days, plan_.outcomes)


def doubts(outcomes: Iterable[Outcome], projects: Iterable[str]) -> Iterator[str]:
    """Yield what is probably not meant: projects that never cost anything, beside which no unit figure can stand."""
    known = list(projects)
    for name in sorted({outcome.project for outcome in outcomes if outcome.project} - set(known)):
        yield f"! project '{name}' has no cost in the ledger{_nearest(name, known)}"


def _outcome(line: Line, directory: Directory, projects: dict[str, str], today: date) -> Outcome:
    if not line["team"] and not line["project"]:
        raise RuleError("it names neither a team nor a project.")
    day, kind, count = _day(line["day"], today), kind_of(line["kind"]), count_of(line["count"])
    team = directory.team(line["team"])
    if line["team"] and team is None:
        raise RuleError(f"there is no team '{line['team']}' in the directory{_nearest(line['team'], directory.teams)}")
    return Outcome(kind, day, team.name if team else "", projects.get(line["project"].casefold(), line["project"]), count)


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise RuleError(f"day holds '{text}'; write a date such as 2026-11-23.") from None
    wrong = _wrong_day(day, text, today)
    if wrong:
        raise RuleError(wrong)
    return day


def _wrong_day(day: date, text: str, today: date) -> str:
    if FIRST <= day <= today:
        return ""
    return f"day holds '{text}', which {'is yet to come' if day > today else 'is too long ago'}."


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return how a sentence about an unknown *name* ends."""
    folded = {one.casefold(): one for one in known}
    near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean '{folded[near[0]]}'?" if near else "."


def _strange(users: Sequence[str]) -> str:
    more = f" and {len(users) - _NAMED} more" if len(users) > _NAMED else ""
    return (
        f"! Of no team on those days, as far as the directory knows: {', '.join(users[:_NAMED])}{more}. What they did counts under no team."
    )


def _changes(before: Sequence[Outcome], after: Sequence[Outcome]) -> Iterator[str]:
    old, new = ({_key(outcome): outcome for outcome in outcomes} for outcomes in (before, after))
    for key in sorted({*old, *new}):
        was, now = old.get(key), new.get(key)
        if was and now and was.count != now.count:
            yield f"~ {now.day} {_named(now)}: {now.count:f} (was {was.count:f})"
        elif not was or not now:
            sign, outcome = ("+", new[key]) if now else ("-", old[key])
            yield f"{sign} {outcome.day} {_named(outcome)}: {outcome.count:f}"


def _key(outcome: Outcome) -> _Key:
    return outcome.day, outcome.kind, outcome.team, outcome.project


def _named(outcome: Outcome) -> str:
    whose = [f"team {outcome.team}"] if outcome.team else []
    whose += [f"project {outcome.project}"] if outcome.project else []
    return f"{outcome.kind} of {', '.join(whose) or 'no team'}"

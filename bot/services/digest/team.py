"""A team's digest, for who manages it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from hashlib import sha256

from bot.domain.alert import Alert
from bot.domain.attention import Slot
from bot.domain.audience import Audience
from bot.domain.budget import Scope, ScopeKind
from bot.domain.people import Person
from bot.domain.period import Window, same_days_before
from bot.domain.visibility import SubjectKind, Verdict
from bot.messages.digests import TeamDigest
from bot.messages.parts import Row
from bot.messages.words import Phrase
from bot.ports import CostScope, Dimension, Look
from bot.services.digest.gathered import OPEN, Gathered, Planned

_PEOPLE = 8


def covered(audience: Audience, team: str) -> str:
    """Return what a digest of *team* tells of: in which mode, and a print of the teams and people in it; another one may not be told."""
    teams = audience.directory.below(team)
    members = (f"{name} {person.email}" for name in teams for person in audience.directory.members(name, audience.today))
    written = "\n".join(sorted([*teams, *members]))
    return f"{audience.privacy.value} {sha256(written.encode()).hexdigest()[:16]}"


def planned(found: Gathered, person: Person, slot: Slot) -> Iterator[Planned]:
    """Yield the digests of the teams that *person* leads; those below another of theirs are in its digest."""
    led = found.led_by.get(person.email, set())
    for team in sorted(team for team in led if (found.directory.teams[team].parent or "") not in led):
        teams, window = found.directory.below(team), found.shown(slot.period.window)
        if _may_see(found, person, team, window) and _cost(found, window, teams):
            names = teams if _together(found, window, teams, Dimension.PERSON) else ()
            looks = tuple(_look(found, person, name) for name in names)
            role = covered(found.notices.audience, team)
            told = found.all_told(Scope(ScopeKind.TEAM, team))
            yield Planned(person, f"team {team} {slot.day}", _view(found, person, team, slot), (), looks, role, told)


def _may_see(found: Gathered, person: Person, team: str, window: Window) -> bool:
    scope = CostScope(teams=tuple(found.directory.below(team)))
    return found.notices.audience.may_see(person.email, Scope(ScopeKind.TEAM, team)) and found.notices.groups.shows(scope, window)


def _look(found: Gathered, person: Person, team: str) -> Look:
    return Look(found.now, person.email, SubjectKind.PEOPLE_OF_TEAM.value, team, Verdict.MANAGER.value, "weekly digest")


def _cost(found: Gathered, window: Window, teams: Iterable[str]) -> int:
    costs = found.costs(window, Dimension.TEAM)
    return sum(costs.get(team, 0) for team in teams)


def _view(found: Gathered, person: Person, team: str, slot: Slot) -> TeamDigest:
    window, teams = found.shown(slot.period.window), found.directory.below(team)
    before = same_days_before(window, slot.period.kind)
    total = _cost(found, window, teams)
    people, models = (_together(found, window, teams, by) for by in (Dimension.PERSON, Dimension.MODEL))
    compares = not found.is_grouped and found.compares(window, before)
    name = found.notices.audience.name
    return TeamDigest(
        team,
        window,
        found.money(total),
        found.money(_cost(found, before, teams)) if compares else None,
        found.outlook(Scope(ScopeKind.TEAM, team)),
        found.drivers(models),
        _named(found, people),
        found.movers(people, _together(found, before, teams, Dimension.PERSON), name) if compares else (),
        tuple(found.row(alert, person) for alert in _promised(found, teams)[-OPEN:]),
        found.open((a for name in teams for a in found.live.get(str(Scope(ScopeKind.TEAM, name)), ())), person),
        None if found.is_grouped else Fraction(sum(cost for email, cost in people.items() if email), total),
        (),
        found.freshness(window),
        found.missing(window),
        found.why(before, window, teams, name) if compares else None,
        found.units(CostScope(teams=tuple(teams)), window, slot),
    )


def _together(found: Gathered, window: Window, teams: Iterable[str], by: Dimension) -> Counter[str]:
    """Return what *teams* cost, by people or models; nothing where neither may be told of."""
    costs: Counter[str] = Counter()
    for team in () if found.is_grouped else teams:
        costs.update(found.matrix(window, Dimension.TEAM, by).get(team, {}))
    return costs


def _named(found: Gathered, people: Mapping[str, int]) -> tuple[Row, ...]:
    name = found.notices.audience.name
    rows = found.drivers(people, len(people))
    named = [Row((name(row.key) if row.key else "") or Phrase("no person"), row.cost, row.share) for row in rows[:_PEOPLE]]
    others = rows[_PEOPLE:]
    if others:
        cost = sum(row.cost.nanos for row in others)
        named.append(
            Row(Phrase("{count} more", count=str(len(others))), found.money(cost), sum((row.share for row in others), Fraction(0)))
        )
    return tuple(named)


def _promised(found: Gathered, teams: Iterable[str]) -> list[Alert]:
    """Return what people of *teams* answered."""
    if found.is_grouped:
        return []
    members = (person.email for team in teams for person in found.directory.members(team, found.now.date()))
    return [alert for email in members for alert in found.promised.get(str(Scope(ScopeKind.PERSON, email)), ())]

"""Budgets as code: `budgets.toml`, compared with what is in force, shown as a plan, then applied."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bot.domain.audience import Audience
from bot.domain.budget import DEFAULT_LADDER, EACH, Budget, Scope, ScopeKind
from bot.domain.money import Money, to_nanos
from bot.domain.people import Directory
from bot.domain.period import PeriodKind, Window
from bot.domain.visibility import Privacy
from bot.errors import ConfigError
from bot.ports import Budgets, Clock, CostScope, Dimension, Figures
from bot.services import overlays

KEYS = (
    "name",
    "person",
    "team",
    "project",
    "provider",
    "model",
    "org",
    "period",
    "limit",
    "currency",
    "ladder",
    "owner",
    "fiscal_year_start",
    "overlays",
)
PERIODS = (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)
_LARGEST = Decimal(10) ** 9
_LOOK_BACK = timedelta(days=366)
_NAMED = {ScopeKind.PROJECT: Dimension.PROJECT, ScopeKind.PROVIDER: Dimension.PROVIDER, ScopeKind.MODEL: Dimension.MODEL}


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying a file changes, one sentence each."""

    changed: tuple[Budget, ...]
    removed: tuple[str, ...]
    sentences: tuple[str, ...]


def plan(path: Path, budgets: Budgets, directory: Directory, currency: str, fiscal_year_start: int) -> Plan:
    """Return what *path* would change of the budgets in force.

    Raises:
        ConfigError: The first budget that cannot be used, what is wrong and what would do.
    """
    content = _content_of(path)
    wanted = {budget.name: budget for budget in _read(path, content, directory, currency, fiscal_year_start)}
    in_force = {budget.name: budget for budget in budgets.current()}
    changed = tuple(b for name, b in wanted.items() if name not in in_force or _differs(b, in_force[name]))
    removed = tuple(name for name in in_force if name not in wanted)
    if in_force and "budgets" not in content:
        raise ConfigError(
            f"{path.name} holds no budgets, and {len(in_force)} are in force. "
            "To end them all, write budgets = [] into it. Nothing was changed."
        )
    sentences = [
        *(_sentence(budget, in_force.get(budget.name)) for budget in changed),
        *(f"- {name}: {_shown(in_force[name])}" for name in removed),
    ]
    return Plan(changed, removed, tuple(sentences))


def doubts(plan_: Plan, figures: Figures, directory: Directory, privacy: Privacy, today: date) -> list[str]:
    """Return what is allowed and probably not meant: a budget of what has never cost anything, an owner who may not see it."""
    audience = Audience(directory, privacy, today, {})
    window = Window(today - _LOOK_BACK, today + timedelta(days=1))
    found = []
    for budget in plan_.changed:
        kind, name = budget.scope.kind, budget.scope.name
        if kind in _NAMED and name != EACH:
            known = {cost.key.casefold() for cost in figures.costs(CostScope(), window, _NAMED[kind])}
            if name.casefold() not in known:
                found.append(f"! {budget.name}: nothing has cost anything under the {kind} '{name}' in the last year.")
        if budget.owner and name != EACH and not audience.may_see(budget.owner, budget.scope):
            found.append(f"! {budget.name}: {budget.owner} may not see the figures of {budget.scope}; others are told instead.")
    return found


def apply(plan_: Plan, budgets: Budgets, clock: Clock) -> None:
    """Apply the plan, all or nothing."""
    if plan_.sentences:
        budgets.apply(plan_.changed, plan_.removed, clock.now())


def _content_of(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}.") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as exc:
        raise ConfigError(f"{path.name} is not TOML: {exc}.") from exc


def _read(path: Path, content: Mapping[str, Any], directory: Directory, currency: str, fiscal_year_start: int) -> list[Budget]:
    unknown = [key for key in content if key != "budgets"]
    if unknown or not isinstance(content.get("budgets", []), list):
        raise ConfigError(f"{path.name} holds '{(unknown or ['budgets'])[0]}'; it takes [[budgets]] sections only. Nothing was changed.")
    found: dict[str, Budget] = {}
    scopes: dict[tuple[Scope, PeriodKind], str] = {}
    for number, section in enumerate(content.get("budgets", []), 1):
        if not isinstance(section, dict):
            raise ConfigError(f"{path.name}: budget {number} is no [[budgets]] section. Nothing was changed.")
        place = f"{path.name}, budget {number}" + (f" ('{section['name']}')" if section.get("name") else "")
        budget = _budget(section, place, directory, currency, fiscal_year_start)
        if budget.name in found:
            raise ConfigError(f"{place}: the name stands here twice. Nothing was changed.")
        other = scopes.setdefault((budget.scope, budget.period), budget.name)
        if other != budget.name:
            raise ConfigError(f"{place} limits {budget.scope} per {budget.period}, as '{other}' does; keep one. Nothing was changed.")
        found[budget.name] = budget
    return list(found.values())


def _budget(section: Mapping[str, Any], place: str, directory: Directory, currency: str, fiscal_year_start: int) -> Budget:
    unknown = [key for key in section if key not in KEYS]
    if unknown:
        raise _wrong(place, f"unknown key '{unknown[0]}'; there are {', '.join(KEYS)}.")
    if section.get("currency", currency) != currency:
        raise _wrong(place, f"currency holds '{section['currency']}'; the reporting currency is {currency}.")
    name = section.get("name")
    if not isinstance(name, str) or not name.strip():
        raise _wrong(place, "it needs a name.")
    return Budget(
        name=name,
        scope=_scope(section, place, directory),
        period=_period(section, place),
        limit=Money(to_nanos(_limit(section, place)), currency),
        ladder=_ladder(section, place),
        owner=_owner(section, place, directory),
        fiscal_year_start=_month(section, place, fiscal_year_start),
        overlays=overlays.read(section.get("overlays", []), place, currency),
    )


def _scope(section: Mapping[str, Any], place: str, directory: Directory) -> Scope:
    given = [kind for kind in ScopeKind if kind.value in section]
    if given == [ScopeKind.PERSON, ScopeKind.TEAM] and section["person"] == EACH:
        return Scope(ScopeKind.PERSON, EACH, within=_team(section["team"], place, directory))
    if len(given) != 1:
        kinds = ", ".join(ScopeKind)
        raise _wrong(place, f'name one of {kinds} (or person = "*" with a team); it has {", ".join(given) or "none"}.')
    kind, value = given[0], section[given[0].value]
    if kind is ScopeKind.ORG:
        if value is not True:
            raise _wrong(place, "org holds no true; write org = true.")
        return Scope(kind)
    if not isinstance(value, str) or not value:
        raise _wrong(place, f'{kind} holds {value!r}; write a name in quotes, or "*" for each.')
    if kind is ScopeKind.TEAM and value != EACH:
        return Scope(kind, _team(value, place, directory))
    if kind is ScopeKind.PERSON and value != EACH:
        return Scope(kind, _person(value, place, directory))
    return Scope(kind, value)


def _team(name: object, place: str, directory: Directory) -> str:
    team = directory.team(str(name))
    if team is None:
        raise _wrong(place, f"there is no team '{name}' in the directory.")
    return team.name


def _person(email: str, place: str, directory: Directory) -> str:
    person = directory.person(email)
    if person is None:
        raise _wrong(place, f"there is no person {email} in the directory.")
    return person.email


def _owner(section: Mapping[str, Any], place: str, directory: Directory) -> str | None:
    return _person(str(section["owner"]), place, directory) if "owner" in section else None


def _period(section: Mapping[str, Any], place: str) -> PeriodKind:
    value = section.get("period", "month")
    if value not in PERIODS:
        raise _wrong(place, f"period holds '{value}'; there are {', '.join(PERIODS)}.")
    return PeriodKind(value)


def _limit(section: Mapping[str, Any], place: str) -> Decimal:
    if "limit" not in section:
        raise _wrong(place, "it needs a limit, such as limit = 600.")
    limit = _decimal(section["limit"])
    if limit is None or not Decimal("0.01") <= limit < _LARGEST:
        raise _wrong(place, f"limit holds {section['limit']!r}; write an amount above zero, such as 600 or 99.50.")
    return limit


def _ladder(section: Mapping[str, Any], place: str) -> tuple[Decimal, ...]:
    if "ladder" not in section:
        return DEFAULT_LADDER
    raw = section["ladder"]
    tiers = [_decimal(value) for value in raw] if isinstance(raw, list) else []
    if not tiers or any(tier is None or not 1 <= tier <= 1000 for tier in tiers):  # noqa: PLR2004 - percent
        raise _wrong(place, f"ladder holds {raw!r}; write percentages of the limit, such as [50, 80, 100, 120].")
    return tuple(sorted({Decimal(tier or 0) / 100 for tier in tiers}))


def _month(section: Mapping[str, Any], place: str, default: int) -> int:
    value = section.get("fiscal_year_start", default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 12:  # noqa: PLR2004 - months
        raise _wrong(place, f"fiscal_year_start holds {value!r}; write a month from 1 to 12.")
    return value


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _wrong(place: str, sentence: str) -> ConfigError:
    return ConfigError(f"{place}: {sentence} Nothing was changed.")


def _differs(one: Budget, other: Budget) -> bool:
    return _content(one) != _content(other)


def _content(budget: Budget) -> tuple[object, ...]:
    return (budget.scope, budget.period, budget.limit, budget.ladder, budget.owner, budget.fiscal_year_start, budget.overlays)


def _sentence(new: Budget, old: Budget | None) -> str:
    if old is None:
        return f"+ {new.name}: {_shown(new)}"
    return f"~ {new.name}: {_shown(old)} → {_shown(new)}"


def _shown(budget: Budget) -> str:
    tiers = ", ".join(f"{(tier * 100).normalize():f} %" for tier in budget.ladder)
    owner = f", owner {budget.owner}" if budget.owner else ""
    planned = f", {len(budget.overlays)} planned changes" if budget.overlays else ""
    limit = f"{budget.limit.amount.normalize():f} {budget.limit.currency}"
    return f"{limit} a {budget.period} for {budget.scope} (tiers {tiers}{owner}{planned})"

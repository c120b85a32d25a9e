"""Rules: what an operator wrote of allocation and exchange rates, as the ledger takes it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.domain.money import to_nanos
from bot.domain.people import Directory
from bot.errors import ConfigError
from bot.settings import AlertSettings, DigestSettings, RuleSettings, Settings


def habits(section: DigestSettings) -> Any:
    """Return *section* as what holds for who has chosen nothing."""
    from bot.domain.attention import Cadence, Habits  # noqa: PLC0415

    return Habits(Cadence(section.cadence), section.hour, section.quiet_from, section.quiet_to)


def review_terms(section: AlertSettings) -> Any:
    """Return *section* as reviews take it."""
    from bot.domain.crossing import Terms as CrossingTerms  # noqa: PLC0415
    from bot.services.readers import Terms  # noqa: PLC0415
    from bot.services.review import ReviewTerms  # noqa: PLC0415
    from bot.services.watch import WatchTerms  # noqa: PLC0415

    return ReviewTerms(
        CrossingTerms(section.answer_from / 100),
        Terms(section.answer_within),
        to_nanos(section.pace_floor),
        to_nanos(section.unowned_floor),
        timedelta(days=section.stale_after),
        WatchTerms(section.anomalies_per_quarter, to_nanos(section.pace_floor)),
    )


def rule(rule: RuleSettings, directory: Callable[[], Directory]) -> Any:
    """Return *rule* as the ledger applies it.

    Raises:
        ConfigError: It names a column or a team that is not there, or its parts do not go together.
    """
    from bot.ledger.allocate import Rule, Sharing  # noqa: PLC0415
    from bot.ledger.schema import KEYS, TAG  # noqa: PLC0415

    place = f"[[allocation]] {rule.name}"
    when = {_COLUMNS.get(name, name): (value,) if isinstance(value, str) else tuple(value) for name, value in rule.when.items()}
    for name in when:
        if name not in KEYS and not name.startswith(TAG):
            raise ConfigError(f"{place}: `when` names '{name}'; there are {', '.join([*_COLUMNS, 'tag:NAME'])}.")
    if not when or any(not values for values in when.values()):
        raise ConfigError(f"{place}: `when` must name at least one column with a value.")
    if any(str(team).startswith("tag:") for team in rule.among or ()):
        raise ConfigError(f"{place}: `among` names teams, not tags.")
    among = rule.among if isinstance(rule.among, dict) else dict.fromkeys(rule.among or [], 1)
    if bool(rule.share) != bool(among):
        raise ConfigError(f"{place}: `share` and `among` go together.")
    if bool(rule.share) == bool(rule.team) and not (rule.project and not rule.share):
        raise ConfigError(f"{place}: give either a team or a project, or `share` with `among`.")
    if rule.share == "share" and not isinstance(rule.among, dict):
        raise ConfigError(f'{place}: share = "share" needs weights, such as among = {{ search = 2, support = 1 }}.')
    if any(weight < 0 for weight in among.values()) or (among and not any(among.values())):
        raise ConfigError(f"{place}: weights must not be negative and not all zero.")
    weights = {str(_team(team, directory, place)): weight for team, weight in among.items()}
    if len(weights) < len(rule.among or ()):
        raise ConfigError(f"{place}: `among` names a team twice; name each once, with its weight.")
    return Rule(rule.name, when, _team(rule.team, directory, place), rule.project, Sharing(rule.share) if rule.share else None, weights)


_COLUMNS = {
    "provider": "provider_name",
    "service": "service_name",
    "model": "model",
    "account": "billing_account_id",
    "sub_account": "sub_account_id",
    "project": "project",
    "cost_center": "cost_center",
    "agent": "agent",
    "principal": "principal",
    "category": "charge_category",
}
"""What rules call the columns of charges."""


def _team(name: str | None, directory: Callable[[], Directory], place: str) -> str | None:
    if name is None or name.startswith("tag:"):
        return name
    team = directory().team(name)
    if team is None:
        raise ConfigError(f"{place}: there is no team '{name}' in the directory. Load the directory first, or mend the name.")
    return team.name


def rates(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the dated exchange rates of the configuration.

    Raises:
        ConfigError: The file cannot be read, or a line of it is no rate.
    """
    if not settings.organisation.rates:
        return
    path = settings.root / settings.organisation.rates
    try:
        reader = csv.DictReader(path.read_text("utf-8-sig").splitlines())
        rows = list(reader)
        if sorted(reader.fieldnames or []) != ["currency", "date", "rate"]:
            raise ConfigError(f"{path.name} must have the columns date,currency,rate.")
    except (OSError, ValueError, csv.Error) as exc:
        raise ConfigError(f"[organisation] rates names {path}, which cannot be read: {exc}.") from exc
    seen = set()
    for line, row in enumerate(rows, 2):
        try:
            if None in row:
                raise ValueError("more values than columns")  # noqa: TRY301 - one sentence for every bad line
            day, currency, rate = date.fromisoformat(row["date"]), row["currency"].strip().upper(), Decimal(row["rate"])
        except (KeyError, ValueError, TypeError, AttributeError, InvalidOperation) as exc:
            raise ConfigError(f"{path.name}, line {line}: write date,currency,rate such as 2026-11-03,EUR,1.0842.") from exc
        if rate.is_finite() and rate != rate.quantize(Decimal("1e-9")):
            raise ConfigError(f"{path.name}, line {line}: the rate {rate} has more than nine decimals; round it.")
        if not rate.is_finite() or not Decimal("1e-9") <= rate < Decimal(10) ** 8:
            raise ConfigError(
                f"{path.name}, line {line}: the rate {rate} cannot be; it is {settings.organisation.currency} per {currency}."
            )
        if (day, currency) in seen:
            raise ConfigError(f"{path.name}, line {line}: {currency} has two rates on {day}; keep one.")
        seen.add((day, currency))
        yield {"rate_day": day, "rate_currency": currency, "rate": rate}

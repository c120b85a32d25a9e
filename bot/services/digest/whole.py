"""FinOps' digest: the organisation's week, how far its figures go, and what nobody has answered."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any

from bot.domain.alert import Alert, Kind, Outcome, outcome
from bot.domain.attention import Slot
from bot.domain.budget import Scope, ScopeKind
from bot.domain.foretold import Accuracy, LongAccuracy
from bot.domain.people import Person
from bot.domain.period import same_days_before
from bot.messages.digests import FinopsDigest, Noise
from bot.ports import CostScope, Delivery, Dimension
from bot.services.digest.gathered import OPEN, Gathered, Planned
from bot.services.hindsight import Hindsight, monthly
from bot.services.longer import Longer
from bot.services.unowned import unowned

_NOISE_FROM, _NOISE_SHARE = 5, Fraction(1, 3)


def planned(found: Gathered, person: Person, slot: Slot) -> Planned:
    """Return the digest for *person*, of FinOps."""
    view = _view(found, person, slot)
    looks, found.notices.looks[:] = tuple(found.notices.looks), []
    return Planned(person, f"finops {slot.day}", view, (), looks, told=found.all_told(Scope(ScopeKind.ORG)))


def _view(found: Gathered, person: Person, slot: Slot) -> FinopsDigest:
    window, before = found.shown(slot.period.window), same_days_before(slot.period.window, slot.period.kind)
    costs, earlier = found.costs(window, Dimension.TEAM), found.costs(before, Dimension.TEAM)
    total = sum(costs.values())
    mode = found.notices.audience.privacy
    nobodys = unowned(found.review.figures, found.directory, mode, window).total
    outcomes = Counter(outcome(a, found.alerts, found.now) for a in found.alerts if a.promise)
    compares = found.compares(window, before) and not found.is_grouped
    return FinopsDigest(
        window,
        found.money(total),
        found.money(sum(earlier.values())) if compares else None,
        found.outlook(Scope(ScopeKind.ORG)),
        None if nobodys is None else found.money(nobodys),
        None if nobodys is None else 1 - Fraction(nobodys, total) if total > 0 else Fraction(1),
        tuple(found.row(alert, person) for alert in _overruns(found, person)),
        sum(1 for a in found.alerts if a.is_live and a.needs_answer and not a.promise),
        outcomes[Outcome.KEPT],
        outcomes[Outcome.BROKEN],
        _noise(found),
        tuple(a.identity.subject.partition(" ")[2] for a in found.alerts if a.is_live and a.identity.kind is Kind.STALE),
        len(found.outbox.posts((Delivery.PARKED, Delivery.UNKNOWN))),
        found.movers(costs, earlier, str) if compares else (),
        (),
        found.freshness(window),
        found.missing(window),
        found.why(before, window) if compares else None,
        found.once(("accuracy",), lambda: _accuracy(found)),
        found.units(CostScope(), window, slot),
        found.once(("longer",), lambda: _longer(found)),
        found.once(("shown",), lambda: _hindsight(found).shown_last_month(found.now.date())),
    )


def _overruns(found: Gathered, person: Person) -> list[Alert]:
    """Return the largest overruns that *person* may see, each of which is a look."""
    over = [a for a in found.alerts if a.is_live and a.identity.kind is Kind.TIER and a.identity.tier >= 1]
    largest = sorted(over, key=lambda a: -(a.seen.cost.nanos - (a.seen.limit.nanos if a.seen.limit else 0)))
    may_see, subject = found.notices.audience.may_see, found.notices.subject
    shown = [alert for alert in largest if (of := subject(alert)) and may_see(person.email, of)][:OPEN]
    for alert in shown:
        found.notices.note_look(person.email, alert)
    return shown


def _noise(found: Gathered) -> tuple[Noise, ...]:
    """Return the budgets and tiers (none for anomalies) whose warnings people call noise, often enough to think about it."""
    told: Counter[tuple[str, Any]] = Counter()
    votes: dict[tuple[str, Any], Counter[str]] = defaultdict(Counter)
    by_number = {alert.number: alert for alert in found.alerts if alert.identity.has_scope}
    for alert in by_number.values():
        told[alert.identity.budget, alert.identity.tier] += alert.was_told
    for number, vote in found.review.alerts.votes():
        if number in by_number:
            identity = by_number[number].identity
            votes[identity.budget, identity.tier][vote] += 1
    called = [Noise(*key, told[key], count["useful"], count["noise"]) for key, count in sorted(votes.items())]
    return tuple(n for n in called if n.noise >= _NOISE_FROM and n.noise >= _NOISE_SHARE * n.told and n.noise > n.useful)


def _accuracy(found: Gathered) -> tuple[Accuracy, ...]:
    return tuple(_hindsight(found).last_month(found.now.date()))


def _longer(found: Gathered) -> tuple[LongAccuracy, ...]:
    return tuple(Longer(_hindsight(found), found.review.budgets, found.loads).news(found.now))


def _hindsight(found: Gathered) -> Hindsight:
    of, names = found.review, monthly(found.ruler.budgets)
    return Hindsight(of.figures, of.forecasts, found.directory, names, found.notices.audience.privacy)

"""One's own digest: what one's use cost, where the budget is going, and what still waits for an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain.attention import Slot
from bot.domain.budget import Scope, ScopeKind
from bot.domain.people import Person
from bot.domain.period import Window, same_days_before
from bot.domain.variance import explain
from bot.messages.digests import PersonalDigest
from bot.messages.parts import Freshness
from bot.messages.why import Change
from bot.ports import Dimension
from bot.services.digest.gathered import Gathered, Planned
from bot.services.why import Words


@dataclass(frozen=True, slots=True)
class _Days:
    """What the digests of the same days share.

    Attributes:
        costs, earlier: Of each person, in these days and in those they are compared with; nanos.
        models: What each person's models cost.
    """

    window: Window
    before: Window
    costs: Mapping[str, int]
    earlier: Mapping[str, int]
    models: Mapping[str, Mapping[str, int]]
    freshness: Freshness
    missing: int
    compares: bool


def planned(found: Gathered, person: Person, slot: Slot, *, tells_nothing: bool) -> Iterator[Planned]:
    """Yield the digest of *person*, if there is something to say or they want to hear of nothing, too."""
    days = found.once(("days", slot.period), lambda: _looked_up(found, slot))
    cost = days.costs.get(person.email, 0)
    held = found.held.get(person.email, ())
    if not cost and not held and not tells_nothing:
        return
    subject = Scope(ScopeKind.PERSON, person.email)
    view = PersonalDigest(
        slot.cadence.value,
        days.window,
        found.money(cost),
        found.money(days.earlier.get(person.email, 0)) if days.compares else None,
        found.outlook(subject),
        found.drivers(days.models.get(person.email, {})),
        found.open(found.live.get(str(subject), ()), person),
        tuple([post.message.card.title for post in held]),
        days.freshness,
        days.missing,
        _why(found, person, days) if days.compares else None,
    )
    yield Planned(person, f"{slot.cadence.value} {slot.day}", view, tuple(held), told=found.all_told(subject))


def _looked_up(found: Gathered, slot: Slot) -> _Days:
    window, before = slot.period.window, same_days_before(slot.period.window, slot.period.kind)
    return _Days(
        window,
        before,
        found.costs(window, Dimension.PERSON),
        found.costs(before, Dimension.PERSON),
        found.matrix(window, Dimension.PERSON, Dimension.MODEL),
        found.freshness(window),
        found.missing(window),
        compares=found.compares(window, before),
    )


def _why(found: Gathered, person: Person, days: _Days) -> Change:
    old, new = (side.of_person(person.email) for side in found.used(days.before, days.window))
    variance = explain(old, new)
    return Words(found.review.currency, found.notices.audience.name, is_own=True).change(variance, [(person.email, variance)])

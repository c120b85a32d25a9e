"""Anomalies: what a team's spend does that neither its own past nor the calendar explains, told once while it lasts.

Several simple channels instead of one clever one; each needs a surprise large enough for its series and enough money to
be worth a word. Facts: forecast.md 7.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from bot.domain.almanac import Flags, Whole
from bot.domain.baseline import Series
from bot.domain.episode import Channel
from bot.domain.overlay import Overlay
from bot.domain.thresholds import MERGE

MERGE_DAYS = timedelta(days=MERGE)


@dataclass(frozen=True, slots=True)
class Part:
    """What one person, key or model adds to an anomaly.

    Attributes:
        excess: Cost above what they usually cost, units of currency.
    """

    name: str
    excess: float


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One episode of one team.

    Attributes:
        channels: What it was seen by, what explains most first.
        since, until: First day out of the usual, and the last one that raised an alarm.
        noticed: First day that raised an alarm.
        so_far, expected: Cost above expectation from *since* to *until*, and the expectation, of what explains most: the team, or
            what is new, or one person; units of currency.
        who: Those who contribute most, at most three; empty where nobody is known. Where one person explains most, those who
            stand out.
        things: New people, keys and models.
        month_end: What the month will have cost: as expected from here on if it is over, with the same excess every day if
            it goes on; None where nothing is expected yet.
    """

    subject: str
    channels: tuple[Channel, ...]
    since: date
    until: date
    noticed: date
    so_far: float
    expected: float
    who: tuple[Part, ...] = ()
    things: tuple[str, ...] = ()
    month_end: float | None = None

    @property
    def is_alarm(self) -> bool:
        """Whether somebody should look; an announced price is only told as the reason."""
        return self.channels != (Channel.ANNOUNCED,)

    def continues(self, other: Anomaly) -> bool:
        """Tell whether this is the same episode as *other*."""
        apart = max(self.since, other.since) - min(self.until, other.until)
        return self.subject == other.subject and self.is_alarm == other.is_alarm and apart <= MERGE_DAYS


@dataclass(frozen=True, slots=True)
class History:
    """What is known of every series (a team, a project) up to one day.

    Attributes:
        names: One per series.
        last: Day of the last column.
        cost: Series × days, effective cost, as it stands now; zero without use; NaN on days that are not final (younger than
            the vendor's lag, or provisional): those are not judged and teach nothing.
        tokens: As *cost*; None where no tokens are known.
        index: As *cost*: the day's list prices beside those of *last*, weighted by what was used (1 where no price changed);
            None where no list is known. Cost is judged at the prices of *last*.
        declared: Series × days that people said were expected.
        planned: Changes that were declared beforehand.
    """

    names: tuple[str, ...]
    last: date
    cost: Series
    tokens: Series | None = None
    index: Series | None = None
    declared: Flags | None = None
    planned: Sequence[Overlay] = ()

    def __post_init__(self) -> None:
        shape = (len(self.names), self.cost.shape[1])
        for name in ("cost", "tokens", "index", "declared"):
            values = getattr(self, name)
            if values is not None and values.shape != shape:
                raise ValueError(f"{name} of a history is {values.shape}; with these names and days it must be {shape}")

    def recent(self, days: int) -> History:
        """Return the last *days* days."""

        def cut(values: Series | None) -> Series | None:
            return None if values is None else values[:, -days:]

        declared = None if self.declared is None else self.declared[:, -days:]
        return replace(self, cost=self.cost[:, -days:], tokens=cut(self.tokens), index=cut(self.index), declared=declared)


@dataclass(frozen=True, slots=True)
class Members:
    """People, keys or models, each within one series of a history.

    Attributes:
        names: One per member; what is told.
        series: Index of each one's series in the history.
        cost: Members × days, the days of the history; NaN where not final.
        anew: Day (its index) since which each one's own past counts, as people said that what came then was expected; 0 for
            all of it.
    """

    names: tuple[str, ...]
    series: Whole
    cost: Series
    anew: Whole | None = None

    def recent(self, days: int) -> Members:
        """Return the last *days* days."""
        dropped = max(self.cost.shape[1] - days, 0)
        anew = None if self.anew is None else np.maximum(self.anew - dropped, 0)
        return replace(self, cost=self.cost[:, -days:], anew=anew)


def sorted_out(found: Sequence[Anomaly], told: Sequence[Anomaly]) -> tuple[list[Anomaly], list[Anomaly]]:
    """Return what is new in *found*, and what continues an episode of *told*: with its first day, and figures as of now.

    Whoever keeps *told* replaces those that continue, so that an episode of many weeks stays one.
    """
    new, going_on = [], []
    for anomaly in found:
        before = next((other for other in told if anomaly.continues(other)), None)
        if before is None:
            new.append(anomaly)
        else:
            since, noticed = min(before.since, anomaly.since), min(before.noticed, anomaly.noticed)
            going_on.append(replace(anomaly, since=since, noticed=noticed))
    return new, going_on


def merged(first: Anomaly, second: Anomaly) -> Anomaly:
    """Return both as one episode, told with the larger one's figures."""
    large, small = (first, second) if first.so_far >= second.so_far else (second, first)
    known = {part.name for part in large.who}
    who = sorted([*large.who, *(part for part in small.who if part.name not in known)], key=lambda part: -part.excess)
    return replace(
        large,
        channels=tuple(dict.fromkeys((*large.channels, *small.channels))),
        since=min(first.since, second.since),
        until=max(first.until, second.until),
        noticed=min(first.noticed, second.noticed),
        who=tuple(who[:3]),
        things=tuple(dict.fromkeys((*large.things, *small.things))),
        month_end=large.month_end if large.month_end is not None else small.month_end,
    )


def one_each(found: Sequence[Anomaly]) -> list[Anomaly]:
    """Return *found* with what belongs to one episode of one team as one, the dearest first."""
    episodes: list[Anomaly] = []
    for anomaly in sorted(found, key=lambda each: (each.subject, each.since)):
        same = next((i for i, other in enumerate(episodes) if anomaly.continues(other)), None)
        if same is None:
            episodes.append(anomaly)
        else:
            episodes[same] = merged(episodes[same], anomaly)
    return sorted(episodes, key=lambda each: (-each.so_far, each.subject))


def parts(members: Members, series: int, rows: slice, usual_from: int) -> tuple[Part, ...]:
    """Return who of a series cost most above their usual in *rows* (days), usual being their mean from day *usual_from* on."""
    own = np.flatnonzero(members.series == series)
    usual = np.nan_to_num(members.cost[own, usual_from : rows.start])
    days = rows.stop - rows.start
    above = np.nan_to_num(members.cost[own, rows]).sum(axis=1) - days * (usual.mean(axis=1) if usual.shape[1] else 0.0)
    order = np.argsort(-above, kind="stable")[:3]
    return tuple(Part(members.names[own[i]], float(above[i])) for i in order if above[i] > 0)

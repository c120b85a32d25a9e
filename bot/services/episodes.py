"""Episodes: what a watch found, beside what people were told of it before, to the changes of alerts: one alert per team and episode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain import steps
from bot.domain.alert import Alert, Change, Found, Identity, Kind, Reason, Says, Seen, State
from bot.domain.budget import Scope, ScopeKind
from bot.domain.crossing import MOST_ROUNDS
from bot.domain.episode import Episode
from bot.domain.money import Money
from bot.domain.period import midnight
from bot.services.notify import Notices
from bot.services.watch import Watched


@dataclass
class Episodes:
    """One decision about anomalies.

    Attributes:
        known: The alerts about anomalies, whatever their state.
    """

    watched: Watched
    notices: Notices
    known: Sequence[Alert]

    def changes(self) -> list[Change]:
        """Return the steps to take, in the order in which they are told."""
        going_on: set[int] = set()
        changes = []
        for team, seen in self.watched.found:
            before = self._before(team, seen)
            if before:
                going_on.add(before.number)
            change = self._found(team, seen, before)
            if change and change.happened:
                changes.append(change)
        gone = (self._gone(alert) for alert in self.known if alert.is_live and alert.number not in going_on)
        return [*(change for change in gone if change and change.happened), *changes]

    def _before(self, team: str, seen: Seen) -> Alert | None:
        """Return the alert whose episode goes on: a live one first, else the newest."""
        subject = str(Scope(ScopeKind.TEAM, team))
        same = [alert for alert in self.known if alert.identity.subject == subject and _goes_on(alert, seen)]
        return max(same, key=lambda alert: (alert.is_live, alert.number), default=None)

    def _found(self, team: str, seen: Seen, before: Alert | None) -> Change | None:
        if before is None or before.state is State.RETRACTED:
            return self._told(team, seen, before)
        seen = self._longer(seen, before)
        if before.reason is Reason.THERE_BEFORE:
            return Change(before, replace(before, seen=seen), Reason.GOES_ON, Says.KEEP)
        if seen.episode and seen.episode.is_over:
            return steps.closed(before, Reason.RECOVERED, seen, self.notices.now)
        return steps.went_on(before, seen, self.notices.now)

    def _told(self, team: str, seen: Seen, before: Alert | None) -> Change | None:
        """Open an alert for who answers for the team; nobody is told what may not be shown."""
        subject, now = Scope(ScopeKind.TEAM, team), self.notices.now
        found = Found(before.identity if before else self._identity(subject, seen), seen, needs_answer=True)
        if self.watched.is_first:
            return steps.inhibited(None, found, Reason.THERE_BEFORE, now)
        owners = self.notices.answering(found.identity)
        if not owners or (before and before.crossings >= MOST_ROUNDS):
            return None
        due = self.notices.deadline(subject, owners)
        return steps.crossed(before, found, owners, due, now)

    def _identity(self, subject: Scope, seen: Seen) -> Identity:
        assert seen.episode is not None
        since = seen.episode.since
        same = [a for a in self.known if (a.identity.subject, a.identity.period_start) == (str(subject), since)]
        return Identity(Kind.ANOMALY, "", str(subject), since, occurrence=len(same) + 1)

    def _longer(self, seen: Seen, before: Alert) -> Seen:
        """Return *seen* from the first day that was ever told."""
        known, now = before.seen.episode, seen.episode
        assert known is not None
        assert now is not None
        if known.since >= now.since:
            return seen
        paid = self.watched.paid(before.identity.subject.partition(" ")[2], known.since, now.until) or now.paid
        episode = replace(now, since=known.since, usual=max(now.usual, known.usual), paid=paid)
        if before.seen.cost > seen.cost:  # whose figure is told says what it is of
            episode = episode.led_by(known)
        return replace(seen, cost=max(seen.cost, before.seen.cost), episode=episode)

    def _gone(self, alert: Alert) -> Change | None:
        """Take back what a correction undid, and close what is over."""
        episode, now = alert.seen.episode, self.notices.now
        assert episode is not None
        team = alert.identity.subject.partition(" ")[2]
        paid, last = self.watched.paid(team, episode.since, episode.until), self.watched.lasts.get(team)
        if last is None or paid is None:
            return steps.closed(alert, Reason.MOVED, None, now)
        if episode.is_undone(alert.seen.cost, paid):
            return steps.corrected(alert, _corrected(alert.seen, episode, paid), now)
        later = replace(episode, last=max(last, episode.last))
        seen = replace(alert.seen, episode=later, as_of=midnight(later.last + timedelta(days=1)))
        return steps.closed(alert, Reason.RECOVERED, seen, now) if later.is_over else None


def switched_off(known: Sequence[Alert], notices: Notices) -> Iterator[Change]:
    """Yield the ends of what is live when anomalies are not looked for any more."""
    for alert in known:
        if alert.is_live:
            yield steps.closed(alert, Reason.SWITCHED_OFF, None, notices.now)


def _goes_on(alert: Alert, seen: Seen) -> bool:
    """Tell whether *seen* is the episode of *alert*; after an end only if it shows nothing that was not known then."""
    known, now = alert.seen.episode, seen.episode
    if known is None or now is None or not now.continues(known):
        return False
    has_ended = alert.state is State.CLOSED and alert.reason is not Reason.THERE_BEFORE
    return not has_ended or now.until <= known.last


def _corrected(seen: Seen, episode: Episode, paid: Money) -> Seen:
    left = max(seen.cost.nanos - (episode.paid.nanos - paid.nanos), 0)
    return replace(seen, cost=Money(left, seen.cost.currency), episode=replace(episode, paid=paid))

"""Reconsider: what waits to be sent is worded anew, or not sent, when the directory has changed who may see what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from bot.domain.alert import Alert
from bot.domain.budget import Scope, ScopeKind
from bot.domain.people import Role
from bot.domain.visibility import Privacy
from bot.ports import NOT_HERE, NOT_THEIRS, TOLD, UNSEEN, Delivery, Desk, MessageKind, Outbox, Post
from bot.services.digest.team import covered
from bot.services.handover import hand_over
from bot.services.notify import Notices, away, round_of
from bot.services.review import Review

Readdress = Callable[[Desk, Notices, Sequence[Post]], None]
"""Sees to what waits for an answer."""
_MOST = 100_000
_CHUNK = 100
_DONE = "reconsidered"
_WAITING = (*UNSEEN, Delivery.SENDING)
"""Edits wait, too, and what a worker that has ended had begun comes back."""


@dataclass(frozen=True)
class Reconsider:
    """Looks at every message that nobody has seen yet, once for each state of the directory, the budgets and the mode of privacy."""

    review: Review
    outbox: Outbox
    matters: Sequence[Readdress] = ()

    def __call__(self) -> None:
        """Word what waits as its readers may see it now, leave out what is somebody else's by now, and ask who may answer today."""
        state = self._state()
        with self.review.alerts.decide() as desk:
            known = desk.mark(_DONE)
        if known == state:
            return
        if not self._is_only_a_day_later(known, state):
            self._look_at_all()
        with self.review.alerts.decide() as desk:
            desk.set_mark(_DONE, state)

    def _state(self) -> str:
        """Return what decides who may see what: the day, as stints begin and end with one, and all the rest; who is away, too."""
        review, today = self.review, self.review.clock.now().date()
        others = [*map(repr, review.budgets.current()), *map(repr, away(review.documents, today).items())]
        return f"{today} {review.people.version()} {review.privacy.value} {sha256(chr(10).join(sorted(others)).encode()).hexdigest()}"

    def _is_only_a_day_later(self, known: str, state: str) -> bool:
        """Tell whether only days have passed on which nobody came, left or moved; groups that are protected are counted anew each day."""
        before, _, rest = known.partition(" ")
        today, _, other = state.partition(" ")
        if rest != other or self.review.privacy is Privacy.WORKS_COUNCIL:
            return False
        days = date.fromisoformat(before), date.fromisoformat(today)
        return not self.review.people.directory().changes(min(days), max(days))

    def _look_at_all(self) -> None:
        """Look at all of it, in decisions of some messages each: others decide in between."""
        with self.review.decide() as (desk, notices):
            hand_over(desk, notices, self.review.alerts.every(live=True, limit=_MOST))
        lost = self.outbox.posts((Delivery.DROPPED,), limit=_MOST, reason=NOT_THEIRS)
        waiting = self.outbox.posts(_WAITING, limit=_MOST)  # what was handed over is among them
        for look, posts in ((_bring_back, lost), (_look, waiting)):
            for first in range(0, len(posts), _CHUNK):
                with self.review.decide() as (desk, notices):
                    for number in (post.number for post in posts[first : first + _CHUNK]):
                        if post := self.outbox.find(number):  # as it stands by now
                            look(desk, notices, post)
        with self.review.decide() as (desk, notices):
            for readdress in self.matters:
                readdress(desk, notices, waiting)


def _look(desk: Desk, notices: Notices, post: Post) -> None:
    message = post.message
    number = message.number_of("alert")
    alert = desk.alert(number) if number else None
    if alert is not None:
        _look_at_alert(desk, notices, post, alert)
    elif message.kind is MessageKind.DIGEST and not _is_theirs(notices, post):
        desk.drop(post, NOT_THEIRS)
    elif message.kind is MessageKind.DIGEST:
        _look_at_notices(desk, notices, post)


def _look_at_alert(desk: Desk, notices: Notices, post: Post, alert: Alert) -> None:
    """Word it as its reader may see it; leave it out where it is neither theirs to see nor to answer."""
    message = post.message
    if notices.audience.person(message.to) is None:
        return
    if not notices.reaches(message.to, alert):
        notices.take_back(desk, post, alert)
        return
    card = notices.card(alert, message.to, message.role, is_repeat=post.was_unknown)
    if card != message.card and not notices.is_moved(alert, message.card):
        notices.note_look(message.to, alert)
        desk.revise(post, card)
    if post.state is Delivery.PARKED and NOT_HERE in post.reason:
        desk.send_again(post)  # who had left is back


def _bring_back(desk: Desk, notices: Notices, post: Post) -> None:
    """Send after all what was taken back unsent, is its reader's again, and is still the last word."""
    number = post.message.number_of("alert")
    alert = desk.alert(number) if number else None
    if alert and alert.is_live and round_of(post) == alert.round and notices.reaches(post.message.to, alert):
        desk.revise(post, notices.card(alert, post.message.to, post.message.role, is_repeat=post.was_unknown))
        desk.send_again(post)


def _look_at_notices(desk: Desk, notices: Notices, post: Post) -> None:
    """Take a digest back that tells of alerts which are somebody else's by now; what is left of them is told by itself."""
    email = post.message.to
    numbers = [int(number) for number in post.message.about.partition(" ")[2].split(",") if number]
    told = [alert for number in numbers if (alert := desk.alert(number))]
    if all(notices.may_read(email, alert) for alert in told):
        return
    desk.drop(post, NOT_THEIRS)
    for alert in told:
        for held in desk.about(f"alert {alert.number}"):
            # Those of earlier rounds were told in other digests.
            was_told = held.state is Delivery.DROPPED and held.reason == TOLD and round_of(held) == alert.round
            if was_told and held.message.to == email and notices.reaches(email, alert):
                desk.revise(held, notices.card(alert, email, held.message.role))
                desk.send_again(held)


def _is_theirs(notices: Notices, post: Post) -> bool:
    """Tell whether a digest is about what its reader may see today; the key says what it is about."""
    email = post.message.to
    person = notices.audience.person(email)
    what, _, rest = post.message.key.removeprefix("digest ").removesuffix(f" {email}").partition(" ")
    if what == "team":
        team = rest.rpartition(" ")[0]
        leads = team in notices.audience.directory.managed_by(email, notices.audience.today)
        return (
            leads and post.message.role == covered(notices.audience, team) and notices.audience.may_see(email, Scope(ScopeKind.TEAM, team))
        )
    if what in {"finops", "showback"} and post.message.role != notices.audience.privacy.value:
        return False  # it was worded when more might be told
    return what not in {"finops", "showback"} or (person is not None and Role.FINOPS in person.roles)

"""Reconsider: what waits to be sent is worded anew, or not sent, when the directory has changed who may see what."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.budget import Scope, ScopeKind
from bot.domain.people import Role
from bot.ports import Delivery, Desk, MessageKind, Outbox, Post
from bot.services.notify import Notices
from bot.services.review import Review

NOT_THEIRS = "not theirs to see any more"
_WAITING = (Delivery.WAITING, Delivery.HELD, Delivery.PARKED)
_MOST = 100_000
_DONE = "reconsidered"


@dataclass(frozen=True)
class Reconsider:
    """Looks at every message that nobody has seen yet, once for each state of the directory and each day."""

    review: Review
    outbox: Outbox

    def __call__(self) -> None:
        """Word alerts as their readers may see them now; leave out digests of what is somebody else's by now."""
        review = self.review
        state = f"{review.people.version()} {review.clock.now():%Y-%m-%d}"  # stints begin and end with a day
        with review.alerts.decide() as desk:
            if desk.mark(_DONE) == state:
                return
        self._look_at_all()
        with review.alerts.decide() as desk:
            desk.set_mark(_DONE, state)

    def _look_at_all(self) -> None:
        waiting = [post for post in self.outbox.posts(_WAITING, limit=_MOST) if not post.sent_revision]
        if not waiting:
            return
        notices = self.review.notices()
        with self.review.alerts.decide() as desk:
            for post in waiting:
                _look(desk, notices, post)
        self.review.remember(notices)


def _look(desk: Desk, notices: Notices, post: Post) -> None:
    message = post.message
    kind, _, number = message.about.partition(" ")
    alert = desk.alert(int(number)) if kind == "alert" and number.isdigit() else None
    if alert is not None and notices.audience.person(message.to):
        desk.revise(post, notices.card(alert, message.to, message.role, is_repeat=post.was_unknown))
    elif message.kind is MessageKind.DIGEST and not _is_theirs(notices, post):
        desk.drop(post, NOT_THEIRS)


def _is_theirs(notices: Notices, post: Post) -> bool:
    """Tell whether a digest is about what its reader may see today; the key says what it is about."""
    email = post.message.to
    person = notices.audience.person(email)
    what, _, rest = post.message.key.removeprefix("digest ").removesuffix(f" {email}").partition(" ")
    if what == "team":
        return notices.audience.may_see(email, Scope(ScopeKind.TEAM, rest.rpartition(" ")[0]))
    return what not in {"finops", "showback"} or (person is not None and Role.FINOPS in person.roles)

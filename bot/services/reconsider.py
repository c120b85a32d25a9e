"""Reconsider: what waits to be sent is worded anew, or not sent, when the directory has changed who may see what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.budget import Scope, ScopeKind
from bot.domain.people import Role
from bot.ports import NOT_THEIRS, UNSEEN, Desk, MessageKind, Outbox, Post
from bot.services.notify import Notices
from bot.services.review import Review

Readdress = Callable[[Desk, Notices, Sequence[Post]], None]
"""Sees to what waits for an answer."""
_MOST = 100_000
_DONE = "reconsidered"


@dataclass(frozen=True)
class Reconsider:
    """Looks at every message that nobody has seen yet, once for each state of the directory and each day."""

    review: Review
    outbox: Outbox
    matters: Sequence[Readdress] = ()

    def __call__(self) -> None:
        """Word what waits as its readers may see it now, leave out what is somebody else's by now, and ask who may answer today."""
        review = self.review
        state = f"{review.people.version()} {review.clock.now():%Y-%m-%d}"  # stints begin and end with a day
        with review.alerts.decide() as desk:
            if desk.mark(_DONE) == state:
                return
        self._look_at_all()
        with review.alerts.decide() as desk:
            desk.set_mark(_DONE, state)

    def _look_at_all(self) -> None:
        waiting = [post for post in self.outbox.posts(UNSEEN, limit=_MOST) if post.is_unseen]
        notices = self.review.notices()
        with self.review.alerts.decide() as desk:
            for post in waiting:
                _look(desk, notices, post)
            for readdress in self.matters:
                readdress(desk, notices, waiting)
        self.review.remember(notices)


def _look(desk: Desk, notices: Notices, post: Post) -> None:
    message = post.message
    number = message.number_of("alert")
    alert = desk.alert(number) if number else None
    if alert is not None and not alert.identity.has_scope and not notices.may_read(message.to, alert):
        desk.drop(post, NOT_THEIRS)
    elif alert is not None and notices.audience.person(message.to):
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

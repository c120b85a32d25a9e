"""Accounts: who somebody is on a chat platform, and when that account may stand for a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

CHECK_AFTER = timedelta(hours=24)
"""How long a profile that was read from the platform is believed without reading it again."""
BELIEVED = timedelta(days=7)
"""How long it is believed while the platform cannot be asked."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody on a platform.

    Attributes:
        platform: `slack` or `teams`.
        space: The workspace, enterprise or tenant; the same user id in another one is somebody else.
        user: The platform's own id of the user, never a name.
    """

    platform: str
    space: str
    user: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.space}:{self.user}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What the platform itself says of an account; nothing here comes from a message.

    Attributes:
        email: None where the platform names none.
        is_guest: A guest of the workspace or tenant.
        is_external: A member of another workspace or tenant.
        is_gone: Deactivated, or no longer a member.
    """

    email: str | None
    name: str = ""
    locale: str = ""
    is_guest: bool = False
    is_external: bool = False
    is_bot: bool = False
    is_gone: bool = False


class State(StrEnum):
    """How far a binding has come."""

    OFFERED = "offered"
    """The platform's e-mail names a person; they have not said yes yet."""
    CONFIRMED = "confirmed"
    PINNED = "pinned"
    """An operator said so; the platform's e-mail no longer decides."""
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Binding:
    """That an account stands for a person (by e-mail).

    Attributes:
        checked_at: When the platform's profile was last read.
        by: Who last changed it: the person, or an operator.
    """

    account: Account
    email: str
    state: State
    checked_at: datetime
    by: str = ""

    @property
    def is_live(self) -> bool:
        """Tell whether the account may be shown the person's figures."""
        return self.state in {State.CONFIRMED, State.PINNED}

    def needs_check(self, now: datetime) -> bool:
        """Tell whether the profile must be read again before anything is shown."""
        return now - self.checked_at >= CHECK_AFTER

    def is_believed(self, now: datetime) -> bool:
        """Tell whether the binding holds although the platform could not be asked."""
        return now - self.checked_at < BELIEVED

    def moved(self, state: State, now: datetime, by: str = "") -> Binding:
        """Return the binding in *state*."""
        return replace(self, state=state, checked_at=now, by=by or self.by)


class Doubt(StrEnum):
    """Why an account stands for nobody."""

    BOT = "bot"
    EXTERNAL = "external"
    GUEST = "guest"
    GONE = "gone"
    NO_EMAIL = "no e-mail"
    UNKNOWN = "not in the directory"


def doubt(profile: Profile, *, is_known: bool, guests: bool) -> Doubt | None:
    """Return why *profile* may not stand for a person, None when it may.

    Args:
        is_known: The directory has a person with the profile's e-mail.
        guests: The deployment answers guests who are in the directory.
    """
    reasons = (
        (profile.is_bot, Doubt.BOT),
        (profile.is_gone, Doubt.GONE),
        (profile.is_external, Doubt.EXTERNAL),
        (profile.is_guest and not guests, Doubt.GUEST),
        (not profile.email, Doubt.NO_EMAIL),
        (not is_known, Doubt.UNKNOWN),
    )
    return next((reason for holds, reason in reasons if holds), None)

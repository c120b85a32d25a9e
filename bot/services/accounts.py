"""Accounts: which person speaks through a chat account; nobody is shown a figure before that is settled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.domain.account import Account, Binding, Doubt, Profile, State, doubt
from bot.domain.people import Person
from bot.errors import ConfigError, DeliveryDeferred, DeliveryUnknown
from bot.ports import Accounts, Clock, People

Ask = Callable[[], Awaitable[Profile]]
"""Reads the profile of the account from its platform."""
Run = Callable[..., Awaitable["Standing | None"]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an account: a person (who still has to say yes, unless *is_settled*), or why there is none."""

    person: Person | None
    is_settled: bool = False
    doubt: Doubt | None = None
    locale: str = ""
    """What the platform says the account reads; for who is nobody in the directory."""


@dataclass(frozen=True)
class Register:
    """Binds accounts to people.

    Attributes:
        guests: Whether guests of the workspace who are in the directory are answered.
    """

    accounts: Accounts
    people: People
    clock: Clock
    guests: bool = False

    def known(self, account: Account) -> Standing | None:
        """Return whom *account* stands for where that needs no look at the platform, None where it does."""
        binding = self.accounts.find(account)
        if binding is None or not binding.is_live or binding.needs_check(self.clock.now()):
            return None
        return self._standing(binding)

    def read(self, account: Account, profile: Profile) -> Standing:
        """Return whom *account* stands for after its *profile* was read, and remember it.

        A binding ends with any doubt, and with another e-mail; only a person whom the directory has lost gets it back with them.
        """
        now, binding = self.clock.now(), self.accounts.find(account)
        if binding and binding.state is State.PINNED:
            profile = replace(profile, email=binding.email)
        person = self.people.directory().person(profile.email or "")
        found = doubt(profile, is_known=person is not None, guests=self.guests)
        if found or person is None:
            is_same = binding is not None and profile.email is not None and profile.email.lower() == binding.email
            if binding and binding.is_live and not (found is Doubt.UNKNOWN and is_same):
                self.accounts.save(binding.moved(State.REVOKED, now, "platform"))
            return Standing(None, doubt=found, locale=profile.locale)
        is_same = binding is not None and binding.is_live and binding.email == person.email
        state = binding.state if binding and is_same else State.OFFERED
        by = binding.by if binding and is_same else "platform"
        self.accounts.save(Binding(account, person.email, state, now, by))
        return Standing(person, is_settled=is_same)

    def changed(self, account: Account, profile: Profile) -> bool:
        """Read *profile* if *account* stands for anybody: people leave, and addresses change hands; tell whether that has ended it."""
        binding = self.accounts.find(account)
        if binding is None or binding.state is State.REVOKED:
            return False
        if binding.state is State.OFFERED and (profile.email or "").lower() != binding.email:
            self.accounts.save(binding.moved(State.REVOKED, self.clock.now(), "platform"))
        else:
            self.read(account, profile)
        return self.remembered(account) is None

    def unreachable(self, account: Account) -> Standing | None:
        """Return whom *account* stands for while its platform cannot be asked, None where that is too long ago."""
        binding = self.accounts.find(account)
        return self._standing(binding) if binding and binding.is_live and binding.is_believed(self.clock.now()) else None

    def remembered(self, account: Account) -> Standing | None:
        """Return whom *account* stood for when its platform was last asked, however long ago; enough to choose a language by."""
        binding = self.accounts.find(account)
        return self._standing(binding) if binding and binding.is_live else None

    def confirm(self, account: Account, email: str) -> bool:
        """Settle an offered binding to *email*; False where none was offered, or it is too old, or somebody else's by now."""
        now, binding = self.clock.now(), self.accounts.find(account)
        if binding is None or binding.state is State.REVOKED or binding.needs_check(now) or binding.email != email:
            return False
        if binding.state is State.OFFERED:
            return self.accounts.save(binding.moved(State.CONFIRMED, now, binding.email), binding)
        return True

    def forget(self, account: Account, by: str) -> None:
        """Take *account* off its person, whoever pinned it there."""
        binding = self.accounts.find(account)
        if binding:
            self.accounts.save(binding.moved(State.REVOKED, self.clock.now(), by))

    def forget_space(self, platform: str, space: str) -> None:
        """Take every account of a workspace or tenant off its person: the app was removed there."""
        for binding in self.accounts.every():
            if (binding.account.platform, binding.account.space) == (platform, space) and binding.state is not State.PINNED:
                self.accounts.save(binding.moved(State.REVOKED, self.clock.now(), "uninstalled"))

    def pin(self, account: Account, email: str, by: str) -> Binding:
        """Bind *account* as an operator.

        Raises:
            ConfigError: The directory does not know *email*.
        """
        person = self.people.directory().person(email)
        if person is None:
            raise ConfigError(f"{email} is not in the directory. Add the person to people.csv first: aispend directory load people.csv.")
        binding = Binding(account, person.email, State.PINNED, self.clock.now(), by)
        self.accounts.save(binding)
        return binding

    def _standing(self, binding: Binding) -> Standing:
        person = self.people.directory().person(binding.email)
        return Standing(person, is_settled=person is not None, doubt=None if person else Doubt.UNKNOWN)


async def settle(register: Register, account: Account, ask: Ask, run: Run, write: Run) -> Standing | None:
    """Return whom *account* stands for, reading its profile where that is due; None where nobody can tell now.

    Args:
        run, write: Run a blocking function beside the event loop: one that only reads, one that may have to wait to write.
    """
    known = await run(register.known, account)
    if known:
        return known
    try:
        profile = await ask()
    except (DeliveryDeferred, DeliveryUnknown):
        return await run(register.unreachable, account)
    return await write(register.read, account, profile)

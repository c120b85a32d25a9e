"""References: where a person or a channel is reached in Teams; our own JSON, renewed by whatever comes in."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from bot.errors import StoreError
from bot.ports import Documents

PEOPLE, PLACES = "teams.person", "teams.place"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where to send.

    Attributes:
        service_url: The part of Teams that takes our messages there; it may change.
        bot: What Teams calls us there.
        user: What Teams calls the person there; empty for a channel or a group.
        conversation: Empty where none was opened yet.
    """

    service_url: str
    bot: str
    user: str = ""
    conversation: str = ""


Unwritten = tuple[str, str, Reference]
"""Kind, key, and what is to be kept there."""


class References:
    """Kept in the store, and here, so that a message writes only what is new."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._known: dict[tuple[str, str], Reference] = {}
        self._one_at_a_time = threading.RLock()  # two messages at once must not undo one another

    def person(self, tenant: str, user: str) -> Reference | None:
        """Return where *user* (Entra object id) is reached."""
        return self._get(PEOPLE, f"{tenant}/{user}")

    def place(self, tenant: str, conversation: str) -> Reference | None:
        """Return how *conversation* is reached."""
        return self._get(PLACES, f"{tenant}/{conversation}")

    def knows(self, tenant: str, user: str, person: Reference, place: Reference) -> bool:
        """Tell, from memory alone, whether there is nothing new in *person* and *place*."""
        known = self._known.get((PEOPLE, f"{tenant}/{user}"))
        expected = replace(person, conversation=person.conversation or known.conversation) if known else person
        return known == expected and self._known.get((PLACES, f"{tenant}/{place.conversation}")) == place

    def note(self, tenant: str, user: str, person: Reference, place: Reference) -> list[Unwritten]:
        """Remember here how *user* and *place* are reached, and return what `store` has to write.

        A conversation that is known is not forgotten for a message from a channel.
        """
        with self._one_at_a_time:
            known = self.person(tenant, user)
            if known and not person.conversation:
                person = replace(person, conversation=known.conversation)
            wanted = [(PEOPLE, f"{tenant}/{user}", person)] if user else []
            wanted.append((PLACES, f"{tenant}/{place.conversation}", place))
            unwritten = [item for item in wanted if self._get(*item[:2]) != item[2]]
            self._known |= {item[:2]: item[2] for item in unwritten}
        return unwritten

    def store(self, unwritten: Iterable[Unwritten]) -> None:
        """Write what was noted; it may have to wait. What cannot be written is forgotten here, so that the next message tries again."""
        for kind, key, reference in unwritten:
            try:
                self._documents.put(kind, key, json.dumps(asdict(reference)))
            except StoreError:
                self._known.pop((kind, key), None)
                raise

    def forget(self, tenant: str, conversation: str) -> None:
        """Forget a conversation, and that it is anybody's: the app was removed there."""
        with self._one_at_a_time:
            place = self.place(tenant, conversation)
            self._drop(PLACES, f"{tenant}/{conversation}")
            for key in self._documents.keys(PEOPLE, f"{tenant}/") if place and place.user else ():
                found = self._get(PEOPLE, key)
                if found and found.conversation == conversation:
                    self._known[PEOPLE, key] = replace(found, conversation="")
                    self.store([(PEOPLE, key, self._known[PEOPLE, key])])

    def _get(self, kind: str, key: str) -> Reference | None:
        if (kind, key) not in self._known:
            text = self._documents.get(kind, key)
            if text is None:
                return None
            self._known[kind, key] = Reference(**json.loads(text))
        return self._known[kind, key]

    def _drop(self, kind: str, key: str) -> None:
        self._known.pop((kind, key), None)
        self._documents.drop(kind, key)

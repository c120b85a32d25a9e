"""Inbound: what a request of Teams says, read from its own JSON, as the SDK's model loses the tenant and the clicks."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.chat.teams.auth import tenant_of
from adapters.chat.teams.references import Reference
from bot.domain.account import Account
from bot.messages.actions import Action
from bot.ports import Sent
from bot.services.grammar import LONGEST
from bot.services.talk import Heard

PERSONAL = "personal"
_COMMAND = re.compile(r"^/?aispend(?=\s|$)", re.IGNORECASE)
_MENTION = re.compile(r"<at(?:\s[^<>]{0,200})?>([^<>]{0,200})</at>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:p|div|span|br)\b[^<>]{0,200}>", re.IGNORECASE)
_MOST_MENTIONS = 20


@dataclass(frozen=True, slots=True)
class Inbound:
    """Who said it, and where.

    Attributes:
        account: By tenant and Entra object id, which Teams itself names; the id is empty for who has none.
        place: The conversation; its `user` is the person.
        is_alone: Only this person reads there.
        is_targeted: Only this person saw the question, though others read there.
        message: The message that was clicked, else empty.
    """

    account: Account
    place: Reference
    is_alone: bool
    is_targeted: bool
    message: str

    @property
    def clicked(self) -> Sent:
        """Where the clicked message stands."""
        return Sent("teams", self.account.space, self.place.conversation, self.message)


def inbound(body: Mapping[str, Any]) -> Inbound:
    """Return who sent *body*, which was admitted, and where."""
    sender, conversation = body["from"], body["conversation"]
    place = Reference(body["serviceUrl"], body["recipient"]["id"], sender["id"], conversation["id"])
    is_alone = conversation.get("conversationType") == PERSONAL and not conversation.get("isGroup")
    account = Account("teams", tenant_of(body), str(sender.get("aadObjectId") or ""))
    return Inbound(account, place, is_alone, bool(body["recipient"].get("isTargeted")), str(body.get("replyToId") or ""))


def typed(body: Mapping[str, Any]) -> str:
    """Return the words of a message, without our own name before them; other people's mentions stay, as `@name`."""
    found = _mentions(body)[:_MOST_MENTIONS]
    ours = {str(entity.get("text") or "") for entity in found if _mentioned(entity) == body["recipient"]["id"]}
    text = str(body.get("text") or "")[:LONGEST]
    for mention in ours:
        text = text.replace(mention, " ")
    text = _MENTION.sub(lambda found: f'"@{_plain(found[1])}"', text)
    words = _plain(_TAG.sub(" ", text))
    return _COMMAND.sub("", words, count=1).strip()


def heard(body: Mapping[str, Any], account: Account) -> Heard:
    """Return what a message says: a button of an old client, or words."""
    value = body.get("value")
    if isinstance(value, Mapping) and isinstance(value.get("verb"), str):
        return pressed(str(value["verb"]), value, account)
    return Heard(account, Action.ASK, typed(body) or "help")


def pressed(verb: str, data: Mapping[str, Any], account: Account) -> Heard:
    """Return what a click says: what it acts on, the choice where there is one, and the answers of a form."""
    choice = data.get("choice")
    on = data.get(str(choice), "") if choice else data.get("on", "")
    answers = {str(k): str(v) for k, v in data.items() if isinstance(v, str | int | float) and k not in {"on", "choice", "verb"}}
    return Heard(account, verb, str(on or ""), answers)


def _mentions(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entities = body.get("entities")
    found = entities if isinstance(entities, list) else []
    return [entity for entity in found if isinstance(entity, Mapping) and entity.get("type") == "mention" and entity.get("text")]


def _mentioned(entity: Mapping[str, Any]) -> str:
    who = entity.get("mentioned")
    return str(who.get("id") or "") if isinstance(who, Mapping) else ""


def _plain(text: str) -> str:
    return " ".join(html.unescape(text).replace("\xa0", " ").split())

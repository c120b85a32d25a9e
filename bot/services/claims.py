"""Claims: from a key that nobody owns to a person who says it is theirs, confirmed by FinOps; the ledger follows."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from bot.domain.money import Money
from bot.domain.people import Directory, Identity, IdentityKind, Person, Role
from bot.domain.period import Window
from bot.domain.visibility import Privacy
from bot.errors import Refusal, StoreError
from bot.messages.card import Card
from bot.messages.claims import KeyClaim
from bot.messages.moved import Moved
from bot.messages.words import N_
from bot.ports import NOT_THEIRS, CostScope, Delivery, Desk, Message, MessageKind, Post, UnallocatedKey
from bot.services.claimed import ASKED, CONFIRMED, DECLINED, KIND, REFUSED, SAID, Claim, stored_claim
from bot.services.matters import missed, revive, say, unseen, worded
from bot.services.near import close
from bot.services.notify import Notices
from bot.services.review import Review
from bot.services.talk import reader_of
from bot.services.unowned import is_person

CLAIMED = "claimed identity"
"""Documents: the identities that were claimed, by principal; they outlive the file that the operator loads."""
_LOOK_BACK = timedelta(days=90)
_NO_SUCH = N_("There is no claim {number} that you could answer.")
_OVER = N_("Claim {number} was answered already.")
Reload = Callable[[str], bool]
"""Loads a source again, so that its days follow the directory; False where only an operator can."""


@dataclass(frozen=True)
class Claims:
    """Takes claims.

    Attributes:
        configured: Sources of the configuration; those of loose files are loaded again with their files.
    """

    review: Review
    reload: Reload
    configured: frozenset[str] = frozenset()

    def claim(self, person: Person, key: str, owner: str = "") -> KeyClaim:
        """Say that *key* is one's own; as FinOps, ask *owner* whether it is theirs.

        Raises:
            Refusal: No cost is open for such a key, it is an e-mail in works_council mode, or only FinOps may ask somebody else.
        """
        with self.review.decide() as (desk, notices):
            new = self._claimed(desk, notices, person, key, owner)
            stored = self._store(desk, new, person.email)
            self._tell(desk, notices, stored, person.email)
        return self._view(notices, stored, person.email)

    def _claimed(self, desk: Desk, notices: Notices, person: Person, key: str, owner: str) -> Claim:
        """Return what *person* says of *key*, not stored yet."""
        is_finops = _is_finops(notices, person)
        wanted = notices.audience.person(owner) if owner else person
        if owner and not is_finops and wanted != person:
            raise Refusal("Only FinOps asks somebody else. If the key is yours: claim {key}", key=key)
        if wanted is None or wanted.stint(notices.audience.today) is None:
            raise Refusal("I do not know {email}.", email=owner)
        if self._is_hidden(notices, key):
            raise Refusal(
                "“{key}” is an e-mail address, and stands for a person here. FinOps adds it to people.csv or identities.csv.", key=key
            )
        found = self._open_key(key)
        if found is None:
            raise self._no_key(notices, key, owner, is_finops=is_finops)
        for case in [*desk.cases(KIND, ASKED), *desk.cases(KIND, SAID)]:
            self._check_open(stored_claim(case), found.key, person, is_finops=is_finops)
        state = SAID if wanted == person else ASKED
        return Claim(found.key, found.source, found.cost, found.first_seen.isoformat(), wanted.email, person.email, state)

    @staticmethod
    def _check_open(other: Claim, key: str, person: Person, *, is_finops: bool) -> None:
        if other.key != key:
            return
        if other.owner == person.email and other.state == SAID:
            raise Refusal("You have claimed that key; claim {number} waits for FinOps.", number=str(other.number))
        if other.owner == person.email:
            raise Refusal("You are being asked about that key. Is it yours? approve {number} or deny {number}", number=str(other.number))
        if not is_finops:
            raise Refusal("A claim of that key waits for an answer already; FinOps can say more.")
        if other.state == ASKED:
            raise Refusal("Somebody is being asked about that key. To take the question back: deny {number}", number=str(other.number))
        raise Refusal("Somebody says that it is theirs. Is it? approve {number} or deny {number}", number=str(other.number))

    def answer(self, person: Person, number: int, *, is_yes: bool) -> KeyClaim:
        """Say yes or no: whose it would be, then FinOps.

        Raises:
            Refusal: It is not theirs to answer, or was answered.
        """
        with self.review.decide() as (desk, notices):
            case = desk.case(number)
            claim = stored_claim(case) if case and case.kind == KIND else None
            is_finops = _is_finops(notices, person)
            if claim is None or not (claim.owner == person.email or is_finops):
                raise Refusal(_NO_SUCH, number=str(number))
            if claim.state == ASKED and claim.owner == person.email:
                claim = replace(claim, state=SAID if is_yes else DECLINED)
            elif claim.state == ASKED and is_finops and not is_yes:
                claim = replace(claim, state=REFUSED)
            elif claim.state == SAID and is_finops and claim.owner != person.email:
                claim = self._settled(claim, is_yes=is_yes)
            elif claim.state == SAID and claim.owner == person.email:
                raise Refusal("Somebody else of FinOps has to confirm your own claim.")
            else:
                raise Refusal(_OVER, number=str(number))
            stored = self._store(desk, claim, person.email)
            self._tell(desk, notices, stored, person.email)
        return self._view(self.review.notices(), self._followed(stored), person.email)

    def _settled(self, claim: Claim, *, is_yes: bool) -> Claim:
        if not is_yes:
            return replace(claim, state=REFUSED)
        return replace(claim, state=CONFIRMED, before=str(self._coverage()), must_reload=True)

    def readdress(self, desk: Desk, notices: Notices, waiting: Sequence[Post]) -> None:
        """Tell FinOps of today of what waits for them; leave out what waits for somebody whom it is no matter of.

        Who was away is asked, or told the answer, after all.
        """
        for post, case in unseen(desk, KIND, waiting):
            self._put_right(desk, notices, stored_claim(case), post)
        for case in desk.cases(KIND, SAID):
            self._ask(desk, notices, stored_claim(case), "")
        for post, case in missed(desk, KIND, (ASKED, SAID), notices.now):
            claim, email = stored_claim(case), post.message.to
            if email in _told_now(claim, notices) and self._concerns(claim, email, notices):
                revive(desk, post, self._card(notices, claim, email))

    def _put_right(self, desk: Desk, notices: Notices, claim: Claim, post: Post) -> None:
        """Word *post* as the claim stands and its reader may see it."""
        email = post.message.to
        if post.is_unseen and not self._concerns(claim, email, notices):
            desk.drop(post, NOT_THEIRS)
        elif post.state is not Delivery.DROPPED:
            desk.revise(post, worded(post, self._card(notices, claim, email)))

    def follow_up(self) -> None:
        """Put the identities of confirmed claims into the directory that a stop had kept from it."""
        with self.review.alerts.decide() as desk:
            confirmed = [stored_claim(case) for case in desk.cases(KIND, CONFIRMED)]
        for claim in confirmed:
            if claim.must_reload:
                self._identify(claim)

    def _identify(self, claim: Claim) -> None:
        """Put the identity into the directory, from the day on which the key was first seen; once."""
        identity = Identity(claim.key, IdentityKind.KEY, person=claim.owner, valid_from=date.fromisoformat(claim.first_seen))
        kept = {"principal": claim.key, "person": claim.owner, "from": claim.first_seen}
        self.review.documents.put(CLAIMED, claim.key.lower(), json.dumps(kept))
        directory = self.review.people.directory()
        known = with_claimed(directory, [identity])
        if known.identities != directory.identities:
            self.review.people.replace(known)

    def _followed(self, claim: Claim) -> Claim:
        """Let directory and ledger follow a claim that was just confirmed, and say what it changed."""
        if claim.state != CONFIRMED:
            return claim
        self._identify(claim)
        if not self.reload(claim.source):
            return claim
        after = replace(claim, must_reload=False, after=str(self._coverage()))
        with self.review.decide() as (desk, notices):
            stored = self._store(desk, after, "ledger")
            self._tell(desk, notices, stored, "")
        with suppress(StoreError):  # the next review comes by itself
            self.review.run()  # warnings and forecasts follow the new owner at once
        return stored

    def _coverage(self) -> Fraction:
        """Return the share of the last ninety days' cost that has an owner."""
        window = self._lately()
        whole = self.review.figures.total(CostScope(), window).total
        unowned = sum(key.cost for key in self.review.figures.unallocated(window))
        return 1 - Fraction(unowned, whole) if whole > 0 else Fraction(1)

    def _open_key(self, key: str) -> UnallocatedKey | None:
        same = [found for found in self.review.figures.unallocated(self._lately()) if found.key and found.key.casefold() == key.casefold()]
        if not same:
            return None
        return replace(same[0], cost=sum(one.cost for one in same), first_seen=min(one.first_seen for one in same))

    @staticmethod
    def _is_hidden(notices: Notices, key: str) -> bool:
        """Tell whether *key* is a person's, whose cost before and after a claim nobody may hold against one another."""
        return notices.audience.privacy is Privacy.WORKS_COUNCIL and is_person(key, notices.audience.directory)

    def _no_key(self, notices: Notices, key: str, owner: str, *, is_finops: bool) -> Refusal:
        """Return the refusal of a key that is not open; only FinOps, who sees them all, is told which one is near."""
        found = {one.key for one in self.review.figures.unallocated(self._lately()) if one.key}
        spelled = {one.casefold(): one for one in found if not self._is_hidden(notices, one)}
        near = close(key, spelled) if is_finops else []
        if not near:
            return Refusal("There is no key “{key}” whose cost nobody owns.", key=key)
        nearest = " ".join(["claim", spelled[near[0]], *([owner] if owner else [])])
        return Refusal("There is no key “{key}” whose cost nobody owns. Did you mean: {nearest}?", nearest, key=key, nearest=nearest)

    def _lately(self) -> Window:
        today = self.review.clock.now().date()
        return Window(today - _LOOK_BACK, today + timedelta(days=1))

    def _store(self, desk: Desk, claim: Claim, by: str) -> Claim:
        now, body = self.review.clock.now(), json.dumps(asdict(claim))
        if claim.number:
            desk.change_case(claim.number, claim.state, body, now)
            number = claim.number
        else:
            number = desk.open_case(KIND, claim.state, body, now)
        desk.note(by, f"claim {claim.state}", f"claim {number}", {"key": claim.key, "owner": claim.owner})
        return replace(claim, number=number)

    def _tell(self, desk: Desk, notices: Notices, claim: Claim, by: str) -> None:
        about = f"claim {claim.number}"
        for post in desk.about(about):
            self._put_right(desk, notices, claim, post)
        self._ask(desk, notices, claim, by)

    def _ask(self, desk: Desk, notices: Notices, claim: Claim, by: str) -> None:
        """Tell who has to know now."""
        about = f"claim {claim.number}"
        for email in _told_now(claim, notices):
            if email != by:
                key, card = f"{about} {claim.state} {email}", self._card(notices, claim, email)
                is_theirs = self._concerns(claim, email, notices)
                say(desk, Message(key, MessageKind.CLAIM, email, card, about, is_urgent=False), is_theirs=is_theirs)

    def _card(self, notices: Notices, claim: Claim, email: str) -> Card:
        view = self._view(notices, claim, email) if self._concerns(claim, email, notices) else Moved(KIND, claim.number)
        return self.review.templates.card(view.template, view, reader_of(notices.audience.person(email), self.review.documents))

    @staticmethod
    def _concerns(claim: Claim, email: str, notices: Notices) -> bool:
        """Tell whether *email* is whose it may be, who asked, or of FinOps today."""
        person = notices.audience.person(email)
        is_here = person is not None and person.stint(notices.audience.today) is not None
        return is_here and email in {claim.owner, claim.asked_by, *notices.audience.finops()}

    def _view(self, notices: Notices, claim: Claim, email: str) -> KeyClaim:
        person = notices.audience.person(email)
        is_finops = person is not None and _is_finops(notices, person)
        shows = is_finops and notices.audience.privacy is not Privacy.WORKS_COUNCIL
        asks = "owner" if claim.state == ASKED and email == claim.owner else ""
        if claim.state == SAID and is_finops and email != claim.owner:
            asks = "finops"
        return KeyClaim(
            claim.number,
            claim.key,
            claim.source,
            date.fromisoformat(claim.first_seen),
            claim.state,
            "" if email == claim.owner else notices.audience.name(claim.owner),
            Money(claim.cost, self.review.currency) if shows else None,
            Fraction(claim.before) if claim.before and shows else None,
            Fraction(claim.after) if claim.after and shows else None,
            claim.must_reload,
            asks,
            self._command(claim.source) if claim.must_reload and is_finops else "",
        )

    def _command(self, source: str) -> str:
        """Return what loads *source* again, on the machine of the operator; a loose file has to be named."""
        if source in self.configured:
            return f"aispend ingest --source {source}"
        kind = next((load.kind for load in self.review.ledger.sources() if load.source == source), "KIND")
        return f"aispend ingest {kind} FILE --source {source}"


def with_claimed(directory: Directory, claimed: list[Identity]) -> Directory:
    """Return *directory* with the *claimed* identities that it does not name itself."""
    named: defaultdict[str, list[Identity]] = defaultdict(list)
    for identity in directory.identities:
        named[identity.principal.lower()].append(identity)
    added = [part for one in claimed for part in _beside(one, named[one.principal.lower()])]
    return replace(directory, identities=(*directory.identities, *added))


def _beside(claimed: Identity, named: Sequence[Identity]) -> list[Identity]:
    """Return *claimed* for the days that none of *named* says anything about."""
    parts = [claimed]
    for other in named:
        parts = [rest for part in parts for rest in _without(part, other)]
    return parts


def _without(part: Identity, other: Identity) -> list[Identity]:
    begin, end = part.valid_from or date.min, part.valid_to or date.max
    from_, to = other.valid_from or date.min, other.valid_to or date.max
    if to <= begin or end <= from_:
        return [part]
    before = [replace(part, valid_to=from_)] if begin < from_ else []
    return before + ([replace(part, valid_from=to)] if to < end else [])


def _told_now(claim: Claim, notices: Notices) -> tuple[str, ...]:
    """Return who has to know where it stands: whose it may be, then FinOps, then both who asked and whose it may be."""
    if claim.state == ASKED:
        return (claim.owner,)
    if claim.state == SAID:
        return tuple(email for email in notices.audience.finops() if email != claim.owner)
    return tuple(sorted({claim.owner, claim.asked_by}))


def _is_finops(notices: Notices, person: Person) -> bool:
    return Role.FINOPS in person.roles and person.stint(notices.audience.today) is not None

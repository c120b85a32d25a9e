"""Wiring: the composition root, the only module that sees both the core and its adapters."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.calendar import PublicHolidays
from adapters.chat import terminal
from adapters.clock import clock_at
from adapters.prices import GenaiPrices
from adapters.store.accounts import SqlAccounts, SqlDocuments
from adapters.store.alerts import SqlAlerts
from adapters.store.budgets import SqlBudgets
from adapters.store.database import Database
from adapters.store.figures import SqlFigures
from adapters.store.forecasts import SqlForecasts
from adapters.store.hints import SqlHints
from adapters.store.ledger import SqlLedger
from adapters.store.outbox import SqlOutbox
from adapters.store.outcomes import SqlOutcomes
from adapters.store.people import SqlPeople
from bot import shipped
from bot.domain.people import Identity, IdentityKind
from bot.errors import BotError, ConfigError, Refusal, SourceRefused
from bot.messages.formats import Reader
from bot.messages.markup import Templates
from bot.messages.words import Phrase, say
from bot.ports import Chat, Clock
from bot.services.accounts import Register
from bot.services.converse import Answer, Conversation
from bot.services.grammar import is_act
from bot.services.talk import Talk, reader_of
from bot.settings import Settings, SourceSettings, secret
from bot.wiring import rules

if TYPE_CHECKING:
    from bot.domain.foretold import Foretold
    from bot.ports import Activity, UsageSource
    from bot.services.acts import Acts
    from bot.services.broadcast import Broadcasts
    from bot.services.claims import Claims
    from bot.services.deliver import Courier
    from bot.services.digest import Digests
    from bot.services.escalate import Escalation
    from bot.services.habits import Chosen
    from bot.services.hindsight import Hindsight
    from bot.services.ingest import Ingest
    from bot.services.links import Links
    from bot.services.longer import Longer
    from bot.services.planning import Planning
    from bot.services.reconsider import Reconsider
    from bot.services.requests import Requests
    from bot.services.review import Review
    from bot.services.webhooks import Webhooks


@dataclass(frozen=True)
class App:
    """The parts, put together for one configuration; close it when done."""

    settings: Settings
    clock: Clock

    @cached_property
    def database(self) -> Database:
        """The store."""
        return Database(self.settings.store_url())

    @cached_property
    def people(self) -> SqlPeople:
        """The directory."""
        return SqlPeople(self.database)

    @cached_property
    def budgets(self) -> SqlBudgets:
        """The budgets."""
        return SqlBudgets(self.database)

    @cached_property
    def outcomes(self) -> SqlOutcomes:
        """What was got done."""
        return SqlOutcomes(self.database)

    def activities(self, path: Path) -> list[Activity]:
        """Return what the users of Claude Code got done, from an export."""
        from adapters import claude_code  # noqa: PLC0415

        return claude_code.activities(path)

    @cached_property
    def ledger(self) -> SqlLedger:
        """The ledger."""
        return SqlLedger(self.database)

    @cached_property
    def accounts(self) -> SqlAccounts:
        """Which chat account stands for whom."""
        return SqlAccounts(self.database)

    @cached_property
    def documents(self) -> SqlDocuments:
        """Preferences, conversation references, installations."""
        return SqlDocuments(self.database)

    @cached_property
    def register(self) -> Register:
        """What binds accounts to people."""
        return Register(self.accounts, self.people, self.clock, guests=self.settings.chat.guests)

    @cached_property
    def conversation(self) -> Conversation:
        """What answers questions."""
        organisation = self.settings.organisation
        return Conversation(
            figures=SqlFigures(self.database),
            hints=SqlHints(self.database),
            ledger=self.ledger,
            people=self.people,
            budgets=self.budgets,
            outcomes=self.outcomes,
            accounts=self.accounts,
            alerts=self.alerts,
            chosen=self.chosen,
            clock=self.clock,
            prices=GenaiPrices(),
            forecasts=self.forecasts,
            calendar=PublicHolidays(next(iter(organisation.countries), None)),
            organisation=organisation.name,
            currency=organisation.currency,
            privacy=organisation.privacy,
            fiscal_year_start=organisation.fiscal_year_start,
        )

    @cached_property
    def templates(self) -> Templates:
        """The message templates."""
        return Templates((shipped.folder("templates"),))

    @cached_property
    def alerts(self) -> SqlAlerts:
        """The alerts and the audit log."""
        return SqlAlerts(self.database, self.clock)

    @cached_property
    def forecasts(self) -> SqlForecasts:
        """What people were told to expect."""
        return SqlForecasts(self.database)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """What is to be sent."""
        return SqlOutbox(self.database)

    @cached_property
    def review(self) -> Review:
        """What finds out whom to warn."""
        from bot.services.review import Review  # noqa: PLC0415

        organisation = self.settings.organisation
        return Review(
            self.conversation.figures,
            self.ledger,
            self.people,
            self.budgets,
            self.alerts,
            self.documents,
            self.templates,
            self.conversation.calendar,
            self.clock,
            organisation.privacy,
            organisation.currency,
            self.conversation.prices,
            self.forecasts,
            rules.review_terms(self.settings.alerts),
        )

    @cached_property
    def requests(self) -> Requests:
        """What takes requests for more budget."""
        from bot.domain.money import to_nanos  # noqa: PLC0415
        from bot.services.requests import Requests  # noqa: PLC0415

        section = self.settings.alerts
        return Requests(self.review, to_nanos(section.four_eyes_from), bool(section.webhook))

    @cached_property
    def broadcasts(self) -> Broadcasts:
        """What FinOps says to many."""
        from bot.services.broadcast import Broadcasts  # noqa: PLC0415

        return Broadcasts(self.review, self.settings.alerts.broadcast_alone)

    @cached_property
    def claims(self) -> Claims:
        """What takes claims of keys that nobody owns."""
        from bot.services.claims import Claims  # noqa: PLC0415

        return Claims(self.review, self._reload, frozenset(section.name for section in self.settings.sources))

    def note_trouble(self, source: str, sentence: str) -> None:
        """Keep why *source* could not be loaded, for the next review to tell; nothing for a load that went well."""
        from bot.services.review import TROUBLE  # noqa: PLC0415

        if sentence:
            self.documents.put(TROUBLE, source, f"{self.clock.now().isoformat()}\n{sentence}")
        else:
            self.documents.drop(TROUBLE, source)

    def claimed(self) -> list[Identity]:
        """Return the identities that were claimed, which outlive the operator's files."""
        from bot.services.claims import CLAIMED  # noqa: PLC0415

        found = [json.loads(self.documents.get(CLAIMED, key) or "{}") for key in self.documents.keys(CLAIMED)]
        return [
            Identity(c["principal"], IdentityKind.KEY, person=c["person"], valid_from=date.fromisoformat(c["from"])) for c in found if c
        ]

    def _reload(self, source: str) -> bool:
        """Load *source* again, all it has; False where it is not configured or cannot be read now."""
        section = next((section for section in self.settings.sources if section.name == source), None)
        if section is None:
            return False
        try:
            with self.source(section) as usage:
                self.ingest.run(usage)
        except BotError:
            return False
        return True

    @cached_property
    def webhooks(self) -> Webhooks | None:
        """What tells a system of the company's of raises, None where there is none.

        Raises:
            ConfigError: Its secret is missing.
        """
        from adapters.webhook import Webhook  # noqa: PLC0415
        from bot.services.webhooks import Webhooks  # noqa: PLC0415

        url = self.settings.alerts.webhook
        if not url:
            return None
        key = secret(os.environ, "AISPEND_WEBHOOK_SECRET")
        if not key:
            raise ConfigError("[alerts] names a webhook, but AISPEND_WEBHOOK_SECRET is not set. The receiver checks its signature with it.")
        return Webhooks(self.alerts, self.clock, Webhook(url), key)

    @cached_property
    def chosen(self) -> Chosen:
        """What people have chosen about being told."""
        from bot.services.habits import Chosen  # noqa: PLC0415

        return Chosen(self.documents, self.clock, rules.habits(self.settings.digests))

    @cached_property
    def digests(self) -> Digests:
        """What makes everybody's summaries."""
        from bot.services.digest import Digests  # noqa: PLC0415

        link = self.links.to if self.links else None
        prices = self.conversation.prices
        return Digests(self.review, self.outbox, self.chosen, prices, self.outcomes, link, self.reconsider)

    @property
    def reconsider(self) -> Reconsider:
        """What asks again who may see what waits."""
        from bot.services.reconsider import Reconsider  # noqa: PLC0415

        matters = (self.requests.readdress, self.claims.readdress, self.broadcasts.readdress)
        return Reconsider(self.review, self.outbox, matters)

    @cached_property
    def links(self) -> Links | None:
        """What makes and opens links to files of figures, None where `serve` has no address.

        Raises:
            ConfigError: Their secret is missing.
        """
        from bot.services.digest import Digests  # noqa: PLC0415
        from bot.services.links import Links  # noqa: PLC0415

        address = self.settings.digests.address
        if not address:
            return None
        key = secret(os.environ, "AISPEND_LINK_SECRET")
        if not key:
            raise ConfigError(
                "[digests] names an address, but AISPEND_LINK_SECRET is not set. It seals the links to files; any long text will do."
            )
        return Links(
            address,
            key,
            self.people,
            self.clock,
            Digests(self.review, self.outbox, self.chosen, self.conversation.prices, self.outcomes).showback,
        )

    @property
    def hindsight(self) -> Hindsight:
        """What tells how right forecasts were."""
        from bot.services.hindsight import Hindsight, monthly  # noqa: PLC0415

        review = self.review
        return Hindsight(review.figures, review.forecasts, self.people.directory(), monthly(self.budgets.current()), review.privacy)

    @property
    def longer_hindsight(self) -> Longer:
        """What tells how right forecasts of quarters and years were."""
        from bot.ports import FORGOTTEN  # noqa: PLC0415
        from bot.services.longer import Longer  # noqa: PLC0415

        loads = [load for load in self.ledger.sources() if load.description != FORGOTTEN]
        return Longer(self.hindsight, self.budgets, loads)

    @cached_property
    def planning(self) -> Planning:
        """What proposes the budgets of a year."""
        from bot.services.planning import Planning  # noqa: PLC0415

        review, organisation = self.review, self.settings.organisation
        return Planning(
            review.figures,
            self.ledger,
            self.people,
            review.calendar,
            self.clock,
            organisation.currency,
            review.budgets,
            organisation.privacy,
            organisation.fiscal_year_start,
        )

    @cached_property
    def escalation(self) -> Escalation:
        """What time alone changes."""
        from bot.services.escalate import Escalation  # noqa: PLC0415

        return Escalation(self.review, self.reconsider)

    def duties(self) -> None:
        """Take every step that time alone brings about."""
        self.escalation.run()
        self.requests.expire()
        self.claims.follow_up()

    @cached_property
    def acts(self) -> Acts:
        """What people do about alerts."""
        from bot.services.acts import Acts  # noqa: PLC0415
        from bot.services.answers import Answers  # noqa: PLC0415

        return Acts(Answers(self.review), self.chosen, self.requests, self.claims, self.broadcasts)

    def courier(self, chats: Mapping[str, Chat], worker: str, executor: Executor | None = None) -> Courier:
        """Return what delivers to *chats*; what it asks of the store runs on *executor*."""
        from bot.services.address import Addresses  # noqa: PLC0415
        from bot.services.deliver import Courier  # noqa: PLC0415

        addresses = Addresses(self.people, self.accounts, self.chosen, self.outbox, tuple(chats), self.settings.digests.pushes)
        return Courier(
            self.outbox,
            self.people,
            self.accounts,
            self.register,
            self.documents,
            self.templates,
            addresses,
            chats,
            self.clock,
            worker,
            executor=executor,
            reconsider=self.reconsider,
        )

    def answered(self, email: str, words: str) -> Answer:
        """Return what *email* is shown for *words*, and do what they ask.

        Raises:
            Refusal: The words are no command, or it is not theirs; carries the sentence to show.
        """
        view, told = self.answering(email, words)
        self.conversation.keep(told)
        return view

    def answering(self, email: str, words: str) -> tuple[Answer, tuple[Foretold, ...]]:
        """Return the same with the forecasts in it, which are to be kept when it was shown.

        Raises:
            Refusal: As `answered`.
        """
        person = self.people.directory().person(email) if is_act(words) else None
        return (self.acts.said(person, words), ()) if person else self.conversation.found(email, words)

    def text(self, view: Answer, email: str) -> str:
        """Return *view* as text, in the language and zone of the person with *email*."""
        return terminal.render(self.templates.card(view.template, view, self._reader(email)))

    def said(self, refusal: Refusal, email: str) -> str:
        """Return the sentence of *refusal* in the language of the person with *email*."""
        return say(Phrase(refusal.template, **refusal.values), self._reader(email).language)

    def talk(self, executor: Executor | None = None, writer: Executor | None = None) -> Talk:
        """Return what answers in a chat; what reads runs on *executor*, what writes on *writer*."""
        return Talk(
            self.conversation,
            lambda: self.acts,
            self.register,
            self.documents,
            self.templates,
            executor,
            writer,
            lambda email: self.outbox.wake(email, self.clock.now()),
        )

    @cached_property
    def ingest(self) -> Ingest:
        """What loads sources."""
        from adapters.engine import DuckDbEngine  # noqa: PLC0415 - questions must not wait for the engine to be imported
        from bot.services.ingest import Ingest, Rules  # noqa: PLC0415

        settings = self.settings
        found = Rules(
            currency=settings.organisation.currency,
            allocation=tuple(rules.rule(section, self.people.directory) for section in settings.allocation),
            records=self._records(),
            rates=tuple(rules.rates(settings)),
        )
        return Ingest(
            self.ledger,
            self.people,
            self.clock,
            GenaiPrices(),
            found,
            lambda: DuckDbEngine(settings.engine.memory, settings.engine.threads),
        )

    @contextmanager
    def source(self, section: SourceSettings) -> Iterator[UsageSource]:
        """Yield the source that *section* describes; its temporary files go when the block ends."""
        from adapters import registry  # noqa: PLC0415
        from adapters.place import Place  # noqa: PLC0415

        tags = sorted({tag for part in self.settings.allocation for tag in rules.rule(part, self.people.directory).tags})
        with tempfile.TemporaryDirectory(prefix="aispend-spool-") as spool:
            yield registry.build(section.kind, section.own(), Place(section.name, self.settings.root, Path(spool), tuple(tags)))

    def prepare_store(self) -> None:
        """Create the tables of an empty database.

        Raises:
            ConfigError: The database is of another version of this program.
        """
        from adapters.store import schema  # noqa: PLC0415

        found = schema.current(self.database)
        if found is None:
            schema.upgrade(self.database)
        elif trouble := schema.mismatch(found):
            raise ConfigError(trouble)

    def open_store(self) -> None:
        """Open the database for what says nothing without one; unlike for a load, none is made.

        Raises:
            ConfigError: There is none, or it is of another version of this program.
        """
        from adapters.store import schema  # noqa: PLC0415

        place = self.settings.store_url()
        file = place.removeprefix("sqlite:///")
        if (file != place and not Path(file).is_file()) or schema.current(self.database) is None:
            where = f"no {file}" if file != place else "an empty database"
            raise ConfigError(
                f"There is no data here yet ({where}). If it is elsewhere, go to the folder of its aispend.toml, or name that file: "
                "aispend --config FILE. To begin: aispend directory load people.csv, aispend ingest KIND FILE, aispend budgets apply "
                "budgets.toml; `aispend init` writes a configuration, `aispend demo` makes up a company."
            )
        self.prepare_store()

    def close(self) -> None:
        """Give the connections back."""
        if "database" in self.__dict__:
            self.database.close()

    def _reader(self, email: str) -> Reader:
        return reader_of(self.people.directory().person(email), self.documents)

    def _records(self) -> Mapping[str, str]:
        """Return who states which scope; every name must be a configured source."""
        names = {source.name for source in self.settings.sources}
        for scope, holder in self.settings.records.items():
            if holder not in names:
                raise ConfigError(f"[records] gives '{scope}' to '{holder}', but no [[sources]] section has that name.")
        return self.settings.records


def app(settings: Settings, now: str | None) -> App:
    """Return the application for *settings*, its clock at *now* (or the real time)."""
    return App(settings, clock_at(now))


def only_source(settings: Settings, kind: str) -> SourceSettings | None:
    """Return the one configured source of *kind*, None where there is none.

    Raises:
        SourceRefused: There are several.
    """
    found = [source for source in settings.sources if source.kind == kind]
    if len(found) > 1:
        raise SourceRefused(f"There are several sources of kind {kind}: {', '.join(s.name for s in found)}. Say which with --source.")
    return found[0] if found else None

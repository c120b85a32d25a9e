"""Wiring: the composition root, the only module that sees both the core and its adapters."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.chat import terminal
from adapters.clock import clock_at
from adapters.store.accounts import SqlAccounts, SqlDocuments
from adapters.store.budgets import SqlBudgets
from adapters.store.database import Database
from adapters.store.figures import SqlFigures
from adapters.store.ledger import SqlLedger
from adapters.store.people import SqlPeople
from bot import shipped
from bot.errors import ConfigError, Refusal, SourceRefused
from bot.messages.formats import Reader
from bot.messages.markup import Templates
from bot.messages.views import View
from bot.messages.words import Phrase, say
from bot.ports import Clock
from bot.services.accounts import Register
from bot.services.converse import Conversation
from bot.services.talk import Talk, reader_of
from bot.settings import RuleSettings, Settings, SourceSettings, secret

if TYPE_CHECKING:
    from adapters.chat.slack.client import SlackChat
    from bot.ports import UsageSource
    from bot.services.ingest import Ingest


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
            ledger=self.ledger,
            people=self.people,
            budgets=self.budgets,
            accounts=self.accounts,
            clock=self.clock,
            organisation=organisation.name,
            currency=organisation.currency,
            privacy=organisation.privacy,
            fiscal_year_start=organisation.fiscal_year_start,
        )

    @cached_property
    def templates(self) -> Templates:
        """The message templates."""
        return Templates((shipped.folder("templates"),))

    def text(self, view: View, email: str) -> str:
        """Return *view* as text, in the language and zone of the person with *email*."""
        return terminal.render(self.templates.card(view.template, view, self._reader(email)))

    def said(self, refusal: Refusal, email: str) -> str:
        """Return the sentence of *refusal* in the language of the person with *email*."""
        return say(Phrase(refusal.template, **refusal.values), self._reader(email).language)

    def talk(self, executor: Executor | None = None) -> Talk:
        """Return what answers in a chat; blocking work runs on *executor*."""
        return Talk(self.conversation, self.register, self.documents, self.templates, executor)

    def slack(self) -> tuple[SlackChat, str, str]:
        """Return Slack's client, its bot token, and the secret of its mode: for signatures, or to open the socket.

        Raises:
            ConfigError: [slack] is not enabled, or a secret is missing.
        """
        from adapters.chat.slack.client import SlackChat, required  # noqa: PLC0415 - questions must not wait for Slack's libraries

        section, environment = self.settings.slack, os.environ
        if not section.enabled:
            raise ConfigError("[slack] is not enabled; set enabled = true in the configuration.")
        name = "AISPEND_SLACK_BOT_TOKEN"
        token = required(secret(environment, name), name, "OAuth & Permissions, Bot User OAuth Token")
        is_http = section.mode == "http"
        name = "AISPEND_SLACK_SIGNING_SECRET" if is_http else "AISPEND_SLACK_APP_TOKEN"
        where = "Basic Information, Signing Secret" if is_http else "Basic Information, App-Level Tokens (connections:write)"
        return SlackChat(token, section.api), token, required(secret(environment, name), name, where)

    @cached_property
    def ingest(self) -> Ingest:
        """What loads sources."""
        from adapters.engine import DuckDbEngine  # noqa: PLC0415 - questions must not wait for the engine to be imported
        from adapters.prices import GenaiPrices  # noqa: PLC0415
        from bot.services.ingest import Ingest, Rules  # noqa: PLC0415

        settings = self.settings
        rules = Rules(
            currency=settings.organisation.currency,
            allocation=tuple(_rule(rule, self) for rule in settings.allocation),
            records=self._records(),
            rates=tuple(_rates(settings)),
        )
        return Ingest(
            self.ledger,
            self.people,
            self.clock,
            GenaiPrices(),
            rules,
            lambda: DuckDbEngine(settings.engine.memory, settings.engine.threads),
        )

    @contextmanager
    def source(self, section: SourceSettings) -> Iterator[UsageSource]:
        """Yield the source that *section* describes; its temporary files go when the block ends."""
        from adapters import registry  # noqa: PLC0415
        from adapters.place import Place  # noqa: PLC0415

        tags = sorted({tag for rule in self.settings.allocation for tag in _rule(rule, self).tags})
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
        elif found != schema.newest():
            raise ConfigError(f"The database is of version {found}, this program of {schema.newest()}. Run `aispend db upgrade`.")

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


def _rule(rule: RuleSettings, of: App) -> Any:
    from bot.ledger.allocate import Rule, Sharing  # noqa: PLC0415
    from bot.ledger.schema import KEYS, TAG  # noqa: PLC0415

    place = f"[[allocation]] {rule.name}"
    when = {_COLUMNS.get(name, name): (value,) if isinstance(value, str) else tuple(value) for name, value in rule.when.items()}
    for name in when:
        if name not in KEYS and not name.startswith(TAG):
            raise ConfigError(f"{place}: `when` names '{name}'; there are {', '.join([*_COLUMNS, 'tag:NAME'])}.")
    if not when or any(not values for values in when.values()):
        raise ConfigError(f"{place}: `when` must name at least one column with a value.")
    if any(str(team).startswith("tag:") for team in rule.among or ()):
        raise ConfigError(f"{place}: `among` names teams, not tags.")
    among = rule.among if isinstance(rule.among, dict) else dict.fromkeys(rule.among or [], 1)
    if bool(rule.share) != bool(among):
        raise ConfigError(f"{place}: `share` and `among` go together.")
    if bool(rule.share) == bool(rule.team) and not (rule.project and not rule.share):
        raise ConfigError(f"{place}: give either a team or a project, or `share` with `among`.")
    if rule.share == "share" and not isinstance(rule.among, dict):
        raise ConfigError(f'{place}: share = "share" needs weights, such as among = {{ search = 2, support = 1 }}.')
    if any(weight < 0 for weight in among.values()) or (among and not any(among.values())):
        raise ConfigError(f"{place}: weights must not be negative and not all zero.")
    weights = {str(_team(team, of, place)): weight for team, weight in among.items()}
    if len(weights) < len(rule.among or ()):
        raise ConfigError(f"{place}: `among` names a team twice; name each once, with its weight.")
    return Rule(rule.name, when, _team(rule.team, of, place), rule.project, Sharing(rule.share) if rule.share else None, weights)


_COLUMNS = {
    "provider": "provider_name",
    "service": "service_name",
    "model": "model",
    "account": "billing_account_id",
    "sub_account": "sub_account_id",
    "project": "project",
    "cost_center": "cost_center",
    "agent": "agent",
    "principal": "principal",
    "category": "charge_category",
}
"""What rules call the columns of charges."""


def _team(name: str | None, of: App, place: str) -> str | None:
    if name is None or name.startswith("tag:"):
        return name
    team = of.people.directory().team(name)
    if team is None:
        raise ConfigError(f"{place}: there is no team '{name}' in the directory. Load the directory first, or mend the name.")
    return team.name


def _rates(settings: Settings) -> Iterator[dict[str, Any]]:
    if not settings.organisation.rates:
        return
    path = settings.root / settings.organisation.rates
    try:
        reader = csv.DictReader(path.read_text("utf-8-sig").splitlines())
        rows = list(reader)
        if sorted(reader.fieldnames or []) != ["currency", "date", "rate"]:
            raise ConfigError(f"{path.name} must have the columns date,currency,rate.")
    except (OSError, ValueError, csv.Error) as exc:
        raise ConfigError(f"[organisation] rates names {path}, which cannot be read: {exc}.") from exc
    seen = set()
    for line, row in enumerate(rows, 2):
        try:
            if None in row:
                raise ValueError("more values than columns")  # noqa: TRY301 - one sentence for every bad line
            day, currency, rate = date.fromisoformat(row["date"]), row["currency"].strip().upper(), Decimal(row["rate"])
        except (KeyError, ValueError, TypeError, AttributeError, InvalidOperation) as exc:
            raise ConfigError(f"{path.name}, line {line}: write date,currency,rate such as 2026-11-03,EUR,1.0842.") from exc
        if rate.is_finite() and rate != rate.quantize(Decimal("1e-9")):
            raise ConfigError(f"{path.name}, line {line}: the rate {rate} has more than nine decimals; round it.")
        if not rate.is_finite() or not Decimal("1e-9") <= rate < Decimal(10) ** 8:
            raise ConfigError(
                f"{path.name}, line {line}: the rate {rate} cannot be; it is {settings.organisation.currency} per {currency}."
            )
        if (day, currency) in seen:
            raise ConfigError(f"{path.name}, line {line}: {currency} has two rates on {day}; keep one.")
        seen.add((day, currency))
        yield {"rate_day": day, "rate_currency": currency, "rate": rate}


def only_source(settings: Settings, kind: str) -> SourceSettings | None:
    """Return the one configured source of *kind*, None where there is none.

    Raises:
        SourceRefused: There are several.
    """
    found = [source for source in settings.sources if source.kind == kind]
    if len(found) > 1:
        raise SourceRefused(f"There are several sources of kind {kind}: {', '.join(s.name for s in found)}. Say which with --source.")
    return found[0] if found else None

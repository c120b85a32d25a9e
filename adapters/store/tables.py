"""Tables. Amounts are integers of nano-units (10⁻⁹ of the reporting currency), days are days since 1970-01-01 (UTC)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, SmallInteger, Text, TypeDecorator, UniqueConstraint
from sqlmodel import Field, SQLModel

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Return the number of *day* in the store."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """Return the day with *number*."""
    return EPOCH + timedelta(days=number)


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:  # noqa: ARG002
        """Store UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:  # noqa: ARG002
        """Return UTC, aware."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _key() -> Any:
    return Column(Integer, primary_key=True, autoincrement=False)


def _nanos() -> Any:
    return Column(BigInteger, nullable=False)


INCLUDED = "included"
"""What an index carries besides its key on PostgreSQL; told to it only there, for its dialect is slow to import."""
_PERSON_ANSWERS = ["line_id", "project_id", "team_id", "source_id"]
_TEAM_ANSWERS = ["line_id", "project_id", "person_id", "principal_id", "source_id"]
"""What questions about a person or a team read besides the key; SQLite's indexes hold the primary key anyway."""


class LabelRow(SQLModel, table=True):
    """A name that daily rows refer to by number: a source, principal, person, team, project, model, tool or provider."""

    __tablename__: ClassVar[Any] = "labels"
    __table_args__ = (UniqueConstraint("kind", "value", name="uq_labels_kind_value"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    value: str = Field(sa_column=Column(Text, nullable=False))


class LineRow(SQLModel, table=True):
    """What charges are for, apart from whose they are; empty text where the source says nothing."""

    __tablename__: ClassVar[Any] = "lines"

    id: int | None = Field(default=None, primary_key=True)
    fingerprint: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    provider_name: str
    service_name: str
    model: str
    cost_center: str
    agent: str
    charge_category: str
    charge_class: str
    billing_currency: str
    consumed_unit: str
    billing_account_id: str
    sub_account_id: str
    allocated_by: str
    provider_id: int
    tool_id: int
    model_id: int


class DailyCostRow(SQLModel, table=True):
    """The ledger: one row per charge day × line × person × team × project × principal × day of a source.

    `charge_day` is the day on which the charge began, by which a source restates; `day` is the day the cost belongs to.
    """

    __tablename__: ClassVar[Any] = "daily_costs"
    __table_args__ = (
        Index("ix_daily_costs_person", "person_id", "day", "billed", "estimated", info={INCLUDED: _PERSON_ANSWERS}),
        Index("ix_daily_costs_team", "team_id", "day", "billed", "estimated", info={INCLUDED: _TEAM_ANSWERS}),
        Index("ix_daily_costs_project", "project_id", "day"),
        Index("ix_daily_costs_day", "day", "person_id", "billed", "estimated"),
        {"sqlite_with_rowid": False},
    )

    source_id: int = Field(sa_column=_key())
    charge_day: int = Field(sa_column=_key())
    line_id: int = Field(sa_column=_key())
    person_id: int = Field(sa_column=_key())
    team_id: int = Field(sa_column=_key())
    project_id: int = Field(sa_column=_key())
    principal_id: int = Field(sa_column=_key())
    day: int = Field(sa_column=_key())
    billed: int = Field(sa_column=_nanos())
    effective: int = Field(sa_column=_nanos())
    list: int = Field(sa_column=_nanos())
    estimated: int = Field(sa_column=_nanos())
    original: int = Field(sa_column=_nanos())
    uncached_input_tokens: int = Field(sa_column=_nanos())
    cache_read_tokens: int = Field(sa_column=_nanos())
    cache_write_5m_tokens: int = Field(sa_column=_nanos())
    cache_write_1h_tokens: int = Field(sa_column=_nanos())
    output_tokens: int = Field(sa_column=_nanos())
    quantity: int = Field(sa_column=_nanos())


class PeriodCostRow(SQLModel, table=True):
    """The ledger added up per dimension and day or month, so that organisation-wide questions stay small."""

    __tablename__: ClassVar[Any] = "period_costs"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    dimension: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    grain: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    start: int = Field(sa_column=_key())
    key_id: int = Field(sa_column=_key())
    billed: int = Field(sa_column=_nanos())
    estimated: int = Field(sa_column=_nanos())


class LoadRow(SQLModel, table=True):
    """One delivery of a source, as booked."""

    __tablename__: ClassVar[Any] = "loads"

    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(index=True)
    kind: str
    description: str
    window_start: date
    window_end: date
    loaded_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    rows: int = Field(sa_column=_nanos())
    days: int
    ledger_rows: int = Field(sa_column=_nanos())
    currency: str
    billed: int = Field(sa_column=_nanos())
    estimated: int = Field(sa_column=_nanos())
    allocated: int = Field(sa_column=_nanos())
    unallocated: int = Field(sa_column=_nanos())
    watermark: datetime = Field(sa_column=Column(Instant, nullable=False))
    settling_days: int
    settles_after_month: bool
    is_range_export: bool
    scopes: str = Field(sa_column=Column(Text, nullable=False))
    quarantined_rows: int = Field(sa_column=_nanos())
    quarantined_cost: str
    left_out_rows: int = Field(sa_column=_nanos())
    left_out_cost: str
    unpriced_rows: int = Field(sa_column=_nanos())
    unpriced_models: str = Field(sa_column=Column(Text, nullable=False))


class SeenCostRow(SQLModel, table=True):
    """What the ledger held of a day of a source after a load, by the day's age in quarters of a day."""

    __tablename__: ClassVar[Any] = "seen_costs"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    source_id: int = Field(sa_column=_key())
    day: int = Field(sa_column=_key())
    age: int = Field(sa_column=_key())
    cost: int = Field(sa_column=_nanos())


class QuarantineRow(SQLModel, table=True):
    """A row of a load that could not be booked."""

    __tablename__: ClassVar[Any] = "quarantine"

    id: int | None = Field(default=None, primary_key=True)
    load_id: int = Field(foreign_key="loads.id", index=True)
    place: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    cost: str | None = None
    currency: str | None = None


class PersonRow(SQLModel, table=True):
    """A person of the directory."""

    __tablename__: ClassVar[Any] = "people"

    email: str = Field(primary_key=True)
    name: str
    time_zone: str
    locale: str
    roles: str


class StintRow(SQLModel, table=True):
    """A person's time in a team."""

    __tablename__: ClassVar[Any] = "stints"

    email: str = Field(primary_key=True, foreign_key="people.email")
    valid_from: date = Field(primary_key=True)
    valid_to: date
    team: str | None = None
    manager: str | None = None


class TeamRow(SQLModel, table=True):
    """A team of the directory."""

    __tablename__: ClassVar[Any] = "teams"

    name: str = Field(primary_key=True)
    parent: str | None = None
    manager: str | None = None
    cost_center: str | None = None
    channel: str | None = None


class IdentityRow(SQLModel, table=True):
    """For whom a principal acts."""

    __tablename__: ClassVar[Any] = "identities"

    principal: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date
    kind: str
    person: str | None = None
    service: str | None = None


class DirectoryVersionRow(SQLModel, table=True):
    """One row that counts the changes of the directory, so that who has read it knows whether to read it again."""

    __tablename__: ClassVar[Any] = "directory_version"

    id: int = Field(primary_key=True)
    number: int


class BudgetRow(SQLModel, table=True):
    """One version of a budget; the newest without `ended_at` is in force."""

    __tablename__: ClassVar[Any] = "budgets"

    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    scope_kind: str
    scope_name: str
    scope_within: str | None = None
    period: str
    limit: int = Field(sa_column=_nanos())
    currency: str
    ladder: str
    owner: str | None = None
    fiscal_year_start: int
    overlays: str = Field(default="[]", sa_column=Column(Text, nullable=False, server_default="[]"))
    began_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))


class LookRow(SQLModel, table=True):
    """That somebody looked at somebody's figures, or was refused."""

    __tablename__: ClassVar[Any] = "looks"
    __table_args__ = (Index("ix_looks_subject", "subject_kind", "subject", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    viewer: str
    subject_kind: str
    subject: str
    verdict: str
    command: str


class AccountRow(SQLModel, table=True):
    """Which chat account stands for which person."""

    __tablename__: ClassVar[Any] = "accounts"

    platform: str = Field(primary_key=True)
    space: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    email: str = Field(index=True)
    state: str
    checked_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    changed_by: str


class DocumentRow(SQLModel, table=True):
    """A small text by kind and key."""

    __tablename__: ClassVar[Any] = "documents"

    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    body: str = Field(sa_column=Column(Text, nullable=False))


class ReceivedRow(SQLModel, table=True):
    """The key of a delivery to us."""

    __tablename__: ClassVar[Any] = "received"

    key: str = Field(primary_key=True)
    at: datetime = Field(sa_column=Column(Instant, nullable=False, index=True))


class AlertRow(SQLModel, table=True):
    """An alert; what makes it the one it is, is unique."""

    __tablename__: ClassVar[Any] = "alerts"
    __table_args__ = (
        UniqueConstraint("kind", "budget", "subject", "period_start", "tier", "version", "occurrence", name="uq_alerts_identity"),
        Index("ix_alerts_state", "state", "due"),
        Index("ix_alerts_period", "period_start"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    budget: str
    subject: str
    period_start: date
    tier: str
    version: int
    occurrence: int
    state: str
    reason: str
    opened_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    changed_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    due: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))
    body: str = Field(sa_column=Column(Text, nullable=False))


class AuditRow(SQLModel, table=True):
    """A line of the audit log; the seal is the hash of the line and of the seal before it."""

    __tablename__: ClassVar[Any] = "audit"
    __table_args__ = (Index("ix_audit_about", "about", "id"),)

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    by: str
    what: str
    about: str
    detail: str = Field(sa_column=Column(Text, nullable=False))
    seal: str


class PostRow(SQLModel, table=True):
    """A message of the outbox."""

    __tablename__: ClassVar[Any] = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "state", "is_urgent", "due_at"),
        Index("ix_outbox_about", "about"),
        Index("ix_outbox_recipient", "recipient", "sent_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    kind: str
    recipient: str
    about: str
    role: str
    is_urgent: bool
    needs_answer: bool = False
    card: str = Field(sa_column=Column(Text, nullable=False))
    revision: int
    sent_revision: int
    state: str
    reason: str
    attempts: int
    was_unknown: bool
    worker: str
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    due_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    leased_until: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))
    sent_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))
    turn_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))
    platform: str
    space: str
    place: str
    message: str


class SaidRow(SQLModel, table=True):
    """A card that a message once was, before it was put right."""

    __tablename__: ClassVar[Any] = "said"

    post: int = Field(primary_key=True, foreign_key="outbox.id")
    revision: int = Field(primary_key=True)
    card: str = Field(sa_column=Column(Text, nullable=False))


class PaceRow(SQLModel, table=True):
    """When a place may next be written to, for every replica."""

    __tablename__: ClassVar[Any] = "pace"

    place: str = Field(primary_key=True)
    next_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class MarkRow(SQLModel, table=True):
    """A small fact that decisions leave for later ones: the last load reviewed, the run of a job."""

    __tablename__: ClassVar[Any] = "marks"

    name: str = Field(primary_key=True)
    value: str = Field(sa_column=Column(Text, nullable=False))


class RaiseRow(SQLModel, table=True):
    """An amount granted on top of a budget."""

    __tablename__: ClassVar[Any] = "raises"

    id: int | None = Field(default=None, primary_key=True)
    budget: str = Field(index=True)
    subject: str
    amount: int = Field(sa_column=_nanos())
    currency: str
    begins: datetime = Field(sa_column=Column(Instant, nullable=False))
    ends: datetime = Field(sa_column=Column(Instant, nullable=False))
    by: str


class _Foretold(SQLModel):
    """What a forecast says."""

    budget: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    period_start: date = Field(primary_key=True)
    as_of: date = Field(primary_key=True)
    point: int = Field(sa_type=BigInteger)
    low: int = Field(sa_type=BigInteger)
    high: int = Field(sa_type=BigInteger)
    limit: int = Field(sa_type=BigInteger)
    currency: str
    over: str
    early: date | None = None
    middle: date | None = None
    late: date | None = None
    days: int
    version: int


class ForecastRow(_Foretold, table=True):
    """How a budget's period was expected to end, as of a day."""

    __tablename__: ClassVar[Any] = "forecasts"
    __table_args__: ClassVar[Any] = (Index("ix_forecasts_as_of", "as_of"),)


class ShownForecastRow(_Foretold, table=True):
    """A forecast as somebody was shown it: of a subject, period and day what was shown last."""

    __tablename__: ClassVar[Any] = "shown_forecasts"
    __table_args__: ClassVar[Any] = (Index("ix_shown_forecasts_period_start", "period_start"),)


class CaseRow(SQLModel, table=True):
    """A matter between several people: a request for a raise, a claim of a key, a broadcast."""

    __tablename__: ClassVar[Any] = "cases"
    __table_args__ = (Index("ix_cases_state", "kind", "state"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    state: str
    opened_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    changed_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    due: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))
    body: str = Field(sa_column=Column(Text, nullable=False))


class OutcomeRow(SQLModel, table=True):
    """What a source says was got done on a day; counts are integers of 10⁻⁶, empty text is no team or project."""

    __tablename__: ClassVar[Any] = "outcomes"
    __table_args__ = (
        Index("ix_outcomes_kind", "source", "kind", "day"),
        Index("ix_outcomes_day", "day", "source", "kind", "team", "project", "counted"),
        {"sqlite_with_rowid": False},
    )

    source: str = Field(primary_key=True)
    day: int = Field(sa_column=_key())
    kind: str = Field(primary_key=True)
    team: str = Field(primary_key=True)
    project: str = Field(primary_key=True)
    counted: int = Field(sa_column=_nanos())

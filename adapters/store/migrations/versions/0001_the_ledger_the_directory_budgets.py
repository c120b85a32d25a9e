"""The ledger, the directory, budgets.

Safe beside the previous version; read before commit; never edited once released.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope_kind", sa.String(), nullable=False),
        sa.Column("scope_name", sa.String(), nullable=False),
        sa.Column("scope_within", sa.String(), nullable=True),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("ladder", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("fiscal_year_start", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", "version"),
    )
    op.create_table(
        "daily_costs",
        sa.Column("source_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("charge_day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("team_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("principal_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("billed", sa.BigInteger(), nullable=False),
        sa.Column("effective", sa.BigInteger(), nullable=False),
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.BigInteger(), nullable=False),
        sa.Column("original", sa.BigInteger(), nullable=False),
        sa.Column("uncached_input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_5m_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_1h_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "charge_day", "line_id", "person_id", "team_id", "project_id", "principal_id", "day"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_daily_costs_day", "daily_costs", ["day", "person_id", "billed", "estimated"], unique=False)
    op.create_index(
        "ix_daily_costs_person",
        "daily_costs",
        ["person_id", "day", "billed", "estimated"],
        unique=False,
        postgresql_include=["line_id", "project_id", "team_id", "source_id"],
    )
    op.create_index("ix_daily_costs_project", "daily_costs", ["project_id", "day"], unique=False)
    op.create_index(
        "ix_daily_costs_team",
        "daily_costs",
        ["team_id", "day", "billed", "estimated"],
        unique=False,
        postgresql_include=["line_id", "project_id", "person_id", "principal_id", "source_id"],
    )
    op.create_table(
        "directory_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "identities",
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("service", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("principal", "valid_from"),
    )
    op.create_table(
        "labels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "value", name="uq_labels_kind_value"),
    )
    op.create_table(
        "lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.String(), nullable=False),
        sa.Column("service_name", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("cost_center", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("charge_category", sa.String(), nullable=False),
        sa.Column("charge_class", sa.String(), nullable=False),
        sa.Column("billing_currency", sa.String(), nullable=False),
        sa.Column("consumed_unit", sa.String(), nullable=False),
        sa.Column("billing_account_id", sa.String(), nullable=False),
        sa.Column("sub_account_id", sa.String(), nullable=False),
        sa.Column("allocated_by", sa.String(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fingerprint"),
    )
    op.create_table(
        "loads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("window_start", sa.Date(), nullable=False),
        sa.Column("window_end", sa.Date(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("ledger_rows", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("billed", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.BigInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.Column("unallocated", sa.BigInteger(), nullable=False),
        sa.Column("watermark", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settling_days", sa.Integer(), nullable=False),
        sa.Column("settles_after_month", sa.Boolean(), nullable=False),
        sa.Column("is_range_export", sa.Boolean(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("quarantined_rows", sa.BigInteger(), nullable=False),
        sa.Column("quarantined_cost", sa.String(), nullable=False),
        sa.Column("left_out_rows", sa.BigInteger(), nullable=False),
        sa.Column("left_out_cost", sa.String(), nullable=False),
        sa.Column("unpriced_rows", sa.BigInteger(), nullable=False),
        sa.Column("unpriced_models", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_loads_source"), "loads", ["source"], unique=False)
    op.create_table(
        "looks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("viewer", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_looks_subject", "looks", ["subject_kind", "subject", "id"], unique=False)
    op.create_table(
        "people",
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("email"),
    )
    op.create_table(
        "period_costs",
        sa.Column("dimension", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("grain", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("start", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("billed", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dimension", "grain", "start", "key_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "teams",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("manager", sa.String(), nullable=True),
        sa.Column("cost_center", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cost", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["load_id"],
            ["loads.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_quarantine_load_id"), "quarantine", ["load_id"], unique=False)
    op.create_table(
        "stints",
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("team", sa.String(), nullable=True),
        sa.Column("manager", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["email"],
            ["people.email"],
        ),
        sa.PrimaryKeyConstraint("email", "valid_from"),
    )


def downgrade() -> None:
    op.drop_table("stints")
    op.drop_index(op.f("ix_quarantine_load_id"), table_name="quarantine")
    op.drop_table("quarantine")
    op.drop_table("teams")
    op.drop_table("period_costs")
    op.drop_table("people")
    op.drop_index("ix_looks_subject", table_name="looks")
    op.drop_table("looks")
    op.drop_index(op.f("ix_loads_source"), table_name="loads")
    op.drop_table("loads")
    op.drop_table("lines")
    op.drop_table("labels")
    op.drop_table("directory_version")
    op.drop_table("identities")
    op.drop_index(
        "ix_daily_costs_team",
        table_name="daily_costs",
        postgresql_include=["line_id", "project_id", "person_id", "principal_id", "source_id"],
    )
    op.drop_index("ix_daily_costs_project", table_name="daily_costs")
    op.drop_index(
        "ix_daily_costs_person",
        table_name="daily_costs",
        postgresql_include=["line_id", "project_id", "team_id", "source_id"],
    )
    op.drop_index("ix_daily_costs_day", table_name="daily_costs")
    op.drop_table("daily_costs")
    op.drop_table("budgets")

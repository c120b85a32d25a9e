"""Alerts, the audit log, the outbox, raises, cases.

Safe beside the previous version, which does not know the tables; never edited once released.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("kind", "budget", "subject")),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("due", _INSTANT, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "budget", "subject", "period_start", "tier", "version", "occurrence", name="uq_alerts_identity"),
    )
    op.create_index("ix_alerts_state", "alerts", ["state", "due"], unique=False)
    op.create_index("ix_alerts_period", "alerts", ["period_start"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("by", "what", "about")),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_about", "audit", ["about", "id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("key", "kind", "recipient", "about", "role")),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sent_revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("was_unknown", sa.Boolean(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("leased_until", _INSTANT, nullable=True),
        sa.Column("sent_at", _INSTANT, nullable=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("platform", "space", "place", "message")),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "is_urgent", "due_at"], unique=False)
    op.create_index("ix_outbox_about", "outbox", ["about"], unique=False)
    op.create_index("ix_outbox_recipient", "outbox", ["recipient", "sent_at"], unique=False)
    op.create_table(
        "said",
        sa.Column("post", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post"], ["outbox.id"]),
        sa.PrimaryKeyConstraint("post", "revision"),
    )
    op.create_table(
        "pace",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("next_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "raises",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("budget", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("begins", _INSTANT, nullable=False),
        sa.Column("ends", _INSTANT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_raises_budget", "raises", ["budget"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("due", _INSTANT, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_cases_state", "cases", ["kind", "state"], unique=False)


def downgrade() -> None:
    for table in ("cases", "raises", "marks", "pace", "said", "outbox", "audit", "alerts"):
        op.drop_table(table)

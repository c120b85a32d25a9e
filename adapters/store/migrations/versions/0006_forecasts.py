"""Forecasts that were shown, so that it can be told how right they were; planned changes of budgets.

Safe beside the previous version, which does not know the table; never edited once released.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecasts",
        sa.Column("budget", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("point", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("over", sa.String(), nullable=False),
        sa.Column("early", sa.Date(), nullable=True),
        sa.Column("middle", sa.Date(), nullable=True),
        sa.Column("late", sa.Date(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("budget", "subject", "period_start", "as_of"),
    )
    op.create_index("ix_forecasts_as_of", "forecasts", ["as_of"])
    op.add_column("budgets", sa.Column("overlays", sa.Text(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("budgets", "overlays")
    op.drop_index("ix_forecasts_as_of", "forecasts")
    op.drop_table("forecasts")

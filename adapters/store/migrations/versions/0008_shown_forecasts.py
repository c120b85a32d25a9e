"""Forecasts as people were shown them, so that it can be told how right these were.

Safe beside the previous version, which does not know the table; never edited once released.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shown_forecasts",
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
    op.create_index("ix_shown_forecasts_period_start", "shown_forecasts", ["period_start"])


def downgrade() -> None:
    op.drop_index("ix_shown_forecasts_period_start", "shown_forecasts")
    op.drop_table("shown_forecasts")

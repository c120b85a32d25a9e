"""What days cost when they were young, so that it can be told how much of a day is usually stated by its age.

Safe beside the previous version, which does not know the table; never edited once released.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seen_costs",
        sa.Column("source_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("age", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "day", "age"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("seen_costs")

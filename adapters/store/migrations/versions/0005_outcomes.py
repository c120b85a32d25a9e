"""Outcomes: what teams and projects got done, as sources say.

Safe beside the previous version, which does not know the table; never edited once released.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outcomes",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "day", "kind", "team", "project"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_outcomes_kind", "outcomes", ["source", "kind", "day"])
    op.create_index("ix_outcomes_day", "outcomes", ["day", "source", "kind", "team", "project", "counted"])


def downgrade() -> None:
    op.drop_table("outcomes")

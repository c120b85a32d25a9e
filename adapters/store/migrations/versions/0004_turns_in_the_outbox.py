"""Turns of messages: when one may be sent at its platform's pace; and which of them need an answer.

Safe beside the previous version, which does not know the columns; never edited once released.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("turn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("needs_answer", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("outbox", "needs_answer")
    op.drop_column("outbox", "turn_at")

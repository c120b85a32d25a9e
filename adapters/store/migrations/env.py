"""Alembic's entry: runs the revisions over the connection that it is handed."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from adapters.store import tables  # noqa: F401 - registers the models

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True, render_as_batch=False)
with context.begin_transaction():
    context.run_migrations()

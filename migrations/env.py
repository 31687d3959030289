"""Alembic's environment: it is handed a connection by ``app.foundation.migrating`` and never makes its own."""

from __future__ import annotations

from alembic import context

import app.every_table  # noqa: F401 - so that the metadata is whole
from app.foundation.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    transaction_per_migration=False,
    render_as_batch=False,
)
with context.begin_transaction():
    context.run_migrations()

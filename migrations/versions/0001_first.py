"""The first schema."""

from __future__ import annotations

from alembic import op

from app.foundation.db import Base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("trail_entry", "trail_checkpoint", "decision", "budget_entry")


def upgrade() -> None:
    """Forward."""
    connection = op.get_bind()
    Base.metadata.create_all(connection)
    for table in APPEND_ONLY:
        if table in Base.metadata.tables:
            protect(table)


def protect(table: str) -> None:
    """Let the database itself refuse to change or remove what was written."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append-only' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()"
    )
    op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION append_only()")


def downgrade() -> None:
    """Back."""
    Base.metadata.drop_all(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS append_only() CASCADE")

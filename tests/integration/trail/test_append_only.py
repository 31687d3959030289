"""What only grows: the database itself refuses to change or remove it, whatever program asks."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.trail.models import APPEND_ONLY
from tests.fixtures.chronicles import Chronicle

STATEMENTS = {
    "sqlite": (
        "UPDATE {table} SET union_id = union_id",
        "DELETE FROM {table}",
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    ),
    "postgresql": (
        "UPDATE {table} SET union_id = union_id",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
    ),
}


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_database_refuses_to_change_or_remove_what_was_recorded(chronicle: Chronicle, table: str) -> None:
    before = _count(chronicle, table)
    assert before > 0
    for statement in STATEMENTS[chronicle.database.writer.dialect.name]:
        with pytest.raises(DBAPIError, match="append-only"), chronicle.database.write() as session:
            session.connection().exec_driver_sql(statement.format(table=table))
        assert _count(chronicle, table) == before, statement


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_another_program_replaces_in_the_sqlite_file_is_found(chronicle: Chronicle) -> None:
    """A connection without our settings does not run the guards when it replaces rows."""
    replace = "INSERT OR REPLACE INTO trail_entry SELECT union_id, seq, at, x'7b7d', leaf_hash, chain_hash FROM trail_entry WHERE seq = 9"
    with contextlib.closing(sqlite3.connect(str(chronicle.database.url.database))) as connection:
        connection.execute(replace)
        connection.commit()
    assert ("entry_changed", 9) in {(one.code, one.seq) for one in chronicle.verified()}


def _count(chronicle: Chronicle, table: str) -> int:
    with chronicle.database.read() as session:
        return int(session.scalar(sa.select(sa.func.count()).select_from(sa.table(table))) or 0)

"""The database's two doors: what a reader sees and may not do, and when a writer takes its lock."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.foundation.clock import utc_now
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.people.models import Union

_NEW_UNION = sa.insert(Union).values(
    id=new_id(utc_now()), slug="far-bank", name="河对岸工会", two_auditor_limit_fen=500_000, created_at=utc_now()
)


def _names(session: Session) -> set[str]:
    return set(session.scalars(sa.select(Union.name)))


def test_what_is_written_meanwhile_does_not_change_what_a_reader_sees(database: Database) -> None:
    with database.read() as reading:
        before = _names(reading)
        database.transact(lambda session: session.execute(_NEW_UNION))
        assert _names(reading) == before
    with database.read() as again:
        assert _names(again) == before | {"河对岸工会"}


def test_a_reader_is_refused_every_change_and_the_next_one_finds_its_connection_usable(database: Database) -> None:
    with database.read() as reading:
        before = _names(reading)
    with database.read() as reading, pytest.raises(DBAPIError, match=r"read-?only"):
        reading.execute(_NEW_UNION)
    with database.read() as reading:
        assert _names(reading) == before


def test_a_writer_holds_the_lock_before_it_has_changed_anything(sqlite_database: Database) -> None:
    other = sqlite3.connect(str(sqlite_database.url.database), timeout=0, isolation_level=None)
    try:
        with sqlite_database.write() as writing:
            _names(writing)
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
    finally:
        other.close()


def test_a_reader_of_postgresql_keeps_the_statements_it_has_prepared(postgresql_database_url: str) -> None:
    database = Database(postgresql_database_url)
    try:
        for _ in range(7):  # the driver prepares what it has seen five times
            with database.read() as reading:
                _names(reading)
        with database.read() as reading:
            kept = reading.scalars(sa.text("SELECT statement FROM pg_prepared_statements")).all()
        assert [one for one in kept if "union" in one]
    finally:
        database.close()

"""Ticks come round on both databases, a failing one stops no other, and the worker ends when it is asked to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from app.cases.models import Deadline
from app.foundation.clock import utc_now
from app.foundation.db import Database
from app.foundation.migrating import grant
from app.foundation.ticking import SCHEMA, Tick, prepare, store_of, ticking
from app.trail.models import APPEND_ONLY
from tests.fixtures.fund import books
from tests.fixtures.servers import ROOT

EVERY_SECOND = "* * * * * *"
PATIENCE = 60


def test_ticks_come_round_and_one_that_fails_stops_no_other(database: Database) -> None:
    first, again, failed = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        (again if first.is_set() else first).set()

    def fail() -> None:
        failed.set()
        raise ValueError("broken on purpose")

    ticks = (Tick("broken", EVERY_SECOND, fail), Tick("sound", EVERY_SECOND, work))
    with ticking(database.url, ticks, utc_now):
        assert failed.wait(PATIENCE)
        assert first.wait(PATIENCE)
        assert again.wait(PATIENCE)


def test_the_job_engine_keeps_its_tables_apart_from_ours(database: Database) -> None:
    came = threading.Event()
    before = set(sa.inspect(database.reader).get_table_names())
    with ticking(database.url, (Tick("sound", EVERY_SECOND, came.set),), utc_now):
        assert came.wait(PATIENCE)
    assert set(sa.inspect(database.reader).get_table_names()) == before
    store = make_url(store_of(database.url))
    if database.is_sqlite:
        assert Path(store.database or "").exists()
    else:
        assert SCHEMA in sa.inspect(database.reader).get_schema_names()


def test_a_role_that_may_make_no_tables_can_tick_after_it_was_granted(postgresql_database_url: str) -> None:
    owner = make_url(postgresql_database_url)
    role, came = f"ticker_{os.getpid()}", threading.Event()
    engine = sa.create_engine(owner.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'quiet'")
        grant(postgresql_database_url, role, APPEND_ONLY)
        prepare(owner.set(drivername="postgresql+psycopg"), role)
        restricted = owner.set(drivername="postgresql+psycopg", username=role, password="quiet")
        with ticking(restricted, (Tick("sound", EVERY_SECOND, came.set),), utc_now):
            assert came.wait(PATIENCE)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f'DROP OWNED BY "{role}"')
            connection.exec_driver_sql(f'DROP ROLE IF EXISTS "{role}"')
        engine.dispose()


@pytest.mark.prove
def test_the_worker_looks_at_deadlines_by_itself_and_ends_when_it_is_asked_to(
    database: Database, tmp_path: Path
) -> None:
    """The first look comes with the next full minute."""
    union = books(database)
    union.budgeted(a501102=100_000)
    claim = union.submitted(10_000)
    environment = {
        **os.environ,
        "GONGKAI_ENVIRONMENT": "test",
        "GONGKAI_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "GONGKAI_FILES": str(tmp_path / "files"),
        "GONGKAI_SIGNING_KEY": str(tmp_path / "trail.key"),
    }
    worker = subprocess.Popen([sys.executable, "-m", "flask", "--app", "wsgi", "work"], cwd=ROOT, env=environment)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            worker.wait(90)
        with database.read() as session:
            row = session.get_one(Deadline, (union.town.union_id, claim.id))
        assert row.overdue_at is not None
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0

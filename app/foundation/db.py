"""The database: column types, one writer door with the only commit, and a reader door that cannot write.

On SQLite every writer passes one first-come-first-served lock (in the process, and by a lock file between processes), so
that ``BEGIN IMMEDIATE`` never has to fight; readers have an engine of their own. On PostgreSQL both doors are ordinary
READ COMMITTED transactions and rows are locked where they are read.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL, Connection, Dialect, Engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app.foundation.errors import TooBusy

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has one process per database file
    HAS_FILE_LOCKS = False
else:
    HAS_FILE_LOCKS = True

T = TypeVar("T")

LOCK_WAIT_SECONDS = 5.0
"""How long a writer queues before the answer is 503."""
RETRIES = 3
_RETRYABLE = frozenset({"40001", "40P01", "55P03", "23505"})
"""PostgreSQL: serialization failure, deadlock, lock not available, and two inserting the same key at once."""


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC moment with microseconds; naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments, and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = Annotated[Any, "json"]
Bytes = Annotated[bytes, "bytes"]


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        date: sa.Date(),
        uuid.UUID: sa.Uuid(),
        int: sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        str: sa.Text(),
        Json: sa.JSON().with_variant(JSONB(), "postgresql"),
        Bytes: sa.LargeBinary(),
    }


UnionId = Annotated[uuid.UUID, mapped_column(sa.Uuid(), sa.ForeignKey("union.id"), primary_key=True, sort_order=-1)]
"""The first part of every primary key: rows of one union stay together, also when sharded."""


class UnionRow:
    """A table that belongs to one union: its key begins with ``union_id``."""

    union_id: Mapped[UnionId]


def table_of(model: type[Base]) -> sa.Table:
    """The table behind a class, for statements that are made once and need no object."""
    return cast("sa.Table", model.__table__)


def write_rows(
    connection: Connection, statement: sa.Insert | sa.Update | sa.Delete, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Execute a statement for each of the rows, none included; drivers do one row by the shorter way."""
    if len(rows) == 1:
        connection.execute(statement, rows[0])
    elif rows:
        connection.execute(statement, rows)


class _WriterLock:
    """First come, first served; between processes by a lock file. Waiting longer than the limit is ``TooBusy``."""

    def __init__(self, path: Path | None) -> None:
        self._mutex = threading.Lock()
        self._queue: deque[threading.Lock] = deque()
        self._held = False
        self._path = path
        self._file: Any = None

    def acquire(self) -> None:
        """Wait for the turn.

        Raises:
            TooBusy: the turn did not come in time.
        """
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        self._wait_in_process(deadline)
        try:
            self._wait_between_processes(deadline)
        except BaseException:
            self._hand_over()
            raise

    def release(self) -> None:
        """Let the next one in."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._hand_over()

    def close(self) -> None:
        """Give the lock file back; it is opened again by the next writer."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _wait_in_process(self, deadline: float) -> None:
        with self._mutex:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        if turn.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return
        with self._mutex:
            if turn in self._queue:
                self._queue.remove(turn)
                raise TooBusy
        # The turn was handed over in the very moment the wait ended: pass it on.
        self._hand_over()
        raise TooBusy

    def _hand_over(self) -> None:
        with self._mutex:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._held = False

    def _wait_between_processes(self, deadline: float) -> None:
        if not HAS_FILE_LOCKS or self._path is None:
            return
        if self._file is None:
            self._file = self._path.open("ab")
        pause = 0.0003
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TooBusy from None
                time.sleep(pause)
                pause = min(pause * 1.5, 0.004)
            else:
                return


class Database:
    """One database with its two doors. Close it when the process ends."""

    def __init__(self, url: str, *, journal: str = "wal", pool_size: int = 8) -> None:
        """``url`` is a SQLAlchemy URL: ``sqlite:///path`` or ``postgresql://…``; ``journal`` is for SQLite only."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url: URL = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._lock = _WriterLock(Path(f"{parsed.database}.lock") if self.is_sqlite else None)
        self._writer = self._engine(journal, pool_size, write=True)
        self._reader = self._engine(journal, pool_size, write=False)

    @property
    def writer(self) -> Engine:
        """The engine that may write; for migrations and tests. Features use ``transact``."""
        return self._writer

    @property
    def reader(self) -> Engine:
        """The engine that cannot write."""
        return self._reader

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and cannot write."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session  # closing gives the connection back and leaves what was read usable

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction, committed when the block ends well and rolled back on any error.

        Raises:
            TooBusy: other writers held the lock too long.
        """
        if self.is_sqlite:
            self._lock.acquire()
        try:
            with Session(self._writer, expire_on_commit=False, autoflush=False) as session:
                try:
                    yield session
                    session.commit()
                except BaseException:
                    session.rollback()
                    raise
        except OperationalError as error:
            if self.is_sqlite and "locked" in str(error.orig):
                raise TooBusy from error
            raise
        finally:
            if self.is_sqlite:
                self._lock.release()

    def transact(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one transaction; deadlocks, races for one key and lost connections are tried again."""
        for attempt in range(RETRIES):
            try:
                with self.write() as session:
                    return work(session)
            except DBAPIError as error:
                if attempt == RETRIES - 1 or not _worth_retrying(error):
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Give every connection back."""
        self._writer.dispose()
        self._reader.dispose()
        self._lock.close()

    def _engine(self, journal: str, pool_size: int, *, write: bool) -> Engine:
        if not self.is_sqlite:
            url = self.url if write else self.url.set(drivername="postgresql+reading")
            engine = sa.create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=False)
            if not write:
                event.listen(engine, "connect", _read_only)
            return engine
        engine = sa.create_engine(
            self.url.set(drivername=f"sqlite+{'immediate' if write else 'deferred'}"),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_use_lifo=True,  # the connection used last has the pages and statements at hand
            connect_args={"timeout": 5, "check_same_thread": False},
        )
        event.listen(engine, "connect", _sqlite_setup(journal, write=write))
        return engine


def _worth_retrying(error: DBAPIError) -> bool:
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _RETRYABLE


def _sqlite_setup(journal: str, *, write: bool) -> Callable[[Any, Any], None]:
    pragmas = [
        f"journal_mode={journal}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=5000",
        "recursive_triggers=ON",
        "trusted_schema=OFF",
        *(() if write else ("query_only=ON",)),
    ]

    def setup(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # stop the driver's own BEGIN, which would come too late
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    return setup


class _Immediate(SQLiteDialect_pysqlite):
    """Begins as a writer. An event could do it too, but then every statement would look for listeners."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        """Take the write lock now, not at the first change."""
        dbapi_connection.execute("BEGIN IMMEDIATE")


class _Deferred(SQLiteDialect_pysqlite):
    """Begins as a reader, so that all of a transaction's reads see one state."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        """Lock nothing yet."""
        dbapi_connection.execute("BEGIN")


class _Reading(PGDialect_psycopg):
    """Ends every transaction by COMMIT: with a ROLLBACK the driver forgets which statements it has prepared."""

    supports_statement_cache = True

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Nothing was written that could be kept; of a failed transaction the server makes a rollback itself."""
        dbapi_connection.commit()


registry.register("postgresql.reading", __name__, "_Reading")
registry.register("sqlite.immediate", __name__, "_Immediate")
registry.register("sqlite.deferred", __name__, "_Deferred")


def _read_only(connection: Any, _record: Any) -> None:
    """What the driver then says with every BEGIN, instead of in a statement of its own."""
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ


UNSCOPED_TABLES: dict[str, str] = {
    "union": "the tree of unions itself",
    "account": "one person may serve several unions with one sign-in",
    "sign_in_attempt": "credentials: the throttle counts before anyone is known",
    "sign_in_session": "a session acts for one union at a time, but is found by its secret",
    "api_token": "a token acts for one union at a time, but is found by its secret",
    "invoice_registry": "an invoice is used once across all unions",
    "definition": "immutable and shared, found by its hash",
    "alembic_version": "the migration tool's own",
}
"""The only tables whose key does not begin with ``union_id``, each with its reason."""


class Unscoped(AssertionError):
    """A statement on a union's table does not name ``union_id``: it would ask every shard, or show another union's rows."""


def require_union_id(engine: Engine) -> None:
    """Make every statement on a union's table fail unless it names ``union_id``. For tests."""
    names = [table.name for table in Base.metadata.sorted_tables if table.name not in UNSCOPED_TABLES]
    tables = re.compile(
        r"\b(?:FROM|JOIN|UPDATE|INTO)\s+\"?(" + "|".join(map(re.escape, names)) + r")\"?\b", re.IGNORECASE
    )
    scoped = re.compile(r"union_id\"?\s*(=|IN\b)", re.IGNORECASE)

    @event.listens_for(engine, "before_cursor_execute")
    def check(_c: Any, _cursor: Any, statement: str, _p: Any, _context: Any, _many: Any) -> None:
        reads_or_changes = statement.lstrip()[:6].upper() in {"SELECT", "UPDATE", "DELETE"}
        if reads_or_changes and tables.search(statement) and not scoped.search(statement):
            raise Unscoped(statement)

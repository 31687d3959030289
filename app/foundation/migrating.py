"""Bringing a database to the version the code expects, and telling when it is not."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from app.foundation.db import Database
from app.foundation.errors import AppError

SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"


class DatabaseBehind(AppError):
    """数据库还是旧版（{found}），程序要 {wanted}。请先运行：flask --app wsgi database upgrade

    The database is at {found}, the program needs {wanted}. Run first: flask --app wsgi database upgrade
    """

    code = "database_behind"


class NeedsPostgreSQL(AppError):
    """只有 PostgreSQL 才分数据库角色；SQLite 由触发器保证只增不改。

    Only PostgreSQL has roles; on SQLite triggers keep the record append-only.
    """

    status = 400
    code = "needs_postgresql"


def upgrade(url: str, *, to: str = "head") -> None:
    """Bring the database at ``url`` to a revision, in one transaction; nothing of a failed migration stays."""
    database = Database(url)
    try:
        with database.writer.begin() as connection:
            command.upgrade(_config(connection), to)
    finally:
        database.close()


def downgrade(url: str, *, to: str) -> None:
    """Take the database back to an earlier revision."""
    database = Database(url)
    try:
        with database.writer.begin() as connection:
            command.downgrade(_config(connection), to)
    finally:
        database.close()


def grant(url: str, role: str, append_only: Collection[str]) -> None:
    """Give a PostgreSQL role what the program needs and no more: append-only tables can be read and added to.

    Raises:
        NeedsPostgreSQL: SQLite has no roles; its triggers do the same.
    """
    database = Database(url)
    try:
        if database.is_sqlite:
            raise NeedsPostgreSQL
        quoted = database.writer.dialect.identifier_preparer.quote(role)
        with database.writer.begin() as connection:
            schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
            connection.exec_driver_sql(f'GRANT USAGE ON SCHEMA "{schema}" TO {quoted}')
            everything = f'ALL TABLES IN SCHEMA "{schema}"'
            connection.exec_driver_sql(f"REVOKE ALL ON {everything} FROM {quoted}")
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {everything} TO {quoted}")
            for table in append_only:
                connection.exec_driver_sql(f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM {quoted}')
            connection.exec_driver_sql(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {quoted}")
    finally:
        database.close()


def check_current(database: Database) -> None:
    """Refuse to start on a database of another version.

    Raises:
        DatabaseBehind: with both revisions.
    """
    with database.reader.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    wanted = ScriptDirectory(str(SCRIPTS)).get_current_head()
    if found != wanted:
        raise DatabaseBehind(found=found or "—", wanted=wanted)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config

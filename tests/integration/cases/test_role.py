"""PostgreSQL: the program's own role can run the union's year and cannot touch what was recorded."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import ProgrammingError

from app.foundation.db import Database
from app.foundation.migrating import grant
from app.trail.models import APPEND_ONLY
from tests.fixtures.fund import Books, books


@pytest.fixture
def as_program(postgresql_database_url: str) -> Iterator[Books]:
    """A union founded by the owner, served by a role that got what ``flask database grant`` gives."""
    owner = Database(postgresql_database_url)
    role = f"gongkai_app_{uuid.uuid4().hex[:12]}"
    with owner.writer.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'river'")
    grant(postgresql_database_url, role, APPEND_ONLY)
    url = owner.url.set(username=role, password="river").render_as_string(hide_password=False)
    with contextlib.closing(Database(url)) as database:
        union = books(database)
        union.budgeted(a501102=100_000)
        yield union
    with owner.writer.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"DROP ROLE {role}")
    owner.close()


def test_a_claim_goes_all_its_way_under_the_programs_role(as_program: Books) -> None:
    claim = as_program.acted("auditor1", as_program.submitted(30_000), "approve")
    claim = as_program.acted("cashier", claim, "pay", paid_on="2026-04-27", bank_reference="0427-0001")
    assert as_program.acted("chair", claim, "publish").state == "published"
    returned = as_program.acted("auditor1", as_program.submitted(1_000), "return", comment="请补明细")
    assert as_program.acted("treasurer", returned, "submit").round == 2


REFUSED = (
    *(f"{verb} {table}" for table in APPEND_ONLY for verb in ("DELETE FROM", "TRUNCATE", "DROP TABLE")),
    *(f"UPDATE {table} SET union_id = union_id" for table in APPEND_ONLY),
    *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in APPEND_ONLY),
    "UPDATE alembic_version SET version_num = 'x'",
)


def test_the_programs_role_may_not_touch_what_was_recorded(as_program: Books) -> None:
    as_program.submitted(1_000)
    for statement in REFUSED:
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            as_program.database.write() as session,
        ):
            session.connection().exec_driver_sql(statement)

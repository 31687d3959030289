"""The schema: up and down on both databases, equal to the models, keys beginning with the union."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import app.every_table  # noqa: F401 - so that the metadata is whole
from app.foundation.db import UNSCOPED_TABLES, Base, Database
from app.foundation.migrating import check_current, downgrade, upgrade


def test_the_migrations_make_exactly_what_the_models_say(database: Database) -> None:
    check_current(database)
    with database.writer.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [one for one in compare_metadata(context, Base.metadata) if one[0] != "remove_table"]
    assert differences == []


def test_a_downgrade_leaves_nothing_behind_and_the_way_up_is_open_again(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    downgrade(empty_database_url, to="base")
    database = Database(empty_database_url)
    try:
        assert set(sa.inspect(database.writer).get_table_names()) <= {"alembic_version"}
    finally:
        database.close()
    upgrade(empty_database_url)


def test_every_key_begins_with_the_union_unless_listed_with_a_reason() -> None:
    wrong = {
        table.name
        for table in Base.metadata.sorted_tables
        if table.name not in UNSCOPED_TABLES and next(iter(table.primary_key.columns)).name != "union_id"
    }
    assert wrong == set()
    assert all(reason for reason in UNSCOPED_TABLES.values())


def test_foreign_keys_between_tables_of_a_union_carry_the_union() -> None:
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            if key.referred_table.name not in UNSCOPED_TABLES:
                assert "union_id" in key.column_keys, f"{table.name} -> {key.referred_table.name}"

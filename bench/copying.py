"""Many cases out of one: every row of a template case is copied by the database itself, under new ids and numbers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.cases.models import Case
from app.foundation.db import Base, Database, UtcDateTime
from app.foundation.ids import new_id

MAP = sa.Table(
    "bench_copy",
    sa.MetaData(),
    sa.Column("template", sa.Uuid),
    sa.Column("id", sa.Uuid),
    sa.Column("number", sa.Text),
    sa.Column("day", sa.Date),
    sa.Column("moment", UtcDateTime()),
    prefixes=["TEMPORARY"],
)
"""Which copies there will be; one row each."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One case to be: of which template, on which day, and when it last changed."""

    template: str
    day: date
    moment: datetime


def copy_cases(database: Database, union_id: uuid.UUID, copies: Sequence[Copy]) -> list[str]:
    """Write the copies, with all their rows, in one transaction; return their ids in the order asked for."""
    ids = [new_id(one.moment) for one in copies]
    with database.writer.begin() as connection:
        MAP.create(connection)
        connection.execute(
            sa.insert(MAP),
            [
                {
                    "template": uuid.UUID(one.template),
                    "id": case_id,
                    "number": f"BENCH-{place:07d}",
                    "day": one.day,
                    "moment": one.moment,
                }
                for place, (one, case_id) in enumerate(zip(copies, ids, strict=True))
            ],
        )
        _copy_rows(connection, Case.__table__, Case.__table__.c.id, union_id)  # type: ignore[arg-type]
        for table in _tables_of_cases():
            _copy_rows(connection, table, table.c.case_id, union_id)
        MAP.drop(connection)
    return [str(one) for one in ids]


def _tables_of_cases() -> Iterable[sa.Table]:
    """Every table with rows of a case: its decisions, who is waited for, its files, the typed rows of features."""
    return [table for table in Base.metadata.sorted_tables if "case_id" in table.c and table.name != "notice"]


def _copy_rows(connection: Connection, table: sa.Table, key: sa.Column[uuid.UUID], union_id: uuid.UUID) -> None:
    sources = [_source(connection, table, column, key) for column in table.c]
    rows = sa.select(*sources).select_from(table.join(MAP, key == MAP.c.template)).where(table.c.union_id == union_id)
    connection.execute(sa.insert(table).from_select([column.name for column in table.c], rows))


def _source(
    connection: Connection, table: sa.Table, column: sa.Column[object], key: sa.Column[uuid.UUID]
) -> sa.ColumnElement[object]:
    """Where a copy's column comes from: the template's row, unless it must differ."""
    if column is key:
        return MAP.c.id
    if column.name == "id":
        fresh = "lower(hex(randomblob(16)))" if connection.dialect.name == "sqlite" else "gen_random_uuid()"
        return sa.literal_column(fresh)
    if table.name == "case":
        changed = {
            "number": MAP.c.number,
            "day": MAP.c.day,
            "updated_at": MAP.c.moment,
            "published_at": sa.case((column.is_not(None), MAP.c.moment)),
        }
        return changed.get(column.name, column)
    if (table.name, column.name) in {("decision", "at"), ("waiting", "since")}:
        return MAP.c.moment
    return column

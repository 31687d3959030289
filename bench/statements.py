"""Statements per approval, counted at the driver: the whole request through the test client, authentication included."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import event

from app.foundation.clock import union_day, utc_now
from app.foundation.db import Database
from bench.approvals import IN_A_BATCH, the_union
from bench.copying import Copy, copy_cases
from bench.databases import Place
from bench.world import World, application

TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SET TRANSACTION", "SAVEPOINT", "RELEASE")


@dataclass(slots=True)
class Seen:
    """Statements that reached the driver, those that only mark transactions apart."""

    statements: list[str] = field(default_factory=list)
    transactions: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one approval, and of one batch: statements per request, and marks of transactions per request."""

    approval: Seen
    batch: Seen


def count(place: Place, world: World, directory: Path) -> Counts:
    """One approval and one batch of tasks, each after one that warmed the caches."""
    url = place.copy(world.url, "statements")
    now = utc_now()
    claim, task = world.templates.claims["submitted"], world.templates.tasks["reported"]
    app, database = application(url, directory)
    kinds = [claim.id] * 2 + [task.id] * (2 * IN_A_BATCH)
    ids = copy_cases(database, the_union(database), [Copy(kind, union_day(now), now - timedelta(1)) for kind in kinds])
    claims, tasks = ids[:2], ids[2:]
    with app.test_client() as client:
        for one in claims:
            with watched(database) as approval:
                _post(client, world.tokens["auditor1"], f"{one}/actions/approve", {"version": claim.version})
        for start in (0, IN_A_BATCH):
            items = [{"id": one, "version": task.version} for one in tasks[start : start + IN_A_BATCH]]
            with watched(database) as batch:
                _post(client, world.tokens["chair"], "actions/sign_off", {"items": items})
    database.close()
    return Counts(approval, batch)


@contextmanager
def watched(database: Database) -> Iterator[Seen]:
    """Everything that both doors of the database send while the block runs; an executemany is one statement."""
    seen = Seen()

    def execute(_c: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001 - the event's own signature
        marks = statement.lstrip().upper().startswith(TRANSACTION)
        (seen.transactions if marks else seen.statements).append(statement)

    def begin(_connection: sa.Connection) -> None:
        seen.transactions.append("BEGIN")

    def commit(_connection: sa.Connection) -> None:
        seen.transactions.append("COMMIT")

    def rollback(_connection: sa.Connection) -> None:
        seen.transactions.append("ROLLBACK")

    hooks = (("before_cursor_execute", execute), ("begin", begin), ("commit", commit), ("rollback", rollback))
    engines = (database.writer, database.reader)
    for engine in engines:
        for name, hook in hooks:
            event.listen(engine, name, hook)
    try:
        yield seen
    finally:
        for engine in engines:
            for name, hook in hooks:
                event.remove(engine, name, hook)


def _post(client: FlaskClient, token: str, path: str, body: dict[str, Any]) -> None:
    answer = client.post(f"/api/v1/cases/{path}", json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    items = answer.get_json().get("items", [])
    assert all(item["ok"] for item in items), items

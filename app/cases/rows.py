"""Writing what was decided: the trail, the case, the decision, who is waited for, and the outbox, a table at a time."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from app.cases.models import Case, CaseFile, Waiting
from app.cases.models import Decision as DecisionRow
from app.cases.ports import EffectCall
from app.cases.referring import write_links
from app.engine.decision import Decision
from app.engine.definition import Definition
from app.foundation.db import table_of, write_rows
from app.foundation.ids import new_id
from app.notices.models import Outbox
from app.trail import service as trail


@dataclass(slots=True)
class Taken:
    """A step that was decided and whose effects ran; its rows are written together with those of the batch."""

    case: Case
    definition: Definition
    decision: Decision
    changes: dict[str, Any]
    record: trail.Record
    waiting: list[dict[str, Any]] | None = None
    seq: int = 0
    new_files: list[dict[str, Any]] = field(default_factory=list)
    postponed: list[tuple[str, EffectCall]] = field(default_factory=list)
    """Effects that the batch carries out together, by name."""


def write(session: Session, union_id: uuid.UUID, person_id: uuid.UUID, taken: Sequence[Taken], now: datetime) -> None:
    """Everything that the steps change, in as few statements as there are tables."""
    seqs = trail.append_all(session, union_id, [one.record for one in taken], now)
    decisions, outbox = [], []
    for one, seq in zip(taken, seqs, strict=True):
        one.seq = seq
        decisions.append(_decision_row(one, person_id, now))
        outbox.append(_outbox_row(one, person_id, now))
    connection = session.connection()
    _update_cases(connection, taken)
    write_rows(connection, _NEW_DECISION, decisions)
    moved = [one for one in taken if one.waiting is not None]
    if moved:
        write_rows(connection, _NO_LONGER_WAITING, [{"union": union_id, "the_case": one.case.id} for one in moved])
        write_rows(connection, _NEW_WAITING, [row for one in moved for row in one.waiting or []])
    files = [row for one in taken for row in one.new_files if row["is_new"]]
    if files:
        keys = ("union_id", "case_id", "file_id", "path", "round")
        write_rows(connection, _NEW_FILE, [{key: row[key] for key in keys} for row in files])
    for one in taken:
        if "data" in one.changes:
            write_links(session, one.case, one.definition, one.changes["data"])
    write_rows(connection, _NEW_OUTBOX, outbox)


_NEW_DECISION = sa.insert(table_of(DecisionRow))
_NEW_WAITING = sa.insert(table_of(Waiting))
_NEW_FILE = sa.insert(table_of(CaseFile))
_NEW_OUTBOX = sa.insert(table_of(Outbox))
_NO_LONGER_WAITING = sa.delete(table_of(Waiting)).where(
    Waiting.union_id == sa.bindparam("union"), Waiting.case_id == sa.bindparam("the_case")
)


def _decision_row(one: Taken, person_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    return {
        "union_id": one.case.union_id,
        "case_id": one.case.id,
        "event": one.changes["events"],
        "round": one.case.round,
        "action": one.decision.action,
        "source": one.decision.source,
        "target": one.decision.target,
        "closes": one.decision.closes,
        "person_id": person_id,
        "rule": None,
        "office": one.decision.office,
        "at": now,
        "data_hash": one.changes.get("data_hash", one.case.data_hash),
        "trail_seq": one.seq,
    }


def _outbox_row(one: Taken, person_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    return {
        "union_id": one.case.union_id,
        "id": new_id(now),
        "topic": f"case.{one.decision.action}",
        "payload": {
            "case": str(one.case.id),
            "number": one.changes["number"],
            "title": one.changes.get("title", one.case.title),
            "workflow": one.case.workflow,
            "state": one.decision.target,
            "closes": one.decision.closes,
            "by": str(person_id),
            "waiting": sorted({row["who"] for row in one.waiting or []}),
        },
        "created_at": now,
        "delivered_at": None,
        "attempts": 0,
        "last_error": "",
    }


def _update_cases(connection: Connection, taken: Sequence[Taken]) -> None:
    """One prepared UPDATE for all cases whose changed columns are the same."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in taken:
        names = tuple(sorted(name for name, value in one.changes.items() if value != getattr(one.case, name)))
        row = {f"new_{name}": one.changes[name] for name in names}
        groups.setdefault(names, []).append({"the_union": one.case.union_id, "the_case": one.case.id, **row})
    for names, rows in groups.items():
        write_rows(connection, _changing(names), rows)


@functools.cache
def _changing(names: tuple[str, ...]) -> sa.Update:
    table = table_of(Case)
    return (
        sa.update(table)
        .where(table.c.union_id == sa.bindparam("the_union"), table.c.id == sa.bindparam("the_case"))
        .values({name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names})
    )

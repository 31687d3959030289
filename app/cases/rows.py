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

from app.cases.deadlines import replace_deadline, write_deadlines
from app.cases.models import ArrangementRow, Case, CaseFile, CaseMigration, Copy, Waiting
from app.cases.models import Decision as DecisionRow
from app.cases.ports import EffectCall
from app.cases.referring import write_links
from app.engine.decision import Arrangement, Decision
from app.engine.definition import TAKE_BACK, Definition
from app.engine.machine import TAKEN_BACK
from app.foundation.db import table_of, write_rows
from app.foundation.ids import new_id
from app.notices.models import Outbox
from app.notices.service import HOLD, withdraw_last
from app.trail import service as trail


@dataclass(slots=True)
class Arranged:
    """An arrangement that was allowed; its rows are written together."""

    case: Case
    arrangement: Arrangement
    changes: dict[str, Any]
    """The counters of the case, and where it stands where a step of the same transaction moved it."""
    record: trail.Record
    detail: dict[str, Any]
    waiting: list[dict[str, Any]] = field(default_factory=list)
    no_longer: list[str] = field(default_factory=list)
    tell: list[str] = field(default_factory=list)
    copy_to: uuid.UUID | None = None
    is_blocked: bool = False
    """Nobody is left who could take the step."""


@dataclass(slots=True)
class Carried:
    """A case that may be carried to another version of its workflow."""

    case: Case
    changes: dict[str, Any]
    states: dict[str, str]
    record: trail.Record | None = None
    """None for a draft that never entered the record."""
    waiting: list[dict[str, Any]] = field(default_factory=list)
    deadline: dict[str, Any] | None = None
    """The row of its state's deadline by the new version, counted from now."""


@dataclass(slots=True)
class Taken:
    """A step that was decided and whose effects ran; its rows are written together with those of the batch."""

    case: Case
    definition: Definition
    decision: Decision
    changes: dict[str, Any]
    record: trail.Record
    waiting: list[dict[str, Any]] | None = None
    deadline: dict[str, Any] | None = None
    """The row of the new state's deadline, if it has one."""
    seq: int = 0
    new_files: list[dict[str, Any]] = field(default_factory=list)
    postponed: list[tuple[str, EffectCall]] = field(default_factory=list)
    """Effects that the batch carries out together, by name."""
    arranged: list[Arranged] = field(default_factory=list)
    """Lots that were drawn as the next step began."""
    waiting_too: list[dict[str, Any]] = field(default_factory=list)
    """People asked from now on for a step that one of them began."""
    copies: list[dict[str, Any]] = field(default_factory=list)
    resumes: bool = False
    paper: dict[str, str] | None = None


def write(
    session: Session, union_id: uuid.UUID, person_id: uuid.UUID | None, taken: Sequence[Taken], now: datetime
) -> None:
    """Everything that the steps change, in as few statements as there are tables."""
    records = [record for one in taken for record in (one.record, *(lot.record for lot in one.arranged))]
    seqs = iter(trail.append_all(session, union_id, records, now))
    decisions, outbox, lots = [], [], []
    for one in taken:
        one.seq = next(seqs)
        decisions.append(_decision_row(one, person_id, now))
        outbox.append(_outbox_row(one, person_id, now))
        lots += [_arrangement_row(lot, None, next(seqs), now) for lot in one.arranged]
    connection = session.connection()
    _update_cases(connection, taken)
    write_rows(connection, _NEW_DECISION, decisions)
    moved = [one for one in taken if one.waiting is not None]
    if moved:
        write_rows(connection, _NO_LONGER_WAITING, [{"union": union_id, "the_case": one.case.id} for one in moved])
        write_rows(connection, _NEW_WAITING, [row for one in moved for row in one.waiting or []])
        write_deadlines(
            connection, union_id, [(one.case.id, one.definition, one.decision, one.deadline) for one in moved]
        )
    files = [row for one in taken for row in one.new_files if row["is_new"]]
    if files:
        keys = ("union_id", "case_id", "file_id", "path", "round")
        write_rows(connection, _NEW_FILE, [{key: row[key] for key in keys} for row in files])
    _write_more(connection, taken, lots)
    for one in taken:
        if "data" in one.changes:
            write_links(session, one.case, one.definition, one.changes["data"])
        if one.decision.action == TAKE_BACK:
            undone = f"case.{one.decision.routing[TAKEN_BACK]}"
            withdraw_last(session, union_id, one.case.id, undone, now)
    write_rows(connection, _NEW_OUTBOX, outbox)


def _write_more(connection: Connection, taken: Sequence[Taken], lots: list[dict[str, Any]]) -> None:
    """What few steps bring: lots that were drawn, people asked besides, copies by the workflow."""
    copies = [row for one in taken for row in one.copies]
    for statement, rows in ((_NEW_ARRANGEMENT, lots), (_NEW_COPY, copies)):
        if rows:
            write_rows(connection, statement, rows)
    _ask(connection, [row for one in taken for row in one.waiting_too])


def write_arrangement(session: Session, person_id: uuid.UUID, made: Arranged, now: datetime) -> None:
    """Everything that one arrangement changes."""
    case = made.case
    (seq,) = trail.append_all(session, case.union_id, [made.record], now)
    connection = session.connection()
    write_rows(connection, _NEW_ARRANGEMENT, [_arrangement_row(made, person_id, seq, now)])
    counters = {f"new_{name}": value for name, value in made.changes.items()}
    key = {"the_union": case.union_id, "the_case": case.id}
    write_rows(connection, _changing(tuple(sorted(made.changes))), [{**key, **counters}])
    if made.no_longer:
        gone = [{"union": case.union_id, "the_case": case.id, "who": who} for who in made.no_longer]
        write_rows(connection, _NO_LONGER_ASKED, gone)
    _ask(connection, made.waiting)
    if made.copy_to is not None and session.get(Copy, (case.union_id, case.id, made.copy_to)) is None:
        row = {"union_id": case.union_id, "case_id": case.id, "person_id": made.copy_to, "sent_by": person_id}
        write_rows(connection, _NEW_COPY, [{**row, "sent_at": now, "read_at": None}])
    write_rows(connection, _NEW_OUTBOX, [_told_row(made, person_id, now)])


def write_migration(session: Session, person_id: uuid.UUID, carried: Carried, now: datetime) -> None:
    """Everything that carrying one case to another version changes."""
    case, changes, connection = carried.case, carried.changes, session.connection()
    if carried.record is not None:
        (seq,) = trail.append_all(session, case.union_id, [carried.record], now)
        row = {
            "union_id": case.union_id,
            "case_id": case.id,
            "event": changes["events"],
            "round": case.round,
            "from_hash": case.definition_hash,
            "to_hash": changes["definition_hash"],
            "source": case.state,
            "target": changes["state"],
            "states": carried.states,
            "person_id": person_id,
            "at": now,
            "trail_seq": seq,
        }
        write_rows(connection, _NEW_MIGRATION, [row])
        write_rows(connection, _NO_LONGER_WAITING, [{"union": case.union_id, "the_case": case.id}])
        write_rows(connection, _NEW_WAITING, carried.waiting)
        replace_deadline(connection, case, carried.deadline)
    columns = {f"new_{name}": value for name, value in changes.items()}
    key = {"the_union": case.union_id, "the_case": case.id}
    write_rows(connection, _changing(tuple(sorted(changes))), [{**key, **columns}])


def _ask(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """A person may be asked for the same step twice, after the first was withdrawn; the latest counts."""
    for row in rows:
        connection.execute(_NO_LONGER_ASKED_FOR, {key: row[key] for key in ("union_id", "case_id", "action", "who")})
    if rows:
        write_rows(connection, _NEW_WAITING, list(rows))


_NEW_DECISION = sa.insert(table_of(DecisionRow))
_NEW_ARRANGEMENT = sa.insert(table_of(ArrangementRow))
_NEW_MIGRATION = sa.insert(table_of(CaseMigration))
_NEW_COPY = sa.insert(table_of(Copy))
_NEW_WAITING = sa.insert(table_of(Waiting))
_NEW_FILE = sa.insert(table_of(CaseFile))
_NEW_OUTBOX = sa.insert(table_of(Outbox))
_NO_LONGER_WAITING = sa.delete(table_of(Waiting)).where(
    Waiting.union_id == sa.bindparam("union"), Waiting.case_id == sa.bindparam("the_case")
)

_NO_LONGER_ASKED = sa.delete(table_of(Waiting)).where(
    Waiting.union_id == sa.bindparam("union"),
    Waiting.case_id == sa.bindparam("the_case"),
    Waiting.who == sa.bindparam("who"),
)
_NO_LONGER_ASKED_FOR = sa.delete(table_of(Waiting)).where(
    Waiting.union_id == sa.bindparam("union_id"),
    Waiting.case_id == sa.bindparam("case_id"),
    Waiting.action == sa.bindparam("action"),
    Waiting.who == sa.bindparam("who"),
)


def _decision_row(one: Taken, person_id: uuid.UUID | None, now: datetime) -> dict[str, Any]:
    return {
        "union_id": one.case.union_id,
        "case_id": one.case.id,
        "event": one.changes["events"] - len(one.arranged),
        "round": one.case.round,
        "action": one.decision.action,
        "source": one.decision.source,
        "target": one.decision.target,
        "closes": one.decision.closes,
        "person_id": person_id,
        "rule": one.record.rule,
        "office": one.decision.office,
        "at": now,
        "data_hash": one.changes.get("data_hash", one.case.data_hash),
        "trail_seq": one.seq,
        "seat_id": uuid.UUID(one.decision.seat) if one.decision.seat else None,
        "weight": one.decision.weight,
        "party": one.decision.party,
        "resumes": one.resumes,
        "paper": one.paper,
    }


def _arrangement_row(made: Arranged, person_id: uuid.UUID | None, seq: int, now: datetime) -> dict[str, Any]:
    return {
        "union_id": made.case.union_id,
        "case_id": made.case.id,
        "event": made.changes["events"],
        "round": made.changes.get("round", made.case.round),
        "state": made.changes.get("state", made.case.state),
        "verb": made.arrangement.verb.value,
        "action": made.arrangement.action,
        "person_id": person_id,
        "target_id": uuid.UUID(made.arrangement.to) if made.arrangement.to else None,
        "detail": made.detail,
        "at": now,
        "trail_seq": seq,
    }


def _told_row(made: Arranged, person_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """What is delivered to those who are asked, mentioned or sent a copy."""
    case = made.case
    return {
        "union_id": case.union_id,
        "id": new_id(now),
        "topic": "case.blocked" if made.is_blocked else f"case.{made.arrangement.verb.value}",
        "case_id": case.id,
        "event": made.changes["events"],
        "payload": {
            "case": str(case.id),
            "number": case.number,
            "title": case.title,
            "workflow": case.workflow,
            "state": case.state,
            "closes": False,
            "by": str(person_id),
            "waiting": sorted(made.tell),
        },
        "created_at": now,
        "not_before": now + HOLD,
        "delivered_at": None,
        "withdrawn_at": None,
    }


def _outbox_row(one: Taken, person_id: uuid.UUID | None, now: datetime) -> dict[str, Any]:
    return {
        "union_id": one.case.union_id,
        "id": new_id(now),
        "topic": f"case.{one.decision.action}",
        "case_id": one.case.id,
        "event": one.changes["events"] - len(one.arranged),
        "payload": {
            "case": str(one.case.id),
            "number": one.changes["number"],
            "title": one.changes.get("title", one.case.title),
            "workflow": one.case.workflow,
            "state": one.decision.target,
            "closes": one.decision.closes,
            "by": str(person_id) if person_id else None,
            "waiting": sorted({row["who"] for row in one.waiting or []}),
        },
        "created_at": now,
        "not_before": now + HOLD,
        "delivered_at": None,
        "withdrawn_at": None,
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

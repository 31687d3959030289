"""``flask trail verify``: the whole record of a union, from the bytes of the trail to the rows of every feature.

The trail proves itself first; then every case is decided again from its records and compared with the row that stands;
then the features compare their typed rows; then the bytes of every file are hashed again. Each problem is named.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.definitions import Definitions
from app.cases.models import Case, CaseFile, Decision, StoredFile
from app.cases.ports import Registry
from app.cases.values import columns_of, split_sealed
from app.engine.definition import Definition
from app.engine.replay import Broken, Move, refold
from app.foundation.errors import AppError
from app.foundation.storage import Store
from app.trail.canonical import is_canonical, parse
from app.trail.chain import data_hash
from app.trail.models import APPEND_ONLY
from app.trail.note import TrustedKey
from app.trail.verifying import Problem, Witnessed, entries, verify_log
from app.wording import Text

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Verifier:
    """What the check stands on besides the database."""

    definitions: Definitions
    registry: Registry
    store: Store

    def verify(
        self,
        session: Session,
        union_id: uuid.UUID,
        keys: Sequence[TrustedKey],
        witnessed: Sequence[Witnessed] = (),
    ) -> Iterator[Problem]:
        """Every problem of one union's record."""
        yield from triggers_stand(session)
        yield from verify_log(session, union_id, keys, witnessed)
        yield from self._cases_hold(session, union_id)
        yield from numbers_have_no_gaps(session, union_id)
        for reconcile in self.registry.reconcilers.values():
            for found in reconcile(session, union_id):
                yield Problem(found.code, Text(found.zh, found.en), subject=found.subject)
        yield from self._files_hold(session, union_id)

    def _cases_hold(self, session: Session, union_id: uuid.UUID) -> Iterator[Problem]:
        """Every case is what its records make of it, and no record is without its case."""
        told = _told_by_case(session, union_id)
        after: uuid.UUID | None = None
        while True:
            statement = sa.select(Case).where(Case.union_id == union_id).order_by(Case.id).limit(_PAGE)
            page = session.scalars(statement if after is None else statement.where(Case.id > after)).all()
            decisions = _decisions(session, union_id, [case.id for case in page])
            for case in page:
                records = told.pop(str(case.id), [])
                yield from self._case_holds(session, case, records, decisions.get(case.id, []))
            if len(page) < _PAGE:
                break
            after = page[-1].id
            session.expunge_all()
        for case_id, records in told.items():
            number = str(records[-1].case.get("number") or case_id)
            text = Text(
                f"{number}：留痕里有这件事，表里却没有了。", f"{number}: the trail tells of it, its row is gone."
            )
            yield Problem("case_missing", text, records[-1].seq, number)

    def _case_holds(
        self, session: Session, case: Case, records: list[_Told], rows: list[Decision]
    ) -> Iterator[Problem]:
        subject = case.number or str(case.id)
        if not records:
            if case.events or case.number:
                text = Text(f"{subject}：留痕里没有它的任何记录。", f"{subject}: the trail has no record of it.")
                yield Problem("case_untold", text, subject=subject)
            return
        last = records[-1]
        try:
            definition = self.definitions.by_hash(session, str(last.case.get("definition")))
        except AppError as error:
            yield Problem("definition_missing", error.text, last.seq, subject)
            return
        standing = refold(definition, (record.move for record in records))
        if isinstance(standing, Broken):
            text = Text(f"{subject}：{standing.text.zh}", f"{subject}: {standing.text.en}")
            yield Problem(f"replay_{standing.code}", text, standing.seq, subject)
            return
        expected = {
            "state": standing.state,
            "round": standing.round,
            "phase": definition.state(standing.state).phase.value,
            "number": last.case.get("number"),
            "events": len(records),
            "definition_hash": last.case.get("definition"),
            "data_hash": last.body.get("data_hash"),
        }
        for name, value in expected.items():
            if getattr(case, name) != value:
                text = Text(
                    f"{subject}：表里的{_NAMES[name]}是“{getattr(case, name)}”，按留痕应为“{value}”。",
                    f"{subject}: its row says {name} “{getattr(case, name)}”, the trail says “{value}”.",
                )
                yield Problem("case_differs", text, last.seq, subject)
        yield from _data_holds(case, definition, subject, last.seq)
        yield from _decisions_hold(records, rows, subject)

    def _files_hold(self, session: Session, union_id: uuid.UUID) -> Iterator[Problem]:
        """The bytes of every file that a case stands on still have the hash they came with."""
        rows = session.execute(
            sa.select(StoredFile.sha256, sa.func.min(Case.number))
            .join(CaseFile, (CaseFile.union_id == StoredFile.union_id) & (CaseFile.file_id == StoredFile.id))
            .join(Case, (Case.union_id == CaseFile.union_id) & (Case.id == CaseFile.case_id))
            .where(StoredFile.union_id == union_id, CaseFile.union_id == union_id)
            .group_by(StoredFile.sha256)
            .order_by(StoredFile.sha256)
        )
        for sha256, number in rows:
            if not self.store.exists(sha256) or not self.store.verify(sha256):
                text = Text(
                    f"{number}：附件 {sha256[:12]}… 不见了或内容被换过。",
                    f"{number}: the file {sha256[:12]}… is gone or its content was swapped.",
                )
                yield Problem("file_changed", text, subject=number)


@dataclass(frozen=True, slots=True)
class _Told:
    """One record of the trail about a case."""

    seq: int
    body: Mapping[str, Any]

    @property
    def case(self) -> Mapping[str, Any]:
        found = self.body.get("case")
        return found if isinstance(found, dict) else {}

    @property
    def move(self) -> Move:
        body, actor = self.body, self.body.get("actor") or {}
        return Move(
            seq=self.seq,
            action=str(body.get("action")),
            source=str(body.get("from")),
            target=str(body.get("to")),
            closes=bool(body.get("closes")),
            person=actor.get("person"),
            votes=tuple(body.get("votes") or ()),
            need=body.get("need"),
            routing=body.get("routing") or {},
            round=int(self.case.get("round") or 0),
        )


_NAMES = {
    "state": "状态",
    "round": "轮次",
    "phase": "阶段",
    "number": "编号",
    "events": "步数",
    "definition_hash": "流程版本",
    "data_hash": "内容指纹",
}


def _told_by_case(session: Session, union_id: uuid.UUID) -> dict[str, list[_Told]]:
    """Every record that is about a case, by case, without the data it carried."""
    told: dict[str, list[_Told]] = {}
    for entry in entries(session, union_id):
        body = bytes(entry.body)
        if not is_canonical(body):
            continue  # named already
        parsed: Any = parse(body)
        case = parsed.get("case") if isinstance(parsed, dict) else None
        if isinstance(case, dict):
            slim = {name: value for name, value in parsed.items() if name not in {"data", "sealed", "files"}}
            told.setdefault(str(case.get("id")), []).append(_Told(entry.seq, slim))
    return told


def _decisions(session: Session, union_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Decision]]:
    found: dict[uuid.UUID, list[Decision]] = {}
    rows = session.scalars(
        sa.select(Decision)
        .where(Decision.union_id == union_id, Decision.case_id.in_(ids))
        .order_by(Decision.case_id, Decision.event)
    )
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found


def _data_holds(case: Case, definition: Definition, subject: str, seq: int) -> Iterator[Problem]:
    """The form is what the trail committed to, and the list's columns are what the form says.

    A draft may have been changed since it was returned; it is committed to again when it is submitted.
    """
    columns = columns_of(definition, case.data)
    for name in ("title", "amount_fen", "category", "day"):
        if getattr(case, name) != getattr(columns, name):
            text = Text(
                f"{subject}：列表里的{name}与单据内容不符。", f"{subject}: its {name} is not what the form says."
            )
            yield Problem("column_differs", text, seq, subject)
    if case.state == definition.initial:
        return
    clear, secret = split_sealed(definition, case.data)
    if set(secret) != set(case.sealed) or data_hash(clear, case.sealed) != case.data_hash:
        text = Text(
            f"{subject}：单据内容与留痕不符，提交之后被改动过。",
            f"{subject}: its content is not what the trail committed to; it was changed behind its back.",
        )
        yield Problem("data_changed", text, seq, subject)


def _decisions_hold(records: list[_Told], rows: list[Decision], subject: str) -> Iterator[Problem]:
    """Each decision row says what its record says."""
    by_seq = {row.trail_seq: row for row in rows}
    for record in records:
        row = by_seq.pop(record.seq, None)
        move = record.move
        told = (move.action, move.source, move.target, move.closes, move.person, move.round)
        stands = row and (
            row.action,
            row.source,
            row.target,
            row.closes,
            str(row.person_id) if row.person_id else None,
            row.round,
        )
        if stands != told:
            text = Text(
                f"{subject}：第 {record.seq} 条的决定与决定表不符。",
                f"{subject}: the decision of entry {record.seq} is not what its row says.",
            )
            yield Problem("decision_differs", text, record.seq, subject)
    for seq in by_seq:
        text = Text(
            f"{subject}：决定表里多出一条，留痕里没有。", f"{subject}: a decision row that the trail does not know."
        )
        yield Problem("decision_untold", text, seq, subject)


def numbers_have_no_gaps(session: Session, union_id: uuid.UUID) -> Iterator[Problem]:
    """Numbers of each kind and year run from 1 without a gap."""
    found: dict[str, list[int]] = {}
    for number in session.scalars(
        sa.select(Case.number).where(Case.union_id == union_id, Case.number.is_not(None)).order_by(Case.number)
    ):
        series, _, count = str(number).rpartition("-")
        found.setdefault(series, []).append(int(count))
    for series, counts in found.items():
        for gap in sorted(set(range(1, max(counts) + 1)) - set(counts)):
            name = f"{series}-{gap:04d}"
            yield Problem("number_missing", Text(f"缺号：{name}", f"Number missing: {name}"), subject=name)


def triggers_stand(session: Session) -> Iterator[Problem]:
    """The database still refuses to change or remove what must only grow."""
    if session.get_bind().dialect.name == "sqlite":
        statement = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
    else:
        statement = "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgenabled <> 'D'"
    guarded = [row[0] for row in session.connection().exec_driver_sql(statement)]
    for table in APPEND_ONLY:
        if guarded.count(table) < 2:
            text = Text(f"数据表 {table} 的防改触发器不见了。", f"The triggers that keep {table} append-only are gone.")
            yield Problem("triggers_missing", text, subject=table)

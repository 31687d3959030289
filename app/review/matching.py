"""Whether one case stands as its records tell: state, columns, form, sealed values, files and decisions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import ArrangementRow, Case, CaseFile, CaseMigration, Decision, StoredFile
from app.cases.queries import migrations_of
from app.cases.values import columns_of, file_ids, split_sealed
from app.engine.definition import Definition, Phase
from app.engine.replay import Broken, refold
from app.foundation.clock import stamp
from app.review.telling import Kept, Told, kept_beside
from app.trail.chain import commitment, data_hash
from app.trail.verifying import Problem
from app.wording import Text


@dataclass(frozen=True, slots=True)
class Rows:
    """What the tables hold about one case besides its row."""

    decisions: Sequence[Decision] = ()
    arrangements: Sequence[ArrangementRow] = ()
    migrations: Sequence[CaseMigration] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """File id -> SHA-256."""
    kept: Mapping[int, Sequence[Kept]] = field(default_factory=dict)
    """By record, what opens its commitments."""


def rows_of(session: Session, union_id: uuid.UUID, seqs: Mapping[uuid.UUID, Sequence[int]]) -> Mapping[uuid.UUID, Rows]:
    """The rows of some cases, in five statements; ``seqs`` are each case's records."""
    decisions: dict[uuid.UUID, list[Decision]] = {case_id: [] for case_id in seqs}
    for row in session.scalars(
        sa.select(Decision)
        .where(Decision.union_id == union_id, Decision.case_id.in_(seqs))
        .order_by(Decision.case_id, Decision.event)
    ):
        decisions[row.case_id].append(row)
    arrangements: dict[uuid.UUID, list[ArrangementRow]] = {case_id: [] for case_id in seqs}
    for arranged in session.scalars(
        sa.select(ArrangementRow)
        .where(ArrangementRow.union_id == union_id, ArrangementRow.case_id.in_(seqs))
        .order_by(ArrangementRow.case_id, ArrangementRow.event)
    ):
        arrangements[arranged.case_id].append(arranged)
    migrations: dict[uuid.UUID, list[CaseMigration]] = {case_id: [] for case_id in seqs}
    for carried in migrations_of(session, union_id, list(seqs)):
        migrations[carried.case_id].append(carried)
    files: dict[uuid.UUID, dict[str, str]] = {case_id: {} for case_id in seqs}
    for case_id, file_id, sha256 in session.execute(
        sa.select(CaseFile.case_id, StoredFile.id, StoredFile.sha256)
        .join(StoredFile, (StoredFile.union_id == CaseFile.union_id) & (StoredFile.id == CaseFile.file_id))
        .where(CaseFile.union_id == union_id, CaseFile.case_id.in_(seqs))
    ):
        files[case_id][str(file_id)] = sha256
    kept = kept_beside(session, union_id, [seq for each in seqs.values() for seq in each])
    return {
        case_id: Rows(
            decisions[case_id],
            arrangements[case_id],
            migrations[case_id],
            files[case_id],
            {seq: kept.get(seq, []) for seq in each},
        )
        for case_id, each in seqs.items()
    }


def case_holds(
    case: Case, versions: Mapping[str, Definition], records: Sequence[Told], rows: Rows
) -> Iterator[Problem]:
    """Every difference between the case and its records, which are at least one and in order.

    ``versions`` are the definitions that the records name, by hash.
    """
    subject = case.number or str(case.id)
    ran = [versions[str(record.case.get("definition"))] for record in records]
    definition = ran[-1]
    standing = refold(ran[0], (record.event(versions) for record in records))
    if isinstance(standing, Broken):
        text = Text(f"{subject}：{standing.text.zh}", f"{subject}: {standing.text.en}")
        yield Problem(f"replay_{standing.code}", text, standing.seq, subject)
        return
    yield from _versions_hold(records, ran, subject)
    phase = definition.state(standing.state).phase.value
    stands = {"state": standing.state, "round": standing.round, "phase": phase}
    yield from _row_holds(case, ran, records, stands, subject)
    yield from _columns_hold(case, definition, subject, records[-1].seq)
    if case.state != definition.initial:
        yield from _form_holds(case, definition, records, rows, subject)
    yield from _values_are_kept(records, rows, subject)
    yield from _files_hold(case, definition, records, rows, subject)
    yield from _decisions_hold(records, rows.decisions, subject)
    yield from _arrangements_hold(records, rows.arrangements, subject)
    yield from _migrations_hold(records, rows.migrations, subject)


def _versions_hold(records: Sequence[Told], ran: Sequence[Definition], subject: str) -> Iterator[Problem]:
    """Between two records the case runs the same version, unless it was carried, and then to the one that is named."""
    for record, before, now in zip(records[1:], ran, ran[1:], strict=False):
        carried = record.migration
        named = (before.hash, now.hash) if carried is None else (carried.get("from"), carried.get("to"))
        if named != (before.hash, now.hash) or (carried is None and before is not now):
            text = Text(
                f"{subject}：第 {record.seq} 条起换了流程版本，却不是按迁移记的那样换的。",
                f"{subject}: from entry {record.seq} it runs another version than it was carried to.",
            )
            yield Problem("definition_swapped", text, record.seq, subject)


_NAMES = {
    "state": "状态",
    "round": "轮次",
    "phase": "阶段",
    "workflow": "流程",
    "number": "编号",
    "version": "版本",
    "events": "步数",
    "arranged": "安排数",
    "migrated": "迁移数",
    "definition_hash": "流程版本",
    "data_hash": "内容指纹",
    "submitter_id": "提交人",
    "submitted_at": "提交时间",
    "published_at": "公布时间",
}


def _row_holds(
    case: Case, ran: Sequence[Definition], records: Sequence[Told], stands: Mapping[str, object], subject: str
) -> Iterator[Problem]:
    last, definition = records[-1], ran[-1]
    expected: dict[str, object] = {
        **stands,
        "workflow": last.case.get("workflow"),
        "number": last.case.get("number"),
        "events": len(records),
        "arranged": sum(record.arrangement is not None for record in records),
        "migrated": sum(record.migration is not None for record in records),
        "definition_hash": last.case.get("definition"),
        "data_hash": _last_step(records).body.get("data_hash"),
        **_firsts(ran, records),
    }
    if case.state != definition.initial:
        expected["version"] = last.case.get("version")  # a draft's version grows with every change of it
    for name, value in expected.items():
        found = _plain(getattr(case, name))
        if found != value:
            text = Text(
                f"{subject}：表里的{_NAMES[name]}是“{found}”，按留痕应为“{value}”。",
                f"{subject}: its row says {name} “{found}”, the trail says “{value}”.",
            )
            yield Problem("case_differs", text, last.seq, subject)


def _firsts(ran: Sequence[Definition], records: Sequence[Told]) -> dict[str, object]:
    """Who sent it off last and when, and when it was published."""
    found: dict[str, object] = {"submitter_id": None, "submitted_at": None, "published_at": None}
    for record, definition in zip(records, ran, strict=True):
        if not record.is_step:
            continue
        move = record.move
        if move.closes and move.source == definition.initial:
            found |= {"submitter_id": move.person, "submitted_at": record.body.get("at")}
        if move.closes and definition.state(move.target).phase is Phase.PUBLISHED:
            found["published_at"] = record.body.get("at")
    return found


def _last_step(records: Sequence[Told]) -> Told:
    """The last record of a step; an arrangement says nothing of the form."""
    return next(record for record in reversed(records) if record.arrangement is None)


def _plain(value: object) -> object:
    """A column's value as the trail writes it."""
    if isinstance(value, datetime):
        return stamp(value)
    return str(value) if isinstance(value, uuid.UUID) else value


def _columns_hold(case: Case, definition: Definition, subject: str, seq: int) -> Iterator[Problem]:
    """What lists show is what the form says."""
    columns = columns_of(definition, case.data)
    for name in ("title", "amount_fen", "category", "day"):
        if getattr(case, name) != getattr(columns, name):
            text = Text(
                f"{subject}：列表里的{name}与单据内容不符。", f"{subject}: its {name} is not what the form says."
            )
            yield Problem("column_differs", text, seq, subject)


def _form_holds(
    case: Case, definition: Definition, records: Sequence[Told], rows: Rows, subject: str
) -> Iterator[Problem]:
    """The form is what the trail committed to, in clear and sealed.

    A draft may have been changed since it was returned; it is committed to again when it is submitted.
    """
    clear, secret = split_sealed(definition, case.data)
    seq = records[-1].seq
    strange = set(case.data) - {field.name for field in definition.fields}
    if strange or set(secret) != set(case.sealed) or data_hash(clear, case.sealed) != case.data_hash:
        text = Text(
            f"{subject}：单据内容与留痕不符，提交之后被改动过。",
            f"{subject}: its content is not what the trail committed to; it was changed behind its back.",
        )
        yield Problem("data_changed", text, seq, subject)
        return
    for path, value in secret.items():
        # What was erased is erased on the form too: a value that nothing opens any more is nobody's word.
        kept = [one for each in rows.kept.values() for one in each if one.path == path]
        if not any(_opens(one, value, case.sealed[path]) for one in kept):
            text = Text(
                f"{subject}：单据里的“{path}”与留痕封存的不符，提交之后被改动过。",
                f"{subject}: its “{path}” does not open what the trail sealed; it was changed behind its back.",
            )
            yield Problem("data_changed", text, seq, subject)


def _opens(kept: Kept, value: object, committed: str) -> bool:
    return kept.salt is not None and commitment(kept.salt, value) == committed


def _values_are_kept(records: Sequence[Told], rows: Rows, subject: str) -> Iterator[Problem]:
    """What opens a commitment lies beside the record that made it; erasing empties the row and leaves it."""
    seen: set[tuple[str, str]] = set()
    for record in records:
        there = {one.path for one in rows.kept.get(record.seq, ())}
        for path, committed in record.sealed.items():
            if (path, committed) not in seen and path not in there:
                text = Text(
                    f"{subject}：第 {record.seq} 条封存的“{path}”不见了。",
                    f"{subject}: the sealed value “{path}” of entry {record.seq} is gone.",
                )
                yield Problem("value_missing", text, record.seq, subject)
            seen.add((path, committed))


def _files_hold(
    case: Case, definition: Definition, records: Sequence[Told], rows: Rows, subject: str
) -> Iterator[Problem]:
    """The case stands on the files its records name: those of every round are tied to it, and the form's are the last."""
    named = [record.files for record in records if record.files is not None]
    ever = frozenset({record.paper for record in records if record.paper is not None}).union(*named)
    differs = ever != set(rows.files.values())
    if case.state != definition.initial and named:
        differs |= named[-1] != {rows.files.get(file) for file in file_ids(definition, case.data)}
    if differs:
        text = Text(
            f"{subject}：附件与留痕所记的不是同一批文件。", f"{subject}: its files are not those that the trail names."
        )
        yield Problem("files_differ", text, records[-1].seq, subject)


def _decisions_hold(records: Sequence[Told], rows: Sequence[Decision], subject: str) -> Iterator[Problem]:
    """Each decision row says what its record says."""
    by_seq = {row.trail_seq: row for row in rows}
    for event, record in enumerate(records, start=1):
        if not record.is_step:
            continue
        row = by_seq.pop(record.seq, None)
        if row is None or _row_of(row) != _row_told(record, event):
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


def _arrangements_hold(records: Sequence[Told], rows: Sequence[ArrangementRow], subject: str) -> Iterator[Problem]:
    """Each row of an arrangement says what its record says."""
    by_seq = {row.trail_seq: row for row in rows}
    for event, record in enumerate(records, start=1):
        made = record.arrangement
        if made is None:
            continue
        row = by_seq.pop(record.seq, None)
        about = {key: value for key, value in made.items() if key not in ("verb", "action", "person")}
        told = (
            *(event, made.get("verb"), made.get("action") or "", made.get("person"), record.actor.get("person")),
            *(record.body.get("to"), record.case.get("round"), record.body.get("at"), about),
        )
        if row is None or _arrangement_of(row) != told:
            text = Text(
                f"{subject}：第 {record.seq} 条的安排与安排表不符。",
                f"{subject}: the arrangement of entry {record.seq} is not what its row says.",
            )
            yield Problem("arrangement_differs", text, record.seq, subject)
    for seq in by_seq:
        text = Text(
            f"{subject}：安排表里多出一条，留痕里没有。", f"{subject}: an arrangement that the trail does not know."
        )
        yield Problem("arrangement_untold", text, seq, subject)


def _migrations_hold(records: Sequence[Told], rows: Sequence[CaseMigration], subject: str) -> Iterator[Problem]:
    """Each row of a carrying says what its record says."""
    by_seq = {row.trail_seq: row for row in rows}
    for event, record in enumerate(records, start=1):
        carried = record.migration
        if carried is None:
            continue
        row = by_seq.pop(record.seq, None)
        told = (
            *(event, record.case.get("round"), carried.get("from"), carried.get("to")),
            *(record.body.get("from"), record.body.get("to"), carried.get("states") or {}),
            *(record.actor.get("person"), record.body.get("at")),
        )
        if row is None or _migration_of(row) != told:
            text = Text(
                f"{subject}：第 {record.seq} 条的迁移与迁移表不符。",
                f"{subject}: the carrying of entry {record.seq} is not what its row says.",
            )
            yield Problem("migration_differs", text, record.seq, subject)
    for seq in by_seq:
        text = Text(
            f"{subject}：迁移表里多出一条，留痕里没有。", f"{subject}: a carrying that the trail does not know."
        )
        yield Problem("migration_untold", text, seq, subject)


def _migration_of(row: CaseMigration) -> tuple[object, ...]:
    return (
        *(row.event, row.round, row.from_hash, row.to_hash, row.source, row.target),
        *(dict(row.states), _plain(row.person_id), stamp(row.at)),
    )


def _arrangement_of(row: ArrangementRow) -> tuple[object, ...]:
    return (
        *(row.event, row.verb, row.action, _plain(row.target_id), _plain(row.person_id)),
        *(row.state, row.round, stamp(row.at), dict(row.detail)),
    )


def _row_of(row: Decision) -> tuple[object, ...]:
    who = (_plain(row.person_id), row.office, row.rule)
    place = (_plain(row.seat_id), row.weight, row.party, row.paper, row.resumes)
    step = (row.event, row.action, row.source, row.target, row.closes, row.round)
    return *step, *who, stamp(row.at), row.data_hash, *place


def _row_told(record: Told, event: int) -> tuple[object, ...]:
    move, body, actor = record.move, record.body, record.actor
    who = (move.person, actor.get("office"), actor.get("system"))
    return (
        event,
        move.action,
        move.source,
        move.target,
        move.closes,
        move.round,
        *who,
        body.get("at"),
        body.get("data_hash"),
        *(move.seat, move.weight, move.party, body.get("paper")),
        bool(move.closes and move.routing.get("resume")),
    )

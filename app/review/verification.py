"""``flask trail verify``: the whole record of a union, from the bytes of the trail to the rows of every feature.

The trail proves itself first; then every case is decided again from its records and compared with the row that stands;
then the features compare their typed rows; then the bytes of every file are hashed again. Each problem is named.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.definitions import Definitions
from app.cases.models import Case, CaseFile, NumberCounter, StoredFile
from app.cases.ports import Registry
from app.foundation.errors import AppError
from app.foundation.storage import Store
from app.review.matching import Rows, case_holds, rows_of
from app.review.telling import Told, records_by_case, told
from app.trail.models import APPEND_ONLY
from app.trail.note import TrustedKey
from app.trail.verifying import Problem, Witnessed, verify_log
from app.wording import Text

_PAGE = 200


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
        """Every case is what its records make of it, and no record is without its case. A page at a time."""
        seqs = records_by_case(session, union_id)
        session.expunge_all()
        after: uuid.UUID | None = None
        while True:
            statement = sa.select(Case).where(Case.union_id == union_id).order_by(Case.id).limit(_PAGE)
            page = session.scalars(statement if after is None else statement.where(Case.id > after)).all()
            own = {case.id: seqs.pop(str(case.id), []) for case in page}
            records = told(session, union_id, [seq for each in own.values() for seq in each])
            rows = rows_of(session, union_id, own)
            for case in page:
                yield from self._case_holds(session, case, [records[seq] for seq in own[case.id]], rows[case.id])
            if len(page) < _PAGE:
                break
            after = page[-1].id
            session.expunge_all()
        for case_id, each in seqs.items():
            yield _gone(case_id, told(session, union_id, each[-1:])[each[-1]])

    def _case_holds(self, session: Session, case: Case, records: list[Told], rows: Rows) -> Iterator[Problem]:
        subject = case.number or str(case.id)
        names = str(records[-1].case.get("definition")) if records else case.definition_hash
        try:
            definition = self.definitions.by_hash(session, names)
        except AppError as error:
            yield Problem("definition_missing", error.text, records[-1].seq if records else None, subject)
            return
        if records:
            yield from case_holds(case, definition, records, rows)
        elif case.events or case.number or case.state != definition.initial or rows.decisions:
            text = Text(f"{subject}：留痕里没有它的任何记录。", f"{subject}: the trail has no record of it.")
            yield Problem("case_untold", text, subject=subject)

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


def _gone(case_id: str, last: Told) -> Problem:
    number = str(last.case.get("number") or case_id)
    text = Text(f"{number}：留痕里有这件事，表里却没有了。", f"{number}: the trail tells of it, its row is gone.")
    return Problem("case_missing", text, last.seq, number)


def numbers_have_no_gaps(session: Session, union_id: uuid.UUID) -> Iterator[Problem]:
    """Numbers of each kind and year run from 1 without a gap, up to where the counter stands."""
    counters = session.execute(
        sa.select(NumberCounter.kind, NumberCounter.year, NumberCounter.last).where(NumberCounter.union_id == union_id)
    )
    lasts = {f"{kind}-{year}": last for kind, year, last in counters}
    found: dict[str, set[int]] = {series: set() for series in lasts}
    for number in session.scalars(sa.select(Case.number).where(Case.union_id == union_id, Case.number.is_not(None))):
        series, _, count = str(number).rpartition("-")
        if series and count.isascii() and count.isdigit():
            found.setdefault(series, set()).add(int(count))
    for series, counts in sorted(found.items()):
        last, highest = lasts.get(series, 0), max(counts, default=0)
        for gap in sorted(set(range(1, max(last, highest) + 1)) - counts):
            name = f"{series}-{gap:04d}"
            yield Problem("number_missing", Text(f"缺号：{name}", f"Number missing: {name}"), subject=name)
        if last < highest:
            text = Text(
                f"{series} 的编号计数停在 {last}，已用到 {highest}：会重号。",
                f"The counter of {series} stands at {last}, numbers are used up to {highest}: one would be given twice.",
            )
            yield Problem("counter_differs", text, subject=series)


_GUARDS = {
    "sqlite": ("no_update", "no_delete"),
    "postgresql": ("append_only", "no_truncate"),
}
_STANDING = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%BEGIN SELECT RAISE(ABORT,%'",
    # Foreign keys are triggers too on PostgreSQL; only named ones that raise are guards.
    "postgresql": "SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
    "WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND p.prosrc LIKE '%%BEGIN RAISE EXCEPTION%%'",
}


def triggers_stand(session: Session) -> Iterator[Problem]:
    """The database still refuses to change or remove what must only grow."""
    dialect = session.get_bind().dialect.name
    standing = set(session.connection().exec_driver_sql(_STANDING[dialect]).scalars())
    for table in APPEND_ONLY:
        if not standing.issuperset(f"{table}_{guard}" for guard in _GUARDS[dialect]):
            text = Text(f"数据表 {table} 的防改触发器不见了。", f"The triggers that keep {table} append-only are gone.")
            yield Problem("triggers_missing", text, subject=table)

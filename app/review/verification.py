"""``flask trail verify``: the whole record of a union, from the bytes of the trail to the rows of every feature.

The trail proves itself first; then every case is decided again from its records and compared with the row that stands;
then the features compare their typed rows; then the bytes of every file are hashed again. Each problem is named.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.cases.definitions import Definitions
from app.cases.models import Case, CaseFile, DefinitionInForce, NumberCounter, StoredDefinition, StoredFile
from app.cases.models import Decision as DecisionRow
from app.cases.ports import Reconciler, Registry
from app.foundation.clock import union_day
from app.foundation.errors import AppError, NotFound
from app.foundation.storage import Store
from app.people.models import Delegation
from app.review.matching import Rows, case_holds, rows_of
from app.review.revisions import revisions_hold
from app.review.telling import Contents, Told, contents, told
from app.trail.models import APPEND_ONLY
from app.trail.note import TrustedKey
from app.trail.verifying import Problem, Witnessed, bytes_of, verify_log
from app.wording import Text

_PAGE = 200
_LONGEST = 12
"""Digits of a number in a series; what is longer was never given."""
_SENSELESS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, AppError)
"""What comes of reading rows in which somebody wrote what no program of ours writes."""


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
        """Every problem of one union's record; a part that cannot even be read is one, and the others go on."""
        yield from _part("guards", triggers_stand(session))
        yield from _part("trail", verify_log(session, union_id, keys, witnessed))
        yield from _part("cases", self._records_hold(session, union_id))
        yield from _part("numbers", numbers_have_no_gaps(session, union_id))
        for name, reconcile in self.registry.reconcilers.items():
            yield from _part(name, _discrepancies(reconcile, session, union_id))
        yield from _part("files", self._files_hold(session, union_id))

    def _records_hold(self, session: Session, union_id: uuid.UUID) -> Iterator[Problem]:
        """The workflows are those that were adopted, and the cases what their records make of them."""
        found = contents(session, union_id)
        yield from definitions_hold(session, union_id, found)
        yield from delegations_hold(session, union_id, found.delegations)
        yield from revisions_hold(session, union_id, found.revisions)
        yield from self._cases_hold(session, union_id, found.cases)

    def _cases_hold(self, session: Session, union_id: uuid.UUID, seqs: dict[str, list[int]]) -> Iterator[Problem]:
        """Every case is what its records make of it, and no record is without its case. A page at a time."""
        statement = sa.select(Case.id).where(Case.union_id == union_id).order_by(Case.id).limit(_PAGE)
        page = session.scalars(statement).all()
        while page:
            yield from self._page_holds(session, union_id, {one: seqs.pop(str(one), []) for one in page})
            session.expunge_all()
            page = session.scalars(statement.where(Case.id > page[-1])).all()
        for case_id, each in seqs.items():
            yield _gone(case_id, told(session, union_id, each[-1:])[each[-1]])

    def _page_holds(
        self, session: Session, union_id: uuid.UUID, own: Mapping[uuid.UUID, Sequence[int]]
    ) -> list[Problem]:
        """Some cases with the numbers of their records; where one cannot be read, it is found by reading each alone."""
        try:
            return list(self._these_hold(session, union_id, own))
        except _SENSELESS as error:
            if len(own) > 1:
                return [one for case in own.items() for one in self._page_holds(session, union_id, dict([case]))]
            ((case_id, seqs),) = own.items()
            number = session.scalar(sa.select(Case.number).where(Case.union_id == union_id, Case.id == case_id))
            return [_unreadable(number or str(case_id), error, seqs[-1] if seqs else None)]

    def _these_hold(
        self, session: Session, union_id: uuid.UUID, own: Mapping[uuid.UUID, Sequence[int]]
    ) -> Iterator[Problem]:
        cases = session.scalars(
            sa.select(Case).where(Case.union_id == union_id, Case.id.in_(own)).order_by(Case.id)
        ).all()
        records = told(session, union_id, [seq for each in own.values() for seq in each])
        rows = rows_of(session, union_id, own)
        for case in cases:
            yield from self._case_holds(session, case, [records[seq] for seq in own[case.id]], rows[case.id])

    def _case_holds(self, session: Session, case: Case, records: list[Told], rows: Rows) -> Iterator[Problem]:
        subject = case.number or str(case.id)
        names = [str(record.case.get("definition")) for record in records] or [case.definition_hash]
        try:
            versions = {name: self.definitions.by_hash(session, name) for name in dict.fromkeys(names)}
        except AppError as error:
            yield Problem("definition_missing", error.text, records[-1].seq if records else None, subject)
            return
        if records:
            yield from case_holds(case, versions, records, rows)
        elif case.events or case.number or case.state != versions[case.definition_hash].initial or rows.decisions:
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
            if not _is_whole(self.store, sha256):
                text = Text(
                    f"{number}：附件 {sha256[:12]}… 不见了或内容被换过。",
                    f"{number}: the file {sha256[:12]}… is gone or its content was swapped.",
                )
                yield Problem("file_changed", text, subject=number)


def _part(name: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    """One part of the check; rows that make no sense end it, and are a problem themselves."""
    try:
        yield from problems
    except (*_SENSELESS, SQLAlchemyError) as error:
        yield _unreadable(name, error)


def _unreadable(subject: str, error: Exception, seq: int | None = None) -> Problem:
    # Of the database's own errors the first line; the rest repeats the statement.
    said = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    text = Text(
        f"{subject}：读不出来，里面写进了不该有的内容（{said}）。",
        f"{subject}: cannot be read, something was written there that makes no sense ({said}).",
    )
    return Problem("unreadable", text, seq, subject)


def _discrepancies(reconcile: Reconciler, session: Session, union_id: uuid.UUID) -> Iterator[Problem]:
    for found in reconcile(session, union_id):
        yield Problem(found.code, Text(found.zh, found.en), subject=found.subject)


def _is_whole(store: Store, sha256: str) -> bool:
    try:
        return store.exists(sha256) and store.verify(sha256)
    except NotFound:
        return False


def delegations_hold(
    session: Session, union_id: uuid.UUID, told_of: Mapping[str, tuple[object, ...]]
) -> Iterator[Problem]:
    """Whoever stands in for another is on record, and whoever acted in another's place stood in for him that day."""
    rows = session.scalars(sa.select(Delegation).where(Delegation.union_id == union_id)).all()
    stands = {
        str(row.id): (
            *(str(row.giver_id), str(row.taker_id), list(row.offices)),
            *(row.from_on.isoformat(), row.until_on.isoformat(), row.ended_at is not None),
        )
        for row in rows
    }
    for name in sorted(stands.keys() | told_of.keys()):
        if stands.get(name) != told_of.get(name):
            text = Text("代理登记与留痕不符。", "A delegation is not what the trail tells of it.")
            yield Problem("delegation_differs", text, subject=name)
    seated = sa.select(DecisionRow.trail_seq, DecisionRow.person_id, DecisionRow.seat_id, DecisionRow.at).where(
        DecisionRow.union_id == union_id, DecisionRow.seat_id.is_not(None), DecisionRow.paper.is_(None)
    )
    for seq, person, seat, at in session.execute(seated):
        day = union_day(at)
        if not any(
            (row.giver_id, row.taker_id) == (seat, person) and row.from_on <= day <= row.until_on for row in rows
        ):
            text = Text(
                "代办的人当天并没有代理。", "Whoever acted in another's place did not stand in for him that day."
            )
            yield Problem("seat_untold", text, seq, str(seq))


def definitions_hold(session: Session, union_id: uuid.UUID, found: Contents) -> Iterator[Problem]:
    """Each workflow that the union uses is stored as its hash says, and what is in force was put in force on record."""
    in_force = session.execute(
        sa.select(DefinitionInForce.name, DefinitionInForce.hash)
        .where(DefinitionInForce.union_id == union_id)
        .order_by(DefinitionInForce.name, DefinitionInForce.hash)
    ).all()
    for name, hash_ in in_force:
        if (name, hash_) not in found.adopted:
            text = Text(
                f"流程“{name}”换成了留痕里没有启用过的版本。",
                f"The workflow “{name}” in force is one that the trail never saw adopted.",
            )
            yield Problem("definition_unadopted", text, subject=name)
    used = sa.select(Case.definition_hash).where(Case.union_id == union_id)
    rows = session.execute(
        sa.select(StoredDefinition.name, StoredDefinition.hash, StoredDefinition.canonical)
        .where(sa.or_(StoredDefinition.hash.in_(used), StoredDefinition.hash.in_({row.hash for row in in_force})))
        .order_by(StoredDefinition.name, StoredDefinition.hash)
    )
    for name, hash_, stored in rows:
        if hashlib.sha256(bytes_of(stored)).hexdigest() != hash_:
            text = Text(f"流程“{name}”的内容被改动过。", f"The stored workflow “{name}” was changed.")
            yield Problem("definition_changed", text, subject=name)


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
        if series and count.isascii() and count.isdigit() and len(count) <= _LONGEST:
            found.setdefault(series, set()).add(int(count))
    for series, counts in sorted(found.items()):
        last, highest = lasts.get(series, 0), max(counts, default=0)
        for first, end in _gaps(counts, max(last, highest)):
            name = f"{series}-{first:04d}" + (f"…{end:04d}" if end > first else "")
            yield Problem("number_missing", Text(f"缺号：{name}", f"Number missing: {name}"), subject=name)
        if last < highest:
            text = Text(
                f"{series} 的编号计数停在 {last}，已用到 {highest}：会重号。",
                f"The counter of {series} stands at {last}, numbers are used up to {highest}: one would be given twice.",
            )
            yield Problem("counter_differs", text, subject=series)


def _gaps(counts: set[int], last: int) -> Iterator[tuple[int, int]]:
    """First and last of each run of numbers that are missing from 1 to ``last``, however long."""
    expected = 1
    for count in [*sorted(one for one in counts if one > 0), last + 1]:
        if count > expected:
            yield expected, count - 1
        expected = count + 1


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

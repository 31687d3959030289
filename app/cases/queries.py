"""Reading cases: inbox, timeline, files, links. Lists are made in SQL, and no list asks once per row."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import (
    ArrangementRow,
    Case,
    CaseFile,
    CaseLink,
    CaseMigration,
    Copy,
    Decision,
    Opening,
    StoredFile,
    Waiting,
)
from app.engine.decision import Arrangement, Order, Verb
from app.engine.definition import TAKE_BACK
from app.trail.models import TrailValue
from app.trail.service import COMMENT


def decisions_of(
    session: Session, union_id: uuid.UUID, case_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[Decision]]:
    """Every decision of these cases, in order."""
    found: dict[uuid.UUID, list[Decision]] = {case_id: [] for case_id in case_ids}
    rows = session.scalars(
        sa.select(Decision)
        .where(Decision.union_id == union_id, Decision.case_id.in_(case_ids))
        .order_by(Decision.case_id, Decision.event)
    )
    for row in rows:
        found[row.case_id].append(row)
    return found


class Past(NamedTuple):
    """What the engine needs to know of an earlier decision."""

    event: int
    round: int
    action: str
    source: str
    target: str
    closes: bool
    person_id: uuid.UUID | None
    seat_id: uuid.UUID | None = None
    weight: int = 1
    party: str = ""
    resumes: bool = False


class PastArrangement(NamedTuple):
    """What the engine needs to know of an earlier arrangement."""

    event: int
    arrangement: Arrangement


class PastMigration(NamedTuple):
    """What the engine needs to know of a carrying to another version."""

    event: int
    source: str
    target: str
    states: dict[str, str]


PastEvent = Past | PastArrangement | PastMigration


def past_of(session: Session, union_id: uuid.UUID, cases: Collection[Case]) -> dict[uuid.UUID, list[PastEvent]]:
    """What happened to these cases as the engine sees it, in order; arrangements are read only where there are any."""
    found: dict[uuid.UUID, list[PastEvent]] = {case.id: [] for case in cases}
    connection = session.connection()
    for row in connection.execute(_PAST, {"union": union_id, "cases": list(found)}):
        found[row[0]].append(Past._make(row[1:]))
    arranged = [case.id for case in cases if case.arranged]
    for row in connection.execute(_ARRANGED, {"union": union_id, "cases": arranged}) if arranged else ():
        found[row.case_id].append(PastArrangement(row.event, arrangement_of(row)))
    migrated = [case.id for case in cases if case.migrated]
    for one in migrations_of(session, union_id, migrated) if migrated else ():
        found[one.case_id].append(PastMigration(one.event, one.source, one.target, dict(one.states)))
    for case_id in {*arranged, *migrated}:
        found[case_id].sort(key=lambda event: event.event)
    return found


def migrations_of(session: Session, union_id: uuid.UUID, case_ids: Collection[uuid.UUID]) -> list[CaseMigration]:
    """How these cases were carried from version to version, in order."""
    rows = session.scalars(
        sa.select(CaseMigration)
        .where(CaseMigration.union_id == union_id, CaseMigration.case_id.in_(case_ids))
        .order_by(CaseMigration.case_id, CaseMigration.event)
    )
    return list(rows)


def arrangement_of(row: Any) -> Arrangement:
    """A row as the engine knows it."""
    return Arrangement(
        verb=Verb(row.verb),
        action=row.action,
        by=str(row.person_id) if row.person_id else None,
        to=str(row.target_id) if row.target_id else None,
        order=Order((row.detail or {}).get("order", Order.BESIDE)),
    )


def arrangements_of(session: Session, union_id: uuid.UUID, case_id: uuid.UUID) -> list[ArrangementRow]:
    """Every arrangement of a case, in order."""
    rows = session.scalars(
        sa.select(ArrangementRow)
        .where(ArrangementRow.union_id == union_id, ArrangementRow.case_id == case_id)
        .order_by(ArrangementRow.event)
    )
    return list(rows)


_PAST = (
    sa.select(
        Decision.case_id,
        Decision.event,
        Decision.round,
        Decision.action,
        Decision.source,
        Decision.target,
        Decision.closes,
        Decision.person_id,
        Decision.seat_id,
        Decision.weight,
        Decision.party,
        Decision.resumes,
    )
    .where(Decision.union_id == sa.bindparam("union"), Decision.case_id.in_(sa.bindparam("cases", expanding=True)))
    .order_by(Decision.case_id, Decision.event)
)
_ARRANGED = (
    sa.select(
        ArrangementRow.case_id,
        ArrangementRow.event,
        ArrangementRow.verb,
        ArrangementRow.action,
        ArrangementRow.person_id,
        ArrangementRow.target_id,
        ArrangementRow.detail,
    )
    .where(
        ArrangementRow.union_id == sa.bindparam("union"),
        ArrangementRow.case_id.in_(sa.bindparam("cases", expanding=True)),
    )
    .order_by(ArrangementRow.case_id, ArrangementRow.event)
)


def records_of(session: Session, union_id: uuid.UUID, case_id: uuid.UUID) -> list[int]:
    """The numbers of every record of the trail about a case, in order."""
    parts = [
        sa.select(table.trail_seq).where(table.union_id == union_id, table.case_id == case_id)
        for table in (Decision, ArrangementRow, CaseMigration)
    ]
    return sorted(session.scalars(sa.union_all(*parts)))


def openings_of(session: Session, union_id: uuid.UUID, case_id: uuid.UUID, version: int) -> dict[uuid.UUID, datetime]:
    """Who opened this version of the case, and when first."""
    rows = session.execute(
        sa.select(Opening.person_id, Opening.at).where(
            Opening.union_id == union_id, Opening.case_id == case_id, Opening.version == version
        )
    )
    return {row.person_id: row.at for row in rows}


def opened_by(session: Session, union_id: uuid.UUID, person_id: uuid.UUID, cases: Collection[Case]) -> set[uuid.UUID]:
    """Which of these cases the person opened as they stand now; one statement."""
    rows = session.execute(
        sa.select(Opening.case_id, Opening.version).where(
            Opening.union_id == union_id,
            Opening.person_id == person_id,
            Opening.case_id.in_([case.id for case in cases]),
        )
    )
    seen = {(row.case_id, row.version) for row in rows}
    return {case.id for case in cases if (case.id, case.version) in seen}


def copies_of(session: Session, union_id: uuid.UUID, case_id: uuid.UUID) -> list[Copy]:
    """Everyone who was sent a copy, with when it was read."""
    rows = session.scalars(
        sa.select(Copy).where(Copy.union_id == union_id, Copy.case_id == case_id).order_by(Copy.sent_at, Copy.person_id)
    )
    return list(rows)


def comments_of(session: Session, union_id: uuid.UUID, seqs: Collection[int]) -> dict[int, str]:
    """The opinions given with these records of the trail; an erased one is absent."""
    if not seqs:
        return {}
    rows = session.execute(
        sa.select(TrailValue.seq, TrailValue.value).where(
            TrailValue.union_id == union_id, TrailValue.path == COMMENT, TrailValue.seq.in_(seqs)
        )
    )
    return {row.seq: row.value for row in rows if isinstance(row.value, str)}


def files_of(session: Session, union_id: uuid.UUID, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, StoredFile]:
    """The union's files of these ids; unknown ones are absent."""
    if not ids:
        return {}
    rows = session.scalars(sa.select(StoredFile).where(StoredFile.union_id == union_id, StoredFile.id.in_(ids)))
    return {row.id: row for row in rows}


def cases_holding(session: Session, union_id: uuid.UUID, file_id: uuid.UUID) -> Sequence[Case]:
    """The cases that stand on a file."""
    return session.scalars(
        sa.select(Case)
        .join(CaseFile, (CaseFile.union_id == Case.union_id) & (CaseFile.case_id == Case.id))
        .where(Case.union_id == union_id, CaseFile.union_id == union_id, CaseFile.file_id == file_id)
    ).all()


def linked_cases(session: Session, union_id: uuid.UUID, case_id: uuid.UUID) -> Sequence[Case]:
    """The cases that name this one: a task's claims."""
    return session.scalars(
        sa.select(Case)
        .join(CaseLink, (CaseLink.union_id == Case.union_id) & (CaseLink.case_id == Case.id))
        .where(Case.union_id == union_id, CaseLink.union_id == union_id, CaseLink.other_id == case_id)
        .order_by(Case.opened_at)
    ).all()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: rows, and the cursor of the next page or None."""

    rows: Sequence[Case]
    next_cursor: str | None


def inbox(
    session: Session,
    union_id: uuid.UUID,
    person_id: uuid.UUID,
    offices: Collection[str],
    tab: str,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """One tab of 待办: todo (waits for me, oldest first), mine, done (what I handled last comes first), cc (newest first)."""
    if tab == "done":
        return _done(session, union_id, person_id, limit, cursor)
    statement, is_ascending = _TABS[tab](union_id, person_id, offices)
    return paged(session, statement, Case.updated_at, limit, cursor, ascending=is_ascending)


def count_todo(
    session: Session, union_id: uuid.UUID, person_id: uuid.UUID, offices: Collection[str]
) -> tuple[int, int]:
    """How many cases wait for this person, and what they add up to in fen."""
    these = _cases_of(union_id, _todo_ids(union_id, person_id, offices)).subquery()
    row = session.execute(sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(these.c.amount_fen), 0))).one()
    return int(row[0] or 0), int(row[1] or 0)


def count_waiting(session: Session, union_id: uuid.UUID, person_id: uuid.UUID, offices: Collection[str]) -> int:
    """The count alone, without reading a case: every page shows it."""
    waiting = _todo_ids(union_id, person_id, offices).distinct().subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(waiting)) or 0


Tab = tuple[sa.Select[Any], bool]
"""Which cases, and whether the oldest comes first."""


def _todo_ids(union_id: uuid.UUID, person_id: uuid.UUID, offices: Collection[str]) -> sa.Select[Any]:
    """Cases waiting for one of my offices or for me, without those where I already voted or that I submitted myself."""
    undoing = sa.orm.aliased(Decision)
    undone = sa.exists().where(
        undoing.union_id == union_id,
        undoing.case_id == Decision.case_id,
        undoing.event > Decision.event,
        undoing.person_id == Decision.person_id,
        undoing.action == TAKE_BACK,
    )
    voted = sa.exists().where(
        Decision.union_id == union_id,
        Decision.case_id == Waiting.case_id,
        Decision.person_id == person_id,
        Decision.closes.is_(False),
        Decision.action != TAKE_BACK,
        Decision.at >= Waiting.since,
        ~undone,
    )
    excused = sa.exists().where(
        ArrangementRow.union_id == union_id,
        ArrangementRow.case_id == Waiting.case_id,
        ArrangementRow.person_id == person_id,
        sa.or_(
            ArrangementRow.verb == Verb.RECUSE.value,
            sa.and_(ArrangementRow.verb == Verb.HAND_OVER.value, ArrangementRow.at >= Waiting.since),
        ),
    )
    return sa.select(Waiting.case_id).where(
        Waiting.union_id == union_id, Waiting.who.in_([*offices, str(person_id)]), ~voted, ~excused
    )


def _todo(union_id: uuid.UUID, person_id: uuid.UUID, offices: Collection[str]) -> Tab:
    return _cases_of(union_id, _todo_ids(union_id, person_id, offices)), True


def _mine(union_id: uuid.UUID, person_id: uuid.UUID, _offices: Collection[str]) -> Tab:
    return sa.select(Case).where(Case.union_id == union_id, Case.opener_id == person_id), False


def _cc(union_id: uuid.UUID, person_id: uuid.UUID, _offices: Collection[str]) -> Tab:
    sent = sa.select(Copy.case_id).where(Copy.union_id == union_id, Copy.person_id == person_id)
    return _cases_of(union_id, sent), False


def _cases_of(union_id: uuid.UUID, ids: sa.Select[Any]) -> sa.Select[Any]:
    """The cases with these ids, each once and looked up by its key: where ``IN`` is asked, SQLite reads every case instead."""
    wanted = ids.distinct().subquery()
    return sa.select(Case).join(wanted, wanted.c.case_id == Case.id).where(Case.union_id == union_id)


_TABS = {"todo": _todo, "mine": _mine, "cc": _cc}


def _done(session: Session, union_id: uuid.UUID, person_id: uuid.UUID, limit: int, cursor: str | None) -> Page:
    """Others' cases on which I decided, by my last decision: read along an index of my decisions, as far as the page."""
    later = sa.orm.aliased(Decision)
    decided_again = sa.exists().where(
        later.union_id == union_id,
        later.case_id == Decision.case_id,
        later.person_id == person_id,
        later.event > Decision.event,
    )
    statement = (
        sa.select(Decision.at, Case)
        .join(Case, (Case.union_id == Decision.union_id) & (Case.id == Decision.case_id))
        .where(
            Decision.union_id == union_id, Decision.person_id == person_id, Case.opener_id != person_id, ~decided_again
        )
    )
    after = _parse_cursor(cursor)
    if after is not None:
        here = sa.tuple_(Decision.at, Decision.case_id)
        statement = statement.where(here < _position(after, Decision.at, Decision.case_id))
    rows = session.execute(statement.order_by(Decision.at.desc(), Decision.case_id.desc()).limit(limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page([row.Case for row in rows[:limit]], _cursor(last.at, last.Case.id) if last else None)


def listing(
    session: Session,
    union_id: uuid.UUID,
    workflows: Iterable[str],
    *,
    phases: Collection[str] = (),
    states: Collection[str] = (),
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """Cases of some workflows, latest first."""
    statement = sa.select(Case).where(Case.union_id == union_id, Case.workflow.in_(list(workflows)))
    if phases:
        statement = statement.where(Case.phase.in_(list(phases)))
    if states:
        statement = statement.where(Case.state.in_(list(states)))
    return paged(session, statement, Case.updated_at, limit, cursor, ascending=False)


def paged(
    session: Session, statement: sa.Select[Any], key: Any, limit: int, cursor: str | None, *, ascending: bool
) -> Page:
    """One page of a statement ordered by ``key`` and id. The key is ``Case.updated_at``: it is what the cursor holds.

    Ids are sorted, and only the page's cases are read whole.
    """
    after = _parse_cursor(cursor)
    if after is not None:
        here, there = sa.tuple_(key, Case.id), _position(after, key, Case.id)
        statement = statement.where(here > there if ascending else here < there)
    order = (key.asc(), Case.id.asc()) if ascending else (key.desc(), Case.id.desc())
    page = statement.with_only_columns(Case.union_id, Case.id).order_by(*order).limit(limit + 1).subquery()
    whole = sa.select(Case).join(page, (Case.union_id == page.c.union_id) & (Case.id == page.c.id)).order_by(*order)
    rows = session.scalars(whole).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], _cursor(last.updated_at, last.id) if last else None)


def _cursor(moment: datetime, case_id: uuid.UUID) -> str:
    return f"{moment.isoformat()}~{case_id}"


def _position(after: tuple[datetime, uuid.UUID], moment: Any, case_id: Any) -> Any:
    return sa.tuple_(sa.literal(after[0], moment.type), sa.literal(after[1], case_id.type))


def _parse_cursor(cursor: str | None) -> tuple[datetime, uuid.UUID] | None:
    """A cursor as we gave it; anything else starts from the beginning."""
    try:
        text, _, case_id = (cursor or "").partition("~")
        moment = datetime.fromisoformat(text)
        return None if moment.tzinfo is None else (moment, uuid.UUID(case_id))
    except ValueError:
        return None

"""Reading cases: inbox, timeline, files, links. Lists are made in SQL, and no list asks once per row."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case, CaseFile, CaseLink, Copy, Decision, StoredFile, Waiting
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
    """One tab of 待办: todo (waits for me, oldest first), mine, done, cc (newest first)."""
    statement, key, is_ascending = _TABS[tab](union_id, person_id, offices)
    return paged(session, statement, key, limit, cursor, ascending=is_ascending)


def count_todo(
    session: Session, union_id: uuid.UUID, person_id: uuid.UUID, offices: Collection[str]
) -> tuple[int, int]:
    """How many cases wait for this person, and what they add up to in fen."""
    waiting = _todo_ids(union_id, person_id, offices)
    row = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Case.amount_fen), 0)).where(
            Case.union_id == union_id, Case.id.in_(waiting)
        )
    ).one()
    return int(row[0] or 0), int(row[1] or 0)


Tab = tuple[sa.Select[Any], Any, bool]


def _todo_ids(union_id: uuid.UUID, person_id: uuid.UUID, offices: Collection[str]) -> sa.Select[Any]:
    """Cases waiting for one of my offices or for me, without those where I already voted or that I submitted myself."""
    voted = sa.exists().where(
        Decision.union_id == union_id,
        Decision.case_id == Waiting.case_id,
        Decision.person_id == person_id,
        Decision.closes.is_(False),
        Decision.at >= Waiting.since,
    )
    return (
        sa.select(Waiting.case_id)
        .where(Waiting.union_id == union_id, Waiting.who.in_([*offices, str(person_id)]), ~voted)
        .distinct()
    )


def _todo(union_id: uuid.UUID, person_id: uuid.UUID, offices: Collection[str]) -> Tab:
    statement = sa.select(Case).where(Case.union_id == union_id, Case.id.in_(_todo_ids(union_id, person_id, offices)))
    return statement, Case.updated_at, True


def _mine(union_id: uuid.UUID, person_id: uuid.UUID, _offices: Collection[str]) -> Tab:
    return sa.select(Case).where(Case.union_id == union_id, Case.opener_id == person_id), Case.updated_at, False


def _done(union_id: uuid.UUID, person_id: uuid.UUID, _offices: Collection[str]) -> Tab:
    mine = sa.select(Decision.case_id).where(Decision.union_id == union_id, Decision.person_id == person_id)
    return (
        sa.select(Case).where(Case.union_id == union_id, Case.id.in_(mine), Case.opener_id != person_id),
        Case.updated_at,
        False,
    )


def _cc(union_id: uuid.UUID, person_id: uuid.UUID, _offices: Collection[str]) -> Tab:
    sent = sa.select(Copy.case_id).where(Copy.union_id == union_id, Copy.person_id == person_id)
    return sa.select(Case).where(Case.union_id == union_id, Case.id.in_(sent)), Case.updated_at, False


_TABS = {"todo": _todo, "mine": _mine, "done": _done, "cc": _cc}


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
    """One page of a statement ordered by ``key`` and id. The key is ``Case.updated_at``: it is what the cursor holds."""
    after = _parse_cursor(cursor)
    if after is not None:
        here = sa.tuple_(key, Case.id)
        there = sa.tuple_(sa.literal(after[0], key.type), sa.literal(after[1], Case.id.type))
        statement = statement.where(here > there if ascending else here < there)
    order = (key.asc(), Case.id.asc()) if ascending else (key.desc(), Case.id.desc())
    rows = session.scalars(statement.order_by(*order).limit(limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], f"{last.updated_at.isoformat()}~{last.id}" if last else None)


def _parse_cursor(cursor: str | None) -> tuple[datetime, uuid.UUID] | None:
    """A cursor as we gave it; anything else starts from the beginning."""
    try:
        moment, _, case_id = (cursor or "").partition("~")
        return datetime.fromisoformat(moment), uuid.UUID(case_id)
    except ValueError:
        return None

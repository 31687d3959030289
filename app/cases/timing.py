"""What happens when time passes: people are reminded, offices are told, and a rule closes what may be closed.

Whatever schedules this only says that it is time to look. What is due stands in the table ``deadline``; whoever holds
the lock of the case reads it again and moves it on in the same transaction, so that with any number of workers, after
any restart and under any clock each thing happens once.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.announcing import about
from app.cases.deadlines import GONE, next_look, next_opening, times
from app.cases.models import Case, Deadline, Waiting
from app.cases.service import Cases, SystemRule
from app.engine.definition import Deadline as Rule
from app.engine.definition import Definition
from app.foundation.clock import stamp, union_day
from app.foundation.db import Database
from app.foundation.errors import AppError
from app.notices import kinds
from app.notices import service as notices
from app.trail import service as trail
from app.wording import Text

LOG = logging.getLogger(__name__)
AT_MOST = 200
"""How many cases one scan looks at; the rest wait for the next."""
OVERSEE = "oversee"
"""The step that an office is waited for to which a case was reported: to see to it (督办)."""


@dataclass(slots=True)
class Scanned:
    """What one scan of a union did."""

    reminded: int = 0
    told: int = 0
    escalated: int = 0
    closed: int = 0
    refused: int = 0
    moved: int = 0
    """Deadlines that another calendar counts otherwise."""
    failed: int = 0
    """Cases that could not be looked at; the log says why, and the next scan tries again."""

    def __add__(self, other: Scanned) -> Scanned:
        return Scanned(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def total(self) -> int:
        """How many things happened."""
        return sum(getattr(self, name) for name in self.__slots__)


def scan_due(database: Database, door: Cases, union_id: uuid.UUID, now: datetime) -> Scanned:
    """Remind, report or close whatever is due in one union, a transaction for each case.

    Asking again, here or elsewhere, does nothing twice.
    """
    with database.read() as session:
        is_recounted = session.scalar(sa.select(Deadline.case_id).where(*_otherwise(door, union_id)).limit(1))
        ids = due(session, union_id, now)
    done = Scanned()
    if is_recounted:
        done.moved = database.transact(partial(reschedule, door=door, union_id=union_id))
        with database.read() as session:
            ids = due(session, union_id, now)
    for case_id in ids:
        try:
            done += database.transact(partial(look_at, door=door, union_id=union_id, case_id=case_id, now=now))
        except Exception:  # one case that cannot be looked at must not keep the others from being reminded
            LOG.exception("deadline of case %s", case_id)
            done.failed += 1
    return done


def due(session: Session, union_id: uuid.UUID, now: datetime) -> Sequence[uuid.UUID]:
    """The cases that a timer has to look at, the longest overdue first."""
    return session.scalars(
        sa.select(Deadline.case_id)
        .where(Deadline.union_id == union_id, Deadline.next_at <= now)
        .order_by(Deadline.next_at)
        .limit(AT_MOST)
    ).all()


def look_at(session: Session, door: Cases, union_id: uuid.UUID, case_id: uuid.UUID, now: datetime) -> Scanned:
    """Do what is due for one case; nothing when someone else is at it, or was before us."""
    case = session.scalar(_LOCKED, {"union": union_id, "the_case": case_id})
    if case is None:
        return Scanned()
    row = session.scalar(
        sa.select(Deadline)
        .where(Deadline.union_id == union_id, Deadline.case_id == case_id)
        .execution_options(populate_existing=True)
    )
    if row is None or row.next_at is None or row.next_at > now:
        return Scanned()
    definition = door.definitions.by_hash(session, case.definition_hash)
    rule = definition.state(row.state).deadline if row.state == case.state else None
    if rule is None:
        session.execute(GONE, {"the_union": union_id, "the_case": case_id})
        return Scanned()
    if now < row.due_at:
        row.reminded_at, row.next_at = now, row.due_at
        _tell(session, case, kinds.DUE_SOON, _waited_for(session, case), row, now)
        done = Scanned(reminded=1)
    elif rule.close_by is not None:
        done = _close(session, door, case, definition, rule.close_by, row, now)
    elif rule.escalate_to:
        done = _escalate(session, case, rule, row, now)
    else:
        row.overdue_at, row.next_at = now, None
        _tell(session, case, kinds.OVERDUE, _waited_for(session, case), row, now)
        done = Scanned(told=1)
    session.flush()
    return done


_LOCKED = (
    sa.select(Case)
    .where(Case.union_id == sa.bindparam("union"), Case.id == sa.bindparam("the_case"))
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)


def _escalate(session: Session, case: Case, rule: Rule, row: Deadline, now: datetime) -> Scanned:
    """Put it before the offices, and on record that a rule did so."""
    row.overdue_at, row.next_at = now, None
    rows = [
        {"union_id": case.union_id, "case_id": case.id, "action": OVERSEE, "who": office, "since": now}
        for office in rule.escalate_to
    ]
    session.execute(sa.insert(Waiting), rows)
    record = trail.Record(
        event="deadline.escalated",
        person=None,
        rule=rule_of(row.state),
        body={
            "extra": {
                "case": str(case.id),
                "number": case.number,
                "definition": case.definition_hash,
                "state": row.state,
                "due": stamp(row.due_at),
                "offices": list(rule.escalate_to),
            }
        },
    )
    waited_for = {*_waited_for(session, case), *rule.escalate_to}
    _tell(session, case, kinds.ESCALATED, sorted(waited_for), row, now)
    trail.append(session, case.union_id, record, now)
    return Scanned(escalated=1)


def _close(
    session: Session, door: Cases, case: Case, definition: Definition, action: str, row: Deadline, now: datetime
) -> Scanned:
    """Close it through the door. What refuses is told once, and tried again when offices next open."""
    try:
        with session.begin_nested():
            door.act_by_rule(session, SystemRule(case.union_id, rule_of(row.state)), case.id, action, now)
    except AppError:
        if row.overdue_at is None:
            _tell(session, case, kinds.OVERDUE, _waited_for(session, case), row, now)
        row.overdue_at = row.overdue_at or now
        row.next_at = next_opening(door.calendar, now)
        return Scanned(refused=1)
    return Scanned(closed=1)


def rule_of(state: str) -> str:
    """What the trail calls the rule that acts when a state's deadline has passed."""
    return f"deadline.{state}"


def reschedule(session: Session, door: Cases, union_id: uuid.UUID) -> int:
    """Count again what was counted by another calendar and is not overdue yet, and say how many there were."""
    calendar = door.calendar
    rows = session.execute(
        sa.select(Deadline, Case.definition_hash)
        .join(Case, sa.and_(Case.union_id == Deadline.union_id, Case.id == Deadline.case_id))
        .where(*_otherwise(door, union_id))
        .order_by(Deadline.case_id)
        .limit(AT_MOST)
    ).all()
    for row, hash_ in rows:
        states = {state.name: state for state in door.definitions.by_hash(session, hash_).states}
        rule = states[row.state].deadline if row.state in states else None
        if rule is None:
            session.execute(GONE, {"the_union": union_id, "the_case": row.case_id})
            continue
        found = times(rule, row.entered_at, calendar)
        session.execute(
            sa.update(Deadline)
            .where(
                Deadline.union_id == union_id,
                Deadline.case_id == row.case_id,
                Deadline.entered_at == row.entered_at,  # if it left and came back meanwhile, it was counted afresh
                Deadline.overdue_at.is_(None),
            )
            .values(
                due_at=found.due_at,
                remind_at=found.remind_at,
                next_at=next_look(found, row.reminded_at),
                is_provisional=found.is_provisional,
                calendar=calendar.digest,
            )
        )
    return len(rows)


def _otherwise(door: Cases, union_id: uuid.UUID) -> list[sa.ColumnElement[bool]]:
    digest = door.calendar.digest
    return [Deadline.union_id == union_id, Deadline.calendar != digest, Deadline.overdue_at.is_(None)]


def _waited_for(session: Session, case: Case) -> list[str]:
    """Whom the case waits for: offices' names and persons' ids."""
    return sorted(
        set(
            session.scalars(sa.select(Waiting.who).where(Waiting.union_id == case.union_id, Waiting.case_id == case.id))
        )
    )


def _tell(session: Session, case: Case, kind: str, whom: Sequence[str], row: Deadline, now: datetime) -> None:
    """Leave it to the outbox to tell them."""
    last = union_day(row.due_at - timedelta(microseconds=1))
    figures = {"last_day": Text(f"{last.month}月{last.day}日", f"{last.day} {last:%B}")}
    notices.tell(session, case.union_id, kind, whom, about(case), now, case_id=case.id, figures=figures)

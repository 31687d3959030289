"""Reading the plan: the year's items with their tasks, and a month of reported tasks to sign off. Sums in SQL."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case, CaseLink
from app.engine.definition import Phase
from app.people import queries as people
from app.plan.facts import LIVE
from app.plan.models import PlanItem, Task

TASK = "task"
OPEN = (Phase.SUBMITTED.value, Phase.AUDITED.value)
_due_on = sa.func.coalesce(Task.due_on, Case.day)
"""The day a task is to be done by: as postponed, and as asked for until the plan has a row of it."""
SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class Planned:
    """One task of the year, with what it has cost so far."""

    case: Case
    due_on: date
    """The day it is to be done by, as postponed."""
    claimed_fen: int
    """Live claims linked to it."""


@dataclass(frozen=True, slots=True)
class Due:
    """How many tasks are not yet reported done, by their day as postponed."""

    overdue: int
    soon: int
    """Due from today on, within ``SOON_DAYS``."""


@dataclass(frozen=True, slots=True)
class Node:
    """One item of an adopted plan with the tasks that came of it."""

    item: PlanItem | None
    """None gathers tasks that name no item of the plan."""
    tasks: tuple[Planned, ...]


def years(session: Session, union_id: uuid.UUID) -> list[int]:
    """The years that have a plan, latest first."""
    return list(
        session.scalars(
            sa.select(PlanItem.year).where(PlanItem.union_id == union_id).distinct().order_by(PlanItem.year.desc())
        )
    )


def tree(session: Session, union_id: uuid.UUID, year: int) -> list[Node]:
    """The year's items in the plan's order, each with its tasks by due day; three statements.

    A task belongs to the item of the plan it names. One that names no plan goes to the first item of that number.
    """
    items = session.scalars(
        sa.select(PlanItem)
        .where(PlanItem.union_id == union_id, PlanItem.year == year)
        .order_by(PlanItem.case_id, PlanItem.position)
    ).all()
    exact = {(str(item.case_id), item.number): item for item in reversed(items)}
    by_number = {item.number: item for item in reversed(items)}
    found: dict[tuple[uuid.UUID, int] | None, list[Planned]] = {}
    for task in tasks_of_year(session, union_id, year):
        plan, number = task.case.data.get("plan"), str(task.case.data.get("plan_item") or "")
        item = exact.get((plan, number)) if plan else by_number.get(number)
        found.setdefault((item.case_id, item.position) if item else None, []).append(task)
    nodes = [Node(item, tuple(found.get((item.case_id, item.position), ()))) for item in items]
    return [*nodes, *([Node(None, tuple(found[None]))] if None in found else [])]


def tasks_of_year(session: Session, union_id: uuid.UUID, year: int) -> list[Planned]:
    """Every task due in the year, by day as postponed; two statements."""
    rows = session.execute(
        sa.select(Case, _due_on)
        .outerjoin(Task, (Task.union_id == Case.union_id) & (Task.case_id == Case.id))
        .where(
            Case.union_id == union_id,
            Case.workflow == TASK,
            _due_on >= date(year, 1, 1),
            _due_on <= date(year, 12, 31),
        )
        .order_by(_due_on, Case.number)
    ).all()
    claimed = claimed_by_task(session, union_id, [case.id for case, _ in rows])
    return [Planned(case, day, claimed.get(case.id, 0)) for case, day in rows]


def due(session: Session, union_id: uuid.UUID, today: date) -> Due:
    """Tasks that nobody reported done yet, counted by the same day that the plan shows; one statement."""
    is_late = _due_on < today
    row = session.execute(
        sa.select(sa.func.count().filter(is_late), sa.func.count().filter(~is_late))
        .select_from(Case)
        .outerjoin(Task, (Task.union_id == Case.union_id) & (Task.case_id == Case.id))
        .where(
            Case.union_id == union_id,
            Case.workflow == TASK,
            Case.phase == Phase.DRAFT.value,
            _due_on <= today + timedelta(days=SOON_DAYS),
        )
    ).one()
    return Due(overdue=row[0], soon=row[1])


def claimed_by_task(session: Session, union_id: uuid.UUID, tasks: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Task -> fen of its live claims, summed by the database; tasks without any are left out."""
    if not tasks:
        return {}
    rows = session.execute(
        sa.select(CaseLink.other_id, sa.func.sum(Case.amount_fen))
        .join(Case, (Case.union_id == CaseLink.union_id) & (Case.id == CaseLink.case_id))
        .where(
            CaseLink.union_id == union_id,
            Case.union_id == union_id,
            CaseLink.other_id.in_(tasks),
            Case.phase.in_(LIVE),
        )
        .group_by(CaseLink.other_id)
    )
    return {task: int(total or 0) for task, total in rows}


@dataclass(frozen=True, slots=True)
class Reported:
    """A reported task with what the chair looks at before signing it off."""

    case: Case
    owner: str
    photos: tuple[str, ...]
    """Ids of its photos and papers."""
    claimed_fen: int
    """Live claims linked to it."""
    open_claims: tuple[str, ...]
    """Numbers of those not yet published or ended."""

    @property
    def is_exception(self) -> bool:
        """Whether it has no evidence and so is not ticked beforehand."""
        return not self.photos


def reported(session: Session, union_id: uuid.UUID, first: date, last: date) -> list[Reported]:
    """Tasks reported in the period and not yet signed off, by group; four statements however many."""
    cases = session.scalars(
        sa.select(Case)
        .join(Task, (Task.union_id == Case.union_id) & (Task.case_id == Case.id))
        .where(
            Case.union_id == union_id,
            Task.union_id == union_id,
            Case.state == "reported",
            Task.reported_on >= first,
            Task.reported_on <= last,
        )
        .order_by(Task.group_name, Case.number)
    ).all()
    ids = [case.id for case in cases]
    claimed = claimed_by_task(session, union_id, ids)
    open_claims = session.execute(
        sa.select(CaseLink.other_id, Case.number)
        .join(Case, (Case.union_id == CaseLink.union_id) & (Case.id == CaseLink.case_id))
        .where(
            CaseLink.union_id == union_id,
            Case.union_id == union_id,
            CaseLink.other_id.in_(ids),
            Case.phase.in_(OPEN),
        )
        .order_by(Case.number)
    ).all()
    owners = people.names(session, union_id, {uuid.UUID(case.data["owner"]) for case in cases})
    return [
        Reported(
            case=case,
            owner=owners.get(case.data["owner"], "—"),
            photos=tuple(case.data.get("photos") or ()),
            claimed_fen=claimed.get(case.id, 0),
            open_claims=tuple(row.number or "" for row in open_claims if row.other_id == case.id),
        )
        for case in cases
    ]


def months_with_reports(session: Session, union_id: uuid.UUID) -> dict[str, int]:
    """``2026-10`` -> how many reported tasks wait to be signed off."""
    year, month = sa.extract("year", Task.reported_on), sa.extract("month", Task.reported_on)
    rows = session.execute(
        sa.select(year, month, sa.func.count())
        .join(Case, (Case.union_id == Task.union_id) & (Case.id == Task.case_id))
        .where(Task.union_id == union_id, Case.union_id == union_id, Case.state == "reported")
        .group_by(year, month)
        .order_by(year, month)
    )
    return {f"{int(y)}-{int(m):02d}": int(count) for y, m, count in rows}

"""Reading the plan: the year's items with their tasks, and a month of reported tasks to sign off. Sums in SQL."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case, CaseLink
from app.engine.definition import Phase
from app.people import queries as people
from app.plan.models import PlanItem, Task

TASK = "task"
OPEN = (Phase.SUBMITTED.value, Phase.AUDITED.value)


@dataclass(frozen=True, slots=True)
class Node:
    """One item of an adopted plan with the tasks that came of it."""

    item: PlanItem | None
    """None gathers tasks that name no item of the plan."""
    tasks: tuple[Case, ...]


def years(session: Session, union_id: uuid.UUID) -> list[int]:
    """The years that have a plan, latest first."""
    return list(
        session.scalars(
            sa.select(PlanItem.year).where(PlanItem.union_id == union_id).distinct().order_by(PlanItem.year.desc())
        )
    )


def tree(session: Session, union_id: uuid.UUID, year: int) -> list[Node]:
    """The year's items in the plan's order, each with its tasks by due day; two statements."""
    items = session.scalars(
        sa.select(PlanItem)
        .where(PlanItem.union_id == union_id, PlanItem.year == year)
        .order_by(PlanItem.case_id, PlanItem.position)
    ).all()
    tasks = tasks_of_year(session, union_id, year)
    by_number: dict[str, list[Case]] = {}
    for task in tasks:
        by_number.setdefault(str(task.data.get("plan_item") or ""), []).append(task)
    known = {item.number for item in items}
    nodes = [Node(item, tuple(by_number.get(item.number, ()))) for item in items]
    rest = [task for number, found in by_number.items() if number not in known for task in found]
    return [*nodes, *([Node(None, tuple(rest))] if rest else [])]


def tasks_of_year(session: Session, union_id: uuid.UUID, year: int) -> Sequence[Case]:
    """Every task due in the year, by day."""
    return session.scalars(
        sa.select(Case)
        .where(
            Case.union_id == union_id,
            Case.workflow == TASK,
            Case.day >= date(year, 1, 1),
            Case.day <= date(year, 12, 31),
        )
        .order_by(Case.day, Case.number)
    ).all()


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
    """Tasks reported in the period and not yet signed off, by group; three statements however many."""
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
    claims = session.execute(
        sa.select(CaseLink.other_id, Case.number, Case.amount_fen, Case.phase)
        .join(Case, (Case.union_id == CaseLink.union_id) & (Case.id == CaseLink.case_id))
        .where(
            CaseLink.union_id == union_id,
            Case.union_id == union_id,
            CaseLink.other_id.in_([case.id for case in cases]),
            Case.workflow == "expense_claim",
            Case.phase.in_([*OPEN, Phase.PUBLISHED.value]),
        )
    ).all()
    owners = people.names(session, union_id, {uuid.UUID(case.data["owner"]) for case in cases})
    return [
        Reported(
            case=case,
            owner=owners.get(case.data["owner"], "—"),
            photos=tuple(case.data.get("photos") or ()),
            claimed_fen=sum(row.amount_fen or 0 for row in claims if row.other_id == case.id),
            open_claims=tuple(row.number or "" for row in claims if row.other_id == case.id and row.phase in OPEN),
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

"""Comparing tasks and plan items with the cases they were written from."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case
from app.cases.ports import Discrepancy
from app.plan.models import PlanItem, Task


def tasks(session: Session, union_id: uuid.UUID) -> Iterator[Discrepancy]:
    """Each task's row equals its case."""
    rows = session.execute(
        sa.select(Task, Case)
        .join(Case, (Case.union_id == Task.union_id) & (Case.id == Task.case_id))
        .where(Task.union_id == union_id)
    )
    for task, case in rows:
        data = case.data
        told = (data.get("owner"), data.get("new_due_on") or data.get("due_on"), data.get("budget_fen") or 0)
        if (str(task.owner_id), task.due_on.isoformat(), task.budget_fen) != told and case.state != "draft":
            subject = case.number or str(case.id)
            yield Discrepancy(
                "task_differs",
                subject,
                f"{subject}：任务表与单据内容不符",
                f"{subject}: the task's row is not what the case says",
            )


def items(session: Session, union_id: uuid.UUID) -> Iterator[Discrepancy]:
    """Each adopted plan's items equal its case."""
    rows = session.execute(
        sa.select(PlanItem, Case)
        .join(Case, (Case.union_id == PlanItem.union_id) & (Case.id == PlanItem.case_id))
        .where(PlanItem.union_id == union_id)
    )
    for item, case in rows:
        told = case.data.get("items") or []
        is_same = item.position <= len(told) and told[item.position - 1] == {"number": item.number, "quote": item.quote}
        if not is_same:
            subject = case.number or str(case.id)
            yield Discrepancy(
                "plan_item_differs",
                subject,
                f"{subject}：第 {item.position} 条与通过的计划不符",
                f"{subject}: item {item.position} is not what was adopted",
            )

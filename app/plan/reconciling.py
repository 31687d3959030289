"""Comparing tasks and plan items with the cases they were written from."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case
from app.cases.ports import Discrepancy
from app.engine.definition import Phase
from app.plan.effects import is_task
from app.plan.models import PlanItem, Task

DONE = (Phase.AUDITED.value, Phase.PUBLISHED.value)


def tasks(session: Session, union_id: uuid.UUID) -> Iterator[Discrepancy]:
    """Each task has its row, and the row equals its case."""
    rows = session.execute(
        sa.select(Case, Task)
        .outerjoin(Task, (Task.union_id == Case.union_id) & (Task.case_id == Case.id))
        .where(Case.union_id == union_id, Case.workflow == "task", Case.state != "draft")
    )
    for case, task in rows:
        subject = case.number or str(case.id)
        if task is None:
            if is_task(case.data):
                yield Discrepancy(
                    "task_missing", subject, f"{subject}：任务表里没有", f"{subject}: the task's row is gone"
                )
        elif _of_row(task) != _of_data(case.data) or (task.signed_off_on is not None) != (case.phase in DONE):
            yield Discrepancy(
                "task_differs",
                subject,
                f"{subject}：任务表与单据内容不符",
                f"{subject}: the task's row is not what the case says",
            )


def _of_row(task: Task) -> tuple[object, ...]:
    plan = str(task.plan_id) if task.plan_id else None
    started = task.start_on.isoformat() if task.start_on else None
    due = task.due_on.isoformat()
    return plan, task.plan_item, str(task.owner_id), task.group_name, started, due, task.budget_fen


def _of_data(data: Mapping[str, Any]) -> tuple[object, ...]:
    due = data.get("new_due_on") or data.get("due_on")
    named = (data.get("plan"), data.get("plan_item") or "", data.get("owner"), data.get("group") or "")
    return *named, data.get("start_on"), due, data.get("budget_fen") or 0


def items(session: Session, union_id: uuid.UUID) -> Iterator[Discrepancy]:
    """The items of each adopted plan are what was adopted, every one and no other."""
    stored: dict[uuid.UUID, dict[int, dict[str, str]]] = {}
    for item in session.scalars(sa.select(PlanItem).where(PlanItem.union_id == union_id)):
        row = {"number": item.number, "quote": item.quote}
        stored.setdefault(item.case_id, {})[item.position] = row
    adopted = session.scalars(
        sa.select(Case).where(Case.union_id == union_id, Case.workflow == "work_plan", Case.phase.in_(DONE))
    )
    for case in adopted:
        told = dict(enumerate(case.data.get("items") or [], start=1))
        found = stored.pop(case.id, {})
        for position in sorted(told.keys() | found.keys()):
            if told.get(position) != found.get(position):
                yield _item_differs(case.number or str(case.id), position)
    for case_id, found in stored.items():
        for position in sorted(found):
            yield _item_differs(str(case_id), position)


def _item_differs(subject: str, position: int) -> Discrepancy:
    return Discrepancy(
        "plan_item_differs",
        subject,
        f"{subject}：第 {position} 条与通过的计划不符",
        f"{subject}: item {position} is not what was adopted",
    )

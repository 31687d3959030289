"""Facts of the plan: a claim's task is approved, and which of a task's claims are still open."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case, CaseLink
from app.cases.ports import CaseView
from app.engine.decision import Finding, Ground, Severity
from app.engine.definition import Phase
from app.foundation.money import yuan
from app.wording import Text

UNAPPROVED = frozenset({"draft", "proposed"})
LIVE = (Phase.SUBMITTED.value, Phase.AUDITED.value, Phase.PUBLISHED.value)


def task_approved(
    session: Session, case: CaseView, parameters: Mapping[str, Any], now: datetime, *, lock: bool
) -> Iterator[Finding]:
    """The task that a claim names has the chair's 立项; spending above its budget is pointed out.

    Source: DESIGN 5: 立项 of programme and budget comes before spending.
    """
    if not case.data.get("task"):
        return
    key = (case.union_id, uuid.UUID(case.data["task"]))
    task = session.get(Case, key, with_for_update={"read": True} if lock else None)
    if task is None:
        return  # said by the check of references
    if task.state in UNAPPROVED or task.phase == Phase.ENDED.value:
        text = Text(
            f"任务“{task.title}”还没有立项（或已取消），请先由主席立项再开支。",
            f"The task “{task.title}” is not approved (or was cancelled). The chair approves it before money is spent.",
        )
        yield Finding("task_not_approved", Severity.BLOCK, text, Ground.CONFLICT, {"field": "task"})
        return
    others = spent_on_task(session, case.union_id, task.id, without=case.id)
    budget, total = int(task.amount_fen or 0), others + int(case.data.get("amount_fen") or 0)
    if total > budget:
        text = Text(
            f"任务“{task.title}”预算 {yuan(budget)} 元，连同本单共 {yuan(total)} 元，超出 {yuan(total - budget)} 元。",
            f"“{task.title}” has a budget of {yuan(budget)}; with this claim {yuan(total)}, {yuan(total - budget)} over.",
        )
        yield Finding("task_budget_exceeded", Severity.WARN, text, figures={"field": "task", "budget_fen": budget})
    else:
        yield Finding(
            "task_approved", Severity.OK, Text("任务已立项，在活动预算内", "The task is approved and covers it")
        )


def open_claims(
    session: Session, case: CaseView, parameters: Mapping[str, Any], now: datetime, *, lock: bool
) -> Iterator[Finding]:
    """Claims of the task that are not yet paid are listed; they do not block the sign-off."""
    yield from open_claims_of(session, [case], parameters, now, lock=lock)[case.id]


def open_claims_of(
    session: Session, cases: Sequence[CaseView], parameters: Mapping[str, Any], now: datetime, *, lock: bool
) -> dict[uuid.UUID, list[Finding]]:
    """The same for a month's tasks at once."""
    open_of: dict[uuid.UUID, list[Any]] = {case.id: [] for case in cases}
    union_ids = {case.union_id for case in cases}
    for row in session.execute(_OPEN_CLAIMS, {"unions": list(union_ids), "tasks": list(open_of)}):
        open_of[row.other_id].append(row)
    return {task_id: [_open(claims)] if claims else [] for task_id, claims in open_of.items()}


_OPEN_CLAIMS = (
    sa.select(CaseLink.other_id, Case.number, Case.amount_fen)
    .join(Case, (CaseLink.union_id == Case.union_id) & (CaseLink.case_id == Case.id))
    .where(
        Case.union_id.in_(sa.bindparam("unions", expanding=True)),
        CaseLink.union_id.in_(sa.bindparam("unions", expanding=True)),
        CaseLink.other_id.in_(sa.bindparam("tasks", expanding=True)),
        Case.phase.in_([Phase.SUBMITTED.value, Phase.AUDITED.value]),
    )
    .order_by(Case.number)
)


def _open(claims: Sequence[Any]) -> Finding:
    numbers, total = "、".join(str(row.number) for row in claims), sum(row.amount_fen or 0 for row in claims)
    text = Text(
        f"还有 {len(claims)} 笔报销没有办完：{numbers}，共 {yuan(total)} 元（不影响办结）。",
        f"{len(claims)} claim(s) still open: {numbers}, {yuan(total)} in all (the task can be signed off).",
    )
    return Finding("open_claims", Severity.WARN, text, figures={"count": len(claims), "total_fen": total})


def spent_on_task(session: Session, union_id: uuid.UUID, task_id: uuid.UUID, *, without: uuid.UUID) -> int:
    """Fen of the task's other live claims."""
    return int(
        session.scalar(
            sa.select(sa.func.coalesce(sa.func.sum(Case.amount_fen), 0))
            .join(CaseLink, (CaseLink.union_id == Case.union_id) & (CaseLink.case_id == Case.id))
            .where(
                Case.union_id == union_id,
                CaseLink.union_id == union_id,
                CaseLink.other_id == task_id,
                Case.id != without,
                Case.phase.in_(LIVE),
            )
        )
        or 0
    )

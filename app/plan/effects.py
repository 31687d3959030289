"""Effects of the plan: typed rows of tasks and of adopted plans."""

from __future__ import annotations

import uuid
from datetime import date

import sqlalchemy as sa

from app.cases.ports import EffectCall
from app.foundation.clock import union_day
from app.plan.models import PlanItem, Task


def write_task(call: EffectCall) -> None:
    """Write the task as the decision leaves it."""
    case, data = call.case, call.case.data
    is_there = (Task.union_id == case.union_id, Task.case_id == case.id)
    values = {
        "plan_id": uuid.UUID(data["plan"]) if data.get("plan") else None,
        "plan_item": data.get("plan_item") or "",
        "owner_id": uuid.UUID(data["owner"]),
        "group_name": data.get("group") or "",
        "start_on": _day(data.get("start_on")),
        "due_on": date.fromisoformat(data.get("new_due_on") or data["due_on"]),
        "budget_fen": data.get("budget_fen") or 0,
    }
    today = union_day(call.now)
    if call.decision.action == "report":
        values["reported_on"] = today
    if call.decision.action == "sign_off":
        values["signed_off_on"] = today
    if call.session.scalar(sa.select(sa.literal(1)).where(*is_there)):
        call.session.execute(sa.update(Task).where(*is_there).values(**values))
    else:
        call.session.execute(
            sa.insert(Task).values(
                union_id=case.union_id, case_id=case.id, **{"reported_on": None, "signed_off_on": None, **values}
            )
        )


def adopt(call: EffectCall) -> None:
    """Write the items of an adopted plan."""
    data = call.case.data
    call.session.execute(
        sa.insert(PlanItem),
        [
            {
                "union_id": call.case.union_id,
                "case_id": call.case.id,
                "position": position,
                "year": data["year"],
                "number": item["number"],
                "quote": item["quote"],
            }
            for position, item in enumerate(data["items"], start=1)
        ],
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None

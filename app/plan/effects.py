"""Effects of the plan: typed rows of tasks and of adopted plans."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from app.cases.ports import EffectCall
from app.engine.machine import TAKEN_BACK
from app.foundation.clock import union_day
from app.foundation.db import table_of, write_rows
from app.plan.models import PlanItem, Task


def write_task(call: EffectCall) -> None:
    """Write the task as the decision leaves it. A draft called off half filled in was never a task: it leaves no row."""
    write_tasks([call])


def write_tasks(calls: Sequence[EffectCall]) -> None:
    """The same for a batch: of one union, and of one action, so that the same columns change."""
    calls = [call for call in calls if is_task(call.case.data)]
    if not calls:
        return
    connection, union_id = calls[0].session.connection(), calls[0].case.union_id
    values = {call.case.id: _task_of(call) for call in calls}
    there = set(connection.scalars(_THERE, {"union": union_id, "cases": list(values)}))
    changed = [{"the_union": union_id, "the_case": one, **values[one]} for one in values if one in there]
    if changed:
        write_rows(connection, _changing(tuple(sorted(changed[0].keys() - {"the_union", "the_case"}))), changed)
    blank = {"reported_on": None, "signed_off_on": None, "union_id": union_id}
    new = [{**blank, "case_id": one, **values[one]} for one in values if one not in there]
    write_rows(connection, sa.insert(table_of(Task)), new)


_THERE = sa.select(Task.case_id).where(
    Task.union_id == sa.bindparam("union"), Task.case_id.in_(sa.bindparam("cases", expanding=True))
)


@functools.cache
def _changing(names: tuple[str, ...]) -> sa.Update:
    table = table_of(Task)
    return (
        sa.update(table)
        .where(table.c.union_id == sa.bindparam("the_union"), table.c.case_id == sa.bindparam("the_case"))
        .values({name: sa.bindparam(name, type_=table.c[name].type) for name in names})
    )


def _task_of(call: EffectCall) -> dict[str, Any]:
    data = call.case.data
    values: dict[str, Any] = {
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
    if call.decision.routing.get(TAKEN_BACK) == "sign_off":
        values["signed_off_on"] = None
    return values


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


def is_task(data: Mapping[str, Any]) -> bool:
    """Whether somebody is to do it by some day; only a draft that was called off may lack that."""
    return bool(data.get("owner") and data.get("due_on"))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None

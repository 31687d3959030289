"""年度计划, and 月度任务审签: a month of reported tasks signed off in one confirmation."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.cases.batching import decide, ticked
from app.cases.service import Cases
from app.engine.definition import Definition, Phase
from app.foundation.clock import union_day
from app.foundation.edge import Call, route
from app.people.policy import Policy
from app.people.principal import signed_in
from app.plan import queries
from app.wording import Text

web = Blueprint("plan", __name__)

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])\Z")


@route(web, "/plan", policy=Policy.OFFICER, summary=Text("年度计划", "The year's plan"))
def plan_page(call: Call) -> str:
    """The plan's items with their tasks, and the twelve months at a glance."""
    principal, door = signed_in(call), call.use(Cases)
    today = union_day(call.now)
    asked = request.args.get("year", "")
    year = int(asked) if re.fullmatch(r"20[0-9]{2}", asked) else today.year
    with call.read() as session:
        nodes = queries.tree(session, principal.union_id, year)
        years = queries.years(session, principal.union_id)
        waiting = queries.months_with_reports(session, principal.union_id)
        definition = door.definitions.in_force(session, principal.union_id, queries.TASK)
    tasks = [task for node in nodes for task in node.tasks if task.case.phase != Phase.ENDED.value]
    return render_template(
        "plan/plan.html",
        year=year,
        years=sorted({*years, today.year}, reverse=True),
        months=[_month(month, tasks, today, year) for month in range(1, 13)],
        nodes=[
            {
                "number": node.item.number if node.item else None,
                "quote": node.item.quote if node.item else None,
                "plan": str(node.item.case_id) if node.item else None,
                "tasks": [_task(task, definition, today) for task in node.tasks],
            }
            for node in nodes
        ],
        count=len(tasks),
        overdue=sum(_kind(task, today) == "bad" for task in tasks),
        waiting=sum(waiting.values()),
        may_sign="chair" in principal.offices,
        may_open=not principal.offices.isdisjoint(definition.open.offices),
    )


@route(web, "/plan/sign-off", policy=Policy.CHAIRS, summary=Text("月度任务审签", "A month of tasks"))
def sign_off_page(call: Call) -> str:
    """Reported tasks of a month: what needs a look on top and unticked, the rest by group and ticked."""
    principal, door = signed_in(call), call.use(Cases)
    today = union_day(call.now)
    with call.read() as session:
        waiting = queries.months_with_reports(session, principal.union_id)
        asked = request.args.get("month", "")
        month = asked if _MONTH.match(asked) else (max(waiting) if waiting else f"{today.year}-{today.month:02d}")
        first, last = _bounds(month)
        rows = queries.reported(session, principal.union_id, first, last)
        steps = door.steps_open_to(session, principal, [row.case for row in rows])
    groups: dict[str, list[dict[str, Any]]] = {}
    exceptions: list[dict[str, Any]] = []
    for row in rows:
        may = any(action.name == "sign_off" for action in steps[row.case.id])
        place = groups.setdefault(str(row.case.data.get("group") or "—"), []) if may else exceptions
        (exceptions if row.is_exception else place).append(_reported(row) | {"may": may})
    return render_template(
        "plan/sign_off.html",
        month=month,
        months=[
            {"label": f"{name} ({count})", "href": f"/plan/sign-off?month={name}", "current": name == month}
            for name, count in waiting.items()
        ],
        exceptions=exceptions,
        groups={name: found for name, found in groups.items() if found},
        count=len(rows),
        may_any=any(row["may"] for found in (exceptions, *groups.values()) for row in found),
    )


@route(web, "/plan/sign-off", policy=Policy.CHAIRS, summary=Text("月度任务审签", "A month of tasks"), method="POST")
def sign_off(call: Call) -> ResponseReturnValue:
    """Sign off every ticked task; each has its own result."""
    comment = request.form.get("comment", "").strip()[:2000]
    results = decide(call, [("sign_off", ticked(request.form.getlist("case")))], comment)
    month = request.form.get("month", "")
    back = f"/plan/sign-off?month={month}" if _MONTH.match(month) else "/plan/sign-off"
    return render_template("desk/results.html", results=results, back=back)


def _bounds(month: str) -> tuple[date, date]:
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])


def _kind(task: queries.Planned, today: date) -> str:
    """How a task's dot looks: done, overdue, reported, in progress, or not yet due."""
    case = task.case
    if case.phase in {Phase.AUDITED.value, Phase.PUBLISHED.value}:
        return "ok"
    if case.phase == Phase.SUBMITTED.value:
        return "todo"
    if case.phase == Phase.DRAFT.value and task.due_on < today:
        return "bad"
    return "doing" if case.state == "in_progress" else "draft"


def _month(month: int, tasks: list[queries.Planned], today: date, year: int) -> dict[str, Any]:
    return {
        "month": month,
        "current": (year, month) == (today.year, today.month),
        "dots": [
            {"kind": _kind(task, today), "title": task.case.title, "href": f"/cases/{task.case.id}"}
            for task in tasks
            if task.due_on.month == month
        ],
    }


def _task(task: queries.Planned, definition: Definition, today: date) -> dict[str, Any]:
    case = task.case
    state = next((one for one in definition.states if one.name == case.state), None)
    return {
        "href": f"/cases/{case.id}",
        "title": case.title,
        "number": case.number,
        "group": case.data.get("group"),
        "day": task.due_on,
        "fen": case.amount_fen,
        "claimed_fen": task.claimed_fen,
        "phase": case.phase,
        "state": case.state,
        "state_title": state.title if state else Text(case.state, case.state),
        "overdue": _kind(task, today) == "bad",
    }


def _reported(row: queries.Reported) -> dict[str, Any]:
    case = row.case
    return {
        "id": str(case.id),
        "version": case.version,
        "href": f"/cases/{case.id}",
        "title": case.title,
        "number": case.number,
        "owner": row.owner,
        "result": case.data.get("result"),
        "photos": [f"/files/{one}/page/1?small=1" for one in row.photos[:4]],
        "more": max(0, len(row.photos) - 4),
        "claimed_fen": row.claimed_fen,
        "budget_fen": case.amount_fen,
        "open_claims": row.open_claims,
        "is_exception": row.is_exception,
    }

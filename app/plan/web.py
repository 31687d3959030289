"""年度计划, and 月度任务审签: a month of reported tasks signed off in one confirmation."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.cases.models import Case
from app.cases.presenting import batch_result, ticked
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
    tasks = [task for node in nodes for task in node.tasks]
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
    """Reported tasks of a month: those with evidence ticked, exceptions first and unticked."""
    principal = signed_in(call)
    today = union_day(call.now)
    with call.read() as session:
        waiting = queries.months_with_reports(session, principal.union_id)
        asked = request.args.get("month", "")
        month = asked if _MONTH.match(asked) else (max(waiting) if waiting else f"{today.year}-{today.month:02d}")
        first, last = _bounds(month)
        rows = queries.reported(session, principal.union_id, first, last)
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda one: not one.is_exception):
        groups.setdefault(str(row.case.data.get("group") or "—"), []).append(_reported(row))
    return render_template(
        "plan/sign_off.html",
        month=month,
        months=[
            {"label": f"{name} ({count})", "href": f"/plan/sign-off?month={name}", "current": name == month}
            for name, count in waiting.items()
        ],
        groups=groups,
        count=len(rows),
    )


@route(web, "/plan/sign-off", policy=Policy.CHAIRS, summary=Text("月度任务审签", "A month of tasks"), method="POST")
def sign_off(call: Call) -> ResponseReturnValue:
    """Sign off every ticked task; each has its own result."""
    principal, door = signed_in(call), call.use(Cases)
    steps = ticked(request.form.getlist("case"))
    results: list[dict[str, Any]] = []

    def work(session: Session) -> None:
        comment = request.form.get("comment", "").strip()[:2000]
        outcomes = door.act_on_many(session, principal, steps, "sign_off", call.now, comment=comment)
        results[:] = [batch_result(outcome) for outcome in outcomes]

    if steps:
        call.database.transact(work)
    return render_template("desk/results.html", results=results, back="/plan/sign-off")


def _bounds(month: str) -> tuple[date, date]:
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])


def _kind(task: Case, today: date) -> str:
    """How a task's dot looks: done, overdue, reported, in progress, or not yet due."""
    if task.phase in {Phase.AUDITED.value, Phase.PUBLISHED.value}:
        return "ok"
    if task.phase == Phase.SUBMITTED.value:
        return "todo"
    if task.phase == Phase.DRAFT.value and task.day and task.day < today:
        return "bad"
    return "doing" if task.state == "in_progress" else "draft"


def _month(month: int, tasks: list[Case], today: date, year: int) -> dict[str, Any]:
    return {
        "month": month,
        "current": (year, month) == (today.year, today.month),
        "dots": [
            {"kind": _kind(task, today), "title": task.title, "href": f"/cases/{task.id}"}
            for task in tasks
            if task.day and task.day.month == month and task.phase != Phase.ENDED.value
        ],
    }


def _task(task: Case, definition: Definition, today: date) -> dict[str, Any]:
    state = next((one for one in definition.states if one.name == task.state), None)
    return {
        "href": f"/cases/{task.id}",
        "title": task.title,
        "number": task.number,
        "group": task.data.get("group"),
        "day": task.day,
        "fen": task.amount_fen,
        "phase": task.phase,
        "state": task.state,
        "state_title": state.title if state else Text(task.state, task.state),
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

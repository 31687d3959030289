"""Until when a case may rest in its state: counted in working days, kept in a row of our own, and said in a sentence."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.cases.models import Case, Deadline
from app.engine.calendar import Calendar
from app.engine.decision import Decision
from app.engine.definition import Deadline as Rule
from app.engine.definition import Definition
from app.foundation.clock import UNION_ZONE, union_day
from app.foundation.db import table_of, write_rows
from app.foundation.problems import words
from app.wording import Text

OFFICES_OPEN = time(9)
"""Reminders come when people come to work, in China."""

Moved = tuple[uuid.UUID, Definition, Decision, dict[str, Any] | None]
"""A case, the step that moved it, and the row of its new state's deadline."""


@dataclass(frozen=True, slots=True)
class Times:
    """When one stay in a state is due, by one calendar."""

    due_at: datetime
    remind_at: datetime | None
    is_provisional: bool


def times(rule: Rule, entered_at: datetime, calendar: Calendar) -> Times:
    """Counted from the working day after the day it came there; due when the last of them ends."""
    start = union_day(entered_at)
    last = calendar.add_working_days(start, rule.working_days)
    remind_at = None
    if rule.remind_before is not None:
        day = last if rule.remind_before == 0 else calendar.add_working_days(last, -rule.remind_before)
        remind_at = _moment(day, OFFICES_OPEN)
    due_at = _moment(last + timedelta(days=1), time.min)
    return Times(due_at, remind_at, calendar.is_provisional(start, last))


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, UNION_ZONE).astimezone(UTC)


def next_opening(calendar: Calendar, now: datetime) -> datetime:
    """When offices open next."""
    local = now.astimezone(UNION_ZONE)
    day = local.date() if local.time() < OFFICES_OPEN else local.date() + timedelta(days=1)
    return _moment(calendar.next_working_day(day), OFFICES_OPEN)


def next_look(found: Times, reminded_at: datetime | None) -> datetime:
    """When a timer must look again: for the reminder, and after it when it is due."""
    if found.remind_at is None or reminded_at is not None:
        return found.due_at
    return found.remind_at


def deadline_row(
    union_id: uuid.UUID,
    case_id: uuid.UUID,
    definition: Definition,
    decision: Decision,
    calendar: Calendar,
    now: datetime,
) -> dict[str, Any] | None:
    """The row for the state that the step leads into; None where it has no deadline, or the case does not leave its state."""
    return entered_row(union_id, case_id, definition, decision.target, calendar, now) if _enters(decision) else None


def entered_row(
    union_id: uuid.UUID, case_id: uuid.UUID, definition: Definition, state: str, calendar: Calendar, now: datetime
) -> dict[str, Any] | None:
    """The row for a case that came to this state now; None where the state has no deadline."""
    rule = definition.state(state).deadline
    if rule is None:
        return None
    found = times(rule, now, calendar)
    return {
        "union_id": union_id,
        "case_id": case_id,
        "state": state,
        "entered_at": now,
        "due_at": found.due_at,
        "remind_at": found.remind_at,
        "next_at": next_look(found, None),
        "reminded_at": None,
        "overdue_at": None,
        "calendar": calendar.digest,
        "is_provisional": found.is_provisional,
    }


def _enters(decision: Decision) -> bool:
    return decision.target != decision.source or decision.new_round


def write_deadlines(connection: Connection, union_id: uuid.UUID, moved: Sequence[Moved]) -> None:
    """Take away the deadlines of states that were left, and write those of states that were entered."""
    left = [
        {"the_union": union_id, "the_case": case_id}
        for case_id, definition, decision, _ in moved
        if _enters(decision) and definition.state(decision.source).deadline is not None
    ]
    write_rows(connection, GONE, left)
    write_rows(connection, _NEW, [row for *_, row in moved if row is not None])


def replace_deadline(connection: Connection, case: Case, row: dict[str, Any] | None) -> None:
    """Put another deadline in the place of the one a case had, if any."""
    write_rows(connection, GONE, [{"the_union": case.union_id, "the_case": case.id}])
    write_rows(connection, _NEW, [] if row is None else [row])


_TABLE = table_of(Deadline)
_NEW = sa.insert(_TABLE)
GONE = sa.delete(_TABLE).where(
    _TABLE.c.union_id == sa.bindparam("the_union"), _TABLE.c.case_id == sa.bindparam("the_case")
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A deadline as people and programs meet it."""

    row: Deadline
    last_day: date
    working_days: int
    """How many are left, today not counted; how many it is overdue, when it is."""
    is_overdue: bool
    text: Text


def shown(row: Deadline, definition: Definition, calendar: Calendar, now: datetime) -> Shown:
    """What is said of a deadline at that moment."""
    today, last = union_day(now), union_day(row.due_at - timedelta(microseconds=1))
    is_overdue = now >= row.due_at
    days = calendar.working_days(last, today) if is_overdue else calendar.working_days(today, last)
    parts = [_when(last, today, days, is_overdue=is_overdue), *_then(row, definition, is_overdue=is_overdue)]
    if row.is_provisional:
        year = next(one for one in range(last.year, last.year - 2, -1) if calendar.holidays(one).is_provisional)
        parts.append(
            Text(
                f"{year}年的放假安排尚未公布，这个日期可能变动。",
                f"The holidays of {year} are not published yet, so this day may still move.",
            )
        )
    return Shown(row, last, days, is_overdue, Text("".join(one.zh for one in parts), " ".join(one.en for one in parts)))


_WEEKDAYS = "一二三四五六日"


def spoken_day(day: date, today: date) -> Text:
    """``11月27日（周五）``; with the year where it is not this one."""
    zh, en = f"{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）", f"{day:%a} {day.day} {day:%b}"
    return Text(zh, en) if day.year == today.year else Text(f"{day.year}年{zh}", f"{en} {day.year}")


def _when(last: date, today: date, days: int, *, is_overdue: bool) -> Text:
    day = spoken_day(last, today)
    plural = "" if days == 1 else "s"
    if is_overdue:
        late = (
            Text(f"已逾期 {days} 个工作日", f"overdue by {days} working day{plural}")
            if days
            else Text("已逾期", "overdue")
        )
        return Text(f"应于 {day.zh}前办理，{late.zh}。", f"Was due by {day.en}: {late.en}.")
    if days == 0:
        return Text(f"请于 {day.zh}前办理，今天是最后一天。", f"Due by {day.en}: this is the last day.")
    return Text(f"请于 {day.zh}前办理，还剩 {days} 个工作日。", f"Due by {day.en}: {days} working day{plural} left.")


def _then(row: Deadline, definition: Definition, *, is_overdue: bool) -> list[Text]:
    """What follows, or has followed."""
    rule = definition.state(row.state).deadline
    if rule is None:
        return []
    if rule.escalate_to:
        titles = [dict(definition.office_titles)[name] for name in rule.escalate_to]
        zh, en = "、".join(one.zh for one in titles), ", ".join(one.en for one in titles)
        if row.overdue_at is not None:
            return [Text(f"已报{zh}督办。", f"Reported to: {en}.")]
        return [Text(f"逾期报{zh}督办。", f"When overdue it is reported to: {en}.")]
    action = definition.action(rule.close_by) if rule.close_by else None
    if action is None:
        return []
    if is_overdue and row.overdue_at is not None:
        return [
            Text(
                f"到期应自动“{action.title.zh}”，但现在还办不了。",
                f"“{action.title.en}” should have followed by itself, but cannot yet.",
            )
        ]
    return [
        Text(
            f"到期将自动“{action.title.zh}”，可以恢复。",
            f"Then “{action.title.en}” follows by itself; it can be undone.",
        )
    ]


def as_json(one: Shown) -> Mapping[str, Any]:
    """The API's form: moments in UTC, the last day as people write it."""
    row = one.row
    return {
        "state": row.state,
        "last_day": one.last_day.isoformat(),
        "due_at": row.due_at.isoformat(),
        "working_days": one.working_days,
        "overdue": one.is_overdue,
        "provisional": row.is_provisional,
        "reminded_at": row.reminded_at.isoformat() if row.reminded_at else None,
        "told_overdue_at": row.overdue_at.isoformat() if row.overdue_at else None,
        "message": words(one.text),
    }

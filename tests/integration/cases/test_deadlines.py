"""Deadlines: counted over the holiday, told once, reported, closed and brought back; never a yes; whoever looks, and how often."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.cases import queries, viewing
from app.cases.deadlines import times
from app.cases.definitions import Definitions
from app.cases.models import Case, Deadline, Decision, Waiting
from app.cases.timing import Scanned, reschedule, scan_due
from app.engine.calendar import Holidays
from app.engine.checks import check
from app.engine.decision import Finding, Severity
from app.engine.definition import Deadline as Rule
from app.engine.loading import load_definition
from app.foundation.clock import UNION_ZONE
from app.foundation.db import Database, require_union_id
from app.foundation.storage import LocalStore
from app.notices.models import Outbox
from app.people.models import Union
from app.review.verification import Verifier
from app.trail.models import TrailEntry
from app.trail.verifying import Problem, record_of
from app.wiring import vocabulary
from app.wording import Text
from tests.fixtures.fund import Books, books
from tests.fixtures.servers import ROOT
from tests.fixtures.unions import BOOK, NOW

LAST_DAY = date(2026, 5, 8)
"""Five working days after 28 April 2026, over the holiday of 1 to 5 May."""
REMIND_AT = datetime(2026, 5, 7, 1, tzinfo=UTC)
DUE_AT = datetime(2026, 5, 8, 16, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)

SUGGESTION = """\
workflow: suggestion
title: {zh: 建议, en: Suggestion}
number: JY
initial: draft
summary: {title: what}
open: {anyone: true}
visible_to: [chair, clerk]
states:
  draft:     {phase: draft, title: {zh: 草稿, en: Draft}, deadline: {working_days: 10}}
  submitted:
    phase: submitted
    title: {zh: 待答复, en: Awaiting an answer}
    deadline: {working_days: 3, then: {close_by: expire}}
  answered:  {phase: ended, title: {zh: 已答复, en: Answered}}
  expired:   {phase: ended, title: {zh: 逾期收回, en: Expired}}
fields:
  what: {type: text, title: {zh: 内容, en: What}, required: true}
actions:
  submit: {title: {zh: 提交, en: Submit}, from: [draft], to: submitted, by: {opener: true}, require: [cases.complete]}
  answer: {title: {zh: 答复, en: Answer}, from: [submitted], to: answered, by: {offices: [chair]}}
  expire: {title: {zh: 逾期收回, en: Expire}, from: [submitted], to: expired, by: {system: true}, require: [test.gate]}
  reopen: {title: {zh: 恢复, en: Recover}, from: [expired], to: draft, by: {opener: true}, new_round: true}
"""


@dataclass
class Gate:
    """A fact that the test opens and shuts."""

    is_open: bool = True

    def __call__(self, *_: Any, **__: Any) -> list[Finding]:
        shut = Finding("gate_shut", Severity.BLOCK, Text("还有事未了。", "Something is still open."))
        return [] if self.is_open else [shut]


@dataclass(frozen=True)
class Clockwork:
    """A union whose deadlines are looked at, and sentences about what came of it."""

    books: Books
    gate: Gate = field(default_factory=Gate)

    @property
    def union_id(self) -> uuid.UUID:
        return self.books.town.union_id

    @property
    def database(self) -> Database:
        return self.books.database

    def look(self, now: datetime) -> Scanned:
        return scan_due(self.database, self.books.door, self.union_id, now)

    def row(self, case: Case) -> Deadline | None:
        with self.database.read() as session:
            return session.get(Deadline, (self.union_id, case.id))

    def case(self, case: Case) -> Case:
        with self.database.read() as session:
            return session.get_one(Case, (self.union_id, case.id))

    def told(self, topic: str) -> list[dict[str, Any]]:
        with self.database.read() as session:
            chosen = sa.select(Outbox.case_id, Outbox.payload).where(
                Outbox.union_id == self.union_id, Outbox.topic == topic
            )
            return [{**payload, "case": str(case_id)} for case_id, payload in session.execute(chosen)]

    def waiting(self, case: Case) -> set[tuple[str, str]]:
        with self.database.read() as session:
            rows = session.execute(
                sa.select(Waiting.action, Waiting.who).where(
                    Waiting.union_id == self.union_id, Waiting.case_id == case.id
                )
            )
            return {(row.action, row.who) for row in rows}

    def records(self, event: str) -> list[dict[str, Any]]:
        with self.database.read() as session:
            bodies = session.scalars(sa.select(TrailEntry.body).where(TrailEntry.union_id == self.union_id))
            return [dict(one) for body in bodies if (one := record_of(body)) is not None and one["event"] == event]

    def shown(self, username: str, case: Case, now: datetime) -> dict[str, Any] | None:
        with self.database.read() as session:
            detail = viewing.detail(session, self.books.door, self.books.town.acting(username), case.id, now)
            answer: dict[str, Any] | None = viewing.as_json(detail)["deadline"]
            return answer

    def faults_of_the_record(self, tmp_path: Path) -> list[Problem]:
        door = self.books.door
        with self.database.read() as session:
            verifier = Verifier(door.definitions, door.registry, LocalStore(tmp_path))
            return list(verifier._records_hold(session, self.union_id))


@pytest.fixture
def union(database: Database) -> Clockwork:
    """A union with 10,000 yuan for culture, and a workflow that a deadline may close; every statement must name the union."""
    gate = Gate()
    union = books(database)
    registry = union.door.registry
    registry.fact("test.gate", gate)
    names = BOOK.titles()
    suggestion = load_definition(SUGGESTION, names, "suggestion.yaml")
    assert check(suggestion, vocabulary(registry, BOOK)) == []
    known = Definitions({**union.door.definitions.shipped, "suggestion": suggestion}, names)
    union = replace(union, door=replace(union.door, definitions=known))
    union.budgeted(a501102=1_000_000)
    require_union_id(database.writer)
    require_union_id(database.reader)
    return Clockwork(union, gate)


def suggested(union: Clockwork, now: datetime = NOW) -> Case:
    draft = union.books.opened("member", "suggestion", {"what": "食堂加一个窗口"}, now)
    return union.books.acted("member", draft, "submit", now)


def test_a_deadline_begins_when_a_case_comes_into_its_state_and_ends_when_it_leaves(union: Clockwork) -> None:
    draft = union.books.claim(30_000)
    assert union.row(draft) is None
    claim = union.books.acted("treasurer", draft, "submit")
    row = union.row(claim)
    assert row is not None
    assert (row.state, row.entered_at, row.due_at, row.remind_at) == ("submitted", NOW, DUE_AT, REMIND_AT)
    assert not row.is_provisional
    returned = union.books.acted("auditor1", claim, "return", comment="请补明细")
    assert union.row(claim) is None
    later = NOW + timedelta(days=10)  # 5 月 8 日重新提交，10、11、12、13、14 日之后
    again = union.books.acted("treasurer", returned, "submit", later)
    row = union.row(again)
    assert row is not None
    assert row.due_at == datetime(2026, 5, 14, 16, tzinfo=UTC)  # 5 月 9 日（周六）调休上班
    assert union.books.acted("auditor1", again, "approve", later).state == "audited"
    assert union.row(again) is None


def test_a_vote_that_does_not_decide_leaves_the_deadline_as_it_was(union: Clockwork) -> None:
    with union.database.write() as session:
        session.execute(sa.update(Union).where(Union.id == union.union_id).values(two_auditor_limit_fen=500_000))
    claim = union.books.submitted(600_000)
    before = union.row(claim)
    voted = union.books.acted("auditor1", claim, "approve", NOW + timedelta(days=1))
    after = union.row(claim)
    assert voted.state == "submitted"
    assert before is not None
    assert after is not None
    assert (after.entered_at, after.due_at) == (before.entered_at, before.due_at)


def test_people_are_reminded_once_on_the_working_day_before(union: Clockwork) -> None:
    claim = union.books.submitted(30_000)
    assert union.look(REMIND_AT - A_MOMENT) == Scanned()
    assert union.look(REMIND_AT) == Scanned(reminded=1)
    assert union.look(REMIND_AT) == Scanned()
    assert union.look(DUE_AT - A_MOMENT) == Scanned()
    (told,) = union.told("notice.due_soon")
    assert told["case"] == str(claim.id)
    assert told["to"] == ["audit_chair", "auditor"]
    assert told["figures"]["last_day"][0] == f"{LAST_DAY.month}月{LAST_DAY.day}日"


def test_what_is_overdue_is_reported_once_and_on_record_as_an_act_of_no_person(
    union: Clockwork, tmp_path: Path
) -> None:
    claim = union.books.submitted(30_000)
    assert union.look(DUE_AT) == Scanned(escalated=1)  # the service was off in between: no reminder comes late
    assert union.look(DUE_AT + timedelta(days=400)) == Scanned()
    assert union.told("notice.due_soon") == []
    (told,) = union.told("notice.escalated")
    assert told["to"] == ["audit_chair", "auditor"]
    (record,) = union.records("deadline.escalated")
    assert record["actor"] == {"system": "deadline.submitted"}
    assert record["extra"]["offices"] == ["audit_chair"]
    assert record["extra"]["case"] == str(claim.id)
    assert ("oversee", "audit_chair") in union.waiting(claim)
    assert union.faults_of_the_record(tmp_path) == []
    union.books.acted("auditor1", claim, "approve", DUE_AT + timedelta(days=1))
    assert ("oversee", "audit_chair") not in union.waiting(claim)
    assert union.row(claim) is None


def test_money_is_never_approved_by_waiting(union: Clockwork) -> None:
    claim = union.books.submitted(30_000)
    for month in range(24):
        union.look(NOW + timedelta(days=30 * month))
    still = union.case(claim)
    assert (still.state, still.version) == (claim.state, claim.version)
    with union.database.read() as session:
        rules = session.scalars(
            sa.select(Decision.rule).where(Decision.union_id == union.union_id, Decision.case_id == claim.id)
        )
        assert set(rules) == {None}


def test_a_case_that_a_rule_closed_is_on_record_so_and_can_be_brought_back(union: Clockwork, tmp_path: Path) -> None:
    case = suggested(union)
    row = union.row(case)
    assert row is not None
    assert row.remind_at is None
    assert union.look(row.due_at - A_MOMENT) == Scanned()
    assert union.look(row.due_at) == Scanned(closed=1)
    assert union.look(row.due_at + timedelta(days=30)) == Scanned()
    closed = union.case(case)
    assert (closed.state, closed.phase) == ("expired", "ended")
    with union.database.read() as session:
        last = queries.decisions_of(session, union.union_id, [case.id])[case.id][-1]
    assert (last.person_id, last.rule, last.action) == (None, "deadline.submitted", "expire")
    (record,) = union.records("case.expire")
    assert record["actor"] == {"system": "deadline.submitted"}
    (told,) = union.told("case.expire")
    assert told["by"] is None
    again = union.books.acted("member", closed, "reopen", DUE_AT)
    assert (again.state, again.round) == ("draft", 2)
    resubmitted = union.books.acted("member", again, "submit", DUE_AT)
    assert union.row(resubmitted) is not None
    assert union.faults_of_the_record(tmp_path) == []


def test_a_draft_that_came_back_has_a_deadline_and_a_new_one_has_none(union: Clockwork) -> None:
    case = suggested(union)
    row = union.row(case)
    assert row is not None
    union.look(row.due_at)
    again = union.books.acted("member", union.case(case), "reopen", DUE_AT)
    row = union.row(again)
    assert row is not None
    assert row.state == "draft"
    assert union.look(row.due_at) == Scanned(told=1)
    (told,) = union.told("notice.overdue")
    assert told["to"] == [str(union.books.town.people["member"])]
    new = union.books.opened("member", "suggestion", {"what": "另一条"})
    assert union.row(new) is None


def test_what_cannot_be_closed_yet_is_told_once_and_tried_again_when_offices_open(union: Clockwork) -> None:
    case = suggested(union)
    row = union.row(case)
    assert row is not None
    union.gate.is_open = False
    due_at = row.due_at
    assert union.look(due_at) == Scanned(refused=1)  # 4 月 29、30 日之后是 5 月 6 日（周三）
    assert union.look(due_at + timedelta(hours=8)) == Scanned()
    assert union.look(due_at + timedelta(hours=9)) == Scanned(refused=1)
    assert union.look(due_at + timedelta(hours=32)) == Scanned()
    assert len(union.told("notice.overdue")) == 1
    assert union.case(case).state == "submitted"
    union.gate.is_open = True
    row = union.row(case)
    assert row is not None
    assert row.next_at is not None
    assert (row.next_at.astimezone(UNION_ZONE).date(), row.next_at.astimezone(UNION_ZONE).hour) == (date(2026, 5, 8), 9)
    assert union.look(row.next_at) == Scanned(closed=1)


def test_a_changed_calendar_moves_what_is_not_overdue(union: Clockwork) -> None:
    claim, late = union.books.submitted(10_000), union.books.submitted(20_000, purpose="合唱服装")
    with union.database.write() as session:
        session.execute(
            sa.update(Deadline)
            .where(Deadline.union_id == union.union_id, Deadline.case_id == late.id)
            .values(overdue_at=NOW, next_at=None)
        )
    calendar = union.books.door.calendar
    spring = calendar.holidays(2026)
    longer = Holidays(2026, spring.off | {date(2026, 5, 6), date(2026, 5, 7)}, spring.made_up, is_provisional=True)
    changed = type(calendar)([longer], calendar.festivals.values())
    door = replace(union.books.door, calendar=changed)
    assert scan_due(union.database, door, union.union_id, NOW) == Scanned(moved=1)
    assert scan_due(union.database, door, union.union_id, NOW) == Scanned()
    row, untouched = union.row(claim), union.row(late)
    assert row is not None
    assert untouched is not None
    assert row.due_at == datetime(2026, 5, 11, 16, tzinfo=UTC)  # 5 月 8 日、9 日（周六上班）、11 日
    assert row.is_provisional
    assert untouched.due_at == DUE_AT
    assert scan_due(union.database, door, union.union_id, DUE_AT) == Scanned()
    assert scan_due(union.database, door, union.union_id, DUE_AT + timedelta(hours=9)) == Scanned(reminded=1)


def test_a_clock_that_goes_back_tells_nobody_twice(union: Clockwork) -> None:
    union.books.submitted(30_000)
    assert union.look(DUE_AT) == Scanned(escalated=1)
    assert union.look(DUE_AT - timedelta(hours=1)) == Scanned()
    assert union.look(DUE_AT) == Scanned()


def test_nothing_of_a_look_that_broke_off_stays_and_the_next_one_does_it(union: Clockwork) -> None:
    broken, other = union.books.submitted(30_000), union.books.submitted(20_000, purpose="合唱服装")
    breaks = iter([True])

    def refuse(_c: Any, _cursor: Any, statement: str, _p: Any, _context: Any, _many: Any) -> None:
        if statement.startswith("INSERT INTO trail_entry ") and next(breaks, False):
            raise OSError("no space left on device")

    sa.event.listen(union.database.writer, "before_cursor_execute", refuse)
    try:
        assert union.look(DUE_AT) == Scanned(escalated=1, failed=1)
    finally:
        sa.event.remove(union.database.writer, "before_cursor_execute", refuse)
    assert len(union.told("notice.escalated")) == 1
    assert union.look(DUE_AT) == Scanned(escalated=1)
    assert Counter(one["case"] for one in union.told("notice.escalated")) == {str(broken.id): 1, str(other.id): 1}


def test_two_workers_who_look_at_once_do_each_thing_once(union: Clockwork) -> None:
    claims = [union.books.submitted(100, purpose=f"物品{number}") for number in range(6)]
    cases = [suggested(union) for _ in range(6)]
    url = union.database.url.render_as_string(hide_password=False)
    gate = threading.Barrier(2)

    def work(database: Database) -> Scanned:
        gate.wait()
        return scan_due(database, union.books.door, union.union_id, DUE_AT)

    with (
        contextlib.closing(Database(url)) as one,
        contextlib.closing(Database(url)) as two,
        ThreadPoolExecutor(2) as pool,
    ):
        first, second = pool.map(work, [one, two])
    both = first + second
    both += union.look(DUE_AT)  # what one skipped because the other was at it
    assert both == Scanned(escalated=6, closed=6)
    assert Counter(one["case"] for one in union.told("notice.escalated")) == {str(one.id): 1 for one in claims}
    assert Counter(one["case"] for one in union.told("case.expire")) == {str(one.id): 1 for one in cases}
    assert {union.case(one).state for one in cases} == {"expired"}
    assert len(union.records("deadline.escalated")) == 6


def test_two_worker_processes_that_start_at_once_report_a_claim_once(union: Clockwork, tmp_path: Path) -> None:
    claims = [union.books.submitted(100, purpose=f"物品{number}") for number in range(3)]
    environment = {
        **os.environ,
        "GONGKAI_ENVIRONMENT": "test",
        "GONGKAI_DATABASE_URL": union.database.url.render_as_string(hide_password=False),
        "GONGKAI_FILES": str(tmp_path / "files"),
        "GONGKAI_SIGNING_KEY": str(tmp_path / "trail.key"),
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "work", "--once"]
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    answers = [worker.communicate(timeout=120)[0].decode() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], answers
    assert Counter(one["case"] for one in union.told("notice.escalated")) == {str(one.id): 1 for one in claims}
    assert len(union.records("deadline.escalated")) == 3


@pytest.mark.parametrize(
    ("now", "zh", "overdue"),
    [
        (NOW, "请于 5月8日（周五）前办理，还剩 5 个工作日。逾期报经审会主任督办。", False),
        (
            datetime(2026, 5, 6, 2, tzinfo=UTC),
            "请于 5月8日（周五）前办理，还剩 2 个工作日。逾期报经审会主任督办。",
            False,
        ),
        (
            datetime(2026, 5, 8, 2, tzinfo=UTC),
            "请于 5月8日（周五）前办理，今天是最后一天。逾期报经审会主任督办。",
            False,
        ),
        (DUE_AT, "应于 5月8日（周五）前办理，已逾期 1 个工作日。逾期报经审会主任督办。", True),  # 周六调休上班
        (datetime(2027, 1, 4, 2, tzinfo=UTC), "应于 2026年5月8日（周五）前办理，", True),
    ],
)
def test_the_page_says_until_when_in_a_sentence(union: Clockwork, now: datetime, zh: str, overdue: bool) -> None:  # noqa: FBT001
    claim = union.books.submitted(30_000)
    said = union.shown("auditor1", claim, now)
    assert said is not None
    assert said["message"]["zh-CN"].startswith(zh)
    assert said["overdue"] is overdue
    assert said["last_day"] == "2026-05-08"


def test_a_deadline_that_reaches_into_a_year_without_a_notice_says_so(union: Clockwork) -> None:
    december = datetime(2026, 12, 29, 2, tzinfo=UTC)
    claim = union.books.acted("treasurer", union.books.claim(30_000), "submit", december)
    said = union.shown("auditor1", claim, december)
    assert said is not None
    assert said["provisional"] is True
    assert said["message"]["zh-CN"] == (
        "请于 2027年1月6日（周三）前办理，还剩 5 个工作日。逾期报经审会主任督办。"
        "2027年的放假安排尚未公布，这个日期可能变动。"
    )
    assert said["message"]["en"] == (
        "Due by Wed 6 Jan 2027: 5 working days left. When overdue it is reported to: Chair of the audit committee. "
        "The holidays of 2027 are not published yet, so this day may still move."
    )
    union.look(datetime(2027, 1, 7, tzinfo=UTC))
    after = union.shown("auditor1", claim, datetime(2027, 1, 7, tzinfo=UTC))
    assert after is not None
    assert "已报经审会主任督办。" in after["message"]["zh-CN"]


def test_a_case_without_a_deadline_says_nothing(union: Clockwork) -> None:
    assert union.shown("treasurer", union.books.claim(30_000), NOW) is None


def test_a_reminder_on_the_last_day_comes_in_its_morning(union: Clockwork) -> None:
    calendar = union.books.door.calendar
    counted = times(Rule(working_days=1, remind_before=0), NOW, calendar)
    assert counted.remind_at == datetime(2026, 4, 29, 1, tzinfo=UTC)
    assert counted.due_at == datetime(2026, 4, 29, 16, tzinfo=UTC)


def test_counting_again_by_the_same_calendar_moves_nothing(union: Clockwork) -> None:
    union.books.submitted(30_000)
    assert union.database.transact(lambda session: reschedule(session, union.books.door, union.union_id)) == 0

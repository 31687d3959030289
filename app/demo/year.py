"""The year's plan and its tasks: drafted by the clerk, adopted by the chair, done and reported by their owners."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from app.cases.models import Case
from app.demo.days import DATA, YEAR, at, fen, last_workday, rows, workdays_after
from app.demo.documents import activity_photo
from app.demo.pages import page_pdf
from app.demo.people import UNION
from app.demo.stage import Stage, Strand

ADOPTED = date(2026, 1, 16)
NEWEST_PROPOSAL = date(2026, 11, 17)
"""Tasks of December are proposed in the last week of the story."""
MONTHS_SIGNED_OFF, MONTHS_PUBLISHED = 9, 8
"""Up to which month the chair has signed off what was reported, and up to which it was published."""
POSTPONED_TO = date(2026, 12, 11)

_CHAPTER = re.compile(r"([一二三四])、(.+)\Z")
_ITEM = re.compile(r"([0-9]+)、(.+)\Z")


@dataclass(frozen=True, slots=True)
class Task:
    """One row of ``tasks.csv``; ``fate`` is how far it has come by the last day."""

    key: str
    name: str
    item: str
    owner: str
    group: str
    start_on: date
    due_on: date
    account: str
    budget_fen: int
    reported_on: date | None
    fate: str
    result: str

    @property
    def opened_on(self) -> date:
        """About two weeks before it starts, and never before the plan is adopted."""
        return max(ADOPTED, min(workdays_after(self.start_on, -10), NEWEST_PROPOSAL))


def tasks() -> list[Task]:
    """The year's tasks, as the table lists them."""
    return [
        Task(
            key=row["代号"],
            name=row["任务"],
            item=row["条目"],
            owner=row["负责人"],
            group=row["部门"],
            start_on=date.fromisoformat(row["开始"]),
            due_on=date.fromisoformat(row["期限"]),
            account=row["科目"],
            budget_fen=fen(row["预算"]),
            reported_on=date.fromisoformat(row["上报"]) if row["上报"] else None,
            fate=row["去向"],
            result=row["完成情况"],
        )
        for row in rows("tasks")
    ]


def plan_items() -> Iterator[tuple[str, str]]:
    """The plan's items with their numbers (``一、1``), in the plan's own words."""
    chapter = ""
    for line in (DATA / "plan.txt").read_text(encoding="utf-8").splitlines():
        if found := _CHAPTER.match(line):
            chapter = found[1]
        elif found := _ITEM.match(line):
            yield f"{chapter}、{found[1]}", found[2]


def strands(stage: Stage) -> Iterator[Strand]:
    """The plan, every task, and the chair's monthly signing."""
    plan: list[Case] = []
    yield _plan(stage, plan)
    for task in tasks():
        yield _task(stage, task, plan)
    for month in range(1, MONTHS_SIGNED_OFF + 1):
        yield _month_end(stage, month)


def _plan(stage: Stage, plan: list[Case]) -> Strand:
    yield at(date(YEAR, 1, 12), 9, 30)
    case = stage.open(
        "clerk",
        "work_plan",
        name=f"{UNION.name}{YEAR}年工作计划",
        year=YEAR,
        adopted_on=ADOPTED.isoformat(),
        items=[{"number": number, "quote": quote} for number, quote in plan_items()],
    )
    plan.append(case)
    yield at(date(YEAR, 1, 13), 10)
    stage.act("clerk", case, "submit")
    yield at(ADOPTED, 9)
    stage.act("chair", case, "adopt", "按委员会讨论意见通过。")
    yield at(ADOPTED, 16)
    stage.act("clerk", case, "publish")


def _task(stage: Stage, task: Task, plan: list[Case]) -> Strand:
    chance = Random(task.key)
    yield at(task.opened_on, 10, chance.randint(0, 50))
    case = stage.tasks[task.key] = _opened(stage, task, plan[0])
    if task.fate == "draft":
        return
    yield at(task.opened_on, 11, chance.randint(0, 50))
    stage.act("clerk", case, "propose")
    if task.fate == "proposed":
        return
    yield at(workdays_after(task.opened_on, 1), 15, chance.randint(0, 50))
    if task.fate == "cancelled":
        stage.act("chair", case, "cancel", "影院检修，观影改由各小组在明年安排。")
        return
    stage.act("chair", case, "approve")
    if task.fate == "approved":
        return
    yield at(max(task.start_on, workdays_after(task.opened_on, 2)), 9, chance.randint(0, 50))
    stage.act(task.owner, case, "start")
    if task.fate == "postponed":
        yield at(date(YEAR, 10, 28), 10)
        stage.act("chair", case, "postpone", "与抢修季冲突，同意延期。", new_due_on=POSTPONED_TO.isoformat())
    if task.reported_on:
        yield at(task.reported_on, 14, chance.randint(0, 50))
        _report(stage, task, case, chance)
    if task.fate == "returned":
        yield at(workdays_after(task.reported_on or task.due_on, 2), 16)
        stage.act("chair", case, "return", "请补充参赛名单和比赛照片，并说明表演方阵道具数量。")


def _opened(stage: Stage, task: Task, plan: Case) -> Case:
    money = {"account": task.account, "budget_fen": task.budget_fen} if task.budget_fen else {}
    programme = [stage.hand_in("clerk", _programme(task), f"{task.name}活动方案.pdf")] if task.budget_fen else []
    return stage.open(
        "clerk",
        "task",
        name=task.name,
        plan=str(plan.id),
        plan_item=task.item,
        owner=str(stage.cast[task.owner].person_id),
        group=task.group,
        start_on=task.start_on.isoformat(),
        due_on=task.due_on.isoformat(),
        programme=programme,
        **money,
    )


def _report(stage: Stage, task: Task, case: Case, chance: Random) -> None:
    count = 2 if task.budget_fen else 1
    photos = [
        stage.hand_in(task.owner, activity_photo(task.name, chance.randrange(10_000)), f"{task.name}{number}.jpg")
        for number in range(1, count + 1)
    ]
    stage.act(task.owner, case, "report", result=task.result, photos=photos)


def _programme(task: Task) -> bytes:
    paragraphs = (
        f"活动内容：{task.name}（年度计划第{task.item}条）。",
        f"时间：{task.start_on.isoformat()}至{task.due_on.isoformat()}。责任部门：{task.group}。",
        f"经费预算：{task.budget_fen // 100}元，从工会经费列支。严格按方案执行，凭发票和签领表报销，不超预算。",
    )
    return page_pdf(f"{task.name}活动方案", paragraphs, UNION.name, task.opened_on)


def _month_end(stage: Stage, month: int) -> Strand:
    """The chair signs off what was reported in the month; a few working days later the clerk publishes it."""
    day = last_workday(YEAR, month)
    yield at(day, 17)
    reported = [case for case in stage.tasks.values() if case.state == "reported"]
    if reported:
        stage.act_on_all("chair", reported, "sign_off")
    if month > MONTHS_PUBLISHED:
        return
    yield at(workdays_after(day, 4), 10)
    if reported:
        stage.act_on_all("clerk", reported, "publish")

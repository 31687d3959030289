"""The plan as it is read: items with their tasks, months to sign off, and rows that say what the cases say."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.cases.models import Case
from app.cases.service import Step
from app.foundation.db import Database
from app.plan import queries, reconciling
from app.plan.models import PlanItem, Task
from tests.fixtures.fund import books
from tests.fixtures.unions import NOW

from .conftest import Year, adopted, counted

APRIL = date(2026, 4, 1), date(2026, 4, 30)


def tree_of(year: Year) -> list[queries.Node]:
    with year.database.read() as session:
        return queries.tree(session, year.books.town.union_id, 2026)


def titles(node: queries.Node) -> list[str]:
    return [task.case.title for task in node.tasks]


def waiting(year: Year) -> dict[str, queries.Reported]:
    with year.database.read() as session:
        return {row.case.title: row for row in queries.reported(session, year.books.town.union_id, *APRIL)}


def row_of(year: Year, task: Case) -> Task | None:
    with year.database.read() as session:
        return session.get(Task, (task.union_id, task.id))


def faults(year: Year) -> set[tuple[str, str]]:
    union_id = year.books.town.union_id
    with year.database.read() as session:
        found = [*reconciling.tasks(session, union_id), *reconciling.items(session, union_id)]
    return {(one.code, one.subject) for one in found}


# --- the tree ------------------------------------------------------------------------------------------------------------


def test_tasks_stand_under_the_item_of_the_plan_they_name(year: Year) -> None:
    second = adopted(year.books, "一、1", name="女职工工作计划", now=NOW + timedelta(minutes=1))
    year.drafted("歌咏")
    year.drafted("讲座", plan_item="一、2")
    year.drafted("女职工座谈", plan=str(second.id))
    year.drafted("临时任务", plan_item="九、9")
    nodes = tree_of(year)
    assert [(node.item.number if node.item else None, titles(node)) for node in nodes] == [
        ("一、1", ["歌咏"]),
        ("一、2", ["讲座"]),
        ("一、1", ["女职工座谈"]),
        (None, ["临时任务"]),
    ]


def test_a_task_that_names_no_plan_stands_under_the_first_item_of_its_number(year: Year) -> None:
    adopted(year.books, "一、1", name="女职工工作计划", now=NOW + timedelta(minutes=1))
    year.drafted("歌咏", plan=None)
    assert [titles(node) for node in tree_of(year)] == [["歌咏"], [], []]


def test_a_postponed_task_is_due_on_its_new_day(year: Year) -> None:
    task = year.approved()
    year.books.acted("chair", task, "postpone", comment="连日大雨", new_due_on="2026-06-12")
    (planned,) = tree_of(year)[0].tasks
    assert planned.due_on == date(2026, 6, 12)


def test_a_task_tells_what_was_claimed_for_it(year: Year) -> None:
    task = year.approved()
    year.books.submitted(10_000, task=str(task.id))
    year.books.submitted(5_000, task=str(task.id))
    year.books.acted("treasurer", year.books.submitted(70_000, task=str(task.id)), "withdraw")
    (planned,) = tree_of(year)[0].tasks
    assert planned.claimed_fen == 15_000


def test_the_plan_is_read_in_as_many_statements_for_ten_tasks_as_for_one(year: Year) -> None:
    year.drafted()
    with counted(year.database.reader) as one:
        tree_of(year)
    for number in range(9):
        year.drafted(f"任务{number}")
    with counted(year.database.reader) as ten:
        tree_of(year)
    assert len(ten) == len(one)


# --- a month to sign off -------------------------------------------------------------------------------------------------


def test_a_month_lists_what_was_reported_in_it_with_evidence_sentence_and_sums(year: Year) -> None:
    task = year.reported("歌咏")
    year.reported("讲座")
    year.approved("还没办的")
    claim = year.books.submitted(10_000, task=str(task.id))
    refused = year.books.submitted(20_000, task=str(task.id))
    year.books.acted("auditor1", refused, "reject", comment="与任务无关")
    rows = waiting(year)
    assert rows.keys() == {"歌咏", "讲座"}
    assert (len(rows["歌咏"].photos), rows["歌咏"].claimed_fen, rows["歌咏"].open_claims) == (
        2,
        10_000,
        (claim.number,),
    )
    assert rows["歌咏"].owner == "周南"
    assert (rows["讲座"].claimed_fen, rows["讲座"].open_claims) == (0, ())


def test_a_month_is_read_in_as_many_statements_for_eight_tasks_as_for_one(year: Year) -> None:
    year.reported()
    with counted(year.database.reader) as one:
        waiting(year)
    for number in range(7):
        year.reported(f"任务{number}")
    with counted(year.database.reader) as eight:
        waiting(year)
    assert len(eight) == len(one)


def test_a_task_goes_into_the_month_in_which_it_was_reported(year: Year) -> None:
    year.reported(now=NOW + timedelta(days=30))
    assert waiting(year) == {}
    with year.database.read() as session:
        assert queries.months_with_reports(session, year.books.town.union_id) == {"2026-05": 1}


def test_another_union_sees_nothing_of_the_year(year: Year, database: Database) -> None:
    year.reported()
    other = Year(books(database, "hill", "-2"), year.plan)
    assert waiting(other) == {}
    assert tree_of(other) == []


def test_of_a_month_signed_off_together_only_the_chairs_own_task_is_refused(year: Year) -> None:
    tasks = [year.reported("歌咏"), year.reported("讲座"), year.reported("座谈", owner="chair")]
    steps = [Step(task.id, task.version) for task in tasks]
    chair = year.books.town.acting("chair")
    outcomes = year.database.transact(
        lambda session: year.books.door.act_on_many(session, chair, steps, "sign_off", NOW)
    )
    assert [outcome.case.state if outcome.case else None for outcome in outcomes] == ["signed_off", "signed_off", None]
    assert waiting(year).keys() == {"座谈"}
    assert faults(year) == set()


# --- rows that effects write ---------------------------------------------------------------------------------------------


def test_the_row_of_a_task_follows_its_case_from_proposal_to_sign_off(year: Year) -> None:
    task = year.reported()
    row = row_of(year, task)
    assert row is not None
    assert (row.plan_id, row.budget_fen, row.reported_on, row.signed_off_on) == (
        year.plan.id,
        50_000,
        date(2026, 4, 28),
        None,
    )
    year.books.acted("chair", task, "sign_off")
    row = row_of(year, task)
    assert row is not None
    assert row.signed_off_on == date(2026, 4, 28)
    assert faults(year) == set()


def test_a_half_filled_draft_can_be_called_off_and_leaves_no_row(year: Year) -> None:
    draft = year.books.opened("clerk", "task", {"name": "还没想好"})
    task = year.books.acted("chair", draft, "cancel", comment="不办了")
    assert task.state == "cancelled"
    assert row_of(year, task) is None
    assert faults(year) == set()


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"budget_fen": 90_000}, "task_differs"),
        ({"due_on": date(2026, 12, 31)}, "task_differs"),
        ({"plan_item": "一、2"}, "task_differs"),
        ({"signed_off_on": date(2026, 4, 28)}, "task_differs"),
        (None, "task_missing"),
    ],
)
def test_a_row_changed_behind_the_doors_back_is_named(year: Year, values: dict[str, object] | None, code: str) -> None:
    task = year.reported()
    assert faults(year) == set()
    here = (Task.union_id == task.union_id, Task.case_id == task.id)
    with year.database.write() as session:
        session.execute(sa.delete(Task).where(*here) if values is None else sa.update(Task).where(*here).values(values))
    assert faults(year) == {(code, task.number)}


@pytest.mark.parametrize("change", ["reworded", "removed", "added"])
def test_a_plan_changed_after_it_was_adopted_is_named(year: Year, change: str) -> None:
    key = {"union_id": year.plan.union_id, "case_id": year.plan.id}
    first = (PlanItem.union_id == year.plan.union_id, PlanItem.case_id == year.plan.id, PlanItem.position == 1)
    new = {**key, "position": 3, "year": 2026, "number": "一、3", "quote": "谁也没有通过"}
    statement = {
        "reworded": sa.update(PlanItem).where(*first).values(quote="改过的话"),
        "removed": sa.delete(PlanItem).where(*first),
        "added": sa.insert(PlanItem).values(new),
    }[change]
    with year.database.write() as session:
        session.execute(statement)
    assert faults(year) == {("plan_item_differs", year.plan.number)}

"""A union with a budget and the year's plan, on both databases, and sentences about its tasks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from app.cases.models import Case
from app.foundation.db import Database, require_union_id
from tests.fixtures.fund import Books, books
from tests.fixtures.unions import NOW


@dataclass(frozen=True)
class Year:
    """A union's year of work."""

    books: Books
    plan: Case

    @property
    def database(self) -> Database:
        """Where it is kept."""
        return self.books.database

    def drafted(self, name: str = "职工歌咏比赛", *, owner: str = "organiser", **changes: Any) -> Case:
        """A task of the plan's first item, drafted by the clerk."""
        raw = {
            "name": name,
            "plan": str(self.plan.id),
            "plan_item": "一、1",
            "owner": str(self.books.town.people[owner]),
            "group": "文体小组",
            "due_on": "2026-04-30",
            "budget_fen": 50_000,
            **changes,
        }
        return self.books.opened("clerk", "task", {key: value for key, value in raw.items() if value is not None})

    def proposed(self, name: str = "职工歌咏比赛", **changes: Any) -> Case:
        """The same, waiting for the chair."""
        return self.books.acted("clerk", self.drafted(name, **changes), "propose")

    def approved(self, name: str = "职工歌咏比赛", **changes: Any) -> Case:
        """The same with the chair's 立项."""
        return self.books.acted("chair", self.proposed(name, **changes), "approve")

    def reported(
        self, name: str = "职工歌咏比赛", *, owner: str = "organiser", now: datetime = NOW, **changes: Any
    ) -> Case:
        """The same, reported done by its owner with two photos."""
        files = [str(self.books.paper(owner)) for _ in range(2)]
        task = self.approved(name, owner=owner, **changes)
        return self.books.acted(owner, task, "report", now, result="三十人参加。", photos=files)


def adopted(union: Books, *numbers: str, name: str = "2026年工作计划", now: datetime = NOW) -> Case:
    """A plan of 2026 with these items, adopted by the chair."""
    lines = [{"number": number, "quote": f"第{number}条的原文"} for number in numbers]
    raw = {"name": name, "year": 2026, "adopted_on": "2026-01-12", "items": lines}
    draft = union.opened("clerk", "work_plan", raw, now)
    return union.acted("chair", union.acted("clerk", draft, "submit"), "adopt")


@pytest.fixture
def year(database: Database) -> Year:
    """A union with 1,000 yuan for culture and a plan of two items; every statement must name the union."""
    union = books(database)
    union.budgeted(a501102=100_000)
    plan = adopted(union, "一、1", "一、2")
    require_union_id(database.writer)
    require_union_id(database.reader)
    return Year(union, plan)


@contextlib.contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    """The statements that the driver is given while the block runs."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, _p: Any, _context: Any, _many: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)

"""How tasks look in the strip of months, and where a month begins and ends."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from app.cases.models import Case
from app.plan.effects import is_task
from app.plan.queries import Planned, Reported
from app.plan.web import _bounds, _kind, _month

TODAY = date(2026, 7, 20)
YESTERDAY = date(2026, 7, 19)


def task(state: str, phase: str, due_on: date = TODAY) -> Planned:
    return Planned(Case(id=uuid.uuid4(), state=state, phase=phase, title="歌咏"), due_on, 0)


@pytest.mark.parametrize(
    ("state", "phase", "due_on", "kind"),
    [
        ("approved", "draft", TODAY, "draft"),
        ("in_progress", "draft", TODAY, "doing"),
        ("in_progress", "draft", YESTERDAY, "bad"),
        ("approved", "draft", YESTERDAY, "bad"),
        ("reported", "submitted", YESTERDAY, "todo"),
        ("signed_off", "audited", YESTERDAY, "ok"),
        ("published", "published", YESTERDAY, "ok"),
    ],
)
def test_only_what_is_neither_reported_nor_done_can_be_overdue(state: str, phase: str, due_on: date, kind: str) -> None:
    assert _kind(task(state, phase, due_on), TODAY) == kind


def test_a_month_holds_the_tasks_due_in_it() -> None:
    strip = [
        _month(month, [task("approved", "draft"), task("approved", "draft", date(2026, 12, 1))], TODAY, 2026)
        for month in range(1, 13)
    ]
    assert [len(one["dots"]) for one in strip] == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    assert [one["month"] for one in strip if one["current"]] == [7]


@pytest.mark.parametrize(
    ("month", "last"), [("2026-02", date(2026, 2, 28)), ("2028-02", date(2028, 2, 29)), ("2026-12", date(2026, 12, 31))]
)
def test_a_month_ends_on_its_last_day(month: str, last: date) -> None:
    first, end = _bounds(month)
    assert (first.day, end) == (1, last)


@pytest.mark.parametrize(("photos", "is_exception"), [((), True), (("one",), False)])
def test_a_report_without_any_paper_is_looked_at_first(photos: tuple[str, ...], *, is_exception: bool) -> None:
    row = Reported(Case(), "某人", photos, 0, ())
    assert row.is_exception is is_exception


@pytest.mark.parametrize("missing", ["owner", "due_on"])
def test_what_nobody_is_to_do_by_any_day_is_not_yet_a_task(missing: str) -> None:
    data = {"owner": "id", "due_on": "2026-04-30"}
    assert is_task(data)
    assert not is_task({**data, missing: None})

"""What a task means for the claims that name it, and what its claims mean for signing it off."""

from __future__ import annotations

from typing import Any

import pytest

from app.cases.errors import ActionRefused
from app.cases.models import Case
from app.cases.situations import view_of
from app.engine.decision import Finding, Severity
from app.plan import facts
from tests.fixtures.unions import NOW

from .conftest import Year


def claimed(year: Year, task: Case, fen: int, **changes: Any) -> Case:
    return year.books.submitted(fen, task=str(task.id), **changes)


def open_claims(year: Year, task: Case) -> list[Finding]:
    with year.database.read() as session:
        return list(facts.open_claims(session, view_of(task, task.data), {}, NOW, lock=False))


@pytest.mark.parametrize("state", ["draft", "proposed", "cancelled"])
def test_money_is_not_claimed_for_a_task_that_the_chair_has_not_approved(year: Year, state: str) -> None:
    task = year.drafted() if state == "draft" else year.proposed()
    if state == "cancelled":
        task = year.books.acted("chair", task, "cancel", comment="不办了")
    claim = year.books.claim(1_000, task=str(task.id))
    with pytest.raises(ActionRefused) as refused:
        year.books.acted("treasurer", claim, "submit")
    assert [one.code for one in refused.value.refusals] == ["task_not_approved"]
    assert "职工歌咏比赛" in refused.value.refusals[0].text.zh


def test_a_claim_inside_an_approved_task_is_submitted_without_a_warning(year: Year) -> None:
    claim = claimed(year, year.approved(), 50_000)
    assert claim.state == "submitted"
    assert "task_budget_exceeded" not in {one["code"] for one in claim.warnings}
    with year.database.read() as session:
        shown_later = list(facts.task_approved(session, view_of(claim, claim.data), {}, NOW, lock=False))
    assert [one.code for one in shown_later] == ["task_approved"]


def test_claims_above_the_budget_of_a_task_are_pointed_out_with_the_figures_and_go_on(year: Year) -> None:
    task = year.approved()
    claimed(year, task, 30_000)
    claim = claimed(year, task, 25_000)
    assert claim.state == "submitted"
    (warning,) = [one for one in claim.warnings if one["code"] == "task_budget_exceeded"]
    assert "预算 500.00 元" in warning["zh"]
    assert "共 550.00 元" in warning["zh"]
    assert "50.00 over" in warning["en"]


def test_a_claim_that_was_taken_back_no_longer_weighs_on_the_task(year: Year) -> None:
    task = year.approved()
    year.books.acted("treasurer", claimed(year, task, 30_000), "withdraw")
    claim = claimed(year, task, 25_000)
    assert "task_budget_exceeded" not in {one["code"] for one in claim.warnings}


def test_a_claim_that_names_no_task_is_asked_nothing_about_tasks(year: Year) -> None:
    claim = year.books.claim(1_000)
    with year.database.read() as session:
        found = list(facts.task_approved(session, view_of(claim, claim.data), {}, NOW, lock=False))
    assert found == []


def test_open_claims_are_listed_with_their_sum_and_do_not_stop_the_sign_off(year: Year) -> None:
    task = year.reported()
    first, second = claimed(year, task, 10_000), claimed(year, task, 5_000)
    (finding,) = open_claims(year, task)
    assert finding.severity is Severity.WARN
    assert f"{first.number}、{second.number}" in finding.text.zh
    assert "150.00" in finding.text.zh
    assert year.books.acted("chair", task, "sign_off").state == "signed_off"


def test_a_claim_that_came_to_its_end_is_not_listed_as_open(year: Year) -> None:
    task = year.reported()
    year.books.acted("auditor1", claimed(year, task, 10_000), "reject", comment="与任务无关")
    paid = year.books.acted("auditor1", claimed(year, task, 5_000), "approve")
    paid = year.books.acted("cashier", paid, "pay", paid_on="2026-04-27", bank_reference="HD-1")
    year.books.acted("chair", paid, "publish")
    assert open_claims(year, task) == []

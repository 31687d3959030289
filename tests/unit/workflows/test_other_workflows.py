"""Budget, income, work plan and fund review: the whole table of each, and the sentences that matter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.engine.deciding import decide
from app.engine.decision import Actor, Decision, Situation, Vote
from app.engine.definition import Definition
from tests.unit.engine.workbench import SETTINGS, looked, shipped
from tests.unit.workflows.tables import Role, answer_of, assert_table, role
from tests.unit.workflows.test_kinds import STORIES, WITH_TABLES

ROLES = {
    "treasurer": role("lin", "treasurer"),
    "accountant": role("pan", "accountant"),
    "cashier": role("tao", "cashier"),
    "auditor": role("gao", "auditor"),
    "audit_chair": role("wei", "audit_chair"),
    "chair": role("shen", "chair"),
    "clerk": role("bai", "clerk"),
    "member": role("hua", "member"),
}

AUDITORS = {"auditor": frozenset({"gao", "yan"}), "audit_chair": frozenset({"wei"})}

TABLES = {
    "budget": (
        "lin",
        """
        state      step     treasurer  accountant  cashier  auditor   audit_chair  chair      clerk      member
        draft      submit   submitted  -           -        -         -            -          -          -
        submitted  approve  -          -           -        -         -            in_review  -          -
        submitted  return   -          -           -        draft     draft        draft      -          -
        submitted  reject   -          -           -        rejected  rejected     rejected   -          -
        in_review  pass     -          -           -        in_force  in_force     -          -          -
        in_review  return   -          -           -        draft     draft        draft      -          -
        in_review  reject   -          -           -        rejected  rejected     rejected   -          -
        in_force   publish  -          -           -        -         -            published  published  -
        """,
    ),
    "income": (
        "tao",
        """
        state      step     treasurer  accountant  cashier    auditor  audit_chair  chair      clerk      member
        draft      submit   -          -           submitted  -        -            -          -          -
        submitted  confirm  confirmed  confirmed   -          -        -            -          -          -
        submitted  return   draft      draft       -          -        -            -          -          -
        confirmed  publish  -          -           -          -        -            published  published  -
        """,
    ),
    "work_plan": (
        "bai",
        """
        state      step     treasurer  accountant  cashier  auditor  audit_chair  chair      clerk      member
        draft      submit   -          -           -        -        -            -          submitted  -
        submitted  adopt    -          -           -        -        -            adopted    -          -
        submitted  return   -          -           -        -        -            draft      -          -
        adopted    publish  -          -           -        -        -            published  published  -
        """,
    ),
    "fund_review": (
        "gao",
        """
        state      step     treasurer  accountant  cashier  auditor    audit_chair  chair  clerk  member
        draft      submit   -          -           -        submitted  submitted    -      -      -
        submitted  sign     -          -           -        vote       vote         -      -      -
        submitted  return   -          -           -        draft      draft        -      -      -
        audited    publish  -          -           -        -          published    -      -      -
        """,
    ),
}


def situation(state: str, opener: str) -> Situation:
    return Situation(
        state=state,
        data={"amount_fen": 100},
        opener=opener,
        submitter=None if state == "draft" else opener,
        settings=SETTINGS,
        members=AUDITORS,
    )


@pytest.mark.parametrize("name", TABLES)
def test_every_state_step_and_role(name: str) -> None:
    opener, table = TABLES[name]
    assert_table(shipped()[name], ROLES, lambda state: situation(state, opener), table)


def test_every_shipped_workflow_has_its_table_or_its_stories() -> None:
    assert {*TABLES, "expense_claim", "task"} == WITH_TABLES
    assert set(shipped()) == {*WITH_TABLES, *(story.kind for story in STORIES)}


def test_who_submitted_the_budget_neither_agrees_to_it_nor_passes_it() -> None:
    budget = shipped()["budget"]
    assert answer_of(budget, situation("submitted", "lin"), "approve", role("lin", "chair")) == "own_submission"
    assert answer_of(budget, situation("in_review", "lin"), "pass", role("lin", "auditor")) == "own_submission"


def test_who_agreed_to_the_budget_as_chair_does_not_pass_it_as_auditor() -> None:
    agreed = replace(situation("in_review", "lin"), approvers=frozenset({"gao"}))
    assert answer_of(shipped()["budget"], agreed, "pass", ROLES["auditor"]) == "already_approved_by_you"


def test_the_cashier_who_entered_income_does_not_confirm_it() -> None:
    both = role("tao", "cashier", "treasurer")
    assert answer_of(shipped()["income"], situation("submitted", "tao"), "confirm", both) == "own_submission"


def test_the_chair_cannot_hold_up_the_report_of_the_auditors() -> None:
    review = shipped()["fund_review"]
    for state in ("draft", "submitted", "audited"):
        for action in review.actions_from(state):
            assert answer_of(review, situation(state, "gao"), action.name, ROLES["chair"]) == "-"


def signed(review: Definition, who: Role, votes: tuple[Vote, ...], members: dict[str, frozenset[str]]) -> Decision:
    standing = replace(situation("submitted", "gao"), votes=votes, members=members)
    answer = decide(review, looked(review, standing), "sign", Actor(who.person, who.offices))
    assert isinstance(answer, Decision)
    return answer


def test_two_auditors_sign_the_review_and_where_there_is_one_that_one_does() -> None:
    review = shipped()["fund_review"]
    first = signed(review, ROLES["auditor"], (), AUDITORS)
    assert (first.closes, first.target, first.need) == (False, "submitted", 2)
    second = signed(review, ROLES["audit_chair"], (Vote("sign", "gao"),), AUDITORS)
    assert (second.closes, second.target, second.votes) == (True, "audited", ("gao", "wei"))
    alone = signed(review, ROLES["audit_chair"], (), {"audit_chair": frozenset({"wei"})})
    assert (alone.closes, alone.target, alone.need) == (True, "audited", 1)

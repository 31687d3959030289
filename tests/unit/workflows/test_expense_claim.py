"""The expense claim, sentence by sentence: who may do what, and how many auditors an amount needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.engine import machine
from app.engine.deciding import available, decide
from app.engine.decision import Actor, Answer, Decision, Finding, Given, Refused, Severity, Situation, Vote
from app.engine.definition import Definition
from app.wording import Text
from tests.unit.engine.workbench import SETTINGS, looked, shipped
from tests.unit.workflows.tables import Role, answer_of, assert_table, given_for, role

LIMIT = 500_000

ROLES = {
    "treasurer": role("lin", "treasurer"),
    "auditor": role("gao", "auditor"),
    "audit_chair": role("wei", "audit_chair"),
    "chair": role("shen", "chair"),
    "cashier": role("tao", "cashier"),
    "clerk": role("bai", "clerk"),
    "member": role("hua", "member"),
    "maintainer": role("ning", "maintainer"),
}


@pytest.fixture
def claim() -> Definition:
    return shipped()["expense_claim"]


def situation(state: str, **changes: object) -> Situation:
    """A claim of 120 yuan that Lin filled in and submitted, in a union with three auditors."""
    standing = Situation(
        state=state,
        data={"amount_fen": 12_000, "handled_by": "mei", "accepted_by": "qiao", "payee_person": "song"},
        opener="lin",
        submitter=None if state == "draft" else "lin",
        settings=SETTINGS,
        members={"auditor": frozenset({"gao", "yan"}), "audit_chair": frozenset({"wei"})},
    )
    return replace(standing, **changes)  # type: ignore[arg-type]


def act(claim: Definition, standing: Situation, action: str, who: Role) -> Answer:
    found = claim.action(action)
    given = Given() if found is None else given_for(found)
    return decide(claim, looked(claim, standing), action, Actor(who.person, who.offices), given)


def codes(answer: Answer) -> list[str]:
    assert isinstance(answer, Refused)
    return [one.code for one in answer.refusals]


def agreed(answer: Answer) -> Decision:
    assert isinstance(answer, Decision), answer
    return answer


def amount(fen: int) -> dict[str, object]:
    return {"data": {"amount_fen": fen}}


def test_every_state_step_and_role_without_the_chairs_switch(claim: Definition) -> None:
    assert_table(
        claim,
        ROLES,
        situation,
        """
        state           step           treasurer        auditor    audit_chair  chair      cashier  clerk      member  maintainer
        draft           submit         submitted        -          -            -          -        -          -       -
        draft           void           voided           -          -            -          -        -          -       -
        submitted       approve        -                audited    audited      -          -        -          -       -
        submitted       return         -                draft      draft        draft      -        -          -       -
        submitted       reject         -                rejected   rejected     rejected   -        -          -       -
        submitted       withdraw       draft            -          -            -          -        -          -       -
        awaiting_chair  chair_approve  -                -          -            audited    -        -          -       -
        awaiting_chair  return         -                draft      draft        draft      -        -          -       -
        awaiting_chair  reject         -                rejected   rejected     rejected   -        -          -       -
        audited         pay            -                -          -            -          audited  -          -       -
        audited         publish        -                -          -            published  -        published  -       -
        audited         void_approved  vote             -          vote         vote       -        -          -       -
        """,
    )


def test_what_the_auditors_passed_is_voided_only_by_two_people(claim: Definition) -> None:
    first = agreed(act(claim, situation("audited"), "void_approved", ROLES["treasurer"]))
    assert (first.target, first.closes, first.effects) == ("audited", False, ())
    begun = situation("audited", votes=(Vote("void_approved", "lin"),))
    assert codes(act(claim, begun, "void_approved", ROLES["treasurer"])) == ["already_decided"]
    second = agreed(act(claim, begun, "void_approved", ROLES["chair"]))
    assert (second.target, second.closes) == ("voided", True)


def test_with_the_chairs_switch_the_auditors_lead_to_the_chair(claim: Definition) -> None:
    switched = situation("submitted", settings={**SETTINGS, "chair_approves": True})
    assert agreed(act(claim, switched, "approve", ROLES["auditor"])).target == "awaiting_chair"


@pytest.mark.parametrize(
    ("person", "offices", "side"),
    [
        ("lin", "auditor", "own_submission"),
        ("mei", "auditor", "you_are_a_side"),
        ("qiao", "audit_chair", "you_are_a_side"),
        ("song", "auditor", "you_are_a_side"),
    ],
)
def test_who_submitted_handled_accepted_or_is_paid_cannot_approve(
    claim: Definition, person: str, offices: str, side: str
) -> None:
    assert codes(act(claim, situation("submitted"), "approve", role(person, offices))) == [side]


def test_the_treasurer_who_submitted_cannot_approve(claim: Definition) -> None:
    assert codes(act(claim, situation("submitted"), "approve", ROLES["treasurer"])) == ["not_your_step"]


def test_the_treasurer_who_becomes_auditor_after_submitting_cannot_approve(claim: Definition) -> None:
    later = role("lin", "treasurer", "auditor", "audit_chair")
    assert codes(act(claim, situation("submitted"), "approve", later)) == ["own_submission"]


def test_who_filled_in_what_another_submitted_cannot_approve(claim: Definition) -> None:
    standing = situation("submitted", opener="gao")
    assert codes(act(claim, standing, "approve", ROLES["auditor"])) == ["own_opening"]


def test_an_auditor_whose_term_ended_cannot_approve(claim: Definition) -> None:
    assert codes(act(claim, situation("submitted"), "approve", role("gao"))) == ["not_your_step"]


@pytest.mark.parametrize("state", ["draft", "awaiting_chair", "audited", "published", "rejected", "voided"])
def test_nobody_approves_what_is_not_waiting_for_audit(claim: Definition, state: str) -> None:
    assert codes(act(claim, situation(state), "approve", ROLES["auditor"])) == ["wrong_state"]


def test_a_withdrawn_claim_cannot_be_approved(claim: Definition) -> None:
    withdrawn = agreed(act(claim, situation("submitted"), "withdraw", ROLES["treasurer"]))
    assert withdrawn.new_round
    assert codes(act(claim, situation(withdrawn.target), "approve", ROLES["auditor"])) == ["wrong_state"]


@pytest.mark.parametrize(
    "name", ["to_paid", "to_published", "__init__", "trigger", "may_approve", "is_audited", "", "approve "]
)
def test_what_is_no_step_of_the_workflow_is_unknown(claim: Definition, name: str) -> None:
    assert codes(act(claim, situation("submitted"), name, ROLES["auditor"])) == ["unknown_action"]


@pytest.mark.parametrize(
    ("fen", "need"),
    [(0, 1), (1, 1), (LIMIT - 1, 1), (LIMIT, 1), (LIMIT + 1, 2), (LIMIT * 20, 2)],
)
def test_an_amount_above_the_limit_needs_two_auditors_and_up_to_it_one(claim: Definition, fen: int, need: int) -> None:
    answer = agreed(act(claim, situation("submitted", **amount(fen)), "approve", ROLES["auditor"]))
    assert (answer.need, answer.closes, answer.target) == (need, need == 1, "audited" if need == 1 else "submitted")
    assert answer.routing == {
        "amount_fen": fen,
        "setting.two_auditor_limit_fen": LIMIT,
        "setting.chair_approves": False,
    }


def test_the_second_auditor_closes_what_the_first_left_open(claim: Definition) -> None:
    large = situation("submitted", **amount(LIMIT + 1))
    first = agreed(act(claim, large, "approve", ROLES["auditor"]))
    assert (first.closes, first.votes, first.effects, first.new_round) == (False, ("gao",), (), False)
    second = agreed(act(claim, replace(large, votes=(Vote("approve", "gao"),)), "approve", ROLES["audit_chair"]))
    assert (second.closes, second.votes, second.target) == (True, ("gao", "wei"), "audited")


def test_the_same_auditor_counts_once(claim: Definition) -> None:
    voted = situation("submitted", **amount(LIMIT + 1), votes=(Vote("approve", "gao"),))
    assert codes(act(claim, voted, "approve", ROLES["auditor"])) == ["already_decided"]
    both = role("gao", "auditor", "audit_chair")
    assert codes(act(claim, voted, "approve", both)) == ["already_decided"]


def test_in_a_union_with_one_auditor_that_one_is_enough(claim: Definition) -> None:
    small = situation(
        "submitted", **amount(LIMIT + 1), members={"auditor": frozenset(), "audit_chair": frozenset({"wei"})}
    )
    answer = agreed(act(claim, small, "approve", ROLES["audit_chair"]))
    assert (answer.need, answer.closes, answer.target) == (1, True, "audited")


def test_a_person_who_holds_both_audit_offices_is_one_member(claim: Definition) -> None:
    small = situation(
        "submitted", **amount(LIMIT + 1), members={"auditor": frozenset({"wei"}), "audit_chair": frozenset({"wei"})}
    )
    assert agreed(act(claim, small, "approve", ROLES["audit_chair"])).need == 1


def test_where_nobody_holds_the_office_nothing_is_approved_by_itself(claim: Definition) -> None:
    empty = situation("submitted", members={})
    assert all(
        codes(act(claim, empty, "approve", ROLES[name])) == ["not_your_step"] for name in ROLES if "audit" not in name
    )
    by_rule = decide(claim, looked(claim, empty), "approve", Actor(None, rule="timeout"))
    assert codes(by_rule) == ["not_your_step"]


def test_where_the_submitter_is_the_only_auditor_the_claim_waits(claim: Definition) -> None:
    alone = situation("submitted", members={"auditor": frozenset({"lin"})})
    assert codes(act(claim, alone, "approve", role("lin", "auditor"))) == ["own_submission"]


def test_the_chair_who_decided_as_auditor_cannot_decide_again_and_an_approver_cannot_pay(claim: Definition) -> None:
    standing = situation("awaiting_chair", approvers=frozenset({"shen"}))
    assert codes(act(claim, standing, "chair_approve", ROLES["chair"])) == ["already_approved_by_you"]
    paid = situation("audited", approvers=frozenset({"tao"}))
    assert codes(act(claim, paid, "pay", ROLES["cashier"])) == ["already_approved_by_you"]


@pytest.mark.parametrize(
    ("person", "reason"),
    [("lin", "own_submission"), ("mei", "you_are_a_side"), ("qiao", "you_are_a_side"), ("song", "you_are_a_side")],
)
def test_no_side_of_the_claim_pays_it(claim: Definition, person: str, reason: str) -> None:
    assert codes(act(claim, situation("audited"), "pay", role(person, "cashier"))) == [reason]


def test_sending_back_needs_a_reason_and_opens_a_new_round(claim: Definition) -> None:
    ready = looked(claim, situation("submitted"))
    auditor = Actor("gao", frozenset({"auditor"}))
    assert codes(decide(claim, ready, "return", auditor)) == ["comment_missing"]
    assert codes(decide(claim, ready, "return", auditor, Given(comment=" \n"))) == ["comment_missing"]
    answer = agreed(decide(claim, ready, "return", auditor, Given(comment="缺发票")))
    assert (answer.target, answer.new_round) == ("draft", True)


def test_payment_asks_date_and_bank_reference_and_nothing_else(claim: Definition) -> None:
    ready = looked(claim, situation("audited"))
    cashier = Actor("tao", frozenset({"cashier"}))
    assert codes(decide(claim, ready, "pay", cashier)) == ["field_missing", "field_missing"]
    more = Given(data={"paid_on": "2026-05-01", "bank_reference": "77", "amount_fen": 1, "nonsense": 2})
    assert codes(decide(claim, ready, "pay", cashier, more)) == ["field_not_asked", "field_not_asked"]


def test_a_blocking_fact_refuses_and_a_warning_does_not(claim: Definition) -> None:
    short = Finding("budget_short", Severity.BLOCK, Text("预算不足", "The budget is short"), figures={"left_fen": 5})
    unsure = Finding("near_limit", Severity.WARN, Text("接近限额", "Near the limit"))
    lin = ROLES["treasurer"]
    blocked = situation("draft", findings={"fund.budget_covers": (unsure, short)})
    answer = act(claim, blocked, "submit", lin)
    assert codes(answer) == ["budget_short"]
    assert isinstance(answer, Refused)
    assert answer.refusals[0].figures == {"left_fen": 5}
    warned = situation("draft", findings={"fund.budget_covers": (unsure,)})
    assert agreed(act(claim, warned, "submit", lin)).target == "submitted"


def test_a_required_fact_that_nobody_looked_at_is_an_error_not_a_yes(claim: Definition) -> None:
    with pytest.raises(KeyError):
        decide(claim, situation("draft"), "submit", Actor("lin", frozenset({"treasurer"})))


def test_a_no_names_every_reason(claim: Definition) -> None:
    lin = Actor("lin", frozenset({"auditor"}))
    answer = decide(claim, looked(claim, situation("audited", submitter="lin")), "reject", lin)
    assert codes(answer) == ["wrong_state", "own_submission", "comment_missing"]


def test_the_buttons_are_the_steps_that_leave_the_state_with_their_answers(claim: Definition) -> None:
    shown = available(claim, looked(claim, situation("submitted")), Actor("gao", frozenset({"auditor"})))
    assert {action.name: isinstance(answer, Decision) for action, answer in shown} == {
        "approve": True,
        "return": True,
        "reject": True,
        "withdraw": False,
    }


def test_every_approval_goes_through_the_machine(claim: Definition, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("the machine is out of order")

    monkeypatch.setattr(machine, "fire", broken)
    approvals = [
        ("approve", "auditor", "submitted"),
        ("chair_approve", "chair", "awaiting_chair"),
        ("publish", "chair", "audited"),
    ]
    for action, name, state in approvals:
        with pytest.raises(RuntimeError):
            act(claim, situation(state), action, ROLES[name])


def test_the_office_that_acted_is_recorded(claim: Definition) -> None:
    answer = agreed(act(claim, situation("submitted"), "approve", role("gao", "member", "audit_chair")))
    assert answer.office == "audit_chair"
    assert answer_of(claim, situation("submitted"), "withdraw", ROLES["treasurer"]) == "draft"
    assert agreed(act(claim, situation("submitted"), "withdraw", ROLES["treasurer"])).office is None

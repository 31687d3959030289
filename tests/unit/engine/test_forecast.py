"""What is foretold of a case: the rest of the way with its people, dates and obstacles, by the rules that will decide it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.engine.calendar import Calendar
from app.engine.decision import Arrangement, Finding, Severity, Situation, Verb, Vote
from app.engine.definition import Definition
from app.engine.forecast import Forecast, forecast, offices_ahead
from app.engine.loading import load_definition
from app.wording import Text
from tests.unit.engine.verbs import OFFICES, VERBS, verbs
from tests.unit.engine.workbench import TITLES, shipped

MONDAY = date(2026, 6, 1)
MEMBERS = {
    "treasurer": frozenset({"lin"}),
    "auditor": frozenset({"gao", "wei"}),
    "audit_chair": frozenset({"yan"}),
    "chair": frozenset({"luo"}),
    "cashier": frozenset({"tao"}),
    "clerk": frozenset({"fang"}),
}
CLAIM = Situation(
    state="submitted",
    data={"amount_fen": 300_000, "purpose": "歌咏比赛"},
    opener="lin",
    submitter="lin",
    settings={"two_auditor_limit_fen": 500_000, "chair_approves": False},
    members=MEMBERS,
)


def foretold(situation: Situation, definition: Definition | None = None, **typical: int) -> Forecast:
    """The forecast on a Monday for a case that came to its state that day."""
    found = definition or shipped()["expense_claim"]
    return forecast(found, situation, typical=typical, calendar=Calendar(), since=MONDAY, today=MONDAY)


def steps(found: Forecast) -> list[tuple[str, tuple[str, ...], int]]:
    """Action, people and how many of them."""
    return [(one.action, one.who, one.need) for one in found.steps]


def test_a_small_claim_passes_one_auditor_is_paid_and_published() -> None:
    found = foretold(CLAIM)
    assert steps(found) == [
        ("approve", ("gao", "wei", "yan"), 1),
        ("pay", ("tao",), 1),
        ("publish", ("fang", "luo"), 1),
    ]
    assert (found.ends_in, found.open_end) == ("published", None)
    assert found.steps[0].rule.zh == "经审委员、经审会主任中任意一人"
    assert all(not one.blocks for one in found.steps)


def test_a_large_claim_needs_two_and_one_of_them_has_spoken() -> None:
    large = replace(CLAIM, data={"amount_fen": 600_000})
    assert steps(foretold(large))[0] == ("approve", ("gao", "wei", "yan"), 2)
    half = replace(large, votes=(Vote("approve", "wei"),), approvers=frozenset({"wei"}))
    assert steps(foretold(half))[0] == ("approve", ("gao", "yan"), 1)


def test_the_chairs_switch_puts_the_chair_in_between() -> None:
    found = foretold(replace(CLAIM, settings={**CLAIM.settings, "chair_approves": True}))
    assert [one.action for one in found.steps] == ["approve", "chair_approve", "pay", "publish"]


def test_a_draft_begins_with_its_submission() -> None:
    draft = replace(CLAIM, state="draft", submitter=None)
    assert [one.action for one in foretold(draft).steps] == ["submit", "approve", "pay", "publish"]


def test_a_finished_case_has_nothing_to_come() -> None:
    assert foretold(replace(CLAIM, state="published")) == Forecast((), "published")


def test_nobody_in_office_is_said_at_the_step_that_will_miss_them() -> None:
    found = foretold(replace(CLAIM, members={**MEMBERS, "cashier": frozenset()}))
    assert found.steps[1].blocks == (Text("现在没有人担任出纳。", "Nobody is Cashier at present."),)


def test_everyone_barred_is_not_the_same_as_nobody_there() -> None:
    alone = {**MEMBERS, "auditor": frozenset({"lin"}), "audit_chair": frozenset()}
    (said,) = foretold(replace(CLAIM, members=alone)).steps[0].blocks
    assert "回避" in said.zh


def test_an_auditor_who_must_approve_cannot_also_be_the_cashier_who_pays() -> None:
    both = {**MEMBERS, "auditor": frozenset({"tao"}), "audit_chair": frozenset()}
    approve, pay, _ = foretold(replace(CLAIM, members=both)).steps
    assert (approve.who, approve.blocks) == (("tao",), ())
    assert (pay.who, len(pay.blocks)) == ((), 1)


def test_too_few_people_for_two_approvals_are_counted() -> None:
    definition = load_definition(VERBS.replace("need: 2/3", "need: 3"), TITLES, "rule_change.yaml")
    few = {name: frozenset(held) for name, held in OFFICES.items()} | {"auditor": frozenset({"gao"})}
    voting = Situation("voted", {"name": "考勤办法", "urgent": False}, "fang", "fang", members=few)
    (said,) = foretold(voting, definition).steps[0].blocks
    assert said.zh == "还要 3 人，能办的只有 2 人。"


def test_a_fact_that_blocks_now_is_told_and_a_step_it_says_is_done_is_left_out() -> None:
    unpaid = Finding("unpaid", Severity.BLOCK, Text("还没有付款。", "Not paid."))
    paid = Finding("paid", Severity.BLOCK, Text("已经付过款。", "Paid already."))
    audited = replace(CLAIM, state="audited")
    waiting = foretold(replace(audited, findings={"fund.unpaid": (), "fund.paid": (unpaid,)}))
    assert [(one.action, one.blocks) for one in waiting.steps] == [("pay", ()), ("publish", ())]
    done = foretold(replace(audited, findings={"fund.unpaid": (paid,), "fund.paid": ()}))
    assert [one.action for one in done.steps] == ["publish"]
    stuck = foretold(replace(audited, findings={"fund.unpaid": (paid,), "fund.paid": (unpaid,)}))
    assert stuck.steps[0].blocks == (unpaid.text,)


def test_working_days_of_the_past_give_the_dates_until_one_is_unknown() -> None:
    approve, pay, publish = foretold(CLAIM, approve=2, pay=3).steps
    assert approve.expected_on == date(2026, 6, 3)
    assert pay.expected_on == date(2026, 6, 8)  # over a weekend
    assert publish.expected_on is None


def test_a_union_without_a_past_is_told_the_deadline() -> None:
    approve, pay, _ = foretold(CLAIM).steps
    deadline = shipped()["expense_claim"].state("submitted").deadline
    assert deadline is not None
    assert approve.expected_on == Calendar().add_working_days(MONDAY, deadline.working_days)
    assert pay.expected_on is None


def test_nothing_is_expected_before_today() -> None:
    late = forecast(
        shipped()["expense_claim"],
        CLAIM,
        typical={"approve": 2},
        calendar=Calendar(),
        since=date(2026, 3, 2),
        today=date(2026, 6, 6),
    )
    assert late.steps[0].expected_on == date(2026, 6, 8)  # a Saturday moves on to Monday


def test_parties_of_a_joint_decision_are_asked_one_by_one() -> None:
    members = {name: frozenset(held) for name, held in OFFICES.items()}
    joint = Situation("joint", {"name": "考勤办法", "urgent": True}, "fang", "fang", members=members)
    found = steps(foretold(joint, verbs()))
    assert found[:2] == [("countersign", ("lin", "tao"), 1), ("countersign", ("luo",), 1)]
    calm = replace(joint, data={**joint.data, "urgent": False})
    assert steps(foretold(calm, verbs()))[0] == ("countersign", ("luo",), 1)


def test_when_the_chair_stood_aside_the_substitute_is_foretold() -> None:
    members = {name: frozenset(held) for name, held in OFFICES.items()}
    case = Situation("discussed", {"name": "考勤办法", "urgent": False}, "fang", "fang", members=members)
    assert steps(foretold(case, verbs()))[0] == ("agree", ("luo",), 1)
    aside = replace(case, arrangements=(Arrangement(Verb.RECUSE, "agree", "luo"),))
    found = foretold(aside, verbs())
    assert steps(found)[0] == ("agree", ("lin",), 1)
    assert found.steps[0].rule == TITLES["treasurer"]


def test_an_added_signer_and_a_hand_over_change_who_is_foretold() -> None:
    members = {name: frozenset(held) for name, held in OFFICES.items()}
    case = Situation("discussed", {"name": "考勤办法", "urgent": False}, "fang", "fang", members=members)
    arrangements = (
        Arrangement(Verb.HAND_OVER, "agree", "luo", "lin"),
        Arrangement(Verb.ADD_SIGNER, "agree", "luo", "tao"),
    )
    found = steps(foretold(replace(case, arrangements=arrangements), verbs()))
    assert found[:2] == [("agree", ("lin",), 1), ("agree", ("tao",), 1)]


def test_a_branch_on_what_nobody_filled_in_ends_the_forecast_with_the_question() -> None:
    text = VERBS.replace(
        "    to: voted\n",
        "    to:\n"
        "      - {state: voted, when: {urgent: {is: true}}}\n"
        "      - {state: decided, when: {urgent: {is: false}}}\n",
        1,
    )
    definition = load_definition(text, TITLES, "rule_change.yaml")
    members = {name: frozenset(held) for name, held in OFFICES.items()}
    found = foretold(Situation("discussed", {"name": "办法"}, "fang", "fang", members=members), definition)
    assert [one.action for one in found.steps] == ["agree"]
    assert found.open_end is not None
    assert "涉及经费" in found.open_end.zh
    known = Situation("discussed", {"name": "办法", "urgent": False}, "fang", "fang", members=members)
    assert [one.action for one in foretold(known, definition).steps] == ["agree", "publish"]


def test_other_ways_onward_are_named_beside_the_first() -> None:
    task = Situation("approved", {"owner": "he"}, "fang", "fang", members=MEMBERS)
    first = foretold(task, shipped()["task"]).steps[0]
    assert first.action == "start"
    assert [text.zh for text in first.instead][:1] == [shipped()["task"].action("report").title.zh]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_workflow_is_foretold_from_its_draft_without_a_loop(name: str) -> None:
    definition = shipped()[name]
    members = {office: frozenset({office}) for office in offices_ahead(definition)}
    found = foretold(Situation(definition.initial, {}, "someone", members=members, settings=CLAIM.settings), definition)
    assert found.steps
    assert len(found.steps) <= 2 * len(definition.actions)

"""The proof of deadlines: in order, told to people who may look, recoverable, and never a yes in anybody's place."""

from __future__ import annotations

import pytest

from app.engine.checks import check
from app.engine.loading import definition_from_canonical, load_definition
from tests.unit.engine.workbench import DEADLINES, SOUND, TITLES, VOCABULARY, line_of, sound, spoilt

AWAITING = "title: {zh: 待经审, en: Awaiting audit}"
REJECTED = "title: {zh: 不同意, en: Rejected}"
ACTION = "    title: {zh: 一步, en: Step}\n"
BY_RULE = "    by: {system: true}\n"
EXPIRE = f"  expire:\n{ACTION}    from: [submitted]\n    to: rejected\n{BY_RULE}    effects: [desk.count]\n"
RECOVER = (
    f"  recover:\n{ACTION}    from: [rejected]\n    to: draft\n    by: {{offices: [chair]}}\n    new_round: true\n"
)
WAKE = f"  wake:\n{ACTION}    from: [submitted]\n    to: draft\n{BY_RULE}    new_round: true\n"


def due(deadline: str, *actions: str, text: str = SOUND) -> str:
    """The sound workflow with a deadline while it awaits the auditor, and these actions besides."""
    spoilt_text = spoilt(AWAITING, f"{AWAITING}, deadline: {{{deadline}}}", text)
    return spoilt("actions:\n", "actions:\n" + "".join(actions), spoilt_text)


def closing(name: str) -> str:
    return f"working_days: 3, then: {{close_by: {name}}}"


def telling(*names: str) -> str:
    return f"working_days: 3, then: {{escalate_to: [{', '.join(names)}]}}"


PLANTED = [
    ("deadline_days", due("working_days: 0"), "working_days: 0"),
    ("deadline_days", due("working_days: 251"), "working_days: 251"),
    ("deadline_reminder", due("working_days: 3, remind_before: 3"), "remind_before: 3"),
    ("deadline_reminder", due("working_days: 3, remind_before: -1"), "remind_before: -1"),
    ("deadline_at_the_end", spoilt(REJECTED, REJECTED + ", deadline: {working_days: 3}"), "working_days: 3"),
    ("unknown_office", due(telling("chairman")), "[chairman]"),
    ("escalation_unseen", due(telling("clerk")), "[clerk]"),
    ("named_twice", due(telling("chair", "chair")), "[chair, chair]"),
    ("unknown_closing", due(closing("retrun")), "close_by: retrun"),
    ("closing_elsewhere", due(closing("pay")), "close_by: pay"),
    (
        "closing_draft",
        spoilt("title: {zh: 草稿, en: Draft}", "title: {zh: 草稿, en: Draft}, deadline: {" + closing("reject") + "}"),
        "close_by: reject",
    ),
    ("closing_not_system", due(closing("reject")), "close_by: reject"),
    ("closing_asks", due(closing("reject")), "close_by: reject"),
    ("closing_carries_on", due(closing("approve")), "close_by: approve"),
    ("closing_carries_on", due(closing("wake"), WAKE.replace("    new_round: true\n", "")), "close_by: wake"),
    ("closing_carries_on", due(closing("wake"), WAKE.replace("to: draft", "to: with_chair")), "close_by: wake"),
    ("closing_for_good", due(closing("expire"), EXPIRE), "close_by: expire"),
    (
        "closing_for_good",
        due(closing("expire"), EXPIRE, RECOVER.replace("{offices: [chair]}", "{system: true}")),
        "close_by: expire",
    ),
    ("system_approves", due(closing("wake"), WAKE.replace("to: draft", "to: audited")), "by: {system: true}"),
    ("system_pays", due(closing("expire"), EXPIRE.replace("desk.count", "desk.post"), RECOVER), "[desk.post]"),
]


@pytest.mark.parametrize(("code", "text", "at"), PLANTED, ids=[f"{one[0]}-{n}" for n, one in enumerate(PLANTED)])
def test_a_planted_fault_is_named_with_its_code_and_line(code: str, text: str, at: str) -> None:
    found = check(load_definition(text, TITLES, "condolence.yaml"), VOCABULARY)
    assert (code, line_of(text, at)) in {(one.code, one.line) for one in found}, "\n".join(map(str, found))


def test_every_code_of_deadlines_has_a_planted_fault() -> None:
    assert {one[0] for one in PLANTED} - {"unknown_office", "named_twice", "system_approves"} == DEADLINES


@pytest.mark.parametrize(
    "text",
    [
        due("working_days: 1"),
        due("working_days: 250, remind_before: 0"),
        due("working_days: 3, remind_before: 2, then: {escalate_to: [chair, treasurer]}"),
        due(closing("wake"), WAKE),
        due(closing("expire"), EXPIRE, RECOVER),
    ],
)
def test_a_deadline_in_order_has_no_problem(text: str) -> None:
    assert check(load_definition(text, TITLES), VOCABULARY) == []


def test_a_rule_of_the_system_neither_approves_within_a_phase_nor_pays() -> None:
    for step in ("    from: [with_chair]\n    to: audited\n", "    from: [audited]\n    to: audited\n"):
        text = spoilt("actions:\n", f"actions:\n  tick:\n{ACTION}{step}{BY_RULE}")
        assert "system_approves" in {one.code for one in check(load_definition(text, TITLES), VOCABULARY)}


@pytest.mark.parametrize("deadline", ["working_days: 3", "working_days: 5, remind_before: 0", telling("chair")])
def test_a_deadline_is_part_of_the_hash_and_survives_storing(deadline: str) -> None:
    definition = load_definition(due(deadline), TITLES)
    assert definition.hash != sound().hash
    again = definition_from_canonical(definition.canonical, TITLES)
    assert again.state("submitted").deadline == definition.state("submitted").deadline
    assert again.canonical == definition.canonical


def test_a_workflow_without_deadlines_has_the_hash_it_always_had() -> None:
    assert b"deadline" not in sound().canonical

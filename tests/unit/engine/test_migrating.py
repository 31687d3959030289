"""What a case would lose by being carried to another version is said, all of it, and a case gets no further by it."""

from __future__ import annotations

from typing import Any

import pytest

from app.engine import migrating
from app.engine.decision import Arrangement, Situation, Verb, Vote
from app.engine.definition import Definition
from app.engine.loading import load_definition
from app.engine.migrating import Passage, passage
from app.engine.writing import as_yaml
from tests.unit.engine.workbench import TITLES, shipped

CLAIM = shipped()["expense_claim"]
MEMBERS = {
    "auditor": frozenset({"gao", "wei"}),
    "audit_chair": frozenset({"yan"}),
    "chair": frozenset({"lin"}),
    "cashier": frozenset({"bai"}),
}
FORM: dict[str, Any] = {
    "purpose": "笔",
    "spent_on": "2026-04-20",
    "account": "501102",
    "amount_fen": 600_000,
    "lines": [{"summary": "笔", "amount_fen": 600_000}],
    "payee": "店",
}


def version(*pairs: tuple[str, str]) -> Definition:
    """The claim's workflow with these replacements, each of which must be there."""
    text = as_yaml(CLAIM)
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return load_definition(text, TITLES)


def carried(
    new: Definition,
    *,
    state: str = "submitted",
    voted: tuple[Vote, ...] = (Vote("approve", "gao"),),
    taken: tuple[str, ...] = ("submit", "approve"),
    states: dict[str, str] | None = None,
    data: dict[str, Any] | None = None,
    arranged: tuple[Arrangement, ...] = (),
) -> Passage:
    """A claim above the limit with one of its two votes, on its way to another version."""
    situation = Situation(
        state=state,
        data={**FORM, **(data or {})},
        opener="su",
        submitter="su",
        votes=voted,
        settings={"two_auditor_limit_fen": 500_000, "chair_approves": False},
        members=MEMBERS,
        arrangements=arranged,
    )
    return passage(CLAIM, new, situation, taken, states or {})


def codes(found: Passage) -> set[str]:
    """What would be lost."""
    return {one.code for one in found.losses}


SUBMITTED = (
    ("  submitted:", "  in_audit:"),
    ("[submitted", "[in_audit"),
    ("to: submitted", "to: in_audit"),
)
LOSING: list[tuple[str, tuple[tuple[str, str], ...], dict[str, Any]]] = [
    ("no_state", SUBMITTED, {}),
    ("phase_differs", SUBMITTED, {"states": {"submitted": "audited"}}),
    ("state_taken", (), {"states": {"submitted": "audited"}}),
    (
        "approval_skipped",
        (("awaiting_chair", "chair_check"),),
        {"state": "awaiting_chair", "voted": (), "states": {"awaiting_chair": "audited"}},
    ),
    ("vote_action_gone", (("  approve:\n", "  agree:\n"),), {}),
    ("past_step_gone", (("  approve:\n", "  agree:\n"),), {}),
    (
        "past_step_gone",
        (("    new_round: true\n", ""),),
        {"state": "draft", "voted": (), "taken": ("submit", "return")},
    ),
    ("vote_place_gone", (("by: {offices: [auditor, audit_chair]}", "by: {offices: [audit_chair]}"),), {}),
    ("vote_place_gone", (("handler: handled_by", "handler: payee_person"),), {"data": {"payee_person": "gao"}}),
    ("vote_party_differs", (("{need: 2, when: {", "{need: 2, party: audit, of: [auditor], when: {"),), {}),
    ("vote_enough", (("need: 2", "need: 1"),), {}),
    ("arranged", (), {"arranged": (Arrangement(Verb.ADD_SIGNER, "approve", "gao", "lin"),)}),
    ("drawn", (("{need: 2, when", "{need: 1, draw: 1, when"),), {"voted": ()}),
    ("field_gone", (("  payee:\n", "  paid_to:\n"),), {}),
    (
        "field_differs",
        (("    personal: true\n", ""), ("type: text\n    title: {zh: 收款人", "type: date\n    title: {zh: 收款人")),
        {},
    ),
    ("field_missing", (("  evidence:\n", "  evidence:\n    required: true\n"),), {}),
    ("undecidable", (("{amount_fen: {at_most: {setting: two_auditor_limit_fen}}}", "{handled_by: {is: x}}"),), {}),
]


@pytest.mark.parametrize(("code", "pairs", "case"), LOSING)
def test_each_loss_is_named_and_keeps_the_case_where_it_is(
    code: str, pairs: tuple[tuple[str, str], ...], case: dict[str, Any]
) -> None:
    found = carried(version(*pairs), **case)
    assert code in codes(found), found
    assert not found.is_open
    assert all("{" not in one.text.zh + one.text.en for one in found.losses)


def test_a_choice_that_is_gone_is_a_loss() -> None:
    kinds = [d for d in shipped().values() if any(f.choices for f in d.fields)]
    definition = kinds[0]
    field = next(one for one in definition.fields if one.choices)
    name = field.choices[0][0]
    text = as_yaml(definition).replace(f"{name}: {{zh", f"{name}_x: {{zh", 1)
    situation = Situation(state=definition.initial, data={field.name: name}, opener="a")
    assert "choice_gone" in codes(passage(definition, load_definition(text, TITLES), situation, (), {}))


def test_every_loss_is_planted() -> None:
    assert {code for code, _, _ in LOSING} | {"choice_gone"} == migrating.CODES


def test_a_vote_keeps_its_place_where_more_are_asked() -> None:
    assert carried(version(("need: 2", "need: 3"))).is_open


def test_a_state_that_was_renamed_is_found_by_what_was_said() -> None:
    found = carried(version(*SUBMITTED), states={"submitted": "in_audit"})
    assert (found.target, found.losses) == ("in_audit", ())


def test_a_draft_may_lack_what_the_new_version_requires() -> None:
    new = version(("  evidence:\n", "  evidence:\n    required: true\n"))
    assert carried(new, state="draft", voted=(), taken=()).is_open


def test_the_same_version_loses_nothing() -> None:
    assert carried(version()).is_open

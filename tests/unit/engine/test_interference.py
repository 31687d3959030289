"""Two people at once: whoever is second is stale or decided afresh, in every situation that a case can get into."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.engine import interference
from app.engine.deciding import decide
from app.engine.decision import Actor, Answer, Decision, Given, Situation
from app.engine.definition import Action, Definition, Quorum
from app.engine.interference import Pair, Second, cast_of, pairs
from tests.unit.engine.workbench import SETTINGS, shipped, sound

LARGE = {"amount_fen": 500_001}


def of(definition: Definition, *, chair: bool = False) -> list[Pair]:
    return list(pairs(definition, {**SETTINGS, "chair_approves": chair}))


def changed(name: str, **parts: object) -> Definition:
    base = sound()
    actions = tuple(replace(one, **parts) if one.name == name else one for one in base.actions)  # type: ignore[arg-type]
    return replace(base, actions=actions)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_no_step_of_a_shipped_workflow_is_taken_on_a_situation_that_another_step_left_behind(name: str) -> None:
    for chair in (False, True):
        found = of(shipped()[name], chair=chair)
        assert found
        assert {pair.becomes for pair in found} <= {Second.STALE, Second.STALE_THEN_OPEN, Second.AFRESH}


def test_the_pairs_of_a_claim_are_these() -> None:
    found = [pair for chair in (False, True) for pair in of(shipped()["expense_claim"], chair=chair)]
    by_state = {
        state: {tuple(sorted((one.first.action, one.second.action))) for one in found if one.state == state}
        for state in ("draft", "submitted", "awaiting_chair", "audited")
    }
    assert by_state == {
        "draft": {("submit", "submit"), ("submit", "void"), ("void", "void")},
        "submitted": {
            *(("approve", "approve"), ("approve", "reject"), ("approve", "return"), ("approve", "withdraw")),
            *(("reject", "reject"), ("reject", "return"), ("reject", "withdraw"), ("return", "return")),
            ("return", "withdraw"),
        },
        "awaiting_chair": {
            *(("chair_approve", "chair_approve"), ("chair_approve", "reject"), ("chair_approve", "return")),
            *(("reject", "reject"), ("reject", "return"), ("return", "return")),
        },
        "audited": {
            *(("pay", "pay"), ("pay", "publish"), ("pay", "void_approved")),
            *(("publish", "publish"), ("publish", "void_approved"), ("void_approved", "void_approved")),
        },
    }


def test_two_votes_for_a_large_claim_both_count_and_for_a_small_one_the_second_is_stale() -> None:
    found = [one for one in of(shipped()["expense_claim"]) if one.state == "submitted" and not one.votes]
    approvals = [one for one in found if one.first.action == one.second.action == "approve"]
    for large in (True, False):
        what = {one.becomes for one in approvals if (one.values["amount_fen"] == LARGE["amount_fen"]) == large}
        assert what == {Second.AFRESH if large else Second.STALE}


def test_what_only_a_fact_keeps_from_running_twice_is_named() -> None:
    repeated = {
        (name, pair.first.action) for name, definition in shipped().items() for pair in of(definition) if pair.repeats
    }
    assert repeated == {("expense_claim", "pay"), ("task", "postpone")}
    pay = shipped()["expense_claim"].action("pay")
    assert pay is not None
    assert [use.name for use in pay.require] == ["fund.unpaid"]


def test_twenty_five_auditors_are_told_apart_only_by_what_they_did() -> None:
    found = of(changed("approve", quorums=(Quorum(25),)))
    assert {one.becomes for one in found} >= {Second.STALE, Second.AFRESH}
    assert max(len(one.votes) for one in found) == 24
    assert len(cast_of(changed("approve", quorums=(Quorum(25),)))) == 26 + 2 * 3 + 2


def forgetful(definition: Definition, situation: Situation, name: str, actor: Actor, given: Given) -> Answer:
    """An engine that counts a vote as if it were the first."""
    answer = decide(definition, situation, name, actor, given)
    return replace(answer, votes=answer.votes[-1:]) if isinstance(answer, Decision) else answer


def blind(definition: Definition, situation: Situation, name: str, actor: Actor, given: Given) -> Answer:
    """An engine that lets a step go on from where it once began."""
    action = definition.action(name)
    assert action is not None
    answer = decide(definition, situation, name, actor, given)
    if isinstance(answer, Decision) and _was_there(action, situation):
        return replace(answer, source="draft")
    return answer


def _was_there(action: Action, situation: Situation) -> bool:
    return bool(action.quorums) and bool(situation.votes)


@pytest.mark.parametrize("engine", [forgetful, blind])
def test_an_engine_that_forgets_the_first_step_is_found_out(monkeypatch: pytest.MonkeyPatch, engine: object) -> None:
    monkeypatch.setattr(interference, "decide", engine)
    assert Second.LOST in {pair.becomes for pair in of(shipped()["expense_claim"])}

"""The task: approved before money is spent, reported by its owner, signed off by the chair."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.engine.decision import Situation
from app.engine.definition import Definition
from tests.unit.engine.workbench import SETTINGS, shipped
from tests.unit.workflows.tables import answer_of, assert_table, role

ROLES = {
    "owner": role("qin"),
    "clerk": role("bai", "clerk"),
    "leader": role("xu", "group_leader"),
    "vice_chair": role("luo", "vice_chair"),
    "chair": role("shen", "chair"),
    "auditor": role("gao", "auditor"),
    "treasurer": role("lin", "treasurer"),
    "member": role("hua", "member"),
}


@pytest.fixture
def task() -> Definition:
    return shipped()["task"]


def situation(state: str) -> Situation:
    """A task of Qin's that the clerk Bai opened."""
    return Situation(state=state, data={"owner": "qin", "budget_fen": 0}, opener="bai", settings=SETTINGS)


def test_every_state_step_and_role(task: Definition) -> None:
    assert_table(
        task,
        ROLES,
        situation,
        """
        state        step       owner        clerk        leader    vice_chair  chair        auditor  treasurer  member
        draft        propose    proposed     proposed     proposed  proposed    -            -        -          -
        draft        cancel     -            -            -         -           cancelled    -        -          -
        proposed     approve    -            -            -         -           approved     -        -          -
        proposed     send_back  -            -            -         -           draft        -        -          -
        proposed     cancel     -            -            -         -           cancelled    -        -          -
        approved     start      in_progress  in_progress  -         -           -            -        -          -
        approved     report     reported     -            -         -           -            -        -          -
        approved     postpone   -            -            -         -           in_progress  -        -          -
        approved     cancel     -            -            -         -           cancelled    -        -          -
        in_progress  report     reported     -            -         -           -            -        -          -
        in_progress  postpone   -            -            -         -           in_progress  -        -          -
        in_progress  cancel     -            -            -         -           cancelled    -        -          -
        reported     sign_off   -            -            -         -           signed_off   -        -          -
        reported     return     -            -            -         -           in_progress  -        -          -
        signed_off   publish    -            published    -         -           published    -        -          -
        """,
    )


def test_a_chair_who_owns_the_task_cannot_sign_it_off(task: Definition) -> None:
    own = replace(situation("reported"), data={"owner": "shen"})
    assert answer_of(task, own, "sign_off", ROLES["chair"]) == "you_are_a_side"


def test_only_the_owner_reports_whatever_offices_others_hold(task: Definition) -> None:
    everything = role("bai", "clerk", "chair", "vice_chair", "group_leader", "treasurer")
    assert answer_of(task, situation("in_progress"), "report", everything) == "-"

"""Each reason to say no, by itself: who may not, what is missing, what a fact found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.engine.deciding import decide
from app.engine.decision import Actor, Decision, Finding, Given, Refused, Severity, Situation, Vote
from app.wording import Text
from tests.unit.engine.workbench import SETTINGS, looked, sound

STANDING = Situation(
    state="submitted",
    data={"amount_fen": 600_000, "visitor": "vi"},
    opener="op",
    submitter="su",
    settings=SETTINGS,
    members={"auditor": frozenset({"ci", "du", "er"})},
)
AUDITOR = frozenset({"auditor"})
CASHIER = frozenset({"cashier"})
PAID = Given("", {"paid_on": "2026-04-28"})
BLOCKED = {"desk.complete": (Finding("torn", Severity.BLOCK, Text("缺页", "a page is missing")),)}
WARNED = {"desk.complete": (Finding("pale", Severity.WARN, Text("字迹淡", "it is pale")),)}

NO = [
    ("unknown_action", "fly", Actor("ci", AUDITOR), {}, Given()),
    ("wrong_state", "pay", Actor("ca", CASHIER), {}, PAID),
    ("not_your_step", "approve", Actor("ca", CASHIER), {}, Given()),
    ("not_your_step", "approve", Actor("su", frozenset()), {}, Given()),
    ("own_submission", "approve", Actor("su", AUDITOR), {}, Given()),
    ("you_are_a_side", "approve", Actor("vi", AUDITOR), {}, Given()),
    ("already_decided", "approve", Actor("ci", AUDITOR), {"votes": (Vote("approve", "ci"),)}, Given()),
    (
        "already_approved_by_you",
        "pay",
        Actor("ci", CASHIER),
        {"state": "audited", "approvers": frozenset({"ci"})},
        PAID,
    ),
    ("comment_missing", "reject", Actor("ci", AUDITOR), {}, Given("  ")),
    ("field_missing", "pay", Actor("ca", CASHIER), {"state": "audited"}, Given()),
    ("field_not_asked", "approve", Actor("ci", AUDITOR), {}, PAID),
    ("torn", "submit", Actor("tr", frozenset({"treasurer"})), {"state": "draft", "findings": BLOCKED}, Given()),
    ("no_branch", "approve", Actor("ci", AUDITOR), {"settings": {}}, Given()),
]


def answer(name: str, actor: Actor, changes: dict[str, object], given: Given) -> Decision | Refused:
    return decide(sound(), looked(sound(), replace(STANDING, **changes)), name, actor, given)  # type: ignore[arg-type]


@pytest.mark.parametrize(("code", "name", "actor", "changes", "given"), NO, ids=[f"{one[0]}-{one[1]}" for one in NO])
def test_a_no_has_exactly_its_reason(
    code: str, name: str, actor: Actor, changes: dict[str, object], given: Given
) -> None:
    if code == "no_branch":
        changes = {**changes, "votes": (Vote("approve", "du"),)}
    found = answer(name, actor, changes, given)
    assert isinstance(found, Refused)
    assert [one.code for one in found.refusals] == [code]


def test_a_warning_stops_nobody() -> None:
    found = answer("submit", Actor("tr", frozenset({"treasurer"})), {"state": "draft", "findings": WARNED}, Given())
    assert isinstance(found, Decision)
    assert (found.target, found.closes, found.votes, found.need) == ("submitted", True, (), None)


def test_the_second_of_two_approvals_closes_and_the_first_does_not() -> None:
    first = answer("approve", Actor("ci", AUDITOR), {}, Given())
    second = answer("approve", Actor("du", AUDITOR), {"votes": (Vote("approve", "ci"), Vote("reject", "er"))}, Given())
    assert isinstance(first, Decision)
    assert isinstance(second, Decision)
    assert (first.target, first.closes, first.votes, first.need) == ("submitted", False, ("ci",), 2)
    assert (second.target, second.closes, second.votes, second.need) == ("audited", True, ("ci", "du"), 2)
    assert answer("approve", Actor("ci", AUDITOR), {"data": {"amount_fen": 500_000}}, Given()).need == 1  # type: ignore[union-attr]


def test_a_switch_of_the_union_leads_another_way() -> None:
    chair = {**SETTINGS, "chair_approves": True}
    found = answer("approve", Actor("ci", AUDITOR), {"settings": chair, "data": {"amount_fen": 1}}, Given())
    assert isinstance(found, Decision)
    assert (found.target, found.office) == ("with_chair", "auditor")


def test_sending_back_opens_a_new_round() -> None:
    found = answer("return", Actor("ci", AUDITOR), {}, Given("缺发票"))
    assert isinstance(found, Decision)
    assert (found.target, found.new_round) == ("draft", True)

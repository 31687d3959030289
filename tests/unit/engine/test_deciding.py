"""What the shipped workflows do not use yet: rules of the system, people of the form, effects behind a quorum."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.engine.deciding import decide, offices_to_count
from app.engine.decision import Actor, Decision, Given, Refused, Situation
from app.engine.definition import Action, Candidates, Definition, Quorum, Use
from app.engine.seats import sides_of, who_may
from app.engine.voting import lines_of
from app.wording import Text
from tests.unit.engine.workbench import SETTINGS, TITLES, looked, sound


def changed(name: str, **parts: object) -> Definition:
    """The sound workflow with one of its actions changed."""
    base = sound()
    actions = tuple(replace(one, **parts) if one.name == name else one for one in base.actions)  # type: ignore[arg-type]
    return replace(base, actions=actions)


def situation(**changes: object) -> Situation:
    standing = Situation(
        state="submitted",
        data={"amount_fen": 600_000, "visitor": "bo"},
        opener="an",
        submitter="an",
        settings=SETTINGS,
        members={"auditor": frozenset({"ci", "du", "er"})},
    )
    return replace(standing, **changes)  # type: ignore[arg-type]


AUDITOR = Actor("ci", frozenset({"auditor"}))


def approve(definition: Definition) -> Action:
    found = definition.action("approve")
    assert found is not None
    return found


def needed_by(definition: Definition, standing: Situation) -> list[int]:
    return [line.need for line in lines_of(approve(definition), standing, dict(standing.data), ())]  # type: ignore[arg-type]


def counts_members(definition: Definition, standing: Situation, given: Given | None = None) -> bool:
    return bool(offices_to_count(definition, standing, approve(definition), AUDITOR, given or Given()))


def test_effects_wait_until_the_quorum_is_met() -> None:
    definition = changed("approve", effects=(Use("desk.post"),))
    waiting = decide(definition, looked(definition, situation()), "approve", AUDITOR)
    closing = decide(definition, looked(definition, situation(data={"amount_fen": 5})), "approve", AUDITOR)
    assert isinstance(waiting, Decision)
    assert isinstance(closing, Decision)
    assert (waiting.closes, waiting.effects) == (False, ())
    assert (closing.closes, closing.effects) == (True, (Use("desk.post"),))


def test_a_rule_of_the_system_acts_only_where_it_is_named_and_only_under_its_own_name() -> None:
    definition = changed("reject", by=Candidates(system=True), comment_required=False)
    ready = looked(definition, situation())
    by_rule = decide(definition, ready, "reject", Actor(None, rule="overdue"))
    assert isinstance(by_rule, Decision)
    assert (by_rule.target, by_rule.office) == ("rejected", None)
    assert isinstance(decide(definition, ready, "reject", Actor(None)), Refused)
    assert isinstance(decide(definition, ready, "reject", AUDITOR), Refused)
    assert isinstance(decide(definition, ready, "approve", Actor(None, rule="overdue")), Refused)


def test_all_members_means_everyone_who_holds_the_office_and_at_least_one() -> None:
    everyone = changed("approve", quorums=(Quorum(None),))
    assert needed_by(everyone, situation()) == [3]
    assert needed_by(everyone, situation(members={})) == [1]
    assert counts_members(everyone, situation())


@pytest.mark.parametrize(
    ("quorum", "needed", "reads"),
    [
        (Quorum(2), 2, False),
        (Quorum(1, or_all_members=True), 1, False),
        (Quorum(5, or_all_members=True), 3, True),
        (Quorum(2, or_all_members=True), 2, True),
    ],
)
def test_where_members_are_fewer_all_of_them_are_enough_if_the_rule_says_so(
    quorum: Quorum,
    needed: int,
    reads: bool,  # noqa: FBT001 - a column of the table
) -> None:
    definition = changed("approve", quorums=(quorum,))
    assert needed_by(definition, situation()) == [needed]
    assert counts_members(definition, situation()) is reads


def test_a_value_that_chooses_the_way_and_is_missing_is_refused_and_never_guessed() -> None:
    definition = sound()
    answer = decide(definition, looked(definition, situation(data={})), "approve", AUDITOR)
    assert isinstance(answer, Refused)
    assert [one.code for one in answer.refusals] == ["no_branch"]
    unset = looked(definition, situation(data={"amount_fen": 5}, settings={}))
    answer = decide(definition, unset, "approve", AUDITOR)
    assert isinstance(answer, Refused)
    assert [one.code for one in answer.refusals] == ["no_branch"]


def test_a_person_of_the_form_may_act_only_while_the_form_names_him() -> None:
    definition = sound()
    visitor = Actor("bo")
    given = Given("地址不对")
    assert isinstance(decide(definition, looked(definition, situation()), "return", visitor, given), Decision)
    renamed = looked(definition, situation(data={"visitor": "du"}))
    assert isinstance(decide(definition, renamed, "return", visitor, given), Refused)


def test_people_in_lines_are_sides_too() -> None:
    base = sound()
    definition = replace(base, sides=(*base.sides, ("payee", "lines.payee")))
    standing = situation(data={"visitor": "bo", "lines": [{"payee": "fu"}, {"payee": "bo"}, {"payee": None}, "odd"]})
    assert sides_of(definition, standing, "fu") == {"payee"}
    assert sides_of(definition, standing, "bo") == {"payee", "visitor"}
    assert sides_of(definition, standing, "an") == {"submitter", "opener"}


def test_something_sent_along_that_is_no_field_is_refused_and_named() -> None:
    definition = sound()
    answer = decide(definition, looked(definition, situation()), "approve", AUDITOR, Given(data={"nonsense": 1}))
    assert isinstance(answer, Refused)
    assert [(one.code, one.figures["field"]) for one in answer.refusals] == [("field_not_asked", "nonsense")]


def test_who_may_is_said_in_words() -> None:
    by = Candidates(offices=("auditor",), fields=("visitor",), opener=True, submitter=True, anyone=True, system=True)
    assert who_may(sound(), by) == [
        TITLES["auditor"],
        Text("慰问人", "Visitor"),
        Text("填写人", "whoever opened it"),
        Text("提交人", "whoever submitted it"),
        Text("本会人员", "anyone of the union"),
        Text("系统规则", "a rule of the system"),
    ]


def test_members_are_read_only_where_the_amount_asks_for_more_than_one() -> None:
    definition = sound()
    assert counts_members(definition, situation())
    assert not counts_members(definition, situation(data={"amount_fen": 500_000}))
    assert counts_members(definition, situation(data={}), Given(data={"amount_fen": 500_001}))

"""Whether the people in office can carry a case: told by name, and the same as trying every person at every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.conditions import holds
from app.engine.definition import Action, Definition, Quorum
from app.engine.sides import MOST_AWAY, Staffing, staffing
from tests.unit.engine.workbench import SETTINGS, offices, shipped, sound

Officers = Mapping[str, frozenset[str]]


def office(**people: str) -> dict[str, frozenset[str]]:
    """Holders by office, from ``auditor="an bo"``."""
    return {name: frozenset(held.split()) for name, held in people.items()}


FULL = {name: frozenset({f"the {name}"}) for name in offices()} | office(
    treasurer="苏禾", cashier="白杉", chair="林晚", auditor="江一鸣 江二鸣", audit_chair="沈砚", clerk="叶青"
)


def claims(holders: Officers, **changes: int | bool) -> Staffing:
    return staffing(shipped()["expense_claim"], holders, {**SETTINGS, **changes})


def told(found: Staffing) -> str:
    return "\n".join(text.zh for text in found.sentences({}))


def test_a_union_with_all_offices_can_carry_every_shipped_workflow() -> None:
    for definition in shipped().values():
        assert staffing(definition, FULL, SETTINGS).is_ok


def test_who_alone_holds_an_office_is_indispensable_by_name() -> None:
    found = claims(FULL)
    assert found.indispensable == {"苏禾", "白杉"}
    assert "白杉请假时，“经费报销”停在“登记付款”：事项无人可办（要 1 人，限出纳）" in told(found)


def test_two_auditors_away_together_leave_large_claims_without_approval() -> None:
    stops = "同时请假时，“经费报销”停在“同意”：有的事项（例如 合计（元） = 5000.01）无人可批"
    assert f"江一鸣、江二鸣{stops}" in told(claims(FULL))
    assert f"江一鸣、江二鸣中任意1人、沈砚{stops}" in told(claims(FULL))


def test_a_vacant_office_stops_every_case_and_says_where() -> None:
    found = claims({**FULL, "cashier": frozenset()})
    assert not found.is_ok
    assert found.away == found.parties == ()
    assert found.may_be_away == 0
    assert "按现任人员，“经费报销”办不下去：事项到“登记付款”无人可办（要 1 人，限出纳）。请补选或改任。" in told(found)


def test_an_office_held_beside_another_cannot_take_both_sides() -> None:
    found = claims({**FULL, "cashier": FULL["treasurer"]})
    assert [stop.step.zh for stop in found.stops] == ["登记付款"], "whoever submits does not pay"


def test_one_auditor_is_enough_where_there_is_only_one() -> None:
    found = claims({**FULL, "auditor": frozenset({"江一鸣"}), "audit_chair": frozenset()})
    assert found.is_ok
    assert "江一鸣" in found.indispensable


def test_a_switch_of_the_union_changes_who_is_needed() -> None:
    assert "林晚" not in claims(FULL).indispensable
    assert "林晚" not in claims(FULL, chair_approves=True).indispensable, "the vice-chair stands in"
    alone = {**FULL, "vice_chair": frozenset()}
    assert "林晚" not in claims(alone).indispensable
    assert "林晚" in claims(alone, chair_approves=True).indispensable


def test_an_officer_who_is_himself_a_party_is_named() -> None:
    assert "白杉自己是当事人（经办人、验收人、收款人（本会人员））时，“经费报销”停在“登记付款”" in told(claims(FULL))
    two = claims({**FULL, "cashier": frozenset({"白杉", "何舟"})})
    assert "白杉" not in two.indispensable
    assert not [gap for gap in two.parties if gap.stop.step.zh == "登记付款"]


def test_the_only_person_who_opens_and_signs_cannot_do_both() -> None:
    found = staffing(shipped()["work_plan"], office(chair="林晚", clerk=""), SETTINGS)
    assert [stop.step.zh for stop in found.stops] == ["同意通过"]


def test_where_all_members_must_agree_each_of_them_is_indispensable() -> None:
    definition = changed("approve", quorums=(Quorum(None),))
    found = staffing(definition, {**FULL, "auditor": frozenset({"an", "bo", "ci"})}, SETTINGS)
    assert found.indispensable >= {"an", "bo", "ci"}


def test_twenty_five_auditors_are_counted_and_not_tried_one_by_one() -> None:
    definition = changed("approve", quorums=(Quorum(24),))
    auditors = frozenset(f"auditor{n}" for n in range(25))
    found = staffing(definition, {**FULL, "auditor": auditors}, SETTINGS)
    (pair,) = [gap for gap in found.away if gap.stop.step.zh == "同意"]
    assert (pair.count, len(pair.groups), frozenset(pair.groups[0][0])) == (2, 1, auditors)


def changed(name: str, **parts: object) -> Definition:
    base = sound()
    actions = tuple(replace(one, **parts) if one.name == name else one for one in base.actions)  # type: ignore[arg-type]
    return replace(base, actions=actions)


# A second reading, person by person, of the sound workflow's one way: open, submit, approve, [chair], pay, publish.


class ByHand:
    """Tries everybody at every step of the sound workflow, in every order."""

    def __init__(self, definition: Definition, present: Officers, members: Officers, amount: int) -> None:
        self.definition, self.present, self.members, self.amount = definition, present, members, amount
        self.people = sorted({person for held in present.values() for person in held})

    def carried(self, *, chair: bool) -> bool:
        """Whether somebody can be found for each step."""
        steps = ["submit", "approve", *(["chair_approve"] if chair else []), "pay", "publish"]
        return any(self.go(steps, {"opener": {opener}}) for opener in self.present.get("treasurer", frozenset()))

    def go(self, left: list[str], done: dict[str, set[str]]) -> bool:
        """Whether the steps left can be taken after what was done by whom."""
        if not left:
            return True
        action = self.definition.action(left[0])
        assert action is not None
        able = [person for person in self.people if self.may(person, action, done)]
        return any(self.go(left[1:], after(action, done, group)) for group in combinations(able, self.need(action)))

    def may(self, person: str, action: Action, done: dict[str, set[str]]) -> bool:
        """Whether he holds an office for it and is on no side that it bars."""
        holds_one = any(person in self.present.get(one, ()) for one in action.by.offices)
        return holds_one and not any(person in done.get(side, set()) for side in action.bars)

    def need(self, action: Action) -> int:
        """How many must agree."""
        count = len({person for one in action.by.offices for person in self.members.get(one, ())})
        for quorum in action.quorums:
            if holds(quorum.when, {"amount_fen": self.amount}):
                need = (count or 1) if quorum.need is None else quorum.need
                return min(need, count) if quorum.or_all_members and count else need
        return 1


def after(action: Action, done: dict[str, set[str]], group: tuple[str, ...]) -> dict[str, set[str]]:
    """The sides once these people have taken the step."""
    following = {side: set(persons) for side, persons in done.items()}
    if action.name == "submit":
        following["submitter"] = set(group)
    if action.name in ("approve", "chair_approve"):
        following.setdefault("approver", set()).update(group)
    return following


def removed(holders: Officers, *away: str) -> Officers:
    return {name: held - set(away) for name, held in holders.items()}


def drawn() -> st.SearchStrategy[dict[str, frozenset[str]]]:
    persons = st.frozensets(st.sampled_from("abcde"), max_size=3)
    return st.fixed_dictionaries(dict.fromkeys(("treasurer", "auditor", "chair", "cashier"), persons))


@settings(max_examples=150, deadline=None)
@given(drawn(), st.booleans(), st.booleans(), st.sampled_from([(Quorum(1),), (Quorum(2),), (Quorum(None),), None]))
def test_the_verdict_is_that_of_trying_every_person(
    holders: dict[str, frozenset[str]],
    chair: bool,  # noqa: FBT001 - drawn
    strict: bool,  # noqa: FBT001 - drawn
    quorums: tuple[Quorum, ...] | None,
) -> None:
    definition = sound() if quorums is None else changed("approve", quorums=quorums)
    if strict:
        publish = ("submitter", "approver")
        definition = replace(
            definition,
            actions=tuple(replace(one, bars=publish) if one.name == "publish" else one for one in definition.actions),
        )
    amounts = (500_000, 500_001)

    def can(*away: str) -> bool:
        present = removed(holders, *away)
        return all(ByHand(definition, present, holders, amount).carried(chair=chair) for amount in amounts)

    found = staffing(definition, holders, {**SETTINGS, "chair_approves": chair, "quota": 1, "level": "x"})
    assert found.is_ok == can()
    if not found.is_ok:
        return
    everybody = sorted({person for held in holders.values() for person in held})
    assert found.indispensable == {person for person in everybody if not can(person)}
    pairs = list(combinations([one for one in everybody if one not in found.indispensable], 2))
    expected = 0 if found.indispensable else 1 if not all(can(*pair) for pair in pairs) else MOST_AWAY
    assert found.may_be_away == expected

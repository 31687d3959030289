"""Who may come in where, and who may see a case."""

from __future__ import annotations

import uuid

import pytest

from app.people.policy import Policy, admits, may_see_case
from app.people.principal import Principal
from tests.fixtures.unions import BOOK

UNION, OTHER, PERSON, STRANGER = (uuid.UUID(int=number) for number in range(1, 5))
BOOKS = {"chair", "vice_chair", "treasurer", "accountant", "cashier", "audit_chair", "auditor", "clerk"}
OFFICES = sorted(BOOK.titles())
ADMITTED: dict[Policy, set[str]] = {
    Policy.PUBLIC: set(OFFICES),
    Policy.SETUP: set(OFFICES),
    Policy.OWN_ACCOUNT: set(OFFICES),
    Policy.SIGNED_IN: set(OFFICES),
    Policy.MEMBER: {"member"},
    Policy.OFFICER: set(OFFICES) - {"member", "maintainer"},
    Policy.BOOKS: BOOKS,
    Policy.AUDIT: {"auditor", "audit_chair"},
    Policy.AUDIT_CHAIR: {"audit_chair"},
    Policy.CHAIR: {"chair"},
    Policy.CHAIRS: {"chair", "vice_chair"},
    Policy.ROSTER: {"chair", "vice_chair", "organiser", "clerk", "maintainer"},
    Policy.ACCOUNTS: {"chair", "maintainer"},
    Policy.CONNECTIONS: {"chair", "maintainer"},
    Policy.RULES: {"chair", "vice_chair", "audit_chair", "maintainer"},
    Policy.RULES_OFFERED: {"chair", "maintainer"},
    Policy.RULES_CONFIRMED: {"chair", "vice_chair", "audit_chair"},
    Policy.MAINTAINER: {"maintainer"},
}
OPEN = {Policy.PUBLIC, Policy.SETUP}


def holding(*offices: str, union: uuid.UUID = UNION) -> Principal:
    return Principal(union, PERSON, "某人", frozenset(offices))


def test_every_policy_is_in_the_table() -> None:
    assert set(ADMITTED) == set(Policy)


@pytest.mark.parametrize("policy", Policy)
def test_a_policy_admits_the_offices_it_names_and_no_other(policy: Policy) -> None:
    assert {office for office in OFFICES if admits(policy, holding(office))} == ADMITTED[policy]


@pytest.mark.parametrize("policy", Policy)
def test_who_is_not_signed_in_gets_in_only_where_anyone_does(policy: Policy) -> None:
    assert admits(policy, None) == (policy in OPEN)


@pytest.mark.parametrize("name", ["", "everyone", "PUBLIC", "public "])
def test_a_route_with_an_unknown_policy_is_open_to_nobody(name: str) -> None:
    with pytest.raises(ValueError, match="Policy"):
        admits(name, holding("chair", "member"))


def sees(principal: Principal, participants: set[uuid.UUID] | None = None, phase: str = "submitted") -> bool:
    return may_see_case(
        principal,
        case_visible_to=("treasurer", "auditor", "chair", "maintainer"),
        participants=participants or set(),
        phase=phase,
        union_id=UNION,
    )


@pytest.mark.parametrize("office", ["treasurer", "auditor", "chair"])
def test_the_offices_a_workflow_names_see_its_cases(office: str) -> None:
    assert sees(holding(office, "member"))


@pytest.mark.parametrize("phase", ["draft", "submitted", "audited", "published", "ended"])
def test_a_plain_member_sees_a_case_here_only_when_he_took_part(phase: str) -> None:
    assert not sees(holding("member"), phase=phase)
    assert not sees(holding("member"), {STRANGER}, phase)
    assert sees(holding("member"), {PERSON}, phase)


@pytest.mark.parametrize("phase", ["submitted", "published"])
def test_another_unions_people_see_nothing_whatever_they_hold(phase: str) -> None:
    assert not sees(holding("chair", "auditor", union=OTHER), {PERSON}, phase)


def test_the_maintainer_sees_no_claims_even_if_a_workflow_names_the_office() -> None:
    assert not sees(holding("maintainer", "member"))
    assert sees(holding("maintainer", "chair"))

"""Who may open which route, and who may see which case. The only file that answers either question."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from enum import StrEnum
from typing import Self

from app.people.offices import MEMBER
from app.people.principal import Principal

MAINTAINER = "maintainer"
CHAIR = frozenset({"chair"})
CHAIRS = frozenset({"chair", "vice_chair"})
AUDIT = frozenset({"auditor", "audit_chair"})
BOOKS = frozenset({"treasurer", "accountant", "cashier", "clerk"}) | AUDIT | CHAIRS
RULES_OFFERED = frozenset({"chair", MAINTAINER})
RULES_CONFIRMED = frozenset({"chair", "vice_chair", "audit_chair"})
ROSTER = frozenset({"organiser", "clerk", MAINTAINER}) | CHAIRS
CONNECTIONS = frozenset({MAINTAINER, "chair"})


class Policy(StrEnum):
    """Every way a route can be open. A route that names none of these does not start."""

    def __new__(cls, value: str, offices: frozenset[str] = frozenset()) -> Self:
        """``offices`` are those of which one is needed; empty where the policy asks something else."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.offices = offices
        return member

    offices: frozenset[str]

    PUBLIC = "public"
    """Anyone, without signing in."""
    SETUP = "setup"
    """Anyone, as long as the installation has no union."""
    OWN_ACCOUNT = "own_account"
    """Whoever is signed in, also with a first password that must still be changed."""
    SIGNED_IN = "signed_in"
    """Any person of a union, lent bookkeepers and the maintainer included."""
    MEMBER = "member"
    """Members of the union."""
    OFFICER = "officer"
    """Holders of any office beyond being a member, except the maintainer's alone."""
    BOOKS = "books", BOOKS
    """Those who keep, approve or audit the fund."""
    AUDIT = "audit", AUDIT
    """The audit committee (经审会)."""
    AUDIT_CHAIR = "audit_chair", frozenset({"audit_chair"})
    """The chair of the audit committee alone."""
    CHAIR = "chair", CHAIR
    """The chair alone."""
    CHAIRS = "chairs", CHAIRS
    """The chair and the vice-chairs."""
    ROSTER = "roster", ROSTER
    """Those who keep the list of people and record appointments."""
    ACCOUNTS = "accounts", frozenset({MAINTAINER, "chair"})
    """Those who may shut an account and open it again."""
    CONNECTIONS = "connections", CONNECTIONS
    """Those who may connect the union to other systems, and look after what could not be delivered."""
    RULES = "rules", RULES_OFFERED | RULES_CONFIRMED
    """Those who look after the workflows: propose, confirm, and what comes of it."""
    RULES_OFFERED = "rules_offered", RULES_OFFERED
    """Those who may propose a version of a workflow."""
    RULES_CONFIRMED = "rules_confirmed", RULES_CONFIRMED
    """Those who may confirm or reject a version that somebody else proposed."""
    MAINTAINER = "maintainer", frozenset({MAINTAINER})
    """The system maintainer, who approves nothing and sees no claims."""


def admits(policy: str, caller: object | None) -> bool:
    """Whether this caller may come in at all.

    Raises:
        ValueError: no such policy: the route is refused to everyone, loudly.
    """
    asked = Policy(policy)
    if asked in {Policy.PUBLIC, Policy.SETUP}:
        return True
    if not isinstance(caller, Principal):
        return False
    if asked in {Policy.SIGNED_IN, Policy.OWN_ACCOUNT}:
        return True
    if asked is Policy.MEMBER:
        return MEMBER in caller.offices
    if asked is Policy.OFFICER:
        return bool(caller.offices - {MEMBER, MAINTAINER})
    return not caller.offices.isdisjoint(asked.offices)


def may_see_case(
    principal: Principal,
    *,
    case_visible_to: Collection[str],
    participants: Collection[uuid.UUID],
    phase: str,
    union_id: uuid.UUID,
) -> bool:
    """Whether a case exists for this person; if not, the answer is 404.

    Those whom the workflow names by office, and those who took part in the case. Another union's people never, the upper
    union's included: they read what is published or reported. The maintainer's office opens nothing. No ``phase`` opens
    a case to more people: what is published is read through the public view.
    """
    if principal.union_id != union_id:
        return False
    if principal.person_id in participants:
        return True
    if any(one.whole and uuid.UUID(one.person) in participants for one in principal.stands_in_for):
        return True
    return not (principal.asked_as - {MAINTAINER}).isdisjoint(case_visible_to)

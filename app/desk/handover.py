"""Leaving an office (离任交接): everything that waits for one person on one page, and handing it over at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.cases import queries
from app.cases.models import Case
from app.cases.service import Cases
from app.engine.decision import Verb
from app.engine.definition import Action
from app.foundation.clock import union_day
from app.foundation.errors import AppError
from app.people import queries as people
from app.people.principal import Principal
from app.wording import Text

AT_MOST = 200
"""As many open steps as one page shows and hands over; the rest come after them."""

FOLLOWS_OFFICE = Text(
    "随职务走：谁接任，谁的待办里就有，不用转交。", "Follows the office: whoever takes it finds this waiting."
)
HIS_OWN = Text(
    "这一步只认本人，请先办完，或请主席改派。", "Only this person may take it: finish it, or have it assigned anew."
)


@dataclass(frozen=True, slots=True)
class Slot:
    """One open step of one case, with those who could take it over, or why nobody needs to or can."""

    case: Case
    action: Action
    successors: list[tuple[str, str]]
    """(id, name)."""
    why_not: Text | None


def open_slots(session: Session, door: Cases, principal: Principal, now: datetime) -> list[Slot]:
    """Every step that waits for this person, by himself or by office."""
    page = queries.inbox(session, principal.union_id, principal.person_id, principal.offices, "todo", limit=AT_MOST)
    steps = door.steps_open_to(session, principal, page.rows)
    open_steps = [(case, action) for case in page.rows for action in steps[case.id] if action.tone == "plain"]
    offices = {office for _, action in open_steps for office in (*action.by.offices, *action.by.or_else)}
    holders = people.holders(session, principal.union_id, offices, union_day(now)) if offices else {}
    names = dict(people.person_names(session, principal.union_id, union_day(now)))
    return [_slot(principal, case, action, holders, names) for case, action in open_steps]


def hand_all_over(
    session: Session,
    door: Cases,
    principal: Principal,
    chosen: Mapping[tuple[uuid.UUID, str], uuid.UUID],
    now: datetime,
) -> list[tuple[uuid.UUID, AppError | None]]:
    """Hand each step to whom was chosen for it; one that is refused stops no other."""
    results: list[tuple[uuid.UUID, AppError | None]] = []
    for (case_id, action), person in sorted(chosen.items()):
        try:
            with session.begin_nested():
                door.arrange(
                    session,
                    principal,
                    case_id,
                    Verb.HAND_OVER,
                    now,
                    action=action,
                    person_id=person,
                    comment="离任交接",
                )
            results.append((case_id, None))
        except AppError as error:
            results.append((case_id, error))
    return results


def _slot(
    principal: Principal,
    case: Case,
    action: Action,
    holders: Mapping[str, frozenset[str]],
    names: Mapping[str, str],
) -> Slot:
    others: set[str] = set()
    for office in (*action.by.offices, *action.by.or_else):
        others |= holders[office]
    others -= {str(principal.person_id)}
    if "hand_over" in action.arrange and others:
        return Slot(case, action, sorted((one, names.get(one, "—")) for one in others), None)
    by_office = not principal.offices.isdisjoint(action.by.offices)
    return Slot(case, action, [], FOLLOWS_OFFICE if by_office else HIS_OWN)

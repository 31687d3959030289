"""After a step: the next case that waits for the same person, and the ten seconds in which the step can be undone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.cases import queries, viewing
from app.cases.service import Cases
from app.engine.deciding import take_back
from app.engine.decision import Decision
from app.foundation.errors import NotFound
from app.people.principal import Principal
from app.wording import Text

LIST = "?list=todo"
"""How an address says that the reader goes through what waits for him, one by one."""
_AS_FAR_AS = 50


@dataclass(frozen=True, slots=True)
class Onward:
    """Where the reader is in what waits for him."""

    place: int
    count: int
    """At most a page of the list."""
    href: str
    """The case after this one, or the list when there is no other."""


def onward(session: Session, principal: Principal, case_id: uuid.UUID) -> Onward | None:
    """The reader's place in what waits for him, and the next; None where this case does not wait for him."""
    ids = _waiting(session, principal)
    if case_id not in ids:
        return None
    place = ids.index(case_id)
    others = [*ids[place + 1 :], *ids[:place]]
    return Onward(place + 1, len(ids), f"/cases/{others[0]}{LIST}" if others else "/inbox")


def first_waiting(session: Session, principal: Principal) -> Onward | None:
    """The first case that waits for the reader, if any."""
    ids = _waiting(session, principal)
    return Onward(1, len(ids), f"/cases/{ids[0]}{LIST}") if ids else None


def with_done(address: str, case_id: uuid.UUID) -> str:
    """The address of the page after a step, which offers to undo it."""
    return f"{address}{'&' if '?' in address else '?'}did={case_id}"


def undo_flashes(session: Session, door: Cases, principal: Principal, did: str | None, now: datetime) -> dict[str, Any]:
    """The toast that offers to undo the step just taken; nothing where it cannot be undone (any more)."""
    try:
        case, definition = viewing.find(session, door, principal, uuid.UUID(did or ""))
    except (ValueError, NotFound):
        return {}
    standing = door.answers(session, principal, case, definition, now)
    last = standing.situation.last
    action = definition.action(last.action) if last else None
    if action is None or not isinstance(take_back(definition, standing.situation, principal.actor), Decision):
        return {}
    what = case.number or case.title
    text = Text(f"{what}：已“{action.title.zh}”。", f"{what}: “{action.title.en}” is done.")
    undo = {
        "href": f"/cases/{case.id}/actions/take_back",
        "label": Text("撤销", "Undo"),
        "version": case.version,
    }
    return {"flashes": [{"kind": "ok", "text": text, "undo": undo}]}


def _waiting(session: Session, principal: Principal) -> list[uuid.UUID]:
    page = queries.inbox(session, principal.union_id, principal.person_id, principal.asked_as, "todo", limit=_AS_FAR_AS)
    return [case.id for case in page.rows]

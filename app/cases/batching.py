"""One step for many ticked cases, from any page that offers it, and what became of each."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.cases.service import Cases, Outcome, Step
from app.foundation.edge import Call
from app.people.principal import signed_in
from app.wording import Text


def decide(call: Call, batches: Sequence[tuple[str, Sequence[Step]]], comment: str = "") -> list[dict[str, Any]]:
    """Take each action for its steps, all in one transaction; the results page's rows, in order.

    Nothing ticked, nothing opened.
    """
    principal, door = signed_in(call), call.use(Cases)
    ticked_batches = [(action, steps) for action, steps in batches if steps]
    if not ticked_batches:
        return []

    def work(session: Session) -> list[dict[str, Any]]:
        return [
            _result(outcome)
            for action, steps in ticked_batches
            for outcome in door.act_on_many(session, principal, steps, action, call.now, comment=comment)
        ]

    return call.database.transact(work)


def ticked(values: list[str]) -> list[Step]:
    """``id:version`` of each ticked box; what is not of that form is left out."""
    steps = []
    for value in values[:500]:
        case_id, _, version = value.partition(":")
        with contextlib.suppress(ValueError):
            steps.append(Step(uuid.UUID(case_id), int(version)))
    return steps


def _result(outcome: Outcome) -> dict[str, Any]:
    case = outcome.case
    return {
        "href": f"/cases/{outcome.case_id}",
        "title": case.title if case else Text("未办理", "Not done"),
        "number": case.number if case else None,
        "fen": case.amount_fen if case else None,
        "error": outcome.error.text if outcome.error else None,
    }

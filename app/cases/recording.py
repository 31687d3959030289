"""What the trail says of a step or an arrangement: the record of it, and the commitments to what may later be erased."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.cases.models import Case
from app.engine.decision import Arrangement, Decision
from app.trail import service as trail

MIGRATED = "case.migrated"
"""The event of the trail by which a case came to run another version of its workflow."""


@dataclass(slots=True)
class Content:
    """What a step changed in the form: the clear part, commitments to the rest, and what opens those that are new."""

    body: dict[str, object] = field(default_factory=lambda: {"sealed": {}})
    values: dict[str, tuple[bytes, object]] = field(default_factory=dict)


def step_record(
    case: Case,
    decision: Decision,
    changes: Mapping[str, Any],
    content: Content,
    person_id: uuid.UUID | None,
    *,
    comment: str = "",
    figures: Mapping[str, Any] | None = None,
    paper: Mapping[str, Any] | None = None,
    rule: str | None = None,
) -> trail.Record:
    """The record of one decision."""
    body, values = _with_comment(content.body, content.values, comment)
    return trail.Record(
        event=f"case.{decision.action}",
        person=None if person_id is None else str(person_id),
        office=decision.office,
        rule=rule,
        values=values,
        body={
            **body,
            "case": _about(case, changes),
            "action": decision.action,
            "from": decision.source,
            "to": decision.target,
            "closes": decision.closes,
            "votes": list(decision.votes) or None,
            "need": decision.need,
            "routing": dict(decision.routing) or None,
            "data_hash": changes.get("data_hash", case.data_hash),
            "facts": figures or None,
            "seat": decision.seat,
            "weight": None if decision.weight == 1 else decision.weight,
            "party": decision.party or None,
            "added": list(decision.added) or None,
            "paper": paper,
        },
    )


def arrangement_record(
    case: Case,
    changes: Mapping[str, Any],
    arrangement: Arrangement,
    person_id: uuid.UUID | None,
    detail: Mapping[str, Any],
    *,
    comment: str = "",
) -> trail.Record:
    """The record of one arrangement; the case stands as ``changes`` say, else as it stood."""
    body, values = _with_comment({"sealed": {}}, {}, comment)
    return trail.Record(
        event=f"case.{arrangement.verb.value}",
        person=None if person_id is None else str(person_id),
        rule=None if person_id is not None else "lot",
        values=values,
        body={
            **body,
            "case": _about(case, changes) | {"round": changes.get("round", case.round)},
            "to": changes.get("state", case.state),
            "arrangement": {
                "verb": arrangement.verb.value,
                "action": arrangement.action or None,
                "person": arrangement.to,
                **detail,
            },
        },
    )


def migration_record(
    case: Case,
    changes: Mapping[str, Any],
    person_id: uuid.UUID,
    states: Mapping[str, str],
    about: Mapping[str, object],
) -> trail.Record:
    """The record of a case that was carried to another version of its workflow."""
    return trail.Record(
        event=MIGRATED,
        person=str(person_id),
        body={
            "case": {**_about(case, changes), "definition": changes["definition_hash"]},
            "from": case.state,
            "to": changes["state"],
            "migration": {
                "from": case.definition_hash,
                "to": changes["definition_hash"],
                **({"states": dict(states)} if states else {}),
                **about,
            },
            "data_hash": case.data_hash or None,
        },
    )


def _about(case: Case, changes: Mapping[str, Any]) -> dict[str, object]:
    return {
        "id": str(case.id),
        "number": changes.get("number", case.number),
        "workflow": case.workflow,
        "definition": case.definition_hash,
        "round": case.round,
        "version": changes.get("version", case.version),
    }


def _with_comment(
    body: Mapping[str, object], values: Mapping[str, tuple[bytes, object]], comment: str
) -> tuple[dict[str, object], dict[str, tuple[bytes, object]]]:
    if not comment:
        return dict(body), dict(values)
    commitments, opened = trail.seal({trail.COMMENT: comment})
    sealed = {**dict(body["sealed"]), **commitments}  # type: ignore[call-overload]
    return {**body, "sealed": sealed}, {**values, **opened}

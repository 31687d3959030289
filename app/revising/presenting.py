"""Workflows and proposals as the API answers them and pages show them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.cases.migrating import Candidate
from app.cases.service import Outcome
from app.engine.definition import Definition
from app.engine.diagram import svg
from app.engine.problems import Problem
from app.engine.what_if import Kind
from app.engine.writing import as_yaml
from app.foundation.problems import problem_of, words
from app.people import queries as people
from app.revising import queries
from app.revising.models import DefinitionProposal
from app.revising.service import Draft, Revising
from app.revising.what_if import WhatIf
from app.wording import Language, Text


def problem_json(problem: Problem) -> dict[str, Any]:
    """One problem of a version: code, line, sentence with its remedy."""
    return {"code": problem.code, "line": problem.line, "message": words(problem.text)}


def draft_json(draft: Draft) -> dict[str, Any]:
    """What came of looking at a text."""
    return {
        "sound": draft.definition is not None and not draft.problems,
        "hash": None if draft.definition is None else draft.definition.hash,
        "problems": [problem_json(one) for one in draft.problems],
    }


def proposal_json(proposal: DefinitionProposal, names: dict[str, str]) -> dict[str, Any]:
    """One proposal."""
    return {
        "id": str(proposal.id),
        "workflow": proposal.name,
        "hash": proposal.hash,
        "base": proposal.base_hash,
        "status": proposal.status,
        "changes": [words(Text(one["zh"], one["en"])) for one in proposal.changes],
        "states": proposal.states,
        "note": proposal.note,
        "proposed_by": _person(proposal.proposed_by, names),
        "proposed_at": proposal.proposed_at.isoformat(),
        "decided_by": _person(proposal.decided_by, names) if proposal.decided_by else None,
        "decided_at": proposal.decided_at.isoformat() if proposal.decided_at else None,
        "decision_note": proposal.decision_note,
    }


def names_of(session: Session, union_id: uuid.UUID, proposals: Sequence[DefinitionProposal]) -> dict[str, str]:
    """The names of everyone these proposals mention."""
    persons = {one.proposed_by for one in proposals} | {one.decided_by for one in proposals if one.decided_by}
    return people.names(session, union_id, persons)


def whole(session: Session, door: Revising, union_id: uuid.UUID, definition: Definition) -> dict[str, Any]:
    """A workflow with its text, its past versions and its proposals."""
    versions = door.definitions.versions(session, union_id, definition.name)
    found = queries.proposals(session, union_id, definition.name)
    names = names_of(session, union_id, found)
    adopted = {one.hash: one for one in found if one.status == "adopted"}
    return {
        "name": definition.name,
        "title": words(definition.title),
        "hash": definition.hash,
        "shipped": definition.name in door.definitions.shipped
        and door.definitions.shipped[definition.name].hash == definition.hash,
        "since": versions[-1].since.isoformat() if versions else None,
        "yaml": as_yaml(definition),
        "versions": [
            {
                "hash": row.hash,
                "since": row.since.isoformat(),
                "proposal": str(adopted[row.hash].id) if row.hash in adopted else None,
            }
            for row in reversed(versions)
        ],
        "proposals": [proposal_json(one, names) for one in found],
    }


def candidate_json(candidate: Candidate) -> dict[str, Any]:
    """One running case of the dry run. It says nothing of what the case is about."""
    case, passage = candidate.case, candidate.passage
    return {
        "id": str(case.id),
        "number": case.number,
        "events": case.events,
        "from": passage.source,
        "to": passage.target,
        "open": passage.is_open,
        "losses": [{"code": one.code, "message": words(one.text)} for one in passage.losses],
    }


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """What became of one case that was to be carried."""
    error = outcome.error
    return {
        "id": str(outcome.case_id),
        "carried": error is None,
        "error": None if error is None else problem_of(error),
    }


def what_if_json(found: WhatIf) -> dict[str, Any]:
    """What last year's cases would have met. It says nothing of what they are about."""
    return {
        "looked_at": found.looked_at,
        "counts": {kind.value: found.count(kind) for kind in Kind},
        "cases": [
            {
                "id": str(one.case.id),
                "number": one.case.number,
                "kind": one.kind.value,
                "differences": [{"kind": each.kind.value, "message": words(each.text)} for each in one.differences],
            }
            for one in found.met
        ],
    }


def picture(definition: Definition | None, language: Language) -> str:
    """The workflow drawn; nothing where it cannot be, because it is not sound enough."""
    if definition is None or not definition.states or not definition.actions:
        return ""
    try:
        return svg(definition, language=language)
    except (KeyError, ValueError, IndexError, RecursionError):
        return ""


def _person(person_id: uuid.UUID | None, names: dict[str, str]) -> dict[str, str | None]:
    return {"id": str(person_id), "name": names.get(str(person_id))}

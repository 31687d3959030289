"""A case as one person may see it: the form, the timeline, who is waited for, the checks, and the buttons with reasons."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import deadlines, queries
from app.cases.changes import Change
from app.cases.contents import changes_of, persons_in
from app.cases.foreseeing import foreseen
from app.cases.models import ArrangementRow, Case, CaseMigration, Copy, Deadline, Decision, StoredFile, Waiting
from app.cases.service import Cases
from app.cases.values import file_ids, values_of
from app.engine.arranging import VERB_TITLES, arrangeable
from app.engine.deciding import decide, take_back
from app.engine.decision import Answer, Finding, Refused, Situation, Verb
from app.engine.decision import Decision as Decided
from app.engine.definition import Action, Definition, FieldType
from app.engine.forecast import Coming, Forecast
from app.foundation.errors import NotFound
from app.foundation.problems import words
from app.people import queries as people
from app.people.principal import Principal


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything a case's page and its API answer are made from."""

    case: Case
    definition: Definition
    answers: list[tuple[Action, Answer]]
    situation: Situation
    """What the answers were decided on."""
    decisions: list[Decision]
    arrangements: list[ArrangementRow]
    migrations: list[tuple[CaseMigration, Definition]]
    """How it was carried to other versions, each with the version it left."""
    arrangeable: list[tuple[Verb, Action]]
    """What this person may arrange about which action."""
    may_take_back: bool
    openings: Mapping[uuid.UUID, datetime]
    """Who opened the case as it stands, and when first."""
    copies: list[Copy]
    comments: Mapping[int, str]
    """Opinion by record of the trail."""
    names: Mapping[str, str]
    """Person id -> name, for everyone the page mentions."""
    waiting: list[Waiting]
    files: Mapping[str, StoredFile]
    checks: list[Finding]
    linked: list[Case]
    """Cases that name this one."""
    named: Mapping[str, Case]
    """Cases that this one names, by id."""
    changes: Mapping[int, list[Change]]
    """By event, what it changed in the form."""
    forecast: Forecast
    """The rest of the way."""
    not_now: list[tuple[Action, Answer]]
    """Steps ahead that this person could take, each refused because the case is not there yet."""
    deadline: deadlines.Shown | None = None
    """Until when it may rest in its state, where the workflow says so."""

    def version_at(self, event: int) -> Definition:
        """The version that the case ran when that event happened."""
        return next((left for row, left in self.migrations if event < row.event), self.definition)


def find(session: Session, door: Cases, principal: Principal, case_id: uuid.UUID) -> tuple[Case, Definition]:
    """The case, if this person may see it.

    Raises:
        NotFound: no such case, another union's, or not open to this person: the answer is the same.
    """
    case = session.get(Case, (principal.union_id, case_id))
    if case is None:
        raise NotFound
    definition = door.definitions.by_hash(session, case.definition_hash)
    if not door.may_see(session, principal, case, definition):
        raise NotFound
    return case, definition


def detail(session: Session, door: Cases, principal: Principal, case_id: uuid.UUID, now: datetime) -> Detail:
    """The whole of one case.

    Raises:
        NotFound: as ``find``.
    """
    case, definition = find(session, door, principal, case_id)
    decisions = queries.decisions_of(session, case.union_id, [case.id])[case.id]
    arrangements: list[ArrangementRow] = []
    if case.arranged:
        arrangements = queries.arrangements_of(session, case.union_id, case.id)
    carried = queries.migrations_of(session, case.union_id, [case.id]) if case.migrated else []
    waiting = list(
        session.scalars(
            sa.select(Waiting)
            .where(Waiting.union_id == case.union_id, Waiting.case_id == case.id)
            .order_by(Waiting.action)
        )
    )
    files = queries.files_of(session, case.union_id, {uuid.UUID(one) for one in file_ids(definition, case.data)})
    others = {uuid.UUID(value) for _, value in values_of(definition, case.data, FieldType.CASE)}
    named = (
        session.scalars(sa.select(Case).where(Case.union_id == case.union_id, Case.id.in_(others))) if others else ()
    )
    standing = door.answers(session, principal, case, definition, now)
    openings = queries.openings_of(session, case.union_id, case.id, case.version)
    copies = queries.copies_of(session, case.union_id, case.id)
    changes = changes_of(session, definition, case.union_id, decisions)
    ahead = foreseen(session, door, case, definition, standing.situation, now)
    asked_ahead = {uuid.UUID(person) for step in ahead.steps for person in step.who}
    return Detail(
        case=case,
        definition=definition,
        answers=standing.answers,
        situation=standing.situation,
        arrangements=arrangements,
        migrations=[(row, door.definitions.by_hash(session, row.from_hash)) for row in carried],
        arrangeable=arrangeable(definition, standing.situation, principal.actor) if case.events else [],
        may_take_back=isinstance(take_back(definition, standing.situation, principal.actor), Decided),
        openings=openings,
        copies=copies,
        decisions=decisions,
        comments=queries.comments_of(session, case.union_id, _seqs(decisions, arrangements)),
        names=people.names(
            session,
            case.union_id,
            _persons(case, definition, decisions, arrangements, waiting, copies)
            | asked_ahead
            | persons_in(changes)
            | {row.person_id for row in carried},
        ),
        waiting=waiting,
        files={str(file.id): file for file in files.values()},
        checks=door.checks(session, case, definition, now),
        linked=list(queries.linked_cases(session, case.union_id, case.id)),
        named={str(one.id): one for one in named},
        deadline=_deadline(session, door, case, definition, now),
        changes=changes,
        forecast=ahead,
        not_now=_not_now(definition, standing.situation, ahead, principal),
    )


def why_returned(session: Session, case: Case) -> tuple[str, str] | None:
    """Who sent a returned case back, and with which words; None for a draft that nobody sent back."""
    rows = queries.decisions_of(session, case.union_id, [case.id])[case.id] if case.events else []
    if not rows or rows[-1].person_id is None:
        return None
    comment = queries.comments_of(session, case.union_id, [rows[-1].trail_seq]).get(rows[-1].trail_seq)
    name = people.names(session, case.union_id, [rows[-1].person_id]).get(str(rows[-1].person_id), "—")
    return (name, comment) if comment else None


def _not_now(
    definition: Definition, situation: Situation, ahead: Forecast, principal: Principal
) -> list[tuple[Action, Answer]]:
    """What this person will be asked later, with the sentence that says when."""
    mine = {step.action for step in ahead.steps if str(principal.person_id) in step.who}
    found: list[tuple[Action, Answer]] = []
    for action in definition.actions:
        if action.name in mine and situation.state not in action.sources:
            answer = decide(definition, situation, action.name, principal.actor)
            if isinstance(answer, Refused):
                found.append((action, Refused(tuple(one for one in answer.refusals if one.code == "wrong_state"))))
    return found


def _deadline(
    session: Session, door: Cases, case: Case, definition: Definition, now: datetime
) -> deadlines.Shown | None:
    if definition.state(case.state).deadline is None:
        return None
    row = session.get(Deadline, (case.union_id, case.id))
    return None if row is None or row.state != case.state else deadlines.shown(row, definition, door.calendar, now)


def _seqs(decisions: list[Decision], arrangements: list[ArrangementRow]) -> list[int]:
    return [*(row.trail_seq for row in decisions), *(row.trail_seq for row in arrangements)]


def _persons(
    case: Case,
    definition: Definition,
    decisions: list[Decision],
    arrangements: list[ArrangementRow],
    waiting: list[Waiting],
    copies: list[Copy],
) -> set[uuid.UUID]:
    found = {case.opener_id, case.submitter_id, *(row.person_id for row in decisions)}
    found |= {row.seat_id for row in decisions} | {row.person_id for row in copies}
    found |= {person for row in arrangements for person in (row.person_id, row.target_id)}
    found |= {uuid.UUID(value) for _, value in values_of(definition, case.data, FieldType.PERSON)}
    found |= {uuid.UUID(row.who) for row in waiting if len(row.who) == 36}
    return {person for person in found if person is not None}


def as_json(detail: Detail) -> dict[str, Any]:
    """The API's answer for one case."""
    case = detail.case
    return {
        **brief(case),
        "data": case.data,
        "data_hash": case.data_hash or None,
        "opener": _person(detail, case.opener_id),
        "submitter": _person(detail, case.submitter_id) if case.submitter_id else None,
        "actions": [action_json(action, answer) for action, answer in detail.answers],
        "may_take_back": detail.may_take_back,
        "arrangeable": [
            {"verb": verb.value, "title": words(VERB_TITLES[verb]), "action": action.name}
            for verb, action in detail.arrangeable
        ],
        "arrangements": [arrangement_json(detail, row) for row in detail.arrangements],
        "migrations": [
            {
                "event": row.event,
                "from": row.from_hash,
                "to": row.to_hash,
                "by": _person(detail, row.person_id),
                "at": row.at.isoformat(),
                "trail_seq": row.trail_seq,
            }
            for row, _ in detail.migrations
        ],
        "copies": [
            {
                "person": _person(detail, row.person_id),
                "sent_at": row.sent_at.isoformat(),
                "read_at": row.read_at.isoformat() if row.read_at else None,
            }
            for row in detail.copies
        ],
        "not_now": [action_json(action, answer) for action, answer in detail.not_now],
        "waiting_for": [{"action": row.action, "who": row.who} for row in detail.waiting],
        "deadline": deadlines.as_json(detail.deadline) if detail.deadline else None,
        "forecast": forecast_json(detail),
        "checks": [finding_json(finding) for finding in detail.checks],
        "timeline": [step_json(detail, row) for row in detail.decisions],
        "files": [file_json(file) for file in detail.files.values()],
        "linked": [brief(one) for one in detail.linked],
    }


def brief(case: Case) -> dict[str, Any]:
    """A case in a list."""
    return {
        "id": str(case.id),
        "workflow": case.workflow,
        "number": case.number,
        "title": case.title,
        "amount_fen": case.amount_fen,
        "category": case.category,
        "day": case.day.isoformat() if case.day else None,
        "state": case.state,
        "phase": case.phase,
        "round": case.round,
        "version": case.version,
        "updated_at": case.updated_at.isoformat(),
    }


def action_json(action: Action, answer: Answer) -> dict[str, Any]:
    """One button: whether it may be pressed, and if not, every reason."""
    refusals = getattr(answer, "refusals", ())
    return {
        "name": action.name,
        "title": words(action.title),
        "allowed": not refusals,
        "refusals": [{"code": one.code, "message": words(one.text)} for one in refusals],
        "asks": list(action.asks),
        "comment_required": action.comment_required,
        "batch": action.batch,
    }


def forecast_json(detail: Detail) -> dict[str, Any]:
    """The rest of the way: nothing here is promised."""
    ahead = detail.forecast
    return {
        "steps": [_coming_json(detail, step) for step in ahead.steps],
        "ends_in": ahead.ends_in,
        "open_end": words(ahead.open_end) if ahead.open_end else None,
    }


def _coming_json(detail: Detail, step: Coming) -> dict[str, Any]:
    return {
        "action": step.action,
        "title": words(step.title),
        "state": step.state,
        "rule": words(step.rule),
        "need": step.need,
        "who": [{"id": person, "name": detail.names.get(person)} for person in step.who],
        "expected_on": step.expected_on.isoformat() if step.expected_on else None,
        "blocks": [words(text) for text in step.blocks],
        "instead": [words(text) for text in step.instead],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """One check."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": words(finding.text),
        "figures": dict(finding.figures),
    }


def file_json(file: StoredFile) -> dict[str, Any]:
    """One file, without its bytes."""
    return {
        "id": str(file.id),
        "sha256": file.sha256,
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        **({"invoice": file.reading} if file.reading else {}),
    }


def step_json(detail: Detail, row: Decision) -> dict[str, Any]:
    """One decision of the timeline."""
    return {
        "event": row.event,
        "round": row.round,
        "action": row.action,
        "from": row.source,
        "to": row.target,
        "closes": row.closes,
        "person": _person(detail, row.person_id) if row.person_id else None,
        "rule": row.rule,
        "office": row.office,
        "at": row.at.isoformat(),
        "comment": detail.comments.get(row.trail_seq, ""),
        "data_hash": row.data_hash,
        "trail_seq": row.trail_seq,
        "changes": [change_json(change) for change in detail.changes.get(row.event, ())],
        "in_place_of": _person(detail, row.seat_id) if row.seat_id else None,
        "paper": row.paper,
    }


def change_json(change: Change) -> dict[str, Any]:
    """One value that a step changed; of personal values, and of what is erased, only that it changed."""
    is_told = not (change.is_personal or change.is_erased)
    return {
        "path": change.path,
        "title": words((change.column or change.field).title),
        "material": change.is_material,
        **({"before": change.before, "after": change.after} if is_told else {}),
    }


def arrangement_json(detail: Detail, row: ArrangementRow) -> dict[str, Any]:
    """One arrangement of the timeline."""
    return {
        "event": row.event,
        "round": row.round,
        "verb": row.verb,
        "action": row.action or None,
        "by": _person(detail, row.person_id) if row.person_id else None,
        "person": _person(detail, row.target_id) if row.target_id else None,
        "at": row.at.isoformat(),
        "comment": detail.comments.get(row.trail_seq, ""),
        "trail_seq": row.trail_seq,
        **row.detail,
    }


def _person(detail: Detail, person_id: uuid.UUID | None) -> dict[str, str | None]:
    return {"id": str(person_id), "name": detail.names.get(str(person_id))}

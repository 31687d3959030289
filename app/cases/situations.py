"""A case as the engine and the features see it, and whom it waits for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.cases.course import course_of
from app.cases.models import Case
from app.cases.ports import CaseView, Registry
from app.cases.queries import PastEvent
from app.engine.deciding import offices_to_count
from app.engine.decision import Actor, Finding, Given, Severity, Situation
from app.engine.definition import Action, Definition, Phase
from app.foundation.clock import union_day
from app.people import queries as people


class UnionSettings(Protocol):
    """The union's own figures that definitions name: of a ``Union``, or of a row that has just these."""

    @property
    def two_auditor_limit_fen(self) -> int:
        """Above this a claim needs two auditors."""

    @property
    def chair_approves(self) -> bool:
        """Whether claims also pass the chair."""


def view_of(
    case: Case,
    data: Mapping[str, Any],
    *,
    stored: Mapping[str, Any] | None = None,
    number: str | None = None,
    state: str | None = None,
) -> CaseView:
    """A case as facts and effects see it, with this data."""
    return CaseView(
        union_id=case.union_id,
        id=case.id,
        workflow=case.workflow,
        number=number or case.number,
        state=state or case.state,
        phase=case.phase,
        round=case.round,
        data=data,
        stored=case.data if stored is None else stored,
        opener_id=case.opener_id,
        submitter_id=case.submitter_id,
        title=case.title,
        amount_fen=case.amount_fen,
        category=case.category,
        day=case.day,
    )


def with_given(case: Case, given: Mapping[str, Any]) -> dict[str, Any]:
    """The form with what the actor sends along; sent empty, a value is taken out."""
    whole = {**case.data, **given}
    return {name: value for name, value in whole.items() if name not in given or value not in (None, "", [])}


def settings_of(union: UnionSettings) -> dict[str, int | bool | str]:
    """The union's figures by the names that definitions use."""
    return {"two_auditor_limit_fen": union.two_auditor_limit_fen, "chair_approves": union.chair_approves}


def bare_situation(case: Case, definition: Definition, union: UnionSettings, rows: Sequence[PastEvent]) -> Situation:
    """The case as the engine sees it, before any fact was asked."""
    course = course_of(rows, case, definition)
    return Situation(
        state=case.state,
        data=case.data,
        opener=str(case.opener_id),
        submitter=str(case.submitter_id) if case.submitter_id else None,
        votes=course.votes,
        approvers=course.approvers,
        settings=settings_of(union),
        arrangements=course.arrangements,
        path=course.path,
        last=course.last,
        resume_to=course.resume_to,
        submitted_for=course.submitted_for,
        is_disputed=course.is_disputed,
    )


def situation_with_findings(
    session: Session,
    registry: Registry,
    case: Case,
    definition: Definition,
    union: UnionSettings,
    rows: Sequence[PastEvent],
    actions: Collection[Action],
    actor: Actor,
    given: Given,
    now: datetime,
    *,
    lock: bool,
    foreseen: Mapping[str, tuple[Finding, ...]] | None = None,
) -> Situation:
    """The case with what the facts of these actions see, and the members of the offices where a quorum needs them.

    ``foreseen`` are findings by fact that were gathered for a whole batch.
    """
    findings: dict[str, tuple[Finding, ...]] = dict(foreseen or {})
    unasked = [use for action in actions for use in action.require if use.name not in findings]
    if unasked:
        view = view_of(case, with_given(case, given.data))
        for use in unasked:
            if use.name not in findings:
                fact = registry.facts[use.name]
                findings[use.name] = tuple(fact(session, view, dict(use.parameters), now, lock=lock))
    situation = bare_situation(case, definition, union, rows)
    offices = set[str]().union(*(offices_to_count(definition, situation, action, actor, given) for action in actions))
    return replace(
        situation,
        members=people.holders(session, case.union_id, offices, union_day(now)) if offices else {},
        findings=findings,
    )


def waiting_rows(
    session: Session, registry: Registry, case: Case, definition: Definition, changes: Mapping[str, Any], now: datetime
) -> list[dict[str, Any]]:
    """Whom the case waits for in its new state: whoever may take a plain step that nothing blocks."""
    data = changes.get("data") or case.data
    submitter = changes["submitter_id"] or case.opener_id
    state = definition.state(changes["state"])
    if state.phase in {Phase.PUBLISHED, Phase.ENDED}:
        return []
    if state.name == definition.initial:
        return [waiting_row(case, "edit", str(submitter), now)]
    view = view_of(case, data, stored=data, number=changes["number"], state=state.name)
    rows: list[dict[str, Any]] = []
    for action in definition.actions_from(state.name):
        targets = {definition.state(branch.state).phase for branch in action.branches}
        if action.tone != "plain" or (action.batch and Phase.PUBLISHED in targets):
            continue  # lists are published from a page of their own, a month or half-year at a time
        if _is_blocked(session, registry, view, action, now):
            continue
        by = action.by
        who = {*by.offices, *(str(data[name]) for name in by.fields if data.get(name))}
        who |= {str(case.opener_id)} if by.opener else set()
        who |= {str(submitter)} if by.submitter else set()
        rows += [waiting_row(case, action.name, name, now) for name in sorted(who)]
    return rows


def _is_blocked(session: Session, registry: Registry, view: CaseView, action: Action, now: datetime) -> bool:
    return any(
        finding.severity is Severity.BLOCK
        for use in action.require
        for finding in registry.facts[use.name](session, view, dict(use.parameters), now, lock=False)
    )


def waiting_row(case: Case, action: str, who: str, now: datetime) -> dict[str, Any]:
    """A row that says whom the case waits for: an office's name, or a person's id."""
    return {"union_id": case.union_id, "case_id": case.id, "action": action, "who": who, "since": now}

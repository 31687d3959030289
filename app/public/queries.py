"""What is public: only cases in phase published, and of those only what their definition publishes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import queries as cases
from app.cases.definitions import Definitions
from app.cases.models import Case, Decision
from app.engine.definition import Definition, Field, FieldType, Phase, Publish
from app.fund import queries as fund
from app.people import queries as people
from app.trail.models import TrailCheckpoint

APPROVING = ("approve", "chair_approve", "sign", "sign_off", "confirm", "pass", "adopt")
"""Steps whose takers are named on the public page: officers answer for what they approve."""


@dataclass(frozen=True, slots=True)
class Period:
    """From a day to a day, both included."""

    first: date
    last: date


def half_years(year: int) -> dict[str, Period]:
    """上半年, 下半年 and the whole year by name."""
    return {
        "h1": Period(date(year, 1, 1), date(year, 6, 30)),
        "h2": Period(date(year, 7, 1), date(year, 12, 31)),
        "year": Period(date(year, 1, 1), date(year, 12, 31)),
    }


@dataclass(frozen=True, slots=True)
class Sum:
    """One category of published cases: how many and how much, with the year's budget."""

    code: str
    count: int
    amount_fen: int
    budget_fen: int


def sums(session: Session, union_id: uuid.UUID, workflow: str, period: Period) -> list[Sum]:
    """Published cases of one workflow by category; one statement, and one for the budget."""
    rows = session.execute(
        sa.select(Case.category, sa.func.count(), sa.func.coalesce(sa.func.sum(Case.amount_fen), 0))
        .where(*_published(union_id, period), Case.workflow == workflow)
        .group_by(Case.category)
        .order_by(Case.category)
    ).all()
    budget = {line.account: line.allocated_fen for line in fund.budget_overview(session, union_id, period.first.year)}
    return [Sum(code or "", int(count), int(total or 0), budget.get(code or "", 0)) for code, count, total in rows]


def items(
    session: Session,
    union_id: uuid.UUID,
    period: Period,
    *,
    workflows: tuple[str, ...] = (),
    category: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> cases.Page:
    """Published cases of the period, latest first."""
    statement = sa.select(Case).where(*_published(union_id, period))
    if workflows:
        statement = statement.where(Case.workflow.in_(workflows))
    if category:
        statement = statement.where(Case.category == category)
    return cases.paged(session, statement, Case.updated_at, limit, cursor, ascending=False)


def item(session: Session, union_id: uuid.UUID, number: str) -> Case | None:
    """A published case by its number; None also when it exists and is not published."""
    return session.scalar(
        sa.select(Case).where(Case.union_id == union_id, Case.number == number, Case.phase == Phase.PUBLISHED.value)
    )


def _published(union_id: uuid.UUID, period: Period) -> tuple[Any, ...]:
    return (
        Case.union_id == union_id,
        Case.phase == Phase.PUBLISHED.value,
        Case.day >= period.first,
        Case.day <= period.last,
    )


def approvers(session: Session, union_id: uuid.UUID, ids: list[uuid.UUID]) -> dict[uuid.UUID, list[tuple[str, str]]]:
    """Case -> the people who approved it in its last round, as (name, office); two statements for all."""
    rows = session.execute(
        sa.select(Decision.case_id, Decision.person_id, Decision.office)
        .join(Case, (Case.union_id == Decision.union_id) & (Case.id == Decision.case_id))
        .where(
            Decision.union_id == union_id,
            Decision.case_id.in_(ids),
            Decision.action.in_(APPROVING),
            Decision.round == Case.round,
        )
        .order_by(Decision.case_id, Decision.event)
    ).all()
    names = people.names(session, union_id, {row.person_id for row in rows if row.person_id})
    found: dict[uuid.UUID, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row.case_id, []).append((names.get(str(row.person_id), "—"), row.office or ""))
    return found


def shown(definitions: Definitions, session: Session, case: Case) -> list[tuple[Field, Any]]:
    """The fields that the case's definition publishes, masked where it says so, in the form's order."""
    definition: Definition = definitions.by_hash(session, case.definition_hash)
    return [
        (field, masked(field, value) if field.publish is Publish.MASKED else public_value(field, value))
        for field in definition.fields
        if field.publish is not Publish.NO and (value := case.data.get(field.name)) not in (None, "", [])
    ]


def masked(field: Field, value: Any) -> str:
    """A name as the public sees it: 王**; of a longer name (a firm) the first two characters. Never the length."""
    text = str(value)
    keep = 1 if len(text) <= 4 else 2
    return "" if field.type is FieldType.FILES else f"{text[:keep]}**"


def public_value(field: Field, value: Any) -> Any:
    """A published value; of files only how many, of lines only published columns that hold no personal value."""
    if field.type is FieldType.FILES:
        return len(value)
    if field.type is FieldType.LINES:
        open_columns = [
            column for column in field.columns if not column.personal and column.type is not FieldType.FILES
        ]
        return [{column.name: row.get(column.name) for column in open_columns} for row in value]
    return value


def latest_checkpoint(session: Session, union_id: uuid.UUID) -> TrailCheckpoint | None:
    """The last signed head."""
    return session.scalar(
        sa.select(TrailCheckpoint)
        .where(TrailCheckpoint.union_id == union_id)
        .order_by(TrailCheckpoint.size.desc(), TrailCheckpoint.made_at.desc())
        .limit(1)
    )


def checkpoints(session: Session, union_id: uuid.UUID, limit: int = 60) -> list[TrailCheckpoint]:
    """Signed heads, latest first."""
    return list(
        session.scalars(
            sa.select(TrailCheckpoint)
            .where(TrailCheckpoint.union_id == union_id)
            .order_by(TrailCheckpoint.size.desc(), TrailCheckpoint.made_at.desc())
            .limit(limit)
        )
    )


def ready_to_publish(
    session: Session,
    union_id: uuid.UUID,
    definitions: Mapping[str, Definition],
    offices: frozenset[str],
    period: Period,
) -> list[tuple[Definition, str, list[Case]]]:
    """By workflow, the batch step to published that these offices may take, and the cases of the period it is open to."""
    found: list[tuple[Definition, str, list[Case]]] = []
    for definition in definitions.values():
        for action in definition.actions:
            targets = {definition.state(branch.state).phase for branch in action.branches}
            if not action.batch or targets != {Phase.PUBLISHED} or offices.isdisjoint(action.by.offices):
                continue
            rows = session.scalars(
                sa.select(Case)
                .where(
                    Case.union_id == union_id,
                    Case.workflow == definition.name,
                    Case.state.in_(action.sources),
                    Case.day >= period.first,
                    Case.day <= period.last,
                )
                .order_by(Case.number)
                .limit(500)
            ).all()
            found.append((definition, action.name, list(rows)))
    return found

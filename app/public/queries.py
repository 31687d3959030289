"""What is public: only cases in phase published, and of those only what their definition publishes."""

from __future__ import annotations

import calendar
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import queries as cases
from app.cases.course import that_stand
from app.cases.definitions import Definitions
from app.cases.models import Case, Decision
from app.engine.definition import FREE_TEXT, Action, Definition, Field, FieldType, Phase, Publish
from app.foundation.clock import start_of, union_day
from app.fund import queries as fund
from app.people import queries as people
from app.people.models import INSTALLATION, Union
from app.public.masking import cleaned, masked_name, names_in

UNPUBLISHED_COLUMNS = frozenset({FieldType.FILES, FieldType.INVOICE, FieldType.PERSON, FieldType.CASE})
"""Columns of a published table that stay inside: papers, and references that mean nothing outside."""


CORRECTION = "correction"
"""The workflow that says what was wrong in something published, and what is right."""

LARGEST_BATCH = 500
"""As many as one confirmation takes; the rest wait for the next."""


@dataclass(frozen=True, slots=True)
class Period:
    """From a day to a day, both included."""

    first: date
    last: date


SPANS: dict[str, tuple[int, int]] = {
    "h1": (1, 6),
    "h2": (7, 12),
    "year": (1, 12),
    **{f"q{one}": (3 * one - 2, 3 * one) for one in range(1, 5)},
    **{f"m{one}": (one, one) for one in range(1, 13)},
}
"""Every period that can be asked for: its first and last month."""


def period_of(year: int, name: str) -> Period:
    """One of ``SPANS`` in a year."""
    first, last = SPANS[name]
    return Period(date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1]))


@dataclass(frozen=True, slots=True)
class Sum:
    """One category of published cases: how many and how much, with the year's budget."""

    code: str
    count: int
    amount_fen: int
    budget_fen: int


def union_of(session: Session, slug: str) -> Union | None:
    """The union whose public page that is; the installation itself has none."""
    # No address of a union holds a control character, and PostgreSQL refuses to be asked for a NUL.
    union = people.union_by_slug(session, slug) if slug.isprintable() else None
    return None if union is None or union.id == INSTALLATION else union


def money_workflows(definitions: Iterable[Definition], side: str) -> list[str]:
    """The workflows that publish an amount by category of one side of the chart: ``spending`` or ``income``."""
    return [one.name for one in definitions if _is_public(one, one.summary.amount) and _side(one) == side]


def _side(definition: Definition) -> str | None:
    name = definition.summary.category
    if name is None or not _is_public(definition, name):
        return None
    field = definition.field(name)
    return field.account_kind if field.type is FieldType.ACCOUNT else None


def budget_of_year(session: Session, union_id: uuid.UUID, year: int) -> dict[str, int]:
    """Category -> fen allocated for the year."""
    return {line.account: line.allocated_fen for line in fund.budget_overview(session, union_id, year)}


def sums(
    session: Session, union_id: uuid.UUID, workflows: Collection[str], period: Period, budget: Mapping[str, int]
) -> list[Sum]:
    """Published cases of these workflows by category, summed by the database in one statement."""
    # Each way to be of the period reads a range of the index; with OR in one condition none could be used.
    parts = [
        sa.select(Case.category, Case.amount_fen).where(
            Case.union_id == union_id,
            Case.phase == Phase.PUBLISHED.value,
            Case.workflow.in_(workflows),
            of_the_period,
        )
        for of_the_period in _of(period)
    ]
    told = sa.union_all(*parts).subquery()
    rows = session.execute(
        sa.select(told.c.category, sa.func.count(), sa.func.coalesce(sa.func.sum(told.c.amount_fen), 0))
        .group_by(told.c.category)
        .order_by(told.c.category)
    ).all()
    return [Sum(code or "", int(count), int(total or 0), budget.get(code or "", 0)) for code, count, total in rows]


def page_of(
    session: Session,
    union_id: uuid.UUID,
    period: Period,
    *,
    workflows: Collection[str] | None = None,
    category: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> cases.Page:
    """Published cases of the period, latest first; of every workflow when ``workflows`` is None."""
    statement = sa.select(Case).where(*_published(union_id, period))
    if workflows is not None:
        statement = statement.where(Case.workflow.in_(workflows))
    if category:
        # A category that no chart has is asked for as none at all: PostgreSQL refuses a NUL.
        statement = statement.where(Case.category == (category if category.isprintable() else ""))
    return cases.paged(session, statement, Case.updated_at, limit, cursor, ascending=False)


def case_of(session: Session, union_id: uuid.UUID, number: str) -> Case | None:
    """A published case by its number; None also when it exists and is not published."""
    if not number.isprintable():  # no number is, and PostgreSQL refuses to be asked for a NUL
        return None
    return session.scalar(
        sa.select(Case).where(Case.union_id == union_id, Case.number == number, Case.phase == Phase.PUBLISHED.value)
    )


def corrections_of(session: Session, union_id: uuid.UUID, number: str) -> list[str]:
    """The numbers of published corrections (更正) that name this published case, oldest first."""
    found = session.scalars(
        sa.select(Case.number)
        .where(
            Case.union_id == union_id,
            Case.workflow == CORRECTION,
            Case.phase == Phase.PUBLISHED.value,
            Case.data["about"].as_string() == number,
        )
        .order_by(Case.published_at)
    )
    return [number for number in found if number]


def _published(union_id: uuid.UUID, period: Period) -> tuple[Any, ...]:
    """Published cases of the period."""
    return Case.union_id == union_id, Case.phase == Phase.PUBLISHED.value, sa.or_(*_of(period))


def _of(period: Period) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """The two ways to be of a period, which exclude each other: by the case's own day, or by its publication without one."""
    return (
        Case.day.between(period.first, period.last),
        Case.day.is_(None)
        & (Case.published_at >= start_of(period.first))
        & (Case.published_at < start_of(period.last + timedelta(days=1))),
    )


# --- what is told of a published case ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Linked:
    """Another published case that this one names."""

    number: str | None
    title: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """A published case, reduced to what its definition publishes; None where it does not."""

    case: Case
    definition: Definition
    title: str | None
    amount_fen: int | None
    category: str | None
    day: date | None
    fields: tuple[tuple[Field, Any], ...]
    """Published fields in the form's order: masked, counted (files), or a ``Linked`` case."""
    approved: tuple[tuple[str, str], ...]
    """Who approved it in its last round: (name, office)."""


def shown(session: Session, union_id: uuid.UUID, definitions: Definitions, rows: Sequence[Case]) -> list[Item]:
    """These published cases as the public sees them; the number of statements does not grow with them."""
    known = {case.definition_hash: definitions.by_hash(session, case.definition_hash) for case in rows}
    approved = approvers(session, union_id, rows, known)
    others = _linked(session, union_id, _ids(rows, known, FieldType.CASE, published=True))
    known |= {case.definition_hash: definitions.by_hash(session, case.definition_hash) for case in others}
    names = people.names(session, union_id, _ids([*rows, *others], known, FieldType.PERSON))
    linked = {
        str(case.id): Linked(case.number, headline(definition, case, kept_back(definition, case, names)))
        for case in others
        for definition in [known[case.definition_hash]]
    }
    return [_item(case, known[case.definition_hash], linked, names, approved.get(case.id, ())) for case in rows]


def _item(
    case: Case,
    definition: Definition,
    linked: Mapping[str, Linked],
    names: Mapping[str, str],
    approved: Sequence[tuple[str, str]],
) -> Item:
    hidden = kept_back(definition, case, names)
    return Item(
        case=case,
        definition=definition,
        title=headline(definition, case, hidden),
        amount_fen=case.amount_fen if _is_public(definition, definition.summary.amount) else None,
        category=case.category if _is_public(definition, definition.summary.category) else None,
        day=_day_told(definition, case),
        fields=tuple(
            (field, value)
            for field in definition.fields
            if (value := _public_value(field, case.data.get(field.name), linked, names, hidden)) not in (None, "", [])
        ),
        approved=tuple(dict.fromkeys(approved)),
    )


def _day_told(definition: Definition, case: Case) -> date | None:
    """Its own day as far as that is published; of a case without one, the day of publication."""
    if case.day is None:
        return union_day(case.published_at) if case.published_at else None
    return case.day if _is_public(definition, definition.summary.day) else None


def headline(definition: Definition, case: Case, hidden: Collection[str]) -> str | None:
    """The title that lists show, as far as the field it comes from is published."""
    field = definition.field(definition.summary.title)
    if field.publish is Publish.NO:
        return None
    return masked_name(case.title) if field.publish is Publish.MASKED else cleaned(case.title, hidden)


def kept_back(definition: Definition, case: Case, names: Mapping[str, str]) -> set[str]:
    """The names that the case holds and does not publish in full, so that its sentences must not tell them either.

    ``names`` are those of its persons, by id as text.
    """
    found: set[str] = set()
    for field in definition.fields:
        value = case.data.get(field.name)
        if not value:
            continue
        if field.type is FieldType.PERSON and field.publish is not Publish.FULL:
            found.add(names.get(value, ""))
        if field.type is FieldType.TEXT and (field.personal or field.publish is Publish.MASKED):
            found |= names_in(value)  # a paragraph is no list of names
        for column in field.columns:
            if column.type is FieldType.PERSON:
                found |= {names.get(row.get(column.name), "") for row in value}
            if column.personal and column.type is FieldType.TEXT:
                found |= {name for row in value for name in names_in(row.get(column.name) or "")}
    return found - {""}


def approvers(
    session: Session, union_id: uuid.UUID, rows: Sequence[Case], definitions: Mapping[str, Definition]
) -> dict[uuid.UUID, list[tuple[str, str]]]:
    """Case -> the officers who approved it in its last round, as (name, office); two statements for all."""
    by_id = {case.id: case for case in rows}
    approving = {key: approving_actions(definition) for key, definition in definitions.items()}
    decisions = session.execute(
        sa.select(
            Decision.case_id, Decision.person_id, Decision.seat_id, Decision.office, Decision.action, Decision.paper
        )
        .join(Case, (Case.union_id == Decision.union_id) & (Case.id == Decision.case_id))
        .where(Decision.union_id == union_id, Decision.case_id.in_(list(by_id)), Decision.round == Case.round)
        .order_by(Decision.case_id, Decision.event)
    ).all()
    taken = [
        row
        for _, of_case in groupby(decisions, key=lambda row: row.case_id)
        for row in that_stand(of_case)
        if row.action in approving[by_id[row.case_id].definition_hash]
    ]
    # Whoever signed on paper approved; whoever recorded the sheet did not.
    signer = {id(row): row.seat_id if row.paper else row.person_id for row in taken}
    names = people.names(session, union_id, {person for person in signer.values() if person})
    found: dict[uuid.UUID, list[tuple[str, str]]] = {}
    for row in taken:
        found.setdefault(row.case_id, []).append((names.get(str(signer[id(row)]), "—"), row.office or ""))
    return found


def approving_actions(definition: Definition) -> frozenset[str]:
    """The steps whose takers are named on the public page: officers answer for what they let pass.

    Those that only office holders may take and somebody must stand aside from (or several must agree to), that move a
    submitted case on, and that are neither a refusal nor the publication itself. Noting what was done is no approval.
    """
    return frozenset(action.name for action in definition.actions if _lets_pass(definition, action))


def _lets_pass(definition: Definition, action: Action) -> bool:
    targets = {branch.state for branch in action.branches}
    ends = {definition.state(state).phase for state in targets} & {Phase.PUBLISHED, Phase.ENDED}
    by = action.by
    by_office_alone = bool(by.offices) and not (by.fields or by.opener or by.submitter or by.anyone or by.system)
    moves_on = definition.initial not in action.sources and targets.isdisjoint(action.sources)
    weighs = bool(action.bars or action.quorums)
    return action.tone == "plain" and by_office_alone and weighs and moves_on and not ends


def _is_public(definition: Definition, name: str | None) -> bool:
    return name is not None and definition.field(name).publish is Publish.FULL


def _ids(
    rows: Sequence[Case], definitions: Mapping[str, Definition], kind: FieldType, *, published: bool = False
) -> set[uuid.UUID]:
    """What the fields of that type name, in all these cases, their lines included."""
    return {
        uuid.UUID(value)
        for case in rows
        for field in definitions[case.definition_hash].fields
        if not (published and field.publish is Publish.NO)
        for value in _values(field, case.data.get(field.name), kind)
        if value
    }


def _values(field: Field, value: Any, kind: FieldType) -> Iterator[Any]:
    if field.type is kind:
        yield value
    for column in field.columns:
        if column.type is kind:
            yield from (row.get(column.name) for row in value or [])


def _linked(session: Session, union_id: uuid.UUID, ids: set[uuid.UUID]) -> Sequence[Case]:
    """The published ones among these cases."""
    if not ids:
        return ()
    return session.scalars(
        sa.select(Case).where(Case.union_id == union_id, Case.id.in_(ids), Case.phase == Phase.PUBLISHED.value)
    ).all()


def _public_value(
    field: Field, value: Any, linked: Mapping[str, Linked], names: Mapping[str, str], hidden: Collection[str]
) -> Any:
    """One value as the public sees it; None for what stays inside."""
    if field.publish is Publish.NO or value in (None, "", []):
        return None
    told = names.get(value) if field.type is FieldType.PERSON else value
    if field.publish is Publish.MASKED:
        is_name = field.type in FREE_TEXT or field.type is FieldType.PERSON
        return masked_name(told) if is_name and told else None
    match field.type:
        case FieldType.CASE:
            return linked.get(value)
        case FieldType.FILES:
            return len(value)
        case FieldType.LINES:
            return [_public_line(field, row, hidden) for row in value]
        case _:
            return cleaned(value, hidden) if field.type in FREE_TEXT else told


def published_columns(field: Field) -> list[Field]:
    """The columns of a published table that hold nothing personal."""
    return [one for one in field.columns if not one.personal and one.type not in UNPUBLISHED_COLUMNS]


def _public_line(field: Field, row: Mapping[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    values = {one: row.get(one.name) for one in published_columns(field)}
    return {
        one.name: cleaned(value, hidden) if one.type in FREE_TEXT else value
        for one, value in values.items()
        if value is not None
    }


# --- heads, and what can be published ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Awaiting:
    """Cases of one kind that stand before publication, for those who may not publish them."""

    definition: Definition
    count: int
    offices: frozenset[str]
    """Who publishes them."""


def awaiting_publication(
    session: Session, union_id: uuid.UUID, definitions: Iterable[Definition], period: Period
) -> list[Awaiting]:
    """By kind, how many cases of the period stand before publication; counted by the database."""
    found = []
    for definition, action in _publishing(definitions):
        count = session.scalar(
            sa.select(sa.func.count()).select_from(Case).where(*_before(union_id, definition, action, period))
        )
        found.append(Awaiting(definition, count or 0, frozenset(action.by.offices)))
    return found


def publishing(definitions: Iterable[Definition], offices: frozenset[str]) -> list[tuple[Definition, Action]]:
    """The batch steps to published that these offices may take."""
    return [one for one in _publishing(definitions) if not offices.isdisjoint(one[1].by.offices)]


def _publishing(definitions: Iterable[Definition]) -> list[tuple[Definition, Action]]:
    return [
        (definition, action)
        for definition in definitions
        for action in definition.actions
        if action.batch and {definition.state(branch.state).phase for branch in action.branches} == {Phase.PUBLISHED}
    ]


def _before(union_id: uuid.UUID, definition: Definition, action: Action, period: Period) -> tuple[Any, ...]:
    """Cases that stand before that step: those of the period, and those that have no day."""
    return (
        Case.union_id == union_id,
        Case.workflow == definition.name,
        Case.state.in_(action.sources),
        sa.or_(Case.day.is_(None), Case.day.between(period.first, period.last)),
    )


def ready_to_publish(
    session: Session,
    union_id: uuid.UUID,
    definitions: Iterable[Definition],
    offices: frozenset[str],
    period: Period,
) -> list[tuple[Definition, str, Sequence[Case]]]:
    """By workflow that has any, the batch step to published, and the cases of the period that stand before it."""
    steps = publishing(definitions, offices)
    unpublished = (
        Case.union_id == union_id,
        Case.phase != Phase.PUBLISHED.value,
        sa.or_(Case.day.is_(None), Case.day.between(period.first, period.last)),
    )
    names = [definition.name for definition, _ in steps]
    present = set(session.scalars(sa.select(Case.workflow).distinct().where(*unpublished, Case.workflow.in_(names))))
    return [
        (
            definition,
            action.name,
            session.scalars(
                sa.select(Case)
                .where(*_before(union_id, definition, action, period))
                .order_by(Case.number)
                .limit(LARGEST_BATCH)
            ).all(),
        )
        for definition, action in steps
        if definition.name in present
    ]

"""Carrying running cases to another version: which there are, and what each would lose. Reads only; the door carries."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import queries
from app.cases.course import without_undone
from app.cases.definitions import Definitions
from app.cases.models import Case
from app.cases.queries import Past, PastEvent
from app.cases.situations import UnionSettings, bare_situation
from app.engine.definition import TAKE_BACK, Definition, Phase
from app.engine.migrating import Passage, passage
from app.foundation.clock import union_day
from app.people import queries as people
from app.people.models import Union

_OVER = (Phase.PUBLISHED.value, Phase.ENDED.value)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A running case on another version, and what would become of it."""

    case: Case
    passage: Passage


def report(
    session: Session,
    definitions: Definitions,
    union_id: uuid.UUID,
    to: Definition,
    states: Mapping[str, str],
    now: datetime,
) -> list[Candidate]:
    """Every running case of the workflow that is on another version; changes nothing."""
    union = session.get_one(Union, union_id)
    cases = session.scalars(
        sa.select(Case)
        .where(
            Case.union_id == union_id,
            Case.workflow == to.name,
            Case.definition_hash != to.hash,
            Case.phase.not_in(_OVER),
        )
        .order_by(Case.number, Case.id)
    ).all()
    past = queries.past_of(session, union_id, cases)
    members = members_for(session, union_id, to, now)
    return [
        Candidate(one, passage_of(session, definitions, one, to, states, union, past[one.id], members)) for one in cases
    ]


def members_for(session: Session, union_id: uuid.UUID, to: Definition, now: datetime) -> Mapping[str, frozenset[str]]:
    """Who holds the offices that the steps of this version are open to."""
    offices = {office for action in to.actions for office in (*action.by.offices, *action.by.or_else)}
    return people.holders(session, union_id, offices, union_day(now))


def passage_of(
    session: Session,
    definitions: Definitions,
    case: Case,
    to: Definition,
    states: Mapping[str, str],
    union: UnionSettings,
    past: Sequence[PastEvent],
    members: Mapping[str, frozenset[str]],
) -> Passage:
    """What would become of one case."""
    old = definitions.by_hash(session, case.definition_hash)
    situation = replace(bare_situation(case, old, union, past), members=members)
    taken = [row.action for row in without_undone(past) if isinstance(row, Past) and row.action != TAKE_BACK]
    return passage(old, to, situation, taken, states)

"""流程预测 from the tables: who holds the offices ahead, and how long each step usually takes in this union."""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import queries
from app.cases.models import Case, Decision
from app.cases.service import Cases
from app.cases.situations import bare_situation
from app.engine.calendar import Calendar
from app.engine.decision import Situation
from app.engine.definition import Definition, Phase
from app.engine.forecast import Forecast, forecast, offices_ahead
from app.foundation.clock import union_day
from app.people import queries as people
from app.people.models import Union

LOOKED_AT = 40
"""So many of the latest cases in each late phase say how long a step takes."""


def foreseen(
    session: Session, door: Cases, case: Case, definition: Definition, situation: Situation, now: datetime
) -> Forecast:
    """The rest of one case's way; two statements. ``situation`` carries what the facts of its present state say."""
    members = people.holders(session, case.union_id, offices_ahead(definition), union_day(now))
    typical = typical_days(session, case.union_id, case.workflow, door.calendar)
    return _told(door.calendar, case, definition, replace(situation, members=members), typical, now)


def foreseen_of_many(
    session: Session, door: Cases, union_id: uuid.UUID, cases: Sequence[Case], now: datetime
) -> dict[uuid.UUID, Forecast]:
    """The same for a list, without asking facts: the statements grow with the workflows in it, not with the cases."""
    union = session.get_one(Union, union_id)
    past = queries.past_of(session, union_id, cases)
    definitions = {one.definition_hash: door.definitions.by_hash(session, one.definition_hash) for one in cases}
    ahead = frozenset[str]().union(*(offices_ahead(one) for one in definitions.values()))
    members = people.holders(session, union_id, ahead, union_day(now))
    typical = {name: typical_days(session, union_id, name, door.calendar) for name in {one.workflow for one in cases}}
    found: dict[uuid.UUID, Forecast] = {}
    for case in cases:
        definition = definitions[case.definition_hash]
        situation = replace(bare_situation(case, definition, union, past[case.id]), members=members)
        found[case.id] = _told(door.calendar, case, definition, situation, typical[case.workflow], now)
    return found


def typical_days(session: Session, union_id: uuid.UUID, workflow: str, calendar: Calendar) -> dict[str, int]:
    """By action, the median of the working days it took this union after the step before it; one statement."""
    taken: dict[str, list[int]] = {}
    for action, begun, done in session.execute(_HOW_LONG, {"union": union_id, "workflow": workflow}):
        if begun is not None:
            taken.setdefault(action, []).append(calendar.working_days(union_day(begun), union_day(done)))
    return {action: statistics.median_low(days) for action, days in taken.items()}


def _told(
    calendar: Calendar,
    case: Case,
    definition: Definition,
    situation: Situation,
    typical: Mapping[str, int],
    now: datetime,
) -> Forecast:
    return forecast(
        definition,
        situation,
        typical=typical,
        calendar=calendar,
        since=union_day(case.updated_at),
        today=union_day(now),
    )


def _latest(phase: Phase) -> sa.Select[tuple[uuid.UUID]]:
    """The latest cases of the workflow in a phase, read along an index."""
    latest = (
        sa.select(Case.id)
        .where(
            Case.union_id == sa.bindparam("union"),
            Case.workflow == sa.bindparam("workflow"),
            Case.phase == phase.value,
        )
        .order_by(Case.day.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    return sa.select(latest.c.id)


_HOW_LONG = (
    sa.select(
        Decision.action,
        sa.func.lag(Decision.at, type_=Decision.at.type).over(partition_by=Decision.case_id, order_by=Decision.event),
        Decision.at,
    )
    .where(
        Decision.union_id == sa.bindparam("union"),
        Decision.closes,
        Decision.case_id.in_(sa.union_all(_latest(Phase.AUDITED), _latest(Phase.PUBLISHED))),
    )
    .order_by(Decision.case_id, Decision.event)
)

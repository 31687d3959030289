"""What last year's cases would have met on another version of their workflow. Reads only."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import queries
from app.cases.course import that_stand
from app.cases.definitions import Definitions
from app.cases.migrating import members_for
from app.cases.models import Case, Decision
from app.cases.situations import settings_of
from app.engine.decision import Situation
from app.engine.definition import Definition
from app.engine.what_if import Difference, Kind, Taken, replayed
from app.people.models import Union

YEAR = timedelta(days=366)
MOST = 2_000
"""How many cases are looked at, the latest first."""
_BATCH = 400


@dataclass(frozen=True, slots=True)
class Met:
    """One case that would have met something else."""

    case: Case
    kind: Kind
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What came of it: how many cases were looked at, and those for which it is not all the same, the worst first."""

    looked_at: int
    met: tuple[Met, ...]

    def count(self, kind: Kind) -> int:
        """How many cases of that kind."""
        return Counter(one.kind for one in self.met)[kind]


def what_if(session: Session, definitions: Definitions, union_id: uuid.UUID, to: Definition, now: datetime) -> WhatIf:
    """The cases of the workflow that were submitted within a year, each on this version with today's people.

    What would be different on its own version too, because people or the union's limits changed since, is left out.
    """
    union = session.get_one(Union, union_id)
    cases = session.scalars(
        sa.select(Case)
        .where(
            Case.union_id == union_id,
            Case.workflow == to.name,
            Case.submitted_at >= now - YEAR,
            Case.definition_hash != to.hash,
        )
        .order_by(Case.submitted_at.desc(), Case.id)
        .limit(MOST)
    ).all()
    found: list[Met] = []
    members = members_for(session, union_id, to, now)
    for start in range(0, len(cases), _BATCH):
        page = cases[start : start + _BATCH]
        decisions = queries.decisions_of(session, union_id, [case.id for case in page])
        for case in page:
            old = definitions.by_hash(session, case.definition_hash)
            situation = Situation(
                state=case.state,
                data=case.data,
                opener=str(case.opener_id),
                submitter=str(case.submitter_id) if case.submitter_id else None,
                settings=settings_of(union),
                members=members,
            )
            differences = _differences(old, to, situation, last_round(decisions[case.id]))
            if differences:
                found.append(Met(case, _worst(differences), differences))
    order = list(Kind)
    return WhatIf(len(cases), tuple(sorted(found, key=lambda one: order.index(one.kind))))


def last_round(decisions: Sequence[Decision]) -> list[Taken]:
    """The decisions of the last round that somebody took, as far as they stand."""
    standing = that_stand(decisions)
    if not standing:
        return []
    return [
        Taken(row.action, str(row.seat_id or row.person_id), row.office, row.source, row.target, row.closes)
        for row in standing
        if row.round == standing[-1].round
    ]


def _differences(
    old: Definition, to: Definition, situation: Situation, taken: Sequence[Taken]
) -> tuple[Difference, ...]:
    known = set(replayed(old, situation, taken).differences)
    return tuple(one for one in replayed(to, situation, taken).differences if one not in known)


def _worst(differences: Sequence[Difference]) -> Kind:
    return next(kind for kind in Kind if any(one.kind is kind for one in differences))

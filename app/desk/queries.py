"""What the home page counts; everything in SQL."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case
from app.engine.definition import Phase


@dataclass(frozen=True, slots=True)
class Ready:
    """Cases that one batch step would publish: how many, and their sum in fen."""

    workflow: str
    action: str
    count: int
    amount_fen: int


def drafts_of(session: Session, union_id: uuid.UUID, person_id: uuid.UUID) -> Sequence[Case]:
    """My own unfinished forms, latest first."""
    return session.scalars(
        sa.select(Case)
        .where(Case.union_id == union_id, Case.opener_id == person_id, Case.events == 0)
        .order_by(Case.updated_at.desc())
        .limit(10)
    ).all()


def latest_published(session: Session, union_id: uuid.UUID) -> Sequence[Case]:
    """What became public last."""
    return session.scalars(
        sa.select(Case)
        .where(Case.union_id == union_id, Case.phase == Phase.PUBLISHED.value)
        .order_by(Case.updated_at.desc())  # nothing happens to a case after it is published
        .limit(6)
    ).all()

"""What the home page counts; everything in SQL."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case
from app.engine.definition import Definition, Phase


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


def openable(definitions: Mapping[str, Definition], offices: Collection[str]) -> list[Definition]:
    """The workflows these offices may open: claims first, since they are what is opened most."""
    held = set(offices)
    found = [one for one in definitions.values() if one.open.anyone or not held.isdisjoint(one.open.offices)]
    return sorted(found, key=lambda one: one.name != "expense_claim")

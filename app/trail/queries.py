"""Reading signed heads."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.trail.models import TrailCheckpoint


def signed_heads(session: Session, union_id: uuid.UUID, limit: int) -> list[TrailCheckpoint]:
    """The union's signed heads, latest first."""
    return list(
        session.scalars(
            sa.select(TrailCheckpoint)
            .where(TrailCheckpoint.union_id == union_id)
            .order_by(TrailCheckpoint.size.desc(), TrailCheckpoint.made_at.desc())
            .limit(limit)
        )
    )


def latest_head(session: Session, union_id: uuid.UUID) -> TrailCheckpoint | None:
    """The last signed head, if one was made."""
    return next(iter(signed_heads(session, union_id, 1)), None)

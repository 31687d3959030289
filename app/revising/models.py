"""The table of proposals. Only ``service`` writes it."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Json, UnionRow

WAITING, ADOPTED, REJECTED = "waiting", "adopted", "rejected"


class DefinitionProposal(UnionRow, Base):
    """A version of a workflow that somebody proposed, and what a second person made of it."""

    __tablename__ = "definition_proposal"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    hash: Mapped[str] = mapped_column(sa.ForeignKey("definition.hash"))
    base_hash: Mapped[str | None] = mapped_column(comment="what was in force when it was proposed; empty for a new one")
    states: Mapped[Json] = mapped_column(comment="where running cases go: {state of the old version: of the new one}")
    changes: Mapped[Json] = mapped_column(comment="what changes, in sentences: [{zh, en}]")
    note: Mapped[str]
    status: Mapped[str] = mapped_column(comment="waiting, adopted or rejected")
    proposed_by: Mapped[uuid.UUID]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str]

    __table_args__ = (
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by OR status = 'rejected'", name="two_people"),
        sa.Index(None, "union_id", "name", "proposed_at"),
    )

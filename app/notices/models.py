"""Tables of the outbox and of the messages people find in the product."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Json, UnionRow


class Outbox(UnionRow, Base):
    """Something to deliver, written in the transaction that caused it."""

    __tablename__ = "outbox"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    topic: Mapped[str]
    payload: Mapped[Json]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        sa.Index(
            "ix_outbox_waiting",
            "union_id",
            "created_at",
            sqlite_where=sa.text("delivered_at IS NULL"),
            postgresql_where=sa.text("delivered_at IS NULL"),
        ),
    )


class Notice(UnionRow, Base):
    """One message to one person about one case; made once per outbox row and person."""

    __tablename__ = "notice"

    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    outbox_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    case_id: Mapped[uuid.UUID | None]
    zh: Mapped[str]
    en: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    __table_args__ = (sa.Index(None, "union_id", "person_id", "created_at"),)

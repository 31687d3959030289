"""Tables of the trail. Triggers and, on PostgreSQL, privileges keep entries and checkpoints from being changed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Bytes, Json, UnionRow

APPEND_ONLY = ("trail_entry", "trail_checkpoint", "decision", "arrangement", "case_migration", "budget_entry")
"""Tables on which UPDATE and DELETE are refused by the database itself."""


class TrailHead(UnionRow, Base):
    """How long a union's trail is and where its chain stands; the row is locked last in every transaction."""

    __tablename__ = "trail_head"

    size: Mapped[int]
    chain_hash: Mapped[str] = mapped_column(comment="hex")
    origin: Mapped[str] = mapped_column(comment="the log's name, bound into its first link and its checkpoints")
    algorithm: Mapped[str] = mapped_column(default="sha256")


class TrailEntry(UnionRow, Base):
    """One record: the canonical bytes that were hashed, and the two hashes."""

    __tablename__ = "trail_entry"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    body: Mapped[Bytes]
    leaf_hash: Mapped[str]
    chain_hash: Mapped[str]


class TrailValue(UnionRow, Base):
    """An erasable value whose salted commitment stands in an entry. Erasing empties it; the commitment stays true."""

    __tablename__ = "trail_value"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[Bytes | None]
    value: Mapped[Json] = mapped_column(nullable=True)


class TrailCheckpoint(UnionRow, Base):
    """A signed note over the tree of the first ``size`` entries; made daily and at period close, also when nothing is new."""

    __tablename__ = "trail_checkpoint"

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[datetime] = mapped_column(primary_key=True)
    root_hash: Mapped[str]
    note: Mapped[str]
    frontier: Mapped[Json] = mapped_column(
        comment="roots of the full subtrees, so that the next one costs only what is new"
    )

    __table_args__ = (sa.CheckConstraint("size >= 0", name="size"),)

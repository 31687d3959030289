"""Table of published reviews. Written by an effect alone."""

from __future__ import annotations

import uuid
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, UnionRow


class Review(UnionRow, Base):
    """One review as it was published."""

    __tablename__ = "review"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    period_from: Mapped[date]
    period_to: Mapped[date]
    scope_size: Mapped[int] = mapped_column(comment="the last record of the trail in scope")
    income_fen: Mapped[int]
    spending_fen: Mapped[int]
    figures_hash: Mapped[str] = mapped_column(comment="SHA-256 of the report's figures in canonical form")

    __table_args__ = (sa.Index(None, "union_id", "period_to"),)

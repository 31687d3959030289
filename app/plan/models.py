"""Tables of the plan: what was adopted, and how each task stands. Written by effects alone."""

from __future__ import annotations

import uuid
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, UnionRow


class PlanItem(UnionRow, Base):
    """One item of an adopted plan, in its own words."""

    __tablename__ = "plan_item"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, comment="the work_plan case")
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    year: Mapped[int]
    number: Mapped[str]
    quote: Mapped[str]

    __table_args__ = (sa.Index(None, "union_id", "year"),)


class Task(UnionRow, Base):
    """One task as it stands."""

    __tablename__ = "task"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[uuid.UUID | None] = mapped_column(comment="the work_plan case it comes from")
    plan_item: Mapped[str]
    owner_id: Mapped[uuid.UUID]
    group_name: Mapped[str]
    start_on: Mapped[date | None]
    due_on: Mapped[date]
    budget_fen: Mapped[int]
    reported_on: Mapped[date | None]
    signed_off_on: Mapped[date | None]

    __table_args__ = (sa.Index(None, "union_id", "due_on"), sa.Index(None, "union_id", "owner_id"))

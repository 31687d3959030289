"""Tables of the fund: budget lines with their entries, claims, invoices in use, income. Written by effects alone."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, UnionRow


class BudgetLine(UnionRow, Base):
    """One category of one year with its running totals, in fen; they change only with an entry, in one transaction."""

    __tablename__ = "budget_line"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    year: Mapped[int]
    account: Mapped[str]
    allocated_fen: Mapped[int]
    encumbered_fen: Mapped[int] = mapped_column(default=0, comment="已占用: submitted and not yet paid")
    spent_fen: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        sa.UniqueConstraint("union_id", "year", "account"),
        sa.CheckConstraint("allocated_fen >= 0", name="allocated"),
        sa.CheckConstraint("encumbered_fen >= 0", name="encumbered"),
        sa.CheckConstraint("spent_fen >= 0", name="spent"),
        sa.CheckConstraint("allocated_fen - encumbered_fen - spent_fen >= 0", name="available"),
    )

    @property
    def available_fen(self) -> int:
        """What may still be claimed."""
        return self.allocated_fen - self.encumbered_fen - self.spent_fen


class BudgetEntry(UnionRow, Base):
    """One movement on a budget line; never changed. Allocate is signed, the others are positive."""

    __tablename__ = "budget_entry"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    line_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(comment="allocate, encumber, release or spend")
    amount_fen: Mapped[int]
    round: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (
        sa.ForeignKeyConstraint(["union_id", "line_id"], ["budget_line.union_id", "budget_line.id"]),
        sa.CheckConstraint("kind IN ('allocate', 'encumber', 'release', 'spend')", name="kind"),
        sa.CheckConstraint("kind = 'allocate' OR amount_fen > 0", name="amount"),
        sa.Index(None, "union_id", "line_id"),
        sa.Index(None, "union_id", "case_id"),
    )


class Claim(UnionRow, Base):
    """What a claim case comes to: its latest round, and its payment."""

    __tablename__ = "claim"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    year: Mapped[int]
    account: Mapped[str]
    amount_fen: Mapped[int]
    round: Mapped[int]
    paid_on: Mapped[date | None]
    paid_by: Mapped[uuid.UUID | None]

    __table_args__ = (sa.Index(None, "union_id", "year", "account"),)


class ClaimLine(UnionRow, Base):
    """One line of a claim, as it stood in one round."""

    __tablename__ = "claim_line"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    amount_fen: Mapped[int]
    invoice_key: Mapped[str | None]


class InvoiceRegistry(Base):
    """How much of an invoice is used, across all unions; it does not say by whom."""

    __tablename__ = "invoice_registry"

    invoice_key: Mapped[str] = mapped_column(primary_key=True)
    total_fen: Mapped[int]
    used_fen: Mapped[int]

    __table_args__ = (sa.CheckConstraint("used_fen >= 0 AND used_fen <= total_fen", name="used"),)


class InvoiceUse(UnionRow, Base):
    """A claim's use of an invoice, until it is released."""

    __tablename__ = "invoice_use"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    invoice_key: Mapped[str]
    case_id: Mapped[uuid.UUID]
    round: Mapped[int]
    amount_fen: Mapped[int]
    used_at: Mapped[datetime]
    released_at: Mapped[datetime | None]

    __table_args__ = (sa.Index(None, "union_id", "invoice_key"), sa.Index(None, "union_id", "case_id"))


class IncomeEntry(UnionRow, Base):
    """Money that came in, once confirmed."""

    __tablename__ = "income_entry"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    account: Mapped[str]
    received_on: Mapped[date]
    amount_fen: Mapped[int]

    __table_args__ = (sa.Index(None, "union_id", "received_on"),)

"""Reading the fund: what is left of the budget, and where money came from and went. Sums are made in SQL."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.fund.models import BudgetEntry, BudgetLine


@dataclass(frozen=True, slots=True)
class Overview:
    """One budget line, all in fen."""

    account: str
    allocated_fen: int
    encumbered_fen: int
    spent_fen: int
    available_fen: int


def budget_overview(session: Session, union_id: uuid.UUID, year: int) -> list[Overview]:
    """Every line of the year, by category code."""
    rows = session.scalars(
        sa.select(BudgetLine)
        .where(BudgetLine.union_id == union_id, BudgetLine.year == year)
        .order_by(BudgetLine.account)
    )
    return [
        Overview(row.account, row.allocated_fen, row.encumbered_fen, row.spent_fen, row.available_fen) for row in rows
    ]


def years_with_budget(session: Session, union_id: uuid.UUID) -> list[int]:
    """The years that have a budget, latest first."""
    return list(
        session.scalars(
            sa.select(BudgetLine.year)
            .where(BudgetLine.union_id == union_id)
            .distinct()
            .order_by(BudgetLine.year.desc())
        )
    )


def accounts_left(session: Session, union_id: uuid.UUID, year: int) -> Mapping[str, int]:
    """Category -> fen still available in the year."""
    return {row.account: row.available_fen for row in budget_overview(session, union_id, year)}


def budget_line(session: Session, union_id: uuid.UUID, year: int, account: str, *, lock: bool) -> BudgetLine | None:
    """One line; with ``lock`` it stays as it is until the transaction ends."""
    statement = sa.select(BudgetLine).where(
        BudgetLine.union_id == union_id, BudgetLine.year == year, BudgetLine.account == account
    )
    if lock:
        # Whatever this transaction saw of the line before, it must now see the locked row.
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


@dataclass(frozen=True, slots=True)
class Held:
    """What a case holds of a budget line, in fen: still encumbered, and already spent."""

    line_id: uuid.UUID
    encumbered_fen: int
    spent_fen: int


def held_by(session: Session, union_id: uuid.UUID, case_id: uuid.UUID) -> list[Held]:
    """What the case's entries leave on each line."""
    signed = sa.case((BudgetEntry.kind == "encumber", BudgetEntry.amount_fen), else_=-BudgetEntry.amount_fen)
    spent = sa.case((BudgetEntry.kind == "spend", BudgetEntry.amount_fen), else_=0)
    rows = session.execute(
        sa.select(BudgetEntry.line_id, sa.func.sum(signed), sa.func.sum(spent))
        .where(
            BudgetEntry.union_id == union_id,
            BudgetEntry.case_id == case_id,
            BudgetEntry.kind.in_(["encumber", "release", "spend"]),
        )
        .group_by(BudgetEntry.line_id)
        .order_by(BudgetEntry.line_id)
    )
    return [Held(line_id, int(encumbered), int(spent_)) for line_id, encumbered, spent_ in rows]

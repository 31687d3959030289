"""Comparing the published reports with the figures that the same scope gives today."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case
from app.cases.ports import Discrepancy
from app.review import queries
from app.review.models import Review


def reports(session: Session, union_id: uuid.UUID) -> Iterator[Discrepancy]:
    """Each published report says what its period and scope still come to."""
    rows = session.execute(
        sa.select(Review, Case)
        .join(Case, (Case.union_id == Review.union_id) & (Case.id == Review.case_id))
        .where(Review.union_id == union_id)
        .order_by(Case.number)
    )
    for row, case in rows.all():
        asked = (case.data["period_from"], case.data["period_to"], case.data["scope_size"])
        subject = case.number or str(case.id)
        if (row.period_from.isoformat(), row.period_to.isoformat(), row.scope_size) != asked:
            yield _differs(subject)
            continue
        found = queries.figures(session, union_id, row.period_from, row.period_to, row.scope_size)
        told = (found.income_fen, found.spending_fen, queries.figures_hash(found))
        if (row.income_fen, row.spending_fen, row.figures_hash) != told:
            yield _differs(subject)


def _differs(subject: str) -> Discrepancy:
    return Discrepancy(
        "report_differs",
        subject,
        f"{subject}：已公布的审查报告与账面不再相符",
        f"{subject}: the published report is not what the books come to any more",
    )

"""What a review looks at: the period's money and claims as the trail had them when the scope was frozen. Sums in SQL."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import queries as cases
from app.cases.models import Case, Decision
from app.engine.definition import Phase
from app.fund import queries as fund
from app.fund.models import Claim
from app.people import queries as people
from app.trail.models import TrailHead

CLAIM = "expense_claim"


@dataclass(frozen=True, slots=True)
class Category:
    """One category of the period, in fen; ``budget_fen`` is the whole year's."""

    code: str
    amount_fen: int
    budget_fen: int


@dataclass(frozen=True, slots=True)
class Step:
    """One decision on a claim."""

    action: str
    person: str
    office: str | None
    at: str
    comment: str


@dataclass(frozen=True, slots=True)
class Item:
    """One claim of the period with its decisions."""

    case: Case
    steps: tuple[Step, ...]
    approvers: frozenset[str]
    """Ids of those who approved it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the report says in numbers."""

    period_from: date
    period_to: date
    scope_size: int
    income: tuple[Category, ...]
    spending: tuple[Category, ...]
    months: tuple[tuple[str, int], ...]
    """``2026-01`` -> fen paid."""
    items: tuple[Item, ...]
    unpaid: tuple[Case, ...]
    """Approved in or before the period and not paid."""
    without_invoice: tuple[str, ...]
    """Numbers of claims that stand on a list instead of an invoice."""
    later: int
    """Claims of the period that were recorded after the scope was frozen."""

    @property
    def income_fen(self) -> int:
        """All income of the period."""
        return sum(one.amount_fen for one in self.income)

    @property
    def spending_fen(self) -> int:
        """All spending of the period."""
        return sum(one.amount_fen for one in self.spending)


def head_size(session: Session, union_id: uuid.UUID) -> int:
    """How many records the union's trail has now."""
    return int(session.scalar(sa.select(TrailHead.size).where(TrailHead.union_id == union_id)) or 0)


def figures(session: Session, union_id: uuid.UUID, first: date, last: date, scope_size: int) -> Figures:
    """The figures of a period, of what the trail held at ``scope_size``; a handful of statements whatever the size."""
    budget = {line.account: line.allocated_fen for line in fund.budget_overview(session, union_id, last.year)}
    rows = _claims(session, union_id, first, last)
    decisions = cases.decisions_of(session, union_id, [case.id for case in rows])
    in_scope = [case for case in rows if any(one.trail_seq <= scope_size for one in decisions[case.id])]
    return Figures(
        period_from=first,
        period_to=last,
        scope_size=scope_size,
        income=_categories(fund.income_by_category(session, union_id, first, last), {}),
        spending=_categories(fund.spending_by_category(session, union_id, first, last), budget),
        months=_months(session, union_id, first, last),
        items=tuple(_items(session, union_id, in_scope, decisions, scope_size)),
        unpaid=tuple(_unpaid(session, union_id, last)),
        without_invoice=tuple(case.number or "" for case in in_scope if _has_no_invoice(case)),
        later=len(rows) - len(in_scope),
    )


def _categories(sums: dict[str, int], budget: dict[str, int]) -> tuple[Category, ...]:
    codes = sorted({*sums, *(code for code, fen in budget.items() if fen)})
    return tuple(Category(code, sums.get(code, 0), budget.get(code, 0)) for code in codes)


def _claims(session: Session, union_id: uuid.UUID, first: date, last: date) -> Sequence[Case]:
    """Claims paid in the period, by number."""
    return session.scalars(
        sa.select(Case)
        .join(Claim, (Claim.union_id == Case.union_id) & (Claim.case_id == Case.id))
        .where(Case.union_id == union_id, Claim.union_id == union_id, Claim.paid_on >= first, Claim.paid_on <= last)
        .order_by(Case.number)
    ).all()


def _months(session: Session, union_id: uuid.UUID, first: date, last: date) -> tuple[tuple[str, int], ...]:
    year, month = sa.extract("year", Claim.paid_on), sa.extract("month", Claim.paid_on)
    rows = session.execute(
        sa.select(year, month, sa.func.sum(Claim.amount_fen))
        .where(Claim.union_id == union_id, Claim.paid_on >= first, Claim.paid_on <= last)
        .group_by(year, month)
        .order_by(year, month)
    )
    return tuple((f"{int(y)}-{int(m):02d}", int(total)) for y, m, total in rows)


def _unpaid(session: Session, union_id: uuid.UUID, last: date) -> Sequence[Case]:
    return session.scalars(
        sa.select(Case)
        .join(Claim, (Claim.union_id == Case.union_id) & (Claim.case_id == Case.id))
        .where(
            Case.union_id == union_id,
            Claim.union_id == union_id,
            Case.phase == Phase.AUDITED.value,
            Claim.paid_on.is_(None),
            Case.day <= last,
        )
        .order_by(Case.number)
    ).all()


def _items(
    session: Session,
    union_id: uuid.UUID,
    rows: Sequence[Case],
    decisions: dict[uuid.UUID, list[Decision]],
    scope_size: int,
) -> list[Item]:
    taken = {case.id: [one for one in decisions[case.id] if one.trail_seq <= scope_size] for case in rows}
    everyone = {one.person_id for steps in taken.values() for one in steps if one.person_id}
    names = people.names(session, union_id, everyone)
    comments = cases.comments_of(session, union_id, [one.trail_seq for steps in taken.values() for one in steps])
    return [
        Item(
            case=case,
            steps=tuple(
                Step(
                    one.action,
                    names.get(str(one.person_id), "—"),
                    one.office,
                    one.at.isoformat(),
                    comments.get(one.trail_seq, ""),
                )
                for one in taken[case.id]
            ),
            approvers=frozenset(
                str(one.person_id) for one in taken[case.id] if one.action in {"approve", "chair_approve"}
            ),
        )
        for case in rows
    ]


def _has_no_invoice(case: Case) -> bool:
    return bool(case.data.get("no_invoice_reason")) and not all(
        line.get("files") for line in case.data.get("lines") or []
    )

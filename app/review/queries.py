"""What a review looks at: the period's money and claims as the trail had them when the scope was frozen. Sums in SQL."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import queries as cases
from app.cases.course import that_stand
from app.cases.models import Case, Decision
from app.foundation.clock import union_day
from app.fund.models import BudgetEntry, BudgetLine, Claim, IncomeEntry
from app.people import queries as people
from app.trail.canonical import canonical
from app.trail.models import TrailHead

CLAIM = "expense_claim"
PAY, PUBLISH, CONFIRM = "pay", "publish", "confirm"
"""The steps by which money went out, was made known, and came in."""
APPROVED = ("audited", "awaiting_chair")
"""States of a claim that the auditors have passed."""
_BATCH = 500
"""Claims whose decisions are read at once; databases take only so many values in one statement."""


@dataclass(frozen=True, slots=True)
class Category:
    """One category of the period, in fen; ``budget_fen`` is the whole year's, as it stood within the scope."""

    code: str
    amount_fen: int
    budget_fen: int
    so_far_fen: int
    """From the first day of the year to the last of the period."""


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
    """Spent in or before the period, approved within the scope, and not paid then."""
    without_invoice: tuple[str, ...]
    """Numbers of claims that stand on a list instead of an invoice."""
    later: tuple[Case, ...]
    """Claims of the period whose payment was recorded after the scope was frozen."""
    delays: tuple[int, ...]
    """Days from payment to publication of each claim that was published, shortest first."""

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
    """The figures of a period, of what the trail held at ``scope_size``; every sum is the database's.

    What is recorded later changes none of them, so that a published report can be made again.
    """
    period = Claim.union_id == union_id, Claim.paid_on >= first, Claim.paid_on <= last
    paid = _taken(union_id, Claim.case_id, scope_size, Decision.action == PAY)
    rows = _claims(session, union_id, *period, paid)
    items = tuple(
        item
        for start in range(0, len(rows), _BATCH)
        for item in _items(session, union_id, rows[start : start + _BATCH], scope_size)
    )
    year = date(last.year, 1, 1)
    this_year = Claim.union_id == union_id, Claim.paid_on >= year, Claim.paid_on <= last
    return Figures(
        period_from=first,
        period_to=last,
        scope_size=scope_size,
        income=_categories(
            _income(session, union_id, first, last, scope_size),
            {},
            _income(session, union_id, year, last, scope_size),
        ),
        spending=_categories(
            _summed(session, Claim.account, Claim.amount_fen, *period, paid),
            _budget(session, union_id, last.year, scope_size),
            _summed(session, Claim.account, Claim.amount_fen, *this_year, paid),
        ),
        months=_months(session, *period, paid),
        items=items,
        unpaid=tuple(_unpaid(session, union_id, last, scope_size)),
        without_invoice=tuple(case.number or "" for case in rows if _has_no_invoice(case)),
        later=tuple(_claims(session, union_id, *period, ~paid)),
        delays=tuple(sorted(days for item in items if (days := _delay(item)) is not None)),
    )


def figures_hash(found: Figures) -> str:
    """SHA-256 of the report's sums, items by number and amount included."""
    told = {
        "income": {one.code: one.amount_fen for one in found.income},
        "spending": {one.code: one.amount_fen for one in found.spending},
        "items": {one.case.number or "": one.case.amount_fen or 0 for one in found.items},
        "scope_size": found.scope_size,
    }
    return hashlib.sha256(canonical(told)).hexdigest()


def _taken(union_id: uuid.UUID, case_id: Any, scope_size: int, *which: sa.ColumnElement[bool]) -> sa.Exists:
    """Whether such a step was taken on the case within the scope."""
    return sa.exists().where(
        Decision.union_id == union_id,
        Decision.case_id == case_id,
        Decision.trail_seq <= scope_size,
        Decision.closes,
        *which,
    )


def _summed(session: Session, account: Any, amount: Any, *where: sa.ColumnElement[bool]) -> dict[str, int]:
    rows = session.execute(sa.select(account, sa.func.sum(amount)).where(*where).group_by(account).order_by(account))
    return {code: int(total) for code, total in rows}


def _income(session: Session, union_id: uuid.UUID, first: date, last: date, scope_size: int) -> dict[str, int]:
    return _summed(
        session,
        IncomeEntry.account,
        IncomeEntry.amount_fen,
        IncomeEntry.union_id == union_id,
        IncomeEntry.received_on >= first,
        IncomeEntry.received_on <= last,
        _taken(union_id, IncomeEntry.case_id, scope_size, Decision.action == CONFIRM),
    )


def _budget(session: Session, union_id: uuid.UUID, year: int, scope_size: int) -> dict[str, int]:
    """Category -> fen allocated for the year by the budgets that were in force within the scope."""
    rows = session.execute(
        sa.select(BudgetLine.account, sa.func.sum(BudgetEntry.amount_fen))
        .join(BudgetEntry, (BudgetEntry.union_id == BudgetLine.union_id) & (BudgetEntry.line_id == BudgetLine.id))
        .where(
            BudgetLine.union_id == union_id,
            BudgetLine.year == year,
            BudgetEntry.union_id == union_id,
            BudgetEntry.kind == "allocate",
            _taken(union_id, BudgetEntry.case_id, scope_size, Decision.target == "in_force"),
        )
        .group_by(BudgetLine.account)
    )
    return {account: int(total) for account, total in rows}


def _delay(item: Item) -> int | None:
    """Days from the day of payment to the day of publication, union time."""
    at = next((step.at for step in item.steps if step.action == PUBLISH), None)
    paid_on = item.case.data.get("paid_on")
    if at is None or not paid_on:
        return None
    return (union_day(datetime.fromisoformat(at)) - date.fromisoformat(paid_on)).days


def _categories(sums: dict[str, int], budget: dict[str, int], so_far: dict[str, int]) -> tuple[Category, ...]:
    codes = sorted({*sums, *so_far, *(code for code, fen in budget.items() if fen)})
    return tuple(Category(code, sums.get(code, 0), budget.get(code, 0), so_far.get(code, 0)) for code in codes)


def _claims(session: Session, union_id: uuid.UUID, *where: sa.ColumnElement[bool]) -> Sequence[Case]:
    """Claims by number."""
    return session.scalars(
        sa.select(Case)
        .join(Claim, (Claim.union_id == Case.union_id) & (Claim.case_id == Case.id))
        .where(Case.union_id == union_id, *where)
        .order_by(Case.number)
    ).all()


def _months(session: Session, *where: sa.ColumnElement[bool]) -> tuple[tuple[str, int], ...]:
    year, month = sa.extract("year", Claim.paid_on), sa.extract("month", Claim.paid_on)
    rows = session.execute(
        sa.select(year, month, sa.func.sum(Claim.amount_fen)).where(*where).group_by(year, month).order_by(year, month)
    )
    return tuple((f"{int(y)}-{int(m):02d}", int(total)) for y, m, total in rows)


def _unpaid(session: Session, union_id: uuid.UUID, last: date, scope_size: int) -> Sequence[Case]:
    """Claims that stood approved at the end of the scope and had no payment then."""
    last_step = (
        sa.select(sa.func.max(Decision.trail_seq))
        .where(
            Decision.union_id == union_id,
            Decision.case_id == Case.id,
            Decision.trail_seq <= scope_size,
            Decision.closes,
        )
        .correlate(Case)
        .scalar_subquery()
    )
    approved = _taken(union_id, Case.id, scope_size, Decision.target.in_(APPROVED), Decision.trail_seq == last_step)
    paid = _taken(union_id, Case.id, scope_size, Decision.action == PAY)
    return session.scalars(
        sa.select(Case)
        .where(Case.union_id == union_id, Case.workflow == CLAIM, Case.day <= last, approved, ~paid)
        .order_by(Case.number)
    ).all()


def _items(session: Session, union_id: uuid.UUID, rows: Sequence[Case], scope_size: int) -> list[Item]:
    decisions = cases.decisions_of(session, union_id, [case.id for case in rows])
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
                str(person)
                for one in that_stand(taken[case.id])
                if one.action in {"approve", "chair_approve"}
                for person in (one.person_id, one.seat_id)
                if person is not None
            ),
        )
        for case in rows
    ]


def _has_no_invoice(case: Case) -> bool:
    """Whether it says why there is no invoice and some line has none; a signed list is a file, not an invoice."""
    return bool(case.data.get("no_invoice_reason")) and not all(
        line.get("invoice") for line in case.data.get("lines") or []
    )

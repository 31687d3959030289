"""Comparing the fund's tables with the cases they were written from; every difference names its case or line."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case, Decision
from app.cases.ports import Discrepancy
from app.engine.definition import Phase
from app.fund.models import BudgetEntry, BudgetLine, Claim, ClaimLine, IncomeEntry, InvoiceRegistry, InvoiceUse

_LIVE = (Phase.SUBMITTED.value, Phase.AUDITED.value, Phase.PUBLISHED.value)
"""Phases in which a claim holds or has spent its amount."""


def budget(session: Session, union_id: uuid.UUID) -> Iterator[Discrepancy]:
    """Each line's running totals equal the sums of its entries."""
    kinds = {
        "allocated_fen": {"allocate": 1},
        "encumbered_fen": {"encumber": 1, "release": -1, "spend": -1},
        "spent_fen": {"spend": 1},
    }
    sums = {
        name: sa.func.coalesce(
            sa.func.sum(
                sa.case(
                    *((BudgetEntry.kind == kind, sign * BudgetEntry.amount_fen) for kind, sign in signs.items()),
                    else_=0,
                )
            ),
            0,
        ).label(name)
        for name, signs in kinds.items()
    }
    entries = (
        sa.select(BudgetEntry.line_id, *sums.values())
        .where(BudgetEntry.union_id == union_id)
        .group_by(BudgetEntry.line_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(BudgetLine, *(entries.c[name] for name in kinds))
        .outerjoin(entries, entries.c.line_id == BudgetLine.id)
        .where(BudgetLine.union_id == union_id)
    )
    for line, *totals in rows:
        for name, total in zip(kinds, totals, strict=True):
            if getattr(line, name) != (total or 0):
                yield Discrepancy(
                    "budget_line_differs",
                    f"{line.year} {line.account}",
                    f"预算 {line.year} 年科目 {line.account} 的{name}与明细之和不符",
                    f"budget {line.year} {line.account}: {name} is not the sum of its entries",
                )


def allocations(session: Session, union_id: uuid.UUID) -> Iterator[Discrepancy]:
    """Each line is allocated what the budgets in force say, taken in the order in which they were decided."""
    rows = session.scalars(
        sa.select(Case)
        .join(Decision, (Decision.union_id == Case.union_id) & (Decision.case_id == Case.id))
        .where(
            Case.union_id == union_id,
            Decision.union_id == union_id,
            Case.workflow == "budget",
            Decision.target == "in_force",
            Decision.closes,
        )
        .order_by(Decision.trail_seq)
    )
    expected: dict[tuple[int, str], int] = {}
    for case in rows:
        year = case.day.year if case.day else 0
        if case.data.get("kind") == "annual":
            expected |= {key: 0 for key in expected if key[0] == year}
        expected |= {(year, line["account"]): int(line["amount_fen"]) for line in case.data.get("lines") or []}
    lines = session.scalars(sa.select(BudgetLine).where(BudgetLine.union_id == union_id))
    found = {(line.year, line.account): line.allocated_fen for line in lines}
    for year, account in sorted({*expected, *found}):
        if found.get((year, account), 0) != expected.get((year, account), 0):
            yield Discrepancy(
                "allocation_differs",
                f"{year} {account}",
                f"预算 {year} 年科目 {account} 的额度与已生效的预算不符",
                f"budget {year} {account}: what is allocated is not what the budgets in force say",
            )


def claims(session: Session, union_id: uuid.UUID) -> Iterator[Discrepancy]:
    """Each claim's row equals its case's data, and what it holds and spent of the budget fits its state."""
    held, spent = (
        sa.func.sum(
            sa.case(*((BudgetEntry.kind == kind, sign * BudgetEntry.amount_fen) for kind, sign in signs), else_=0)
        )
        for signs in ((("encumber", 1), ("release", -1), ("spend", -1)), (("spend", 1),))
    )
    entries = (
        sa.select(BudgetEntry.case_id, held.label("held"), spent.label("spent"))
        .where(BudgetEntry.union_id == union_id)
        .group_by(BudgetEntry.case_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(Case, Claim, entries.c.held, entries.c.spent)
        .outerjoin(Claim, (Claim.union_id == Case.union_id) & (Claim.case_id == Case.id))
        .outerjoin(entries, entries.c.case_id == Case.id)
        .where(Case.union_id == union_id, sa.or_(Claim.case_id.is_not(None), _claims_money()))
    )
    lines = _lines_by_round(session, union_id)
    for case, claim, held_, spent_ in rows:
        subject = case.number or str(case.id)
        is_live = case.phase in _LIVE
        if claim is None:
            yield _of_case("claim_missing", subject, "报销表里没有这一笔", "it is not in the table of claims")
            continue
        if is_live and (claim.amount_fen != case.data.get("amount_fen") or claim.account != case.data.get("account")):
            yield _of_case(
                "claim_differs", subject, "报销表与单据内容不符", "the claim's row is not what the case says"
            )
        amounts = [line.get("amount_fen") for line in case.data.get("lines") or []]
        if is_live and lines.get((case.id, case.round), []) != amounts:
            yield _of_case(
                "claim_lines_differ", subject, "报销明细与单据内容不符", "its lines are not what the case says"
            )
        paid_on = case.data.get("paid_on")
        if (claim.paid_on.isoformat() if claim.paid_on else None) != paid_on:
            yield _of_case(
                "payment_differs", subject, "付款登记与单据内容不符", "the payment is not what the case says"
            )
        expected = (0, claim.amount_fen) if paid_on else (claim.amount_fen if is_live else 0, 0)
        if (held_ or 0, spent_ or 0) != expected:
            yield _of_case(
                "encumbrance_differs",
                subject,
                "预算占用或支出与单据状态不符",
                "the budget held or spent does not fit it",
            )


def _claims_money() -> sa.ColumnElement[bool]:
    """Claims that were submitted and are not sent back or ended."""
    return (Case.workflow == "expense_claim") & Case.phase.in_(_LIVE)


def _lines_by_round(session: Session, union_id: uuid.UUID) -> dict[tuple[uuid.UUID, int], list[int]]:
    """``(case, round)`` -> the lines' amounts in order."""
    found: dict[tuple[uuid.UUID, int], list[int]] = {}
    for case_id, round_, amount in session.execute(
        sa.select(ClaimLine.case_id, ClaimLine.round, ClaimLine.amount_fen)
        .where(ClaimLine.union_id == union_id)
        .order_by(ClaimLine.case_id, ClaimLine.round, ClaimLine.number)
    ):
        found.setdefault((case_id, round_), []).append(amount)
    return found


def invoices(session: Session, union_id: uuid.UUID) -> Iterator[Discrepancy]:
    """What this union uses of an invoice is within what the registry says is used in all."""
    own = (
        sa.select(InvoiceUse.invoice_key, sa.func.sum(InvoiceUse.amount_fen).label("used"))
        .where(InvoiceUse.union_id == union_id, InvoiceUse.released_at.is_(None))
        .group_by(InvoiceUse.invoice_key)
        .subquery()
    )
    rows = session.execute(
        sa.select(own.c.invoice_key, own.c.used, InvoiceRegistry.used_fen).outerjoin(
            InvoiceRegistry, InvoiceRegistry.invoice_key == own.c.invoice_key
        )
    )
    for key, used, registered in rows:
        if registered is None or registered < used:
            yield Discrepancy(
                "invoice_registry_differs",
                key,
                f"发票 {key} 的使用登记与本会报销不符",
                f"invoice {key}: the registry says less than this union uses",
            )


def invoice_uses(session: Session, union_id: uuid.UUID) -> Iterator[Discrepancy]:
    """Each live claim uses exactly the invoices that its lines name."""
    wanted: dict[uuid.UUID, set[str]] = {}
    subjects: dict[uuid.UUID, str] = {}
    for case_id, number, key in session.execute(
        sa.select(Case.id, Case.number, ClaimLine.invoice_key)
        .join(Claim, (Claim.union_id == Case.union_id) & (Claim.case_id == Case.id))
        .join(
            ClaimLine,
            (ClaimLine.union_id == Claim.union_id)
            & (ClaimLine.case_id == Claim.case_id)
            & (ClaimLine.round == Claim.round),
        )
        .where(Case.union_id == union_id, Case.phase.in_(_LIVE), ClaimLine.invoice_key.is_not(None))
    ):
        wanted.setdefault(case_id, set()).add(str(key))
        subjects[case_id] = number or str(case_id)
    used: dict[uuid.UUID, set[str]] = {}
    for case_id, key in session.execute(
        sa.select(InvoiceUse.case_id, InvoiceUse.invoice_key).where(
            InvoiceUse.union_id == union_id, InvoiceUse.released_at.is_(None)
        )
    ):
        used.setdefault(case_id, set()).add(key)
    for case_id in sorted({*wanted, *used}):
        if wanted.get(case_id, set()) != used.get(case_id, set()):
            yield _of_case(
                "invoice_use_differs",
                subjects.get(case_id, str(case_id)),
                "发票使用登记与报销明细不符",
                "the invoices marked as used are not those of its lines",
            )


def income(session: Session, union_id: uuid.UUID) -> Iterator[Discrepancy]:
    """Each confirmed income has its entry, and the entry equals its case."""
    is_confirmed = (Case.workflow == "income") & Case.phase.in_([Phase.AUDITED.value, Phase.PUBLISHED.value])
    rows = session.execute(
        sa.select(Case, IncomeEntry)
        .outerjoin(IncomeEntry, (IncomeEntry.union_id == Case.union_id) & (IncomeEntry.case_id == Case.id))
        .where(Case.union_id == union_id, sa.or_(IncomeEntry.case_id.is_not(None), is_confirmed))
    )
    for case, entry in rows:
        subject = case.number or str(case.id)
        if entry is None:
            yield _of_case("income_missing", subject, "收入表里没有这一笔", "it is not in the table of income")
            continue
        told = (case.data.get("account"), case.data.get("received_on"), case.data.get("amount_fen"))
        if (entry.account, entry.received_on.isoformat(), entry.amount_fen) != told:
            yield _of_case(
                "income_differs", subject, "收入登记与单据内容不符", "the income entry is not what the case says"
            )


def _of_case(code: str, subject: str, zh: str, en: str) -> Discrepancy:
    return Discrepancy(code, subject, f"{subject}：{zh}", f"{subject}: {en}")

"""Effects of the fund, each in the transaction of its decision: the budget moves, invoices are used, payments and income noted.

Locks are taken in one order: budget lines by id, then the invoice registry by key.
"""

from __future__ import annotations

import uuid
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.cases.ports import CaseView, EffectCall
from app.foundation.errors import Conflict
from app.foundation.ids import new_id
from app.foundation.money import yuan
from app.fund import queries
from app.fund.models import (
    BudgetEntry,
    BudgetLine,
    Claim,
    ClaimLine,
    IncomeEntry,
    InvoiceRegistry,
    InvoiceUse,
)
from app.fund.uses import invoices_of


class BudgetShort(Conflict):
    """预算余额 {available} 元，本次需要 {needed} 元，不够。

    {available} is left in the budget, {needed} is needed; it is not enough.
    """

    code = "budget_short"


class InvoiceInUse(Conflict):
    """发票 {key} 已被别的报销用掉，或者剩下的金额不够，请刷新后核对。

    Invoice {key} is used by another claim, or too little of it is left. Reload and check.
    """

    code = "invoice_in_use"


def write_claim(call: EffectCall) -> None:
    """Write the claim's typed rows of this round; lines of earlier rounds stay."""
    case, data = call.case, call.case.data
    values = {
        "year": _year(case),
        "account": data["account"],
        "amount_fen": data["amount_fen"],
        "round": case.round,
        "paid_on": None,
        "paid_by": None,
    }
    is_there = (Claim.union_id == case.union_id, Claim.case_id == case.id)
    if call.session.scalar(sa.select(sa.literal(1)).where(*is_there)):
        call.session.execute(sa.update(Claim).where(*is_there).values(**values))
    else:
        call.session.execute(sa.insert(Claim).values(union_id=case.union_id, case_id=case.id, **values))
    call.session.execute(
        sa.insert(ClaimLine),
        [
            {
                "union_id": case.union_id,
                "case_id": case.id,
                "round": case.round,
                "number": line.line + 1,
                "amount_fen": line.amount_fen,
                "invoice_key": line.key,
            }
            for line in invoices_of(call.session, case)
        ],
    )


def encumber(call: EffectCall) -> None:
    """Hold the claim's amount on its budget line (占用).

    Raises:
        BudgetShort: not enough is left; the fact said so already unless the form was not asked.
    """
    case, amount = call.case, int(call.case.data["amount_fen"])
    line = _line(call.session, case)
    if amount > line.available_fen:
        raise BudgetShort(available=yuan(line.available_fen), needed=yuan(amount))
    _change(call.session, line, encumbered_fen=amount)
    _enter(call, line.id, "encumber", amount)
    call.figures["encumbered_fen"] = amount


def release(call: EffectCall) -> None:
    """Give back whatever the case still holds; nothing held, nothing done."""
    for held in queries.held_by(call.session, call.case.union_id, call.case.id):
        if held.encumbered_fen > 0:
            line = _locked(call.session, call.case.union_id, held.line_id)
            _change(call.session, line, encumbered_fen=-held.encumbered_fen)
            _enter(call, line.id, "release", held.encumbered_fen)
            call.figures["released_fen"] = held.encumbered_fen


def spend(call: EffectCall) -> None:
    """Turn what the case holds into spending, and note the payment on the claim."""
    for held in queries.held_by(call.session, call.case.union_id, call.case.id):
        if held.encumbered_fen > 0:
            line = _locked(call.session, call.case.union_id, held.line_id)
            _change(call.session, line, encumbered_fen=-held.encumbered_fen, spent_fen=held.encumbered_fen)
            _enter(call, line.id, "spend", held.encumbered_fen)
            call.figures["spent_fen"] = held.encumbered_fen
    call.session.execute(
        sa.update(Claim)
        .where(Claim.union_id == call.case.union_id, Claim.case_id == call.case.id)
        .values(paid_on=date.fromisoformat(call.case.data["paid_on"]), paid_by=call.person_id)
    )


def use_invoices(call: EffectCall) -> None:
    """Mark the claim's invoices as used, each up to its total across all unions.

    Raises:
        InvoiceInUse: another claim took it first.
    """
    wanted: dict[str, tuple[int, int]] = {}
    for line in invoices_of(call.session, call.case):
        if line.key is not None:
            used, total = wanted.get(line.key, (0, line.total_fen))
            wanted[line.key] = (used + line.used_fen, max(total, line.total_fen))
    for key in sorted(wanted):
        used, total = wanted[key]
        used_so_far, registered_total = _registered(call.session, key, total)
        if used_so_far + used > registered_total:
            raise InvoiceInUse(key=key)
        call.session.execute(
            sa.update(InvoiceRegistry)
            .where(InvoiceRegistry.invoice_key == key)
            .values(used_fen=InvoiceRegistry.used_fen + used)
        )
        call.session.execute(
            sa.insert(InvoiceUse).values(
                union_id=call.case.union_id,
                id=new_id(call.now),
                invoice_key=key,
                case_id=call.case.id,
                round=call.case.round,
                amount_fen=used,
                used_at=call.now,
                released_at=None,
            )
        )


def free_invoices(call: EffectCall) -> None:
    """Let the claim's invoices be used again."""
    live = (
        InvoiceUse.union_id == call.case.union_id,
        InvoiceUse.case_id == call.case.id,
        InvoiceUse.released_at.is_(None),
    )
    rows = call.session.execute(
        sa.select(InvoiceUse.invoice_key, InvoiceUse.amount_fen).where(*live).order_by(InvoiceUse.invoice_key)
    ).all()
    for key, amount in rows:
        call.session.execute(
            sa.update(InvoiceRegistry)
            .where(InvoiceRegistry.invoice_key == key)
            .values(used_fen=InvoiceRegistry.used_fen - amount)
        )
        # An invoice nobody uses is forgotten, so that a total typed wrongly once does not stay.
        call.session.execute(
            sa.delete(InvoiceRegistry).where(InvoiceRegistry.invoice_key == key, InvoiceRegistry.used_fen == 0)
        )
    if rows:
        call.session.execute(sa.update(InvoiceUse).where(*live).values(released_at=call.now))


def allocate(call: EffectCall) -> None:
    """Put the budget's amounts in force. An annual budget takes the place of the interim allowance, line by line.

    What is used so far stays on its line; the fact ``fund.allocation_covers_use`` has seen to it that it fits.
    """
    case, year = call.case, _year(call.case)
    wanted = {line["account"]: int(line["amount_fen"]) for line in case.data["lines"]}
    lines = {
        line.account: line
        for line in call.session.scalars(
            sa.select(BudgetLine)
            .where(BudgetLine.union_id == case.union_id, BudgetLine.year == year)
            .order_by(BudgetLine.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    if case.data["kind"] == "annual":
        wanted = {**dict.fromkeys(lines, 0), **wanted}
    for account, amount in sorted(wanted.items()):
        line = lines.get(account)
        if line is None:
            line = BudgetLine(
                union_id=case.union_id,
                id=new_id(call.now),
                year=year,
                account=account,
                allocated_fen=0,
                encumbered_fen=0,
                spent_fen=0,
            )
            call.session.add(line)
            call.session.flush()  # the entry refers to it
        if amount != line.allocated_fen:
            difference = amount - line.allocated_fen
            _change(call.session, line, allocated_fen=difference)
            _enter(call, line.id, "allocate", difference)


def receive(call: EffectCall) -> None:
    """Book confirmed income."""
    data = call.case.data
    call.session.execute(
        sa.insert(IncomeEntry).values(
            union_id=call.case.union_id,
            case_id=call.case.id,
            account=data["account"],
            received_on=date.fromisoformat(data["received_on"]),
            amount_fen=data["amount_fen"],
        )
    )


def _line(session: Session, case: CaseView) -> BudgetLine:
    line = queries.budget_line(session, case.union_id, _year(case), case.data["account"], lock=True)
    if line is None:
        raise BudgetShort(available=yuan(0), needed=yuan(int(case.data["amount_fen"])))
    return line


def _locked(session: Session, union_id: uuid.UUID, line_id: uuid.UUID) -> BudgetLine:
    return session.scalars(
        sa.select(BudgetLine)
        .where(BudgetLine.union_id == union_id, BudgetLine.id == line_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _change(session: Session, line: BudgetLine, **differences: int) -> None:
    """Add to running totals in SQL; the table's CHECKs are the last word.

    Raises:
        BudgetShort: a CHECK refused, so no total was changed.
    """
    try:
        session.execute(
            sa.update(BudgetLine)
            .where(BudgetLine.union_id == line.union_id, BudgetLine.id == line.id)
            .values({getattr(BudgetLine, name): getattr(BudgetLine, name) + by for name, by in differences.items()}),
            execution_options={"synchronize_session": False},
        )
    except sa.exc.IntegrityError as error:
        raise BudgetShort(available=yuan(line.available_fen), needed=yuan(max(differences.values()))) from error


def _enter(call: EffectCall, line_id: uuid.UUID, kind: str, amount: int) -> None:
    call.session.execute(
        sa.insert(BudgetEntry).values(
            union_id=call.case.union_id,
            id=new_id(call.now),
            line_id=line_id,
            case_id=call.case.id,
            kind=kind,
            amount_fen=amount,
            round=call.case.round,
            at=call.now,
        )
    )


def _registered(session: Session, key: str, total: int) -> tuple[int, int]:
    """Used and total fen of the invoice, its row locked; made when it is new. The total first seen stays.

    One statement, so that a row somebody is just removing is either seen and locked, or made anew.
    """
    table = InvoiceRegistry.__table__
    values = {"invoice_key": key, "total_fen": total, "used_fen": 0}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = session.execute(
        insert(InvoiceRegistry)
        .values(values)
        .on_conflict_do_update(index_elements=[table.c.invoice_key], set_={"total_fen": table.c.total_fen})
        .returning(table.c.used_fen, table.c.total_fen)
    ).one()
    return row.used_fen, row.total_fen


def _year(case: CaseView) -> int:
    return int((case.data.get("spent_on") or case.data["starts_on"])[:4])

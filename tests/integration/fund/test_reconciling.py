"""What was changed behind the door's back is found, and named by the number people know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case
from app.fund.models import BudgetLine, Claim, ClaimLine, IncomeEntry, InvoiceRegistry, InvoiceUse
from tests.fixtures.fund import Books
from tests.integration.fund.test_budget import CHECKS, PAYMENT, assert_reconciled
from tests.integration.fund.test_invoices import NUMBER, submit, with_invoice

Forge = Callable[[Session, Books], object]


@pytest.fixture
def story(union: Books) -> tuple[Books, Case, Case]:
    """A paid claim on an invoice, and a confirmed income."""
    claim = union.acted("auditor1", submit(union, with_invoice(union, 30_000)), "approve")
    paid = union.acted("cashier", claim, "pay", **PAYMENT)
    raw = {
        "source": "一季度会费",
        "received_on": "2026-04-10",
        "account": "4010",
        "amount_fen": 80_000,
        "bank_reference": "SR-1",
    }
    received = union.acted("cashier", union.opened("cashier", "income", raw), "submit")
    confirmed = union.acted("treasurer", received, "confirm")
    assert_reconciled(union)
    return union, paid, confirmed


def changed(table: type[Any], **values: object) -> Forge:
    """Every row of the union in that table, changed."""
    return lambda session, union: session.execute(
        sa.update(table).where(table.union_id == union.town.union_id).values(**values)
    )


def removed(table: type[Any]) -> Forge:
    """Every row of the union in that table, removed."""
    return lambda session, union: session.execute(sa.delete(table).where(table.union_id == union.town.union_id))


def unregistered(session: Session, _union: Books) -> object:
    """The invoice is free again for everybody."""
    return session.execute(sa.update(InvoiceRegistry).where(InvoiceRegistry.invoice_key == NUMBER).values(used_fen=0))


OF_THE_CLAIM: dict[str, tuple[Forge, str]] = {
    "its row is gone": (removed(Claim), "claim_missing"),
    "its amount": (changed(Claim, amount_fen=1), "claim_differs"),
    "its category": (changed(Claim, account="501101"), "claim_differs"),
    "its day of payment": (changed(Claim, paid_on=None), "payment_differs"),
    "its lines are gone": (removed(ClaimLine), "claim_lines_differ"),
    "a line's amount": (changed(ClaimLine, amount_fen=1), "claim_lines_differ"),
    "its invoice is marked as free": (removed(InvoiceUse), "invoice_use_differs"),
}
OF_THE_INCOME: dict[str, tuple[Forge, str]] = {
    "its entry is gone": (removed(IncomeEntry), "income_missing"),
    "its amount": (changed(IncomeEntry, amount_fen=1), "income_differs"),
}


def found(union: Books, forge: Forge) -> set[tuple[str, str]]:
    """``(code, subject)`` of every difference once ``forge`` was at the tables."""
    with union.database.write() as session:
        forge(session, union)
    with union.database.read() as session:
        return {(one.code, one.subject) for check in CHECKS for one in check(session, union.town.union_id)}


@pytest.mark.parametrize("what", OF_THE_CLAIM)
def test_a_changed_claim_is_named_by_its_number(story: tuple[Books, Case, Case], what: str) -> None:
    union, paid, _ = story
    forge, code = OF_THE_CLAIM[what]
    assert (code, paid.number) in found(union, forge)


@pytest.mark.parametrize("what", OF_THE_INCOME)
def test_a_changed_income_is_named_by_its_number(story: tuple[Books, Case, Case], what: str) -> None:
    union, _, confirmed = story
    forge, code = OF_THE_INCOME[what]
    assert found(union, forge) == {(code, confirmed.number)}


def test_an_invoice_freed_in_the_registry_is_named(story: tuple[Books, Case, Case]) -> None:
    assert found(story[0], unregistered) == {("invoice_registry_differs", NUMBER)}


def test_a_total_moved_without_an_entry_is_named_by_its_line(story: tuple[Books, Case, Case]) -> None:
    assert found(story[0], changed(BudgetLine, encumbered_fen=5)) == {("budget_line_differs", "2026 501102")}
